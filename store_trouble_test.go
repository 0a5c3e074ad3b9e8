package zuora_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
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

// troubles are the ways in which a store fails.
var troubles = map[string]func(ctx context.Context, swap bool) error{
	"refuses":                     func(context.Context, bool) error { return errors.New("connection refused") },
	"hangs":                       func(ctx context.Context, _ bool) error { <-ctx.Done(); return ctx.Err() },
	"hangs, whatever the context": func(context.Context, bool) error { time.Sleep(time.Minute); return errors.New("late") },
	"panics":                      func(context.Context, bool) error { panic("in the store") },
	"takes no writes":             func(_ context.Context, swap bool) error { return map[bool]error{true: errors.New("full")}[swap] },
	"hangs at writes": func(ctx context.Context, swap bool) error {
		if swap {
			<-ctx.Done()
		}
		return ctx.Err()
	},
	"hangs at reads": func(ctx context.Context, swap bool) error {
		if !swap {
			<-ctx.Done()
		}
		return ctx.Err()
	},
}

// renew makes the tenant end the session, and a call that renews it.
func renew(t *testing.T, tenant *zuoratest.Tenant, session *zuora.Session) (took time.Duration) {
	t.Helper()
	tenant.Expire()
	tenant.Revoke()
	begun := time.Now()
	requireStatus(t, session, "/v1/ok", http.StatusOK)
	return time.Since(begun)
}

// After a failure the store is not called for longer and longer times. Then one caller at
// a time tries it, and no renewal waits for that.
func TestDeadStoreCostsOneWaitAndThenNothing(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		for what, fail := range troubles {
			t.Run(what, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					tenant := inMemory(zuoratest.Config{})
					defer tenant.Close()
					store := newMemoryStore()
					session := newSession(t, withStore(kind.inMemoryConfig(tenant), store))
					renew(t, tenant, session)
					var calls, now, most atomic.Int32
					store.setFail(func(ctx context.Context, swap bool) error {
						calls.Add(1)
						for n := now.Add(1); n > most.Load(); {
							most.Store(n)
						}
						defer now.Add(-1)
						return fail(ctx, swap)
					})
					require.LessOrEqual(t, renew(t, tenant, session), time.Second)
					for n := range 150 {
						switch {
						case n%25 == 0: // two writes of a minute's use
							time.Sleep(61 * time.Second)
							requireStatus(t, session, "/v1/ok", http.StatusOK)
							time.Sleep(61 * time.Second)
							requireStatus(t, session, "/v1/ok", http.StatusOK)
							time.Sleep(2 * time.Second)
						case n%5 == 0:
							time.Sleep(20 * time.Second)
						default:
							time.Sleep(300 * time.Millisecond)
						}
						require.Less(t, renew(t, tenant, session), 50*time.Millisecond, "renewal %d", n)
					}
					synctest.Wait()
					// 22 minutes have 44 tries 30 s apart and 6 closer ones. Each is a call or,
					// where reads go well, up to three.
					require.LessOrEqual(t, calls.Load(), int32(3*(44+6)))
					require.GreaterOrEqual(t, calls.Load(), int32(20))
					time.Sleep(2 * time.Minute) // for what hangs
				})
			})
		}
	})
}

// If all processes use the store again at once, they wait for the one that logs in.
func TestFleetThatTriesTheStoreTogetherLogsInOnce(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		synctest.Test(t, func(t *testing.T) {
			tenant := inMemory(zuoratest.Config{})
			defer tenant.Close()
			tenant.Intercept(func(r *http.Request) http.Handler {
				if isLogin(r) {
					time.Sleep(2 * time.Second)
				}
				return nil
			})
			store := newMemoryStore()
			cfg := withStore(kind.inMemoryConfig(tenant), store)
			var fleet []*zuora.Session
			for range 8 {
				fleet = append(fleet, newSession(t, cfg))
			}
			together := func() {
				kind.expire(tenant)
				var all sync.WaitGroup
				for _, session := range fleet {
					all.Go(func() { requireStatus(t, session, "/v1/ok", http.StatusOK) })
				}
				all.Wait()
			}
			store.setFail(troubles["refuses"])
			together()
			require.Equal(t, 8, tenant.Logins())
			store.setFail(nil)
			time.Sleep(time.Second)
			together()
			require.Equal(t, 8+1, tenant.Logins())
		})
	})
}

