package zuora_test

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/zuoratest"
)

// recordHeaders keeps the headers of calls and of logins, as they arrive at server.
func recordHeaders(server *zuoratest.Server) (calls, logins func() []http.Header) {
	var mu sync.Mutex
	var seen [2][]http.Header
	server.Intercept(func(req *http.Request) http.Handler {
		mu.Lock()
		defer mu.Unlock()
		kind := 0
		if isLogin(req) {
			kind = 1
		}
		seen[kind] = append(seen[kind], req.Header.Clone())
		return nil
	})
	get := func(kind int) func() []http.Header {
		return func() []http.Header {
			mu.Lock()
			defer mu.Unlock()
			return seen[kind]
		}
	}
	return get(0), get(1)
}

func TestHeaderGoesOutWithEveryCallButTheLogin(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		calls, logins := recordHeaders(server)
		cfg := kind.configFor(server)
		cfg.Header = http.Header{"Zuora-Version": {"2025-08-12"}, "zuora-org-ids": {"a", "b"}, "User-Agent": {"billing/1.0"}}
		session := newSession(t, cfg)
		cfg.Header.Set("Zuora-Version", "changed after NewSession")
		//lint:ignore SA1008 the name is as the caller has spelled it
		cfg.Header["zuora-org-ids"][0] = "changed after NewSession"

		requireStatus(t, session, "/v1/ok", http.StatusOK)
		kind.expire(server)
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		require.Len(t, calls(), 3, "one was replayed")
		for _, header := range calls() {
			require.Equal(t, []string{"2025-08-12"}, header.Values("Zuora-Version"))
			require.Equal(t, []string{"a", "b"}, header.Values("Zuora-Org-Ids"))
			require.Equal(t, []string{"billing/1.0"}, header.Values("User-Agent"))
		}
		require.Len(t, logins(), 2)
		for _, header := range logins() {
			require.Empty(t, header.Values("Zuora-Version"))
			require.Empty(t, header.Values("Zuora-Org-Ids"))
			require.NotEqual(t, "billing/1.0", header.Get("User-Agent"))
		}
	})
}

func TestACallsOwnHeaderReplacesTheSessions(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		calls, _ := recordHeaders(server)
		cfg := kind.configFor(server)
		cfg.Header = http.Header{"Zuora-Version": {"2025-08-12"}, "User-Agent": {"billing/1.0"}}
		session := newSession(t, cfg)
		for _, c := range []struct {
			own           http.Header
			version, from []string
		}{
			{http.Header{"Zuora-Version": {"230.0"}}, []string{"230.0"}, []string{"billing/1.0"}},
			{http.Header{"zuora-version": {"230.0"}}, []string{"230.0"}, []string{"billing/1.0"}},
			{http.Header{"Zuora-Version": nil, "user-agent": nil}, nil, []string{"Go-http-client/1.1"}},
			{http.Header{"Zuora-Version": nil, "User-Agent": nil}, nil, nil},
			{nil, []string{"2025-08-12"}, []string{"billing/1.0"}},
		} {
			req, err := http.NewRequest(http.MethodGet, server.URL+"/v1/ok", nil)
			require.NoError(t, err)
			req.Header = c.own.Clone()
			resp, err := session.Transport().RoundTrip(req)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			require.Equal(t, c.own, req.Header, "the caller's request is not changed")
			got := calls()[len(calls())-1]
			assert.Equal(t, c.version, got.Values("Zuora-Version"), "%v", c.own)
			assert.Equal(t, c.from, got.Values("User-Agent"), "%v", c.own)
		}
	})
}

// notTheCallers are headers that no caller sets.
var notTheCallers = []string{
	"Authorization", "Cookie", "Host", "Content-Type", "Content-Length", "content-encoding", "Content-Anything", "Idempotency-Key",
	"apiAccessKeyId", "apiSecretAccessKey", "APISECRETACCESSKEY",
	"Connection", "Proxy-Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "TE", "Trailer", "transfer-encoding", "Upgrade",
}

func TestNewSessionRefusesHeadersThatAreNotTheCallers(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		refused := func(name, value string, entity zuora.Entity) {
			t.Helper()
			cfg := kind.configFor(server)
			cfg.Header, cfg.Entity = http.Header{"X-Fine": {"fine"}, name: {value}}, entity
			_, err := zuora.NewSession(cfg)
			if assert.ErrorContains(t, err, "zuora: SessionConfig.Header: ", name) {
				assert.Contains(t, err.Error(), strings.Trim(strings.ToValidUTF8(name, ""), " \n"))
				assert.NotContains(t, err.Error(), "hunter2")
			}
		}
		for _, name := range notTheCallers {
			refused(name, "hunter2", zuora.Entity{})
		}
		for _, name := range []string{"Zuora-Entity-Ids", "zuora-entity-ids", "entityId", "entityName"} {
			refused(name, "hunter2", zuora.Entity{ID: "7f1d9c2e-51f8-4a0b-9a35-0b7f6f3f6a11"})
		}
		for _, name := range []string{"", " ", "Zuora Version", "Zuora-Version:", "Zuora-Version\n", "Zürich", "\xff", strings.Repeat("é", 1000)[:1]} {
			refused(name, "hunter2", zuora.Entity{})
		}
		for _, value := range []string{"hunter2\r\nX: y", "hunter2\x00", "hunter2\x7f", " hunter2", "hunter2\n", ""} {
			refused("Zuora-Version", value, zuora.Entity{})
		}
		cfg := kind.configFor(server)
		cfg.Header = http.Header{"Zuora-Entity-Ids": {"7f1d9c2e-51f8-4a0b-9a35-0b7f6f3f6a11"}, "User-Agent": nil, "X-Text": {"Zürich, \"x\""}}
		_ = newSession(t, cfg)
	})
}

