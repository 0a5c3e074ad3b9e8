package zuoratest

import (
	"encoding/json"
	"maps"
	"net/http"
	"time"

	"github.com/zuora-go/zuora"
)

// OAuthClient returns the ID and the secret of the user's OAuth client.
func (t *Tenant) OAuthClient() zuora.Credentials { return t.cfg.OAuthClient }

// Revoke ends all tokens. Sessions stay valid.
func (t *Tenant) Revoke() {
	t.mu.Lock()
	defer t.mu.Unlock()
	maps.DeleteFunc(t.granted, func(_ string, g *grant) bool { return g.token })
}

// OAuthFailed returns a failure of OAuth (RFC 6749): a code such as invalid_client, and a
// description.
func OAuthFailed(status int, code, description string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", jsonType)
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": code, "error_description": description})
	})
}

// Token returns the response of /oauth/token to a login: the token, its type, and for how
// many seconds it is valid. expiresIn can be any value, because servers send numbers and
// texts.
func Token(token, tokenType string, expiresIn any) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", jsonType)
		_ = json.NewEncoder(w).Encode(map[string]any{
			"access_token": token, "token_type": tokenType, "expires_in": expiresIn, "scope": "service.usage.read", "jti": random(16),
		})
	})
}

// token handles POST /oauth/token. The form of Zuora's refusal is not known, so it is that
// of RFC 6749.
func (t *Tenant) token(w http.ResponseWriter, r *http.Request, kept *Request) {
	c := t.cfg.OAuthClient
	switch {
	case !t.admit():
		RateLimited().ServeHTTP(w, r)
	case r.PostFormValue("client_id") != c.ClientID || r.PostFormValue("client_secret") != string(c.ClientSecret):
		OAuthFailed(http.StatusUnauthorized, "invalid_client", "the client_id or the client_secret is wrong").ServeHTTP(w, r)
	case r.PostFormValue("grant_type") != "client_credentials":
		OAuthFailed(http.StatusBadRequest, "unsupported_grant_type", "grant_type must be client_credentials").ServeHTTP(w, r)
	default:
		token := t.grant(kept, grant{token: true, ends: time.Now().Add(t.cfg.TokenLife)})
		Token(token, "bearer", int(t.cfg.TokenLife/time.Second)).ServeHTTP(w, r)
	}
}
