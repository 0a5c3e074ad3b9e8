package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/accounts"
	"github.com/zuora-go/zuora/zuoratest"
)

const (
	server = "https://rest.zuora.example"
	key    = "A00000001"
)

// newTenant is a tenant with one account, in memory.
func newTenant(t *testing.T) *zuoratest.Tenant {
	t.Helper()
	tenant := zuoratest.NewTenant(zuoratest.Config{})
	t.Cleanup(tenant.Close)
	tenant.Handle("GET /v1/accounts/{key}", zuoratest.Failed(http.StatusOK, "50000040", "no account has this number or ID"))
	tenant.Handle("GET /v1/accounts/"+key, zuoratest.JSON(accounts.Account{
		Success: true, BasicInfo: accounts.BasicInfo{AccountNumber: key, Name: "Example Ltd", Status: "Active"},
	}))
	return tenant
}

// ways are the two ways in which the program can log in, by its environment.
func ways(tenant *zuoratest.Tenant) map[string]map[string]string {
	client := tenant.OAuthClient()
	return map[string]map[string]string{
		"OAuth": {"ZUORA_SERVER": server, "ZUORA_CLIENT_ID": client.ClientID, "ZUORA_CLIENT_SECRET": string(client.ClientSecret)},
		"session": {
			"ZUORA_SERVER": server, "ZUORA_ACCESS_KEY_ID": tenant.Credentials().AccessKeyID,
			"ZUORA_SECRET_ACCESS_KEY": string(tenant.Credentials().SecretAccessKey),
		},
	}
}

func TestCallsAndErrorsAreTheSameWithOAuthAndASession(t *testing.T) {
	tenant := newTenant(t)
	tenant.Handle("GET /v1/accounts/forbidden", zuoratest.Failed(http.StatusOK, "50000010", "not for you"))
	tenant.Handle("GET /v1/accounts/busy", zuoratest.ConcurrencyLimited(0))
	tenant.Handle("GET /v1/accounts/broken", zuoratest.ServerError())
	tenant.Handle("GET /v1/accounts/page", zuoratest.HTMLPage(http.StatusOK))
	for way, env := range ways(tenant) {
		t.Run(way, func(t *testing.T) {
			for key, test := range map[string]struct {
				out, err string
				is       error
			}{
				key:         {out: "A00000001: Example Ltd\n"},
				"nowhere":   {out: "There is no account nowhere.\n"},
				"forbidden": {err: "zuora: GET /v1/accounts/forbidden: 200 OK, not successful: 50000010 not for you", is: zuora.ErrPermissionDenied},
				"busy":      {err: "zuora: GET /v1/accounts/busy: 429 Too Many Requests: 50000070", is: zuora.ErrRateLimited},
				"broken":    {err: "zuora: GET /v1/accounts/broken: 500 Internal Server Error: We're sorry"},
				"page":      {err: "zuora: GET /v1/accounts/page: 200 OK"},
			} {
				var out bytes.Buffer
				err := run(t.Context(), []string{key}, func(name string) string { return env[name] }, tenant.Transport(), &out)
				assert.Equal(t, test.out, out.String(), key)
				if test.err == "" {
					assert.NoError(t, err, key)
					continue
				}
				assert.ErrorContains(t, err, test.err, key)
				if test.is != nil {
					assert.ErrorIs(t, err, test.is, key)
					var failed *zuora.Error
					assert.ErrorAs(t, err, &failed, key)
				}
			}
		})
	}
}

// oauthCaller is the Caller of the example on tenant.
func oauthCaller(t *testing.T, tenant *zuoratest.Tenant) zuora.Caller {
	t.Helper()
	client := tenant.OAuthClient()
	caller, err := byOAuth(t.Context(), server, client.ClientID, client.ClientSecret, tenant.Transport())
	require.NoError(t, err)
	return caller
}

func TestOneTokenServesManyCalls(t *testing.T) {
	tenant := newTenant(t)
	seen := map[string]int{}
	tenant.Intercept(func(r *http.Request) http.Handler {
		seen[r.URL.Path]++ // one at a time
		assert.Empty(t, r.Cookies())
		return nil
	})
	caller := oauthCaller(t, tenant)
	for range 3 {
		require.NoError(t, read(t.Context(), caller, key, io.Discard))
	}
	require.Equal(t, map[string]int{"/oauth/token": 1, "/v1/accounts/" + key: 3}, seen)
	require.Equal(t, 1, tenant.Logins())
}

func TestTokenIsRenewedTenSecondsBeforeItsTimeIsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := newTenant(t)
		defer tenant.Close()
		tokens := 0
		tenant.Intercept(func(r *http.Request) http.Handler {
			if r.URL.Path == "/oauth/token" {
				tokens++
			}
			return nil
		})
		caller := oauthCaller(t, tenant)
		begun := time.Now()
		for _, test := range []struct {
			after  time.Duration
			tokens int
		}{{0, 1}, {3588 * time.Second, 1}, {3589 * time.Second, 2}} {
			<-time.After(time.Until(begun.Add(test.after)))
			require.NoError(t, read(t.Context(), caller, key, io.Discard))
			require.Equal(t, test.tokens, tokens, test.after)
		}
	})
}

