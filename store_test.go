package zuora_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"slices"
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

// memoryStore is a SessionStore of this process, which can be made to fail.
type memoryStore struct {
	mu     sync.Mutex
	values map[string]stored
	swaps  int
	ttls   map[string]time.Duration                   // of the last swap of a key
	fail   func(ctx context.Context, swap bool) error // nil: all is well
}

type stored struct {
	value []byte
	ends  time.Time
}

func newMemoryStore() *memoryStore {
	return &memoryStore{values: map[string]stored{}, ttls: map[string]time.Duration{}}
}

func (m *memoryStore) failing(ctx context.Context, swap bool) error {
	m.mu.Lock()
	fail := m.fail
	m.mu.Unlock()
	if fail == nil {
		return nil
	}
	return fail(ctx, swap)
}

func (m *memoryStore) setFail(fail func(context.Context, bool) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = fail
}

func (m *memoryStore) get(key string) []byte {
	if s, ok := m.values[key]; ok && time.Now().Before(s.ends) {
		return s.value
	}
	return nil
}

func (m *memoryStore) Load(ctx context.Context, key string) ([]byte, error) {
	if err := m.failing(ctx, false); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.get(key), nil
}

func (m *memoryStore) Swap(ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error) {
	if err := m.failing(ctx, true); err != nil {
		return false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if now := m.get(key); (now == nil) != (old == nil) || !bytes.Equal(now, old) {
		return false, nil
	}
	m.swaps++
	m.ttls[key] = ttl
	if new == nil {
		delete(m.values, key)
	} else {
		m.values[key] = stored{new, time.Now().Add(ttl)}
	}
	return true, nil
}

// session returns what is stored, lock aside.
func (m *memoryStore) session() (key, value string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for k := range m.values {
		if !strings.HasSuffix(k, ":lock") {
			return k, string(m.get(k))
		}
	}
	return "", ""
}

// take is session, and removes it.
func (m *memoryStore) take() (key, value string) {
	key, value = m.session()
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.values, key)
	return key, value
}

func withStore(cfg zuora.SessionConfig, store zuora.SessionStore) zuora.SessionConfig {
	cfg.Store = store
	return cfg
}

func TestRule02_FleetSharesOneLogin(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		store := newMemoryStore()
		fleet := make([]*zuora.Session, 24)
		for i := range fleet {
			fleet[i] = newSession(t, withStore(kind.configFor(server), store))
		}
		for logins := 1; logins <= 3; logins++ {
			kind.expire(server)
			var wg sync.WaitGroup
			for i, session := range fleet {
				wg.Go(func() {
					for n := range 4 {
						status, got, err := send(t.Context(), session, http.MethodPost, "/v1/echo", strings.NewReader("text"))
						assert.NoError(t, err)
						assert.Equal(t, http.StatusOK, status, "process %d, call %d: %s", i, n, got)
					}
				})
			}
			wg.Wait()
			require.Equal(t, logins, server.Logins())
		}
		key, value := store.session()
		require.Regexp(t, `^[0-9a-f]{64}$`, key, "a hash")
		require.NotContains(t, value, string(server.Credentials().SecretAccessKey))
		require.NotContains(t, value, string(server.OAuthClient().ClientSecret))
		if kind == byPassword {
			require.Equal(t, 10*time.Minute, store.ttls[key])
		} else {
			require.InDelta(t, 3598*time.Second, store.ttls[key], float64(time.Minute), "as long as the token lives")
		}
		require.NotContains(t, store.values, key+":lock", "the lock is given up")
	})
}

func TestStoredSessionOutlivesTheProcess(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		synctest.Test(t, func(t *testing.T) {
			tenant := inMemory(zuoratest.Config{})
			defer tenant.Close()
			store := newMemoryStore()
			cfg := withStore(kind.inMemoryConfig(tenant), store)
			cfg.IdleTimeout = -1
			first := newSession(t, cfg)
			requireStatus(t, first, "/v1/ok", http.StatusOK)
			require.NoError(t, first.Close())
			time.Sleep(10 * time.Minute)
			requireStatus(t, newSession(t, cfg), "/v1/ok", http.StatusOK)
			require.Equal(t, 1, tenant.Logins())
			if key, _ := store.session(); kind == byPassword {
				require.Equal(t, 8*time.Hour, store.ttls[key], "where sessions do not end of idling")
			} else {
				require.Equal(t, 3598*time.Second, store.ttls[key])
			}
		})
	})
}

