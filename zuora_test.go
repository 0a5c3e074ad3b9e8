package zuora_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/zuoratest"
)

// noRedirects is the client that the documentation of PostConnections asks for.
func noRedirects(server *zuoratest.Server) *http.Client {
	client := *server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client
}

func typedClient(t *testing.T, server *zuoratest.Server) *zuora.ClientWithResponses {
	t.Helper()
	client, err := zuora.NewClientWithResponses(server.URL, zuora.WithHTTPClient(noRedirects(server)))
	require.NoError(t, err)
	return client
}

func connectionParams(server *zuoratest.Server) *zuora.PostConnectionsParams {
	return &zuora.PostConnectionsParams{
		APIAccessKeyID:     server.Credentials().AccessKeyID,
		APISecretAccessKey: server.Credentials().SecretAccessKey,
		ContentType:        zuora.PostConnectionsParamsContentTypeApplicationJSON,
	}
}

// The same call as the three clients describe it: with none of the entity
// headers, with entityId or entityName, with Zuora-Entity-Ids.
func TestTypedCallLogsInForEachEntityGeneration(t *testing.T) {
	server := newServer(t, zuoratest.Config{})
	const uuid, legacyID, name = "7f1d9c2e-51f8-4a0b-9a35-0b7f6f3f6a11", "7f1d9c2e51f84a0b9a350b7f6f3f6a11", "Example Europe"
	ptr := func(s string) *string { return &s }
	all := []string{"Zuora-Entity-Ids", "Entityid", "Entityname", "Zuora-Track-Id"}

	for what, test := range map[string]struct {
		set  func(*zuora.PostConnectionsParams)
		want map[string]string
	}{
		"none":       {func(*zuora.PostConnectionsParams) {}, nil},
		"entityId":   {func(p *zuora.PostConnectionsParams) { p.EntityID = ptr(legacyID) }, map[string]string{"Entityid": legacyID}},
		"entityName": {func(p *zuora.PostConnectionsParams) { p.EntityName = ptr(name) }, map[string]string{"Entityname": name}},
		"Zuora-Entity-Ids": {func(p *zuora.PostConnectionsParams) { p.ZuoraEntityIDs = ptr(uuid) },
			map[string]string{"Zuora-Entity-Ids": uuid}},
		"Zuora-Track-Id": {func(p *zuora.PostConnectionsParams) { p.ZuoraTrackID = ptr("import-0042") },
			map[string]string{"Zuora-Track-Id": "import-0042"}},
	} {
		t.Run(what, func(t *testing.T) {
			var sent http.Header
			server.Intercept(func(r *http.Request) http.Handler {
				sent = r.Header.Clone()
				assert.Equal(t, "/v1/connections", r.URL.Path)
				assert.Equal(t, http.MethodPost, r.Method)
				assert.Zero(t, r.ContentLength)
				return nil
			})
			params := connectionParams(server)
			test.set(params)
			resp, err := typedClient(t, server).PostConnectionsWithResponse(t.Context(), params)
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, resp.StatusCode())
			require.NotNil(t, resp.JSON200)
			assert.True(t, resp.JSON200.Success)
			assert.Equal(t, []string{server.Credentials().AccessKeyID}, sent["Apiaccesskeyid"])
			assert.Equal(t, []string{string(server.Credentials().SecretAccessKey)}, sent["Apisecretaccesskey"])
			assert.Equal(t, []string{"application/json"}, sent["Content-Type"])
			for _, header := range all {
				if value, set := test.want[header]; set {
					assert.Equal(t, []string{value}, sent[header], header)
				} else {
					assert.NotContains(t, sent, header, "a header that is not set is not sent")
				}
			}
			cookies := resp.HTTPResponse.Cookies()
			require.Len(t, cookies, 1)
			assert.Equal(t, "ZSession", cookies[0].Name)
			assert.True(t, cookies[0].Secure && cookies[0].HttpOnly)
		})
	}
}

func TestTypedCallReadsEachDeclaredResponse(t *testing.T) {
	server := newServer(t, zuoratest.Config{LoginLimit: 1})
	client := typedClient(t, server)
	params := connectionParams(server)

	wrong := *params
	wrong.APISecretAccessKey = "wrong"
	resp, err := client.PostConnectionsWithResponse(t.Context(), &wrong)
	require.NoError(t, err)
	require.NotNil(t, resp.JSON401)
	require.Equal(t, []zuora.Reason{{Code: "90000011", Message: "this resource is protected, please sign in first"}}, resp.JSON401.Reasons)
	require.Empty(t, resp.HTTPResponse.Cookies())

	resp, err = client.PostConnectionsWithResponse(t.Context(), params)
	require.NoError(t, err)
	require.NotNil(t, resp.JSON429)
	require.Equal(t, zuora.ReasonCode("70"), resp.JSON429.Reasons[0].Code)

	server.Intercept(func(*http.Request) http.Handler {
		return zuoratest.Failed(http.StatusServiceUnavailable, "50000060", "later")
	})
	resp, err = client.PostConnectionsWithResponse(t.Context(), params)
	require.NoError(t, err)
	require.NotNil(t, resp.JSONDefault)
	require.Equal(t, "E3B4E8FFA54FDE25", resp.JSONDefault.ProcessID)
	require.Equal(t, zuora.ReasonCode("50000060"), resp.JSONDefault.Reasons[0].Code)
}

