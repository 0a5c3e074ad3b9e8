package zuora_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/zuoratest"
)

// Rules 6 to 8: the session belongs to one origin, and a login goes nowhere else.

// elsewhere is another host, which counts its requests. Its name in URLs is localhost, so
// that net/http takes it for another host than 127.0.0.1.
func elsewhere(t *testing.T, server *zuoratest.Server) (url string, asked *atomic.Int32) {
	t.Helper()
	asked = new(atomic.Int32)
	other := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	other.TLS = server.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	other.StartTLS()
	t.Cleanup(other.Close)
	return strings.Replace(other.URL, "127.0.0.1", "localhost", 1), asked
}

// configForBoth trusts any certificate, because the other host has another one.
func configForBoth(server *zuoratest.Server) zuora.SessionConfig {
	cfg := configFor(server)
	base := cfg.Base.(*http.Transport).Clone()
	base.TLSClientConfig.InsecureSkipVerify = true
	cfg.Base = base
	return cfg
}

func TestRule07_LoginFollowsNoRedirect(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, where := range []string{"elsewhere", "the same host"} {
			t.Run(fmt.Sprint(status, " to ", where), func(t *testing.T) {
				server := newServer(t, zuoratest.Config{})
				url, asked := elsewhere(t, server)
				if where == "the same host" {
					url = server.URL
				}
				server.Intercept(func(r *http.Request) http.Handler {
					if !isLogin(r) {
						asked.Add(1)
					}
					return http.RedirectHandler(url+"/v1/other", status)
				})
				session := newSession(t, configForBoth(server))
				err := session.Connect(t.Context())
				require.ErrorContains(t, err, fmt.Sprint(status))
				require.ErrorContains(t, err, "follows no redirect")
				require.Zero(t, asked.Load())
				require.Equal(t, 1, server.Logins())
			})
		}
	}
}

func TestRule06_CallIsNotRedirectedToAnotherOrigin(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, body := range []string{"", "a body"} {
			t.Run(fmt.Sprintf("%d with %q", status, body), func(t *testing.T) {
				server := newServer(t, zuoratest.Config{})
				url, asked := elsewhere(t, server)
				server.Handle("POST /v1/away", http.RedirectHandler(url+"/v1/ok", status))
				session := newSession(t, configForBoth(server))

				got, _, err := send(t.Context(), session, http.MethodPost, "/v1/away", strings.NewReader(body))
				require.NoError(t, err)
				require.Equal(t, status, got, "handed back unfollowed")

				own := &http.Client{Transport: session.Transport()}
				_, err = own.Do(newRequest(t, http.MethodPost, session.Server()+"/v1/away", strings.NewReader(body)))
				require.ErrorContains(t, err, "the session is for "+server.URL+" only")

				var failure *zuora.Error
				_, err = session.Do(newRequest(t, http.MethodPost, session.Server()+"/v1/away", strings.NewReader(body)))
				require.ErrorAs(t, err, &failure)
				require.Equal(t, status, failure.StatusCode)

				require.Zero(t, asked.Load())
			})
		}
	}
}

func TestRule06_RedirectsWithinTheOriginAreFollowed(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		server.Handle("GET /v1/moved", http.RedirectHandler("/v1/ok", http.StatusFound))
		server.Handle("POST /v1/moved", http.RedirectHandler("/v1/echo", http.StatusTemporaryRedirect))
		server.Handle("/v1/circle", http.RedirectHandler("/v1/circle", http.StatusFound))
		server.Handle("POST /v1/login", http.RedirectHandler("/v1/connections", http.StatusTemporaryRedirect))
		session := newSession(t, kind.configFor(server))
		for _, do := range []func(*http.Request) (*http.Response, error){session.HTTPClient().Do, session.Do, (&http.Client{Transport: session.Transport()}).Do} {
			resp, err := do(newRequest(t, http.MethodGet, session.Server()+"/v1/moved", nil))
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, resp.StatusCode)
			require.NoError(t, resp.Body.Close())

			resp, err = do(newRequest(t, http.MethodPost, session.Server()+"/v1/moved", strings.NewReader("text")))
			require.NoError(t, err)
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			require.Equal(t, "text", string(body))

			_, err = do(newRequest(t, http.MethodGet, session.Server()+"/v1/circle", nil))
			require.ErrorContains(t, err, "stopped after 10 redirects")

			_, err = do(newRequest(t, http.MethodPost, session.Server()+"/v1/login", nil))
			require.ErrorContains(t, err, "Connect")
		}
		require.Equal(t, 1, server.Logins())
	})
}

