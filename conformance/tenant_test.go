package conformance

import (
	"bytes"
	"fmt"
	"io"
	"iter"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
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

func init() {
	// Zuora's own date-times are seldom those of RFC 3339.
	openapi3.DefineStringFormatValidator("date-time", openapi3.NewRegexpFormatValidator(`^\d{4}-\d\d-\d\d([ T]\d\d:\d\d:\d\d(\.\d+)?(Z|[-+]\d\d:?\d\d)?)?$`))
}

const statefulServer = "https://rest.zuora.example"

// exchanges hold each exchange with a tenant against the spec of the package that the call is of.
type exchanges struct {
	t       *testing.T
	session *zuora.Session
	calls   []string
	specs   map[string]routers.Router
	ops     map[string]bool // package, method and path of each operation: whether it was made
	routes  map[string]bool // of the tenant
}

func newExchanges(t *testing.T, session *zuora.Session, tenant *zuoratest.Tenant) *exchanges {
	x := &exchanges{t: t, session: session, calls: tenant.Calls(), specs: map[string]routers.Router{}, ops: map[string]bool{}, routes: map[string]bool{}}
	for _, call := range x.calls {
		x.routes[call] = false
	}
	for pkg := range packages {
		loader := openapi3.NewLoader()
		loader.IsExternalRefsAllowed = true
		doc, err := loader.LoadFromFile("../api/" + pkg + "/openapi.yaml")
		require.NoError(t, err)
		doc.Servers = openapi3.Servers{{URL: statefulServer}}
		x.specs[pkg], err = legacy.NewRouter(doc)
		require.NoError(t, err)
		for _, op := range operations(pkg, doc, nil) {
			method, path, _ := strings.Cut(op.name, " ")
			if x.route(method, pathParameter.ReplaceAllString(path, "x")) != "" {
				x.ops[pkg+" "+op.name] = false
			}
		}
	}
	return x
}

var pathParameter = regexp.MustCompile(`\{\w[^}]*\}`)

// route returns the tenant's call for a path, the one with the fewest parameters.
func (x *exchanges) route(method, path string) (route string) {
	for _, call := range x.calls {
		if regexp.MustCompile("^"+pathParameter.ReplaceAllString(call, "[^/]+")+"$").MatchString(method+" "+path) &&
			(route == "" || strings.Count(call, "{") < strings.Count(route, "{")) {
			route = call
		}
	}
	return route
}

// of returns a Caller for the calls of a package.
func (x *exchanges) of(pkg string) zuora.Caller { return checkedCaller{x, pkg} }

type checkedCaller struct {
	*exchanges
	pkg string
}

func (c checkedCaller) Server() string { return statefulServer }

func (c checkedCaller) Do(req *http.Request) (*http.Response, error) {
	what := c.pkg + " " + req.Method + " " + req.URL.Path
	c.routes[c.route(req.Method, req.URL.Path)] = true
	if req.Body != nil {
		body, err := io.ReadAll(req.Body)
		require.NoError(c.t, err)
		req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	}
	route, params, err := c.specs[c.pkg].FindRoute(req)
	require.NoError(c.t, err, what)
	c.ops[c.pkg+" "+route.Method+" "+route.Path] = true
	options := &openapi3filter.Options{IncludeResponseStatus: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, MultiError: true}
	options.ExcludeRequestQueryParams = c.pkg == "objectquery" // whose names "account.fields[]" kin-openapi cannot read
	sent := req.Clone(req.Context())
	if req.GetBody != nil {
		sent.Body, _ = req.GetBody()
	}
	input := &openapi3filter.RequestValidationInput{Request: sent, PathParams: params, Route: route, Options: options}
	assert.NoError(c.t, openapi3filter.ValidateRequest(req.Context(), input), "the request of %s", what)
	resp, err := c.session.Do(req)
	if err != nil {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	require.NoError(c.t, err)
	require.NoError(c.t, resp.Body.Close())
	resp.Body = io.NopCloser(bytes.NewReader(body))
	output := &openapi3filter.ResponseValidationInput{RequestValidationInput: input, Status: resp.StatusCode, Header: resp.Header, Options: options}
	assert.NoError(c.t, openapi3filter.ValidateResponse(req.Context(), output.SetBodyBytes(body)), "the response of %s: %.500s", what, body)
	return resp, nil
}

// done returns the result of a call, which has no members that the spec does not know.
func done[T any](t *testing.T) func(T, error) T {
	return func(result T, err error) T {
		t.Helper()
		require.NoError(t, err)
		assert.Empty(t, leftOver(reflect.ValueOf(result), fmt.Sprintf("%T", result)), "members that the spec does not have")
		return result
	}
}

func all[T any](t *testing.T, items iter.Seq2[*T, error]) (list []T) {
	t.Helper()
	for item, err := range items {
		list = append(list, *done[*T](t)(item, err))
	}
	return list
}

// Every call that the stateful tenant has, in one story, against the specs.
func TestStatefulTenantSpeaksTheSpecs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := zuoratest.NewTenant(zuoratest.Config{Stateful: true})
		defer tenant.Close()
		session, err := zuora.NewSession(zuora.SessionConfig{Server: statefulServer, Credentials: tenant.Credentials(), Base: tenant.Transport()})
		require.NoError(t, err)
		defer session.Close()
		x := newExchanges(t, session, tenant)
		x.story(tenant)
		for call, made := range x.routes {
			assert.True(t, made, "the tenant's call %s was not made", call)
		}
		for op, made := range x.ops {
			assert.True(t, made, "the operation %s, which the tenant has, was not made", op)
		}
	})
}

