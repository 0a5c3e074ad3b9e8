package accounts_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/accounts"
	"github.com/zuora-go/zuora/zuoratest"
)

// newAPI returns an API on a tenant that responds to every call with *response, and the
// last request that it got.
func newAPI(t *testing.T) (api *accounts.API, response, request *string) {
	server := zuoratest.NewServer(zuoratest.Config{})
	t.Cleanup(server.Close)
	session, err := zuora.NewSession(zuora.SessionConfig{Server: server.URL, Credentials: server.Credentials(), Base: server.Client().Transport})
	require.NoError(t, err)
	t.Cleanup(func() { _ = session.Close() })
	response, request = new(string), new(string)
	server.HandleFunc("/v1/", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*request = r.Method + " " + r.RequestURI + " " + string(body)
		zuoratest.Answer(http.StatusOK, "application/json; charset=utf-8", *response).ServeHTTP(w, r)
	})
	return accounts.New(session), response, request
}

func TestCalls(t *testing.T) {
	api, response, request := newAPI(t)
	ctx := t.Context()
	region := map[string]zuora.Value{"Region__c": `"EU"`}
	for _, test := range []struct {
		response string
		call     func() (any, error)
		request  string
		result   any
	}{
		{
			`{"success":true,"accountId":"8ad0","accountNumber":"A-7","paidAmount":"10.500000000","subscriptionId":null}`,
			func() (any, error) {
				return api.CreateAccount(ctx, accounts.NewAccount{
					Name: "Ada <Ltd>", Currency: "EUR", AutoPay: new(false), BillCycleDay: new(int64(0)),
					BillToContact: accounts.NewContact{FirstName: "Ada", LastName: "L", AdditionalProperties: region},
					Subscription: &accounts.NewSubscription{
						TermType: "TERMED", ContractEffectiveDate: "2026-01-31", AutoRenew: new(true),
						SubscribeToRatePlans: []accounts.NewRatePlan{{ProductRatePlanID: "p", ChargeOverrides: []accounts.ChargeOverride{
							{ProductRatePlanChargeID: "c", Price: "0.000000001", Tiers: []accounts.PriceTier{{Tier: 1, Price: "12345678901234567.890"}}},
						}}},
					},
					AdditionalProperties: map[string]zuora.Value{"Region__c": zuora.ValueOf("EU"), "Score__c": "1.50", "parentId": zuora.Null},
				})
			},
			`POST /v1/accounts {"name":"Ada <Ltd>","currency":"EUR","billCycleDay":0,"billToContact":{"firstName":"Ada","lastName":"L","Region__c":"EU"},"autoPay":false,` +
				`"subscription":{"termType":"TERMED","contractEffectiveDate":"2026-01-31","autoRenew":true,"subscribeToRatePlans":[{"productRatePlanId":"p","chargeOverrides":[` +
				`{"productRatePlanChargeId":"c","price":0.000000001,"tiers":[{"tier":1,"price":12345678901234567.890}]}]}]},"Region__c":"EU","Score__c":1.50,"parentId":null}`,
			&accounts.CreatedAccount{Success: true, AccountID: "8ad0", AccountNumber: "A-7", PaidAmount: "10.500000000"},
		},
		{
			`{"success":true,"basicInfo":{"id":"8ad0","name":"Ada","notes":"","Region__c":"EU"},"billingAndPayment":{"billCycleDay":"31","autoPay":"true"},` +
				`"metrics":{"balance":0E-9,"contractedMrr":"-900.10"},"billToContact":{"firstName":"Ada","country":null},"soldToContact":{"zipCode":4051},"taxInfo":null,"metricsData":[]}`,
			func() (any, error) { return api.GetAccount(ctx, "A/1", nil) },
			"GET /v1/accounts/A%2F1 ",
			&accounts.Account{
				Success:              true,
				BasicInfo:            accounts.BasicInfo{ID: "8ad0", Name: "Ada", AdditionalProperties: region},
				BillingAndPayment:    accounts.BillingAndPayment{BillCycleDay: 31, AutoPay: true},
				Metrics:              accounts.Metrics{Balance: "0E-9", ContractedMrr: "-900.10"},
				BillToContact:        accounts.Contact{FirstName: "Ada"},
				SoldToContact:        accounts.Contact{ZipCode: "4051"},
				AdditionalProperties: map[string]zuora.Value{"metricsData": "[]"},
			},
		},
		{
			`{"success":true}`,
			func() (any, error) {
				return api.UpdateAccount(ctx, "ä 1", accounts.AccountUpdate{
					Notes: "n", AutoPay: new(true), SoldToContact: &accounts.NewContact{City: "Basel"},
					AdditionalProperties: map[string]zuora.Value{"salesRep": zuora.Null},
				})
			},
			`PUT /v1/accounts/%C3%A4%201 {"notes":"n","soldToContact":{"city":"Basel"},"autoPay":true,"salesRep":null}`,
			&zuora.CommonResponseType{Success: true},
		},
		{
			`{"success":true}`,
			func() (any, error) { return api.UpdateAccount(ctx, "A-7", accounts.AccountUpdate{}) },
			`PUT /v1/accounts/A-7 {}`,
			&zuora.CommonResponseType{Success: true},
		},
		{
			`{"id":"8ad0","jobId":"j","jobStatus":"Pending","success":true}`,
			func() (any, error) { return api.DeleteAccount(ctx, "A-7") },
			"DELETE /v1/accounts/A-7 ",
			&accounts.DeletedAccount{ID: "8ad0", JobID: "j", JobStatus: "Pending", Success: true},
		},
		{
			`{"basicInfo":{"billCycleDay":1,"defaultPaymentMethod":{"creditCardExpirationMonth":"04"},"lastPaymentAmount":150248.10},` +
				`"subscriptions":[{"initialTerm":"12","autoRenew":false,"ratePlans":[{"productSku":"S-1"}],"Region__c":"EU"}],"invoices":[{"dueDate":"2026-01-31","amount":10521}],` +
				`"payments":[{"paidInvoices":[{"appliedPaymentAmount":5}]}],"usage":[{"quantity":10,"startDate":"2026-02"}],"success":true}`,
			func() (any, error) {
				return api.GetAccountSummary(ctx, "A-7", &accounts.GetAccountSummaryParams{ExcludeUsage: true})
			},
			"GET /v1/accounts/A-7/summary?excludeUsage=true ",
			&accounts.AccountSummary{
				BasicInfo: accounts.SummaryBasicInfo{BillCycleDay: 1, DefaultPaymentMethod: accounts.DefaultPaymentMethod{CreditCardExpirationMonth: 4}, LastPaymentAmount: "150248.10"},
				Subscriptions: []accounts.SummarySubscription{
					{InitialTerm: 12, RatePlans: []accounts.SummaryRatePlan{{ProductSku: "S-1"}}, AdditionalProperties: region},
				},
				Invoices: []accounts.SummaryInvoice{{DueDate: "2026-01-31", Amount: "10521"}},
				Payments: []accounts.SummaryPayment{{PaidInvoices: []accounts.PaidInvoice{{AppliedPaymentAmount: "5"}}}},
				Usage:    []accounts.SummaryUsage{{Quantity: "10", StartDate: "2026-02"}},
				Success:  true,
			},
		},
		{
			`{"creditcard":[{"id":"m","isDefault":true,"expirationMonth":11}],"banktransfer":[{"id":"b","IBAN":"x"}],"paymentGateway":null,"success":true}`,
			func() (any, error) {
				return api.ListAccountPaymentMethods(ctx, "A-7", &accounts.ListAccountPaymentMethodsParams{IsActiveOnly: true})
			},
			"GET /v1/accounts/A-7/payment-methods?isActiveOnly=true ",
			&accounts.PaymentMethods{
				CreditCards:          []accounts.PaymentMethod{{ID: "m", IsDefault: true, ExpirationMonth: 11}},
				AdditionalProperties: map[string]zuora.Value{"banktransfer": `[{"id":"b","IBAN":"x"}]`},
				Success:              true,
			},
		},
	} {
		*response = test.response
		result, err := test.call()
		require.NoError(t, err, test.request)
		assert.Equal(t, test.request, *request)
		assert.Equal(t, test.result, result, test.request)
	}
}

