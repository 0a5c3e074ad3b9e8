package zuoratest

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// tokenLife is about what Zuora gives a token.
const tokenLife = 3598 * time.Second

// OAuthClient returns the client ID and secret that /oauth/token takes: the
// names that the tenant's OAuth client goes by are those of its user.
func (t *Tenant) OAuthClient() (id, secret string) {
	return t.cfg.Credentials.AccessKeyID, string(t.cfg.Credentials.SecretAccessKey)
}

// token answers POST /oauth/token. The form of Zuora's refusal is not known; it
// is that of RFC 6749 here.
func (t *Tenant) token(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", jsonType)
	id, secret := t.OAuthClient()
	if r.PostFormValue("grant_type") != "client_credentials" || r.PostFormValue("client_id") != id || r.PostFormValue("client_secret") != secret {
		w.WriteHeader(http.StatusUnauthorized)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": "invalid_client"})
		return
	}
	token := random(16)
	t.mu.Lock()
	t.tokens[token] = time.Now().Add(tokenLife)
	t.mu.Unlock()
	_ = json.NewEncoder(w).Encode(map[string]any{
		"access_token": token, "token_type": "bearer", "expires_in": int(tokenLife / time.Second), "scope": "service.usage.read", "jti": random(16),
	})
}

// authorized reports whether r has a token in force.
func (t *Tenant) authorized(r *http.Request) bool {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	t.mu.Lock()
	defer t.mu.Unlock()
	return ok && time.Now().Before(t.tokens[token])
}
