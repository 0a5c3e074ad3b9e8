package redisstore

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/seal"
)

// Prefix begins every key that a [Store] uses in Redis.
const Prefix = "zuora:session:"

// maxSealed is the limit for a sealed value, in bytes. A session takes a few thousand.
// Longer values were put there by somebody else, and are not fetched.
const maxSealed = 1 << 20

// Store is a [zuora.SessionStore] on Redis that seals what it stores. It may be used by
// several goroutines at once, and for several sessions.
type Store struct {
	sealed zuora.SessionStore
	reload func() // makes the client reload the state of its cluster
}

var _ zuora.SessionStore = (*Store)(nil)

// New returns a store on client that seals under key. key is 32 random bytes: package
// [seal] explains how to make them. It may be cleared afterwards. New does not call
// Redis. The caller closes the client when no session uses the store any more.
func New(client redis.UniversalClient, key []byte) (*Store, error) {
	if v := reflect.ValueOf(client); !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return nil, errors.New("redisstore: the client is nil")
	}
	sealed, err := seal.New(raw{client}, key)
	if err != nil {
		return nil, fmt.Errorf("redisstore: %s", strings.TrimPrefix(err.Error(), "seal: "))
	}
	reload := func() {}
	if cluster, ok := client.(interface{ ReloadState(context.Context) }); ok {
		reload = func() { cluster.ReloadState(context.Background()) }
	}
	return &Store{sealed, reload}, nil
}

// Load returns what is stored under key, or nil if nothing is stored. A value that does
// not open counts as nothing.
func (s *Store) Load(ctx context.Context, key string) ([]byte, error) {
	return within(ctx, s, "load", func() ([]byte, error) { return s.sealed.Load(ctx, key) })
}

// Swap stores new under key for ttl if old is stored there, and reports whether it was,
// as [zuora.SessionStore] says. A value that does not open counts as nothing. ttl is
// rounded down to milliseconds, but is at least one. The limit for new is a little less
// than 1 MiB.
//
// Swap first loads and then swaps. It reports false if anything was stored in between,
// even the same value. It also reports false for a removal that the client has sent
// twice, because the first response was lost.
func (s *Store) Swap(ctx context.Context, key string, old, new []byte, ttl time.Duration) (swapped bool, err error) {
	return within(ctx, s, "swap", func() (bool, error) { return s.sealed.Swap(ctx, key, old, new, ttl) })
}

// raw stores sealed values. It relies on the fact that no sealed value is empty and no
// two are the same. All other values count as nothing.
type raw struct{ client redis.UniversalClient }

func (r raw) Load(ctx context.Context, key string) ([]byte, error) {
	sealed, err := r.client.GetRange(ctx, Prefix+key, 0, maxSealed).Bytes()
	if len(sealed) == 0 || len(sealed) > maxSealed || redis.HasErrorPrefix(err, "WRONGTYPE") {
		sealed = nil
	}
	if redis.HasErrorPrefix(err, "WRONGTYPE") {
		err = nil
	}
	return sealed, err
}

func (r raw) Swap(ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error) {
	if len(new) > maxSealed {
		return false, fmt.Errorf("the value has %d bytes, which is too long", len(new)-seal.Overhead)
	}
	return swap.Run(ctx, r.client, []string{Prefix + key}, old, new, max(ttl.Milliseconds(), 1), maxSealed).Bool()
}

// swap replaces ARGV[1] by ARGV[2] for ARGV[3] milliseconds. If ARGV[1] is "", it stands
// for everything that Load returns nil for. If ARGV[2] is "", the script removes the
// value. ARGV[4] is maxSealed. No two sealed values are the same, so if ARGV[2] is stored
// already, the script has run before: its response was lost, and the client has sent it
// again.
var swap = redis.NewScript(`
local is = ''
if redis.call('TYPE', KEYS[1]).ok == 'string' and redis.call('STRLEN', KEYS[1]) <= tonumber(ARGV[4]) then
	is = redis.call('GET', KEYS[1])
end
if is == ARGV[2] and is ~= '' then
	return 1
end
if is ~= ARGV[1] then
	return 0
end
if ARGV[2] == '' then
	redis.call('DEL', KEYS[1])
else
	redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
return 1
`)

// within returns the results of call, or the context's error as soon as ctx ends. The
// client itself would wait for the server until its own timeout, even after a
// cancellation. call ends at the latest with that timeout, because the client checks the
// context between its steps. If call panics, within panics.
//
// After an error, within makes a cluster's client reload the state of the cluster. By
// itself the client would try a master that is gone for as long as its
// ClusterStateReloadInterval, which is a minute
// (https://github.com/redis/go-redis/issues/3979).
func within[T any](ctx context.Context, s *Store, what string, call func() (T, error)) (T, error) {
	type result struct {
		value    T
		err      error
		panicked any
	}
	done := make(chan result, 1)
	go func() {
		var r result
		defer func() {
			r.panicked = recover()
			done <- r
		}()
		r.value, r.err = call()
	}()
	var r result
	select {
	case r = <-done:
	case <-ctx.Done():
		r.err = ctx.Err()
	}
	if r.panicked != nil {
		panic(r.panicked)
	}
	if r.err != nil {
		s.reload()
		r.err = fmt.Errorf("redisstore: %s: %w", what, r.err)
	}
	return r.value, r.err
}
