package conformance

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/zuoratest"
)

// list is a list with pages, and its iterator.
type list struct {
	name     string // package and method
	property string // that has the items
	all      reflect.Value
}

// lists returns every list of a package whose spec names its items, on a session.
func lists(t *testing.T, session *zuora.Session) (all []list) {
	specs(t, func(t *testing.T, pkg string, doc *openapi3.T) {
		api := reflect.ValueOf(packages[pkg]).Call([]reflect.Value{reflect.ValueOf(session)})[0]
		for _, op := range operations(pkg, doc, nil) {
			property, pages := op.Extensions["x-items"].(string)
			name := "All" + strings.TrimPrefix(strings.ToUpper(op.OperationID[:1])+op.OperationID[1:], "List")
			method := api.MethodByName(name)
			assert.Equal(t, pages, method.IsValid() && pages, "%s.%s", pkg, name)
			if pages {
				all = append(all, list{pkg + "." + name, property, method})
			}
			// A response with a nextPage is a list with pages.
			for _, r := range op.Responses.Map() {
				for _, content := range r.Value.Content {
					if content.Schema != nil && content.Schema.Value.Properties["nextPage"] != nil && pkg != "objectquery" {
						assert.True(t, pages, "%s %s pages, and has no x-items", pkg, op.name)
					}
				}
			}
		}
	})
	return all
}

// read ranges over the list, up to most items, and returns their numbers and the
// error that ended it.
func (l list) read(t *testing.T, most int) (read string, failed error) {
	args := []reflect.Value{reflect.ValueOf(t.Context())}
	for i := 1; i < l.all.Type().NumIn()-1; i++ {
		arg := reflect.New(l.all.Type().In(i)).Elem()
		if arg.Kind() == reflect.String {
			arg.SetString("A/1")
		} else {
			arg.Set(requiredOf(arg.Type().Elem()))
		}
		args = append(args, arg)
	}
	sequence := l.all.Call(args)[0]
	n := 0
	yield := reflect.MakeFunc(sequence.Type().In(0), func(in []reflect.Value) []reflect.Value {
		require.NoError(t, failed, "%s: nothing comes after an error", l.name)
		if err, _ := in[1].Interface().(error); err != nil {
			assert.True(t, in[0].IsNil(), l.name)
			failed = err
		} else {
			extra := in[0].Elem().FieldByName("AdditionalProperties").Interface().(map[string]zuora.Value)
			read += extra["n__c"].Text()
		}
		n++
		return []reflect.Value{reflect.ValueOf(n < most)}
	})
	sequence.Call([]reflect.Value{yield})
	return read, failed
}

// Every list with pages is read to its end, in every form of pages.
func TestEveryListIsReadToItsEnd(t *testing.T) {
	tenant := zuoratest.NewTenant(zuoratest.Config{})
	defer tenant.Close()
	var mu sync.Mutex
	var pages []string
	var property string
	var paths []string
	expireAt := 0
	tenant.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		n := 1
		_, _ = fmt.Sscanf(r.URL.Query().Get("page"), "%d", &n)
		paths = append(paths, r.URL.EscapedPath())
		if len(paths) == expireAt {
			tenant.Expire()
		}
		text := fmt.Sprintf(pages[n-1], property)
		if strings.HasPrefix(pages[n-1], "!") {
			text = pages[n-1][1:]
		}
		zuoratest.Answer(200, "application/json", text).ServeHTTP(w, r)
	})
	session, err := zuora.NewSession(zuora.SessionConfig{Server: "https://rest.zuora.example/base", Credentials: tenant.Credentials(), Base: tenant.Transport()})
	require.NoError(t, err)
	defer session.Close()
	const next = `{"success":true,%%q:[{"n__c":"%s"}],"nextPage":"%s"}`
	page := func(n, nextPage string) string { return fmt.Sprintf(next, n, nextPage) }
	all := lists(t, session)
	require.GreaterOrEqual(t, len(all), 10)
	for _, l := range all {
		for what, test := range map[string]struct {
			pages    []string
			most     int
			expireAt int
			read     string
			failed   string
			calls    int
		}{
			"another host":       {[]string{page("a", "https://rest.zuora.com/v1/elsewhere?page=2"), page("b", "https://rest.zuora.com/v1/elsewhere?page=3"), page("c", "")}, 9, 0, "abc", "", 3},
			"relative":           {[]string{page("a", "/v1/elsewhere?page=2"), page("b", "?page=3"), page("c", "")}, 9, 0, "abc", "", 3},
			"itself":             {[]string{page("a", "?page=2"), page("b", "?page=2")}, 9, 0, "ab", "", 2},
			"empty":              {[]string{page("a", "")}, 9, 0, "a", "", 1},
			"a break":            {[]string{page("a", "?page=2"), page("b", "?page=3"), page("c", "")}, 2, 0, "ab", "", 2},
			"an error":           {[]string{page("a", "?page=2"), `!{"success":false,"reasons":[{"code":53100020,"message":"no"}]}`}, 9, 0, "a", "53100020", 2},
			"an expired session": {[]string{page("a", "?page=2"), page("b", "?page=3"), page("c", "")}, 9, 2, "abc", "", 3},
		} {
			mu.Lock()
			pages, property, paths, expireAt = test.pages, l.property, nil, test.expireAt
			mu.Unlock()
			read, failed := l.read(t, test.most)
			assert.Equal(t, test.read, read, "%s: %s", l.name, what)
			if test.failed == "" {
				assert.NoError(t, failed, "%s: %s", l.name, what)
			} else {
				assert.ErrorContains(t, failed, test.failed, "%s: %s", l.name, what)
			}
			assert.Len(t, paths, test.calls, "%s: %s", l.name, what)
			for _, path := range paths {
				assert.Equal(t, paths[0], path, "%s: %s: the call's own path", l.name, what)
				assert.True(t, strings.HasPrefix(path, "/base/v1/"), path)
			}
		}
	}
}
