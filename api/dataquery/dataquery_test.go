package dataquery_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/dataquery"
	"github.com/zuora-go/zuora/zuoratest"
)

const fileURL = "https://files.example/3a3e.json?X-Amz-Security-Token=secret"

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// file responds to every request with status and body.
func file(status int, body string, seen *[]*http.Request) *http.Client {
	return &http.Client{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
		*seen = append(*seen, req)
		header := http.Header{}
		if status/100 == 3 {
			header.Set("Location", body)
		}
		return &http.Response{StatusCode: status, Status: fmt.Sprint(status), Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: req}, nil
	})}
}

// inMemory is a tenant and a session for a synctest bubble.
func inMemory(t *testing.T) (*zuoratest.Tenant, *zuora.Session) {
	tenant := zuoratest.NewTenant(zuoratest.Config{})
	t.Cleanup(tenant.Close)
	session, err := zuora.NewSession(zuora.SessionConfig{Server: "https://rest.zuora.example", Credentials: tenant.Credentials(), Base: tenant.Transport()})
	require.NoError(t, err)
	t.Cleanup(func() { _ = session.Close() })
	return tenant, session
}

// job responds with a job that has the statuses, one after the other.
func job(tenant *zuoratest.Tenant, dataFile string, statuses ...string) (sent *[]string) {
	sent = new([]string)
	tenant.HandleFunc("/query/jobs/", func(w http.ResponseWriter, r *http.Request) {
		*sent = append(*sent, r.Method+" "+r.URL.EscapedPath())
		status := statuses[min(len(*sent), len(statuses)-1)]
		zuoratest.JSON(map[string]any{"data": map[string]any{"id": "3a3e", "queryStatus": status, "dataFile": dataFile}}).ServeHTTP(w, r)
	})
	tenant.HandleFunc("POST /query/jobs", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*sent = append(*sent, "POST "+string(body))
		zuoratest.JSON(map[string]any{"data": map[string]any{"id": "3a3e", "queryStatus": "accepted"}}).ServeHTTP(w, r)
	})
	return sent
}

func TestRunReturnsRows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant, session := inMemory(t)
		sent := job(tenant, fileURL, "", "", "accepted", "in_progress", "completed")
		var fetched []*http.Request
		client := file(200, "{\"a\":\"x\",\"balance\":12.500000000,\"none\":null}\n{\"a\":\"y\"}\n", &fetched)
		api := dataquery.New(session, dataquery.FileClient(client))
		var rows []map[string]zuora.Value
		for row, err := range api.Run(t.Context(), "SELECT a FROM b") {
			require.NoError(t, err)
			rows = append(rows, row)
		}
		assert.Equal(t, []map[string]zuora.Value{{"a": `"x"`, "balance": "12.500000000", "none": zuora.Null}, {"a": `"y"`}}, rows)
		assert.Equal(t, []string{
			`POST {"query":"SELECT a FROM b","outputFormat":"JSON","compression":"NONE","output":{"target":"S3"}}`,
			"GET /query/jobs/3a3e", "GET /query/jobs/3a3e", "GET /query/jobs/3a3e",
		}, *sent)
		require.Len(t, fetched, 1)
		assert.Equal(t, fileURL, fetched[0].URL.String())
		assert.Empty(t, fetched[0].Header, "nothing of the session goes along")
		assert.Nil(t, client.CheckRedirect, "the client is not changed")
	})
}

func TestRunFails(t *testing.T) {
	for what, test := range map[string]struct {
		dataFile, final string
		status          int
		body, want      string
	}{
		"a job that failed":      {fileURL, "failed", 200, "", `the status "failed"`},
		"a job that is canceled": {fileURL, "cancelled", 200, "", `the status "cancelled"`},
		"clear text":             {"http://files.example/a?secret", "completed", 200, "", "not an https URL"},
		"no file":                {"", "completed", 200, "", "not an https URL"},
		"odd rows":               {fileURL, "completed", 200, "{\"a\":1}\n[1]\n", "read the query's file"},
		"rows that break off":    {fileURL, "completed", 200, "{\"a\":1}\n{\"a\":", "unexpected EOF"},
		"a file that is gone":    {fileURL, "completed", 404, "<Error/>", "404"},
		"no content":             {fileURL, "completed", 204, "", "204"},
		"another host":           {fileURL, "completed", 302, "https://elsewhere.example/x?secret", "302"},
		"clear text there":       {fileURL, "completed", 302, "http://files.example/x?secret", "302"},
		"no location":            {fileURL, "completed", 302, "https://files.example/%zz?secret", "not shown"},
		"a circle":               {fileURL, "completed", 302, "/3a3e.json?secret", "302"},
	} {
		synctest.Test(t, func(t *testing.T) {
			tenant, session := inMemory(t)
			job(tenant, test.dataFile, "", "in_progress", test.final)
			var fetched []*http.Request
			api := dataquery.New(session, dataquery.FileClient(file(test.status, test.body, &fetched)))
			var failed error
			for _, err := range api.Run(t.Context(), "SELECT a FROM b") {
				require.NoError(t, failed, what)
				failed = err
			}
			require.ErrorContains(t, failed, test.want, what)
			assert.NotContains(t, failed.Error(), "secret", what)
			for _, req := range fetched {
				assert.Equal(t, "files.example", req.URL.Host, what)
			}
		})
	}
}

