package typed_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/internal/readonly"
	"github.com/zuora-go/zuora/typed"
	"github.com/zuora-go/zuora/zuoratest"
)

// newSession is a session on a stand-in tenant.
func newSession(t *testing.T) (*zuoratest.Server, *zuora.Session) {
	server := zuoratest.NewServer(zuoratest.Config{})
	t.Cleanup(server.Close)
	session, err := zuora.NewSession(zuora.SessionConfig{Server: server.URL, Credentials: server.Credentials(), Base: server.Client().Transport})
	require.NoError(t, err)
	t.Cleanup(func() { _ = session.Close() })
	return server, session
}

// responding is a Caller that responds to every request in the same way.
func responding(t *testing.T, h http.HandlerFunc) zuora.Caller {
	caller, err := zuora.NewCaller("https://rest.zuora.example/base", doer(func(req *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		h(w, req)
		resp := w.Result()
		resp.Request = req
		return resp, nil
	}))
	require.NoError(t, err)
	return caller
}

type doer func(*http.Request) (*http.Response, error)

func (f doer) Do(req *http.Request) (*http.Response, error) { return f(req) }

func TestKeysStayInTheirSegment(t *testing.T) {
	var path string
	caller := responding(t, func(w http.ResponseWriter, r *http.Request) {
		path = r.URL.EscapedPath()
		w.WriteHeader(http.StatusNoContent)
	})
	request := func(key any) error {
		return typed.NoContent(t.Context(), caller, typed.Request{Method: "PUT", Path: "/v1/payments/{payment-key}/cancel", Keys: []any{key}}, nil)
	}
	for key, want := range map[any]string{
		"A1": "A1", "A/1": "A%2F1", "A 1": "A%201", "ä": "%C3%A4", "a?b#c": "a%3Fb%23c", "%2e%2e": "%252e%252e", "..;": "..%3B", "...": "...", "\\..": "%5C..", "\n": "%0A", int64(12): "12",
	} {
		require.NoError(t, request(key))
		assert.Equal(t, "/base/v1/payments/"+want+"/cancel", path, key)
	}
	path = ""
	for _, key := range []string{"", ".", ".."} {
		err := request(key)
		require.Error(t, err, key)
		assert.Contains(t, err.Error(), "payment-key")
		assert.Empty(t, path, "nothing is sent")
	}
}

func TestParameters(t *testing.T) {
	type params struct {
		Page    int64      `form:"page,omitempty" json:"page,omitempty,omitzero"`
		Filter  []string   `form:"filter[],omitempty"`
		From    zuora.Date `form:"from,omitempty"`
		Whether bool       `form:"whether,omitempty"`
		May     *bool      `form:"may,omitempty"`
		Track   string     `json:"Zuora-Track-Id,omitempty" header:"Zuora-Track-Id"`

		Fields map[string][]string `form:"fields,omitempty"`
	}
	var query, track string
	caller := responding(t, func(w http.ResponseWriter, r *http.Request) {
		query, track = r.URL.RawQuery, strings.Join(r.Header.Values("Zuora-Track-Id"), "|")
		w.WriteHeader(http.StatusNoContent)
	})
	for _, test := range []struct {
		params       any
		query, track string
	}{
		{nil, "", ""},
		{(*params)(nil), "", ""},
		{&params{}, "", ""},
		{&params{Page: 2, Filter: []string{"a=b", "c d"}, From: "2017-03-01", Whether: true, May: new(false), Track: "t"},
			"filter%5B%5D=a%3Db&filter%5B%5D=c+d&from=2017-03-01&may=false&page=2&whether=true", "t"},
	} {
		require.NoError(t, typed.NoContent(t.Context(), caller, typed.Request{Method: "GET", Path: "/v1/x", Params: test.params}, nil))
		assert.Equal(t, test.query, query)
		assert.Equal(t, test.track, track)
	}
	require.NoError(t, typed.NoContent(t.Context(), caller, typed.Request{Method: "GET", Path: "/v1/x", Params: &params{Fields: map[string][]string{"account.fields[]": {"id", "a&b"}}}}, nil))
	assert.Equal(t, "account.fields%5B%5D=id&account.fields%5B%5D=a%26b", query)
	type needed struct {
		Account string `form:"accountKey" required:"true"`
	}
	for _, p := range []*needed{nil, {}} {
		err := typed.NoContent(t.Context(), caller, typed.Request{Method: "GET", Path: "/v1/x", Params: p}, nil)
		assert.ErrorContains(t, err, "accountKey")
	}
	require.NoError(t, typed.NoContent(t.Context(), caller, typed.Request{Method: "GET", Path: "/v1/x", Params: &needed{"A1"}}, nil))
	assert.Equal(t, "accountKey=A1", query)
}

