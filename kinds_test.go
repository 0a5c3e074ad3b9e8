package zuora_test

import (
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/zuoratest"
)

// loginKind is one of the two ways to log in. What holds for both is tested for each.
type loginKind string

const (
	byPassword loginKind = "password"
	byOAuth    loginKind = "oauth"
)

// eachKind runs test once for each way to log in.
func eachKind(t *testing.T, test func(t *testing.T, kind loginKind)) {
	for _, kind := range []loginKind{byPassword, byOAuth} {
		t.Run(string(kind), func(t *testing.T) { test(t, kind) })
	}
}

// credentials are those of the tenant.
func (kind loginKind) credentials(tenant interface {
	Credentials() zuora.Credentials
	OAuthClient() zuora.Credentials
}) zuora.Credentials {
	if kind == byOAuth {
		return tenant.OAuthClient()
	}
	return tenant.Credentials()
}

// made are credentials of these parts.
func (kind loginKind) made(id string, secret zuora.Secret) zuora.Credentials {
	if kind == byOAuth {
		return zuora.Credentials{ClientID: id, ClientSecret: secret}
	}
	return zuora.Credentials{AccessKeyID: id, SecretAccessKey: secret}
}

// wrong are credentials that the tenant refuses.
func (kind loginKind) wrong() zuora.Credentials { return kind.made("someone", "wrong secret") }

func (kind loginKind) configFor(server *zuoratest.Server) zuora.SessionConfig {
	cfg := configFor(server)
	cfg.Credentials = kind.credentials(server)
	return cfg
}

func (kind loginKind) inMemoryConfig(tenant *zuoratest.Tenant) zuora.SessionConfig {
	cfg := inMemoryConfig(tenant)
	cfg.Credentials = kind.credentials(tenant)
	return cfg
}

// expire ends all sessions and tokens.
func (kind loginKind) expire(tenant interface {
	Expire()
	Revoke()
}) {
	tenant.Expire()
	tenant.Revoke()
}

// path is that of the login.
func (kind loginKind) path() string {
	if kind == byOAuth {
		return "/oauth/token"
	}
	return "/v1/connections"
}

// sent is the session cookie or the token that a request has.
func (kind loginKind) sent(r *http.Request) string {
	if kind == byOAuth {
		return r.Header.Get("Authorization")
	}
	c, err := r.Cookie("ZSession")
	if err != nil {
		return ""
	}
	return c.Value
}

// Rule 2, at its size: 2,000 callers, and two expiries.
func TestRule02_StormOfCallers(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		q := &quickTenant{delay: func(*http.Request) time.Duration { return 100 * time.Millisecond }}
		synctest.Test(t, func(t *testing.T) {
			cfg := q.config()
			cfg.Credentials = kind.made("u", "s")
			session := newSession(t, cfg)
			for logins := 1; logins <= 3; logins++ {
				var wg sync.WaitGroup
				for range 2000 {
					wg.Go(func() { assert.Equal(t, http.StatusOK, quickCall(t, session, "/v1/ok", nil)) })
				}
				wg.Wait()
				require.Equal(t, logins, q.count())
				q.expire()
			}
		})
	})
}
