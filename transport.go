package zuora

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"
)

// Transport returns the session as a round tripper, to compose with others. It
// puts the session's cookies, and [Entity.ID], on each request, signs in where
// there is need, and sends a call that the end of the session has made fail
// once more. It refuses requests to any other origin than the session's.
func (s *Session) Transport() http.RoundTripper { return transport{s} }

type transport struct{ session *Session }

func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	return t.session.roundTrip(req)
}

// CloseIdleConnections is what http.Client.CloseIdleConnections calls.
func (t transport) CloseIdleConnections() { t.session.closeIdle() }

func (s *Session) roundTrip(req *http.Request) (*http.Response, error) {
	if err := s.refuse(req); err != nil {
		closeBody(req.Body)
		return nil, err
	}
	g, err := s.acquire(req.Context())
	if err != nil {
		closeBody(req.Body)
		return nil, err
	}
	resp, ended, err := s.attempt(req, req.Body, g)
	if !ended || !s.renewable(g) {
		return resp, err
	}
	body, replayable := rewind(req)
	if !replayable {
		if now := s.clock().mono; now >= s.keepUntil.Load() {
			s.keepUntil.Store(now + int64(refusalHold))
			s.drop(g, "refused")
		}
		return resp, nil
	}
	discard(resp.Body)
	s.drop(g, "refused")
	next, err := s.acquire(req.Context())
	if err != nil {
		closeBody(body)
		return nil, err
	}
	s.log.Info("zuora: call replayed", "method", req.Method, "generation", next.number)
	resp, ended, err = s.attempt(req, body, next)
	if ended {
		next.refusalsUntil.Store(s.clock().mono + int64(refusalHold))
	}
	return resp, err
}

// refusalHold is how long a session that was just renewed counts as good,
// whatever a resource says of it.
const refusalHold = 10 * time.Second

// refuse says why req is not to be sent on this session at all.
func (s *Session) refuse(req *http.Request) error {
	if req.URL == nil {
		return errors.New("zuora: request without a URL")
	}
	to := originOf(req.URL)
	if to == s.origin && req.Host != "" && req.Host != req.URL.Host {
		to = originOf(&url.URL{Scheme: req.URL.Scheme, Host: req.Host})
	}
	if to != s.origin {
		return fmt.Errorf("zuora: the session is for %s only; request to %s not sent", s.origin, to)
	}
	if req.Method == http.MethodPost && strings.HasSuffix(path.Clean("/"+req.URL.Path), "/v1/connections") {
		return errors.New("zuora: a session signs in by itself, or by Connect; POST /v1/connections not sent")
	}
	return nil
}

// origin is a scheme, a host and a port, in lower case and complete.
type origin struct{ scheme, host, port string }

func (o origin) String() string { return o.scheme + "://" + o.host + ":" + o.port }

func originOf(u *url.URL) origin {
	o := origin{strings.ToLower(u.Scheme), strings.ToLower(u.Hostname()), u.Port()}
	if o.port == "" && o.scheme == "https" {
		o.port = "443"
	} else if o.port == "" && o.scheme == "http" {
		o.port = "80"
	}
	return o
}

// attempt sends req once, with body, as part of g, and reports whether the
// answer tells that g has ended.
func (s *Session) attempt(req *http.Request, body io.ReadCloser, g *generation) (resp *http.Response, ended bool, err error) {
	sent := s.clock()
	out := req.WithContext(req.Context()) // a shallow copy
	out.Body = body
	out.Header = req.Header.Clone()
	if out.Header == nil {
		out.Header = http.Header{}
	}
	if s.entity.ID != "" && out.Header.Get(entityHeader) == "" {
		out.Header.Set(entityHeader, s.entity.ID)
	}
	addCookies(out, g.jar.Cookies(req.URL))
	if resp, err = s.base(out); err != nil {
		return nil, false, err
	}
	resp.Request = req // as it came, without cookies
	if ended = sessionEnded(resp); ended {
		return resp, true, nil
	}
	if cookies := resp.Cookies(); len(cookies) > 0 && !idempotent(req.Header) {
		g.jar.SetCookies(req.URL, cookies)
	}
	if resp.StatusCode < 500 && resp.StatusCode != http.StatusTooManyRequests {
		g.used(sent)
	}
	return resp, false, nil
}

const entityHeader = "Zuora-Entity-Ids"

// idempotent reports whether h has an Idempotency-Key, in whatever case. For a
// key that it knows Zuora repeats an old answer, cookies and all.
func idempotent(h http.Header) bool {
	for name := range h {
		if strings.EqualFold(name, "Idempotency-Key") {
			return true
		}
	}
	return false
}

// addCookies puts the session's cookies on req, in the place of any of the same
// names: a jar of the caller's may have kept older ones.
func addCookies(req *http.Request, cookies []*http.Cookie) {
	if _, any := req.Header["Cookie"]; any {
		own := req.Cookies()
		req.Header.Del("Cookie")
		for _, c := range own {
			if !slices.ContainsFunc(cookies, func(s *http.Cookie) bool { return s.Name == c.Name }) {
				req.AddCookie(c)
			}
		}
	}
	for _, c := range cookies {
		req.AddCookie(c)
	}
}

// renewable reports whether a refusal is reason to renew g. Where a call was
// refused again on a new session, it is the resource that refuses.
func (s *Session) renewable(g *generation) bool {
	return s.current.Load() != g || s.clock().mono >= g.refusalsUntil.Load()
}

// rewind returns req's body from its beginning, if it can be had.
func rewind(req *http.Request) (io.ReadCloser, bool) {
	if req.Body == nil || req.Body == http.NoBody {
		return req.Body, true
	}
	if req.GetBody == nil {
		return nil, false
	}
	body, err := req.GetBody()
	return body, err == nil
}

// discard reads what little is left of body, for the connection's sake, and
// closes it.
func discard(body io.ReadCloser) {
	late := time.AfterFunc(time.Second, func() { _ = body.Close() })
	defer late.Stop()
	_, _ = io.CopyN(io.Discard, body, sessionLook)
	_ = body.Close()
}

func closeBody(body io.ReadCloser) {
	if body != nil {
		_ = body.Close()
	}
}
