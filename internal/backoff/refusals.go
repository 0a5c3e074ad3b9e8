package backoff

import (
	"maps"
	"slices"
	"sync/atomic"
	"time"
)

// Refusals decides whether a refused call causes a login. A login is wasted if the
// call is refused again after it. The path of the call then has to wait for 10 s, and
// for twice as long after each further wasted login, up to 10 min. If logins were
// wasted for three paths of one form, all paths of that form have to wait, for 30 s to
// 10 min. If they were wasted for 8 forms, all paths have to. A path with a good
// response since then does not wait for other paths. As long as a path has to wait, its
// refusals are returned to the callers. After the wait, one call at a time is tried.
type Refusals struct {
	trouble atomic.Bool // good responses have to be recorded
	waits   map[uint64]*wait
	good    map[uint64]bool // paths with good responses
	open    []open
	swept   time.Time
}

// wait is the wait of one path, of one form of paths, or of all paths.
type wait struct {
	next   time.Time
	wasted int  // logins in a row
	last   int  // number of the generation that was wasted last
	trial  int  // number of the latest generation at a refusal, if there was no replay to show whether a login helps
	doubt  bool // one more login may have been wasted
}

// open is a login of which it is not known yet whether it helped.
type open struct {
	form  uint64
	until time.Time
}

const (
	longest  = 10 * time.Minute
	mostOpen = 4
	openFor  = 30 * time.Second
	mostGood = 64
)

// Path has the hashes of a path, of its form, and of all paths. The form is the path
// without the segments that contain digits, because most of those are keys.
type Path [3]uint64

var degrees = [len(Path{})]struct {
	free  int // logins that may be wasted before the wait begins
	first time.Duration
}{{1, 10 * time.Second}, {3, 30 * time.Second}, {8, 30 * time.Second}}

// PathOf returns the Path of a URL's path.
func PathOf(path string) Path {
	const offset, prime = 14695981039346656037, 1099511628211 // FNV-1a
	self, form, segment := uint64(offset), uint64(prime), uint64(prime)
	key := false
	for i := range len(path) {
		c := path[i]
		self = (self ^ uint64(c)) * prime
		switch {
		case c == '/':
			form = (form ^ uint64(c)) * prime
			segment, key = form, false
		case '0' <= c && c <= '9':
			form, key = segment, true
		case !key:
			form = (form ^ uint64(c)) * prime
		}
	}
	return Path{self, form, 0}
}

// Login reports whether a call of p that was refused on a generation causes a login.
// After that login the call is replayed if that is possible. latest is the last generation
// whose login began before the refusal.
func (r *Refusals) Login(p Path, generation, latest int, replayable bool) bool {
	now := time.Now()
	for i, key := range p {
		w := r.get(key)
		if w == nil {
			continue
		}
		if w.trial > 0 && w.trial < generation { // the login in between did not help
			r.Wasted(p, generation)
			return false
		}
		if now.Before(w.next) && (i == 0 || !r.good[p[0]]) {
			return false
		}
	}
	r.sweep()
	if len(r.open) >= mostOpen {
		return false
	}
	r.open = append(r.open, open{p[1], now.Add(openFor)})
	for i, key := range p {
		if w := r.get(key); w != nil {
			w.next = now.Add(w.length(i))
		}
	}
	if !replayable {
		r.at(p[0]).trial, r.at(p[1]).trial = latest, latest
	}
	r.trouble.Store(true)
	return true
}

// Wasted records that a call of p was refused again, on a generation whose login came
// after the first refusal.
func (r *Refusals) Wasted(p Path, generation int) {
	if r.at(p[0]).last >= generation {
		return
	}
	r.open = slices.DeleteFunc(r.open, func(o open) bool { return o.form == p[1] })
	if r.good[p[0]] {
		clear(r.good) // it is out of date
	}
	for i, key := range p {
		w := r.at(key)
		w.wasted++
		if w.doubt {
			w.wasted++
		}
		w.last, w.trial, w.doubt = generation, 0, false
		w.next = time.Now().Add(w.length(i))
		if w.wasted > 1 { // this path, or this form, is counted already
			break
		}
	}
	r.trouble.Store(true)
}

// Known reports whether a login was wasted for p.
func (r *Refusals) Known(p Path) bool {
	w := r.get(p[0])
	return w != nil && w.wasted > 0
}

// Doubt reports whether a second refusal of p may mean that the session has expired
// again while the call took long. A path gets this benefit of the doubt once.
func (r *Refusals) Doubt(p Path) bool {
	if r.get(p[0]) != nil {
		return false
	}
	r.at(p[0]).doubt = true
	return true
}

// Trouble reports whether [Refusals.Good] has to be called for good responses to calls
// that were not refused before. It may be called by several goroutines at once.
func (r *Refusals) Trouble() bool { return r.trouble.Load() }

// Good records a good response to a call of p. If helped, the call had been refused
// before.
func (r *Refusals) Good(p Path, helped bool) {
	now := time.Now()
	if helped {
		for _, key := range p {
			delete(r.waits, key)
		}
		r.open = nil
	}
	if w := r.get(p[0]); w != nil { // a path that does not always refuse waits for at most 20 s
		w.wasted = min(w.wasted, 2)
		if w.trial = 0; w.next.After(now.Add(w.length(0))) {
			w.next = now.Add(w.length(0))
		}
	}
	if w := r.get(p[1]); w != nil {
		w.trial = 0
	}
	if r.good == nil || len(r.good) >= mostGood {
		r.good = make(map[uint64]bool)
	}
	r.good[p[0]] = true
	if helped || now.Sub(r.swept) >= openFor {
		r.sweep()
	}
	if len(r.waits)+len(r.open) == 0 {
		r.good = nil
		r.trouble.Store(false)
	}
}

// get returns the wait for key, or nil if there is none or if it ended long ago.
func (r *Refusals) get(key uint64) *wait {
	if w := r.waits[key]; w != nil && time.Since(w.next) <= longest {
		return w
	}
	return nil
}

// at returns the wait for key. If there is none, it adds one.
func (r *Refusals) at(key uint64) *wait {
	w := r.get(key)
	if w == nil {
		r.sweep()
		if r.waits == nil {
			r.waits = make(map[uint64]*wait)
		}
		w = &wait{next: time.Now()}
		r.waits[key] = w
	}
	return w
}

// sweep removes what has ended. Little is left, because there are few logins.
func (r *Refusals) sweep() {
	r.swept = time.Now()
	r.open = slices.DeleteFunc(r.open, func(o open) bool { return !r.swept.Before(o.until) })
	maps.DeleteFunc(r.waits, func(key uint64, _ *wait) bool { return r.get(key) == nil })
}

// length returns how long w lasts, for an index of degrees.
func (w *wait) length(degree int) time.Duration {
	d := degrees[degree]
	if w.wasted < d.free {
		return 0
	}
	return min(longest, d.first<<min(w.wasted-d.free, 10))
}
