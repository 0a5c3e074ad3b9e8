// Command retry reads accounts, all at once, and rides out the minutes in which
// Zuora limits them, locks them or is not there. It is there to be copied.
//
//	go run ./retry A00000001 A00000002
//
// It has no stand-in and needs a real tenant, named by ZUORA_SERVER,
// ZUORA_ACCESS_KEY_ID and ZUORA_SECRET_ACCESS_KEY. It only reads.
//
// Package retry stands above the session, where it sees what Zuora said, and repeats
// a write only where Zuora says that it did nothing. Other retriers do not:
//
//   - hashicorp/go-retryablehttp, under the session as its Base, REPEATS EVERY POST
//     when a connection breaks and after a 5xx: a payment that Zuora took is taken
//     twice. It follows redirects, and on a 307 net/http takes apiSecretAccessKey,
//     the password, along to whatever host it names. It also logs every URL.
//   - gojek/heimdall, over the session as its client, repeats every POST as well,
//     after each error of a session, a refused payment included, and makes one text
//     of the errors: neither errors.Is nor errors.As finds anything in it.
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

// run reads accounts, patiently.
func run(ctx context.Context, cfg zuora.SessionConfig, keys []string, out, log io.Writer) error {
	session, err := zuora.NewSession(cfg)
	if err != nil {
		return err
	}
	defer session.Close()
	api := accounts.New(retry.New(session, retry.Policy{
		MaxConcurrent: 40, // what Zuora allows a tenant; the other calls wait here, instead of being refused there
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
