package zuora_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
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

// One login at a time.

func TestRule02_ManyCallersShareOneLogin(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		cfg := kind.configFor(server)
		base := cfg.Base.(*http.Transport).Clone()
		base.MaxConnsPerHost, base.MaxIdleConnsPerHost = 64, 64
		base.TLSClientConfig.ClientSessionCache = tls.NewLRUClientSessionCache(64) // a refusal costs a handshake
		cfg.Base = base
		cfg.LoginTimeout = 5 * time.Minute // the login is one of 100 handshakes
		session := newSession(t, cfg)

		for logins := 1; logins <= 3; logins++ {
			kind.expire(server)
			var wg sync.WaitGroup
			begin, failed := make(chan struct{}), make(chan string, 100)
			for i := range 100 {
				wg.Go(func() {
					<-begin
					text := fmt.Sprintf("call %d", i)
					method, path, body := http.MethodPost, "/v1/echo", io.Reader(strings.NewReader(text))
					if i%2 == 0 {
						method, path, body = http.MethodGet, "/v1/ok", nil
					}
					status, got, err := send(t.Context(), session, method, path, body)
					if err != nil || status != http.StatusOK || method == http.MethodPost && got != text {
						failed <- fmt.Sprint(text, status, got, err)
					}
				})
			}
			close(begin)
			wg.Wait()
			close(failed)
			require.Empty(t, <-failed)
			require.Equal(t, logins, server.Logins())
		}
	})
}

// gate is a provider that waits until it is opened.
type gate struct {
	credentials zuora.Credentials
	asked       chan struct{} // one for each question
	open        chan struct{}
}

func newGate(c zuora.Credentials) *gate {
	return &gate{c, make(chan struct{}, 100), make(chan struct{})}
}

func (g *gate) Retrieve(ctx context.Context) (zuora.Credentials, error) {
	g.asked <- struct{}{}
	<-g.open
	return g.credentials, nil
}

func TestRule02_CallerThatStartedTheLoginIsCancelledAlone(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		cfg := kind.configFor(server)
		door := newGate(kind.credentials(server))
		cfg.Credentials = door
		session := newSession(t, cfg)

		first, cancel := context.WithCancel(t.Context())
		firstErr, secondErr := make(chan error), make(chan error)
		go func() { firstErr <- session.Connect(first) }()
		<-door.asked
		go func() { secondErr <- session.Connect(t.Context()) }()
		cancel()
		require.ErrorIs(t, <-firstErr, context.Canceled, "while the provider is still being asked")
		close(door.open)
		require.NoError(t, <-secondErr)
		require.Equal(t, 1, server.Logins())
		require.Empty(t, door.asked)
	})
}

func TestRule02_WaiterGivesUpAtItsDeadline(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		synctest.Test(t, func(t *testing.T) {
			tenant := inMemory(zuoratest.Config{})
			defer tenant.Close()
			cfg := kind.inMemoryConfig(tenant)
			door := newGate(kind.credentials(tenant))
			cfg.Credentials = door
			session := newSession(t, cfg)
			beginner := make(chan error, 1)
			go func() { beginner <- session.Connect(t.Context()) }()
			<-door.asked

			waiter, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			begun := time.Now()
			_, _, err := get(waiter, session, "/v1/ok")
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Equal(t, 3*time.Second, time.Since(begun))
			close(door.open)
			require.NoError(t, <-beginner)
		})
	})
}

func TestRule02_LoginEndsAfterLoginTimeout(t *testing.T) {
	for what, configure := range map[string]func(*zuora.SessionConfig) (release func()){
		"a provider that ignores its context": func(cfg *zuora.SessionConfig) func() {
			door := newGate(zuora.Credentials{})
			cfg.Credentials = door
			return func() { close(door.open) }
		},
		"a transport that ignores its context": func(cfg *zuora.SessionConfig) func() {
			open := make(chan struct{})
			cfg.Base = roundTripper(func(*http.Request) (*http.Response, error) {
				<-open
				return nil, io.ErrUnexpectedEOF
			})
			return func() { close(open) }
		},
		"a server that never responds": func(cfg *zuora.SessionConfig) func() {
			cfg.Base = roundTripper(func(req *http.Request) (*http.Response, error) {
				<-req.Context().Done()
				return nil, req.Context().Err()
			})
			return func() {}
		},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := zuora.SessionConfig{
					Server: "https://rest.zuora.example", Credentials: zuora.Credentials{AccessKeyID: "u", SecretAccessKey: "s"},
					LoginTimeout: 7 * time.Second,
				}
				defer configure(&cfg)()
				session := newSession(t, cfg)
				begun := time.Now()
				err := session.Connect(t.Context())
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.ErrorContains(t, err, "not done after 7s (LoginTimeout)")
				require.Equal(t, 7*time.Second, time.Since(begun))
			})
		})
	}
}

