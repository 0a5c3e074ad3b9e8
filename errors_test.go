package zuora_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/zuoratest"
)

var sentinels = []error{zuora.ErrUnauthenticated, zuora.ErrPermissionDenied, zuora.ErrNotFound, zuora.ErrRateLimited, zuora.ErrLocked, zuora.ErrSessionClosed}

func TestErrorIsOfTheKindsThatItsStatusAndCodesSay(t *testing.T) {
	for _, test := range []struct {
		status int
		code   zuora.ReasonCode
		want   error
	}{
		{401, "", zuora.ErrUnauthenticated}, {200, "90000011", zuora.ErrUnauthenticated}, {200, "53200011", zuora.ErrUnauthenticated},
		{200, "INVALID_SESSION", zuora.ErrUnauthenticated}, {200, "fns:INVALID_SESSION", zuora.ErrUnauthenticated},
		{403, "", zuora.ErrPermissionDenied}, {200, "53200010", zuora.ErrPermissionDenied},
		{404, "", zuora.ErrNotFound}, {200, "53200040", zuora.ErrNotFound},
		{429, "", zuora.ErrRateLimited}, {200, "50000070", zuora.ErrRateLimited}, {200, "70", zuora.ErrRateLimited},
		{200, "REQUEST_EXCEEDED_LIMIT", zuora.ErrRateLimited}, {200, "REQUEST_EXCEEDED_RATE", zuora.ErrRateLimited},
		{200, "53200050", zuora.ErrLocked}, {200, "LOCK_COMPETITION", zuora.ErrLocked},
		// Only codes of eight digits have a category.
		{200, "", nil}, {200, "11", nil}, {200, "40", nil}, {200, "5320040", nil}, {200, "532000040", nil}, {200, "532000400", nil}, {200, "5320004x", nil},
		{200, "-5320040", nil}, {200, "53200020", nil}, {200, "INVALID_ID", nil}, {500, "", nil}, {423, "", nil},
	} {
		err := error(&zuora.Error{StatusCode: test.status, Reasons: []zuora.Reason{{Code: "53200020"}, {Code: test.code}}})
		for _, wrapped := range []error{err, fmt.Errorf("call: %w", err), &url.Error{Op: "Get", URL: "https://x", Err: err}} {
			for _, sentinel := range sentinels {
				assert.Equal(t, sentinel == test.want, errors.Is(wrapped, sentinel), "%d %q is %v", test.status, test.code, sentinel)
			}
		}
	}
}

func TestCategories(t *testing.T) {
	for code, want := range map[zuora.ReasonCode]zuora.ReasonCategory{
		"53200010": zuora.CategoryPermissionDenied, "53200011": zuora.CategoryAuthenticationFailed, "53200020": zuora.CategoryInvalidValue,
		"53200021": zuora.CategoryUnknownField, "53200022": zuora.CategoryMissingField, "53200030": zuora.CategoryRuleRestriction,
		"53200040": zuora.CategoryNotFound, "53200045": zuora.CategoryUnsupported, "53200050": zuora.CategoryLocked,
		"53200060": zuora.CategoryInternal, "53200061": zuora.CategoryTemporary, "53200070": zuora.CategoryLimitExceeded,
		"53200090": zuora.CategoryMalformed, "53200099": zuora.CategoryExternal, "": 0, "70": 0, "INVALID_": 0,
	} {
		assert.Equal(t, want, code.Category(), code)
	}
}

// payload is a JSON object of about n bytes that ends in last.
func payload(n int, last string) string {
	return `{"rows":"` + strings.Repeat("x", n) + `",` + last + `}`
}