func TestWhatIsStoredForOthersIsNotShared(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		store := newMemoryStore()
		cfg := withStore(kind.configFor(server), store)
		one := cfg
		others := []func(*zuora.SessionConfig){
			func(*zuora.SessionConfig) {},
			func(c *zuora.SessionConfig) { c.Entity.ID = "7f1d9c2e-51f8-4a0b-9a35-0b7f6f3f6a11" },
			func(c *zuora.SessionConfig) { c.Server += "/rest" },
		}
		if kind == byPassword {
			others = append(others,
				func(c *zuora.SessionConfig) { c.Entity.LegacyID = "7f1d9c2e51f84a0b9a350b7f6f3f6a11" },
				func(c *zuora.SessionConfig) { c.Entity.LegacyName = "7f1d9c2e51f84a0b9a350b7f6f3f6a11" })
		}
		for i, spoil := range others {
			cfg := one
			spoil(&cfg)
			require.NoError(t, newSession(t, cfg).Connect(t.Context()))
			require.Equal(t, i+1, server.Logins())
		}
		// Another user finds nothing either, and so is refused for himself.
		other := one
		other.Credentials = kind.made("nobody", "hunter2")
		require.ErrorIs(t, newSession(t, other).Connect(t.Context()), zuora.ErrUnauthenticated)
		// The same one does.
		require.NoError(t, newSession(t, one).Connect(t.Context()))
		require.Equal(t, len(others)+1, server.Logins())
	})
}

// A process that dies with the lock delays the others by 5 s.
func TestLockOfADeadProcess(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		synctest.Test(t, func(t *testing.T) {
			tenant := inMemory(zuoratest.Config{})
			defer tenant.Close()
			store := newMemoryStore()
			cfg := withStore(kind.inMemoryConfig(tenant), store)
			first := newSession(t, cfg)
			requireStatus(t, first, "/v1/ok", http.StatusOK)
			key, _ := store.take()
			swapped, err := store.Swap(t.Context(), key+":lock", nil, []byte("dead"), time.Hour)
			require.NoError(t, err)
			require.True(t, swapped)

			begun := time.Now()
			second := newSession(t, cfg)
			requireStatus(t, second, "/v1/ok", http.StatusOK)
			require.GreaterOrEqual(t, time.Since(begun), 5*time.Second)
			require.LessOrEqual(t, time.Since(begun), 5200*time.Millisecond)
			require.Equal(t, 2, tenant.Logins())
			synctest.Wait() // it is stored off the call's path
			_, value := store.session()
			require.NotEmpty(t, value, "its session is stored all the same")
		})
	})
}

// The lock lasts longer than any login of its owner.
func TestLockOutlastsTheLogin(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		synctest.Test(t, func(t *testing.T) {
			tenant := inMemory(zuoratest.Config{})
			defer tenant.Close()
			store := newMemoryStore()
			cfg := withStore(kind.inMemoryConfig(tenant), store)
			cfg.LoginTimeout = 20 * time.Second
			var lock time.Duration
			tenant.Intercept(func(r *http.Request) http.Handler {
				store.mu.Lock()
				defer store.mu.Unlock()
				for key, ttl := range store.ttls {
					if strings.HasSuffix(key, ":lock") {
						lock = ttl
					}
				}
				return nil
			})
			require.NoError(t, newSession(t, cfg).Connect(t.Context()))
			require.Greater(t, lock, 20*time.Second)
			require.Less(t, lock, time.Minute)
		})
	})
}

func TestLockOfALoginThatMayTakeForEver(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		synctest.Test(t, func(t *testing.T) {
			tenant := inMemory(zuoratest.Config{})
			defer tenant.Close()
			tenant.Intercept(func(r *http.Request) http.Handler {
				time.Sleep(time.Second)
				return nil
			})
			store := newMemoryStore()
			cfg := withStore(kind.inMemoryConfig(tenant), store)
			cfg.LoginTimeout, cfg.IdleTimeout = math.MaxInt64, math.MaxInt64
			var wg sync.WaitGroup
			for range 3 {
				session := newSession(t, cfg)
				wg.Go(func() { assert.NoError(t, session.Connect(t.Context())) })
			}
			wg.Wait()
			require.Equal(t, 1, tenant.Logins())
			for key, ttl := range store.ttls {
				require.GreaterOrEqual(t, ttl, time.Duration(0), key) // 0: removed
			}
		})
	})
}

