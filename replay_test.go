package zuora_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/zuoratest"
)

// Replays and bodies.

func TestRule04_ReplayedBodyArrivesWhole(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		session := newSession(t, kind.configFor(server))
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		kind.expire(server)
		big := strings.Repeat("0123456789abcdef", 2<<20/16)
		status, got, err := send(t.Context(), session, http.MethodPost, "/v1/echo", strings.NewReader(big))
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, status)
		require.True(t, got == big, "%d bytes of %d", len(got), len(big))
		require.Equal(t, 2, server.Logins())
	})
}

func TestRule04_RefusalWhileTheBodyIsBeingSent(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		session := newSession(t, kind.configFor(server))
		requireStatus(t, session, "/v1/ok", http.StatusOK)

		answered := make(chan struct{})
		var calls atomic.Int32
		server.Intercept(func(r *http.Request) http.Handler {
			if r.URL.Path != "/v1/echo" || calls.Add(1) > 1 {
				return nil
			}
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.CopyN(io.Discard, r.Body, 1<<10)
				zuoratest.Unauthorized().ServeHTTP(w, r)
				_ = http.NewResponseController(w).Flush()
				close(answered)
			})
		})
		text := strings.Repeat("x", 1<<20)
		first := &oneShot{Reader: io.MultiReader(strings.NewReader(text[:1<<16]), waitFor(answered), strings.NewReader(text[1<<16:]))}
		req := newRequest(t, http.MethodPost, session.Server()+"/v1/echo", first)
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }
		resp, err := session.HTTPClient().Do(req)
		require.NoError(t, err)
		got, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusOK, resp.StatusCode)
		require.Equal(t, len(text), len(got))
		require.Eventually(t, func() bool { return first.closed.Load() > 0 }, 5*time.Second, time.Millisecond)
	})
}

// waitFor is an empty reader that waits until c is closed.
func waitFor(c <-chan struct{}) io.Reader {
	return readerFunc(func([]byte) (int, error) {
		<-c
		return 0, io.EOF
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestRule04_OneShotBodyIsNotReplayed(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		session := newSession(t, kind.configFor(server))
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		kind.expire(server)
		body := newOneShot("text")
		status, text, err := send(t.Context(), session, http.MethodPost, "/v1/echo", body)
		require.NoError(t, err)
		require.Equal(t, http.StatusUnauthorized, status)
		require.Contains(t, text, "90000011", "the refusal comes back whole")
		require.Equal(t, 1, server.Logins())
		require.Eventually(t, func() bool { return body.closed.Load() > 0 }, 5*time.Second, time.Millisecond)

		status, text, err = send(t.Context(), session, http.MethodPost, "/v1/echo", newOneShot("text"))
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, status)
		require.Equal(t, "text", text)
		require.Equal(t, 2, server.Logins())
	})
}

// http.NoBody can be read again and again, with a GetBody or without.
func TestRule04_CallWithNoBodyIsReplayed(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		session := newSession(t, kind.configFor(server))
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		kind.expire(server)
		req := newRequest(t, http.MethodPost, session.Server()+"/v1/echo", nil)
		req.Body, req.GetBody = http.NoBody, nil
		resp, err := session.Transport().RoundTrip(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusOK, resp.StatusCode)
		require.Equal(t, 2, server.Logins())
	})
}

func TestRule04_GetBodyThatFailsIsNoReplay(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		session := newSession(t, kind.configFor(server))
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		kind.expire(server)
		req := newRequest(t, http.MethodPost, session.Server()+"/v1/echo", newOneShot("text"))
		req.GetBody = func() (io.ReadCloser, error) { return nil, errors.New("gone") }
		resp, err := session.HTTPClient().Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusUnauthorized, resp.StatusCode)
	})
}

// body counts its closes and is replayed by another that counts its own.
type bodies struct{ made []*oneShot }

func (b *bodies) next() io.ReadCloser {
	b.made = append(b.made, newOneShot("text"))
	return b.made[len(b.made)-1]
}