func TestRule06_RequestsToOtherOriginsAreRefused(t *testing.T) {
	server := newServer(t, zuoratest.Config{})
	url, asked := elsewhere(t, server)
	session := newSession(t, configForBoth(server))
	here := strings.TrimPrefix(server.URL, "https://127.0.0.1")
	for _, target := range []string{
		url + "/v1/ok", "https://localhost" + here + "/v1/ok", strings.Replace(server.URL, "https://", "http://", 1) + "/v1/ok", "https://127.0.0.1/v1/ok",
		"https://user:secret@elsewhere.example/?token=secret", "//127.0.0.1/v1/ok", "/v1/ok",
	} {
		_, err := session.Transport().RoundTrip(newRequest(t, http.MethodGet, target, nil))
		require.ErrorContains(t, err, "the session is for "+server.URL+" only", target)
		require.NotContains(t, err.Error(), "secret")
	}
	req := newRequest(t, http.MethodGet, session.Server()+"/v1/ok", nil)
	req.Host = "elsewhere.example"
	_, err := session.Transport().RoundTrip(req)
	require.ErrorContains(t, err, "request to https://elsewhere.example:443 not sent")

	req.Host = "localhost" + here
	_, err = session.Transport().RoundTrip(req)
	require.ErrorContains(t, err, "request to https://localhost"+here+" not sent")

	req.URL = nil
	_, err = session.Transport().RoundTrip(req)
	require.ErrorContains(t, err, "without a URL")
	require.Zero(t, asked.Load())
	require.Zero(t, server.Logins(), "not even a login")
}

func TestRule06_LoginThroughTheSessionIsRefused(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		session := newSession(t, kind.configFor(server))
		for _, path := range []string{"/v1/connections", "/v1/connections/", "//v1//connections", "/v1/x/../connections", "/v1%2Fconnections"} {
			_, err := session.Do(newRequest(t, http.MethodPost, session.Server()+path, nil))
			require.ErrorContains(t, err, "Connect", path)
		}
		client, err := zuora.NewClientWithResponses(session.Server(), zuora.WithHTTPClient(session))
		require.NoError(t, err)
		_, err = client.PostConnectionsWithResponse(t.Context(), connectionParams(server))
		require.ErrorContains(t, err, "Connect")
		require.Zero(t, server.Logins())
	})
}

func TestRule06_OriginsThatDifferInCaseOrDefaultPortAreTheSame(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		for server, targets := range map[string][]string{
			"https://rest.zuora.example":          {"https://REST.Zuora.example/v1/ok", "https://rest.zuora.example:443/v1/ok"},
			"HTTPS://Rest.Zuora.EXAMPLE:443/":     {"https://rest.zuora.example/v1/ok", "https://REST.zuora.example:443/v1/ok"},
			"https://rest.zuora.example:8443/v1/": {"https://rest.zuora.example:8443/v1/ok"},
			"http://localhost":                    {"http://LOCALHOST:80/v1/ok"},
			"http://127.0.0.1:80":                 {"http://127.0.0.1/v1/ok"},
		} {
			tenant := inMemory(zuoratest.Config{})
			cfg := kind.inMemoryConfig(tenant)
			cfg.Server = server
			cfg.Base = roundTripper(func(req *http.Request) (*http.Response, error) {
				req = req.Clone(req.Context())
				req.URL.Scheme = "https" // the only one that reaches the tenant
				return tenant.Transport().RoundTrip(req)
			})
			session := newSession(t, cfg)
			for _, target := range append(targets, session.Server()+"/v1/ok") {
				for _, do := range []func(*http.Request) (*http.Response, error){session.Do, session.HTTPClient().Do} {
					resp, err := do(newRequest(t, http.MethodGet, target, nil))
					require.NoError(t, err, "%s at %s", target, server)
					require.NoError(t, resp.Body.Close())
				}
			}
			require.Equal(t, 1, tenant.Logins(), "the cookies are found: %s", server)
			tenant.Close()
		}
	})
}

