package zuora_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/retry"
	"github.com/zuora-go/zuora/zuoratest"
)

// Rule 11: what the session says of a call contains nothing that was sent with it,
// set by its response, or is current.

const (
	firstSession  = "c0ffee0123456789+/c0ffee=="
	secondSession = "5ca1ab1e9876543210/5ca1ab1e="
	quotedCookie  = "a cookie, with spaces"
	otherCookie   = "0therC00kieOfTheJar"
	callersCookie = "theCallersOwnCookie"
	passingCookie = "passesToTheCaller"
)

// secretsOfACall are the values that a call knows after the second login.
var secretsOfACall = []string{firstSession, secondSession, quotedCookie, otherCookie, callersCookie, passingCookie, theSecret}

// talkative returns a session at a server whose logins set several cookies, and
// which responds to all other calls with response. Base, if it is not nil, makes the
// transport of the server's.
func talkative(t *testing.T, response http.HandlerFunc, base func(http.RoundTripper) http.RoundTripper) (*zuora.Session, *records) {
	t.Helper()
	server := newServer(t, zuoratest.Config{})
	logins := 0
	server.Intercept(func(r *http.Request) http.Handler {
		if !isLogin(r) {
			return response
		}
		logins++
		session := []string{firstSession, secondSession}[min(logins, 2)-1]
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for _, line := range []string{"ZSession=" + session + "; Path=/; Secure; HttpOnly", `Quoted="` + quotedCookie + `"; Path=/`, "Other=" + otherCookie + "; Path=/", "lang=en; Path=/"} {
				w.Header().Add("Set-Cookie", line)
			}
			zuoratest.JSON(map[string]any{"success": true}).ServeHTTP(w, r)
		})
	})
	log := new(records)
	cfg := configFor(server)
	cfg.Credentials = zuora.Credentials{AccessKeyID: "u", SecretAccessKey: theSecret}
	cfg.Logger = log.logger(slog.LevelDebug-100, true)
	if base != nil {
		cfg.Base = base(cfg.Base)
	}
	return newSession(t, cfg), log
}

// withCookie is a GET with a cookie of the caller's own.
func withOwnCookie(t *testing.T, session *zuora.Session, path string) *http.Request {
	t.Helper()
	req := newRequest(t, http.MethodGet, session.Server()+path, nil)
	req.Header.Set("Cookie", "mine="+callersCookie)
	return req
}

// spellings are ways in which a response may repeat a text.
var spellings = map[string]func(string) string{
	"plain": func(s string) string { return s },
	"JSON":  func(s string) string { q := strconv.Quote(s); return strings.ReplaceAll(q[1:len(q)-1], "/", `\/`) },
	"escape": func(s string) string {
		return strings.NewReplacer("=", `\u003d`, "c", `\u0063`, "+", `\u002B`).Replace(s)
	},
	"twice": func(s string) string {
		return strings.NewReplacer("=", `\\u003d`, "/", `\\\/`, "c", `\\u0063`).Replace(s)
	},
	"query": url.QueryEscape,
	"path":  url.PathEscape,
	"HTML":  func(s string) string { return strings.ReplaceAll(html.EscapeString(s), "=", "&#61;") },
}

