// Command retry reads accounts, all at once, and repeats the calls that fail because
// Zuora limits them, has locked the account or is down. It is an example to copy.
//
//	go run ./retry A00000001 A00000002
//
// It needs a real tenant: set ZUORA_SERVER, ZUORA_ACCESS_KEY_ID and
// ZUORA_SECRET_ACCESS_KEY. It only reads.
//
// Package retry is above the session, so it sees Zuora's failures, and repeats a write
// only if Zuora says that it did nothing. Other packages for retries do not:
//
//   - hashicorp/go-retryablehttp, below the session as its Base, REPEATS EVERY POST
//     after a broken connection and after a 5xx: a payment that Zuora took is taken
//     twice. It follows redirects, and after a 307 net/http sends the password, in
//     apiSecretAccessKey, to the host that the redirect names. It also logs every URL.
//   - gojek/heimdall, above the session as its client, repeats every POST as well, after
//     each error of a session, including a refused payment. It joins the texts of the
//     errors, so neither errors.Is nor errors.As finds them.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"sync"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/accounts"
	"github.com/zuora-go/zuora/retry"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := program(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "retry:", err)
		os.Exit(1)
	}
}

func program(ctx context.Context, args []string, out, log io.Writer) error {
	if len(args) == 0 {
		return errors.New("say which accounts to read, by their numbers or IDs")
	}
	return run(ctx, zuora.SessionConfig{
		Server: os.Getenv("ZUORA_SERVER"),
		Credentials: zuora.Credentials{
			AccessKeyID:     os.Getenv("ZUORA_ACCESS_KEY_ID"),
			SecretAccessKey: zuora.Secret(os.Getenv("ZUORA_SECRET_ACCESS_KEY")),
		},
	}, args, out, log)
}

// run reads accounts, with retries.
func run(ctx context.Context, cfg zuora.SessionConfig, keys []string, out, log io.Writer) error {
	session, err := zuora.NewSession(cfg)
	if err != nil {
		return err
	}
	defer session.Close()
	api := accounts.New(retry.New(session, retry.Policy{
		MaxConcurrent: 40, // Zuora's limit for a tenant: further calls wait here, instead of being refused there
		Logger:        slog.New(slog.NewTextHandler(log, nil)),
	}))

	var wg sync.WaitGroup
	read, failed := make([]*accounts.Account, len(keys)), make([]error, len(keys))
	for i, key := range keys {
		wg.Go(func() { read[i], failed[i] = api.GetAccount(ctx, key, nil) })
	}
	wg.Wait()
	for i, account := range read {
		if failed[i] == nil {
			fmt.Fprintf(out, "%s: %s\n", account.BasicInfo.AccountNumber, account.BasicInfo.Name)
		}
	}
	return errors.Join(failed...)
}
