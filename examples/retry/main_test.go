package main

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/examples/accounts/accounts"
	"github.com/zuora-go/zuora/zuoratest"
)

const (
	server = "https://rest.zuora.example"
	key    = "A00000001"
)

// bubble runs test on a tenant with one account. The waits in it take no time.
func bubble(t *testing.T, test func(t *testing.T, tenant *zuoratest.Tenant, cfg zuora.SessionConfig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		tenant := zuoratest.NewTenant(zuoratest.Config{})
		defer tenant.Close()
		tenant.Handle("GET /v1/accounts/"+key, zuoratest.JSON(accounts.Account{
			Success: true, BasicInfo: accounts.BasicInfo{AccountNumber: key, Name: "Example Ltd", Status: "Active"},
		}))
		test(t, tenant, zuora.SessionConfig{Server: server, Credentials: tenant.Credentials(), Base: tenant.Transport()})
	})
}

// failing answers the first n requests of each path in the tenant's place, and
// counts all of them.
func failing(n int, answer http.Handler) (intercept func(*http.Request) http.Handler, seen map[string]int) {
	seen = map[string]int{}
	return func(r *http.Request) http.Handler {
		seen[r.URL.Path]++ // one at a time
		if seen[r.URL.Path] <= n {
			return answer
		}
		return nil
	}, seen
}

func TestUnavailableSignInAndCallAreRiddenOut(t *testing.T) {
	unavailable := zuoratest.HTMLPage(http.StatusServiceUnavailable)
	broken := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	for what, test := range map[string]struct {
		answer http.Handler
		waited time.Duration
	}{
		"503": {unavailable, 2 * (1 + 2 + 4) * time.Second},
		// net/http repeats a GET at once where the connection was in use before.
		"broken connection": {broken, (1 + 2 + 4 + 1 + 2) * time.Second},
	} {
		t.Run(what, func(t *testing.T) {
			bubble(t, func(t *testing.T, tenant *zuoratest.Tenant, cfg zuora.SessionConfig) {
				intercept, seen := failing(3, test.answer)
				tenant.Intercept(intercept)
				var out bytes.Buffer
				begun := time.Now()
				require.NoError(t, run(t.Context(), cfg, key, &out))
				require.Equal(t, "A00000001: Example Ltd\n", out.String())
				require.Equal(t, map[string]int{"/v1/connections": 4, "/v1/accounts/" + key: 4}, seen)
				require.Equal(t, test.waited, time.Since(begun))
			})
		})
	}
}

func TestWhatZuoraSaidLastIsTheError(t *testing.T) {
	bubble(t, func(t *testing.T, tenant *zuoratest.Tenant, cfg zuora.SessionConfig) {
		intercept, seen := failing(100, zuoratest.Failed(http.StatusServiceUnavailable, "50000061", "come back later"))
		tenant.Intercept(func(r *http.Request) http.Handler {
			if r.Method == http.MethodPost {
				return nil
			}
			return intercept(r)
		})
		err := run(t.Context(), cfg, key, io.Discard)
		var failed *zuora.Error
		require.ErrorAs(t, err, &failed)
		require.Equal(t, zuora.ReasonCode("50000061"), failed.Reasons[0].Code)
		require.Equal(t, 5, seen["/v1/accounts/"+key])
	})
}

func TestRateLimitsAreHandedBackAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, tenant *zuoratest.Tenant, cfg zuora.SessionConfig) {
		tenant.Intercept(func(r *http.Request) http.Handler {
			if r.Method == http.MethodPost {
				return nil
			}
			return zuoratest.ConcurrencyLimited(2 * time.Minute)
		})
		begun := time.Now()
		err := run(t.Context(), cfg, key, io.Discard)
		var failed *zuora.Error
		require.ErrorAs(t, err, &failed)
		require.ErrorIs(t, err, zuora.ErrRateLimited)
		require.Equal(t, 2*time.Minute, failed.RetryAfter)
		require.Zero(t, time.Since(begun))
	})
}

func TestSignInThatStaysAwayIsGivenUpInTime(t *testing.T) {
	bubble(t, func(t *testing.T, tenant *zuoratest.Tenant, cfg zuora.SessionConfig) {
		tenant.Intercept(func(*http.Request) http.Handler { return zuoratest.ServerError() })
		begun := time.Now()
		require.ErrorContains(t, run(t.Context(), cfg, key, io.Discard), "login failed: POST /v1/connections: 500")
		require.Equal(t, (1+2+4+8)*time.Second, time.Since(begun), "less than LoginTimeout")
	})
}

// unread is a body of which GetBody has no second copy.
type unread struct {
	io.Reader
	closed atomic.Int32
}

func (u *unread) Close() error { u.closed.Add(1); return nil }

