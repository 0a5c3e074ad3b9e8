package usage_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/usage"
	"github.com/zuora-go/zuora/zuoratest"
)

// newAPI returns an API on a tenant with handle.
func newAPI(t *testing.T, handle http.HandlerFunc) (*zuoratest.Tenant, *usage.API) {
	tenant := zuoratest.NewTenant(zuoratest.Config{})
	t.Cleanup(tenant.Close)
	tenant.HandleFunc("/", handle)
	session, err := zuora.NewSession(zuora.SessionConfig{Server: "https://rest.zuora.example", Credentials: tenant.Credentials(), Base: tenant.Transport()})
	require.NoError(t, err)
	t.Cleanup(func() { _ = session.Close() })
	return tenant, usage.New(session)
}

func TestUploadAndWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		statuses := []string{"Pending", "Processing", "Completed"}
		var files []string
		var asked []string
		tenant, api := newAPI(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				file, header, err := r.FormFile("file")
				if !assert.NoError(t, err) {
					return
				}
				text, _ := io.ReadAll(file)
				files = append(files, header.Filename+" "+string(text))
				zuoratest.Answer(200, "application/json", `{"success":true,"size":"9","checkImportStatus":"/v1/usage/2c92/status"}`).ServeHTTP(w, r)
				return
			}
			asked = append(asked, r.URL.Path)
			zuoratest.JSON(usage.Import{ImportStatus: usage.ImportStatus(statuses[len(asked)-1]), Success: true}).ServeHTTP(w, r)
		})
		upload, err := api.UploadUsage(t.Context(), "u.csv", strings.NewReader("a,b\n1,2\n"))
		require.NoError(t, err)
		assert.Equal(t, usage.Upload{Success: true, Size: 9, CheckImportStatus: "/v1/usage/2c92/status"}, *upload)
		done, err := api.WaitForImport(t.Context(), upload)
		require.NoError(t, err)
		assert.Equal(t, usage.ImportStatusCompleted, done.ImportStatus)
		assert.Equal(t, []string{"/v1/usage/2c92/status", "/v1/usage/2c92/status", "/v1/usage/2c92/status"}, asked)

		tenant.Expire()
		_, err = api.UploadUsage(t.Context(), "v.csv", strings.NewReader("again"))
		require.NoError(t, err, "a file that can be rewound is sent again")
		tenant.Expire()
		_, err = api.UploadUsage(t.Context(), "w.csv", io.MultiReader(strings.NewReader("once")))
		assert.ErrorIs(t, err, zuora.ErrUnauthenticated)
		assert.Equal(t, []string{"u.csv a,b\n1,2\n", "v.csv again"}, files)
	})
}

