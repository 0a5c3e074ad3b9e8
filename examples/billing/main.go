// Command billing lists the catalog, signs up a customer and adds up what all
// customers owe. It is there to be copied.
//
//	go run ./billing
//
// runs on a stand-in tenant in this process: nothing goes to Zuora. With -sandbox it
// runs on the tenant of ZUORA_SERVER, ZUORA_ACCESS_KEY_ID and
// ZUORA_SECRET_ACCESS_KEY, and creates an account and a subscription there. That
// tenant needs the currency USD, a custom field Region__c of accounts, and a rate
// plan that needs no overrides.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/big"
	"os"
	"os/signal"
	"time"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/accounts"
	"github.com/zuora-go/zuora/api/catalog"
	"github.com/zuora-go/zuora/api/subscriptions"
	"github.com/zuora-go/zuora/api/zoql"
)

func main() {
	sandbox := flag.Bool("sandbox", false, "run on the tenant of ZUORA_SERVER, ZUORA_ACCESS_KEY_ID and ZUORA_SECRET_ACCESS_KEY,\nand create an account and a subscription there")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	run := demo
	if *sandbox {
		run = func(ctx context.Context, out io.Writer) error { return billing(ctx, fromEnvironment(), out) }
	}
	if err := run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "billing:", err)
		os.Exit(1)
	}
}

func fromEnvironment() zuora.SessionConfig {
	return zuora.SessionConfig{
		Server: os.Getenv("ZUORA_SERVER"), // such as zuora.ServerURLAPISandboxUSCloud2
		Credentials: zuora.Credentials{
			AccessKeyID:     os.Getenv("ZUORA_ACCESS_KEY_ID"),
			SecretAccessKey: zuora.Secret(os.Getenv("ZUORA_SECRET_ACCESS_KEY")),
		},
	}
}

// billing is the program. The session logs in when the first call needs it, and
// again when Zuora has ended it.
func billing(ctx context.Context, cfg zuora.SessionConfig, out io.Writer) error {
	session, err := zuora.NewSession(cfg)
	if err != nil {
		return err
	}
	defer session.Close()

	plan, err := listCatalog(ctx, session, out)
	if err != nil {
		return fmt.Errorf("list the catalog: %w", err)
	}
	if err := signUp(ctx, session, plan, out); err != nil {
		return fmt.Errorf("sign up a customer: %w", err)
	}
	if err := addUp(ctx, session, out); err != nil {
		return fmt.Errorf("add up the balances: %w", err)
	}
	return nil
}

// listCatalog prints every rate plan, and returns the first that is for sale.
func listCatalog(ctx context.Context, caller zuora.Caller, out io.Writer) (*catalog.RatePlan, error) {
	var first *catalog.RatePlan
	fmt.Fprintln(out, "The catalog")
	for product, err := range catalog.New(caller).AllProducts(ctx, nil) { // every page
		if err != nil {
			return nil, err
		}
		for _, plan := range product.ProductRatePlans {
			fmt.Fprintf(out, "  %-14s %-9s", product.Name, plan.Name)
			for _, charge := range plan.ProductRatePlanCharges {
				for _, price := range charge.Pricing {
					fmt.Fprintf(out, " %s %s per %s", price.Currency, price.Price, charge.BillingPeriod)
				}
			}
			fmt.Fprintln(out)
			if first == nil && plan.Status == catalog.RatePlanStatusActive {
				first = &plan
			}
		}
	}
	if first == nil {
		return nil, errors.New("no rate plan is active")
	}
	return first, nil
}

// signUp creates an account with a subscription to plan, and reads the account.
func signUp(ctx context.Context, caller zuora.Caller, plan *catalog.RatePlan, out io.Writer) error {
	customers := accounts.New(caller)
	created, err := customers.CreateAccount(ctx, accounts.NewAccount{
		Name: "Amy Lawrence", Currency: "USD", BillCycleDay: new(int64(1)), AutoPay: new(false),
		BillToContact:        accounts.NewContact{FirstName: "Amy", LastName: "Lawrence", Country: "US", State: "CA"},
		AdditionalProperties: map[string]zuora.Value{"Region__c": zuora.ValueOf("West")}, // a custom field
	})
	if err != nil {
		return err
	}
	subscription, err := subscriptions.New(caller).CreateSubscription(ctx, subscriptions.NewSubscription{
		AccountKey: created.AccountNumber, ContractEffectiveDate: zuora.DateOf(time.Now()),
		TermType: subscriptions.TermTypeTermed, InitialTerm: new(int64(12)), RenewalTerm: new(int64(12)), AutoRenew: new(true),
		SubscribeToRatePlans: []subscriptions.NewRatePlan{{ProductRatePlanID: plan.ID}},
	})
	if err != nil {
		return err
	}
	account, err := customers.GetAccount(ctx, created.AccountNumber, nil)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "A customer\n  %s: %s, region %s\n", account.BasicInfo.AccountNumber, account.BasicInfo.Name,
		account.BasicInfo.AdditionalProperties["Region__c"].Text())
	fmt.Fprintf(out, "  %s: %s, USD %s a month, USD %s in all\n", subscription.SubscriptionNumber, plan.Name,
		account.Metrics.ContractedMrr, subscription.TotalContractedValue)
	return nil
}

// addUp prints what all customers owe. No amount is ever a float, so the sum is exact.
func addUp(ctx context.Context, caller zuora.Caller, out io.Writer) error {
	const query = "select Balance from Account where Currency = 'USD' and Balance > 0"
	total, count := new(big.Rat), 0
	for account, err := range zoql.New(caller).All(ctx, query) { // every page
		if err != nil {
			return err
		}
		balance, err := account["Balance"].Decimal().Rat()
		if err != nil {
			return err
		}
		total.Add(total, balance)
		count++
	}
	fmt.Fprintf(out, "The balances\n  %d accounts owe USD %s, exactly\n", count, zuora.DecimalOf(total, 6))
	return nil
}
