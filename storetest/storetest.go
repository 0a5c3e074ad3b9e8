// Package storetest tests that a [zuora.SessionStore] does what a session needs. The
// test of a store on any engine is
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) zuora.SessionStore { return newStore(t) })
//	}
//
// The example is a whole store, on an SQL database.
package storetest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zuora-go/zuora"
)

// Run tests the stores that newStore returns, in one subtest each. That takes some
// seconds, because one subtest waits until values expire. The stores may share an engine
// with one another and with earlier runs: keys are random, and what is left in the engine
// expires within an hour. The store has ten seconds for each call.
func Run(t *testing.T, newStore func(t *testing.T) zuora.SessionStore) {
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			if err := c.check(t.Context(), patient{newStore(t)}); err != nil {
				t.Error(err)
			}
		})
	}
}

// patient gives the store ten seconds for each call.
type patient struct{ zuora.SessionStore }

func (p patient) Load(ctx context.Context, key string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return p.SessionStore.Load(ctx, key)
}

func (p patient) Swap(ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return p.SessionStore.Swap(ctx, key, old, new, ttl)
}

var checks = []struct {
	name  string
	check func(context.Context, zuora.SessionStore) error
}{
	{"swaps what is stored and nothing else", swaps},
	{"keeps any bytes", anyBytes},
	{"keeps keys apart", keysApart},
	{"keeps no slice and gives none away", copies},
	{"lets one of many swaps win", oneWins},
	{"keeps values for as long as asked", ends},
	{"reports no swap after an error", failures},
}

// newKey returns a key like those that sessions use.
func newKey() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}

// swap swaps, and returns an error unless that reports want.
func swap(ctx context.Context, s zuora.SessionStore, key string, old, new []byte, want bool) error {
	return swapFor(ctx, s, key, old, new, time.Hour, want)
}

func swapFor(ctx context.Context, s zuora.SessionStore, key string, old, new []byte, ttl time.Duration, want bool) error {
	if new == nil {
		ttl = 0
	}
	swapped, err := s.Swap(ctx, key, old, new, ttl)
	if err != nil {
		return fmt.Errorf("Swap(%s, %s): %w", show(old), show(new), err)
	}
	if swapped != want {
		return fmt.Errorf("Swap(%s, %s) = %t, want %t", show(old), show(new), swapped, want)
	}
	return nil
}

// load loads, and returns an error unless that returns want, nil or not.
func load(ctx context.Context, s zuora.SessionStore, key string, want []byte) error {
	got, err := s.Load(ctx, key)
	if err != nil {
		return fmt.Errorf("Load: %w", err)
	}
	if !same(got, want) {
		return fmt.Errorf("Load = %s, want %s", show(got), show(want))
	}
	return nil
}

func same(a, b []byte) bool { return bytes.Equal(a, b) && (a == nil) == (b == nil) }

func show(value []byte) string {
	switch {
	case value == nil:
		return "nil"
	case len(value) > 40:
		return fmt.Sprintf("%q and %d bytes more", value[:40], len(value)-40)
	}
	return fmt.Sprintf("%q", value)
}

func swaps(ctx context.Context, s zuora.SessionStore) error {
	a, b, empty := []byte("a"), []byte("b"), []byte{}
	key := newKey()
	if err := load(ctx, s, key, nil); err != nil {
		return fmt.Errorf("of a new key: %w", err)
	}
	for i, step := range []struct {
		old, new []byte
		swapped  bool
		stored   []byte // then
	}{
		{nil, nil, true, nil}, // nothing is stored, and nothing is to be
		{a, b, false, nil},
		{a, nil, false, nil},
		{empty, b, false, nil},
		{nil, a, true, a},
		{nil, b, false, a},
		{nil, nil, false, a},
		{nil, a, false, a},
		{b, b, false, a},
		{empty, b, false, a},
		{b, nil, false, a},
		{a, b, true, b},
		{b, b, true, b},
		{b, empty, true, empty},
		{nil, a, false, empty},
		{nil, nil, false, empty},
		{empty, empty, true, empty},
		{empty, a, true, a},
		{a, nil, true, nil},
		{a, nil, false, nil},
		{nil, nil, true, nil},
		{nil, empty, true, empty},
		{empty, nil, true, nil},
		{nil, b, true, b},
	} {
		if err := errors.Join(swap(ctx, s, key, step.old, step.new, step.swapped), load(ctx, s, key, step.stored)); err != nil {
			return fmt.Errorf("step %d, Swap(%s, %s): %w", i, show(step.old), show(step.new), err)
		}
	}
	return nil
}

