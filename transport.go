package zuora

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/zuora-go/zuora/internal/origin"
	"github.com/zuora-go/zuora/internal/response"
)

// Transport returns the session as a round tripper, to combine with others. It adds the
// session's cookies or token, its headers and [Entity.ID] to each request, logs in when
// that is necessary, and replays a call if the session has expired. It refuses requests
// to other origins, and requests that log in: use [Session.Connect] instead.
func (s *Session) Transport() http.RoundTripper { return transport{s} }

type transport struct{ session *Session }

// Format prints the session's server, as [Session.Format] does.
func (t transport) Format(f fmt.State, verb rune) { t.session.Format(f, verb) }

func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	return t.session.roundTrip(req)
}

// CloseIdleConnections is called by http.Client.CloseIdleConnections.
func (t transport) CloseIdleConnections() { t.session.closeIdle() }

func (s *Session) roundTrip(req *http.Request) (*http.Response, error) {
	if err := s.refuse(req); err != nil {
		closeBody(req.Body)
		return nil, err
	}
	body, seen := req.Body, 0
	for sent := 1; ; sent++ {
		u, err := s.acquire(req.Context())
		if err != nil {
			closeBody(body)
			return nil, err
		}
		if sent > 1 {
			s.log.Info("zuora: call replayed", "method", req.Method, "generation", u.number)
		}
		resp, end, err := s.attempt(req, body, u)
		if err != nil {
			return nil, err
		}
		if end == response.NotExpired {
			if useful(resp) {
				s.state().succeeded(req.URL.Path, sent > 1)
			}
			return resp, nil
		}
		replayable := end == response.Expired && sent < mostSent && canRewind(req)
		again := false
		if again, seen = s.refused(u, req.URL.Path, seen, replayable); again {
			body, again = rewind(req)
		}
		if !again {
			return resp, nil
		}
		response.Discard(resp)
	}
}

// mostSent is the limit for sending a call: once on a session that has expired, twice on
// borrowed sessions, once on a session of its own, and once more if that was replaced in
// the meantime.
const mostSent = 5

// refuse returns an error if req must not be sent on this session.
func (s *Session) refuse(req *http.Request) error {
	if req.URL == nil {
		return errors.New("zuora: request without a URL")
	}
	to := s.origin // without parsing, if the URL spells it as the server does
	if req.URL.Host != s.api.Host || req.URL.Scheme != s.api.Scheme {
		to = origin.Of(req.URL)
	}
	if to == s.origin && req.Host != "" && req.Host != req.URL.Host {
		to = origin.Of(&url.URL{Scheme: req.URL.Scheme, Host: req.Host})
	}
	if to != s.origin {
		return fmt.Errorf("zuora: the session is for %s only; request to %s not sent", s.origin, to)
	}
	if req.URL.Opaque != "" {
		return errors.New("zuora: request with an opaque URL not sent")
	}
	if req.Method == http.MethodPost && origin.IsLogin(req.URL) {
		return errors.New("zuora: a session logs in by itself, or by Connect; the request to log in was not sent")
	}
	return nil
}

// attempt sends req once, with body, on u. It returns the response, and whether that says
// that the session has expired.
func (s *Session) attempt(req *http.Request, body io.ReadCloser, u use) (resp *http.Response, end response.Expiry, err error) {
	x := &exchange{session: s, generation: u.generation, sent: *req}
	out := &x.sent
	out.Body = body
	out.Header = req.Header.Clone()
	if out.Header == nil {
		out.Header = http.Header{}
	}
	if s.entity.ID != "" && out.Header.Get("Zuora-Entity-Ids") == "" {
		out.Header.Set("Zuora-Entity-Ids", s.entity.ID)
	}
	for name, values := range s.header {
		if !hasHeader(req.Header, name) {
			out.Header[name] = values
		}
	}
	u.authorize(out)
	if resp, err = s.base(out); err != nil {
		return nil, 0, x.values().Error(err)
	}
	if resp == nil {
		return nil, 0, errNoResponse
	}
	resp.Request = req // the caller's, without cookies
	x.wrap(resp)
	defer u.jar.TakeOut(resp.Header)
	if end = response.SessionExpired(resp); end != response.NotExpired {
		return resp, end, nil
	}
	u.jar.Keep(req, resp)
	if useful(resp) {
		u.Used(u.now)
		if u.shared != nil {
			s.fleet.Used(u.shared, u.jar, &u.Last)
		}
	}
	return resp, end, nil
}

// authorize puts the cookies or the token of g on req. A password session removes
// an empty Authorization, which some generated clients send.
func (g *generation) authorize(req *http.Request) {
	for name, values := range req.Header {
		if len(name) == len("Authorization") && strings.EqualFold(name, "Authorization") && (g.token != nil || strings.Join(values, "") == "") {
			delete(req.Header, name)
		}
	}
	if g.token != nil {
		req.Header["Authorization"] = g.authorization
	}
	g.jar.Add(req)
}

// useful reports whether resp shows that the session is good.
func useful(resp *http.Response) bool {
	return resp.StatusCode < 500 && resp.StatusCode != http.StatusTooManyRequests
}

// canRewind reports whether req's body can be read again from its beginning.
func canRewind(req *http.Request) bool {
	return req.Body == nil || req.Body == http.NoBody || req.GetBody != nil
}

func rewind(req *http.Request) (body io.ReadCloser, ok bool) {
	if req.Body == nil || req.Body == http.NoBody {
		return req.Body, true
	}
	body, err := req.GetBody()
	return body, err == nil
}

func closeBody(body io.ReadCloser) {
	if body != nil {
		_ = body.Close()
	}
}

// DefaultTransport returns a new transport for one busy host. A session has one if
// [SessionConfig.Base] is nil. Use it to change details, such as the proxy. It is a clone
// of [http.DefaultTransport], if that is an [*http.Transport], with 200 idle connections,
// because Zuora takes at most that many calls at once. It waits 130 seconds for a
// response to begin, because Zuora gives up after 120.
func DefaultTransport() *http.Transport {
	t, ok := http.DefaultTransport.(*http.Transport)
	if ok {
		t = t.Clone()
	} else {
		t = &http.Transport{Proxy: http.ProxyFromEnvironment, TLSHandshakeTimeout: 10 * time.Second, ForceAttemptHTTP2: true}
	}
	t.MaxIdleConns, t.MaxIdleConnsPerHost = 200, 200
	t.IdleConnTimeout = 50 * time.Second // less than a load balancer's usual minute
	t.ResponseHeaderTimeout = 130 * time.Second
	return t
}
