package zuoratest

import (
	"encoding/json"
	"net/http"
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
func (t *Tenant) token(w http.ResponseWriter, r *http.Request, kept *Request) {
	w.Header().Set("Content-Type", jsonType)
	id, secret := t.OAuthClient()
	if r.PostFormValue("grant_type") != "client_credentials" || r.PostFormValue("client_id") != id || r.PostFormValue("client_secret") != secret {
		w.WriteHeader(http.StatusUnauthorized)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": "invalid_client"})
		return
	}
	token := t.grant(kept, grant{token: true, ends: time.Now().Add(tokenLife)})
	_ = json.NewEncoder(w).Encode(map[string]any{
		"access_token": token, "token_type": "bearer", "expires_in": int(tokenLife / time.Second), "scope": "service.usage.read", "jti": random(16),
	})
}
