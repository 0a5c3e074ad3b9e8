package subscriptions_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/subscriptions"
	"github.com/zuora-go/zuora/zuoratest"
)

func newAPI(t *testing.T) (*zuoratest.Server, *subscriptions.API) {
	server := zuoratest.NewServer(zuoratest.Config{})
	t.Cleanup(server.Close)
	session, err := zuora.NewSession(zuora.SessionConfig{Server: server.URL, Credentials: server.Credentials(), Base: server.Client().Transport})
	require.NoError(t, err)
	t.Cleanup(func() { _ = session.Close() })
	return server, subscriptions.New(session)
}

const (
	chargeJSON = `{"id":"c2","originalChargeId":"c1","number":"C-1","name":"Seats","type":"Recurring","model":"Volume","version":2,"segment":1,"uom":null,
		"price":null,"tiers":[{"tier":1,"startingUnit":0,"endingUnit":"10.500000000","price":4.083333333,"priceFormat":"PerUnit"}],"pricingSummary":"EUR4.08","quantity":1.000000000,
		"effectiveStartDate":"2026-01-31T00:00:00.000Z","chargedThroughDate":null,"done":"false","triggerEvent":"ContractEffective","upToPeriods":"3","upToPeriodsType":"Billing_Periods",
		"discountApplyDetails":[],"chargeModelConfiguration":{"formula":"usageQuantity()*10"},"mrr":25.000000000,"dmrc":0E-9,"dtcv":-7.179999828,"Region__c":"EU"}`
	subscriptionJSON = `{"id":"8ad0","subscriptionNumber":"A-S1","status":"Pending Activation","accountNumber":"A-7","termType":"TERMED","invoiceSeparately":"false",
		"contractEffectiveDate":"2026-01-31","subscriptionEndDate":"","initialTerm":12,"initialTermPeriodType":"Month","autoRenew":true,"renewalSetting":"RENEW_TO_EVERGREEN",
		"contractedMrr":25.00,"totalContractedValue":"221.83","notes":null,"revision":1.0,"QuoteNumber__QT":null,"Gift__c":true,
		"ratePlans":[{"id":"r1","lastChangeType":"Add","productSku":"SKU-1","ratePlanName":"Monthly","ratePlanCharges":[` + chargeJSON + `],
			"subscriptionProductFeatures":[{"id":"f1","featureCode":"PDF"}],"Level__c":1}]`
	result = `"subscriptionId":"8ad1","invoiceId":"i1","creditMemoId":null,"paymentId":"p1","paidAmount":"12.500000000","totalDeltaTcv":-703.2258065,"success":true}`
)

func subscription() subscriptions.Subscription {
	return subscriptions.Subscription{
		ID: "8ad0", SubscriptionNumber: "A-S1", Status: subscriptions.SubscriptionStatusPendingActivation, AccountNumber: "A-7", TermType: subscriptions.TermTypeTermed,
		ContractEffectiveDate: "2026-01-31", InitialTerm: 12, InitialTermPeriodType: subscriptions.PeriodTypeMonth, AutoRenew: true,
		RenewalSetting: subscriptions.RenewalSettingRenewToEvergreen, ContractedMrr: "25.00", TotalContractedValue: "221.83", Revision: "1.0",
		AdditionalProperties: map[string]zuora.Value{"Gift__c": "true"},
		RatePlans: []subscriptions.RatePlan{{
			ID: "r1", LastChangeType: subscriptions.ChangeTypeAdd, ProductSKU: "SKU-1", RatePlanName: "Monthly",
			SubscriptionProductFeatures: []subscriptions.Feature{{ID: "f1", FeatureCode: "PDF"}},
			AdditionalProperties:        map[string]zuora.Value{"Level__c": "1"},
			RatePlanCharges:             []subscriptions.Charge{charge()},
		}},
	}
}

func charge() subscriptions.Charge {
	return subscriptions.Charge{
		ID: "c2", OriginalChargeID: "c1", Number: "C-1", Name: "Seats", Type: subscriptions.ChargeTypeRecurring, Model: subscriptions.ChargeModelVolume, Version: 2, Segment: 1,
		Tiers:          []subscriptions.Tier{{Tier: 1, StartingUnit: "0", EndingUnit: "10.500000000", Price: "4.083333333", PriceFormat: "PerUnit"}},
		PricingSummary: "EUR4.08", Quantity: "1.000000000", EffectiveStartDate: "2026-01-31T00:00:00.000Z", TriggerEvent: subscriptions.TriggerEventContractEffective,
		UpToPeriods: 3, UpToPeriodsType: "Billing_Periods", DiscountApplyDetails: []subscriptions.DiscountTarget{},
		ChargeModelConfiguration: subscriptions.ChargeModelConfiguration{Formula: "usageQuantity()*10"},
		Mrr:                      "25.000000000", Dmrc: "0E-9", Dtcv: "-7.179999828", AdditionalProperties: map[string]zuora.Value{"Region__c": `"EU"`},
	}
}

