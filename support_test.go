package zuora_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/zuoratest"
)

// newServer is a tenant on loopback TLS with a few paths.
func newServer(t testing.TB, cfg zuoratest.Config) *zuoratest.Server {
	t.Helper()
	server := zuoratest.NewServer(cfg)
	t.Cleanup(server.Close)
	paths(server.Tenant)
	return server
}

// inMemory is the same tenant for a synctest bubble. Close it in the bubble.
func inMemory(cfg zuoratest.Config) *zuoratest.Tenant {
	tenant := zuoratest.NewTenant(cfg)
	paths(tenant)
	return tenant
}

func paths(tenant *zuoratest.Tenant) {
	tenant.Handle("GET /v1/ok", zuoratest.JSON(map[string]any{"success": true}))
	tenant.HandleFunc("POST /v1/echo", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = w.Write(body)
	})
	tenant.Handle("/v1/refused", zuoratest.Unauthorized())
}

// configFor returns a configuration that logs in at server.
func configFor(server *zuoratest.Server) zuora.SessionConfig {
	return zuora.SessionConfig{Server: server.URL, Credentials: server.Credentials(), Base: server.Client().Transport}
}

func inMemoryConfig(tenant *zuoratest.Tenant) zuora.SessionConfig {
	return zuora.SessionConfig{Server: "https://rest.zuora.example", Credentials: tenant.Credentials(), Base: tenant.Transport()}
}

func newSession(t testing.TB, cfg zuora.SessionConfig) *zuora.Session {
	t.Helper()
	session, err := zuora.NewSession(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = session.Close() })
	return session
}

func newRequest(t testing.TB, method, url string, body io.Reader) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, body)
	require.NoError(t, err)
	return req
}

// get sends a GET through the session's plain client and returns status and body.
func get(ctx context.Context, session *zuora.Session, path string) (int, string, error) {
	return send(ctx, session, http.MethodGet, path, nil)
}

func send(ctx context.Context, session *zuora.Session, method, path string, body io.Reader) (int, string, error) {
	req, err := http.NewRequestWithContext(ctx, method, session.Server()+path, body)
	if err != nil {
		return 0, "", err
	}
	resp, err := session.HTTPClient().Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), err
}

// requireStatus sends a GET and checks its status.
func requireStatus(t testing.TB, session *zuora.Session, path string, status int) {
	t.Helper()
	got, body, err := get(t.Context(), session, path)
	require.NoError(t, err)
	require.Equal(t, status, got, body)
}

// roundTripper is a function that is an http.RoundTripper.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// responding is a transport that accepts every login, and responds to all else with body
// for the path, as JSON without a stated length.
func responding(body func(path string) string) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		header := http.Header{"Content-Type": {"application/json"}}
		text := body(req.URL.Path)
		if isLogin(req) {
			text = `{"success":true,"access_token":"v","token_type":"bearer","expires_in":3598}`
			header.Set("Set-Cookie", "ZSession=v")
		}
		return &http.Response{StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(strings.NewReader(text)), ContentLength: -1}, nil
	})
}

// oneShot is a body that can be read only once. It counts how often it is closed.
type oneShot struct {
	io.Reader
	closed atomic.Int32
}

func newOneShot(text string) *oneShot { return &oneShot{Reader: strings.NewReader(text)} }

func (b *oneShot) Close() error {
	b.closed.Add(1)
	return nil
}

func isLogin(req *http.Request) bool {
	return req.Method == http.MethodPost && (strings.HasSuffix(req.URL.Path, "/v1/connections") || strings.HasSuffix(req.URL.Path, "/oauth/token"))
}

func compress(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.Bytes()
}

// gzipResponse is a JSON response that is compressed even if that was not asked for.
func gzipResponse(status int, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(status)
		_, _ = w.Write(compress(body))
	})
}