func TestRule02_ProviderThatPanicsOrExitsIsAnErrorForItsWaiters(t *testing.T) {
	for what, test := range map[string]struct {
		provider zuora.CredentialsFunc
		want     string
	}{
		"panic":         {func(context.Context) (zuora.Credentials, error) { panic("hunter2") }, "panicked with a string"},
		"runtime panic": {func(context.Context) (zuora.Credentials, error) { return *(*zuora.Credentials)(nil), nil }, "nil pointer"},
		// What t.FailNow does.
		"goexit": {func(context.Context) (zuora.Credentials, error) { runtime.Goexit(); return zuora.Credentials{}, nil }, "ended its goroutine"},
	} {
		t.Run(what, func(t *testing.T) {
			session := newSession(t, zuora.SessionConfig{Server: zuora.ServerURLProductionEU, Credentials: test.provider})
			errs := make(chan error)
			for range 10 {
				go func() { errs <- session.Connect(t.Context()) }()
			}
			for range 10 {
				err := <-errs
				require.ErrorContains(t, err, test.want)
				require.NotContains(t, err.Error(), "hunter2")
			}
		})
	}
}

func TestRule02_LoginHasTheFirstCallersValuesButNotItsTrace(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		cfg := kind.configFor(server)
		type key struct{}
		var got any
		cfg.Credentials = zuora.CredentialsFunc(func(ctx context.Context) (zuora.Credentials, error) {
			got = ctx.Value(key{})
			return kind.credentials(server), nil
		})
		var mu sync.Mutex
		var seen []string
		ctx := httptrace.WithClientTrace(context.WithValue(t.Context(), key{}, "a span"), &httptrace.ClientTrace{
			WroteHeaderField: func(name string, values []string) {
				mu.Lock()
				defer mu.Unlock()
				seen = append(seen, name)
				seen = append(seen, values...)
			},
		})
		status, _, err := get(ctx, newSession(t, cfg), "/v1/ok")
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, status)
		require.Equal(t, "a span", got)
		mu.Lock()
		defer mu.Unlock()
		text := strings.ToLower(strings.Join(seen, "\n"))
		require.Contains(t, text, "host", "the call itself is traced")
		require.NotContains(t, text, "apisecretaccesskey")
		require.NotContains(t, text, strings.ToLower(string(server.Credentials().SecretAccessKey)))
	})
}

// A response's cookies belong to the login of its request.

func TestRule01_LateResponseOfAnOldLoginDoesNotEndTheNewSession(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		arrived, release := make(chan struct{}), make(chan struct{})
		server.HandleFunc("GET /v1/slow", func(w http.ResponseWriter, r *http.Request) {
			close(arrived)
			<-release
			_, _ = io.WriteString(w, "late")
		})
		session := newSession(t, kind.configFor(server))
		slow := make(chan error)
		go func() {
			_, _, err := get(t.Context(), session, "/v1/slow")
			slow <- err
		}()
		<-arrived
		kind.expire(server)
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		require.Equal(t, 2, server.Logins())
		close(release)
		require.NoError(t, <-slow) // and has set the first login's cookie again
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		require.Equal(t, 2, server.Logins())
	})
}

// Every 200 has another cookie, and the next call sends it.
func TestRule01_CookiesOfResponsesAreKept(t *testing.T) {
	server := newServer(t, zuoratest.Config{})
	var sent []string
	server.Intercept(func(r *http.Request) http.Handler {
		if c, err := r.Cookie("ZSession"); err == nil {
			assert.NotContains(t, sent, c.Value)
			sent = append(sent, c.Value)
		}
		return nil
	})
	session := newSession(t, configFor(server))
	for range 3 {
		requireStatus(t, session, "/v1/ok", http.StatusOK)
	}
	require.Len(t, sent, 3)
}

