package zuora

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zuora-go/zuora/internal/auth"
	"github.com/zuora-go/zuora/internal/backoff"
	"github.com/zuora-go/zuora/internal/flight"
	"github.com/zuora-go/zuora/internal/share"
)

// state is what the goroutines of a Session share.
type state struct {
	current atomic.Pointer[generation] // nil if there is no session, or if it has expired

	mu       sync.Mutex // guards changes of current, and the fields below; nothing waits under it
	closed   bool
	logins   int                         // how many generations there have been
	flight   *flight.Flight[login]       // nil if no login is in progress
	early    time.Time                   // when the token that the login in progress renews expires, or zero
	failed   backoff.Logins[Credentials] // rule 10
	refusals backoff.Refusals            // rule 3
}

// generation is the session of one login: its cookies or its token, and their clocks.
type generation struct {
	auth.Last     // when the last call with a good response was sent
	number        int
	begun         auth.Instant // when the login was sent
	jar           *auth.Jar
	token         *auth.Token    // nil if there are cookies
	authorization []string       // the header with the token
	secret        Secret         // of the login
	shared        *share.Session // nil if there is no SessionStore
	renewal       time.Time      // the last try to renew the token early
}

func newGeneration(c Credentials, begun auth.Instant, jar *auth.Jar, token *auth.Token) *generation {
	g := &generation{begun: begun, jar: jar, token: token, secret: c.secret()}
	if token != nil {
		g.authorization = []string{"Bearer " + token.Value}
	}
	g.Used(begun)
	return g
}

// expired reports whether a call of path can no longer be sent on g.
func (g *generation) expired(now auth.Instant, path string) bool {
	if g.token != nil {
		return g.token.Expired(g.begun.Until(now))
	}
	return !g.jar.Live(path)
}

// use is a generation for one try of a call.
type use struct {
	*generation
	now   auth.Instant
	fresh bool // the call has waited for the login
}

// acquire returns the current generation. If there is none, or if it has expired or was
// idle, acquire logs in.
func (s *Session) acquire(ctx context.Context) (use, error) {
	t := s.state()
	g, now := t.current.Load(), s.clock.Now()
	if g != nil {
		unused := g.For(now)
		expired, idle := g.expired(now, s.api.Path), g.token == nil && s.idleTimeout >= 0 && unused >= s.idleTimeout
		due := g.token != nil && g.token.Due(g.begun.Until(now))
		if due && g.shared != nil {
			s.fleet.Due(g.shared)
		}
		switch {
		case !expired && !idle:
			if due && s.renew(ctx, g) {
				s.logEnd(g, "due")
			}
			return use{g, now, false}, nil
		case !t.end(g): // another call has ended it already
		case expired:
			s.logEnd(g, "expired")
		default:
			s.logEnd(g, "unused", slog.Duration("idle", unused))
		}
	}
	f, g, err := s.join(ctx)
	if f == nil {
		return use{g, now, false}, err
	}
	l, ended, err := f.Wait(ctx)
	if failed, ok := err.(*LoginError); ok && !ended {
		err = failed.clone()
	}
	return use{l.generation, s.clock.Now(), true}, err
}

// renew starts a login while g is still good, unless a login is in progress or has to
// wait, and reports whether it did. It tries at most once a second. No call waits for
// that login, and if it fails, g stays.
func (s *Session) renew(ctx context.Context, g *generation) bool {
	t := s.state()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.current.Load() != g || t.flight != nil || t.failed.All().Err != nil || time.Since(g.renewal) < time.Second {
		return false
	}
	g.renewal = time.Now()
	s.start(ctx)
	t.early = g.renewal.Add(g.token.Life - g.begun.Until(s.clock.Now()))
	return true
}

// end ends g, and reports whether it was current.
func (t *state) end(g *generation) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.current.CompareAndSwap(g, nil)
}

func (s *Session) logEnd(g *generation, why string, attrs ...any) {
	s.log.Info("zuora: session to be renewed", append(attrs, slog.String("reason", why), slog.Int("generation", g.number))...)
}