// The time of the store is not part of the login's.
func TestSlowStoreFailsNoCall(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		for _, c := range []struct{ store, login, timeout time.Duration }{
			{900 * time.Millisecond, 0, 2 * time.Second},
			{900 * time.Millisecond, 1900 * time.Millisecond, 2 * time.Second},
			{300 * time.Millisecond, 900 * time.Millisecond, time.Second},
			{990 * time.Millisecond, 90 * time.Millisecond, 100 * time.Millisecond},
			{999 * time.Millisecond, 29 * time.Second, 30 * time.Second},
		} {
			t.Run(fmt.Sprintf("store %v, login %v of %v", c.store, c.login, c.timeout), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					tenant := inMemory(zuoratest.Config{})
					defer tenant.Close()
					tenant.Intercept(func(r *http.Request) http.Handler {
						if isLogin(r) {
							time.Sleep(c.login)
						}
						return nil
					})
					store := newMemoryStore()
					store.setFail(func(context.Context, bool) error { time.Sleep(c.store); return nil })
					cfg := withStore(kind.inMemoryConfig(tenant), store)
					cfg.LoginTimeout = c.timeout
					var log records
					cfg.Logger = log.logger(slog.LevelWarn, false)
					var all sync.WaitGroup
					for range 4 {
						session := newSession(t, cfg)
						all.Go(func() {
							for range 5 {
								begun := time.Now()
								status, got, err := get(t.Context(), session, "/v1/ok")
								assert.NoError(t, err)
								assert.Equal(t, http.StatusOK, status, got)
								assert.LessOrEqual(t, time.Since(begun), c.login+7*time.Second)
								time.Sleep(11 * time.Minute) // idle
							}
						})
					}
					all.Wait()
					require.Empty(t, log.take(), "slow is no trouble")
				})
			})
		}
	})
}

// Sessions share through a slow store.
func TestSlowStoreShares(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		synctest.Test(t, func(t *testing.T) {
			tenant := inMemory(zuoratest.Config{})
			defer tenant.Close()
			store := newMemoryStore()
			store.setFail(func(context.Context, bool) error { time.Sleep(900 * time.Millisecond); return nil })
			cfg := withStore(kind.inMemoryConfig(tenant), store)
			cfg.LoginTimeout = 2 * time.Second
			for range 5 {
				requireStatus(t, newSession(t, cfg), "/v1/ok", http.StatusOK)
				time.Sleep(10 * time.Second)
			}
			require.Equal(t, 1, tenant.Logins())
		})
	})
}

// A login has its LoginTimeout with any store.
func TestLoginTimeoutWithAStore(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		for what, fail := range troubles {
			t.Run(what, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					tenant := inMemory(zuoratest.Config{})
					defer tenant.Close()
					tenant.Intercept(func(r *http.Request) http.Handler {
						_, _ = io.Copy(io.Discard, r.Body) // or else net/http does not notice
						<-r.Context().Done()
						return nil
					})
					store := newMemoryStore()
					store.setFail(fail)
					cfg := withStore(kind.inMemoryConfig(tenant), store)
					cfg.LoginTimeout = 2 * time.Second
					begun := time.Now()
					err := newSession(t, cfg).Connect(t.Context())
					require.ErrorIs(t, err, context.DeadlineExceeded)
					require.ErrorContains(t, err, "not done after 2s (LoginTimeout)")
					require.GreaterOrEqual(t, time.Since(begun), 2*time.Second)
					require.LessOrEqual(t, time.Since(begun), 4*time.Second)
					time.Sleep(2 * time.Minute) // for what hangs
				})
			})
		}
	})
}

// A store that fails now and then is logged once, with the cause. A failure that lasts is
// logged again.
func TestStoreTroubleIsLoggedOnce(t *testing.T) {
	var calls atomic.Int32
	cause := map[bool]error{true: errors.New("the cause")}
	flapping := map[string]func(ctx context.Context, swap bool) error{
		"fails every second time":   func(context.Context, bool) error { return cause[calls.Add(1)%2 == 0] },
		"fails every tenth time":    func(context.Context, bool) error { return cause[calls.Add(1)%10 == 0] },
		"fails for a minute of two": func(context.Context, bool) error { return cause[time.Now().Minute()%2 == 0] },
	}
	maps.Copy(flapping, troubles)
	for what, fail := range flapping {
		for _, every := range []time.Duration{7 * time.Second, 11 * time.Minute} {
			t.Run(fmt.Sprintf("%s, a renewal every %v", what, every), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					tenant := inMemory(zuoratest.Config{})
					defer tenant.Close()
					store := newMemoryStore()
					cfg := withStore(inMemoryConfig(tenant), store)
					var log records
					cfg.Logger = log.logger(slog.LevelDebug, false)
					session := newSession(t, cfg)
					said := func() (warnings, rest []string) {
						time.Sleep(2 * time.Minute) // for what hangs
						for _, line := range log.take() {
							if strings.Contains(line, "level=WARN") {
								warnings = append(warnings, line)
							} else if strings.Contains(line, "store") {
								rest = append(rest, line)
							}
						}
						return warnings, rest
					}
					renew(t, tenant, session)
					store.setFail(fail)
					for range 50 {
						renew(t, tenant, session)
						time.Sleep(every)
					}
					warnings, rest := said()
					require.Len(t, warnings, 1)
					require.Regexp(t, `session store fails.* error=("?(the cause|connection refused|full|no response from the store.*|the store panicked.*)"?)$`, warnings[0])
					require.LessOrEqual(t, len(rest), 1, rest)

					store.setFail(nil)
					renew(t, tenant, session)
					time.Sleep(time.Minute)
					renew(t, tenant, session)
					_, later := said()
					require.Len(t, append(rest, later...), 1)
					require.Contains(t, append(rest, later...)[0], "session store is back")

					store.setFail(troubles["refuses"])
					for range 50 {
						renew(t, tenant, session)
						time.Sleep(every)
					}
					warnings, rest = said()
					require.Len(t, warnings, 1)
					require.Contains(t, warnings[0], "connection refused")
					require.Empty(t, rest)
				})
			})
		}
	}
}
