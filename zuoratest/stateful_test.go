package zuoratest_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/accounts"
	"github.com/zuora-go/zuora/api/billing"
	"github.com/zuora-go/zuora/api/catalog"
	"github.com/zuora-go/zuora/api/contacts"
	"github.com/zuora-go/zuora/api/dataquery"
	"github.com/zuora-go/zuora/api/exports"
	"github.com/zuora-go/zuora/api/invoices"
	"github.com/zuora-go/zuora/api/objectquery"
	"github.com/zuora-go/zuora/api/objects"
	"github.com/zuora-go/zuora/api/orders"
	"github.com/zuora-go/zuora/api/payments"
	"github.com/zuora-go/zuora/api/subscriptions"
	"github.com/zuora-go/zuora/api/usage"
	"github.com/zuora-go/zuora/api/zoql"
	"github.com/zuora-go/zuora/zuoratest"
)

// stateful returns a session on a stateful tenant in memory.
func stateful(t *testing.T) (*zuora.Session, *zuoratest.Tenant) {
	t.Helper()
	tenant := zuoratest.NewTenant(zuoratest.Config{Stateful: true})
	session, err := zuora.NewSession(zuora.SessionConfig{Server: "https://rest.zuora.example", Credentials: tenant.Credentials(), Base: tenant.Transport()})
	require.NoError(t, err)
	t.Cleanup(func() {
		assert.NoError(t, session.Close())
		tenant.Close()
	})
	return session, tenant
}

func newAccount(t *testing.T, caller zuora.Caller, extra map[string]zuora.Value) *accounts.CreatedAccount {
	t.Helper()
	created, err := accounts.New(caller).CreateAccount(t.Context(), accounts.NewAccount{
		Name: "Amy Lawrence", Currency: "USD", BillToContact: accounts.NewContact{FirstName: "Amy", LastName: "Lawrence", Country: "US"}, AdditionalProperties: extra,
	})
	require.NoError(t, err)
	return created
}

// plans returns the rate plans of the catalog.
func plans(t *testing.T, caller zuora.Caller) (all []catalog.RatePlan) {
	t.Helper()
	for product, err := range catalog.New(caller).AllProducts(t.Context(), &catalog.ListProductsParams{PageSize: 3}) {
		require.NoError(t, err)
		all = append(all, product.ProductRatePlans...)
	}
	return all
}

// send sends JSON as it stands, and returns the status and the text of the response.
func send(t *testing.T, session *zuora.Session, method, path, body string, header ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, session.Server()+path, strings.NewReader(body))
	require.NoError(t, err)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := session.HTTPClient().Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	return resp.StatusCode, text(t, resp)
}

func TestStatefulAccountIsCreatedReadChangedAndDeleted(t *testing.T) {
	session, _ := stateful(t)
	api, ctx := accounts.New(session), t.Context()
	created := newAccount(t, session, map[string]zuora.Value{"Region__c": `"EU"`, "Id__NS": "123456789012345678901234567890.10", "brandNew": `{"a":[1.50]}`})
	assert.Equal(t, "A00000001", created.AccountNumber)
	for _, key := range []string{created.AccountID, created.AccountNumber} {
		account, err := api.GetAccount(ctx, key, nil)
		require.NoError(t, err)
		assert.Equal(t, "Amy Lawrence", account.BasicInfo.Name)
		assert.Equal(t, map[string]zuora.Value{"Region__c": `"EU"`, "Id__NS": "123456789012345678901234567890.10", "brandNew": `{"a":[1.50]}`}, account.BasicInfo.AdditionalProperties)
		assert.Equal(t, "USD", account.BillingAndPayment.Currency)
		assert.Equal(t, zuora.Decimal("0.000000000"), account.Metrics.Balance)
		assert.Equal(t, created.BillToContactID, account.BillToContact.ID)
		assert.Equal(t, "Amy", account.SoldToContact.FirstName)
	}
	_, err := api.UpdateAccount(ctx, created.AccountNumber, accounts.AccountUpdate{
		SalesRep: "Kim", Tagging: "a,b", BillToContact: &accounts.NewContact{City: "Oslo"}, AdditionalProperties: map[string]zuora.Value{"Region__c": zuora.Null, "Tier__c": "4"},
	})
	require.NoError(t, err)
	account, err := api.GetAccount(ctx, created.AccountNumber, nil)
	require.NoError(t, err)
	assert.Equal(t, "Kim", account.BasicInfo.SalesRep)
	assert.Equal(t, "a,b", account.BasicInfo.Tags)
	assert.Equal(t, "Amy", account.BillToContact.FirstName)
	assert.Equal(t, "Oslo", account.BillToContact.City)
	assert.Equal(t, zuora.Value("4"), account.BasicInfo.AdditionalProperties["Tier__c"])
	_, text := send(t, session, "GET", "/v1/accounts/"+created.AccountNumber, "")
	assert.NotContains(t, text, "Region__c")

	_, err = api.DeleteAccount(ctx, created.AccountNumber)
	require.NoError(t, err)
	_, err = api.GetAccount(ctx, created.AccountNumber, nil)
	assert.ErrorIs(t, err, zuora.ErrNotFound)
	_, err = contacts.New(session).GetContact(ctx, created.BillToContactID, nil)
	assert.ErrorIs(t, err, zuora.ErrNotFound, "what belongs to it is gone as well")
	assert.Equal(t, "A00000002", newAccount(t, session, nil).AccountNumber)
}