func TestRule11_NoFailureRepeatsASecret(t *testing.T) {
	var said string
	session, log := talkative(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/refuse" && strings.Contains(r.Header.Get("Cookie"), firstSession) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		for _, name := range []string{"Zuora-Request-Id", "Zuora-Track-Id", "RateLimit-Limit", "Retry-After"} {
			w.Header().Set(name, "x "+said+" y")
		}
		w.Header().Set("Set-Cookie", "passes="+passingCookie)
		w.Header().Set("Content-Type", r.Header.Get("Accept")+"; charset="+said)
		status, _ := strconv.Atoi(r.URL.Query().Get("status"))
		w.WriteHeader(status)
		if r.Header.Get("Accept") == "application/json" {
			_, _ = fmt.Fprintf(w, `{"success":false,"processId":"%[1]s","requestId":"p %[1]s","reasons":[{"code":"%[1]s","message":"m %[1]s m"}],"more":["%[1]s"]}`, said)
			return
		}
		_, _ = io.WriteString(w, "you sent "+said+"; thank you")
	}, nil)
	said = "nothing"
	_, err := session.Do(withOwnCookie(t, session, "/v1/refuse?status=200"))
	require.NoError(t, err) // and the session is the second
	for _, secret := range secretsOfACall[1:] {
		for spelling, spell := range spellings {
			for _, status := range []string{"200", "400", "500"} {
				for _, kind := range []string{"application/json", "text/plain", "text/html"} {
					if status == "200" && kind != "application/json" {
						continue
					}
					said = spell(secret)
					if strings.Contains(said, `"`) && kind == "application/json" {
						continue // this is not JSON
					}
					req := withOwnCookie(t, session, "/v1/x?status="+status)
					req.Header.Set("Accept", kind)
					_, err := session.Do(req)
					var failure *zuora.Error
					require.ErrorAs(t, err, &failure)
					text := allOf(err)
					for _, form := range []string{secret, said, secret[:len(secret)-1], fmt.Sprint([]byte(secret))[1:30]} {
						require.NotContains(t, text, form, "%s as %s, in %s of %s", secret, spelling, status, kind)
					}
					require.Contains(t, string(failure.Body), "REDACTED")
				}
			}
		}
	}
	assertSilent(t, strings.Join(log.take(), "\n"), secretsOfACall...)
}

// CheckResponse redacts the values that the session knows for its own response. Typed
// calls need that for long responses.
func TestRule11_CheckResponseRedactsWhatTheSessionKnows(t *testing.T) {
	const failure = `{"success":false,"reasons":[{"code":1,"message":"you sent ` + otherCookie + `; ok"}]}`
	for what, length := range map[string]int{"short": 0, "longer than 4 KiB": 5 << 10, "longer than 64 KiB": 70 << 10} {
		session, _ := talkative(t, chunked(failure+strings.Repeat(" ", length)).ServeHTTP, nil)
		ways := map[string]func(*http.Request) (*http.Response, error){"HTTPClient": session.HTTPClient().Do, "Transport": session.Transport().RoundTrip}
		if length > 64<<10 {
			ways["Do"], ways["retry"] = session.Do, retry.New(session, retry.Policy{MaxConcurrent: 3}).Do
		}
		for way, send := range ways {
			resp, err := send(withOwnCookie(t, session, "/v1/x"))
			require.NoError(t, err)
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			require.Contains(t, string(body), otherCookie)
			err = zuora.CheckResponse(resp, body)
			require.ErrorContains(t, err, "you sent REDACTED; ok", "%s by %s", what, way)
			require.NotContains(t, allOf(err), otherCookie)
			require.NoError(t, resp.Body.Close())
		}
	}
}

// A call that was sent on the first session fails when the second is current.
func TestRule11_NoFailureRepeatsASecretOfAnotherSession(t *testing.T) {
	for what, secret := range map[string]string{"sent": firstSession, "current": secondSession} {
		held, sent := make(chan struct{}), make(chan struct{})
		session, _ := talkative(t, func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.URL.Path == "/v1/late":
				close(sent)
				<-held
				zuoratest.Failed(400, "1", "the session is "+secret+".").ServeHTTP(w, r)
			case strings.Contains(r.Header.Get("Cookie"), firstSession):
				w.WriteHeader(http.StatusUnauthorized)
			}
		}, nil)
		late := make(chan error)
		go func() {
			_, err := session.Do(withOwnCookie(t, session, "/v1/late"))
			late <- err
		}()
		<-sent
		requireStatus(t, session, "/v1/renew", http.StatusOK)
		close(held)
		err := <-late
		require.ErrorContains(t, err, "the session is REDACTED.", what)
		require.NotContains(t, allOf(err), secret)
	}
}

