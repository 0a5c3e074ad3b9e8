package conformance

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/typed"
)

// Every example goes through its call. A converter has put a time stamp of its own,
// 2025-10-15T13:53:36Z, in place of the document's dates. That does not matter here,
// because a Date and a DateTime keep any text.
func TestNoPublishedResponseIsLost(t *testing.T) {
	theirs := published(t)
	total := 0
	specs(t, func(t *testing.T, pkg string, doc *openapi3.T) {
		for _, op := range operations(pkg, doc, theirs) {
			op.method(t, &responses{}) // is there
			for status := range theirs.object(op.theirs, "responses") {
				if !strings.HasPrefix(status, "2") {
					continue
				}
				for contentType, content := range theirs.object(op.theirs, "responses", status, "content") {
					if !strings.Contains(contentType, "json") {
						continue
					}
					for _, example := range theirs.examples(content) {
						body, err := json.Marshal(example)
						require.NoError(t, err)
						result, err := op.call(t, &responses{body: body}, nil)
						if failed := (*zuora.Error)(nil); errors.As(err, &failed) && theirs.at(example, "success") == false {
							continue // which says so
						}
						if !assert.NoError(t, err, "%s: %s", op.name, body) {
							continue
						}
						if _, isStream := result.(io.ReadCloser); isStream || result == nil {
							continue
						}
						total++
						assertTyped(t, op.name+" response", result)
						assertKept(t, op.name+" response", example, result, false)
					}
				}
			}
		}
	})
	t.Logf("%d examples of responses", total)
}

func TestEveryPublishedRequestCanBeSaid(t *testing.T) {
	theirs := published(t)
	total := 0
	specs(t, func(t *testing.T, pkg string, doc *openapi3.T) {
		for _, op := range operations(pkg, doc, theirs) {
			for _, content := range theirs.object(op.theirs, "requestBody", "content") {
				if op.RequestBody == nil || op.RequestBody.Value.Content.Get("application/json") == nil {
					continue
				}
				for _, example := range theirs.examples(content) {
					text, err := json.Marshal(example)
					require.NoError(t, err)
					var body any
					caller := &responses{body: []byte(`{"success":true}`)}
					_, err = op.call(t, caller, func(into any) {
						body = into
						assert.NoError(t, typed.Unmarshal(text, into), op.name)
					})
					if misfit := (*zuora.DecodeError)(nil); err != nil && !errors.As(err, &misfit) { // of what is no response of this call
						assert.NoError(t, err, op.name)
						continue
					}
					total++
					assertTyped(t, op.name+" request", body)
					assertKept(t, op.name+" request", example, json.RawMessage(caller.sent), true)
				}
			}
		}
	})
	t.Logf("%d examples of requests", total)
}

// assertTyped asserts that v has a field for each standard field.
func assertTyped(t *testing.T, what string, v any) {
	t.Helper()
	for _, path := range leftOver(reflect.ValueOf(v), "") {
		if untyped[what+path] == "" {
			assert.Fail(t, "a standard field has none of ours", "%s%s", what, path)
		}
	}
}

// leftOver returns the paths of what v has in AdditionalProperties, except custom
// fields.
func leftOver(v reflect.Value, path string) (left []string) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			return leftOver(v.Elem(), path)
		}
	case reflect.Slice:
		for i := range v.Len() {
			left = append(left, leftOver(v.Index(i), fmt.Sprintf("%s[%d]", path, i))...)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			extra, ok := v.Field(i).Interface().(map[string]zuora.Value)
			if !ok || f.Name != "AdditionalProperties" {
				left = append(left, leftOver(v.Field(i), path+"."+f.Name)...)
				continue
			}
			for name := range extra {
				if !strings.Contains(name, "__") {
					left = append(left, path+"."+name)
				}
			}
		}
	}
	return left
}

