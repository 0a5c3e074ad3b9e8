// Command oauth reads an account with an OAuth token, which Zuora recommends
// over a session. The calls, their results and their errors are those of a
// session: zuora.Checked sees to the errors. What is different is told in
// docs/oauth.md. The program is there to be copied.
//
//	go run ./oauth A00000001
//
// It has no stand-in and needs a real tenant, named by ZUORA_SERVER, and an OAuth
// client, ZUORA_CLIENT_ID and ZUORA_CLIENT_SECRET. Without a client it takes
// ZUORA_ACCESS_KEY_ID and ZUORA_SECRET_ACCESS_KEY and a session: so a program can
// move from one to the other by its configuration. It only reads.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/examples/accounts/accounts"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Getenv, zuora.DefaultTransport(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "oauth:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, getenv func(string) string, base http.RoundTripper, out io.Writer) error {
	if len(args) != 1 {
		return errors.New("say which account to read, by its number or ID")
	}
	server := getenv("ZUORA_SERVER")
	var doer zuora.HttpRequestDoer
	if id := getenv("ZUORA_CLIENT_ID"); id != "" {
		doer = byOAuth(ctx, server, id, zuora.Secret(getenv("ZUORA_CLIENT_SECRET")), base)
	} else {
		session, err := bySession(server, zuora.Credentials{
			AccessKeyID:     getenv("ZUORA_ACCESS_KEY_ID"),
			SecretAccessKey: zuora.Secret(getenv("ZUORA_SECRET_ACCESS_KEY")),
		}, base)
		if err != nil {
			return err
		}
		defer session.Close()
		server, doer = session.Server(), session
	}
	client, err := accounts.NewClientWithResponses(server, accounts.WithHTTPClient(doer))
	if err != nil {
		return err
	}
	return read(ctx, client, args[0], out)
}

// bySession is how it was.
func bySession(server string, credentials zuora.Credentials, base http.RoundTripper) (*zuora.Session, error) {
	return zuora.NewSession(zuora.SessionConfig{Server: server, Credentials: credentials, Base: base})
}

// byOAuth is how it is now. The context is kept, for the tokens to come: it must
// last as long as the client.
func byOAuth(ctx context.Context, server, id string, secret zuora.Secret, base http.RoundTripper) zuora.HttpRequestDoer {
	config := clientcredentials.Config{
		ClientID:     id,
		ClientSecret: string(secret), // a plain string there: print nothing of config
		TokenURL:     server + "/oauth/token",
		AuthStyle:    oauth2.AuthStyleInParams, // as Zuora documents it, instead of finding out
	}
	// Both the token's request and the calls go by this client. It follows no
	// redirect: oauth2 puts the token on every request that passes, so also on one
	// that a redirect sends to another host, and on 307 the client's secret goes
	// along when it is the token's request.
	client := &http.Client{
		Transport:     base,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       130 * time.Second, // Zuora itself gives up after 120
	}
	return zuora.Checked(config.Client(context.WithValue(ctx, oauth2.HTTPClient, client)))
}

// read is the program proper, which need not know how it signs in.
func read(ctx context.Context, client *accounts.ClientWithResponses, key string, out io.Writer) error {
	resp, err := client.GetAccountWithResponse(ctx, key)
	switch {
	case errors.Is(err, zuora.ErrNotFound):
		fmt.Fprintf(out, "There is no account %s.\n", key)
		return nil
	case err != nil:
		return err
	case resp.JSON200 == nil:
		return fmt.Errorf("%s of type %q is no answer of Zuora's", resp.Status(), resp.ContentType())
	}
	fmt.Fprintf(out, "%s: %s\n", resp.JSON200.BasicInfo.AccountNumber, resp.JSON200.BasicInfo.Name)
	return nil
}