func TestRule08_ClearTextOnLoopback(t *testing.T) {
	tenant := inMemory(zuoratest.Config{})
	plain := httptest.NewServer(tenant)
	defer plain.Close()
	for _, server := range []string{plain.URL, strings.Replace(plain.URL, "127.0.0.1", "localhost", 1)} {
		session := newSession(t, zuora.SessionConfig{Server: server, Credentials: tenant.Credentials()})
		requireStatus(t, session, "/v1/ok", http.StatusOK)
	}
}

func TestRule08_ServerURLs(t *testing.T) {
	credentials := zuora.Credentials{AccessKeyID: "u", SecretAccessKey: "s"}
	for given, want := range map[string]string{
		"https://rest.zuora.com":                     "https://rest.zuora.com",
		"https://rest.zuora.com/":                    "https://rest.zuora.com",
		"https://rest.zuora.com/v1":                  "https://rest.zuora.com",
		"https://rest.zuora.com/v1/":                 "https://rest.zuora.com",
		"https://apisandbox-api.zuora.com/rest":      "https://apisandbox-api.zuora.com/rest",
		"https://apisandbox-api.zuora.com/rest/v1//": "https://apisandbox-api.zuora.com/rest",
		"HTTPS://REST.Zuora.com:443":                 "https://rest.zuora.com:443",
		"https://[::1]:8443/v1":                      "https://[::1]:8443",
		"http://localhost:8080":                      "http://localhost:8080",
		"http://127.0.0.2":                           "http://127.0.0.2",
		"http://[::1]:80/":                           "http://[::1]:80",
	} {
		session, err := zuora.NewSession(zuora.SessionConfig{Server: given, Credentials: credentials})
		if assert.NoError(t, err, given) {
			assert.Equal(t, want, session.Server(), given)
		}
	}
	for given, want := range map[string]string{
		"":                                    "SessionConfig.Server is empty",
		"rest.zuora.com":                      "https is needed",
		"ftp://rest.zuora.com":                "https is needed",
		"https://":                            "no host",
		"https:///v1":                         "no host",
		"https://:443":                        "no host",
		"https://user:hunter2@rest.zuora.com": "user info",
		"https://user:hunter2@rest.%zz":       "not a URL",
		"https://rest.zuora.com\nx":           "not a URL",
		"http://rest.zuora.com":               "clear text",
		"http://localhost.example":            "clear text",
		"https://rest.zuora.com/?a=hunter2":   "query",
		"https://rest.zuora.com/#hunter2":     "fragment",
	} {
		_, err := zuora.NewSession(zuora.SessionConfig{Server: given, Credentials: credentials})
		if assert.ErrorContains(t, err, want, given) {
			assert.ErrorContains(t, err, "zuora: SessionConfig.Server")
			assert.NotContains(t, err.Error(), "hunter2")
		}
	}
}

// A server with a path keeps it, and its session is for the whole origin.
func TestServerWithAPath(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		server.Handle("GET /rest/v1/ok", zuoratest.JSON(map[string]any{"success": true}))
		for _, suffix := range []string{"/rest", "/rest/", "/rest/v1", "/rest/v1/"} {
			cfg := kind.configFor(server)
			cfg.Server += suffix
			session := newSession(t, cfg)
			requireStatus(t, session, "/v1/ok", http.StatusOK)
		}
	})
}

