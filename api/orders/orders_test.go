package orders_test

import (
	"context"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/orders"
	"github.com/zuora-go/zuora/zuoratest"
)

func newAPI(t *testing.T, handle http.HandlerFunc) (*zuoratest.Server, *orders.API) {
	server := zuoratest.NewServer(zuoratest.Config{})
	t.Cleanup(server.Close)
	server.HandleFunc("/", handle)
	session, err := zuora.NewSession(zuora.SessionConfig{Server: server.URL, Credentials: server.Credentials(), Base: server.Client().Transport})
	require.NoError(t, err)
	t.Cleanup(func() { _ = session.Close() })
	return server, orders.New(session)
}

// pointer makes results comparable.
func pointer[T any](result *T, err error) (any, error) { return result, err }

func TestCalls(t *testing.T) {
	var sent, key, response string
	status := http.StatusOK
	_, api := newAPI(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		sent, key = fmt.Sprintf("%s %s %s", r.Method, r.URL.RequestURI(), body), r.Header.Get("Idempotency-Key")
		zuoratest.Answer(status, "application/json", response).ServeHTTP(w, r)
	})
	custom := map[string]zuora.Value{"Region__c": `"EU"`}
	cancel := []orders.OrderSubscription{{SubscriptionNumber: "A-S1", OrderActions: []orders.OrderAction{{
		Type: orders.ActionTypeCancelSubscription, CancelSubscription: &orders.CancelSubscription{CancellationPolicy: orders.CancellationPolicyEndOfCurrentTerm}}}}}
	const sentCancel = `"subscriptions":[{"subscriptionNumber":"A-S1","orderActions":[{"type":"CancelSubscription","cancelSubscription":{"cancellationPolicy":"EndOfCurrentTerm"}}]}]`
	const made = `{"success":true,"orderNumber":"O-1","status":"Pending","paidAmount":"1234567.890000000","subscriptions":[{"subscriptionNumber":"A-S1","status":"Pending Activation"}],"refunds":[]}`
	result := &orders.OrderResult{Success: true, OrderNumber: "O-1", Status: orders.OrderStatusPending, PaidAmount: "1234567.890000000",
		Subscriptions:        []orders.SubscriptionResult{{SubscriptionNumber: "A-S1", Status: orders.SubscriptionStatusPendingActivation}},
		AdditionalProperties: map[string]zuora.Value{"refunds": "[]"}}
	const one = `{"orderNumber":"O-1","orderDate":"2026-03-01","status":"Completed","customFields":{"Region__c":"EU"},"subscriptions":[{"baseVersion":1,"newVersion":"2","orderActions":[
		{"type":"AddProduct","sequence":1,"addProduct":{"newRatePlanId":"n","chargeOverrides":[{"productRateplanChargeId":"c","pricing":{"recurringFlatFee":{"listPrice":0.0}}}]}},
		{"type":"Suspend","suspend":{"suspendDate":"2026-03-02","suspendPeriods":null}}]}]}`
	order := orders.Order{OrderNumber: "O-1", OrderDate: "2026-03-01", Status: orders.OrderStatusCompleted, CustomFields: custom,
		Subscriptions: []orders.OrderedSubscription{{BaseVersion: 1, NewVersion: 2, OrderActions: []orders.ProcessedAction{
			{Type: orders.ActionTypeAddProduct, Sequence: 1, AddProduct: orders.AddProduct{NewRatePlanID: "n", ChargeOverrides: []orders.ChargeOverride{
				{ProductRateplanChargeID: "c", Pricing: &orders.Pricing{RecurringFlatFee: &orders.FlatFeePricing{ListPrice: "0.0"}}}}}},
			{Type: orders.ActionTypeSuspend, Suspend: orders.Suspend{SuspendDate: "2026-03-02"}}}}}}
	const preview = `{"success":true,"previewResult":{"invoices":[{"amount":141.930000000,"invoiceItems":[{"amountWithoutTax":"11.61","additionalInfo":{"quantity":2}}]}],"orderDeltaMetrics":{"orderDeltaMrr":[{"orderActionSequence":"0","grossAmount":100}]}}}`
	previewed := &orders.OrderPreview{Success: true, PreviewResult: orders.PreviewResult{
		Invoices:          []orders.PreviewedInvoice{{Amount: "141.930000000", InvoiceItems: []orders.PreviewedItem{{AmountWithoutTax: "11.61", AdditionalInfo: orders.PreviewedQuantity{Quantity: "2"}}}}},
		OrderDeltaMetrics: orders.OrderDeltaMetrics{OrderDeltaMrr: []orders.OrderDelta{{GrossAmount: "100"}}}}}
	request := orders.PreviewRequest{OrderDate: "2026-03-01", ExistingAccountNumber: "A1", Subscriptions: cancel,
		PreviewOptions: orders.PreviewOptions{PreviewThruType: orders.PreviewThruNumberOfPeriods, PreviewNumberOfPeriods: new(int64(2)), PreviewTypes: []orders.PreviewType{orders.PreviewTypeBillingDocs}}}
	const sentRequest = `{"orderDate":"2026-03-01","existingAccountNumber":"A1",` + sentCancel + `,"previewOptions":{"previewTypes":["BillingDocs"],"previewThruType":"NumberOfPeriods","previewNumberOfPeriods":2}}`
	list := func(params string) string { return "GET /v1/orders" + params + " " }
	const page = `{"success":true,"orders":[` + one + `]}`
	pageOf := &orders.OrderList{Success: true, Orders: []orders.Order{order}}
	for _, test := range []struct {
		call     func(context.Context) (any, error)
		sent     string
		response string
		want     any
	}{
		{func(ctx context.Context) (any, error) {
			return pointer(api.CreateOrder(ctx, orders.NewOrder{OrderDate: "2026-03-01", ExistingAccountNumber: "A1", Subscriptions: cancel, CustomFields: custom,
				ProcessingOptions: &orders.ProcessingOptions{RunBilling: new(true), CollectPayment: new(false)}}, &orders.CreateOrderParams{ReturnIds: true}, zuora.WithIdempotencyKey("k1")))
		}, `POST /v1/orders?returnIds=true {"orderDate":"2026-03-01","existingAccountNumber":"A1",` + sentCancel + `,"processingOptions":{"runBilling":true,"collectPayment":false},"customFields":{"Region__c":"EU"}}`, made, result},
		{func(ctx context.Context) (any, error) {
			return pointer(api.CreateOrderAsync(ctx, orders.NewOrder{OrderDate: "2026-03-01", ExistingAccountNumber: "A1", Subscriptions: cancel}, nil, zuora.WithIdempotencyKey("k1")))
		}, `POST /v1/async/orders {"orderDate":"2026-03-01","existingAccountNumber":"A1",` + sentCancel + `}`, `{"jobId":"j1","success":"true"}`, &orders.StartedJob{JobID: "j1", Success: true}},
		{func(ctx context.Context) (any, error) {
			return pointer(api.PreviewOrder(ctx, request, zuora.WithIdempotencyKey("k1")))
		},
			"POST /v1/orders/preview " + sentRequest, preview, previewed},
		{func(ctx context.Context) (any, error) {
			return pointer(api.PreviewOrderAsync(ctx, request, zuora.WithIdempotencyKey("k1")))
		}, "POST /v1/async/orders/preview " + sentRequest, `{"jobId":"j1"}`, &orders.StartedJob{JobID: "j1"}},
		{func(ctx context.Context) (any, error) { return pointer(api.GetOrder(ctx, "O/1", nil)) }, "GET /v1/orders/O%2F1 ",
			`{"success":true,"order":` + one + `}`, &orders.OrderResponse{Success: true, Order: order}},
		{func(ctx context.Context) (any, error) {
			return pointer(api.ListOrders(ctx, &orders.ListOrdersParams{PageSize: 40, DateFilterOption: "updatedDate", StartDate: "2026-03-01", EndDate: "2026-03-31", Status: "completed"}))
		}, list("?dateFilterOption=updatedDate&endDate=2026-03-31&pageSize=40&startDate=2026-03-01&status=completed"), page, pageOf},
		{func(ctx context.Context) (any, error) { return pointer(api.ListOrdersBySubscription(ctx, "A/1", nil)) }, list("/subscription/A%2F1"), page, pageOf},
		{func(ctx context.Context) (any, error) {
			return pointer(api.ListOrdersBySubscriptionOwner(ctx, "A/1", nil))
		}, list("/subscriptionOwner/A%2F1"), page, pageOf},
		{func(ctx context.Context) (any, error) { return pointer(api.ListOrdersByInvoiceOwner(ctx, "A/1", nil)) }, list("/invoiceOwner/A%2F1"), page, pageOf},
		{func(ctx context.Context) (any, error) { return pointer(api.DeleteOrder(ctx, "O/1")) }, "DELETE /v1/orders/O%2F1 ", `{"success":true}`, &zuora.CommonResponseType{Success: true}},
		{func(ctx context.Context) (any, error) { return pointer(api.ActivateOrder(ctx, "O/1")) }, "PUT /v1/orders/O%2F1/activate {}", made, result},
		{func(ctx context.Context) (any, error) {
			return pointer(api.CancelOrder(ctx, "O/1", orders.OrderCancellation{CancelReason: "a mistake"}))
		}, `PUT /v1/orders/O%2F1/cancel {"cancelReason":"a mistake"}`, `{"success":true,"orderNumber":"O-1","status":"Cancelled","CancelReason":"a mistake"}`,
			&orders.CanceledOrder{Success: true, OrderNumber: "O-1", Status: orders.OrderStatusCancelled, CancelReason: "a mistake"}},
		{func(ctx context.Context) (any, error) {
			return pointer(api.UpdateOrderTriggerDates(ctx, "O/1", orders.TriggerDatesUpdate{Subscriptions: []orders.SubscriptionTriggerDates{{SubscriptionNumber: "A-S1", OrderActions: []orders.ActionTriggerDates{{
				Sequence: new(int64(0)), TriggerDates: []orders.TriggerDate{{Name: orders.TriggerNameCustomerAcceptance, TriggerDate: "2026-03-05"}}}}}}}))
		}, `PUT /v1/orders/O%2F1/triggerDates {"subscriptions":[{"subscriptionNumber":"A-S1","orderActions":[{"sequence":0,"triggerDates":[{"name":"CustomerAcceptance","triggerDate":"2026-03-05"}]}]}]}`,
			`{"success":true,"orderNumber":"O-1","status":"Completed","subscriptions":[{"subscriptionNumber":"A-S1","status":"Active"}]}`,
			&orders.TriggerDatesResult{Success: true, OrderNumber: "O-1", Status: orders.OrderStatusCompleted, Subscriptions: []orders.SubscriptionResult{{SubscriptionNumber: "A-S1", Status: orders.SubscriptionStatusActive}}}},
		{func(ctx context.Context) (any, error) { return pointer(api.GetAsyncJob(ctx, "j/1", nil)) }, "GET /v1/async-jobs/j%2F1 ",
			`{"success":true,"status":"Completed","errors":null,"result":{"success":true,"orderNumber":"O-1","invoiceId":"i1","paidAmount":300,"invoices":[{"amount":1.5}]}}`,
			&orders.AsyncJob{Success: true, Status: orders.JobStatusCompleted, Result: orders.JobResult{Success: true, OrderNumber: "O-1", InvoiceID: []string{"i1"}, PaidAmount: "300", Invoices: []orders.PreviewedInvoice{{Amount: "1.5"}}}}},
	} {
		response, status = test.response, http.StatusOK
		if strings.Contains(test.sent, "/async/") {
			status = http.StatusAccepted
		}
		got, err := test.call(t.Context())
		require.NoError(t, err, test.sent)
		assert.Equal(t, test.sent, sent)
		assert.Equal(t, test.want, got, test.sent)
		if strings.HasPrefix(test.sent, "POST") {
			assert.Equal(t, "k1", key)
		}
	}
	_, err := api.CancelOrder(t.Context(), "..", orders.OrderCancellation{})
	assert.ErrorContains(t, err, "orderNumber")
}

