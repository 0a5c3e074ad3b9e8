package zuora_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"sync"
	"testing"
	"text/template"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/zuoratest"
)

// Nothing shows a secret.

const theSecret = "correct horse \"battery\" staple"

// assertSilent checks that text has neither the secret nor a session cookie, in
// any form that fmt or an encoder may give them.
func assertSilent(t *testing.T, text string, more ...string) {
	t.Helper()
	for _, secret := range append(more, theSecret) {
		quoted, err := json.Marshal(secret)
		require.NoError(t, err)
		var escaped strings.Builder
		for _, c := range secret {
			_, _ = fmt.Fprintf(&escaped, `\u%04X`, c)
		}
		for _, form := range []string{
			secret, escaped.String(), string(quoted[1 : len(quoted)-1]), hex.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte(secret))),
			base64.StdEncoding.EncodeToString([]byte(secret)), fmt.Sprint([]byte(secret)),
		} {
			assert.NotContains(t, text, form)
		}
	}
}

var verbs = []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%b", "%o", "%e", "%U", "%c", "%+q", "%# x", "%10.3v", "%z"}

// loggedIn returns a session that has logged in, with everything in it that it may
// contain, and its cookie.
func loggedIn(t *testing.T) (*zuora.Session, zuora.SessionConfig, string) {
	t.Helper()
	server := newServer(t, zuoratest.Config{Credentials: zuora.Credentials{AccessKeyID: "u", SecretAccessKey: theSecret}})
	credentials := server.Credentials()
	cfg := configFor(server)
	cfg.Base = roundTripper(cfg.Base.RoundTrip) // an *http.Transport is not for printing while it is in use
	cfg.Credentials = &credentials
	cfg.Entity = zuora.Entity{ID: "7f1d9c2e-51f8-4a0b-9a35-0b7f6f3f6a11"}
	var log records
	cfg.Logger = log.logger(slog.LevelDebug, false)
	session := newSession(t, cfg)
	var cookie string
	server.Intercept(func(r *http.Request) http.Handler {
		if c, err := r.Cookie("ZSession"); err == nil {
			cookie = c.Value[:40]
		}
		return nil
	})
	requireStatus(t, session, "/v1/ok", http.StatusOK)
	requireStatus(t, session, "/v1/ok", http.StatusOK)
	require.NotEmpty(t, cookie)
	settled(t, &log)
	return session, cfg, cookie
}

// settled waits until the login has logged its result. Then no goroutine uses the session
// any more, and it may be copied.
func settled(t *testing.T, log *records) {
	t.Helper()
	require.Eventually(t, func() bool {
		log.mu.Lock()
		defer log.mu.Unlock()
		return len(log.text) > 0
	}, 5*time.Second, time.Millisecond)
}

