package typed_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/typed"
)

// A catalog page, as generated types have it, and as plain structs do, which lose
// what they have no field for.
type (
	catalog struct {
		Products             []product              `json:"products,omitempty,omitzero"`
		NextPage             string                 `json:"nextPage,omitempty,omitzero"`
		Success              bool                   `json:"success,omitempty,omitzero"`
		AdditionalProperties map[string]zuora.Value `json:"-"`
	}
	product struct {
		ID                   string                 `json:"id,omitempty,omitzero"`
		Sku                  string                 `json:"sku,omitempty,omitzero"`
		Name                 string                 `json:"name,omitempty,omitzero"`
		Description          string                 `json:"description,omitempty,omitzero"`
		EffectiveStartDate   zuora.Date             `json:"effectiveStartDate,omitempty,omitzero"`
		EffectiveEndDate     zuora.Date             `json:"effectiveEndDate,omitempty,omitzero"`
		ProductRatePlans     []ratePlan             `json:"productRatePlans,omitempty,omitzero"`
		AdditionalProperties map[string]zuora.Value `json:"-"`
	}
	ratePlan struct {
		ID                   string                 `json:"id,omitempty,omitzero"`
		Status               status                 `json:"status,omitempty,omitzero"`
		Name                 string                 `json:"name,omitempty,omitzero"`
		Charges              []charge               `json:"productRatePlanCharges,omitempty,omitzero"`
		AdditionalProperties map[string]zuora.Value `json:"-"`
	}
	charge struct {
		ID                   string                 `json:"id,omitempty,omitzero"`
		Name                 string                 `json:"name,omitempty,omitzero"`
		Type                 string                 `json:"type,omitempty,omitzero"`
		Model                string                 `json:"model,omitempty,omitzero"`
		UOM                  string                 `json:"uom,omitempty,omitzero"`
		PricingSummary       []string               `json:"pricingSummary,omitempty,omitzero"`
		Pricing              []price                `json:"pricing,omitempty,omitzero"`
		BillingDay           string                 `json:"billingDay,omitempty,omitzero"`
		Taxable              bool                   `json:"taxable,omitempty,omitzero"`
		NumberOfPeriods      int64                  `json:"numberOfPeriods,omitempty,omitzero"`
		AdditionalProperties map[string]zuora.Value `json:"-"`
	}
	price struct {
		Currency             string                 `json:"currency,omitempty,omitzero"`
		Price                zuora.Decimal          `json:"price,omitempty,omitzero"`
		IncludedUnits        zuora.Decimal          `json:"includedUnits,omitempty,omitzero"`
		AdditionalProperties map[string]zuora.Value `json:"-"`
	}
)

type (
	plainCatalog struct {
		Products []plainProduct `json:"products,omitzero"`
		NextPage string         `json:"nextPage,omitzero"`
		Success  bool           `json:"success,omitzero"`
	}
	plainProduct struct {
		ID                 string          `json:"id,omitzero"`
		Sku                string          `json:"sku,omitzero"`
		Name               string          `json:"name,omitzero"`
		Description        string          `json:"description,omitzero"`
		EffectiveStartDate string          `json:"effectiveStartDate,omitzero"`
		EffectiveEndDate   string          `json:"effectiveEndDate,omitzero"`
		ProductRatePlans   []plainRatePlan `json:"productRatePlans,omitzero"`
	}
	plainRatePlan struct {
		ID      string        `json:"id,omitzero"`
		Status  string        `json:"status,omitzero"`
		Name    string        `json:"name,omitzero"`
		Charges []plainCharge `json:"productRatePlanCharges,omitzero"`
	}
	plainCharge struct {
		ID              string       `json:"id,omitzero"`
		Name            string       `json:"name,omitzero"`
		Type            string       `json:"type,omitzero"`
		Model           string       `json:"model,omitzero"`
		UOM             string       `json:"uom,omitzero"`
		PricingSummary  []string     `json:"pricingSummary,omitzero"`
		Pricing         []plainPrice `json:"pricing,omitzero"`
		BillingDay      string       `json:"billingDay,omitzero"`
		Taxable         bool         `json:"taxable,omitzero"`
		NumberOfPeriods int64        `json:"numberOfPeriods,omitzero"`
	}
	plainPrice struct {
		Currency      string      `json:"currency,omitzero"`
		Price         json.Number `json:"price,omitzero"`
		IncludedUnits json.Number `json:"includedUnits,omitzero"`
	}
)

// catalogPage is about 500 KB.
func catalogPage() []byte {
	var b strings.Builder
	b.WriteString(`{"products":[`)
	for p := range 40 {
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

func BenchmarkUnmarshal(b *testing.B) {
	page := catalogPage()
	for name, read := range map[string]func() error{
		"typed": func() error { return typed.Unmarshal(page, new(catalog)) },
		"plain": func() error { return json.Unmarshal(page, new(plainCatalog)) },
		"map":   func() error { return json.Unmarshal(page, new(map[string]any)) },
	} {
		b.Run("client="+name, func(b *testing.B) {
			b.SetBytes(int64(len(page)))
			b.ReportAllocs()
			for b.Loop() {
				require.NoError(b, read())
			}
		})
	}
}

func BenchmarkMarshal(b *testing.B) {
	var page catalog
	var plain plainCatalog
	require.NoError(b, typed.Unmarshal(catalogPage(), &page))
	require.NoError(b, json.Unmarshal(catalogPage(), &plain))
	for name, write := range map[string]func() ([]byte, error){
		"typed": func() ([]byte, error) { return typed.Marshal(&page) },
		"plain": func() ([]byte, error) { return json.Marshal(&plain) },
	} {
		b.Run("client="+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				text, err := write()
				require.NoError(b, err)
				b.SetBytes(int64(len(text)))
			}
		})
	}
}