func TestStatefulOrderIsBilledAndPaid(t *testing.T) {
	session, _ := stateful(t)
	ctx := t.Context()
	created := newAccount(t, session, nil)
	order, err := orders.New(session).CreateOrder(ctx, orders.NewOrder{
		ExistingAccountNumber: created.AccountNumber, OrderDate: "2026-01-31",
		Subscriptions: []orders.OrderSubscription{{
			CustomFields: map[string]zuora.Value{"Gift__c": "true"},
			OrderActions: []orders.OrderAction{{
				Type: orders.ActionTypeCreateSubscription, TriggerDates: orders.TriggerDatesOn("2026-01-31"),
				CreateSubscription: &orders.CreateSubscription{
					Terms:                &orders.Terms{InitialTerm: orders.Term{TermType: orders.TermTypeTermed, Period: new(int64(12)), PeriodType: orders.PeriodTypeMonth}},
					SubscribeToRatePlans: []orders.AddProduct{{ProductRatePlanID: plans(t, session)[4].ID}},
				},
			}},
		}},
		ProcessingOptions: &orders.ProcessingOptions{RunBilling: new(true)},
	}, nil)
	require.NoError(t, err)
	assert.Equal(t, "O-00000001", order.OrderNumber)
	assert.Equal(t, []string{"A-S00000001"}, order.SubscriptionNumbers)
	sub, err := subscriptions.New(session).GetSubscription(ctx, order.SubscriptionNumbers[0], nil)
	require.NoError(t, err)
	assert.Equal(t, zuora.Date("2027-01-31"), sub.TermEndDate)
	assert.Equal(t, zuora.Decimal("4.083333333"), sub.RatePlans[0].RatePlanCharges[0].Price)
	assert.Equal(t, zuora.Value("true"), sub.AdditionalProperties["Gift__c"])

	require.Len(t, order.InvoiceIds, 1)
	bill, err := invoices.New(session).GetInvoice(ctx, order.InvoiceIds[0], nil)
	require.NoError(t, err)
	assert.Equal(t, invoices.InvoiceStatusPosted, bill.Status)
	assert.Equal(t, zuora.Decimal("4.083333333"), bill.Balance)
	payment, err := payments.New(session).CreatePayment(ctx, payments.NewPayment{
		Type: payments.PaymentTypeExternal, Currency: "USD", Amount: "10.00", AccountID: created.AccountID, EffectiveDate: "2026-02-01",
		Invoices: []payments.InvoicePart{{InvoiceID: bill.ID, Amount: "4.083333333"}},
	})
	require.NoError(t, err)
	assert.Equal(t, []zuora.Decimal{"10.00", "4.083333333", "5.916666667"}, []zuora.Decimal{payment.Amount, payment.AppliedAmount, payment.UnappliedAmount})
	_, err = payments.New(session).UnapplyPayment(ctx, payment.ID, payments.Application{Invoices: []payments.InvoicePart{{InvoiceID: bill.ID, Amount: "0.000000001"}}})
	require.NoError(t, err)
	account, err := accounts.New(session).GetAccount(ctx, created.AccountID, nil)
	require.NoError(t, err)
	assert.Equal(t, accounts.Metrics{
		Balance: "0.000000001", TotalInvoiceBalance: "0.000000001", UnappliedPaymentAmount: "5.916666668", ContractedMrr: "4.083333333",
		CreditBalance: "0.000000000", TotalDebitMemoBalance: "0.000000000", UnappliedCreditMemoAmount: "0.000000000",
	}, account.Metrics)
}

// What a subscription and an order do not say happens to none of both.
func TestStatefulCallThatFailsChangesNothing(t *testing.T) {
	session, _ := stateful(t)
	ctx := t.Context()
	created := newAccount(t, session, nil)
	plan := plans(t, session)[0].ID
	create := func(plan string) orders.OrderSubscription {
		return orders.OrderSubscription{OrderActions: []orders.OrderAction{{
			Type: orders.ActionTypeCreateSubscription, TriggerDates: orders.TriggerDatesOn("2026-01-31"),
			CreateSubscription: &orders.CreateSubscription{SubscribeToRatePlans: []orders.AddProduct{{ProductRatePlanID: plan}}},
		}}}
	}
	order := orders.NewOrder{ExistingAccountNumber: created.AccountNumber, OrderDate: "2026-01-31", Subscriptions: []orders.OrderSubscription{create(plan), create("none")}}
	_, err := orders.New(session).CreateOrder(ctx, order, nil)
	require.ErrorIs(t, err, zuora.ErrNotFound)
	order.ExistingAccountNumber, order.NewAccount = "", &orders.NewAccount{Name: "New", Currency: "USD", BillToContact: orders.NewContact{FirstName: "a", LastName: "b"}}
	_, err = orders.New(session).CreateOrder(ctx, order, nil)
	require.ErrorIs(t, err, zuora.ErrNotFound)
	for query, want := range map[string]int{"select Id from Account": 1, "select Id from Contact": 1, "select Id from Order": 0, "select Id from Subscription": 0, "select Id from Account where Mrr = 0": 1} {
		n := 0
		for _, err := range zoql.New(session).All(ctx, query) {
			require.NoError(t, err)
			n++
		}
		assert.Equal(t, want, n, query)
	}

	invoice, err := invoices.New(session).CreateInvoice(ctx, invoices.NewInvoice{AccountID: created.AccountID, InvoiceDate: "2026-02-01", Status: invoices.InvoiceStatusPosted,
		InvoiceItems: []invoices.NewInvoiceItem{{Amount: "7.00", ServiceStartDate: "2026-02-01"}}})
	require.NoError(t, err)
	_, err = payments.New(session).CreatePayment(ctx, payments.NewPayment{Type: payments.PaymentTypeExternal, Currency: "USD", Amount: "7.00", AccountID: created.AccountID,
		Invoices: []payments.InvoicePart{{InvoiceID: invoice.ID, Amount: "5"}, {InvoiceID: invoice.ID, Amount: "2.000000001"}}})
	require.ErrorContains(t, err, "more than")
	for amount, says := range map[zuora.Decimal]string{"0": "not more than 0", "-1": "not more than 0"} {
		_, err = payments.New(session).CreatePayment(ctx, payments.NewPayment{Type: payments.PaymentTypeExternal, Currency: "USD", Amount: "7.00",
			Invoices: []payments.InvoicePart{{InvoiceID: invoice.ID, Amount: amount}}})
		require.ErrorContains(t, err, says)
	}
	draft, err := invoices.New(session).CreateInvoice(ctx, invoices.NewInvoice{AccountID: created.AccountID, InvoiceDate: "2026-02-01",
		InvoiceItems: []invoices.NewInvoiceItem{{Amount: "7.00", ServiceStartDate: "2026-02-01"}}})
	require.NoError(t, err)
	_, err = payments.New(session).CreatePayment(ctx, payments.NewPayment{Type: payments.PaymentTypeExternal, Currency: "USD", Amount: "7.00",
		Invoices: []payments.InvoicePart{{InvoiceID: draft.ID, Amount: "7"}}})
	require.ErrorContains(t, err, "not posted")
	account, err := accounts.New(session).GetAccount(ctx, created.AccountID, nil)
	require.NoError(t, err)
	assert.Equal(t, zuora.Decimal("7.000000000"), account.Metrics.Balance)
	assert.Equal(t, zuora.Decimal("0.000000000"), account.Metrics.UnappliedPaymentAmount)
	for _, err := range payments.New(session).AllPayments(ctx, nil) {
		require.Fail(t, "a payment was left", "%v", err)
	}
}