func TestRule11_NoVerbPrintsASecret(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		session, cfg, cookie := loggedIn(t)
		// A login in backoff, with the refused credentials.
		refused := newServer(t, zuoratest.Config{})
		held := kind.configFor(refused)
		held.Credentials = zuora.Credentials{AccessKeyID: "u", SecretAccessKey: theSecret}
		var log records
		held.Logger = log.logger(slog.LevelDebug, false)
		heldSession := newSession(t, held)
		require.Error(t, heldSession.Connect(t.Context()))
		settled(t, &log)

		type service struct {
			Name    string
			session *zuora.Session
			value   any
			client  *http.Client
		}
		params := zuora.PostConnectionsParams{APIAccessKeyID: "u", APISecretAccessKey: theSecret}
		credentials := zuora.Credentials{AccessKeyID: "u", SecretAccessKey: theSecret}
		byValue := reflect.ValueOf(session).Elem().Interface() // vet forbids *session, others may not ask
		for what, value := range map[string]any{
			"Secret":                            zuora.Secret(theSecret),
			"Secrets":                           []zuora.Secret{theSecret},
			"Credentials":                       credentials,
			"*Credentials":                      &credentials,
			"Credentials as a provider":         struct{ P zuora.CredentialsProvider }{credentials},
			"*Credentials as a provider":        struct{ P zuora.CredentialsProvider }{&credentials},
			"a map of them":                     map[string]zuora.Credentials{"a": credentials},
			"params":                            params,
			"*params":                           &params,
			"*params in a struct":               struct{ P *zuora.PostConnectionsParams }{&params},
			"config":                            cfg,
			"*config":                           &cfg,
			"config with a provider by value":   zuora.SessionConfig{Server: "s", Credentials: credentials},
			"config with a func":                zuora.SessionConfig{Credentials: zuora.CredentialsFunc(credentials.Retrieve)},
			"*Session":                          session,
			"Session by value":                  byValue,
			"a struct with a Session":           service{"n", session, byValue, session.HTTPClient()},
			"a pointer to such a struct":        &service{"n", session, byValue, session.HTTPClient()},
			"a session whose login has to wait": heldSession,
			"that by value":                     reflect.ValueOf(heldSession).Elem().Interface(),
			"a struct with it":                  service{"n", heldSession, nil, nil},
			"the plain client":                  session.HTTPClient(),
			"the transport":                     session.Transport(),
		} {
			for _, verb := range verbs {
				assertSilent(t, fmt.Sprintf(verb, value), cookie)
				if t.Failed() {
					t.Fatalf("%s of %s", verb, what)
				}
			}
			assertSilent(t, fmt.Sprint(value)+fmt.Sprintln(value), cookie)
		}
		assert.Equal(t, "REDACTED", fmt.Sprintf("%s", zuora.Secret(theSecret)))
		assert.Equal(t, "{u REDACTED}", fmt.Sprint(credentials))
		assert.Equal(t, "{AccessKeyID:u SecretAccessKey:REDACTED}", fmt.Sprintf("%+v", credentials))
		assert.Equal(t, "zuora.Session("+session.Server()+")", fmt.Sprintf("%s", session))
		assert.Equal(t, theSecret, string(credentials.SecretAccessKey))
	})
}

func TestRule11_NoLogOrEncodingHasASecret(t *testing.T) {
	session, cfg, cookie := loggedIn(t)
	credentials := zuora.Credentials{AccessKeyID: "u", SecretAccessKey: theSecret}
	var text bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&text, nil), slog.NewJSONHandler(&text, nil)} {
		slog.New(handler).Info("all of it", "secret", credentials.SecretAccessKey, "credentials", credentials, "pointer", &credentials,
			"params", zuora.PostConnectionsParams{APISecretAccessKey: theSecret}, "config", cfg, "session", session)
	}
	for _, value := range []any{credentials.SecretAccessKey, credentials, &credentials, zuora.PostConnectionsParams{APISecretAccessKey: theSecret}, session} {
		encoded, err := json.Marshal(value)
		require.NoError(t, err)
		text.Write(encoded)
	}
	assertSilent(t, text.String(), cookie)
	encoded, err := json.Marshal(credentials)
	require.NoError(t, err)
	require.JSONEq(t, `{"AccessKeyID":"u","SecretAccessKey":"REDACTED"}`, string(encoded))
}

func TestRule11_NoEncoderHasASecret(t *testing.T) {
	type config struct {
		XMLName xml.Name     `xml:"config"`
		Attr    zuora.Secret `xml:"attr,attr"`
		Element zuora.Secret
		List    []zuora.Secret
		Pointer *zuora.Secret
	}
	secret := zuora.Secret(theSecret)
	encoded, err := xml.Marshal(config{Attr: secret, Element: secret, List: []zuora.Secret{secret}, Pointer: &secret})
	require.NoError(t, err)
	require.Equal(t, `<config attr="REDACTED"><Element>REDACTED</Element><List>REDACTED</List><Pointer>REDACTED</Pointer></config>`, string(encoded))
	var stream bytes.Buffer
	require.NoError(t, gob.NewEncoder(&stream).Encode(zuora.Credentials{AccessKeyID: "u", SecretAccessKey: secret}))
	assertSilent(t, stream.String())
	require.Contains(t, stream.String(), "REDACTED")
	yaml, err := any(secret).(interface{ MarshalYAML() (any, error) }).MarshalYAML() // gopkg.in/yaml.v3 and others
	require.NoError(t, err)
	require.Equal(t, "REDACTED", yaml)
	require.Equal(t, "REDACTED", secret.String())
	var page bytes.Buffer
	require.NoError(t, template.Must(template.New("").Parse("{{.}} {{.SecretAccessKey}}")).Execute(&page, zuora.Credentials{AccessKeyID: "u", SecretAccessKey: secret}))
	require.Equal(t, "{u REDACTED} REDACTED", page.String())
}

