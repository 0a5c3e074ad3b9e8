package zuora

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/zuora-go/zuora/internal/idle"
	"github.com/zuora-go/zuora/internal/origin"
	"github.com/zuora-go/zuora/internal/share"
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

	// Header goes out with every call except the login: Zuora-Version, Zuora-Org-Ids,
	// User-Agent. A call that sets the same name itself sends its own value, or none if
	// that is nil. [NewSession] copies Header, and returns an error that names the
	// header for Authorization, Cookie, Host, Content-…, Idempotency-Key, the headers
	// of a connection, the two with the user's name and password, and, if Entity is
	// set, those of an entity.
	Header http.Header

	// Base sends the requests, sign-ins included. It must not follow redirects.
	// If it is nil, the session has a [DefaultTransport] of its own, or uses
	// [http.DefaultTransport] if the program has replaced that by something other
	// than an [*http.Transport].
	Base http.RoundTripper

	// IdleTimeout is how long a session may go unused before the next call
	// signs in first. It should be less than the tenant's session timeout, which
	// is 15 minutes unless changed. 0: 10 minutes, as Zuora advises for those.
	// Negative: never; only a refused call brings about a new session.
	IdleTimeout time.Duration

	// LoginTimeout is how long a sign-in may take, the provider's answer
	// included. 0: 30 seconds. Waiting for the Store is not part of it, and takes 6
	// seconds at most.
	LoginTimeout time.Duration

	// Logger is told of sign-ins, renewals, replays, sign-ins held back and a Store
	// that fails, with the reasons; never of a body, a cookie or a secret. Each line names
	// the server and the entity, which is "" for the user's home entity. Nil: silence.
	Logger *slog.Logger

	// Store keeps one session for many processes, where there are so many that
	// each signing in by itself would meet Zuora's limits. Nil: the session is
	// this process's own.
	Store SessionStore
}

// Format prints where c logs in, and the types of what it was given, whatever the
// verb. Without it fmt would read a transport while it is in use.
func (c SessionConfig) Format(f fmt.State, _ rune) {
	server, err := origin.ParseServer(c.Server)
	if err != nil {
		server = new(url.URL) // there may be a password in it
	}
	_, _ = fmt.Fprintf(f, "zuora.SessionConfig{Server:%s Credentials:%T Entity:%+v Base:%T IdleTimeout:%v LoginTimeout:%v Store:%T}",
		server, c.Credentials, c.Entity, c.Base, c.IdleTimeout, c.LoginTimeout, c.Store)
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
	// What is secret, or changes, is behind a func: fmt does not look into these,
	// whatever the verb and wherever the Session stands.
	server       string
	origin       origin.Origin
	api          *url.URL // that the session's cookies are for
	entity       Entity
	header       http.Header
	retrieve     func(context.Context) (Credentials, error)
	base         func(*http.Request) (*http.Response, error)
	closeIdle    func() // closes idle connections
	own          bool   // they are on a transport of the session's own
	idleTimeout  time.Duration
	loginTimeout time.Duration
	log          *slog.Logger
	clock        idle.Clock
	client       *http.Client
	fleet        *share.Fleet // nil: no SessionStore
	state        func() *state
}

// NewSession returns a session for cfg. It checks what can be checked without
// the network and does not sign in; see [Session.Connect].
func NewSession(cfg SessionConfig) (*Session, error) {
	server, err := origin.ParseServer(cfg.Server)
	if err != nil {
		return nil, fmt.Errorf("zuora: SessionConfig.Server %w", err)
	}
	if cfg.Credentials == nil {
		return nil, errors.New("zuora: SessionConfig.Credentials is nil")
	}
	if c, ok := cfg.Credentials.(Credentials); ok {
		if err := c.validate(cfg.Entity); err != nil {
			return nil, err
		}
	}
	if err := cfg.Entity.validate(); err != nil {
		return nil, err
	}
	if err := checkSessionHeader(cfg.Header, cfg.Entity); err != nil {
		return nil, err
	}
	if cfg.LoginTimeout < 0 {
		return nil, errors.New("zuora: SessionConfig.LoginTimeout is negative")
	}
	s := &Session{
		server:       server.String(),
		origin:       origin.Of(server),
		api:          &url.URL{Scheme: server.Scheme, Host: server.Host, Path: server.Path + "/v1/"},
		entity:       cfg.Entity,
		header:       cfg.Header.Clone(),
		retrieve:     cfg.Credentials.Retrieve,
		closeIdle:    func() {},
		idleTimeout:  cmp.Or(cfg.IdleTimeout, 10*time.Minute),
		loginTimeout: cmp.Or(cfg.LoginTimeout, 30*time.Second),
		log:          slog.New(slog.DiscardHandler),
		clock:        idle.Clock{Start: time.Now()},
	}
	shared := new(state)
	s.state = func() *state { return shared }
	if cfg.Logger != nil {
		s.log = slog.New(harmless{cfg.Logger.Handler()}).With("server", s.server, "entity", cmp.Or(cfg.Entity.ID, cfg.Entity.LegacyID, cfg.Entity.LegacyName))
	}
	rt := cfg.Base
	if rt == nil {
		rt = http.DefaultTransport
		if _, std := rt.(*http.Transport); std {
			rt = DefaultTransport()
		}
	}
	if c, ok := rt.(interface{ CloseIdleConnections() }); ok {
		_, std := rt.(*http.Transport)
		s.closeIdle, s.own = c.CloseIdleConnections, std && cfg.Base == nil
	}
	s.base = rt.RoundTrip
	s.client = s.HTTPClient()
	if cfg.Store != nil {
		s.fleet = share.NewFleet(cfg.Store, s.log, s.api.Path, s.idleTimeout, s.loginTimeout)
	}
	return s, nil
}