func TestEntities(t *testing.T) {
	const uuid, legacyID, name = "7f1d9c2e-51f8-4a0b-9a35-0b7f6f3f6a11", "7f1d9c2e51f84a0b9a350b7f6f3f6a11", "Example Europe"
	headers := []string{"Zuora-Entity-Ids", "Entityid", "Entityname"}
	for what, test := range map[string]struct {
		entity      zuora.Entity
		login, call map[string]string
	}{
		"home":        {},
		"ID":          {zuora.Entity{ID: uuid}, map[string]string{"Zuora-Entity-Ids": uuid}, map[string]string{"Zuora-Entity-Ids": uuid}},
		"legacy ID":   {zuora.Entity{LegacyID: legacyID}, map[string]string{"Entityid": legacyID}, nil},
		"legacy name": {zuora.Entity{LegacyName: name}, map[string]string{"Entityname": name}, nil},
	} {
		t.Run(what, func(t *testing.T) {
			server := newServer(t, zuoratest.Config{Entities: []zuora.Entity{{ID: uuid, LegacyID: legacyID, LegacyName: name}}})
			server.Intercept(func(r *http.Request) http.Handler {
				want := test.call
				if isLogin(r) {
					want = test.login
				}
				for _, h := range headers {
					if value, set := want[h]; set {
						assert.Equal(t, []string{value}, r.Header[h])
					} else {
						assert.NotContains(t, r.Header, h)
					}
				}
				return nil
			})
			cfg := configFor(server)
			cfg.Entity = test.entity
			requireStatus(t, newSession(t, cfg), "/v1/ok", http.StatusOK)
		})
	}
	for _, two := range []zuora.Entity{{ID: uuid, LegacyID: legacyID}, {LegacyID: legacyID, LegacyName: name}, {ID: uuid, LegacyName: name}} {
		_, err := zuora.NewSession(zuora.SessionConfig{Server: zuora.ServerURLProductionEU, Credentials: zuora.Credentials{AccessKeyID: "u", SecretAccessKey: "s"}, Entity: two})
		require.ErrorContains(t, err, "only one of ID, LegacyID and LegacyName")
	}
}

// A caller may name another entity for a call, as multi-entity tenants allow.
func TestEntityOfARequestIsLeftAlone(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		cfg := kind.configFor(server)
		cfg.Entity = zuora.Entity{ID: "7f1d9c2e-51f8-4a0b-9a35-0b7f6f3f6a11"}
		session := newSession(t, cfg)
		server.HandleFunc("GET /v1/entity", func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, strings.Join(r.Header["Zuora-Entity-Ids"], ","))
		})
		req := newRequest(t, http.MethodGet, session.Server()+"/v1/entity", nil)
		req.Header.Set("Zuora-Entity-Ids", "another")
		resp, err := session.HTTPClient().Do(req)
		require.NoError(t, err)
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Equal(t, "another", string(body))
	})
}