func anyBytes(ctx context.Context, s zuora.SessionStore) error {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	random := make([]byte, 64<<10)
	_, _ = rand.Read(random)
	key, old := newKey(), []byte(nil)
	for _, value := range [][]byte{
		all, {0}, {0, 0}, []byte("\xff\xfe"), []byte("null"), []byte(" a\r\n "), []byte(`{"a":"<'\"\\>"}`), []byte("ä"), []byte("a\u0308"),
		bytes.Repeat([]byte{0}, 100), []byte("A"), []byte("a"), []byte("a "), random,
	} {
		if err := errors.Join(swap(ctx, s, key, old, value, true), load(ctx, s, key, value)); err != nil {
			return err
		}
		if other := append(bytes.Clone(value), 0); value != nil {
			if err := swap(ctx, s, key, other, []byte("other"), false); err != nil {
				return err
			}
		}
		old = value
	}
	return nil
}

func keysApart(ctx context.Context, s zuora.SessionStore) error {
	key := newKey()
	keys := []string{key, key + ":lock", newKey(), key[:63] + string("0123456789abcdef"[(strings.IndexByte("0123456789abcdef", key[63])+1)%16])}
	for i, k := range keys {
		if err := errors.Join(load(ctx, s, k, nil), swap(ctx, s, k, nil, []byte{byte(i)}, true)); err != nil {
			return err
		}
	}
	if err := errors.Join(swap(ctx, s, keys[0], []byte{0}, nil, true), load(ctx, s, keys[0], nil)); err != nil {
		return err
	}
	for i, k := range keys[1:] {
		if err := load(ctx, s, k, []byte{byte(i + 1)}); err != nil {
			return err
		}
	}
	return nil
}

func copies(ctx context.Context, s zuora.SessionStore) error {
	key, given := newKey(), []byte("given")
	if err := swap(ctx, s, key, nil, given, true); err != nil {
		return err
	}
	clear(given)
	if err := load(ctx, s, key, []byte("given")); err != nil {
		return fmt.Errorf("after a change to what Swap was given: %w", err)
	}
	got, err := s.Load(ctx, key)
	if err != nil {
		return err
	}
	clear(got)
	if err := load(ctx, s, key, []byte("given")); err != nil {
		return fmt.Errorf("after a change to what Load returned: %w", err)
	}
	old, new := []byte("given"), []byte("new")
	if err := swap(ctx, s, key, old, new, true); err != nil {
		return err
	}
	if string(old) != "given" || string(new) != "new" {
		return fmt.Errorf("Swap has changed what it was given, to %q and %q", old, new)
	}
	return nil
}

