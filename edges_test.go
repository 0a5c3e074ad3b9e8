package zuora_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"runtime"
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

// Corners of the rules.

// Rule 3, where calls overlap: refusals of first tries and of replays mix.
func TestOverlappingRefusalsDoNotWearOutTheLogin(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		for what, delay := range map[string]func(login bool, nth int) time.Duration{
			"answers come in any order": func(login bool, _ int) time.Duration {
				if login {
					return 100 * time.Millisecond
				}
				return 50*time.Millisecond + rand.N(100*time.Millisecond)
			},
			"replays are slow": func(login bool, nth int) time.Duration {
				if login || nth%2 == 0 {
					return 50 * time.Millisecond
				}
				return 3 * time.Second
			},
		} {
			t.Run(what, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					tenant := inMemory(zuoratest.Config{})
					defer tenant.Close()
					var nth atomic.Int32
					tenant.Intercept(func(r *http.Request) http.Handler {
						if isLogin(r) || r.URL.Path == "/v1/refused" {
							time.Sleep(delay(isLogin(r), int(nth.Add(1))))
						}
						return nil
					})
					session := newSession(t, kind.inMemoryConfig(tenant))
					var wg sync.WaitGroup
					for i := range 1000 {
						wg.Go(func() {
							if i%2 == 0 {
								status, _, err := get(t.Context(), session, "/v1/ok")
								assert.NoError(t, err)
								assert.Equal(t, http.StatusOK, status)
							}
							status, _, err := get(t.Context(), session, "/v1/refused")
							assert.NoError(t, err)
							assert.Equal(t, http.StatusUnauthorized, status)
						})
						time.Sleep(time.Minute / 1000)
					}
					logins := tenant.Logins()
					wg.Wait()
					require.LessOrEqual(t, logins, 1+2*4, "the first, and four in 30 s")
				})
			})
		}
	})
}

// Sessions that really end are renewed as often as they do.
func TestFrequentExpiryIsNotTakenForAResource(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		session := newSession(t, kind.configFor(server))
		for logins := 1; logins <= 20; logins++ {
			requireStatus(t, session, "/v1/ok", http.StatusOK)
			require.Equal(t, logins, server.Logins())
			kind.expire(server)
		}
	})
}

// An answer that takes the cookie away costs no login a call.
func TestAnswerThatTakesTheCookieAwayIsNotObeyed(t *testing.T) {
	for _, cookie := range []string{"ZSession=; Path=/", "ZSession=x; Path=/; Max-Age=0", "ZSession=x; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT"} {
		server := newServer(t, zuoratest.Config{})
		session := newSession(t, configFor(server))
		server.Intercept(func(r *http.Request) http.Handler {
			if r.URL.Path != "/v1/away" {
				return nil
			}
			return withCookie(cookie, zuoratest.JSON(nil))
		})
		for range 5 {
			requireStatus(t, session, "/v1/away", http.StatusOK)
			requireStatus(t, session, "/v1/ok", http.StatusOK)
		}
		require.Equal(t, 1, server.Logins())
	}
}

// A replay that is refused on a session that is not new says nothing of the
// resource: both sessions have ended.
func TestReplayOnAnOlderSessionThatHasEndedToo(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		synctest.Test(t, func(t *testing.T) {
			tenant := inMemory(zuoratest.Config{})
			defer tenant.Close()
			tenant.HandleFunc("GET /v1/slow", func(w http.ResponseWriter, r *http.Request) {
				time.Sleep(time.Minute)
				zuoratest.Unauthorized().ServeHTTP(w, r)
			})
			session := newSession(t, kind.inMemoryConfig(tenant))
			requireStatus(t, session, "/v1/ok", http.StatusOK)
			slow := make(chan error)
			go func() {
				_, _, err := get(t.Context(), session, "/v1/slow")
				slow <- err
			}()
			time.Sleep(20 * time.Second)
			kind.expire(tenant)
			requireStatus(t, session, "/v1/ok", http.StatusOK)
			time.Sleep(30 * time.Second)
			kind.expire(tenant)
			require.NoError(t, <-slow)
			requireStatus(t, session, "/v1/ok", http.StatusOK)
		})
	})
}

