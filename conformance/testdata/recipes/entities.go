package main

import (
	"fmt"
	"net/http"

	"github.com/zuora-go/zuora"
)

func main() {
	http.DefaultTransport = tenant.Client().Transport // which trusts the tenant
	connections := map[string]bool{}
	tenant.HandleFunc("GET /v1/entity", func(_ http.ResponseWriter, r *http.Request) {
		connections[r.RemoteAddr] = true
		fmt.Println(r.Header.Get("Zuora-Entity-Ids"))
	})
	const one, two = "7f1d9c2e-51f8-4a0b-9a35-0b7f6f3f6a11", "0b7f6f3f-51f8-4a0b-9a35-7f1d9c2e6a22"
	sessions, err := sessionPerEntity(zuora.SessionConfig{Server: tenant.URL, Credentials: tenant.Credentials()}, one, two)
	if err != nil {
		panic(err)
	}
	for _, i := range []int{0, 1, 0} {
		resp, err := sessions[i].HTTPClient().Get(tenant.URL + "/v1/entity")
		if err != nil {
			panic(err)
		}
		_ = resp.Body.Close()
	}
	fmt.Println(tenant.Logins(), "logins,", len(connections), "connection")
}
