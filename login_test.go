package zuora_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/zuoratest"
)

// Rule 9: what is a login, and what is not.

// withCookie adds a Set-Cookie line to a response.
func withCookie(line string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Set-Cookie", line)
		h.ServeHTTP(w, r)
	})
}

// flushed sends header and body at once, and then calls rest.
func flushed(body string, rest func(http.ResponseWriter, *http.Request)) http.Handler {
	return withCookie(goodCookie, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, body)
		_ = http.NewResponseController(w).Flush()
		rest(w, r)
	}))
}

const goodCookie = "ZSession=cookie-of-it%3D; Path=/; Secure; HttpOnly"

func TestRule09_ResponsesThatAreNoLogin(t *testing.T) {
	success := jsonResponse(`{ "success" : true }`)
	for what, test := range map[string]struct {
		response http.Handler
		want     string
	}{
		"no cookie":                  {success, "success without a ZSession cookie"},
		"another cookie":             {withCookie("JSESSIONID=cookie-of-it; Path=/", success), `(cookies in the response: ["JSESSIONID"])`},
		"a cookie without a value":   {withCookie("ZSession=; Path=/; Secure", success), "success without a ZSession cookie"},
		"a cookie that is taken":     {withCookie("ZSession=cookie-of-it; Path=/; Max-Age=0", success), "success without a ZSession cookie"},
		"a cookie of another domain": {withCookie("ZSession=cookie-of-it; Path=/; Domain=elsewhere.example", success), "success without a ZSession cookie"},
		"a cookie of another path":   {withCookie("ZSession=cookie-of-it; Path=/ui", success), "success without a ZSession cookie"},
		"success false":              {withCookie(goodCookie, zuoratest.Failed(200, "50000060", "try later")), "200 OK, not successful: 50000060 try later"},
		"success missing":            {withCookie(goodCookie, jsonResponse(`{}`)), "success is not true"},
		"success a string":           {withCookie(goodCookie, jsonResponse(`{"success":"true"}`)), "not the JSON of a login response"},
		"a list":                     {withCookie(goodCookie, jsonResponse(`[{"success":true}]`)), "not the JSON of a login response"},
		"null":                       {withCookie(goodCookie, jsonResponse(`null`)), "success is not true"},
		"an HTML page":               {withCookie(goodCookie, zuoratest.HTMLPage(200)), "200 OK, text/html, 67 bytes: not a login response"},
		"JSON by another name":       {withCookie(goodCookie, zuoratest.Answer(200, "text/plain", `{"success":true}`)), "text/plain"},
		"no type":                    {withCookie(goodCookie, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header()["Content-Type"] = nil })), "no Content-Type"},
		"an empty body":              {withCookie(goodCookie, jsonResponse(``)), "0 bytes: not the JSON"},
		"JSON cut off":               {withCookie(goodCookie, jsonResponse(`{"success":tr`)), "not the JSON"},
		"JSON and more":              {withCookie(goodCookie, jsonResponse(`{"success":true}{}`)), "not the JSON"},
		"304":                        {withCookie(goodCookie, zuoratest.Answer(304, "application/json", "")), "304 Not Modified"},
		"201 without a body":         {withCookie(goodCookie, zuoratest.Answer(201, "application/json", "")), "201 Created"},
		"500, no JSON":               {zuoratest.ServerError(), "500 Internal Server Error: 38 bytes of text/plain"},
		"503, an HTML page":          {zuoratest.HTMLPage(503), "503 Service Unavailable: 101 bytes of text/html"},
		"a body cut off": {flushed(`{"success":`, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }),
			"200 OK, application/json, 11 bytes, then: unexpected EOF"},
		"a connection cut off": {http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), "EOF"},
	} {
		t.Run(what, func(t *testing.T) {
			server := newServer(t, zuoratest.Config{})
			server.Intercept(func(*http.Request) http.Handler { return test.response })
			session := newSession(t, configFor(server))
			err := session.Connect(t.Context())
			require.ErrorContains(t, err, test.want)
			require.ErrorContains(t, err, "zuora: login failed: POST ")
			require.NotContains(t, err.Error(), "cookie-of-it")
			require.NotContains(t, err.Error(), "\n")
			_, _, err = get(t.Context(), session, "/v1/ok")
			require.Error(t, err, "no call goes out without a session")
		})
	}
}

