package conformance

import (
	"encoding/json"
	"fmt"
	"github.com/getkin/kin-openapi/openapi3"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/typed"
)

// requestTypes returns the types that requests are made of, in every package.
func requestTypes() map[reflect.Type]bool {
	types := map[reflect.Type]bool{}
	for _, newAPI := range packages {
		api := reflect.TypeOf(newAPI).Out(0)
		for i := range api.NumMethod() {
			method := api.Method(i).Type
			for j := 2; j < method.NumIn(); j++ {
				if in := method.In(j); in.Kind() == reflect.Struct || in.Kind() == reflect.Slice && !method.IsVariadic() {
					reachable(in, types)
				}
			}
		}
	}
	return types
}

// reachable adds the structs that t is made of.
func reachable(t reflect.Type, types map[reflect.Type]bool) {
	switch {
	case t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map:
		reachable(t.Elem(), types)
	case t.Kind() == reflect.Struct && !types[t] && strings.Contains(t.PkgPath(), "/api/"):
		types[t] = true
		for i := range t.NumField() {
			if t.Field(i).IsExported() {
				reachable(t.Field(i).Type, types)
			}
		}
	}
}

// Only POSTs take an Idempotency-Key. Every write has a body, because Zuora refuses writes
// without one.
func TestPOSTsTakeAKeyAndWritesHaveABody(t *testing.T) {
	n := 0
	specs(t, func(t *testing.T, pkg string, doc *openapi3.T) {
		for _, op := range operations(pkg, doc, nil) {
			caller := &responses{body: []byte("{}")}
			_, err := op.call(t, caller, nil, zuora.WithIdempotencyKey("k"))
			if !strings.HasPrefix(op.name, "POST ") {
				assert.ErrorContains(t, err, "WithIdempotencyKey", "%s %s", pkg, op.name)
			} else if n++; assert.NotNil(t, caller.header, "%s %s: %v", pkg, op.name, err) {
				assert.Equal(t, "k", caller.header.Get("Idempotency-Key"), "%s %s", pkg, op.name)
			}
			if _, _ = op.call(t, caller, nil); strings.HasPrefix(op.name, "POST ") || strings.HasPrefix(op.name, "PUT ") {
				assert.NotEmpty(t, caller.sent, "%s %s", pkg, op.name)
			}
		}
	})
	assert.Greater(t, n, 20)
}

// neverZero are integers that need no pointer, because Zuora has no 0 there.
var neverZero = map[string]bool{"accounts.PriceTier.Tier": true, "orders.Tier.Tier": true, "subscriptions.Tier.Tier": true}

// A request has the fields that were set, and no others.
func TestRequestsHaveWhatWasSet(t *testing.T) {
	types := requestTypes()
	require.Greater(t, len(types), 20)
	for typ := range types {
		empty, err := typed.Marshal(reflect.Zero(typ).Interface())
		require.NoError(t, err)
		assert.Equal(t, "{}", string(empty), "%s, of which nothing is set", typ)
		for i := range typ.NumField() {
			field := typ.Field(i)
			if field.Name == "AdditionalProperties" {
				continue
			}
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			v := reflect.New(typ).Elem()
			fill(v.Field(i), 0)
			text, err := json.Marshal(v.Interface())
			require.NoError(t, err, "%s.%s", typ, field.Name)
			var members map[string]json.RawMessage
			require.NoError(t, json.Unmarshal(text, &members))
			assert.Len(t, members, 1, "%s, of which only %s is set: %s", typ, field.Name, text)
			assert.Contains(t, members, name, "%s", typ)
			if neverZero[typ.String()+"."+field.Name] {
				continue
			}
			if kind := field.Type.Kind(); kind == reflect.Bool || kind == reflect.Int64 || kind == reflect.Float64 {
				t.Errorf("%s.%s is a %s, so it cannot be sent as zero", typ, field.Name, field.Type)
			}
			if field.Type.Kind() == reflect.Pointer { // false, 0 and an empty object can be sent
				v.Field(i).Set(reflect.New(field.Type.Elem()))
				text, err := typed.Marshal(v.Interface())
				require.NoError(t, err)
				zero := map[reflect.Kind]string{reflect.Bool: "false", reflect.Int64: "0", reflect.Struct: "{}"}[field.Type.Elem().Kind()]
				assert.JSONEq(t, fmt.Sprintf("{%q:%s}", name, zero), string(text), "%s.%s", typ, field.Name)
			}
			null, err := typed.Marshal(withExtra(typ, name, zuora.Null))
			if assert.NoError(t, err, "%s.%s", typ, field.Name) {
				assert.JSONEq(t, fmt.Sprintf("{%q:null}", name), string(null))
			}
			_, err = typed.Marshal(withExtra(typ, name, zuora.ValueOf("x")))
			assert.Error(t, err, "%s.%s", typ, field.Name)
		}
	}
}

// withExtra is a t with one of AdditionalProperties.
func withExtra(t reflect.Type, name string, value zuora.Value) any {
	v := reflect.New(t).Elem()
	v.FieldByName("AdditionalProperties").Set(reflect.ValueOf(map[string]zuora.Value{name: value}))
	return v.Interface()
}

// fill sets v, and all in it to a depth of 6.
func fill(v reflect.Value, depth int) {
	switch {
	case v.Type() == reflect.TypeFor[zuora.Decimal]():
		v.SetString("12.500000000")
	case v.Type() == reflect.TypeFor[zuora.Date]():
		v.SetString("2017-03-01")
	case v.Type() == reflect.TypeFor[zuora.DateTime]():
		v.SetString("2017-03-01 10:07:10")
	case v.Type() == reflect.TypeFor[zuora.Value]():
		v.SetString(`{"any":[1]}`)
	case v.Kind() == reflect.String:
		v.SetString("text")
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	case v.Kind() == reflect.Int64:
		v.SetInt(7)
	case depth > 6:
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), depth+1)
	case v.Kind() == reflect.Slice:
		n := 1 + 1/(depth+1) // two at the top, so that the second item could get lost
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			fill(v.Index(i), depth+1)
		}
	case v.Kind() == reflect.Map:
		item := reflect.New(v.Type().Elem()).Elem()
		fill(item, depth+1)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("Region__c").Convert(v.Type().Key()), item)
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), depth+1)
			}
		}
	}
}
