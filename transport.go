package zuora

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/zuora-go/zuora/internal/cookies"
	"github.com/zuora-go/zuora/internal/origin"
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
	body := req.Body
	for replay := false; ; replay = true {
		g, err := s.acquire(req.Context())
		if err != nil {
			closeBody(body)
			return nil, err
		}
		if replay {
			s.log.Info("zuora: call replayed", "method", req.Method, "generation", g.number)
		}
		resp, ended, err := s.attempt(req, body, g)
		if !ended || !s.renewable(g) {
			return resp, err
		}
		if replay && !(g.shared != nil && g.shared.Taken) { // a session that was taken may be over without anybody's knowing
			g.refusalsUntil.Store(s.clock.Now().Mono + int64(refusalHold))
			return resp, nil
		}
		var replayable bool
		if body, replayable = rewind(req); !replayable {
			if now := s.clock.Now().Mono; now >= s.keepUntil.Load() {
				s.keepUntil.Store(now + int64(refusalHold))
				s.drop(g, "refused")
			}
			return resp, nil
		}
		discard(resp.Body)
		s.drop(g, "refused")
	}
}

// refusalHold is how long a session that was just renewed counts as good,
// whatever a resource says of it.
const refusalHold = 10 * time.Second

// refuse says why req is not to be sent on this session at all.
func (s *Session) refuse(req *http.Request) error {
	if req.URL == nil {
		return errors.New("zuora: request without a URL")
	}
	to := origin.Of(req.URL)
	if to == s.origin && req.Host != "" && req.Host != req.URL.Host {
		to = origin.Of(&url.URL{Scheme: req.URL.Scheme, Host: req.Host})
	}
	if to != s.origin {
		return fmt.Errorf("zuora: the session is for %s only; request to %s not sent", s.origin, to)
	}
	if req.Method == http.MethodPost && strings.HasSuffix(path.Clean("/"+req.URL.Path), "/v1/connections") {
		return errors.New("zuora: a session signs in by itself, or by Connect; POST /v1/connections not sent")
	}
	return nil
}

// attempt sends req once, with body, as part of g, and reports whether the
// answer tells that g has ended.
func (s *Session) attempt(req *http.Request, body io.ReadCloser, g *generation) (resp *http.Response, ended bool, err error) {
	sent := s.clock.Now()
	out := req.WithContext(req.Context()) // a shallow copy
	out.Body = body
	out.Header = req.Header.Clone()
	if out.Header == nil {
		out.Header = http.Header{}
	}
	if s.entity.ID != "" && out.Header.Get("Zuora-Entity-Ids") == "" {
		out.Header.Set("Zuora-Entity-Ids", s.entity.ID)
	}
	cookies.Add(out, g.jar)
	if resp, err = s.base(out); err != nil {
		return nil, false, err
	}
	resp.Request = req // as it came, without cookies
	if ended = sessionEnded(resp); ended {
		if g.shared != nil {
			s.fleet.Refused(g.shared)
		}
		return resp, true, nil
	}
	cookies.Keep(g.jar, req, resp)
	if resp.StatusCode < 500 && resp.StatusCode != http.StatusTooManyRequests {
		g.Used(sent)
		if g.shared != nil {
			s.fleet.Used(g.shared, g.jar, s.api, &g.Last)
		}
	}
	return resp, false, nil
}

// renewable reports whether a refusal is reason to renew g. Where a call was
// refused again on a new session, it is the resource that refuses.
func (s *Session) renewable(g *generation) bool {
	return s.current.Load() != g || s.clock.Now().Mono >= g.refusalsUntil.Load()
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
