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

const (
	goType      = "x-go-type"
	skipPointer = "x-go-type-skip-optional-pointer"
	extraTags   = "x-oapi-codegen-extra-tags"
)

// prepare adds to doc what is the same for every package: objects keep members that they
// have no property for, no property is required, and what a request leaves out is not
// sent.
func prepare(doc *openapi3.T) error {
	if doc.Components != nil {
		if doc.Components.Schemas["API"] != nil {
			return errors.New("the schema API would have the name of the type that makes the calls")
		}
		doc.Components.Parameters = nil // each call has its own
	}
	p := preparer{
		seen: map[*openapi3.Schema]bool{}, requested: map[*openapi3.Schema]bool{}, described: map[*openapi3.Schema]*openapi3.SchemaRef{},
	}
	for _, path := range doc.Paths.InMatchingOrder() {
		for method, op := range doc.Paths.Value(path).Operations() {
			if op.OperationID == "" {
				return fmt.Errorf("%s %s has no operationId", method, path)
			}
			p.operation(op, doc.Paths.Value(path).Parameters)
		}
	}
	for schema := range p.requested {
		p.request(schema)
	}
	for schema := range p.seen {
		schema.Required = nil // because responses lack some
	}
	return nil
}

type preparer struct {
	seen      map[*openapi3.Schema]bool
	requested map[*openapi3.Schema]bool                // parts of a request
	described map[*openapi3.Schema]*openapi3.SchemaRef // the originals of copies with a description of their own
}

func (p *preparer) operation(op *openapi3.Operation, shared openapi3.Parameters) {
	for status := range op.Responses.Map() {
		if !slices.Contains([]string{"200", "201", "202", "204"}, status) {
			op.Responses.Delete(status) // a failure, which is an error
		}
	}
	for _, r := range op.Responses.Map() {
		r.Value.Headers = nil
		for _, c := range r.Value.Content {
			p.schema(c.Schema, false)
		}
	}
	if op.RequestBody != nil {
		for _, c := range op.RequestBody.Value.Content {
			p.schema(c.Schema, true)
		}
	}
	for _, param := range slices.Concat(shared, op.Parameters) {
		param.Ref = ""
		tags := map[string]any{}
		if param.Value.In == "header" {
			tags["header"] = param.Value.Name
		}
		if param.Value.Required && param.Value.In != "path" {
			tags["required"] = "true"
			param.Value.Description = required(param.Value.Description)
		}
		set(&param.Value.Extensions, extraTags, tags)
		param.Value.Description = wrap(param.Value.Description)
	}
}

func (p *preparer) schema(ref *openapi3.SchemaRef, request bool) {
	if ref == nil || ref.Value == nil || strings.Contains(ref.Ref, ".yaml#") { // another package's
		return
	}
	s := ref.Value
	if request && p.requested[s] || !request && p.seen[s] {
		return
	}
	first := !p.seen[s]
	p.seen[s] = true
	if request {
		p.requested[s] = true
	}
	if first {
		flatten(s)
		p.prepare(s)
	}
	for name, property := range s.Properties {
		property = p.reference(property, request)
		if origin := cmp.Or(property.Origin, property.Value.Origin); origin != nil && origin.Key != nil {
			set(&property.Extensions, "x-order", float64(origin.Key.Line)) // the order of the spec
		}
		s.Properties[name] = property
	}
	p.schema(s.Items, request)
	p.schema(s.AdditionalProperties.Schema, request)
}

// reference prepares a property's schema. If a property refers to a schema by an allOf
// of one, which is how OpenAPI adds a description to a reference, the property becomes
// a plain reference.
func (p *preparer) reference(property *openapi3.SchemaRef, request bool) *openapi3.SchemaRef {
	v, to := property.Value, p.described[property.Value]
	if to == nil && property.Ref == "" && len(v.AllOf) == 1 && v.AllOf[0].Ref != "" && len(v.Properties) == 0 {
		to = v.AllOf[0]
	}
	if to == nil {
		p.schema(property, request)
		return property
	}
	p.schema(to, request)
	if v.AllOf == nil {
		return property // it is prepared already
	}
	described := *to.Value
	described.Description, described.Origin = wrap(v.Description), v.Origin
	p.described[&described] = to
	return &openapi3.SchemaRef{Ref: to.Ref, Value: &described, Origin: property.Origin}
}

func (p *preparer) prepare(s *openapi3.Schema) {
	s.Description = wrap(s.Description)
	untyped := s.Type == nil && len(s.Properties) == 0 && len(s.OneOf)+len(s.AnyOf) == 0
	if _, known := s.Extensions[goType]; untyped && !known {
		set(&s.Extensions, goType, "zuora.Value")
	}
	has, of := s.AdditionalProperties.Has, s.AdditionalProperties.Schema
	if of == nil && (has == nil && len(s.Properties) > 0 || has != nil && *has) {
		s.AdditionalProperties = openapi3.AdditionalProperties{Schema: &openapi3.SchemaRef{Value: &openapi3.Schema{
			Extensions: map[string]any{goType: "zuora.Value"},
		}}}
	}
}

// request makes properties of s, which is part of a request, pointers, so that what is
// not set differs from false, 0 and an empty object.
func (p *preparer) request(s *openapi3.Schema) {
	for name, property := range s.Properties {
		isNeeded := slices.Contains(s.Required, name)
		if isNeeded && (property.Ref == "" || p.described[property.Value] != nil) {
			property.Value.Description = required(property.Value.Description)
		}
		_, decided := property.Value.Extensions[skipPointer]
		t := property.Value.Type
		object := t.Is("object") && len(property.Value.Properties) > 0
		if !decided && (t.Is("boolean") || t.Is("integer") || object && !isNeeded) {
			set(&property.Extensions, skipPointer, false)
			if property.Ref == "" {
				set(&property.Value.Extensions, skipPointer, false)
			}
		}
	}
}

// flatten makes one object of a schema with allOf.
func flatten(s *openapi3.Schema) {
	for _, part := range s.AllOf {
		flatten(part.Value)
		if s.Properties == nil {
			s.Properties = openapi3.Schemas{}
		}
		maps.Copy(s.Properties, part.Value.Properties)
		s.Required = append(s.Required, part.Value.Required...)
		if s.Type == nil {
			s.Type = part.Value.Type
		}
		if part.Value.AdditionalProperties.Has != nil || part.Value.AdditionalProperties.Schema != nil {
			s.AdditionalProperties = part.Value.AdditionalProperties
		}
		if s.Description == "" {
			s.Description = part.Value.Description
		}
	}
	s.AllOf = nil
}

func set(extensions *map[string]any, name string, value any) {
	if *extensions == nil {
		*extensions = map[string]any{}
	}
	(*extensions)[name] = value
}

func required(description string) string {
	return strings.TrimSpace(strings.TrimSpace(description) + " Required.")
}

// wrap breaks each paragraph of text into lines.
func wrap(text string) string {
	const most = 90
	var paragraphs []string
	for _, paragraph := range strings.Split(strings.TrimSpace(text), "\n\n") {
		var b strings.Builder
		n := 0
		for _, word := range strings.Fields(paragraph) {
			switch {
			case n == 0:
			case n+1+len(word) > most:
				b.WriteByte('\n')
				n = 0
			default:
				b.WriteByte(' ')
				n++
			}
			b.WriteString(word)
			n += len(word)
		}
		paragraphs = append(paragraphs, b.String())
	}
	return strings.Join(paragraphs, "\n\n")
}
