package zuora_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/zuoratest"
)

// failureCase is a response and its expected reading.
type failureCase struct {
	Name        string
	Status      int
	ContentType string `json:"content_type"`
	Body        json.RawMessage
	Raw         string // in place of Body

	Failed  bool
	Reasons [][2]string // code and message
	Is      []string
	IsNot   []string `json:"is_not"`

	Replayed bool
	Sent     int  // 0: once, or twice if it is replayed
	Renewed  bool `json:"renewed_before_the_next_call"`
}

func (c failureCase) handler() http.Handler {
	return zuoratest.Answer(c.Status, cmp.Or(c.ContentType, "application/json;charset=utf-8"), cmp.Or(c.Raw, string(c.Body)))
}

// TestEachKindOfFailure reads the cases in testdata: each through Session.Do,
// Checked and CheckResponse.
func TestEachKindOfFailure(t *testing.T) {
	for _, c := range failureCases(t) {
		t.Run(c.Name, func(t *testing.T) { c.check(t) })
	}
}

// A call is replayed if its response says in at most 4 KiB that the session has expired,
// blanks included.
func TestRule03_LongBodyIsNotReplayed(t *testing.T) {
	for _, body := range []string{`{"FaultCode":"INVALID_SESSION"}`, `{"success":false,"reasons":[{"code":90000011}]}`} {
		for _, size := range []int{4 << 10, 4<<10 + 1} {
			blanks := strings.Repeat(" ", size-len(body))
			for _, body := range []string{blanks + body, body + blanks} {
				failureCase{
					Status: http.StatusOK, Raw: body, Failed: true,
					Replayed: size <= 4<<10, Renewed: size > 4<<10 && strings.Contains(body, "INVALID_SESSION"),
				}.check(t)
			}
		}
	}
}

// failureCases returns the cases in testdata: failures.json has one of each kind,
// more-failures.json similar ones.
func failureCases(t testing.TB) (all []failureCase) {
	t.Helper()
	for _, file := range []string{"testdata/failures.json", "testdata/more-failures.json"} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		var cases []failureCase
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.DisallowUnknownFields()
		require.NoError(t, decoder.Decode(&cases))
		require.NotEmpty(t, cases)
		all = append(all, cases...)
	}
	return all
}

func (c failureCase) check(t *testing.T) {
	server := newServer(t, zuoratest.Config{})
	var sent atomic.Int32
	server.HandleFunc("POST /v1/it", func(w http.ResponseWriter, r *http.Request) {
		if sent.Add(1) == 1 {
			c.handler().ServeHTTP(w, r)
			return
		}
		jsonResponse(`{"success":true,"id":"of the replay"}`).ServeHTTP(w, r)
	})
	session := newSession(t, configFor(server))
	resp, err := session.Do(newRequest(t, http.MethodPost, session.Server()+"/v1/it", nil))
	wantSent, wantLogins := 1, 1
	if c.Replayed {
		wantSent, wantLogins = 2, 2
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
	} else {
		c.checkVerdict(t, err)
		if err == nil {
			c.checkBody(t, resp)
		}
	}
	assert.EqualValues(t, cmp.Or(c.Sent, wantSent), sent.Load(), "sent")
	assert.Equal(t, wantLogins, server.Logins(), "logins")
	requireStatus(t, session, "/v1/ok", http.StatusOK)
	if c.Renewed {
		wantLogins++
	}
	assert.Equal(t, wantLogins, server.Logins(), "logins before the next call")

	for _, encoding := range []string{"", "gzip"} {
		ask := func() *http.Response {
			body := cmp.Or(c.Raw, string(c.Body))
			if encoding == "gzip" {
				body = string(compress(body))
			}
			return &http.Response{
				StatusCode: c.Status, Body: io.NopCloser(bytes.NewReader([]byte(body))), ContentLength: int64(len(body)),
				Header: http.Header{"Content-Type": {cmp.Or(c.ContentType, "application/json;charset=utf-8")}, "Content-Encoding": {encoding}},
			}
		}
		resp, err = zuora.Checked(doer(func(*http.Request) (*http.Response, error) { return ask(), nil })).Do(nil)
		c.checkVerdict(t, err)
		if err == nil {
			require.NoError(t, resp.Body.Close())
		}
		resp = ask()
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		c.checkVerdict(t, zuora.CheckResponse(resp, body))
	}
}

