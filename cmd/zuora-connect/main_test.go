package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/zuoratest"
)

const entityID = "11e643f4-a3ee-8bad-b061-0025904c57d6"

// TestMain lets the test binary be the command, for what only a process shows.
func TestMain(m *testing.M) {
	if os.Getenv("ZUORA_CONNECT_TEST_MAIN") != "" {
		main()
	}
	os.Exit(m.Run())
}

// invocation is a run of the command; the zero value of ctx and stdout will do.
type invocation struct {
	ctx    context.Context
	args   []string
	env    map[string]string
	stdin  io.Reader
	stdout io.Writer
	base   http.RoundTripper
	secret string // not to be seen in any output
}

type outcome struct {
	code           int
	stdout, stderr string
}

var cookieShown = regexp.MustCompile(`ZSession=[^R]`)

func (i invocation) run(t *testing.T) outcome {
	t.Helper()
	if i.ctx == nil {
		i.ctx = t.Context()
	}
	var stdout, stderr bytes.Buffer
	to := io.Writer(&stdout)
	if i.stdout != nil {
		to = i.stdout
	}
	code := run(i.ctx, i.args, func(name string) string { return i.env[name] }, i.stdin, to, &stderr, i.base)
	require.NotEmpty(t, i.secret)
	assert.NotContains(t, stdout.String(), i.secret, "standard output")
	assert.NotContains(t, stderr.String(), i.secret, "standard error")
	assert.NotRegexp(t, cookieShown, stderr.String())
	return outcome{code, stdout.String(), stderr.String()}
}

// on is an invocation that logs in at server, by the environment.
func on(server *zuoratest.Server, args ...string) invocation {
	return at(server.URL, server.Client().Transport, server.Credentials(), args...)
}

func at(url string, base http.RoundTripper, c zuora.Credentials, args ...string) invocation {
	return invocation{
		args: args,
		env: map[string]string{
			"ZUORA_SERVER": url, "ZUORA_ACCESS_KEY_ID": c.AccessKeyID, "ZUORA_SECRET_ACCESS_KEY": string(c.SecretAccessKey),
		},
		stdin:  strings.NewReader("not to be read"),
		base:   base,
		secret: string(c.SecretAccessKey),
	}
}

func newServer(t *testing.T) *zuoratest.Server {
	t.Helper()
	server := zuoratest.NewServer(zuoratest.Config{})
	t.Cleanup(server.Close)
	server.Handle("GET /v1/ok", zuoratest.JSON(map[string]any{"success": true}))
	return server
}

// record keeps the headers of every request that server gets.
func record(server *zuoratest.Server) *[]http.Header {
	var got []http.Header
	server.Intercept(func(r *http.Request) http.Handler {
		got = append(got, r.Header.Clone()) // one request at a time: run is sequential
		return nil
	})
	return &got
}

func TestSaysWhereAsWhomAndHowFast(t *testing.T) {
	server := newServer(t)
	for name, test := range map[string]struct{ entityID, entity string }{
		"home entity": {"", "the user's home entity"},
		"an entity":   {entityID, entityID},
	} {
		t.Run(name, func(t *testing.T) {
			i := on(server)
			i.env["ZUORA_ENTITY_ID"] = test.entityID
			got := i.run(t)
			assert.Equal(t, exitOK, got.code)
			assert.Regexp(t, `^server: `+server.URL+`
user:   api\.user@example\.com
entity: `+test.entity+`
logged in after [0-9.]+m?s
$`, got.stdout)
			assert.Empty(t, got.stderr)
		})
	}
}

