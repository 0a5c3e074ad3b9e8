package zoql_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/zoql"
	"github.com/zuora-go/zuora/zuoratest"
)

func newAPI(t *testing.T) (*zuoratest.Server, *zoql.API) {
	server := zuoratest.NewServer(zuoratest.Config{})
	t.Cleanup(server.Close)
	session, err := zuora.NewSession(zuora.SessionConfig{Server: server.URL, Credentials: server.Credentials(), Base: server.Client().Transport})
	require.NoError(t, err)
	t.Cleanup(func() { _ = session.Close() })
	return server, zoql.New(session)
}

func TestCalls(t *testing.T) {
	server, api := newAPI(t)
	var sent string
	response := func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		sent = r.Method + " " + r.URL.RequestURI() + " " + string(body)
		zuoratest.Answer(200, "application/json", `{"records":[{"Id":"1","Balance":12.500000000,"Region__c":"EU","Parent":null}],"size":1,"done":true}`).ServeHTTP(w, r)
	}
	server.HandleFunc("/v1/action/", response)

	result, err := api.Query(t.Context(), zoql.Query{QueryString: "select Id from Account", Conf: &zoql.QueryConf{BatchSize: new(int64(5))}}, &zoql.QueryParams{RejectUnknownFields: true})
	require.NoError(t, err)
	assert.Equal(t, `POST /v1/action/query?rejectUnknownFields=true {"queryString":"select Id from Account","conf":{"batchSize":5}}`, sent)
	assert.Equal(t, zoql.QueryResult{Done: true, Size: 1, Records: []map[string]zuora.Value{{"Id": `"1"`, "Balance": "12.500000000", "Region__c": `"EU"`, "Parent": zuora.Null}}}, *result)

	_, err = api.QueryMore(t.Context(), zoql.NextRecords{QueryLocator: "x-2000"}, nil)
	require.NoError(t, err)
	assert.Equal(t, `POST /v1/action/queryMore {"queryLocator":"x-2000"}`, sent)
}

// pages responds to a query with the pages, one after the other, which a queryMore asks
// for by its number.
func pages(server *zuoratest.Server, pages ...string) (calls *[]string) {
	var mu sync.Mutex
	calls = new([]string)
	server.HandleFunc("/v1/action/", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		n := 0
		if strings.HasSuffix(r.URL.Path, "More") {
			_, _ = fmt.Sscanf(string(body), `{"queryLocator":"page-%d"}`, &n)
		}
		mu.Lock()
		*calls = append(*calls, string(body))
		mu.Unlock()
		zuoratest.Answer(200, "application/json", pages[n]).ServeHTTP(w, r)
	})
	return calls
}

func TestAllReadsToTheEnd(t *testing.T) {
	server, api := newAPI(t)
	calls := pages(server,
		`{"records":[{"Id":"1"},{"Id":"2"}],"size":4,"done":false,"queryLocator":"page-1"}`,
		`{"records":[{"Id":"3"}],"size":4,"done":false,"queryLocator":"page-2"}`,
		`{"records":[{"Id":"4"}],"size":4,"done":true}`)
	all := api.All(t.Context(), "select Id from Account")
	for range 2 { // it can be read again
		var ids []string
		for record, err := range all {
			require.NoError(t, err)
			ids = append(ids, record["Id"].Text())
			if len(ids) == 3 {
				server.Expire() // in the midst of it
			}
		}
		assert.Equal(t, []string{"1", "2", "3", "4"}, ids)
	}
	assert.Equal(t, `{"queryString":"select Id from Account"}`, (*calls)[0])
	assert.Len(t, *calls, 6)
	for range all {
		break
	}
	assert.Len(t, *calls, 7)
}

func TestAllEndsWithAnError(t *testing.T) {
	for page, want := range map[string]string{
		`{"records":[{"Id":"3"}],"done":false}`:                         "has no queryLocator",
		`{"Success":false,"Errors":[{"Code":"INVALID","Message":"m"}]}`: "INVALID m",
		`{"records":[{"Id":"3"},"odd"],"done":true}`:                    "records[1]",
	} {
		server, api := newAPI(t)
		pages(server, `{"records":[{"Id":"1"}],"done":false,"queryLocator":"page-1"}`, page)
		var ids []string
		var failed error
		for record, err := range api.All(t.Context(), "select Id from Account") {
			require.NoError(t, failed, "nothing comes after an error")
			if failed = err; err == nil {
				ids = append(ids, record["Id"].Text())
			}
		}
		assert.ErrorContains(t, failed, want)
		assert.Contains(t, ids, "1")
		if strings.Contains(page, `"3"`) {
			assert.Contains(t, ids, "3", "what could be read is there")
		}
	}
}

func ExampleAPI_All() {
	server := zuoratest.NewServer(zuoratest.Config{})
	defer server.Close()
	server.Handle("POST /v1/action/query", zuoratest.Answer(200, "application/json",
		`{"records":[{"Id":"4028","Balance":1234567.89},{"Id":"4029","Balance":0E-9}],"size":2,"done":true}`))
	session, err := zuora.NewSession(zuora.SessionConfig{Server: server.URL, Credentials: server.Credentials(), Base: server.Client().Transport})
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()

	for account, err := range zoql.New(session).All(context.Background(), "select Id, Balance from Account") {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(account["Id"].Text(), account["Balance"].Decimal())
	}
	// Output:
	// 4028 1234567.89
	// 4029 0E-9
}
