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

	"github.com/zuora-go/zuora/internal/auth"
	"github.com/zuora-go/zuora/internal/origin"
	"github.com/zuora-go/zuora/internal/share"
)

// SessionConfig configures a [Session]. Server and Credentials are required. For most
// programs the zero value of every other field is right.
type SessionConfig struct {
	// Server is the base URL of the REST API: a ServerURL… constant, or the URL of your
	// tenant. It must be https, except for loopback hosts. A "/" or a "/v1" at its end is
	// ignored.
	Server string

	// Credentials provides the credentials for each login. It may be a [Credentials],
	// which provides itself.
	Credentials CredentialsProvider

	// Entity is the entity to work in. If it is zero, the session works in the user's home
	// entity.
	Entity Entity

	// Header is sent with every call except the login: Zuora-Version, Zuora-Org-Ids,
	// User-Agent. If a call sets the same name itself, its value is sent instead, or no
	// such header if its value is nil. [NewSession] copies Header. It returns an error
	// for Authorization, Cookie, Host, Content-…, Idempotency-Key, the headers of a
	// connection and those of the login, and, if Entity is set, for those of an entity.
	Header http.Header

	// Base sends the requests, including logins. It must not follow redirects. If it is
	// nil, the session has a [DefaultTransport] of its own, or uses
	// [http.DefaultTransport] if the program has replaced that by something other than an
	// [*http.Transport].
	Base http.RoundTripper

	// IdleTimeout is how long a session may be idle before the next call logs in first.
	// It should be less than the tenant's session timeout, which is 15 minutes by default.
	// If it is 0, it is 10 minutes, which Zuora recommends for that default. If it is
	// negative, only a refused call causes a login. It does not apply to OAuth clients.
	IdleTimeout time.Duration

	// LoginTimeout is the limit for a login, including the call of the provider. If it is
	// 0, it is 30 seconds. It does not include the wait for the Store, which is at most 6
	// seconds.
	LoginTimeout time.Duration

	// Logger logs logins, renewals, replays, failed logins and a Store that fails, with
	// the reasons. It never logs a body, a cookie or a secret. Each line names the server
	// and the entity, which is "" for the user's home entity. If Logger is nil, nothing is
	// logged.
	Logger *slog.Logger

	// Store keeps one session for many processes. Use it if a program has so many processes
	// that they would exceed Zuora's limits on logins. If it is nil, each process logs in
	// for itself.
	Store SessionStore
}

// Format prints the server and the entity of c, and the types of its other fields, for
// every verb. Without it fmt would read a transport while it is in use.
func (c SessionConfig) Format(f fmt.State, _ rune) {
	server, err := origin.ParseServer(c.Server)
	if err != nil {
		server = new(url.URL) // there may be a password in it
	}
	_, _ = fmt.Fprintf(f, "zuora.SessionConfig{Server:%s Credentials:%T Entity:%+v Base:%T IdleTimeout:%v LoginTimeout:%v Store:%T}",
		server, c.Credentials, c.Entity, c.Base, c.IdleTimeout, c.LoginTimeout, c.Store)
}

// Session sends calls to Zuora. It logs in when the first call needs it, and again when
// the session has expired, once for all callers. Typed calls and generated clients run
// on it; [Session.HTTPClient] is for all others. A Session may be used by several
// goroutines at once. Use one for each login and entity, for as long as the program
// runs, because Zuora limits logins.
//
// Its rules are in https://github.com/zuora-go/zuora/blob/main/docs/session.md.
type Session struct {
	// Fields that are secret or change are behind a func, because fmt does not look into
	// funcs, even if the Session is an unexported field of another struct.
	server       string
	origin       origin.Origin
	api          *url.URL // the session's cookies must be for this
	entity       Entity
	header       http.Header
	retrieve     func(context.Context) (Credentials, error)
	base         func(*http.Request) (*http.Response, error)
	closeIdle    func() // closes idle connections
	own          bool   // the transport is the session's own
	idleTimeout  time.Duration
	loginTimeout time.Duration
	log          *slog.Logger
	clock        auth.Clock
	client       *http.Client
	fleet        *share.Fleet // nil if there is no SessionStore
	state        func() *state
}

// NewSession returns a session for cfg. It checks cfg as far as that is possible without
// the network. It does not log in: see [Session.Connect].
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
		clock:        auth.Clock{Start: time.Now()},
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

// harmless is a handler that recovers from panics. It has no WithGroup of its own, because
// the session makes no groups.
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

// Format prints the session's server, for every verb. Without it fmt would read fields
// while other goroutines change them.
func (s *Session) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "zuora.Session(%s)", s.server) }

// Server returns the base URL for generated clients, without a "/" and a "/v1" at its
// end.
func (s *Session) Server() string { return s.server }

// Connect logs in, unless there is a session already. Every call does the same. Use
// Connect to find out early whether a login succeeds. It returns a [*LoginError] if the
// login fails, or if it has to wait because an earlier one has failed.
func (s *Session) Connect(ctx context.Context) error {
	_, err := s.acquire(ctx)
	if _, failed := err.(*LoginError); err == nil || failed || err == ErrSessionClosed {
		return err
	}
	return fmt.Errorf("zuora: waiting for login: %w", err) // the cause that ended ctx
}

// Do sends req on the session, as [http.Client.Do] does. It returns an [*Error] for a
// call that failed, whatever its status, and closes the body; [CheckResponse] defines
// what a failure is. Generated clients take the Session itself:
//
//	billing.NewClientWithResponses(s.Server(), billing.WithHTTPClient(s))
//
// If the type of a response contains "json", and its announced length is not more than
// 64 KiB, Do first reads it to its end, but at most 64 KiB of it. All other responses
// stream from their first byte, and lines of JSON from their second line. A failure of
// more than 64 KiB with a status of 2xx is therefore returned as a response, not as an
// error: use [CheckResponse] for bodies of that length. Do waits for the body of a
// failure for at most 2 seconds, and keeps what has arrived.
//
// The response has no Set-Cookie lines for the session's own cookies. Otherwise it is
// as Zuora has sent it.
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

// HTTPClient returns a client for plain HTTP on the session: a response is never an
// error. If its type contains "json", and its announced length is not more than 64 KiB,
// the client first reads up to 4 KiB of it (64 KiB if these contain INVALID_SESSION), for
// at most 2 seconds if it is a failure, to find out whether the session has expired. A
// redirect to another origin is returned and not followed. Each call of HTTPClient
// returns a new client, so you may set its Timeout. Do not replace its CheckRedirect by
// one that follows redirects to other origins, because the session refuses such
// requests.
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

// Close forgets the session. It cancels a login in progress. Callers that wait for that
// login, and all later calls, get [ErrSessionClosed]. Calls in progress continue. If the
// transport is the session's own, Close closes its idle connections. It does not log out
// at Zuora, because no call for that is known. Close may be called again, and always
// returns nil.
func (s *Session) Close() error {
	s.state().close()
	if s.own {
		s.closeIdle()
	}
	return nil
}
