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

	"github.com/zuora-go/zuora/internal/auth"
	"github.com/zuora-go/zuora/internal/backoff"
	"github.com/zuora-go/zuora/internal/flight"
	"github.com/zuora-go/zuora/internal/origin"
	"github.com/zuora-go/zuora/internal/redact"
	"github.com/zuora-go/zuora/internal/response"
)

// login is one try to log in.
type login struct {
	tried      *Credentials // nil if they were not sent
	generation *generation  // nil if the login failed
}

// login retrieves credentials and logs in with them. It passes a failure to f as soon as
// it is known.
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
		timeout.Stop() // it does not include the time of the store
		left := s.loginTimeout - time.Since(begun)
		return s.sharedLogin(ctx, c, func(ctx context.Context) (login, error) {
			timeout.Reset(left)
			defer timeout.Stop()
			return s.ownLogin(ctx, c, f)
		})
	}
	return s.ownLogin(ctx, c, f)
}

// ownLogin logs in with c, unless such a login has to wait.
func (s *Session) ownLogin(ctx context.Context, c Credentials, f *flight.Flight[login]) (login, error) {
	t := s.state()
	if wait := t.waitFor(c); wait.Err != nil {
		return login{}, newLoginError(wait)
	}
	failed := login{tried: &c}
	g, err := s.send(ctx, c, func(err error) {
		if !f.Failed(failed, err) { // the waiters have got a time-out already
			t.mu.Lock()
			defer t.mu.Unlock()
			t.wait(err, &c, time.Time{})
		}
	})
	if err != nil {
		return failed, err
	}
	return login{&c, g}, nil
}

// waitFor returns the backoff of a login with c.
func (t *state) waitFor(c Credentials) backoff.Wait {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.failed.For(c)
}

// wait sets the backoff after a login failed with err. tried is nil if no credentials
// were sent. If the login was to renew a token early, early is when the token expires, and
// the next login need not wait longer than that. t is locked.
func (t *state) wait(err error, tried *Credentials, early time.Time) backoff.Wait {
	var e *Error
	switch {
	case tried != nil && errors.Is(err, ErrUnauthenticated):
		return t.failed.FailedFor(*tried, err, 5*time.Minute) // three wrong tries can lock a user out
	case errors.Is(err, ErrRateLimited) && errors.As(err, &e):
		return t.failed.Failed(err, cmp.Or(response.Wait(e.Header.Get("Retry-After")), time.Minute))
	case !early.IsZero():
		t.failed.Failed(err, 0)
		return t.failed.AtMost(early)
	default:
		return t.failed.Failed(err, 0)
	}
}

// send makes the call that logs in. It uses no http.Client, because that would follow
// redirects. It only accepts a success with a session cookie or a token. If the status
// shows a failure, it calls failed at once.
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
	secrets := append(auth.SecretsSet(resp.Header["Set-Cookie"]), string(c.secret()))
	values := redact.New(secrets...)
	defer response.Discard(resp)
	if e := verdict(resp, response.Head{}, values, false); e != nil { // it counts even if the body never arrives
		failed(e)
		defer time.AfterFunc(2*time.Second, cancel).Stop()
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxLogin+1))
	whole := len(body) <= maxLogin
	plain := response.Plain(resp, response.Head{Bytes: body, Whole: whole}, maxLogin) // Base may not decompress
	plain.Bytes = bytes.TrimPrefix(plain.Bytes, []byte("\ufeff"))
	var token TokenResponse
	if c.oauth() {
		_ = json.Unmarshal(plain.Bytes, &token)
		values = redact.New(append(secrets, string(token.AccessToken))...)
	}
	came := fmt.Sprintf("zuora: POST %s%s: %d %s, %s, %d bytes", s.server, path, resp.StatusCode, http.StatusText(resp.StatusCode),
		cmp.Or(redact.Line(values.Head(resp.Header.Get("Content-Type"), maxLine), 60), "no Content-Type"), len(body))
	// The error does not keep the body, which may contain the secret in an unknown form.
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
		return newGeneration(c, begun, auth.JarOf(nil), t), nil
	}
	jar, err := s.jar(resp, plain.Bytes, values)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", came, err)
	}
	return newGeneration(c, begun, jar, nil), nil
}

// connect logs a user in.
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

// jar returns the cookies of a response, if there is a session cookie for s.
func (s *Session) jar(resp *http.Response, body []byte, values *redact.Values) (*auth.Jar, error) {
	var result CommonResponseType
	if json.Unmarshal(body, &result) != nil {
		return nil, errors.New("not the JSON of a login response")
	}
	if !result.Success {
		return nil, errors.New("success is not true")
	}
	all := resp.Cookies()
	jar := auth.NewJar(s.api.JoinPath("connections"), all)
	if !jar.Live(s.api.Path) {
		var names []string
		for _, c := range all[:min(len(all), 5)] {
			names = append(names, redact.Line(values.Head(c.Name, maxLine), 40))
		}
		return nil, fmt.Errorf("success without a %s cookie for %s (cookies in the response: %q)", auth.SessionCookie, s.origin, names)
	}
	return jar, nil
}

// createToken logs an OAuth client in.
func (s *Session) createToken(ctx context.Context, client Client, c Credentials) (*http.Response, error) {
	return client.CreateTokenWithFormdataBody(ctx, nil, TokenRequest{
		ClientID: c.ClientID, ClientSecret: string(c.ClientSecret), GrantType: TokenRequestGrantTypeClientCredentials,
	})
}

// bearer returns the token of a response, if it can be sent. If the response does not say
// when the token expires, the token is used until it is refused.
func (s *Session) bearer(r TokenResponse, values *redact.Values) (*auth.Token, error) {
	if r.TokenType != "" && !strings.EqualFold(r.TokenType, "bearer") {
		return nil, fmt.Errorf("its token_type is %q, not bearer", redact.Line(values.Head(r.TokenType, maxLine), 40))
	}
	seconds, _ := r.ExpiresIn.Float64()
	t := &auth.Token{Value: string(r.AccessToken), Life: auth.TokenLife(seconds)}
	err := t.Check()
	if err == nil && t.Life == 0 {
		s.log.Warn("zuora: the token does not say when it expires; it is used until it is refused", "expires_in", redact.Line(values.Head(string(r.ExpiresIn), maxLine), 40))
	}
	return t, err
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

// errNoResponse is an error of SessionConfig.Base.
var errNoResponse = errors.New("zuora: the transport returned neither a response nor an error")

// LoginError is returned by calls and by [Session.Connect] if there is no session
// because a login failed, now or earlier. Each caller gets an error of its own.
type LoginError struct {
	// Err is the cause. It is an [*Error] if Zuora refused the login, and its RetryAfter
	// is the time until Next. Otherwise it is an error of the [CredentialsProvider] or of
	// the transport.
	Err error

	// Next is when the next login may be tried, if a call needs one. If Zuora refused the
	// credentials, other credentials are tried at once.
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

// clone returns a copy for one caller, which may change it.
func (e *LoginError) clone() *LoginError {
	c := *e
	if z, ok := c.Err.(*Error); ok {
		z = z.clone()
		z.RetryAfter = max(0, time.Until(c.Next))
		c.Err = z
	}
	return &c
}
