// Command billing creates an account, orders a subscription, creates an invoice, records a
// payment, uploads usage, and adds up what all customers owe. It is an example to copy.
//
//	go run ./billing
//
// Without flags it runs on a stand-in tenant in this process, and sends nothing to Zuora.
// With -sandbox it runs on the tenant of ZUORA_SERVER, ZUORA_ACCESS_KEY_ID and
// ZUORA_SECRET_ACCESS_KEY, and creates an account, an order, an invoice, a payment and
// usage there. That tenant needs orders, the currency USD, the unit of measure Each, the
// custom field Region__c of accounts, and a rate plan that can be ordered without
// overrides.
package main

import (
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/big"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/accounts"
	"github.com/zuora-go/zuora/api/catalog"
	"github.com/zuora-go/zuora/api/exports"
	"github.com/zuora-go/zuora/api/invoices"
	"github.com/zuora-go/zuora/api/orders"
	"github.com/zuora-go/zuora/api/payments"
	"github.com/zuora-go/zuora/api/usage"
	"github.com/zuora-go/zuora/api/zoql"
)

func main() {
	sandbox := flag.Bool("sandbox", false, "run on the tenant of ZUORA_SERVER, ZUORA_ACCESS_KEY_ID and ZUORA_SECRET_ACCESS_KEY,\nand create an account, an order, an invoice, a payment and usage there")
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

// billing runs the steps on one session, which logs in when the first call needs it, and
// again when it has expired.
func billing(ctx context.Context, cfg zuora.SessionConfig, out io.Writer) error {
	session, err := zuora.NewSession(cfg)
	if err != nil {
		return err
	}
	defer session.Close()
	b := &story{Caller: session, out: out, today: zuora.DateOf(time.Now())}
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"list the catalog", b.listCatalog}, {"create an account", b.createAccount}, {"order a subscription", b.order}, {"bill", b.bill},
		{"collect a payment", b.collect}, {"upload usage", b.uploadUsage}, {"add up the balances", b.addUp}, {"export", b.export}, {"look for an account", b.lookFor},
	} {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

// story contains what the steps share: the session, and results of earlier steps.
type story struct {
	zuora.Caller
	out     io.Writer
	today   zuora.Date
	plan    *catalog.RatePlan
	account *accounts.Account
	invoice string // its ID
}

func (b *story) say(format string, args ...any) { fmt.Fprintf(b.out, format+"\n", args...) }

// listCatalog prints every charge of every rate plan, and keeps the first rate plan that is
// active.
func (b *story) listCatalog(ctx context.Context) error {
	b.say("The catalog")
	for product, err := range catalog.New(b).AllProducts(ctx, &catalog.ListProductsParams{PageSize: 2}) { // every page
		if err != nil {
			return err
		}
		for _, plan := range product.ProductRatePlans {
			for _, charge := range plan.ProductRatePlanCharges {
				b.say("  %-14s %-9s %s per %s", product.Name, plan.Name, strings.Join(charge.PricingSummary, ", "), charge.BillingPeriod)
			}
			if b.plan == nil && plan.Status == catalog.RatePlanStatusActive {
				b.plan = &plan
			}
		}
	}
	if b.plan == nil {
		return errors.New("no rate plan is active")
	}
	return nil
}

// createAccount creates an account with a custom field, and reads it.
func (b *story) createAccount(ctx context.Context) error {
	api := accounts.New(b)
	created, err := api.CreateAccount(ctx, accounts.NewAccount{
		Name: "Amy Lawrence", Currency: "USD", BillCycleDay: new(int64(1)), AutoPay: new(false),
		BillToContact:        accounts.NewContact{FirstName: "Amy", LastName: "Lawrence", Country: "US", State: "CA"},
		AdditionalProperties: map[string]zuora.Value{"Region__c": zuora.ValueOf("West")}, // a custom field
	})
	if err != nil {
		return err
	}
	if b.account, err = api.GetAccount(ctx, created.AccountNumber, nil); err != nil {
		return err
	}
	info := b.account.BasicInfo
	b.say("A customer\n  account  %s: %s, region %s", info.AccountNumber, info.Name, info.AdditionalProperties["Region__c"].Text())
	return nil
}

// order orders a subscription of twelve months. With the idempotency key, Zuora creates
// one order even if the call is sent twice.
func (b *story) order(ctx context.Context) error {
	create := orders.OrderAction{
		Type: orders.ActionTypeCreateSubscription, TriggerDates: orders.TriggerDatesOn(b.today),
		CreateSubscription: &orders.CreateSubscription{
			Terms: &orders.Terms{
				InitialTerm: orders.Term{TermType: orders.TermTypeTermed, Period: new(int64(12)), PeriodType: orders.PeriodTypeMonth}, AutoRenew: new(true),
				RenewalTerms: []orders.RenewalTerm{{Period: new(int64(12)), PeriodType: orders.PeriodTypeMonth}},
			},
			SubscribeToRatePlans: []orders.AddProduct{{ProductRatePlanID: b.plan.ID}},
		},
	}
	order, err := orders.New(b).CreateOrder(ctx, orders.NewOrder{
		OrderDate: b.today, ExistingAccountNumber: b.account.BasicInfo.AccountNumber,
		Subscriptions: []orders.OrderSubscription{{OrderActions: []orders.OrderAction{create}}},
	}, nil, zuora.WithIdempotencyKey("order for "+b.account.BasicInfo.AccountNumber))
	if err != nil {
		return err
	}
	b.say("  order    %s: %s of %s", order.OrderNumber, strings.Join(order.SubscriptionNumbers, ", "), b.plan.Name)
	return nil
}

// bill creates an invoice and posts it.
func (b *story) bill(ctx context.Context) error {
	api := invoices.New(b)
	created, err := api.CreateInvoice(ctx, invoices.NewInvoice{
		AccountID: b.account.BasicInfo.ID, InvoiceDate: b.today,
		InvoiceItems: []invoices.NewInvoiceItem{
			{ChargeName: "Delivery abroad", Amount: "29.90", ServiceStartDate: b.today}, {ChargeName: "Stamps", Amount: "0.10", ServiceStartDate: b.today},
		},
	})
	if err != nil {
		return err
	}
	b.invoice = created.ID
	if _, err := api.PostInvoice(ctx, b.invoice); err != nil {
		return err
	}
	invoice, err := api.GetInvoice(ctx, b.invoice, nil)
	if err != nil {
		return err
	}
	b.say("  invoice  %s: %s, USD %s", invoice.Number, invoice.Status, invoice.Amount)
	return nil
}

// collect records a payment and applies it to the invoice.
func (b *story) collect(ctx context.Context) error {
	payment, err := payments.New(b).CreatePayment(ctx, payments.NewPayment{
		Type: payments.PaymentTypeExternal, Currency: "USD", Amount: "20.00", AccountID: b.account.BasicInfo.ID, EffectiveDate: b.today,
		Invoices: []payments.InvoicePart{{InvoiceID: b.invoice, Amount: "20.00"}},
	}, zuora.WithIdempotencyKey("payment of "+b.invoice))
	if err != nil {
		return err
	}
	account, err := accounts.New(b).GetAccount(ctx, b.account.BasicInfo.ID, nil)
	if err != nil {
		return err
	}
	b.say("  payment  %s: USD %s applied, USD %s left to pay", payment.Number, payment.AppliedAmount, account.Metrics.Balance)
	return nil
}

// uploadUsage uploads a file, and waits until it is imported.
func (b *story) uploadUsage(ctx context.Context) error {
	number := b.account.BasicInfo.AccountNumber
	file := strings.NewReader("ACCOUNT_ID,UOM,QTY,STARTDATE\n" +
		number + ",Each,1.5," + string(b.today) + "\n" + number + ",Each,0.25," + string(b.today) + "\n")
	api := usage.New(b)
	upload, err := api.UploadUsage(ctx, "usage.csv", file)
	if err != nil {
		return err
	}
	imported, err := api.WaitForImport(ctx, upload)
	if err != nil {
		return err
	}
	b.say("  usage    %s", imported.ImportStatus)
	return nil
}

// addUp queries the balances of all customers, and prints their sum. No amount is a
// float, so the sum is exact.
func (b *story) addUp(ctx context.Context) error {
	total, count := new(big.Rat), 0
	for account, err := range zoql.New(b).All(ctx, "select Balance from Account where Currency = 'USD'") { // every page
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
	b.say("All customers\n  query    %d accounts owe USD %s, exactly", count, zuora.DecimalOf(total, 6))
	return nil
}

// export reads the same balances from an exported file, row by row, while it arrives.
func (b *story) export(ctx context.Context) error {
	file, err := exports.New(b).Run(ctx, "select Account.AccountNumber, Account.Balance from Account where Account.Currency = 'USD'", exports.FormatCSV)
	if err != nil {
		return err
	}
	defer file.Close()
	rows, total, count := csv.NewReader(file), new(big.Rat), 0
	rows.ReuseRecord = true
	if _, err := rows.Read(); err != nil { // the names of the columns
		return err
	}
	for {
		row, err := rows.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		balance, err := zuora.Decimal(row[1]).Rat()
		if err != nil {
			return err
		}
		total.Add(total, balance)
		count++
	}
	b.say("  export   %d accounts owe USD %s, exactly", count, zuora.DecimalOf(total, 6))
	return nil
}

// lookFor reads an account that does not exist, to show a failure. Zuora sends most
// failures with status 200.
func (b *story) lookFor(ctx context.Context) error {
	_, err := accounts.New(b).GetAccount(ctx, "A99999999", nil)
	var failed *zuora.Error
	if !errors.Is(err, zuora.ErrNotFound) || !errors.As(err, &failed) {
		return fmt.Errorf("A99999999 should not be there: %w", err)
	}
	b.say("A failure\n  %s %s: status %d, %v", failed.Method, failed.Path, failed.StatusCode, failed.Reasons)
	return nil
}
