// Command headers creates an account with headers: some are sent with every call of a
// session, others with one call. It also limits how long the call may take. It is an
// example to copy.
//
//	go run ./headers 4711 Amy Lawrence
//
// It creates an account on the tenant of ZUORA_SERVER, ZUORA_ACCESS_KEY_ID and
// ZUORA_SECRET_ACCESS_KEY: use a sandbox. 4711 is the order that the account is created
// for. If you run it again with the same order within 24 hours, Zuora creates no second
// account.
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
	"github.com/zuora-go/zuora/api/accounts"
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
	if len(args) != 3 {
		return errors.New("name an order, and who ordered: headers 4711 Amy Lawrence")
	}
	return run(ctx, zuora.SessionConfig{
		Server: os.Getenv("ZUORA_SERVER"),
		Credentials: zuora.Credentials{
			AccessKeyID:     os.Getenv("ZUORA_ACCESS_KEY_ID"),
			SecretAccessKey: zuora.Secret(os.Getenv("ZUORA_SECRET_ACCESS_KEY")),
		},
	}, args[0], args[1], args[2], out)
}

// run creates an account for an order.
func run(ctx context.Context, cfg zuora.SessionConfig, order, first, last string, out io.Writer) error {
	cfg.Header = http.Header{ // is sent with every call, except the login
		"User-Agent":    {"example-billing/1.0"},
		"Zuora-Version": {"211.0"}, // the minor version of the REST API
	}
	session, err := zuora.NewSession(cfg)
	if err != nil {
		return err
	}
	defer session.Close()

	// The limit covers everything up to the end of the response, including a wait for the
	// login. The login itself continues, for other callers that wait for it.
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()

	track := rand.Text() // 26 characters; Zuora allows 64
	account, err := accounts.New(session).CreateAccount(ctx, accounts.NewAccount{
		Name: first + " " + last, Currency: "USD", BillCycleDay: new(int64(1)), AutoPay: new(false),
		BillToContact: accounts.NewContact{FirstName: first, LastName: last, Country: "US", State: "CA"},
	},
		// These headers are sent with this call only, and with its replay.
		zuora.WithHeader("Zuora-Track-Id", track),
		// Zuora carries out a call once for each key. So derive the key from what has to be
		// done once, not from the time or a random number.
		zuora.WithIdempotencyKey("create-account-for-order-"+order),
	)
	if err != nil {
		return fmt.Errorf("%w (track ID %s)", err, track)
	}
	fmt.Fprintf(out, "Account %s was created (track ID %s).\n", account.AccountNumber, track)
	return nil
}