// join returns the current generation if there is one, or else the login in progress, or
// else a login that it starts.
func (s *Session) join(ctx context.Context) (*flight.Flight[login], *generation, error) {
	t := s.state()
	t.mu.Lock()
	defer t.mu.Unlock()
	if g := t.current.Load(); t.closed {
		return nil, nil, ErrSessionClosed
	} else if g != nil {
		return nil, g, nil
	}
	if t.flight != nil {
		return t.flight, nil, nil
	}
	if ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	if wait := t.failed.All(); wait.Err != nil && s.fleet == nil {
		return nil, nil, newLoginError(wait).clone()
	}
	s.start(ctx)
	return t.flight, nil, nil
}

// start starts a login. The state is locked.
func (s *Session) start(ctx context.Context) {
	timeout := max(s.loginTimeout, s.loginTimeout+s.fleet.Wait()) // the sum may overflow
	t := s.state()
	t.flight, t.early = flight.Start(ctx, timeout, s.login, s.finish), time.Time{}
}

// finish makes a login's generation the current one, or sets when the next login may be
// tried.
func (s *Session) finish(l login, err error) (login, func(), error) {
	t := s.state()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.flight = nil
	if t.closed {
		return login{}, func() {}, ErrSessionClosed
	}
	if err == nil {
		t.logins++
		l.generation.number = t.logins
		if l.tried != nil {
			t.failed.Succeeded(*l.tried)
		}
		t.current.Store(l.generation)
		took := time.Duration(s.clock.Now().Mono - l.generation.Mono.Load())
		return l, func() { s.log.Info("zuora: logged in", "generation", l.generation.number, "duration", took) }, nil
	}
	if err == context.DeadlineExceeded {
		err = fmt.Errorf("zuora: not done after %v (LoginTimeout): %w", s.loginTimeout, err)
	}
	if failed, ok := err.(*LoginError); ok { // an earlier login has failed
		return login{}, func() {}, failed
	}
	wait := t.wait(err, l.tried, t.early)
	return login{}, func() {
		s.log.Warn("zuora: login failed; the next one has to wait", "error", wait.Err, "until", wait.Next)
	}, newLoginError(wait)
}

// refused records that a call was refused on u. It reports whether to replay the call,
// after a login or on a session that is there already. generations is how many logins had
// begun by then. seen is the same number at the previous refusal of this call, or 0 if
// there was none.
func (s *Session) refused(u use, path string, seen int, replayable bool) (again bool, generations int) {
	borrowed := u.shared != nil && s.fleet.Refused(u.shared)
	slow := s.clock.Now().Mono-u.now.Mono >= int64(time.Second)
	t, p := s.state(), backoff.PathOf(path)
	t.mu.Lock()
	ended := false
	if generations = t.logins; t.flight != nil && !t.early.IsZero() {
		generations++ // its login began before the refusal, and its token may be revoked as well
	}
	switch {
	case t.current.Load() != u.generation:
		again = true
	case seen > 0 && borrowed:
		again, ended = true, true
	case (seen > 0 && u.number > seen || u.fresh && t.refusals.Known(p)) && !(slow && t.refusals.Doubt(p)):
		t.refusals.Wasted(p, u.number)
	case t.refusals.Login(p, u.number, generations, replayable):
		again, ended = true, true
	}
	if ended {
		t.current.Store(nil)
	}
	t.mu.Unlock()
	if ended {
		s.logEnd(u.generation, "refused")
	}
	return again && replayable, generations
}

// succeeded records a good response to a call, which may have been refused before.
func (t *state) succeeded(path string, wasRefused bool) {
	if wasRefused || t.refusals.Trouble() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.refusals.Good(backoff.PathOf(path), wasRefused)
	}
}

// close ends the session and the login in progress.
func (t *state) close() {
	t.mu.Lock()
	t.closed = true
	t.current.Store(nil)
	f := t.flight
	t.mu.Unlock()
	if f != nil {
		f.End(ErrSessionClosed)
	}
}
