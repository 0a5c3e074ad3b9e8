package zuora_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/zuoratest"
)

// What differs with an OAuth client. What does not is tested by eachKind.

const goodToken = "6d151216ef504f65b8ff6e9e9e8356d3"

func TestRule09_LoginOfAnOAuthClientIsAForm(t *testing.T) {
	tenant := inMemory(zuoratest.Config{OAuthClient: zuora.Credentials{ClientID: "id+&=", ClientSecret: "s%20e c/r+e=t&ü"}})
	defer tenant.Close()
	cfg := byOAuth.inMemoryConfig(tenant)
	cfg.Server += "/base/v1"
	cfg.Header = http.Header{"Zuora-Version": {"2025-08-12"}}
	cfg.Entity = zuora.Entity{ID: "7f1d9c2e-51f8-4a0b-9a35-0b7f6f3f6a11"}
	tenant.Handle("GET /base/v1/ok", zuoratest.JSON(map[string]any{"success": true}))
	tenant.Intercept(func(r *http.Request) http.Handler {
		if isLogin(r) {
			assert.Equal(t, "/base/oauth/token", r.URL.Path)
			assert.Equal(t, []string{"application/x-www-form-urlencoded"}, r.Header["Content-Type"])
			assert.NoError(t, r.ParseForm())
			assert.Equal(t, url.Values{"client_id": {"id+&="}, "client_secret": {"s%20e c/r+e=t&ü"}, "grant_type": {"client_credentials"}}, r.PostForm)
			assert.Empty(t, r.URL.RawQuery)
			for _, name := range []string{"Authorization", "Cookie", "Zuora-Version", "Zuora-Entity-Ids", "Apiaccesskeyid", "Apisecretaccesskey"} {
				assert.NotContains(t, r.Header, name)
			}
		} else {
			assert.Regexp(t, "^Bearer [0-9a-f]{32}$", r.Header.Get("Authorization"))
			assert.Equal(t, "2025-08-12", r.Header.Get("Zuora-Version"))
			assert.Equal(t, cfg.Entity.ID, r.Header.Get("Zuora-Entity-Ids"))
			assert.NotContains(t, r.Header, "Cookie")
		}
		return nil
	})
	requireStatus(t, newSession(t, cfg), "/v1/ok", http.StatusOK)
}

// Rule 3: a token is renewed before it expires, and no call waits for that.
func TestRule03_TokenIsRenewedBeforeItExpires(t *testing.T) {
	for life, due := range map[time.Duration]time.Duration{
		time.Hour: 59 * time.Minute, 20 * time.Minute: 19 * time.Minute, 100 * time.Second: 90 * time.Second, 10 * time.Second: 9 * time.Second,
	} {
		synctest.Test(t, func(t *testing.T) {
			tenant := inMemory(zuoratest.Config{TokenLife: life})
			defer tenant.Close()
			login := 3 * time.Second // which counts
			tenant.Intercept(func(r *http.Request) http.Handler {
				if isLogin(r) {
					time.Sleep(login)
				}
				return nil
			})
			session := newSession(t, byOAuth.inMemoryConfig(tenant))
			begun := time.Now()
			requireStatus(t, session, "/v1/ok", http.StatusOK)
			time.Sleep(due - time.Since(begun) - time.Millisecond)
			requireStatus(t, session, "/v1/ok", http.StatusOK)
			synctest.Wait()
			require.Equal(t, 1, tenant.Logins(), "%v", life)
			time.Sleep(time.Millisecond)
			login = 500 * time.Millisecond
			for range 20 {
				before := time.Now()
				requireStatus(t, session, "/v1/ok", http.StatusOK)
				require.Zero(t, time.Since(before), "a call waits for an early renewal")
			}
			synctest.Wait()
			require.Equal(t, 2, tenant.Logins(), "%v", life)
			time.Sleep(login + time.Millisecond)
			requireStatus(t, session, "/v1/ok", http.StatusOK)
			requests := tenant.Requests()
			require.Equal(t, 2, requests[len(requests)-1].Login, "the new token")
			for _, r := range requests {
				require.Equal(t, http.StatusOK, r.Status)
			}
			time.Sleep(time.Hour) // unused, so it is not renewed
			require.Equal(t, 2, tenant.Logins())
			requireStatus(t, session, "/v1/ok", http.StatusOK)
			require.Equal(t, 3, tenant.Logins())
		})
	}
}

// A token does not expire by idling.
func TestRule13_TokenDoesNotGoIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := inMemory(zuoratest.Config{})
		defer tenant.Close()
		session := newSession(t, byOAuth.inMemoryConfig(tenant))
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		time.Sleep(58 * time.Minute)
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		require.Equal(t, 1, tenant.Logins())
	})
}

// As long as the token has not expired, a renewal that fails fails no call.
func TestRule03_EarlyRenewalThatFailsFailsNoCall(t *testing.T) {
	for what, failure := range map[string]http.Handler{
		"server error": zuoratest.ServerError(), "rate limit": zuoratest.RateLimited(), "refused": zuoratest.OAuthFailed(400, "invalid_client", "gone"),
		"no response": http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body); <-r.Context().Done() }),
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tenant := inMemory(zuoratest.Config{TokenLife: 10 * time.Minute})
				defer tenant.Close()
				cfg := byOAuth.inMemoryConfig(tenant)
				asked := 0
				cfg.Credentials = zuora.CredentialsFunc(func(context.Context) (zuora.Credentials, error) { asked++; return tenant.OAuthClient(), nil })
				session := newSession(t, cfg)
				requireStatus(t, session, "/v1/ok", http.StatusOK)
				var failing atomic.Bool
				failing.Store(true)
				tenant.Intercept(func(r *http.Request) http.Handler {
					if isLogin(r) && failing.Load() {
						return failure
					}
					return nil
				})
				time.Sleep(9 * time.Minute)
				for range 590 {
					before := time.Now()
					requireStatus(t, session, "/v1/ok", http.StatusOK)
					require.Zero(t, time.Since(before))
					time.Sleep(100 * time.Millisecond)
				}
				require.LessOrEqual(t, tenant.Logins(), 9, "the tries back off")
				require.LessOrEqual(t, asked, map[bool]int{true: 61, false: 9}[what == "refused"], "others are looked for once a second")
				time.Sleep(time.Second)
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				_, _, err := get(ctx, session, "/v1/ok")
				require.Error(t, err, "now it has expired")
				failing.Store(false)
				time.Sleep(10 * time.Minute)
				requireStatus(t, session, "/v1/ok", http.StatusOK)
			})
		})
	}
}

