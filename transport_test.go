package zuora_test

import (
	"compress/gzip"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/zuoratest"
)

func TestDefaultTransportIsSizedForOneBusyHost(t *testing.T) {
	eachDefaultTransport(t, func(t *testing.T) {
		transport := zuora.DefaultTransport()
		require.False(t, http.DefaultTransport == http.RoundTripper(transport), "what is set for sessions is set on a clone")
		require.NotSame(t, zuora.DefaultTransport(), transport)
		const calls = 200 // that Zuora takes at once, at most
		require.GreaterOrEqual(t, transport.MaxIdleConns, calls)
		require.GreaterOrEqual(t, transport.MaxIdleConnsPerHost, calls)
		require.Zero(t, transport.MaxConnsPerHost, "responses that stream may be more")
		require.Greater(t, transport.ResponseHeaderTimeout, 120*time.Second, "after which Zuora itself gives up")
		require.Positive(t, transport.IdleConnTimeout)
		require.Less(t, transport.IdleConnTimeout, time.Minute, "after which load balancers close connections")
		require.Positive(t, transport.TLSHandshakeTimeout)
		require.NotNil(t, transport.Proxy)
	})
}

func TestDefaultTransportSpeaksHTTP2AndCompresses(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", r.Header.Get("Accept-Encoding"))
		zip := gzip.NewWriter(w)
		_, _ = io.WriteString(zip, "text")
		_ = zip.Close()
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	eachDefaultTransport(t, func(t *testing.T) {
		transport := zuora.DefaultTransport()
		defer transport.CloseIdleConnections()
		transport.TLSClientConfig = &tls.Config{RootCAs: server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
		resp, err := (&http.Client{Transport: transport}).Get(server.URL)
		require.NoError(t, err)
		defer resp.Body.Close()
		require.Equal(t, 2, resp.ProtoMajor)
		require.True(t, resp.Uncompressed)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Equal(t, "text", string(body))
	})
}

// eachDefaultTransport runs test with the usual http.DefaultTransport, and with one
// that a program has put there.
func eachDefaultTransport(t *testing.T, test func(*testing.T)) {
	t.Run("usual", test)
	std := http.DefaultTransport
	defer func() { http.DefaultTransport = std }()
	http.DefaultTransport = roundTripper(std.RoundTrip)
	t.Run("replaced", test)
}

// A transport that breaks its contract is an error, not a panic.
func TestOddResponsesOfATransport(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		for what, test := range map[string]struct {
			response *http.Response
			want     string
		}{
			"nothing":               {nil, "neither a response nor an error"},
			"a 401 without a body":  {&http.Response{StatusCode: 401}, ""},
			"a 200 without a body":  {&http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}}, ""},
			"a 500 without headers": {&http.Response{StatusCode: 500, ContentLength: 7}, ""},
		} {
			t.Run(what, func(t *testing.T) {
				server := newServer(t, zuoratest.Config{})
				cfg := kind.configFor(server)
				base := cfg.Base
				cfg.Base = roundTripper(func(req *http.Request) (*http.Response, error) {
					if isLogin(req) || test.response == nil && req.URL.Path == "/v1/ok" {
						return base.RoundTrip(req)
					}
					if test.response == nil {
						return nil, nil
					}
					response := *test.response
					return &response, nil
				})
				session := newSession(t, cfg)
				for _, do := range []func(*http.Request) (*http.Response, error){session.Transport().RoundTrip, session.Do} {
					resp, err := do(newRequest(t, http.MethodGet, session.Server()+"/v1/x", nil))
					if test.want != "" {
						require.ErrorContains(t, err, test.want)
					} else if err == nil {
						require.NoError(t, resp.Body.Close())
					}
				}
			})
		}
	})
}

func TestCloseIdleConnectionsReachesTheTransport(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		cfg := kind.configFor(server)
		idle := &idleCounter{RoundTripper: cfg.Base}
		cfg.Base = idle
		session := newSession(t, cfg)
		session.HTTPClient().CloseIdleConnections()
		require.EqualValues(t, 1, idle.closed.Load())
		require.NoError(t, session.Close())
		require.EqualValues(t, 1, idle.closed.Load(), "a caller's transport keeps its connections")
	})
}

type idleCounter struct {
	http.RoundTripper
	closed atomic.Int32
}

func (c *idleCounter) CloseIdleConnections() { c.closed.Add(1) }

func TestDefaultTransportOfAnotherTypeIsUsed(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		std := http.DefaultTransport
		defer func() { http.DefaultTransport = std }()
		var calls atomic.Int32
		everybodys := &idleCounter{RoundTripper: roundTripper(func(req *http.Request) (*http.Response, error) {
			calls.Add(1)
			return server.Client().Transport.RoundTrip(req)
		})}
		http.DefaultTransport = everybodys
		cfg := kind.configFor(server)
		cfg.Base = nil
		session := newSession(t, cfg)
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		require.EqualValues(t, 2, calls.Load())
		require.NoError(t, session.Close())
		require.Zero(t, everybodys.closed.Load(), "its connections are not the session's to close")
	})
}
