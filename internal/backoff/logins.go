// Package backoff decides how long logins and refused calls have to wait before they
// are tried again. Its types must not be used by several goroutines at once.
package backoff

import (
	"math/rand/v2"
	"time"
)

// Logins is the backoff of logins after failures: of all logins, or of those with one
// key.
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

// All returns the wait of every login.
func (l *Logins[K]) All() Wait { return l.all.left() }

// For returns the wait of a login with key.
func (l *Logins[K]) For(key K) Wait {
	if w := l.all.left(); w.Err != nil {
		return w
	}
	return l.keys[key].left()
}

// Failed records that a login failed with err. All logins then have to wait. If wait
// is 0, they wait for a second after the first failure in a row and twice as long
// after each further one, up to 30 s, plus at most a quarter of that.
func (l *Logins[K]) Failed(err error, wait time.Duration) Wait {
	if wait == 0 {
		wait = min(30*time.Second, time.Second<<min(l.failures, 5))
		wait += rand.N(wait / 4)
	}
	l.failures++
	l.all = Wait{err, time.Now().Add(wait)}
	return l.all
}

// AtMost makes all logins wait until next at most.
func (l *Logins[K]) AtMost(next time.Time) Wait {
	if l.all.Next.After(next) {
		l.all.Next = next
	}
	return l.all
}

// FailedFor records that a login with key failed with err. Logins with key then have
// to wait for wait.
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

// Succeeded records that a login with key succeeded. It clears all waits except those
// of other keys.
func (l *Logins[K]) Succeeded(key K) {
	l.failures, l.all = 0, Wait{}
	delete(l.keys, key)
}
