package conformance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/accounts"
	"github.com/zuora-go/zuora/api/catalog"
	"github.com/zuora-go/zuora/api/contacts"
	"github.com/zuora-go/zuora/api/dataquery"
	"github.com/zuora-go/zuora/api/exports"
	"github.com/zuora-go/zuora/api/objectquery"
	"github.com/zuora-go/zuora/api/objects"
	"github.com/zuora-go/zuora/api/subscriptions"
	"github.com/zuora-go/zuora/api/usage"
	"github.com/zuora-go/zuora/api/zoql"
	"github.com/zuora-go/zuora/typed"
)

// packages are those of api/, by the functions that make their APIs.
var packages = map[string]any{
	"accounts":      accounts.New,
	"catalog":       catalog.New,
	"contacts":      contacts.New,
	"dataquery":     dataquery.New,
	"exports":       exports.New,
	"objectquery":   objectquery.New,
	"objects":       objects.New,
	"subscriptions": subscriptions.New,
	"usage":         usage.New,
	"zoql":          zoql.New,
}

// exceptions are operations, parameters and properties that Zuora's published
// document does not have, by the reason to have them. The document is of 2021; the
// pages are those of developer.zuora.com.
var exceptions = map[string][]string{
	"newer than the document; the pages of January 2026 have it": {
		"DELETE /v1/accounts/{account-key}",
		"GET /object-query/{object}",
		"GET /object-query/{object}/{key}",
		"GET /v1/accounts/{account-key}/payment-methods",
		"GET /v1/accounts/{account-key}/summary query excludeUsage",
		"accounts AccountUpdate.billCycleDay",
		"accounts AccountUpdate.defaultPaymentMethodId",
		"accounts AccountUpdate.paymentTerm",
		"accounts BillingAndPayment.autoPay",
		"accounts BillingAndPayment.defaultPaymentMethodId",
		"accounts SummaryBasicInfo.autoPay",
		"DELETE /v1/contacts/{contactId}",
		"GET /v1/contacts/{contactId}",
		"POST /v1/contacts",
		"PUT /v1/contacts/{contactId}",
	},
	"responses of production tenants have it": {
		"catalog FinanceInformation.accountsReceivableAccountingCode",
		"catalog FinanceInformation.accountsReceivableAccountingCodeType",
		"catalog Product.allowFeatureChanges",
		"subscriptions Subscription.lastBookingDate",
	},
	"the document has it in a sentence only": {
		"GET /v1/usage/accounts/{account-key} query page",
		"GET /v1/usage/{id}/status",
		"GET /v1/subscriptions/accounts/{account-key} query as-of-date",
		"GET /v1/subscriptions/accounts/{account-key} query page",
		"GET /v1/subscriptions/{subscription-key} query as-of-date",
		"GET /v1/subscriptions/{subscription-key}/versions/{version} query as-of-date",
		"subscriptions Charge.chargeSegments",
		"subscriptions PreviewedInvoice.amount",
		"subscriptions PreviewedInvoice.amountWithoutTax",
		"subscriptions PreviewedInvoice.chargeMetrics",
		"subscriptions PreviewedInvoice.invoiceItems",
		"subscriptions PreviewedInvoice.targetDate",
		"subscriptions PreviewedInvoice.taxAmount",
	},
	"stands for a path of its own for each type": {
		"DELETE /v1/object/{type}/{id}",
		"GET /v1/object/{type}/{id}",
		"POST /v1/object/{type}",
		"PUT /v1/object/{type}/{id}",
	},
	"no page has it either; a tenant may know it": {
		"accounts NewAccount.creditLimit",
	},
}

