package exports_test

import (
	"context"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/exports"
	"github.com/zuora-go/zuora/zuoratest"
)

// inMemory is a tenant and a session for a synctest bubble.
func inMemory(t *testing.T) (*zuoratest.Tenant, *zuora.Session) {
	tenant := zuoratest.NewTenant(zuoratest.Config{})
	t.Cleanup(tenant.Close)
	session, err := zuora.NewSession(zuora.SessionConfig{Server: "https://rest.zuora.example", Credentials: tenant.Credentials(), Base: tenant.Transport()})
	require.NoError(t, err)
	t.Cleanup(func() { _ = session.Close() })
	return tenant, session
}

// export takes an export, which goes through the responses.
func export(tenant *zuoratest.Tenant, responses ...string) (sent *[]string) {
	sent = new([]string)
	tenant.HandleFunc("POST /v1/object/export", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*sent = append(*sent, r.URL.RequestURI()+" "+string(body))
		zuoratest.Answer(200, "application/json", `{"Success":true,"Id":"E1"}`).ServeHTTP(w, r)
	})
	polls := 0
	tenant.HandleFunc("GET /v1/object/export/{id}", func(w http.ResponseWriter, r *http.Request) {
		*sent = append(*sent, r.URL.RequestURI())
		zuoratest.Answer(200, "application/json", responses[min(polls, len(responses)-1)]).ServeHTTP(w, r)
		polls++
	})
	tenant.HandleFunc("GET /v1/files/{id}", func(w http.ResponseWriter, r *http.Request) {
		*sent = append(*sent, r.URL.RequestURI())
		zuoratest.Answer(200, "text/csv", "Account.Id\n1\n").ServeHTTP(w, r)
	})
	return sent
}

func TestRunReturnsTheFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant, session := inMemory(t)
		sent := export(tenant, `{"Id":"E1","Status":"Pending"}`, `{"Id":"E1","Status":"Processing","FileId":"F/1"}`, `{"Id":"E1","Status":"Completed","FileId":"F/1","Size":"5"}`)
		file, err := exports.New(session).Run(t.Context(), "select Account.Id from Account", exports.FormatCSV, zuora.WithIdempotencyKey("k"))
		require.NoError(t, err)
		text, err := io.ReadAll(file)
		require.NoError(t, err)
		require.NoError(t, file.Close())
		assert.Equal(t, "Account.Id\n1\n", string(text))
		assert.Equal(t, []string{
			`/v1/object/export {"Query":"select Account.Id from Account","Format":"csv"}`,
			"/v1/object/export/E1", "/v1/object/export/E1", "/v1/object/export/E1", "/v1/files/F%2F1",
		}, *sent)
	})
}

func TestRunFails(t *testing.T) {
	for response, want := range map[string]string{
		`{"Status":"Failed","StatusReason":"no such field"}`: `the status "Failed": no such field`,
		`{"Status":"Canceled"}`:                              `the status "Canceled"`,
		`{"Status":"Completed"}`:                             "has no file",
		`{"Status":"Resting"}`:                               `"Resting", which is not known`,
		`{"Success":false,"Errors":[{"Code":"INVALID_ID","Message":"there is no such export"}]}`: "INVALID_ID there is no such export",
	} {
		synctest.Test(t, func(t *testing.T) {
			tenant, session := inMemory(t)
			export(tenant, `{"Status":"Pending"}`, response)
			_, err := exports.New(session).Run(t.Context(), "select Account.Id from Account", exports.FormatCSV)
			assert.ErrorContains(t, err, want)
		})
	}
	synctest.Test(t, func(t *testing.T) {
		tenant, session := inMemory(t)
		export(tenant, `{"Status":"Pending"}`)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		_, err := exports.New(session).Run(ctx, "select Account.Id from Account", exports.FormatCSV)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant, session := inMemory(t)
		sent := export(tenant, `{"Id":"E1","Status":"Completed","Size":5,"Format":"Excel","Zip":"true","CreatedDate":"2015-11-04T10:59:22.000-08:00","Region__c":1}`)
		api := exports.New(session)
		made, err := api.CreateExport(t.Context(), exports.NewExport{Name: "n", Query: "q", Format: exports.FormatExcel, Zip: new(false)}, &exports.CreateExportParams{RejectUnknownFields: true})
		require.NoError(t, err)
		assert.Equal(t, exports.CreatedExport{ID: "E1", Success: true}, *made)
		got, err := api.GetExport(t.Context(), "A/1", &exports.GetExportParams{Fields: "Id,Status"})
		require.NoError(t, err)
		assert.Equal(t, exports.Export{
			ID: "E1", Status: exports.StatusCompleted, Size: 5, Format: exports.FormatExcel, Zip: true, CreatedDate: "2015-11-04T10:59:22.000-08:00",
			AdditionalProperties: map[string]zuora.Value{"Region__c": "1"},
		}, *got)
		assert.Equal(t, []string{
			`/v1/object/export?rejectUnknownFields=true {"Name":"n","Query":"q","Format":"Excel","Zip":false}`, "/v1/object/export/A%2F1?fields=Id%2CStatus",
		}, *sent)
	})
}