// oneWins swaps the same value in several goroutines at once. In the first round there
// is no value, and in the last round it is removed.
func oneWins(ctx context.Context, s zuora.SessionStore) error {
	const rounds, callers = 5, 32
	key, stored := newKey(), []byte(nil)
	for round := range rounds {
		var mu sync.Mutex
		var winners [][]byte
		var errs error
		var all sync.WaitGroup
		begin := make(chan struct{})
		for i := range callers {
			all.Go(func() {
				value := fmt.Appendf(nil, "round %d, caller %d", round, i)
				if round == rounds-1 {
					value = nil
				}
				<-begin
				swapped, err := s.Swap(ctx, key, stored, value, time.Hour)
				mu.Lock()
				defer mu.Unlock()
				if swapped {
					winners = append(winners, value)
				}
				if err != nil {
					errs = errors.Join(errs, err)
				}
			})
		}
		close(begin)
		all.Wait()
		if errs != nil {
			return fmt.Errorf("of %d calls at once: %w", callers, errs)
		}
		if len(winners) != 1 {
			return fmt.Errorf("of %d swaps at once of %s, %d were reported to have swapped, want 1", callers, show(stored), len(winners))
		}
		stored = winners[0]
		if err := load(ctx, s, key, stored); err != nil {
			return err
		}
	}
	return nil
}

func ends(ctx context.Context, s zuora.SessionStore) error {
	const short, long = 2 * time.Second, time.Hour
	value, next := []byte("value"), []byte("next")
	ending, shortened, kept, lengthened, last := newKey(), newKey(), newKey(), newKey(), newKey()
	begun := time.Now()
	if err := errors.Join(
		swapFor(ctx, s, ending, nil, value, short, true),
		swapFor(ctx, s, shortened, nil, next, long, true),
		swapFor(ctx, s, shortened, next, value, short, true),
		swapFor(ctx, s, kept, nil, next, long, true),
		swapFor(ctx, s, lengthened, nil, value, short, true),
		swapFor(ctx, s, lengthened, value, next, long, true),
		swapFor(ctx, s, last, nil, value, short, true),
	); err != nil {
		return err
	}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		var left []string
		for name, key := range map[string]string{"one": ending, "one that was swapped in for one of an hour": shortened, "the last one": last} {
			got, err := s.Load(ctx, key)
			if err != nil {
				return err
			}
			if got != nil {
				left = append(left, name)
			}
		}
		if len(left) == 0 {
			break
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("values that were stored for two seconds are still there after half a minute: %s", strings.Join(left, ", "))
		}
	}
	if took := time.Since(begun); took < short/4 {
		return fmt.Errorf("values that were stored for two seconds were gone after %v", took)
	}
	if err := load(ctx, s, kept, next); err != nil {
		return fmt.Errorf("of a value that was stored for an hour, seconds ago: %w", err)
	}
	if err := load(ctx, s, lengthened, next); err != nil {
		return fmt.Errorf("of a value that was swapped in for an hour, seconds ago: %w", err)
	}
	for _, key := range []string{ending, shortened} {
		if err := errors.Join(swap(ctx, s, key, value, next, false), swap(ctx, s, key, nil, nil, true), swap(ctx, s, key, nil, next, true), load(ctx, s, key, next)); err != nil {
			return fmt.Errorf("after a value has ended: %w", err)
		}
	}
	return nil
}

// failures calls the store with a context that has ended. The store may return an error
// or not.
func failures(ctx context.Context, s zuora.SessionStore) error {
	key, value := newKey(), []byte("value")
	ended, cancel := context.WithCancel(ctx)
	cancel()
	swapped, failed := s.Swap(ended, key, nil, value, time.Hour)
	if swapped && failed != nil {
		return fmt.Errorf("Swap returned true and an error: %w", failed)
	}
	got, err := s.Load(ctx, key)
	switch {
	case err != nil:
		return err
	case failed == nil && !swapped:
		return errors.New("with a context that had ended, Swap returned false and no error, though nothing is stored")
	case failed == nil && !same(got, value):
		return fmt.Errorf("with a context that had ended, Swap returned true, and then Load = %s", show(got))
	case got != nil && !same(got, value):
		return fmt.Errorf("Load = %s, which was not stored", show(got))
	}
	if got, err = s.Load(ended, key); err != nil && got != nil {
		return fmt.Errorf("Load returned %s and an error: %w", show(got), err)
	}
	return nil
}