// A refusal that Zuora repeats for an Idempotency-Key is an old one, perhaps.
func TestRefusalOfAKnownKeyHoldsNobodyElseUp(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		session := newSession(t, kind.configFor(server))
		req := newRequest(t, http.MethodPost, session.Server()+"/v1/refused", nil)
		req.Header.Set("Idempotency-Key", "key-1")
		resp, err := session.HTTPClient().Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusUnauthorized, resp.StatusCode)
		kind.expire(server)
		requireStatus(t, session, "/v1/ok", http.StatusOK)
	})
}

// Rule 10: the status of a sign-in counts, though its body never comes.
func TestRefusedSignInWithoutABodyIsARefusal(t *testing.T) {
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

// A success does not forget what was refused of others.
func TestSuccessForgetsOnlyItsOwnRefusal(t *testing.T) {
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

// RateLimit-Reset speaks of calls; a sign-in waits as long as Retry-After says,
// or a minute.
func TestSignInWaitsAMinuteWhateverRateLimitResetSays(t *testing.T) {
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

// Rule 6, where hosts are not plain.
func TestHostsThatAreNotASCII(t *testing.T) {
	credentials := zuora.Credentials{AccessKeyID: "u", SecretAccessKey: "s"}
	_, err := zuora.NewSession(zuora.SessionConfig{Server: "https://acme-\u0130t.example", Credentials: credentials})
	require.ErrorContains(t, err, "not ASCII")
	var asked atomic.Int32
	session := newSession(t, zuora.SessionConfig{
		Server: "https://acme-it.example", Credentials: credentials,
		Base: roundTripper(func(req *http.Request) (*http.Response, error) { asked.Add(1); return nil, errors.New("sent") }),
	})
	for _, host := range []string{"acme-\u0130t.example", "acme-it.example.", "acme\u2010it.example", "ACME-\u0049T.example:444"} {
		_, err := session.Transport().RoundTrip(&http.Request{Method: http.MethodGet, URL: &url.URL{Scheme: "https", Host: host, Path: "/"}})
		require.ErrorContains(t, err, "the session is for", host)
	}
	require.Zero(t, asked.Load())
}

func TestOpaqueURLsAreRefused(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		session := newSession(t, kind.configFor(server))
		host := strings.TrimPrefix(server.URL, "https://")
		for _, opaque := range []string{"/v1/connections", "//elsewhere.example/v1/ok"} {
			req := newRequest(t, http.MethodPost, server.URL, nil)
			req.URL = &url.URL{Scheme: "https", Host: host, Opaque: opaque}
			_, err := session.Transport().RoundTrip(req)
			require.ErrorContains(t, err, "opaque")
		}
		_, err := session.Do(newRequest(t, http.MethodPost, server.URL+"/v1;a=b/connections;x=1", nil))
		require.ErrorContains(t, err, "Connect")
		require.Zero(t, server.Logins())
	})
}

// Transports that do not keep to their contract are errors, not panics.
func TestOddAnswersOfATransport(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		for what, test := range map[string]struct {
			answer *http.Response
			want   string
		}{
			"nothing":               {nil, "neither a response nor an error"},
			"a 401 without a body":  {&http.Response{StatusCode: 401}, ""},
			"a 200 without a body":  {&http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}}, ""},
			"a 500 without headers": {&http.Response{StatusCode: 500, ContentLength: 7}, ""},
		} {
			t.Run(what, func(t *testing.T) {
				server := newServer(t, zuoratest.Config{})
				cfg := kind.configFor(server)
				base := cfg.Base
				cfg.Base = roundTripper(func(req *http.Request) (*http.Response, error) {
					if isLogin(req) || test.answer == nil && req.URL.Path == "/v1/ok" {
						return base.RoundTrip(req)
					}
					if test.answer == nil {
						return nil, nil
					}
					answer := *test.answer
					return &answer, nil
				})
				session := newSession(t, cfg)
				for _, do := range []func(*http.Request) (*http.Response, error){session.Transport().RoundTrip, session.Do} {
					resp, err := do(newRequest(t, http.MethodGet, session.Server()+"/v1/x", nil))
					if test.want != "" {
						require.ErrorContains(t, err, test.want)
					} else if err == nil {
						require.NoError(t, resp.Body.Close())
					}
				}
			})
		}
	})
}