func TestRule05_BodiesAreClosedOnEveryPath(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		for what, test := range map[string]struct {
			method, path string
			prepare      func(*zuora.SessionConfig, *zuoratest.Server)
			bodies       int
		}{
			"a call":                      {http.MethodPost, "/v1/echo", nil, 1},
			"a replay":                    {http.MethodPost, "/v1/refused", nil, 2},
			"another origin":              {http.MethodPost, "https://elsewhere.example/", nil, 1},
			"a login through the session": {http.MethodPost, "/v1/connections", nil, 1},
			"a login that fails": {http.MethodPost, "/v1/echo", func(_ *zuora.SessionConfig, server *zuoratest.Server) {
				server.Intercept(func(*http.Request) http.Handler { return zuoratest.ServerError() })
			}, 1},
			"a login that fails before a replay": {http.MethodPost, "/v1/refused", func(_ *zuora.SessionConfig, server *zuoratest.Server) {
				server.Intercept(func(r *http.Request) http.Handler {
					if isLogin(r) && server.Logins() > 1 {
						return zuoratest.ServerError()
					}
					return nil
				})
			}, 2},
			"a connection that breaks": {http.MethodPost, "/v1/echo", func(_ *zuora.SessionConfig, server *zuoratest.Server) {
				server.Intercept(func(r *http.Request) http.Handler {
					if isLogin(r) {
						return nil
					}
					return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
				})
			}, 1},
		} {
			t.Run(what, func(t *testing.T) {
				server := newServer(t, zuoratest.Config{})
				cfg := kind.configFor(server)
				if test.prepare != nil {
					test.prepare(&cfg, server)
				}
				// Answers' bodies are counted too.
				var open atomic.Int32
				base := cfg.Base
				cfg.Base = roundTripper(func(req *http.Request) (*http.Response, error) {
					resp, err := base.RoundTrip(req)
					if err == nil {
						open.Add(1)
						resp.Body = &closeOnce{ReadCloser: resp.Body, closed: func() { open.Add(-1) }}
					}
					return resp, err
				})
				session := newSession(t, cfg)
				if strings.HasPrefix(test.path, "/") {
					test.path = session.Server() + test.path
				}
				var b bodies
				req := newRequest(t, test.method, test.path, b.next())
				req.GetBody = func() (io.ReadCloser, error) { return b.next(), nil }
				resp, err := session.Transport().RoundTrip(req)
				if err == nil {
					require.NoError(t, resp.Body.Close())
				}
				require.Len(t, b.made, test.bodies)
				for _, body := range b.made {
					require.Eventually(t, func() bool { return body.closed.Load() > 0 }, 5*time.Second, time.Millisecond)
				}
				require.Zero(t, open.Load(), "responses left open")
			})
		}
	})
}

// The body for a replay that does not happen is closed as well.
func TestRule05_BodyForAReplayIsClosedDuringTheWait(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		session := newSession(t, kind.configFor(server))
		requireStatus(t, session, "/v1/refused", http.StatusUnauthorized)
		var b bodies
		req := newRequest(t, http.MethodPost, session.Server()+"/v1/refused", b.next())
		req.GetBody = func() (io.ReadCloser, error) { return b.next(), nil }
		resp, err := session.Transport().RoundTrip(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, 2, server.Logins())
		for _, body := range b.made {
			require.Eventually(t, func() bool { return body.closed.Load() > 0 }, 5*time.Second, time.Millisecond)
		}
	})
}

type closeOnce struct {
	io.ReadCloser
	done   atomic.Bool
	closed func()
}

func (c *closeOnce) Close() error {
	if c.done.CompareAndSwap(false, true) {
		c.closed()
	}
	return c.ReadCloser.Close()
}

// A renewal does not wait for a refusal whose body never arrives, compressed or not.
func TestRule05_RefusalWithoutAnEndIsNotWaitedFor(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		for _, encoding := range []string{"identity", "gzip"} {
			t.Run(encoding, func(t *testing.T) {
				server := newServer(t, zuoratest.Config{})
				var refused atomic.Bool
				server.Intercept(func(r *http.Request) http.Handler {
					if isLogin(r) || refused.Swap(true) {
						return nil
					}
					return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						w.Header().Set("Content-Encoding", encoding)
						w.WriteHeader(http.StatusUnauthorized)
						_ = http.NewResponseController(w).Flush()
						<-r.Context().Done()
					})
				})
				session := newSession(t, kind.configFor(server))
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				status, _, err := get(ctx, session, "/v1/ok")
				require.NoError(t, err)
				require.Equal(t, http.StatusOK, status)
			})
		}
	})
}