// Nor does it delay the login that is due when the token has expired.
func TestRule03_EarlyRenewalsThatFailDelayNoLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := inMemory(zuoratest.Config{})
		defer tenant.Close()
		session := newSession(t, byOAuth.inMemoryConfig(tenant))
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		begun := time.Now()
		tenant.Intercept(func(r *http.Request) http.Handler {
			if isLogin(r) && time.Since(begun) < 3590*time.Second {
				return zuoratest.ServerError()
			}
			return nil
		})
		time.Sleep(3538 * time.Second)
		for time.Since(begun) < 3600*time.Second {
			requireStatus(t, session, "/v1/ok", http.StatusOK)
			time.Sleep(100 * time.Millisecond)
		}
		require.LessOrEqual(t, tenant.Logins(), 9)
	})
}

// A caller that needs a token does not start a second login beside an early renewal.
func TestRule02_ExpiryDuringAnEarlyRenewalIsOneLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := inMemory(zuoratest.Config{TokenLife: 10 * time.Minute})
		defer tenant.Close()
		session := newSession(t, byOAuth.inMemoryConfig(tenant))
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		time.Sleep(10*time.Minute - 3*time.Second)
		tenant.Intercept(func(r *http.Request) http.Handler {
			if isLogin(r) {
				time.Sleep(5 * time.Second)
			}
			return nil
		})
		var wg sync.WaitGroup
		for range 200 {
			wg.Go(func() {
				if status, _, err := get(t.Context(), session, "/v1/ok"); err != nil || status != http.StatusOK {
					t.Error(status, err)
				}
			})
			time.Sleep(20 * time.Millisecond)
		}
		wg.Wait()
		require.Equal(t, 2, tenant.Logins())
	})
}

func TestRule14_CloseDuringAnEarlyRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := inMemory(zuoratest.Config{})
		defer tenant.Close()
		session := newSession(t, byOAuth.inMemoryConfig(tenant))
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		time.Sleep(3540 * time.Second)
		tenant.Intercept(func(r *http.Request) http.Handler {
			if isLogin(r) {
				time.Sleep(5 * time.Second)
			}
			return nil
		})
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		synctest.Wait()
		require.Equal(t, 2, tenant.Logins())
		require.NoError(t, session.Close())
		time.Sleep(10 * time.Second)
		_, _, err := get(t.Context(), session, "/v1/ok")
		require.ErrorIs(t, err, zuora.ErrSessionClosed)
	})
}

// A token that is in progress when all are revoked is no sign that a resource refuses every
// token.
func TestRule03_TokensRevokedDuringAnEarlyRenewal(t *testing.T) {
	for what, kind := range map[string]func(t *testing.T, session *zuora.Session) (int, error){
		"replayed": func(t *testing.T, session *zuora.Session) (int, error) {
			status, _, err := get(t.Context(), session, "/v1/ok")
			return status, err
		},
		"not replayed": func(t *testing.T, session *zuora.Session) (int, error) {
			status, _, err := send(t.Context(), session, http.MethodPost, "/v1/echo", newOneShot("once"))
			return status, err
		},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tenant := inMemory(zuoratest.Config{})
				defer tenant.Close()
				session := newSession(t, byOAuth.inMemoryConfig(tenant))
				requireStatus(t, session, "/v1/ok", http.StatusOK)
				var early atomic.Bool
				tenant.Intercept(func(r *http.Request) http.Handler {
					if !isLogin(r) || early.Swap(true) {
						return nil
					}
					tenant.Revoke()
					time.Sleep(3 * time.Second)
					return zuoratest.Token(goodToken, "bearer", 3598) // revoked
				})
				time.Sleep(3538 * time.Second)
				requireStatus(t, session, "/v1/ok", http.StatusOK)
				synctest.Wait()
				var wg sync.WaitGroup
				var refused atomic.Int32
				for range 20 {
					wg.Go(func() {
						if status, err := kind(t, session); err != nil || status != http.StatusOK {
							refused.Add(1)
						}
					})
				}
				wg.Wait()
				if what == "replayed" {
					require.Zero(t, refused.Load())
				}
				for range 3 { // the first ones learn of the end of the second token
					status, err := kind(t, session)
					require.NoError(t, err)
					if what == "replayed" {
						require.Equal(t, http.StatusOK, status)
					}
				}
				status, err := kind(t, session)
				require.NoError(t, err)
				require.Equal(t, http.StatusOK, status)
				require.Equal(t, 3, tenant.Logins())
			})
		})
	}
}

// The life of a token counts by the clock that shows more, from the sending.
func TestRule03_LifeOfATokenIsCountedByBothClocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := inMemory(zuoratest.Config{})
		defer tenant.Close()
		session := newSession(t, byOAuth.inMemoryConfig(tenant))
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		zuora.Suspend(session, -time.Hour) // the wall clock is set back
		time.Sleep(3598 * time.Second)
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		require.Equal(t, 2, tenant.Logins())
		for _, r := range tenant.Requests() {
			require.Equal(t, http.StatusOK, r.Status, "no call met the end of the token")
		}
		zuora.Suspend(session, time.Hour)
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		require.Equal(t, 3, tenant.Logins())
	})
}

