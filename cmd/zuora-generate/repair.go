package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

const jsonType = "application/json"

// logins are the operations that a session makes by itself. It refuses them as calls.
var logins = map[string]bool{"POST /v1/connections": true, "POST /oauth/token": true}

// newRepairer names everything in doc, so that names do not depend on which operations
// are chosen.
func newRepairer(doc *openapi3.T) *repairer {
	r := &repairer{
		types: names{"api": true, "new": true}, methods: names{},
		method: map[*openapi3.Operation]string{}, theirs: map[*openapi3.Schema]string{},
		lists:    map[string][]*openapi3.SchemaRef{},
		repaired: map[*openapi3.Schema]*openapi3.SchemaRef{}, components: openapi3.Schemas{},
	}
	for _, o := range operationsOf(doc) {
		name := r.methods.take(methodNames(cmp.Or(o.OperationID, o.String()))...)
		r.method[o.Operation] = name
		r.types.take(name + "Params")
	}
	if doc.Components != nil {
		seen := map[*openapi3.Schema]bool{}
		for _, name := range slices.Sorted(maps.Keys(doc.Components.Schemas)) {
			s := doc.Components.Schemas[name].Value
			r.theirs[s] = r.types.take(typeNames(name)...)
			r.findLists(s, seen)
		}
	}
	return r
}

// repair turns Zuora's document into one like those of api/: each operation has one
// success with one type, each object has a name, and the type of each field fits what
// Zuora sends. It returns what it could not repair and has left out.
func (r *repairer) repair(doc *openapi3.T) (notes []string) {
	leaveOut := func(o operation, why error) {
		notes = append(notes, fmt.Sprintf("%s is left out: %v", o, why))
		doc.Paths.Value(o.path).SetOperation(o.method, nil)
	}
	for _, o := range operationsOf(doc) {
		o.OperationID = r.method[o.Operation]
		if logins[o.String()] {
			leaveOut(o, errors.New("a session logs in by itself"))
		} else if err := r.operation(o); err != nil {
			leaveOut(o, err)
		}
	}
	doc.Components = &openapi3.Components{Schemas: r.components}
	r.breakCycles()
	return notes
}

type repairer struct {
	types, methods names
	method         map[*openapi3.Operation]string
	theirs         map[*openapi3.Schema]string      // the names of the document's own schemas
	lists          map[string][]*openapi3.SchemaRef // the items of lists, by their properties' names
	repaired       map[*openapi3.Schema]*openapi3.SchemaRef
	components     openapi3.Schemas
	sending        bool // a request is being repaired
}

func (r *repairer) operation(o operation) error {
	o.Summary, o.Description = thirdPerson(o.Summary), plainText(o.Description)
	o.Callbacks, o.Security, o.Servers = nil, nil, nil
	for _, shared := range o.shared {
		if o.Parameters.GetByInAndName(shared.Value.In, shared.Value.Name) == nil {
			o.Parameters = append(o.Parameters, shared)
		}
	}
	if err := r.parameters(o); err != nil {
		return err
	}
	r.sending = true
	err := r.requestBody(o)
	if r.sending = false; err != nil {
		return err
	}
	if err := r.response(o); err != nil {
		return err
	}
	r.pages(o)
	return nil
}

// sessions are the headers that a session or an editor sets.
var sessions = []string{
	"Authorization", "Accept-Encoding", "Content-Encoding", "Content-Type", "Idempotency-Key", "Zuora-Entity-Ids", "Zuora-Org-Ids",
	"Zuora-Track-Id", "Zuora-Version", "entityId", "entityName", "apiAccessKeyId", "apiSecretAccessKey", "Cookie",
}

