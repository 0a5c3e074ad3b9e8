package zuoratest

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/zuora-go/zuora"
)

// Config says how a tenant behaves. The zero value is a tenant with one user
// who may do everything.
type Config struct {
	// Credentials are the user's. Zero: made up, see [Tenant.Credentials].
	Credentials zuora.Credentials

	// Entities are those that the user may work in, each with the names it goes
	// by. Nil: any.
	Entities []zuora.Entity

	// SessionTimeout is how long a session may go unused. 0: 15 minutes,
	// Zuora's default.
	SessionTimeout time.Duration

	// LoginLimit is how many sign-ins a minute are let through; the others are
	// answered as [RateLimited]. 0: no limit. Zuora's own is 100 from one
	// address.
	LoginLimit int
}

// Tenant is a stand-in for a Zuora tenant. It is an [http.Handler] that answers
// POST /v1/connections, with any path before it, and lets requests with a
// session through to the handlers that the test has registered. It is safe for
// use by many goroutines at once.
type Tenant struct {
	cfg    Config
	mux    *http.ServeMux
	memory memory

	mu        sync.Mutex // over what follows
	intercept func(*http.Request) http.Handler
	sessions  map[string]time.Time // when each was last used, by login
	tokens    map[string]time.Time // when each ends
	logins    int
	admitted  []time.Time // sign-ins of the last minute
}

// NewTenant returns a tenant. [NewServer] is one that listens already.
func NewTenant(cfg Config) *Tenant {
	if cfg.Credentials == (zuora.Credentials{}) {
		cfg.Credentials = zuora.Credentials{AccessKeyID: "api.user@example.com", SecretAccessKey: zuora.Secret("pass word " + random(12))}
	}
	cfg.SessionTimeout = cmp.Or(cfg.SessionTimeout, 15*time.Minute)
	return &Tenant{cfg: cfg, mux: http.NewServeMux(), sessions: map[string]time.Time{}, tokens: map[string]time.Time{}}
}

// Credentials returns those that the tenant lets in.
func (t *Tenant) Credentials() zuora.Credentials { return t.cfg.Credentials }

// Handle registers h for requests of pattern, as [http.ServeMux.Handle] does.
// h is asked only for requests with a session in force, or with a token of
// /oauth/token; all others get [Unauthorized]. To an answer of status 200 on a
// session a new session cookie is added, as Zuora does.
func (t *Tenant) Handle(pattern string, h http.Handler) { t.mux.Handle(pattern, h) }

// HandleFunc is [Tenant.Handle] for a function.
func (t *Tenant) HandleFunc(pattern string, h func(http.ResponseWriter, *http.Request)) {
	t.Handle(pattern, http.HandlerFunc(h))
}

// Intercept sets a function that is asked at every request, sign-ins included,
// and whose handler answers in the tenant's place; where it returns nil, the
// tenant answers as usual. nil takes it away.
func (t *Tenant) Intercept(f func(*http.Request) http.Handler) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.intercept = f
}

// Expire ends all sessions, as the session timeout does.
func (t *Tenant) Expire() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.sessions)
}

// Logins returns how many times POST /v1/connections was called, successfully
// or not.
func (t *Tenant) Logins() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.logins
}

// ServeHTTP answers a request.
func (t *Tenant) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// Reading an unread body to its end is left to net/http, as on a real server.
	w.Header().Set("Zuora-Request-Id", uuid())
	if track := r.Header.Get("Zuora-Track-Id"); track != "" && len(track) <= 64 && !strings.ContainsAny(track, `:;"'`) {
		w.Header().Set("Zuora-Track-Id", track)
	}
	login := r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/v1/connections")
	t.mu.Lock()
	if login {
		t.logins++
	}
	intercept := t.intercept
	t.mu.Unlock()
	if intercept != nil {
		if h := intercept(r); h != nil {
			h.ServeHTTP(w, r)
			return
		}
	}
	switch id, ok := t.session(r); {
	case login:
		t.login(w, r)
	case r.Method == http.MethodPost && r.URL.Path == "/oauth/token":
		t.token(w, r)
	case ok:
		a := &answer{ResponseWriter: w, login: id}
		t.mux.ServeHTTP(a, r)
		a.WriteHeader(http.StatusOK)
	case t.authorized(r):
		t.mux.ServeHTTP(w, r)
	default:
		Unauthorized().ServeHTTP(w, r)
	}
}

