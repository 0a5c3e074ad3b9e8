package conformance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/accounts"
	"github.com/zuora-go/zuora/api/subscriptions"
	"github.com/zuora-go/zuora/typed"
)

// oddValues are JSON of every kind, which Zuora may send instead of any other.
var oddValues = []string{
	"null", "true", "false", "0", "-1", "12", "0.000000000", "0E-9", "1e400", "12345678901234567890.123456789",
	`""`, `" "`, `"text"`, `"12.50"`, `"true"`, `"2017-03-01T00:00:00.000-08:00"`, `"\ud800"`, "\"\xff\"", `"https://rest.zuora.com/v1/x"`,
	"[]", "[null]", "[[]]", `["a",1]`, `[{"a":1}]`, "{}", `{"a":{"b":null}}`,
}

// No odd value, in any place of a response, loses the rest of the response.
func TestOddValuesInEveryPlace(t *testing.T) {
	for _, whole := range []any{new(accounts.Account), new(subscriptions.Subscription)} {
		typ := reflect.TypeOf(whole).Elem()
		fill(reflect.ValueOf(whole).Elem(), 0)
		text, err := typed.Marshal(whole)
		require.NoError(t, err)
		places := 0
		var walk func(node any, path string, put func(any))
		var root any
		walk = func(node any, path string, put func(any)) {
			places++
			put(nil) // what is read without the place must be read in any case
			want := reflect.New(typ)
			require.NoError(t, typed.Unmarshal(plain(t, root), want.Interface()))
			text, err := typed.Marshal(want.Interface())
			require.NoError(t, err)
			without := tree(t, text)
			put(marker)
			marked := plain(t, root)
			for _, odd := range oddValues {
				result := reflect.New(typ)
				err := typed.Unmarshal(bytes.Replace(marked, []byte(`"`+marker+`"`), []byte(odd), 1), result.Interface())
				var failed *zuora.DecodeError
				if err != nil && !errors.As(err, &failed) {
					t.Fatalf("%s = %s: %v", path, odd, err)
				}
				if failed != nil {
					require.NoError(t, failed.Err)
					for _, field := range failed.Fields {
						require.Contains(t, field, path[1:], "only this place is odd")
					}
				}
				text, err := typed.Marshal(result.Interface())
				require.NoError(t, err)
				assertWithout(t, without, tree(t, text), path, "", fmt.Sprintf("%s: %s = %s", typ, path, odd))
			}
			put(node)
			switch node := node.(type) {
			case map[string]any:
				for name, value := range node {
					walk(value, path+"."+name, func(v any) { node[name] = v })
				}
			case []any:
				if len(node) > 0 {
					walk(node[0], path+"[0]", func(v any) { node[0] = v })
				}
			}
		}
		root = tree(t, text)
		for name, value := range root.(map[string]any) {
			walk(value, "."+name, func(v any) { root.(map[string]any)[name] = v })
		}
		assert.Greater(t, places, 20, "%s", typ)
	}
}

const marker = "the odd place"

func plain(t *testing.T, node any) []byte {
	text, err := json.Marshal(node)
	require.NoError(t, err)
	return text
}

func tree(t *testing.T, text []byte) (node any) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	require.NoError(t, d.Decode(&node))
	return node
}

// assertWithout asserts that got has everything that want has, except at a path.
func assertWithout(t *testing.T, want, got any, except, path, what string) {
	if path == except {
		return
	}
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			if len(want) > 0 {
				t.Errorf("%s: %s is lost", what, path)
			}
			return
		}
		for name, value := range want {
			assertWithout(t, value, object[name], except, path+"."+name, what)
		}
	case []any:
		list, _ := got.([]any)
		if len(list) != len(want) {
			t.Errorf("%s: %s has %d items, not %d", what, path, len(list), len(want))
			return
		}
		for i := range want {
			assertWithout(t, want[i], list[i], except, fmt.Sprintf("%s[%d]", path, i), what)
		}
	default:
		if want != got {
			t.Errorf("%s: %s is %v, not %v", what, path, got, want)
		}
	}
}