func (r *repairer) parameters(o operation) error {
	var kept openapi3.Parameters
	fields := names{}
	for _, ref := range o.Parameters {
		p := *ref.Value
		isSession := slices.ContainsFunc(sessions, func(name string) bool { return strings.EqualFold(name, p.Name) })
		if p.In == "cookie" || p.In == "header" && isSession {
			continue
		}
		for _, c := range p.Content {
			p.Schema = c.Schema
		}
		if p.Schema == nil || p.Schema.Value == nil {
			p.Schema = openapi3.NewSchemaRef("", openapi3.NewStringSchema())
		}
		p.Content, p.Example, p.Examples, p.Extensions = nil, nil, nil, nil
		p.Description = plainText(p.Description)
		if values := enum(p.Schema.Value); values != nil {
			p.Description = strings.TrimSpace(p.Description + " One of " + strings.Join(values, ", ") + ".")
		}
		schema, ok := parameter(p.Schema.Value, p.In)
		if !ok {
			return fmt.Errorf("the parameter %s is not a text, a number or a list of those", p.Name)
		}
		p.Schema = schema
		if p.In != "path" { // these become a struct
			if name := identifier(p.Name); fields.take(name) != name {
				continue // a second spelling
			}
		}
		kept = append(kept, &openapi3.ParameterRef{Value: &p})
	}
	o.Operation.Parameters = kept
	return nil
}

// parameter returns a schema with only the keys that a parameter can have.
func parameter(s *openapi3.Schema, in string) (*openapi3.SchemaRef, bool) {
	clean := &openapi3.Schema{Type: s.Type, Format: s.Format}
	switch {
	case s.Type.Is("array") && s.Items != nil && in != "path":
		items, ok := parameter(s.Items.Value, in)
		clean.Items, clean.Format = items, ""
		if !ok {
			return nil, false
		}
	case s.Type.Is("string"), s.Type.Is("integer"), s.Type.Is("number"), s.Type.Is("boolean") && in != "path":
	case s.Type.Is("object") || s.Type.Is("array"):
		return nil, false
	default:
		clean.Type = &openapi3.Types{"string"}
	}
	if in == "path" && !s.Type.Is("integer") {
		clean = openapi3.NewStringSchema()
	}
	return openapi3.NewSchemaRef("", clean), true
}

func (r *repairer) requestBody(o operation) error {
	if o.RequestBody == nil || o.RequestBody.Value == nil || len(o.RequestBody.Value.Content) == 0 {
		o.Operation.RequestBody = nil
		return nil
	}
	of := o.RequestBody.Value.Content
	body := openapi3.NewRequestBody()
	o.Operation.RequestBody = &openapi3.RequestBodyRef{Value: body}
	types := slices.Sorted(maps.Keys(of))
	for _, t := range types {
		if !strings.Contains(t, "json") {
			continue
		}
		schema, examples := content(of, "json")
		ref := r.schema(schema, o.OperationID+"Body")
		for _, e := range examples {
			ref = r.learn(ref, e, o.OperationID+"Body")
		}
		body.Content = openapi3.NewContentWithSchemaRef(r.named(ref, o.OperationID+"Body"), []string{jsonType})
		if mediaType(t) != jsonType {
			set(&o.Extensions, "x-content-type", mediaType(t))
		}
		return nil
	}
	switch t := types[0]; {
	case mediaType(t) == "multipart/form-data":
		return form(body, of[t])
	case mediaType(t) == "application/x-www-form-urlencoded":
		return fmt.Errorf("its body is of the type %s", t)
	default:
		set(&o.Extensions, "x-content-type", mediaType(t))
		file := openapi3.NewObjectSchema().WithProperty("file", openapi3.NewStringSchema().WithFormat("binary"))
		body.Content = openapi3.NewContentWithSchema(file, []string{"multipart/form-data"})
		return nil
	}
}

// form reduces a form to its file and the names of its other fields.
func form(body *openapi3.RequestBody, of *openapi3.MediaType) error {
	clean := openapi3.NewObjectSchema()
	files := 0
	if of.Schema != nil && of.Schema.Value != nil {
		flatten(of.Schema.Value)
		for name, property := range of.Schema.Value.Properties {
			field := openapi3.NewStringSchema()
			if property.Value.Format == "binary" {
				files++
				field.Format = "binary"
			}
			clean.WithProperty(name, field)
		}
	}
	if files != 1 {
		return fmt.Errorf("its form has %d files instead of one", files)
	}
	body.Content = openapi3.NewContentWithSchema(clean, []string{"multipart/form-data"})
	return nil
}

