package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora/zuoratest"
)

func TestByteOrderMarkIsNoPartOfTheSecret(t *testing.T) {
	server := newServer(t)
	secret := string(server.Credentials().SecretAccessKey)
	wide := func(order ...byte) (text string) {
		for _, unit := range utf16.Encode([]rune("\uFEFF" + secret + "\r\n")) {
			pair := [2]byte{byte(unit), byte(unit >> 8)}
			text += string([]byte{pair[order[0]], pair[order[1]]})
		}
		return text
	}
	for name, content := range map[string]string{
		"UTF-8": "\uFEFF" + secret, "UTF-8 and a newline": "\uFEFF" + secret + "\r\n", "UTF-16, little end first": wide(0, 1), "UTF-16, big end first": wide(1, 0),
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "secret")
			require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
			for _, from := range []string{file, "-"} {
				i := on(server, "-secret-file", from)
				i.stdin = strings.NewReader(content)
				got := i.run(t)
				assert.Equal(t, exitOK, got.code, got.stderr)
			}
		})
	}
	i := on(server)
	i.env["ZUORA_SECRET_ACCESS_KEY"] = "\uFEFF" + secret // $(cat secret.txt)
	assert.Equal(t, exitOK, i.run(t).code)
	i = on(server, "-secret-file", "-")
	i.stdin = strings.NewReader("\uFEFF\r\n")
	got := i.run(t)
	assert.Equal(t, exitUsage, got.code)
	assert.Contains(t, got.stderr, "there is no secret in it")
}

func TestOutputThatCannotBeWrittenIsExit1InEveryMode(t *testing.T) {
	server := newServer(t)
	for _, args := range [][]string{nil, {"-json"}, {"/v1/ok"}, {"-X", "GET", "/v1/ok"}, {"-help"}, {"-version"}} {
		r, w := io.Pipe()
		require.NoError(t, r.CloseWithError(errors.New("no room left")))
		i := on(server, args...)
		i.stdout = w
		got := i.run(t)
		assert.Equal(t, exitCall, got.code, "%q", args)
		assert.Contains(t, got.stderr, "no room left", "%q", args)
	}
}

func TestTimeoutWantsAUnit(t *testing.T) {
	for _, v := range []string{"5", "soon", "1.5", "5 s"} {
		got := on(newServer(t), "-timeout", v).run(t)
		assert.Equal(t, exitUsage, got.code)
		assert.Contains(t, got.stderr, "it wants a number and a unit, such as 30s or 2m")
	}
}

func TestNoNextTryInAProgramThatEnds(t *testing.T) {
	server := newServer(t)
	for _, response := range []http.Handler{zuoratest.RateLimited(), zuoratest.ServerError(), zuoratest.Unauthorized(), http.RedirectHandler("/elsewhere", http.StatusFound)} {
		server.Intercept(func(*http.Request) http.Handler { return response })
		for _, args := range [][]string{nil, {"-json"}, {"/v1/ok"}} {
			got := on(server, args...).run(t)
			assert.Contains(t, got.stderr+got.stdout, "login failed: POST")
			assert.NotContains(t, got.stderr+got.stdout, "next try")
			assert.NotContains(t, got.stderr+got.stdout, "not before")
		}
	}
}

func TestRefusalNamesTheWrongDataCentre(t *testing.T) {
	i := on(newServer(t))
	i.env["ZUORA_ACCESS_KEY_ID"] = "nobody@example.com"
	got := i.run(t)
	assert.Equal(t, exitRefused, got.code)
	assert.Contains(t, got.stderr, "a user of another data centre, or of a sandbox, is refused as if the password were wrong")
}

func TestHelpNamesTheVariablesOfGo(t *testing.T) {
	assert.Contains(t, usage, "HTTPS_PROXY")
	assert.Contains(t, usage, "SSL_CERT_FILE")
}