// Rule 11: cookies that an answer repeats, in the spellings of JSON.
func TestNoErrorHasACookieHoweverSpelt(t *testing.T) {
	const cookie = "c0ffee-c0ffee"
	for _, body := range []string{
		`{"success":false,"reasons":[{"code":1,"message":"you sent ZSession=` + cookie + `; ok"}]}`,
		`{"success":false,"reasons":[{"code":1,"message":"you sent ZSession\u003d` + cookie + `; ok"}]}`,
		`{"success":false,"reasons":[{"code":1,"message":"you sent ZSession=\"` + cookie + `\"; ok"}]}`,
		`{"success":false,"reasons":[{"code":1,"message":"you sent ZSession: ` + cookie + `; ok"}]}`,
		`{"success":false,"reasons":[{"code":1,"message":"you sent Z\u0053ession\u003D` + cookie + `; ok"}]}`,
		`{"success":false,"reasons":[{"code":1,"message":"you sent ZSession=\/\u002b` + cookie + `\/` + cookie + `; ok"}]}`,
		`{"success":false,"reasons":[{"code":1,"message":"ok"}],"cookies":{"ZSession" : "` + cookie + `","\u005ASession":"` + cookie + `"}}`,
		`{"success":false,"reasons":[{"code":1,"message":"you sent {\"ZSession\":\"` + cookie + `\"}, ok"}]}`,
	} {
		for _, status := range []int{200, 400} {
			var failure *zuora.Error
			require.ErrorAs(t, zuora.CheckResponse(&http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}}, []byte(body)), &failure, body)
			require.NotContains(t, fmt.Sprintf("%v %+v %s", failure, failure.Reasons, failure.Body), cookie, body)
			require.Contains(t, failure.Reasons[0].Message, "ok")
			require.True(t, json.Valid(failure.Body), "%s", failure.Body)
		}
	}
}

// Whatever stands about a cookie in it, a failure stays one, with its reasons.
func TestCookiesInFailuresHideNoFailure(t *testing.T) {
	for _, body := range []string{
		`{"success":false,"reasons":[{"code":50000040,"message":"x"}],"c":{"ZSession":null}}`,
		`{"success":false,"reasons":[{"code":50000040,"message":"x"}],"c":{"ZSession":["c0ffee"]}}`,
		`{"success":false,"reasons":[{"code":50000040,"message":"x"}],"c":{"ZSession":{"value":"c0ffee"}}}`,
		`{"success":false,"reasons":[{"code":50000040,"message":"x"}],"c":{"ZSession":true}}`,
		`{"success":false,"reasons":[{"code":50000040,"message":"x"}],"c":[{"name":"ZSession","value":"c0ffee"}]}`,
		`{"success":false,"reasons":[{"code":50000040,"message":"bad ZSession=\\"}]}`,
		`{"success":false,"reasons":[{"code":50000040,"message":"missing cookie ZSession="}]}`,
		`{"success":false,"reasons":[{"code":50000040,"message":"missing cookie ZSession:"}]}`,
		`{"success":false,"reasons":[{"code":50000040,"message":"{\"c\":\"ZSession=a\\u002bc0ffee\"}"}]}`,
		`{"success":false,"reasons":[{"code":50000040,"message":"ZSession='c0ffee' ZSession=<c0ffee> ZSession%3Dc0ffee"}]}`,
		`{"success":false,"reasons":[{"code":50000040,"message":"ZSession:\tc0ffee ZSession\u003ac0ffee ZSession\u0022:\u0022c0ffee"}]}`,
		`[{"Success":false,"Errors":[{"Code":"50000040","Message":"Cookie: ZSession="}]}]`,
	} {
		for _, status := range []int{200, 404} {
			var failure *zuora.Error
			require.ErrorAs(t, zuora.CheckResponse(&http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}}, []byte(body)), &failure, body)
			require.Len(t, failure.Reasons, 1, body)
			require.ErrorIs(t, failure, zuora.ErrNotFound)
			require.NotContains(t, fmt.Sprintf("%v %+v %s", failure, failure.Reasons, failure.Body), "c0ffee")
		}
	}
}

// Two who read one body at the same time, which is wrong, harm nobody else.
func TestBodyThatTwoReadHarmsNoOther(t *testing.T) {
	session := newSession(t, zuora.SessionConfig{
		Server: "https://rest.zuora.example", Credentials: zuora.Credentials{AccessKeyID: "u", SecretAccessKey: "s"},
		Base: answering(func(path string) string { return strings.Repeat(path[len("/v1/"):], 2000) }),
	})
	ask := func(path string) io.Reader {
		resp, err := session.HTTPClient().Get(session.Server() + "/v1/" + path)
		if !assert.NoError(t, err) {
			return strings.NewReader("")
		}
		return resp.Body
	}
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for range 2000 {
				body := ask("b")
				var both sync.WaitGroup
				for range 2 {
					both.Go(func() { _, _ = io.Copy(io.Discard, body) })
				}
				both.Wait()
			}
		})
		wg.Go(func() {
			for range 2000 {
				body, err := io.ReadAll(ask("c"))
				assert.NoError(t, err)
				if !assert.Equal(t, strings.Repeat("c", 2000), string(body)) {
					return
				}
			}
		})
	}
	wg.Wait()
}