// A Base without decompression of its own: the server compresses unasked.
func TestRule09_CompressedLoginResponses(t *testing.T) {
	for body, want := range map[string]string{
		`{"success":true}`:                           "",
		`{"success":false}`:                          "200 OK, not successful",
		strings.Repeat(`{"success":true}`, 2<<20/16): "not a login response",
	} {
		server := newServer(t, zuoratest.Config{})
		server.Intercept(func(*http.Request) http.Handler { return withCookie(goodCookie, gzipResponse(http.StatusOK, body)) })
		cfg := configFor(server)
		base := cfg.Base.(*http.Transport).Clone()
		base.DisableCompression = true
		cfg.Base = base
		if err := newSession(t, cfg).Connect(t.Context()); want != "" {
			require.ErrorContains(t, err, want)
		} else {
			require.NoError(t, err)
		}
	}
}

func TestRule09_LoginResponseWithoutEndIsReadToOneMebibyte(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		server.Intercept(func(*http.Request) http.Handler {
			return flushed(`{"success":true,"filler":"`, func(w http.ResponseWriter, r *http.Request) {
				block := []byte(strings.Repeat("x", 64<<10))
				for r.Context().Err() == nil {
					if _, err := w.Write(block); err != nil {
						return
					}
				}
			})
		})
		session := newSession(t, kind.configFor(server))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := session.Connect(t.Context())
		runtime.ReadMemStats(&after)
		require.ErrorContains(t, err, "1048577 bytes and more")
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(16<<20))
	})
}

func TestRule09_LoginResponseThatNeverArrivesEndsAtLoginTimeout(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		synctest.Test(t, func(t *testing.T) {
			tenant := inMemory(zuoratest.Config{})
			defer tenant.Close()
			tenant.Intercept(func(*http.Request) http.Handler {
				return flushed(`{"success"`, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
			})
			session := newSession(t, kind.inMemoryConfig(tenant))
			begun := time.Now()
			require.ErrorIs(t, session.Connect(t.Context()), context.DeadlineExceeded)
			require.Equal(t, 30*time.Second, time.Since(begun))
		})
	})
}

// Rule 10: failed logins are not hammered.

func TestRule10_WrongPasswordIsTriedOnceInFiveMinutes(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		synctest.Test(t, func(t *testing.T) {
			tenant := inMemory(zuoratest.Config{})
			defer tenant.Close()
			cfg := kind.inMemoryConfig(tenant)
			var mu sync.Mutex
			current := kind.made("someone", "old")
			cfg.Credentials = zuora.CredentialsFunc(func(context.Context) (zuora.Credentials, error) {
				mu.Lock()
				defer mu.Unlock()
				return current, nil
			})
			session := newSession(t, cfg)
			var wg sync.WaitGroup
			begun := time.Now()
			for i := range 10 {
				wg.Go(func() {
					time.Sleep(time.Duration(i) * time.Millisecond)
					for time.Since(begun) < 10*time.Minute {
						var err error
						if i%5 == 0 {
							err = session.Connect(t.Context())
						} else {
							_, err = session.Do(newRequest(t, http.MethodGet, session.Server()+"/v1/ok", nil))
						}
						var failure *zuora.Error
						if !assert.ErrorIs(t, err, zuora.ErrUnauthenticated) || !assert.ErrorAs(t, err, &failure) {
							return
						}
						next := time.Now().Add(failure.RetryAfter).UTC().Format(time.RFC3339)
						assert.ErrorContains(t, err, "next try not before "+next)
						assert.LessOrEqual(t, failure.RetryAfter, 5*time.Minute)
						assert.Positive(t, failure.RetryAfter)
						time.Sleep(time.Second)
					}
				})
			}
			wg.Wait()
			require.LessOrEqual(t, tenant.Logins(), 3)
			require.GreaterOrEqual(t, tenant.Logins(), 2)

			mu.Lock()
			current = kind.credentials(tenant)
			mu.Unlock()
			before := tenant.Logins()
			requireStatus(t, session, "/v1/ok", http.StatusOK)
			require.Equal(t, before+1, tenant.Logins(), "another value is tried at once")
		})
	})
}