// untyped are members of the document's examples that have no field and stand in
// AdditionalProperties, by operation and path, with the reason.
var untyped = map[string]string{
	"GET /v1/catalog/product/{product-id} response.productRatePlans": "a URL, where the field has a list",
	"GET /v1/catalog/products response.Products[0].productRatePlans": "a URL, where the field has a list",
	"POST /v1/object/export request.Status":                          "Zuora sets it",
	"PUT /v1/object/product-rate-plan/{id} request.Id":               "the path has it",
	"PUT /v1/object/product/{id} request.Id":                         "the path has it",
}

// operation is an operation of a spec, and what Zuora's document says of it.
type operation struct {
	*openapi3.Operation
	pkg, name string // the package, and method and path
	shared    openapi3.Parameters
	theirs    map[string]any // nil: the document does not have it
	keys      []any          // the parameters of the path that theirs has
}

// specs calls test for each spec of api/.
func specs(t *testing.T, test func(t *testing.T, pkg string, doc *openapi3.T)) {
	files, err := filepath.Glob("../api/*/openapi.yaml")
	require.NoError(t, err)
	var names []string
	for _, file := range files {
		names = append(names, filepath.Base(filepath.Dir(file)))
	}
	require.ElementsMatch(t, names, slices.Collect(maps.Keys(packages)), "the specs in api/, and the packages of this test")
	for _, pkg := range names {
		t.Run(pkg, func(t *testing.T) {
			loader := openapi3.NewLoader()
			loader.IsExternalRefsAllowed = true
			doc, err := loader.LoadFromFile("../api/" + pkg + "/openapi.yaml")
			require.NoError(t, err)
			test(t, pkg, doc)
		})
	}
}

// operations returns the operations of a spec.
func operations(pkg string, doc *openapi3.T, theirs document) (list []operation) {
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			o := operation{Operation: op, pkg: pkg, name: method + " " + path, shared: item.Parameters}
			if theirs != nil {
				place := theirs.object(theirs["paths"], path)
				o.theirs = theirs.object(place, strings.ToLower(method))
				o.keys = theirs.list(place, "parameters")
			}
			list = append(list, o)
		}
	}
	slices.SortFunc(list, func(a, b operation) int { return strings.Compare(a.name, b.name) })
	return list
}

func TestSpecsAreValid(t *testing.T) {
	specs(t, func(t *testing.T, _ string, doc *openapi3.T) {
		require.NoError(t, doc.Validate(t.Context()))
	})
}

func TestSpecsHaveWhatZuoraPublishes(t *testing.T) {
	theirs := published(t)
	unused := map[string]bool{}
	for _, list := range exceptions {
		for _, what := range list {
			unused[what] = true
		}
	}
	excepted := func(what string) bool {
		if _, known := unused[what]; !known {
			return false
		}
		unused[what] = false
		return true
	}
	specs(t, func(t *testing.T, pkg string, doc *openapi3.T) {
		schemas := comparison{theirs: theirs, names: map[*openapi3.Schema]string{}, found: map[string]bool{}}
		for name, schema := range doc.Components.Schemas {
			schemas.names[schema.Value] = pkg + " " + name
		}
		for _, op := range operations(pkg, doc, theirs) {
			if op.theirs == nil {
				assert.True(t, excepted(op.name), "%s is not in the document", op.name)
				continue
			}
			var known []string
			for _, p := range append(slices.Clone(op.keys), theirs.list(op.theirs, "parameters")...) {
				p := theirs.object(p)
				known = append(known, fmt.Sprint(p["in"], " ", p["name"]))
			}
			for _, p := range append(slices.Clone(op.shared), op.Parameters...) {
				what := p.Value.In + " " + p.Value.Name
				assert.True(t, slices.Contains(known, what) || excepted(op.name+" "+what), "%s has no parameter in %s", op.name, what)
			}
			if op.RequestBody != nil {
				their := theirs.contents(op.theirs, "requestBody")
				for _, content := range op.RequestBody.Value.Content {
					schemas.compare(content.Schema, their)
				}
			}
			var their []node
			for status := range theirs.object(op.theirs, "responses") {
				if strings.HasPrefix(status, "2") {
					their = append(their, theirs.contents(op.theirs, "responses", status)...)
				}
			}
			for _, response := range op.Responses.Map() {
				for _, content := range response.Value.Content {
					schemas.compare(content.Schema, their)
				}
			}
		}
		for what, found := range schemas.found {
			assert.True(t, found || excepted(what), "%s is not in the document", what)
		}
	})
	for what, still := range unused {
		assert.False(t, still, "%s is no exception: the document has it, or no spec has it", what)
	}
}

