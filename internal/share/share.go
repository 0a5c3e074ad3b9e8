// Package share keeps one session for many processes, in a store that can compare and
// swap. A store that fails or is slow fails no call: processes then log in without it,
// and do not call it for a while.
//
// A process that needs a session borrows the stored one. If there is none, or only one
// that was refused to this process, it tries to get the lock, which has a key of its own.
// The process with the lock logs in and swaps the new session in. The others load again
// and again for a while, and then log in alone. The lock expires some time after a login
// must have ended, so a process that dies with the lock only delays the others.
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

	"github.com/zuora-go/zuora/internal/auth"
	"github.com/zuora-go/zuora/internal/redact"
)

const (
	callTimeout = time.Second           // for each call of the store
	mostWait    = 5 * time.Second       // for the login of another process
	tryWait     = 20 * time.Millisecond // for a store that has failed, until it works again
	lockMargin  = 10 * time.Second
	writeEvery  = time.Minute
	longestTTL  = 8 * time.Hour // a tenant's longest session timeout
)

// Store is zuora.SessionStore.
type Store interface {
	Load(ctx context.Context, key string) ([]byte, error)
	Swap(ctx context.Context, key string, old, new []byte, ttl time.Duration) (swapped bool, err error)
}

// form names the format of Record, and changes with it.
const form = "cookies with paths"

// Record is the stored form of a session.
type Record struct {
	Key     string        `json:"key,omitempty"` // that it is stored under
	Login   string        `json:"login"`         // identifies the login, whose cookies may change
	Used    time.Time     `json:"used"`          // when the last call with a good response was sent
	Cookies []auth.Cookie `json:"cookies"`
	Token   *auth.Token   `json:"token,omitempty"` // nil: it has cookies
}

// Fleet is one process's view of the processes that share a session.
type Fleet struct {
	store    Store
	log      *slog.Logger
	path     string // of the calls that sessions are for
	ttl      time.Duration
	lockTTL  time.Duration
	lockWait time.Duration
	idle     time.Duration // if negative, sessions do not expire by idling
	trouble  trouble

	refused      atomic.Pointer[string] // the login that was refused to this process last, or whose token was due
	seen         atomic.Pointer[[]byte] // the value that was loaded last
	refusedFirst atomic.Int32           // how many borrowed sessions in a row were refused at their first use
}

// NewFleet returns a fleet of sessions for calls below path. A session expires after it
// was idle for that long, or never if idle is negative. A login ends after loginTimeout.
func NewFleet(store Store, log *slog.Logger, path string, idle, loginTimeout time.Duration) *Fleet {
	ttl := idle
	if ttl < 0 {
		ttl = longestTTL
	}
	return &Fleet{store: store, log: log, path: path, ttl: ttl, idle: idle, lockTTL: min(loginTimeout, time.Hour) + lockMargin, lockWait: min(mostWait, loginTimeout/2)}
}

// Wait returns how long Session may take at most, without the login.
func (f *Fleet) Wait() time.Duration {
	if f == nil {
		return 0
	}
	return f.lockWait + 2*callTimeout
}

// Key returns the key for these parts: a hash of them and of the form of records. So
// versions of this package with different forms do not use each other's records.
func Key(parts ...string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %q", form, parts))
	return hex.EncodeToString(sum[:])
}

// Session is the session that a process uses, and what the process knows to be stored.
type Session struct {
	Record
	Borrowed bool        // it is borrowed: another process has logged in
	tried    atomic.Bool // it was used or refused
	key      string
	mu       sync.Mutex // guards raw
	raw      []byte     // the stored value; nil if it is not known to be stored
	written  atomic.Int64
}

// NewRecord returns a record of a new login. If it has cookies, token is nil.
func NewRecord(jar *auth.Jar, token *auth.Token, used time.Time) Record {
	return Record{Login: rand.Text(), Used: used, Cookies: jar.All(), Token: token}
}

// good reports whether r may be used: its cookies for path, unless they have been idle
// for too long (negative: never), or its token, unless that is to be renewed.
func (r *Record) good(path string, idle time.Duration) bool {
	if r.Token != nil {
		return r.Token.Check() == nil && !r.Token.Due(time.Since(r.Token.Begun))
	}
	return auth.JarOf(r.Cookies).Live(path) && (idle < 0 || time.Since(r.Used) < idle)
}

// usable reports whether h may be borrowed.
func (f *Fleet) usable(h *Session) bool {
	refused := f.refused.Load()
	return h.raw != nil && h.good(f.path, f.idle) && (refused == nil || *refused != h.Login) && f.refusedFirst.Load() < 2
}

// Due records that the token of h is to be renewed. The wall clock alone, by which stored
// tokens are judged, may have been set back.
func (f *Fleet) Due(h *Session) { f.refused.Store(&h.Login) }

// Refused records that h was refused. It reports whether h was borrowed and has never
// worked in this process. In some tenants that may be so for every borrowed session.
func (f *Fleet) Refused(h *Session) bool {
	f.refused.Store(&h.Login)
	if h.Borrowed && h.tried.CompareAndSwap(false, true) {
		f.refusedFirst.Add(1)
		return true
	}
	return false
}

// Load returns the session that is stored under key, or nil if there is none that may be
// borrowed.
func (f *Fleet) Load(ctx context.Context, key string) *Session {
	h, _ := f.Session(ctx, key, nil)
	return h
}