func TestImportsThatFail(t *testing.T) {
	for response, want := range map[string]string{
		`{"success":true,"importStatus":"Failed","message":"line 2: no such account"}`:        `the status "Failed": line 2: no such account`,
		`{"success":true,"importStatus":"Canceled"}`:                                          `the status "Canceled"`,
		`{"success":true,"importStatus":"Resting"}`:                                           `"Resting", which is not known`,
		`{"success":false,"reasons":[{"code":52100040,"message":"there is no such import"}]}`: "there is no such import",
	} {
		synctest.Test(t, func(t *testing.T) {
			_, api := newAPI(t, func(w http.ResponseWriter, r *http.Request) {
				zuoratest.Answer(200, "application/json", response).ServeHTTP(w, r)
			})
			_, err := api.WaitForImport(t.Context(), &usage.Upload{CheckImportStatus: "https://rest.zuora.com/v1/usage/2c92/status"})
			assert.ErrorContains(t, err, want)
		})
	}
	synctest.Test(t, func(t *testing.T) {
		_, api := newAPI(t, func(w http.ResponseWriter, r *http.Request) {
			zuoratest.Answer(200, "application/json", `{"success":true,"importStatus":"Pending"}`).ServeHTTP(w, r)
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		_, err := api.WaitForImport(ctx, &usage.Upload{CheckImportStatus: "/v1/usage/2c92/status"})
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		for _, path := range []string{"", "/v1/usage/2c92", "/v1/usage//status", "https://elsewhere.example/x/status", "%zz"} {
			_, err := api.WaitForImport(t.Context(), &usage.Upload{CheckImportStatus: path})
			assert.Error(t, err, path)
		}
		_, err = api.WaitForImport(t.Context(), nil)
		assert.Error(t, err)
	})
}

func TestRecords(t *testing.T) {
	var sent, response string
	_, api := newAPI(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		sent = fmt.Sprintf("%s %s %s", r.Method, r.URL.RequestURI(), body)
		zuoratest.Answer(200, "application/json", response).ServeHTTP(w, r)
	})
	response = `{"Success":true,"Id":"4028"}`
	saved, err := api.CreateUsageRecord(t.Context(), usage.NewRecord{AccountNumber: "A1", UOM: "GB", Quantity: "1.250", StartDateTime: "2017-03-01T00:00:00.000-08:00",
		AdditionalProperties: map[string]zuora.Value{"Region__c": zuora.ValueOf("EU")}}, &usage.CreateUsageRecordParams{RejectUnknownFields: true})
	require.NoError(t, err)
	assert.Equal(t, `POST /v1/object/usage?rejectUnknownFields=true {"AccountNumber":"A1","UOM":"GB","Quantity":1.250,"StartDateTime":"2017-03-01T00:00:00.000-08:00","Region__c":"EU"}`, sent)
	assert.Equal(t, usage.SaveResult{Success: true, ID: "4028"}, *saved)
	_, err = api.UpdateUsageRecord(t.Context(), "A/1", usage.RecordUpdate{Quantity: "0"}, nil)
	require.NoError(t, err)
	assert.Equal(t, `PUT /v1/object/usage/A%2F1 {"Quantity":0}`, sent)

	response = `{"Id":"4028","Quantity":"9.000000000","RbeStatus":"Pending","EndDateTime":null,"Region__c":"EU"}`
	record, err := api.GetUsageRecord(t.Context(), "4028", &usage.GetUsageRecordParams{Fields: "Id,Quantity"})
	require.NoError(t, err)
	assert.Equal(t, "GET /v1/object/usage/4028?fields=Id%2CQuantity ", sent)
	assert.Equal(t, usage.Record{ID: "4028", Quantity: "9.000000000", RbeStatus: "Pending", AdditionalProperties: map[string]zuora.Value{"Region__c": `"EU"`}}, *record)

	response = `{"success":true,"id":"4028"}`
	deleted, err := api.DeleteUsageRecord(t.Context(), "4028")
	require.NoError(t, err)
	assert.Equal(t, "DELETE /v1/object/usage/4028 ", sent)
	assert.Equal(t, usage.DeleteResult{Success: true, ID: "4028"}, *deleted)
}

func TestListReadsEveryPage(t *testing.T) {
	pages := map[string]string{
		"pageSize=1":        `{"success":true,"usage":[{"id":"a","quantity":4}],"nextPage":"https://rest.zuora.com/v1/usage/accounts/A%2F1?page=2&pageSize=1"}`,
		"page=2&pageSize=1": `{"success":true,"usage":[{"id":"b"}],"nextPage":"/v1/usage/accounts/A%2F1?page=3&pageSize=1"}`,
		"page=3&pageSize=1": `{"success":true,"usage":[{"id":"c"}]}`,
	}
	_, api := newAPI(t, func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "/v1/usage/accounts/A%2F1", r.URL.EscapedPath())
		zuoratest.Answer(200, "application/json", pages[r.URL.RawQuery]).ServeHTTP(w, r)
	})
	ids := ""
	for record, err := range api.AllUsageByAccount(t.Context(), "A/1", &usage.ListUsageByAccountParams{PageSize: 1}) {
		require.NoError(t, err)
		ids += record.ID
	}
	assert.Equal(t, "abc", ids)
}
