package zuora_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/accounts"
	"github.com/zuora-go/zuora/api/catalog"
	"github.com/zuora-go/zuora/api/exports"
	"github.com/zuora-go/zuora/api/orders"
	"github.com/zuora-go/zuora/api/payments"
	"github.com/zuora-go/zuora/api/usage"
	"github.com/zuora-go/zuora/api/zoql"
	"github.com/zuora-go/zuora/retry"
)

// The jobs of docs/cookbook.md, for the compiler.
var _ = []any{
	cookbookAccount,
	cookbookPages,
	cookbookOrder,
	cookbookPayment,
	cookbookQuery,
	cookbookUpload,
	cookbookExport,
	cookbookCustom,
	cookbookRetry,
}

func cookbookAccount(ctx context.Context, caller zuora.Caller) (zuora.Decimal, error) {
	account, err := accounts.New(caller).GetAccount(ctx, "A00000001", nil)
	if err != nil {
		return "", err // of *zuora.Error: Zuora's code and message
	}
	return account.Metrics.Balance, nil
}

func cookbookPages(ctx context.Context, caller zuora.Caller) error {
	for product, err := range catalog.New(caller).AllProducts(ctx, nil) {
		if err != nil {
			return err
		}
		fmt.Println(product.Name)
	}
	return nil
}

func cookbookOrder(ctx context.Context, caller zuora.Caller, plan string, day zuora.Date) (*orders.OrderResult, error) {
	create := orders.OrderAction{
		Type: orders.ActionTypeCreateSubscription, TriggerDates: orders.TriggerDatesOn(day),
		CreateSubscription: &orders.CreateSubscription{SubscribeToRatePlans: []orders.AddProduct{{ProductRatePlanID: plan}}},
	}
	return orders.New(caller).CreateOrder(ctx, orders.NewOrder{
		OrderDate: day, ExistingAccountNumber: "A00000001",
		Subscriptions: []orders.OrderSubscription{{OrderActions: []orders.OrderAction{create}}},
	}, nil, zuora.WithIdempotencyKey("order-4711"))
}

func cookbookPayment(ctx context.Context, caller zuora.Caller, account string) (*payments.Payment, error) {
	return payments.New(caller).CreatePayment(ctx, payments.NewPayment{
		Type: payments.PaymentTypeExternal, Currency: "USD", Amount: "29.90",
		AccountID: account, EffectiveDate: "2026-03-01",
	}, zuora.WithIdempotencyKey("payment-4711"))
}

func cookbookQuery(ctx context.Context, caller zuora.Caller) error {
	for record, err := range zoql.New(caller).All(ctx, "select Id, Balance from Account where Status = 'Active'") {
		if err != nil {
			return err
		}
		fmt.Println(record["Id"], record["Balance"])
	}
	return nil
}

func cookbookUpload(ctx context.Context, caller zuora.Caller, file *os.File) error {
	api := usage.New(caller)
	upload, err := api.UploadUsage(ctx, "march.csv", file)
	if err != nil {
		return err
	}
	_, err = api.WaitForImport(ctx, upload)
	return err
}

func cookbookExport(ctx context.Context, caller zuora.Caller, to io.Writer) error {
	file, err := exports.New(caller).Run(ctx, "select Account.Name from Account", exports.FormatCSV)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(to, file)
	return err
}

func cookbookCustom(ctx context.Context, caller zuora.Caller) error {
	_, err := accounts.New(caller).UpdateAccount(ctx, "A00000001", accounts.AccountUpdate{
		AdditionalProperties: map[string]zuora.Value{"Region__c": zuora.ValueOf("EU"), "Segment__c": zuora.Null},
	})
	return err
}

func cookbookRetry(ctx context.Context, session *zuora.Session) (*accounts.Account, error) {
	caller := retry.New(session, retry.Policy{MaxConcurrent: 40, Logger: slog.Default()})
	return accounts.New(caller).GetAccount(ctx, "A00000001", nil)
}

// TestCookbookHasTheseJobs holds each job of the page to a function above.
func TestCookbookHasTheseJobs(t *testing.T) {
	page, err := os.ReadFile("docs/cookbook.md")
	require.NoError(t, err)
	source, err := os.ReadFile("cookbook_test.go")
	require.NoError(t, err)
	blocks := strings.Split(string(page), "```go\n")[1:]
	require.Len(t, blocks, 9)
	for _, block := range blocks {
		job, _, found := strings.Cut(block, "\n```")
		require.True(t, found)
		require.LessOrEqual(t, strings.Count(job, "\n")+1, 10, job)
		job = "\t" + strings.ReplaceAll(job, "\n", "\n\t")
		require.Contains(t, string(source), " {\n"+job+"\n}\n")
	}
}
