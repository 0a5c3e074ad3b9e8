package zuoratest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/zoql"
	"github.com/zuora-go/zuora/zuoratest"
)

// ask sends a request to the tenant, without any client in between.
func ask(t *testing.T, h http.Handler, method, path string, header http.Header) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, "https://rest.zuora.example"+path, nil)
	for name, values := range header {
		r.Header[name] = values
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func signIn(t *testing.T, tenant *zuoratest.Tenant, set ...string) *http.Response {
	t.Helper()
	header := http.Header{}
	header.Set("apiAccessKeyId", tenant.Credentials().AccessKeyID)
	header.Set("apiSecretAccessKey", string(tenant.Credentials().SecretAccessKey))
	header.Set("Content-Type", "application/json")
	for i := 0; i < len(set); i += 2 {
		header.Set(set[i], set[i+1])
	}
	return ask(t, tenant, http.MethodPost, "/v1/connections", header)
}

func cookieOf(t *testing.T, resp *http.Response) string {
	t.Helper()
	require.Len(t, resp.Cookies(), 1)
	return resp.Cookies()[0].Value
}

func text(t *testing.T, resp *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(body)
}

func TestSuccessAsRecorded(t *testing.T) {
	tenant := zuoratest.NewTenant(zuoratest.Config{})
	resp := signIn(t, tenant, "Zuora-Track-Id", "import-0042")
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Equal(t, "application/json;charset=utf-8", resp.Header.Get("Content-Type"))
	require.Equal(t, []string{"success", ":", "true"}, strings.Fields(strings.NewReplacer("{", " ", "}", " ", `"`, "").Replace(text(t, resp))))
	require.Len(t, resp.Header.Get("Zuora-Request-Id"), 36)
	require.Equal(t, "import-0042", resp.Header.Get("Zuora-Track-Id"))
	cookie := resp.Header.Get("Set-Cookie")
	require.Regexp(t, `^ZSession=[^;]{240,270}; Path=/; Secure; HttpOnly$`, cookie)
	require.Empty(t, signIn(t, tenant, "Zuora-Track-Id", "not;this").Header.Get("Zuora-Track-Id"))
}

func TestRefusalAsRecorded(t *testing.T) {
	tenant := zuoratest.NewTenant(zuoratest.Config{})
	for _, resp := range []*http.Response{
		signIn(t, tenant, "apiSecretAccessKey", "wrong"), signIn(t, tenant, "apiAccessKeyId", "nobody"), ask(t, tenant, http.MethodGet, "/v1/x", nil),
	} {
		require.Equal(t, http.StatusUnauthorized, resp.StatusCode)
		require.Equal(t, `{"success":false,"reasons":[{"code":90000011,"message":"this resource is protected, please sign in first"}]}`, text(t, resp))
		require.Empty(t, resp.Cookies())
		require.Equal(t, "close", resp.Header.Get("Connection"))
	}
	require.Equal(t, 2, tenant.Logins())
}

func TestEvery200SetsACookieAndOlderOnesGoOnWorking(t *testing.T) {
	tenant := zuoratest.NewTenant(zuoratest.Config{})
	tenant.HandleFunc("GET /v1/ok", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "text") })
	tenant.HandleFunc("GET /v1/silent", func(http.ResponseWriter, *http.Request) {})
	tenant.HandleFunc("GET /v1/created", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusCreated) })
	first := cookieOf(t, signIn(t, tenant))
	seen := map[string]bool{first: true}
	for _, path := range []string{"/v1/ok", "/v1/silent", "/v1/ok"} {
		resp := ask(t, tenant, http.MethodGet, path, http.Header{"Cookie": {"ZSession=" + first}})
		require.Equal(t, http.StatusOK, resp.StatusCode)
		cookie := cookieOf(t, resp)
		require.False(t, seen[cookie], "a new one each time")
		seen[cookie] = true
	}
	require.Empty(t, ask(t, tenant, http.MethodGet, "/v1/created", http.Header{"Cookie": {"ZSession=" + first}}).Cookies())
}

func TestSessionTimeoutSlides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := zuoratest.NewTenant(zuoratest.Config{})
		tenant.Handle("GET /v1/ok", zuoratest.JSON(nil))
		cookie := http.Header{"Cookie": {"ZSession=" + cookieOf(t, signIn(t, tenant))}}
		for range 5 {
			time.Sleep(15*time.Minute - 1)
			require.Equal(t, http.StatusOK, ask(t, tenant, http.MethodGet, "/v1/ok", cookie).StatusCode)
		}
		time.Sleep(15 * time.Minute)
		require.Equal(t, http.StatusUnauthorized, ask(t, tenant, http.MethodGet, "/v1/ok", cookie).StatusCode)
	})
}