func TestBodyGoesToStandardOutputByteForByte(t *testing.T) {
	server := newServer(t)
	bodies := map[string]struct{ contentType, body string }{
		"json":       {"application/json", "{\n  \"success\" : true, \"name\": \"Zoë\"}"},
		"long json":  {"application/json", `{"data":"` + strings.Repeat("0123456789", 20_000) + `","success":false}`},
		"not json":   {"application/octet-stream", "\x00\xff\r\n%d ZSession=shown, for it is what came\n\n"},
		"mixed list": {"application/json", `[{"Success":true},{"Success":false,"Errors":[{"Code":"INVALID_ID","Message":"no"}]}]`},
		"empty":      {"text/csv", ""},
	}
	server.HandleFunc("GET /v1/bodies/{name}", func(w http.ResponseWriter, r *http.Request) {
		b := bodies[r.PathValue("name")]
		zuoratest.Answer(http.StatusOK, b.contentType, b.body).ServeHTTP(w, r)
	})
	for name, b := range bodies {
		t.Run(name, func(t *testing.T) {
			got := on(server, "/v1/bodies/"+strings.ReplaceAll(name, " ", "%20")).run(t)
			require.Equal(t, exitOK, got.code, got.stderr)
			assert.Equal(t, b.body, got.stdout)
			assert.Contains(t, got.stderr, "server: "+server.URL+"\nuser:   api.user@example.com\nentity: the user's home entity\nlogged in after ")
			assert.Contains(t, got.stderr, fmt.Sprintf("\nresponse: 200 OK, %d bytes after ", len(b.body)))
		})
	}
}

func TestPathIsJoinedToTheServer(t *testing.T) {
	server := newServer(t)
	server.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.RequestURI)
	})
	for _, test := range []struct{ base, path, want string }{
		{"", "/v1/catalog/products?pageSize=1&x=%2F", "/v1/catalog/products?pageSize=1&x=%2F"},
		{"/", "/v1/ok2", "/v1/ok2"},
		{"/v1", "/v1/ok2", "/v1/ok2"},
		{"/rest", "/v1/a%2Fb", "/rest/v1/a%2Fb"},
		{"", "/@elsewhere.example/", "/@elsewhere.example/"},
	} {
		i := on(server, test.path)
		i.env["ZUORA_SERVER"] += test.base
		got := i.run(t)
		assert.Equal(t, exitOK, got.code, got.stderr)
		assert.Equal(t, test.want, got.stdout)
	}
}

func TestFlagsOverrideTheEnvironment(t *testing.T) {
	server := newServer(t)
	secretFile := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secretFile, []byte(server.Credentials().SecretAccessKey), 0o600))
	for variable, args := range map[string][]string{
		"ZUORA_SERVER":            {"-server", server.URL},
		"ZUORA_ACCESS_KEY_ID":     {"-user", server.Credentials().AccessKeyID},
		"ZUORA_SECRET_ACCESS_KEY": {"-secret-file", secretFile},
		"ZUORA_ENTITY_ID":         {"-entity", entityID},
	} {
		t.Run(variable, func(t *testing.T) {
			for _, instead := range []string{"", "wrong\x01value"} {
				i := on(server, append(args, "/v1/ok")...)
				i.env[variable] = instead
				got := i.run(t)
				assert.Equal(t, exitOK, got.code, got.stderr)

				if instead != "" {
					i.args = nil
					assert.Equal(t, exitUsage, i.run(t).code, "the variable is not read")
				}
			}
		})
	}
}

func TestEntityGoesWithSignInAndCall(t *testing.T) {
	server := newServer(t)
	got := record(server)
	for name, test := range map[string]struct {
		variable string
		args     []string
		want     []string
	}{
		"none":                  {"", nil, nil},
		"variable":              {entityID, nil, []string{entityID}},
		"flag":                  {"", []string{"-entity", entityID}, []string{entityID}},
		"empty flag takes away": {entityID, []string{"-entity", ""}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			*got = nil
			i := on(server, append(test.args, "/v1/ok")...)
			i.env["ZUORA_ENTITY_ID"] = test.variable
			require.Equal(t, exitOK, i.run(t).code)
			require.Len(t, *got, 2)
			for _, h := range *got {
				assert.Equal(t, test.want, h.Values("Zuora-Entity-Ids"))
			}
		})
	}
}

