package zuoratest

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/zuora-go/zuora"
)

// Config configures a tenant. The zero value is a tenant with one user who has all
// permissions.
type Config struct {
	// Credentials are the user's name and password. If they are zero, they are made up:
	// see [Tenant.Credentials].
	Credentials zuora.Credentials

	// OAuthClient is the ID and the secret of the user's OAuth client. If it is zero, it is
	// made up: see [Tenant.OAuthClient].
	OAuthClient zuora.Credentials

	// Entities are those that the user may work in, each with its names. If it is nil, the
	// user may work in any.
	Entities []zuora.Entity

	// SessionTimeout is how long a session may be idle. If it is 0, it is 15 minutes, which
	// is Zuora's default.
	SessionTimeout time.Duration

	// TokenLife is how long a token is valid. If it is 0, it is 3,598 seconds. Zuora's
	// tokens are valid for about an hour.
	TokenLife time.Duration

	// LoginLimit is how many logins a minute may have, of users and OAuth clients together.
	// Further ones get [RateLimited]. If it is 0, there is no limit. Zuora's limit is 100
	// logins of users from one address.
	LoginLimit int

	// Stateful makes the tenant keep accounts, subscriptions, orders, invoices and more, as
	// the package documentation lists them. Handlers of [Tenant.Handle] replace its calls.
	Stateful bool
}

// Tenant is a stand-in for a Zuora tenant. It is an [http.Handler] for
// POST /v1/connections and POST /oauth/token, with any path before them. It passes other
// requests to the handlers that the test has registered, if they have a session, a token,
// or the user's name and password. It may be used by several goroutines at once.
type Tenant struct {
	cfg    Config
	mux    *http.ServeMux
	memory memory
	state  *state // nil if the tenant is not stateful

	mu        sync.Mutex // guards the fields below
	intercept func(*http.Request) http.Handler
	granted   map[string]*grant // by the part of the cookie that does not change, or by token
	grants    int               // how many there have been
	logins    int
	admitted  []time.Time // logins of the last minute
	requests  []*Request  // the last ones
}

const sessionCookie = "ZSession"

// grant is a session or a token.
type grant struct {
	number int
	token  bool
	used   time.Time // when a session was used last
	ends   time.Time // when a token expires
}

// NewTenant returns a tenant. [NewServer] returns one that listens.
func NewTenant(cfg Config) *Tenant {
	if cfg.Credentials == (zuora.Credentials{}) {
		cfg.Credentials = zuora.Credentials{AccessKeyID: "api.user@example.com", SecretAccessKey: zuora.Secret("pass word " + random(12))}
	}
	if cfg.OAuthClient == (zuora.Credentials{}) {
		cfg.OAuthClient = zuora.Credentials{ClientID: uuid(), ClientSecret: zuora.Secret("secret+" + random(12))}
	}
	cfg.SessionTimeout = cmp.Or(cfg.SessionTimeout, 15*time.Minute)
	cfg.TokenLife = cmp.Or(cfg.TokenLife, 3598*time.Second)
	t := &Tenant{cfg: cfg, mux: http.NewServeMux(), granted: map[string]*grant{}}
	if cfg.Stateful {
		t.state = newState()
	}
	return t
}

// Credentials returns the user's name and password.
func (t *Tenant) Credentials() zuora.Credentials { return t.cfg.Credentials }

// Handle registers h for requests that match pattern, as [http.ServeMux.Handle] does. h is
// called only for requests with a valid session, a valid token, or the user's name and
// password in the headers apiAccessKeyId and apiSecretAccessKey. All others get
// [Unauthorized]. As at Zuora, a response with status 200 to a call with a session cookie
// sets a new one.
func (t *Tenant) Handle(pattern string, h http.Handler) { t.mux.Handle(pattern, h) }

// HandleFunc is [Tenant.Handle] for a function.
func (t *Tenant) HandleFunc(pattern string, h func(http.ResponseWriter, *http.Request)) {
	t.Handle(pattern, http.HandlerFunc(h))
}

// Intercept sets a function that is called for every request, including logins. If it
// returns a handler, that handler responds instead of the tenant. Intercept(nil) removes
// the function.
func (t *Tenant) Intercept(f func(*http.Request) http.Handler) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.intercept = f
}