func TestConfigIsCheckedWithoutTheNetwork(t *testing.T) {
	good := zuora.SessionConfig{Server: zuora.ServerURLProductionEU, Credentials: zuora.Credentials{AccessKeyID: "u", SecretAccessKey: "hunter2"}}
	for want, spoil := range map[string]func(*zuora.SessionConfig){
		"SessionConfig.Credentials is nil": func(c *zuora.SessionConfig) { c.Credentials = nil },
		"AccessKeyID is empty":             func(c *zuora.SessionConfig) { c.Credentials = zuora.Credentials{SecretAccessKey: "hunter2"} },
		"SecretAccessKey is empty":         func(c *zuora.SessionConfig) { c.Credentials = zuora.Credentials{AccessKeyID: "u"} },
		"SecretAccessKey begins or ends with white space": func(c *zuora.SessionConfig) {
			c.Credentials = zuora.Credentials{AccessKeyID: "u", SecretAccessKey: "hunter2\n"}
		},
		"ClientSecret begins or ends with white space": func(c *zuora.SessionConfig) {
			c.Credentials = zuora.Credentials{ClientID: "u", ClientSecret: "hunter2 "}
		},
		"ClientSecret is empty": func(c *zuora.SessionConfig) { c.Credentials = zuora.Credentials{ClientID: "u"} },
		"ClientID is empty":     func(c *zuora.SessionConfig) { c.Credentials = zuora.Credentials{ClientSecret: "hunter2"} },
		"ClientID has a control character": func(c *zuora.SessionConfig) {
			c.Credentials = zuora.Credentials{ClientID: "u\x7f", ClientSecret: "hunter2"}
		},
		"AccessKeyID is empty, and so is ClientID": func(c *zuora.SessionConfig) { c.Credentials = zuora.Credentials{} },
		"set AccessKeyID and SecretAccessKey, or ClientID and ClientSecret, not fields of both pairs": func(c *zuora.SessionConfig) {
			c.Credentials = zuora.Credentials{AccessKeyID: "u", ClientSecret: "hunter2"}
		},
		"Entity.LegacyID and Entity.LegacyName are for the login of a user": func(c *zuora.SessionConfig) {
			c.Credentials, c.Entity.LegacyID = zuora.Credentials{ClientID: "u", ClientSecret: "hunter2"}, "id"
		},
		"SecretAccessKey has a control character": func(c *zuora.SessionConfig) {
			c.Credentials = zuora.Credentials{AccessKeyID: "u", SecretAccessKey: "hunt\ner2"}
		},
		"AccessKeyID has a control character": func(c *zuora.SessionConfig) {
			c.Credentials = zuora.Credentials{AccessKeyID: "u\x00u", SecretAccessKey: "hunter2"}
		},
		"Entity.ID has a control character":                 func(c *zuora.SessionConfig) { c.Entity.ID = "a\rb" },
		"Entity.LegacyName begins or ends with white space": func(c *zuora.SessionConfig) { c.Entity.LegacyName = " a" },
		"SessionConfig.LoginTimeout is negative":            func(c *zuora.SessionConfig) { c.LoginTimeout = -1 },
	} {
		cfg := good
		spoil(&cfg)
		_, err := zuora.NewSession(cfg)
		assert.ErrorContains(t, err, want)
		if err != nil {
			assert.NotContains(t, err.Error(), "hunt")
		}
	}
}

// The credentials that a provider returns are checked as well.
func TestProvidersCredentialsAreChecked(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		cfg := kind.configFor(server)
		cfg.Credentials = zuora.CredentialsFunc(kind.credentials(server).Retrieve)
		requireStatus(t, newSession(t, cfg), "/v1/ok", http.StatusOK)

		cfg.Credentials = zuora.CredentialsFunc(func(context.Context) (zuora.Credentials, error) {
			return kind.made("u", "hunter2\n"), nil
		})
		err := newSession(t, cfg).Connect(t.Context())
		require.ErrorContains(t, err, map[loginKind]string{byPassword: "SecretAccessKey", byOAuth: "ClientSecret"}[kind]+" begins or ends with white space")
		require.NotContains(t, err.Error(), "hunter2")
		require.Equal(t, 1, server.Logins())
	})
}

