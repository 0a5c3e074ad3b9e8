package zuoratest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/zuoratest"
)

// tokenFor asks for a token.
func tokenFor(tenant *zuoratest.Tenant, id, secret, grantType string) *httptest.ResponseRecorder {
	form := url.Values{"client_id": {id}, "client_secret": {secret}, "grant_type": {grantType}}
	r := httptest.NewRequest(http.MethodPost, "https://rest.zuora.example/oauth/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	tenant.ServeHTTP(w, r)
	return w
}

func TestOAuthClientIsChecked(t *testing.T) {
	made := zuoratest.NewTenant(zuoratest.Config{}).OAuthClient()
	require.NotEmpty(t, made.ClientID)
	require.NotEmpty(t, made.ClientSecret)

	tenant := zuoratest.NewTenant(zuoratest.Config{OAuthClient: zuora.Credentials{ClientID: "client", ClientSecret: "its secret"}, LoginLimit: 5})
	for _, test := range []struct {
		id, secret, grantType string
		status                int
		body                  string
	}{
		{"client", "its secret", "client_credentials", 200, `"token_type":"bearer"`},
		{"client", "wrong", "client_credentials", 401, `"error":"invalid_client"`},
		{"another", "its secret", "client_credentials", 401, `"error":"invalid_client"`},
		{tenant.Credentials().AccessKeyID, string(tenant.Credentials().SecretAccessKey), "client_credentials", 401, `"error":"invalid_client"`},
		{"client", "its secret", "password", 400, `"error":"unsupported_grant_type"`},
		{"client", "its secret", "client_credentials", 429, `"code":70`},
	} {
		w := tokenFor(tenant, test.id, test.secret, test.grantType)
		require.Equal(t, test.status, w.Code)
		require.Contains(t, strings.ReplaceAll(w.Body.String(), " ", ""), test.body)
	}
	require.Equal(t, 6, tenant.Logins())
	require.NotContains(t, fmt.Sprint(tenant.Requests()), "its+secret")
	require.NotContains(t, fmt.Sprint(tenant.Requests()), "its secret")
}

func TestTokensExpireAndAreRevoked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := zuoratest.NewTenant(zuoratest.Config{TokenLife: time.Minute})
		defer tenant.Close()
		tenant.Handle("GET /v1/ok", zuoratest.JSON(map[string]any{"success": true}))
		ok := func(h http.Header) bool {
			return ask(t, tenant, http.MethodGet, "/v1/ok", h).StatusCode == http.StatusOK
		}
		c := tenant.OAuthClient()
		require.Contains(t, tokenFor(tenant, c.ClientID, string(c.ClientSecret), "client_credentials").Body.String(), `"expires_in":60`)
		first := token(t, tenant)
		time.Sleep(59 * time.Second)
		second := token(t, tenant)
		require.True(t, ok(first))
		time.Sleep(time.Second)
		require.False(t, ok(first))
		require.True(t, ok(second))
		tenant.Expire()
		require.True(t, ok(second), "a token is no session")
		tenant.Revoke()
		require.False(t, ok(second))
		require.True(t, ok(token(t, tenant)))
	})
}