// Expire ends all sessions, as the session timeout does. Tokens stay valid: see
// [Tenant.Revoke].
func (t *Tenant) Expire() {
	t.mu.Lock()
	defer t.mu.Unlock()
	maps.DeleteFunc(t.granted, func(_ string, g *grant) bool { return !g.token })
}

// End ends the session or token of login n, and no other. It reports whether the tenant
// still had it. The first login of a tenant has the number 1: see [Tenant.LoginOf] and
// [Request.Login].
func (t *Tenant) End(n int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	before := len(t.granted)
	maps.DeleteFunc(t.granted, func(_ string, g *grant) bool { return g.number == n })
	return len(t.granted) < before
}

// LoginOf returns the number of the login that r is sent on: 1 for the tenant's first
// session or token, 2 for the next. It is 0 if r has no valid session or token. Handlers
// and [Tenant.Intercept] may call it.
func (t *Tenant) LoginOf(r *http.Request) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, g := t.grantOf(r); g != nil {
		return g.number
	}
	return 0
}

// Logins returns how many times POST /v1/connections and POST /oauth/token were called,
// successfully or not.
func (t *Tenant) Logins() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.logins
}

// ServeHTTP handles a request.
func (t *Tenant) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// Reading an unread body to its end is left to net/http, as on a real server.
	w.Header().Set("Zuora-Request-Id", uuid())
	if track := r.Header.Get("Zuora-Track-Id"); track != "" && len(track) <= 64 && !strings.ContainsAny(track, `:;"'`) {
		w.Header().Set("Zuora-Track-Id", track)
	}
	connect := r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/v1/connections")
	token := r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/oauth/token")
	kept := t.record(r, t.LoginOf(r))
	rec := t.watch(w, r, kept)
	t.mu.Lock()
	if connect || token {
		t.logins++
	}
	intercept := t.intercept
	t.mu.Unlock()
	var h http.Handler
	if intercept != nil {
		h = intercept(r)
	}
	if h == nil {
		h = t.dataFile(r)
	}
	switch {
	case h != nil:
		h.ServeHTTP(rec, r)
	case connect:
		t.login(rec, r, kept)
	case token:
		t.token(rec, r, kept)
	default:
		t.call(rec, r)
	}
	rec.finish(r)
	rec.status(http.StatusOK)
}

// call passes on a call that is authenticated. It is not known what Zuora does with more
// than one kind of authentication. Here the session comes first, then the token, then the
// name and password. It is not known either whether Zuora begins a session for a call
// with name and password. Here it does not.
func (t *Tenant) call(w http.ResponseWriter, r *http.Request) {
	t.mu.Lock()
	id, g := t.grantOf(r)
	if g != nil {
		g.used = time.Now()
	}
	t.mu.Unlock()
	switch {
	case g != nil && !g.token:
		a := &sessionWriter{ResponseWriter: w, login: id}
		t.dispatch(a, r)
		a.WriteHeader(http.StatusOK)
	case g == nil && !t.keysOf(r):
		Unauthorized().ServeHTTP(w, r)
	case g == nil && !t.mayEnter(r.Header):
		noEntity().ServeHTTP(w, r)
	default:
		t.dispatch(w, r)
	}
}

// login handles POST /v1/connections. Zuora's responses to malformed requests are not
// known. The tenant's are made up.
func (t *Tenant) login(w http.ResponseWriter, r *http.Request, kept *Request) {
	switch {
	case !t.admit():
		RateLimited().ServeHTTP(w, r)
	case !isJSON(r.Header):
		Failed(http.StatusBadRequest, "90000090", "the header Content-Type must be application/json").ServeHTTP(w, r)
	case !t.keysOf(r):
		Unauthorized().ServeHTTP(w, r)
	case !t.mayEnter(r.Header):
		noEntity().ServeHTTP(w, r)
	default:
		setCookie(w, t.grant(kept, grant{used: time.Now()}))
		w.Header().Set("Content-Type", jsonType)
		_, _ = io.WriteString(w, "{\n  \"success\" : true\n}")
	}
}

// grant begins a session or a token, and returns its name.
func (t *Tenant) grant(kept *Request, g grant) string {
	name := random(16)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.grants++
	g.number, kept.Login = t.grants, t.grants
	t.granted[name] = &g
	return name
}