// Another process logs in between this one's load and its lock.
func TestSessionStoredBeforeTheLockIsBorrowed(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		synctest.Test(t, func(t *testing.T) {
			tenant := inMemory(zuoratest.Config{})
			defer tenant.Close()
			store := newMemoryStore()
			cfg := withStore(kind.inMemoryConfig(tenant), store)
			requireStatus(t, newSession(t, cfg), "/v1/ok", http.StatusOK)
			key, value := store.take()
			store.setFail(func(_ context.Context, swap bool) error {
				store.mu.Lock()
				defer store.mu.Unlock()
				if swap {
					store.values[key] = stored{[]byte(value), time.Now().Add(time.Hour)}
				}
				return nil
			})
			requireStatus(t, newSession(t, cfg), "/v1/ok", http.StatusOK)
			require.Equal(t, 1, tenant.Logins())
		})
	})
}

// Close ends the wait for another process, or for the store. No login follows, and it does
// not count as a failure of the store.
func TestRule14_CloseDuringAWaitForTheStore(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		for what, fail := range map[string]func(context.Context, bool) error{
			"for the lock":   nil,
			"for a response": func(ctx context.Context, _ bool) error { <-ctx.Done(); return ctx.Err() },
		} {
			t.Run(what, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					tenant := inMemory(zuoratest.Config{})
					defer tenant.Close()
					store := newMemoryStore()
					cfg := withStore(kind.inMemoryConfig(tenant), store)
					requireStatus(t, newSession(t, cfg), "/v1/ok", http.StatusOK)
					key, _ := store.take()
					_, err := store.Swap(t.Context(), key+":lock", nil, []byte("another"), time.Hour)
					require.NoError(t, err)
					store.setFail(fail)
					var log records
					cfg.Logger = log.logger(slog.LevelDebug, false)
					session := newSession(t, cfg)
					failed := make(chan error)
					go func() { failed <- session.Connect(t.Context()) }()
					synctest.Wait()
					require.NoError(t, session.Close())
					require.ErrorIs(t, <-failed, zuora.ErrSessionClosed)
					time.Sleep(time.Minute)
					require.Equal(t, 1, tenant.Logins())
					require.Empty(t, log.take())
				})
			})
		}
	})
}

// Whatever the store does, the session logs in by itself within a limited time, logs that
// once, and uses the store again when it works.
func TestStoreThatFailsFailsNoCall(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		stuck := make(chan struct{})
		defer close(stuck)
		for what, test := range map[string]struct {
			fail func(context.Context, bool) error
			most time.Duration
		}{
			"down":                {func(context.Context, bool) error { return errors.New("connection refused") }, 0},
			"full":                {func(_ context.Context, swap bool) error { return map[bool]error{true: errors.New("OOM")}[swap] }, 0},
			"slow":                {func(ctx context.Context, _ bool) error { <-ctx.Done(); return ctx.Err() }, 3 * time.Second},
			"panics":              {func(context.Context, bool) error { panic("hunter2") }, 0},
			"ignores its context": {func(context.Context, bool) error { time.Sleep(time.Minute); return nil }, 3 * time.Second},
		} {
			t.Run(what, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					tenant := inMemory(zuoratest.Config{})
					defer tenant.Close()
					store := newMemoryStore()
					store.setFail(test.fail)
					var log records
					cfg := withStore(kind.inMemoryConfig(tenant), store)
					cfg.Logger = log.logger(slog.LevelDebug, false)
					session := newSession(t, cfg)
					begun := time.Now()
					requireStatus(t, session, "/v1/ok", http.StatusOK)
					require.LessOrEqual(t, time.Since(begun), test.most)
					for range 3 { // written back by the minute, off the caller's path
						time.Sleep(2 * time.Minute)
						begun := time.Now()
						requireStatus(t, session, "/v1/ok", http.StatusOK)
						require.Zero(t, time.Since(begun))
					}
					time.Sleep(time.Minute)
					synctest.Wait()
					text := strings.Join(log.take(), "\n")
					require.NotContains(t, text, "hunter2")
					if what != "full" {
						require.Equal(t, 1, strings.Count(text, "session store fails; logging in without it"), text)
					}
					require.Contains(t, text, "session store fails")

					store.setFail(nil)
					requireStatus(t, session, "/v1/ok", http.StatusOK)
					synctest.Wait()
					require.Contains(t, strings.Join(log.take(), "\n"), "session store is back")
					_, value := store.session()
					require.NotEmpty(t, value)
					requireStatus(t, newSession(t, cfg), "/v1/ok", http.StatusOK)
					require.Equal(t, 1, tenant.Logins(), "and others take it")
				})
			})
		}
	})
}