// The status of a login counts, even if the body or the time ends early.
func TestRule10_StatusOfALoginCountsWithoutItsBody(t *testing.T) {
	for _, status := range []int{http.StatusUnauthorized, http.StatusTooManyRequests} {
		refusal := func(req *http.Request, body io.Reader) *http.Response {
			return &http.Response{StatusCode: status, Header: http.Header{"Retry-After": {"300"}}, Request: req, Body: io.NopCloser(body), ContentLength: -1}
		}
		for what, test := range map[string]struct {
			timeout  time.Duration
			late     bool // the first callers have gone by then
			response func(req *http.Request, forever <-chan struct{}) *http.Response
		}{
			"a body that never comes": {time.Second, false, func(req *http.Request, forever <-chan struct{}) *http.Response {
				return refusal(req, waitFor(req.Context().Done()))
			}},
			"a body that ignores its context": {time.Second, false, func(req *http.Request, forever <-chan struct{}) *http.Response {
				return refusal(req, waitFor(forever))
			}},
			"a header at the last moment": {30 * time.Second, false, func(req *http.Request, forever <-chan struct{}) *http.Response {
				time.Sleep(30*time.Second - 1)
				return refusal(req, waitFor(forever))
			}},
			"a header after the time": {30 * time.Second, true, func(req *http.Request, forever <-chan struct{}) *http.Response {
				time.Sleep(30*time.Second + 1)
				return refusal(req, strings.NewReader(""))
			}},
			"a body that panics": {30 * time.Second, false, func(req *http.Request, forever <-chan struct{}) *http.Response {
				return refusal(req, readerFunc(func([]byte) (int, error) { panic("hunter2") }))
			}},
			"a body that breaks off": {30 * time.Second, false, func(req *http.Request, forever <-chan struct{}) *http.Response {
				return refusal(req, io.MultiReader(strings.NewReader(`{"success":tr`), readerFunc(func([]byte) (int, error) { return 0, io.ErrUnexpectedEOF })))
			}},
		} {
			for _, shared := range []bool{false, true} {
				t.Run(fmt.Sprint(status, ", ", what, ", store: ", shared), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						forever := make(chan struct{})
						defer close(forever)
						var tries atomic.Int32
						cfg := zuora.SessionConfig{
							Server: "https://rest.zuora.example", Credentials: zuora.Credentials{AccessKeyID: "u", SecretAccessKey: "s"},
							LoginTimeout: test.timeout,
							Base: roundTripper(func(req *http.Request) (*http.Response, error) {
								tries.Add(1)
								return test.response(req, forever), nil
							}),
						}
						if shared {
							cfg.Store = newMemoryStore()
						}
						session := newSession(t, cfg)
						want := map[int]error{401: zuora.ErrUnauthenticated, 429: zuora.ErrRateLimited}[status]
						err := session.Connect(t.Context())
						if test.late {
							require.ErrorIs(t, err, context.DeadlineExceeded)
							time.Sleep(2 * time.Second) // until another login may be tried
						} else {
							require.ErrorIs(t, err, want)
						}
						for range 297 {
							require.ErrorIs(t, session.Connect(t.Context()), want)
							time.Sleep(time.Second)
						}
						require.EqualValues(t, 1, tries.Load())
						time.Sleep(5 * time.Second)
						require.Error(t, session.Connect(t.Context()))
						require.EqualValues(t, 2, tries.Load())
						time.Sleep(time.Minute) // until Base is done
					})
				})
			}
		}
	}
}

// A provider that goes back and forth between two wrong values hammers neither.
func TestRule10_RefusedCredentialsAreRememberedOneByOne(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		synctest.Test(t, func(t *testing.T) {
			tenant := inMemory(zuoratest.Config{})
			defer tenant.Close()
			cfg := kind.inMemoryConfig(tenant)
			var asked int
			cfg.Credentials = zuora.CredentialsFunc(func(context.Context) (zuora.Credentials, error) {
				asked++
				return zuora.Credentials{AccessKeyID: "u", SecretAccessKey: zuora.Secret("wrong " + strconv.Itoa(asked%2))}, nil
			})
			session := newSession(t, cfg)
			for range 280 {
				require.ErrorIs(t, session.Connect(t.Context()), zuora.ErrUnauthenticated)
				time.Sleep(time.Second)
			}
			require.Equal(t, 2, tenant.Logins())
		})
	})
}

func TestRule10_RateLimitedLoginWaits(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		for what, test := range map[string]struct {
			response http.Handler
			wait     time.Duration
		}{
			"as long as Retry-After says": {zuoratest.ConcurrencyLimited(2 * time.Minute), 2 * time.Minute},
			"a minute without one":        {zuoratest.RateLimited(), time.Minute},
		} {
			t.Run(what, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					tenant := inMemory(zuoratest.Config{})
					defer tenant.Close()
					tenant.Intercept(func(*http.Request) http.Handler { return test.response })
					session := newSession(t, kind.inMemoryConfig(tenant))
					begun := time.Now()
					for time.Since(begun) < test.wait {
						require.ErrorIs(t, session.Connect(t.Context()), zuora.ErrRateLimited)
						_, _, err := get(t.Context(), session, "/v1/ok")
						require.ErrorIs(t, err, zuora.ErrRateLimited)
						time.Sleep(time.Second)
					}
					require.Equal(t, 1, tenant.Logins())
					tenant.Intercept(nil)
					require.NoError(t, session.Connect(t.Context()))
				})
			})
		}
	})
}

