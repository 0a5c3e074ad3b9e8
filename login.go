package zuora

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/zuora-go/zuora/internal/brief"
	"github.com/zuora-go/zuora/internal/holdback"
	"github.com/zuora-go/zuora/internal/limits"
	"github.com/zuora-go/zuora/internal/peek"
)

// login is one try: the credentials, if it came as far as sending them, and the
// generation that it brought about, if it did.
type login struct {
	tried      *Credentials
	generation *generation
}

// login asks for credentials and signs in with them.
func (s *Session) login(ctx context.Context) (login, error) {
	c, err := s.retrieve(ctx)
	if err != nil {
		if c.SecretAccessKey != "" {
			err = withoutSecret(err, c.SecretAccessKey)
		}
		return login{}, fmt.Errorf("zuora: retrieve credentials: %w", err)
	}
	if err := c.validate(); err != nil {
		return login{}, err
	}
	if err := ctx.Err(); err != nil {
		return login{}, err
	}
	if s.fleet != nil {
		return s.sharedLogin(ctx, c)
	}
	return s.ownLogin(ctx, c)
}

// ownLogin signs in with c, unless that is held back.
func (s *Session) ownLogin(ctx context.Context, c Credentials) (login, error) {
	if held := s.heldBack(c); held.Err != nil {
		return login{}, newSignInError(held)
	}
	jar, _ := cookiejar.New(nil)
	sent := s.clock.Now()
	g := &generation{jar: jar, born: sent.Mono}
	g.Used(sent)
	if err := s.signIn(ctx, c, jar); err != nil {
		return login{tried: &c}, err
	}
	return login{&c, g}, nil
}

// land puts a login's generation in force, or its failure on the book, and
// returns what to tell those who wait.
func (s *Session) land(l login, err error) (login, func() error) {
	if err == context.DeadlineExceeded {
		err = fmt.Errorf("zuora: not done after %v (LoginTimeout): %w", s.loginTimeout, err)
	}
	var held holdback.Entry
	again, known := err.(*signInError) // what an earlier login said
	if known {
		held = again.Entry
	} else if err != nil {
		held = s.hold(err, l.tried)
	}
	if !s.settle(l) {
		return login{}, func() error { return ErrSessionClosed }
	}
	if err == nil {
		s.log.Info("zuora: signed in", "generation", l.generation.number,
			"duration", time.Duration(s.clock.Now().Mono-l.generation.Mono.Load()))
		return l, nil
	}
	if !known {
		s.log.Warn("zuora: sign-in failed; the next is held back", "error", held.Err, "until", held.Next)
	}
	return login{}, func() error { return newSignInError(held) }
}

// heldBack is what forbids a login with c.
func (s *Session) heldBack(c Credentials) holdback.Entry {
	book := s.held.Load()
	if held := book.Held(); held.Err != nil {
		return held
	}
	return book.HeldFor(c)
}

// hold notes that a login failed.
func (s *Session) hold(err error, tried *Credentials) holdback.Entry {
	var e *Error
	switch book := s.held.Load(); {
	case tried != nil && errors.Is(err, ErrUnauthenticated):
		return book.FailedFor(*tried, err, 5*time.Minute) // three wrong tries can lock a user out
	case errors.Is(err, ErrRateLimited) && errors.As(err, &e):
		return book.Failed(err, cmp.Or(limits.Wait(e.Header.Get("Retry-After")), time.Minute))
	default:
		return book.Failed(err, 0)
	}
}