func TestSecretComesFromAFile(t *testing.T) {
	server := newServer(t)
	secret := string(server.Credentials().SecretAccessKey)
	for name, test := range map[string]struct {
		content string
		code    int
		says    string
	}{
		"no newline":    {secret, exitOK, ""},
		"a newline":     {secret + "\n", exitOK, ""},
		"CR and LF":     {secret + "\r\n", exitOK, ""},
		"two newlines":  {secret + "\n\n", exitUsage, "the secret (ZUORA_SECRET_ACCESS_KEY or -secret-file)"},
		"two lines":     {secret + "\n" + secret, exitUsage, "the secret (ZUORA_SECRET_ACCESS_KEY or -secret-file)"},
		"a blank":       {secret + " ", exitUsage, "the secret (ZUORA_SECRET_ACCESS_KEY or -secret-file)"},
		"empty":         {"", exitUsage, "-secret-file: there is no secret in it"},
		"newline alone": {"\n", exitUsage, "-secret-file: there is no secret in it"},
		"endless":       {strings.Repeat(secret, 10_000), exitUsage, "-secret-file: longer than 65536 bytes"},
		"another":       {"wrong", exitRefused, "not logged in"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "secret")
			require.NoError(t, os.WriteFile(file, []byte(test.content), 0o600))
			for _, from := range []string{file, "-"} {
				i := on(server, "-secret-file", from)
				i.env["ZUORA_SECRET_ACCESS_KEY"] = "not this one"
				i.stdin = strings.NewReader(test.content)
				got := i.run(t)
				assert.Equal(t, test.code, got.code, got.stderr)
				assert.Contains(t, got.stderr, test.says)
			}
		})
	}
	t.Run("no file", func(t *testing.T) {
		for _, name := range []string{secret, t.TempDir()} {
			got := on(server, "-secret-file", name).run(t)
			assert.Equal(t, exitUsage, got.code)
			assert.Contains(t, got.stderr, "zuora-connect: -secret-file: ")
			assert.NotContains(t, got.stderr, name)
		}
	})
	t.Run("a failing pipe", func(t *testing.T) {
		r, w := io.Pipe()
		require.NoError(t, w.CloseWithError(errors.New("broken off")))
		i := on(server, "-secret-file", "-")
		i.stdin = r
		got := i.run(t)
		assert.Equal(t, exitUsage, got.code)
		assert.Contains(t, got.stderr, "-secret-file: broken off")
	})
}

func TestPipeThatNeverEndsIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := zuoratest.NewTenant(zuoratest.Config{})
		defer tenant.Close()
		r, w := io.Pipe()
		defer func() { _ = w.Close() }()
		i := at("https://rest.zuora.example", tenant.Transport(), tenant.Credentials(), "-secret-file", "-", "-timeout", "3s")
		i.stdin = r
		got := i.run(t)
		assert.Equal(t, exitUsage, got.code)
		assert.Contains(t, got.stderr, "-secret-file: not read: gave up after 3s (-timeout)")
		assert.Zero(t, tenant.Logins())
	})
}

