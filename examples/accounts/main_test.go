package main

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora/zuoratest"
)

// call runs the program with these variables as its whole environment.
func call(t *testing.T, env map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(t.Context(), args, func(name string) string { return env[name] }, &out, &err)
	return code, out.String(), err.String()
}

// realTenant is a tenant that the program knows by its environment only, and
// trusts as it would any server of Zuora's: by http.DefaultTransport.
func realTenant(t *testing.T) (*zuoratest.Server, map[string]string) {
	t.Helper()
	tenant := newStandin()
	usual := http.DefaultTransport
	http.DefaultTransport = tenant.Client().Transport
	t.Cleanup(func() {
		http.DefaultTransport = usual
		tenant.Close()
	})
	return tenant, map[string]string{
		"ZUORA_SERVER":            tenant.URL,
		"ZUORA_ACCESS_KEY_ID":     tenant.Credentials().AccessKeyID,
		"ZUORA_SECRET_ACCESS_KEY": string(tenant.Credentials().SecretAccessKey),
	}
}

// instead answers requests for path by h, and all others as usual.
func instead(path string, h http.Handler) func(*http.Request) http.Handler {
	return func(r *http.Request) http.Handler {
		if r.URL.Path == path {
			return h
		}
		return nil
	}
}

func TestStandinRunSaysWhatItDid(t *testing.T) {
	real := map[string]string{ // is not looked at
		"ZUORA_SERVER": "https://rest.zuora.com", "ZUORA_ACCESS_KEY_ID": "user", "ZUORA_SECRET_ACCESS_KEY": "password",
	}
	code, stdout, stderr := call(t, real, "-standin")
	require.Zero(t, code, stderr)
	require.Empty(t, stderr)
	require.Equal(t, `Tenant: a stand-in in this process. Nothing goes to Zuora.
Created account A00000001.
Read account A00000001: Example Ltd, Active, USD.
The tenant has ended the session.
Read account A00000001: Example Ltd, Active, USD.
Logins so far: 2.
Query "select Id, Name from Account": found 1.
  Example Ltd
`, stdout)
}

func TestRealTenantIsOnlyReadUnlessAskedTo(t *testing.T) {
	tenant, env := realTenant(t)
	tenant.Intercept(func(r *http.Request) http.Handler {
		if r.Method == http.MethodPost && r.URL.Path == "/v1/accounts" {
			t.Error("an account was created unasked")
		}
		return nil
	})
	code, stdout, stderr := call(t, env)
	require.Zero(t, code, stderr)
	require.Equal(t, "Tenant: "+tenant.URL+`
Created nothing: -create was not given.
Read no account: -account was not given.
Query "select Id, Name from Account": found 0.
`, stdout)

	tenant.Intercept(nil)
	code, stdout, stderr = call(t, env, "-create", "-name", "Example GmbH")
	require.Zero(t, code, stderr)
	require.Equal(t, "Tenant: "+tenant.URL+`
Created account A00000001.
Read account A00000001: Example GmbH, Active, USD.
Query "select Id, Name from Account": found 1.
  Example GmbH
`, stdout)

	code, stdout, stderr = call(t, env, "-account", "A00000001")
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "Created nothing: -create was not given.\nRead account A00000001: Example GmbH, Active, USD.\n")
	require.Equal(t, 3, tenant.Logins(), "one for each run")
}

func TestEntityIsTakenFromTheEnvironment(t *testing.T) {
	tenant, env := realTenant(t)
	env["ZUORA_ENTITY_ID"] = "7f1d9c2e-51f8-4a0b-9a35-0b7f6f3f6a11"
	requests := 0
	tenant.Intercept(func(r *http.Request) http.Handler {
		requests++ // one after the other
		assert.Equal(t, env["ZUORA_ENTITY_ID"], r.Header.Get("Zuora-Entity-Ids"), r.URL.Path)
		return nil
	})
	code, _, stderr := call(t, env)
	require.Zero(t, code, stderr)
	require.Equal(t, 2, requests, "the sign-in and the query")
}

func TestMissingVariablesAreNamedTogether(t *testing.T) {
	for _, test := range []struct {
		env  map[string]string
		want string
	}{
		{nil, "ZUORA_SERVER, ZUORA_ACCESS_KEY_ID, ZUORA_SECRET_ACCESS_KEY"},
		{map[string]string{"ZUORA_ACCESS_KEY_ID": "user"}, "ZUORA_SERVER, ZUORA_SECRET_ACCESS_KEY"},
		{map[string]string{"ZUORA_SERVER": "https://rest.zuora.com", "ZUORA_ACCESS_KEY_ID": "user"}, "ZUORA_SECRET_ACCESS_KEY"},
	} {
		code, stdout, stderr := call(t, test.env)
		assert.Equal(t, 1, code)
		assert.Empty(t, stdout)
		assert.Equal(t, "accounts: not set: "+test.want+" (-standin does without)\n", stderr)
	}
}