func TestTransportErrorsOfFilesShowNoSecret(t *testing.T) {
	broken := errors.New("broken")
	api := dataquery.New(nil, dataquery.FileClient(&http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) { return nil, broken })}))
	_, err := api.OpenFile(t.Context(), &dataquery.Job{ID: "3a3e", DataFile: fileURL})
	assert.ErrorIs(t, err, broken)
	assert.NotContains(t, err.Error(), "secret")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = dataquery.New(nil).OpenFile(ctx, &dataquery.Job{ID: "3a3e", DataFile: fileURL})
	assert.ErrorIs(t, err, context.Canceled)
	assert.NotContains(t, err.Error(), "secret")
}

func TestWaitForJobEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant, session := inMemory(t)
		job(tenant, "", "in_progress")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := dataquery.New(session).WaitForJob(ctx, "3a3e")
		assert.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestCalls(t *testing.T) {
	server := zuoratest.NewServer(zuoratest.Config{})
	defer server.Close()
	session, err := zuora.NewSession(zuora.SessionConfig{Server: server.URL, Credentials: server.Credentials(), Base: server.Client().Transport})
	require.NoError(t, err)
	defer session.Close()
	var sent string
	server.HandleFunc("/query/jobs/", func(w http.ResponseWriter, r *http.Request) {
		sent = r.Method + " " + r.URL.RequestURI()
		zuoratest.Answer(200, "application/json", `{"data":{"id":"3a3e","queryStatus":"cancelled","remainingRetries":"3","outputRows":24516}}`).ServeHTTP(w, r)
	})
	server.HandleFunc("GET /query/jobs", func(w http.ResponseWriter, r *http.Request) {
		sent = r.Method + " " + r.URL.RequestURI()
		zuoratest.Answer(200, "application/json", `{"data":[{"id":"1"},{"id":"2","queryStatus":"unheard of"}]}`).ServeHTTP(w, r)
	})
	api := dataquery.New(session)
	for method, call := range map[string]func(context.Context, string) (*dataquery.JobResponse, error){
		"GET":    func(ctx context.Context, id string) (*dataquery.JobResponse, error) { return api.GetJob(ctx, id, nil) },
		"DELETE": func(ctx context.Context, id string) (*dataquery.JobResponse, error) { return api.CancelJob(ctx, id) },
	} {
		got, err := call(t.Context(), "A/1")
		require.NoError(t, err)
		assert.Equal(t, method+" /query/jobs/A%2F1", sent)
		assert.Equal(t, dataquery.JobResponse{Data: dataquery.Job{ID: "3a3e", QueryStatus: dataquery.StatusCancelled, RemainingRetries: 3, OutputRows: 24516}}, *got)
	}
	jobs, err := api.ListJobs(t.Context(), &dataquery.ListJobsParams{QueryStatus: dataquery.StatusInProgress, PageSize: 2})
	require.NoError(t, err)
	assert.Equal(t, "GET /query/jobs?"+url.Values{"queryStatus": {"in_progress"}, "pageSize": {"2"}}.Encode(), sent)
	assert.Equal(t, []dataquery.Job{{ID: "1"}, {ID: "2", QueryStatus: "unheard of"}}, jobs.Data)

	server.Intercept(func(r *http.Request) http.Handler {
		return zuoratest.Answer(404, "application/json", `{"code":1001,"message":"No such query"}`)
	})
	_, err = api.GetJob(t.Context(), "x", nil)
	assert.ErrorIs(t, err, zuora.ErrNotFound)
}