// A failure whose body or compression breaks off does not show the beginning of a
// cookie.
func TestRule11_NoFailureShowsTheBeginningOfASecret(t *testing.T) {
	for _, cut := range []int{1, 5, len(firstSession) - 1} {
		for _, kind := range []string{"text/plain", "application/json"} {
			text := `{"success":false,"message":"you sent ` + firstSession[:cut]
			for what, response := range map[string]http.HandlerFunc{
				"breaks off": func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", kind)
					w.Header().Set("Content-Length", "1000")
					w.WriteHeader(400)
					_, _ = io.WriteString(w, text)
				},
				"breaks off in an escape": func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", kind)
					w.Header().Set("Content-Length", "1000")
					w.WriteHeader(400)
					_, _ = io.WriteString(w, text+`\u00`)
				},
				"gzip that breaks off": func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", kind)
					w.Header().Set("Content-Encoding", "gzip")
					w.WriteHeader(400)
					packed := compress(text)
					_, _ = w.Write(packed[:len(packed)-8])
				},
				"is longer than 64 KiB": func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", kind)
					w.WriteHeader(400)
					_, _ = io.WriteString(w, strings.Repeat("x", 64<<10-len(text))+text+firstSession[cut:])
				},
			} {
				session, _ := talkative(t, response, nil)
				_, err := session.Do(newRequest(t, http.MethodGet, session.Server()+"/v1/x", nil))
				var failure *zuora.Error
				require.ErrorAs(t, err, &failure)
				require.True(t, strings.HasSuffix(string(failure.Body), "you sent REDACTED"), "%s after %d: %q", what, cut, failure.Body[max(0, len(failure.Body)-100):])
				require.NotContains(t, allOf(err), "you sent c")
			}
		}
	}
}

func TestRule11_NoFailureThatStallsShowsTheBeginningOfASecret(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		synctest.Test(t, func(t *testing.T) {
			tenant := inMemory(zuoratest.Config{})
			defer tenant.Close()
			tenant.HandleFunc("GET /v1/x", func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/plain")
				w.WriteHeader(400)
				secret := strings.TrimPrefix(kind.sent(r), "Bearer ")
				_, _ = io.WriteString(w, "you sent "+secret[:len(secret)-1])
				_ = http.NewResponseController(w).Flush()
				<-r.Context().Done()
			})
			session := newSession(t, kind.inMemoryConfig(tenant))
			_, err := session.Do(newRequest(t, http.MethodGet, session.Server()+"/v1/x", nil))
			var failure *zuora.Error
			require.ErrorAs(t, err, &failure)
			require.Equal(t, "you sent REDACTED", string(failure.Body))
		})
	})
}

// raw responds with the bytes of response.
func raw(response string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_, _ = io.WriteString(conn, response)
			_ = conn.Close()
		}
	}
}

// net/http quotes a response that it cannot read.
func TestRule11_NoFailedLoginShowsTheSessionThatItBegan(t *testing.T) {
	for _, response := range []string{
		"HTTP/1.1 200 OK\r\nSet-Cookie ZSession=" + firstSession + "; Path=/\r\n\r\n", "HTTP/1.1 200 OK\r\nset-cookie\tOther=" + otherCookie + "\r\n\r\n",
		"ZSession=" + firstSession + "\r\n\r\n", "HTTP/1.1 200 OK\r\n" + theSecret + "\r\n\r\n",
	} {
		all, err := connectTo(t, raw(response), theSecret)
		require.ErrorContains(t, err, "malformed")
		assertSilent(t, all, secretsOfACall...)
	}
}

