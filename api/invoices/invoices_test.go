package invoices_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/invoices"
	"github.com/zuora-go/zuora/zuoratest"
)

func newAPI(t *testing.T, handle http.HandlerFunc) (*zuoratest.Server, *invoices.API) {
	server := zuoratest.NewServer(zuoratest.Config{})
	t.Cleanup(server.Close)
	server.HandleFunc("/", handle)
	session, err := zuora.NewSession(zuora.SessionConfig{Server: server.URL, Credentials: server.Credentials(), Base: server.Client().Transport})
	require.NoError(t, err)
	t.Cleanup(func() { _ = session.Close() })
	return server, invoices.New(session)
}

// pointer makes results comparable.
func pointer[T any](result *T, err error) (any, error) { return result, err }

func TestCalls(t *testing.T) {
	var sent, response string
	_, api := newAPI(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		sent = fmt.Sprintf("%s %s %s", r.Method, r.URL.RequestURI(), body)
		zuoratest.Answer(200, "application/json", response).ServeHTTP(w, r)
	})
	custom := map[string]zuora.Value{"Region__c": `"EU"`}
	for _, test := range []struct {
		call     func(context.Context) (any, error)
		sent     string
		response string
		want     any
	}{
		{func(ctx context.Context) (any, error) {
			return pointer(api.CreateInvoice(ctx, invoices.NewInvoice{
				AccountID: "4028", InvoiceDate: "2017-03-01", AutoPay: new(false), Status: invoices.InvoiceStatusDraft, AdditionalProperties: custom,
				InvoiceItems: []invoices.NewInvoiceItem{{ChargeName: "Fee", Amount: "10.50", ServiceStartDate: "2017-03-01", TaxItems: []invoices.NewTaxItem{{Name: "VAT", TaxAmount: "1.05", TaxRateType: invoices.TaxRateTypePercentage}}}},
			}))
		}, `POST /v1/invoices {"accountId":"4028","invoiceDate":"2017-03-01","status":"Draft","autoPay":false,"invoiceItems":[{"chargeName":"Fee","amount":10.50,"serviceStartDate":"2017-03-01","taxItems":[{"name":"VAT","taxAmount":1.05,"taxRateType":"Percentage"}]}],"Region__c":"EU"}`,
			`{"success":true,"id":"8a","amount":"11.550000000","Region__c":"EU"}`,
			&invoices.CreatedInvoice{Success: true, ID: "8a", Amount: "11.550000000", AdditionalProperties: custom}},
		{func(ctx context.Context) (any, error) { return pointer(api.GetInvoice(ctx, "A/1", nil)) },
			"GET /v1/invoices/A%2F1 ", `{"success":true,"number":"INV1","balance":0E-9,"cancelledOn":null}`, &invoices.Invoice{Success: true, Number: "INV1", Balance: "0E-9"}},
		{func(ctx context.Context) (any, error) {
			return pointer(api.UpdateInvoice(ctx, "A/1", invoices.InvoiceUpdate{AutoPay: new(true), InvoiceItems: []invoices.InvoiceItemUpdate{{ID: "i1", Amount: "2"}}}))
		}, `PUT /v1/invoices/A%2F1 {"autoPay":true,"invoiceItems":[{"id":"i1","amount":2}]}`, `{"success":true}`, &invoices.Invoice{Success: true}},
		{func(ctx context.Context) (any, error) {
			return pointer(api.ListInvoiceItems(ctx, "A/1", &invoices.ListInvoiceItemsParams{Page: 2, PageSize: 1}))
		}, "GET /v1/invoices/A%2F1/items?page=2&pageSize=1 ", `{"success":true,"invoiceItems":[{"id":"i1","quantity":1,"unitPrice":"2.5","taxationItems":{"data":[{"id":"t1","taxRate":0.1}]}}]}`,
			&invoices.InvoiceItems{Success: true, InvoiceItems: []invoices.InvoiceItem{{ID: "i1", Quantity: "1", UnitPrice: "2.5", TaxationItems: invoices.TaxationItems{Data: []invoices.TaxationItem{{ID: "t1", TaxRate: "0.1"}}}}}}},
		{func(ctx context.Context) (any, error) { return pointer(api.ListInvoiceFiles(ctx, "A/1", nil)) },
			"GET /v1/invoices/A%2F1/files ", `{"success":true,"invoiceFiles":[{"id":"f1","versionNumber":1541149510000}]}`,
			&invoices.InvoiceFiles{Success: true, InvoiceFiles: []invoices.InvoiceFile{{ID: "f1", VersionNumber: 1541149510000}}}},
		{func(ctx context.Context) (any, error) {
			return pointer(api.EmailInvoice(ctx, "A/1", invoices.InvoiceEmail{EmailAddresses: "a@example.com", UseEmailTemplateSetting: new(false)}))
		}, `POST /v1/invoices/A%2F1/emails {"emailAddresses":"a@example.com","useEmailTemplateSetting":false}`, `{"success":true}`, &zuora.CommonResponseType{Success: true}},
		{func(ctx context.Context) (any, error) {
			return pointer(api.PostInvoice(ctx, "A/1"))
		}, `PUT /v1/object/invoice/A%2F1 {"Status":"Posted"}`, `{"Success":true,"Id":"8a"}`, &invoices.SaveResult{Success: true, ID: "8a"}},
		{func(ctx context.Context) (any, error) {
			return pointer(api.UpdateInvoiceRecord(ctx, "8a", invoices.InvoiceRecordUpdate{RegenerateInvoicePDF: new(true)}, &invoices.UpdateInvoiceRecordParams{RejectUnknownFields: true}))
		}, `PUT /v1/object/invoice/8a?rejectUnknownFields=true {"RegenerateInvoicePDF":true}`, `{"Success":true}`, &invoices.SaveResult{Success: true}},
		{func(ctx context.Context) (any, error) {
			return pointer(api.ReverseInvoice(ctx, "A/1", invoices.InvoiceReversal{MemoDate: "2017-03-02"}))
		}, `PUT /v1/invoices/A%2F1/reverse {"memoDate":"2017-03-02"}`, `{"success":true,"creditMemo":{"id":"cm"}}`, &invoices.CreditedInvoice{Success: true, CreditMemo: invoices.CreditMemoID{ID: "cm"}}},
		{func(ctx context.Context) (any, error) {
			return pointer(api.WriteOffInvoice(ctx, "A/1", invoices.WriteOff{Comment: "c", Items: []invoices.WriteOffItem{{InvoiceItemID: "i1"}}}))
		}, `PUT /v1/invoices/A%2F1/write-off {"comment":"c","items":[{"invoiceItemId":"i1"}]}`, `{"success":true,"creditMemo":{"id":"cm"}}`, &invoices.CreditedInvoice{Success: true, CreditMemo: invoices.CreditMemoID{ID: "cm"}}},
		{func(ctx context.Context) (any, error) {
			return pointer(api.CollectInvoice(ctx, invoices.Collection{AccountKey: "A1", DocumentDate: "2017-03-01"}, zuora.WithIdempotencyKey("k")))
		}, `POST /v1/operations/invoice-collect {"accountKey":"A1","documentDate":"2017-03-01"}`, `{"success":true,"amountCollected":1234567.89,"invoices":[{"invoiceAmount":"1234567.89"}]}`,
			&invoices.CollectedInvoices{Success: true, AmountCollected: "1234567.89", Invoices: []invoices.CollectedInvoice{{InvoiceAmount: "1234567.89"}}}},
		{func(ctx context.Context) (any, error) { return pointer(api.ListInvoicesByAccount(ctx, "A/1", nil)) },
			"GET /v1/transactions/invoices/accounts/A%2F1 ", `{"success":true,"invoices":[{"id":"8a","invoiceItems":"https://rest.zuora.com/v1/invoices/8a/items"},{"id":"8b","invoiceItems":[{"id":"i1"}]}]}`,
			&invoices.AccountInvoices{Success: true, Invoices: []invoices.AccountInvoice{
				{ID: "8a", AdditionalProperties: map[string]zuora.Value{"invoiceItems": `"https://rest.zuora.com/v1/invoices/8a/items"`}}, {ID: "8b", InvoiceItems: []invoices.InvoiceItem{{ID: "i1"}}},
			}}},
	} {
		response = test.response
		got, err := test.call(t.Context())
		require.NoError(t, err, test.sent)
		assert.Equal(t, test.sent, sent)
		assert.Equal(t, test.want, got, test.sent)
	}
}

