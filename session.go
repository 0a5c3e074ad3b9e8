package zuora

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// SessionConfig says where a [Session] signs in, as whom, and how. Server and
// Credentials are required; the zero value of every other field is what most
// callers want.
type SessionConfig struct {
	// Server is the base URL: a ServerURL… constant, or any other that Zuora
	// has told you. https only, but for loopback hosts. A "/" or a "/v1" at its
	// end makes no difference.
	Server string

	// Credentials is asked for a name and a password at each sign-in.
	// [Credentials] themselves will do.
	Credentials CredentialsProvider

	// Entity is the entity to work in. Zero: the user's home entity.
	Entity Entity

	// Base sends the requests, sign-ins included. It must not follow redirects.
	// Nil: a clone of [http.DefaultTransport], with as many idle connections as
	// Zuora takes requests at once.
	Base http.RoundTripper

	// IdleTimeout is how long a session may go unused before the next call
	// signs in first. It should be less than the tenant's session timeout, which
	// is 15 minutes unless changed. 0: 10 minutes, as Zuora advises for those.
	// Negative: never; only a refused call brings about a new session.
	IdleTimeout time.Duration

	// LoginTimeout is how long a sign-in may take, the provider's answer
	// included. 0: 30 seconds.
	LoginTimeout time.Duration

	// Logger is told of sign-ins, renewals, replays and sign-ins held back,
	// never of a body, a cookie or a secret. Nil: silence.
	Logger *slog.Logger
}

// Session is a session with Zuora that lasts: it signs in when the first call
// needs it and again when Zuora has ended it, once for all callers. It is an
// [HttpRequestDoer] for generated clients and gives an [http.Client] for any
// other. A Session may be used by many goroutines at once, and there should be
// one for each user and entity, for the life of the program; sign-ins are
// limited.
//
// How it signs in, renews and replays is described at the top of this page.
type Session struct {
	// What is secret is behind a func or an atomic.Pointer, which fmt does not
	// look into, whatever the verb and wherever the Session stands.
	server       string
	origin       origin
	entity       Entity
	retrieve     func(context.Context) (Credentials, error)
	base         func(*http.Request) (*http.Response, error)
	closeIdle    func()
	idleTimeout  time.Duration
	loginTimeout time.Duration
	log          *slog.Logger
	start        time.Time
	client       *http.Client

	current atomic.Pointer[generation] // nil: there is no session, or it has ended

	mu     sync.Mutex // held to change any of these, and never while waiting
	closed bool
	logins int
	flight atomic.Pointer[flight]
	held   atomic.Pointer[holdBack]
	// Until then the refusal of a call that cannot be replayed drops nothing,
	// for one has just done so.
	keepUntil atomic.Int64
}

// generation is one login: its cookies, and the clock that runs on them.
type generation struct {
	number        int
	jar           *cookiejar.Jar
	mono, wall    atomic.Int64 // when the last call that was answered was sent
	refusalsUntil atomic.Int64 // until then refusals are the callers' own
}

// NewSession returns a session for cfg. It checks what can be checked without
// the network and does not sign in; see [Session.Connect].
func NewSession(cfg SessionConfig) (*Session, error) {
	server, err := parseServer(cfg.Server)
	if err != nil {
		return nil, err
	}
	if cfg.Credentials == nil {
		return nil, errors.New("zuora: SessionConfig.Credentials is nil")
	}
	if c, ok := cfg.Credentials.(Credentials); ok {
		if err := c.validate(); err != nil {
			return nil, err
		}
	}
	if err := cfg.Entity.validate(); err != nil {
		return nil, err
	}
	if cfg.LoginTimeout < 0 {
		return nil, errors.New("zuora: SessionConfig.LoginTimeout is negative")
	}
	s := &Session{
		server:       server.String(),
		origin:       originOf(server),
		entity:       cfg.Entity,
		retrieve:     cfg.Credentials.Retrieve,
		closeIdle:    func() {},
		idleTimeout:  cmp.Or(cfg.IdleTimeout, 10*time.Minute),
		loginTimeout: cmp.Or(cfg.LoginTimeout, 30*time.Second),
		log:          cmp.Or(cfg.Logger, slog.New(slog.DiscardHandler)),
		start:        time.Now(),
	}
	base := cfg.Base
	if base == nil {
		base = defaultTransport()
		if t, ok := base.(*http.Transport); ok {
			s.closeIdle = t.CloseIdleConnections
		}
	}
	s.base = base.RoundTrip
	s.client = s.HTTPClient()
	return s, nil
}

// parseServer checks a base URL and puts it into its one form.
func parseServer(server string) (*url.URL, error) {
	const field = "zuora: SessionConfig.Server"
	u, err := url.Parse(server)
	switch {
	case server == "":
		return nil, errors.New(field + " is empty")
	case err != nil:
		return nil, errors.New(field + " is not a URL")
	case u.User != nil:
		return nil, errors.New(field + " has user info; the user belongs in Credentials")
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("%s: scheme %q, where https is needed", field, printable(u.Scheme, 20))
	case u.Hostname() == "":
		return nil, errors.New(field + " has no host")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return nil, errors.New(field + " is in clear text; https is needed for every host but loopback")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, errors.New(field + " has a query or a fragment")
	}
	u.Host = strings.ToLower(u.Host)
	u.RawPath = ""
	u.Path = strings.TrimRight(u.Path, "/")
	u.Path = strings.TrimRight(strings.TrimSuffix(u.Path, "/v1"), "/")
	return u, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// defaultTransport is http.DefaultTransport's clone, sized for one busy host.
// Where a program has put something else there, it is that, for it was put
// there to be used.
func defaultTransport() http.RoundTripper {
	std, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport
	}
	t := std.Clone()
	t.MaxIdleConns, t.MaxIdleConnsPerHost = 200, 200 // Zuora takes 40 calls at once, or 200 on high-volume tenants
	t.IdleConnTimeout = 50 * time.Second             // before a load balancer's usual minute
	t.ResponseHeaderTimeout = 130 * time.Second      // Zuora itself gives up after 120
	return t
}

