package zuoratest_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/zuoratest"
)

// accountNames is the service under test. It reads an account by its number.
type accountNames struct{ session *zuora.Session }

var errNoAccount = errors.New("no such account")

func (s accountNames) exists(ctx context.Context, number string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.session.Server()+"/v1/accounts/"+number, nil)
	if err != nil {
		return err
	}
	resp, err := s.session.Do(req)
	if errors.Is(err, zuora.ErrNotFound) {
		return errNoAccount
	}
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// A test prepares a tenant, and gives the service a session on it.
func Example() {
	tenant := zuoratest.NewServer(zuoratest.Config{})
	defer tenant.Close()
	tenant.Handle("GET /v1/accounts/A00000001", zuoratest.JSON(map[string]any{"success": true}))
	tenant.Handle("GET /v1/accounts/", zuoratest.Failed(http.StatusOK, "50000040", "Cannot find entity by key."))

	session, err := zuora.NewSession(zuora.SessionConfig{
		Server:      tenant.URL,
		Credentials: tenant.Credentials(),
		Base:        tenant.Client().Transport, // trusts the tenant's certificate
	})
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	service := accountNames{session}

	fmt.Println(service.exists(context.Background(), "A00000001"))
	fmt.Println(service.exists(context.Background(), "A00000002"))

	tenant.Expire() // what Zuora does after 15 minutes without a call
	fmt.Println(service.exists(context.Background(), "A00000001"))
	fmt.Println("logins:", tenant.Logins())

	// Everything fails, except logins.
	tenant.Intercept(func(r *http.Request) http.Handler {
		if r.URL.Path == "/v1/connections" {
			return nil
		}
		return zuoratest.RateLimited()
	})
	fmt.Println(errors.Is(service.exists(context.Background(), "A00000001"), zuora.ErrRateLimited))
	// Output:
	// <nil>
	// no such account
	// <nil>
	// logins: 2
	// true
}