// A session does not collect cookies until its requests are too long for a server.
func TestRule01_CookiesOfResponsesDoNotAccumulate(t *testing.T) {
	server := newServer(t, zuoratest.Config{})
	var longest int
	var n atomic.Int32
	server.Intercept(func(r *http.Request) http.Handler {
		longest = max(longest, len(r.Header.Get("Cookie")))
		if isLogin(r) {
			return nil
		}
		i := n.Add(1)
		return withCookie(fmt.Sprintf("b%d=%s; Path=/", i, strings.Repeat("x", 1000)),
			withCookie(fmt.Sprintf("ZSession=%d; Path=/v1/%d", i, i), withCookie(fmt.Sprintf("ZSession=%s%d", strings.Repeat("x", 5000), i), zuoratest.JSON(nil))))
	})
	session := newSession(t, configFor(server))
	for i := range 300 {
		requireStatus(t, session, fmt.Sprint("/v1/", i), http.StatusOK)
	}
	require.Less(t, longest, 1000)
	require.Equal(t, 1, server.Logins())
}

// Other cookies of the login, such as those of a load balancer, are sent with each call,
// with the values of later responses.
func TestRule01_OtherCookiesOfTheLoginAreKept(t *testing.T) {
	server := newServer(t, zuoratest.Config{})
	var got []string
	server.Intercept(func(r *http.Request) http.Handler {
		if isLogin(r) {
			return withCookie("node=1; Path=/", withCookie(goodCookie, jsonResponse(`{"success":true}`)))
		}
		c, err := r.Cookie("node")
		assert.NoError(t, err)
		got = append(got, c.Value)
		return withCookie(fmt.Sprintf("node=%d; Path=/", len(got)+1), zuoratest.JSON(nil))
	})
	session := newSession(t, configFor(server))
	for range 3 {
		requireStatus(t, session, "/v1/ok", http.StatusOK)
	}
	require.Equal(t, []string{"1", "2", "3"}, got)
}

// A session whose cookie has expired by its Max-Age is renewed before the call, because
// the call may not be replayable.
func TestRule01_SessionCookieExpiresByTheClock(t *testing.T) {
	for _, attribute := range []string{"Max-Age=60", "Expires=Sat, 01 Jan 2000 00:01:00 GMT"} {
		synctest.Test(t, func(t *testing.T) {
			tenant := inMemory(zuoratest.Config{})
			defer tenant.Close()
			cfg := inMemoryConfig(tenant)
			base := cfg.Base
			refused, first := 0, true
			cfg.Base = roundTripper(func(req *http.Request) (*http.Response, error) {
				resp, err := base.RoundTrip(req)
				if err == nil && isLogin(req) && first {
					first = false
					resp.Header.Set("Set-Cookie", strings.Split(resp.Header.Get("Set-Cookie"), ";")[0]+"; Path=/; "+attribute)
				} else if err == nil && !isLogin(req) {
					resp.Header.Del("Set-Cookie")
				}
				if err == nil && resp.StatusCode == http.StatusUnauthorized {
					refused++
				}
				return resp, err
			})
			var log records
			cfg.Logger = log.logger(slog.LevelDebug, false)
			session := newSession(t, cfg)
			requireStatus(t, session, "/v1/ok", http.StatusOK)
			time.Sleep(59 * time.Second)
			requireStatus(t, session, "/v1/ok", http.StatusOK)
			require.Equal(t, 1, tenant.Logins())
			time.Sleep(2 * time.Second)
			status, text, err := send(t.Context(), session, http.MethodPost, "/v1/echo", newOneShot("text"))
			require.NoError(t, err)
			require.Equal(t, "200 text", fmt.Sprint(status, " ", text))
			require.Equal(t, 2, tenant.Logins())
			require.Zero(t, refused)
			require.NoError(t, session.Connect(t.Context()))
			require.Equal(t, 2, tenant.Logins())
			require.Contains(t, strings.Join(log.take(), "\n"), `msg="zuora: session to be renewed" reason=expired generation=1`)
		})
	}
}

func TestRule01_ResponsesToIdempotencyKeysChangeNoCookies(t *testing.T) {
	server := newServer(t, zuoratest.Config{})
	session := newSession(t, configFor(server))
	require.NoError(t, session.Connect(t.Context()))
	for _, header := range []string{"Idempotency-Key", "idempotency-key"} {
		server.Intercept(func(r *http.Request) http.Handler {
			if r.Header.Get("Idempotency-Key") == "" {
				return nil
			}
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				http.SetCookie(w, &http.Cookie{Name: "ZSession", Value: "yesterday", Path: "/"})
			})
		})
		req := newRequest(t, http.MethodPost, session.Server()+"/v1/echo", nil)
		req.Header[header] = []string{"key-1"}
		resp, err := session.HTTPClient().Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		require.Equal(t, 1, server.Logins())
	}
}