func (c failureCase) checkBody(t *testing.T, resp *http.Response) {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, cmp.Or(c.Raw, string(c.Body)), string(body))
}

var sentinelNames = map[string]error{
	"ErrUnauthenticated": zuora.ErrUnauthenticated, "ErrPermissionDenied": zuora.ErrPermissionDenied, "ErrNotFound": zuora.ErrNotFound,
	"ErrRateLimited": zuora.ErrRateLimited, "ErrLocked": zuora.ErrLocked, "ErrSessionClosed": zuora.ErrSessionClosed,
}

func (c failureCase) checkVerdict(t *testing.T, err error) {
	t.Helper()
	if !c.Failed {
		assert.NoError(t, err)
		return
	}
	var failure *zuora.Error
	if !assert.ErrorAs(t, err, &failure) {
		return
	}
	if c.Reasons != nil {
		var reasons [][2]string
		for _, r := range failure.Reasons {
			reasons = append(reasons, [2]string{string(r.Code), r.Message})
		}
		assert.Equal(t, c.Reasons, reasons)
	}
	for name, sentinel := range sentinelNames {
		if c.Is != nil {
			assert.Equal(t, slices.Contains(c.Is, name), errors.Is(err, sentinel), name)
		}
	}
	for _, name := range c.IsNot {
		assert.NotErrorIs(t, err, sentinelNames[name])
	}
}

// stalling writes begin, waits, and writes end, if the client is there still. If
// wait is 0, it waits for the client to go away.
func stalling(status int, header http.Header, begin string, wait time.Duration, end string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, values := range header {
			w.Header()[name] = values
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, begin)
		_ = http.NewResponseController(w).Flush()
		var later <-chan time.Time
		if wait > 0 {
			later = time.After(wait)
		}
		select {
		case <-later:
			_, _ = io.WriteString(w, end)
		case <-r.Context().Done():
		}
	})
}