// Every form of failure, and what only looks like one. Each goes through
// Session.Do, Checked and CheckResponse, which must agree.
func TestFailuresAreErrorsAndDataIsNot(t *testing.T) {
	type reasons = []zuora.Reason
	const crudError = `{"Success":false,"Errors":[{"Code":"INVALID_ID","Message":"no such ID"}]}`
	for what, test := range map[string]struct {
		response http.Handler
		failed   bool
		want     reasons
	}{
		"REST, 200":            {zuoratest.Failed(200, "53200021", "Invalid parameter(s): 'invoice,collect'"), true, reasons{{Code: "53200021", Message: "Invalid parameter(s): 'invoice,collect'"}}},
		"REST, 400":            {zuoratest.Failed(400, "53200020", "no"), true, reasons{{Code: "53200020", Message: "no"}}},
		"REST, code a string":  {zuoratest.Failed(200, "WORD", "no"), true, reasons{{Code: "WORD", Message: "no"}}},
		"REST, code null":      {jsonResponse(`{"success":false,"reasons":[{"code":null,"message":"no"}]}`), true, reasons{{Message: "no"}}},
		"REST, odd code":       {jsonResponse(`{"success":false,"reasons":[{"code":true},{"code":{}},{"code":[1]}]}`), true, reasons{{Code: "true"}, {Code: "{}"}, {Code: "[1]"}}},
		"REST, odd code first": {jsonResponse(`{"reasons":[{"code":true}],"success":false}`), true, reasons{{Code: "true"}}},
		"REST, odd reasons":    {jsonResponse(`{"reasons":"none","success":false}`), true, nil},
		"REST, spaced out":     {jsonResponse("\n{ \"success\"\t:\r\n false }"), true, nil},
		"REST, several":        {jsonResponse(`{"success":false,"reasons":[{"code":1,"message":"a"},{"code":2,"message":"b"}]}`), true, reasons{{Code: "1", Message: "a"}, {Code: "2", Message: "b"}}},
		"CRUD":                 {zuoratest.CRUDFailed("INVALID_ID", "no such ID"), true, reasons{{Code: "INVALID_ID", Message: "no such ID"}}},
		"a CRUD list that all failed": {zuoratest.CRUDList("INVALID_ID", "LOCK_COMPETITION"), true,
			reasons{{Code: "INVALID_ID", Message: "item 0 was not processed"}, {Code: "LOCK_COMPETITION", Message: "item 1 was not processed"}}},
		"a CRUD list of one":    {jsonResponse(" [" + crudError + "]"), true, reasons{{Code: "INVALID_ID", Message: "no such ID"}}},
		"message only":          {zuoratest.ActionUnauthorized(), true, reasons{{Message: "Authentication error"}}},
		"faultcode, 500":        {jsonWithStatus(500, `{"faultcode":"fns:INVALID_VALUE","faultstring":"no"}`), true, reasons{{Code: "fns:INVALID_VALUE", Message: "no"}}},
		"faultcode, 200":        {jsonResponse(`{"faultcode":"fns:INVALID_VALUE","faultstring":"no"}`), true, reasons{{Code: "fns:INVALID_VALUE", Message: "no"}}},
		"rate limit":            {zuoratest.RateLimited(), true, reasons{{Code: "70", Message: "API Rate limit exceeded"}}},
		"concurrency limit":     {zuoratest.ConcurrencyLimited(time.Minute), true, reasons{{Code: "50000070", Message: "The concurrent request limit was exceeded"}}},
		"500, no JSON":          {zuoratest.ServerError(), true, nil},
		"502, HTML":             {zuoratest.HTMLPage(502), true, nil},
		"mislabelled":           {zuoratest.Answer(400, "text/html", `{"success":false,"reasons":[{"code":1}]}`), true, reasons{{Code: "1"}}},
		"empty, 400":            {jsonWithStatus(400, ""), true, nil},
		"cut off, 400":          {jsonWithStatus(400, `{"success":fal`), true, nil},
		"success, 404":          {jsonWithStatus(404, `{"success":true}`), true, nil},
		"302":                   {zuoratest.Answer(302, "text/plain", ""), true, nil},
		"gzipped":               {gzipResponse(200, `{"success":false,"reasons":[{"code":1}]}`), true, reasons{{Code: "1"}}},
		"gzipped, 400":          {gzipResponse(400, `{"success":false,"reasons":[{"code":1}]}`), true, reasons{{Code: "1"}}},
		"chunked":               {chunked(`{"success":false,"reasons":[{"code":1}]}`), true, reasons{{Code: "1"}}},
		"after 60 KiB":          {jsonResponse(payload(60<<10, `"success":false`)), true, nil},
		"after 60 KiB, chunked": {chunked(payload(60<<10, `"success":false`)), true, nil},
		"after 60 KiB, gzipped": {gzipResponse(200, payload(60<<10, `"success":false`)), true, nil},
		"another JSON type":     {zuoratest.Answer(200, "application/vnd.zuora+json", `{"success":false}`), true, nil},
		"JSON by its old name":  {zuoratest.Answer(200, "text/json", `{"success":false}`), true, nil},
		"type in capitals":      {zuoratest.Answer(200, "Application/JSON ; charset=utf-8", `{"success":false}`), true, nil},

		"success":                    {jsonResponse(`{"success":true}`), false, nil},
		"no word of success":         {jsonResponse(`{"records":[]}`), false, nil},
		"a list of which some fail":  {zuoratest.CRUDList("", "INVALID_ID"), false, nil},
		"that, the other way round":  {zuoratest.CRUDList("INVALID_ID", ""), false, nil},
		"a list with another thing":  {jsonResponse("[" + crudError + `,{"Id":"1"}]`), false, nil},
		"a list with a number":       {jsonResponse("[" + crudError + `,1]`), false, nil},
		"an empty list":              {jsonResponse(`[]`), false, nil},
		"nested":                     {jsonResponse(`{"success":true,"results":[{"success":false}]}`), false, nil},
		"nested, no success at top":  {jsonResponse(`{"result":[{"success":false,"reasons":[{"code":1}]}]}`), false, nil},
		"a list in a list":           {jsonResponse(`[[{"Success":false}]]`), false, nil},
		"in a text":                  {jsonResponse(`{"note":"\"success\":false"}`), false, nil},
		"a string":                   {jsonResponse(`"\"success\":false"`), false, nil},
		"success is a string":        {jsonResponse(`{"success":"false"}`), false, nil},
		"success is null":            {jsonResponse(`{"success":null}`), false, nil},
		"a CSV that says so":         {zuoratest.Answer(200, "text/csv", `"success":false`+"\n"), false, nil},
		"JSON by another name":       {zuoratest.Answer(200, "text/plain", `{"success":false}`), false, nil},
		"empty":                      {jsonResponse(``), false, nil},
		"no JSON at all":             {jsonResponse(`<html>"success":false</html>`), false, nil},
		"cut off":                    {jsonResponse(`{"success":false`), false, nil},
		"past 64 KiB":                {jsonResponse(payload(64<<10, `"success":false`)), false, nil},
		"past 64 KiB, chunked":       {chunked(payload(64<<10, `"success":false`)), false, nil},
		"past 64 KiB, gzipped":       {gzipResponse(200, payload(64<<10, `"success":false`)), false, nil},
		"past 64 KiB, success first": {jsonResponse(`{"success":false,` + payload(64<<10, `"a":1`)[1:]), false, nil},
		"304":                        {zuoratest.Answer(304, "application/json", ""), false, nil},
		"204":                        {zuoratest.Answer(204, "application/json", ""), false, nil},
		"fault as a word":            {jsonResponse(`{"note":"faultcode"}`), false, nil},
		"fault beside success":       {jsonResponse(`{"success":true,"faultcode":"x"}`), false, nil},
	} {
		t.Run(what, func(t *testing.T) {
			server := newServer(t, zuoratest.Config{})
			server.Handle("GET /v1/it", test.response)
			session := newSession(t, configFor(server))
			for how, ask := range map[string]func(asked bool) (*http.Response, error){
				"Do": func(asked bool) (*http.Response, error) {
					return session.Do(request(t, session, asked))
				},
				"Checked": func(asked bool) (*http.Response, error) {
					return zuora.Checked(session.HTTPClient()).Do(request(t, session, asked))
				},
				"Checked, with a Timeout": func(asked bool) (*http.Response, error) {
					client := session.HTTPClient()
					client.Timeout = time.Minute // which wraps the body
					return zuora.Checked(client).Do(request(t, session, asked))
				},
				// which sees all of a body, unless that is still compressed
				"CheckResponse": func(asked bool) (*http.Response, error) {
					resp, err := session.HTTPClient().Do(request(t, session, asked))
					require.NoError(t, err)
					body, err := io.ReadAll(resp.Body)
					require.NoError(t, err)
					resp.Body = io.NopCloser(bytes.NewReader(body))
					return resp, zuora.CheckResponse(resp, body)
				},
			} {
				for _, asked := range []bool{true, false} { // for gzip, by the caller itself
					if what == "message only" {
						// One renewal; then the session stands by its resource.
						_, _, err := get(t.Context(), session, "/v1/it")
						require.NoError(t, err)
					}
					resp, err := ask(asked)
					if strings.HasPrefix(what, "past 64 KiB") && how == "CheckResponse" && !(strings.HasSuffix(what, "gzipped") && asked) {
						require.Error(t, err)
						continue
					}
					if !test.failed {
						require.NoError(t, err, how)
						require.NoError(t, resp.Body.Close())
						continue
					}
					var failure *zuora.Error
					require.ErrorAs(t, err, &failure, how)
					assert.Equal(t, test.want, failure.Reasons, how)
					assert.Equal(t, "GET", failure.Method)
					assert.Equal(t, "/v1/it", failure.Path)
					assert.NotContains(t, failure.Header, "Set-Cookie")
					assert.NotContains(t, string(failure.Body), "\x1f\x8b", "the body is decompressed")
				}
			}
		})
	}
}