// The generated client calls methods of a parameter's type to send it.
func TestRule11_SecretIsSentUnchanged(t *testing.T) {
	req, err := zuora.NewPostConnectionsRequest("https://rest.zuora.example/", &zuora.PostConnectionsParams{APIAccessKeyID: "u", APISecretAccessKey: theSecret})
	require.NoError(t, err)
	require.Equal(t, theSecret, req.Header.Get("apiSecretAccessKey"))
}

func TestRule11_PanicShowsNoSecret(t *testing.T) {
	if os.Getenv("ZUORA_TEST_PANIC") != "" {
		panic(zuora.Secret(theSecret))
	}
	cmd := exec.Command(os.Args[0], "-test.run", "^TestRule11_PanicShowsNoSecret$")
	cmd.Env = append(os.Environ(), "ZUORA_TEST_PANIC=1")
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "panic: REDACTED")
	assertSilent(t, string(out))
}

// The session is in use while it is printed; for -race.
func TestRule11_SessionsArePrintedWhileTheyAreInUse(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		var log records
		cfg := kind.configFor(server) // its Base is an *http.Transport
		cfg.Store, cfg.Logger = newMemoryStore(), log.logger(slog.LevelDebug, false)
		session := newSession(t, cfg)
		type service struct {
			session *zuora.Session
			caller  zuora.Caller
			client  *http.Client
			base    http.RoundTripper
			Session *zuora.Session
			Client  *http.Client
			Base    http.RoundTripper
		}
		svc := service{session, session, session.HTTPClient(), session.Transport(), session, session.HTTPClient(), session.Transport()}
		stop := make(chan struct{})
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					kind.expire(server)
					_, _, err := get(t.Context(), session, "/v1/ok")
					assert.NoError(t, err)
				}
			})
		}
		secret := string(server.Credentials().SecretAccessKey)
		for range 20 {
			for _, value := range []any{cfg, &cfg, session, session.HTTPClient(), session.Transport(), svc, &svc, []any{svc, cfg}, map[string]any{"a": &svc}} {
				for _, verb := range verbs {
					text := fmt.Sprintf(verb, value)
					assert.NotContains(t, text, secret)
					assert.NotContains(t, text, fmt.Sprintf("%x", secret))
				}
			}
		}
		close(stop)
		wg.Wait()
		assert.Contains(t, fmt.Sprintf("%d", cfg), "Server:"+server.URL+" ")
		assert.NotContains(t, fmt.Sprint(zuora.SessionConfig{Server: "https://u:hunter2@rest.zuora.example"}), "hunter2")
	})
}