func TestListsReadEveryPage(t *testing.T) {
	for path, all := range map[string]func(context.Context, *orders.API) iter.Seq2[*orders.Order, error]{
		"/v1/orders": func(ctx context.Context, api *orders.API) iter.Seq2[*orders.Order, error] {
			return api.AllOrders(ctx, nil)
		},
		"/v1/orders/subscription/A%2F1": func(ctx context.Context, api *orders.API) iter.Seq2[*orders.Order, error] {
			return api.AllOrdersBySubscription(ctx, "A/1", nil)
		},
		"/v1/orders/subscriptionOwner/A%2F1": func(ctx context.Context, api *orders.API) iter.Seq2[*orders.Order, error] {
			return api.AllOrdersBySubscriptionOwner(ctx, "A/1", nil)
		},
		"/v1/orders/invoiceOwner/A%2F1": func(ctx context.Context, api *orders.API) iter.Seq2[*orders.Order, error] {
			return api.AllOrdersByInvoiceOwner(ctx, "A/1", nil)
		},
	} {
		calls := 0
		var server *zuoratest.Server
		var api *orders.API
		server, api = newAPI(t, func(w http.ResponseWriter, r *http.Request) {
			assert.Equal(t, path, r.URL.EscapedPath())
			if calls++; calls == 2 {
				server.Expire()
			}
			zuoratest.Answer(200, "application/json", map[string]string{
				"":       `{"success":true,"orders":[{"orderNumber":"a"}],"nextPage":"https://rest.zuora.com/elsewhere?page=2"}`,
				"page=2": `{"success":true,"orders":[{"orderNumber":"b"}],"nextPage":"?page=3"}`,
				"page=3": `{"success":true,"orders":[{"orderNumber":"c"}]}`,
			}[r.URL.RawQuery]).ServeHTTP(w, r)
		})
		numbers := ""
		for order, err := range all(t.Context(), api) {
			require.NoError(t, err)
			numbers += order.OrderNumber
		}
		assert.Equal(t, "abc", numbers, path)
		assert.Equal(t, 2, server.Logins(), path)
	}
}

