package redisstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/zuora-go/zuora"
)

// Prefix begins every key that a [Store] uses in Redis.
const Prefix = "zuora:session:"

// maxSealed is how long a sealed value may be, in bytes. A session takes a few
// thousand; what is longer was put there by somebody else, and is not fetched.
const maxSealed = 1 << 20

// Store is a [zuora.SessionStore] on Redis. It may be used by any number of
// goroutines, and for any number of sessions.
//
// A nil slice stands for nothing, in what Load returns and in what Swap is
// given. An empty one is a value like any other.
type Store struct {
	// All are funcs, for fmt looks into fields, into those of a client too, but
	// not into these.
	client func() redis.UniversalClient
	seal   func(at string, value []byte) string
	open   func(at, sealed string) []byte
}

var _ zuora.SessionStore = (*Store)(nil)

// New returns a store on client that seals under key, 32 random bytes: the
// package documentation says how to make them. It does not talk to Redis. The
// client remains the caller's, to close when no session uses the store any more;
// key may be cleared.
func New(client redis.UniversalClient, key []byte) (*Store, error) {
	if v := reflect.ValueOf(client); !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return nil, errors.New("redisstore: the client is nil")
	}
	seal, open, err := newSeal(key)
	if err != nil {
		return nil, err
	}
	return &Store{client: func() redis.UniversalClient { return client }, seal: seal, open: open}, nil
}

// Load returns what is stored under key, and nil for nothing. What does not open
// is nothing.
func (s *Store) Load(ctx context.Context, key string) ([]byte, error) {
	at := Prefix + key
	return within(ctx, "load", func() ([]byte, error) {
		sealed, err := s.get(ctx, at)
		return s.open(at, sealed), err
	})
}

// Swap stores new under key for ttl, if old is what is stored there, and reports
// whether it was. nil as old stands for nothing, and for what does not open; nil
// as new removes what is stored. ttl counts in milliseconds; less than one is
// one. new may have a little less than 1 MiB.
//
// It looks first and swaps then, and reports false for whatever was stored in
// between, be it the same value. After an error it is not known whether new is
// stored. A removal that the client had to send twice, because the first answer
// was lost, reports false.
func (s *Store) Swap(ctx context.Context, key string, old, new []byte, ttl time.Duration) (swapped bool, err error) {
	at := Prefix + key
	return within(ctx, "swap", func() (bool, error) {
		was, err := s.get(ctx, at)
		if err != nil {
			return false, err
		}
		if is := s.open(at, was); !bytes.Equal(is, old) || (is == nil) != (old == nil) {
			return false, nil
		}
		sealed := ""
		if new != nil {
			sealed = s.seal(at, new)
		}
		if len(sealed) > maxSealed {
			return false, fmt.Errorf("the value has %d bytes, which is too long", len(new))
		}
		return swap.Run(ctx, s.client(), []string{at}, was, sealed, max(ttl.Milliseconds(), 1), maxSealed).Bool()
	})
}

// get returns the sealed value at a key of Redis's. Nothing there, no string, and
// what is too long are "", which never opens.
func (s *Store) get(ctx context.Context, at string) (string, error) {
	sealed, err := s.client().GetRange(ctx, at, 0, maxSealed).Result()
	if len(sealed) > maxSealed || redis.HasErrorPrefix(err, "WRONGTYPE") {
		return "", nil
	}
	return sealed, err
}

// swap puts ARGV[2] (or nothing, for "") in the place of ARGV[1] (or of what get
// returns "" for) for ARGV[3] milliseconds; ARGV[4] is maxSealed. Sealed values
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
// even then. call ends with that timeout, for between its steps the client does
// look at the context. A panic is the caller's, as it would be without this.
func within[T any](ctx context.Context, what string, call func() (T, error)) (T, error) {
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
		r.err = fmt.Errorf("redisstore: %s: %w", what, r.err)
	}
	return r.value, r.err
}
