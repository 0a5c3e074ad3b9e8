// Command headers reads an account with headers that all calls of a program
// share, and with a limit on how long a call may take. It is there to be copied.
//
//	go run ./headers A00000001
//
// It has no stand-in and needs a real tenant, named by ZUORA_SERVER,
// ZUORA_ACCESS_KEY_ID and ZUORA_SECRET_ACCESS_KEY. It only reads.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/examples/accounts/accounts"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := program(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "headers:", err)
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
	}, time.Minute, args[0], out)
}

// run reads an account.
func run(ctx context.Context, cfg zuora.SessionConfig, timeout time.Duration, key string, out io.Writer) error {
	// Under the session: on every request that goes out, sign-ins included.
	cfg.Base = headers{cfg.Base, func(h http.Header) {
		h.Set("User-Agent", "example-billing/1.0")
	}}
	session, err := zuora.NewSession(cfg)
	if err != nil {
		return err
	}
	defer session.Close()

	// Over it: on calls only, and the same when a call is sent again.
	client := session.HTTPClient()
	client.Transport = headers{client.Transport, forCalls}

	// From the first byte sent to the last byte of the answer read, and a wait
	// for a sign-in is part of it. The sign-in goes on for others who wait.
	client.Timeout = timeout

	api, err := accounts.NewClientWithResponses(session.Server(), accounts.WithHTTPClient(zuora.Checked(client)))
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
	fmt.Fprintf(out, "%s: %s (%s)\n", resp.JSON200.BasicInfo.AccountNumber, resp.JSON200.BasicInfo.Name, resp.HTTPResponse.Header.Get("Zuora-Track-Id"))
	return nil
}

// forCalls sets what a call has not set itself: both headers are parameters of
// many generated calls.
func forCalls(h http.Header) {
	if h.Get("Zuora-Version") == "" {
		h.Set("Zuora-Version", "211.0") // the minor version of the REST API
	}
	if h.Get("Zuora-Track-Id") == "" {
		h.Set("Zuora-Track-Id", rand.Text()) // 26 characters; 64 are allowed
	}
}

// headers sends each request through next, with headers set on a copy of it: a
// round tripper must leave the caller's request as it is.
type headers struct {
	next http.RoundTripper
	set  func(http.Header)
}

func (h headers) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	h.set(req.Header)
	return h.next.RoundTrip(req)
}
