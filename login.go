package zuora

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/zuora-go/zuora/internal/backoff"
	"github.com/zuora-go/zuora/internal/bearer"
	"github.com/zuora-go/zuora/internal/cookies"
	"github.com/zuora-go/zuora/internal/flight"
	"github.com/zuora-go/zuora/internal/origin"
	"github.com/zuora-go/zuora/internal/redact"
	"github.com/zuora-go/zuora/internal/response"
)

// login is one try: the credentials, if it came as far as sending them, and the
// generation that it brought about, if it did.
type login struct {
	tried      *Credentials
	generation *generation
}

// login asks for credentials and logs in with them. f is told early if that fails.
func (s *Session) login(ctx context.Context, f *flight.Flight[login]) (login, error) {
	begun, timeout := time.Now(), time.AfterFunc(s.loginTimeout, f.Expire)
	defer timeout.Stop()
	c, err := s.retrieve(ctx)
	if err != nil {
		return login{}, fmt.Errorf("zuora: retrieve credentials: %w", s.values(nil, string(c.SecretAccessKey), string(c.ClientSecret)).Error(err))
	}
	if err := c.validate(s.entity); err != nil {
		return login{}, err
	}
	if err := ctx.Err(); err != nil {
		return login{}, err
	}
	if s.fleet != nil {
		timeout.Stop() // what the store takes is not the login's
		left := s.loginTimeout - time.Since(begun)
		return s.sharedLogin(ctx, c, func(ctx context.Context) (login, error) {
			timeout.Reset(left)
			defer timeout.Stop()
			return s.ownLogin(ctx, c, f)
		})
	}
	return s.ownLogin(ctx, c, f)
}

// ownLogin logs in with c, unless that has to wait.
func (s *Session) ownLogin(ctx context.Context, c Credentials, f *flight.Flight[login]) (login, error) {
	t := s.state()
	if wait := t.waitFor(c); wait.Err != nil {
		return login{}, newLoginError(wait)
	}
	failed := login{tried: &c}
	g, err := s.send(ctx, c, func(err error) {
		if !f.Failed(failed, err) { // the callers have been told of a time-out
			t.mu.Lock()
			defer t.mu.Unlock()
			t.wait(err, &c)
		}
	})
	if err != nil {
		return failed, err
	}
	return login{&c, g}, nil
}

// waitFor returns what a login with c has to wait for.
func (t *state) waitFor(c Credentials) backoff.Wait {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.failed.For(c)
}

// wait sets how long logins have to wait after one, with the credentials tried if it
// came so far, failed with err. t is locked.
func (t *state) wait(err error, tried *Credentials) backoff.Wait {
	var e *Error
	switch {
	case tried != nil && errors.Is(err, ErrUnauthenticated):
		return t.failed.FailedFor(*tried, err, 5*time.Minute) // three wrong tries can lock a user out
	case errors.Is(err, ErrRateLimited) && errors.As(err, &e):
		return t.failed.Failed(err, cmp.Or(response.Wait(e.Header.Get("Retry-After")), time.Minute))
	default:
		return t.failed.Failed(err, 0)
	}
}

// send makes the call, without an http.Client, because that would follow redirects.
// It accepts no response except one that says success and brings a session cookie or a
// token, and calls failed as soon as the status says so.
func (s *Session) send(ctx context.Context, c Credentials, failed func(error)) (*generation, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	call, path := s.connect, origin.Connections
	if c.oauth() {
		call, path = s.createToken, origin.Token
	}
	begun := s.clock.Now()
	resp, err := call(ctx, Client{Server: s.server + "/", Client: doer(s.base)}, c)
	if err != nil {
		return nil, fmt.Errorf("zuora: POST %s%s: %w", s.server, path, redact.New(string(c.secret())).Error(err))
	}
	secrets := append(cookies.Set(resp.Header["Set-Cookie"]), string(c.secret()))
	values := redact.New(secrets...)
	defer response.Discard(resp)
	if e := verdict(resp, response.Head{}, values, false); e != nil { // which stands, though the body may never come
		failed(e)
		defer time.AfterFunc(2*time.Second, cancel).Stop()
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxLogin+1))
	whole := len(body) <= maxLogin
	plain := response.Plain(resp, response.Head{Bytes: body, Whole: whole}, maxLogin) // Base may leave that to others
	plain.Bytes = bytes.TrimPrefix(plain.Bytes, []byte("\ufeff"))
	var token TokenResponse
	if c.oauth() {
		_ = json.Unmarshal(plain.Bytes, &token)
		values = redact.New(append(secrets, string(token.AccessToken))...)
	}
	came := fmt.Sprintf("zuora: POST %s%s: %d %s, %s, %d bytes", s.server, path, resp.StatusCode, http.StatusText(resp.StatusCode),
		cmp.Or(redact.Line(values.Head(resp.Header.Get("Content-Type"), maxLine), 60), "no Content-Type"), len(body))
	// The body is not kept: it may show the secret in a way that nobody has thought of.
	if failed := verdict(resp, response.Head{Bytes: body[:min(len(body), response.MaxJudged)], Whole: err == nil && len(body) <= response.MaxJudged}, values, false); failed != nil {
		return nil, failed
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s, then: %w", came, values.Error(err))
	case !whole:
		return nil, fmt.Errorf("%s and more: not a login response", came)
	case !plain.Whole || resp.StatusCode/100 != 2 || !response.IsJSON(resp.Header):
		return nil, fmt.Errorf("%s: not a login response", came)
	case !json.Valid(plain.Bytes):
		return nil, fmt.Errorf("%s: not the JSON of a login response", came)
	}
	if c.oauth() {
		t, err := s.bearer(token, values)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", came, err)
		}
		t.Begun = time.Unix(0, begun.Wall)
		return newGeneration(c, begun, cookies.Of(nil), t), nil
	}
	var answer CommonResponseType
	switch {
	case json.Unmarshal(plain.Bytes, &answer) != nil:
		return nil, fmt.Errorf("%s: not the JSON of a login response", came)
	case !answer.Success:
		return nil, fmt.Errorf("%s: it does not say that success is true", came)
	}
	jar := cookies.New(s.api.JoinPath("connections"), resp.Cookies())
	if !jar.Live(s.api.Path) {
		var names []string
		all := resp.Cookies()
		for _, c := range all[:min(len(all), 5)] {
			names = append(names, redact.Line(values.Head(c.Name, maxLine), 40))
		}
		return nil, fmt.Errorf("%s: success without a %s cookie for %s (cookies that came: %q)", came, cookies.Session, s.origin, names)
	}
	return newGeneration(c, begun, jar, nil), nil
}