// A session that logs everything meets servers and transports that repeat what
// they were sent.
func TestRule11_NoErrorOrLogLineHasASecret(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		echo := func(status int, contentType string) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", contentType)
				w.Header().Set("Zuora-Request-Id", r.Header.Get("apiSecretAccessKey"))
				w.Header().Set("Set-Cookie", "ZSession=the-cookie-of-it; Path=/other")
				w.WriteHeader(status)
				if contentType == "application/json" {
					_ = json.NewEncoder(w).Encode(map[string]any{"success": status == 200, "reasons": []any{map[string]any{
						"code": r.Header.Get("apiSecretAccessKey"), "message": "no such password: " + r.Header.Get("apiSecretAccessKey")}}})
					return
				}
				_, _ = io.WriteString(w, "you sent "+r.Header.Get("apiSecretAccessKey"))
			})
		}
		escaped := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, `{"success":false,"reasons":[{"code":1,"message":"you sent `)
			for _, c := range r.Header.Get("apiSecretAccessKey") {
				_, _ = fmt.Fprintf(w, `\u%04X`, c)
			}
			_, _ = io.WriteString(w, `"}]}`)
		})
		for what, response := range map[string]http.Handler{
			"401 JSON, all of it escaped": escaped,
			"401 JSON":                    echo(401, "application/json"), "500 JSON": echo(500, "application/json"), "500 text": echo(500, "text/plain"),
			"200 text": echo(200, "text/plain"), "200 HTML": echo(200, "text/html"), "302": echo(302, "text/plain"), "200 JSON": echo(200, "application/json"),
			"a transport that repeats it": nil,
		} {
			t.Run(what, func(t *testing.T) {
				server := newServer(t, zuoratest.Config{})
				server.Intercept(func(*http.Request) http.Handler { return response })
				var log records
				for _, asJSON := range []bool{true, false} {
					cfg := kind.configFor(server)
					cfg.Credentials = zuora.Credentials{AccessKeyID: "u", SecretAccessKey: theSecret}
					cfg.Logger = log.logger(slog.LevelDebug-100, asJSON)
					if response == nil {
						cfg.Base = roundTripper(func(req *http.Request) (*http.Response, error) {
							return nil, fmt.Errorf("cannot send %v", req.Header)
						})
					}
					session := newSession(t, cfg)
					_, err := session.Do(newRequest(t, http.MethodGet, session.Server()+"/v1/ok", nil))
					for e := err; e != nil; e = errors.Unwrap(e) {
						for _, verb := range verbs {
							text := fmt.Sprintf(verb, e)
							if f, ok := e.(*zuora.Error); ok {
								text += string(f.Body) + fmt.Sprintf("%+v %#v", *f, *f)
							}
							assertSilent(t, text, "the-cookie-of-it")
						}
					}
					require.Error(t, err)
				}
				lines := log.take()
				require.NotEmpty(t, lines)
				assertSilent(t, strings.Join(lines, "\n"), "the-cookie-of-it")
			})
		}
	})
}

// Servers that take UTF-8 for ISO 8859-1 repeat something else.
func TestRule11_NoErrorHasASecretThatIsNotASCII(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		const secret = "p\u00e4ssw\u00f6rd"
		var misread strings.Builder
		for _, b := range []byte(secret) {
			misread.WriteRune(rune(b))
		}
		for _, repeated := range []string{secret, misread.String()} {
			server := newServer(t, zuoratest.Config{})
			server.Intercept(func(*http.Request) http.Handler { return zuoratest.Failed(401, "1", "you sent "+repeated) })
			cfg := kind.configFor(server)
			cfg.Credentials = zuora.Credentials{AccessKeyID: "u", SecretAccessKey: secret}
			err := newSession(t, cfg).Connect(t.Context())
			var failure *zuora.Error
			require.ErrorAs(t, err, &failure)
			require.NotContains(t, fmt.Sprintf("%v %s %+v", err, failure.Body, failure.Reasons), repeated)
			require.Contains(t, failure.Reasons[0].Message, "REDACTED")
		}
	})
}

// A response that is cut off does not show the beginning of a secret.
func TestRule11_NoErrorHasHalfASecret(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		long := strings.Repeat("0123456789", 12)
		for what, response := range map[string]http.HandlerFunc{
			"type": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Type", "x/"+long) },
			"cookie": func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.Header().Set("Set-Cookie", long+"=v")
				_, _ = io.WriteString(w, `{"success":true}`)
			},
			"reason":                         zuoratest.Failed(500, "1", strings.Repeat("x", 150)+long).ServeHTTP,
			"body that has a cookie as well": zuoratest.Answer(500, "text/plain", "ZSession=a "+strings.Repeat("x", 64<<10-71)+long).ServeHTTP,
			"body":                           zuoratest.Answer(500, "text/plain", strings.Repeat("x", 64<<10-60)+long).ServeHTTP,
		} {
			server := newServer(t, zuoratest.Config{})
			server.Intercept(func(*http.Request) http.Handler { return response })
			cfg := kind.configFor(server)
			cfg.Credentials = zuora.Credentials{AccessKeyID: "u", SecretAccessKey: zuora.Secret(long)}
			err := newSession(t, cfg).Connect(t.Context())
			require.Error(t, err)
			text := err.Error()
			if failure := (*zuora.Error)(nil); errors.As(err, &failure) {
				text += string(failure.Body)
			}
			require.NotContains(t, text, long[:20], what)
		}
	})
}