func (x *exchanges) story(tenant *zuoratest.Tenant) {
	t, ctx := x.t, x.t.Context()
	custom := func() map[string]zuora.Value { return map[string]zuora.Value{"Region__c": `"EU"`, "Rank__NS": "1.50"} }

	// The catalog.
	cat := catalog.New(x.of("catalog"))
	product := done[*catalog.SaveResult](t)(cat.CreateProduct(ctx, catalog.NewProduct{Name: "Weekly", EffectiveStartDate: "2026-01-01", EffectiveEndDate: "2030-01-01", AdditionalProperties: custom()}, nil))
	done[*catalog.SaveResult](t)(cat.UpdateProduct(ctx, product.ID, catalog.ProductUpdate{Description: "new"}, nil))
	assert.Equal(t, zuora.Value("1.50"), done[*catalog.ProductRecord](t)(cat.GetProductRecord(ctx, product.ID, nil)).AdditionalProperties["Rank__NS"])
	plan := done[*catalog.SaveResult](t)(cat.CreateProductRatePlan(ctx, catalog.NewRatePlan{ProductID: product.ID, Name: "Monthly", AdditionalProperties: custom()}, nil))
	done[*catalog.SaveResult](t)(cat.UpdateProductRatePlan(ctx, plan.ID, catalog.RatePlanUpdate{Description: "new"}, nil))
	done[*catalog.RatePlanRecord](t)(cat.GetProductRatePlan(ctx, plan.ID, nil))
	charge := done[*catalog.SaveResult](t)(cat.CreateProductRatePlanCharge(ctx, catalog.NewRatePlanCharge{
		ProductRatePlanID: plan.ID, Name: "Fee", ChargeType: catalog.ChargeTypeRecurring, ChargeModel: "Per Unit Pricing", BillingPeriod: "Month", UOM: "Each",
		TriggerEvent: catalog.TriggerEventContractEffective, BillCycleType: "DefaultFromCustomer", AdditionalProperties: custom(),
		ProductRatePlanChargeTierData: catalog.TierData{ProductRatePlanChargeTier: []catalog.NewTier{{Currency: "USD", Price: "12.50"}}},
	}, nil))
	done[*catalog.SaveResult](t)(cat.UpdateProductRatePlanCharge(ctx, charge.ID, catalog.RatePlanChargeUpdate{Description: "new"}, nil))
	assert.Contains(t, done[*catalog.RatePlanChargeRecord](t)(cat.GetProductRatePlanCharge(ctx, charge.ID, nil)).AdditionalProperties, "Region__c")
	assert.Len(t, all(t, cat.AllProducts(ctx, &catalog.ListProductsParams{PageSize: 2})), 5)
	assert.Equal(t, zuora.Decimal("12.50"), done[*catalog.Product](t)(cat.GetProduct(ctx, product.ID, nil)).ProductRatePlans[0].ProductRatePlanCharges[0].Pricing[0].Price)
	assert.Len(t, all(t, cat.AllProductRatePlans(ctx, product.ID, nil)), 1)

	// Accounts and contacts.
	acc, con := accounts.New(x.of("accounts")), contacts.New(x.of("contacts"))
	account := done[*accounts.CreatedAccount](t)(acc.CreateAccount(ctx, accounts.NewAccount{
		Name: "Amy Lawrence", Currency: "USD", AutoPay: new(false), BillCycleDay: new(int64(1)), Notes: "n", SalesRep: "Kim", Tagging: "a,b", CrmID: "c", Batch: "Batch2", PaymentTerm: "Net 30",
		BillToContact: accounts.NewContact{FirstName: "Amy", LastName: "Lawrence", Country: "US", ZipCode: "0150"}, SoldToContact: &accounts.NewContact{FirstName: "Sol", LastName: "Dee"},
		TaxInfo: &accounts.TaxInfo{VATID: "NL1"}, AdditionalEmailAddresses: []string{"a@example.com"}, InvoiceDeliveryPrefsEmail: new(true), AdditionalProperties: custom(),
	}))
	done[*zuora.CommonResponseType](t)(acc.UpdateAccount(ctx, account.AccountNumber, accounts.AccountUpdate{Notes: "new", SoldToContact: &accounts.NewContact{FirstName: "Sol", LastName: "Dee", City: "Oslo"}}))
	assert.Equal(t, custom(), done[*accounts.Account](t)(acc.GetAccount(ctx, account.AccountID, nil)).BasicInfo.AdditionalProperties)
	done[*accounts.PaymentMethods](t)(acc.ListAccountPaymentMethods(ctx, account.AccountID, nil))
	contact := done[*contacts.Contact](t)(con.CreateContact(ctx, contacts.NewContact{AccountID: account.AccountID, FirstName: "Con", LastName: "Tact", WorkEmail: "c@example.com", AdditionalProperties: custom()}))
	done[*contacts.Contact](t)(con.UpdateContact(ctx, contact.ID, contacts.ContactUpdate{City: "Oslo"}))
	done[*contacts.Contact](t)(con.GetContact(ctx, contact.ID, nil))
	done[*zuora.CommonResponseType](t)(con.DeleteContact(ctx, contact.ID))

	// Subscriptions.
	sub := subscriptions.New(x.of("subscriptions"))
	subscribe := func() string {
		return done[*subscriptions.CreatedSubscription](t)(sub.CreateSubscription(ctx, subscriptions.NewSubscription{
			AccountKey: account.AccountNumber, TermType: subscriptions.TermTypeTermed, ContractEffectiveDate: "2026-01-31", InitialTerm: new(int64(12)), RenewalTerm: new(int64(12)),
			AutoRenew: new(true), Notes: "n", AdditionalProperties: custom(),
			SubscribeToRatePlans: []subscriptions.NewRatePlan{{ProductRatePlanID: plan.ID, AdditionalProperties: custom(), ChargeOverrides: []subscriptions.ChargeOverride{{
				ProductRatePlanChargeID: charge.ID, Price: "1.10", Quantity: "2", AdditionalProperties: custom(),
			}}}},
		})).SubscriptionNumber
	}
	first, second := subscribe(), subscribe()
	done[*subscriptions.UpdatedSubscription](t)(sub.UpdateSubscription(ctx, first, subscriptions.SubscriptionUpdate{Notes: "new", AutoRenew: new(false)}))
	assert.Equal(t, "new", done[*subscriptions.Subscription](t)(sub.GetSubscription(ctx, first, nil)).Notes)
	done[*subscriptions.RenewedSubscription](t)(sub.RenewSubscription(ctx, first, subscriptions.Renewal{}))
	done[*subscriptions.SuspendedSubscription](t)(sub.SuspendSubscription(ctx, first, subscriptions.Suspension{SuspendPolicy: subscriptions.SuspendPolicySpecificDate, SuspendSpecificDate: "2026-03-01"}))
	done[*subscriptions.ResumedSubscription](t)(sub.ResumeSubscription(ctx, first, subscriptions.Resumption{ResumePolicy: subscriptions.ResumePolicyToday}))
	done[*subscriptions.CancelledSubscription](t)(sub.CancelSubscription(ctx, second, subscriptions.Cancellation{CancellationPolicy: subscriptions.CancellationPolicyEndOfCurrentTerm}))
	assert.Len(t, all(t, sub.AllSubscriptionsByAccount(ctx, account.AccountNumber, &subscriptions.ListSubscriptionsByAccountParams{PageSize: 1})), 2)

	// Orders.
	ord := orders.New(x.of("orders"))
	order := func() orders.NewOrder {
		return orders.NewOrder{
			ExistingAccountNumber: account.AccountNumber, OrderDate: "2026-02-01", Description: "d", CustomFields: custom(),
			Subscriptions: []orders.OrderSubscription{{CustomFields: custom(), OrderActions: []orders.OrderAction{
				{
					Type: orders.ActionTypeCreateSubscription, TriggerDates: orders.TriggerDatesOn("2026-02-01"), CreateSubscription: &orders.CreateSubscription{
						Terms: &orders.Terms{
							InitialTerm: orders.Term{TermType: orders.TermTypeTermed, Period: new(int64(2)), PeriodType: orders.PeriodTypeWeek}, AutoRenew: new(true),
							RenewalTerms: []orders.RenewalTerm{{Period: new(int64(1)), PeriodType: orders.PeriodTypeYear}},
						},
						SubscribeToRatePlans: []orders.AddProduct{{ProductRatePlanID: plan.ID, CustomFields: custom(), ChargeOverrides: []orders.ChargeOverride{{
							ProductRatePlanChargeID: charge.ID, Pricing: &orders.Pricing{RecurringPerUnit: &orders.PerUnitPricing{ListPrice: "3.30", Quantity: "4"}},
						}}}},
					},
				},
				{Type: orders.ActionTypeAddProduct, AddProduct: &orders.AddProduct{ProductRatePlanID: plan.ID}},
				{Type: orders.ActionTypeRenewSubscription, RenewSubscription: &orders.RenewSubscription{}},
			}}},
			ProcessingOptions: &orders.ProcessingOptions{RunBilling: new(true)},
		}
	}
	ordered := done[*orders.OrderResult](t)(ord.CreateOrder(ctx, order(), nil))
	require.Len(t, ordered.InvoiceIds, 1)
	withNew := order()
	withNew.ExistingAccountNumber, withNew.NewAccount = "", &orders.NewAccount{
		Name: "New", Currency: "USD", BillCycleDay: new(int64(1)), BillToContact: orders.NewContact{FirstName: "a", LastName: "b", PostalCode: "0150"}, CustomFields: custom(),
	}
	other := done[*orders.OrderResult](t)(ord.CreateOrder(ctx, withNew, nil)).AccountNumber
	last := done[*orders.OrderResult](t)(ord.CreateOrder(ctx, order(), nil)).OrderNumber
	assert.Equal(t, custom(), done[*orders.OrderResponse](t)(ord.GetOrder(ctx, last, nil)).Order.CustomFields)
	assert.Len(t, all(t, ord.AllOrders(ctx, &orders.ListOrdersParams{PageSize: 2})), 3)
	assert.Len(t, all(t, ord.AllOrdersBySubscription(ctx, ordered.SubscriptionNumbers[0], nil)), 1)
	assert.Len(t, all(t, ord.AllOrdersBySubscriptionOwner(ctx, other, nil)), 1)
	assert.Len(t, all(t, ord.AllOrdersByInvoiceOwner(ctx, other, nil)), 1)
	done[*zuora.CommonResponseType](t)(ord.DeleteOrder(ctx, last))
	job := done[*orders.StartedJob](t)(ord.CreateOrderAsync(ctx, order(), nil))
	done[*orders.AsyncJob](t)(ord.WaitForAsyncJob(ctx, job.JobID))
	job = done[*orders.StartedJob](t)(ord.CreateOrderAsync(ctx, orders.NewOrder{ExistingAccountNumber: "none", OrderDate: "2026-02-01"}, nil))
	_, err := ord.WaitForAsyncJob(ctx, job.JobID)
	assert.ErrorContains(t, err, `"none"`)

	// Invoices and payments.
	inv, pay := invoices.New(x.of("invoices")), payments.New(x.of("payments"))
	invoice := done[*invoices.CreatedInvoice](t)(inv.CreateInvoice(ctx, invoices.NewInvoice{
		AccountID: account.AccountID, InvoiceDate: "2026-02-01", Comments: "c", AutoPay: new(false), AdditionalProperties: custom(),
		InvoiceItems: []invoices.NewInvoiceItem{
			{Amount: "10.00", ServiceStartDate: "2026-02-01", ServiceEndDate: "2026-02-28", ChargeName: "A", Quantity: "1", UnitPrice: "10", Uom: "Each", Sku: "s", AdditionalProperties: custom()},
			{Amount: "0.05", ServiceStartDate: "2026-02-01", Description: "d"},
		},
	}))
	done[*invoices.Invoice](t)(inv.UpdateInvoice(ctx, invoice.ID, invoices.InvoiceUpdate{DueDate: "2026-03-01", Comments: "new"}))
	done[*invoices.SaveResult](t)(inv.PostInvoice(ctx, invoice.ID))
	assert.Equal(t, zuora.Decimal("10.050000000"), done[*invoices.Invoice](t)(inv.GetInvoice(ctx, invoice.InvoiceNumber, nil)).Balance)
	assert.Len(t, all(t, inv.AllInvoiceItems(ctx, invoice.ID, &invoices.ListInvoiceItemsParams{PageSize: 1})), 2)
	payment := done[*payments.Payment](t)(pay.CreatePayment(ctx, payments.NewPayment{
		Type: payments.PaymentTypeExternal, Currency: "USD", Amount: "20.00", EffectiveDate: "2026-02-02", Comment: "c", AdditionalProperties: custom(),
		Invoices: []payments.InvoicePart{{InvoiceID: invoice.ID, Amount: "10.05"}},
	}))
	application := payments.Application{Invoices: []payments.InvoicePart{{InvoiceID: invoice.ID, Amount: "5.00"}}}
	done[*payments.Payment](t)(pay.UnapplyPayment(ctx, payment.ID, application))
	done[*payments.Payment](t)(pay.ApplyPayment(ctx, payment.ID, application))
	done[*payments.Payment](t)(pay.UpdatePayment(ctx, payment.Number, payments.PaymentUpdate{Comment: "new"}))
	assert.Equal(t, zuora.Decimal("9.950000000"), done[*payments.Payment](t)(pay.GetPayment(ctx, payment.ID, nil)).UnappliedAmount)
	unused := done[*payments.Payment](t)(pay.CreatePayment(ctx, payments.NewPayment{Type: payments.PaymentTypeExternal, Currency: "USD", Amount: "1.00", AccountID: account.AccountID}))
	done[*payments.Payment](t)(pay.CancelPayment(ctx, unused.ID))
	assert.Len(t, all(t, pay.AllPayments(ctx, &payments.ListPaymentsParams{PageSize: 1})), 2)
	assert.Len(t, all(t, pay.AllPayments(ctx, &payments.ListPaymentsParams{Status: payments.PaymentStatusCanceled, Amount: "1"})), 1)
	assert.Len(t, all(t, pay.AllPaymentsByAccount(ctx, account.AccountID, nil)), 2)
	assert.Len(t, all(t, inv.AllInvoicesByAccount(ctx, account.AccountID, &invoices.ListInvoicesByAccountParams{PageSize: 1})), 4)

	// Usage.
	use := usage.New(x.of("usage"))
	upload := done[*usage.Upload](t)(use.UploadUsage(ctx, "u.csv", strings.NewReader("ACCOUNT_ID,UOM,QTY,STARTDATE,ENDDATE,DESCRIPTION\n"+account.AccountNumber+",Each,1.50,2026-01-31,,d\n")))
	done[*usage.Import](t)(use.WaitForImport(ctx, upload))
	used := done[*usage.SaveResult](t)(use.CreateUsageRecord(ctx, usage.NewRecord{AccountID: account.AccountID, UOM: "Each", Quantity: "2", StartDateTime: "2026-02-01T00:00:00.000-08:00", AdditionalProperties: custom()}, nil))
	done[*usage.SaveResult](t)(use.UpdateUsageRecord(ctx, used.ID, usage.RecordUpdate{Quantity: "3.10"}, nil))
	assert.Equal(t, zuora.Decimal("3.10"), done[*usage.Record](t)(use.GetUsageRecord(ctx, used.ID, nil)).Quantity)
	assert.Len(t, all(t, use.AllUsageByAccount(ctx, account.AccountNumber, &usage.ListUsageByAccountParams{PageSize: 1})), 2)
	done[*accounts.AccountSummary](t)(acc.GetAccountSummary(ctx, account.AccountNumber, nil))
	done[*usage.DeleteResult](t)(use.DeleteUsageRecord(ctx, used.ID))

	// Objects of any type, and queries.
	obj, oq, zq := objects.New(x.of("objects")), objectquery.New(x.of("objectquery")), zoql.New(x.of("zoql"))
	created := done[*objects.SaveResult](t)(obj.CreateObject(ctx, "account", objects.Record{"Name": `"b"`, "Currency": `"USD"`, "Balance": "2.50"}, nil))
	done[*objects.SaveResult](t)(obj.UpdateObject(ctx, "account", created.ID, objects.Record{"Notes": `"n"`}, nil))
	done[objects.Record](t)(obj.GetObject(ctx, "account", created.ID, nil))
	done[*objects.DeleteResult](t)(obj.DeleteObject(ctx, "account", created.ID))
	several := done[objects.SaveResults](t)(obj.CreateObjects(ctx, objects.Records{Type: "Account", Objects: []objects.Record{{"Name": `"b"`, "Currency": `"USD"`}, {"Name": `"c"`}}}, nil))
	done[objects.SaveResults](t)(obj.UpdateObjects(ctx, objects.Records{Type: "Account", Objects: []objects.Record{{"Id": zuora.ValueOf(several[0].ID), "Notes": `"n"`}, {"Id": `"none"`}}}, nil))
	done[objects.DeleteResults](t)(obj.DeleteObjects(ctx, objects.IDs{Type: "Account", IDs: []string{several[0].ID, "none"}}, nil))
	page := done[*objectquery.Page](t)(oq.Query(ctx, "accounts", &objectquery.QueryParams{PageSize: 1}))
	assert.NotEmpty(t, page.NextPage)
	done[objectquery.Record](t)(oq.Get(ctx, "accounts", account.AccountNumber, nil))
	result := done[*zoql.QueryResult](t)(zq.Query(ctx, zoql.Query{QueryString: "select Id, Balance, Region__c from Account", Conf: &zoql.QueryConf{BatchSize: new(int64(1))}}, nil))
	require.False(t, result.Done)
	done[*zoql.QueryResult](t)(zq.QueryMore(ctx, zoql.NextRecords{QueryLocator: result.QueryLocator}, nil))

	// Jobs and files.
	file := done[io.ReadCloser](t)(exports.New(x.of("exports")).Run(ctx, "select Account.Name from Account", exports.FormatCSV))
	require.NoError(t, file.Close())
	dq := dataquery.New(x.of("dataquery"), dataquery.FileClient(&http.Client{Transport: tenant.Transport()}))
	for _, err := range dq.Run(ctx, "select * from Account") {
		require.NoError(t, err)
	}
	bil := billing.New(x.of("billing"))
	preview := done[*billing.CreatedBillingPreviewRun](t)(bil.CreateBillingPreviewRun(ctx, billing.NewBillingPreviewRun{TargetDate: "2026-12-31", Batch: "Batch1"}))
	done[*billing.BillingPreviewRun](t)(bil.WaitForBillingPreviewRun(ctx, preview.BillingPreviewRunID))
	run := done[*billing.SaveResult](t)(bil.CreateBillRun(ctx, billing.NewBillRun{TargetDate: "2026-12-31", InvoiceDate: "2026-12-31", AutoEmail: new(false)}, nil))
	done[*billing.BillRun](t)(bil.WaitForBillRun(ctx, run.ID))
	done[*billing.SaveResult](t)(bil.PostBillRun(ctx, run.ID))
	done[*billing.BillRun](t)(bil.WaitForBillRun(ctx, run.ID))

	// And what can be deleted.
	done[*billing.SaveResult](t)(bil.DeleteBillRun(ctx, run.ID))
	done[*accounts.DeletedAccount](t)(acc.DeleteAccount(ctx, account.AccountNumber))
	done[*catalog.DeleteResult](t)(cat.DeleteProductRatePlanCharge(ctx, charge.ID))
	done[*catalog.DeleteResult](t)(cat.DeleteProductRatePlan(ctx, plan.ID))
	done[*catalog.DeleteResult](t)(cat.DeleteProduct(ctx, product.ID))
}

// A call of the specs that the tenant does not have is never taken for done.
func TestStatefulTenantNamesTheCallsThatItDoesNotHave(t *testing.T) {
	tenant := zuoratest.NewTenant(zuoratest.Config{Stateful: true})
	defer tenant.Close()
	session, err := zuora.NewSession(zuora.SessionConfig{Server: statefulServer, Credentials: tenant.Credentials(), Base: tenant.Transport()})
	require.NoError(t, err)
	defer session.Close()
	x := &exchanges{calls: tenant.Calls()}
	n := 0
	specs(t, func(t *testing.T, pkg string, doc *openapi3.T) {
		for _, op := range operations(pkg, doc, nil) {
			method, path, _ := strings.Cut(pathParameter.ReplaceAllString(op.name, "key"), " ")
			if x.route(method, path) != "" {
				continue
			}
			n++
			_, err := op.call(t, session, nil)
			if assert.Error(t, err, op.name) {
				assert.Regexp(t, "does not have the call "+method+" "+pathParameter.ReplaceAllString(strings.TrimPrefix(op.name, method+" "), "(key|1)"), err.Error())
			}
		}
	})
	t.Logf("%d calls of the specs that the tenant does not have", n)
	assert.Less(t, n, 45)
}
