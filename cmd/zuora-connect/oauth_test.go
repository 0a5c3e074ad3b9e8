package main

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora/zuoratest"
)

// asClient is an invocation that logs in as the tenant's OAuth client.
func asClient(server *zuoratest.Server, args ...string) invocation {
	i := on(server, args...)
	delete(i.env, "ZUORA_ACCESS_KEY_ID")
	delete(i.env, "ZUORA_SECRET_ACCESS_KEY")
	c := server.OAuthClient()
	i.env["ZUORA_CLIENT_ID"], i.env["ZUORA_CLIENT_SECRET"] = c.ClientID, string(c.ClientSecret)
	i.secret = string(c.ClientSecret)
	return i
}

func TestLogsInAsAnOAuthClient(t *testing.T) {
	server := newServer(t)
	got := asClient(server).run(t)
	require.Equal(t, exitOK, got.code, got.stderr)
	require.Contains(t, got.stdout, "\nclient: "+server.OAuthClient().ClientID+" (OAuth)\n")
	require.Contains(t, got.stdout, "\nlogged in after ")
	got = asClient(server, "-json").run(t)
	require.Contains(t, got.stdout, `"client":"`+server.OAuthClient().ClientID+`","login":"oauth"`)
	require.NotContains(t, got.stdout, `"user"`)
	require.Equal(t, []string{"/oauth/token", "/oauth/token"}, []string{server.Requests()[0].Path, server.Requests()[1].Path})

	secret := writeFile(t, string(server.OAuthClient().ClientSecret)+"\n")
	i := on(server, "-client", server.OAuthClient().ClientID, "-secret-file", secret) // in place of the user of the environment
	require.Equal(t, exitOK, i.run(t).code)
	i = asClient(server, "-user", server.Credentials().AccessKeyID, "-secret-file", writeFile(t, string(server.Credentials().SecretAccessKey)))
	got = i.run(t)
	require.Equal(t, exitOK, got.code)
	require.Contains(t, got.stdout, "\nuser:   "+server.Credentials().AccessKeyID+"\n")
}

func TestWrongOAuthClient(t *testing.T) {
	server := newServer(t)
	i := asClient(server)
	i.env["ZUORA_CLIENT_SECRET"] = "another secret"
	i.secret = "another secret"
	got := i.run(t)
	require.Equal(t, exitRefused, got.code)
	require.Contains(t, got.stderr, "check the client, its secret and the server")
	require.Equal(t, 1, server.Logins())

	for what, prepare := range map[string]func(*invocation){
		"not both": func(i *invocation) { i.env["ZUORA_ACCESS_KEY_ID"] = "u" },
		"no secret: set ZUORA_CLIENT_SECRET to it": func(i *invocation) { delete(i.env, "ZUORA_CLIENT_SECRET") },
		"the client (ZUORA_CLIENT_ID or -client)":  func(i *invocation) { i.env["ZUORA_CLIENT_ID"] = "padded " },
		"the secret (ZUORA_CLIENT_SECRET or -sec":  func(i *invocation) { i.env["ZUORA_CLIENT_SECRET"] = "padded " },
	} {
		i := asClient(server)
		prepare(&i)
		got := i.run(t)
		assert.Equal(t, exitUsage, got.code, what)
		assert.Contains(t, got.stderr, what)
		assert.NotContains(t, got.stderr, "padded ")
	}
	require.Equal(t, 1, server.Logins(), "nothing was sent")
	server.Intercept(func(*http.Request) http.Handler { return zuoratest.HTMLPage(200) })
	require.Equal(t, exitLogin, asClient(server).run(t).code)
}

func writeFile(t *testing.T, content string) (name string) {
	t.Helper()
	name = filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(name, []byte(content), 0o600))
	return name
}