// A wrong secret, 50 callers, ten minutes.
func TestRule10_WrongClientSecretIsNotHammered(t *testing.T) {
	for what, refusal := range map[string]http.Handler{
		"": nil, "400": zuoratest.OAuthFailed(400, "invalid_client", ""), "401 without a body": zuoratest.Answer(401, "", ""), "Zuora's": zuoratest.Unauthorized(),
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tenant := inMemory(zuoratest.Config{})
				defer tenant.Close()
				tenant.Intercept(func(r *http.Request) http.Handler {
					if isLogin(r) {
						return refusal
					}
					return nil
				})
				cfg := byOAuth.inMemoryConfig(tenant)
				cfg.Credentials = byOAuth.wrong()
				session := newSession(t, cfg)
				var wg sync.WaitGroup
				for range 50 {
					wg.Go(func() {
						for range 600 {
							if _, _, err := get(t.Context(), session, "/v1/ok"); !assert.ErrorIs(t, err, zuora.ErrUnauthenticated) {
								return
							}
							time.Sleep(time.Second)
						}
					})
				}
				wg.Wait()
				require.LessOrEqual(t, tenant.Logins(), 3)
			})
		})
	}
}

func TestRule09_ResponsesThatAreNoToken(t *testing.T) {
	for what, test := range map[string]struct {
		response http.Handler
		want     string
	}{
		"no bearer":               {zuoratest.Token(goodToken, "mac", 3598), `200 OK, application/json;charset=utf-8, `},
		"no bearer, its type":     {zuoratest.Token(goodToken, "mac", 3598), `its token_type is "mac", not bearer`},
		"a type that is a secret": {zuoratest.Token(goodToken, goodToken, 3598), `its token_type is "REDACTED", not bearer`},
		"an empty token":          {zuoratest.Token("", "bearer", 3598), "it contains no access_token"},
		"no token":                {jsonResponse(`{"token_type":"bearer"}`), "it contains no access_token"},
		"a number":                {jsonResponse(`{"access_token":5}`), "it contains no access_token"},
		"null":                    {jsonResponse(`null`), "it contains no access_token"},
		"a list":                  {jsonResponse(`[{"access_token":"` + goodToken + `"}]`), "it contains no access_token"},
		"a line break":            {zuoratest.Token(goodToken+"\r\nX-Evil: 1", "bearer", 3598), "its access_token contains a character that a header cannot carry"},
		"a blank":                 {zuoratest.Token(goodToken+" b", "bearer", 3598), "its access_token contains a character"},
		"not ASCII":               {zuoratest.Token(goodToken+"ü", "bearer", 3598), "its access_token contains a character"},
		"a control character":     {zuoratest.Token(goodToken+"\x00", "bearer", 3598), "its access_token contains a character"},
		"too long":                {zuoratest.Token(strings.Repeat(goodToken, 1000), "bearer", 3598), "its access_token has 32000 bytes, more than 16384"},
		"an HTML page":            {zuoratest.HTMLPage(200), "200 OK, text/html, 67 bytes: not a login response"},
		"JSON cut off":            {jsonResponse(`{"access_token":"` + goodToken), "not the JSON of a login response"},
		"a failure":               {jsonResponse(`{"error":"server_error","error_description":"later"}`), "server_error later"},
		"success false":           {zuoratest.Failed(200, "50000060", "try later"), "200 OK, not successful: 50000060 try later"},
		"a session cookie only":   {withCookie(goodCookie, jsonResponse(`{"success":true}`)), "it contains no access_token"},
		"a redirect":              {http.RedirectHandler("/oauth/other", http.StatusTemporaryRedirect), "(a login follows no redirect)"},
		"a refusal with a token":  {zuoratest.OAuthFailed(400, "invalid_request", "you have "+goodToken), "invalid_request you have "},
	} {
		t.Run(what, func(t *testing.T) {
			server := newServer(t, zuoratest.Config{})
			server.Intercept(func(*http.Request) http.Handler { return test.response })
			var log records
			cfg := byOAuth.configFor(server)
			cfg.Logger = log.logger(slog.LevelWarn, false)
			session := newSession(t, cfg)
			err := session.Connect(t.Context())
			require.ErrorContains(t, err, test.want)
			require.ErrorContains(t, err, "zuora: login failed: POST ")
			require.ErrorContains(t, err, "/oauth/token: ")
			if what != "a refusal with a token" { // the session cannot know the token
				require.NotContains(t, err.Error(), goodToken[:8])
			}
			require.NotContains(t, err.Error(), string(server.OAuthClient().ClientSecret))
			require.NotContains(t, err.Error(), "\n")
			_, _, err = get(t.Context(), session, "/v1/ok")
			require.Error(t, err, "no call goes out without a token")
			require.Equal(t, 1, server.Logins())
			require.NotContains(t, strings.Join(log.take(), "\n"), "does not say when it expires")
		})
	}
}