func TestRule10_FailingLoginBacksOff(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		synctest.Test(t, func(t *testing.T) {
			tenant := inMemory(zuoratest.Config{})
			defer tenant.Close()
			tenant.Intercept(func(*http.Request) http.Handler { return zuoratest.HTMLPage(http.StatusServiceUnavailable) })
			session := newSession(t, kind.inMemoryConfig(tenant))
			begun := time.Now()
			attempt := func() {
				var failure *zuora.Error
				require.ErrorAs(t, session.Connect(t.Context()), &failure)
				require.Equal(t, http.StatusServiceUnavailable, failure.StatusCode)
				_, _, err := get(t.Context(), session, "/v1/ok")
				require.ErrorAs(t, err, &failure)
				time.Sleep(100 * time.Millisecond)
			}
			for time.Since(begun) < time.Minute {
				attempt()
			}
			inAMinute := tenant.Logins()
			require.LessOrEqual(t, inAMinute, 6)
			require.GreaterOrEqual(t, inAMinute, 4)
			for time.Since(begun) < 11*time.Minute {
				attempt()
			}
			inTenMore := tenant.Logins() - inAMinute
			require.LessOrEqual(t, inTenMore, 20, "30 s apart at the least")
			require.GreaterOrEqual(t, inTenMore, 15, "and not much more")

			tenant.Intercept(nil)
			time.Sleep(38 * time.Second)
			require.NoError(t, session.Connect(t.Context()))
			kind.expire(tenant)
			tenant.Intercept(func(r *http.Request) http.Handler {
				if isLogin(r) {
					return zuoratest.ServerError()
				}
				return nil
			})
			_, _, err := get(t.Context(), session, "/v1/ok")
			require.Error(t, err)
			tenant.Intercept(nil)
			time.Sleep(1250 * time.Millisecond)
			require.NoError(t, session.Connect(t.Context()), "after a success the wait begins with a second again")
		})
	})
}

// Callers get the length of each wait.
func TestRule10_WaitsBetweenFailingLogins(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		synctest.Test(t, func(t *testing.T) {
			tenant := inMemory(zuoratest.Config{})
			defer tenant.Close()
			tenant.Intercept(func(*http.Request) http.Handler { return zuoratest.HTMLPage(http.StatusServiceUnavailable) })
			session := newSession(t, kind.inMemoryConfig(tenant))
			longer := 0
			for i := range 40 {
				var failure *zuora.Error
				require.ErrorAs(t, session.Connect(t.Context()), &failure)
				require.Equal(t, i+1, tenant.Logins())
				least := min(time.Second<<min(i, 10), 30*time.Second)
				require.GreaterOrEqual(t, failure.RetryAfter, least)
				require.Less(t, failure.RetryAfter, least+least/4)
				if failure.RetryAfter > least+least/100 {
					longer++
				}
				time.Sleep(failure.RetryAfter)
			}
			require.Positive(t, longer, "programs that failed together do not all come back together")
		})
	})
}

// A provider that fails is not hammered either.
func TestRule10_FailingProviderBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked int
		broken := errors.New("the vault is sealed")
		session := newSession(t, zuora.SessionConfig{
			Server: "https://rest.zuora.example",
			Credentials: zuora.CredentialsFunc(func(context.Context) (zuora.Credentials, error) {
				asked++
				return zuora.Credentials{}, broken
			}),
		})
		for range 600 {
			require.ErrorIs(t, session.Connect(t.Context()), broken)
			time.Sleep(100 * time.Millisecond)
		}
		require.LessOrEqual(t, asked, 6)
	})
}

