package zuora_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/catalog"
	"github.com/zuora-go/zuora/api/orders"
	"github.com/zuora-go/zuora/typed"
)

// plainOf returns t as a program without this module declares it: structs without
// methods, which lose what they have no field for, and no type that this module has.
func plainOf(t reflect.Type) reflect.Type {
	switch {
	case t == reflect.TypeFor[zuora.Decimal]():
		return reflect.TypeFor[json.Number]()
	case t == reflect.TypeFor[zuora.Value]():
		return reflect.TypeFor[json.RawMessage]()
	}
	switch t.Kind() {
	case reflect.String:
		return reflect.TypeFor[string]()
	case reflect.Pointer:
		return reflect.PointerTo(plainOf(t.Elem()))
	case reflect.Slice:
		return reflect.SliceOf(plainOf(t.Elem()))
	case reflect.Map:
		return reflect.MapOf(plainOf(t.Key()), plainOf(t.Elem()))
	case reflect.Struct:
		var fields []reflect.StructField
		for i := range t.NumField() {
			if f := t.Field(i); f.Tag.Get("json") != "-" {
				fields = append(fields, reflect.StructField{Name: f.Name, Type: plainOf(f.Type), Tag: f.Tag})
			}
		}
		return reflect.StructOf(fields)
	}
	return t
}

// catalogPage is about 500 KB.
func catalogPage() []byte {
	var b strings.Builder
	b.WriteString(`{"products":[`)
	for p := range 56 {
		if p > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":"2c92c0f84b%022d","sku":"SKU-%08d","name":"Product %d","description":"What product %d is for","effectiveStartDate":"2017-03-01","effectiveEndDate":"2030-03-01","Region__c":"EU","productFeatures":[],"productRatePlans":[`, p, p, p, p)
		for r := range 4 {
			if r > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `{"id":"2c92c0f84c%022d","status":"Active","name":"Plan %d","description":null,"Kind__c":null,"productRatePlanCharges":[`, r, r)
			for c := range 4 {
				if c > 0 {
					b.WriteByte(',')
				}
				fmt.Fprintf(&b, `{"id":"2c92c0f84d%022d","name":"Charge %d","type":"Recurring","model":"FlatFee","uom":"","pricingSummary":["USD%d.50"],"pricing":[{"currency":"USD","price":%d.500000000,"tiers":null,"includedUnits":0.000000000},{"currency":"EUR","price":%d.400000000,"tiers":null,"includedUnits":0.000000000}],"defaultQuantity":null,"applyDiscountTo":null,"taxable":false,"billingDay":"DefaultFromCustomer","listPriceBase":"Month","numberOfPeriods":%d,"Account_Code__c":"4000","smoothingModel":null,"revRecCode":null}`, c, c, c, c, c, c)
			}
			b.WriteString(`]}`)
		}
		b.WriteString(`]}`)
	}
	b.WriteString(`],"nextPage":"https://rest.zuora.com/v1/catalog/products?page=2","success":true}`)
	return []byte(b.String())
}

// A catalog page into the types of api/catalog, which keep unknown members, beside
// encoding/json into the same structs, which lose them, and into a map.
func BenchmarkCatalogPage(b *testing.B) {
	page := catalogPage()
	plain := plainOf(reflect.TypeFor[catalog.ProductList]())
	for _, way := range []struct {
		name string
		read func() error
	}{
		{"plain", func() error { return json.Unmarshal(page, reflect.New(plain).Interface()) }},
		{"typed", func() error { return typed.Unmarshal(page, new(catalog.ProductList)) }},
		{"map", func() error { return json.Unmarshal(page, new(map[string]any)) }},
	} {
		b.Run("client="+way.name, func(b *testing.B) {
			b.SetBytes(int64(len(page)))
			b.ReportAllocs()
			for b.Loop() {
				if err := way.read(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// largeOrder is an order of 50 subscriptions with six charges each, and custom fields.
func largeOrder() orders.NewOrder {
	order := orders.NewOrder{
		ExistingAccountNumber: "A00000001", OrderDate: "2026-03-01",
		ProcessingOptions: &orders.ProcessingOptions{RunBilling: new(true), CollectPayment: new(false)},
	}
	for s := range 50 {
		create := &orders.CreateSubscription{Terms: &orders.Terms{
			InitialTerm:  orders.Term{TermType: orders.TermTypeTermed, Period: new(int64(12)), PeriodType: orders.PeriodTypeMonth},
			AutoRenew:    new(true),
			RenewalTerms: []orders.RenewalTerm{{Period: new(int64(12)), PeriodType: orders.PeriodTypeMonth}},
		}}
		for p := range 2 {
			plan := orders.AddProduct{ProductRatePlanID: fmt.Sprintf("2c92c0f84c%022d", p)}
			for c := range 3 {
				plan.ChargeOverrides = append(plan.ChargeOverrides, orders.ChargeOverride{
					ProductRatePlanChargeID: fmt.Sprintf("2c92c0f84d%022d", c),
					Description:             "A charge with a price of its own",
					Pricing:                 &orders.Pricing{RecurringPerUnit: &orders.PerUnitPricing{ListPrice: "9.50", Quantity: "3"}},
					CustomFields:            map[string]zuora.Value{"Region__c": zuora.ValueOf("EU"), "Seats__c": zuora.ValueOf(3)},
					AdditionalProperties:    map[string]zuora.Value{"newerField": zuora.ValueOf("x")},
				})
			}
			create.SubscribeToRatePlans = append(create.SubscribeToRatePlans, plan)
		}
		order.Subscriptions = append(order.Subscriptions, orders.OrderSubscription{
			SubscriptionNumber: fmt.Sprintf("A-S%08d", s),
			OrderActions: []orders.OrderAction{{
				Type: orders.ActionTypeCreateSubscription, TriggerDates: orders.TriggerDatesOn("2026-03-01"), CreateSubscription: create,
			}},
		})
	}
	return order
}

// A large order to JSON, beside encoding/json with the same structs, which have no
// place for the additional properties.
func BenchmarkOrder(b *testing.B) {
	order := largeOrder()
	text, err := typed.Marshal(&order)
	require.NoError(b, err)
	plain := reflect.New(plainOf(reflect.TypeFor[orders.NewOrder]())).Interface()
	require.NoError(b, json.Unmarshal(text, plain))
	for _, way := range []struct {
		name  string
		write func() ([]byte, error)
	}{
		{"plain", func() ([]byte, error) { return json.Marshal(plain) }},
		{"typed", func() ([]byte, error) { return typed.Marshal(&order) }},
	} {
		b.Run("client="+way.name, func(b *testing.B) {
			text, err := way.write()
			require.NoError(b, err)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := way.write(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