// connectTo returns the error of a login with the secret, the lines that were logged
// about it, and everything that can be printed of both.
func connectTo(t *testing.T, response http.Handler, secret string) (all string, err error) {
	t.Helper()
	server := newServer(t, zuoratest.Config{})
	server.Intercept(func(*http.Request) http.Handler { return response })
	var log records
	cfg := configFor(server)
	cfg.Credentials = zuora.Credentials{AccessKeyID: "u", SecretAccessKey: zuora.Secret(secret)}
	cfg.Logger = log.logger(slog.LevelDebug-100, true)
	err = newSession(t, cfg).Connect(t.Context())
	require.Error(t, err)
	settled(t, &log)
	return allOf(err) + strings.Join(log.take(), "\n"), err
}

// allOf returns everything that can be printed of err.
func allOf(err error) string {
	var text strings.Builder
	for e := err; e != nil; e = errors.Unwrap(e) {
		for _, verb := range verbs {
			_, _ = fmt.Fprintf(&text, verb+"\n", e)
		}
		if failure, ok := e.(*zuora.Error); ok {
			_, _ = fmt.Fprintf(&text, "%+v %s\n", *failure, failure.Body)
		}
	}
	return text.String()
}

func TestRule11_FailedLoginKeepsNoBody(t *testing.T) {
	const half = "correct horse"
	for what, response := range map[string]http.HandlerFunc{
		"whole": zuoratest.Failed(401, "1", "no").ServeHTTP,
		"text":  zuoratest.Answer(500, "text/plain", "you sent "+half).ServeHTTP,
		"breaks off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.Header().Set("Content-Length", "1000")
			w.WriteHeader(401)
			_, _ = io.WriteString(w, "you sent "+half)
		},
		"gzip that breaks off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.Header().Set("Content-Encoding", "gzip")
			w.WriteHeader(401)
			packed := compress("you sent " + half)
			_, _ = w.Write(packed[:len(packed)-8])
		},
		"stalls": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.WriteHeader(401)
			_, _ = io.WriteString(w, "you sent "+half)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		},
	} {
		all, err := connectTo(t, response, theSecret)
		require.NotContains(t, all, half, what)
		var failure *zuora.Error
		require.ErrorAs(t, err, &failure, what)
		require.Nil(t, failure.Body, what)
	}
}

// The text of an Error is short, whatever a server sends, and has what is useful.
func TestRule11_ErrorOfALongResponseIsShort(t *testing.T) {
	long := strings.Repeat("x", 10<<10)
	response := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for i := range 100 {
			w.Header().Add("RateLimit-Limit", long)
			w.Header().Add(fmt.Sprintf("Concurrency-Limit-%d", i), long)
		}
		w.Header().Set("Retry-After", "17")
		w.Header().Set("Zuora-Request-Id", long)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(429)
		_, _ = io.WriteString(w, `{"success":false,"reasons":[{"code":70}`+strings.Repeat(",{}", 21000)+`]}`)
	})
	_, err := connectTo(t, response, theSecret)
	var failure *zuora.Error
	require.ErrorAs(t, err, &failure)
	require.ErrorIs(t, err, zuora.ErrRateLimited)
	require.LessOrEqual(t, len(failure.Reasons), 100)
	require.NotEmpty(t, failure.Reasons)
	lines := 0
	for _, values := range failure.Header {
		for _, line := range values {
			lines++
			require.LessOrEqual(t, len(line), 1<<10)
		}
	}
	require.Equal(t, 32, lines)
	require.LessOrEqual(t, len(failure.RequestID), 1<<10)
	require.Equal(t, "17", failure.Header.Get("Retry-After"))
}

