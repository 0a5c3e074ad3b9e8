// Package holdback keeps what has failed from being tried again too soon.
package holdback

import (
	"math/rand/v2"
	"sync"
	"time"
)

// Book says what is held back: everything, or what one key stands for. It may
// be used by many goroutines at once.
type Book[K comparable] struct {
	mu       sync.Mutex
	failures int // in a row
	all      Entry
	keys     map[K]Entry
}

// Entry is a failure, and when the next try may be made. The zero Entry holds
// nothing back.
type Entry struct {
	Err  error
	Next time.Time
}

func (e Entry) ahead() Entry {
	if !time.Now().Before(e.Next) {
		return Entry{}
	}
	return e
}

// Held returns what holds everything back.
func (b *Book[K]) Held() Entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.ahead()
}

// HeldFor returns what holds key back.
func (b *Book[K]) HeldFor(key K) Entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.keys[key].ahead()
}

// Failed notes that a try failed with err, and holds everything back for wait,
// or, where that is 0, for a second at the first failure in a row and twice as
// long at each that follows, to 30 s, and up to a quarter more.
func (b *Book[K]) Failed(err error, wait time.Duration) Entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	if wait == 0 {
		wait = min(30*time.Second, time.Second<<min(b.failures, 5))
		wait += rand.N(wait / 4)
	}
	b.failures++
	b.all = Entry{err, time.Now().Add(wait)}
	return b.all
}

// FailedFor notes that a try with key failed with err, and holds key back for
// wait.
func (b *Book[K]) FailedFor(key K, err error, wait time.Duration) Entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	for k, e := range b.keys {
		if e.ahead().Err == nil {
			delete(b.keys, k)
		}
	}
	if b.keys == nil {
		b.keys = make(map[K]Entry)
	}
	b.keys[key] = Entry{err, time.Now().Add(wait)}
	return b.keys[key]
}

// Succeeded forgets the failures, but those of other keys.
func (b *Book[K]) Succeeded(key K) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failures, b.all = 0, Entry{}
	delete(b.keys, key)
}
