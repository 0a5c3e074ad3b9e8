package zuora_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
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

// How many logins refusals may cause in an hour.

// quickTenant is a tenant without HTTP, for hours of many calls. Paths that begin with one
// of refused are refused on every session.
type quickTenant struct {
	mu       sync.Mutex
	sessions map[string]bool // that are good
	logins   int

	refused []string
	refusal func() *http.Response             // nil: 401
	delay   func(*http.Request) time.Duration // nil: none
	early   bool                              // the session is checked before the delay, and not after it
}

const refusedBody = `{"success":false,"reasons":[{"code":90000011,"message":"this resource is protected, please sign in first"}]}`

func quickResponse(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}
}

func (q *quickTenant) RoundTrip(req *http.Request) (*http.Response, error) {
	check := func() bool {
		q.mu.Lock()
		defer q.mu.Unlock()
		if c, err := req.Cookie("ZSession"); err == nil {
			return q.sessions[c.Value]
		}
		return q.sessions[strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer ")]
	}
	if isLogin(req) {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.logins++
		session := fmt.Sprint("s", q.logins)
		if q.sessions == nil {
			q.sessions = map[string]bool{}
		}
		q.sessions[session] = true
		resp := quickResponse(http.StatusOK, `{"success":true,"access_token":"`+session+`","token_type":"bearer"}`)
		resp.Header.Set("Set-Cookie", "ZSession="+session+"; Path=/")
		return resp, nil
	}
	ok := check()
	if q.delay != nil && (ok || !q.early) {
		time.Sleep(q.delay(req))
	}
	if !q.early {
		ok = check()
	}
	for _, prefix := range q.refused {
		if strings.HasPrefix(req.URL.Path, prefix) {
			if ok && q.refusal != nil {
				return q.refusal(), nil
			}
			ok = false
		}
	}
	if !ok {
		return quickResponse(http.StatusUnauthorized, refusedBody), nil
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody}, nil
}

func (q *quickTenant) expire() {
	q.mu.Lock()
	defer q.mu.Unlock()
	clear(q.sessions)
}

func (q *quickTenant) count() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.logins
}

func (q *quickTenant) config() zuora.SessionConfig {
	return zuora.SessionConfig{Server: "https://rest.zuora.example", Credentials: zuora.Credentials{AccessKeyID: "u", SecretAccessKey: "s"}, Base: q}
}