// A provider that fails and repeats the secret it has.
func TestProvidersErrorWithTheSecret(t *testing.T) {
	session := newSession(t, zuora.SessionConfig{
		Server: zuora.ServerURLProductionEU,
		Credentials: zuora.CredentialsFunc(func(context.Context) (zuora.Credentials, error) {
			return zuora.Credentials{SecretAccessKey: theSecret}, errors.New("cannot use " + theSecret)
		}),
	})
	err := session.Connect(t.Context())
	require.ErrorContains(t, err, "cannot use REDACTED")
	assertSilent(t, err.Error())
}

// panicking is a handler of a logger that panics in the method named.
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

// Rule 12: whatever a logger does, it breaks no call, no login and no waiter. The
// session logs a login and its failure, a renewal, a replay, and a store that fails.
func TestLoggerThatPanics(t *testing.T) {
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

// A logger that ends its goroutine, as t.FailNow does, leaves nobody waiting.
func TestLoggerThatEndsItsGoroutine(t *testing.T) {
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

// While it waits for a sign-in a call ends as it would in net/http.
func TestWaitingForASignInEndsAsNetHTTPDoes(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		synctest.Test(t, func(t *testing.T) {
			tenant := inMemory(zuoratest.Config{})
			defer tenant.Close()
			cfg := kind.inMemoryConfig(tenant)
			door := newGate(kind.credentials(tenant))
			cfg.Credentials = door
			session := newSession(t, cfg)
			defer close(door.open)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, _, err := get(ctx, session, "/v1/ok")
			require.True(t, os.IsTimeout(err))
			require.ErrorIs(t, err, context.DeadlineExceeded)
			client := session.HTTPClient()
			client.Timeout = time.Second
			_, err = client.Get(session.Server() + "/v1/ok")
			require.True(t, os.IsTimeout(err))

			why := errors.New("shutting down")
			ctx, stop := context.WithCancelCause(t.Context())
			stop(why)
			_, _, err = get(ctx, session, "/v1/ok")
			require.ErrorIs(t, err, why)
			require.EqualError(t, session.Connect(ctx), "zuora: waiting for login: shutting down")
		})
	})
}

// uncomparable is an error that Go's == panics on.
type uncomparable []string

func (u uncomparable) Error() string { return strings.Join(u, " ") }

func TestWaitingForALoginEndsByACauseThatCannotBeCompared(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		synctest.Test(t, func(t *testing.T) {
			tenant := inMemory(zuoratest.Config{})
			defer tenant.Close()
			cfg := kind.inMemoryConfig(tenant)
			door := newGate(kind.credentials(tenant))
			cfg.Credentials = door
			session := newSession(t, cfg)
			for _, cause := range []error{uncomparable{"shutting", "down"}, struct{ error }{uncomparable{"shutting", "down"}}} {
				ctx, stop := context.WithCancelCause(t.Context())
				go func() {
					<-door.asked
					stop(cause)
				}()
				require.EqualError(t, session.Connect(ctx), "zuora: waiting for login: shutting down")
				require.EqualError(t, session.Connect(ctx), "zuora: waiting for login: shutting down", "before it waits, too")
				_, _, err := get(ctx, session, "/v1/ok")
				require.ErrorContains(t, err, "shutting down")
				door.asked <- struct{}{} // for the next cause: the login goes on
			}
			close(door.open)
		})
	})
}

func TestCallThatHasEndedAlreadyStartsNoSignIn(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		synctest.Test(t, func(t *testing.T) {
			tenant := inMemory(zuoratest.Config{})
			defer tenant.Close()
			session := newSession(t, kind.inMemoryConfig(tenant))
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			require.ErrorIs(t, session.Connect(ctx), context.Canceled)
			_, _, err := get(ctx, session, "/v1/ok")
			require.ErrorIs(t, err, context.Canceled)
			synctest.Wait() // for a login that nobody waits for
			require.Zero(t, tenant.Logins())
		})
	})
}