// connect sends the login of a user.
func (s *Session) connect(ctx context.Context, client Client, c Credentials) (*http.Response, error) {
	optional := func(v string) *string {
		if v == "" {
			return nil
		}
		return &v
	}
	return client.PostConnections(ctx, &PostConnectionsParams{
		APIAccessKeyID:     c.AccessKeyID,
		APISecretAccessKey: c.SecretAccessKey,
		ContentType:        PostConnectionsParamsContentTypeApplicationJSON,
		ZuoraEntityIDs:     optional(s.entity.ID),
		EntityID:           optional(s.entity.LegacyID),
		EntityName:         optional(s.entity.LegacyName),
	})
}

// createToken sends the login of an OAuth client.
func (s *Session) createToken(ctx context.Context, client Client, c Credentials) (*http.Response, error) {
	return client.CreateTokenWithFormdataBody(ctx, nil, TokenRequest{
		ClientID: c.ClientID, ClientSecret: string(c.ClientSecret), GrantType: TokenRequestGrantTypeClientCredentials,
	})
}

// bearer returns the token of a response, if it is one that can be sent. A token
// that does not say when it expires is used until it is refused.
func (s *Session) bearer(r TokenResponse, values *redact.Values) (*bearer.Token, error) {
	if r.TokenType != "" && !strings.EqualFold(r.TokenType, "bearer") {
		return nil, fmt.Errorf("its token_type is %q, not bearer", redact.Line(values.Head(r.TokenType, maxLine), 40))
	}
	seconds, _ := r.ExpiresIn.Float64()
	t := &bearer.Token{Value: string(r.AccessToken), Life: bearer.Life(seconds)}
	if t.Life == 0 {
		s.log.Warn("zuora: the token does not say when it expires; it is used until it is refused", "expires_in", redact.Line(values.Head(string(r.ExpiresIn), maxLine), 40))
	}
	return t, t.Check()
}

const maxLogin = 1 << 20 // bytes of a login response

type doer func(*http.Request) (*http.Response, error)

func (d doer) Do(r *http.Request) (*http.Response, error) {
	resp, err := d(r)
	if err == nil && resp == nil {
		return nil, errNoResponse
	}
	if err != nil {
		return nil, err
	}
	if resp.Body == nil {
		resp.Body = http.NoBody
	}
	resp.Request = r
	return resp, nil
}

// errNoResponse is a fault of SessionConfig.Base.
var errNoResponse = errors.New("zuora: the transport returned neither a response nor an error")

// LoginError is returned by calls, and by [Session.Connect], that have no session
// because a login failed, just now or earlier. It is the caller's own.
type LoginError struct {
	// Err is why: an [*Error] if Zuora refused the login, whose RetryAfter is then
	// the time until Next, or else an error of the [CredentialsProvider] or of the
	// transport.
	Err error

	// Next is when the session will try to log in again, if a call needs it. If the
	// credentials were refused, others are tried at once.
	Next time.Time
}

// Error returns one line: why the login failed, and when the next try is due.
func (e *LoginError) Error() string {
	cause := "no cause"
	if e.Err != nil {
		cause = strings.TrimPrefix(e.Err.Error(), "zuora: ")
	}
	if z := (*Error)(nil); errors.As(e.Err, &z) && z.StatusCode/100 == 3 {
		cause += " (a login follows no redirect)"
	}
	return fmt.Sprintf("zuora: login failed: %s; next try not before %s", cause, e.Next.UTC().Format(time.RFC3339))
}

// Unwrap returns e.Err.
func (e *LoginError) Unwrap() error { return e.Err }

func newLoginError(w backoff.Wait) *LoginError { return &LoginError{w.Err, w.Next} }

// clone returns a copy for one caller, who may change what is in it.
func (e *LoginError) clone() *LoginError {
	c := *e
	if z, ok := c.Err.(*Error); ok {
		z = z.clone()
		z.RetryAfter = max(0, time.Until(c.Next))
		c.Err = z
	}
	return &c
}
