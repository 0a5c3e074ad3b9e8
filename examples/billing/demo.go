package main

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/objects"
	"github.com/zuora-go/zuora/zuoratest"
)

// demo runs billing on a tenant in this process with 5,000 accounts. The tenant ends the
// session in the middle of the query. demo prints how many requests that took.
func demo(ctx context.Context, out io.Writer) error {
	tenant := zuoratest.NewTenant(zuoratest.Config{Stateful: true})
	defer tenant.Close()
	cfg := zuora.SessionConfig{Server: zuora.ServerURLAPISandboxUSCloud2, Credentials: tenant.Credentials(), Base: tenant.Transport()}
	if err := createAccounts(ctx, cfg, 5000); err != nil {
		return err
	}
	before, more, expired := tenant.Logins(), 0, 0
	requests := 0
	tenant.Intercept(func(r *http.Request) http.Handler { // billing makes one call at a time
		requests++
		if r.URL.Path == "/v1/action/queryMore" {
			if more++; more == 2 {
				tenant.Expire()
				expired++
			}
		}
		return nil
	})
	if err := billing(ctx, cfg, out); err != nil {
		return err
	}
	fmt.Fprintf(out, "The session\n  %d requests to a tenant in this process, and %d of them logins: the tenant ended the session %d time, within the query\n",
		requests, tenant.Logins()-before, expired)
	return nil
}

// createAccounts creates n accounts with a balance.
func createAccounts(ctx context.Context, cfg zuora.SessionConfig, n int) error {
	session, err := zuora.NewSession(cfg)
	if err != nil {
		return err
	}
	defer session.Close()
	balances := []zuora.Value{"0.100000000", "4.083333333", "2500.100000000", "1234567.890000000", "19.990000000"}
	for i := 0; i < n; {
		records := make([]objects.Record, min(n-i, 50))
		for j := range records {
			records[j] = objects.Record{"Name": zuora.ValueOf(fmt.Sprint("Customer ", i+1)), "Currency": zuora.ValueOf("USD"), "Balance": balances[i%len(balances)]}
			i++
		}
		if _, err := objects.New(session).CreateObjects(ctx, objects.Records{Type: "Account", Objects: records}, nil); err != nil {
			return err
		}
	}
	return nil
}
