package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/accounts"
	"github.com/zuora-go/zuora/api/catalog"
	"github.com/zuora-go/zuora/api/subscriptions"
	"github.com/zuora-go/zuora/api/zoql"
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

func newSession(t *testing.T) (*zuora.Session, *zuoratest.Server) {
	t.Helper()
	server := newServer()
	t.Cleanup(server.Close)
	session, err := zuora.NewSession(zuora.SessionConfig{Server: server.URL, Credentials: server.Credentials(), Base: server.Client().Transport})
	require.NoError(t, err)
	t.Cleanup(func() { _ = session.Close() })
	return session, server
}

func newAccount(name string) accounts.NewAccount {
	return accounts.NewAccount{Name: name, Currency: "USD", BillToContact: accounts.NewContact{FirstName: "Amy", LastName: "Lawrence", Country: "US"}}
}

func TestWhatIsCreatedCanBeReadChangedAndDeleted(t *testing.T) {
	session, _ := newSession(t)
	api, ctx := accounts.New(session), t.Context()
	new := newAccount("Amy Lawrence")
	new.AdditionalProperties = map[string]zuora.Value{"Region__c": zuora.ValueOf("EU"), "Tier__c": zuora.ValueOf(3)}
	created, err := api.CreateAccount(ctx, new)
	require.NoError(t, err)
	for _, key := range []string{created.AccountID, created.AccountNumber} {
		account, err := api.GetAccount(ctx, key, nil)
		require.NoError(t, err)
		assert.Equal(t, "Amy Lawrence", account.BasicInfo.Name)
		assert.Equal(t, "EU", account.BasicInfo.AdditionalProperties["Region__c"].Text())
		assert.Equal(t, created.BillToContactID, account.BillToContact.ID)
		assert.Equal(t, "Amy", account.SoldToContact.FirstName)
	}
	_, err = api.UpdateAccount(ctx, created.AccountNumber, accounts.AccountUpdate{
		SalesRep: "Kim", AdditionalProperties: map[string]zuora.Value{"Region__c": zuora.Null, "Tier__c": zuora.ValueOf(4)},
	})
	require.NoError(t, err)
	account, err := api.GetAccount(ctx, created.AccountNumber, nil)
	require.NoError(t, err)
	assert.Equal(t, "Kim", account.BasicInfo.SalesRep)
	assert.Equal(t, "Amy Lawrence", account.BasicInfo.Name)
	assert.Equal(t, map[string]zuora.Value{"Tier__c": "4"}, account.BasicInfo.AdditionalProperties)

	_, err = api.DeleteAccount(ctx, created.AccountNumber)
	require.NoError(t, err)
	_, err = api.GetAccount(ctx, created.AccountNumber, nil)
	assert.ErrorIs(t, err, zuora.ErrNotFound)
	again, err := api.CreateAccount(ctx, newAccount("another"))
	require.NoError(t, err)
	assert.NotEqual(t, created.AccountNumber, again.AccountNumber)
}

func TestSubscriptionsAreCountedInTheAccount(t *testing.T) {
	session, _ := newSession(t)
	api, subs, ctx := accounts.New(session), subscriptions.New(session), t.Context()
	created, err := api.CreateAccount(ctx, newAccount("Amy Lawrence"))
	require.NoError(t, err)
	var plans []string
	for product, err := range catalog.New(session).AllProducts(ctx, &catalog.ListProductsParams{PageSize: 3}) {
		require.NoError(t, err)
		for _, plan := range product.ProductRatePlans {
			plans = append(plans, plan.ID)
		}
	}
	require.Len(t, plans, 5, "of two pages")
	var numbers []string
	for _, plan := range plans[:3] {
		s, err := subs.CreateSubscription(ctx, subscriptions.NewSubscription{
			AccountKey: created.AccountID, TermType: subscriptions.TermTypeTermed, ContractEffectiveDate: "2026-01-31", InitialTerm: new(int64(12)),
			SubscribeToRatePlans: []subscriptions.NewRatePlan{{ProductRatePlanID: plan}},
		})
		require.NoError(t, err)
		numbers = append(numbers, s.SubscriptionNumber)
	}
	mrr := func() zuora.Decimal {
		account, err := api.GetAccount(ctx, created.AccountNumber, nil)
		require.NoError(t, err)
		return account.Metrics.ContractedMrr
	}
	assert.Equal(t, zuora.Decimal("52.350000000"), mrr())
	cancelled, err := subs.CancelSubscription(ctx, numbers[0], subscriptions.Cancellation{CancellationPolicy: subscriptions.CancellationPolicyEndOfCurrentTerm})
	require.NoError(t, err)
	assert.Equal(t, zuora.Date("2027-01-31"), cancelled.CancelledDate)
	assert.Equal(t, zuora.Decimal("22.450000000"), mrr())

	s, err := subs.GetSubscription(ctx, numbers[0], nil)
	require.NoError(t, err)
	assert.Equal(t, subscriptions.SubscriptionStatusCancelled, s.Status)
	var listed []string
	for s, err := range subs.AllSubscriptionsByAccount(ctx, created.AccountNumber, &subscriptions.ListSubscriptionsByAccountParams{PageSize: 2}) {
		require.NoError(t, err)
		listed = append(listed, s.SubscriptionNumber)
	}
	assert.Equal(t, numbers, listed)
	summary, err := api.GetAccountSummary(ctx, created.AccountNumber, nil)
	require.NoError(t, err)
	assert.Len(t, summary.Subscriptions, 3)
}