func TestEntityRules(t *testing.T) {
	tenant := zuoratest.NewTenant(zuoratest.Config{Entities: []zuora.Entity{{ID: "uuid", LegacyID: "id", LegacyName: "name"}}})
	for _, good := range [][]string{{}, {"Zuora-Entity-Ids", "uuid"}, {"entityId", "id"}, {"entityName", "name"},
		{"entityName", ""}, {"entityId", "", "entityName", "", "Zuora-Entity-Ids", "uuid"}} {
		assert.Equal(t, http.StatusOK, signIn(t, tenant, good...).StatusCode, good)
	}
	for _, bad := range [][]string{{"entityId", "id", "entityName", "name"}, {"Zuora-Entity-Ids", "other"}, {"entityId", "uuid"}, {"entityId", "id", "entityName", "other"}} {
		resp := signIn(t, tenant, bad...)
		assert.Equal(t, http.StatusBadRequest, resp.StatusCode, bad)
		assert.Empty(t, resp.Cookies())
	}
}

func TestContentTypeIsReadAsTolerantServersDo(t *testing.T) {
	tenant := zuoratest.NewTenant(zuoratest.Config{})
	for _, c := range []struct {
		status int
		values []string
	}{
		{200, []string{"application/json"}}, {200, []string{"application/json; charset=utf-8"}}, {200, []string{"Application/JSON;charset=UTF-8"}},
		{200, []string{"application/json; charset=utf-8", "application/json"}}, {200, []string{"application/json, application/json"}},
		{400, nil}, {400, []string{""}}, {400, []string{"text/plain"}}, {400, []string{"application/json", "text/plain"}}, {400, []string{"application/jsonp"}},
	} {
		header := http.Header{"Content-Type": c.values}
		header.Set("apiAccessKeyId", tenant.Credentials().AccessKeyID)
		header.Set("apiSecretAccessKey", string(tenant.Credentials().SecretAccessKey))
		assert.Equal(t, c.status, ask(t, tenant, http.MethodPost, "/v1/connections", header).StatusCode, "%q", c.values)
	}
}

func TestLoginLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := zuoratest.NewTenant(zuoratest.Config{LoginLimit: 2})
		require.Equal(t, http.StatusOK, signIn(t, tenant).StatusCode)
		time.Sleep(30 * time.Second)
		require.Equal(t, http.StatusOK, signIn(t, tenant).StatusCode)
		resp := signIn(t, tenant)
		require.Equal(t, http.StatusTooManyRequests, resp.StatusCode)
		require.Equal(t, `{"reasons":[{"code":70,"message":"API Rate limit exceeded"}]}`, text(t, resp))
		require.Empty(t, resp.Header.Get("Retry-After"))
		time.Sleep(30 * time.Second)
		require.Equal(t, http.StatusOK, signIn(t, tenant).StatusCode)
	})
}

func TestExpireAndIntercept(t *testing.T) {
	tenant := zuoratest.NewTenant(zuoratest.Config{})
	tenant.Handle("GET /v1/ok", zuoratest.JSON(nil))
	cookie := http.Header{"Cookie": {"ZSession=" + cookieOf(t, signIn(t, tenant))}}
	tenant.Intercept(func(*http.Request) http.Handler { return zuoratest.ServerError() })
	require.Equal(t, http.StatusInternalServerError, signIn(t, tenant).StatusCode)
	require.Equal(t, http.StatusInternalServerError, ask(t, tenant, http.MethodGet, "/v1/ok", cookie).StatusCode)
	tenant.Intercept(nil)
	require.Equal(t, http.StatusOK, ask(t, tenant, http.MethodGet, "/v1/ok", cookie).StatusCode)
	tenant.Expire()
	require.Equal(t, http.StatusUnauthorized, ask(t, tenant, http.MethodGet, "/v1/ok", cookie).StatusCode)
	require.Equal(t, 2, tenant.Logins(), "intercepted ones count")
}

func TestOAuthTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := zuoratest.NewTenant(zuoratest.Config{})
		defer tenant.Close()
		tenant.Handle("GET /v1/ok", zuoratest.JSON(map[string]any{"success": true}))
		client := &http.Client{Transport: tenant.Transport()}
		id, secret := tenant.OAuthClient().ClientID, string(tenant.OAuthClient().ClientSecret)
		token := func(secret string) (int, string) {
			resp, err := client.PostForm("https://rest.zuora.example/oauth/token", url.Values{"client_id": {id}, "client_secret": {secret}, "grant_type": {"client_credentials"}})
			require.NoError(t, err)
			defer resp.Body.Close()
			body := text(t, resp)
			_, after, _ := strings.Cut(body, `"access_token":"`)
			value, _, _ := strings.Cut(after, `"`)
			return resp.StatusCode, value
		}
		status, _ := token("wrong")
		require.Equal(t, http.StatusUnauthorized, status)
		status, value := token(secret)
		require.Equal(t, http.StatusOK, status)
		bearer := http.Header{"Authorization": {"Bearer " + value}}
		resp := ask(t, tenant, http.MethodGet, "/v1/ok", bearer)
		require.Equal(t, http.StatusOK, resp.StatusCode)
		require.Empty(t, resp.Cookies(), "a token is no session")
		time.Sleep(time.Hour)
		require.Equal(t, http.StatusUnauthorized, ask(t, tenant, http.MethodGet, "/v1/ok", bearer).StatusCode)
	})
}

