package zuoratest_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/accounts"
	"github.com/zuora-go/zuora/zuoratest"
)

func keys(c zuora.Credentials) http.Header {
	h := http.Header{}
	h.Set("apiAccessKeyId", c.AccessKeyID)
	h.Set("apiSecretAccessKey", string(c.SecretAccessKey))
	return h
}

// token gets one, and returns the header that goes with calls.
func token(t *testing.T, tenant *zuoratest.Tenant) http.Header {
	t.Helper()
	client := tenant.OAuthClient()
	form := url.Values{"client_id": {client.ClientID}, "client_secret": {string(client.ClientSecret)}, "grant_type": {"client_credentials"}}
	r := httptest.NewRequest(http.MethodPost, "https://rest.zuora.example/oauth/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	w := httptest.NewRecorder()
	tenant.ServeHTTP(w, r)
	require.Equal(t, http.StatusOK, w.Code)
	_, after, _ := strings.Cut(w.Body.String(), `"access_token":"`)
	value, _, _ := strings.Cut(after, `"`)
	return http.Header{"Authorization": {"Bearer " + value}}
}

func TestKeyHeadersOnEveryCallAreALogin(t *testing.T) {
	tenant := zuoratest.NewTenant(zuoratest.Config{Entities: []zuora.Entity{{LegacyID: "id"}}})
	tenant.Handle("GET /v1/ok", zuoratest.JSON(map[string]any{"success": true}))
	good := keys(tenant.Credentials())
	resp := ask(t, tenant, http.MethodGet, "/v1/ok", good)
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Empty(t, resp.Cookies())
	for _, wrong := range []string{"apiAccessKeyId", "apiSecretAccessKey"} {
		for _, value := range []string{"", "wrong"} {
			bad := keys(tenant.Credentials())
			bad.Set(wrong, value)
			require.Equal(t, http.StatusUnauthorized, ask(t, tenant, http.MethodGet, "/v1/ok", bad).StatusCode)
		}
	}
	for entity, status := range map[string]int{"id": 200, "": 200, "other": 400} {
		good.Set("entityId", entity)
		require.Equal(t, status, ask(t, tenant, http.MethodGet, "/v1/ok", good).StatusCode)
	}
	require.Zero(t, tenant.Logins())
}

func TestSessionsAndTokensEndOneByOne(t *testing.T) {
	tenant := zuoratest.NewTenant(zuoratest.Config{})
	tenant.Handle("GET /v1/ok", zuoratest.JSON(map[string]any{"success": true}))
	logins := []http.Header{
		{"Cookie": {"ZSession=" + cookieOf(t, signIn(t, tenant))}}, token(t, tenant),
		{"Cookie": {"ZSession=" + cookieOf(t, signIn(t, tenant))}}, token(t, tenant),
	}
	statuses := func() (all []int) {
		for _, h := range logins {
			all = append(all, ask(t, tenant, http.MethodGet, "/v1/ok", h).StatusCode)
		}
		return all
	}
	require.Equal(t, []int{200, 200, 200, 200}, statuses())
	require.True(t, tenant.End(1))
	require.Equal(t, []int{401, 200, 200, 200}, statuses())
	require.True(t, tenant.End(4))
	require.Equal(t, []int{401, 200, 200, 401}, statuses())
	require.False(t, tenant.End(4), "it has ended already")
	require.False(t, tenant.End(5))
	tenant.Expire()
	require.Equal(t, []int{401, 200, 401, 401}, statuses(), "tokens stay")

	// One that a test does not know the number of.
	tenant.HandleFunc("GET /v1/end", func(_ http.ResponseWriter, r *http.Request) { tenant.End(tenant.LoginOf(r)) })
	require.Equal(t, http.StatusOK, ask(t, tenant, http.MethodGet, "/v1/end", logins[1]).StatusCode)
	require.Equal(t, []int{401, 401, 401, 401}, statuses())
}

// A service's calls can be asserted on: what it sent, on which login, and what it got.
func TestRequestsAreRecorded(t *testing.T) {
	server := zuoratest.NewServer(zuoratest.Config{})
	defer server.Close()
	server.Handle("POST /v1/accounts", zuoratest.JSON(accounts.CreatedAccount{Success: true, AccountNumber: "A00000001"}))
	server.Handle("GET /v1/accounts/{key}", zuoratest.JSON(accounts.Account{Success: true}))
	session, err := zuora.NewSession(zuora.SessionConfig{Server: server.URL, Credentials: server.Credentials(), Base: server.Client().Transport})
	require.NoError(t, err)
	defer session.Close()
	api := accounts.New(session)
	_, err = api.CreateAccount(t.Context(), accounts.NewAccount{Name: "Amy Lawrence", Currency: "USD"})
	require.NoError(t, err)
	require.True(t, server.End(1))
	_, err = api.GetAccount(t.Context(), "A 1", nil)
	require.NoError(t, err)

	var got []string
	requests := server.Requests()
	for _, r := range requests {
		got = append(got, fmt.Sprintf("%s %s on %d: %d", r.Method, r.Path, r.Login, r.Status))
	}
	require.Equal(t, []string{
		"POST /v1/connections on 1: 200", "POST /v1/accounts on 1: 200",
		"GET /v1/accounts/A%201 on 0: 401", "POST /v1/connections on 2: 200", "GET /v1/accounts/A%201 on 2: 200",
	}, got)
	require.JSONEq(t, `{"name":"Amy Lawrence","currency":"USD"}`, requests[1].Body, "though no handler has read it")
	require.Equal(t, "application/json", requests[1].Header.Get("Content-Type"))

	requests[1].Header.Set("Content-Type", "changed")
	require.Equal(t, "application/json", server.Requests()[1].Header.Get("Content-Type"), "each caller has a copy of its own")
}

func TestRecordedRequestsHaveNoSecrets(t *testing.T) {
	secret := `p"ss <wörd>&100%`
	tenant := zuoratest.NewTenant(zuoratest.Config{Credentials: zuora.Credentials{AccessKeyID: "user", SecretAccessKey: zuora.Secret(secret)}})
	cookie, bearer := cookieOf(t, signIn(t, tenant)), token(t, tenant)
	signIn(t, tenant, "apiSecretAccessKey", "of another user")
	send := func(target, contentType, body string, header http.Header) {
		r := httptest.NewRequest(http.MethodPost, "https://rest.zuora.example"+target, strings.NewReader(body))
		for name, values := range header {
			r.Header[name] = values
		}
		r.Header.Set("Content-Type", contentType)
		tenant.ServeHTTP(httptest.NewRecorder(), r)
	}
	send("/v1/x", "text/plain", "it is "+secret, http.Header{"Cookie": {"a=b; ZSession=" + cookie, `ZSession="` + cookie + `"; c=d`}})
	send("/v1/x?p="+url.QueryEscape(secret)+"&client_secret=another", "application/json", `{"p":"p\"ss \u003cwörd\u003e\u0026100%"}`, bearer)
	send("/v1/x/"+url.PathEscape(secret), "text/plain", "", http.Header{"Authorization": {"Basic dXNlcjpwYXNz"}, "X-Echo": {secret}})
	send("/v1/x", "application/json", `{"q":"p\"ss <wörd>&100%"}`, bearer)
	send("/oauth/token", "application/x-www-form-urlencoded", "client_id=user&client_secret=wrong+one&grant_type=client_credentials", nil)

	all := fmt.Sprintf("%+v", tenant.Requests())
	_, bearerToken, _ := strings.Cut(bearer.Get("Authorization"), " ")
	for _, gone := range []string{"wörd", "w%C3%B6rd", cookie, cookie[:32], bearerToken, "dXNlcjpwYXNz", "of another user", "another", "wrong+one"} {
		assert.NotContains(t, all, gone)
	}
	for _, kept := range []string{"a=b; ZSession=REDACTED", "ZSession=REDACTED; c=d", "Bearer REDACTED", "Basic REDACTED", "client_id=user&client_secret=REDACTED&grant_type=", "it is REDACTED", `{"p":"REDACTED"}`, `{"q":"REDACTED"}`} {
		assert.Contains(t, all, kept)
	}
}

func TestRecordedRequestsAreBounded(t *testing.T) {
	tenant := zuoratest.NewTenant(zuoratest.Config{})
	for i := range 1500 {
		ask(t, tenant, http.MethodGet, fmt.Sprintf("/v1/%d", i), nil)
	}
	requests := tenant.Requests()
	require.Len(t, requests, 1000)
	require.Equal(t, []string{"/v1/500", "/v1/1499"}, []string{requests[0].Path, requests[999].Path})

	tenant.HandleFunc("POST /v1/big", func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	r := httptest.NewRequest(http.MethodPost, "https://rest.zuora.example/v1/big", bytes.NewReader(bytes.Repeat([]byte("0123456789"), 10_000)))
	r.Header = keys(tenant.Credentials())
	tenant.ServeHTTP(httptest.NewRecorder(), r)
	requests = tenant.Requests()
	require.Len(t, requests[999].Body, 64<<10)
}

func TestCertificateIsForClientsInOtherLanguages(t *testing.T) {
	server, other := zuoratest.NewServer(zuoratest.Config{}), zuoratest.NewServer(zuoratest.Config{})
	defer server.Close()
	defer other.Close()
	trust := func(s *zuoratest.Server) *http.Client {
		pool := x509.NewCertPool()
		require.True(t, pool.AppendCertsFromPEM(s.CertificatePEM()))
		return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	}
	_, port, err := net.SplitHostPort(strings.TrimPrefix(server.URL, "https://"))
	require.NoError(t, err)
	for _, at := range []string{server.URL, "https://localhost:" + port} {
		resp, err := trust(server).Get(at)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
	}
	_, err = trust(other).Get(server.URL)
	require.ErrorContains(t, err, "certificate", "each server has its own")

	resp, err := server.Client().Get(server.URL)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.False(t, resp.TLS.PeerCertificates[0].IsCA, "some languages refuse an authority as a server")
}

// What handlers do by type assertion on a server of their own, they do here.
func TestHandlersMayHijackAndFlush(t *testing.T) {
	server := zuoratest.NewServer(zuoratest.Config{})
	defer server.Close()
	server.Intercept(func(*http.Request) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.(http.Flusher).Flush()
			conn, _, err := w.(http.Hijacker).Hijack()
			if assert.NoError(t, err) {
				_ = conn.Close()
			}
		})
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+"/v1/x", strings.NewReader("body"))
	require.NoError(t, err)
	resp, err := server.Client().Do(req)
	require.NoError(t, err)
	_, err = io.ReadAll(resp.Body)
	require.Error(t, err)
	require.NoError(t, resp.Body.Close())
}