func TestAllThatIsMissingIsNamedAtOnce(t *testing.T) {
	server := newServer(t)
	how := map[string]string{
		"ZUORA_SERVER":            "no server: set ZUORA_SERVER or -server to ",
		"ZUORA_ACCESS_KEY_ID":     "no user: set ZUORA_ACCESS_KEY_ID or -user to ",
		"ZUORA_SECRET_ACCESS_KEY": "no secret: set ZUORA_SECRET_ACCESS_KEY to it, or -secret-file to ",
	}
	for name, missing := range map[string][]string{
		"all":    {"ZUORA_SERVER", "ZUORA_ACCESS_KEY_ID", "ZUORA_SECRET_ACCESS_KEY"},
		"two":    {"ZUORA_SERVER", "ZUORA_SECRET_ACCESS_KEY"},
		"server": {"ZUORA_SERVER"},
		"user":   {"ZUORA_ACCESS_KEY_ID"},
		"secret": {"ZUORA_SECRET_ACCESS_KEY"},
	} {
		t.Run(name, func(t *testing.T) {
			i := on(server)
			for _, variable := range missing {
				delete(i.env, variable)
			}
			got := i.run(t)
			assert.Equal(t, exitUsage, got.code)
			assert.Empty(t, got.stdout)
			assert.Equal(t, len(missing), strings.Count(got.stderr, "zuora-connect: no "), got.stderr)
			for _, variable := range missing {
				assert.Contains(t, got.stderr, "zuora-connect: "+how[variable])
			}
		})
	}
	assert.Zero(t, server.Logins())

	t.Run("with what is wrong", func(t *testing.T) {
		got := invocation{args: []string{"-timeout", "-1s", "v1/ok"}, secret: "none"}.run(t)
		assert.Equal(t, exitUsage, got.code)
		assert.Equal(t, 5, strings.Count(got.stderr, "zuora-connect: "), got.stderr)
	})
}

func TestBadUsageSendsNothing(t *testing.T) {
	server := newServer(t)
	secret := string(server.Credentials().SecretAccessKey)
	for name, test := range map[string]struct {
		args []string
		env  [2]string
		says string
	}{
		"secret as a flag":      {args: []string{"-secret=" + secret}, says: "flag provided but not defined: -secret"},
		"secret as an argument": {args: []string{secret}, says: `the path has to begin with one "/"`},
		"no duration":           {args: []string{"-timeout", "soon"}, says: `invalid value "soon" for flag -timeout`},
		"no time":               {args: []string{"-timeout", "0"}, says: "-timeout has to be more than 0"},
		"flag after the path":   {args: []string{"/v1/ok", "-timeout", "5s"}, says: "one path at most; flags go before it"},
		"relative path":         {args: []string{"v1/ok"}, says: `the path has to begin with one "/"`},
		"empty path":            {args: []string{""}, says: `the path has to begin with one "/"`},
		"a URL":                 {args: []string{server.URL + "/v1/ok"}, says: `the path has to begin with one "/"`},
		"a URL, no scheme":      {args: []string{"//elsewhere.example/v1/ok"}, says: `the path has to begin with one "/"`},
		"fragment":              {args: []string{"/v1/ok#top"}, says: "write %20 or %23"},
		"blank in the query":    {args: []string{"/v1/ok?a=b c"}, says: "write %20 or %23"},
		"not a URL's path":      {args: []string{"/v1/%zz"}, says: "the path is not one that a URL can have"},
		"control character":     {args: []string{"/v1/ok\n"}, says: "the path is not one that a URL can have"},
		"http":                  {args: []string{"-server", "http://rest.zuora.com"}, says: "the server (ZUORA_SERVER or -server)"},
		"the login's URL":       {args: []string{"-server", "https://rest.zuora.com/v1/connections"}, says: "(ZUORA_SERVER or -server) ends in /v1/connections, which is the login; it has to be https://rest.zuora.com"},
		"the web application":   {args: []string{"-server", "https://eu.zuora.com/apps"}, says: "its REST API is at https://rest.eu.zuora.com"},
		"no host":               {env: [2]string{"ZUORA_SERVER", "rest.zuora.com"}, says: "the server (ZUORA_SERVER or -server)"},
		"secret in the server":  {args: []string{"-server", "https://user:" + secret + "@rest.zuora.com"}, says: "the server (ZUORA_SERVER or -server)"},
		"user info":             {args: []string{"-server", "https://user:password@rest.zuora.com"}, says: "ZUORA_ACCESS_KEY_ID or -user"},
		"user":                  {args: []string{"-user", " padded"}, says: "the user (ZUORA_ACCESS_KEY_ID or -user)"},
		"secret":                {env: [2]string{"ZUORA_SECRET_ACCESS_KEY", secret + "\n"}, says: "the secret (ZUORA_SECRET_ACCESS_KEY or -secret-file)"},
		"entity":                {args: []string{"-entity", "a\x00b"}, says: "the entity (ZUORA_ENTITY_ID or -entity)"},
	} {
		t.Run(name, func(t *testing.T) {
			i := on(server, test.args...)
			if test.env[0] != "" {
				i.env[test.env[0]] = test.env[1]
			}
			got := i.run(t)
			assert.Equal(t, exitUsage, got.code)
			assert.Empty(t, got.stdout)
			assert.Contains(t, got.stderr, test.says)
			assert.Contains(t, got.stderr, "run zuora-connect -help")
			assert.NotRegexp(t, "SessionConfig|Credentials|Entity\\.", got.stderr, "the fields mean nothing to who runs this")
		})
	}
	assert.Zero(t, server.Logins())
}