// For every failed login callers get a LoginError that says when the next is
// due: those who waited for it, and those who come before that.
func TestRule10_EveryFailedLoginIsALoginError(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		broken := errors.New("the vault is sealed")
		response := func(h http.Handler) func(*zuora.SessionConfig, *zuoratest.Tenant) {
			return func(_ *zuora.SessionConfig, tenant *zuoratest.Tenant) {
				tenant.Intercept(func(*http.Request) http.Handler { return h })
			}
		}
		provide := func(f zuora.CredentialsFunc) func(*zuora.SessionConfig, *zuoratest.Tenant) {
			return func(cfg *zuora.SessionConfig, _ *zuoratest.Tenant) { cfg.Credentials = f }
		}
		for what, test := range map[string]struct {
			prepare func(*zuora.SessionConfig, *zuoratest.Tenant)
			next    time.Duration // and up to a quarter more
			is      error
			text    string
		}{
			"a provider that fails":       {provide(func(context.Context) (zuora.Credentials, error) { return zuora.Credentials{}, broken }), time.Second, broken, "retrieve credentials: the vault is sealed"},
			"a provider that panics":      {provide(func(context.Context) (zuora.Credentials, error) { panic(broken) }), time.Second, nil, "the call panicked with a *errors.errorString"},
			"a provider without a secret": {provide(func(context.Context) (zuora.Credentials, error) { return zuora.Credentials{AccessKeyID: "u"}, nil }), time.Second, nil, "SecretAccessKey is empty"},
			"a provider that hangs": {provide(func(ctx context.Context) (zuora.Credentials, error) {
				<-ctx.Done()
				return zuora.Credentials{}, ctx.Err()
			}), time.Second, context.DeadlineExceeded,
				"not done after 30s (LoginTimeout): context deadline exceeded"},
			"a transport that fails": {func(cfg *zuora.SessionConfig, _ *zuoratest.Tenant) {
				cfg.Base = roundTripper(func(*http.Request) (*http.Response, error) { return nil, broken })
			}, time.Second, broken, "POST https://rest.zuora.example" + kind.path() + ": the vault is sealed"},
			"refused credentials": {response(zuoratest.Unauthorized()), 5 * time.Minute, zuora.ErrUnauthenticated, "POST " + kind.path() + ": 401 Unauthorized: 90000011"},
			"a rate limit":        {response(zuoratest.ConcurrencyLimited(2 * time.Minute)), 2 * time.Minute, zuora.ErrRateLimited, "429 Too Many Requests"},
			"another failure":     {response(zuoratest.ServerError()), time.Second, nil, "500 Internal Server Error"},
			"no session":          {response(jsonResponse(`{"success":true}`)), time.Second, nil, map[loginKind]string{byPassword: "success without a ZSession cookie", byOAuth: "it contains no access_token"}[kind]},
			"a redirect":          {response(http.RedirectHandler("/", http.StatusFound)), time.Second, nil, "(a login follows no redirect)"},
		} {
			t.Run(what, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					tenant := inMemory(zuoratest.Config{})
					defer tenant.Close()
					cfg := kind.inMemoryConfig(tenant)
					test.prepare(&cfg, tenant)
					session := newSession(t, cfg)
					var next time.Time
					for range 2 { // and then by what is known
						_, err := session.Do(newRequest(t, http.MethodGet, session.Server()+"/v1/ok", nil))
						for _, err := range []error{err, session.Connect(t.Context())} {
							var failed *zuora.LoginError
							require.ErrorAs(t, err, &failed)
							if next.IsZero() {
								next = failed.Next
								require.GreaterOrEqual(t, time.Until(next), test.next)
								require.LessOrEqual(t, time.Until(next), test.next+test.next/4)
							}
							require.Equal(t, next, failed.Next)
							require.ErrorContains(t, failed, "zuora: login failed: ")
							require.ErrorContains(t, failed, test.text)
							require.ErrorContains(t, failed, "; next try not before "+next.UTC().Format(time.RFC3339))
							require.NotContains(t, strings.TrimPrefix(failed.Error(), "zuora: "), "zuora: ")
							require.Equal(t, failed.Err, errors.Unwrap(failed))
							if test.is != nil {
								require.ErrorIs(t, err, test.is)
							}
							*failed = zuora.LoginError{} // it is the caller's own
						}
					}
				})
			})
		}
		require.EqualError(t, &zuora.LoginError{}, "zuora: login failed: no cause; next try not before 0001-01-01T00:00:00Z")
	})
}

// Nor do those share one who waited for the same login.
func TestRule10_ErrorOfALoginIsEachWaitersOwn(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		synctest.Test(t, func(t *testing.T) {
			tenant := inMemory(zuoratest.Config{})
			defer tenant.Close()
			tenant.Intercept(func(*http.Request) http.Handler {
				return zuoratest.Failed(http.StatusServiceUnavailable, "50000060", "try later")
			})
			cfg := kind.inMemoryConfig(tenant)
			door := newGate(kind.credentials(tenant))
			cfg.Credentials = door
			session := newSession(t, cfg)
			errs := make(chan error, 2)
			for range 2 {
				go func() { errs <- session.Connect(t.Context()) }()
			}
			synctest.Wait()
			close(door.open)
			var failures [3]*zuora.Error
			require.ErrorAs(t, <-errs, &failures[0])
			require.ErrorAs(t, <-errs, &failures[1])
			require.ErrorAs(t, session.Connect(t.Context()), &failures[2])
			for i, mine := range failures {
				others := func() string {
					return fmt.Sprintf("%+v %+v", *failures[(i+1)%3], *failures[(i+2)%3])
				}
				before := others()
				mine.StatusCode = 0
				mine.Reasons[0].Message = "changed"
				mine.Header["Content-Type"][0] = "changed"
				mine.Header.Set("More", "changed")
				require.Equal(t, before, others())
			}
			require.Equal(t, 1, tenant.Logins())
		})
	})
}

