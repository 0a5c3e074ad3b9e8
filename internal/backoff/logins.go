// Package backoff says how long to wait before something that did not help is tried
// again. Its types are not safe for use by many goroutines at once.
package backoff

import (
	"math/rand/v2"
	"time"
)

// Logins says which logins have to wait because others failed: all, or those with
// one key.
type Logins[K comparable] struct {
	failures int // in a row
	all      Wait
	keys     map[K]Wait
}

// Wait is a failure, and when the next try may be made. The zero Wait is none.
type Wait struct {
	Err  error
	Next time.Time
}

func (w Wait) left() Wait {
	if !time.Now().Before(w.Next) {
		return Wait{}
	}
	return w
}

// All returns what every login has to wait for.
func (l *Logins[K]) All() Wait { return l.all.left() }

// For returns what a login with key has to wait for.
func (l *Logins[K]) For(key K) Wait {
	if w := l.all.left(); w.Err != nil {
		return w
	}
	return l.keys[key].left()
}

// Failed notes that a login failed with err. All have to wait for wait, or, where
// that is 0, for a second at the first failure in a row and twice as long at each
// that follows, to 30 s, and up to a quarter more.
func (l *Logins[K]) Failed(err error, wait time.Duration) Wait {
	if wait == 0 {
		wait = min(30*time.Second, time.Second<<min(l.failures, 5))
		wait += rand.N(wait / 4)
	}
	l.failures++
	l.all = Wait{err, time.Now().Add(wait)}
	return l.all
}

// FailedFor notes that a login with key failed with err. Those with key have to wait
// for wait.
func (l *Logins[K]) FailedFor(key K, err error, wait time.Duration) Wait {
	for k, w := range l.keys {
		if w.left().Err == nil {
			delete(l.keys, k)
		}
	}
	if l.keys == nil {
		l.keys = make(map[K]Wait)
	}
	l.keys[key] = Wait{err, time.Now().Add(wait)}
	return l.keys[key]
}

// Succeeded forgets the failures, except for those of other keys.
func (l *Logins[K]) Succeeded(key K) {
	l.failures, l.all = 0, Wait{}
	delete(l.keys, key)
}