// A store that was restarted empty is filled again.
func TestEmptiedStoreIsFilledAgain(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		synctest.Test(t, func(t *testing.T) {
			tenant := inMemory(zuoratest.Config{})
			defer tenant.Close()
			store := newMemoryStore()
			session := newSession(t, withStore(kind.inMemoryConfig(tenant), store))
			requireStatus(t, session, "/v1/ok", http.StatusOK)
			store.mu.Lock()
			clear(store.values)
			store.mu.Unlock()
			time.Sleep(time.Minute)
			requireStatus(t, session, "/v1/ok", http.StatusOK)
			synctest.Wait()
			_, value := store.session()
			require.NotEmpty(t, value)
		})
	})
}

// The time of the last use is stored once a minute, so that a session that one process
// uses is not idle for the others.
func TestRule13_UseIsStoredOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := inMemory(zuoratest.Config{})
		defer tenant.Close()
		store := newMemoryStore()
		cfg := withStore(inMemoryConfig(tenant), store)
		busy, lazy := newSession(t, cfg), newSession(t, cfg)
		requireStatus(t, busy, "/v1/ok", http.StatusOK)
		requireStatus(t, lazy, "/v1/ok", http.StatusOK)
		store.mu.Lock()
		before := store.swaps
		store.mu.Unlock()
		for range 600 {
			time.Sleep(3 * time.Second)
			requireStatus(t, busy, "/v1/ok", http.StatusOK)
		}
		synctest.Wait()
		store.mu.Lock()
		swaps := store.swaps - before
		store.mu.Unlock()
		require.LessOrEqual(t, swaps, 30)
		require.GreaterOrEqual(t, swaps, 28)
		requireStatus(t, lazy, "/v1/ok", http.StatusOK) // unused for half an hour
		require.Equal(t, 1, tenant.Logins())
	})
}

// An earlier use does not replace a later one of the same session.
func TestRule13_LaterUseByAnotherProcessStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := inMemory(zuoratest.Config{})
		defer tenant.Close()
		store := newMemoryStore()
		session := newSession(t, withStore(inMemoryConfig(tenant), store))
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		key, value := store.session()
		time.Sleep(2 * time.Minute)
		var record map[string]any
		require.NoError(t, json.Unmarshal([]byte(value), &record))
		record["used"] = time.Now().Add(time.Second)
		later, err := json.Marshal(record)
		require.NoError(t, err)
		swapped, err := store.Swap(t.Context(), key, []byte(value), later, time.Hour)
		require.NoError(t, err)
		require.True(t, swapped)
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		synctest.Wait()
		_, value = store.session()
		require.Equal(t, string(later), value)
		// What it knows of the store is what is there: a minute on, it writes again.
		time.Sleep(2 * time.Minute)
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		synctest.Wait()
		_, value = store.session()
		require.NotEqual(t, string(later), value)
	})
}

