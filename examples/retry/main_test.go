package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/accounts"
	"github.com/zuora-go/zuora/retry"
	"github.com/zuora-go/zuora/zuoratest"
)

const server = "https://rest.zuora.example"

// bubble runs test on a tenant that has every account, in a bubble where waits take no
// time.
func bubble(t *testing.T, test func(t *testing.T, tenant *zuoratest.Tenant, cfg zuora.SessionConfig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		tenant := zuoratest.NewTenant(zuoratest.Config{})
		defer tenant.Close()
		tenant.HandleFunc("GET /v1/accounts/{key}", func(w http.ResponseWriter, r *http.Request) {
			zuoratest.JSON(accounts.Account{
				Success: true, BasicInfo: accounts.BasicInfo{AccountNumber: r.PathValue("key"), Name: "Example Ltd"},
			}).ServeHTTP(w, r)
		})
		test(t, tenant, zuora.SessionConfig{Server: server, Credentials: tenant.Credentials(), Base: tenant.Transport()})
	})
}

func TestTroubleThatPassesIsRiddenOut(t *testing.T) {
	for what, trouble := range map[string]http.Handler{
		"unavailable":       zuoratest.HTMLPage(http.StatusServiceUnavailable),
		"broken connection": http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }),
		"limited":           zuoratest.ConcurrencyLimited(2 * time.Minute),
		"locked, with 200":  zuoratest.Failed(http.StatusOK, "50000050", "locked by another request"),
	} {
		t.Run(what, func(t *testing.T) {
			bubble(t, func(t *testing.T, tenant *zuoratest.Tenant, cfg zuora.SessionConfig) {
				seen := map[string]int{}
				tenant.Intercept(func(r *http.Request) http.Handler {
					if seen[r.URL.Path]++; seen[r.URL.Path] <= 2 { // one at a time
						return trouble
					}
					return nil
				})
				var out, log bytes.Buffer
				require.NoError(t, run(t.Context(), cfg, []string{"A00000001"}, &out, &log))
				require.Equal(t, "A00000001: Example Ltd\n", out.String())
				require.GreaterOrEqual(t, seen["/v1/connections"], 3)
				require.GreaterOrEqual(t, seen["/v1/accounts/A00000001"], 3)
				require.Contains(t, log.String(), `msg="zuora: call to be retried" method=GET path=/v1/accounts/A00000001 try=1 wait=`)
			})
		})
	}
}

func TestFortyCallsAreInProgressAtOnceAndNoMore(t *testing.T) {
	bubble(t, func(t *testing.T, tenant *zuoratest.Tenant, cfg zuora.SessionConfig) {
		var mu sync.Mutex
		now, most := 0, 0
		tenant.Intercept(func(r *http.Request) http.Handler {
			if r.URL.Path == "/v1/connections" {
				return nil
			}
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				now++
				most = max(most, now)
				mu.Unlock()
				<-time.After(time.Second)
				mu.Lock()
				now--
				mu.Unlock()
				zuoratest.JSON(accounts.Account{Success: true}).ServeHTTP(w, r)
			})
		})
		var keys []string
		for i := range 100 {
			keys = append(keys, fmt.Sprintf("A%08d", i))
		}
		require.NoError(t, run(t.Context(), cfg, keys, io.Discard, io.Discard))
		require.Equal(t, 40, most)
	})
}

func TestOneFailureHidesNoAccount(t *testing.T) {
	bubble(t, func(t *testing.T, tenant *zuoratest.Tenant, cfg zuora.SessionConfig) {
		tenant.Handle("GET /v1/accounts/none", zuoratest.Failed(http.StatusOK, "50000040", "no account has this number or ID"))
		var out bytes.Buffer
		require.ErrorIs(t, run(t.Context(), cfg, []string{"none", "A00000001"}, &out, io.Discard), zuora.ErrNotFound)
		require.Equal(t, "A00000001: Example Ltd\n", out.String())
	})
}

// retryable is go-retryablehttp with its default settings, which the command's
// documentation warns of.
func retryable(base http.RoundTripper) http.RoundTripper {
	client := retryablehttp.NewClient()
	client.HTTPClient.Transport = base
	client.Logger = nil
	return &retryablehttp.RoundTripper{Client: client}
}

func TestRetryablehttpRepeatsPOSTsAndPackageRetryDoesNot(t *testing.T) {
	for want, caller := range map[int]func(*testing.T, zuora.SessionConfig) zuora.Caller{
		5: func(t *testing.T, cfg zuora.SessionConfig) zuora.Caller {
			cfg.Base = retryable(cfg.Base)
			return newSession(t, cfg)
		},
		1: func(t *testing.T, cfg zuora.SessionConfig) zuora.Caller {
			return retry.New(newSession(t, cfg), retry.Policy{})
		},
	} {
		bubble(t, func(t *testing.T, tenant *zuoratest.Tenant, cfg zuora.SessionConfig) {
			var payments atomic.Int32
			tenant.HandleFunc("POST /v1/payments", func(http.ResponseWriter, *http.Request) {
				payments.Add(1)             // it is made,
				panic(http.ErrAbortHandler) // and the client does not know it
			})
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server+"/v1/payments", strings.NewReader("a payment"))
			require.NoError(t, err)
			_, err = caller(t, cfg).Do(req)
			require.Error(t, err)
			require.Equal(t, int32(want), payments.Load())
		})
	}
}

func TestRetryablehttpTakesThePasswordAlongOnARedirect(t *testing.T) {
	for _, status := range []int{http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		bubble(t, func(t *testing.T, tenant *zuoratest.Tenant, cfg zuora.SessionConfig) {
			var elsewhere []string // the password that another host gets
			tenant.Intercept(func(r *http.Request) http.Handler {
				if r.Host == "rest.zuora.example" {
					return http.RedirectHandler("https://elsewhere.example/v1/connections", status)
				}
				elsewhere = append(elsewhere, r.Header.Get("apiSecretAccessKey"))
				return zuoratest.ServerError()
			})
			cfg.Base = retryable(cfg.Base)
			require.Error(t, newSession(t, cfg).Connect(t.Context()))
			require.Contains(t, elsewhere, string(tenant.Credentials().SecretAccessKey))
		})
	}
}

func newSession(t *testing.T, cfg zuora.SessionConfig) *zuora.Session {
	session, err := zuora.NewSession(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = session.Close() })
	return session
}

func TestProgramWantsAnAccount(t *testing.T) {
	require.ErrorContains(t, program(t.Context(), nil, io.Discard, io.Discard), "say which accounts")
	t.Setenv("ZUORA_SERVER", "")
	require.ErrorContains(t, program(t.Context(), []string{"A00000001"}, io.Discard, io.Discard), "zuora: SessionConfig.Server is empty")
}