// What belongs to it goes as well, and what belongs to that.
func TestStatefulDeletionIsWhole(t *testing.T) {
	session, _ := stateful(t)
	created := newAccount(t, session, nil)
	_, err := invoices.New(session).CreateInvoice(t.Context(), invoices.NewInvoice{AccountID: created.AccountID, InvoiceDate: "2026-02-01",
		InvoiceItems: []invoices.NewInvoiceItem{{Amount: "7.00", ServiceStartDate: "2026-02-01"}}})
	require.NoError(t, err)
	_, err = accounts.New(session).DeleteAccount(t.Context(), created.AccountNumber)
	require.NoError(t, err)
	for _, object := range []string{"Account", "Contact", "Invoice", "InvoiceItem"} {
		for record, err := range zoql.New(session).All(t.Context(), "select Id from "+object) {
			require.Fail(t, "it is still there", "%s %v %v", object, record, err)
		}
	}
}

func TestStatefulSubscriptionsAreCancelledSuspendedAndRenewed(t *testing.T) {
	session, _ := stateful(t)
	api, ctx := subscriptions.New(session), t.Context()
	created := newAccount(t, session, nil)
	plan := plans(t, session)[0]
	var numbers []string
	for range 3 {
		sub, err := api.CreateSubscription(ctx, subscriptions.NewSubscription{
			AccountKey: created.AccountID, TermType: subscriptions.TermTypeTermed, ContractEffectiveDate: "2026-01-31", InitialTerm: new(int64(12)), RenewalTerm: new(int64(6)),
			SubscribeToRatePlans: []subscriptions.NewRatePlan{{ProductRatePlanID: plan.ID, ChargeOverrides: []subscriptions.ChargeOverride{{
				ProductRatePlanChargeID: plan.ProductRatePlanCharges[0].ID, Price: "1.10",
			}}}},
		})
		require.NoError(t, err)
		numbers = append(numbers, sub.SubscriptionNumber)
	}
	cancelled, err := api.CancelSubscription(ctx, numbers[0], subscriptions.Cancellation{CancellationPolicy: subscriptions.CancellationPolicyEndOfCurrentTerm})
	require.NoError(t, err)
	assert.Equal(t, zuora.Date("2027-01-31"), cancelled.CancelledDate)
	assert.Equal(t, zuora.Decimal("-1.100000000"), cancelled.TotalDeltaMrr)
	_, err = api.CancelSubscription(ctx, numbers[0], subscriptions.Cancellation{CancellationPolicy: subscriptions.CancellationPolicyEndOfCurrentTerm})
	assert.ErrorContains(t, err, "cancel a subscription that is Cancelled")
	renewed, err := api.RenewSubscription(ctx, numbers[1], subscriptions.Renewal{})
	require.NoError(t, err)
	assert.Equal(t, []zuora.Date{"2027-01-31", "2027-07-31"}, []zuora.Date{renewed.TermStartDate, renewed.TermEndDate})
	_, err = api.SuspendSubscription(ctx, numbers[2], subscriptions.Suspension{SuspendPolicy: subscriptions.SuspendPolicyToday})
	require.NoError(t, err)
	_, err = api.ResumeSubscription(ctx, numbers[1], subscriptions.Resumption{ResumePolicy: subscriptions.ResumePolicyToday})
	assert.ErrorContains(t, err, "resume a subscription that is Active")
	var states []subscriptions.SubscriptionStatus
	for sub, err := range api.AllSubscriptionsByAccount(ctx, created.AccountNumber, &subscriptions.ListSubscriptionsByAccountParams{PageSize: 2}) {
		require.NoError(t, err)
		states = append(states, sub.Status)
	}
	assert.Equal(t, []subscriptions.SubscriptionStatus{"Cancelled", "Active", "Suspended"}, states)
	account, err := accounts.New(session).GetAccount(ctx, created.AccountID, nil)
	require.NoError(t, err)
	assert.Equal(t, zuora.Decimal("2.200000000"), account.Metrics.ContractedMrr)
}