// harmless is a handler whose panics stay its own. It has no groups beyond those that the
// Logger was given with.
type harmless struct{ slog.Handler }

// WithAttrs returns h itself if the handler panics.
func (h harmless) WithAttrs(attrs []slog.Attr) (with slog.Handler) {
	defer func() {
		if recover() != nil {
			with = h
		}
	}()
	return harmless{h.Handler.WithAttrs(attrs)}
}

func (h harmless) Enabled(ctx context.Context, level slog.Level) (enabled bool) {
	defer func() { _ = recover() }()
	return h.Handler.Enabled(ctx, level)
}

func (h harmless) Handle(ctx context.Context, r slog.Record) (err error) {
	defer func() { _ = recover() }()
	return h.Handler.Handle(ctx, r)
}

// Format prints which server the session is for, whatever the verb. Without it
// fmt would read fields while other goroutines change them.
func (s *Session) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "zuora.Session(%s)", s.server) }

// Server returns the base URL to build generated clients on, in its normal
// form: no "/" and no "/v1" at its end.
func (s *Session) Server() string { return s.server }

// Connect logs in unless there is a session already. Calls do so by themselves; use
// Connect to find out early whether they will be able to. It returns a [*LoginError]
// if the login fails, or has to wait because another has failed.
func (s *Session) Connect(ctx context.Context) error {
	_, err := s.acquire(ctx)
	if _, failed := err.(*LoginError); err == nil || failed || err == ErrSessionClosed {
		return err
	}
	return fmt.Errorf("zuora: waiting for login: %w", err) // for what ended ctx
}

// Do sends req on the session, as [http.Client.Do] does, and returns an
// [*Error] for a call that failed, whatever its status, with the body closed:
// see [CheckResponse] for what a failure is. Generated clients take the Session
// itself for this:
//
//	billing.NewClientWithResponses(s.Server(), billing.WithHTTPClient(s))
//
// A response whose type contains "json", and which is not announced to be longer
// than 64 KiB, is held back to its end, or to 64 KiB of it; all others stream from
// their first byte, and lines of JSON from their second line. A failure of more
// than 64 KiB behind a 2xx is therefore returned as a response, not as an error:
// use [CheckResponse] on bodies of that length. Do waits for the body of a failure
// for at most 2 seconds and keeps what has arrived.
//
// The response is as Zuora has sent it, except that it has no Set-Cookie lines for
// the session's own cookies.
func (s *Session) Do(req *http.Request) (*http.Response, error) {
	resp, err := s.client.Do(req)
	if err != nil {
		if u, ok := err.(*url.Error); ok { // http.Client's own, new for this call
			u.URL, _, _ = strings.Cut(u.URL, "?")
			if req.URL != nil && !strings.HasPrefix(req.URL.String(), u.URL) { // a redirect has named it
				u.URL = s.values(nil).Text(u.URL)
			}
			if strings.HasPrefix(u.Err.Error(), "failed to parse Location header") { // which it quotes
				u.Err = errors.New("zuora: the Location of the response is not a URL")
			}
		}
		return nil, err
	}
	return check(resp)
}

// HTTPClient returns a client of plain HTTP semantics on the session: an answer
// is never an error, whatever it says. One whose type contains "json", and which
// is not announced to be longer than 64 KiB, is held back to its end, or to 4 KiB
// of it (to 64 KiB if INVALID_SESSION is in these), to see whether the session has
// expired; a failure for at most 2 seconds. A redirect to another origin is handed back and not
// followed. Every call returns a client of its own, to set a Timeout on for
// instance; do not replace its CheckRedirect by one that follows redirects
// elsewhere, for such requests are refused.
func (s *Session) HTTPClient() *http.Client {
	return &http.Client{Transport: s.Transport(), CheckRedirect: func(req *http.Request, via []*http.Request) error {
		if origin.Of(req.URL) != s.origin {
			return http.ErrUseLastResponse
		}
		if len(via) >= 10 {
			return errors.New("zuora: stopped after 10 redirects")
		}
		return nil
	}}
}

// Close forgets the session. A sign-in on its way is cancelled, and who waits for
// it, and all later calls, get [ErrSessionClosed]; calls on their way go on. Idle
// connections are closed if the transport is the session's own. Zuora is not told,
// for no way to sign out is known. Close returns nil, the second time too.
func (s *Session) Close() error {
	s.state().close()
	if s.own {
		s.closeIdle()
	}
	return nil
}