// Session returns the session that is stored under key, if it may be borrowed. Otherwise
// it calls login, and stores and returns its session. If login is nil, it returns nil.
//
// A goroutine calls the store. It continues when Session no longer waits for it, so that
// a slow store stores the session later.
func (f *Fleet) Session(ctx context.Context, key string, login func(context.Context) (Record, error)) (*Session, error) {
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
	claimed, own, done := make(chan claim, 1), make(chan *Session, 1), make(chan struct{})
	defer close(own) // also if login panics
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
		f.finish(calls, c, <-own)
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

// claim is what a process that needs a session has got from the store.
type claim struct {
	key    string
	stored *Session // nil after an error
	lock   []byte   // nil if another process has the lock, or if it was not asked for
	err    error
}

// claim loads until it finds a session that may be borrowed, gets the lock, or waiting
// ends. It calls works when the store has swapped.
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
			// Another process may have logged in, and released the lock, since the load.
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

// finish stores own, unless it is nil or the store has failed, and releases the lock.
func (f *Fleet) finish(ctx context.Context, c claim, own *Session) {
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

// login returns the session of login, which is not stored yet.
func (f *Fleet) login(ctx context.Context, key string, login func(context.Context) (Record, error)) (*Session, error) {
	if login == nil {
		return nil, nil
	}
	r, err := login(ctx)
	if err != nil {
		return nil, err
	}
	f.refusedFirst.Store(0)
	r.Key = key
	h := &Session{Record: r, key: key}
	h.written.Store(time.Now().UnixNano())
	return h, nil
}

// put stores r for h. It replaces known, or what was stored since then for the same
// login.
func (f *Fleet) put(ctx context.Context, h *Session, r Record, known *Session) {
	raw, err := json.Marshal(r)
	if err != nil {
		return
	}
	for range 3 {
		swapped, err := f.swap(ctx, h.key, known.raw, raw, f.ttlOf(r))
		if swapped {
			h.raw = raw
		}
		if swapped || err != nil {
			return
		}
		now, err := f.load(ctx, h.key)
		if err != nil || now.raw != nil && now.Login != known.Login && now.Login != h.Login {
			return // another process has logged in since
		}
		if now.Login == h.Login && now.Used.After(r.Used) {
			h.raw = now.raw
			return
		}
		known = now
	}
}

// ttlOf returns how long r is stored.
func (f *Fleet) ttlOf(r Record) time.Duration {
	switch {
	case r.Token == nil:
		return f.ttl
	case r.Token.Life == 0:
		return longestTTL
	}
	return max(time.Second, r.Token.Life-time.Since(r.Token.Begun))
}

// Used records that h was used. Once a minute a goroutine stores the cookies in jar and
// the time of the last use. So a store that was emptied is filled again.
func (f *Fleet) Used(h *Session, jar *auth.Jar, last *auth.Last) {
	if h.Borrowed && h.tried.CompareAndSwap(false, true) {
		f.refusedFirst.Store(0)
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
		if try { // the store must be able to load as well
			if _, err := f.load(context.Background(), h.key); err != nil {
				return
			}
		}
		f.put(context.Background(), h, Record{h.key, h.Login, time.Unix(0, last.Wall.Load()), jar.All(), h.Token}, &Session{Record: h.Record, raw: h.raw})
	}()
}

// load returns an error or a *Session. A value that is not a record of key is no session, but
// can be replaced by one.
func (f *Fleet) load(ctx context.Context, key string) (*Session, error) {
	raw, err := bounded(ctx, func(ctx context.Context) ([]byte, error) { return f.store.Load(ctx, key) })
	if err != nil {
		f.failed(ctx, err, raw)
		return nil, err
	}
	f.seen.Store(&raw)
	h := &Session{Borrowed: true, key: key, raw: raw}
	h.written.Store(time.Now().UnixNano())
	if raw != nil && (json.Unmarshal(raw, &h.Record) != nil || h.Key != "" && h.Key != key) { // earlier versions stored no key
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

// failed records that the store has failed with err in a call with these values.
func (f *Fleet) failed(ctx context.Context, err error, values ...[]byte) {
	if ctx.Err() == nil && f.trouble.failed() { // otherwise the session was closed, and the store may be good
		if seen := f.seen.Load(); seen != nil {
			values = append(values, *seen)
		}
		f.log.Warn("zuora: session store fails; logging in without it", "error", redact.Line(secrets(values).Text(fmt.Sprint(err)), 200))
	}
}

// secrets returns what a text must not contain: the stored values, as text and as fmt
// prints bytes, and the cookies in them.
func secrets(values [][]byte) *redact.Values {
	var all []string
	for _, value := range values {
		var r Record
		_ = json.Unmarshal(value, &r)
		these := append(auth.JarOf(r.Cookies).Secrets(), string(value))
		if r.Token != nil {
			these = append(these, r.Token.Value)
		}
		for _, secret := range these {
			all = append(all, secret)
			if bytes := []byte(secret); len(bytes) >= 8 {
				all = append(all, strings.Trim(fmt.Sprint(bytes), "[]"), fmt.Sprintf("%x", bytes), fmt.Sprintf("%X", bytes), base64.StdEncoding.EncodeToString(bytes))
			}
		}
	}
	return redact.New(all...)
}

// bounded returns the result of call, or an error if call takes too long, even if call
// ignores its context.
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