func TestWritesAreSentOnceAndTheirBodiesClosed(t *testing.T) {
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		t.Run(method, func(t *testing.T) {
			bubble(t, func(t *testing.T, tenant *zuoratest.Tenant, cfg zuora.SessionConfig) {
				sent, got := 0, ""
				tenant.HandleFunc(method+" /v1/payments", func(w http.ResponseWriter, r *http.Request) {
					sent++
					body, _ := io.ReadAll(r.Body)
					got = string(body)
					zuoratest.HTMLPage(http.StatusServiceUnavailable).ServeHTTP(w, r)
				})
				cfg.Base = retrying(cfg.Base)
				session, err := zuora.NewSession(cfg)
				require.NoError(t, err)
				defer session.Close()
				body := &unread{Reader: strings.NewReader("a payment")}
				req, err := http.NewRequestWithContext(t.Context(), method, server+"/v1/payments", body)
				require.NoError(t, err)
				_, err = session.Do(req)
				require.ErrorContains(t, err, "503 Service Unavailable")
				require.Equal(t, 1, sent)
				require.Equal(t, "a payment", got)
				req.Body = nil
				_, err = session.Do(req)
				require.ErrorContains(t, err, "503 Service Unavailable")
				require.Equal(t, 2, sent)
				require.Empty(t, got)
				synctest.Wait()
				require.Equal(t, int32(1), body.closed.Load())
			})
		})
	}
}

// A call that can be replayed is, when the session has ended: that is the
// session's business, and the body comes from GetBody, retries or not.
func TestReplayHasItsBody(t *testing.T) {
	bubble(t, func(t *testing.T, tenant *zuoratest.Tenant, cfg zuora.SessionConfig) {
		var bodies []string
		tenant.HandleFunc("POST /v1/payments", func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			bodies = append(bodies, string(body))
			zuoratest.JSON(map[string]any{"success": true}).ServeHTTP(w, r)
		})
		cfg.Base = retrying(cfg.Base)
		session, err := zuora.NewSession(cfg)
		require.NoError(t, err)
		defer session.Close()
		require.NoError(t, session.Connect(t.Context()))
		tenant.Expire()
		resp, err := session.HTTPClient().Post(server+"/v1/payments", "application/json", strings.NewReader("a payment"))
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusOK, resp.StatusCode)
		require.Equal(t, []string{"a payment"}, bodies, "the first was refused")
		require.Equal(t, 2, tenant.Logins())
	})
}

// byDefault is what main.go warns of.
func byDefault(base http.RoundTripper) http.RoundTripper {
	client := retryablehttp.NewClient()
	client.HTTPClient.Transport = base
	client.Logger = nil
	return &retryablehttp.RoundTripper{Client: client}
}

func TestRedirectOfTheSignInGetsThePasswordOnlyByDefault(t *testing.T) {
	for what, test := range map[string]struct {
		base  func(http.RoundTripper) http.RoundTripper
		leaks bool
	}{
		"by default": {byDefault, true},
		"here":       {retrying, false},
	} {
		for _, status := range []int{http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
			t.Run(what+", "+http.StatusText(status), func(t *testing.T) {
				bubble(t, func(t *testing.T, tenant *zuoratest.Tenant, cfg zuora.SessionConfig) {
					var elsewhere []string // the password, as another host is told it
					tenant.Intercept(func(r *http.Request) http.Handler {
						if r.Host == "rest.zuora.example" {
							return http.RedirectHandler("https://elsewhere.example/v1/connections", status)
						}
						elsewhere = append(elsewhere, r.Header.Get("apiSecretAccessKey"))
						return zuoratest.ServerError()
					})
					cfg.Base = test.base(cfg.Base)
					session, err := zuora.NewSession(cfg)
					require.NoError(t, err)
					defer session.Close()
					err = session.Connect(t.Context())
					require.Error(t, err)
					if test.leaks {
						require.Contains(t, elsewhere, string(tenant.Credentials().SecretAccessKey))
					} else {
						require.Empty(t, elsewhere)
						require.ErrorContains(t, err, "a login follows no redirect")
					}
				})
			})
		}
	}
}

func TestPOSTsAreRetriedAndTheirBodiesLeftOpenByDefault(t *testing.T) {
	bubble(t, func(t *testing.T, tenant *zuoratest.Tenant, cfg zuora.SessionConfig) {
		payments := 0
		tenant.HandleFunc("POST /v1/payments", func(http.ResponseWriter, *http.Request) {
			payments++                  // it is made,
			panic(http.ErrAbortHandler) // and nobody is told
		})
		cfg.Base = byDefault(cfg.Base)
		session, err := zuora.NewSession(cfg)
		require.NoError(t, err)
		defer session.Close()
		body := &unread{Reader: strings.NewReader("a payment")}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server+"/v1/payments", body)
		require.NoError(t, err)
		_, err = session.Do(req)
		require.Error(t, err)
		require.Equal(t, 5, payments)
		synctest.Wait()
		assert.Zero(t, body.closed.Load())
	})
}

func TestNothingIsLogged(t *testing.T) {
	require.Nil(t, retrying(nil).(*selective).again.(*retryablehttp.RoundTripper).Client.Logger)
}

func TestProgramWantsAnAccount(t *testing.T) {
	require.ErrorContains(t, program(t.Context(), nil, io.Discard), "say which account")
	t.Setenv("ZUORA_SERVER", "")
	require.ErrorContains(t, program(t.Context(), []string{key}, io.Discard), "zuora: SessionConfig.Server is empty")
}