// quickCall makes a call of path on the session's transport and returns its status.
func quickCall(t *testing.T, session *zuora.Session, path string, body io.Reader) int {
	method := http.MethodGet
	if body != nil {
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(t.Context(), method, session.Server()+path, body)
	if err != nil {
		t.Error(err)
		return 0
	}
	return quickSend(t, session, req)
}

func quickSend(t *testing.T, session *zuora.Session, req *http.Request) int {
	resp, err := session.Transport().RoundTrip(req)
	if err != nil {
		t.Error(err)
		return 0
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// letters returns n without digits.
func letters(n int) string {
	text := ""
	for ; n > 0 || text == ""; n /= 26 {
		text = string(rune('a'+n%26)) + text
	}
	return text
}

// refusals is an hour of calls that are refused.
type refusals struct {
	calls   int
	path    func(n int) string
	oneShot bool                  // bodies that can be had once
	refusal func() *http.Response // nil: 401
	beside  int                   // good calls a second
	still   bool                  // no session expires
	logins  int                   // at most, besides one for each real expiry
}

func TestRule03_RefusalsOfAnHour(t *testing.T) {
	one := func(int) string { return "/v1/refused" }
	for what, test := range map[string]refusals{
		"one resource":                           {calls: 3600, path: one, logins: 12},
		"one resource, bodies that are had once": {calls: 3600, path: one, oneShot: true, logins: 12},
		"one resource, in other words":           {calls: 3600, path: one, refusal: inOtherWords, logins: 12},
		"one resource, with queries":             {calls: 3600, path: func(n int) string { return fmt.Sprint("/v1/refused?n=", n) }, logins: 12},
		"six resources":                          {calls: 6 * 3600, path: func(n int) string { return "/v1/refused/" + letters(n%6) }, logins: 1 + 6*11},
	} {
		t.Run(what, test.hour)
	}
}

// The same, of many calls. The mutations do without it, because it takes long.
func TestRule03_ManyRefusalsOfAnHour(t *testing.T) {
	keyed := func(n int) string { return fmt.Sprint("/v1/accounts/A1", n) } // of the form of good ones
	for what, test := range map[string]refusals{
		"one resource, good calls beside":       {calls: 3600, path: func(int) string { return "/v1/refused" }, beside: 100, logins: 12},
		"keyed paths":                           {calls: 100_000, path: keyed, logins: 30},
		"keyed paths, good calls beside":        {calls: 100_000, path: keyed, beside: 10, logins: 30},
		"keyed paths, in other words":           {calls: 20_000, path: func(n int) string { return fmt.Sprint("/v1/refused/", n, "/items") }, refusal: inOtherWords, logins: 30},
		"keyed paths, bodies that are had once": {calls: 20_000, path: keyed, oneShot: true, logins: 30},
		"keyed paths, keys without digits":      {calls: 20_000, path: func(n int) string { return "/v1/refused/" + letters(n) }, still: true, logins: 30},
	} {
		t.Run(what, test.hour)
	}
}

// inOtherWords is a refusal that ends the session, and is not replayed.
func inOtherWords() *http.Response {
	return quickResponse(http.StatusOK, `{"success":false,"errors":[{"code":"INVALID_SESSION","message":"no session"}]}`)
}

func (test refusals) hour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := &quickTenant{refused: []string{"/v1/refused", "/v1/accounts/A1"}, refusal: test.refusal}
		session := newSession(t, tenant.config())
		begun := time.Now()
		var failed atomic.Int32
		good := func(path string) {
			if quickCall(t, session, path, nil) != http.StatusOK {
				failed.Add(1)
			}
		}
		var wg sync.WaitGroup
		if test.beside > 0 {
			wg.Go(func() {
				always := newRequest(t, http.MethodGet, session.Server()+"/v1/accounts/A0", nil)
				for n := 0; time.Since(begun) < time.Hour; n++ {
					if n%10 == 0 { // a path that is new
						good(fmt.Sprint("/v1/invoices/", n))
					} else if quickSend(t, session, always) != http.StatusOK {
						failed.Add(1)
					}
					time.Sleep(time.Second / time.Duration(test.beside))
				}
			})
		}
		expiries := 0
		wg.Go(func() { // real ones, in the midst
			for _, at := range []time.Duration{5 * time.Second, 17 * time.Minute, 43*time.Minute + 500*time.Millisecond} {
				time.Sleep(time.Until(begun.Add(at)))
				if test.still {
					return
				}
				tenant.expire()
				expiries++
				good(fmt.Sprint("/v1/payments/", expiries))
			}
		})
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for n := range test.calls {
			var body io.Reader
			if test.oneShot {
				body = newOneShot("text")
			}
			status := quickCall(t, session, test.path(n), body)
			if status != http.StatusUnauthorized && test.refusal == nil {
				t.Errorf("%s: %d", test.path(n), status)
			}
			time.Sleep(time.Hour / time.Duration(test.calls))
		}
		wg.Wait()
		runtime.GC()
		runtime.ReadMemStats(&after)
		require.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(1<<20))
		require.Zero(t, failed.Load(), "good calls that failed")
		require.LessOrEqual(t, tenant.count(), test.logins+expiries)
	})
}

// A path with good responses does not wait for other paths of its form.
func TestRule03_GoodPathDoesNotWaitForOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := &quickTenant{refused: []string{"/v1/accounts/A1"}}
		session := newSession(t, tenant.config())
		for n := range 1000 {
			quickCall(t, session, fmt.Sprint("/v1/accounts/A1", n), nil)
			if n%100 == 50 {
				require.Equal(t, http.StatusOK, quickCall(t, session, "/v1/accounts/A0", nil))
			}
			if n%100 == 75 {
				tenant.expire()
				require.Equal(t, http.StatusOK, quickCall(t, session, "/v1/accounts/A0", nil))
			}
			time.Sleep(100 * time.Millisecond)
		}
		require.LessOrEqual(t, tenant.count(), 1+10+3*11, "each expiry that is found out begins the form anew")

		// Nor do paths that once were good cost a login each.
		before := tenant.count()
		for n := range 1000 {
			require.Equal(t, http.StatusOK, quickCall(t, session, fmt.Sprint("/v1/accounts/A2", n), nil))
		}
		tenant.refused = []string{"/v1/"}
		for n := range 1000 {
			quickCall(t, session, fmt.Sprint("/v1/accounts/A2", n), nil)
		}
		require.LessOrEqual(t, tenant.count()-before, 10)
	})
}