// What says that the session has expired, and what only looks like it.
func TestRule03_ExpiryInABodyIsRecognized(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		const plain = `{"success":false,"reasons":[{"code":90000011,"message":"this resource is protected, please sign in first"}]}`
		for what, test := range map[string]struct {
			response http.Handler
			ends     bool
		}{
			"the REST form, 200":               {zuoratest.SessionEnded(http.StatusOK), true},
			"the REST form, 403":               {zuoratest.SessionEnded(http.StatusForbidden), true},
			"the older form, 200":              {zuoratest.InvalidSession(http.StatusOK), true},
			"the older form, 500":              {zuoratest.InvalidSession(http.StatusInternalServerError), true},
			"401 alone":                        {zuoratest.Answer(http.StatusUnauthorized, "text/html", "no"), true},
			"401 of actions":                   {zuoratest.ActionUnauthorized(), true},
			"code as a string":                 {jsonResponse(strings.ReplaceAll(plain, "90000011", `"90000011"`)), true},
			"4 KiB of it":                      {jsonResponse(plain + strings.Repeat(" ", 4<<10-len(plain))), true},
			"a longer body":                    {jsonResponse(plain + strings.Repeat(" ", 4<<10-len(plain)+1)), false},
			"a longer body, chunked":           {chunked(plain + strings.Repeat(" ", 4<<10)), false},
			"chunked":                          {chunked(plain), true},
			"a list":                           {jsonResponse("[" + plain + "]"), false},
			"beside another reason":            {jsonResponse(`{"success":false,"reasons":[{"code":90000011},{"code":53200020}]}`), false},
			"beside an error":                  {jsonResponse(`{"success":false,"reasons":[{"code":90000011}],"errors":[{"code":"X"}]}`), false},
			"nested":                           {jsonResponse(`{"success":true,"result":` + plain + `}`), false},
			"nested, no success":               {jsonResponse(`{"result":` + plain + `}`), false},
			"in a text":                        {jsonResponse(`{"success":true,"note":"{\"success\":false,\"reasons\":[{\"code\":90000011}]}"}`), false},
			"a success":                        {jsonResponse(`{"success":true,"reasons":[{"code":90000011}]}`), false},
			"no success":                       {jsonResponse(`{"reasons":[{"code":90000011}]}`), false},
			"a list of CRUD errors":            {zuoratest.CRUDFailed("INVALID_SESSION", "no session"), false},
			"another fault":                    {jsonResponse(`{"faultcode":"fns:INVALID_VALUE","faultstring":"INVALID_SESSION"}`), false},
			"a success with a fault":           {jsonResponse(`{"success":true,"faultcode":"fns:INVALID_SESSION"}`), false},
			"cut off":                          {jsonResponse(plain[:len(plain)-1]), false},
			"two documents":                    {jsonResponse(plain + plain), false},
			"another fault that names it":      {jsonResponse(`{"faultcode":"fns:INVALID_VALUE","faultstring":"not fns:INVALID_SESSION"}`), false},
			"403 alone":                        {zuoratest.Failed(http.StatusForbidden, "53200010", "no permission"), false},
			"another type":                     {zuoratest.Answer(http.StatusOK, "text/csv", plain), false},
			"another code of authentication":   {zuoratest.Failed(http.StatusOK, "50000011", "not this one"), false},
			"a code that has the digits in it": {zuoratest.Failed(http.StatusOK, "190000011", "not this one"), false},
		} {
			t.Run(what, func(t *testing.T) {
				server := newServer(t, zuoratest.Config{})
				var calls atomic.Int32
				server.Handle("POST /v1/write", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if calls.Add(1) == 1 {
						test.response.ServeHTTP(w, r)
						return
					}
					_, _ = io.WriteString(w, "second")
				}))
				session := newSession(t, kind.configFor(server))
				_, got, err := send(t.Context(), session, http.MethodPost, "/v1/write", nil)
				require.NoError(t, err)
				if test.ends {
					require.Equal(t, "second", got)
					require.Equal(t, 2, server.Logins())
				} else {
					require.NotEqual(t, "second", got)
					require.EqualValues(t, 1, calls.Load(), "a write must not be sent twice")
					require.Equal(t, 1, server.Logins())
				}
			})
		}
	})
}

func jsonResponse(body string) http.Handler {
	return zuoratest.Answer(http.StatusOK, "application/json;charset=utf-8", body)
}

// chunked is jsonResponse without a Content-Length.
func chunked(body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = http.NewResponseController(w).Flush()
		_, _ = io.WriteString(w, body)
	})
}

func TestRule03_ExpiryInAGzippedBodyIsRecognized(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		var calls atomic.Int32
		server.HandleFunc("GET /v1/read", func(w http.ResponseWriter, r *http.Request) {
			if calls.Add(1) == 1 {
				gzipResponse(http.StatusOK, `{"success":false,"reasons":[{"code":90000011}]}`).ServeHTTP(w, r)
				return
			}
			gzipResponse(http.StatusOK, `{"success":true}`).ServeHTTP(w, r)
		})
		session := newSession(t, kind.configFor(server))
		req := newRequest(t, http.MethodGet, session.Server()+"/v1/read", nil)
		req.Header.Set("Accept-Encoding", "gzip")
		resp, err := session.HTTPClient().Do(req)
		require.NoError(t, err)
		defer resp.Body.Close()
		raw, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Equal(t, compress(`{"success":true}`), raw, "the caller gets it unchanged")
		require.Equal(t, 2, server.Logins())
	})
}

