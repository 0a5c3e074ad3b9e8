package redisstore_test

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/redisstore"
	"github.com/zuora-go/zuora/storetest"
)

func requireSwap(t testing.TB, store zuora.SessionStore, key string, old, new []byte, want bool) {
	t.Helper()
	swapped, err := store.Swap(t.Context(), key, old, new, time.Hour)
	require.NoError(t, err)
	require.Equal(t, want, swapped)
}

func requireStored(t testing.TB, store zuora.SessionStore, key string, want []byte) {
	t.Helper()
	got, err := store.Load(t.Context(), key)
	require.NoError(t, err)
	require.Equal(t, want, got) // which tells nil from empty
}

func TestIsAStore(t *testing.T) {
	t.Parallel()
	client := startServer(t).client(t, nil)
	storetest.Run(t, func(t *testing.T) zuora.SessionStore { return newStore(t, client) })
}

func TestStoresForAsLongAsAsked(t *testing.T) {
	client := startServer(t).client(t, nil)
	store := newStore(t, client)
	left := func(ttl time.Duration) time.Duration {
		t.Helper()
		swapped, err := store.Swap(t.Context(), "key", nil, []byte("value"), ttl)
		require.NoError(t, err)
		require.True(t, swapped)
		left, err := client.PTTL(t.Context(), redisstore.Prefix+"key").Result()
		require.NoError(t, err)
		require.NoError(t, client.Del(t.Context(), redisstore.Prefix+"key").Err())
		return left
	}
	for _, ttl := range []time.Duration{8 * time.Hour, 10 * time.Minute, 90 * time.Second, 12345 * time.Millisecond} {
		assert.LessOrEqual(t, left(ttl), ttl)
		assert.Greater(t, left(ttl), ttl-10*time.Second)
	}

	var asked any
	client.AddHook(hook(func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
		if strings.HasPrefix(cmd.Name(), "eval") {
			asked = cmd.Args()[6]
		}
		return next(ctx, cmd)
	}))
	for ttl, milliseconds := range map[time.Duration]int64{
		-time.Hour: 1, 0: 1, time.Nanosecond: 1, 1500 * time.Microsecond: 1, 2 * time.Millisecond: 2,
	} {
		// It may be gone by now, or nearly so; never is it there for good.
		assert.LessOrEqual(t, left(ttl), 2*time.Millisecond)
		assert.NotEqual(t, time.Duration(-1), left(ttl))
		assert.Equal(t, milliseconds, asked)
	}

	// A swap begins the time anew.
	requireSwap(t, store, "key", nil, []byte("a"), true)
	_, err := store.Swap(t.Context(), "key", []byte("a"), []byte("b"), 8*time.Hour)
	require.NoError(t, err)
	assert.Greater(t, client.PTTL(t.Context(), redisstore.Prefix+"key").Val(), 7*time.Hour)
}

func TestOfManySwapsAtOnceOneWins(t *testing.T) {
	const rounds, swaps = 4, 500
	store := newStore(t, startServer(t).client(t, nil))
	var stored []byte // in round 0, nothing; in the last one all remove
	for round := range rounds {
		var wins atomic.Int32
		var winner atomic.Value
		var all sync.WaitGroup
		start := make(chan struct{})
		for i := range swaps {
			all.Go(func() {
				var value []byte
				if round < rounds-1 {
					value = []byte(strconv.Itoa(round) + "/" + strconv.Itoa(i))
				}
				<-start
				swapped, err := store.Swap(t.Context(), "key", stored, value, time.Hour)
				if assert.NoError(t, err) && swapped {
					wins.Add(1)
					winner.Store(value)
				}
			})
		}
		close(start)
		all.Wait()
		require.EqualValues(t, 1, wins.Load())
		stored = winner.Load().([]byte)
		requireStored(t, store, "key", stored)
	}
}

func TestLeavesAloneWhatCameBetweenLookAndSwap(t *testing.T) {
	server := startServer(t)
	key := newKey()
	store, err := redisstore.New(server.client(t, nil), key)
	require.NoError(t, err)
	for name, value := range map[string]struct{ before, after []byte }{
		"came":               {nil, []byte("b")},
		"changed":            {[]byte("a"), []byte("b")},
		"went":               {[]byte("a"), nil},
		"sealed once more":   {[]byte("a"), []byte("a")},
		"came, and is empty": {nil, []byte{}},
	} {
		for what, next := range map[string][]byte{"replace": []byte("c"), "remove": nil} {
			t.Run(name+"/"+what, func(t *testing.T) {
				at := t.Name()
				if value.before != nil {
					requireSwap(t, store, at, nil, value.before, true)
				}
				client := server.client(t, nil)
				client.AddHook(hook(func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
					if cmd.Name() == "evalsha" {
						requireSwap(t, store, at, value.before, value.after, true)
					}
					return next(ctx, cmd)
				}))
				interrupted, err := redisstore.New(client, key)
				require.NoError(t, err)
				requireSwap(t, interrupted, at, value.before, next, false)
				requireStored(t, store, at, value.after)
			})
		}
	}
}

// A client sends a command again if its response is lost. What the first try has
// done is not the second one's loss.
func TestASwapSentTwiceIsOne(t *testing.T) {
	server := startServer(t)
	client := server.client(t, nil)
	store := newStore(t, client)
	client.AddHook(hook(func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
		if cmd.Name() == "evalsha" || cmd.Name() == "eval" {
			if err := next(ctx, cmd); err != nil {
				return err
			}
		}
		return next(ctx, cmd)
	}))
	requireSwap(t, store, "key", nil, []byte("a"), true)
	requireSwap(t, store, "key", []byte("a"), []byte("b"), true)
	requireSwap(t, store, "key", []byte("b"), []byte("b"), true)
	requireSwap(t, store, "key", []byte("a"), []byte("c"), false)
	requireStored(t, store, "key", []byte("b"))
	requireSwap(t, store, "key", []byte("b"), nil, false) // as documented
	requireStored(t, store, "key", nil)
}

func TestManagesWithoutAScriptInRedissCache(t *testing.T) {
	client := startServer(t).client(t, nil)
	store := newStore(t, client)
	requireSwap(t, store, "key", nil, []byte("a"), true) // a server that never saw it
	require.NoError(t, client.ScriptFlush(t.Context()).Err())
	requireSwap(t, store, "key", []byte("a"), []byte("b"), true)
}

func TestKeepsKeysApartAndUnderItsPrefix(t *testing.T) {
	client := startServer(t).client(t, nil)
	store := newStore(t, client)
	requireSwap(t, store, "one", nil, []byte("1"), true)
	requireSwap(t, store, "two", nil, []byte("2"), true)
	requireStored(t, store, "one", []byte("1"))
	requireStored(t, store, "two", []byte("2"))
	require.ElementsMatch(t, []string{redisstore.Prefix + "one", redisstore.Prefix + "two"}, client.Keys(t.Context(), "*").Val())
}