func TestWritesAreJSONAndCanBeReplayed(t *testing.T) {
	server, session := newSession(t)
	var bodies []string
	server.HandleFunc("POST /v1/orders", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies = append(bodies, r.Header.Get("Content-Type")+" "+string(body))
		zuoratest.JSON(map[string]any{"success": true, "name": "made"}).ServeHTTP(w, r)
	})
	for range 2 {
		made, err := typed.JSON[order](t.Context(), session, typed.Request{Method: "POST", Path: "/v1/orders", Body: &order{Amount: "1.10"}}, nil)
		require.NoError(t, err)
		assert.Equal(t, "made", made.Name)
		server.Expire()
	}
	_, err := typed.JSON[order](t.Context(), session, typed.Request{Method: "POST", Path: "/v1/orders", Body: struct{}{}}, nil)
	require.NoError(t, err)
	assert.Equal(t, []string{`application/json {"amount":1.10}`, `application/json {"amount":1.10}`, `application/json {}`}, bodies)
}

func TestBadInputSendsNothing(t *testing.T) {
	caller := responding(t, func(http.ResponseWriter, *http.Request) { t.Error("sent") })
	call := func(ctx context.Context, caller zuora.Caller, r typed.Request, editors ...zuora.RequestEditorFn) error {
		r.Method, r.Path = "POST", "/v1/x"
		_, err := typed.JSON[order](ctx, caller, r, editors)
		return err
	}
	assert.ErrorContains(t, call(t.Context(), nil, typed.Request{}), "no Caller")
	assert.ErrorContains(t, call(nil, caller, typed.Request{}), "context") //nolint:staticcheck // it is what is tested
	assert.ErrorContains(t, call(t.Context(), caller, typed.Request{Body: &order{AdditionalProperties: map[string]zuora.Value{"x": ""}}}), `POST /v1/x: AdditionalProperties["x"]`)
	assert.ErrorContains(t, call(t.Context(), caller, typed.Request{Upload: &typed.Upload{Name: "a"}}), "file is nil")
	assert.ErrorContains(t, call(t.Context(), caller, typed.Request{Upload: &typed.Upload{File: strings.NewReader("")}}), "name is empty")
	stop := errors.New("stop")
	assert.ErrorIs(t, call(t.Context(), caller, typed.Request{}, func(context.Context, *http.Request) error { return stop }), stop)
}

func TestReadOnlyCallsAreMarked(t *testing.T) {
	var marked bool
	caller := responding(t, func(w http.ResponseWriter, r *http.Request) {
		marked = readonly.Marked(r.Context())
		w.WriteHeader(http.StatusNoContent)
	})
	for _, want := range []bool{true, false} {
		require.NoError(t, typed.NoContent(t.Context(), caller, typed.Request{Method: "POST", Path: "/v1/x", ReadOnly: want}, nil))
		assert.Equal(t, want, marked)
	}
}

func TestResponsesThatCannotBeReadAreDecodeErrors(t *testing.T) {
	for what, test := range map[string]struct {
		response func(w http.ResponseWriter)
		want     string
		result   *order
	}{
		"empty":      {func(w http.ResponseWriter) { w.WriteHeader(http.StatusOK) }, "no body", nil},
		"no content": {func(w http.ResponseWriter) { w.WriteHeader(http.StatusNoContent) }, "no body", nil},
		"null":       {func(w http.ResponseWriter) { _, _ = io.WriteString(w, " null\n") }, "no body", nil},
		"a page": {func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, "<html>")
		}, "not JSON", nil},
		"a part":    {func(w http.ResponseWriter) { _, _ = io.WriteString(w, `{"name":"a","count":[]}`) }, "count", &order{Name: "a"}},
		"cut short": {func(w http.ResponseWriter) { _, _ = io.WriteString(w, `{"name":"a"`) }, "not JSON", nil},
	} {
		caller := responding(t, func(w http.ResponseWriter, _ *http.Request) { test.response(w) })
		got, err := typed.JSON[order](t.Context(), caller, typed.Request{Method: "POST", Path: "/v1/x/{key}", Keys: []any{"A/1"}, Body: struct{}{}}, nil)
		var failed *zuora.DecodeError
		require.ErrorAs(t, err, &failed, what)
		assert.Equal(t, "POST", failed.Method)
		assert.Equal(t, "/base/v1/x/A%2F1", failed.Path)
		assert.Equal(t, 2, failed.StatusCode/100)
		assert.ErrorContains(t, err, test.want)
		assert.Equal(t, test.result, got, what)
	}
	got, err := typed.JSON[order](t.Context(), responding(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "\xef\xbb\xbf"+` {"name":"a"} `)
	}), typed.Request{Method: "GET", Path: "/v1/x"}, nil)
	require.NoError(t, err)
	assert.Equal(t, "a", got.Name)
}

