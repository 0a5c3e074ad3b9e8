package objectquery_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/objectquery"
	"github.com/zuora-go/zuora/zuoratest"
)

func newAPI(t *testing.T) (*zuoratest.Server, *objectquery.API) {
	server := zuoratest.NewServer(zuoratest.Config{})
	t.Cleanup(server.Close)
	session, err := zuora.NewSession(zuora.SessionConfig{Server: server.URL, Credentials: server.Credentials(), Base: server.Client().Transport})
	require.NoError(t, err)
	t.Cleanup(func() { _ = session.Close() })
	return server, objectquery.New(session)
}

func TestCalls(t *testing.T) {
	server, api := newAPI(t)
	sent := ""
	server.HandleFunc("GET /object-query/", func(w http.ResponseWriter, r *http.Request) {
		sent = r.URL.RequestURI()
		text := `{"data":[{"id":"1","balance":0.0,"Region__c":null,"paymentmethods":[{"id":"2"}]}],"nextPage":null}`
		if r.URL.Path != "/object-query/accounts" {
			text = `{"id":"1","balance":0E-9}`
		}
		zuoratest.Answer(200, "application/json", text).ServeHTTP(w, r)
	})
	page, err := api.Query(t.Context(), "accounts", &objectquery.QueryParams{
		Filter: []string{"currency.EQ:CAD", "balance.GT:0"}, Expand: []string{"paymentmethods"}, PageSize: 99, Fields: map[string][]string{"account.fields[]": {"id,balance"}},
	})
	require.NoError(t, err)
	assert.Equal(t, "/object-query/accounts?account.fields%5B%5D=id%2Cbalance&expand%5B%5D=paymentmethods&filter%5B%5D=currency.EQ%3ACAD&filter%5B%5D=balance.GT%3A0&pageSize=99", sent)
	assert.Equal(t, []objectquery.Record{{"id": `"1"`, "balance": "0.0", "Region__c": zuora.Null, "paymentmethods": `[{"id":"2"}]`}}, page.Data)
	var methods []map[string]zuora.Value
	require.NoError(t, page.Data[0]["paymentmethods"].Decode(&methods))
	assert.Equal(t, "2", methods[0]["id"].Text())

	record, err := api.Get(t.Context(), "accounts", "A/1", &objectquery.GetParams{Expand: []string{"paymentmethods"}})
	require.NoError(t, err)
	assert.Equal(t, "/object-query/accounts/A%2F1?expand%5B%5D=paymentmethods", sent)
	assert.Equal(t, objectquery.Record{"id": `"1"`, "balance": "0E-9"}, record)
}

func TestAllReadsEveryPage(t *testing.T) {
	server, api := newAPI(t)
	pages := map[string]string{
		"pageSize=1":                   `{"data":[{"id":"a"}],"nextPage":"x+/="}`,
		"cursor=x%2B%2F%3D&pageSize=1": `{"data":[{"id":"b"}],"nextPage":"y"}`,
		"cursor=y&pageSize=1":          `{"data":[{"id":"c"}]}`,
	}
	calls := 0
	server.HandleFunc("GET /object-query/accounts", func(w http.ResponseWriter, r *http.Request) {
		if calls++; calls == 3 {
			server.Expire()
		}
		text, ok := pages[r.URL.RawQuery]
		assert.True(t, ok, r.URL.RawQuery)
		zuoratest.Answer(200, "application/json", text).ServeHTTP(w, r)
	})
	params := &objectquery.QueryParams{PageSize: 1}
	for range 2 {
		ids := ""
		for record, err := range api.All(t.Context(), "accounts", params) {
			require.NoError(t, err)
			ids += record["id"].Text()
		}
		assert.Equal(t, "abc", ids)
	}
	assert.Equal(t, objectquery.QueryParams{PageSize: 1}, *params, "the caller's parameters stay")

	pages["cursor=y&pageSize=1"] = `{"success":false,"reasons":[{"code":53100020,"message":"no"}]}`
	ids := ""
	var failed error
	for record, err := range api.All(t.Context(), "accounts", params) {
		if failed = err; err == nil {
			ids += record["id"].Text()
		}
	}
	assert.Equal(t, "ab", ids)
	assert.ErrorContains(t, failed, "53100020")
	for range api.All(t.Context(), "accounts", params) {
		break
	}
}
