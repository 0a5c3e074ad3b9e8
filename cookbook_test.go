package zuora_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/synctest"

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
	"github.com/zuora-go/zuora/zuoratest"
)

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

// TestCookbookJobsWork runs the jobs of docs/cookbook.md on a tenant.
func TestCookbookJobsWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := zuoratest.NewTenant(zuoratest.Config{Stateful: true})
		defer tenant.Close()
		session, err := zuora.NewSession(zuora.SessionConfig{Server: zuora.ServerURLProductionEU, Credentials: tenant.Credentials(), Base: tenant.Transport()})
		require.NoError(t, err)
		defer session.Close()
		ctx := t.Context()
		created, err := accounts.New(session).CreateAccount(ctx, accounts.NewAccount{
			Name: "Amy Lawrence", Currency: "USD", BillToContact: accounts.NewContact{FirstName: "Amy", LastName: "Lawrence"},
			AdditionalProperties: map[string]zuora.Value{"Segment__c": zuora.ValueOf("old")},
		})
		require.NoError(t, err)
		products, err := catalog.New(session).ListProducts(ctx, nil)
		require.NoError(t, err)

		balance, err := cookbookAccount(ctx, session)
		require.NoError(t, err)
		require.Equal(t, zuora.Decimal("0.000000000"), balance)
		require.NoError(t, cookbookPages(ctx, session))
		for range 2 { // with the same idempotency key
			order, err := cookbookOrder(ctx, session, products.Products[0].ProductRatePlans[0].ID, "2026-03-01")
			require.NoError(t, err)
			require.Equal(t, []string{"A-S00000001"}, order.SubscriptionNumbers)
			payment, err := cookbookPayment(ctx, session, created.AccountID)
			require.NoError(t, err)
			require.Equal(t, "P-00000001", payment.Number)
		}
		require.NoError(t, cookbookQuery(ctx, session))
		file, err := os.CreateTemp(t.TempDir(), "")
		require.NoError(t, err)
		defer file.Close()
		_, err = file.WriteString("ACCOUNT_ID,UOM,QTY,STARTDATE\nA00000001,Each,1.5,2026-03-01\n")
		require.NoError(t, err)
		_, err = file.Seek(0, io.SeekStart)
		require.NoError(t, err)
		require.NoError(t, cookbookUpload(ctx, session, file))
		var exported strings.Builder
		require.NoError(t, cookbookExport(ctx, session, &exported))
		require.Equal(t, "Account.Name\nAmy Lawrence\n", exported.String())
		require.NoError(t, cookbookCustom(ctx, session))
		account, err := cookbookRetry(ctx, session)
		require.NoError(t, err)
		require.Equal(t, map[string]zuora.Value{"Region__c": zuora.ValueOf("EU")}, account.BasicInfo.AdditionalProperties)
	})
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
