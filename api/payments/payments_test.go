package payments_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/payments"
	"github.com/zuora-go/zuora/zuoratest"
)

func newAPI(t *testing.T, handle http.HandlerFunc) (*zuoratest.Server, *payments.API) {
	server := zuoratest.NewServer(zuoratest.Config{})
	t.Cleanup(server.Close)
	server.HandleFunc("/", handle)
	session, err := zuora.NewSession(zuora.SessionConfig{Server: server.URL, Credentials: server.Credentials(), Base: server.Client().Transport})
	require.NoError(t, err)
	t.Cleanup(func() { _ = session.Close() })
	return server, payments.New(session)
}

// pointer makes results comparable.
func pointer[T any](result *T, err error) (any, error) { return result, err }

func TestCalls(t *testing.T) {
	var sent, key, response string
	_, api := newAPI(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		sent, key = fmt.Sprintf("%s %s %s", r.Method, r.URL.RequestURI(), body), r.Header.Get("Idempotency-Key")
		zuoratest.Answer(200, "application/json", response).ServeHTTP(w, r)
	})
	custom := map[string]zuora.Value{"Region__c": `"EU"`}
	const one = `{"success":true,"id":"4028","amount":1234567.890000000,"unappliedAmount":"0.000000000","status":"Draft","cancelledOn":null,"Region__c":"EU"}`
	payment := &payments.Payment{Success: true, ID: "4028", Amount: "1234567.890000000", UnappliedAmount: "0.000000000", Status: payments.PaymentStatusDraft, AdditionalProperties: custom}
	refund := &payments.Refund{Success: true, ID: "4028", Amount: "1234567.890000000", Status: "Draft", AdditionalProperties: map[string]zuora.Value{"Region__c": `"EU"`, "unappliedAmount": `"0.000000000"`}}
	parts := []payments.InvoicePart{{InvoiceID: "i1", Amount: "10.50", Items: []payments.InvoiceItemPart{{InvoiceItemID: "ii", Amount: "10.50"}}}}
	for _, test := range []struct {
		call     func(context.Context) (any, error)
		sent     string
		response string
		want     any
	}{
		{func(ctx context.Context) (any, error) {
			return pointer(api.CreatePayment(ctx, payments.NewPayment{Type: payments.PaymentTypeExternal, Currency: "USD", Amount: "1234567.89", Standalone: new(false), Invoices: parts,
				GatewayOptions: map[string]zuora.Value{"IPAddress": zuora.ValueOf("127.0.0.1")}, AdditionalProperties: custom}, zuora.WithIdempotencyKey("k1")))
		}, `POST /v1/payments {"type":"External","currency":"USD","amount":1234567.89,"gatewayOptions":{"IPAddress":"127.0.0.1"},"invoices":[{"amount":10.50,"invoiceId":"i1","items":[{"amount":10.50,"invoiceItemId":"ii"}]}],"standalone":false,"Region__c":"EU"}`, one, payment},
		{func(ctx context.Context) (any, error) { return pointer(api.GetPayment(ctx, "A/1", nil)) }, "GET /v1/payments/A%2F1 ", one, payment},
		{func(ctx context.Context) (any, error) {
			return pointer(api.ListPayments(ctx, &payments.ListPaymentsParams{PageSize: 2, Status: payments.PaymentStatusProcessed, Amount: "10.50", Sort: "-amount"}))
		}, "GET /v1/payments?amount=10.50&pageSize=2&sort=-amount&status=Processed ", `{"success":true,"payments":[{"id":"4028"}]}`, &payments.PaymentList{Success: true, Payments: []payments.Payment{{ID: "4028"}}}},
		{func(ctx context.Context) (any, error) {
			return pointer(api.UpdatePayment(ctx, "A/1", payments.PaymentUpdate{Comment: "c"}))
		}, `PUT /v1/payments/A%2F1 {"comment":"c"}`, one, payment},
		{func(ctx context.Context) (any, error) {
			return pointer(api.ApplyPayment(ctx, "A/1", payments.Application{EffectiveDate: "2017-03-01", Invoices: parts}))
		}, `PUT /v1/payments/A%2F1/apply {"effectiveDate":"2017-03-01","invoices":[{"amount":10.50,"invoiceId":"i1","items":[{"amount":10.50,"invoiceItemId":"ii"}]}]}`, one, payment},
		{func(ctx context.Context) (any, error) {
			return pointer(api.UnapplyPayment(ctx, "A/1", payments.Application{DebitMemos: []payments.DebitMemoPart{{DebitMemoID: "d", Amount: "1"}}}))
		}, `PUT /v1/payments/A%2F1/unapply {"debitMemos":[{"amount":1,"debitMemoId":"d"}]}`, one, payment},
		{func(ctx context.Context) (any, error) { return pointer(api.CancelPayment(ctx, "A/1")) }, `PUT /v1/payments/A%2F1/cancel {}`, one, payment},
		{func(ctx context.Context) (any, error) {
			return pointer(api.RefundPayment(ctx, "A/1", payments.NewRefund{Type: payments.PaymentTypeExternal, TotalAmount: "5.00", MethodType: payments.MethodTypeCash}, zuora.WithIdempotencyKey("k1")))
		}, `POST /v1/payments/A%2F1/refunds {"type":"External","totalAmount":5.00,"methodType":"Cash"}`, one, refund},
		{func(ctx context.Context) (any, error) {
			return pointer(api.ListRefunds(ctx, &payments.ListRefundsParams{PaymentID: "4028"}))
		}, "GET /v1/refunds?paymentId=4028 ", `{"success":true,"refunds":[{"id":"r"}]}`, &payments.RefundList{Success: true, Refunds: []payments.Refund{{ID: "r"}}}},
		{func(ctx context.Context) (any, error) { return pointer(api.GetRefund(ctx, "A/1", nil)) }, "GET /v1/refunds/A%2F1 ", one, refund},
		{func(ctx context.Context) (any, error) { return pointer(api.CancelRefund(ctx, "A/1")) }, `PUT /v1/refunds/A%2F1/cancel {}`, one, refund},
		{func(ctx context.Context) (any, error) { return pointer(api.ListPaymentsByAccount(ctx, "A/1", nil)) }, "GET /v1/transactions/payments/accounts/A%2F1 ",
			`{"success":true,"payments":[{"id":"4028","amount":"1.5","paidInvoices":{"invoiceId":"i1","appliedPaymentAmount":1.5}}]}`,
			&payments.AccountPayments{Success: true, Payments: []payments.AccountPayment{{ID: "4028", Amount: "1.5", PaidInvoices: []payments.PaidInvoice{{InvoiceID: "i1", AppliedPaymentAmount: "1.5"}}}}}},
	} {
		response = test.response
		got, err := test.call(t.Context())
		require.NoError(t, err, test.sent)
		assert.Equal(t, test.sent, sent)
		assert.Equal(t, test.want, got, test.sent)
		if len(test.sent) > 4 && test.sent[:4] == "POST" {
			assert.Equal(t, "k1", key)
		}
	}
	_, err := api.CancelPayment(t.Context(), "..")
	assert.ErrorContains(t, err, "paymentId")
}