// settle ends the flight, with l's generation in force if it has one, and reports
// whether the session is still open.
func (s *Session) settle(l login) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flight.Store(nil)
	if l.generation != nil && !s.closed {
		s.logins++
		l.generation.number = s.logins
		if l.tried != nil {
			s.held.Load().Succeeded(*l.tried)
		}
		s.current.Store(l.generation)
	}
	return !s.closed
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
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
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
		return fmt.Errorf("zuora: POST %s/v1/connections: %w", s.server, withoutSecret(err, c.SecretAccessKey))
	}
	defer peek.Discard(resp, sessionLook)
	if resp.StatusCode/100 != 2 { // what it says by that stands, though the body may never come
		defer time.AfterFunc(2*time.Second, cancel).Stop()
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxLogin+1))
	came := fmt.Sprintf("zuora: POST %s/v1/connections: %d %s, %s, %d bytes", s.server, resp.StatusCode, http.StatusText(resp.StatusCode),
		cmp.Or(brief.Line(brief.Hide(string(c.SecretAccessKey), resp.Header.Get("Content-Type")), 60), "no Content-Type"), len(body))
	if failed := CheckResponse(resp, body); failed != nil {
		if e, ok := failed.(*Error); ok && max(len(body), len(e.Body)) >= failureLook { // half the secret may stand at its end
			e.Body = e.Body[:max(0, len(e.Body)-6*len(c.SecretAccessKey))] // as long as escapes make it
		}
		return withoutSecret(failed, c.SecretAccessKey)
	}
	whole := len(body) <= maxLogin
	body, plain := peek.Plain(resp, body, whole, maxLogin) // Base may leave that to others
	var answer CommonResponseType
	switch {
	case err != nil:
		return fmt.Errorf("%s, then: %w", came, withoutSecret(err, c.SecretAccessKey))
	case !whole:
		return fmt.Errorf("%s and more: not a login response", came)
	case !plain || resp.StatusCode/100 != 2 || !peek.IsJSON(resp.Header):
		return fmt.Errorf("%s: not a login response", came)
	case json.Unmarshal(body, &answer) != nil:
		return fmt.Errorf("%s: not the JSON of a login response", came)
	case !answer.Success:
		return fmt.Errorf("%s: it does not say that success is true", came)
	}
	if !slices.ContainsFunc(jar.Cookies(s.api), func(c *http.Cookie) bool { return c.Name == sessionCookie && c.Value != "" }) {
		var names []string
		for _, came := range resp.Cookies() {
			names = append(names, brief.Line(brief.Hide(string(c.SecretAccessKey), came.Name), 40))
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

// withoutSecret is err, of an answer or a transport, without the secret that it
// may have repeated.
func withoutSecret(err error, secret Secret) error {
	e, ok := err.(*Error)
	if !ok {
		if text := err.Error(); brief.Hide(string(secret), text) != text {
			return errors.New(brief.Hide(string(secret), text))
		}
		return err
	}
	e.Body = []byte(brief.Hide(string(secret), string(e.Body)))
	e.ProcessID, e.RequestID = brief.Hide(string(secret), e.ProcessID), brief.Hide(string(secret), e.RequestID)
	for i, r := range e.Reasons {
		e.Reasons[i].Message = brief.Hide(string(secret), r.Message)
		if r.Code.Category() == 0 { // which no secret changes
			e.Reasons[i].Code = ReasonCode(brief.Hide(string(secret), string(r.Code)))
		}
	}
	for _, values := range e.Header {
		for i, v := range values {
			values[i] = brief.Hide(string(secret), v)
		}
	}
	return err
}

// signInError is a failed login, and when the next will be tried.
type signInError struct{ holdback.Entry }

// newSignInError makes an error for one caller, who may do with it what he
// likes.
func newSignInError(held holdback.Entry) error {
	if e, ok := held.Err.(*Error); ok {
		e = e.clone()
		e.RetryAfter = max(0, time.Until(held.Next))
		held.Err = e
	}
	return &signInError{held}
}

func (e *signInError) Error() string {
	hint := ""
	if z := (*Error)(nil); errors.As(e.Err, &z) && z.StatusCode/100 == 3 {
		hint = " (a sign-in follows no redirect)"
	}
	return fmt.Sprintf("zuora: sign-in failed: %s%s; next try not before %s",
		strings.TrimPrefix(e.Err.Error(), "zuora: "), hint, e.Next.UTC().Format(time.RFC3339))
}

func (e *signInError) Unwrap() error { return e.Err }