// The tenant in memory is whatever https host a request names, and streams.
func TestTransportInMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := zuoratest.NewTenant(zuoratest.Config{})
		defer tenant.Close()
		tenant.Intercept(func(*http.Request) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.WriteString(w, r.Host)
				_ = http.NewResponseController(w).Flush()
				time.Sleep(time.Hour)
				_, _ = io.WriteString(w, " later")
			})
		})
		client := &http.Client{Transport: tenant.Transport()}
		var wg sync.WaitGroup
		for _, host := range []string{"rest.zuora.com", "rest.eu.zuora.com:8443"} {
			wg.Go(func() {
				begun := time.Now()
				resp, err := client.Get("https://" + host + "/")
				if !assert.NoError(t, err) {
					return
				}
				defer resp.Body.Close()
				first := make([]byte, len(host))
				_, err = io.ReadFull(resp.Body, first)
				assert.NoError(t, err)
				assert.Equal(t, host, string(first))
				assert.Zero(t, time.Since(begun))
				assert.Equal(t, " later", text(t, resp))
				assert.Equal(t, time.Hour, time.Since(begun))
			})
		}
		wg.Wait()
		_, err := client.Get("http://rest.zuora.com/")
		require.ErrorContains(t, err, "only https")
		tenant.Close()
		_, err = client.Get("https://rest.zuora.com/")
		require.Error(t, err)
	})
}

func TestServerIsOnLoopbackTLS(t *testing.T) {
	server := zuoratest.NewServer(zuoratest.Config{})
	defer server.Close()
	require.Regexp(t, `^https://127\.0\.0\.1:\d+$`, server.URL)
	resp, err := server.Client().Get(server.URL)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusUnauthorized, resp.StatusCode)
}

func TestJSONOfWhatHasNone(t *testing.T) {
	tenant := zuoratest.NewTenant(zuoratest.Config{})
	tenant.Handle("GET /v1/it", zuoratest.JSON(make(chan int)))
	cookie := http.Header{"Cookie": {"ZSession=" + cookieOf(t, signIn(t, tenant))}}
	resp := ask(t, tenant, http.MethodGet, "/v1/it", cookie)
	require.Equal(t, http.StatusInternalServerError, resp.StatusCode)
	require.Contains(t, text(t, resp), "zuoratest: json: unsupported type")
}

// A handler reaches what is below the response, as on a server of its own.
func TestHandlerMaySetDeadlines(t *testing.T) {
	server := zuoratest.NewServer(zuoratest.Config{})
	defer server.Close()
	failed := make(chan error, 1)
	server.HandleFunc("GET /v1/it", func(w http.ResponseWriter, _ *http.Request) {
		failed <- http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Minute))
	})
	session, err := zuora.NewSession(zuora.SessionConfig{Server: server.URL, Credentials: server.Credentials(), Base: server.Client().Transport})
	require.NoError(t, err)
	defer session.Close()
	resp, err := session.HTTPClient().Get(session.Server() + "/v1/it")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.NoError(t, <-failed)
}

func TestJSONWritesTypedValuesAsZuoraDoesExceptForZeros(t *testing.T) {
	type account struct {
		Balance zuora.Decimal  `json:"balance,omitzero"`
		Created zuora.DateTime `json:"created,omitzero"`
		Region  zuora.Value    `json:"Region__c,omitzero"`
		AutoPay bool           `json:"autoPay,omitzero"`
		Day     int64          `json:"day,omitzero"`
	}
	for _, c := range []struct {
		v    any
		body string
	}{
		{account{Balance: "0.000000000", Created: "2017-03-01 10:07:10", Region: zuora.ValueOf("EU")}, `{"balance":0.000000000,"created":"2017-03-01 10:07:10","Region__c":"EU"}`},
		{zoql.QueryResult{Done: true, Records: []map[string]zuora.Value{{"Balance": "2500.00"}}}, `{"done":true,"records":[{"Balance":2500.00}]}`},
		{account{}, `{}`}, {zoql.QueryResult{}, `{}`},
		{map[string]any{"done": false, "size": 0}, `{"done":false,"size":0}`},
	} {
		tenant := zuoratest.NewTenant(zuoratest.Config{})
		tenant.Intercept(func(*http.Request) http.Handler { return zuoratest.JSON(c.v) })
		resp := ask(t, tenant, http.MethodGet, "/v1/x", nil)
		require.Equal(t, http.StatusOK, resp.StatusCode)
		require.Equal(t, "application/json;charset=utf-8", resp.Header.Get("Content-Type"))
		require.Equal(t, c.body, text(t, resp))
	}
	tenant := zuoratest.NewTenant(zuoratest.Config{})
	tenant.Intercept(func(*http.Request) http.Handler { return zuoratest.JSON(zuora.ValueOf(make(chan int))) })
	resp := ask(t, tenant, http.MethodGet, "/v1/x", nil)
	require.Equal(t, http.StatusInternalServerError, resp.StatusCode)
	require.Contains(t, text(t, resp), "zuoratest: ")
}