// Only Zuora can refuse credentials. A provider that says it was refused, by a
// vault for instance, has none to remember.
func TestRule10_ProviderThatWasRefusedItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked int
		session := newSession(t, zuora.SessionConfig{
			Server: "https://rest.zuora.example",
			Credentials: zuora.CredentialsFunc(func(context.Context) (zuora.Credentials, error) {
				asked++
				return zuora.Credentials{}, fmt.Errorf("vault: %w", zuora.ErrUnauthenticated)
			}),
		})
		for range 600 {
			err := session.Connect(t.Context())
			require.ErrorIs(t, err, zuora.ErrUnauthenticated)
			require.ErrorContains(t, err, "vault")
			time.Sleep(100 * time.Millisecond)
		}
		require.LessOrEqual(t, asked, 6)
		require.Greater(t, asked, 2)
	})
}

func TestRule10_BackoffErrorIsEachCallersOwn(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		server.Intercept(func(*http.Request) http.Handler {
			return zuoratest.Failed(http.StatusServiceUnavailable, "50000060", "try later")
		})
		session := newSession(t, kind.configFor(server))
		var wg sync.WaitGroup
		for range 20 { // some share a login, the others meet the backoff; for -race
			wg.Go(func() {
				var failure *zuora.Error
				if !assert.ErrorAs(t, session.Connect(t.Context()), &failure) {
					return
				}
				assert.Equal(t, "try later", failure.Reasons[0].Message)
				failure.StatusCode, failure.Path = 0, ""
				failure.Reasons[0] = zuora.Reason{Message: "changed"}
				failure.Header["Content-Type"][0] = "changed"
				failure.Header.Set("More", "changed")
			})
		}
		wg.Wait()
		require.ErrorContains(t, session.Connect(t.Context()), "503 Service Unavailable: 50000060 try later")
		require.Equal(t, 1, server.Logins())
	})
}

// Rule 12: the log.

// records keeps what is logged.
type records struct {
	mu   sync.Mutex
	text []string
}

func (r *records) logger(level slog.Level, asJSON bool) *slog.Logger {
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && (slices.Contains([]string{slog.TimeKey, "duration", "until", "server", "entity"}, a.Key)) {
			return slog.Attr{}
		}
		return a
	}}
	if asJSON {
		return slog.New(slog.NewJSONHandler(r, options))
	}
	return slog.New(slog.NewTextHandler(r, options))
}

func (r *records) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.text = append(r.text, strings.TrimSpace(string(p)))
	return len(p), nil
}

func (r *records) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer func() { r.text = nil }()
	return r.text
}

func TestRule12_SessionLogsWhatItDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := inMemory(zuoratest.Config{})
		defer tenant.Close()
		var log records
		cfg := inMemoryConfig(tenant)
		cfg.Logger = log.logger(slog.LevelDebug, false)
		session := newSession(t, cfg)

		requireStatus(t, session, "/v1/ok", http.StatusOK)
		synctest.Wait()
		require.Equal(t, []string{`level=INFO msg="zuora: logged in" generation=1`}, log.take())

		requireStatus(t, session, "/v1/ok", http.StatusOK)
		require.Empty(t, log.take(), "a call that goes well is no news")

		tenant.Expire()
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		synctest.Wait() // the login reports for itself
		require.ElementsMatch(t, []string{
			`level=INFO msg="zuora: session to be renewed" reason=refused generation=1`,
			`level=INFO msg="zuora: logged in" generation=2`,
			`level=INFO msg="zuora: call replayed" method=GET generation=2`,
		}, log.take())

		time.Sleep(11 * time.Minute)
		var failing atomic.Bool
		failing.Store(true)
		tenant.Intercept(func(r *http.Request) http.Handler {
			if isLogin(r) && failing.Load() {
				return zuoratest.RateLimited()
			}
			return nil
		})
		for range 10 {
			require.Error(t, session.Connect(t.Context()))
		}
		synctest.Wait()
		require.Equal(t, []string{
			`level=INFO msg="zuora: session to be renewed" idle=11m0s reason=unused generation=2`,
			`level=WARN msg="zuora: login failed; the next one has to wait" error.method=POST error.path=/v1/connections error.status=429 error.reasons="70 API Rate limit exceeded" error.request_id=` + requestID(t, session) + ` error.process_id=""`,
		}, log.take(), "a backoff is logged once")

		failing.Store(false)
		time.Sleep(time.Minute)
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		synctest.Wait()
		require.Equal(t, []string{`level=INFO msg="zuora: logged in" generation=3`}, log.take())
	})
}