func mediaType(t string) string {
	t, _, _ = strings.Cut(t, ";")
	return strings.ToLower(strings.TrimSpace(t))
}

// content returns the schema and the examples of the types that contain a word. If there
// is none, it returns those of another type.
func content(of openapi3.Content, word string) (schema *openapi3.SchemaRef, examples []any) {
	var schemas, others openapi3.SchemaRefs
	for _, t := range slices.Sorted(maps.Keys(of)) {
		m := of[t]
		isIt := strings.Contains(t, word) && !strings.Contains(t, "seq")
		switch {
		case m.Schema == nil || m.Schema.Value == nil:
		case isIt:
			schemas = append(schemas, m.Schema)
		case m.Schema.Ref != "":
			others = append(others, m.Schema)
		}
		if isIt {
			examples = append(examples, m.Example)
			for _, e := range m.Examples {
				if e.Value != nil {
					examples = append(examples, e.Value.Value)
				}
			}
		}
	}
	if len(schemas) == 0 {
		schemas = others
	}
	return either(schemas), examples
}

// either returns a schema that fits each of schemas.
func either(schemas openapi3.SchemaRefs) *openapi3.SchemaRef {
	slices.SortStableFunc(schemas, func(a, b *openapi3.SchemaRef) int { return cmp.Compare(a.Ref, b.Ref) })
	schemas = slices.CompactFunc(schemas, func(a, b *openapi3.SchemaRef) bool { return a.Value == b.Value })
	switch len(schemas) {
	case 0:
		return openapi3.NewSchemaRef("", openapi3.NewSchema())
	case 1:
		return schemas[0]
	}
	return openapi3.NewSchemaRef("", &openapi3.Schema{AnyOf: schemas})
}

// response merges the successes of an operation into one.
func (r *repairer) response(o operation) error {
	var successes []openapi3.Content
	status, isJSON := "204", false
	for _, s := range slices.Sorted(maps.Keys(o.Responses.Map())) {
		response := o.Responses.Value(s).Value
		if !strings.HasPrefix(s, "2") || response == nil {
			continue
		}
		status = "200"
		successes = append(successes, response.Content)
		for t := range response.Content {
			isJSON = isJSON || strings.Contains(t, "json")
		}
	}
	var result openapi3.Content
	place := o.OperationID + "Result"
	switch {
	case isJSON:
		var schemas openapi3.SchemaRefs
		var examples []any
		for _, of := range successes {
			schema, more := content(of, "json")
			if examples = append(examples, more...); len(of) > 0 {
				schemas = append(schemas, schema)
			}
		}
		ref := r.schema(either(schemas), place)
		for _, e := range examples {
			ref = r.learn(ref, e, place)
		}
		result = openapi3.NewContentWithSchemaRef(r.named(ref, place), []string{jsonType})
	case len(successes) > 0 && (len(successes[0]) > 0 || o.method == "GET" && o.Responses.Value("200") != nil):
		file := openapi3.NewStringSchema().WithFormat("binary")
		result = openapi3.NewContentWithSchema(file, []string{"application/octet-stream"})
	default:
		status = "204"
	}
	o.Operation.Responses = openapi3.NewResponses(openapi3.WithName(status, openapi3.NewResponse().WithDescription("Success.").WithContent(result)))
	return nil
}

// pages marks a list with pages: a response with one list of objects and nextPage.
func (r *repairer) pages(o operation) {
	success := o.Operation.Responses.Value("200")
	if o.method != "GET" || success == nil || success.Value.Content.Get(jsonType) == nil {
		return
	}
	page := success.Value.Content.Get(jsonType).Schema.Value.Properties
	if page["nextPage"] == nil || !page["nextPage"].Value.Type.Is("string") {
		return
	}
	items := ""
	for name, property := range page {
		if list := property.Value; name != "reasons" && list.Type.Is("array") && isObject(list.Items) {
			if items != "" {
				return // it is not known which list pages
			}
			items = name
		}
	}
	if name := "All" + itemsOf(o.OperationID); items != "" && r.methods.take(name) == name {
		set(&o.Extensions, "x-items", items)
	}
}