// Format prints which server the session is for, whatever the verb. fmt would
// look at fields that are in use otherwise.
func (s *Session) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "zuora.Session(%s)", s.server) }

// Server returns the base URL to build generated clients on, in its normal
// form: no "/" and no "/v1" at its end.
func (s *Session) Server() string { return s.server }

// Connect signs in unless there is a session in force already. Calls do so by
// themselves; Connect is there to find out early whether they will be able to.
// A sign-in that is being held back is not tried: Connect returns what the last
// one said, and when the next is due.
func (s *Session) Connect(ctx context.Context) error {
	_, err := s.acquire(ctx)
	return err
}

// Do sends req on the session, as [http.Client.Do] does, and returns an
// [*Error] for a call that failed, whatever its status, with the body closed:
// see [CheckResponse] for what a failure is. Generated clients take the Session
// itself for this:
//
//	accounts.NewClientWithResponses(s.Server(), accounts.WithHTTPClient(s))
//
// An answer that is of a JSON type is held back to its end or to 64 KiB,
// whichever comes first; all others stream from their first byte. What is
// handed on is what came.
func (s *Session) Do(req *http.Request) (*http.Response, error) {
	resp, err := s.client.Do(req)
	if err != nil {
		if u, ok := err.(*url.Error); ok { // http.Client's own, new for this call
			u.URL, _, _ = strings.Cut(u.URL, "?")
		}
		return nil, err
	}
	return check(resp)
}

// HTTPClient returns a client of plain HTTP semantics on the session: an answer
// is never an error, whatever it says. A redirect to another origin is handed
// back and not followed. Every call returns a client of its own, to set a
// Timeout on for instance; do not replace its CheckRedirect by one that follows
// redirects elsewhere, for such requests are refused.
func (s *Session) HTTPClient() *http.Client {
	return &http.Client{Transport: s.Transport(), CheckRedirect: func(req *http.Request, via []*http.Request) error {
		if originOf(req.URL) != s.origin {
			return http.ErrUseLastResponse
		}
		if len(via) >= 10 {
			return errors.New("stopped after 10 redirects")
		}
		return nil
	}}
}

// Close forgets the session. A sign-in on its way is cancelled, and it and all
// later calls return [ErrSessionClosed]; calls on their way go on. Connections
// are closed as they fall idle, unless [SessionConfig.Base] was set. Zuora is
// not told, for no way to sign out is known. Close returns nil, the second time
// too.
func (s *Session) Close() error {
	s.mu.Lock()
	s.closed = true
	s.current.Store(nil)
	if f := s.flight.Load(); f != nil {
		s.settle(f, nil, func() error { return ErrSessionClosed })
	}
	s.mu.Unlock()
	s.closeIdle()
	return nil
}

// acquire returns a generation to send a call on, and signs in for it if there
// is none, or none that was used lately.
func (s *Session) acquire(ctx context.Context) (*generation, error) {
	g := s.current.Load()
	if g != nil && s.idleTimeout > 0 {
		if idle := g.idle(s.clock()); idle >= s.idleTimeout {
			s.drop(g, "unused", slog.Duration("idle", idle))
			g = nil
		}
	}
	if g != nil {
		return g, nil
	}
	f, g, err := s.join(ctx)
	if f == nil {
		return g, err
	}
	select {
	case <-f.done:
		if f.fail != nil {
			return nil, f.fail()
		}
		return f.gen, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("zuora: waiting for sign-in: %w", ctx.Err())
	}
}

// drop ends g, unless another has taken its place.
func (s *Session) drop(g *generation, why string, attrs ...any) {
	if s.current.CompareAndSwap(g, nil) {
		s.log.Info("zuora: session to be renewed", append(attrs, slog.String("reason", why), slog.Int("generation", g.number))...)
	}
}

// join returns the session that there is by now, or else the login in flight,
// or else one that it starts.
func (s *Session) join(ctx context.Context) (*flight, *generation, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, nil, ErrSessionClosed
	}
	if g := s.current.Load(); g != nil {
		return nil, g, nil
	}
	if f := s.flight.Load(); f != nil {
		return f, nil, nil
	}
	if held := s.held.Load().holds(nil); held != nil {
		return nil, nil, held.again()
	}
	return s.takeOff(ctx), nil, nil
}

// instant is a time by both clocks, in nanoseconds. The monotonic one stands
// still while a machine is suspended, the other can be set.
type instant struct{ mono, wall int64 }

func (s *Session) clock() instant {
	t := time.Now()
	return instant{int64(t.Sub(s.start)), t.UnixNano()}
}

// used notes that a call sent at t was answered.
func (g *generation) used(t instant) {
	latest := func(stored *atomic.Int64, t int64) {
		for old := stored.Load(); t > old && !stored.CompareAndSwap(old, t); old = stored.Load() {
		}
	}
	latest(&g.mono, t.mono)
	latest(&g.wall, t.wall)
}

func (g *generation) idle(now instant) time.Duration {
	return time.Duration(max(now.mono-g.mono.Load(), now.wall-g.wall.Load()))
}