// Idling.

func TestRule13_IdleSessionIsRenewedBeforeTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := inMemory(zuoratest.Config{})
		defer tenant.Close()
		session := newSession(t, inMemoryConfig(tenant))
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		for logins := 2; logins < 4; logins++ {
			time.Sleep(20 * time.Minute) // the tenant's session is over too
			status, got, err := send(t.Context(), session, http.MethodPost, "/v1/echo", newOneShot("text"))
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, status)
			require.Equal(t, "text", got)
			require.Equal(t, logins, tenant.Logins())
		}
	})
}

func TestRule13_IdleTimeout(t *testing.T) {
	for _, test := range []struct {
		timeout, unused time.Duration
		logins          int
	}{
		{0, 10*time.Minute - 1, 1},
		{0, 10 * time.Minute, 2},
		{time.Minute, time.Minute - 1, 1},
		{time.Minute, time.Minute, 2},
		{-1, 14 * time.Minute, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			tenant := inMemory(zuoratest.Config{})
			defer tenant.Close()
			cfg := inMemoryConfig(tenant)
			cfg.IdleTimeout = test.timeout
			session := newSession(t, cfg)
			requireStatus(t, session, "/v1/ok", http.StatusOK)
			time.Sleep(test.unused)
			requireStatus(t, session, "/v1/ok", http.StatusOK)
			require.Equal(t, test.logins, tenant.Logins(), fmt.Sprint(test))
		})
	}
}

func TestRule13_SteadyUseNeedsNoRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := inMemory(zuoratest.Config{})
		defer tenant.Close()
		session := newSession(t, inMemoryConfig(tenant))
		for range 100 {
			requireStatus(t, session, "/v1/ok", http.StatusOK)
			time.Sleep(9 * time.Minute)
		}
		require.Equal(t, 1, tenant.Logins())
	})
}

// It is not known from when Zuora counts. The sending is the earliest possible time.
func TestRule13_IdlenessIsCountedFromTheSending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := inMemory(zuoratest.Config{})
		defer tenant.Close()
		tenant.HandleFunc("GET /v1/slow", func(http.ResponseWriter, *http.Request) { time.Sleep(12 * time.Minute) })
		session := newSession(t, inMemoryConfig(tenant))
		requireStatus(t, session, "/v1/slow", http.StatusOK)
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		require.Equal(t, 2, tenant.Logins())
	})
}

func TestRule13_IdlenessAfterALoginIsCountedFromItsSending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := inMemory(zuoratest.Config{})
		defer tenant.Close()
		tenant.Intercept(func(r *http.Request) http.Handler {
			if isLogin(r) {
				time.Sleep(20 * time.Second)
			}
			return nil
		})
		session := newSession(t, inMemoryConfig(tenant))
		require.NoError(t, session.Connect(t.Context()))
		time.Sleep(10*time.Minute - 20*time.Second)
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		require.Equal(t, 2, tenant.Logins())
	})
}

// The response to a long call that was sent early does not set the clock back.
func TestRule13_LateResponseDoesNotSetTheClockBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := inMemory(zuoratest.Config{})
		defer tenant.Close()
		tenant.HandleFunc("GET /v1/slow", func(http.ResponseWriter, *http.Request) { time.Sleep(12 * time.Minute) })
		session := newSession(t, inMemoryConfig(tenant))
		slow := make(chan error, 1)
		go func() {
			_, _, err := get(t.Context(), session, "/v1/slow")
			slow <- err
		}()
		time.Sleep(8 * time.Minute)
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		require.NoError(t, <-slow)
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		require.Equal(t, 1, tenant.Logins())
	})
}