// Odd responses that are tokens all the same. One without a usable expires_in is used until
// it is refused, and the log says so.
func TestRule09_OddTokensAreUsed(t *testing.T) {
	for what, test := range map[string]struct {
		body string
		life time.Duration // 0: without end
	}{
		"no expires_in":       {`{"access_token":"%s","token_type":"bearer"}`, 0},
		"null":                {`{"access_token":"%s","expires_in":null}`, 0},
		"0":                   {`{"access_token":"%s","expires_in":0}`, 0},
		"negative":            {`{"access_token":"%s","expires_in":-3598}`, 0},
		"a fraction":          {`{"access_token":"%s","expires_in":0.001}`, 0},
		"a text":              {`{"access_token":"%s","expires_in":"an hour"}`, 0},
		"an object":           {`{"access_token":"%s","expires_in":{"seconds":5}}`, 0},
		"too large a number":  {`{"access_token":"%s","expires_in":1e999}`, 0},
		"digits without end":  {`{"access_token":"%s","expires_in":` + strings.Repeat("9", 5000) + `}`, 0},
		"ten thousand years":  {`{"access_token":"%s","expires_in":315360000000}`, 365 * 24 * time.Hour},
		"a number as text":    {`{"access_token":"%s","token_type":"Bearer","expires_in":"3598"}`, 3598 * time.Second},
		"a number with zeros": {`{"access_token":"%s","token_type":"BEARER","expires_in":3598.0}`, 3598 * time.Second},
		"odd scope":           {`{"access_token":"%s","token_type":"bearer","expires_in":3598,"scope":["a"],"jti":5,"more":{}}`, 3598 * time.Second},
		"a byte order mark":   {"\ufeff" + `{"access_token":"%s","token_type":"bearer","expires_in":3598}`, 3598 * time.Second},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tenant := inMemory(zuoratest.Config{})
				defer tenant.Close()
				logins, good := 0, ""
				tenant.Intercept(func(r *http.Request) http.Handler {
					switch {
					case isLogin(r):
						logins++
						good = fmt.Sprint(goodToken, logins)
						return jsonResponse(fmt.Sprintf(test.body, good))
					case byOAuth.sent(r) != "Bearer "+good:
						return zuoratest.Unauthorized()
					}
					return zuoratest.JSON(map[string]any{"success": true})
				})
				var log records
				cfg := byOAuth.inMemoryConfig(tenant)
				cfg.Logger = log.logger(slog.LevelWarn, false)
				session := newSession(t, cfg)
				for range 100 {
					requireStatus(t, session, "/v1/ok", http.StatusOK)
				}
				require.Equal(t, 1, logins)
				synctest.Wait()
				text := strings.Join(log.take(), "\n")
				require.NotContains(t, text, goodToken)
				if life := test.life; life > 0 {
					require.Empty(t, text)
					time.Sleep(life - 61*time.Second)
					requireStatus(t, session, "/v1/ok", http.StatusOK)
					synctest.Wait()
					require.Equal(t, 1, logins)
					time.Sleep(time.Second)
				} else {
					require.Contains(t, text, "the token does not say when it expires; it is used until it is refused")
					require.Less(t, len(text), 300)
					time.Sleep(1000 * time.Hour)
					requireStatus(t, session, "/v1/ok", http.StatusOK)
					require.Equal(t, 1, logins)
					good = "" // revoked
				}
				requireStatus(t, session, "/v1/ok", http.StatusOK)
				synctest.Wait()
				require.Equal(t, 2, logins)
			})
		})
	}
}

// The session's Authorization replaces the caller's, and no session cookie is sent.
func TestRule01_AuthorizationOfTheCallerIsReplaced(t *testing.T) {
	for _, name := range []string{"Authorization", "authorization", "AUTHORIZATION"} {
		for _, value := range []string{"", "Bearer of-the-caller", "Basic dTpz"} {
			eachKind(t, func(t *testing.T, kind loginKind) {
				server := newServer(t, zuoratest.Config{})
				var got [][]string
				server.HandleFunc("GET /v1/who", func(_ http.ResponseWriter, r *http.Request) {
					got = append(got, r.Header["Authorization"])
					assert.Equal(t, kind == byPassword, strings.Contains(r.Header.Get("Cookie"), "ZSession="))
					assert.Contains(t, r.Header.Get("Cookie"), "theme=dark")
				})
				session := newSession(t, kind.configFor(server))
				req := newRequest(t, http.MethodGet, session.Server()+"/v1/who", nil)
				req.Header[name] = []string{value}
				if kind == byOAuth {
					req.Header.Set("Cookie", "ZSession=of-the-caller; theme=dark")
				} else {
					req.Header.Set("Cookie", "theme=dark")
				}
				resp, err := session.Do(req)
				require.NoError(t, err)
				_ = resp.Body.Close()
				require.Equal(t, []string{value}, req.Header[name], "the caller's request stays")
				require.Len(t, got, 1)
				switch {
				case kind == byOAuth:
					require.Len(t, got[0], 1)
					require.Regexp(t, "^Bearer [0-9a-f]{32}$", got[0][0])
				case value == "":
					require.Nil(t, got[0], "an empty one is not sent")
				default:
					require.Equal(t, []string{value}, got[0])
				}
			})
		}
	}
}

// Cookies are not kept with a token, and callers do not get a session cookie.
func TestRule01_CookiesAreNotKeptWithAToken(t *testing.T) {
	server := newServer(t, zuoratest.Config{})
	server.Handle("GET /v1/cookies", withCookie(goodCookie, withCookie("theme=dark; Path=/", jsonResponse(`{}`))))
	session := newSession(t, byOAuth.configFor(server))
	resp, err := session.Do(newRequest(t, http.MethodGet, session.Server()+"/v1/cookies", nil))
	require.NoError(t, err)
	_ = resp.Body.Close()
	require.Equal(t, []string{"theme=dark; Path=/"}, resp.Header["Set-Cookie"])
	server.Intercept(func(r *http.Request) http.Handler {
		if isLogin(r) {
			return withCookie(goodCookie, withCookie("route=a; Path=/", zuoratest.Token(goodToken, "bearer", 3598)))
		}
		return zuoratest.JSON(map[string]any{"success": true})
	})
	server.Revoke()
	session = newSession(t, byOAuth.configFor(server))
	requireStatus(t, session, "/v1/ok", http.StatusOK)
	for _, r := range server.Requests() {
		require.NotContains(t, r.Header, "Cookie")
	}
}