// decoded returns what text, which is JSON, contains, with all digits of numbers.
func decoded(t *testing.T, text string) (v any) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	require.NoError(t, d.Decode(&v), text)
	return v
}

func TestCalls(t *testing.T) {
	server, api := newAPI(t)
	var response, request, body string
	server.HandleFunc("/v1/", func(w http.ResponseWriter, r *http.Request) {
		sent, _ := io.ReadAll(r.Body)
		request, body = r.Method+" "+r.RequestURI, string(sent)
		zuoratest.Answer(http.StatusOK, "application/json", response).ServeHTTP(w, r)
	})
	read := subscription()
	read.Success = true
	ctx, custom := t.Context(), map[string]zuora.Value{"Gift__c": zuora.ValueOf(true), "notes": zuora.Null}
	for _, c := range []struct {
		call                    func() (any, error)
		response, request, body string
		want                    any
	}{
		{func() (any, error) {
			return api.CreateSubscription(ctx, subscriptions.NewSubscription{
				AccountKey: "A-7", TermType: subscriptions.TermTypeTermed, ContractEffectiveDate: "2026-01-31", InitialTerm: new(int64(12)), RenewalTerm: new(int64(0)),
				AutoRenew: new(false), RunBilling: new(true), ApplicationOrder: []string{"UnappliedPayment"}, AdditionalProperties: custom,
				SubscribeToRatePlans: []subscriptions.NewRatePlan{{ProductRatePlanID: "p1", ChargeOverrides: []subscriptions.ChargeOverride{{
					ProductRatePlanChargeID: "c1", Price: "12345678901234567.890", Quantity: "0", TriggerEvent: subscriptions.TriggerCodeSpecificDate, TriggerDate: "2026-02-01",
					Tiers:                    []subscriptions.Tier{{Tier: 1, Price: "0.10", StartingUnit: "0"}},
					ChargeModelConfiguration: &subscriptions.ChargeModelConfiguration{Formula: "f"}, AdditionalProperties: map[string]zuora.Value{"Region__c": `"EU"`},
				}}}},
			})
		}, `{"subscriptionId":"8ad0","subscriptionNumber":"A-S1","contractedMrr":1950,"totalContractedValue":6227.41935465,"success":true}`,
			"POST /v1/subscriptions",
			`{"accountKey":"A-7","termType":"TERMED","contractEffectiveDate":"2026-01-31","initialTerm":12,"renewalTerm":0,"autoRenew":false,"runBilling":true,
				"applicationOrder":["UnappliedPayment"],"Gift__c":true,"notes":null,
				"subscribeToRatePlans":[{"productRatePlanId":"p1","chargeOverrides":[{"productRatePlanChargeId":"c1","price":12345678901234567.890,"quantity":0,"triggerEvent":"USD","triggerDate":"2026-02-01",
				"tiers":[{"tier":1,"price":0.10,"startingUnit":0}],"chargeModelConfiguration":{"formula":"f"},"Region__c":"EU"}]}]}`,
			&subscriptions.CreatedSubscription{SubscriptionID: "8ad0", SubscriptionNumber: "A-S1", ContractedMrr: "1950", TotalContractedValue: "6227.41935465", Success: true}},
		{func() (any, error) {
			return api.GetSubscription(ctx, "A/1", &subscriptions.GetSubscriptionParams{ChargeDetail: subscriptions.ChargeDetailSpecificSegment, AsOfDate: "2026-02-01"})
		}, subscriptionJSON + `,"success":true}`, "GET /v1/subscriptions/A%2F1?as-of-date=2026-02-01&charge-detail=specific-segment", "", &read},
		{func() (any, error) {
			return api.GetSubscriptionVersion(ctx, "A/1", "2", &subscriptions.GetSubscriptionVersionParams{ChargeDetail: subscriptions.ChargeDetailAllSegments})
		}, `{"ratePlans":[{"ratePlanCharges":[{"id":"c3","chargeSegments":[` + chargeJSON + `]}]}]}`, "GET /v1/subscriptions/A%2F1/versions/2?charge-detail=all-segments", "",
			&subscriptions.Subscription{RatePlans: []subscriptions.RatePlan{{RatePlanCharges: []subscriptions.Charge{{ID: "c3", ChargeSegments: []subscriptions.Charge{charge()}}}}}}},
		{func() (any, error) {
			return api.ListSubscriptionsByAccount(ctx, "A/1", &subscriptions.ListSubscriptionsByAccountParams{Page: 2, PageSize: 40})
		}, `{"subscriptions":[` + subscriptionJSON + `}],"nextPage":"/v1/subscriptions/accounts/A?page=3","success":true}`,
			"GET /v1/subscriptions/accounts/A%2F1?page=2&pageSize=40", "",
			&subscriptions.SubscriptionList{Subscriptions: []subscriptions.Subscription{subscription()}, NextPage: "/v1/subscriptions/accounts/A?page=3", Success: true}},
		{func() (any, error) {
			return api.UpdateSubscription(ctx, "A/1", subscriptions.SubscriptionUpdate{
				Add: []subscriptions.RatePlanAddition{{ProductRatePlanID: "p2", ContractEffectiveDate: "2026-02-01"}},
				Update: []subscriptions.RatePlanUpdate{{RatePlanID: "r1", ContractEffectiveDate: "2026-02-01", ChargeUpdateDetails: []subscriptions.ChargeUpdate{
					{RatePlanChargeID: "c1", Price: "0.000000000"},
				}}},
				Remove:    []subscriptions.RatePlanRemoval{{RatePlanID: "r2", ContractEffectiveDate: "2026-02-01"}},
				AutoRenew: new(false), Preview: new(true), PreviewType: subscriptions.PreviewTypeLegalDoc, AdditionalProperties: custom,
			})
		}, `{"totalDeltaMrr":"100","invoice":{"amount":278.280000000,"invoiceItems":[{"chargeName":"Seats","quantity":0.5,"serviceEndDate":"2026-02-28"}],"chargeMetrics":[{"mrr":"8.33","number":"C-1"}]},
			"creditMemo":{"amount":-5,"creditMemoItems":[{"chargeAmount":"-5.00","quantity":1.000000000}]},"chargeMetrics":{"mrr":"9","tcv":1},` + result,
			"PUT /v1/subscriptions/A%2F1",
			`{"add":[{"productRatePlanId":"p2","contractEffectiveDate":"2026-02-01"}],
				"update":[{"ratePlanId":"r1","contractEffectiveDate":"2026-02-01","chargeUpdateDetails":[{"ratePlanChargeId":"c1","price":0.000000000}]}],
				"remove":[{"ratePlanId":"r2","contractEffectiveDate":"2026-02-01"}],"autoRenew":false,"preview":true,"previewType":"LegalDoc","Gift__c":true,"notes":null}`,
			&subscriptions.UpdatedSubscription{
				SubscriptionID: "8ad1", TotalDeltaMrr: "100", TotalDeltaTcv: "-703.2258065", InvoiceID: "i1", PaymentID: "p1", PaidAmount: "12.500000000", Success: true,
				Invoice: subscriptions.PreviewedInvoice{
					Amount:        "278.280000000",
					InvoiceItems:  []subscriptions.PreviewedInvoiceItem{{ChargeName: "Seats", Quantity: "0.5", ServiceEndDate: "2026-02-28"}},
					ChargeMetrics: []subscriptions.ChargeMetrics{{Mrr: "8.33", Number: "C-1"}},
				},
				CreditMemo:    subscriptions.PreviewedCreditMemo{Amount: "-5", CreditMemoItems: []subscriptions.PreviewedCreditMemoItem{{ChargeAmount: "-5.00", Quantity: "1.000000000"}}},
				ChargeMetrics: []subscriptions.ChargeMetrics{{Mrr: "9", Tcv: "1"}},
			}},
		{func() (any, error) {
			return api.UpdateSubscription(ctx, "A/1", subscriptions.SubscriptionUpdate{})
		}, `{"success":true}`, "PUT /v1/subscriptions/A%2F1", "{}", &subscriptions.UpdatedSubscription{Success: true}},
		{func() (any, error) {
			return api.RenewSubscription(ctx, "A/1", subscriptions.Renewal{})
		}, `{"termStartDate":"2027-01-31","termEndDate":"2028-01-31","totalDeltaMrr":0.000000000,` + result, "PUT /v1/subscriptions/A%2F1/renew", "{}",
			&subscriptions.RenewedSubscription{
				SubscriptionID: "8ad1", TermStartDate: "2027-01-31", TermEndDate: "2028-01-31", TotalDeltaMrr: "0.000000000",
				TotalDeltaTcv: "-703.2258065", InvoiceID: "i1", PaymentID: "p1", PaidAmount: "12.500000000", Success: true,
			}},
		{func() (any, error) {
			return api.CancelSubscription(ctx, "A/1", subscriptions.Cancellation{
				CancellationPolicy: subscriptions.CancellationPolicySpecificDate, CancellationEffectiveDate: "2026-06-30", InvoiceCollect: new(false),
			})
		}, `{"cancelledDate":"2026-06-30","totalDeltaMrr":0,` + result, "PUT /v1/subscriptions/A%2F1/cancel",
			`{"cancellationPolicy":"SpecificDate","cancellationEffectiveDate":"2026-06-30","invoiceCollect":false}`,
			&subscriptions.CancelledSubscription{
				SubscriptionID: "8ad1", CancelledDate: "2026-06-30", TotalDeltaMrr: "0",
				TotalDeltaTcv: "-703.2258065", InvoiceID: "i1", PaymentID: "p1", PaidAmount: "12.500000000", Success: true,
			}},
		{func() (any, error) {
			return api.SuspendSubscription(ctx, "A/1", subscriptions.Suspension{
				SuspendPolicy: subscriptions.SuspendPolicyToday, Resume: new(true), ResumePolicy: subscriptions.ResumePolicyFixedPeriodsFromSuspendDate,
				ResumePeriods: "2", ResumePeriodsType: subscriptions.PeriodTypeWeek, ExtendsTerm: new(false),
			})
		}, `{"suspendDate":"2026-02-01","resumeDate":"2026-02-15","termEndDate":"2027-01-31",` + result, "PUT /v1/subscriptions/A%2F1/suspend",
			`{"suspendPolicy":"Today","resume":true,"resumePolicy":"FixedPeriodsFromSuspendDate","resumePeriods":"2","resumePeriodsType":"Week","extendsTerm":false}`,
			&subscriptions.SuspendedSubscription{
				SubscriptionID: "8ad1", SuspendDate: "2026-02-01", ResumeDate: "2026-02-15", TermEndDate: "2027-01-31",
				TotalDeltaTcv: "-703.2258065", InvoiceID: "i1", PaymentID: "p1", PaidAmount: "12.500000000", Success: true,
			}},
		{func() (any, error) {
			return api.ResumeSubscription(ctx, "A/1", subscriptions.Resumption{ResumePolicy: subscriptions.ResumePolicySpecificDate, ResumeSpecificDate: "2026-02-15"})
		}, `{"resumeDate":"2026-02-15","termEndDate":"2027-02-14",` + result, "PUT /v1/subscriptions/A%2F1/resume", `{"resumePolicy":"SpecificDate","resumeSpecificDate":"2026-02-15"}`,
			&subscriptions.ResumedSubscription{
				SubscriptionID: "8ad1", ResumeDate: "2026-02-15", TermEndDate: "2027-02-14",
				TotalDeltaTcv: "-703.2258065", InvoiceID: "i1", PaymentID: "p1", PaidAmount: "12.500000000", Success: true,
			}},
		{func() (any, error) {
			return api.PreviewSubscription(ctx, subscriptions.PreviewRequest{
				TermType: subscriptions.TermTypeEvergreen, ContractEffectiveDate: "2026-01-31", SubscribeToRatePlans: []subscriptions.NewRatePlan{{ProductRatePlanID: "p1"}},
				PreviewAccountInfo: &subscriptions.PreviewAccount{
					Currency: "EUR", BillCycleDay: new(int64(0)), BillToContact: subscriptions.PreviewContact{City: "Basel", Country: "CH"},
					AdditionalProperties: map[string]zuora.Value{"Region__c": `"EU"`},
				},
			})
		}, `{"contractedMrr":100,"amount":278.280000000,"taxAmount":0E-9,"invoiceItems":[{"chargeAmount":51.61,"taxAmount":5.16,"quantity":1,"unitOfMeasure":""}],"invoiceTargetDate":"2026-01-31","success":true}`,
			"POST /v1/subscriptions/preview",
			`{"termType":"EVERGREEN","contractEffectiveDate":"2026-01-31","subscribeToRatePlans":[{"productRatePlanId":"p1"}],
				"previewAccountInfo":{"currency":"EUR","billCycleDay":0,"billToContact":{"city":"Basel","country":"CH"},"Region__c":"EU"}}`,
			&subscriptions.Preview{
				ContractedMrr: "100", Amount: "278.280000000", TaxAmount: "0E-9", InvoiceTargetDate: "2026-01-31", Success: true,
				InvoiceItems: []subscriptions.PreviewedInvoiceItem{{ChargeAmount: "51.61", TaxAmount: "5.16", Quantity: "1"}},
			}},
		{func() (any, error) {
			return api.UpdateSubscriptionCustomFields(ctx, "A/1", "2", subscriptions.CustomFields{
				CustomFields: custom,
				RatePlans: []subscriptions.RatePlanCustomFields{{RatePlanID: "r1", CustomFields: map[string]zuora.Value{"Level__c": "2"}, Charges: []subscriptions.ChargeCustomFields{
					{ChargeNumber: "C-1", CustomFields: map[string]zuora.Value{"Region__c": zuora.Null}},
				}}},
			})
		}, `{"success":true}`, "PUT /v1/subscriptions/A%2F1/versions/2/customFields",
			`{"customFields":{"Gift__c":true,"notes":null},"ratePlans":[{"ratePlanId":"r1","customFields":{"Level__c":2},"charges":[{"chargeNumber":"C-1","customFields":{"Region__c":null}}]}]}`,
			&zuora.CommonResponseType{Success: true}},
	} {
		response = c.response
		got, err := c.call()
		if assert.NoError(t, err, c.request) {
			assert.Equal(t, c.want, got, c.request)
		}
		assert.Equal(t, c.request, request)
		if c.body == "" {
			assert.Empty(t, body, c.request)
		} else {
			assert.Equal(t, decoded(t, c.body), decoded(t, body), c.request)
		}
	}
}