func TestStatefulListsComeInPages(t *testing.T) {
	session, _ := stateful(t)
	_, page := send(t, session, "GET", "/v1/catalog/products?pageSize=3", "")
	assert.Contains(t, page, `"nextPage":"https://rest.zuora.example/v1/catalog/products?page=2\u0026pageSize=3"`)
	_, page = send(t, session, "GET", "/v1/catalog/products?pageSize=3&page=2", "")
	assert.NotContains(t, page, "nextPage")
	assert.Contains(t, page, `"success":true`)
	assert.Contains(t, page, `"price":4.083333333`)
	for _, query := range []string{"page=0", "pageSize=x", "pageSize=-1", "as-of-date=2026-01-01", "page=99999999999999999999"} {
		status, failure := send(t, session, "GET", "/v1/catalog/products?"+query, "")
		assert.Equal(t, http.StatusBadRequest, status, query)
		assert.Contains(t, failure, strings.Split(query, "=")[0])
	}
	newAccount(t, session, nil)
	for i := range 45 {
		_, err := contacts.New(session).CreateContact(t.Context(), contacts.NewContact{AccountNumber: "A00000001", FirstName: "a", LastName: fmt.Sprint(i)})
		require.NoError(t, err)
		_, err = usage.New(session).CreateUsageRecord(t.Context(), usage.NewRecord{AccountNumber: "A00000001", UOM: "Each", Quantity: "1", StartDateTime: "2026-01-01"}, nil)
		require.NoError(t, err)
	}
	for query, n := range map[string]int{"": 10, "?pageSize=100": 40, "?pageSize=20&page=3": 5} {
		_, page = send(t, session, "GET", "/v1/usage/accounts/A00000001"+query, "")
		assert.Equal(t, n, strings.Count(page, "quantity"), query)
	}
	for _, query := range []string{"page=1000000&pageSize=40", "page=3"} {
		_, page = send(t, session, "GET", "/v1/catalog/products?"+query, "")
		assert.Contains(t, page, `"products":[]`, query)
	}
}

func TestStatefulQueries(t *testing.T) {
	session, _ := stateful(t)
	var records []objects.Record
	for i := range 4100 {
		records = append(records, objects.Record{"Name": zuora.ValueOf(fmt.Sprintf("it's %d", i%2)), "Currency": `"USD"`, "Balance": "2500.10", "Even__c": zuora.ValueOf(i%2 == 0)})
	}
	results, err := objects.New(session).CreateObjects(t.Context(), objects.Records{Type: "Account", Objects: records}, nil)
	require.NoError(t, err)
	require.Len(t, results, len(records))
	for query, want := range map[string]int{
		"select Id, Balance from Account": 4100, "SELECT id FROM account WHERE name = 'it\\'s 1' AND Balance = 2500.1000 and Even__c=false;": 2050,
		"select Id from Account where Notes = null": 4100, "select Id from Account where Even__c = true and Name = 'x = and'": 0, "select Name from Product": 4,
		"select Id from Account where Balance = '2500.1'": 4100, "select Id from Product where SKU = 'SKU-00000001'": 1, "select Id from Product where SKU = 'SKU-1'": 0,
	} {
		n := 0
		for record, err := range zoql.New(session).All(t.Context(), query) {
			require.NoError(t, err, query)
			n++
			if balance := record["Balance"]; balance != "" {
				assert.Equal(t, zuora.Value("2500.10"), balance)
			}
		}
		assert.Equal(t, want, n, query)
	}
	first, err := zoql.New(session).Query(t.Context(), zoql.Query{QueryString: "select Id from Account"}, nil)
	require.NoError(t, err)
	assert.Len(t, first.Records, 2000)
	for range 2 { // a locator may be read again
		second, err := zoql.New(session).QueryMore(t.Context(), zoql.NextRecords{QueryLocator: first.QueryLocator}, nil)
		require.NoError(t, err)
		assert.Len(t, second.Records, 2000)
		assert.False(t, second.Done)
	}
	for query, says := range map[string]string{
		"":                                                            `"", in the place of select`,
		"update Account":                                              `"update"`,
		"select Id":                                                   `"", in the place of , or from`,
		"select count(*) from Account":                                `"("`,
		"select Id from Account, Invoice":                             `","`,
		"select Id from Account join Invoice":                         `"join"`,
		"select Id from Ledger":                                       `"Ledger"`,
		"select Nonsense from Account":                                `"Nonsense"`,
		"select Account.Id from Account":                              `"Account.Id"`,
		"select * from Account":                                       `"*"`,
		"select Ledger.Id__c from Account":                            `"Ledger.Id__c"`,
		"select Id from Account where No = 1":                         `"No"`,
		"select Id from Account where":                                `has no field`,
		"select Id from Account order by Name":                        `"order"`,
		"select Id from Account where Name like 'x'":                  `"like"`,
		"select Id from Account where Balance > 0":                    `">"`,
		"select Id from Account where Name != 'x'":                    `"!="`,
		"select Id from Account where Name = 'x' or Name = 'y'":       `"or"`,
		"select Id from Account where Name = x":                       `"x"`,
		"select Id from Account where Name = 'x":                      `"'"`,
		"select Id from Account where Name = ":                        `""`,
		"select Id from Account where (Name = 'x')":                   `"("`,
		"select Id from Account where Name = 'x' and lower(Name)='x'": `"lower"`,
	} {
		_, err := zoql.New(session).Query(t.Context(), zoql.Query{QueryString: query}, nil)
		if assert.Error(t, err, query) {
			assert.Contains(t, err.Error(), says, query)
		}
	}
	for _, locator := range []string{"", "none", "2c92c0f9-1-1", strings.Replace(first.QueryLocator, "-2000-", "-0-", 1), first.QueryLocator + "0", strings.Replace(first.QueryLocator, "-2000-", "-9999-", 1)} {
		if locator == first.QueryLocator+"0" {
			continue // a batch of more
		}
		_, err := zoql.New(session).QueryMore(t.Context(), zoql.NextRecords{QueryLocator: locator}, nil)
		assert.ErrorContains(t, err, "INVALID_QUERY_LOCATOR", locator)
	}
}

