package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/recipe/billing"
	"github.com/zuora-go/zuora/zuoratest"
)

func main() {
	tenant.Handle("GET /v1/accounts/A1", zuoratest.JSON(map[string]any{"success": true, "basicInfo": map[string]any{"name": "Example Ltd"}}))
	fmt.Println(accountName(ctx, session, "A1"))

	// The generated code cannot read a failure; on a session it need not.
	tenant.Handle("PUT /v1/accounts/A1", zuoratest.Failed(200, "50000040", "no such account"))
	for _, doer := range []zuora.HttpRequestDoer{session, session.HTTPClient()} {
		body := billing.PUTAccountApplicationJSONCharsetUTF8RequestBody{}
		_, err := client(doer).PUTAccountWithApplicationJSONCharsetUTF8BodyWithResponse(ctx, "A1", body)
		fmt.Println(err)
	}

	// An Accept-Encoding of the caller's own.
	tenant.Handle("GET /v1/accounts/success", gzipped(`{"success":true}`))
	tenant.Handle("GET /v1/accounts/failure", gzipped(`{"success":false,"requestId":"1","reasons":[{"code":50000040}]}`))
	for _, key := range []string{"success", "failure"} {
		_, err := client(session).GETAccountWithResponse(ctx, key, &billing.GETAccountParams{}, func(_ context.Context, req *http.Request) error {
			req.Header.Set("Accept-Encoding", "gzip")
			return nil
		})
		fmt.Println(err)
	}
}

func client(doer zuora.HttpRequestDoer) *billing.ClientWithResponses {
	c, err := billing.NewClientWithResponses(session.Server(), billing.WithHTTPClient(doer))
	if err != nil {
		panic(err)
	}
	return c
}