// Do does not wait for a failure whose body stalls: it keeps what arrives in 2 seconds.
func TestFailureWhoseBodyStallsIsReturned(t *testing.T) {
	const begin = `{"success":false,"reasons":[{"code":50000060,"message":"m"}],"requestId":"r","x":"`
	asJSON, asText := http.Header{"Content-Type": {"application/json"}}, http.Header{"Content-Type": {"text/plain"}}
	zipped := http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}}
	halfZipped := string(compress(begin + strings.Repeat("0123456789", 1000)))
	for what, test := range map[string]struct {
		handler http.Handler
		body    string
		reasons []zuora.Reason
	}{
		"500":           {stalling(500, asJSON, begin, 0, ""), begin, []zuora.Reason{{Code: "50000060", Message: "m"}}},
		"500, too late": {stalling(500, asJSON, begin, 3*time.Second, `"}`), begin, []zuora.Reason{{Code: "50000060", Message: "m"}}},
		"500, in time":  {stalling(500, asJSON, begin, time.Second, `"}`), begin + `"}`, []zuora.Reason{{Code: "50000060", Message: "m"}}},
		"404, no JSON":  {stalling(404, asText, "not fou", 0, ""), "not fou", nil},
		"503, nothing":  {stalling(503, asText, "", 0, ""), "", nil},
		"302":           {stalling(302, asText, "", 0, ""), "", nil},
		"429, long":     {stalling(429, asJSON, payload(10<<10, ``), 0, ""), payload(10<<10, ``), nil},
		"200":           {stalling(200, asJSON, begin, 0, ""), begin, []zuora.Reason{{Code: "50000060", Message: "m"}}},
		"200, a fault":  {stalling(200, asJSON, ` {"FaultCode":"X","x":"`, 0, ""), ` {"FaultCode":"X","x":"`, []zuora.Reason{{Code: "X"}}},
		"200, in between": {stalling(200, asJSON, `{"processId":"p","accountId":"a","success":false,"reasons":[{"code":1}],"x":"`, 0, ""),
			`{"processId":"p","accountId":"a","success":false,"reasons":[{"code":1}],"x":"`, []zuora.Reason{{Code: "1"}}},
		"400, gzipped":   {stalling(400, zipped, halfZipped[:len(halfZipped)-20], 0, ""), "", nil},
		"500, trickling": {trickling(500, 30*time.Millisecond), strings.Repeat("x", 66), nil},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tenant := inMemory(zuoratest.Config{})
				defer tenant.Close()
				tenant.Handle("POST /v1/it", test.handler)
				session := newSession(t, inMemoryConfig(tenant))
				require.NoError(t, session.Connect(t.Context()))
				for _, doer := range []zuora.HttpRequestDoer{session, zuora.Checked(session.HTTPClient()), zuora.Checked(zuora.Checked(session.HTTPClient()))} {
					begun := time.Now()
					_, err := doer.Do(newRequest(t, http.MethodPost, session.Server()+"/v1/it", nil))
					assert.LessOrEqual(t, time.Since(begun), 2*time.Second)
					var failure *zuora.Error
					require.ErrorAs(t, err, &failure)
					if !strings.Contains(what, "gzipped") {
						assert.Equal(t, test.body, string(failure.Body))
						assert.Equal(t, test.reasons, failure.Reasons)
					}
				}
			})
		})
	}
}

// trickling writes a byte at a time until the client goes away.
func trickling(status int, pause time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		for {
			_ = http.NewResponseController(w).Flush()
			select {
			case <-time.After(pause):
				_, _ = io.WriteString(w, "x")
			case <-r.Context().Done():
				return
			}
		}
	})
}

// The session waits for what may still be a success. A plain client gets the whole body
// of a failure, however long that takes.
func TestSlowBodyIsHandedOnWhole(t *testing.T) {
	asJSON := http.Header{"Content-Type": {"application/json"}}
	for what, test := range map[string]struct {
		status int
		begin  string
		plain  bool
	}{
		"a success":                   {200, `{"success":true,"x":"`, false},
		"a success of unknown end":    {200, `{"x":"`, false},
		"hardly anything":             {200, `{"succ`, false},
		"nothing":                     {200, ``, false},
		"a record with a false field": {200, `{"valid":false,"x":"`, false},
		"an envelope without success": {200, `{"processId":"p","reasons":[{"code":1}],"x":"`, false},
		"a success in between":        {200, `{"requestId":"p","success":true,"x":"`, false},
		"on a plain client, 500":      {500, `{"success":false,"x":"`, true},
		"on a plain client, 200":      {200, `{"success":false,"x":"`, true},
		"on a plain client, long":     {500, `{"success":false,"x":"` + strings.Repeat("0123456789", 500), true},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tenant := inMemory(zuoratest.Config{})
				defer tenant.Close()
				end := strings.Repeat("0123456789abcdef", 1<<10) + `"}`
				tenant.Handle("GET /v1/it", stalling(test.status, asJSON, test.begin, time.Minute, end))
				session := newSession(t, inMemoryConfig(tenant))
				var doer zuora.HttpRequestDoer = session
				if test.plain {
					doer = session.HTTPClient()
				}
				resp, err := doer.Do(newRequest(t, http.MethodGet, session.Server()+"/v1/it", nil))
				require.NoError(t, err)
				body, err := io.ReadAll(resp.Body)
				require.NoError(t, err)
				require.NoError(t, resp.Body.Close())
				assert.Equal(t, test.begin+end, string(body))
			})
		})
	}
}

