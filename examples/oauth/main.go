// Command oauth reads an account with an OAuth token from golang.org/x/oauth2. It is for
// programs that have a token source of their own. Others need only a zuora.Session, which
// logs in as an OAuth client by itself: docs/oauth.md lists what it does better. The
// calls, their results and their errors are the same. The program is an example to copy.
//
//	go run ./oauth A00000001
//
// It needs a real tenant: set ZUORA_SERVER, and ZUORA_CLIENT_ID and ZUORA_CLIENT_SECRET
// to an OAuth client. Without a client, it uses a session with ZUORA_ACCESS_KEY_ID and
// ZUORA_SECRET_ACCESS_KEY, so its configuration decides which of them it uses. It only
// reads.
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
	"github.com/zuora-go/zuora/api/accounts"
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
	var caller zuora.Caller
	if id := getenv("ZUORA_CLIENT_ID"); id != "" {
		client, err := byOAuth(ctx, server, id, zuora.Secret(getenv("ZUORA_CLIENT_SECRET")), base)
		if err != nil {
			return err
		}
		caller = client
	} else {
		session, err := zuora.NewSession(zuora.SessionConfig{
			Server: server,
			Credentials: zuora.Credentials{
				AccessKeyID:     getenv("ZUORA_ACCESS_KEY_ID"),
				SecretAccessKey: zuora.Secret(getenv("ZUORA_SECRET_ACCESS_KEY")),
			},
			Base: base,
		})
		if err != nil {
			return err
		}
		defer session.Close()
		caller = session
	}
	return read(ctx, caller, args[0], out)
}

// byOAuth returns a Caller that requests a token when it needs one. It uses ctx for that,
// so ctx must last as long as the Caller.
func byOAuth(ctx context.Context, server, id string, secret zuora.Secret, base http.RoundTripper) (zuora.Caller, error) {
	config := clientcredentials.Config{
		ClientID:     id,
		ClientSecret: string(secret), // a plain string here: do not print config
		TokenURL:     server + "/oauth/token",
		AuthStyle:    oauth2.AuthStyleInParams, // as Zuora documents; otherwise oauth2 tries both styles
	}
	// This client sends the token's request and the calls. It follows no redirect, because
	// oauth2 adds the token to every request, also to one that a redirect sends to another
	// host. A 307 to the token's request would send the client's secret there as well.
	client := &http.Client{
		Transport:     base,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       130 * time.Second, // Zuora gives up after 120
	}
	return zuora.NewCaller(server, config.Client(context.WithValue(ctx, oauth2.HTTPClient, client)))
}

// read prints an account. It does not depend on how the caller logs in.
func read(ctx context.Context, caller zuora.Caller, key string, out io.Writer) error {
	account, err := accounts.New(caller).GetAccount(ctx, key, nil)
	if errors.Is(err, zuora.ErrNotFound) {
		fmt.Fprintf(out, "There is no account %s.\n", key)
		return nil
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: %s\n", account.BasicInfo.AccountNumber, account.BasicInfo.Name)
	return nil
}