func TestListsAreReadToTheEnd(t *testing.T) {
	server, api := newAPI(t)
	server.HandleFunc("GET /v1/subscriptions/accounts/A1", func(w http.ResponseWriter, r *http.Request) {
		page := map[string]string{
			"charge-detail=all-segments":        `{"subscriptions":[{"id":"1"},{"id":"2"}],"nextPage":"https://rest.zuora.com/v1/subscriptions/accounts/A1?page=2&charge-detail=all-segments","success":true}`,
			"page=2&charge-detail=all-segments": `{"subscriptions":[{"id":"3"}],"nextPage":"/v1/subscriptions/accounts/A1?page=3","success":true}`,
			"page=3":                            `{"subscriptions":[{"id":"4"}],"success":true}`,
		}[r.URL.RawQuery]
		zuoratest.Answer(http.StatusOK, "application/json", page).ServeHTTP(w, r)
	})
	var ids []string
	params := &subscriptions.ListSubscriptionsByAccountParams{ChargeDetail: subscriptions.ChargeDetailAllSegments}
	for subscription, err := range api.AllSubscriptionsByAccount(t.Context(), "A1", params) {
		require.NoError(t, err)
		ids = append(ids, subscription.ID)
	}
	assert.Equal(t, []string{"1", "2", "3", "4"}, ids)
}