// keysOf reports whether r has the user's name and password in its headers.
func (t *Tenant) keysOf(r *http.Request) bool {
	c := t.cfg.Credentials
	return r.Header.Get("apiAccessKeyId") == c.AccessKeyID && r.Header.Get("apiSecretAccessKey") == string(c.SecretAccessKey)
}

// isJSON reports whether the Content-Type is application/json: in upper or lower case, with
// or without parameters, once or several times. It is not known which of these Zuora
// accepts, but clients generated from its document send them.
func isJSON(h http.Header) bool {
	found := false
	for v := range strings.SplitSeq(strings.Join(h.Values("Content-Type"), ","), ",") {
		name, _, _ := strings.Cut(v, ";")
		name = strings.TrimSpace(name)
		if name != "" && !strings.EqualFold(name, "application/json") {
			return false
		}
		found = found || name != ""
	}
	return found
}

func noEntity() http.Handler {
	return Failed(http.StatusBadRequest, "90000020", "name one entity, by one header, that the user may work in")
}

// mayEnter reports whether the user may work in the entity that h names. An empty header
// names none. Generated clients send one for a parameter that is set to "".
func (t *Tenant) mayEnter(h http.Header) bool {
	var e zuora.Entity
	named := 0
	for name, to := range map[string]*string{"Zuora-Entity-Ids": &e.ID, "entityId": &e.LegacyID, "entityName": &e.LegacyName} {
		for _, v := range h.Values(name) {
			if v = strings.TrimSpace(v); v != "" && v != *to {
				named++
				*to = v
			}
		}
	}
	return named == 0 || named == 1 && (t.cfg.Entities == nil || slices.ContainsFunc(t.cfg.Entities, func(c zuora.Entity) bool {
		return e.ID != "" && e.ID == c.ID || e.LegacyID != "" && e.LegacyID == c.LegacyID || e.LegacyName != "" && e.LegacyName == c.LegacyName
	}))
}

// admit reports whether the login limit allows one more login, and counts it.
func (t *Tenant) admit() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.cfg.LoginLimit <= 0 {
		return true
	}
	now := time.Now()
	t.admitted = slices.DeleteFunc(t.admitted, func(at time.Time) bool { return now.Sub(at) >= time.Minute })
	if len(t.admitted) >= t.cfg.LoginLimit {
		return false
	}
	t.admitted = append(t.admitted, now)
	return true
}

// grantOf returns the valid session or token that r was sent with. t.mu is locked.
func (t *Tenant) grantOf(r *http.Request) (name string, _ *grant) {
	for _, c := range r.CookiesNamed(sessionCookie) {
		id, _, _ := strings.Cut(c.Value, ".")
		if g := t.granted[id]; g != nil && !g.token && time.Since(g.used) < t.cfg.SessionTimeout {
			return id, g
		}
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if g := t.granted[token]; g != nil && g.token && strings.EqualFold(scheme, "Bearer") && time.Now().Before(g.ends) {
		return token, g
	}
	return "", nil
}

// setCookie adds a session cookie like those of Zuora: each has a new value, and the older
// ones of the login stay valid.
func setCookie(w http.ResponseWriter, login string) {
	w.Header().Add("Set-Cookie", sessionCookie+"="+login+"."+random(110)+"%3D; Path=/; Secure; HttpOnly")
}

// sessionWriter adds a session cookie to a response with status 200.
type sessionWriter struct {
	http.ResponseWriter
	login string
	begun bool
}

func (s *sessionWriter) WriteHeader(status int) {
	if s.begun {
		return
	}
	if status >= 200 {
		s.begun = true
	}
	if status == http.StatusOK {
		setCookie(s.ResponseWriter, s.login)
	}
	s.ResponseWriter.WriteHeader(status)
}

func (s *sessionWriter) Write(p []byte) (int, error) {
	s.WriteHeader(http.StatusOK)
	return s.ResponseWriter.Write(p)
}

// Flush is for handlers that look for an [http.Flusher].
func (s *sessionWriter) Flush() {
	s.WriteHeader(http.StatusOK)
	_ = http.NewResponseController(s.ResponseWriter).Flush()
}

// Unwrap is for [http.ResponseController].
func (s *sessionWriter) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// random returns n random bytes in hexadecimal digits.
func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}

func uuid() string {
	r := random(16)
	return fmt.Sprintf("%s-%s-4%s-a%s-%s", r[:8], r[8:12], r[13:16], r[17:20], r[20:])
}