func TestListsReadEveryPage(t *testing.T) {
	for path, property := range map[string]string{"/v1/payments": "payments", "/v1/refunds": "refunds", "/v1/transactions/payments/accounts/A%2F1": "payments"} {
		calls := 0
		var server *zuoratest.Server
		var api *payments.API
		server, api = newAPI(t, func(w http.ResponseWriter, r *http.Request) {
			assert.Equal(t, path, r.URL.EscapedPath())
			if calls++; calls == 3 {
				server.Expire()
			}
			zuoratest.Answer(200, "application/json", map[string]string{
				"":       fmt.Sprintf(`{"success":true,%q:[{"id":"a"}],"nextPage":"https://rest.zuora.com/elsewhere?page=2"}`, property),
				"page=2": fmt.Sprintf(`{"success":true,%q:[{"id":"b"}],"nextPage":"?page=3"}`, property),
				"page=3": fmt.Sprintf(`{"success":true,%q:[{"id":"c"}]}`, property),
			}[r.URL.RawQuery]).ServeHTTP(w, r)
		})
		ids := ""
		switch path {
		case "/v1/payments":
			for one, err := range api.AllPayments(t.Context(), nil) {
				require.NoError(t, err)
				ids += one.ID
			}
		case "/v1/refunds":
			for one, err := range api.AllRefunds(t.Context(), nil) {
				require.NoError(t, err)
				ids += one.ID
			}
		default:
			for one, err := range api.AllPaymentsByAccount(t.Context(), "A/1", nil) {
				require.NoError(t, err)
				ids += one.ID
			}
		}
		assert.Equal(t, "abc", ids, path)
	}
}