func TestRefusedCredentials(t *testing.T) {
	server := newServer(t)
	for name, set := range map[string][2]string{
		"user":   {"ZUORA_ACCESS_KEY_ID", "nobody@example.com"},
		"secret": {"ZUORA_SECRET_ACCESS_KEY", "another secret"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, args := range [][]string{nil, {"/v1/ok"}} {
				before := server.Logins()
				i := on(server, args...)
				i.env[set[0]] = set[1]
				i.secret = i.env["ZUORA_SECRET_ACCESS_KEY"]
				got := i.run(t)
				assert.Equal(t, exitRefused, got.code)
				assert.Contains(t, got.stderr, "zuora-connect: not logged in after ")
				assert.Contains(t, got.stderr, "POST /v1/connections: 401 Unauthorized: 90000011 ")
				assert.Contains(t, got.stderr, "refusals can lock a user out")
				assert.NotContains(t, got.stdout, "logged in")
				assert.Equal(t, before+1, server.Logins(), "one try, for three can lock a user out")
			}
		})
	}
}

func TestSignInFailsOtherwise(t *testing.T) {
	for name, test := range map[string]struct {
		response http.Handler
		says     string
	}{
		"a web page":        {zuoratest.HTMLPage(http.StatusOK), "not a login response"},
		"a page missing":    {zuoratest.HTMLPage(http.StatusNotFound), "404 Not Found"},
		"a redirect":        {http.RedirectHandler("https://login.example/", http.StatusFound), "302 Found"},
		"no cookie":         {zuoratest.JSON(map[string]any{"success": true}), "without a ZSession cookie"},
		"another failure":   {zuoratest.Failed(http.StatusOK, "90000020", "no such entity"), "no such entity"},
		"too many":          {zuoratest.RateLimited(), "429 Too Many Requests"},
		"a server error":    {zuoratest.ServerError(), "500 Internal Server Error: 38 bytes of text/plain"},
		"a broken response": {http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewTLSServer(test.response)
			defer server.Close()
			c := zuora.Credentials{AccessKeyID: "user", SecretAccessKey: "s3cret s3cret"}
			got := at(server.URL, server.Client().Transport, c, "/v1/ok").run(t)
			assert.Equal(t, exitLogin, got.code)
			assert.Empty(t, got.stdout)
			assert.Contains(t, got.stderr, "zuora-connect: not logged in after ")
			assert.Contains(t, got.stderr, test.says)
		})
	}
	t.Run("a certificate of nobody's", func(t *testing.T) {
		server := newServer(t)
		i := on(server)
		i.base = nil
		got := i.run(t)
		assert.Equal(t, exitLogin, got.code)
		assert.Contains(t, got.stderr, "certificate")
		assert.Zero(t, server.Logins())
	})
	t.Run("no connection", func(t *testing.T) {
		server := newServer(t)
		i := on(server)
		server.Close()
		assert.Equal(t, exitLogin, i.run(t).code)
	})
	t.Run("interrupted", func(t *testing.T) {
		server := newServer(t)
		ctx, interrupt := context.WithCancelCause(t.Context())
		server.Intercept(func(*http.Request) http.Handler {
			return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				interrupt(errors.New("interrupt signal received"))
				<-r.Context().Done()
			})
		})
		i := on(server, "/v1/ok")
		i.ctx = ctx
		got := i.run(t)
		assert.Equal(t, exitLogin, got.code)
		assert.Regexp(t, `not logged in after .*: interrupt signal received\n$`, got.stderr)
	})
}

