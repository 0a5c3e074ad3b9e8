package billing_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/billing"
	"github.com/zuora-go/zuora/zuoratest"
)

// newAPI returns an API on a tenant in memory with handle.
func newAPI(t *testing.T, handle http.HandlerFunc) *billing.API {
	tenant := zuoratest.NewTenant(zuoratest.Config{})
	t.Cleanup(tenant.Close)
	tenant.HandleFunc("/", handle)
	session, err := zuora.NewSession(zuora.SessionConfig{Server: "https://rest.zuora.example", Credentials: tenant.Credentials(), Base: tenant.Transport()})
	require.NoError(t, err)
	t.Cleanup(func() { _ = session.Close() })
	return billing.New(session)
}

// pointer makes results comparable.
func pointer[T any](result *T, err error) (any, error) { return result, err }

func TestCalls(t *testing.T) {
	var sent, response string
	api := newAPI(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		sent = fmt.Sprintf("%s %s %s", r.Method, r.URL.RequestURI(), body)
		zuoratest.Answer(200, "application/json", response).ServeHTTP(w, r)
	})
	saved := &billing.SaveResult{Success: true, ID: "2c92"}
	for _, test := range []struct {
		call     func(context.Context) (any, error)
		sent     string
		response string
		want     any
	}{
		{func(ctx context.Context) (any, error) {
			return pointer(api.PreviewBilling(ctx, billing.PreviewRequest{AccountID: "4028", TargetDate: "2017-12-31", IncludingEvergreenSubscription: new(false)}))
		}, `POST /v1/operations/billing-preview {"accountId":"4028","targetDate":"2017-12-31","includingEvergreenSubscription":false}`,
			`{"success":true,"accountId":"4028","invoiceItems":[{"id":"i","chargeAmount":"10.000000000","quantity":1,"numberOfDeliveries":0}],"creditMemoItems":[{"amount":-5}]}`,
			&billing.Preview{Success: true, AccountID: "4028",
				InvoiceItems:    []billing.PreviewedInvoiceItem{{ID: "i", ChargeAmount: "10.000000000", Quantity: "1", AdditionalProperties: map[string]zuora.Value{"numberOfDeliveries": "0"}}},
				CreditMemoItems: []billing.PreviewedCreditMemoItem{{Amount: "-5"}}}},
		{func(ctx context.Context) (any, error) {
			return pointer(api.CreateBillingPreviewRun(ctx, billing.NewBillingPreviewRun{TargetDate: "2017-12-31", Batch: "Batch1"}))
		}, `POST /v1/billing-preview-runs {"batch":"Batch1","targetDate":"2017-12-31"}`, `{"success":true,"billingPreviewRunId":"4028"}`, &billing.CreatedBillingPreviewRun{Success: true, BillingPreviewRunID: "4028"}},
		{func(ctx context.Context) (any, error) { return pointer(api.GetBillingPreviewRun(ctx, "A/1", nil)) }, "GET /v1/billing-preview-runs/A%2F1 ",
			`{"success":true,"status":"Completed","totalAccounts":"7","succeededAccounts":7}`, &billing.BillingPreviewRun{Success: true, Status: billing.RunStatusCompleted, TotalAccounts: 7, SucceededAccounts: 7}},
		{func(ctx context.Context) (any, error) {
			return pointer(api.CreateBillRun(ctx, billing.NewBillRun{AccountID: "4028", InvoiceDate: "2017-03-01", TargetDate: "2017-03-31", AutoPost: new(false)}, nil, zuora.WithIdempotencyKey("k")))
		}, `POST /v1/object/bill-run {"AccountId":"4028","InvoiceDate":"2017-03-01","TargetDate":"2017-03-31","AutoPost":false}`, `{"Success":true,"Id":"2c92"}`, saved},
		{func(ctx context.Context) (any, error) {
			return pointer(api.GetBillRun(ctx, "A/1", &billing.GetBillRunParams{Fields: "Id"}))
		}, "GET /v1/object/bill-run/A%2F1?fields=Id ", `{"Id":"2c92","Status":"Completed","BillCycleDay":1,"InvoicesEmailed":"true"}`, &billing.BillRun{ID: "2c92", Status: billing.BillRunStatusCompleted, BillCycleDay: "1", InvoicesEmailed: true}},
		{func(ctx context.Context) (any, error) { return pointer(api.PostBillRun(ctx, "A/1")) }, `PUT /v1/object/bill-run/A%2F1 {"Status":"Posted"}`, `{"Success":true,"Id":"2c92"}`, saved},
		{func(ctx context.Context) (any, error) { return pointer(api.CancelBillRun(ctx, "A/1")) }, `PUT /v1/object/bill-run/A%2F1 {"Status":"Canceled"}`, `{"Success":true,"Id":"2c92"}`, saved},
		{func(ctx context.Context) (any, error) { return pointer(api.DeleteBillRun(ctx, "A/1")) }, "DELETE /v1/object/bill-run/A%2F1 ", `{"Success":true,"Id":"2c92"}`, saved},
	} {
		response = test.response
		got, err := test.call(t.Context())
		require.NoError(t, err, test.sent)
		assert.Equal(t, test.sent, sent)
		assert.Equal(t, test.want, got, test.sent)
	}
}

func TestRunsAreWaitedFor(t *testing.T) {
	for _, test := range []struct{ final, want string }{
		{`{"success":true,"status":"Completed","Status":"Posted"}`, ""},
		{`{"success":true,"status":"Error","Status":"Error","errorMessage":"no accounts"}`, `the status "Error"`},
		{`{"success":true,"status":"Canceled","Status":"Canceled"}`, `the status "Canceled"`},
		{`{"success":true,"status":"Resting","Status":"Resting"}`, `"Resting", which is not known`},
		{`{"success":false,"reasons":[{"code":52100040,"message":"there is no such run"}]}`, "there is no such run"},
	} {
		synctest.Test(t, func(t *testing.T) {
			polls := 0
			api := newAPI(t, func(w http.ResponseWriter, r *http.Request) {
				text := test.final
				if polls++; polls%3 != 0 {
					text = `{"success":true,"status":"Pending","Status":"Processing"}`
				} else if test.want == `"Resting", which is not known` {
					polls--
				}
				zuoratest.Answer(200, "application/json", text).ServeHTTP(w, r)
			})
			_, err := api.WaitForBillingPreviewRun(t.Context(), "4028")
			polls = 0
			_, err2 := api.WaitForBillRun(t.Context(), "2c92")
			for _, err := range []error{err, err2} {
				if test.want == "" {
					assert.NoError(t, err)
				} else {
					assert.ErrorContains(t, err, test.want)
				}
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		api := newAPI(t, func(w http.ResponseWriter, r *http.Request) {
			zuoratest.Answer(200, "application/json", `{"success":true,"status":"Pending","Status":"Processing"}`).ServeHTTP(w, r)
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		_, err := api.WaitForBillingPreviewRun(ctx, "4028")
		assert.ErrorIs(t, err, context.DeadlineExceeded)
	})
}
