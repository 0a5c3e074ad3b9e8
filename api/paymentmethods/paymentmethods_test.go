package paymentmethods_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/paymentmethods"
	"github.com/zuora-go/zuora/zuoratest"
)

// pointer makes results comparable.
func pointer[T any](result *T, err error) (any, error) { return result, err }

func TestCalls(t *testing.T) {
	var sent, response string
	server := zuoratest.NewServer(zuoratest.Config{})
	defer server.Close()
	server.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		sent = fmt.Sprintf("%s %s %s", r.Method, r.URL.RequestURI(), body)
		zuoratest.Answer(200, "application/json", response).ServeHTTP(w, r)
	})
	session, err := zuora.NewSession(zuora.SessionConfig{Server: server.URL, Credentials: server.Credentials(), Base: server.Client().Transport})
	require.NoError(t, err)
	defer session.Close()
	api := paymentmethods.New(session)
	ok := &zuora.CommonResponseType{Success: true}
	for _, test := range []struct {
		call     func(context.Context) (any, error)
		sent     string
		response string
		want     any
	}{
		{func(ctx context.Context) (any, error) {
			return pointer(api.CreatePaymentMethod(ctx, paymentmethods.NewPaymentMethod{
				Type: "CreditCard", AccountKey: "A1", MakeDefault: new(false), CardNumber: "4111111111111111", ExpirationMonth: new(int64(7)),
				CardHolderInfo: &paymentmethods.CardHolder{CardHolderName: "Amy"}, AdditionalProperties: map[string]zuora.Value{"Region__c": `"EU"`},
			}, zuora.WithIdempotencyKey("k")))
		}, `POST /v1/payment-methods {"type":"CreditCard","accountKey":"A1","makeDefault":false,"cardNumber":"4111111111111111","expirationMonth":7,"cardHolderInfo":{"cardHolderName":"Amy"},"Region__c":"EU"}`,
			`{"success":true,"id":"2c92"}`, &paymentmethods.CreatedPaymentMethod{Success: true, ID: "2c92"}},
		{func(ctx context.Context) (any, error) { return pointer(api.GetPaymentMethod(ctx, "A/1", nil)) }, "GET /v1/payment-methods/A%2F1 ",
			`{"success":true,"id":"2c92","isDefault":"true","expirationMonth":"7","status":"Active","bankName":null,"Region__c":"EU"}`,
			&paymentmethods.PaymentMethod{Success: true, ID: "2c92", IsDefault: true, ExpirationMonth: 7, Status: paymentmethods.PaymentMethodStatusActive, AdditionalProperties: map[string]zuora.Value{"Region__c": `"EU"`}}},
		{func(ctx context.Context) (any, error) {
			return pointer(api.UpdatePaymentMethod(ctx, "A/1", paymentmethods.PaymentMethodUpdate{ExpirationYear: new(int64(2030)), GatewayOptions: map[string]zuora.Value{"ip": zuora.ValueOf("127.0.0.1")}}))
		}, `PUT /v1/payment-methods/A%2F1 {"expirationYear":2030,"gatewayOptions":{"ip":"127.0.0.1"}}`, `{"success":true,"id":"2c92"}`, &paymentmethods.UpdatedPaymentMethod{Success: true, ID: "2c92"}},
		{func(ctx context.Context) (any, error) { return pointer(api.DeletePaymentMethod(ctx, "A/1")) }, "DELETE /v1/payment-methods/A%2F1 ", `{"success":true}`, ok},
		{func(ctx context.Context) (any, error) { return pointer(api.ScrubPaymentMethod(ctx, "A/1")) }, "PUT /v1/payment-methods/A%2F1/scrub {}", `{"success":true}`, ok},
		{func(ctx context.Context) (any, error) {
			return pointer(api.VerifyPaymentMethod(ctx, "A/1", paymentmethods.Verification{CurrencyCode: "USD"}))
		}, `PUT /v1/payment-methods/A%2F1/verify {"currencyCode":"USD"}`, `{"success":true,"paymentMethodId":"2c92"}`, &paymentmethods.VerifiedPaymentMethod{Success: true, PaymentMethodID: "2c92"}},
		{func(ctx context.Context) (any, error) {
			return pointer(api.CreateRSASignature(ctx, paymentmethods.NewRSASignature{URI: "https://a", Method: "POST", PageID: "p"}))
		}, `POST /v1/rsa-signatures {"uri":"https://a","method":"POST","pageId":"p"}`, `{"success":true,"signature":"s","tenantId":12,"key":"k"}`, &paymentmethods.RSASignature{Success: true, Signature: "s", TenantID: "12", Key: "k"}},
		{func(ctx context.Context) (any, error) {
			return pointer(api.ListHostedPages(ctx, &paymentmethods.ListHostedPagesParams{VersionNumber: "2"}))
		}, "GET /v1/hostedpages?versionNumber=2 ", `{"success":true,"hostedpages":[{"pageId":"p","pageVersion":2}]}`,
			&paymentmethods.HostedPages{Success: true, HostedPages: []paymentmethods.HostedPage{{PageID: "p", PageVersion: "2"}}}},
	} {
		response = test.response
		got, err := test.call(t.Context())
		require.NoError(t, err, test.sent)
		assert.Equal(t, test.sent, sent)
		assert.Equal(t, test.want, got, test.sent)
	}
}