func TestCallFails(t *testing.T) {
	server := newServer(t)
	for name, test := range map[string]struct {
		response http.Handler
		says     string
	}{
		"not found":             {zuoratest.HTMLPage(http.StatusNotFound), "GET /v1/fails: 404 Not Found"},
		"failure in a 200":      {zuoratest.Failed(http.StatusOK, "50000040", "no such account"), "200 OK, not successful: 50000040 no such account"},
		"CRUD failure":          {zuoratest.CRUDFailed("INVALID_ID", "bad id"), "INVALID_ID bad id"},
		"whole list failed":     {zuoratest.CRUDList("INVALID_ID", "INVALID_ID"), "INVALID_ID"},
		"refused":               {zuoratest.Unauthorized(), "401 Unauthorized"},
		"rate limit":            {zuoratest.RateLimited(), "429 Too Many Requests"},
		"server error":          {zuoratest.ServerError(), "something went wrong"},
		"redirect to elsewhere": {http.RedirectHandler("https://elsewhere.example/", http.StatusFound), "302 Found"},
		"broken response":       {http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			server.Intercept(func(r *http.Request) http.Handler {
				if r.Method == http.MethodPost {
					return nil
				}
				return test.response
			})
			got := on(server, "/v1/fails?email=who@example.com").run(t)
			assert.Equal(t, exitCall, got.code)
			assert.Empty(t, got.stdout, "what is piped on is never a failure")
			assert.Contains(t, got.stderr, "\nlogged in after ")
			assert.Contains(t, got.stderr, "\nzuora-connect: the call failed after ")
			assert.Contains(t, got.stderr, test.says)
			assert.NotContains(t, got.stderr, "who@example.com")
		})
	}
}

func TestBodyThatBreaksOff(t *testing.T) {
	server := newServer(t)
	server.HandleFunc("GET /v1/broken", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/csv")
		_, _ = io.WriteString(w, "half of ")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	got := on(server, "/v1/broken").run(t)
	assert.Equal(t, exitCall, got.code)
	assert.Equal(t, "half of ", got.stdout)
	assert.Contains(t, got.stderr, "the body stopped after 8 bytes: ")
}

func TestOutputThatCannotBeWritten(t *testing.T) {
	r, w := io.Pipe()
	require.NoError(t, r.CloseWithError(errors.New("no room left")))
	i := on(newServer(t), "/v1/ok")
	i.stdout = w
	got := i.run(t)
	assert.Equal(t, exitCall, got.code)
	assert.Contains(t, got.stderr, "the body stopped after 0 bytes: no room left")
}

func TestInterruptedCall(t *testing.T) {
	server := newServer(t)
	ctx, interrupt := context.WithCancelCause(t.Context())
	server.HandleFunc("GET /v1/slow", func(_ http.ResponseWriter, r *http.Request) {
		interrupt(errors.New("interrupt signal received"))
		<-r.Context().Done()
	})
	i := on(server, "/v1/slow")
	i.ctx = ctx
	got := i.run(t)
	assert.Equal(t, exitCall, got.code)
	assert.Regexp(t, `the call failed after .*: interrupt signal received\n$`, got.stderr)
}

func TestTimeoutIsForTheWholeRun(t *testing.T) {
	for name, test := range map[string]struct {
		args    []string
		signIn  time.Duration
		call    time.Duration
		code    int
		says    string
		elapsed time.Duration
	}{
		"in time":                 {nil, 14 * time.Second, 15 * time.Second, exitOK, "response: 200 OK", 29 * time.Second},
		"at the login":            {nil, time.Hour, 0, exitLogin, "not logged in after 30s: gave up after 30s (-timeout)\n", 30 * time.Second},
		"at the call":             {nil, 20 * time.Second, time.Hour, exitCall, "the call failed after 10s: gave up after 30s (-timeout)\n", 30 * time.Second},
		"longer":                  {[]string{"-timeout", "2m"}, 45 * time.Second, 45 * time.Second, exitOK, "logged in after 45s\nresponse: 200 OK", 90 * time.Second},
		"shorter, at the login":   {[]string{"-timeout", "5s"}, time.Hour, 0, exitLogin, "gave up after 5s (-timeout)\n", 5 * time.Second},
		"as long as there can be": {[]string{"-timeout", "2562047h"}, time.Second, time.Second, exitOK, "response: 200 OK", 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tenant := zuoratest.NewTenant(zuoratest.Config{})
				defer tenant.Close()
				tenant.Handle("GET /v1/ok", zuoratest.JSON(map[string]any{"success": true}))
				tenant.Intercept(func(r *http.Request) http.Handler {
					takes := test.call
					if r.Method == http.MethodPost {
						takes = test.signIn
					}
					select {
					case <-time.After(takes):
					case <-r.Context().Done():
					}
					return nil
				})
				start := time.Now()
				got := at("https://rest.zuora.example", tenant.Transport(), tenant.Credentials(), append(test.args, "/v1/ok")...).run(t)
				assert.Equal(t, test.code, got.code, got.stderr)
				assert.Contains(t, got.stderr, test.says)
				assert.Equal(t, test.elapsed, time.Since(start))
			})
		})
	}
}

