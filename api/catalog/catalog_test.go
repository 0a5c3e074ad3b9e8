package catalog_test

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
	"github.com/zuora-go/zuora/api/catalog"
	"github.com/zuora-go/zuora/zuoratest"
)

func newAPI(t *testing.T) (*zuoratest.Server, *catalog.API) {
	server := zuoratest.NewServer(zuoratest.Config{})
	t.Cleanup(server.Close)
	session, err := zuora.NewSession(zuora.SessionConfig{Server: server.URL, Credentials: server.Credentials(), Base: server.Client().Transport})
	require.NoError(t, err)
	t.Cleanup(func() { _ = session.Close() })
	return server, catalog.New(session)
}

const (
	chargeJSON = `{"id":"c1","name":"Seats","type":"Recurring","model":"Tiered","uom":null,"pricingSummary":["EUR9.99"],
		"pricing":[{"currency":"EUR","price":null,"tiers":[{"tier":1,"startingUnit":"0","endingUnit":10.500000000,"price":9.990000000,"priceFormat":"PerUnit"}]}],
		"endDateCondition":"Subscription_End","upToPeriods":null,"specificBillingPeriod":6,"taxable":true,"taxMode":"TaxInclusive","triggerEvent":"ContractEffective",
		"financeInformation":{"deferredRevenueAccountingCode":"Deferred"},"productDiscountApplyDetails":[],"Region__c":"EU"}`
	planJSON    = `{"id":"p1","status":"Active","name":"Monthly","description":"","effectiveStartDate":"2026-01-01","productRatePlanCharges":[` + chargeJSON + `],"Level__c":null}`
	productJSON = `{"id":"1","sku":"SKU-1","name":"Paper","category":null,"effectiveStartDate":"2026-01-01","allowFeatureChanges":true,
		"productRatePlans":[` + planJSON + `],"productFeatures":[{"id":"f1","code":"PDF"}],"Tier__c":2.50}`
)

var (
	charge = catalog.RatePlanCharge{
		ID: "c1", Name: "Seats", Type: catalog.ChargeTypeRecurring, Model: catalog.ChargeModelTiered, PricingSummary: []string{"EUR9.99"},
		Pricing:          []catalog.Pricing{{Currency: "EUR", Tiers: []catalog.Tier{{Tier: 1, StartingUnit: "0", EndingUnit: "10.500000000", Price: "9.990000000", PriceFormat: "PerUnit"}}}},
		EndDateCondition: "Subscription_End", SpecificBillingPeriod: 6, Taxable: true, TaxMode: catalog.TaxModeTaxInclusive, TriggerEvent: catalog.TriggerEventContractEffective,
		FinanceInformation:          catalog.FinanceInformation{DeferredRevenueAccountingCode: "Deferred"},
		ProductDiscountApplyDetails: []catalog.DiscountTarget{},
		AdditionalProperties:        map[string]zuora.Value{"Region__c": `"EU"`},
	}
	plan = catalog.RatePlan{
		ID: "p1", Status: catalog.RatePlanStatusActive, Name: "Monthly", EffectiveStartDate: "2026-01-01", ProductRatePlanCharges: []catalog.RatePlanCharge{charge},
	}
	product = catalog.Product{
		ID: "1", SKU: "SKU-1", Name: "Paper", EffectiveStartDate: "2026-01-01", AllowFeatureChanges: true, ProductRatePlans: []catalog.RatePlan{plan},
		ProductFeatures:      []catalog.Feature{{ID: "f1", Code: "PDF"}},
		AdditionalProperties: map[string]zuora.Value{"Tier__c": "2.50"},
	}
)