// Rule 6: the token and the client's secret go to the session's origin only.
func TestRule06_TokenStaysWithItsOrigin(t *testing.T) {
	server := newServer(t, zuoratest.Config{})
	other, asked := elsewhere(t, server)
	server.Handle("GET /v1/moved", http.RedirectHandler(other+"/v1/ok", http.StatusTemporaryRedirect))
	cfg := byOAuth.configFor(server)
	cfg.Base = configForBoth(server).Base
	session := newSession(t, cfg)
	requireStatus(t, session, "/v1/moved", http.StatusTemporaryRedirect)
	_, err := session.HTTPClient().Get(other + "/v1/ok")
	require.ErrorContains(t, err, "the session is for "+strings.ToLower(session.Server())+" only")
	server.Intercept(func(r *http.Request) http.Handler {
		if isLogin(r) {
			return http.RedirectHandler(other+"/oauth/token", http.StatusPermanentRedirect)
		}
		return nil
	})
	require.ErrorContains(t, newSession(t, cfg).Connect(t.Context()), "(a login follows no redirect)")
	require.Zero(t, asked.Load())
}

// A provider may change from one kind of login to the other.
func TestProviderChangesTheKindOfLogin(t *testing.T) {
	server := newServer(t, zuoratest.Config{})
	cfg := configFor(server)
	kinds := []loginKind{byPassword, byOAuth, byOAuth, byPassword}
	next := 0
	cfg.Credentials = zuora.CredentialsFunc(func(context.Context) (zuora.Credentials, error) {
		next++
		return kinds[next-1].credentials(server), nil
	})
	session := newSession(t, cfg)
	var got []loginKind
	for range kinds {
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		requests := server.Requests()
		last := requests[len(requests)-1]
		require.NotEqual(t, last.Header["Cookie"] == nil, last.Header["Authorization"] == nil, "one of them")
		if last.Header["Cookie"] == nil {
			got = append(got, byOAuth)
		} else {
			got = append(got, byPassword)
		}
		server.Expire()
		server.Revoke()
	}
	require.Equal(t, kinds, got)
}

// A provider's credentials are one pair, too, and nothing is sent if they are not.
func TestProvidersPairsAreChecked(t *testing.T) {
	for want, c := range map[string]zuora.Credentials{
		"not fields of both":                       {AccessKeyID: "u", ClientID: "c", ClientSecret: "hunter2"},
		"fields of both pairs":                     {SecretAccessKey: "hunter2", ClientID: "c", ClientSecret: "hunter2"},
		"not fields of both pairs":                 {AccessKeyID: "u", SecretAccessKey: "hunter2", ClientID: "c", ClientSecret: "hunter2"},
		"AccessKeyID is empty, and so is ClientID": {},
		"ClientSecret is empty":                    {ClientID: "c"},
		"Entity.LegacyID and Entity.LegacyName":    {ClientID: "c", ClientSecret: "hunter2"},
	} {
		server := newServer(t, zuoratest.Config{})
		cfg := configFor(server)
		cfg.Credentials = zuora.CredentialsFunc(c.Retrieve)
		if strings.HasPrefix(want, "Entity") {
			cfg.Entity.LegacyName = "Example Europe"
		}
		err := newSession(t, cfg).Connect(t.Context())
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "hunter2")
		require.Empty(t, server.Requests())
	}
}

// Rule 11: the token and the client's secret are in no error, log line or printed value.
func TestRule11_NothingPrintsATokenOrAClientSecret(t *testing.T) {
	server := newServer(t, zuoratest.Config{OAuthClient: zuora.Credentials{ClientID: "client", ClientSecret: "client secret of 24+bytes"}})
	var token string
	server.HandleFunc("/v1/repeats", func(w http.ResponseWriter, r *http.Request) {
		token = strings.TrimPrefix(byOAuth.sent(r), "Bearer ")
		quoted, _ := json.Marshal(`"` + token + `" ` + "client secret of 24+bytes" + " " + url.QueryEscape("client secret of 24+bytes") + " Bearer " + token)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprintf(w, `{"success":false,"reasons":[{"code":50000020,"message":%s}]}`, quoted)
	})
	var log records
	cfg := byOAuth.configFor(server)
	cfg.Logger = log.logger(slog.LevelDebug, true)
	cfg.Store = newMemoryStore()
	session := newSession(t, cfg)
	_, err := session.Do(newRequest(t, http.MethodGet, session.Server()+"/v1/repeats", nil))
	var failure *zuora.Error
	require.ErrorAs(t, err, &failure)
	server.Revoke()
	requireStatus(t, session, "/v1/ok", http.StatusOK)
	settled(t, &log)
	request := zuora.TokenRequest{ClientID: "client", ClientSecret: "client secret of 24+bytes"}
	all := allOf(err) + string(failure.Body) + fmt.Sprint(failure.Reasons) + strings.Join(log.take(), "\n")
	for _, verb := range verbs {
		all += fmt.Sprintf(verb, session) + fmt.Sprintf(verb, cfg) + fmt.Sprintf(verb, request) + fmt.Sprintf(verb, &request) +
			fmt.Sprintf(verb, server.OAuthClient()) + fmt.Sprintf(verb, zuora.TokenResponse{AccessToken: zuora.Secret(token), Jti: zuora.Secret(token)})
	}
	var lines strings.Builder
	logger := slog.New(slog.NewJSONHandler(&lines, nil))
	logger.Info("x", "request", request, "client", server.OAuthClient())
	slog.New(slog.NewTextHandler(&lines, nil)).Info("x", "request", &request)
	text, err := json.Marshal([]any{request, server.OAuthClient(), zuora.TokenResponse{AccessToken: zuora.Secret(token), Jti: zuora.Secret(token)}})
	require.NoError(t, err)
	all += lines.String() + string(text)
	require.NotEmpty(t, token)
	require.Contains(t, all, "REDACTED")
	for _, secret := range []string{token[:12], "client secret", "client+secret", "24+bytes"} {
		require.NotContains(t, all, secret)
	}
}