// However a server shows a cookie that it was sent.
func TestCookieIsRedactedHoweverItIsShown(t *testing.T) {
	const value = "AbC-9%3D"
	for _, shown := range []string{
		`ZSession=%s`, `ZSession="%s"`, `ZSession='%s'`, `ZSession=\"%s\"`, `ZSession=\\\"%s\\\"`, `"ZSession":"%s"`, `'ZSession' : '%s'`, `zsession=%s;`,
		`ZSession=&quot;%s&quot;`, `ZSession=&#34;%s&#34;`, `&quot;ZSession&quot;:&quot;%s&quot;`, `ZSession%%3D%s`, `ZSession%%3D%%22%s%%22`, `ZSession = %s`, `ZSession="a b, %s"`,
	} {
		line := redact("the cookie "+fmt.Sprintf(shown, value)+" was sent; a=b", "")
		assert.NotContains(t, line, "AbC", shown)
		assert.Contains(t, line, "the cookie ", shown)
		assert.Contains(t, line, "ZSession=REDACTED", shown)
		assert.Contains(t, line, "a=b", shown)
	}
	assert.Equal(t, "no ZSession cookie came", redact("no ZSession cookie came", "secret"))

	server := newServer(t)
	server.HandleFunc("GET /v1/echo", func(w http.ResponseWriter, r *http.Request) {
		c, _ := r.Cookie("ZSession")
		zuoratest.Failed(http.StatusOK, "50000030", `you sent ZSession="`+c.Value+`"`).ServeHTTP(w, r)
	})
	got := on(server, "/v1/echo").run(t)
	assert.Equal(t, exitCall, got.code)
	assert.Regexp(t, `you sent ZSession="?REDACTED`, got.stderr)
	assert.NotContains(t, got.stderr, "%3D")
}

func TestJSONIsOneLineForMachines(t *testing.T) {
	server := newServer(t)
	parse := func(line string) (m map[string]any) {
		require.Equal(t, 1, strings.Count(line, "\n"), line)
		require.NoError(t, json.Unmarshal([]byte(line), &m), line)
		for _, name := range []string{"duration", "callDuration"} {
			if seconds, found := m[name]; found {
				require.IsType(t, 1.5, seconds)
				m[name] = "some"
			}
		}
		return m
	}
	user := server.Credentials().AccessKeyID
	got := on(server, "-json", "-entity", entityID).run(t)
	assert.Equal(t, exitOK, got.code)
	assert.Empty(t, got.stderr)
	assert.Equal(t, map[string]any{"server": server.URL, "user": user, "login": "password", "entity": entityID, "duration": "some", "exit": 0.0}, parse(got.stdout))

	got = on(server, "-json", "/v1/ok").run(t)
	assert.Equal(t, exitOK, got.code)
	assert.Equal(t, `{"success":true}`, got.stdout, "the body is what was asked for")
	assert.Equal(t, map[string]any{
		"server": server.URL, "user": user, "login": "password", "entity": "", "duration": "some", "exit": 0.0, "status": 200.0, "bytes": 16.0, "callDuration": "some",
	}, parse(got.stderr))

	server.Handle("GET /v1/no", zuoratest.Failed(http.StatusOK, "50000040", "no <such> account"))
	got = on(server, "-json", "/v1/no").run(t)
	assert.Equal(t, exitCall, got.code)
	assert.Empty(t, got.stdout)
	assert.Contains(t, parse(got.stderr)["error"], "no <such> account")
	assert.Contains(t, got.stderr, "<such>")

	i := on(server, "-json")
	i.env["ZUORA_ACCESS_KEY_ID"] = "nobody@example.com"
	got = i.run(t)
	assert.Equal(t, exitRefused, got.code)
	failed := parse(got.stdout)
	assert.Equal(t, 3.0, failed["exit"])
	assert.Contains(t, failed["error"], "90000011")
	assert.Contains(t, got.stderr, "90000011", "failures are on standard error too")
}

