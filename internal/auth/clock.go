package auth

import (
	"sync/atomic"
	"time"
)

// Clock is where instants are counted from. There are two clocks, because the monotonic
// one stops while a machine is suspended, and the wall clock can be set.
type Clock struct{ Start time.Time }

// Instant is a time by both clocks, in nanoseconds.
type Instant struct{ Mono, Wall int64 }

// Now returns the current instant.
func (c Clock) Now() Instant {
	t := time.Now()
	return Instant{int64(t.Sub(c.Start)), t.UnixNano()}
}

// At returns the instant of a past time of the wall clock. If t is in the future, At
// returns the current instant.
func (c Clock) At(t time.Time) Instant {
	now := c.Now()
	ago := max(0, now.Wall-t.UnixNano())
	return Instant{now.Mono - ago, now.Wall - ago}
}

// Until returns how long after i now is, by the clock that shows more.
func (i Instant) Until(now Instant) time.Duration {
	return time.Duration(max(now.Mono-i.Mono, now.Wall-i.Wall))
}

// Last is the latest use.
type Last struct{ Mono, Wall atomic.Int64 }

// Used records a use, unless there was a later one.
func (l *Last) Used(at Instant) {
	latest(&l.Mono, at.Mono)
	latest(&l.Wall, at.Wall)
}

func latest(stored *atomic.Int64, t int64) {
	for old := stored.Load(); t > old && !stored.CompareAndSwap(old, t); old = stored.Load() {
	}
}

// For returns how long ago the last use was, by the clock that shows more.
func (l *Last) For(now Instant) time.Duration {
	return Instant{l.Mono.Load(), l.Wall.Load()}.Until(now)
}