// assertKept compares an example with what our types have read.
func assertKept(t *testing.T, what string, example, ours any, strict bool) {
	t.Helper()
	text, err := typed.Marshal(ours)
	if raw, ok := ours.(json.RawMessage); ok {
		text, err = raw, nil
	}
	require.NoError(t, err)
	var got any
	require.NoError(t, read(string(text), &got), "%s: %s", what, text)
	for _, lost := range differences(example, got, "", strict) {
		assert.Fail(t, "not what the document has", "%s%s", what, lost)
	}
}

// differences returns where got differs from want. Null, "" and absent are equal.
// Numbers are compared as decimals, and scalars as their texts, because a field has
// one kind. Of responses, false, 0 and absent are equal, too, if strict is false.
func differences(want, got any, path string, strict bool) (list []string) {
	_, isList := want.([]any)
	if g, ok := got.([]any); ok && !isList && len(g) == 1 {
		got = g[0] // one item, as a list of one
	}
	switch want := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok && got != nil {
			return []string{fmt.Sprintf("%s: %v became %v", path, want, got)}
		}
		for name, v := range want {
			list = append(list, differences(v, g[name], path+"."+name, strict)...)
		}
		for name, v := range g {
			if _, ok := want[name]; !ok {
				list = append(list, fmt.Sprintf("%s.%s: %v came from nowhere", path, name, v))
			}
		}
		return list
	case []any:
		g, ok := got.([]any)
		if !ok && got != nil || len(want) != len(g) {
			return []string{fmt.Sprintf("%s: %v became %v", path, want, got)}
		}
		for i := range want {
			list = append(list, differences(want[i], g[i], fmt.Sprintf("%s[%d]", path, i), strict)...)
		}
		return list
	}
	if !sameScalar(want, got, strict) {
		return []string{fmt.Sprintf("%s: %v became %v", path, want, got)}
	}
	return nil
}

func sameScalar(want, got any, strict bool) bool {
	text := func(v any) string {
		if v == nil {
			return ""
		}
		return fmt.Sprint(v)
	}
	w, g := text(want), text(got)
	if w == g || !strict && g == "" && w == "false" {
		return true
	}
	if !strict && g == "" {
		g = "0"
	}
	order, err := zuora.Decimal(w).Cmp(zuora.Decimal(g))
	return err == nil && order == 0
}

func TestDifferencesAreSeen(t *testing.T) {
	for _, test := range []struct {
		want, got         string
		response, request bool // whether they are the same
	}{
		{`{"a":1}`, `{"a":1.0}`, true, true},
		{`{"a":"1"}`, `{"a":1}`, true, true},
		{`{"a":0E-9}`, `{}`, true, false},
		{`{"a":false,"b":{"c":0}}`, `{}`, true, false},
		{`{"a":"","b":null}`, `{}`, true, true},
		{`{"a":{"b":1}}`, `{"a":[{"b":1}]}`, true, true},
		{`{"a":{"b":1}}`, `{"a":[{"b":2}]}`, false, false},
		{`{"a":"x"}`, `{"a":["x"]}`, true, true},
		{`{"a":1}`, `{}`, false, false},
		{`{"a":1.000000001}`, `{"a":1}`, false, false},
		{`{"a":[1,2]}`, `{"a":[1]}`, false, false},
		{`{"a":[{"b":1}]}`, `{"a":[{}]}`, false, false},
		{`{}`, `{"a":1}`, false, false},
		{`{"a":true}`, `{}`, false, false},
		{`{"a":{"b":1}}`, `{"a":1}`, false, false},
	} {
		var want, got any
		require.NoError(t, read(test.want, &want))
		require.NoError(t, read(test.got, &got))
		assert.Equal(t, test.response, len(differences(want, got, "", false)) == 0, "%s and %s, of responses", test.want, test.got)
		assert.Equal(t, test.request, len(differences(want, got, "", true)) == 0, "%s and %s, of requests", test.want, test.got)
	}
}
