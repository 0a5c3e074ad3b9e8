//go:build unix

package redisstore_test

import (
	"bytes"
	"context"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora/redisstore"
)

// pause makes the server hang.
func (s *server) pause() { _ = s.process.Signal(syscall.SIGSTOP) }

// A server stops responding: the store returns when the context ends,
// however patient the client is.
func TestObeysItsContext(t *testing.T) {
	server := startServer(t)
	patience := map[string]func(*redis.Options){
		"the defaults":               nil,
		"with ContextTimeoutEnabled": func(o *redis.Options) { o.ContextTimeoutEnabled = true },
		"more patient than most":     func(o *redis.Options) { o.ReadTimeout = 10 * time.Second },
	}
	for name, set := range patience {
		t.Run(name, func(t *testing.T) {
			client := server.client(t, set)
			store := newStore(t, client)
			requireSwap(t, store, name, nil, []byte("a"), true)

			require.NoError(t, server.process.Signal(syscall.SIGSTOP))
			calls := map[string]func(context.Context) (any, error){
				"Load": func(ctx context.Context) (any, error) { return store.Load(ctx, name) },
				"Swap": func(ctx context.Context) (any, error) {
					return store.Swap(ctx, name, []byte("a"), []byte("b"), time.Hour)
				},
			}
			for call, do := range calls {
				ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
				begin := time.Now()
				_, err := do(ctx)
				assert.ErrorIs(t, err, context.DeadlineExceeded, call)
				assert.Less(t, time.Since(begin), time.Second, call) // the client would wait for 5
				cancel()

				ctx, cancel = context.WithCancel(t.Context())
				time.AfterFunc(100*time.Millisecond, cancel)
				begin = time.Now()
				_, err = do(ctx)
				assert.ErrorIs(t, err, context.Canceled, call)
				assert.Less(t, time.Since(begin), time.Second, call)
				cancel()

				_, err = do(ctx) // which has ended before
				assert.ErrorIs(t, err, context.Canceled, call)
			}

			require.NoError(t, server.process.Signal(syscall.SIGCONT))
			// The swaps had not come further than their look.
			requireStored(t, store, name, []byte("a"))
			requireSwap(t, store, name, []byte("a"), []byte("c"), true)
		})
	}
}

func TestAPanicIsTheCallers(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:0"})
	defer client.Close()
	client.AddHook(hook(func(context.Context, redis.Cmder, redis.ProcessHook) error { panic("of a hook") }))
	store := newStore(t, client)
	require.PanicsWithValue(t, "of a hook", func() { _, _ = store.Load(t.Context(), "key") })
	require.PanicsWithValue(t, "of a hook", func() { _, _ = store.Swap(t.Context(), "key", nil, nil, 0) })
}

func TestComesBackWithTheServer(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	store := newStore(t, server.client(t, nil))
	requireSwap(t, store, "key", nil, []byte("a"), true)
	for range 2 {
		server.kill()
		for range 2 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			value, err := store.Load(ctx, "key")
			require.Error(t, err)
			require.Nil(t, value)
			swapped, err := store.Swap(ctx, "key", []byte("a"), []byte("b"), time.Hour)
			require.Error(t, err)
			require.False(t, swapped)
			cancel()
		}
		server.start(t)
		require.EventuallyWithT(t, func(t *assert.CollectT) {
			value, err := store.Load(context.Background(), "key")
			assert.NoError(t, err)
			assert.Nil(t, value) // empty, for it saved nothing
		}, 10*time.Second, 10*time.Millisecond)
		requireSwap(t, store, "key", []byte("a"), []byte("b"), false)
		requireSwap(t, store, "key", nil, []byte("a"), true) // whose script is gone, too
		requireStored(t, store, "key", []byte("a"))
	}
}

func TestAFullServerRefusesAndLosesNothing(t *testing.T) {
	client := startServer(t).client(t, nil)
	store := newStore(t, client)
	requireSwap(t, store, "key", nil, []byte("a"), true)
	require.NoError(t, client.ConfigSet(t.Context(), "maxmemory-policy", "noeviction").Err())
	require.NoError(t, client.ConfigSet(t.Context(), "maxmemory", "1mb").Err())
	junk := bytes.Repeat([]byte("x"), 100<<10)
	for i := 0; ; i++ {
		require.Less(t, i, 1000)
		if err := client.Set(t.Context(), "junk:"+strconv.Itoa(i), junk, 0).Err(); redis.IsOOMError(err) {
			break
		}
	}
	for range 3 {
		for key, old := range map[string][]byte{"key": []byte("a"), "another key": nil} {
			swapped, err := store.Swap(t.Context(), key, old, []byte("b"), time.Hour)
			require.ErrorContains(t, err, "OOM", key)
			require.False(t, swapped)
			requireStored(t, store, key, old)
		}
	}
	requireSwap(t, store, "key", []byte("a"), nil, true) // to remove takes no memory
	requireStored(t, store, "key", nil)
	require.NoError(t, client.ConfigSet(t.Context(), "maxmemory", "0").Err())
	requireSwap(t, store, "key", nil, []byte("b"), true)
	requireStored(t, store, "key", []byte("b"))
	require.Positive(t, client.PTTL(t.Context(), redisstore.Prefix+"key").Val())
}

func TestErrorsSayWhatFailedAndNoMore(t *testing.T) {
	server := startServer(t)
	require.NoError(t, server.client(t, nil).ConfigSet(t.Context(), "requirepass", "correct horse").Err())
	store := newStore(t, server.client(t, func(o *redis.Options) { o.Password = "battery staple" }))
	_, err := store.Load(t.Context(), "key")
	require.ErrorContains(t, err, "redisstore: load: WRONGPASS")
	require.NotContains(t, err.Error(), "battery")
	_, err = store.Swap(t.Context(), "key", nil, []byte("value"), time.Hour)
	require.ErrorContains(t, err, "redisstore: swap: WRONGPASS")
	require.NotContains(t, err.Error(), "value")
}