// A session that has been replaced does not replace its successor.
func TestOldSessionDoesNotOverwriteANewOne(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		synctest.Test(t, func(t *testing.T) {
			tenant := inMemory(zuoratest.Config{})
			defer tenant.Close()
			store := newMemoryStore()
			cfg := withStore(kind.inMemoryConfig(tenant), store)
			old := newSession(t, cfg)
			requireStatus(t, old, "/v1/ok", http.StatusOK)
			key, value := store.session()
			// Another process was refused, and has logged in again; to this one
			// nothing has happened yet.
			swapped, err := store.Swap(t.Context(), key, []byte(value), []byte(`{"login":"another","used":"2000-01-01T00:00:00Z","cookies":{"ZSession":"x"}}`), time.Hour)
			require.NoError(t, err)
			require.True(t, swapped)
			for range 5 {
				time.Sleep(2 * time.Minute)
				requireStatus(t, old, "/v1/ok", http.StatusOK)
			}
			synctest.Wait()
			_, value = store.session()
			require.Contains(t, value, `"login":"another"`)
		})
	})
}

func TestGarbageInTheStoreIsNoSession(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		for _, garbage := range []string{"", "x", "{}", "null", "[]", `{"login":"a"}`, `{"login":"a","used":"2999-01-01T00:00:00Z","cookies":{}}`} {
			synctest.Test(t, func(t *testing.T) {
				tenant := inMemory(zuoratest.Config{})
				defer tenant.Close()
				store := newMemoryStore()
				cfg := withStore(kind.inMemoryConfig(tenant), store)
				requireStatus(t, newSession(t, cfg), "/v1/ok", http.StatusOK)
				key, value := store.session()
				_, err := store.Swap(t.Context(), key, []byte(value), []byte(garbage), time.Hour)
				require.NoError(t, err)
				requireStatus(t, newSession(t, cfg), "/v1/ok", http.StatusOK)
				require.Equal(t, 2, tenant.Logins(), garbage)
				requireStatus(t, newSession(t, cfg), "/v1/ok", http.StatusOK)
				require.Equal(t, 2, tenant.Logins(), garbage)
			})
		}
	})
}

// All processes send the same cookies.
func TestStoredCookiesAreThoseOfTheLogin(t *testing.T) {
	for _, lines := range [][]string{
		{`ZSession="a b, c"; Path=/`},
		{`ZSession="abc"; Path=/`},
		{"ZSession=root; Path=/", "ZSession=rest; Path=/v1", "ZSession=accounts; Path=/v1/accounts", "ZSession=ui; Path=/ui"},
		{"ZSession=a", "b=c; Path=/v1/ok"},
		{"ZSession=a; Path=/; Max-Age=60"},
	} {
		synctest.Test(t, func(t *testing.T) {
			var sent []string
			cfg := withStore(zuora.SessionConfig{
				Server: "https://rest.zuora.example", Credentials: zuora.Credentials{AccessKeyID: "u", SecretAccessKey: "s"},
				Base: roundTripper(func(req *http.Request) (*http.Response, error) {
					resp := &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(`{"success":true}`)), Request: req}
					if sent = append(sent, req.URL.Path+" "+req.Header.Get("Cookie")); isLogin(req) {
						resp.Header["Set-Cookie"] = lines
					}
					return resp, nil
				}),
			}, newMemoryStore())
			calls := func() []string {
				session := newSession(t, cfg)
				for _, path := range []string{"/v1/ok", "/v1/accounts/A1", "/other"} {
					requireStatus(t, session, path, http.StatusOK)
				}
				defer func() { sent = nil }()
				return sent
			}
			first := calls()
			require.Equal(t, "/v1/connections ", first[0])
			require.Contains(t, first[1], "ZSession=")
			require.Equal(t, first[1:], calls(), "%s", lines)
			time.Sleep(time.Minute)
			require.Len(t, calls(), map[bool]int{true: 4, false: 3}[strings.Contains(lines[0], "Max-Age")], "one that has ended is not taken")
		})
	}
}