// A server that repeats what it was sent shows the secret at the login and the
// cookie afterwards. run checks that no line has either.
func TestEchoedHeadersAreNotShown(t *testing.T) {
	echo := func(status int, contentType, form string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var sent strings.Builder
			for _, name := range []string{"Apisecretaccesskey", "Cookie"} {
				if v := r.Header.Get(name); v != "" {
					fmt.Fprintf(&sent, "%s: %s ", name, v)
				}
			}
			fill := strings.NewReplacer("{sent}", sent.String())
			zuoratest.Answer(status, fill.Replace(contentType), fill.Replace(form)).ServeHTTP(w, r)
		})
	}
	const reasons = `{"success":false,"reasons":[{"code":90000090,"message":"{sent}"}]}`
	for name, response := range map[string]http.Handler{
		"text":             echo(http.StatusInternalServerError, "text/plain", "{sent}"),
		"json":             echo(http.StatusBadRequest, "application/json", reasons),
		"json in a 200":    echo(http.StatusOK, "application/json", reasons),
		"refusal":          echo(http.StatusUnauthorized, "application/json", reasons),
		"content type":     echo(http.StatusBadGateway, "{sent}", "body"),
		"a redirect":       http.HandlerFunc(redirectWithSecret),
		"not HTTP's words": http.HandlerFunc(malformedWithSecret),
	} {
		t.Run(name, func(t *testing.T) {
			server := newServer(t)
			server.Intercept(func(*http.Request) http.Handler { return response })
			for _, args := range [][]string{nil, {"/v1/echo"}} {
				got := on(server, args...).run(t)
				assert.Contains(t, []int{exitRefused, exitLogin}, got.code)
			}
			server.Intercept(func(r *http.Request) http.Handler {
				if r.Method == http.MethodPost {
					return nil
				}
				return response
			})
			got := on(server, "/v1/echo").run(t)
			assert.Equal(t, exitCall, got.code)
			assert.Empty(t, got.stdout)
		})
	}

	t.Run("the secret, remembered", func(t *testing.T) {
		server := newServer(t)
		server.Handle("GET /v1/echo", zuoratest.Failed(http.StatusOK, "50000030", "your secret is "+string(server.Credentials().SecretAccessKey)))
		got := on(server, "/v1/echo").run(t)
		assert.Equal(t, exitCall, got.code)
		assert.Contains(t, got.stderr, "your secret is REDACTED")
	})
}