// A text that shows the place of a short password gives it away.
func TestRule11_ShortPasswordGarblesNoText(t *testing.T) {
	server := newServer(t, zuoratest.Config{})
	for _, secret := range []string{"p", "dial", "tcp", "refused"} {
		cfg := configFor(server)
		cfg.Credentials = zuora.Credentials{AccessKeyID: "u", SecretAccessKey: zuora.Secret(secret)}
		cfg.Base = roundTripper(func(*http.Request) (*http.Response, error) {
			return nil, errors.New("dial tcp 192.0.2.1:443: connect: connection refused")
		})
		require.ErrorContains(t, newSession(t, cfg).Connect(t.Context()), "/v1/connections: REDACTED;", secret)

		_, err := connectTo(t, zuoratest.Failed(401, "WORD", "dial tcp, please: refused"), secret)
		var failure *zuora.Error
		require.ErrorAs(t, err, &failure)
		require.Equal(t, []zuora.Reason{{Code: "WORD", Message: "REDACTED"}}, failure.Reasons)
	}
}

// A secret that is also a word of the responses changes nothing.
func TestRule11_SecretsThatAreWordsOfTheProtocol(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		for _, secret := range []zuora.Secret{"s", "json", "success", "true", "ZSession", "90000011", "{", "application/json", "Unauthorized", "connections"} {
			credentials := zuora.Credentials{AccessKeyID: "u", SecretAccessKey: secret}
			server := newServer(t, zuoratest.Config{Credentials: credentials})
			requireStatus(t, newSession(t, kind.configFor(server)), "/v1/ok", http.StatusOK)

			refusing := newServer(t, zuoratest.Config{})
			cfg := kind.configFor(refusing)
			cfg.Credentials = credentials
			for _, status := range []int{200, 401} {
				refusing.Intercept(func(*http.Request) http.Handler { return zuoratest.SessionEnded(status) })
				session := newSession(t, cfg)
				for range 3 {
					require.ErrorIs(t, session.Connect(t.Context()), zuora.ErrUnauthenticated, "%s", string(secret))
				}
			}
			require.Equal(t, 2, refusing.Logins())
		}
	})
}

// If a server repeats the request in its failure, the error does not contain the cookie.
func TestRule11_NoErrorHasACookieThatAResponseRepeats(t *testing.T) {
	server := newServer(t, zuoratest.Config{})
	var cookie string
	server.HandleFunc("GET /v1/dump", func(w http.ResponseWriter, r *http.Request) {
		cookie = strings.TrimPrefix(r.Header.Get("Cookie"), "ZSession=")
		if r.URL.RawQuery == "" {
			zuoratest.Answer(500, "text/plain", "you sent Cookie: "+r.Header.Get("Cookie")+"; thank you").ServeHTTP(w, r)
			return
		}
		zuoratest.Failed(200, "50000060", "you sent Cookie: "+r.Header.Get("Cookie")+"; thank you").ServeHTTP(w, r)
	})
	session := newSession(t, configFor(server))
	for _, query := range []string{"", "?json"} {
		_, err := session.Do(newRequest(t, http.MethodGet, session.Server()+"/v1/dump"+query, nil))
		var failure *zuora.Error
		require.ErrorAs(t, err, &failure)
		require.NotEmpty(t, cookie)
		for _, text := range []string{err.Error(), string(failure.Body), fmt.Sprintf("%+v", failure.Reasons)} {
			require.NotContains(t, text, cookie[:20])
		}
		require.ErrorContains(t, err, "ZSession=REDACTED; thank you")
	}
}