// No hook of the caller's trace is called for the login, those of the net
// package included.
func TestLoginIsNotTracedAtAll(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		session := newSession(t, kind.configFor(server))
		var calls atomic.Int32
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
			GetConn: func(string) { calls.Add(1) }, ConnectStart: func(string, string) { calls.Add(1) },
		})
		require.NoError(t, session.Connect(ctx))
		require.Zero(t, calls.Load())
	})
}

func TestCloseIdleConnectionsReachesTheTransport(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		cfg := kind.configFor(server)
		idle := &idleCounter{RoundTripper: cfg.Base}
		cfg.Base = idle
		session := newSession(t, cfg)
		session.HTTPClient().CloseIdleConnections()
		require.EqualValues(t, 1, idle.closed.Load())
		require.NoError(t, session.Close())
		require.EqualValues(t, 1, idle.closed.Load(), "a caller's transport keeps its connections")
	})
}

type idleCounter struct {
	http.RoundTripper
	closed atomic.Int32
}

func (c *idleCounter) CloseIdleConnections() { c.closed.Add(1) }

// Envelopes are read by exact keys: encoding/json would fold them, and take the
// last of several.
func TestEnvelopesAreReadByExactKeys(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		header := http.Header{"Content-Type": {"application/json"}}
		for body, failed := range map[string]bool{
			`{"success":false}`:                                                         true,
			`{"Success":false}`:                                                         true,
			`{"success":true,"Success":false}`:                                          true,
			`{"success":false,"Success":true}`:                                          true,
			`{"SUCCESS":false}`:                                                         false,
			`{"SUCCESS":false,"rows":[{"success":false}]}`:                              false,
			`{"\u017fuccess":false,"rows":[{"success":false}]}`:                         false,
			`{"faultCode":"x","rows":[{"success":false}]}`:                              false,
			strings.Repeat("[", 9000) + strings.Repeat("]", 9000):                       false,
			strings.Repeat("[", 9000) + `{"success":false}` + strings.Repeat("]", 9000): false,
		} {
			err := zuora.CheckResponse(&http.Response{StatusCode: 200, Header: header}, []byte(body))
			assert.Equal(t, failed, err != nil, "%.60s", body)
		}
		// None of these is so plainly the session's end that a write may be repeated.
		for _, body := range []string{
			`{"success":false,"reasons":[{"code":53200020}],"reasons":[{"code":90000011}]}`,
			`{"success":false,"reasons":[{"code":90000011}],"reasons":[{"message":"other"}]}`,
			`{"SUCCESS":false,"REASONS":[{"CODE":90000011}]}`,
			`{"success":false,"reasons":[{"code":90000011}],"errors":"something"}`,
			`{"success":false,"reasons":[{"code":90000011}],"faultcode":"x"}`,
			`{"faultCode":"fns:INVALID_SESSION"}`,
		} {
			server := newServer(t, zuoratest.Config{})
			var calls atomic.Int32
			server.HandleFunc("POST /v1/write", func(w http.ResponseWriter, r *http.Request) {
				calls.Add(1)
				jsonAnswer(body).ServeHTTP(w, r)
			})
			_, _, err := send(t.Context(), newSession(t, kind.configFor(server)), http.MethodPost, "/v1/write", nil)
			require.NoError(t, err)
			require.EqualValues(t, 1, calls.Load(), body)
		}
	})
}

// An Error that was made by hand is of no kind that nobody said.
func TestErrorWithoutAStatusIsOfNoKindByIt(t *testing.T) {
	for _, sentinel := range sentinels {
		assert.Equal(t, sentinel == zuora.ErrNotFound, errors.Is(&zuora.Error{Reasons: []zuora.Reason{{Code: "50000040"}}}, sentinel))
		assert.NotErrorIs(t, &zuora.Error{}, sentinel)
	}
}

func TestErrorsBodyIsItsOwn(t *testing.T) {
	body := []byte("We're sorry")
	var failure *zuora.Error
	require.ErrorAs(t, zuora.CheckResponse(&http.Response{StatusCode: 500}, body), &failure)
	body[0] = 'x'
	require.Equal(t, "We're sorry", string(failure.Body))
}

// What a log line says of a failed sign-in has nothing of the body.
func TestNoLogLineHasABody(t *testing.T) {
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