// The server and the entity, which the other tests leave out.
func TestRule12_LogLinesNameServerAndEntity(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		for entity, want := range map[zuora.Entity]string{
			{}: `""`, {ID: "uuid"}: "uuid", {LegacyID: "id"}: "id", {LegacyName: "name"}: "name",
		} {
			if kind == byOAuth && entity.LegacyID+entity.LegacyName != "" {
				continue // an error
			}
			synctest.Test(t, func(t *testing.T) {
				tenant := inMemory(zuoratest.Config{})
				defer tenant.Close()
				var log records
				cfg := kind.inMemoryConfig(tenant)
				cfg.Entity = entity
				cfg.Logger = slog.New(slog.NewTextHandler(&log, nil)).WithGroup("client")
				session := newSession(t, cfg)
				requireStatus(t, session, "/v1/ok", http.StatusOK)
				kind.expire(tenant)
				requireStatus(t, session, "/v1/ok", http.StatusOK)
				kind.expire(tenant)
				tenant.Intercept(func(r *http.Request) http.Handler {
					if isLogin(r) {
						return zuoratest.ServerError()
					}
					return nil
				})
				_, err := session.HTTPClient().Get(session.Server() + "/v1/ok")
				require.Error(t, err)
				synctest.Wait()
				lines := log.take()
				require.Len(t, lines, 6)
				for _, line := range lines {
					require.Contains(t, line, " client.server="+session.Server()+" client.entity="+want+" ")
				}
			})
		}
	})
}

// Durations and times, which the other tests leave out.
func TestRule12_LogOfLoginsHasTheirTimes(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		synctest.Test(t, func(t *testing.T) {
			tenant := inMemory(zuoratest.Config{})
			defer tenant.Close()
			var refused atomic.Bool
			tenant.Intercept(func(*http.Request) http.Handler {
				time.Sleep(3 * time.Second)
				if refused.Load() {
					return zuoratest.Unauthorized()
				}
				return nil
			})
			var log records
			cfg := kind.inMemoryConfig(tenant)
			cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
			require.NoError(t, newSession(t, cfg).Connect(t.Context()))
			synctest.Wait()
			require.Contains(t, strings.Join(log.take(), "\n"), " duration=3s")

			refused.Store(true)
			require.Error(t, newSession(t, cfg).Connect(t.Context()))
			synctest.Wait()
			until := time.Now().Add(5 * time.Minute).Format("2006-01-02T15:04:05.000Z07:00")
			require.Contains(t, strings.Join(log.take(), "\n"), " until="+until)
		})
	})
}

// requestID returns the ID of the login that failed.
func requestID(t *testing.T, session *zuora.Session) string {
	t.Helper()
	var failure *zuora.Error
	require.ErrorAs(t, session.Connect(t.Context()), &failure)
	require.NotEmpty(t, failure.RequestID)
	return failure.RequestID
}

// The status of a login counts, even if its body never arrives.
func TestRule10_RefusedLoginWithoutABodyIsARefusal(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		synctest.Test(t, func(t *testing.T) {
			tenant := inMemory(zuoratest.Config{})
			defer tenant.Close()
			tenant.Intercept(func(*http.Request) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.WriteHeader(http.StatusUnauthorized)
					_ = http.NewResponseController(w).Flush()
					<-r.Context().Done()
				})
			})
			session := newSession(t, kind.inMemoryConfig(tenant))
			begun := time.Now()
			for time.Since(begun) < 4*time.Minute {
				require.ErrorIs(t, session.Connect(t.Context()), zuora.ErrUnauthenticated)
				time.Sleep(time.Second)
			}
			require.Equal(t, 1, tenant.Logins())
		})
	})
}

