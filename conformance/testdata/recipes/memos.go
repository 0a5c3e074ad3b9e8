package main

import (
	"fmt"
	"net/http"

	"github.com/zuora-go/zuora/zuoratest"
)

func main() {
	tenant.HandleFunc("GET /v1/creditmemos", func(w http.ResponseWriter, r *http.Request) {
		page := map[string]any{"success": true, "nextPage": "https://rest.zuora.com/v1/creditmemos?accountId=A1&status=Posted&page=2", "creditmemos": []any{
			map[string]any{"number": "CM-1", "unappliedAmount": 12.5}, map[string]any{"number": "CM-2", "unappliedAmount": 0},
		}}
		if r.FormValue("page") == "2" {
			page = map[string]any{"success": true, "creditmemos": []any{map[string]any{"number": "CM-3", "unappliedAmount": "1"}}}
		}
		if r.FormValue("accountId") != "A1" || r.FormValue("status") != "Posted" {
			page = map[string]any{"success": true}
		}
		zuoratest.JSON(page).ServeHTTP(w, r)
	})
	fmt.Println(openMemos(ctx, session, "A1"))
	tenant.Expire()
	fmt.Println(openMemos(ctx, session, "A1"))
	fmt.Println(tenant.Logins(), "logins")
	tenant.Intercept(func(*http.Request) http.Handler { return zuoratest.Failed(200, "50000010", "not for you") })
	fmt.Println(openMemos(ctx, session, "A1"))
}
