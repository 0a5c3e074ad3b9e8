// Package share keeps one session for many processes, in a store that can
// compare and swap. The store is never in the way: what it does not do in time
// is done without it, and a store that fails is left alone for a while.
//
// A process that needs a session takes the stored one. Where there is none, or
// only one that was refused to it, it tries the lock, which is a key of its own.
// Who has it signs in, and swaps the new session in; who has not looks again for
// a while, and then signs in alone. The lock ends by itself some time after a
// login has to have ended, so a process that dies with it delays the others and
// no more.
package share

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zuora-go/zuora/internal/cookies"
	"github.com/zuora-go/zuora/internal/idle"
	"github.com/zuora-go/zuora/internal/redact"
)

const (
	callTimeout = time.Second           // for each call of the store
	mostWait    = 5 * time.Second       // for the session that another process signs in for
	tryWait     = 20 * time.Millisecond // for a store that has failed, until it works
	lockMargin  = 10 * time.Second
	writeEvery  = time.Minute
)

// Store is zuora.SessionStore.
type Store interface {
	Load(ctx context.Context, key string) ([]byte, error)
	Swap(ctx context.Context, key string, old, new []byte, ttl time.Duration) (swapped bool, err error)
}

// form is to be changed with Record.
const form = "cookies with paths"

// Record is a session as it is stored.
type Record struct {
	Login   string           `json:"login"` // names the login: its cookies change, and this does not
	Used    time.Time        `json:"used"`  // when the last call that was answered was sent
	Cookies []cookies.Cookie `json:"cookies"`
}

// Fleet is the processes that share what is stored, as one of them sees it.
type Fleet struct {
	store    Store
	log      *slog.Logger
	path     string // that sessions are for
	ttl      time.Duration
	lockTTL  time.Duration
	lockWait time.Duration
	idle     time.Duration // negative: any stored session will do
	trouble  trouble

	refused   atomic.Pointer[string] // the login that was refused to this process last
	seen      atomic.Pointer[[]byte] // what the store had last, as far as is known
	strangers atomic.Int32           // sessions of others that were, in a row and from the beginning
}

// NewFleet returns a fleet of sessions for what is below path. A session of it is over when it has been idle for that
// long (negative: never), and a login after loginTimeout.
func NewFleet(store Store, log *slog.Logger, path string, idle, loginTimeout time.Duration) *Fleet {
	ttl := idle
	if ttl < 0 {
		ttl = 8 * time.Hour // the longest session timeout that a tenant may have
	}
	return &Fleet{store: store, log: log, path: path, ttl: ttl, idle: idle, lockTTL: min(loginTimeout, time.Hour) + lockMargin, lockWait: min(mostWait, loginTimeout/2)}
}

// Wait is how long Session may take at most, besides what login takes.
func (f *Fleet) Wait() time.Duration {
	if f == nil {
		return 0
	}
	return f.lockWait + 2*callTimeout
}

// Key is the key for what these parts say: a hash of them. It depends on the form of
// records as well: versions of this package with different ones, in one fleet, leave
// each other's records alone.
func Key(parts ...string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %q", form, parts))
	return hex.EncodeToString(sum[:])
}

// Held is the session that a process works with, as it knows it to be stored.
type Held struct {
	Record
	Taken   bool // another process has signed in for it
	judged  atomic.Bool
	key     string
	mu      sync.Mutex // for raw
	raw     []byte     // nil: not stored, as far as is known
	written atomic.Int64
}

// NewRecord returns a record of a new login.
func NewRecord(jar *cookies.Jar, used time.Time) Record {
	return Record{rand.Text(), used, jar.All()}
}

// usable reports whether h may be taken.
func (f *Fleet) usable(h *Held) bool {
	refused := f.refused.Load()
	return h.raw != nil && cookies.Of(h.Cookies).Live(f.path) && (refused == nil || *refused != h.Login) &&
		(f.idle < 0 || time.Since(h.Used) < f.idle) && f.strangers.Load() < 2
}

// Refused notes that h was refused, and reports whether it comes from another process
// and has never worked in this one: that may always be so.
func (f *Fleet) Refused(h *Held) bool {
	f.refused.Store(&h.Login)
	if h.Taken && h.judged.CompareAndSwap(false, true) {
		f.strangers.Add(1)
		return true
	}
	return false
}