// The error for a URL from the wrong place names the right one.
func TestServerThatIsALoginOrTheWebApplicationIsRefused(t *testing.T) {
	credentials := zuora.Credentials{AccessKeyID: "user", SecretAccessKey: "s3cret s3cret"}
	for given, right := range map[string]string{
		"https://rest.zuora.com/v1/connections":                "https://rest.zuora.com",
		"https://REST.eu.zuora.com/v1/connections/":            "https://rest.eu.zuora.com",
		"https://apisandbox-api.zuora.com/rest/v1/connections": "https://apisandbox-api.zuora.com/rest",
		"https://127.0.0.1:8443/v1/connections":                "https://127.0.0.1:8443",
		"https://rest.zuora.com/oauth/token":                   "https://rest.zuora.com",
		"https://www.zuora.com":                                zuora.ServerURLProductionUSCloud2,
		"https://www.zuora.com/apps/":                          zuora.ServerURLProductionUSCloud2,
		"https://zuora.com/v1":                                 zuora.ServerURLProductionUSCloud2,
		"https://na.zuora.com":                                 zuora.ServerURLProductionUSCloud1,
		"https://EU.zuora.com/apps/newlogin.do":                zuora.ServerURLProductionEU,
		"https://ap.zuora.com/":                                zuora.ServerURLProductionAPAC,
		"https://apisandbox.zuora.com/apps":                    zuora.ServerURLAPISandboxUSCloud2,
		"https://sandbox.na.zuora.com/platform":                zuora.ServerURLAPISandboxUSCloud1,
		"https://sandbox.eu.zuora.com":                         zuora.ServerURLAPISandboxEU,
		"https://test.zuora.com/":                              zuora.ServerURLDeveloperAndCentralSandboxUS,
		"https://test.eu.zuora.com/apps/Home.do":               zuora.ServerURLDeveloperAndCentralSandboxEU,
		"https://test.ap.zuora.com":                            zuora.ServerURLDeveloperAndCentralSandboxAPAC,
		"https://rest.zuora.com/apps":                          "https://rest.zuora.com",
	} {
		_, err := zuora.NewSession(zuora.SessionConfig{Server: given, Credentials: credentials})
		if assert.ErrorContains(t, err, "SessionConfig.Server", given) {
			assert.True(t, strings.HasSuffix(err.Error(), " "+right), "%s: %v", given, err)
		}
	}
	for _, good := range []string{
		"https://services123.zuora.com/apps/v1/", "https://proxy.example/apps", "https://connections.example/v1", "https://www.zuora.com.example", "https://proxy.example/v1/zuora",
	} {
		_, err := zuora.NewSession(zuora.SessionConfig{Server: good, Credentials: credentials})
		assert.NoError(t, err, good)
	}
	_, err := zuora.NewCaller("https://www.zuora.com/apps", http.DefaultClient)
	assert.ErrorContains(t, err, zuora.ServerURLProductionUSCloud2)
}

// Rule 6, where hosts are not plain.
func TestRule06_HostsThatAreNotASCIIAreOtherOrigins(t *testing.T) {
	credentials := zuora.Credentials{AccessKeyID: "u", SecretAccessKey: "s"}
	_, err := zuora.NewSession(zuora.SessionConfig{Server: "https://acme-\u0130t.example", Credentials: credentials})
	require.ErrorContains(t, err, "not ASCII")
	var asked atomic.Int32
	session := newSession(t, zuora.SessionConfig{
		Server: "https://acme-it.example", Credentials: credentials,
		Base: roundTripper(func(req *http.Request) (*http.Response, error) { asked.Add(1); return nil, errors.New("sent") }),
	})
	for _, host := range []string{"acme-\u0130t.example", "acme-it.example.", "acme\u2010it.example", "ACME-\u0049T.example:444"} {
		_, err := session.Transport().RoundTrip(&http.Request{Method: http.MethodGet, URL: &url.URL{Scheme: "https", Host: host, Path: "/"}})
		require.ErrorContains(t, err, "the session is for", host)
	}
	require.Zero(t, asked.Load())
}

func TestRule06_OpaqueURLsAreRefused(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		session := newSession(t, kind.configFor(server))
		host := strings.TrimPrefix(server.URL, "https://")
		for _, opaque := range []string{"/v1/connections", "//elsewhere.example/v1/ok"} {
			req := newRequest(t, http.MethodPost, server.URL, nil)
			req.URL = &url.URL{Scheme: "https", Host: host, Opaque: opaque}
			_, err := session.Transport().RoundTrip(req)
			require.ErrorContains(t, err, "opaque")
		}
		_, err := session.Do(newRequest(t, http.MethodPost, server.URL+"/v1;a=b/connections;x=1", nil))
		require.ErrorContains(t, err, "Connect")
		require.Zero(t, server.Logins())
	})
}
