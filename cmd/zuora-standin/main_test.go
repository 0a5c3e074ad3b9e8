package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/accounts"
	"github.com/zuora-go/zuora/zuoratest"
)

// start runs the command and returns what it prints.
func start(t *testing.T, args ...string) map[string]string {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	r, w := io.Pipe()
	var stderr strings.Builder
	go func() {
		code := run(ctx, args, w, &stderr)
		_ = w.Close()
		ended <- code
	}()
	env := map[string]string{}
	lines := bufio.NewScanner(r)
	for len(env) < 6 && lines.Scan() {
		name, value, found := strings.Cut(lines.Text(), "=")
		require.True(t, found, lines.Text())
		env[name] = value
	}
	t.Cleanup(func() {
		stop()
		assert.Zero(t, <-ended, stderr.String())
		assert.NoFileExists(t, env["ZUORA_CERTIFICATE"])
	})
	return env
}

// curls returns the lines of curl in the help.
func curls() (lines []string) {
	for line := range strings.Lines(usage) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "curl ") {
			lines = append(lines, line)
		}
	}
	return lines
}

var responses = []string{`"success" : true`, `"accountNumber":"A00000001"`, `"name":"Amy Lawrence"`}

// TestMain lets the test binary be the command.
func TestMain(m *testing.M) {
	if os.Getenv("ZUORA_STANDIN_TEST_MAIN") != "" {
		main()
	}
	os.Exit(m.Run())
}

// All lines of shell in the help, as they stand, in one go.
func TestCurlLinesOfTheHelpWork(t *testing.T) {
	curl, err := exec.LookPath("curl")
	bash, noBash := exec.LookPath("bash") // other shells know no function with a hyphen
	if err != nil || noBash != nil {
		t.Skip("there is no curl or no bash; TestRequestsOfTheHelpWork sends the same")
	}
	self, err := os.Executable()
	require.NoError(t, err)
	script := []string{`zuora-standin() { ZUORA_STANDIN_TEST_MAIN=1 exec "$SELF"; }`, `trap 'kill $!' EXIT`}
	for line := range strings.Lines(usage) {
		for _, command := range []string{"zuora-standin >", "until ", "curl "} {
			if strings.HasPrefix(line, "  "+command) {
				script = append(script, strings.TrimSpace(line)+map[bool]string{true: " || exit 9"}[command == "curl "])
			}
		}
	}
	require.Len(t, script, 4+len(responses))
	cmd := exec.CommandContext(t.Context(), bash, "-c", strings.Join(script, "\n"))
	cmd.Dir = t.TempDir()
	cmd.Env = []string{"PATH=" + filepath.Dir(curl) + string(os.PathListSeparator) + os.Getenv("PATH"), "SELF=" + self}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	for _, part := range responses {
		assert.Contains(t, string(out), part)
	}
}

// words splits a line as a shell does that finds nothing but words and quotation marks in it.
func words(line string, env map[string]string) (all []string) {
	var word strings.Builder
	quote := rune(0)
	expand := func(s string) string { return os.Expand(s, func(name string) string { return env[name] }) }
	begin := strings.Builder{}
	for _, c := range line + " " {
		switch {
		case quote != 0 && c == quote:
			text := begin.String()
			if quote == '"' {
				text = expand(text)
			}
			word.WriteString(text)
			begin.Reset()
			quote = 0
		case quote != 0:
			begin.WriteRune(c)
		case c == '\'' || c == '"':
			quote = c
		case c == ' ':
			all = append(all, word.String())
			word.Reset()
		default:
			word.WriteRune(c)
		}
	}
	return all
}

func client(t *testing.T, env map[string]string) *http.Client {
	t.Helper()
	pem, err := os.ReadFile(env["ZUORA_CERTIFICATE"])
	require.NoError(t, err)
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(pem))
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &http.Client{Jar: jar, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
}

