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

// maxSealed is how long a sealed value may be, in bytes. A session takes a few
// thousand; what is longer was put there by somebody else, and is not fetched.
const maxSealed = 1 << 20

// Store is a [zuora.SessionStore] on Redis, which seals what it stores. It may be
// used by any number of goroutines, and for any number of sessions.
type Store struct {
	sealed zuora.SessionStore
	reload func() // what the client knows of its cluster
}

var _ zuora.SessionStore = (*Store)(nil)

// New returns a store on client that seals under key, 32 random bytes: package
// [seal] says how to make them. It does not talk to Redis. The client remains the
// caller's, to close when no session uses the store any more; key may be cleared.
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

// Load returns what is stored under key, and nil for nothing. What does not open
// is nothing.
func (s *Store) Load(ctx context.Context, key string) ([]byte, error) {
	return within(ctx, s, "load", func() ([]byte, error) { return s.sealed.Load(ctx, key) })
}

// Swap stores new under key for ttl if old is what is stored there, and reports
// whether it was, as [zuora.SessionStore] says. What does not open is nothing. ttl
// counts in milliseconds; less than one is one. new may have a little less than
// 1 MiB.
//
// It loads first and then swaps, and reports false if anything was stored in
// between, even the same value. A removal that the client had to send twice,
// because the first response was lost, reports false.
func (s *Store) Swap(ctx context.Context, key string, old, new []byte, ttl time.Duration) (swapped bool, err error) {
	return within(ctx, s, "swap", func() (bool, error) { return s.sealed.Swap(ctx, key, old, new, ttl) })
}

// raw stores values as they are. It is right for sealed ones only, of which none is
// empty and no two are the same. Whatever else there is can be swapped as nothing.
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

// swap puts ARGV[2] (or nothing, for "") in the place of ARGV[1] (or of what Load
// returns nil for, for "") for ARGV[3] milliseconds; ARGV[4] is maxSealed. Sealed values
// compare as they are: no two are the same, be it of the same value. For the same
// reason the script can tell that it has run already, which happens when its
// answer is lost and the client sends it again.
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

// within returns what call does, or the context's error as soon as the context
// ends. The client would wait for the server until its own timeout: for long, if
// it is set so, and unless it has ContextTimeoutEnabled; and for a cancellation
// even then. call ends with that timeout, because between its steps the client does
// look at the context. A panic is the caller's, as it would be without this.
//
// After an error, a cluster's client looks for its nodes anew. By itself it would
// try a master that is gone for as long as its ClusterStateReloadInterval, which is
// a minute (https://github.com/redis/go-redis/issues/3979).
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