const (
	saved   = `{"Success":true,"Id":"9"}`
	deleted = `{"success":true,"id":"9"}`
)

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
		request, body = r.Method+" "+r.URL.RequestURI(), string(sent)
		zuoratest.Answer(200, "application/json", response).ServeHTTP(w, r)
	})
	custom := map[string]zuora.Value{"Region__c": zuora.ValueOf("EU"), "Tier__c": zuora.Null}
	ctx := t.Context()
	for _, c := range []struct {
		call                    func() (any, error)
		response, request, body string
		want                    any
	}{
		{func() (any, error) { return api.ListProducts(ctx, &catalog.ListProductsParams{Page: 2, PageSize: 40}) },
			`{"products":[` + productJSON + `],"nextPage":"/v1/catalog/products?page=3&pageSize=40","success":true}`,
			"GET /v1/catalog/products?page=2&pageSize=40", "",
			&catalog.ProductList{Products: []catalog.Product{product}, NextPage: "/v1/catalog/products?page=3&pageSize=40", Success: true}},
		{func() (any, error) { return api.GetProduct(ctx, "A/1", nil) },
			productJSON, "GET /v1/catalog/product/A%2F1", "", &product},
		{func() (any, error) {
			return api.ListProductRatePlans(ctx, "A/1", &catalog.ListProductRatePlansParams{PageSize: 5})
		},
			`{"productRatePlans":[` + planJSON + `],"success":true}`, "GET /v1/rateplan/A%2F1/productRatePlan?pageSize=5", "",
			&catalog.RatePlanList{ProductRatePlans: []catalog.RatePlan{plan}, Success: true}},

		{func() (any, error) {
			return api.CreateProduct(ctx, catalog.NewProduct{
				Name: "Paper", EffectiveStartDate: "2026-01-01", EffectiveEndDate: "2036-01-01", AllowFeatureChanges: new(false), AdditionalProperties: custom,
			}, &catalog.CreateProductParams{RejectUnknownFields: true})
		}, saved, "POST /v1/object/product?rejectUnknownFields=true",
			`{"Name":"Paper","EffectiveStartDate":"2026-01-01","EffectiveEndDate":"2036-01-01","AllowFeatureChanges":false,"Region__c":"EU","Tier__c":null}`,
			&catalog.SaveResult{ID: "9", Success: true}},
		{func() (any, error) {
			return api.GetProductRecord(ctx, "A/1", &catalog.GetProductRecordParams{Fields: "Id,Name"})
		},
			`{"Id":"1","Name":"Paper","SKU":"SKU-1","EffectiveStartDate":"2026-01-01T00:00:00.000-08:00","AllowFeatureChanges":false,"CreatedDate":"2026-01-02T10:59:22.000-08:00","Category":"","Tier__c":2.50}`,
			"GET /v1/object/product/A%2F1?fields=Id%2CName", "",
			&catalog.ProductRecord{ID: "1", Name: "Paper", SKU: "SKU-1", EffectiveStartDate: "2026-01-01T00:00:00.000-08:00", CreatedDate: "2026-01-02T10:59:22.000-08:00", AdditionalProperties: map[string]zuora.Value{"Tier__c": "2.50"}}},
		{func() (any, error) { return api.UpdateProduct(ctx, "A/1", catalog.ProductUpdate{Name: "Card"}, nil) },
			saved, "PUT /v1/object/product/A%2F1", `{"Name":"Card"}`, &catalog.SaveResult{ID: "9", Success: true}},
		{func() (any, error) { return api.DeleteProduct(ctx, "A/1") },
			deleted, "DELETE /v1/object/product/A%2F1", "", &catalog.DeleteResult{ID: "9", Success: true}},

		{func() (any, error) {
			return api.CreateProductRatePlan(ctx, catalog.NewRatePlan{ProductID: "1", Name: "Monthly", ActiveCurrencies: []string{"EUR", "USD"}}, nil)
		}, saved, "POST /v1/object/product-rate-plan", `{"ProductId":"1","Name":"Monthly","ActiveCurrencies":["EUR","USD"]}`, &catalog.SaveResult{ID: "9", Success: true}},
		{func() (any, error) { return api.GetProductRatePlan(ctx, "A/1", nil) },
			`{"Id":"p1","ProductId":"1","Name":"Monthly","ActiveCurrencies":"EUR","EffectiveEndDate":null,"Level__c":"top"}`, "GET /v1/object/product-rate-plan/A%2F1", "",
			&catalog.RatePlanRecord{ID: "p1", ProductID: "1", Name: "Monthly", ActiveCurrencies: []string{"EUR"}, AdditionalProperties: map[string]zuora.Value{"Level__c": `"top"`}}},
		{func() (any, error) {
			return api.UpdateProductRatePlan(ctx, "A/1", catalog.RatePlanUpdate{EffectiveEndDate: "2027-01-01", ActiveCurrencies: []string{}}, nil)
		}, saved, "PUT /v1/object/product-rate-plan/A%2F1", `{"EffectiveEndDate":"2027-01-01","ActiveCurrencies":[]}`, &catalog.SaveResult{ID: "9", Success: true}},
		{func() (any, error) { return api.DeleteProductRatePlan(ctx, "A/1") },
			deleted, "DELETE /v1/object/product-rate-plan/A%2F1", "", &catalog.DeleteResult{ID: "9", Success: true}},

		{func() (any, error) {
			return api.CreateProductRatePlanCharge(ctx, catalog.NewRatePlanCharge{
				ProductRatePlanID: "p1", Name: "Seats", ChargeType: catalog.ChargeTypeRecurring, ChargeModel: "Tiered Pricing", UOM: "Each",
				BillCycleType: "SpecificDayofMonth", BillCycleDay: new(int64(31)), BillingPeriod: "Month", TriggerEvent: catalog.TriggerEventContractEffective, Taxable: new(false),
				ProductRatePlanChargeTierData: catalog.TierData{ProductRatePlanChargeTier: []catalog.NewTier{
					{Currency: "EUR", StartingUnit: "0", EndingUnit: "10.5", Price: "12345678901234567.890", PriceFormat: catalog.PriceFormatPerUnit, IsOveragePrice: new(false)},
				}},
				ChargeModelConfiguration: &catalog.ChargeModelConfiguration{ConfigurationItem: []catalog.ConfigurationItem{{Key: "formula", Value: "usageQuantity()*10"}}},
			}, nil)
		}, saved, "POST /v1/object/product-rate-plan-charge",
			`{"ProductRatePlanId":"p1","Name":"Seats","ChargeType":"Recurring","ChargeModel":"Tiered Pricing","UOM":"Each","BillCycleType":"SpecificDayofMonth","BillCycleDay":31,
				"BillingPeriod":"Month","TriggerEvent":"ContractEffective","Taxable":false,
				"ProductRatePlanChargeTierData":{"ProductRatePlanChargeTier":[{"Currency":"EUR","StartingUnit":0,"EndingUnit":10.5,"Price":12345678901234567.890,"PriceFormat":"Per Unit","IsOveragePrice":false}]},
				"ChargeModelConfiguration":{"ConfigurationItem":[{"Key":"formula","Value":"usageQuantity()*10"}]}}`,
			&catalog.SaveResult{ID: "9", Success: true}},
		{func() (any, error) { return api.GetProductRatePlanCharge(ctx, "A/1", nil) },
			`{"Id":"c1","ChargeModel":"Flat Fee Pricing","BillCycleDay":1,"DefaultQuantity":1.000000000,"PriceIncreasePercentage":0E-9,"Taxable":"false","UpToPeriods":"","Region__c":"EU"}`,
			"GET /v1/object/product-rate-plan-charge/A%2F1", "",
			&catalog.RatePlanChargeRecord{ID: "c1", ChargeModel: "Flat Fee Pricing", BillCycleDay: 1, DefaultQuantity: "1.000000000", PriceIncreasePercentage: "0E-9", AdditionalProperties: map[string]zuora.Value{"Region__c": `"EU"`}}},
		{func() (any, error) {
			return api.UpdateProductRatePlanCharge(ctx, "A/1", catalog.RatePlanChargeUpdate{DefaultQuantity: "0", Taxable: new(false), UpToPeriods: new(int64(0))}, nil)
		}, saved, "PUT /v1/object/product-rate-plan-charge/A%2F1", `{"DefaultQuantity":0,"Taxable":false,"UpToPeriods":0}`, &catalog.SaveResult{ID: "9", Success: true}},
		{func() (any, error) { return api.DeleteProductRatePlanCharge(ctx, "A/1") },
			deleted, "DELETE /v1/object/product-rate-plan-charge/A%2F1", "", &catalog.DeleteResult{ID: "9", Success: true}},
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

// With a Zuora-Version of 230.0 or later, Zuora sends the URL of the rate plans.
func TestProductsWithURLsOfTheirRatePlansAreRead(t *testing.T) {
	server, api := newAPI(t)
	const url = "https://rest.zuora.com/v1/rateplan/1/productRatePlan"
	server.Handle("GET /v1/catalog/products", zuoratest.Answer(200, "application/json", `{"products":[{"id":"1","productRatePlans":"`+url+`"}],"success":true}`))
	list, err := api.ListProducts(t.Context(), nil)
	require.NoError(t, err)
	require.Len(t, list.Products, 1)
	assert.Empty(t, list.Products[0].ProductRatePlans)
	assert.Equal(t, url, list.Products[0].AdditionalProperties["productRatePlans"].Text())
}

func TestListsAreReadToTheEnd(t *testing.T) {
	server, api := newAPI(t)
	pages := func(list, path string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			page := map[string]string{
				"":  `{"%s":[{"id":"1"},{"id":"2"}],"nextPage":"https://rest.zuora.com%s?page=2&pageSize=2"}`,
				"2": `{"%s":[{"id":"3"}],"nextPage":"%s?page=3&pageSize=2"}`,
				"3": `{"%s":[{"id":"4"}],"success":true%.0s}`,
			}[r.URL.Query().Get("page")]
			zuoratest.Answer(200, "application/json", fmt.Sprintf(page, list, path)).ServeHTTP(w, r)
		}
	}
	server.HandleFunc("GET /v1/catalog/products", pages("products", "/v1/catalog/products"))
	server.HandleFunc("GET /v1/rateplan/A1/productRatePlan", pages("productRatePlans", "/v1/rateplan/A1/productRatePlan"))

	var ids []string
	for product, err := range api.AllProducts(t.Context(), &catalog.ListProductsParams{PageSize: 2}) {
		require.NoError(t, err)
		ids = append(ids, product.ID)
	}
	for plan, err := range api.AllProductRatePlans(t.Context(), "A1", nil) {
		require.NoError(t, err)
		ids = append(ids, plan.ID)
	}
	assert.Equal(t, []string{"1", "2", "3", "4", "1", "2", "3", "4"}, ids)
}

func ExampleAPI_AllProducts() {
	server := zuoratest.NewServer(zuoratest.Config{})
	defer server.Close()
	server.Handle("GET /v1/catalog/products", zuoratest.Answer(200, "application/json", `{"products":[{"name":"Paper","productRatePlans":[
		{"name":"Monthly","productRatePlanCharges":[{"model":"FlatFee","pricing":[{"currency":"EUR","price":9.990000000},{"currency":"USD","price":12.500000000}]}]}]}],"success":true}`))
	session, err := zuora.NewSession(zuora.SessionConfig{Server: server.URL, Credentials: server.Credentials(), Base: server.Client().Transport})
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()

	for product, err := range catalog.New(session).AllProducts(context.Background(), nil) {
		if err != nil {
			log.Fatal(err)
		}
		for _, plan := range product.ProductRatePlans {
			for _, charge := range plan.ProductRatePlanCharges {
				for _, pricing := range charge.Pricing {
					fmt.Println(product.Name, plan.Name, pricing.Price, pricing.Currency)
				}
			}
		}
	}
	// Output:
	// Paper Monthly 9.990000000 EUR
	// Paper Monthly 12.500000000 USD
}