func TestListsReadEveryPage(t *testing.T) {
	for path, property := range map[string]string{
		"/v1/invoices/A%2F1/items": "invoiceItems", "/v1/invoices/A%2F1/files": "invoiceFiles", "/v1/transactions/invoices/accounts/A%2F1": "invoices",
	} {
		calls := 0
		var server *zuoratest.Server
		var api *invoices.API
		server, api = newAPI(t, func(w http.ResponseWriter, r *http.Request) {
			assert.Equal(t, path, r.URL.EscapedPath())
			if calls++; calls == 3 {
				server.Expire()
			}
			zuoratest.Answer(200, "application/json", map[string]string{
				"pageSize=1": fmt.Sprintf(`{"success":true,%q:[{"id":"a"}],"nextPage":"https://rest.zuora.com/elsewhere?page=2"}`, property),
				"page=2":     fmt.Sprintf(`{"success":true,%q:[{"id":"b"}],"nextPage":"?page=3"}`, property),
				"page=3":     fmt.Sprintf(`{"success":true,%q:[{"id":"c"}]}`, property),
			}[r.URL.RawQuery]).ServeHTTP(w, r)
		})
		for range 2 {
			ids := ""
			switch property {
			case "invoiceItems":
				for one, err := range api.AllInvoiceItems(t.Context(), "A/1", &invoices.ListInvoiceItemsParams{PageSize: 1}) {
					require.NoError(t, err)
					ids += one.ID
				}
			case "invoiceFiles":
				for one, err := range api.AllInvoiceFiles(t.Context(), "A/1", &invoices.ListInvoiceFilesParams{PageSize: 1}) {
					require.NoError(t, err)
					ids += one.ID
				}
			default:
				for one, err := range api.AllInvoicesByAccount(t.Context(), "A/1", &invoices.ListInvoicesByAccountParams{PageSize: 1}) {
					require.NoError(t, err)
					ids += one.ID
				}
			}
			assert.Equal(t, "abc", ids, path)
		}
	}
}