func TestResponseThatBreaksOffKeepsWhatCame(t *testing.T) {
	server, session := newSession(t)
	server.HandleFunc("POST /v1/x", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", "1000000")
		_, _ = io.WriteString(w, `{"name":"`+strings.Repeat("a", 100_000))
	})
	_, err := typed.JSON[order](t.Context(), session, typed.Request{Method: "POST", Path: "/v1/x", Body: struct{}{}}, nil)
	var failed *zuora.DecodeError
	require.ErrorAs(t, err, &failed)
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.Greater(t, len(failed.Body), 90_000)
}

func TestFailuresOfAnyLengthAreErrors(t *testing.T) {
	server, session := newSession(t)
	server.Handle("GET /v1/long", zuoratest.Answer(200, "application/json", `{"padding":"`+strings.Repeat("x", 200_000)+`","success":false,"reasons":[{"code":53100040,"message":"gone"}]}`))
	server.Handle("GET /v1/missing", zuoratest.Failed(404, "53100040", "gone"))
	server.Handle("GET /v1/text", zuoratest.Answer(200, "text/plain", `{"success":false,"reasons":[{"code":53100040,"message":"gone"}]}`))
	server.Handle("GET /v1/untyped", zuoratest.Answer(200, "", `{"success":false,"reasons":[{"code":53100040,"message":"gone"}]}`))
	for _, path := range []string{"/v1/long", "/v1/text", "/v1/untyped", "/v1/missing"} {
		_, err := typed.JSON[order](t.Context(), session, typed.Request{Method: "GET", Path: path}, nil)
		var failed *zuora.Error
		require.ErrorAs(t, err, &failed, path)
		assert.ErrorIs(t, err, zuora.ErrNotFound)
		assert.LessOrEqual(t, len(failed.Body), 64<<10)
	}
}

func TestGzippedResponsesAreUnpacked(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = io.WriteString(w, `{"name":"a"}`)
	_ = w.Close()
	body := packed.Bytes()
	response := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(body)
	}
	got, err := typed.JSON[order](t.Context(), responding(t, response), typed.Request{Method: "GET", Path: "/v1/x"}, nil)
	require.NoError(t, err)
	assert.Equal(t, "a", got.Name)
	body = body[:len(body)-9]
	_, err = typed.JSON[order](t.Context(), responding(t, response), typed.Request{Method: "GET", Path: "/v1/x"}, nil)
	var failed *zuora.DecodeError
	assert.ErrorAs(t, err, &failed)
}

func TestStreamsAreNotRead(t *testing.T) {
	server, session := newSession(t)
	release := make(chan struct{})
	server.HandleFunc("GET /v1/files/{id}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/csv")
		_, _ = io.WriteString(w, "a,b\n")
		_ = http.NewResponseController(w).Flush()
		<-release
		_, _ = io.WriteString(w, "1,2\n")
	})
	server.Handle("GET /v1/files/none", zuoratest.Failed(200, "53100040", "gone"))
	file, err := typed.Stream(t.Context(), session, typed.Request{Method: "GET", Path: "/v1/files/{id}", Keys: []any{"1"}}, nil)
	require.NoError(t, err)
	first := make([]byte, 4)
	_, err = io.ReadFull(file, first)
	require.NoError(t, err)
	close(release)
	rest, err := io.ReadAll(file)
	require.NoError(t, err)
	assert.Equal(t, "a,b\n1,2\n", string(first)+string(rest))
	require.NoError(t, file.Close())
	_, err = typed.Stream(t.Context(), session, typed.Request{Method: "GET", Path: "/v1/files/{id}", Keys: []any{"none"}}, nil)
	assert.ErrorIs(t, err, zuora.ErrNotFound)
}