// edited returns the header that editor leaves of a request, which has one of its own.
func edited(method, path string, editor zuora.RequestEditorFn) (http.Header, error) {
	req, err := http.NewRequest(method, "https://rest.zuora.com"+path, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("X-Own", "own")
	err = editor(context.Background(), req)
	return req.Header, err
}

func TestWithHeaderSetsAHeaderOrNamesWhatIsWrong(t *testing.T) {
	header, err := edited("GET", "/v1/accounts/A1", zuora.WithHeader("zuora-version", "230.0"))
	require.NoError(t, err)
	require.Equal(t, http.Header{"X-Own": {"own"}, "Zuora-Version": {"230.0"}}, header)
	for _, name := range []string{"X-Own", "Zuora-Entity-Ids", "Zuora-Track-Id"} {
		header, err := edited("GET", "/", zuora.WithHeader(name, "new"))
		require.NoError(t, err)
		require.Equal(t, []string{"new"}, header.Values(name))
	}
	require.NoError(t, zuora.WithHeader("X", "y")(t.Context(), new(http.Request)))

	for _, name := range append([]string{"", "a b", "a\n"}, notTheCallers...) {
		header, err := edited("POST", "/", zuora.WithHeader(name, "hunter2"))
		assert.ErrorContains(t, err, "zuora: WithHeader: ", name)
		assert.Equal(t, http.Header{"X-Own": {"own"}}, header)
	}
	for _, value := range []string{"", "hunter2\n", "hunter2\r\nX: y", " hunter2", "\x00hunter2"} {
		_, err := edited("POST", "/", zuora.WithHeader("Zuora-Version", value))
		assert.ErrorContains(t, err, "zuora: WithHeader: Zuora-Version ", value)
		assert.NotContains(t, err.Error(), "hunter2")
	}
}

func TestWithIdempotencyKeySetsAKeyOrSaysWhyNot(t *testing.T) {
	for _, method := range []string{"POST", "PATCH"} {
		for _, key := range []string{"k", strings.Repeat("k", 255)} {
			header, err := edited(method, "/v1/payments", zuora.WithIdempotencyKey(key))
			require.NoError(t, err)
			require.Equal(t, []string{key}, header.Values("Idempotency-Key"))
		}
	}
	for _, c := range []struct{ method, path, key, want string }{
		{"POST", "/", "", "is empty"}, {"POST", "/", strings.Repeat("k", 256), "256"}, {"POST", "/", "k\nk", "control character"}, {"POST", "/", " k", "white space"},
		{"PUT", "/", "k", `"PUT"`}, {"GET", "/", "k", `"GET"`}, {"DELETE", "/", "k", `"DELETE"`}, {"POST", "/v1/connections", "k", "login"},
	} {
		header, err := edited(c.method, c.path, zuora.WithIdempotencyKey(c.key))
		assert.ErrorContains(t, err, "zuora: WithIdempotencyKey: ")
		assert.ErrorContains(t, err, c.want)
		assert.Less(t, len(err.Error()), 200)
		assert.Equal(t, http.Header{"X-Own": {"own"}}, header)
	}
}

func TestTheBareClientTakesEditors(t *testing.T) {
	var sent []byte
	client, err := zuora.NewClient("https://rest.zuora.com", zuora.WithRequestEditorFn(zuora.WithHeader("Zuora-Track-Id", "nightly")), zuora.WithHTTPClient(&http.Client{
		Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
			var b bytes.Buffer
			_ = req.Header.Write(&b)
			sent = b.Bytes()
			return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody}, nil
		}),
	}))
	require.NoError(t, err)
	_, err = client.PostConnections(t.Context(), &zuora.PostConnectionsParams{APIAccessKeyID: "u", APISecretAccessKey: "p", ContentType: zuora.PostConnectionsParamsContentTypeApplicationJSON})
	require.NoError(t, err)
	require.Contains(t, string(sent), "Zuora-Track-Id: nightly")
	_, err = client.PostConnections(t.Context(), &zuora.PostConnectionsParams{}, zuora.WithIdempotencyKey("k"))
	require.ErrorContains(t, err, "a login with a key")
}