func TestFailedCallEndsTheProgram(t *testing.T) {
	for what, test := range map[string]struct {
		answer http.Handler
		want   string
	}{
		"REST, status 200": {zuoratest.Failed(http.StatusOK, "53200021", "no such field"), "200 OK, not successful: 53200021 no such field"},
		"CRUD, status 200": {zuoratest.CRUDFailed("INVALID_VALUE", "no such currency"), "200 OK, not successful: INVALID_VALUE no such currency"},
		"status 500":       {zuoratest.ServerError(), "500 Internal Server Error: We're sorry"},
		"a proxy's page":   {zuoratest.HTMLPage(http.StatusOK), `200 OK of type "text/html" is no answer of Zuora's`},
	} {
		t.Run(what, func(t *testing.T) {
			tenant, env := realTenant(t)
			tenant.Intercept(instead("/v1/accounts", test.answer))
			code, stdout, stderr := call(t, env, "-create")
			assert.Equal(t, 1, code)
			assert.Equal(t, "Tenant: "+tenant.URL+"\n", stdout, "nothing is said to be done")
			assert.Contains(t, stderr, "accounts: create an account: ")
			assert.Contains(t, stderr, test.want)
		})
	}
	t.Run("reading", func(t *testing.T) {
		code, _, stderr := call(t, nil, "-standin", "-account", "nowhere")
		assert.Equal(t, 1, code)
		assert.Contains(t, stderr, "accounts: read an account: zuora: GET /v1/accounts/nowhere: 200 OK, not successful: 50000040 ")
	})
	t.Run("the query", func(t *testing.T) {
		tenant, env := realTenant(t)
		tenant.Intercept(instead("/v1/action/query", zuoratest.RateLimited()))
		code, _, stderr := call(t, env)
		assert.Equal(t, 1, code)
		assert.Contains(t, stderr, "accounts: query: zuora: POST /v1/action/query: 429 Too Many Requests: 70 ")
	})
	t.Run("signing in", func(t *testing.T) {
		_, env := realTenant(t)
		env["ZUORA_SECRET_ACCESS_KEY"] = "of yesterday"
		code, _, stderr := call(t, env)
		assert.Equal(t, 1, code)
		assert.Contains(t, stderr, "login failed: POST /v1/connections: 401 Unauthorized")
		assert.NotContains(t, stderr, "of yesterday")
	})
}

// What the stand-in refuses is refused with status 200, as Zuora does it.
func TestStandinRefusesAnAccountWithoutAName(t *testing.T) {
	code, _, stderr := call(t, nil, "-standin", "-name=")
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "create an account: zuora: POST /v1/accounts: 200 OK, not successful: 50000022 name is missing")
}

func TestUsage(t *testing.T) {
	for _, test := range []struct {
		arg  string
		code int
		want string
	}{
		{"-help", 0, "accounts -create [-name NAME]  creates an account, which stays in the tenant"},
		{"-unknown", 2, "flag provided but not defined: -unknown"},
		{"A00000001", 2, `accounts: unexpected argument "A00000001"; see -help`},
	} {
		code, stdout, stderr := call(t, nil, test.arg)
		assert.Equal(t, test.code, code, test.arg)
		assert.Empty(t, stdout, test.arg)
		assert.Contains(t, stderr, test.want, test.arg)
	}
}

// The command of generate.go makes what is committed.
func TestGeneratedClientIsCurrent(t *testing.T) {
	const committed = "accounts/accounts.gen.go"
	read := func(name string) string {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		return string(text)
	}
	fresh, config := filepath.Join(t.TempDir(), "fresh.go"), filepath.Join(t.TempDir(), "config.yaml")
	elsewhere := strings.Replace(read("oapi-codegen.yaml"), "output: "+committed, "output: "+fresh, 1)
	require.Contains(t, elsewhere, fresh)
	require.NoError(t, os.WriteFile(config, []byte(elsewhere), 0o600))

	_, line, _ := strings.Cut(read("generate.go"), "//go:generate ")
	line, _, _ = strings.Cut(line, "\n")
	require.Contains(t, line, " oapi-codegen.yaml ")
	command := strings.Fields(strings.Replace(line, " oapi-codegen.yaml ", " "+config+" ", 1))
	output, err := exec.CommandContext(t.Context(), command[0], command[1:]...).CombinedOutput()
	require.NoError(t, err, "%s", output)
	require.True(t, read(fresh) == read(committed), "%s is not what openapi.yaml says: run go generate ./...", committed)
}