// A success that is not a bool is ignored: the write with it has succeeded, and is not
// replayed.
func TestSuccessThatIsNoBoolSaysNothing(t *testing.T) {
	for _, value := range []string{`"true"`, `"false"`, `1`, `0`, `2.5e3`, `{}`, `{"success":false}`, `[]`, `[false]`, `null`, `"success\":false"`} {
		for _, name := range []string{"success", "Success"} {
			for _, body := range []string{
				`{"NAME":VALUE,"id":"1","reasons":[{"code":90000011,"message":"odd"}]}`,
				`{"NAME":VALUE,"reasons":[{"code":90000011,"message":"odd"}]}`,
				`{"NAME":VALUE,"results":[{"NAME":true},{"NAME":false}]}`,
				`{"results":[{"NAME":true},{"NAME":false}],"NAME" : VALUE }`,
			} {
				body = strings.NewReplacer("NAME", name, "VALUE", value).Replace(body)
				server := newServer(t, zuoratest.Config{})
				var sent atomic.Int32
				server.HandleFunc("POST /v1/write", func(w http.ResponseWriter, r *http.Request) {
					sent.Add(1)
					jsonResponse(body).ServeHTTP(w, r)
				})
				session := newSession(t, configFor(server))
				resp, err := session.Do(newRequest(t, http.MethodPost, session.Server()+"/v1/write", nil))
				require.NoError(t, err, body)
				got, err := io.ReadAll(resp.Body)
				require.NoError(t, err)
				require.NoError(t, resp.Body.Close())
				assert.Equal(t, body, string(got))
				assert.EqualValues(t, 1, sent.Load(), body)
				assert.Equal(t, 1, server.Logins(), body)
			}
		}
	}
}

func request(t *testing.T, session *zuora.Session, gzip bool) *http.Request {
	req := newRequest(t, http.MethodGet, session.Server()+"/v1/it?token=secret", nil)
	if gzip {
		req.Header.Set("Accept-Encoding", "gzip")
	}
	return req
}

func jsonWithStatus(status int, body string) http.Handler {
	return zuoratest.Answer(status, "application/json;charset=utf-8", body)
}

// The caller gets every byte of the response, even if the session has peeked at it.
func TestBodiesAreHandedOnAsTheyCame(t *testing.T) {
	server := newServer(t, zuoratest.Config{})
	session := newSession(t, configFor(server))
	var sizes []int
	for _, edge := range []int{0, 1, 511, 512, 4 << 10, 64 << 10} {
		sizes = append(sizes, edge, edge+1, edge+2, max(0, edge-1))
	}
	for _, size := range append(sizes, 200<<10) {
		body := []byte(strings.Repeat("0123456789abcdef", size/16+1)[:size])
		for _, kind := range []string{"application/json", "text/csv"} {
			for name, response := range map[string]http.Handler{
				"with its length": zuoratest.Answer(200, kind, string(body)),
				"chunked": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Content-Type", kind)
					for part := range bytes.SplitAfterSeq(body, []byte("f01")) {
						_, _ = w.Write(part)
						if len(body) < 10<<10 {
							_ = http.NewResponseController(w).Flush()
						}
					}
				}),
			} {
				server.Intercept(func(r *http.Request) http.Handler {
					if isLogin(r) {
						return nil
					}
					return response
				})
				for _, do := range []func(*http.Request) (*http.Response, error){session.Do, session.HTTPClient().Do} {
					resp, err := do(newRequest(t, http.MethodGet, session.Server()+"/v1/x", nil))
					require.NoError(t, err)
					got, err := io.ReadAll(iotestOneByte{resp.Body})
					require.NoError(t, err)
					require.NoError(t, resp.Body.Close())
					require.True(t, bytes.Equal(body, got), "%d bytes of %s, %s: %d came", size, kind, name, len(got))
				}
			}
		}
	}
}

// iotestOneByte reads a few bytes at a time.
type iotestOneByte struct{ r io.Reader }

