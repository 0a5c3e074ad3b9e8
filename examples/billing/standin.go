package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/accounts"
	"github.com/zuora-go/zuora/api/catalog"
	"github.com/zuora-go/zuora/api/subscriptions"
	"github.com/zuora-go/zuora/api/zoql"
	"github.com/zuora-go/zuora/zuoratest"
)

// demo runs billing on a stand-in tenant, and prints which requests that took.
func demo(ctx context.Context, out io.Writer) error {
	tenant := newTenant()
	defer tenant.Close()
	watched := &watch{next: tenant.Client().Transport} // which trusts the stand-in's certificate
	cfg := zuora.SessionConfig{Server: tenant.URL, Credentials: tenant.Credentials(), Base: watched}
	if err := billing(ctx, cfg, out); err != nil {
		return err
	}
	fmt.Fprintln(out, "\nWhat the session sent to the tenant, a stand-in in this process")
	for _, line := range watched.seen {
		fmt.Fprintln(out, " ", line)
	}
	return nil
}

// watch notes each request that a session sends. It is for one goroutine.
type watch struct {
	next http.RoundTripper
	seen []string
}

func (w *watch) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := w.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	note := ""
	switch {
	case req.URL.Path == "/v1/connections":
		note = "     the session logs in"
	case resp.StatusCode == http.StatusUnauthorized:
		note = "  the tenant has ended the session"
	}
	w.seen = append(w.seen, fmt.Sprintf("%d %-4s %s%s", resp.StatusCode, req.Method, req.URL.RequestURI(), note))
	return resp, nil
}

// newTenant returns a tenant with a catalog of three pages and 5,000 accounts, which
// takes one account more. It ends the session in the middle of a query. It is made
// for one request at a time.
func newTenant() *zuoratest.Server {
	tenant := zuoratest.NewServer(zuoratest.Config{})

	tenant.HandleFunc("GET /v1/catalog/products", func(w http.ResponseWriter, r *http.Request) {
		pages := [][]catalog.Product{
			{product("Daily Paper", plan("Print", "29.90"), plan("Digital", "12.50"))},
			{product("Sunday Paper", plan("Print", "9.95")), product("Crosswords", plan("Digital", "1.99"))},
			{product("Archive", plan("Digital", "4.083333333"))},
		}
		n := 1
		fmt.Sscan(r.FormValue("page"), &n)
		page := catalog.ProductList{Success: true, Products: pages[n-1]}
		if n < len(pages) {
			page.NextPage = fmt.Sprintf("https://rest.zuora.com/v1/catalog/products?page=%d", n+1)
		}
		zuoratest.JSON(page).ServeHTTP(w, r)
	})

	var account accounts.Account
	tenant.HandleFunc("POST /v1/accounts", func(w http.ResponseWriter, r *http.Request) {
		var body accounts.NewAccount
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.Name == "" {
			zuoratest.Failed(http.StatusOK, "53100022", "Missing required value: name").ServeHTTP(w, r)
			return
		}
		account = accounts.Account{Success: true, BasicInfo: accounts.BasicInfo{
			AccountNumber: "A00005001", Name: body.Name, AdditionalProperties: body.AdditionalProperties,
		}}
		zuoratest.JSON(accounts.CreatedAccount{Success: true, AccountNumber: account.BasicInfo.AccountNumber}).ServeHTTP(w, r)
	})
	tenant.HandleFunc("GET /v1/accounts/A00005001", func(w http.ResponseWriter, r *http.Request) {
		zuoratest.JSON(account).ServeHTTP(w, r)
	})
	tenant.HandleFunc("POST /v1/subscriptions", func(w http.ResponseWriter, r *http.Request) {
		account.Metrics.ContractedMrr = "29.90"
		zuoratest.JSON(subscriptions.CreatedSubscription{
			Success: true, SubscriptionNumber: "A-S00000001", ContractedMrr: "29.90", TotalContractedValue: "358.80",
		}).ServeHTTP(w, r)
	})

	// Zuora returns 2,000 records at once, and a locator of the next ones.
	tenant.Handle("POST /v1/action/query", zuoratest.JSON(zoql.QueryResult{Records: records(2000), QueryLocator: "2000"}))
	tenant.HandleFunc("POST /v1/action/queryMore", func(w http.ResponseWriter, r *http.Request) {
		var body zoql.NextRecords
		_ = json.NewDecoder(r.Body).Decode(&body)
		result := zoql.QueryResult{Records: records(1000), Done: true}
		if body.QueryLocator == "2000" {
			result = zoql.QueryResult{Records: records(2000), QueryLocator: "4000"}
			tenant.Expire() // the next request finds that the session has ended
		}
		zuoratest.JSON(result).ServeHTTP(w, r)
	})
	return tenant
}

func product(name string, plans ...catalog.RatePlan) catalog.Product {
	return catalog.Product{Name: name, ProductRatePlans: plans}
}

// plan returns a rate plan with a monthly charge.
func plan(name string, price zuora.Decimal) catalog.RatePlan {
	return catalog.RatePlan{
		ID: "2c92c0f94b2a9b7e014b2bd7c5a40b11", Name: name, Status: catalog.RatePlanStatusActive,
		ProductRatePlanCharges: []catalog.RatePlanCharge{{
			BillingPeriod: "Month", Pricing: []catalog.Pricing{{Currency: "USD", Price: price}},
		}},
	}
}

// records returns n accounts that owe something.
func records(n int) []map[string]zuora.Value {
	balances := []zuora.Value{"0.100000000", "4.083333333", "2500.100000000", "1234567.890000000", "19.990000000"}
	accounts := make([]map[string]zuora.Value, n)
	for i := range accounts {
		accounts[i] = map[string]zuora.Value{"Balance": balances[i%len(balances)]}
	}
	return accounts
}