func TestStatefulObjectsOfEveryType(t *testing.T) {
	session, _ := stateful(t)
	api, ctx := objects.New(session), t.Context()
	product, err := catalog.New(session).CreateProduct(ctx, catalog.NewProduct{Name: "Weekly", EffectiveStartDate: "2026-01-01", EffectiveEndDate: "2030-01-01"}, nil)
	require.NoError(t, err)
	plan, err := catalog.New(session).CreateProductRatePlan(ctx, catalog.NewRatePlan{ProductID: product.ID, Name: "Monthly"}, nil)
	require.NoError(t, err)
	charge := catalog.NewRatePlanCharge{
		ProductRatePlanID: plan.ID, Name: "Fee", ChargeType: catalog.ChargeTypeRecurring, ChargeModel: "Discount-Fixed Amount", TriggerEvent: catalog.TriggerEventContractEffective, BillCycleType: "DefaultFromCustomer",
		ProductRatePlanChargeTierData: catalog.TierData{ProductRatePlanChargeTier: []catalog.NewTier{{Currency: "USD", Price: "3.10"}}}, UOM: "Each",
	}
	made, err := catalog.New(session).CreateProductRatePlanCharge(ctx, charge, nil)
	require.NoError(t, err)
	got, err := catalog.New(session).GetProduct(ctx, product.ID, nil)
	require.NoError(t, err)
	assert.Equal(t, catalog.RatePlanCharge{
		ID: made.ID, Name: "Fee", Type: catalog.ChargeTypeRecurring, Model: catalog.ChargeModelDiscountFixedAmount, UOM: "Each", TriggerEvent: catalog.TriggerEventContractEffective,
		Pricing: []catalog.Pricing{{Currency: "USD", Price: "3.10"}}, PricingSummary: []string{"USD3.10"},
	}, got.ProductRatePlans[0].ProductRatePlanCharges[0])
	record, err := catalog.New(session).GetProductRatePlanCharge(ctx, made.ID, nil)
	require.NoError(t, err)
	assert.Equal(t, "Each", record.UOM)

	_, err = api.UpdateObject(ctx, "product", product.ID, map[string]zuora.Value{"SKU": `"W-1"`}, nil)
	assert.ErrorContains(t, err, "sku cannot be changed")
	_, err = api.UpdateObject(ctx, "product", product.ID, map[string]zuora.Value{"Description": `"new"`, "Color__c": `"red"`}, nil)
	require.NoError(t, err)
	fields, err := api.GetObject(ctx, "product", product.ID, &objects.GetObjectParams{Fields: "Name,Description,Color__c"})
	require.NoError(t, err)
	assert.Equal(t, map[string]zuora.Value{"Id": zuora.ValueOf(product.ID), "Name": `"Weekly"`, "Description": `"new"`, "Color__c": `"red"`}, map[string]zuora.Value(fields))
	_, err = api.CreateObject(ctx, "invoice", nil, nil)
	assert.ErrorContains(t, err, "does not create the type Invoice")
	_, err = api.DeleteObject(ctx, "invoice", "none")
	assert.ErrorContains(t, err, "does not delete the type Invoice")
	_, err = api.CreateObject(ctx, "ledger", nil, nil)
	assert.ErrorContains(t, err, "ledger")
	_, err = api.CreateObject(ctx, "contact", map[string]zuora.Value{"Wrong": "1"}, &objects.CreateObjectParams{RejectUnknownFields: true})
	assert.ErrorContains(t, err, "INVALID_FIELD Contact has no field Wrong")

	account := newAccount(t, session, nil)
	results, err := api.CreateObjects(ctx, objects.Records{Type: "Contact", Objects: []objects.Record{
		{"AccountId": zuora.ValueOf(account.AccountID), "FirstName": `"a"`, "LastName": `"b"`, "PostalCode": `"0150"`}, {"AccountId": zuora.ValueOf(account.AccountID), "FirstName": `"a"`},
	}}, nil)
	require.NoError(t, err)
	require.Len(t, results, 2)
	assert.True(t, results[0].Success)
	assert.Equal(t, "Missing required value: lastName", results[1].Errors[0].Message)
	contact, err := contacts.New(session).GetContact(ctx, results[0].ID, nil)
	require.NoError(t, err)
	assert.Equal(t, "0150", contact.ZipCode)
	deleted, err := api.DeleteObjects(ctx, objects.IDs{Type: "Contact", IDs: []string{results[0].ID, "none"}}, nil)
	require.NoError(t, err)
	assert.Equal(t, []bool{true, false}, []bool{deleted[0].Success, deleted[1].Success})

	page, err := objectquery.New(session).Query(ctx, "contacts", &objectquery.QueryParams{Filter: []string{"firstName.EQ:Amy"}, PageSize: 1})
	require.NoError(t, err)
	require.Len(t, page.Data, 1)
	assert.Equal(t, account.BillToContactID, page.Data[0]["id"].Text())
	_, err = objectquery.New(session).Query(ctx, "contacts", &objectquery.QueryParams{Fields: map[string][]string{"contact.fields[]": {"lastName"}}})
	assert.ErrorContains(t, err, "contact.fields[]")
	_, err = objectquery.New(session).Query(ctx, "contacts", &objectquery.QueryParams{Filter: []string{"firstName.NE:Amy"}})
	assert.ErrorContains(t, err, "firstName.NE:Amy")
	_, err = objectquery.New(session).Get(ctx, "accounts", account.AccountID, &objectquery.GetParams{Expand: []string{"contacts"}})
	assert.ErrorContains(t, err, "expand[]")
}