// Processes of a version that keeps records in another form, in one fleet with this
// one while it is rolled out: neither takes the other's record, waits for its lock,
// or writes over it. Each version has a session of its own.
func TestFleetOfTwoVersions(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		synctest.Test(t, func(t *testing.T) {
			tenant := inMemory(zuoratest.Config{})
			defer tenant.Close()
			store := newMemoryStore()
			cfg := withStore(kind.inMemoryConfig(tenant), store)
			// As version 0.1.0 does: a hash of the parts alone, and cookies by name.
			sum := sha256.Sum256(fmt.Appendf(nil, "%q", []string{cfg.Server, tenant.Credentials().AccessKeyID, "", "", ""}))
			key, value := hex.EncodeToString(sum[:]), []byte(`{"login":"OLD","used":"2000-01-01T00:00:00Z","cookies":{"ZSession":"of the old version"}}`)
			for k, v := range map[string][]byte{key: value, key + ":lock": []byte("OLD")} {
				swapped, err := store.Swap(t.Context(), k, nil, v, time.Hour)
				require.NoError(t, err)
				require.True(t, swapped)
			}
			sent := ""
			tenant.Intercept(func(r *http.Request) http.Handler {
				sent += r.Header.Get("Cookie")
				return nil
			})
			begun := time.Now()
			fleet := []*zuora.Session{newSession(t, cfg), newSession(t, cfg), newSession(t, cfg)}
			for range 5 {
				for _, session := range fleet {
					requireStatus(t, session, "/v1/ok", http.StatusOK)
				}
				require.Zero(t, time.Since(begun), "the lock of the other version is not waited for")
				time.Sleep(2 * time.Minute)
				begun = time.Now()
			}
			synctest.Wait()
			require.Equal(t, 1, tenant.Logins())
			require.NotContains(t, sent, "of the old version")
			require.Equal(t, string(value), string(store.get(key)), "nor is it written over")
			require.Equal(t, "OLD", string(store.get(key+":lock")))
			require.Len(t, store.values, 3, "the record of this version stands beside it")
		})
	})
}

// A stored cookie that is not valid is refused by the tenant only.
func TestStoredSessionThatHasExpiredIsReplaced(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		store := newMemoryStore()
		cfg := withStore(kind.configFor(server), store)
		requireStatus(t, newSession(t, cfg), "/v1/ok", http.StatusOK)
		kind.expire(server)
		for range 3 {
			requireStatus(t, newSession(t, cfg), "/v1/ok", http.StatusOK)
		}
		require.Equal(t, 2, server.Logins())
	})
}

// It is not known whether Zuora lets several addresses use one session. A tenant that does
// not causes no more logins than there are processes.
func TestTenantThatBindsSessionsToTheirCaller(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		store := newMemoryStore()
		const processes = 12
		var wg sync.WaitGroup
		for range processes {
			wg.Go(func() {
				cfg := withStore(kind.configFor(server), store)
				cfg.Base = bound(cfg.Base)
				session := newSession(t, cfg)
				for range 20 {
					status, got, err := get(t.Context(), session, "/v1/ok")
					assert.NoError(t, err)
					assert.Equal(t, http.StatusOK, status, got)
				}
			})
		}
		wg.Wait()
		require.LessOrEqual(t, server.Logins(), processes)
	})
}

// bound refuses, as such a tenant would, every session whose cookies it did not get
// through base.
func bound(base http.RoundTripper) http.RoundTripper {
	var mu sync.Mutex
	own := map[string]bool{}
	login := func(cookie string) string { id, _, _ := strings.Cut(cookie, "."); return id }
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		if c, err := req.Cookie("ZSession"); err == nil {
			mu.Lock()
			known := own[login(c.Value)]
			mu.Unlock()
			if !known {
				if req.Body != nil {
					_ = req.Body.Close()
				}
				return &http.Response{
					StatusCode: http.StatusUnauthorized, Header: http.Header{"Content-Type": {"application/json"}}, Request: req,
					Body: io.NopCloser(strings.NewReader(`{"success":false,"reasons":[{"code":90000011}]}`)),
				}, nil
			}
		}
		resp, err := base.RoundTrip(req)
		if err == nil {
			for _, c := range resp.Cookies() {
				mu.Lock()
				own[login(c.Value)] = true
				mu.Unlock()
			}
		}
		return resp, err
	})
}