// Many sessions that log at once do not mix.
func TestRule12_LoggerIsUsedByManyGoroutines(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		server := newServer(t, zuoratest.Config{})
		var log records
		cfg := kind.configFor(server)
		cfg.Logger = log.logger(slog.LevelDebug, false)
		session := newSession(t, cfg)
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				kind.expire(server)
				_, _, err := get(t.Context(), session, "/v1/ok")
				assert.NoError(t, err)
			})
		}
		wg.Wait()
		require.NotEmpty(t, log.take())
	})
}

// The error of a response that breaks off may repeat what was sent.
func TestRule11_TransportThatRepeatsTheSecretAsItBreaksOff(t *testing.T) {
	session := newSession(t, zuora.SessionConfig{
		Server: zuora.ServerURLProductionEU, Credentials: zuora.Credentials{AccessKeyID: "u", SecretAccessKey: theSecret},
		Base: roundTripper(func(req *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(readerFunc(func([]byte) (int, error) {
				return 0, fmt.Errorf("broken off: %v", req.Header)
			}))}, nil
		}),
	})
	err := session.Connect(t.Context())
	require.ErrorContains(t, err, "broken off")
	assertSilent(t, err.Error())
}

// In JSON a cookie's name can be written in more ways than are searched for in the text.
func TestRule11_NoReasonHasACookie(t *testing.T) {
	var failure *zuora.Error
	require.ErrorAs(t, zuora.CheckResponse(&http.Response{StatusCode: 400, Header: http.Header{"Content-Type": {"application/json"}}},
		[]byte(`{"success":false,"reasons":[{"code":1,"message":"you sent \u005aSession=c0ffee-c0ffee; ok"}]}`)), &failure)
	require.ErrorContains(t, failure, "you sent ZSession=REDACTED; ok")
}

// Cookies that a response repeats, in the spellings of JSON.
func TestRule11_NoErrorHasACookieInAnySpelling(t *testing.T) {
	const cookie = "c0ffee-c0ffee"
	for _, body := range []string{
		`{"success":false,"reasons":[{"code":1,"message":"you sent ZSession=` + cookie + `; ok"}]}`,
		`{"success":false,"reasons":[{"code":1,"message":"you sent ZSession\u003d` + cookie + `; ok"}]}`,
		`{"success":false,"reasons":[{"code":1,"message":"you sent ZSession=\"` + cookie + `\"; ok"}]}`,
		`{"success":false,"reasons":[{"code":1,"message":"you sent ZSession: ` + cookie + `; ok"}]}`,
		`{"success":false,"reasons":[{"code":1,"message":"you sent Z\u0053ession\u003D` + cookie + `; ok"}]}`,
		`{"success":false,"reasons":[{"code":1,"message":"you sent ZSession=\/\u002b` + cookie + `\/` + cookie + `; ok"}]}`,
		`{"success":false,"reasons":[{"code":1,"message":"ok"}],"cookies":{"ZSession" : "` + cookie + `","\u005ASession":"` + cookie + `"}}`,
		`{"success":false,"reasons":[{"code":1,"message":"you sent {\"ZSession\":\"` + cookie + `\"}, ok"}]}`,
	} {
		for _, status := range []int{200, 400} {
			var failure *zuora.Error
			require.ErrorAs(t, zuora.CheckResponse(&http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}}, []byte(body)), &failure, body)
			require.NotContains(t, fmt.Sprintf("%v %+v %s", failure, failure.Reasons, failure.Body), cookie, body)
			require.Contains(t, failure.Reasons[0].Message, "ok")
			require.True(t, json.Valid(failure.Body), "%s", failure.Body)
		}
	}
}

// A provider's error may repeat the secret.
func TestRule11_ProvidersErrorIsRedacted(t *testing.T) {
	session := newSession(t, zuora.SessionConfig{
		Server: zuora.ServerURLProductionEU,
		Credentials: zuora.CredentialsFunc(func(context.Context) (zuora.Credentials, error) {
			return zuora.Credentials{SecretAccessKey: theSecret}, errors.New("cannot use " + theSecret)
		}),
	})
	err := session.Connect(t.Context())
	require.ErrorContains(t, err, "cannot use REDACTED")
	assertSilent(t, err.Error())
}
