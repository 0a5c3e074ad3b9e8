package main

import (
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/zuoratest"
)

func TestDemoSaysWhatItDid(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, demo(t.Context(), &out))
	require.Equal(t, `The catalog
  Daily Paper    Print     USD 29.90 per Month
  Daily Paper    Digital   USD 12.50 per Month
  Sunday Paper   Print     USD 9.95 per Month
  Crosswords     Digital   USD 1.99 per Month
  Archive        Digital   USD 4.083333333 per Month
A customer
  A00005001: Amy Lawrence, region West
  A-S00000001: Print, USD 29.90 a month, USD 358.80 in all
The balances
  5000 accounts owe USD 1237092163.333333, exactly

What the session sent to the tenant, a stand-in in this process
  200 POST /v1/connections     the session logs in
  200 GET  /v1/catalog/products
  200 GET  /v1/catalog/products?page=2
  200 GET  /v1/catalog/products?page=3
  200 POST /v1/accounts
  200 POST /v1/subscriptions
  200 GET  /v1/accounts/A00005001
  200 POST /v1/action/query
  200 POST /v1/action/queryMore
  401 POST /v1/action/queryMore  the tenant has ended the session
  200 POST /v1/connections     the session logs in
  200 POST /v1/action/queryMore
`, out.String())
}

func TestFailureNamesTheStepAndWhatZuoraSays(t *testing.T) {
	for path, want := range map[string]string{
		"/v1/connections":      "zuora: login failed: POST /v1/connections: 200 OK, not successful: 53100020 no",
		"/v1/catalog/products": "list the catalog: zuora: GET /v1/catalog/products: 200 OK, not successful: 53100020 no",
		"/v1/accounts":         "sign up a customer: zuora: POST /v1/accounts: 200 OK, not successful: 53100020 no",
		"/v1/subscriptions":    "sign up a customer: zuora: POST /v1/subscriptions: 200 OK, not successful: 53100020 no",
		"/v1/action/queryMore": "add up the balances: zuora: POST /v1/action/queryMore: 200 OK, not successful: 53100020 no",
	} {
		t.Run(path, func(t *testing.T) {
			tenant := newTenant()
			defer tenant.Close()
			tenant.Intercept(func(r *http.Request) http.Handler {
				if r.URL.Path == path {
					return zuoratest.Failed(http.StatusOK, "53100020", "no")
				}
				return nil
			})
			cfg := zuora.SessionConfig{Server: tenant.URL, Credentials: tenant.Credentials(), Base: tenant.Client().Transport}
			require.ErrorContains(t, billing(t.Context(), cfg, io.Discard), want)
		})
	}
}

func TestTenantIsTakenFromTheEnvironment(t *testing.T) {
	t.Setenv("ZUORA_SERVER", "")
	require.ErrorContains(t, billing(t.Context(), fromEnvironment(), io.Discard), "SessionConfig.Server is empty")

	tenant := newTenant()
	defer tenant.Close()
	t.Setenv("ZUORA_SERVER", tenant.URL)
	t.Setenv("ZUORA_ACCESS_KEY_ID", tenant.Credentials().AccessKeyID)
	t.Setenv("ZUORA_SECRET_ACCESS_KEY", string(tenant.Credentials().SecretAccessKey))
	cfg := fromEnvironment()
	cfg.Base = tenant.Client().Transport
	require.NoError(t, billing(t.Context(), cfg, io.Discard))
}
