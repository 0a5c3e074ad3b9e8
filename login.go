package zuora

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptrace"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"time"
)

// flight is a login on its way. When done is closed it has ended, in gen or in
// fail.
type flight struct {
	done   chan struct{}
	gen    *generation
	fail   func() error // makes an error of its own for each caller
	cancel func()
}

// takeOff starts a login, with the values of ctx but not its end. s.mu is held.
func (s *Session) takeOff(ctx context.Context) *flight {
	ctx, cancel := context.WithTimeout(untraced{context.WithoutCancel(ctx)}, s.loginTimeout)
	f := &flight{done: make(chan struct{})}
	// A provider or a transport that ignores its context holds up nobody.
	stop := context.AfterFunc(ctx, func() {
		s.land(f, nil, nil, fmt.Errorf("zuora: not done after %v (LoginTimeout): %w", s.loginTimeout, context.DeadlineExceeded))
	})
	f.cancel = func() { stop(); cancel() }
	s.flight.Store(f)
	go func() {
		var g *generation
		var tried *Credentials
		err := errors.New("zuora: the credentials provider or the transport ended its goroutine")
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("zuora: the credentials provider or the transport panicked with a %T", p)
				if r, ok := p.(runtime.Error); ok { // another value might hold a secret
					err = fmt.Errorf("zuora: the credentials provider or the transport panicked: %w", r)
				}
			}
			if err == nil || ctx.Err() == nil {
				s.land(f, g, tried, err)
			}
		}()
		g, tried, err = s.login(ctx)
	}()
	return f
}

// untraced is a context without its httptrace, which would be shown the headers
// of the login.
type untraced struct{ context.Context }

func (c untraced) Value(key any) any {
	v := c.Context.Value(key)
	if _, traced := v.(*httptrace.ClientTrace); traced {
		return nil
	}
	return v
}

// land ends f, if nothing has ended it before: with g, or with err, which came
// of trying these credentials, or of no try.
func (s *Session) land(f *flight, g *generation, tried *Credentials, err error) {
	s.mu.Lock()
	if s.flight.Load() != f {
		s.mu.Unlock()
		return
	}
	var failed *signInError
	if held, ok := err.(*signInError); ok { // of an earlier login
		s.settle(f, nil, held.again)
	} else if err != nil {
		var hold *holdBack
		hold, failed = s.held.Load().after(err, tried)
		s.held.Store(hold)
		s.settle(f, nil, failed.again)
	} else {
		s.logins++
		g.number = s.logins
		s.held.Store(nil)
		s.current.Store(g)
		s.settle(f, g, nil)
	}
	s.mu.Unlock()
	if failed != nil {
		s.log.Warn("zuora: sign-in failed; the next is held back", "error", failed.err, "until", failed.next)
	} else if err == nil {
		s.log.Info("zuora: signed in", "generation", g.number, "duration", time.Duration(s.clock().mono-g.mono.Load()))
	}
}

// settle hands a flight's end to those who wait for it. s.mu is held.
func (s *Session) settle(f *flight, g *generation, fail func() error) {
	f.gen, f.fail = g, fail
	s.flight.Store(nil)
	close(f.done)
	f.cancel()
}

// login asks for credentials and signs in with them. It returns those that it
// has tried.
func (s *Session) login(ctx context.Context) (*generation, *Credentials, error) {
	c, err := s.retrieve(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("zuora: retrieve credentials: %w", err)
	}
	if err := c.validate(); err != nil {
		return nil, nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	if held := s.held.Load().holds(&c); held != nil {
		return nil, nil, held
	}
	jar, _ := cookiejar.New(nil)
	g := &generation{jar: jar}
	g.used(s.clock())
	if err := s.signIn(ctx, c, jar); err != nil {
		return nil, &c, withoutSecret(err, string(c.SecretAccessKey))
	}
	return g, &c, nil
}

// signIn makes the call, follows no redirect of it, and accepts no answer but
// one that says success and leaves a session cookie in jar.
func (s *Session) signIn(ctx context.Context, c Credentials, jar http.CookieJar) error {
	client := Client{Server: s.server + "/", Client: &http.Client{
		Transport:     roundTripper(s.base),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Jar:           jar,
	}}
	optional := func(v string) *string {
		if v == "" {
			return nil
		}
		return &v
	}
	resp, err := client.PostConnections(ctx, &PostConnectionsParams{
		APIAccessKeyID:     c.AccessKeyID,
		APISecretAccessKey: c.SecretAccessKey,
		ContentType:        PostConnectionsParamsContentTypeApplicationJSON,
		ZuoraEntityIDs:     optional(s.entity.ID),
		EntityID:           optional(s.entity.LegacyID),
		EntityName:         optional(s.entity.LegacyName),
	})
	if err != nil {
		if u, ok := err.(*url.Error); ok {
			err = u.Err
		}
		return fmt.Errorf("zuora: POST %s/v1/connections: %w", s.server, err)
	}
	defer discard(resp.Body)
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxLogin+1))
	came := fmt.Sprintf("zuora: POST %s/v1/connections: %d %s, %s, %d bytes", s.server, resp.StatusCode, http.StatusText(resp.StatusCode),
		cmp.Or(printable(resp.Header.Get("Content-Type"), 60), "no Content-Type"), len(body))
	if failed := CheckResponse(resp, body); failed != nil {
		return failed
	}
	var answer CommonResponseType
	switch {
	case err != nil:
		return fmt.Errorf("%s, then: %w", came, err)
	case len(body) > maxLogin:
		return fmt.Errorf("%s and more: no answer to a sign-in", came)
	case resp.StatusCode/100 != 2 || !isJSON(resp.Header):
		return fmt.Errorf("%s: no answer to a sign-in", came)
	case json.Unmarshal(body, &answer) != nil:
		return fmt.Errorf("%s: not the JSON of an answer to a sign-in", came)
	case !answer.Success:
		return fmt.Errorf("%s: it does not say that success is true", came)
	}
	api, _ := url.Parse(s.server + "/v1/")
	if !slices.ContainsFunc(jar.Cookies(api), func(c *http.Cookie) bool { return c.Name == sessionCookie && c.Value != "" }) {
		var names []string
		for _, c := range resp.Cookies() {
			names = append(names, printable(c.Name, 40))
		}
		return fmt.Errorf("%s: success without a %s cookie for %s (cookies that came: %q)", came, sessionCookie, s.origin, names[:min(len(names), 5)])
	}
	return nil
}

