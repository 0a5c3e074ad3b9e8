package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"

	"github.com/zuora-go/zuora/examples/accounts/accounts"
	"github.com/zuora-go/zuora/zuoratest"
)

// newStandin starts a tenant in this process. It keeps the accounts that are
// created in memory. Where Zuora would check much, it checks a name: the codes
// of its refusals are made up, but for the category in their last two digits.
func newStandin() *zuoratest.Server {
	var mu sync.Mutex
	var kept []accounts.Account

	tenant := zuoratest.NewServer(zuoratest.Config{})
	tenant.HandleFunc("POST /v1/accounts", func(w http.ResponseWriter, r *http.Request) {
		var asked accounts.NewAccount
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
			zuoratest.Failed(http.StatusBadRequest, "50000090", "the body is not the JSON of an account").ServeHTTP(w, r)
			return
		}
		if asked.Name == "" {
			zuoratest.Failed(http.StatusOK, "50000022", "name is missing").ServeHTTP(w, r)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		n := len(kept) + 1
		info := accounts.BasicInfo{
			ID: fmt.Sprintf("%032x", n), AccountNumber: fmt.Sprintf("A%08d", n), Name: asked.Name, Status: "Active",
		}
		kept = append(kept, accounts.Account{
			Success: true, BasicInfo: info, BillingAndPayment: accounts.BillingAndPayment{Currency: asked.Currency},
		})
		zuoratest.JSON(accounts.CreatedAccount{Success: true, AccountID: info.ID, AccountNumber: info.AccountNumber}).ServeHTTP(w, r)
	})
	tenant.HandleFunc("GET /v1/accounts/{key}", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		for _, a := range kept {
			if key := r.PathValue("key"); key == a.BasicInfo.ID || key == a.BasicInfo.AccountNumber {
				zuoratest.JSON(a).ServeHTTP(w, r)
				return
			}
		}
		zuoratest.Failed(http.StatusOK, "50000040", "no account has this number or ID").ServeHTTP(w, r)
	})
	// No ZOQL is understood here: every query finds all accounts, ID and name.
	tenant.HandleFunc("POST /v1/action/query", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		found := accounts.QueryResult{Done: true, Size: len(kept)}
		for _, a := range kept {
			found.Records = append(found.Records, map[string]any{"Id": a.BasicInfo.ID, "Name": a.BasicInfo.Name})
		}
		zuoratest.JSON(found).ServeHTTP(w, r)
	})
	return tenant
}