func Example() {
	server := zuoratest.NewServer(zuoratest.Config{})
	defer server.Close()
	server.Handle("POST /v1/subscriptions", zuoratest.Answer(200, "application/json", `{"success":true,"subscriptionNumber":"A-S00000041"}`))
	server.Handle("GET /v1/subscriptions/accounts/A00000001", zuoratest.Answer(200, "application/json",
		`{"success":true,"subscriptions":[{"subscriptionNumber":"A-S00000041","status":"Active","contractedMrr":25.000000000}]}`))
	server.Handle("PUT /v1/subscriptions/A-S00000041/cancel", zuoratest.Answer(200, "application/json", `{"success":true,"cancelledDate":"2027-03-01"}`))
	session, err := zuora.NewSession(zuora.SessionConfig{Server: server.URL, Credentials: server.Credentials(), Base: server.Client().Transport})
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()

	ctx, api := context.Background(), subscriptions.New(session)
	created, err := api.CreateSubscription(ctx, subscriptions.NewSubscription{
		AccountKey: "A00000001", ContractEffectiveDate: "2026-03-01",
		TermType: subscriptions.TermTypeTermed, InitialTerm: new(int64(12)), RenewalTerm: new(int64(12)), AutoRenew: new(true),
		SubscribeToRatePlans: []subscriptions.NewRatePlan{{ProductRatePlanID: "8ad08f7c5bbd2b3d015bc7f2b0c40cf3"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	for subscription, err := range api.AllSubscriptionsByAccount(ctx, "A00000001", nil) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(subscription.SubscriptionNumber, subscription.Status, subscription.ContractedMrr)
	}
	cancelled, err := api.CancelSubscription(ctx, created.SubscriptionNumber, subscriptions.Cancellation{
		CancellationPolicy: subscriptions.CancellationPolicyEndOfCurrentTerm,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("ends on", cancelled.CancelledDate)
	// Output:
	// A-S00000041 Active 25.000000000
	// ends on 2027-03-01
}