func TestQueries(t *testing.T) {
	session, _ := newSession(t)
	for i := range 2100 {
		account := newAccount(fmt.Sprintf("Account %d", i))
		if i%2 == 0 {
			account.Currency = "EUR"
		}
		_, err := accounts.New(session).CreateAccount(t.Context(), account)
		require.NoError(t, err)
	}
	count := func(query string) (n int, last map[string]zuora.Value) {
		for record, err := range zoql.New(session).All(t.Context(), query) {
			require.NoError(t, err)
			n, last = n+1, record
		}
		return n, last
	}
	n, last := count("select Id, Name from Account")
	assert.Equal(t, 2100, n, "of two responses")
	assert.Equal(t, "Account 2099", last["Name"].Text())
	n, last = count(`SELECT AccountNumber, Balance FROM Account WHERE Currency = 'EUR' AND Name != 'Account 0' and Balance <= 0`)
	assert.Equal(t, 1049, n)
	assert.Equal(t, zuora.Decimal("0.000000000"), last["Balance"].Decimal())
	n, _ = count("select Name from Product where Name = 'it\\'s none'")
	assert.Zero(t, n)
	n, _ = count("select Id from ProductRatePlan;")
	assert.Equal(t, 5, n)
	for query, code := range map[string]string{
		"select Id": "MALFORMED_QUERY", "select Id from Account where Name like 'x'": "MALFORMED_QUERY", "select Id from Account where Name = 'x' or Name = 'y'": "MALFORMED_QUERY",
		"select Id from Invoice": "INVALID_TYPE",
	} {
		_, err := zoql.New(session).Query(t.Context(), zoql.Query{QueryString: query}, nil)
		assert.ErrorContains(t, err, code)
	}
	_, err := zoql.New(session).QueryMore(t.Context(), zoql.NextRecords{QueryLocator: "none"}, nil)
	assert.ErrorContains(t, err, "INVALID_QUERY_LOCATOR")
}

// What it cannot do it refuses, and never takes for done.
func TestRefusals(t *testing.T) {
	session, server := newSession(t)
	server.Handle("GET /v1/known", zuoratest.JSON(map[string]any{"success": true}))
	for _, c := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{"POST", "/v1/accounts", `{"currency":"USD"}`, 200, "Missing required value: name"},
		{"POST", "/v1/accounts", `{"name":"x"}`, 200, "Missing required value: currency"},
		{"POST", "/v1/accounts", `{"name":"x","currency":"USD"}`, 200, "Missing required value: billToContact"},
		{"POST", "/v1/accounts", `{"name":"x","currency":"USD","billToContact":{"firstName":"a","lastName":"b"},"subscription":{"termType":"TERMED"}}`, 200, "creates neither"},
		{"POST", "/v1/accounts", `{"name":`, 400, "not the JSON"},
		{"POST", "/v1/accounts", ``, 400, "not the JSON"},
		{"PUT", "/v1/accounts/A1", ``, 415, "50000045"},
		{"GET", "/v1/accounts/A1", ``, 200, "50000040"},
		{"GET", "/v1/catalog/product/A1", ``, 200, "50000040"},
		{"POST", "/v1/subscriptions", `{"accountKey":"none"}`, 200, "50000040"},
		{"PUT", "/v1/subscriptions/A1/cancel", `{}`, 200, "50000040"},
		{"GET", "/v1/invoices/1", ``, 404, "zuora-standin -help"},
		{"PATCH", "/v1/accounts/A1", `{}`, 404, "zuora-standin -help"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, session.Server()+c.path, strings.NewReader(c.body))
		require.NoError(t, err)
		resp, err := session.HTTPClient().Do(req)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, c.status, resp.StatusCode, "%s %s", c.method, c.path)
		assert.Contains(t, string(body), c.says)
		assert.Contains(t, string(body), `"success":false`)
	}
}

// The help names every call that there is.
func TestHelpListsTheCalls(t *testing.T) {
	source, err := os.ReadFile("tenant.go")
	require.NoError(t, err)
	for line := range strings.Lines(string(source)) {
		if _, call, found := strings.Cut(line, `handle(server, t, "`); found {
			pattern, _, _ := strings.Cut(call, `"`)
			method, path, _ := strings.Cut(pattern, " ")
			assert.Regexp(t, method+`( +[A-Z]+)* +`+strings.NewReplacer("{", `\{`, "}", `\}`).Replace(strings.Replace(path, "product/{key}", "product/{id}", 1))+`\s`, usage)
		}
	}
}