// login answers POST /v1/connections. How Zuora words its refusal of a request
// that is not as described is not known; the tenant's is made up.
func (t *Tenant) login(w http.ResponseWriter, r *http.Request) {
	h := r.Header
	entity := zuora.Entity{ID: h.Get("Zuora-Entity-Ids"), LegacyID: h.Get("entityId"), LegacyName: h.Get("entityName")}
	switch {
	case !t.admit():
		RateLimited().ServeHTTP(w, r)
	case h.Get("Content-Type") != "application/json":
		Failed(http.StatusBadRequest, "90000090", "the header Content-Type must be application/json").ServeHTTP(w, r)
	case h.Get("apiAccessKeyId") != t.cfg.Credentials.AccessKeyID || h.Get("apiSecretAccessKey") != string(t.cfg.Credentials.SecretAccessKey):
		Unauthorized().ServeHTTP(w, r)
	case !t.mayEnter(h, entity):
		Failed(http.StatusBadRequest, "90000020", "name one entity, by one header, that the user may work in").ServeHTTP(w, r)
	default:
		id := random(16)
		t.mu.Lock()
		t.sessions[id] = time.Now()
		t.mu.Unlock()
		setCookie(w, id)
		w.Header().Set("Content-Type", jsonType)
		_, _ = io.WriteString(w, "{\n  \"success\" : true\n}")
	}
}

func (t *Tenant) mayEnter(h http.Header, e zuora.Entity) bool {
	named := 0
	for _, name := range []string{"Zuora-Entity-Ids", "entityId", "entityName"} {
		if values := h.Values(name); len(values) > 1 || len(values) == 1 && values[0] == "" {
			return false
		} else if len(values) == 1 {
			named++
		}
	}
	return named == 0 || named == 1 && (t.cfg.Entities == nil || slices.ContainsFunc(t.cfg.Entities, func(c zuora.Entity) bool {
		return e.ID != "" && e.ID == c.ID || e.LegacyID != "" && e.LegacyID == c.LegacyID || e.LegacyName != "" && e.LegacyName == c.LegacyName
	}))
}

// admit reports whether the login limit leaves room for one more.
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

// session finds the session in force that r is part of, and notes its use.
func (t *Tenant) session(r *http.Request) (id string, ok bool) {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range r.CookiesNamed("ZSession") {
		id, _, _ := strings.Cut(c.Value, ".")
		if used, known := t.sessions[id]; known && now.Sub(used) < t.cfg.SessionTimeout {
			t.sessions[id] = now
			return id, true
		}
	}
	return "", false
}

// setCookie adds a session cookie as Zuora's are: new each time, though older
// ones of the login go on working.
func setCookie(w http.ResponseWriter, login string) {
	w.Header().Add("Set-Cookie", "ZSession="+login+"."+random(110)+"%3D; Path=/; Secure; HttpOnly")
}

// answer adds a session cookie to an answer of status 200.
type answer struct {
	http.ResponseWriter
	login string
	begun bool
}

func (a *answer) WriteHeader(status int) {
	if a.begun {
		return
	}
	if status >= 200 {
		a.begun = true
	}
	if status == http.StatusOK {
		setCookie(a.ResponseWriter, a.login)
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.ResponseWriter.Write(p)
}

// Flush is for handlers that look for an [http.Flusher].
func (a *answer) Flush() {
	a.WriteHeader(http.StatusOK)
	_ = http.NewResponseController(a.ResponseWriter).Flush()
}

// Unwrap is for [http.ResponseController].
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// random is n random bytes in hexadecimal digits.
func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}

func uuid() string {
	r := random(16)
	return fmt.Sprintf("%s-%s-4%s-a%s-%s", r[:8], r[8:12], r[13:16], r[17:20], r[20:])
}