// A process in backoff borrows the session of another process.
func TestRule10_ProcessInBackoffBorrowsTheStoredSession(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		synctest.Test(t, func(t *testing.T) {
			tenant := inMemory(zuoratest.Config{})
			defer tenant.Close()
			store := newMemoryStore()
			cfg := withStore(kind.inMemoryConfig(tenant), store)
			var limited atomic.Bool
			limited.Store(true)
			tenant.Intercept(func(r *http.Request) http.Handler {
				if isLogin(r) && limited.Load() {
					return zuoratest.RateLimited()
				}
				return nil
			})
			held := newSession(t, cfg)
			for range 5 {
				require.ErrorIs(t, held.Connect(t.Context()), zuora.ErrRateLimited)
			}
			require.Equal(t, 1, tenant.Logins())
			limited.Store(false)
			requireStatus(t, newSession(t, cfg), "/v1/ok", http.StatusOK)
			requireStatus(t, held, "/v1/ok", http.StatusOK)
			require.Equal(t, 2, tenant.Logins())
		})
	})
}

// A wrong password causes as many logins as without a store.
func TestRule10_WrongPasswordWithAStore(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		synctest.Test(t, func(t *testing.T) {
			tenant := inMemory(zuoratest.Config{})
			defer tenant.Close()
			cfg := withStore(kind.inMemoryConfig(tenant), newMemoryStore())
			cfg.Credentials = kind.made("someone", "wrong")
			session := newSession(t, cfg)
			for range 290 {
				require.ErrorIs(t, session.Connect(t.Context()), zuora.ErrUnauthenticated)
				time.Sleep(time.Second)
			}
			require.Equal(t, 1, tenant.Logins())
		})
	})
}

func TestRule11_NoVerbPrintsWhatIsShared(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		store := newMemoryStore()
		var log records
		cfg := withStore(kind.configFor(server), store)
		cfg.Logger = log.logger(slog.LevelDebug, false)
		session := newSession(t, cfg)
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		settled(t, &log)
		_, value := store.session()
		before := map[loginKind]string{byPassword: `"name":"ZSession","value":"`, byOAuth: `"access_token":"`}[kind]
		_, secret, found := strings.Cut(value, before)
		require.True(t, found)
		type service struct{ session *zuora.Session }
		for _, verb := range verbs {
			assertSilent(t, fmt.Sprintf(verb, session)+fmt.Sprintf(verb, service{session}), secret[:30])
		}
	})
}

// repeating is a store whose errors repeat its arguments, or what it has read.
type repeating struct {
	*memoryStore
	load, swap bool // what fails
	form       string
}

func (r repeating) Load(ctx context.Context, key string) ([]byte, error) {
	value, err := r.memoryStore.Load(ctx, key)
	if err == nil && value != nil && r.load {
		return nil, fmt.Errorf("cannot read: "+r.form, value)
	}
	return value, err
}

func (r repeating) Swap(ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error) {
	if r.swap && !strings.HasSuffix(key, ":lock") {
		return false, fmt.Errorf("cannot swap: "+r.form, append(slices.Clone(old), new...))
	}
	return r.memoryStore.Swap(ctx, key, old, new, ttl)
}

func TestRule11_StoreThatRepeatsASessionIsRedacted(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		for _, form := range []string{"%s", "%q", "%v", "%x", "%X"} {
			for _, swap := range []bool{true, false} {
				server := newServer(t, zuoratest.Config{})
				var secrets []string
				server.Intercept(func(r *http.Request) http.Handler {
					if secret := kind.sent(r); secret != "" {
						secrets = append(secrets, strings.TrimPrefix(secret, "Bearer "))
					}
					return nil
				})
				store := newMemoryStore()
				if !swap { // the stored session is another process's
					requireStatus(t, newSession(t, withStore(kind.configFor(server), store)), "/v1/ok", http.StatusOK)
				}
				if !swap && form != "%s" && form != "%q" {
					continue // it is not known
				}
				var log records
				cfg := withStore(kind.configFor(server), repeating{store, !swap, swap, form})
				cfg.Logger = log.logger(slog.LevelDebug, false)
				requireStatus(t, newSession(t, cfg), "/v1/ok", http.StatusOK)
				text := strings.Join(log.take(), "\n")
				require.Contains(t, text, "session store fails")
				require.NotEmpty(t, secrets)
				for _, secret := range secrets {
					part := secret[:10]
					for _, part := range []string{part, fmt.Sprintf("%x", part), fmt.Sprintf("%X", part), strings.Trim(fmt.Sprint([]byte(part)), "[]")} {
						require.NotContains(t, text, part, form)
					}
				}
			}
		}
	})
}
