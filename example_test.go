package zuora_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net/http"
	"time"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/zuoratest"
)

// exampleTenant is the tenant of the examples.
func exampleTenant() *zuoratest.Server {
	tenant := zuoratest.NewServer(zuoratest.Config{})
	tenant.Handle("GET /v1/accounts/{key}", zuoratest.JSON(map[string]any{"success": true, "basicInfo": map[string]any{"name": "Example Ltd"}}))
	tenant.Handle("GET /v1/accounts/none", zuoratest.Failed(http.StatusOK, "50000040", "Cannot find entity by key: 'none'."))
	tenant.Handle("POST /v1/action/create", zuoratest.CRUDList("", "INVALID_VALUE"))
	return tenant
}

// Plain HTTP on a session.
func Example_http() {
	tenant := exampleTenant()
	defer tenant.Close()

	session, err := zuora.NewSession(zuora.SessionConfig{
		Server:      tenant.URL, // zuora.ServerURLProductionUSCloud2, for instance
		Credentials: tenant.Credentials(),
		Base:        tenant.Client().Transport, // for the stand-in's certificate; leave it out otherwise
	})
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()

	for range 2 {
		resp, err := session.HTTPClient().Get(session.Server() + "/v1/accounts/A00000001")
		if err != nil {
			log.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(resp.Status, string(body))
		tenant.Expire() // the session expires
	}
	fmt.Println("logins:", tenant.Logins())
	// Output:
	// 200 OK {"basicInfo":{"name":"Example Ltd"},"success":true}
	// 200 OK {"basicInfo":{"name":"Example Ltd"},"success":true}
	// logins: 2
}

func ExampleNewSession() {
	_, err := zuora.NewSession(zuora.SessionConfig{
		Server:      "http://rest.zuora.com",
		Credentials: zuora.Credentials{AccessKeyID: "api.user@example.com", SecretAccessKey: "…"},
	})
	fmt.Println(err)
	// Output:
	// zuora: SessionConfig.Server is in clear text; https is needed for every host but loopback
}

// Find out early whether the credentials are good.
func ExampleSession_Connect() {
	tenant := exampleTenant()
	defer tenant.Close()
	session, err := zuora.NewSession(zuora.SessionConfig{
		Server: tenant.URL, Base: tenant.Client().Transport,
		Credentials: zuora.Credentials{AccessKeyID: "api.user@example.com", SecretAccessKey: "wrong"},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	err = session.Connect(context.Background())
	fmt.Println(errors.Is(err, zuora.ErrUnauthenticated))
	// Output:
	// true
}

// A failed call is an error, even with status 200.
func ExampleSession_Do() {
	tenant := exampleTenant()
	defer tenant.Close()
	session := exampleSession(tenant)
	defer session.Close()

	req, err := http.NewRequest(http.MethodGet, session.Server()+"/v1/accounts/none", nil)
	if err != nil {
		log.Fatal(err)
	}
	_, err = session.Do(req)
	var failure *zuora.Error
	switch {
	case errors.Is(err, zuora.ErrNotFound):
		fmt.Println("there is no such account")
	case errors.Is(err, zuora.ErrRateLimited) && errors.As(err, &failure):
		time.Sleep(failure.RetryAfter) // and try again
	}
	if errors.As(err, &failure) {
		for _, reason := range failure.Reasons {
			fmt.Println(failure.StatusCode, reason.Code, reason.Message)
		}
	}
	// Output:
	// there is no such account
	// 200 50000040 Cannot find entity by key: 'none'.
}

// A list in which only some items failed is not an error: if it were sent again, the
// other items would be created twice. Look at each item.
func ExampleSession_Do_someItemsFailed() {
	tenant := exampleTenant()
	defer tenant.Close()
	session := exampleSession(tenant)
	defer session.Close()

	req, err := http.NewRequest(http.MethodPost, session.Server()+"/v1/action/create", nil)
	if err != nil {
		log.Fatal(err)
	}
	resp, err := session.Do(req)
	if err != nil {
		log.Fatal(err) // every item failed
	}
	defer resp.Body.Close()
	var items []struct {
		Success bool
		ID      string `json:"Id"`
		Errors  []zuora.Reason
	}
	if err := json.NewDecoder(resp.Body).Decode(&items); err != nil {
		log.Fatal(err)
	}
	for i, item := range items {
		if !item.Success {
			fmt.Println("item", i, "failed:", item.Errors[0].Code)
		}
	}
	// Output:
	// item 1 failed: INVALID_VALUE
}

// Any HTTP client can use the session, with its own settings.
func ExampleSession_HTTPClient() {
	tenant := exampleTenant()
	defer tenant.Close()
	session := exampleSession(tenant)
	defer session.Close()

	client := session.HTTPClient()
	client.Timeout = 10 * time.Second
	resp, err := client.Get(session.Server() + "/v1/accounts/none")
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	fmt.Println(resp.Status, "whatever the body says")
	// Output:
	// 200 OK whatever the body says
}

// CheckResponse is for responses that did not come through a session.
func ExampleCheckResponse() {
	resp := &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}}
	err := zuora.CheckResponse(resp, []byte(`{"success":false,"reasons":[{"code":53200050,"message":"Locked by another process"}]}`))
	fmt.Println(errors.Is(err, zuora.ErrLocked))
	// Output:
	// true
}

// Checked makes failures errors for a client without a session, such as one that puts a
// token on its requests by itself.
func ExampleChecked() {
	tenant := exampleTenant()
	defer tenant.Close()

	client := zuora.Checked(tenant.Client()) // an *http.Client of golang.org/x/oauth2, for instance
	req, err := http.NewRequest(http.MethodGet, tenant.URL+"/v1/accounts/A00000001", nil)
	if err != nil {
		log.Fatal(err)
	}
	_, err = client.Do(req)
	fmt.Println(errors.Is(err, zuora.ErrUnauthenticated))
	// Output:
	// true
}

// A provider is called for each login, so that a changed password is used at once.
func ExampleCredentialsFunc() {
	provider := zuora.CredentialsFunc(func(ctx context.Context) (zuora.Credentials, error) {
		// Ask a vault, with ctx.
		return zuora.Credentials{AccessKeyID: "api.user@example.com", SecretAccessKey: "from the vault"}, nil
	})
	credentials, err := provider.Retrieve(context.Background())
	fmt.Println(credentials, err)
	// Output:
	// {api.user@example.com REDACTED} <nil>
}

func ExampleSecret() {
	secret := zuora.Secret("correct horse battery staple")
	fmt.Printf("%s %v %q %#v\n", secret, secret, secret, secret)
	fmt.Println(len(string(secret)))
	// Output:
	// REDACTED REDACTED REDACTED REDACTED
	// 28
}

// The generated client logs in without a session. It must not follow redirects, because
// it would send the password to the other host.
func ExampleClientWithResponses_PostConnectionsWithResponse() {
	tenant := exampleTenant()
	defer tenant.Close()

	httpClient := &http.Client{
		Transport:     tenant.Client().Transport, // for the stand-in's certificate; leave it out otherwise
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	client, err := zuora.NewClientWithResponses(tenant.URL, zuora.WithHTTPClient(httpClient))
	if err != nil {
		log.Fatal(err)
	}
	resp, err := client.PostConnectionsWithResponse(context.Background(), &zuora.PostConnectionsParams{
		APIAccessKeyID:     tenant.Credentials().AccessKeyID,
		APISecretAccessKey: tenant.Credentials().SecretAccessKey,
		ContentType:        zuora.PostConnectionsParamsContentTypeApplicationJSON,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(resp.Status(), resp.JSON200.Success)
	// Output:
	// 200 OK true
}

// Amounts are added exactly.
func ExampleDecimal_Rat() {
	var items []struct{ Amount zuora.Decimal }
	if err := json.Unmarshal([]byte(`[{"Amount": 4.083333333}, {"Amount": "2500.10"}, {"Amount": 0E-9}]`), &items); err != nil {
		log.Fatal(err)
	}
	sum := new(big.Rat)
	for _, item := range items {
		amount, err := item.Amount.Rat()
		if err != nil {
			log.Fatal(err) // not a number, or not there
		}
		sum.Add(sum, amount)
	}
	fmt.Println(zuora.DecimalOf(sum, 9), zuora.DecimalOf(sum, 2))
	// Output: 2504.183333333 2504.18
}

// A Date is a text that converts. A literal works, too: zuora.Date("2017-03-01").
func ExampleDate() {
	day, err := zuora.Date("2017-03-01").Time()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(zuora.DateOf(day.AddDate(0, 1, 0)))
	// Output: 2017-04-01
}

// The argument of Time is the zone of a DateTime without a time zone.
func ExampleDateTime_Time() {
	tenant := time.FixedZone("PST", -8*60*60) // or time.LoadLocation("America/Los_Angeles")
	for _, created := range []zuora.DateTime{"2015-11-04 10:59:22", "2015-11-04T10:59:22.000-08:00"} {
		at, err := created.Time(tenant)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(at.UTC())
	}
	// Output:
	// 2015-11-04 18:59:22 +0000 UTC
	// 2015-11-04 18:59:22 +0000 UTC
}

// Custom fields are Values, of any type that the tenant has defined.
func ExampleValue() {
	fields := map[string]zuora.Value{
		"Region__c":   zuora.ValueOf("EU"),
		"Discount__c": zuora.ValueOf(zuora.Decimal("12.50")),
		"Partner__c":  zuora.Null, // clears it
	}
	b, err := json.Marshal(fields)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(b))

	err = json.Unmarshal([]byte(`{"Region__c": "EU", "Seats__c": 0.500000000, "Gold__c": "true", "Tags__c": ["a", "b"]}`), &fields)
	if err != nil {
		log.Fatal(err)
	}
	gold, err := fields["Gold__c"].Bool()
	if err != nil {
		log.Fatal(err)
	}
	var tags []string
	if err := fields["Tags__c"].Decode(&tags); err != nil {
		log.Fatal(err)
	}
	fmt.Println(fields["Region__c"].Text(), fields["Seats__c"].Decimal(), gold, tags)
	// Output:
	// {"Discount__c":12.50,"Partner__c":null,"Region__c":"EU"}
	// EU 0.500000000 true [a b]
}

func exampleSession(tenant *zuoratest.Server) *zuora.Session {
	session, err := zuora.NewSession(zuora.SessionConfig{
		Server: tenant.URL, Credentials: tenant.Credentials(), Base: tenant.Client().Transport,
	})
	if err != nil {
		log.Fatal(err)
	}
	return session
}