func TestStatefulRepeatsTheResponseOfAnIdempotencyKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		session, _ := stateful(t)
		const one, two = `{"name":"one","currency":"USD","billToContact":{"firstName":"a","lastName":"b"}}`, `{"name":"two","currency":"USD","billToContact":{"firstName":"a","lastName":"b"}}`
		post := func(path, body, key string) string {
			_, text := send(t, session, "POST", path, body, "Idempotency-Key", key, "Content-Type", "application/json")
			return text
		}
		first := post("/v1/accounts", one, "k1")
		assert.Equal(t, first, post("/v1/accounts", one, "k1"))
		assert.Contains(t, post("/v1/accounts", two, "k1"), "another request had this Idempotency-Key")
		assert.Contains(t, post("/v1/contacts", one, "k1"), "another request had this Idempotency-Key")
		assert.Contains(t, post("/v1/accounts", one, "k2"), "A00000002")
		failed := post("/v1/accounts", `{"name":"x"}`, "k3")
		assert.Contains(t, failed, "currency")
		assert.Equal(t, failed, post("/v1/accounts", `{"name":"x"}`, "k3"))
		time.Sleep(24 * time.Hour)
		assert.Contains(t, post("/v1/accounts", one, "k1"), "A00000004")
	})
}

func TestStatefulJobsArePendingAndThenDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		session, tenant := stateful(t)
		ctx := t.Context()
		account := newAccount(t, session, nil)
		begun := time.Now()
		took := func(what string) {
			t.Helper()
			assert.Greater(t, time.Since(begun), 700*time.Millisecond, what)
			assert.Less(t, time.Since(begun), 2*time.Second, what)
			begun = time.Now()
		}

		orderAPI := orders.New(session)
		order := orders.NewOrder{ExistingAccountNumber: account.AccountNumber, OrderDate: "2026-01-31", Subscriptions: []orders.OrderSubscription{{OrderActions: []orders.OrderAction{{
			Type: orders.ActionTypeCreateSubscription, CreateSubscription: &orders.CreateSubscription{SubscribeToRatePlans: []orders.AddProduct{{ProductRatePlanID: plans(t, session)[0].ID}}},
		}}}}}
		started, err := orderAPI.CreateOrderAsync(ctx, order, nil)
		require.NoError(t, err)
		job, err := orderAPI.WaitForAsyncJob(ctx, started.JobID)
		require.NoError(t, err)
		assert.Equal(t, "O-00000001", job.Result.OrderNumber)
		took("an order")
		order.Subscriptions[0].OrderActions[0].Type = orders.ActionTypeOwnerTransfer
		started, err = orderAPI.CreateOrderAsync(ctx, order, nil)
		require.NoError(t, err)
		_, err = orderAPI.WaitForAsyncJob(ctx, started.JobID)
		assert.ErrorContains(t, err, "subscriptionNumber")
		took("an order that fails")

		usageAPI := usage.New(session)
		upload, err := usageAPI.UploadUsage(ctx, "u.csv", strings.NewReader("ACCOUNT_ID,UOM,QTY,STARTDATE,Shop__c\n"+account.AccountNumber+",Each,1.50,2026-01-31,7\n"+account.AccountID+",Each,2,2026-02-01,\n"))
		require.NoError(t, err)
		_, err = usageAPI.WaitForImport(ctx, upload)
		require.NoError(t, err)
		took("an import")
		var quantities []zuora.Decimal
		for used, err := range usageAPI.AllUsageByAccount(ctx, account.AccountNumber, &usage.ListUsageByAccountParams{PageSize: 1}) {
			require.NoError(t, err)
			quantities = append(quantities, used.Quantity)
		}
		assert.Equal(t, []zuora.Decimal{"1.50", "2"}, quantities)
		for file, says := range map[string]string{
			"ACCOUNT_ID,UOM,QTY,STARTDATE\n" + account.AccountNumber + ",Each,1,2026-01-31\nnobody,Each,1,2026-01-31\n": `line 3: Cannot find the Account "nobody"`,
			"ACCOUNT_ID,UOM,QTY,STARTDATE\n" + account.AccountNumber + ",Each,many,2026-01-31\n":                        "line 2: quantity is not a JSON number",
			"ACCOUNT_ID,COLOR\nx,red\n": `"COLOR"`, "": "empty", "a,b\n1\n": "wrong number of fields",
		} {
			upload, err := usageAPI.UploadUsage(ctx, "u.csv", strings.NewReader(file))
			require.NoError(t, err)
			_, err = usageAPI.WaitForImport(ctx, upload)
			assert.ErrorContains(t, err, says)
		}
		left, err := usageAPI.ListUsageByAccount(ctx, account.AccountNumber, nil)
		require.NoError(t, err)
		assert.Len(t, left.Usage, 2, "of a file that failed nothing is kept")

		begun = time.Now()
		file, err := exports.New(session).Run(ctx, "select Account.AccountNumber, Account.Name from Account", exports.FormatCSV)
		require.NoError(t, err)
		rows, err := io.ReadAll(file)
		require.NoError(t, err)
		require.NoError(t, file.Close())
		assert.Equal(t, "Account.AccountNumber,Account.Name\nA00000001,Amy Lawrence\n", string(rows))
		took("an export")
		_, err = exports.New(session).Run(ctx, "select Account.Nonsense from Account", exports.FormatCSV)
		assert.ErrorContains(t, err, `Account has no field "Account.Nonsense"`)

		begun = time.Now()
		api := dataquery.New(session, dataquery.FileClient(&http.Client{Transport: tenant.Transport()}))
		n := 0
		for row, err := range api.Run(ctx, "SELECT accountNumber, Mrr FROM Account WHERE Name = 'Amy Lawrence'") {
			require.NoError(t, err)
			assert.Equal(t, map[string]zuora.Value{"accountnumber": `"A00000001"`, "mrr": "29.900000000"}, row)
			n++
		}
		assert.Equal(t, 1, n)
		took("a data query")
		for _, err := range api.Run(ctx, "select * from nothing") {
			assert.ErrorContains(t, err, "failed")
		}

		billingAPI := billing.New(session)
		preview, err := billingAPI.CreateBillingPreviewRun(ctx, billing.NewBillingPreviewRun{TargetDate: "2026-12-31"})
		require.NoError(t, err)
		begun = time.Now()
		run, err := billingAPI.WaitForBillingPreviewRun(ctx, preview.BillingPreviewRunID)
		require.NoError(t, err)
		assert.Equal(t, int64(1), run.TotalAccounts)
		took("a preview run")
		made, err := billingAPI.CreateBillRun(ctx, billing.NewBillRun{TargetDate: "2026-12-31", InvoiceDate: "2026-12-31"}, nil)
		require.NoError(t, err)
		bills, err := billingAPI.WaitForBillRun(ctx, made.ID)
		require.NoError(t, err)
		assert.Equal(t, int64(1), bills.NumberOfInvoices)
		took("a bill run")
		_, err = billingAPI.PostBillRun(ctx, made.ID)
		require.NoError(t, err)
		bills, err = billingAPI.WaitForBillRun(ctx, made.ID)
		require.NoError(t, err)
		assert.Equal(t, billing.BillRunStatusPosted, bills.Status)
		took("posting")
		owing, err := accounts.New(session).GetAccount(ctx, account.AccountID, nil)
		require.NoError(t, err)
		assert.Equal(t, zuora.Decimal("29.900000000"), owing.Metrics.Balance)
		made, err = billingAPI.CreateBillRun(ctx, billing.NewBillRun{TargetDate: "2026-12-31", InvoiceDate: "2026-12-31"}, nil)
		require.NoError(t, err)
		bills, err = billingAPI.WaitForBillRun(ctx, made.ID)
		require.NoError(t, err)
		assert.Equal(t, int64(0), bills.NumberOfInvoices, "all is billed")
		_, err = orderAPI.GetAsyncJob(ctx, made.ID, nil)
		assert.ErrorIs(t, err, zuora.ErrNotFound, "a job of another kind")
	})
}

