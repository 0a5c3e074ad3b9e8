package share

import (
	"sync"
	"time"
)

const (
	longestPause = 30 * time.Second

	calm    = 30 * time.Second // without a failure: trouble is over
	news    = time.Hour        // without a failure: the next one is logged
	lasting = 5 * time.Minute  // of failures and nothing else: they are logged, too
)

// trouble keeps a store that fails out of the way. After a failure the store is
// left alone for a second, twice as long after each further one up to
// longestPause, and then one caller at a time tries it, until one has stored
// something. The zero trouble is none.
type trouble struct {
	mu       sync.Mutex
	failures int       // in a row
	first    time.Time // of those
	last     time.Time // failure that there was
	next     time.Time // when the store is tried again
	trying   bool
	logged   bool // that it fails, and not yet that it is back
}

// begin reports whether the store may be used, and whether that is a try: of
// tries there is one at a time, until end.
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

// failed notes that a call of the store failed, and reports whether that is to
// be logged: a store that comes and goes is logged once.
func (t *trouble) failed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if t.failures == 0 {
		t.first = now
	}
	if !now.Before(t.next) { // or else the call began before the last failure
		t.next = now.Add(min(longestPause, time.Second<<min(t.failures, 10)))
		t.failures++
	}
	log := !t.logged && (now.Sub(t.last) >= news || now.Sub(t.first) >= lasting)
	t.last, t.logged = now, t.logged || log
	return log
}

// worked notes that the store has swapped, and reports whether that is to be
// logged. To load is not enough: a store that is full can do that.
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