func redirectWithSecret(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Location", "https://elsewhere.example/?"+r.Header.Get("apiSecretAccessKey")+r.Header.Get("Cookie"))
	w.WriteHeader(http.StatusTemporaryRedirect)
}

func malformedWithSecret(w http.ResponseWriter, r *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	_, _ = fmt.Fprintf(conn, "%s %s\r\n\r\n", r.Header.Get("apiSecretAccessKey"), r.Header.Get("Cookie"))
	_ = conn.Close()
}

func TestHelpAndVersionNeedNothing(t *testing.T) {
	for _, flag := range []string{"-help", "--help", "-h"} {
		got := invocation{args: []string{flag}, secret: "none at all"}.run(t)
		assert.Equal(t, outcome{exitOK, usage, ""}, got)
	}
	got := invocation{args: []string{"-version"}, secret: "none at all"}.run(t)
	assert.Equal(t, exitOK, got.code)
	assert.Regexp(t, `^zuora-connect \S+, `+regexp.QuoteMeta(runtime.Version())+`.*\n$`, got.stdout)
	assert.Empty(t, got.stderr)
}

func TestVersionSaysWhatTheBuildRecorded(t *testing.T) {
	info := func(settings ...debug.BuildSetting) *debug.BuildInfo {
		return &debug.BuildInfo{GoVersion: "go1.26", Main: debug.Module{Version: "v1.2.3"}, Settings: settings}
	}
	revision := debug.BuildSetting{Key: "vcs.revision", Value: "0992daf"}
	assert.Equal(t, "zuora-connect v1.2.3, go1.26", version(info(), true))
	assert.Equal(t, "zuora-connect v1.2.3, go1.26, revision 0992daf", version(info(revision, debug.BuildSetting{Key: "vcs.modified", Value: "false"}), true))
	assert.Equal(t, "zuora-connect v1.2.3, go1.26, revision 0992daf with changes", version(info(revision, debug.BuildSetting{Key: "vcs.modified", Value: "true"}), true))
	assert.Equal(t, "zuora-connect (devel), go1.26", version(&debug.BuildInfo{GoVersion: "go1.26"}, true))
	assert.Equal(t, "zuora-connect, of an unknown version", version(nil, false))
}

func TestHelpAndPackageCommentAgreeOnTheExitCodes(t *testing.T) {
	source, err := os.ReadFile("main.go")
	require.NoError(t, err)
	_, codes, found := strings.Cut(usage, "exit codes:\n")
	require.True(t, found)
	lines := strings.Split(strings.TrimSuffix(codes, "\n"), "\n")
	require.Len(t, lines, exitNoResponse+1)
	for i, line := range lines {
		assert.True(t, strings.HasPrefix(line, fmt.Sprintf("  %d  ", i)), line)
		assert.Contains(t, string(source), "//\t"+strings.TrimPrefix(line, "  ")+"\n")
	}
}

func TestInterruptEndsTheProgram(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot be interrupted there")
	}
	asked := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	}))
	defer server.Close()
	self, err := os.Executable()
	require.NoError(t, err)
	var stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), self, "-timeout", "1m")
	cmd.Env = append(os.Environ(), "ZUORA_CONNECT_TEST_MAIN=1",
		"ZUORA_SERVER="+server.URL, "ZUORA_ACCESS_KEY_ID=user", "ZUORA_SECRET_ACCESS_KEY=s3cret", "ZUORA_ENTITY_ID=")
	cmd.Stderr = &stderr
	require.NoError(t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-asked:
		require.NoError(t, cmd.Process.Signal(os.Interrupt))
		<-ended
	case <-ended:
	}
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	require.True(t, ok)
	assert.True(t, status.Signaled(), "an exit code would let a loop of a shell go on")
	assert.Equal(t, os.Interrupt, status.Signal())
	assert.Contains(t, stderr.String(), "interrupt signal received")
}