// What the test has registered comes first.
func TestStatefulHandlersOfTheTestComeFirst(t *testing.T) {
	session, tenant := stateful(t)
	assert.Contains(t, tenant.Calls(), "GET /v1/accounts/{key}")
	assert.Nil(t, zuoratest.NewTenant(zuoratest.Config{}).Calls())
	newAccount(t, session, nil)
	tenant.Handle("GET /v1/accounts/{key}", zuoratest.RateLimited())
	tenant.Handle("GET /v1/mine", zuoratest.JSON(map[string]any{"success": true}))
	_, err := accounts.New(session).GetAccount(t.Context(), "A00000001", nil)
	assert.ErrorIs(t, err, zuora.ErrRateLimited)
	_, err = accounts.New(session).UpdateAccount(t.Context(), "A00000001", accounts.AccountUpdate{Notes: "x"})
	assert.NoError(t, err, "another method of that path")
	status, _ := send(t, session, "GET", "/v1/mine", "")
	assert.Equal(t, http.StatusOK, status)
	tenant.Intercept(func(*http.Request) http.Handler { return zuoratest.ServerError() })
	_, err = accounts.New(session).UpdateAccount(t.Context(), "A00000001", accounts.AccountUpdate{Notes: "x"})
	assert.ErrorContains(t, err, "500")
}