func TestAnAsyncJobIsWaitedFor(t *testing.T) {
	const running = `{"success":true,"status":"Processing"}`
	for _, test := range []struct{ final, want string }{
		{`{"success":true,"status":"Completed","errors":null,"result":{"success":true,"orderNumber":"O-1"}}`, ""},
		{`{"success":true,"status":"Completed","errors":"","result":{"success":true,"orderNumber":"O-1"}}`, ""},
		{`{"success":true,"status":"Completed","errors":[],"result":{"orderNumber":"O-1"}}`, ""},
		{`{"success":true,"status":"Failed","errors":"the rate plan is retired"}`, `the job failed with the status "Failed": the rate plan is retired`},
		{`{"success":true,"status":"Failed","errors":["the rate plan","is retired"]}`, `["the rate plan","is retired"]`},
		{`{"success":true,"status":"Failed","result":{"success":false,"reasons":[{"code":53200020,"message":"the rate plan is retired"}]}}`, "the rate plan is retired"},
		{`{"success":true,"status":"Completed","result":{"success":false,"reasons":[{"code":53200020,"message":"the rate plan is retired"}]}}`, "the rate plan is retired"},
		{`{"success":true,"status":"Failed"}`, `the status "Failed"`},
		{`{"success":true,"status":"Resting"}`, `"Resting", which is not known`},
		{`{"success":false,"reasons":[{"code":59910040,"message":"there is no such job"}]}`, "there is no such job"},
	} {
		synctest.Test(t, func(t *testing.T) {
			polls := 0
			job, err := waitFor(t, t.Context(), func() string {
				if polls++; polls < 3 {
					return running
				}
				return test.final
			})
			if test.want != "" {
				assert.ErrorContains(t, err, test.want)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, "O-1", job.Result.OrderNumber)
			assert.Equal(t, 3, polls)
		})
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		job, err := waitFor(t, ctx, func() string { return running })
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, orders.JobStatusProcessing, job.Status)
	})
}

// waitFor waits for the job j1 of a tenant in memory, which sends responses.
func waitFor(t *testing.T, ctx context.Context, response func() string) (*orders.AsyncJob, error) {
	tenant := zuoratest.NewTenant(zuoratest.Config{})
	defer tenant.Close()
	tenant.HandleFunc("GET /v1/async-jobs/j1", func(w http.ResponseWriter, r *http.Request) {
		zuoratest.Answer(200, "application/json", response()).ServeHTTP(w, r)
	})
	session, err := zuora.NewSession(zuora.SessionConfig{Server: "https://rest.zuora.example", Credentials: tenant.Credentials(), Base: tenant.Transport()})
	require.NoError(t, err)
	defer session.Close()
	return orders.New(session).WaitForAsyncJob(ctx, "j1")
}