// Nor is an Authorization of the caller's, with or without a scheme.
func TestRule11_AuthorizationOfTheCallerIsRedacted(t *testing.T) {
	server := newServer(t, zuoratest.Config{})
	server.HandleFunc("/v1/repeats", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, r.Header.Get("Authorization"))
	})
	session := newSession(t, configFor(server))
	for _, scheme := range []string{"", "Basic ", "Token token="} {
		req := newRequest(t, http.MethodGet, session.Server()+"/v1/repeats", nil)
		req.Header.Set("Authorization", scheme+"dGhlIGNhbGxlcidz")
		_, err := session.Do(req)
		var failure *zuora.Error
		require.ErrorAs(t, err, &failure)
		require.Contains(t, string(failure.Body), "REDACTED")
		require.NotContains(t, allOf(err)+string(failure.Body)+fmt.Sprint(server.Requests()), "dGhl")
	}
}

// A provider's error may repeat the client's secret, and a store's error the token.
func TestRule11_ErrorsThatRepeatASecretOrAToken(t *testing.T) {
	server := newServer(t, zuoratest.Config{})
	var log records
	cfg := byOAuth.configFor(server)
	cfg.Logger = log.logger(slog.LevelDebug, false)
	cfg.Store = repeatingToken{newMemoryStore()}
	requireStatus(t, newSession(t, cfg), "/v1/ok", http.StatusOK)
	require.Contains(t, strings.Join(log.take(), "\n"), "cannot write REDACTED")
	cfg.Credentials = zuora.CredentialsFunc(func(context.Context) (zuora.Credentials, error) {
		c := server.OAuthClient()
		return c, fmt.Errorf("cannot check %s", string(c.ClientSecret))
	})
	require.ErrorContains(t, newSession(t, cfg).Connect(t.Context()), "cannot check REDACTED")
}

// repeatingToken is a store whose error repeats the token that it was to store.
type repeatingToken struct{ zuora.SessionStore }

func (s repeatingToken) Swap(ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error) {
	_, rest, found := strings.Cut(string(new), `"access_token":"`)
	if !found {
		return s.SessionStore.Swap(ctx, key, old, new, ttl)
	}
	token, _, _ := strings.Cut(rest, `"`)
	return false, fmt.Errorf("cannot write %s", token)
}

// A late response on an old token may repeat the new one.
func TestRule11_LateResponseThatRepeatsTheNewToken(t *testing.T) {
	server := newServer(t, zuoratest.Config{})
	arrived, renewed := make(chan struct{}), make(chan string)
	server.HandleFunc("GET /v1/late", func(w http.ResponseWriter, _ *http.Request) {
		close(arrived)
		token := <-renewed
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, "another has "+token)
	})
	var token string
	server.HandleFunc("GET /v1/token", func(_ http.ResponseWriter, r *http.Request) {
		token = strings.TrimPrefix(byOAuth.sent(r), "Bearer ")
	})
	session := newSession(t, byOAuth.configFor(server))
	requireStatus(t, session, "/v1/ok", http.StatusOK)
	failed := make(chan error)
	go func() {
		_, err := session.Do(newRequest(t, http.MethodGet, session.Server()+"/v1/late", nil))
		failed <- err
	}()
	<-arrived
	server.Revoke()
	requireStatus(t, session, "/v1/token", http.StatusOK)
	renewed <- token
	var failure *zuora.Error
	require.ErrorAs(t, <-failed, &failure)
	require.Equal(t, "another has REDACTED", string(failure.Body))
}

// What looks like a token is not shown either by what knows no token. The ID of a token may
// be the token itself.
func TestRule11_TokenThatNobodyKnows(t *testing.T) {
	for _, body := range []string{
		`{"error":"x","access_token":"` + goodToken + `","jti":"` + goodToken + `"}`,
		`{"success":false,"reasons":[{"code":1,"message":"{\"access_token\" : \"` + goodToken + `\", \"jti\":\"` + goodToken + `\"}"}]}`,
		"access_token=" + goodToken + "&jti=" + goodToken,
	} {
		err := zuora.CheckResponse(&http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{"Content-Type": {"application/json"}}}, []byte(body))
		var failure *zuora.Error
		require.ErrorAs(t, err, &failure)
		require.Contains(t, string(failure.Body), "REDACTED")
		require.NotContains(t, allOf(err)+string(failure.Body)+fmt.Sprint(failure.Reasons), goodToken[:8])
	}
}

// A transport's error may repeat the request.
func TestRule11_TransportThatRepeatsTheForm(t *testing.T) {
	cfg := zuora.SessionConfig{
		Server: "https://rest.zuora.example", Credentials: zuora.Credentials{ClientID: "client", ClientSecret: "s/ecr et+of=me"},
		Base: roundTripper(func(req *http.Request) (*http.Response, error) {
			body, _ := io.ReadAll(req.Body)
			return nil, fmt.Errorf("cannot send %s", body)
		}),
	}
	err := newSession(t, cfg).Connect(t.Context())
	require.ErrorContains(t, err, "cannot send client_id=client&client_secret=REDACTED&grant_type=client_credentials")
}

// The log of tokens.
func TestRule12_LogOfTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := inMemory(zuoratest.Config{})
		defer tenant.Close()
		var log records
		cfg := byOAuth.inMemoryConfig(tenant)
		cfg.Logger = log.logger(slog.LevelDebug, false)
		session := newSession(t, cfg)
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		synctest.Wait()
		require.Equal(t, []string{`level=INFO msg="zuora: logged in" generation=1`}, log.take())
		time.Sleep(3538 * time.Second)
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		synctest.Wait()
		require.ElementsMatch(t, []string{
			`level=INFO msg="zuora: session to be renewed" reason=due generation=1`,
			`level=INFO msg="zuora: logged in" generation=2`,
		}, log.take())
		time.Sleep(3598 * time.Second)
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		synctest.Wait()
		require.ElementsMatch(t, []string{
			`level=INFO msg="zuora: session to be renewed" reason=expired generation=2`,
			`level=INFO msg="zuora: logged in" generation=3`,
		}, log.take())
	})
}