// What docs/oauth.md says of tokens that are revoked: the call fails and is not replayed,
// and so do the next calls, because oauth2 keeps the token until it expires.
func TestTokenRefusedBeforeItsTimeStays(t *testing.T) {
	tenant := newTenant(t)
	caller := oauthCaller(t, tenant)
	require.NoError(t, read(t.Context(), caller, key, io.Discard))
	seen := map[string]int{}
	tenant.Intercept(func(r *http.Request) http.Handler {
		seen[r.URL.Path]++
		return zuoratest.Unauthorized()
	})
	for range 2 {
		require.ErrorIs(t, read(t.Context(), caller, key, io.Discard), zuora.ErrUnauthenticated)
	}
	require.Equal(t, map[string]int{"/v1/accounts/" + key: 2}, seen)
}

// There is no backoff: each call requests a token again, although the secret is wrong.
func TestWrongClientIsAnErrorOfOAuth2AtEachCall(t *testing.T) {
	tenant := newTenant(t)
	tokens := 0
	tenant.Intercept(func(*http.Request) http.Handler { tokens++; return nil })
	caller, err := byOAuth(t.Context(), server, "nobody", "a secret of no use", tenant.Transport())
	require.NoError(t, err)
	for range 5 {
		err := read(t.Context(), caller, key, io.Discard)
		var refused *oauth2.RetrieveError
		require.ErrorAs(t, err, &refused)
		require.Equal(t, http.StatusUnauthorized, refused.Response.StatusCode)
		var failed *zuora.Error
		require.False(t, errors.As(err, &failed))
		require.NotContains(t, err.Error(), "a secret of no use")
	}
	require.Equal(t, 5, tokens)
}

// A call's own context does not end its wait for a token; the client's Timeout
// does.
func TestCallWaitsForTheTokenWhateverItsContextSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := newTenant(t)
		defer tenant.Close()
		tenant.Intercept(func(*http.Request) http.Handler {
			return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body) // until then the server does not look for the connection's end
				<-r.Context().Done()
			})
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begun := time.Now()
		require.ErrorIs(t, read(ctx, oauthCaller(t, tenant), key, io.Discard), context.DeadlineExceeded)
		require.Equal(t, 130*time.Second, time.Since(begun))
	})
}

func TestRedirectsGetTheTokenAndTheSecretOnlyByDefault(t *testing.T) {
	const elsewhere = "elsewhere.example"
	byDefault := func(ctx context.Context, server, id string, secret zuora.Secret, base http.RoundTripper) (zuora.Caller, error) {
		config := clientcredentials.Config{ClientID: id, ClientSecret: string(secret), TokenURL: server + "/oauth/token", AuthStyle: oauth2.AuthStyleInParams}
		return zuora.NewCaller(server, config.Client(context.WithValue(ctx, oauth2.HTTPClient, &http.Client{Transport: base})))
	}
	for what, test := range map[string]struct {
		caller func(context.Context, string, string, zuora.Secret, http.RoundTripper) (zuora.Caller, error)
		leaks  bool
	}{
		"by default": {byDefault, true},
		"here":       {byOAuth, false},
	} {
		for _, from := range []string{"/v1/accounts/" + key, "/oauth/token"} {
			t.Run(what+", from "+from, func(t *testing.T) {
				tenant := newTenant(t)
				var tokens, secrets []string // as another host is told them
				tenant.Intercept(func(r *http.Request) http.Handler {
					switch {
					case r.Host == elsewhere:
						tokens = append(tokens, r.Header["Authorization"]...)
						secrets = append(secrets, r.PostFormValue("client_secret"))
						return zuoratest.ServerError()
					case r.URL.Path == from:
						return http.RedirectHandler("https://"+elsewhere+from, http.StatusTemporaryRedirect)
					}
					return nil
				})
				client := tenant.OAuthClient()
				caller, err := test.caller(t.Context(), server, client.ClientID, client.ClientSecret, tenant.Transport())
				require.NoError(t, err)
				err = read(t.Context(), caller, key, io.Discard)
				require.Error(t, err)
				switch {
				case !test.leaks:
					require.Empty(t, tokens)
					require.Empty(t, secrets)
					require.ErrorContains(t, err, "307")
				case from == "/oauth/token":
					require.Equal(t, []string{string(client.ClientSecret)}, secrets)
				default:
					require.Len(t, tokens, 1)
					require.Regexp(t, "^Bearer [0-9a-f]+$", tokens[0])
				}
			})
		}
	}
}

func TestProgramWantsAnAccountAndCredentials(t *testing.T) {
	none := func(string) string { return "" }
	require.ErrorContains(t, run(t.Context(), nil, none, nil, io.Discard), "say which account")
	require.ErrorContains(t, run(t.Context(), []string{key}, none, nil, io.Discard), "zuora: SessionConfig.Server is empty")
	client := func(name string) string { return map[string]string{"ZUORA_CLIENT_ID": "id"}[name] }
	require.ErrorContains(t, run(t.Context(), []string{key}, client, nil, io.Discard), "zuora: NewCaller: server is empty")
}
