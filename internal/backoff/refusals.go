package backoff

import (
	"maps"
	"slices"
	"sync/atomic"
	"time"
)

// Refusals says which refused calls are reason for a login. A login after which the
// call was refused again is wasted: then calls of its path have to wait for 10 s, and
// for twice as long after each that follows, to 10 min. When logins were wasted for
// three paths of one form, all paths of that form have to wait, from 30 s to 10 min,
// and when they were for 8 forms, all paths do; except for a path that was answered
// well since. A refusal of a path that has to wait is the caller's. After the wait one
// call is tried at a time.
type Refusals struct {
	trouble atomic.Bool // calls that are answered well are to be noted
	waits   map[uint64]*wait
	good    map[uint64]bool // paths that were answered well
	open    []open
	swept   time.Time
}

// wait is that of one path, of one form of paths, or of all.
type wait struct {
	next   time.Time
	wasted int  // logins in a row
	last   int  // generation that was the last of these
	trial  int  // generation that ended by a refusal, without a replay to see if that helps
	doubt  bool // one more login was wasted, perhaps
}

// open is a login that has not been wasted so far, and has not helped either.
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

// Path is a path by three degrees of likeness: itself; its form, which is the path
// without the segments that have digits in them, because most of these are keys; any.
type Path [3]uint64

var degrees = [len(Path{})]struct {
	free  int // logins that may be wasted before there is a wait
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

// Login reports whether a call of p that was refused on a generation is reason for a
// login, after which the call is replayed if it can be.
func (r *Refusals) Login(p Path, generation int, replayable bool) bool {
	now := time.Now()
	for i, key := range p {
		w := r.get(key)
		if w == nil {
			continue
		}
		if w.trial > 0 && w.trial < generation { // the login in between was no help
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
		r.at(p[0]).trial, r.at(p[1]).trial = generation, generation
	}
	r.trouble.Store(true)
	return true
}

// Wasted notes that a call of p was refused on a generation that came of a login after
// its last refusal.
func (r *Refusals) Wasted(p Path, generation int) {
	if r.at(p[0]).last >= generation {
		return
	}
	r.open = slices.DeleteFunc(r.open, func(o open) bool { return o.form == p[1] })
	if r.good[p[0]] {
		clear(r.good) // what is known is out of date
	}
	for i, key := range p {
		w := r.at(key)
		w.wasted++
		if w.doubt {
			w.wasted++
		}
		w.last, w.trial, w.doubt = generation, 0, false
		w.next = time.Now().Add(w.length(i))
		if w.wasted > 1 { // not another path of its form, or not another form
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

// Doubt reports whether it may be the session again that a call of p, which was slow,
// met the end of. A path gets this benefit of the doubt once.
func (r *Refusals) Doubt(p Path) bool {
	if r.get(p[0]) != nil {
		return false
	}
	r.at(p[0]).doubt = true
	return true
}

// Trouble reports whether [Refusals.Good] is to be called though a call was not refused
// before. Many goroutines at once may call it.
func (r *Refusals) Trouble() bool { return r.trouble.Load() }

// Good notes that a call of p was answered well. helped: after it had been refused.
func (r *Refusals) Good(p Path, helped bool) {
	now := time.Now()
	if helped {
		for _, key := range p {
			delete(r.waits, key)
		}
		r.open = nil
	}
	if w := r.get(p[0]); w != nil { // a path that does not always refuse waits for 20 s at most
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

// get returns the wait for key. It is nil if there is none, or if it ended long ago.
func (r *Refusals) get(key uint64) *wait {
	if w := r.waits[key]; w != nil && time.Since(w.next) <= longest {
		return w
	}
	return nil
}

// at returns the wait for key, which it adds if there is none.
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

// sweep forgets what is over. What is left is little, because there are few logins.
func (r *Refusals) sweep() {
	r.swept = time.Now()
	r.open = slices.DeleteFunc(r.open, func(o open) bool { return !r.swept.Before(o.until) })
	maps.DeleteFunc(r.waits, func(key uint64, _ *wait) bool { return r.get(key) == nil })
}

// length returns how long w is, for a degree of likeness.
func (w *wait) length(degree int) time.Duration {
	d := degrees[degree]
	if w.wasted < d.free {
		return 0
	}
	return min(longest, d.first<<min(w.wasted-d.free, 10))
}