// A token that is refused at once is a refusal of the resource.
func TestRule03_TokenThatIsRefusedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := inMemory(zuoratest.Config{})
		defer tenant.Close()
		tenant.Intercept(func(r *http.Request) http.Handler {
			if isLogin(r) {
				return zuoratest.Token(goodToken, "bearer", 3598)
			}
			return nil
		})
		session := newSession(t, byOAuth.inMemoryConfig(tenant))
		for range 300 {
			_, err := session.Do(newRequest(t, http.MethodGet, session.Server()+"/v1/ok", nil))
			require.ErrorIs(t, err, zuora.ErrUnauthenticated)
			time.Sleep(time.Second)
		}
		require.LessOrEqual(t, tenant.Logins(), 8)
	})
}

// With a store.

func TestRule02_FleetSharesOneToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := inMemory(zuoratest.Config{})
		defer tenant.Close()
		store := newMemoryStore()
		var sessions []*zuora.Session
		for range 24 {
			sessions = append(sessions, newSession(t, withStore(byOAuth.inMemoryConfig(tenant), store)))
		}
		for logins := 1; logins <= 3; logins++ {
			var wg sync.WaitGroup
			for _, session := range sessions {
				for range 10 {
					wg.Go(func() {
						if status, _, err := get(t.Context(), session, "/v1/ok"); err != nil || status != http.StatusOK {
							t.Error(status, err)
						}
					})
				}
			}
			wg.Wait()
			require.Equal(t, logins, tenant.Logins())
			tenant.Revoke()
		}
	})
}

// Many processes renew a token early once, and none of them adopts one that is due.
func TestRule02_FleetRenewsATokenOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := inMemory(zuoratest.Config{})
		defer tenant.Close()
		store := newMemoryStore()
		var sessions []*zuora.Session
		for range 24 {
			sessions = append(sessions, newSession(t, withStore(byOAuth.inMemoryConfig(tenant), store)))
			requireStatus(t, sessions[len(sessions)-1], "/v1/ok", http.StatusOK)
		}
		require.Equal(t, 1, tenant.Logins())
		time.Sleep(3537 * time.Second)
		requireStatus(t, newSession(t, withStore(byOAuth.inMemoryConfig(tenant), store)), "/v1/ok", http.StatusOK)
		require.Equal(t, 1, tenant.Logins(), "not due yet")
		time.Sleep(time.Second)
		for _, session := range sessions {
			requireStatus(t, session, "/v1/ok", http.StatusOK)
		}
		time.Sleep(10 * time.Second)
		require.Equal(t, 2, tenant.Logins())
		requireStatus(t, newSession(t, withStore(byOAuth.inMemoryConfig(tenant), store)), "/v1/ok", http.StatusOK)
		require.Equal(t, 2, tenant.Logins())
		for _, session := range sessions {
			requireStatus(t, session, "/v1/ok", http.StatusOK)
		}
		time.Sleep(55 * time.Second) // the old token has expired
		for _, session := range sessions {
			requireStatus(t, session, "/v1/ok", http.StatusOK)
		}
		require.Equal(t, 2, tenant.Logins())
		for _, r := range tenant.Requests() {
			require.Equal(t, http.StatusOK, r.Status)
		}
	})
}

// The token that a process holds is not due by the wall clock, if that was set back. The
// process does not borrow it from the store again.
func TestRule03_TokenThatIsDueIsNotBorrowedAgain(t *testing.T) {
	for what, later := range map[string]time.Duration{"due": 59 * time.Minute, "expired": time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			tenant := inMemory(zuoratest.Config{})
			defer tenant.Close()
			session := newSession(t, withStore(byOAuth.inMemoryConfig(tenant), newMemoryStore()))
			requireStatus(t, session, "/v1/ok", http.StatusOK)
			zuora.Suspend(session, later) // what the store shows is as old as before
			requireStatus(t, session, "/v1/ok", http.StatusOK)
			synctest.Wait()
			require.Equal(t, 2, tenant.Logins(), what)
		})
	}
}

// A limit of logins holds for the login at the end of a token, too.
func TestRule10_RateLimitedEarlyRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := inMemory(zuoratest.Config{})
		defer tenant.Close()
		session := newSession(t, byOAuth.inMemoryConfig(tenant))
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		tenant.Intercept(func(r *http.Request) http.Handler {
			if isLogin(r) {
				return zuoratest.ConcurrencyLimited(5 * time.Minute)
			}
			return nil
		})
		time.Sleep(3538 * time.Second)
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		time.Sleep(2 * time.Minute)
		_, _, err := get(t.Context(), session, "/v1/ok")
		require.ErrorIs(t, err, zuora.ErrRateLimited)
		require.Equal(t, 2, tenant.Logins())
	})
}

// A token that is due is not borrowed, and one without an end is, for hours.
func TestRule03_TokensThatAreBorrowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := inMemory(zuoratest.Config{})
		defer tenant.Close()
		store := newMemoryStore()
		call := func() (login int) {
			requireStatus(t, newSession(t, withStore(byOAuth.inMemoryConfig(tenant), store)), "/v1/ok", http.StatusOK)
			requests := tenant.Requests()
			return requests[len(requests)-1].Login
		}
		require.Equal(t, 1, call())
		time.Sleep(3537 * time.Second)
		require.Equal(t, 1, call())
		time.Sleep(time.Second)
		require.Equal(t, 2, call())
		time.Sleep(time.Hour)
		logins := tenant.Logins()
		tenant.Intercept(func(r *http.Request) http.Handler {
			if isLogin(r) {
				return zuoratest.Token(goodToken, "bearer", nil)
			}
			return zuoratest.JSON(map[string]any{"success": true})
		})
		call()
		time.Sleep(7 * time.Hour)
		call()
		require.Equal(t, logins+1, tenant.Logins())
	})
}