// A caller can close a failure that has not arrived whole, without a wait.
func TestFailureThatIsStillComingCanBeClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		never := make(chan struct{})
		defer close(never)
		session := newSession(t, zuora.SessionConfig{
			Server: "https://rest.zuora.example", Credentials: zuora.Credentials{AccessKeyID: "u", SecretAccessKey: "s"},
			Base: roundTripper(func(req *http.Request) (*http.Response, error) {
				if isLogin(req) {
					return responding(func(string) string { return "" }).RoundTrip(req)
				}
				return &http.Response{StatusCode: 500, Header: http.Header{"Content-Type": {"application/json"}}, Body: stuck{never}, ContentLength: -1}, nil
			}),
		})
		for _, doer := range []zuora.HttpRequestDoer{session, session.HTTPClient()} {
			begun := time.Now()
			resp, err := doer.Do(newRequest(t, http.MethodGet, session.Server()+"/v1/it", nil))
			if err == nil {
				assert.NoError(t, resp.Body.Close())
			}
			assert.Equal(t, 2*time.Second, time.Since(begun))
		}
	})
}

// stuck is a body whose Read and Close return only after the channel is closed.
type stuck struct{ until chan struct{} }

func (s stuck) Read([]byte) (int, error) {
	<-s.until
	return 0, io.EOF
}

func (s stuck) Close() error {
	<-s.until
	return nil
}

// Lines of JSON stream from the second line.
func TestLinesOfJSONStream(t *testing.T) {
	for _, contentType := range []string{"application/x-ndjson", "application/jsonl", "application/json-seq", "application/stream+json"} {
		for _, first := range []string{"{\"Id\":\"1\"}\n{\"Id\":\"2\"}\n", "\x1e{\"Id\":\"1\"}", "\n[1]\n[2"} {
			server := newServer(t, zuoratest.Config{})
			got := make(chan struct{})
			server.HandleFunc("GET /v1/rows", func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", contentType)
				_, _ = io.WriteString(w, first)
				_ = http.NewResponseController(w).Flush()
				<-got
				_, _ = io.WriteString(w, "end")
			})
			session := newSession(t, configFor(server))
			resp, err := session.Do(newRequest(t, http.MethodGet, session.Server()+"/v1/rows", nil))
			require.NoError(t, err)
			begin := make([]byte, len(first))
			_, err = io.ReadFull(resp.Body, begin)
			require.NoError(t, err)
			require.Equal(t, first, string(begin))
			close(got)
			rest, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			require.Equal(t, "end", string(rest))
			require.NoError(t, resp.Body.Close())
		}
	}
}

// At most 100 reasons are kept, in every form of a response.
func TestReasonsAreBounded(t *testing.T) {
	list := func(item string, n int) string { return "[" + strings.Repeat(item+",", n-1) + item + "]" }
	crud := `{"Success":false,"Errors":[{"Code":"X","Message":"m"},{"Code":"Y"},{}]}`
	for _, body := range []string{
		`{"success":false,"reasons":` + list(`{"code":1,"message":"m"}`, 150) + `}`,
		`{"errors":` + list(`"m"`, 150) + `}`,
		list(crud, 80),
		`{"results":` + list(crud, 80) + `}`,
		`{"success":false,"reasons":` + list(`{"code":1}`, 60) + `,"errors":` + list(`"m"`, 60) + `,"results":` + list(crud, 60) + `,"code":"X","message":"m"}`,
		`{"success":false,"reasons":` + list(`{}`, 500)[:1501-1] + `,` + list(`{"code":1}`, 150)[1:] + `}`,
	} {
		resp := &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}}
		var failure *zuora.Error
		require.ErrorAs(t, zuora.CheckResponse(resp, []byte(body)), &failure, body)
		assert.Len(t, failure.Reasons, 100, body)
		for _, r := range failure.Reasons {
			assert.NotEqual(t, zuora.Reason{}, r)
		}
	}
}