const (
	sessionCookie = "ZSession"
	maxLogin      = 1 << 20 // bytes of a login's answer
)

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// withoutSecret is err without the secret, should an answer or a transport have
// repeated it.
func withoutSecret(err error, secret string) error {
	quoted, _ := json.Marshal(secret)
	hide := func(s string) string {
		s = strings.ReplaceAll(s, string(quoted[1:len(quoted)-1]), redacted)
		return strings.ReplaceAll(s, secret, redacted)
	}
	if e := (*Error)(nil); errors.As(err, &e) {
		e.Body = []byte(hide(string(e.Body)))
		e.ProcessID, e.RequestID = hide(e.ProcessID), hide(e.RequestID)
		for i, r := range e.Reasons {
			e.Reasons[i] = Reason{Code: ReasonCode(hide(string(r.Code))), Message: hide(r.Message)}
		}
		for _, values := range e.Header {
			for i, v := range values {
				values[i] = hide(v)
			}
		}
	}
	if text := err.Error(); hide(text) != text {
		return errors.New(hide(text))
	}
	return err
}

// holdBack keeps logins that failed from being tried again too soon.
type holdBack struct {
	failures int          // in a row
	all      *signInError // until its time no login is tried
	// Credentials that Zuora refused, of which three tries can lock a user out,
	// are held back by themselves, so that others are tried at once.
	refused map[Credentials]*signInError
}

// after is what takes the place of h, which may be nil, when a login with tried
// has ended in err, and the error to tell.
func (h *holdBack) after(err error, tried *Credentials) (*holdBack, *signInError) {
	if h == nil {
		h = new(holdBack)
	}
	now := time.Now()
	next := &holdBack{failures: h.failures + 1, refused: maps.Clone(h.refused)}
	maps.DeleteFunc(next.refused, func(_ Credentials, e *signInError) bool { return now.After(e.next) })
	if tried != nil && errors.Is(err, ErrUnauthenticated) {
		if next.refused == nil {
			next.refused = make(map[Credentials]*signInError)
		}
		e := &signInError{err, now.Add(5 * time.Minute)}
		next.refused[*tried] = e
		return next, e
	}
	wait := min(30*time.Second, time.Second<<min(h.failures, 5))
	wait += rand.N(wait / 4)
	if e := (*Error)(nil); errors.Is(err, ErrRateLimited) && errors.As(err, &e) {
		wait = cmp.Or(e.RetryAfter, time.Minute)
	}
	next.all = &signInError{err, now.Add(wait)}
	return next, next.all
}

// holds is the error to tell instead of trying a login, with c if that is not
// nil, and nil if it may be tried.
func (h *holdBack) holds(c *Credentials) *signInError {
	if h == nil {
		return nil
	}
	e := h.all
	if c != nil {
		e = h.refused[*c]
	}
	if e == nil || !time.Now().Before(e.next) {
		return nil
	}
	return e
}

// signInError is a failed login, and when the next will be tried.
type signInError struct {
	err  error
	next time.Time
}

func (e *signInError) Error() string {
	hint := ""
	if z := (*Error)(nil); errors.As(e.err, &z) && z.StatusCode/100 == 3 {
		hint = " (a sign-in follows no redirect)"
	}
	return fmt.Sprintf("zuora: sign-in failed: %s%s; next try not before %s",
		strings.TrimPrefix(e.err.Error(), "zuora: "), hint, e.next.UTC().Format(time.RFC3339))
}

func (e *signInError) Unwrap() error { return e.err }

// again is e for one more caller, who may do with it what he likes.
func (e *signInError) again() error {
	if z, ok := e.err.(*Error); ok {
		z = z.clone()
		z.RetryAfter = max(0, time.Until(e.next))
		return &signInError{z, e.next}
	}
	return &signInError{e.err, e.next}
}
