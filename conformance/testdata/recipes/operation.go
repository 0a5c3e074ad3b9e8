package main

import (
	"fmt"
	"net/http"

	"github.com/zuora-go/zuora/zuoratest"
)

func main() {
	tenant.HandleFunc("GET /v1/catalog/products", func(w http.ResponseWriter, r *http.Request) {
		zuoratest.JSON(map[string]any{"success": true, "products": []any{
			map[string]any{"id": "1", "name": "Bicycle"}, map[string]any{"id": "2", "name": "Bell"},
			map[string]any{"id": "3", "name": "pageSize=" + r.FormValue("pageSize")},
		}}).ServeHTTP(w, r)
	})
	fmt.Println(productNames(ctx, session))
	tenant.Expire()
	fmt.Println(productNames(ctx, session))
	fmt.Println(tenant.Logins(), "sign-ins")
	tenant.Intercept(func(*http.Request) http.Handler { return zuoratest.Failed(200, "50000010", "not for you") })
	fmt.Println(productNames(ctx, session))
}
