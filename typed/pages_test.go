package typed_test

import (
	"fmt"
	"iter"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/typed"
	"github.com/zuora-go/zuora/zuoratest"
)

type page struct {
	Lines    []line `json:"lines"`
	NextPage string `json:"nextPage"`
}

type params struct {
	PageSize int64 `form:"pageSize"`
}

func all(t *testing.T, caller zuora.Caller, p *params) iter.Seq2[*line, error] {
	return typed.All(t.Context(), caller, typed.Request{Method: "GET", Path: "/v1/lines", Params: p}, nil,
		func(p *page) ([]line, string) { return p.Lines, p.NextPage })
}

// read returns the IDs of lines up to an error.
func read(lines iter.Seq2[*line, error]) (ids string, err error) {
	for line, err := range lines {
		if err != nil {
			return ids, err
		}
		ids += line.ID
	}
	return ids, nil
}

func TestAllReadsEveryPage(t *testing.T) {
	for what, test := range map[string]struct {
		pages map[string]string // by their query
		want  string
		err   string
	}{
		"another host": {map[string]string{
			"":                  `{"lines":[{"id":"a"}],"nextPage":"https://rest.zuora.com/v1/lines?page=2&pageSize=1"}`,
			"page=2&pageSize=1": `{"lines":[{"id":"b"}],"nextPage":"https://rest.zuora.com/v1/lines?page=3&pageSize=1"}`,
			"page=3&pageSize=1": `{"lines":[{"id":"c"}]}`,
		}, "abc", ""},
		"relative": {map[string]string{
			"":       `{"lines":[{"id":"a"}],"nextPage":"/v1/lines?page=2"}`,
			"page=2": `{"lines":[{"id":"b"}],"nextPage":"?page=3"}`,
			"page=3": `{"lines":[{"id":"c"}],"nextPage":""}`,
		}, "abc", ""},
		"escaped as it came": {map[string]string{
			"":                    `{"lines":[],"nextPage":"/v1/lines?cursor=a%2Bb%3D&x=1"}`,
			"cursor=a%2Bb%3D&x=1": `{"lines":[{"id":"c"}],"nextPage":null}`,
		}, "c", ""},
		"itself": {map[string]string{
			"":       `{"lines":[{"id":"a"}],"nextPage":"/v1/lines?page=2"}`,
			"page=2": `{"lines":[{"id":"b"}],"nextPage":"/v1/lines?page=2"}`,
		}, "ab", ""},
		"a circle": {map[string]string{
			"":       `{"lines":[{"id":"a"}],"nextPage":"/v1/lines?page=2"}`,
			"page=2": `{"lines":[{"id":"b"}],"nextPage":"/v1/lines?page=3"}`,
			"page=3": `{"lines":[{"id":"c"}],"nextPage":"/v1/lines?page=2"}`,
		}, "abc", ""},
		"no query": {map[string]string{
			"": `{"lines":[{"id":"a"}],"nextPage":"https://rest.zuora.com/v1/lines/2"}`,
		}, "a", "nextPage"},
		"no URL": {map[string]string{
			"": `{"lines":[{"id":"a"}],"nextPage":"%zz"}`,
		}, "a", "nextPage"},
		"a failure": {map[string]string{
			"":       `{"lines":[{"id":"a"}],"nextPage":"/v1/lines?page=2"}`,
			"page=2": `{"success":false,"reasons":[{"code":53100020,"message":"no"}]}`,
		}, "a", "53100020 no"},
		"read in part": {map[string]string{
			"":       `{"lines":[{"id":"a"}],"nextPage":"/v1/lines?page=2"}`,
			"page=2": `{"lines":[{"id":"b","price":{}},{"id":"c"}],"nextPage":"/v1/lines?page=3"}`,
		}, "abc", "lines[0].price"},
	} {
		server, session := newSession(t)
		calls := 0
		server.HandleFunc("GET /v1/lines", func(w http.ResponseWriter, r *http.Request) {
			calls++
			if calls == 3 {
				server.Expire()
			}
			text, ok := test.pages[r.URL.RawQuery]
			assert.True(t, ok, "%s: %s", what, r.URL)
			zuoratest.Answer(200, "application/json", text).ServeHTTP(w, r)
		})
		for range 2 { // from the beginning, each time
			ids, err := read(all(t, session, nil))
			assert.Equal(t, test.want, ids, what)
			if test.err == "" {
				assert.NoError(t, err, what)
			} else {
				assert.ErrorContains(t, err, test.err, what)
			}
		}
		assert.Equal(t, 2*len(test.pages), calls, what)
	}
}

func TestAllStopsWithItsConsumer(t *testing.T) {
	server, session := newSession(t)
	calls := 0
	server.HandleFunc("GET /v1/lines", func(w http.ResponseWriter, r *http.Request) {
		calls++
		assert.Equal(t, "pageSize=2", r.URL.RawQuery)
		zuoratest.Answer(200, "application/json", `{"lines":[{"id":"a"},{"id":"b"}],"nextPage":"/v1/lines?page=2"}`).ServeHTTP(w, r)
	})
	for line, err := range all(t, session, &params{PageSize: 2}) {
		require.NoError(t, err)
		if line.ID == "b" {
			break
		}
	}
	assert.Equal(t, 1, calls)
}

// A list of 100,000 items takes the memory of one page.
func TestAllHoldsOnePage(t *testing.T) {
	const pages, items = 2_500, 40
	caller := responding(t, func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.Query().Get("page"))
		var b strings.Builder
		for i := range items {
			fmt.Fprintf(&b, `,{"id":"%d-%d","price":%d.50,"Text__c":"%s"}`, n, i, i, strings.Repeat("x", 20))
		}
		next := ""
		if n+1 < pages {
			next = fmt.Sprintf(`,"nextPage":"https://rest.zuora.com/v1/lines?page=%d"`, n+1)
		}
		_, _ = fmt.Fprintf(w, `{"lines":[%s]%s}`, b.String()[1:], next)
	})
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, most, n := heap(), uint64(0), 0
	for _, err := range all(t, caller, nil) {
		require.NoError(t, err)
		if n++; n%(10*pages) == 0 {
			most = max(most, heap())
		}
	}
	assert.Equal(t, pages*items, n)
	assert.Less(t, most, before+2<<20, "bytes on the heap, before and at most")
}