// The entities of a user's login are not those of an OAuth client.
func TestLegacyEntitiesAreNotForAnOAuthClient(t *testing.T) {
	for _, entity := range []zuora.Entity{{LegacyID: "7f1d9c2e51f84a0b9a350b7f6f3f6a11"}, {LegacyName: "Example Europe"}} {
		_, err := zuora.NewSession(zuora.SessionConfig{Server: zuora.ServerURLAPISandboxEU, Credentials: byOAuth.made("client", "secret"), Entity: entity})
		require.ErrorContains(t, err, "Entity.LegacyID and Entity.LegacyName are for")
	}
}

// The life of a token that was borrowed counts from the sending of its request, too.
func TestRule03_LifeOfABorrowedTokenCountsFromItsSending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := inMemory(zuoratest.Config{})
		defer tenant.Close()
		tenant.Intercept(func(r *http.Request) http.Handler {
			if isLogin(r) {
				time.Sleep(5 * time.Second)
			}
			return nil
		})
		store := newMemoryStore()
		requireStatus(t, newSession(t, withStore(byOAuth.inMemoryConfig(tenant), store)), "/v1/ok", http.StatusOK)
		time.Sleep(3532 * time.Second) // it is due in a second
		borrower := newSession(t, withStore(byOAuth.inMemoryConfig(tenant), store))
		requireStatus(t, borrower, "/v1/ok", http.StatusOK)
		require.Equal(t, 1, tenant.Logins())
		time.Sleep(time.Second)
		requireStatus(t, borrower, "/v1/ok", http.StatusOK)
		synctest.Wait()
		require.Equal(t, 2, tenant.Logins())
		time.Sleep(time.Minute)
	})
}

// A store that mixes up its keys, or the records of users and of OAuth clients, costs
// logins only.
func TestRule01_StoreThatMixesUpItsRecords(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		other := map[loginKind]loginKind{byOAuth: byPassword, byPassword: byOAuth}[kind]
		here, there := newMemoryStore(), newMemoryStore()
		requireStatus(t, newSession(t, withStore(kind.configFor(server), here)), "/v1/ok", http.StatusOK)
		requireStatus(t, newSession(t, withStore(other.configFor(server), there)), "/v1/ok", http.StatusOK)
		key, _ := here.take()
		_, value := there.take()
		ok, err := here.Swap(t.Context(), key, nil, []byte(value), time.Hour)
		require.NoError(t, err)
		require.True(t, ok)
		requireStatus(t, newSession(t, withStore(kind.configFor(server), here)), "/v1/ok", http.StatusOK)
		require.Equal(t, 3, server.Logins())
		requests := server.Requests()
		last := requests[len(requests)-1].Header
		require.Equal(t, kind == byOAuth, last["Authorization"] != nil)
		require.Equal(t, kind == byPassword, last["Cookie"] != nil)
		requireStatus(t, newSession(t, withStore(kind.configFor(server), here)), "/v1/ok", http.StatusOK)
		require.Equal(t, 3, server.Logins(), "the wrong record was replaced")
	})
}

// A store keeps the sessions of a user and of an OAuth client apart, though they have the
// same name.
func TestStoreKeepsKindsOfLoginApart(t *testing.T) {
	same := zuora.Secret("the same secret")
	server := newServer(t, zuoratest.Config{
		Credentials: zuora.Credentials{AccessKeyID: "same", SecretAccessKey: same}, OAuthClient: zuora.Credentials{ClientID: "same", ClientSecret: same},
	})
	store := newMemoryStore()
	for range 2 {
		eachKind(t, func(t *testing.T, kind loginKind) {
			requireStatus(t, newSession(t, withStore(kind.configFor(server), store)), "/v1/ok", http.StatusOK)
			requests := server.Requests()
			require.Equal(t, kind == byOAuth, requests[len(requests)-1].Header["Authorization"] != nil)
		})
	}
	require.Equal(t, 2, server.Logins())
}

// A token that cannot be sent is not borrowed from a store.
func TestStoredTokenThatCannotBeSentIsNotBorrowed(t *testing.T) {
	server := newServer(t, zuoratest.Config{})
	store := newMemoryStore()
	requireStatus(t, newSession(t, withStore(byOAuth.configFor(server), store)), "/v1/ok", http.StatusOK)
	key, value := store.take()
	_, rest, _ := strings.Cut(value, `"access_token":"`)
	token, _, _ := strings.Cut(rest, `"`)
	require.Len(t, token, 32)
	ok, err := store.Swap(t.Context(), key, nil, []byte(strings.Replace(value, token, token+`\r\n`, 1)), time.Hour)
	require.NoError(t, err)
	require.True(t, ok)
	requireStatus(t, newSession(t, withStore(byOAuth.configFor(server), store)), "/v1/ok", http.StatusOK)
	require.Equal(t, 2, server.Logins())
}

// The generated client can be used without a Session.
func TestGeneratedClientCreatesATokenByItself(t *testing.T) {
	server := newServer(t, zuoratest.Config{})
	client, err := zuora.NewClientWithResponses(server.URL, zuora.WithHTTPClient(server.Client()))
	require.NoError(t, err)
	c := server.OAuthClient()
	body := zuora.TokenRequest{ClientID: c.ClientID, ClientSecret: string(c.ClientSecret), GrantType: zuora.TokenRequestGrantTypeClientCredentials}
	response, err := client.CreateTokenWithFormdataBodyWithResponse(t.Context(), nil, body)
	require.NoError(t, err)
	require.NotNil(t, response.JSON200)
	require.Equal(t, zuora.Decimal("3598"), response.JSON200.ExpiresIn)
	require.Equal(t, "bearer", response.JSON200.TokenType)
	body.ClientSecret = "wrong"
	response, err = client.CreateTokenWithFormdataBodyWithResponse(t.Context(), nil, body)
	require.NoError(t, err)
	require.Equal(t, http.StatusUnauthorized, response.StatusCode())
	require.ErrorIs(t, zuora.CheckResponse(response.HTTPResponse, response.Body), zuora.ErrUnauthenticated)
}