// node is a place in Zuora's document: a schema, or a value of an example.
type node struct{ schema, example any }

// contents returns the JSON of a request or of a response.
func (d document) contents(op any, path ...string) (nodes []node) {
	for contentType, content := range d.object(op, append(path, "content")...) {
		schema := d.at(content, "schema")
		nodes = append(nodes, node{schema: schema})
		if strings.Contains(contentType, "json") || path[0] == "requestBody" {
			for _, example := range d.examples(content) {
				nodes = append(nodes, node{example: example})
			}
		}
	}
	return nodes
}

// examples returns those of a content: of responses they stand beside the schema, of
// requests in it.
func (d document) examples(content any) (values []any) {
	for _, e := range d.object(content, "examples") {
		values = append(values, d.at(e, "value"))
	}
	for _, e := range []any{d.at(content, "example"), d.at(content, "schema", "example")} {
		if e != nil {
			values = append(values, e)
		}
	}
	for i, v := range values {
		if text, ok := v.(string); ok { // some are JSON in a string
			var parsed any
			if read(text, &parsed) == nil {
				values[i] = parsed
			}
		}
	}
	return values
}

func read(text string, into any) error {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	return d.Decode(into)
}

// members returns the places of the members that a place has, by their names.
func (d document) members(nodes []node) map[string][]node {
	all := map[string][]node{}
	for _, n := range nodes {
		for name, v := range d.object(n.example) {
			all[name] = append(all[name], node{example: v})
		}
		for name, schema := range d.object(n.schema, "properties") {
			all[name] = append(all[name], node{schema: schema})
		}
		for _, way := range []string{"allOf", "oneOf", "anyOf"} {
			for _, part := range d.list(n.schema, way) {
				for name, more := range d.members([]node{{schema: part}}) {
					all[name] = append(all[name], more...)
				}
			}
		}
	}
	return all
}

// items returns the places of the items of a list, and of the members that a
// map has.
func (d document) items(nodes []node) (all []node) {
	for _, n := range nodes {
		list, _ := n.example.([]any)
		for _, v := range list {
			all = append(all, node{example: v})
		}
		for _, v := range d.object(n.example) {
			all = append(all, node{example: v})
		}
		for _, way := range []string{"items", "additionalProperties"} {
			if schema := d.object(n.schema, way); schema != nil {
				all = append(all, node{schema: schema})
			}
		}
		for _, way := range []string{"allOf", "oneOf", "anyOf"} {
			for _, part := range d.list(n.schema, way) {
				all = append(all, d.items([]node{{schema: part}})...)
			}
		}
	}
	return all
}

// comparison finds the properties of our schemas in Zuora's. One schema of ours may
// stand for several of Zuora's: it has a property if one of them has it.
type comparison struct {
	theirs document
	names  map[*openapi3.Schema]string
	found  map[string]bool // by schema and property
	path   []*openapi3.Schema
}