// A jar of the caller's may have old cookies of the session.
func TestRule01_CookiesOfTheCallersJarAreReplaced(t *testing.T) {
	server := newServer(t, zuoratest.Config{})
	session := newSession(t, configFor(server))
	requireStatus(t, session, "/v1/ok", http.StatusOK)
	req := newRequest(t, http.MethodGet, session.Server()+"/v1/ok", nil)
	req.Header.Set("Cookie", "ZSession=old; mine=1")
	var got []string
	server.Intercept(func(r *http.Request) http.Handler {
		for _, c := range r.Cookies() {
			got = append(got, c.Name)
			assert.NotEqual(t, "old", c.Value)
		}
		return nil
	})
	resp, err := session.HTTPClient().Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, []string{"mine", "ZSession"}, got)
}

func TestRule05_RequestWithoutAHeaderIsSent(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		session := newSession(t, kind.configFor(server))
		req := newRequest(t, http.MethodGet, session.Server()+"/v1/ok", nil)
		req.Header = nil
		resp, err := session.Transport().RoundTrip(req)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, resp.StatusCode)
		require.Nil(t, req.Header)
		require.NoError(t, resp.Body.Close())
	})
}

func TestRule05_HeadersOfTheCallerDoNotChange(t *testing.T) {
	server := newServer(t, zuoratest.Config{})
	cfg := configFor(server)
	cfg.Entity = zuora.Entity{ID: "7f1d9c2e-51f8-4a0b-9a35-0b7f6f3f6a11"}
	session := newSession(t, cfg)
	for range 2 { // a call, and a replay
		req := newRequest(t, http.MethodPost, session.Server()+"/v1/echo", strings.NewReader("text"))
		req.Header.Set("Accept", "text/plain")
		before := req.Clone(t.Context())
		body := req.Body
		resp, err := session.Transport().RoundTrip(req)
		require.NoError(t, err)
		require.Equal(t, before.Header, req.Header)
		require.Equal(t, before.URL, req.URL)
		require.True(t, body == req.Body)
		require.True(t, req == resp.Request, "the response refers to the request of the caller, without cookies")
		require.NoError(t, resp.Body.Close())
		server.Expire()
	}
}

// A resource that always refuses.

func TestRule03_ResourceThatAlwaysRefusesCausesOneLoginAndOneReplay(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		session := newSession(t, kind.configFor(server))
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		var calls atomic.Int32
		server.Intercept(func(r *http.Request) http.Handler {
			if r.URL.Path == "/v1/refused" {
				calls.Add(1)
			}
			return nil
		})
		status, body, err := get(t.Context(), session, "/v1/refused")
		require.NoError(t, err)
		require.Equal(t, http.StatusUnauthorized, status)
		require.Contains(t, body, "90000011")
		require.EqualValues(t, 2, calls.Load())
		require.Equal(t, 2, server.Logins())
	})
}

func TestRule03_ResourceThatAlwaysRefusesCausesFewLogins(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		for what, body := range map[string]func() io.Reader{
			"replayable": func() io.Reader { return nil },
			"one-shot":   func() io.Reader { return newOneShot("text") },
		} {
			t.Run(what, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					tenant := inMemory(zuoratest.Config{})
					defer tenant.Close()
					session := newSession(t, kind.inMemoryConfig(tenant))
					for range 1000 {
						status, _, err := send(t.Context(), session, http.MethodPost, "/v1/refused", body())
						require.NoError(t, err)
						require.Equal(t, http.StatusUnauthorized, status)
						requireStatus(t, session, "/v1/ok", http.StatusOK)
						time.Sleep(time.Minute / 1000)
					}
					require.LessOrEqual(t, tenant.Logins(), 7)
					require.Greater(t, tenant.Logins(), 1)
					time.Sleep(time.Second) // a server that has not read a body waits before it hangs up
				})
			})
		}
	})
}