func TestReasonCodeTakesNumbersStringsAndNull(t *testing.T) {
	for text, want := range map[string]zuora.ReasonCode{
		`{"code":53200021}`:     "53200021",
		`{"code":"53200021"}`:   "53200021",
		`{"code":"INVALID_ID"}`: "INVALID_ID",
		`{"code":null}`:         "",
		`{}`:                    "",
	} {
		var reason zuora.Reason
		require.NoError(t, json.Unmarshal([]byte(text), &reason), text)
		assert.Equal(t, want, reason.Code, text)
	}
}

func TestServersOfTheSpecAreAccepted(t *testing.T) {
	for _, server := range []string{
		zuora.ServerURLProductionUSCloud2, zuora.ServerURLProductionUSCloud1, zuora.ServerURLProductionEU, zuora.ServerURLProductionAPAC,
		zuora.ServerURLAPISandboxUSCloud2, zuora.ServerURLAPISandboxUSCloud1, zuora.ServerURLAPISandboxEU,
		zuora.ServerURLDeveloperAndCentralSandboxUS, zuora.ServerURLDeveloperAndCentralSandboxEU, zuora.ServerURLDeveloperAndCentralSandboxAPAC,
	} {
		session, err := zuora.NewSession(zuora.SessionConfig{Server: server, Credentials: zuora.Credentials{AccessKeyID: "u", SecretAccessKey: "s"}})
		require.NoError(t, err, server)
		assert.Equal(t, server, session.Server())
		require.NoError(t, session.Close())
	}
}

func TestRule03_SessionLogsInOnFirstUseAndOnlyThen(t *testing.T) {
	server := newServer(t, zuoratest.Config{})
	session := newSession(t, configFor(server))
	require.Zero(t, server.Logins(), "NewSession stays off the network")
	for range 3 {
		requireStatus(t, session, "/v1/ok", http.StatusOK)
	}
	require.Equal(t, 1, server.Logins())
}

func TestRule03_ConnectLogsInUnlessThereIsASession(t *testing.T) {
	server := newServer(t, zuoratest.Config{})
	session := newSession(t, configFor(server))
	require.NoError(t, session.Connect(t.Context()))
	require.NoError(t, session.Connect(t.Context()))
	requireStatus(t, session, "/v1/ok", http.StatusOK)
	require.Equal(t, 1, server.Logins())
}

func TestRule03_SessionIsRenewedAfterItHasExpired(t *testing.T) {
	server := newServer(t, zuoratest.Config{})
	session := newSession(t, configFor(server))
	requireStatus(t, session, "/v1/ok", http.StatusOK)
	server.Expire()
	requireStatus(t, session, "/v1/ok", http.StatusOK)
	require.Equal(t, 2, server.Logins())
}

func TestRule03_SessionExpiresByTheTenantsClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := inMemory(zuoratest.Config{})
		defer tenant.Close()
		cfg := inMemoryConfig(tenant)
		cfg.IdleTimeout = -1
		session := newSession(t, cfg)
		for range 4 { // the timeout slides
			requireStatus(t, session, "/v1/ok", http.StatusOK)
			time.Sleep(14 * time.Minute)
		}
		require.Equal(t, 1, tenant.Logins())
		time.Sleep(time.Minute)
		requireStatus(t, session, "/v1/ok", http.StatusOK)
		require.Equal(t, 2, tenant.Logins())
	})
}

func TestRule10_WrongCredentialsAreAnError(t *testing.T) {
	server := newServer(t, zuoratest.Config{})
	cfg := configFor(server)
	cfg.Credentials = zuora.Credentials{AccessKeyID: "nobody", SecretAccessKey: "nothing"}
	session := newSession(t, cfg)
	err := session.Connect(t.Context())
	require.ErrorIs(t, err, zuora.ErrUnauthenticated)
	require.ErrorContains(t, err, "401 Unauthorized")
	require.ErrorContains(t, err, "90000011 this resource is protected, please sign in first")
}

// docs/session.md lists the tests of each rule.
func TestRulesHaveTests(t *testing.T) {
	page, err := os.ReadFile("docs/session.md")
	require.NoError(t, err)
	files, err := filepath.Glob("*_test.go")
	require.NoError(t, err)
	var code []byte
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		code = append(code, text...)
	}
	rules := strings.Split(string(page), "\n## ")[1:]
	require.Len(t, rules, 14)
	for i, rule := range rules {
		require.True(t, strings.HasPrefix(rule, fmt.Sprint(i+1, ". ")), rule)
		var want []string
		for _, test := range regexp.MustCompile(fmt.Sprintf(`(?m)^func (TestRule%02d_\w+)`, i+1)).FindAllSubmatch(code, -1) {
			want = append(want, string(test[1]))
		}
		require.ElementsMatch(t, want, regexp.MustCompile(`TestRule\w+`).FindAllString(rule, -1), "rule %d", i+1)
		require.NotEmpty(t, want)
	}
}