func TestRule13_ResponsesThatDoNotCountAsUse(t *testing.T) {
	for _, response := range []http.Handler{
		zuoratest.RateLimited(), zuoratest.ConcurrencyLimited(time.Second), zuoratest.ServerError(), zuoratest.HTMLPage(http.StatusBadGateway),
	} {
		synctest.Test(t, func(t *testing.T) {
			tenant := inMemory(zuoratest.Config{})
			defer tenant.Close()
			session := newSession(t, inMemoryConfig(tenant))
			requireStatus(t, session, "/v1/ok", http.StatusOK)
			tenant.Intercept(func(r *http.Request) http.Handler {
				if r.URL.Path == "/v1/busy" {
					return response
				}
				return nil
			})
			for range 9 {
				time.Sleep(time.Minute)
				_, _, err := get(t.Context(), session, "/v1/busy")
				require.NoError(t, err)
			}
			time.Sleep(time.Minute)
			requireStatus(t, session, "/v1/ok", http.StatusOK)
			require.Equal(t, 2, tenant.Logins())
		})
	}
}

func TestRule13_CallsWithoutAResponseDoNotCountAsUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := inMemory(zuoratest.Config{})
		defer tenant.Close()
		cfg := inMemoryConfig(tenant)
		base := cfg.Base
		cfg.Base = roundTripper(func(req *http.Request) (*http.Response, error) {
			if req.URL.Path == "/v1/lost" {
				return nil, io.ErrUnexpectedEOF
			}
			return base.RoundTrip(req)
		})
		session := newSession(t, cfg)
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		for range 9 {
			time.Sleep(time.Minute)
			_, _, err := get(t.Context(), session, "/v1/lost")
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		}
		time.Sleep(time.Minute)
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		require.Equal(t, 2, tenant.Logins())
	})
}

func TestRule13_RefusalsDoNotCountAsUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := inMemory(zuoratest.Config{})
		defer tenant.Close()
		cfg := inMemoryConfig(tenant)
		cfg.IdleTimeout = 8 * time.Second // less than the wait of a path that refuses
		session := newSession(t, cfg)
		requireStatus(t, session, "/v1/refused", http.StatusUnauthorized)
		time.Sleep(5 * time.Second)
		requireStatus(t, session, "/v1/refused", http.StatusUnauthorized)
		require.Equal(t, 2, tenant.Logins())
		time.Sleep(4 * time.Second)
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		require.Equal(t, 3, tenant.Logins())
	})
}

// A call that fails for its own reason has used the session.
func TestRule13_OtherFailuresCountAsUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := inMemory(zuoratest.Config{})
		defer tenant.Close()
		session := newSession(t, inMemoryConfig(tenant))
		for range 5 {
			requireStatus(t, session, "/v1/missing", http.StatusNotFound)
			time.Sleep(9 * time.Minute)
		}
		require.Equal(t, 1, tenant.Logins())
	})
}

// A session expires although the wall clock was set back.
func TestRule13_ClockThatIsSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := inMemory(zuoratest.Config{})
		defer tenant.Close()
		session := newSession(t, inMemoryConfig(tenant))
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		zuora.Suspend(session, -time.Hour)
		time.Sleep(10 * time.Minute)
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		require.Equal(t, 2, tenant.Logins())
	})
}

func TestRule13_SuspendedMachineRenewsItsSession(t *testing.T) {
	server := newServer(t, zuoratest.Config{})
	session := newSession(t, configFor(server))
	requireStatus(t, session, "/v1/ok", http.StatusOK)
	zuora.Suspend(session, 9*time.Minute)
	requireStatus(t, session, "/v1/ok", http.StatusOK)
	require.Equal(t, 1, server.Logins())
	zuora.Suspend(session, time.Hour)
	requireStatus(t, session, "/v1/ok", http.StatusOK)
	require.Equal(t, 2, server.Logins())
}

// A caller that gives up while its replay waits for the login.
func TestRule03_ReplayEndsWithItsContext(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		cfg := kind.configFor(server)
		door := newGate(kind.credentials(server))
		cfg.Credentials = door
		session := newSession(t, cfg)
		go func() { door.open <- struct{}{} }()
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		<-door.asked
		kind.expire(server)
		ctx, cancel := context.WithCancel(t.Context())
		errs := make(chan error)
		go func() {
			_, _, err := send(ctx, session, http.MethodPost, "/v1/echo", bytes.NewReader([]byte("text")))
			errs <- err
		}()
		<-door.asked
		cancel()
		assert.ErrorIs(t, <-errs, context.Canceled)
		close(door.open)
	})
}

// If a replay is refused on a session that is not new, both sessions may have expired, so
// the resource does not have to wait.
func TestRule03_ReplayOnASessionThatHasExpiredToo(t *testing.T) {
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

// A refusal of a request with an Idempotency-Key may be an old response that Zuora
// repeats.
func TestRule03_RefusalOfAKnownKeyMakesNoOtherCallWait(t *testing.T) {
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