// What it cannot do it refuses, and never takes for done.
func TestStatefulRefusals(t *testing.T) {
	session, tenant := stateful(t)
	newAccount(t, session, nil)
	newAccount(t, session, nil)
	_, err := subscriptions.New(session).CreateSubscription(t.Context(), subscriptions.NewSubscription{
		AccountKey: "A00000001", TermType: subscriptions.TermTypeEvergreen, ContractEffectiveDate: "2026-01-01",
		SubscribeToRatePlans: []subscriptions.NewRatePlan{{ProductRatePlanID: plans(t, session)[0].ID}},
	})
	require.NoError(t, err)
	const contact = `"billToContact":{"firstName":"a","lastName":"b"}`
	for _, c := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{"POST", "/v1/accounts", `{"currency":"USD"}`, 200, "Missing required value: name"},
		{"POST", "/v1/accounts", `{"name":"x"}`, 200, "Missing required value: currency"},
		{"POST", "/v1/accounts", `{"name":"x","currency":"USD"}`, 200, "Missing required value: billToContact"},
		{"POST", "/v1/accounts", `{"name":"x","currency":"USD","billToContact":{"firstName":"a"}}`, 200, "lastName"},
		{"POST", "/v1/accounts", `{"name":"x","currency":"USD",` + contact + `,"subscription":{"termType":"TERMED"}}`, 200, "does not take subscription"},
		{"POST", "/v1/accounts", `{"name":"x","currency":"USD",` + contact + `,"accountNumber":"A00000001"}`, 200, "Another Account has the number A00000001"},
		{"POST", "/v1/accounts", `{"name":`, 400, "not a JSON object"},
		{"POST", "/v1/accounts", `[]`, 400, "not a JSON object"},
		{"POST", "/v1/accounts", `null`, 400, "not a JSON object"},
		{"POST", "/v1/accounts", ``, 400, "not a JSON object"},
		{"PUT", "/v1/accounts/A00000001", ``, 415, "50000045"},
		{"PUT", "/v1/accounts/A00000001", `{"name":null}`, 200, "Missing required value: name"},
		{"PUT", "/v1/accounts/A00000001", `{"balance":5}`, 200, "balance cannot be changed"},
		{"PUT", "/v1/accounts/A00000001", `{"notes":"the first is still there"}`, 200, `"success":true`},
		{"GET", "/v1/accounts/A1", ``, 200, "50000040"},
		{"GET", "/v1/catalog/product/A1", ``, 200, "50000040"},
		{"POST", "/v1/subscriptions", `{"accountKey":"none"}`, 200, "50000040"},
		{"POST", "/v1/subscriptions", `{"accountKey":"A00000001","runBilling":true}`, 200, "does not take runBilling"},
		{"PUT", "/v1/subscriptions/A1/cancel", `{}`, 200, "50000040"},
		{"POST", "/v1/orders", `{"existingAccountNumber":"A00000001"}`, 200, "Missing required value: orderDate"},
		{"POST", "/v1/orders", `{"existingAccountNumber":"A00000001","orderDate":"2026-01-01","subscriptions":[{"orderActions":[{"type":"ChangePlan"}]}]}`, 200, "subscriptionNumber"},
		{"POST", "/v1/orders", `{"existingAccountNumber":"A00000002","orderDate":"2026-01-01","subscriptions":[{"subscriptionNumber":"A-S00000001","orderActions":[]}]}`, 200, "another account's"},
		{"POST", "/v1/invoices", `{"accountId":"A00000001","invoiceDate":"2026-01-01","invoiceItems":[{"amount":"1.00","serviceStartDate":"2026-01-01"}]}`, 200, "amount is not a JSON number"},
		{"POST", "/v1/payments", `{"type":"External","currency":"USD","amount":1}`, 200, "Missing required value: accountId"},
		{"POST", "/v1/object/account", `{"Currency":"USD"}`, 200, `"Code":"MISSING_REQUIRED_VALUE"`},
		{"POST", "/v1/usage", ``, 400, "not a JSON object"},
		{"POST", "/v1/invoices/1/emails", `{}`, 405, "does not have the call POST /v1/invoices/1/emails"},
		{"PATCH", "/v1/accounts/A1", `{}`, 405, "does not have the call PATCH /v1/accounts/A1"},
		{"GET", "/v1/action/none", ``, 200, `"Message":"The stand-in tenant does not have the call GET /v1/action/none`},
	} {
		status, body := send(t, session, c.method, c.path, c.body)
		assert.Equal(t, c.status, status, "%s %s", c.method, c.path)
		assert.Contains(t, body, c.says, "%s %s %s", c.method, c.path, c.body)
		if !strings.Contains(c.says, "true") {
			assert.Regexp(t, `"[sS]uccess":false`, body)
		}
	}
	resp := ask(t, tenant, "GET", "/v1/accounts/A00000001", nil)
	assert.Equal(t, http.StatusUnauthorized, resp.StatusCode, "without a session")
	resp = ask(t, tenant, "GET", "/query/files/none", nil)
	assert.Equal(t, http.StatusForbidden, resp.StatusCode)
}

// Many goroutines, for the race detector.
func TestStatefulTenantTakesManyCallsAtOnce(t *testing.T) {
	session, _ := stateful(t)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			api := accounts.New(session)
			for range 20 {
				created, err := api.CreateAccount(t.Context(), accounts.NewAccount{Name: fmt.Sprint(i), Currency: "USD", BillToContact: accounts.NewContact{FirstName: "a", LastName: "b"}})
				if !assert.NoError(t, err) {
					return
				}
				_, err = api.UpdateAccount(t.Context(), created.AccountNumber, accounts.AccountUpdate{Notes: "x"})
				assert.NoError(t, err)
				_, err = api.GetAccountSummary(t.Context(), created.AccountNumber, nil)
				assert.NoError(t, err)
				_, err = zoql.New(session).Query(t.Context(), zoql.Query{QueryString: "select Id from Account where Notes = 'x'"}, nil)
				assert.NoError(t, err)
			}
		})
	}
	wg.Wait()
	assert.Equal(t, "A00000161", newAccount(t, session, nil).AccountNumber)
}