// Look returns the session that is stored under key, or nil if there is none
// that may be taken.
func (f *Fleet) Look(ctx context.Context, key string) *Held {
	h, _ := f.Session(ctx, key, nil)
	return h
}

// Session returns the session that is stored under key if it may be taken, or
// else what login returns, which it stores. If login is nil, it returns nil.
//
// The store is used on a goroutine of its own, which goes on when Session no
// longer waits for it: what the store then does not do in time, it does later.
func (f *Fleet) Session(ctx context.Context, key string, login func(context.Context) (Record, error)) (*Held, error) {
	ok, try := f.trouble.begin()
	if !ok {
		return f.login(ctx, key, login)
	}
	patience := f.lockWait
	if try {
		patience = tryWait
	}
	waiting, giveUp := context.WithCancel(ctx)
	defer giveUp()
	timer := time.AfterFunc(patience, giveUp)
	defer timer.Stop()
	calls, cancel := context.WithCancel(context.WithoutCancel(ctx))
	claimed, own, done := make(chan claim, 1), make(chan *Held, 1), make(chan struct{})
	defer close(own) // whatever becomes of login
	go func() {
		defer close(done)
		defer cancel()
		defer f.trouble.end(try)
		c := f.claim(calls, waiting, key, login != nil, func() {
			if try {
				timer.Reset(f.lockWait)
			}
		})
		claimed <- c
		f.settle(calls, c, <-own)
	}()
	inTime := false
	select {
	case c := <-claimed:
		if c.err == nil && f.usable(c.stored) {
			return c.stored, nil
		}
		inTime = c.err == nil
	case <-waiting.Done():
		if err := ctx.Err(); err != nil {
			cancel()
			return nil, err
		}
	}
	h, err := f.login(ctx, key, login)
	own <- h
	if inTime {
		select {
		case <-done:
		case <-time.After(min(callTimeout, f.lockWait)):
		case <-ctx.Done():
		}
	}
	return h, err
}

// claim is what the store says to a process that needs a session.
type claim struct {
	key    string
	stored *Held  // nil after an error
	lock   []byte // nil: another process has the lock, or none was asked for
	err    error
}

// claim looks for a session that may be taken until it finds one, has the lock,
// or nobody is waiting any more. It calls works when the store has swapped.
func (f *Fleet) claim(ctx, waiting context.Context, key string, lock bool, works func()) claim {
	c := claim{key: key}
	token := []byte(rand.Text())
	for {
		if c.stored, c.err = f.load(ctx, key); c.err != nil || f.usable(c.stored) || !lock || waiting.Err() != nil {
			return c
		}
		locked, err := f.swap(ctx, lockOf(key), nil, token, f.lockTTL)
		if err != nil {
			c.err = err
			return c
		}
		works()
		if locked {
			c.lock = token
			// Another may have logged in, and released the lock, since the look.
			c.stored, c.err = f.load(ctx, key)
			return c
		}
		select {
		case <-time.After(50*time.Millisecond + mathrand.N(100*time.Millisecond)):
		case <-waiting.Done():
			return c
		}
	}
}

// settle stores own, unless it is nil or the store has failed, and releases the
// lock.
func (f *Fleet) settle(ctx context.Context, c claim, own *Held) {
	if own != nil && c.err == nil {
		own.mu.Lock()
		f.put(ctx, own, own.Record, c.stored)
		own.mu.Unlock()
	}
	if c.lock != nil {
		_, _ = f.swap(context.WithoutCancel(ctx), lockOf(c.key), c.lock, nil, 0)
	}
}

func lockOf(key string) string { return key + ":lock" }

// login returns what login returns, as it is before it is stored.
func (f *Fleet) login(ctx context.Context, key string, login func(context.Context) (Record, error)) (*Held, error) {
	if login == nil {
		return nil, nil
	}
	r, err := login(ctx)
	if err != nil {
		return nil, err
	}
	f.strangers.Store(0)
	h := &Held{Record: r, key: key}
	h.written.Store(time.Now().UnixNano())
	return h, nil
}

