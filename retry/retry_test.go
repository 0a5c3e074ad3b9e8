package retry_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/zoql"
	"github.com/zuora-go/zuora/retry"
	"github.com/zuora-go/zuora/zuoratest"
)

// caller returns the errors to the calls, one after the other, and then success.
type caller struct {
	errors []error
	bodies []string
	start  time.Time
	at     []time.Duration
}

func (c *caller) Server() string { return "https://rest.zuora.example" }

func (c *caller) Do(req *http.Request) (*http.Response, error) {
	text := ""
	if req.Body != nil {
		b, _ := io.ReadAll(req.Body)
		_ = req.Body.Close()
		text = string(b)
	}
	c.bodies, c.at = append(c.bodies, text), append(c.at, time.Since(c.start))
	if n := len(c.bodies); n <= len(c.errors) {
		return nil, &url.Error{Op: "Get", URL: req.URL.Path, Err: c.errors[n-1]}
	}
	return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader("{}"))}, nil
}

func failure(status int, code zuora.ReasonCode) *zuora.Error {
	return &zuora.Error{StatusCode: status, Reasons: []zuora.Reason{{Code: code}}}
}

type timeout struct{ error }

func (timeout) Timeout() bool   { return true }
func (timeout) Temporary() bool { return true }

// do sends a call that fails with the errors first.
func do(ctx context.Context, c *caller, method string, body io.Reader, edit func(*http.Request)) error {
	c.start = time.Now()
	req, err := http.NewRequestWithContext(ctx, method, c.Server()+"/v1/x", body)
	if err != nil {
		return err
	}
	if edit != nil {
		edit(req)
	}
	resp, err := retry.New(c, retry.Policy{}).Do(req)
	if err == nil {
		err = resp.Body.Close()
	}
	return err
}

func TestWhatIsRepeated(t *testing.T) {
	reset := &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}
	for _, test := range []struct {
		err                error
		read, write, keyed bool
	}{
		{failure(429, "70"), true, true, true},
		{failure(429, "50000070"), true, true, true},
		{failure(200, "53200050"), true, true, true},
		{failure(200, "LOCK_COMPETITION"), true, true, true},
		{failure(200, "fns:LOCK_COMPETITION"), true, true, true},
		{failure(200, "53200070"), true, false, false},
		{failure(200, "REQUEST_EXCEEDED_LIMIT"), true, false, false},
		{failure(200, "REQUEST_EXCEEDED_RATE"), true, false, false},
		{failure(200, "53200061"), true, false, false},
		{failure(500, "53200099"), true, false, false},
		{failure(502, ""), true, false, true},
		{failure(503, ""), true, false, true},
		{failure(504, ""), true, false, true},
		{reset, true, false, true},
		{timeout{errors.New("no response")}, true, false, true},
		{io.EOF, true, false, true},
		{io.ErrUnexpectedEOF, true, false, true},
		{errors.New("http2: server sent GOAWAY"), true, false, true},
		{errors.New("http: server closed idle connection"), true, false, true},
		{failure(500, "53200060"), false, false, false},
		{failure(400, "53200020"), false, false, false},
		{failure(404, ""), false, false, false},
		{failure(401, "90000011"), false, false, false},
		{failure(200, "70002070"), false, false, false}, // a code of Mediation has no category
		{errors.New("zuora: the session is for https://a only; request to https://b not sent"), false, false, false},
		{errors.New("tls: failed to verify certificate"), false, false, false},
		{zuora.ErrSessionClosed, false, false, false},
	} {
		for _, call := range []struct {
			method string
			key    bool
			want   bool
		}{
			{"GET", false, test.read}, {"HEAD", false, test.read}, {"POST", false, test.write}, {"PUT", false, test.write},
			{"DELETE", false, test.write}, {"POST", true, test.keyed},
		} {
			synctest.Test(t, func(t *testing.T) {
				c := &caller{errors: []error{test.err}}
				err := do(t.Context(), c, call.method, strings.NewReader("body"), func(req *http.Request) {
					if call.key {
						req.Header.Set("Idempotency-Key", "k")
					}
				})
				what := fmt.Sprintf("%s, key %v, after %v", call.method, call.key, test.err)
				if call.want {
					assert.NoError(t, err, what)
					assert.Equal(t, []string{"body", "body"}, c.bodies, what)
				} else {
					assert.ErrorIs(t, err, test.err, what)
					assert.NotContains(t, err.Error(), "tried", what)
					assert.Len(t, c.bodies, 1, what)
				}
			})
		}
	}
}

func TestCallsThatChangeNothingAreReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &caller{errors: []error{failure(503, ""), failure(200, "53200061")}}
		_, err := zoql.New(retry.New(c, retry.Policy{})).Query(t.Context(), zoql.Query{QueryString: "select Id from Account"}, nil)
		require.NoError(t, err)
		assert.Len(t, c.bodies, 3)
		assert.Equal(t, c.bodies[0], c.bodies[2])
	})
}

func TestOneShotBodiesAreSentOnce(t *testing.T) {
	for _, err := range []error{failure(429, "70"), failure(200, "LOCK_COMPETITION"), &zuora.LoginError{Err: failure(503, "")}} {
		synctest.Test(t, func(t *testing.T) {
			c := &caller{errors: []error{err}}
			assert.ErrorIs(t, do(t.Context(), c, "POST", io.MultiReader(strings.NewReader("once")), nil), err)
			assert.Equal(t, []string{"once"}, c.bodies)
		})
	}
}

func TestTheRequestStaysAsItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &caller{errors: []error{failure(429, "70")}}
		var req *http.Request
		var before http.Request
		require.NoError(t, do(t.Context(), c, "POST", strings.NewReader("body"), func(r *http.Request) { req, before = r, *r }))
		assert.Equal(t, before.Body, req.Body)
		assert.Equal(t, before.Header, req.Header)
	})
}

func TestWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var waits [4]time.Duration
		for range 50 {
			locked := failure(200, "LOCK_COMPETITION")
			c := &caller{errors: []error{locked, locked, locked, locked, locked}}
			err := do(t.Context(), c, "PUT", nil, nil)
			require.ErrorIs(t, err, zuora.ErrLocked)
			require.ErrorContains(t, err, "zuora: tried 5 times: ")
			require.Len(t, c.at, 5)
			for i := range waits {
				waits[i] = max(waits[i], c.at[i+1]-c.at[i])
			}
		}
		for i, longest := range waits { // of fifty: near the limit, and never beyond
			limit := time.Second << i
			assert.LessOrEqual(t, longest, limit)
			assert.Greater(t, longest, limit*3/4, "the %d. wait is random up to %v", i+1, limit)
		}
	})
}

func TestRetryAfterCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limited := failure(429, "50000070")
		limited.RetryAfter = 2 * time.Minute
		c := &caller{errors: []error{limited}}
		require.NoError(t, do(t.Context(), c, "POST", nil, nil))
		assert.Equal(t, 2*time.Minute, c.at[1])
	})
}

func TestNoWaitPassesTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limited := failure(429, "50000070")
		limited.RetryAfter = time.Minute
		c := &caller{errors: []error{limited, limited, limited}}
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancel()
		err := do(ctx, c, "GET", nil, nil)
		assert.ErrorIs(t, err, zuora.ErrRateLimited)
		assert.ErrorContains(t, err, "tried 2 times")
		assert.Equal(t, time.Minute, time.Since(c.start), "it fails at once")

		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(10*time.Second, cancel)
		c = &caller{errors: []error{limited}}
		assert.ErrorIs(t, do(ctx, c, "GET", nil, nil), zuora.ErrRateLimited)
		assert.Equal(t, 10*time.Second, time.Since(c.start))
	})
}

func TestFailedLogins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		later := &zuora.LoginError{Err: failure(503, ""), Next: time.Now().Add(7 * time.Second)}
		c := &caller{errors: []error{later}}
		require.NoError(t, do(t.Context(), c, "POST", strings.NewReader("body"), nil), "no call was sent, so writes wait too")
		assert.Equal(t, 7*time.Second, c.at[1])

		refused := &zuora.LoginError{Err: failure(401, "90000011"), Next: time.Now().Add(5 * time.Minute)}
		c = &caller{errors: []error{refused}}
		assert.ErrorIs(t, do(t.Context(), c, "GET", nil, nil), zuora.ErrUnauthenticated)
		assert.Zero(t, time.Since(c.start))
		assert.Len(t, c.bodies, 1)
	})
}

func TestRetriesAreLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		c := &caller{errors: []error{failure(429, "70"), failure(429, "70")}}
		api := zoql.New(retry.New(c, retry.Policy{Logger: slog.New(slog.NewTextHandler(&log, nil))}))
		_, err := api.QueryMore(t.Context(), zoql.NextRecords{QueryLocator: "secret"}, nil)
		require.NoError(t, err)
		assert.Equal(t, 2, strings.Count(log.String(), "call to be retried"))
		assert.Contains(t, log.String(), "method=POST path=/v1/action/queryMore try=2")
		assert.NotContains(t, log.String(), "secret")
	})
}

// 200 callers make calls to a tenant that allows 40 at once.
func TestStormStaysBelowTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := zuoratest.NewTenant(zuoratest.Config{})
		defer tenant.Close()
		var now, most atomic.Int64
		tenant.HandleFunc("GET /v1/x", func(w http.ResponseWriter, r *http.Request) {
			n := now.Add(1)
			defer now.Add(-1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			if n > 40 {
				zuoratest.ConcurrencyLimited(time.Minute).ServeHTTP(w, r)
				return
			}
			time.Sleep(100 * time.Millisecond)
			zuoratest.JSON(map[string]any{"success": true}).ServeHTTP(w, r)
		})
		session, err := zuora.NewSession(zuora.SessionConfig{Server: "https://rest.zuora.example", Credentials: tenant.Credentials(), Base: tenant.Transport()})
		require.NoError(t, err)
		defer session.Close()
		caller := retry.New(session, retry.Policy{MaxConcurrent: 40})
		assert.Equal(t, "https://rest.zuora.example", caller.Server())
		var wg sync.WaitGroup
		for range 200 {
			wg.Go(func() {
				for range 5 {
					req, _ := http.NewRequestWithContext(t.Context(), "GET", caller.Server()+"/v1/x", nil)
					resp, err := caller.Do(req)
					if assert.NoError(t, err) {
						_, _ = io.Copy(io.Discard, resp.Body)
					}
				}
			})
		}
		wg.Wait()
		assert.EqualValues(t, 40, most.Load())
	})
}

func TestPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one := retry.New(&caller{}, retry.Policy{MaxConcurrent: 1})
		send := func(ctx context.Context) (*http.Response, error) {
			req, _ := http.NewRequestWithContext(ctx, "GET", one.Server()+"/v1/x", nil)
			return one.Do(req)
		}
		first, err := send(t.Context())
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = send(ctx)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.ErrorContains(t, err, "1 concurrent calls")
		require.NoError(t, first.Body.Close())
		require.NoError(t, first.Body.Close(), "a place is given up once")
		second, err := send(t.Context())
		require.NoError(t, err)
		_, err = io.ReadAll(second.Body)
		require.NoError(t, err)
		third, err := send(t.Context())
		require.NoError(t, err, "a body at its end gives up its place")
		require.NoError(t, third.Body.Close())
	})
}