func (c *comparison) compare(ours *openapi3.SchemaRef, theirs []node) {
	if ours == nil || strings.Contains(ours.Ref, ".yaml#") || slices.Contains(c.path, ours.Value) {
		return // the root's, or seen
	}
	c.path = append(c.path, ours.Value)
	defer func() { c.path = c.path[:len(c.path)-1] }()
	for _, part := range ours.Value.AllOf {
		c.compare(part, theirs)
	}
	if item := ours.Value.Items; item != nil {
		c.compare(item, append(c.theirs.items(theirs), theirs...)) // one item may be described as a list
	}
	if item := ours.Value.AdditionalProperties.Schema; item != nil {
		c.compare(item, c.theirs.items(theirs))
	}
	members := c.theirs.members(theirs)
	for name, property := range ours.Value.Properties {
		what := c.names[ours.Value] + "." + name
		c.found[what] = c.found[what] || members[name] != nil
		c.compare(property, members[name])
	}
}

// answers is a Caller that gets the same response to every call, and keeps the
// body of the last.
type answers struct {
	body []byte
	sent []byte
}

func (a *answers) Server() string { return zuora.ServerURLProductionUSCloud2 }

func (a *answers) Do(req *http.Request) (*http.Response, error) {
	a.sent = nil
	if req.Body != nil {
		a.sent, _ = io.ReadAll(req.Body)
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(bytes.NewReader(a.body)), Request: req,
	}, nil
}

// method returns an operation's method of its package's API.
func (op operation) method(t *testing.T, caller zuora.Caller) reflect.Value {
	t.Helper()
	api := reflect.ValueOf(packages[op.pkg]).Call([]reflect.Value{reflect.ValueOf(caller)})[0]
	method := api.MethodByName(strings.ToUpper(op.OperationID[:1]) + op.OperationID[1:])
	require.True(t, method.IsValid(), "no method %s", op.OperationID)
	return method
}

// call makes the call with body, or with a body of nothing, and returns its result
// and error.
func (op operation) call(t *testing.T, caller zuora.Caller, body func(into any)) (any, error) {
	t.Helper()
	method := op.method(t, caller)
	args := []reflect.Value{reflect.ValueOf(t.Context())}
	for i := 1; i < method.Type().NumIn()-1; i++ { // the last are editors
		arg := reflect.New(method.Type().In(i)).Elem()
		switch arg.Kind() {
		case reflect.String:
			arg.SetString("key")
		case reflect.Int64:
			arg.SetInt(1)
		case reflect.Interface:
			arg.Set(reflect.ValueOf(strings.NewReader("file")))
		case reflect.Pointer:
			arg.Set(requiredOf(arg.Type().Elem()))
		case reflect.Struct, reflect.Slice, reflect.Map:
			if body != nil {
				body(arg.Addr().Interface())
			}
		}
		args = append(args, arg)
	}
	results := method.Call(args)
	err, _ := results[len(results)-1].Interface().(error)
	return results[0].Interface(), err
}

// requiredOf returns parameters of which those are set that must be.
func requiredOf(t reflect.Type) reflect.Value {
	params := reflect.New(t)
	for i := range t.NumField() {
		if t.Field(i).Tag.Get("required") == "" {
			continue
		}
		switch f := params.Elem().Field(i); f.Kind() {
		case reflect.String:
			f.SetString("x")
		case reflect.Int64:
			f.SetInt(1)
		case reflect.Bool:
			f.SetBool(true)
		case reflect.Slice:
			f.Set(reflect.MakeSlice(f.Type(), 1, 1))
		}
	}
	return params
}

// Every example goes through its call. A converter has put a time stamp of its own,
// 2025-10-15T13:53:36Z, in the place of the document's dates. It needs no care here:
// a Date and a DateTime keep the text that came, whatever it is.
func TestNoPublishedResponseIsLost(t *testing.T) {
	theirs := published(t)
	total := 0
	specs(t, func(t *testing.T, pkg string, doc *openapi3.T) {
		for _, op := range operations(pkg, doc, theirs) {
			op.method(t, &answers{}) // is there
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
						result, err := op.call(t, &answers{body: body}, nil)
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
					caller := &answers{body: []byte(`{"success":true}`)}
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

// assertTyped holds that v has a field for each standard field.
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

// assertKept compares an example with what our types have made of it.
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