func TestPaymentMethodsOfAllKinds(t *testing.T) {
	methods := accounts.PaymentMethods{
		CreditCards: []accounts.PaymentMethod{{ID: "1"}},
		ACH:         []accounts.PaymentMethod{{ID: "2"}},
		AdditionalProperties: map[string]zuora.Value{
			"sepa": `[{"id":"4","isDefault":{},"expirationYear":"2030"}]`, "banktransfer": `[{"id":"3"}]`, "Region__c": `"EU"`, "count": "4",
		},
	}
	all, err := methods.All()
	require.Error(t, err)
	misfit, ok := errors.AsType[*zuora.DecodeError](err)
	require.True(t, ok)
	assert.Equal(t, []string{"[0].isDefault"}, misfit.Fields)
	assert.Equal(t, []accounts.PaymentMethod{{ID: "1"}, {ID: "2"}, {ID: "3"}, {ID: "4", ExpirationYear: 2030}}, all)
}

func ExampleAPI_CreateAccount() {
	server := zuoratest.NewServer(zuoratest.Config{})
	defer server.Close()
	server.Handle("POST /v1/accounts", zuoratest.JSON(accounts.CreatedAccount{Success: true, AccountNumber: "A00000001"}))
	session, err := zuora.NewSession(zuora.SessionConfig{Server: server.URL, Credentials: server.Credentials(), Base: server.Client().Transport})
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()

	created, err := accounts.New(session).CreateAccount(context.Background(), accounts.NewAccount{
		Name: "Amy Lawrence", Currency: "USD", BillCycleDay: new(int64(1)), AutoPay: new(false),
		BillToContact:        accounts.NewContact{FirstName: "Amy", LastName: "Lawrence"},
		AdditionalProperties: map[string]zuora.Value{"Region__c": zuora.ValueOf("EU")},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(created.AccountNumber)
	// Output: A00000001
}

func ExampleAPI_GetAccount() {
	server := zuoratest.NewServer(zuoratest.Config{})
	defer server.Close()
	server.Handle("GET /v1/accounts/A00000001", zuoratest.JSON(accounts.Account{
		Success:   true,
		BasicInfo: accounts.BasicInfo{Name: "Amy Lawrence", AdditionalProperties: map[string]zuora.Value{"Region__c": zuora.ValueOf("EU")}},
		Metrics:   accounts.Metrics{Balance: "1234567.89"},
	}))
	session, err := zuora.NewSession(zuora.SessionConfig{Server: server.URL, Credentials: server.Credentials(), Base: server.Client().Transport})
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()

	account, err := accounts.New(session).GetAccount(context.Background(), "A00000001", nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(account.BasicInfo.Name, account.Metrics.Balance, account.BasicInfo.AdditionalProperties["Region__c"].Text())
	// Output: Amy Lawrence 1234567.89 EU
}
