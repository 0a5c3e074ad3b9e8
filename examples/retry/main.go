// Command retry reads an account, and rides out the minutes in which Zuora
// answers 503 or nothing, by go-retryablehttp under the session. There both the
// call and the sign-in are retried. It is there to be copied.
//
//	go run ./retry A00000001
//
// It has no stand-in and needs a real tenant, named by ZUORA_SERVER,
// ZUORA_ACCESS_KEY_ID and ZUORA_SECRET_ACCESS_KEY. It only reads.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/examples/accounts/accounts"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := program(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "retry:", err)
		os.Exit(1)
	}
}

func program(ctx context.Context, args []string, out io.Writer) error {
	if len(args) != 1 {
		return errors.New("say which account to read, by its number or ID")
	}
	return run(ctx, zuora.SessionConfig{
		Server: os.Getenv("ZUORA_SERVER"),
		Credentials: zuora.Credentials{
			AccessKeyID:     os.Getenv("ZUORA_ACCESS_KEY_ID"),
			SecretAccessKey: zuora.Secret(os.Getenv("ZUORA_SECRET_ACCESS_KEY")),
		},
		Base: zuora.DefaultTransport(),
	}, args[0], out)
}

// run reads an account, patiently.
func run(ctx context.Context, cfg zuora.SessionConfig, key string, out io.Writer) error {
	cfg.Base = retrying(cfg.Base)
	session, err := zuora.NewSession(cfg)
	if err != nil {
		return err
	}
	defer session.Close()
	api, err := accounts.NewClientWithResponses(session.Server(), accounts.WithHTTPClient(session))
	if err != nil {
		return err
	}
	resp, err := api.GetAccountWithResponse(ctx, key)
	if err != nil {
		return err
	}
	if resp.JSON200 == nil {
		return fmt.Errorf("%s of type %q is no answer of Zuora's", resp.Status(), resp.ContentType())
	}
	fmt.Fprintf(out, "%s: %s\n", resp.JSON200.BasicInfo.AccountNumber, resp.JSON200.BasicInfo.Name)
	return nil
}

// retrying returns a transport for [zuora.SessionConfig.Base]. With its defaults
// go-retryablehttp is not one; each setting here is there for a reason.
func retrying(base http.RoundTripper) http.RoundTripper {
	client := retryablehttp.NewClient() // 4 retries, after 1, 2, 4 and 8 seconds: within the LoginTimeout of 30
	client.HTTPClient.Transport = base

	// It follows redirects, which what is under a session must not: net/http
	// takes apiSecretAccessKey, the password, along to whatever host a 307 names.
	client.HTTPClient.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

	// It logs every URL to stderr, queries included.
	client.Logger = nil

	// When it gives up, it makes an error of its own of the last answer. The
	// session wants the answer: what Zuora said in it becomes a *zuora.Error.
	client.ErrorHandler = retryablehttp.PassthroughErrorHandler

	// It waits for as long as a 429 says, which may be two minutes, and tells
	// nobody. Here a 429 is handed back at once, with its RetryAfter; if it was
	// the sign-in's, the session holds back the next by itself.
	client.CheckRetry = func(ctx context.Context, resp *http.Response, err error) (bool, error) {
		if err == nil && resp.StatusCode == http.StatusTooManyRequests {
			return false, nil
		}
		return retryablehttp.DefaultRetryPolicy(ctx, resp, err)
	}

	return &selective{again: &retryablehttp.RoundTripper{Client: client}, once: base}
}

// selective retries only what may be sent twice.
//
// go-retryablehttp by itself RETRIES EVERY POST, on connections that break and
// on any 5xx but 501: a payment that Zuora took before the connection broke is
// taken twice. Its CheckRetry cannot prevent it where there was no answer, for
// it is not shown the request. It also reads each body into memory whole, and
// does not close it. So what is not to be retried goes past it.
type selective struct{ again, once http.RoundTripper }

func (s *selective) RoundTrip(req *http.Request) (*http.Response, error) {
	if mayBeRepeated(req) {
		return s.again.RoundTrip(req)
	}
	return s.once.RoundTrip(req)
}

// mayBeRepeated is true of requests that only read, and of the sign-in. By HTTP's
// rules PUT and DELETE may be repeated as well; but Zuora cancels and renews
// subscriptions by PUT, and a DELETE that had succeeded fails the second time.
func mayBeRepeated(req *http.Request) bool {
	switch req.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return req.Body == nil || req.Body == http.NoBody
	case http.MethodPost:
		return strings.HasSuffix(req.URL.Path, "/v1/connections")
	}
	return false
}
