package conformance

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/orders"
	"github.com/zuora-go/zuora/typed"
)

// The examples of the document's orders, as a user writes them in Go. The values are
// ours: the test compares the members and their kinds.
func TestOrdersAsUsersWriteThem(t *testing.T) {
	const day zuora.Date = "2026-03-01"
	line := orders.OrderLineItem{
		ItemName: "router", ItemType: orders.LineItemTypeProduct, Quantity: "3", AmountPerUnit: "40", ListPricePerUnit: "45.50",
		Description: "with four ports", ProductCode: "R-4", PurchaseOrderNumber: "4711", TransactionDate: day, BillingTrigger: "BillImmediately",
		TaxCode: "T1", TaxMode: orders.TaxModeInclusive,
		RevenueRecognitionRule: "on invoice", RecognizedRevenueAccountingCode: "4000", DeferredRevenueAccountingCode: "3900",
		CustomFields: map[string]zuora.Value{"someField__c": zuora.ValueOf("EU")},
	}
	year := &orders.Terms{
		InitialTerm: orders.Term{TermType: orders.TermTypeTermed, Period: new(int64(12)), PeriodType: orders.PeriodTypeMonth, StartDate: day},
		AutoRenew:   new(true), RenewalSetting: orders.RenewalSettingSpecificTerm,
		RenewalTerms: []orders.RenewalTerm{{Period: new(int64(12)), PeriodType: orders.PeriodTypeMonth}},
	}
	create := func(number string, plan orders.AddProduct, dates ...orders.TriggerDate) orders.OrderSubscription {
		return orders.OrderSubscription{OrderActions: []orders.OrderAction{{
			Type: orders.ActionTypeCreateSubscription, TriggerDates: dates,
			CreateSubscription: &orders.CreateSubscription{SubscriptionNumber: number, Terms: year, SubscribeToRatePlans: []orders.AddProduct{plan}},
		}}}
	}
	change := func(number string, action orders.OrderAction) orders.OrderSubscription {
		action.TriggerDates = orders.TriggerDatesOn(day)
		return orders.OrderSubscription{SubscriptionNumber: number, OrderActions: []orders.OrderAction{action}}
	}
	dates := orders.TriggerDatesOn(day)
	plan := orders.AddProduct{ProductRatePlanID: "p1"}
	order := orders.NewOrder{
		OrderDate: day, ExistingAccountNumber: "A1", OrderNumber: "O-1", Description: "an order",
		OrderLineItems:    []orders.OrderLineItem{line},
		ProcessingOptions: &orders.ProcessingOptions{RunBilling: new(true), CollectPayment: new(true), ApplyCreditBalance: new(true), BillingOptions: &orders.BillingOptions{TargetDate: day}},
		Subscriptions: []orders.OrderSubscription{
			create("S-1", plan, dates[0]),
			create("S-2", plan, dates[1]),
			create("S-3", plan, dates[1:]...),
			create("S-4", orders.AddProduct{
				ProductRatePlanID: "p2", UniqueToken: "monthly",
				ChargeOverrides: []orders.ChargeOverride{{ProductRatePlanChargeID: "c2", StartDate: &orders.ChargeStart{TriggerEvent: orders.TriggerEventSpecificDate}}},
			}, dates[1:]...),
			change("S-5", orders.OrderAction{Type: orders.ActionTypeSuspend, Suspend: &orders.Suspend{
				SuspendPolicy: orders.SuspendPolicyFixedPeriodsFromToday, SuspendPeriods: new(int64(2)), SuspendPeriodsType: orders.PeriodTypeWeek,
			}}),
			change("S-6", orders.OrderAction{Type: orders.ActionTypeResume, Resume: &orders.Resume{
				ResumePolicy: orders.ResumePolicySpecificDate, ResumeSpecificDate: day, ExtendsTerm: new(true),
			}}),
		},
	}
	preview := orders.PreviewRequest{
		OrderDate: day, ExistingAccountNumber: "A1", Description: "an order", OrderLineItems: []orders.OrderLineItem{line},
		PreviewOptions: orders.PreviewOptions{
			PreviewTypes:    []orders.PreviewType{orders.PreviewTypeOrderMetrics, orders.PreviewTypeBillingDocs, orders.PreviewTypeChargeMetrics},
			PreviewThruType: orders.PreviewThruSpecificDate, SpecificPreviewThruDate: day,
		},
		Subscriptions: []orders.OrderSubscription{
			change("S-1", orders.OrderAction{Type: orders.ActionTypeUpdateProduct, UpdateProduct: &orders.UpdateProduct{
				RatePlanID:    "r1",
				ChargeUpdates: []orders.ChargeUpdate{{ChargeNumber: "C-1", Pricing: &orders.Pricing{RecurringPerUnit: &orders.PerUnitPricing{ListPrice: "20"}}}},
			}}),
			change("S-2", orders.OrderAction{Type: orders.ActionTypeSuspend, Suspend: &orders.Suspend{SuspendPolicy: orders.SuspendPolicyToday}}),
			change("S-3", orders.OrderAction{Type: orders.ActionTypeResume, Resume: &orders.Resume{
				ResumePolicy: orders.ResumePolicyFixedPeriodsFromSuspendDate, ResumePeriods: new(int64(10)), ResumePeriodsType: orders.PeriodTypeDay, ExtendsTerm: new(true),
			}}),
		},
	}
	pending := orders.TriggerDatesUpdate{Subscriptions: []orders.SubscriptionTriggerDates{{
		SubscriptionNumber: "S-1",
		OrderActions: []orders.ActionTriggerDates{{
			Sequence: new(int64(0)), TriggerDates: dates[2:], Charges: []orders.ChargeTriggerDate{{ChargeNumber: "C-1", SpecificTriggerDate: day}},
		}},
	}}}

	theirs, total := published(t), 0
	for _, test := range []struct {
		method, path string
		ours         any
	}{
		{"post", "/v1/orders", order},
		{"post", "/v1/async/orders", order},
		{"post", "/v1/orders/preview", preview},
		{"post", "/v1/async/orders/preview", preview},
		{"put", "/v1/orders/{orderNumber}/triggerDates", pending},
	} {
		for _, content := range theirs.object(theirs["paths"], test.path, test.method, "requestBody", "content") {
			for _, example := range theirs.examples(content) {
				total++
				text, err := typed.Marshal(test.ours)
				require.NoError(t, err)
				var ours any
				require.NoError(t, json.Unmarshal(text, &ours))
				assert.Equal(t, shape(example), shape(ours), test.path)
			}
		}
	}
	assert.GreaterOrEqual(t, total, 5, "examples")
}

// shape returns v with its scalars replaced by their kinds. An empty object is left
// out, and chargeAmountPerUnit, by which an example means amountPerUnit, renamed.
func shape(v any) any {
	switch v := v.(type) {
	case map[string]any:
		members := map[string]any{}
		for name, member := range v {
			if object, is := member.(map[string]any); is && len(object) == 0 {
				continue
			}
			if name == "chargeAmountPerUnit" {
				name = "amountPerUnit"
			}
			members[name] = shape(member)
		}
		return members
	case []any:
		items := make([]any, len(v))
		for i, item := range v {
			items[i] = shape(item)
		}
		return items
	case bool:
		return "a bool"
	case string:
		return "a string"
	default:
		return "a number"
	}
}