// A transport repeats its request, and net/http a response that it could not read.
func TestRule11_NoErrorOfTheTransportHasASecret(t *testing.T) {
	failing := func(make func(*http.Request) error) func(http.RoundTripper) http.RoundTripper {
		return func(base http.RoundTripper) http.RoundTripper {
			return roundTripper(func(req *http.Request) (*http.Response, error) {
				if isLogin(req) {
					return base.RoundTrip(req)
				}
				return nil, make(req)
			})
		}
	}
	for what, test := range map[string]struct {
		response http.HandlerFunc
		base     func(http.RoundTripper) http.RoundTripper
	}{
		"header without a colon": {raw("HTTP/1.1 200 OK\r\nSet-Cookie ZSession=" + secondSession + "; Path=/\r\n\r\n"), nil},
		"other cookie":           {raw("HTTP/1.1 200 OK\r\nSet-Cookie Other=" + passingCookie + "; Path=/\r\n\r\n"), nil},
		"cookie set before":      {raw("HTTP/1.1 200 OK\r\nOther " + otherCookie + "\r\n\r\n"), nil},
		"no HTTP":                {raw("ZSession=" + secondSession + "\r\n\r\n"), nil},
		"all headers":            {nil, failing(func(r *http.Request) error { return fmt.Errorf("cannot send %v", r.Header) })},
		"all headers, quoted":    {nil, failing(func(r *http.Request) error { return fmt.Errorf("cannot send %q", r.Header) })},
		"a cookie, escaped":      {nil, failing(func(r *http.Request) error { return errors.New("no " + url.QueryEscape(firstSession)) })},
		"the password":           {nil, failing(func(*http.Request) error { return errors.New("no " + theSecret) })},
		"wrapped": {nil, failing(func(r *http.Request) error {
			return fmt.Errorf("broken: %w", errors.Join(os.ErrDeadlineExceeded, context.DeadlineExceeded, errors.New(r.Header.Get("Cookie"))))
		})},
		"a structure": {nil, failing(func(r *http.Request) error { return &sendError{r.Header.Clone(), nil} })},
		"under one":   {nil, failing(func(r *http.Request) error { return &sendError{nil, errors.New(r.Header.Get("Cookie"))} })},
	} {
		session, log := talkative(t, test.response, test.base)
		for way, send := range map[string]func(*http.Request) (*http.Response, error){
			"Do": session.Do, "HTTPClient": session.HTTPClient().Do, "Transport": session.Transport().RoundTrip,
		} {
			_, err := send(withOwnCookie(t, session, "/v1/x"))
			require.Error(t, err)
			assertSilent(t, allOf(err), secretsOfACall...)
			require.NotContains(t, allOf(err), "mine=the", "%s by %s", what, way)
			require.Equal(t, what == "wrapped", errors.Is(err, context.DeadlineExceeded), "%s by %s", what, way)
			var timeout interface{ Timeout() bool }
			require.Equal(t, what == "wrapped", errors.As(err, &timeout) && timeout.Timeout(), "%s by %s: %T %v", what, way, err, err)
			var inner *sendError
			require.False(t, errors.As(err, &inner), "%s by %s", what, way)
		}
		assertSilent(t, strings.Join(log.take(), "\n"), secretsOfACall...)
	}
}

type sendError struct {
	header http.Header
	err    error
}

func (*sendError) Error() string   { return "cannot send" }
func (e *sendError) Unwrap() error { return e.err }

// An error without a secret is what the transport has returned.
func TestRule11_ErrorsOfTheTransportStayWhatTheyAre(t *testing.T) {
	want := &sendError{nil, os.ErrDeadlineExceeded}
	session, _ := talkative(t, nil, func(base http.RoundTripper) http.RoundTripper {
		return roundTripper(func(req *http.Request) (*http.Response, error) {
			if isLogin(req) {
				return base.RoundTrip(req)
			}
			return nil, want
		})
	})
	_, err := session.Transport().RoundTrip(withOwnCookie(t, session, "/v1/x"))
	require.Same(t, want, err)
	_, err = session.Do(withOwnCookie(t, session, "/v1/x"))
	var got *sendError
	require.ErrorAs(t, err, &got)
	require.Same(t, want, got)
}