// After the wait only one of many calls is tried, even if its replay takes long.
func TestRule03_OneCallIsTriedAfterTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := &quickTenant{refused: []string{"/v1/refused"}}
		session := newSession(t, tenant.config())
		require.Equal(t, http.StatusUnauthorized, quickCall(t, session, "/v1/refused", nil))
		require.Equal(t, 2, tenant.count())
		time.Sleep(10 * time.Second)
		var replayed atomic.Bool
		tenant.delay = func(req *http.Request) time.Duration {
			if c, err := req.Cookie("ZSession"); err == nil && c.Value == "s3" && !replayed.Swap(true) {
				return 5 * time.Second
			}
			return 0
		}
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() { assert.Equal(t, http.StatusUnauthorized, quickCall(t, session, "/v1/refused", nil)) })
			time.Sleep(100 * time.Millisecond)
		}
		wg.Wait()
		require.Equal(t, 3, tenant.count())
	})
}

// Four expiries in half a minute are renewed, even if the calls are slow.
func TestRule03_FourExpiriesInHalfAMinute(t *testing.T) {
	for what, test := range map[string]struct {
		early bool
		slow  time.Duration
		apart time.Duration
		paths []string
	}{
		"the session is checked first":                     {true, 10 * time.Second, 7 * time.Second, []string{"/v1/slow"}},
		"the session is checked first, at short intervals": {true, 10 * time.Second, 2300 * time.Millisecond, []string{"/v1/slow"}},
		"the session is checked last":                      {false, 5 * time.Second, 7 * time.Second, []string{"/v1/slow"}},
		"other calls beside":                               {false, 3 * time.Second, 7 * time.Second, []string{"/v1/slow", "/v1/ok"}},
		"other calls beside, at short intervals":           {false, 3 * time.Second, 2300 * time.Millisecond, []string{"/v1/slow", "/v1/ok"}},
		"many paths":                                       {true, 10 * time.Second, 7 * time.Second, []string{"/v1/slow/1", "/v1/slow/2", "/v1/slow/3", "/v1/slow/4", "/v1/slow/5"}},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tenant := &quickTenant{early: test.early, delay: func(req *http.Request) time.Duration {
					if strings.HasPrefix(req.URL.Path, "/v1/slow") {
						return test.slow
					}
					return 0
				}}
				session := newSession(t, tenant.config())
				require.NoError(t, session.Connect(t.Context()))
				var wg sync.WaitGroup
				begun := time.Now()
				for n := 0; time.Since(begun) < time.Minute; n++ {
					if n > 0 && n <= 4*int(test.apart/(100*time.Millisecond)) && n%int(test.apart/(100*time.Millisecond)) == 0 {
						tenant.expire()
					}
					for _, path := range test.paths {
						wg.Go(func() {
							at := time.Since(begun)
							assert.Equal(t, http.StatusOK, quickCall(t, session, path, nil), "%v: %s", at, path)
						})
					}
					time.Sleep(100 * time.Millisecond)
				}
				wg.Wait()
				require.Equal(t, 5, tenant.count())
				require.NoError(t, session.Close())
			})
		})
	}
}

// Twenty processes that share a session and poll one resource that always refuses,
// with good calls and real expiries beside.
func TestRule03_FleetDoesNotHammer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := &quickTenant{refused: []string{"/v1/refused"}, delay: func(*http.Request) time.Duration { return 50 * time.Millisecond }}
		store := newMemoryStore()
		begun := time.Now()
		var wg sync.WaitGroup
		var failed atomic.Int32
		for range 20 {
			session := newSession(t, withStore(tenant.config(), store))
			wg.Go(func() {
				for time.Since(begun) < time.Hour {
					if quickCall(t, session, "/v1/ok", nil) != http.StatusOK {
						failed.Add(1)
					}
					quickCall(t, session, "/v1/refused", nil)
					time.Sleep(time.Second)
				}
			})
		}
		wg.Go(func() {
			for range 3 {
				time.Sleep(18 * time.Minute)
				tenant.expire()
			}
		})
		most, last := 0, 0
		for time.Since(begun) < time.Hour {
			time.Sleep(time.Minute)
			now := tenant.count()
			most, last = max(most, now-last), now
		}
		wg.Wait()
		require.Zero(t, failed.Load())
		require.LessOrEqual(t, most, 100)
		require.LessOrEqual(t, tenant.count(), 20*12+20*3)
	})
}

// Calls overlap, so refusals of first tries and of replays mix.
func TestRule03_OverlappingRefusalsCauseFewLogins(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		for what, delay := range map[string]func(login bool, nth int) time.Duration{
			"responses in any order": func(login bool, _ int) time.Duration {
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
					require.LessOrEqual(t, logins, 1+2*4+1, "the first, four in each half minute, and one after the wait of the path")
				})
			})
		}
	})
}

// Sessions that really expire are renewed each time.
func TestRule03_FrequentExpiriesAreAllRenewed(t *testing.T) {
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