// A success does not clear the refusal of other credentials.
func TestRule10_SuccessClearsOnlyItsOwnRefusal(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		synctest.Test(t, func(t *testing.T) {
			tenant := inMemory(zuoratest.Config{})
			defer tenant.Close()
			cfg := kind.inMemoryConfig(tenant)
			var asked, wrong int
			cfg.Credentials = zuora.CredentialsFunc(func(context.Context) (zuora.Credentials, error) {
				if asked++; asked%2 == 1 {
					return kind.made("other", "wrong"), nil
				}
				return kind.credentials(tenant), nil
			})
			tenant.Intercept(func(r *http.Request) http.Handler {
				if r.Header.Get("apiAccessKeyId") == "other" || isLogin(r) && r.PostFormValue("client_id") == "other" {
					wrong++
				}
				return nil
			})
			session := newSession(t, cfg)
			for range 40 {
				_, _, _ = get(t.Context(), session, "/v1/ok")
				kind.expire(tenant)
				time.Sleep(time.Second)
			}
			require.Equal(t, 1, wrong)
		})
	})
}

// RateLimit-Reset is about calls. A login waits for Retry-After, or a minute.
func TestRule10_LoginWaitsAMinuteWhateverRateLimitResetIs(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		synctest.Test(t, func(t *testing.T) {
			tenant := inMemory(zuoratest.Config{})
			defer tenant.Close()
			tenant.Intercept(func(*http.Request) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("RateLimit-Reset", "1")
					w.Header().Set("Retry-After", "0")
					zuoratest.RateLimited().ServeHTTP(w, r)
				})
			})
			session := newSession(t, kind.inMemoryConfig(tenant))
			for range 59 {
				require.ErrorIs(t, session.Connect(t.Context()), zuora.ErrRateLimited)
				time.Sleep(time.Second)
			}
			require.Equal(t, 1, tenant.Logins())
		})
	})
}

// panicking is a handler that panics in one method.
type panicking struct{ in string }

func (p panicking) Enabled(context.Context, slog.Level) bool {
	if p.in == "Enabled" {
		panic("Enabled")
	}
	return true
}

func (p panicking) Handle(context.Context, slog.Record) error {
	if p.in == "Handle" {
		panic("Handle")
	}
	return errors.New("not written")
}

func (p panicking) WithAttrs([]slog.Attr) slog.Handler { panic("WithAttrs") }
func (p panicking) WithGroup(string) slog.Handler      { panic("WithGroup") }

// A logger that panics breaks no call, no login and no waiter. The session logs a login
// and its failure, a renewal, a replay, and a store that fails.
func TestRule12_LoggerThatPanics(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		for what, logger := range map[string]*slog.Logger{
			"in Enabled": slog.New(panicking{"Enabled"}), "in Handle": slog.New(panicking{"Handle"}), "in nothing": slog.New(panicking{}),
			"without a handler": new(slog.Logger),
		} {
			t.Run(what, func(t *testing.T) {
				server := newServer(t, zuoratest.Config{})
				store := newMemoryStore()
				cfg := withStore(kind.configFor(server), store)
				cfg.Logger = logger
				session := newSession(t, cfg)
				requireStatus(t, session, "/v1/ok", http.StatusOK)
				kind.expire(server)
				store.setFail(func(context.Context, bool) error { return errors.New("down") })
				requireStatus(t, session, "/v1/ok", http.StatusOK)
				store.setFail(nil)
				kind.expire(server)
				server.Intercept(func(r *http.Request) http.Handler {
					if isLogin(r) {
						return zuoratest.Unauthorized()
					}
					return nil
				})
				for range 2 {
					_, _, err := get(t.Context(), session, "/v1/ok")
					require.ErrorIs(t, err, zuora.ErrUnauthenticated)
				}
			})
		}
	})
}

// A logger that ends its goroutine, as t.FailNow does, leaves no waiter behind.
func TestRule12_LoggerThatEndsItsGoroutine(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		cfg := kind.configFor(server)
		cfg.Logger = slog.New(slog.NewTextHandler(readerFunc(func([]byte) (int, error) { runtime.Goexit(); return 0, nil }), nil))
		session := newSession(t, cfg)
		done := make(chan error)
		go func() { done <- session.Connect(t.Context()) }()
		require.NoError(t, <-done)
		requireStatus(t, session, "/v1/ok", http.StatusOK)
	})
}

func (f readerFunc) Write(p []byte) (int, error) { return f(p) }

// The log line of a failed login contains no part of the body.
func TestRule12_NoLogLineHasABody(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		server.Intercept(func(*http.Request) http.Handler { return zuoratest.ServerError() })
		var log records
		cfg := kind.configFor(server)
		cfg.Logger = log.logger(slog.LevelDebug, false)
		require.ErrorContains(t, newSession(t, cfg).Connect(t.Context()), "500 Internal Server Error")
		require.NotContains(t, strings.Join(log.take(), "\n"), "sorry")
	})
}