// put stores r for h in the place of what is known to be stored, or of what was
// stored since for the same login.
func (f *Fleet) put(ctx context.Context, h *Held, r Record, known *Held) {
	raw, err := json.Marshal(r)
	if err != nil {
		return
	}
	for range 3 {
		swapped, err := f.swap(ctx, h.key, known.raw, raw, f.ttl)
		if swapped {
			h.raw = raw
		}
		if swapped || err != nil {
			return
		}
		now, err := f.load(ctx, h.key)
		if err != nil || now.raw != nil && now.Login != known.Login && now.Login != h.Login {
			return // what another has signed in for since
		}
		if now.Login == h.Login && now.Used.After(r.Used) {
			h.raw = now.raw
			return
		}
		known = now
	}
}

// Used notes that h was of use, which is stored once a minute, off the caller's
// path: its cookies in jar, and when the last call was sent.
func (f *Fleet) Used(h *Held, jar *cookies.Jar, last *idle.Last) {
	if h.Taken && h.judged.CompareAndSwap(false, true) {
		f.strangers.Store(0)
	}
	now, then := time.Now().UnixNano(), h.written.Load()
	if now-then < int64(writeEvery) || !h.written.CompareAndSwap(then, now) {
		return
	}
	go func() {
		ok, try := f.trouble.begin()
		if !ok {
			return
		}
		defer f.trouble.end(try)
		h.mu.Lock()
		defer h.mu.Unlock()
		if try { // a store is as good as its reads, too
			if _, err := f.load(context.Background(), h.key); err != nil {
				return
			}
		}
		f.put(context.Background(), h, Record{h.Login, time.Unix(0, last.Wall.Load()), jar.All()}, &Held{Record: h.Record, raw: h.raw})
	}()
}

// load never returns nil without an error. What is not a record is nothing, but
// can be swapped for one.
func (f *Fleet) load(ctx context.Context, key string) (*Held, error) {
	raw, err := bounded(ctx, func(ctx context.Context) ([]byte, error) { return f.store.Load(ctx, key) })
	if err != nil {
		f.failed(ctx, err, raw)
		return nil, err
	}
	f.seen.Store(&raw)
	h := &Held{Taken: true, key: key, raw: raw}
	h.written.Store(time.Now().UnixNano())
	if raw != nil && json.Unmarshal(raw, &h.Record) != nil {
		h.Record = Record{}
	}
	return h, nil
}

func (f *Fleet) swap(ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error) {
	swapped, err := bounded(ctx, func(ctx context.Context) (bool, error) { return f.store.Swap(ctx, key, old, new, ttl) })
	switch {
	case err != nil:
		f.failed(ctx, err, old, new)
	case f.trouble.worked():
		f.log.Info("zuora: session store is back")
	}
	return swapped && err == nil, err
}

// failed notes that the store has failed with err when it had these values.
func (f *Fleet) failed(ctx context.Context, err error, values ...[]byte) {
	if ctx.Err() == nil && f.trouble.failed() { // or else the session was closed, which says nothing of the store
		if seen := f.seen.Load(); seen != nil {
			values = append(values, *seen)
		}
		f.log.Warn("zuora: session store fails; signing in without it", "error", redact.Line(secrets(values).Text(fmt.Sprint(err)), 200))
	}
}

// secrets returns what a text must not contain of stored values: their cookies, and
// themselves, as text or in what fmt makes of bytes.
func secrets(values [][]byte) *redact.Values {
	var all []string
	for _, value := range values {
		var r Record
		_ = json.Unmarshal(value, &r)
		for _, secret := range append(cookies.Of(r.Cookies).Secrets(), string(value)) {
			all = append(all, secret)
			if bytes := []byte(secret); len(bytes) >= 8 {
				all = append(all, strings.Trim(fmt.Sprint(bytes), "[]"), fmt.Sprintf("%x", bytes), fmt.Sprintf("%X", bytes), base64.StdEncoding.EncodeToString(bytes))
			}
		}
	}
	return redact.New(all...)
}

// bounded is call's result, or an error if it takes too long, whatever it does
// with its context.
func bounded[T any](ctx context.Context, call func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		var r result
		defer func() {
			if p := recover(); p != nil {
				r.err = fmt.Errorf("the store panicked with a %T", p)
			}
			done <- r
		}()
		r.value, r.err = call(ctx)
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, fmt.Errorf("no response from the store: %w", ctx.Err())
	}
}