func TestRequestsOfTheHelpWork(t *testing.T) {
	env := start(t)
	c := client(t, env)
	for i, line := range curls() {
		args := words(line, env)
		method, header, body, url := http.MethodGet, http.Header{}, "", args[len(args)-1]
		for j := 1; j < len(args)-1; j += 2 {
			switch args[j] {
			case "-H":
				name, value, _ := strings.Cut(args[j+1], ": ")
				header.Set(name, value)
			case "-d":
				method, body = http.MethodPost, args[j+1]
			default:
				require.Contains(t, []string{"--cacert", "-c", "-b"}, args[j])
			}
		}
		req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
		require.NoError(t, err)
		req.Header = header
		resp, err := c.Do(req)
		require.NoError(t, err)
		text, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Contains(t, string(text), responses[i])
	}
}

func TestCertificateGoesToTheFileOfTheFlag(t *testing.T) {
	file := filepath.Join(t.TempDir(), "it's a certificate.pem")
	env := start(t, "-certificate", file)
	assert.Equal(t, `'`+strings.ReplaceAll(file, "'", `'\''`)+`'`, env["ZUORA_CERTIFICATE"])
	env["ZUORA_CERTIFICATE"] = file
	resp, err := client(t, env).Get(env["ZUORA_SERVER"])
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no room left") }

func TestExitCodes(t *testing.T) {
	for _, c := range []struct {
		args   []string
		stdout io.Writer
		code   int
		says   string
	}{
		{[]string{"-help"}, io.Discard, 0, ""},
		{[]string{"-help"}, full{}, 1, "no room left"},
		{nil, full{}, 1, "no room left"},
		{[]string{"-port", "1"}, io.Discard, 2, "-help"},
		{[]string{"argument"}, io.Discard, 2, "only flags"},
		{[]string{"-certificate", t.TempDir()}, io.Discard, 1, "directory"},
	} {
		var stderr strings.Builder
		assert.Equal(t, c.code, run(t.Context(), c.args, c.stdout, &stderr), "%q", c.args)
		assert.Contains(t, stderr.String(), c.says)
		assert.Equal(t, c.says == "", stderr.String() == "")
	}
}

// The help names every call that there is.
func TestHelpListsTheCalls(t *testing.T) {
	var help strings.Builder
	require.Zero(t, run(t.Context(), []string{"-help"}, &help, io.Discard))
	all := zuoratest.NewTenant(zuoratest.Config{Stateful: true}).Calls()
	require.Greater(t, len(all), 50)
	for _, call := range all {
		method, path, _ := strings.Cut(call, " ")
		assert.Regexp(t, `(?m)^  `+regexp.QuoteMeta(path)+` .*\b`+method+`\b`, help.String())
	}
	for line := range strings.Lines(help.String()) {
		if !strings.HasPrefix(line, "  curl ") {
			assert.LessOrEqual(t, len(line), 100, line)
		}
	}
}

// The program serves the stateful tenant over TLS, to clients that trust its certificate.
func TestTypedCallsReachIt(t *testing.T) {
	env := start(t)
	session, err := zuora.NewSession(zuora.SessionConfig{
		Server: env["ZUORA_SERVER"], Base: client(t, env).Transport,
		Credentials: zuora.Credentials{AccessKeyID: env["ZUORA_ACCESS_KEY_ID"], SecretAccessKey: zuora.Secret(env["ZUORA_SECRET_ACCESS_KEY"])},
	})
	require.NoError(t, err)
	defer session.Close()
	created, err := accounts.New(session).CreateAccount(t.Context(), accounts.NewAccount{
		Name: "Amy Lawrence", Currency: "USD", BillToContact: accounts.NewContact{FirstName: "Amy", LastName: "Lawrence"},
	})
	require.NoError(t, err)
	account, err := accounts.New(session).GetAccount(t.Context(), created.AccountID, nil)
	require.NoError(t, err)
	assert.Equal(t, "A00000001", account.BasicInfo.AccountNumber)
}