func (r iotestOneByte) Read(p []byte) (int, error) { return r.r.Read(p[:min(len(p), 1000)]) }

// A response that breaks off is returned up to there, with the error.
func TestBodyThatBreaksOffBreaksOff(t *testing.T) {
	server := newServer(t, zuoratest.Config{})
	server.HandleFunc("GET /v1/broken", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"success":tr`)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	session := newSession(t, configFor(server))
	for _, do := range []func(*http.Request) (*http.Response, error){session.Do, session.HTTPClient().Do} {
		resp, err := do(newRequest(t, http.MethodGet, session.Server()+"/v1/broken", nil))
		require.NoError(t, err)
		got, err := io.ReadAll(resp.Body)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		require.Equal(t, `{"success":tr`, string(got))
		require.NoError(t, resp.Body.Close())
	}
}

// Downloads, and JSON past the limit, stream: the server waits in the middle of the body
// until the client has read the part before.
func TestDownloadsStream(t *testing.T) {
	server := newServer(t, zuoratest.Config{})
	for what, test := range map[string]struct {
		kind  string
		first int
	}{
		"a CSV":              {"text/csv", 1},
		"a PDF":              {"application/pdf", 1},
		"JSON past 64 KiB":   {"application/json", 64<<10 + 1},
		"lines of JSON":      {"application/x-ndjson", 1},
		"JSON of no failure": {"application/json", 64<<10 + 1},
	} {
		t.Run(what, func(t *testing.T) {
			for name, checked := range map[string]bool{"Do": true, "HTTPClient": false} {
				got := make(chan struct{})
				server.Intercept(func(r *http.Request) http.Handler {
					if isLogin(r) {
						return nil
					}
					return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						w.Header().Set("Content-Type", test.kind)
						_, _ = w.Write(bytes.Repeat([]byte("x"), test.first))
						_ = http.NewResponseController(w).Flush()
						<-got
						_, _ = io.WriteString(w, "end")
					})
				})
				session := newSession(t, configFor(server))
				do := session.HTTPClient().Do
				if checked {
					do = session.Do
				}
				resp, err := do(newRequest(t, http.MethodGet, session.Server()+"/v1/file", nil))
				require.NoError(t, err, name)
				first := make([]byte, test.first)
				_, err = io.ReadFull(resp.Body, first)
				require.NoError(t, err)
				close(got)
				rest, err := io.ReadAll(resp.Body)
				require.NoError(t, err)
				require.Equal(t, "end", string(rest))
				require.NoError(t, resp.Body.Close())
			}
		})
	}
}

// The session and the check for failures peek at the same bytes, which are read from the
// connection once.
func TestResponseIsPeekedAtOnce(t *testing.T) {
	server := newServer(t, zuoratest.Config{})
	cfg := configFor(server)
	base := cfg.Base
	var reads int
	cfg.Base = roundTripper(func(req *http.Request) (*http.Response, error) {
		resp, err := base.RoundTrip(req)
		if err == nil && !isLogin(req) {
			body := resp.Body
			resp.Body = struct {
				io.Reader
				io.Closer
			}{readerFunc(func(p []byte) (int, error) {
				n, err := body.Read(p)
				reads += n
				return n, err
			}), body}
		}
		return resp, err
	})
	session := newSession(t, cfg)
	for _, size := range []int{100, 5000, 60 << 10} {
		server.Intercept(func(r *http.Request) http.Handler {
			if isLogin(r) {
				return nil
			}
			return chunked(payload(size, `"success":true`))
		})
		reads = 0
		resp, err := session.Do(newRequest(t, http.MethodGet, session.Server()+"/v1/x", nil))
		require.NoError(t, err)
		require.Equal(t, len(payload(size, `"success":true`)), reads, "all of it was looked at")
		got, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Equal(t, len(got), reads, "and none of it was read again")
		require.NoError(t, resp.Body.Close())
	}
}

// A second peek, after the caller has begun to read the body, loses no byte and repeats
// none.
func TestBodyIsPeekedAtAgainAfterAReadHasBegun(t *testing.T) {
	server := newServer(t, zuoratest.Config{})
	session := newSession(t, configFor(server))
	for _, size := range []int{100, 4 << 10, 4<<10 + 1, 10 << 10, 100 << 10} {
		for _, begun := range []int{1, 99, 100, 4 << 10, 4<<10 + 1} {
			path, want := fmt.Sprintf("/v1/%d/%d", size, begun), payload(size, `"success":true`)
			server.Handle("GET "+path, chunked(want))
			twice := zuora.Checked(zuora.Checked(doer(func(req *http.Request) (*http.Response, error) {
				resp, err := session.HTTPClient().Do(req)
				if err == nil {
					_, err = io.CopyN(io.Discard, resp.Body, int64(min(begun, len(want))))
				}
				return resp, err
			})))
			resp, err := twice.Do(newRequest(t, http.MethodGet, session.Server()+path, nil))
			require.NoError(t, err)
			got, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			require.Equal(t, want[min(begun, len(want)):], string(got), "%d bytes, %d of them read before", size, begun)
			require.NoError(t, resp.Body.Close())
		}
	}
}

// The end of a body is not judged as if it were the whole body.
func TestEndOfABodyIsNotAResponse(t *testing.T) {
	server := newServer(t, zuoratest.Config{})
	server.Handle("GET /v1/x", chunked(strings.Repeat("x", 4<<10+1)+`{"success":false}`))
	session := newSession(t, configFor(server))
	resp, err := zuora.Checked(doer(func(req *http.Request) (*http.Response, error) {
		resp, err := session.HTTPClient().Do(req)
		if err == nil {
			_, err = io.CopyN(io.Discard, resp.Body, 4<<10+1)
		}
		return resp, err
	})).Do(newRequest(t, http.MethodGet, session.Server()+"/v1/x", nil))
	require.NoError(t, err)
	rest, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, `{"success":false}`, string(rest))
	require.NoError(t, resp.Body.Close())
}

// Responses that are peeked at at the same time do not mix, whether they are read to
// their ends or not.
func TestBodiesOfManyCallersAreTheirOwn(t *testing.T) {
	session := newSession(t, zuora.SessionConfig{
		Server: "https://rest.zuora.example", Credentials: zuora.Credentials{AccessKeyID: "u", SecretAccessKey: "s"},
		Base: responding(func(path string) string { return payload(3000, `"is":"`+path+`"`) }),
	})
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for n := range 50 {
				responses := map[string]*http.Response{}
				for _, which := range []string{"a", "b"} {
					path := fmt.Sprintf("/v1/%d%s", i, which)
					resp, err := session.Do(newRequest(t, http.MethodGet, session.Server()+path, nil))
					if !assert.NoError(t, err) {
						return
					}
					responses[path] = resp
				}
				for path, resp := range responses {
					want := payload(3000, `"is":"`+path+`"`)
					part := make([]byte, min(n*100, len(want)))
					_, err := io.ReadFull(resp.Body, part)
					assert.NoError(t, err)
					assert.NoError(t, resp.Body.Close())
					assert.Equal(t, want[:len(part)], string(part))
				}
			}
		})
	}
	wg.Wait()
}

func TestErrorIsOneBoundedLine(t *testing.T) {
	resp := &http.Response{
		StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}, "Zuora-Request-Id": {"6b1f0a52-8f0e-4d6c-9a07-3f2f5d1c7e44"}},
		Request: newRequest(t, http.MethodPost, "https://rest.zuora.example/v1/accounts?token=secret#fragment", nil),
	}
	err := zuora.CheckResponse(resp, []byte(`{"success":false,"processId":"E3B4","reasons":[{"code":53200021,"message":"Invalid parameter(s): 'invoice,collect'"}]}`))
	require.EqualError(t, err, "zuora: POST /v1/accounts: 200 OK, not successful: 53200021 Invalid parameter(s): 'invoice,collect' (request 6b1f0a52-8f0e-4d6c-9a07-3f2f5d1c7e44)")

	long := strings.Repeat("long\u0000\u001b[31m\u2028\n", 1000)
	reasons := make([]map[string]any, 50)
	for i := range reasons {
		reasons[i] = map[string]any{"code": long, "message": long}
	}
	body, merr := json.Marshal(map[string]any{"success": false, "requestId": long, "reasons": reasons[:2]})
	require.NoError(t, merr)
	reason := `{"code":"` + strings.Repeat("code", 100) + `","message":"` + strings.Repeat(`long\u0000\u001b[31m\n`, 100) + `"}`
	for _, test := range []struct {
		status int
		kind   string
		body   []byte
	}{
		{400, "application/json", body},
		{400, "application/json", []byte(`{"success":false,"reasons":[` + strings.Repeat(reason+",", 9) + reason + `]}`)},
		{500, "text/plain", []byte(long)},
		{500, long, []byte(long)},
		{502, "text/html", []byte("\xff\xfe\x00")},
	} {
		resp := &http.Response{StatusCode: test.status, Header: http.Header{"Content-Type": {test.kind}, "Set-Cookie": {"ZSession=abc"}}}
		resp.Request = newRequest(t, http.MethodGet, "https://rest.zuora.example/v1/"+url.PathEscape(long)+"?token=secret", nil)
		err := zuora.CheckResponse(resp, test.body)
		require.Error(t, err)
		text := err.Error()
		assert.LessOrEqual(t, len(text), 1500)
		assert.NotContains(t, text, "secret")
		assert.NotContains(t, text, "abc")
		for _, r := range text {
			assert.True(t, strconv.IsPrint(r), "%q in %q", r, text)
		}
	}
	many, merr := json.Marshal(map[string]any{"success": false, "reasons": []any{
		map[string]any{"code": 1}, map[string]any{"code": 2, "message": "two"}, map[string]any{"code": 3}, map[string]any{"code": 4}, map[string]any{"code": 5}}})
	require.NoError(t, merr)
	require.EqualError(t, zuora.CheckResponse(resp, many),
		"zuora: POST /v1/accounts: 200 OK, not successful: 1; 2 two; 3; and 2 more (request 6b1f0a52-8f0e-4d6c-9a07-3f2f5d1c7e44)")
	resp.Header = http.Header{"Content-Type": {"application/json"}}
	require.EqualError(t, zuora.CheckResponse(resp, []byte(`{"success":false,"processId":"E3B4"}`)),
		"zuora: POST /v1/accounts: 200 OK, not successful: 36 bytes of application/json (process E3B4)")
	resp.Request = nil
	require.ErrorContains(t, zuora.CheckResponse(resp, []byte(`{"success":false}`)), "200 OK, not successful")
	require.ErrorContains(t, zuora.CheckResponse(nil, nil), "no response")
}

func TestErrorAsLogValue(t *testing.T) {
	var text bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	logger.Info("call", "error", &zuora.Error{
		Method: "GET", Path: "/v1/x", StatusCode: 429, RetryAfter: 2 * time.Minute, RequestID: "r", ProcessID: "p",
		Reasons: []zuora.Reason{{Code: "50000070", Message: "too\nmany"}}, Body: []byte("body"),
	})
	require.Equal(t, `level=INFO msg=call error.method=GET error.path=/v1/x error.status=429 error.reasons="50000070 too many" `+
		`error.request_id=r error.process_id=p error.retry_after=2m0s`+"\n", text.String())
}

func TestRetryAfterAndTheLimitsHeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inTwoMinutes := time.Now().Add(2 * time.Minute).UTC().Format(http.TimeFormat)
		for _, test := range []struct {
			status int
			header http.Header
			want   time.Duration
		}{
			{429, http.Header{"Retry-After": {"120"}}, 2 * time.Minute},
			{429, http.Header{"Retry-After": {inTwoMinutes}}, 2 * time.Minute},
			{503, http.Header{"Retry-After": {"5"}}, 5 * time.Second},
			{429, http.Header{"Ratelimit-Reset": {"30"}}, 30 * time.Second},
			{429, http.Header{"Retry-After": {"7"}, "Ratelimit-Reset": {"30"}}, 7 * time.Second},
			{503, http.Header{"Ratelimit-Reset": {"30"}}, 0},
			{429, http.Header{}, 0},
			{429, http.Header{"Retry-After": {"soon"}}, 0},
			{429, http.Header{"Retry-After": {"-5"}}, 0},
			{429, http.Header{"Retry-After": {"Sat, 01 Jan 1999 00:00:00 GMT"}}, 0},
			{429, http.Header{"Retry-After": {"9223372036854775807"}}, 24 * time.Hour},
			{429, http.Header{"Retry-After": {"99999999999999999999"}}, 0},
		} {
			var failure *zuora.Error
			require.ErrorAs(t, zuora.CheckResponse(&http.Response{StatusCode: test.status, Header: test.header}, nil), &failure)
			assert.Equal(t, test.want, failure.RetryAfter, "%v", test.header)
		}
	})
	header := http.Header{}
	for name, value := range map[string]string{
		"RateLimit-Limit": "2250000, 50000;w=60", "RateLimit-Remaining": "1", "RateLimit-Reset": "2", "Concurrency-Limit-Type": "Default",
		"Concurrency-Limit-Limit": "40", "Concurrency-Limit-Remaining": "0", "Retry-After": "3", "Zuora-Request-Id": "r", "Zuora-Track-Id": "t",
		"Content-Type": "application/json",
	} {
		header.Set(name, value)
	}
	all := header.Clone()
	all.Set("Set-Cookie", "ZSession=abc")
	all.Set("Www-Authenticate", "x")
	all.Set("Location", "https://elsewhere.example/?token=secret")
	var failure *zuora.Error
	require.ErrorAs(t, zuora.CheckResponse(&http.Response{StatusCode: 429, Header: all}, []byte(`{"requestId":"from the body"}`)), &failure)
	require.Equal(t, header, failure.Header)
	require.Equal(t, "from the body", failure.RequestID)
	require.ErrorAs(t, zuora.CheckResponse(&http.Response{StatusCode: 429, Header: all}, nil), &failure)
	require.Equal(t, "r", failure.RequestID)
}

func TestErrorKeepsABoundedBody(t *testing.T) {
	server := newServer(t, zuoratest.Config{})
	server.Handle("GET /v1/long", zuoratest.Answer(500, "text/plain", strings.Repeat("x", 1<<20)))
	session := newSession(t, configFor(server))
	_, err := session.Do(newRequest(t, http.MethodGet, session.Server()+"/v1/long", nil))
	var failure *zuora.Error
	require.ErrorAs(t, err, &failure)
	require.Len(t, failure.Body, 64<<10)
	require.ErrorAs(t, zuora.CheckResponse(&http.Response{StatusCode: 500}, make([]byte, 1<<20)), &failure)
	require.Len(t, failure.Body, 64<<10)
}

// A short body that inflates to a long one is inflated only up to the limit.
func TestGzippedBodyIsInflatedToTheBound(t *testing.T) {
	body := compress(`{"success":false,"rows":"` + strings.Repeat(" ", 16<<20) + `"}`)
	require.Less(t, len(body), 64<<10)
	header := http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := zuora.CheckResponse(&http.Response{StatusCode: 200, Header: header}, body)
	runtime.ReadMemStats(&after)
	require.NoError(t, err, "longer than what is looked at")
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(4<<20))
}

// A body that was decompressed for the check is returned compressed.
func TestGzippedBodyIsHandedOnAsItCame(t *testing.T) {
	server := newServer(t, zuoratest.Config{})
	const text = `{"success":true,"rows":["\"success\":false"]}`
	server.Handle("GET /v1/it", gzipResponse(200, text))
	session := newSession(t, configFor(server))
	for asked, want := range map[bool]string{true: string(compress(text)), false: text} {
		resp, err := session.Do(request(t, session, asked))
		require.NoError(t, err)
		got, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, want, string(got))
	}
}

// The error of a login that fails in a call is found, and does not contain the call's
// query.
func TestLoginThatFailsUnderACall(t *testing.T) {
	server := newServer(t, zuoratest.Config{})
	cfg := configFor(server)
	cfg.Credentials = zuora.Credentials{AccessKeyID: "nobody", SecretAccessKey: "nothing"}
	session := newSession(t, cfg)
	req := newRequest(t, http.MethodGet, session.Server()+"/v1/ok?token=secret", nil)
	_, err := session.Do(req)
	require.ErrorIs(t, err, zuora.ErrUnauthenticated)
	require.NotContains(t, err.Error(), "secret")
	require.ErrorContains(t, err, server.URL+"/v1/ok")
	_, plain := session.HTTPClient().Do(req.Clone(context.Background()))
	for _, err := range []error{err, plain} {
		var failure *zuora.Error
		require.ErrorAs(t, err, &failure)
		require.Equal(t, "/v1/connections", failure.Path)
		require.Equal(t, http.MethodPost, failure.Method)
		require.NotContains(t, failure.Error(), "secret")
		require.Positive(t, failure.RetryAfter)
	}
}

func TestBodyOfAFailureIsClosed(t *testing.T) {
	server := newServer(t, zuoratest.Config{})
	server.Handle("GET /v1/failed", zuoratest.Failed(200, "53200020", "no"))
	server.Handle("GET /v1/broken", zuoratest.ServerError())
	server.Handle("GET /v1/long", zuoratest.Answer(500, "text/plain", strings.Repeat("x", 1<<20)))
	cfg := configFor(server)
	base := cfg.Base
	var open atomic.Int32
	cfg.Base = roundTripper(func(req *http.Request) (*http.Response, error) {
		resp, err := base.RoundTrip(req)
		if err == nil {
			open.Add(1)
			resp.Body = &closeOnce{ReadCloser: resp.Body, closed: func() { open.Add(-1) }}
		}
		return resp, err
	})
	session := newSession(t, cfg)
	for _, path := range []string{"/v1/failed", "/v1/broken", "/v1/long"} {
		for _, doer := range []zuora.HttpRequestDoer{session, zuora.Checked(session.HTTPClient())} {
			_, err := doer.Do(newRequest(t, http.MethodGet, session.Server()+path, nil))
			require.Error(t, err)
			require.Zero(t, open.Load(), path)
		}
	}
}

// The plain client returns no errors for failed calls.
func TestPlainClientMakesNoErrors(t *testing.T) {
	server := newServer(t, zuoratest.Config{})
	server.Handle("GET /v1/failed", zuoratest.Failed(200, "53200020", "no"))
	server.Handle("GET /v1/broken", zuoratest.ServerError())
	session := newSession(t, configFor(server))
	status, body, err := get(t.Context(), session, "/v1/failed")
	require.NoError(t, err)
	require.Equal(t, 200, status)
	require.Contains(t, body, "53200020")
	requireStatus(t, session, "/v1/broken", 500)
}

// Checked returns the error of a doer unchanged.
func TestCheckedPassesErrorsOn(t *testing.T) {
	broken := errors.New("broken")
	_, err := zuora.Checked(doer(func(*http.Request) (*http.Response, error) { return nil, broken })).Do(newRequest(t, http.MethodGet, "https://x.example", nil))
	require.ErrorIs(t, err, broken)
	resp, err := zuora.Checked(doer(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}}, nil
	})).Do(newRequest(t, http.MethodGet, "https://x.example", nil))
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close(), "a doer without a body is no reason to panic")
	resp, err = zuora.Checked(doer(func(*http.Request) (*http.Response, error) { return nil, nil })).Do(newRequest(t, http.MethodGet, "https://x.example", nil))
	require.EqualError(t, err, "zuora: the doer returned neither a response nor an error")
	require.Nil(t, resp)
}

type doer func(*http.Request) (*http.Response, error)

func (f doer) Do(req *http.Request) (*http.Response, error) { return f(req) }

func TestDecodeErrorSaysWhetherZuoraActed(t *testing.T) {
	e := &zuora.DecodeError{Method: "POST", Path: "/v1/accounts", StatusCode: 200, Body: []byte("<html>"), Err: io.ErrUnexpectedEOF}
	require.EqualError(t, e, "zuora: POST /v1/accounts: 200 OK, but the response (6 bytes) cannot be read; it is not known whether Zuora acted, so do not repeat a write unchecked: unexpected EOF")
	require.ErrorIs(t, e, io.ErrUnexpectedEOF)
	e.Fields, e.Err = []string{"a", "b[1].c", "d"}, nil
	require.EqualError(t, e, "zuora: POST /v1/accounts: 200 OK, but the response does not fit at a, b[1].c, d; Zuora has acted, so do not repeat a write")
	e.Fields, e.Err = append(e.Fields, "e", "f"), errors.New("zuora: it's odd")
	require.EqualError(t, e, "zuora: POST /v1/accounts: 200 OK, but the response does not fit at a, b[1].c, d and 2 more; Zuora has acted, so do not repeat a write: it's odd")
	require.EqualError(t, &zuora.DecodeError{Fields: []string{"a"}}, "zuora: the response does not fit at a", "no call, no word of one")
	require.EqualError(t, &zuora.DecodeError{}, "zuora: the response (0 bytes) cannot be read")

	odd := strings.Repeat("x\n\x1b\xff", 10_000)
	e = &zuora.DecodeError{Method: odd, Path: odd, StatusCode: 299, Fields: []string{odd, odd, odd, odd}, Err: errors.New(odd)}
	require.Less(t, len(e.Error()), 1500)
	require.NotContains(t, e.Error(), "\n")
	require.NotContains(t, e.Error(), "\x1b")
}

// A failure that contains a cookie in any form is still a failure, with its reasons.
func TestCookiesInFailuresHideNoFailure(t *testing.T) {
	for _, body := range []string{
		`{"success":false,"reasons":[{"code":50000040,"message":"x"}],"c":{"ZSession":null}}`,
		`{"success":false,"reasons":[{"code":50000040,"message":"x"}],"c":{"ZSession":["c0ffee"]}}`,
		`{"success":false,"reasons":[{"code":50000040,"message":"x"}],"c":{"ZSession":{"value":"c0ffee"}}}`,
		`{"success":false,"reasons":[{"code":50000040,"message":"x"}],"c":{"ZSession":true}}`,
		`{"success":false,"reasons":[{"code":50000040,"message":"x"}],"c":[{"name":"ZSession","value":"c0ffee"}]}`,
		`{"success":false,"reasons":[{"code":50000040,"message":"bad ZSession=\\"}]}`,
		`{"success":false,"reasons":[{"code":50000040,"message":"missing cookie ZSession="}]}`,
		`{"success":false,"reasons":[{"code":50000040,"message":"missing cookie ZSession:"}]}`,
		`{"success":false,"reasons":[{"code":50000040,"message":"{\"c\":\"ZSession=a\\u002bc0ffee\"}"}]}`,
		`{"success":false,"reasons":[{"code":50000040,"message":"ZSession='c0ffee' ZSession=<c0ffee> ZSession%3Dc0ffee"}]}`,
		`{"success":false,"reasons":[{"code":50000040,"message":"ZSession:\tc0ffee ZSession\u003ac0ffee ZSession\u0022:\u0022c0ffee"}]}`,
		`[{"Success":false,"Errors":[{"Code":"50000040","Message":"Cookie: ZSession="}]}]`,
	} {
		for _, status := range []int{200, 404} {
			var failure *zuora.Error
			require.ErrorAs(t, zuora.CheckResponse(&http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}}, []byte(body)), &failure, body)
			require.Len(t, failure.Reasons, 1, body)
			require.ErrorIs(t, failure, zuora.ErrNotFound)
			require.NotContains(t, fmt.Sprintf("%v %+v %s", failure, failure.Reasons, failure.Body), "c0ffee")
		}
	}
}

// Two goroutines that read one body at the same time, which is wrong, do not mix up other
// bodies.
func TestBodyWithTwoReadersHarmsNoOther(t *testing.T) {
	session := newSession(t, zuora.SessionConfig{
		Server: "https://rest.zuora.example", Credentials: zuora.Credentials{AccessKeyID: "u", SecretAccessKey: "s"},
		Base: responding(func(path string) string { return strings.Repeat(path[len("/v1/"):], 500) }),
	})
	ask := func(path string) io.Reader {
		resp, err := session.HTTPClient().Get(session.Server() + "/v1/" + path)
		if !assert.NoError(t, err) {
			return strings.NewReader("")
		}
		return resp.Body
	}
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for range 2000 {
				body := ask("b")
				var both sync.WaitGroup
				for range 2 {
					both.Go(func() { _, _ = io.Copy(io.Discard, body) })
				}
				both.Wait()
			}
		})
		wg.Go(func() {
			for range 2000 {
				body, err := io.ReadAll(ask("c"))
				assert.NoError(t, err)
				if !assert.Equal(t, strings.Repeat("c", 500), string(body)) {
					return
				}
			}
		})
	}
	wg.Wait()
}

// Failures are read by exact keys. encoding/json would ignore their case.
func TestEnvelopesAreReadByExactKeys(t *testing.T) {
	eachKind(t, func(t *testing.T, kind loginKind) {
		header := http.Header{"Content-Type": {"application/json"}}
		for body, failed := range map[string]bool{
			`{"success":false}`:                                                         true,
			`{"Success":false}`:                                                         true,
			`{"success":true,"Success":false}`:                                          true,
			`{"success":false,"Success":true}`:                                          true,
			`{"SUCCESS":false}`:                                                         false,
			`{"SUCCESS":false,"rows":[{"success":false}]}`:                              false,
			`{"\u017fuccess":false,"rows":[{"success":false}]}`:                         false,
			`{"faultCode":"x","rows":[{"success":false}]}`:                              false,
			strings.Repeat("[", 9000) + strings.Repeat("]", 9000):                       false,
			strings.Repeat("[", 9000) + `{"success":false}` + strings.Repeat("]", 9000): false,
		} {
			err := zuora.CheckResponse(&http.Response{StatusCode: 200, Header: header}, []byte(body))
			assert.Equal(t, failed, err != nil, "%.60s", body)
		}
		// None of these is so plainly the session's end that a write may be repeated.
		for _, body := range []string{
			`{"success":false,"reasons":[{"code":53200020}],"reasons":[{"code":90000011}]}`,
			`{"success":false,"reasons":[{"code":90000011}],"reasons":[{"message":"other"}]}`,
			`{"SUCCESS":false,"REASONS":[{"CODE":90000011}]}`,
			`{"success":false,"reasons":[{"code":90000011}],"errors":"something"}`,
			`{"success":false,"reasons":[{"code":90000011}],"faultcode":"x"}`,
			`{"faultCode":"fns:INVALID_SESSION"}`,
		} {
			server := newServer(t, zuoratest.Config{})
			var calls atomic.Int32
			server.HandleFunc("POST /v1/write", func(w http.ResponseWriter, r *http.Request) {
				calls.Add(1)
				jsonResponse(body).ServeHTTP(w, r)
			})
			_, _, err := send(t.Context(), newSession(t, kind.configFor(server)), http.MethodPost, "/v1/write", nil)
			require.NoError(t, err)
			require.EqualValues(t, 1, calls.Load(), body)
		}
	})
}

// An Error without a status is of no kind by its status.
func TestErrorWithoutAStatusIsOfNoKind(t *testing.T) {
	for _, sentinel := range sentinels {
		assert.Equal(t, sentinel == zuora.ErrNotFound, errors.Is(&zuora.Error{Reasons: []zuora.Reason{{Code: "50000040"}}}, sentinel))
		assert.NotErrorIs(t, &zuora.Error{}, sentinel)
	}
}

func TestErrorsBodyIsItsOwn(t *testing.T) {
	body := []byte("We're sorry")
	var failure *zuora.Error
	require.ErrorAs(t, zuora.CheckResponse(&http.Response{StatusCode: 500}, body), &failure)
	body[0] = 'x'
	require.Equal(t, "We're sorry", string(failure.Body))
}

// Failures with status 200 that are read at the same time do not mix either. Their ends
// arrive after their beginnings.
func TestFailuresOfManyCallersAreTheirOwn(t *testing.T) {
	session := newSession(t, zuora.SessionConfig{
		Server: "https://rest.zuora.example", Credentials: zuora.Credentials{AccessKeyID: "u", SecretAccessKey: "s"},
		Base: responding(func(path string) string {
			return `{"success":false,"reasons":[{"code":50000020,"message":"` + strings.Repeat(path[len("/v1/"):], 100) + `"}]}`
		}),
	})
	var wg sync.WaitGroup
	for _, caller := range []string{"a", "b", "c", "d"} {
		wg.Go(func() {
			for range 500 {
				_, err := session.Do(newRequest(t, http.MethodGet, session.Server()+"/v1/"+caller, nil))
				var failure *zuora.Error
				if !assert.ErrorAs(t, err, &failure) || !assert.Equal(t, strings.Repeat(caller, 100), failure.Reasons[0].Message) {
					return
				}
			}
		})
	}
	wg.Wait()
}