// So is the error at the end of a body, unless it repeats what was sent.
func TestRule11_NoErrorOfABodyHasASecret(t *testing.T) {
	plain := errors.New("broken off")
	for _, kind := range []string{"application/json", "text/csv"} {
		for _, said := range []error{plain, fmt.Errorf("broken off: %s", firstSession)} {
			session, _ := talkative(t, nil, func(base http.RoundTripper) http.RoundTripper {
				return roundTripper(func(req *http.Request) (*http.Response, error) {
					if isLogin(req) {
						return base.RoundTrip(req)
					}
					body := io.MultiReader(strings.NewReader(`{"a":`), readerFunc(func([]byte) (int, error) { return 0, said }))
					return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {kind}}, Body: io.NopCloser(body), ContentLength: -1}, nil
				})
			})
			resp, err := session.Do(withOwnCookie(t, session, "/v1/x"))
			require.NoError(t, err)
			body, err := io.ReadAll(resp.Body)
			require.Equal(t, `{"a":`, string(body))
			require.ErrorContains(t, err, "broken off")
			require.NotContains(t, allOf(err), firstSession)
			require.Equal(t, said == plain, err == plain)
		}
	}
}

// http.Client quotes a Location that it cannot parse, with its query.
func TestRule11_NoErrorHasTheQueryOfALocation(t *testing.T) {
	redirect := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "https://elsewhere.example/%zz?token=of-the-query")
		w.WriteHeader(http.StatusFound)
	}
	session, _ := talkative(t, redirect, nil)
	_, err := session.Do(withOwnCookie(t, session, "/v1/x?mine=of-the-query"))
	require.ErrorContains(t, err, "the Location of the response is not a URL")
	require.NotContains(t, allOf(err), "of-the-query")

	all, err := connectTo(t, http.HandlerFunc(redirect), theSecret)
	require.ErrorContains(t, err, "302 Found")
	require.NotContains(t, all, "of-the-query")
}

func TestRequestWithoutAURLIsAnError(t *testing.T) {
	session, _ := talkative(t, nil, nil)
	_, err := session.Do(&http.Request{})
	require.ErrorContains(t, err, "nil Request.URL")
}

// A server without cookies may put the session into a path.
func TestRule11_NoErrorHasASecretThatARedirectNames(t *testing.T) {
	for _, path := range []string{"/v1/x;jsessionid=" + otherCookie, "/v1/x;jsessionid=" + url.PathEscape(firstSession)} {
		session, _ := talkative(t, func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.URL.Path == "/v1/fails", r.URL.Path == "/v1/breaks":
				w.Header().Set("Location", path+"?"+r.URL.Path)
				w.WriteHeader(http.StatusFound)
			case r.URL.RawQuery == "/v1/breaks":
				panic(http.ErrAbortHandler)
			default:
				w.WriteHeader(http.StatusNotFound)
			}
		}, nil)
		for _, call := range []string{"fails", "breaks"} {
			_, err := session.Do(withOwnCookie(t, session, "/v1/"+call))
			require.ErrorContains(t, err, "/v1/x;jsessionid=REDACTED")
			assertSilent(t, allOf(err), secretsOfACall...)
			assertSilent(t, allOf(err), url.PathEscape(firstSession))
		}
	}
}