// A session that has really ended is renewed though a resource has just refused.
func TestRule03_SessionIsRenewedThoughAResourceHasJustRefused(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		synctest.Test(t, func(t *testing.T) {
			tenant := inMemory(zuoratest.Config{})
			defer tenant.Close()
			session := newSession(t, kind.inMemoryConfig(tenant))
			for range 5 {
				requireStatus(t, session, "/v1/refused", http.StatusUnauthorized)
				kind.expire(tenant)
				requireStatus(t, session, "/v1/refused", http.StatusUnauthorized)
				requireStatus(t, session, "/v1/ok", http.StatusOK)
			}
			require.Equal(t, 2+5, tenant.Logins())
		})
	})
}

// The wait of a path ends with a good response after a login.
func TestRule03_ResourceThatNoLongerRefusesIsRenewedAtOnce(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		synctest.Test(t, func(t *testing.T) {
			tenant := inMemory(zuoratest.Config{})
			defer tenant.Close()
			var refuses atomic.Bool
			tenant.Intercept(func(r *http.Request) http.Handler {
				if refuses.Load() && !isLogin(r) {
					return zuoratest.Unauthorized()
				}
				return nil
			})
			session := newSession(t, kind.inMemoryConfig(tenant))
			requireStatus(t, session, "/v1/ok", http.StatusOK)
			refuses.Store(true)
			for range 10 * 60 {
				requireStatus(t, session, "/v1/ok", http.StatusUnauthorized)
				time.Sleep(time.Second)
			}
			refuses.Store(false)
			kind.expire(tenant)
			begun := time.Now()
			for time.Since(begun) < 10*time.Minute {
				if status, _, err := get(t.Context(), session, "/v1/ok"); err == nil && status == http.StatusOK {
					break
				}
				time.Sleep(time.Second)
			}
			require.Less(t, time.Since(begun), 6*time.Minute, "no longer than it had refused")
			for range 5 {
				kind.expire(tenant)
				requireStatus(t, session, "/v1/ok", http.StatusOK)
			}
		})
	})
}

// A path that refuses some calls, such as queries that are not allowed, causes at most one
// login in 20 s, and waits for at most that long.
func TestRule03_ResourceThatRefusesSomeCalls(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		synctest.Test(t, func(t *testing.T) {
			tenant := inMemory(zuoratest.Config{})
			defer tenant.Close()
			tenant.HandleFunc("POST /v1/action/query", func(w http.ResponseWriter, r *http.Request) {
				if text, _ := io.ReadAll(r.Body); string(text) == "bad" {
					zuoratest.Unauthorized().ServeHTTP(w, r)
				}
			})
			session := newSession(t, kind.inMemoryConfig(tenant))
			query := func(text string) int {
				status, _, err := send(t.Context(), session, http.MethodPost, "/v1/action/query", strings.NewReader(text))
				require.NoError(t, err)
				return status
			}
			for range 600 {
				require.Equal(t, http.StatusOK, query("good"))
				require.Equal(t, http.StatusUnauthorized, query("bad"))
				time.Sleep(time.Second)
			}
			require.LessOrEqual(t, tenant.Logins(), 2+600/20)
			kind.expire(tenant)
			begun := time.Now()
			for query("good") != http.StatusOK {
				time.Sleep(time.Second)
			}
			require.LessOrEqual(t, time.Since(begun), 20*time.Second)
		})
	})
}

// During the wait a call is still replayed on a session that has replaced the one that
// refused it.
func TestRule03_CallOfAnOlderSessionIsReplayedDuringTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := inMemory(zuoratest.Config{})
		defer tenant.Close()
		var calls atomic.Int32
		tenant.Intercept(func(r *http.Request) http.Handler {
			if r.URL.Path != "/v1/slow" || calls.Add(1) > 1 {
				return nil
			}
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				time.Sleep(7 * time.Second)
				zuoratest.Unauthorized().ServeHTTP(w, r)
			})
		})
		tenant.Handle("GET /v1/slow", zuoratest.JSON(map[string]any{"success": true}))
		cfg := inMemoryConfig(tenant)
		cfg.IdleTimeout = 5 * time.Second
		session := newSession(t, cfg)
		requireStatus(t, session, "/v1/refused", http.StatusUnauthorized)
		slow := make(chan int, 1)
		go func() {
			status, _, _ := get(t.Context(), session, "/v1/slow")
			slow <- status
		}()
		time.Sleep(6 * time.Second)
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		require.Equal(t, 3, tenant.Logins(), "by idleness")
		require.Equal(t, http.StatusOK, <-slow)
		require.Equal(t, 3, tenant.Logins())
	})
}