func TestUploads(t *testing.T) {
	server, session := newSession(t)
	var got []string
	server.HandleFunc("POST /v1/usage", func(w http.ResponseWriter, r *http.Request) {
		_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		assert.NoError(t, err)
		form, err := multipart.NewReader(r.Body, params["boundary"]).ReadForm(1 << 20)
		if !assert.NoError(t, err) || !assert.Len(t, form.File["file"], 1) {
			return
		}
		part := form.File["file"][0]
		file, err := part.Open()
		assert.NoError(t, err)
		text, _ := io.ReadAll(file)
		got = append(got, part.Filename+": "+string(text))
		zuoratest.JSON(map[string]any{"success": true}).ServeHTTP(w, r)
	})
	upload := func(file io.Reader) error {
		_, err := typed.JSON[order](t.Context(), session, typed.Request{Method: "POST", Path: "/v1/usage", Upload: &typed.Upload{Field: "file", Name: "u.csv", File: file}}, nil)
		return err
	}
	require.NoError(t, session.Connect(t.Context()))
	onDisk := filepath.Join(t.TempDir(), "u.csv")
	require.NoError(t, os.WriteFile(onDisk, []byte("skipped,on disk"), 0o600))
	file, err := os.Open(onDisk)
	require.NoError(t, err)
	defer file.Close()
	_, err = file.Seek(int64(len("skipped,")), io.SeekStart)
	require.NoError(t, err)

	server.Expire()
	require.NoError(t, upload(file), "it is sent again from where it stood")
	server.Expire()
	require.NoError(t, upload(strings.NewReader("in memory")))
	server.Expire()
	assert.ErrorIs(t, upload(io.MultiReader(strings.NewReader("one shot"))), zuora.ErrUnauthenticated)
	require.NoError(t, upload(io.MultiReader(strings.NewReader("one shot"))))
	assert.Equal(t, []string{"u.csv: on disk", "u.csv: in memory", "u.csv: one shot"}, got)
}

// A form has its other fields before the file. Without a form the body is the file.
func TestBodiesThatAreNotOnlyAFormOrJSON(t *testing.T) {
	server, session := newSession(t)
	var got []string
	server.HandleFunc("/v1/bulk", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		contentType, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		assert.NoError(t, err)
		if contentType == "multipart/form-data" {
			form, err := multipart.NewReader(bytes.NewReader(body), params["boundary"]).ReadForm(1 << 20)
			assert.NoError(t, err)
			assert.Equal(t, map[string][]string{"kind": {"MPU"}, "params": {`{"a":1}`}}, form.Value)
			assert.Len(t, form.File["file"], 1)
			body = nil
		}

		got = append(got, contentType+" "+string(body))
		zuoratest.JSON(map[string]any{"success": true}).ServeHTTP(w, r)
	})
	for _, r := range []typed.Request{
		{Upload: &typed.Upload{Field: "file", Name: "a.csv", File: strings.NewReader("1,2"), Fields: map[string]string{"params": `{"a":1}`, "kind": "MPU"}}},
		{Upload: &typed.Upload{File: strings.NewReader("1,2"), ContentType: "text/csv"}},
		{Body: map[string]string{"a": "b"}, ContentType: "application/merge-patch+json"},
	} {
		r.Method, r.Path = "POST", "/v1/bulk"
		server.Expire() // it is sent twice
		_, err := typed.JSON[order](t.Context(), session, r, nil)
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"multipart/form-data ", "text/csv 1,2", `application/merge-patch+json {"a":"b"}`}, got)
}

// A transport may still read a body when the response is there. The file is then
// sent again, or the caller's again, and must not be read twice at once.
func TestUploadsAreNotReadByTwo(t *testing.T) {
	release := make(chan struct{})
	var late sync.WaitGroup
	var bodies []string
	caller, err := zuora.NewCaller("https://rest.zuora.example", doer(func(req *http.Request) (*http.Response, error) {
		first := req.Body
		late.Go(func() {
			<-release
			_, err := io.ReadAll(first)
			assert.Error(t, err)
		})
		again, err := req.GetBody()
		require.NoError(t, err)
		text, err := io.ReadAll(again)
		require.NoError(t, err)
		assert.EqualValues(t, req.ContentLength, len(text))
		bodies = append(bodies, string(text))
		return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader("{}")), Request: req}, nil
	}))
	require.NoError(t, err)
	file := strings.NewReader("skipped, sent")
	_, err = file.Seek(9, io.SeekStart)
	require.NoError(t, err)
	_, err = typed.JSON[order](t.Context(), caller, typed.Request{Method: "POST", Path: "/v1/usage", Upload: &typed.Upload{Field: "file", Name: "u.csv", File: file}}, nil)
	require.NoError(t, err)
	_, err = file.Seek(0, io.SeekStart)
	require.NoError(t, err)
	close(release)
	late.Wait()
	assert.Equal(t, 13, file.Len(), "the file is the caller's")
	assert.Contains(t, bodies[0], "\r\n\r\nsent\r\n--")
	assert.NotContains(t, bodies[0], "skipped")
}
