package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/examples/accounts/accounts"
	"github.com/zuora-go/zuora/zuoratest"
)

const key = "A00000001"

// bubble runs test on a tenant with one account. The waits in it take no time.
func bubble(t *testing.T, test func(t *testing.T, tenant *zuoratest.Tenant, cfg zuora.SessionConfig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		tenant := zuoratest.NewTenant(zuoratest.Config{})
		defer tenant.Close()
		tenant.Handle("GET /v1/accounts/"+key, zuoratest.JSON(accounts.Account{
			Success: true, BasicInfo: accounts.BasicInfo{AccountNumber: key, Name: "Example Ltd", Status: "Active"},
		}))
		test(t, tenant, zuora.SessionConfig{Server: "https://rest.zuora.example", Credentials: tenant.Credentials(), Base: tenant.Transport()})
	})
}

func TestHeadersAreOnEveryCallAndTheUserAgentOnSignInsToo(t *testing.T) {
	bubble(t, func(t *testing.T, tenant *zuoratest.Tenant, cfg zuora.SessionConfig) {
		var tracks []string
		signIns := 0
		tenant.Intercept(func(r *http.Request) http.Handler {
			assert.Equal(t, []string{"example-billing/1.0"}, r.Header["User-Agent"], r.URL.Path)
			if r.URL.Path == "/v1/connections" {
				signIns++
				assert.NotContains(t, r.Header, "Zuora-Version")
				assert.NotContains(t, r.Header, "Zuora-Track-Id")
				return nil
			}
			assert.Equal(t, []string{"211.0"}, r.Header["Zuora-Version"])
			if tracks = append(tracks, r.Header.Get("Zuora-Track-Id")); len(tracks) == 1 {
				return zuoratest.Unauthorized() // so that the call is sent again
			}
			return nil
		})
		var out bytes.Buffer
		require.NoError(t, run(t.Context(), cfg, time.Minute, key, &out))
		require.Equal(t, 2, signIns)
		require.Len(t, tracks, 2)
		require.Regexp(t, "^[A-Z2-7]{26}$", tracks[0])
		require.Equal(t, tracks[0], tracks[1])
		require.Equal(t, "A00000001: Example Ltd ("+tracks[0]+")\n", out.String())
	})
}

func TestHeadersOfTheCallGoBefore(t *testing.T) {
	own := http.Header{"Zuora-Version": {"196.0"}, "Zuora-Track-Id": {"nightly-import-0042"}}
	h := own.Clone()
	forCalls(h)
	require.Equal(t, own, h)
}

func TestTheCallersRequestIsLeftAlone(t *testing.T) {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://rest.zuora.example/", nil)
	require.NoError(t, err)
	sent := roundTripper(func(out *http.Request) (*http.Response, error) {
		require.Equal(t, "b", out.Header.Get("A"))
		return nil, io.EOF
	})
	_, err = headers{sent, func(h http.Header) { h.Set("A", "b") }}.RoundTrip(req)
	require.Equal(t, io.EOF, err)
	require.Empty(t, req.Header)
}

func TestTimeoutIsOverTheWholeCall(t *testing.T) {
	for what, slow := range map[string]string{"the sign-in": "/v1/connections", "the call": "/v1/accounts/" + key} {
		t.Run(what, func(t *testing.T) {
			bubble(t, func(t *testing.T, tenant *zuoratest.Tenant, cfg zuora.SessionConfig) {
				tenant.Intercept(func(r *http.Request) http.Handler {
					if r.URL.Path != slow {
						return nil
					}
					return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
				})
				begun := time.Now()
				err := run(t.Context(), cfg, 5*time.Second, key, io.Discard)
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.Equal(t, 5*time.Second, time.Since(begun))
			})
		})
	}
}

func TestProgramWantsAnAccount(t *testing.T) {
	require.ErrorContains(t, program(t.Context(), nil, io.Discard), "say which account")
	t.Setenv("ZUORA_SERVER", "")
	require.ErrorContains(t, program(t.Context(), []string{key}, io.Discard), "zuora: SessionConfig.Server is empty")
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