// The refused response is closed before the login.

func TestRule05_RefusedCallsConnectionIsUsedAgain(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		cfg := kind.configFor(server)
		base := cfg.Base.(*http.Transport).Clone()
		var dialed atomic.Int32
		base.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			dialed.Add(1)
			return new(net.Dialer).DialContext(ctx, network, addr)
		}
		defer base.CloseIdleConnections()
		cfg.Base = base
		session := newSession(t, cfg)
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		var calls atomic.Int32
		server.Intercept(func(r *http.Request) http.Handler {
			if isLogin(r) || calls.Add(1) > 1 {
				return nil
			}
			return zuoratest.ActionUnauthorized() // which, unlike the others, does not close the connection
		})
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		require.Equal(t, 2, server.Logins())
		require.EqualValues(t, 1, dialed.Load())
	})
}

// Only a little of a refusal is read for the sake of its connection.
func TestRule05_LongRefusalIsNotReadToItsEnd(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		server.Handle("/v1/long", zuoratest.Answer(http.StatusUnauthorized, "text/plain", strings.Repeat("no ", 1<<20)))
		cfg := kind.configFor(server)
		base := cfg.Base
		var read, calls int
		cfg.Base = roundTripper(func(req *http.Request) (*http.Response, error) {
			resp, err := base.RoundTrip(req)
			if err != nil || isLogin(req) {
				return resp, err
			}
			if calls++; calls == 1 {
				body := resp.Body
				resp.Body = struct {
					io.Reader
					io.Closer
				}{readerFunc(func(p []byte) (int, error) {
					n, err := body.Read(p)
					read += n
					return n, err
				}), body}
			}
			return resp, err
		})
		requireStatus(t, newSession(t, cfg), "/v1/long", http.StatusUnauthorized)
		require.Equal(t, 2, calls)
		require.LessOrEqual(t, read, 4<<10)
	})
}

func TestRule05_FewConnectionsAreEnough(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		cfg := kind.configFor(server)
		base := cfg.Base.(*http.Transport).Clone()
		base.MaxConnsPerHost = 2
		cfg.Base = base
		session := newSession(t, cfg)
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		kind.expire(server)
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				status, _, err := get(t.Context(), session, "/v1/ok")
				assert.NoError(t, err)
				assert.Equal(t, http.StatusOK, status)
			})
		}
		wg.Wait()
		require.Equal(t, 2, server.Logins())
	})
}

// Close.

func TestRule14_Close(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})

		t.Run("before a login", func(t *testing.T) {
			session := newSession(t, kind.configFor(server))
			require.NoError(t, session.Close())
			require.ErrorIs(t, session.Connect(t.Context()), zuora.ErrSessionClosed)
			_, _, err := get(t.Context(), session, "/v1/ok")
			require.ErrorIs(t, err, zuora.ErrSessionClosed)
			_, err = session.Do(newRequest(t, http.MethodGet, session.Server()+"/v1/ok", nil))
			require.ErrorIs(t, err, zuora.ErrSessionClosed)
			require.Zero(t, server.Logins())
		})
		t.Run("after a login, twice, from many goroutines", func(t *testing.T) {
			session := newSession(t, kind.configFor(server))
			requireStatus(t, session, "/v1/ok", http.StatusOK)
			var wg sync.WaitGroup
			for range 20 {
				wg.Go(func() { assert.NoError(t, session.Close()) })
			}
			wg.Wait()
			_, _, err := get(t.Context(), session, "/v1/ok")
			require.ErrorIs(t, err, zuora.ErrSessionClosed)
		})
		t.Run("a call under way goes on", func(t *testing.T) {
			session := newSession(t, kind.configFor(server))
			server.Intercept(func(r *http.Request) http.Handler {
				if r.URL.Path == "/v1/ok" {
					_ = session.Close()
				}
				return nil
			})
			defer server.Intercept(nil)
			requireStatus(t, session, "/v1/ok", http.StatusOK)
		})
	})
}

