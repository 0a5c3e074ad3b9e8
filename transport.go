package zuora

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/zuora-go/zuora/internal/cookies"
	"github.com/zuora-go/zuora/internal/idle"
	"github.com/zuora-go/zuora/internal/origin"
	"github.com/zuora-go/zuora/internal/response"
)

// Transport returns the session as a round tripper, to compose with others. It
// puts the session's cookies, and [Entity.ID], on each request, signs in where
// there is need, and sends a call that the end of the session has made fail
// once more. It refuses requests to any other origin than the session's, and
// POST /v1/connections, for which there is [Session.Connect].
func (s *Session) Transport() http.RoundTripper { return transport{s} }

type transport struct{ session *Session }

// Format prints which server the session is for, as [Session.Format] does.
func (t transport) Format(f fmt.State, verb rune) { t.session.Format(f, verb) }

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
	body := req.Body
	var giveBack []func() // places in s.wasted
	for replay := false; ; replay = true {
		g, now, err := s.acquire(req.Context())
		if err != nil {
			closeBody(body)
			return nil, err
		}
		if replay {
			s.log.Info("zuora: call replayed", "method", req.Method, "generation", g.number)
		}
		resp, end, err := s.attempt(req, body, g, now)
		if err != nil {
			return nil, err
		}
		if end == response.ExpiredBeside {
			s.renew(g) // before the next call
			return resp, nil
		}
		if end == response.NotExpired {
			for _, f := range giveBack { // for signing in has helped
				f()
			}
			return resp, nil
		}
		if replay && !(g.shared != nil && g.shared.Taken) {
			s.refusedAgain(req, g)
			return resp, nil
		}
		var replayable bool
		body, replayable = rewind(req)
		next, ok := s.renew(g)
		if !ok || !replayable {
			closeBody(body)
			return resp, nil
		}
		if next != nil {
			giveBack = append(giveBack, next)
		}
		response.Discard(resp)
	}
}

// refusalHold is how long a session that was just renewed counts as good,
// whatever a resource says of it.
const refusalHold = 10 * time.Second

// renew ends g, which was refused, if it is in force, unless too many sessions
// have been ended so for nothing. ok: the call can be sent again. giveBack, where
// g was ended, is to be called if that was right.
func (s *Session) renew(g *generation) (giveBack func(), ok bool) {
	s.mu.Lock()
	if s.current.Load() != g {
		ok = true
	} else if s.clock.Now().Mono >= s.holdUntil.Load() {
		if giveBack, ok = s.wasted.Take(); ok {
			s.current.Store(nil)
		}
	}
	s.mu.Unlock()
	if giveBack != nil {
		s.renewing(g, "refused")
	}
	return giveBack, ok
}

// refusedAgain notes that a replay was refused on g. If that is new it is the
// resource that refuses, and for a while no refusal is reason for a login.
func (s *Session) refusedAgain(req *http.Request, g *generation) {
	switch now := s.clock.Now().Mono; {
	case cookies.Repeated(req): // an old refusal, perhaps
	case now-g.born < int64(refusalHold):
		s.holdUntil.Store(now + int64(refusalHold))
	default:
		s.renew(g)
	}
}

// refuse says why req is not to be sent on this session at all.
func (s *Session) refuse(req *http.Request) error {
	if req.URL == nil {
		return errors.New("zuora: request without a URL")
	}
	to := s.origin // as it is, where it is spelt the same
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
		return errors.New("zuora: a session signs in by itself, or by Connect; POST /v1/connections not sent")
	}
	return nil
}

// attempt sends req once, with body, as part of g, and returns what the response
// says about g's end. If the response is of use to the session, now is when it was
// last used.
func (s *Session) attempt(req *http.Request, body io.ReadCloser, g *generation, now idle.Instant) (resp *http.Response, end response.Expiry, err error) {
	x := &exchange{session: s, generation: g, sent: *req}
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
	g.jar.Add(out)
	if resp, err = s.base(out); err != nil {
		return nil, 0, x.values().Error(err)
	}
	if resp == nil {
		return nil, 0, errNoResponse
	}
	resp.Request = req // without cookies, as the caller made it
	x.wrap(resp)
	defer g.jar.TakeOut(resp.Header)
	if end = response.SessionExpired(resp); end != response.NotExpired {
		if g.shared != nil {
			s.fleet.Refused(g.shared)
		}
		return resp, end, nil
	}
	g.jar.Keep(req, resp)
	if resp.StatusCode < 500 && resp.StatusCode != http.StatusTooManyRequests {
		g.Used(now)
		if g.shared != nil {
			s.fleet.Used(g.shared, g.jar, &g.Last)
		}
	}
	return resp, end, nil
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

func closeBody(body io.ReadCloser) {
	if body != nil {
		_ = body.Close()
	}
}

// DefaultTransport returns a new transport that is sized for one busy host: what a
// session has if [SessionConfig.Base] is nil. Use it to change a little of that, such
// as the proxy. It is a clone of [http.DefaultTransport], if that is an
// [*http.Transport], with 200 idle connections, which is as many calls as Zuora takes
// at once, and waits 130 seconds for a response to begin, because Zuora gives up after
// 120.
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