// With the session's cookie anybody could use the session: responses to callers do not
// have it in any line, and keep other cookies.
func TestRule01_ResponsesDoNotHaveTheSessionsCookies(t *testing.T) {
	others := []string{"passes=" + passingCookie + "; Path=/x; HttpOnly", "NotOther=1", "xZSession=2; Expires=Thu, 01 Jan 2099 00:00:00 GMT", "a=Other", "odd"}
	own := []string{
		"ZSession=" + secondSession + "; Path=/; Secure; HttpOnly", "ZSession=; Path=/; Max-Age=0", "ZSession", " ZSession = x", `"ZSession"=x`, "zsession=x", "ZSession=a b\x01c",
		"ZSession=x; Domain=elsewhere.example", "ZSession=x; Path=/elsewhere", "a=b; Path=/, ZSession=x; Path=/", "Other=changed", "Quoted=\"changed\"; Path=/", "lang=de",
		"Other=; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
	}
	session, _ := talkative(t, nil, func(base http.RoundTripper) http.RoundTripper {
		return roundTripper(func(req *http.Request) (*http.Response, error) {
			if isLogin(req) {
				return base.RoundTrip(req)
			}
			w := httptest.NewRecorder()
			w.Header()["Set-Cookie"] = nil
			for i, line := range own {
				w.Header().Add("Set-Cookie", line)
				if i < len(others) && req.URL.Path != "/v1/own" {
					w.Header().Add("Set-Cookie", others[i])
				}
			}
			switch req.URL.Path {
			case "/v1/refused":
				w.WriteHeader(http.StatusUnauthorized)
			case "/v1/failed":
				w.WriteHeader(http.StatusInternalServerError)
			}
			resp := w.Result()
			if req.URL.Path == "/v1/trailer" {
				resp.Body = io.NopCloser(readerFunc(func([]byte) (int, error) {
					resp.Trailer = http.Header{"Set-Cookie": {own[0], others[0]}}
					return 0, io.EOF
				}))
			}
			return resp, nil
		})
	})
	for way, send := range map[string]func(*http.Request) (*http.Response, error){
		"Do": session.Do, "HTTPClient": session.HTTPClient().Do, "Transport": session.Transport().RoundTrip,
	} {
		for path, want := range map[string][]string{"/v1/ok": others, "/v1/own": nil, "/v1/refused": others, "/v1/failed": others, "/v1/trailer": others} {
			if way == "Do" && (path == "/v1/refused" || path == "/v1/failed") {
				continue // which are errors
			}
			resp, err := send(withOwnCookie(t, session, path))
			require.NoError(t, err)
			assert.Equal(t, want, resp.Header["Set-Cookie"], "%s by %s", path, way)
			_, err = io.ReadAll(resp.Body)
			require.NoError(t, err)
			if path == "/v1/trailer" {
				require.Equal(t, others[:1], resp.Trailer["Set-Cookie"])
			}
			require.NoError(t, resp.Body.Close())
		}
	}
}

func TestRule01_ReverseProxyGivesAwayNoSession(t *testing.T) {
	session, _ := talkative(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Add("Set-Cookie", "ZSession="+secondSession+"; Path=/")
		w.Header().Add("Set-Cookie", "passes="+passingCookie)
		_, _ = io.WriteString(w, "hello")
	}, nil)
	to, err := url.Parse(session.Server())
	require.NoError(t, err)
	proxy := httptest.NewServer(&httputil.ReverseProxy{Transport: session.Transport(), Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }})
	t.Cleanup(proxy.Close)
	resp, err := proxy.Client().Get(proxy.URL + "/v1/x")
	require.NoError(t, err)
	defer resp.Body.Close()
	dump, err := httputil.DumpResponse(resp, true)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.NotContains(t, string(dump), "ZSession")
	require.NotContains(t, string(dump), secondSession)
	require.Contains(t, string(dump), passingCookie)
	require.True(t, bytes.HasSuffix(dump, []byte("hello")))
}

// The body of a response that switches protocols can also be written to.
func TestSwitchedProtocolsCanBeWrittenTo(t *testing.T) {
	session, _ := talkative(t, nil, func(base http.RoundTripper) http.RoundTripper {
		return roundTripper(func(req *http.Request) (*http.Response, error) {
			if isLogin(req) {
				return base.RoundTrip(req)
			}
			return &http.Response{StatusCode: http.StatusSwitchingProtocols, Header: http.Header{}, Body: struct {
				io.ReadCloser
				io.Writer
			}{io.NopCloser(strings.NewReader("")), io.Discard}}, nil
		})
	})
	resp, err := session.HTTPClient().Do(withOwnCookie(t, session, "/v1/x"))
	require.NoError(t, err)
	require.Implements(t, (*io.Writer)(nil), resp.Body)
	require.NoError(t, resp.Body.Close())
}