func TestAnyCallCanBeMade(t *testing.T) {
	server := newServer(t)
	server.HandleFunc("/v1/echo", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %q %s", r.Method, r.URL.RawQuery, r.Header["Content-Type"], body)
	})
	file := filepath.Join(t.TempDir(), "body.json")
	require.NoError(t, os.WriteFile(file, []byte("{\"name\":\"Zoë\"}\n"), 0o600))
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-X", "DELETE", "/v1/echo?a=b"}, `DELETE a=b [] `},
		{[]string{"-X", "put", "-d", "{}", "/v1/echo"}, `PUT  ["application/json"] {}`},
		{[]string{"-X", "PUT", "-d", "", "/v1/echo"}, `PUT  ["application/json"] `},
		{[]string{"-d", "@" + file, "/v1/echo"}, "POST  [\"application/json\"] {\"name\":\"Zoë\"}\n"},
		{[]string{"-X", "PATCH", "-d", "@-", "/v1/echo"}, `PATCH  ["application/json"] from a pipe`},
		{[]string{"/v1/echo"}, `GET  [] `},
	} {
		i := on(server, c.args...)
		i.stdin = strings.NewReader("from a pipe")
		got := i.run(t)
		assert.Equal(t, exitOK, got.code, got.stderr)
		assert.Equal(t, c.want, got.stdout)
	}
	assert.Equal(t, []string{"POST /v1/connections", "DELETE /v1/echo"}, []string{
		server.Requests()[0].Method + " " + server.Requests()[0].Path, server.Requests()[1].Method + " " + server.Requests()[1].Path,
	})
}

// The body goes out again when the session has ended in between.
func TestCallIsReplayedWithItsBody(t *testing.T) {
	server := newServer(t)
	server.HandleFunc("POST /v1/echo", func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) })
	first := true
	server.Intercept(func(r *http.Request) http.Handler {
		if r.URL.Path == "/v1/echo" && first {
			first = false
			server.Expire()
		}
		return nil
	})
	got := on(server, "-d", `{"a":1}`, "/v1/echo").run(t)
	assert.Equal(t, exitOK, got.code, got.stderr)
	assert.Equal(t, `{"a":1}`, got.stdout)
	assert.Equal(t, 2, server.Logins())
}

func TestExitCodesOfCallsAreThoseOfTheErrorTable(t *testing.T) {
	server := newServer(t)
	for name, c := range map[string]struct {
		response http.Handler
		code     int
	}{
		"404":                     {zuoratest.HTMLPage(http.StatusNotFound), exitNotFound},
		"category 40 in a 200":    {zuoratest.Failed(http.StatusOK, "53100040", "no such account"), exitNotFound},
		"401":                     {zuoratest.Unauthorized(), exitNotAllowed},
		"403":                     {zuoratest.HTMLPage(http.StatusForbidden), exitNotAllowed},
		"category 10":             {zuoratest.Failed(http.StatusOK, "53100010", "no permission"), exitNotAllowed},
		"429":                     {zuoratest.RateLimited(), exitLater},
		"a lock":                  {zuoratest.Failed(http.StatusOK, "53100050", "locked"), exitLater},
		"LOCK_COMPETITION":        {zuoratest.CRUDFailed("LOCK_COMPETITION", "locked"), exitLater},
		"another code":            {zuoratest.Failed(http.StatusOK, "53100020", "invalid"), exitCall},
		"500":                     {zuoratest.ServerError(), exitCall},
		"a redirect to elsewhere": {http.RedirectHandler("https://elsewhere.example/", http.StatusFound), exitCall},
		"a broken connection":     {http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), exitNoResponse},
	} {
		t.Run(name, func(t *testing.T) {
			server.Intercept(func(r *http.Request) http.Handler {
				if r.URL.Path == "/v1/connections" {
					return nil
				}
				return c.response
			})
			got := on(server, "-X", "PUT", "-d", "{}", "/v1/fails").run(t)
			assert.Equal(t, c.code, got.code, got.stderr)
			assert.Empty(t, got.stdout)
			assert.Equal(t, exitCall, on(server, "/v1/fails").run(t).code, "a path alone")
		})
	}
}

func TestBadCallsSendNothing(t *testing.T) {
	server := newServer(t)
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"-X", "PUT"}, "add its path"},
		{[]string{"-d", "{}"}, "add its path"},
		{[]string{"-X", "P T", "/v1/ok"}, "-X is not a method"},
		{[]string{"-d", "@" + t.TempDir() + "/none", "/v1/ok"}, "-d: no such file"},
		{[]string{"-secret-file", "-", "-d", "@-", "/v1/ok"}, "cannot both read standard input"},
		{[]string{"-X", "POST", "/v1/connections"}, "logs in by itself"},
		{[]string{"-d", "{}", "/oauth/token?a=b"}, "logs in by itself"},
	} {
		got := on(server, c.args...).run(t)
		assert.Equal(t, exitUsage, got.code, "%q", c.args)
		assert.Contains(t, got.stderr, c.says)
	}
	assert.Empty(t, server.Requests())
}