func TestRule14_CloseDuringALogin(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		synctest.Test(t, func(t *testing.T) {
			tenant := inMemory(zuoratest.Config{})
			defer tenant.Close()
			cancelled := make(chan struct{})
			tenant.Intercept(func(r *http.Request) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					_, _ = io.Copy(io.Discard, r.Body) // or else net/http does not notice
					<-r.Context().Done()
					close(cancelled)
				})
			})
			session := newSession(t, kind.inMemoryConfig(tenant))
			errs := make(chan error, 50)
			for range 50 {
				go func() { errs <- session.Connect(t.Context()) }()
			}
			synctest.Wait()
			begun := time.Now()
			require.NoError(t, session.Close())
			for range 50 {
				require.ErrorIs(t, <-errs, zuora.ErrSessionClosed)
			}
			<-cancelled
			require.Zero(t, time.Since(begun), "nobody waited for a time-out")
			require.Equal(t, 1, tenant.Logins())
			// No goroutine is left, or the bubble would not end.
		})
	})
}

// A login that succeeds after the session was closed changes nothing.
func TestRule14_LoginThatOutlivesTheSessionLogsNobodyIn(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		cfg := kind.configFor(server)
		door := newGate(kind.credentials(server))
		cfg.Credentials = door
		session := newSession(t, cfg)
		errs := make(chan error)
		go func() { errs <- session.Connect(t.Context()) }()
		<-door.asked
		require.NoError(t, session.Close())
		require.ErrorIs(t, <-errs, zuora.ErrSessionClosed)
		close(door.open)
		require.ErrorIs(t, session.Connect(t.Context()), zuora.ErrSessionClosed)
		require.Zero(t, server.Logins())
	})
}

// Nor does one whose transport ignores its context.
func TestRule14_LoginThatSucceedsAfterCloseLogsNobodyIn(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		synctest.Test(t, func(t *testing.T) {
			tenant := inMemory(zuoratest.Config{})
			defer tenant.Close()
			cfg := kind.inMemoryConfig(tenant)
			base := cfg.Base
			arrived, release := make(chan struct{}), make(chan struct{})
			cfg.Base = roundTripper(func(req *http.Request) (*http.Response, error) {
				close(arrived)
				<-release
				return base.RoundTrip(req.WithContext(context.WithoutCancel(req.Context())))
			})
			session := newSession(t, cfg)
			errs := make(chan error)
			go func() { errs <- session.Connect(t.Context()) }()
			<-arrived
			require.NoError(t, session.Close())
			require.ErrorIs(t, <-errs, zuora.ErrSessionClosed)
			close(release)
			synctest.Wait()
			require.Equal(t, 1, tenant.Logins())
			require.ErrorIs(t, session.Connect(t.Context()), zuora.ErrSessionClosed)
		})
	})
}

func TestRule14_CloseClosesIdleConnectionsOfItsOwnTransportOnly(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		std := http.DefaultTransport.(*http.Transport)
		defer func() { http.DefaultTransport = std }()
		for _, own := range []bool{true, false} {
			var opened, closed atomic.Int32
			counting := server.Client().Transport.(*http.Transport).Clone()
			counting.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
				c, err := new(net.Dialer).DialContext(ctx, network, addr)
				opened.Add(1)
				return countedConn{c, &closed}, err
			}
			http.DefaultTransport = counting
			cfg := kind.configFor(server)
			cfg.Base = nil
			if !own {
				cfg.Base = counting
			}
			session := newSession(t, cfg)
			require.Zero(t, counting.MaxIdleConnsPerHost, "what is set for sessions is set on a clone")
			requireStatus(t, session, "/v1/ok", http.StatusOK)
			require.EqualValues(t, 1, opened.Load())
			require.Zero(t, closed.Load())
			require.NoError(t, session.Close())
			require.Equal(t, own, closed.Load() == 1)
			counting.CloseIdleConnections()
		}
	})
}

type countedConn struct {
	net.Conn
	closed *atomic.Int32
}

func (c countedConn) Close() error {
	c.closed.Add(1)
	return c.Conn.Close()
}

// A response that deletes the cookie causes no login.
func TestRule01_ResponseThatDeletesTheCookieEndsNoSession(t *testing.T) {
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

// A call that waits for a login ends as it does in net/http.
func TestRule02_WaitingForALoginEndsAsNetHTTPDoes(t *testing.T) {
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

func TestRule02_WaitingForALoginEndsByACauseThatCannotBeCompared(t *testing.T) {
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

func TestRule02_CallThatHasEndedAlreadyStartsNoLogin(t *testing.T) {
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
			synctest.Wait() // for a login without waiters
			require.Zero(t, tenant.Logins())
		})
	})
}

// No hook of the caller's trace is called for the login, including those of the net
// package.
func TestRule02_LoginIsNotTraced(t *testing.T) {
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
