package share

import (
	"sync"
	"time"
)

const (
	longestPause = 30 * time.Second

	calm    = 30 * time.Second // without a failure, after which the store is back
	news    = time.Hour        // without a failure, after which the next one is logged
	lasting = 5 * time.Minute  // without a success, after which failures are logged
)

// trouble is the backoff of a store that fails. After a failure the store is not called
// for a second, and for twice as long after each further failure, up to longestPause.
// After that, one caller at a time tries it, until one has stored something.
type trouble struct {
	mu       sync.Mutex
	failures int       // in a row
	first    time.Time // the first of those
	last     time.Time // the last failure of all
	next     time.Time // when the store is tried again
	trying   bool
	logged   bool // the log says that it fails, and not yet that it is back
}

// begin reports whether the store may be used, and whether that is a try. There is one
// try at a time; end ends it.
func (t *trouble) begin() (ok, try bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.failures == 0 {
		return true, false
	}
	if t.trying || time.Now().Before(t.next) {
		return false, false
	}
	t.trying = true
	return true, true
}

// end ends what begin has begun.
func (t *trouble) end(try bool) {
	if !try {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.trying = false
}

// failed records that a call of the store failed, and reports whether to log it. A store
// that fails now and then is logged once.
func (t *trouble) failed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if t.failures == 0 {
		t.first = now
	}
	if !now.Before(t.next) { // otherwise the call began before the last failure
		t.next = now.Add(min(longestPause, time.Second<<min(t.failures, 10)))
		t.failures++
	}
	log := !t.logged && (now.Sub(t.last) >= news || now.Sub(t.first) >= lasting)
	t.last, t.logged = now, t.logged || log
	return log
}

// worked records that the store has swapped, and reports whether to log that. A load is
// not enough, because a store that is full can load.
func (t *trouble) worked() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failures, t.next = 0, time.Time{}
	if !t.logged || time.Since(t.last) < calm {
		return false
	}
	t.logged = false
	return true
}
