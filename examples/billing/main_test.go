package main

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/zuoratest"
)

func TestDemoSaysWhatItDid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		require.NoError(t, demo(t.Context(), &out))
		require.Less(t, strings.Count(out.String(), "\n"), 25)
		require.Equal(t, `The catalog
  Daily Paper    Print     USD29.90, EUR29.90 per Month
  Daily Paper    Digital   USD12.50, EUR12.50 per Month
  Sunday Paper   Print     USD9.95, EUR9.95 per Month
  Crosswords     Digital   USD1.99, EUR1.99 per Month
  Archive        Digital   USD4.083333333, EUR4.083333333 per Month
A customer
  account  A00005001: Amy Lawrence, region West
  order    O-00000001: A-S00000001 of Print
  invoice  INV00000001: Posted, USD 30.000000000
  payment  P-00000001: USD 20.000000000 applied, USD 10.000000000 left to pay
  usage    Completed
All customers
  query    5001 accounts owe USD 1237092173.333333, exactly
  export   5001 accounts owe USD 1237092173.333333, exactly
A failure
  GET /v1/accounts/A99999999: status 200, [{50000040 Cannot find the Account "A99999999"}]
The session
  24 requests to a tenant in this process, and 2 of them logins: the tenant ended the session 1 time, within the query
`, out.String())
	})
}

func TestFailureNamesTheStepAndWhatZuoraSays(t *testing.T) {
	for path, step := range map[string]string{
		"/v1/connections": "list the catalog", "/v1/catalog/products": "list the catalog", "POST /v1/accounts": "create an account",
		"/v1/orders": "order a subscription", "/v1/invoices": "bill", "/v1/payments": "collect a payment", "/v1/usage": "upload usage",
		"/v1/action/query": "add up the balances", "/v1/object/export": "export", "/v1/accounts/A99999999": "look for an account: A99999999 should not be there",
	} {
		onTenant(t, path, func(t *testing.T, cfg zuora.SessionConfig, tenant *zuoratest.Tenant) {
			tenant.Intercept(func(r *http.Request) http.Handler {
				if r.URL.Path == path || r.Method+" "+r.URL.Path == path {
					return zuoratest.Failed(http.StatusOK, "53100020", "no")
				}
				return nil
			})
			err := billing(t.Context(), cfg, io.Discard)
			require.ErrorContains(t, err, step+": ")
			require.ErrorContains(t, err, "200 OK, not successful: 53100020 no")
		})
	}
}

func TestTenantIsTakenFromTheEnvironment(t *testing.T) {
	t.Setenv("ZUORA_SERVER", "")
	require.ErrorContains(t, billing(t.Context(), fromEnvironment(), io.Discard), "SessionConfig.Server is empty")
	t.Setenv("ZUORA_SERVER", zuora.ServerURLAPISandboxUSCloud2)
	t.Setenv("ZUORA_ACCESS_KEY_ID", "api.user@example.com")
	t.Setenv("ZUORA_SECRET_ACCESS_KEY", "correct horse")
	onTenant(t, "a tenant", func(t *testing.T, of zuora.SessionConfig, _ *zuoratest.Tenant) {
		cfg := fromEnvironment()
		require.Equal(t, of.Credentials, cfg.Credentials)
		cfg.Base = of.Base
		require.NoError(t, billing(t.Context(), cfg, io.Discard))
	})
}

// onTenant runs test on a tenant in a synctest bubble, so waiting takes no time.
func onTenant(t *testing.T, name string, test func(*testing.T, zuora.SessionConfig, *zuoratest.Tenant)) {
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			credentials := zuora.Credentials{AccessKeyID: "api.user@example.com", SecretAccessKey: "correct horse"}
			tenant := zuoratest.NewTenant(zuoratest.Config{Stateful: true, Credentials: credentials})
			defer tenant.Close()
			test(t, zuora.SessionConfig{Server: zuora.ServerURLAPISandboxUSCloud2, Credentials: credentials, Base: tenant.Transport()}, tenant)
		})
	})
}
