package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

const schemaPath = "#/components/schemas/"

// schema returns ref in a form that a package can have. Objects and enums become schemas
// with a name, which is place if the document has none. A value that may be anything
// becomes a zuora.Value.
func (r *repairer) schema(ref *openapi3.SchemaRef, place string) *openapi3.SchemaRef {
	if ref == nil || ref.Value == nil {
		return anything("")
	}
	s := ref.Value
	if done := r.repaired[s]; done != nil {
		return again(done)
	}
	if len(s.AllOf) == 1 && s.AllOf[0].Ref != "" && len(s.Properties)+len(s.OneOf)+len(s.AnyOf) == 0 {
		to := r.schema(s.AllOf[0], place)
		if description := plainText(s.Description); isObject(to) && description != "" {
			return openapi3.NewSchemaRef("", &openapi3.Schema{Description: description, AllOf: openapi3.SchemaRefs{inner(to)}})
		}
		return to
	}
	merge(s, map[*openapi3.Schema]bool{})
	example := s.Example
	clean := &openapi3.Schema{Description: plainText(s.Description), Format: s.Format, Origin: s.Origin, Required: s.Required}
	for _, t := range s.Type.Slice() {
		if t != "null" {
			clean.Type = &openapi3.Types{t}
		}
	}
	if len(s.Type.Slice()) > 1 && !s.Type.IncludesNull() || len(s.Type.Slice()) > 2 {
		clean.Type = nil
	}
	if clean.Format == "datetime" {
		clean.Format = "date-time"
	}
	result := openapi3.NewSchemaRef("", clean)
	switch {
	case len(s.Properties) > 0:
		clean.Type, clean.Format = &openapi3.Types{"object"}, ""
		result = r.component(clean, r.nameOf(s, place))
		r.repaired[s] = result // before its properties, which may refer to it
		r.properties(s, clean, result.Ref[len(schemaPath):])
	case clean.Type.Is("array"):
		clean.Items = r.schema(s.Items, singular(place))
		r.repaired[s] = result
	case clean.Type.Is("object") && s.AdditionalProperties.Schema != nil:
		clean.AdditionalProperties.Schema = r.schema(s.AdditionalProperties.Schema, place+"Value")
		r.repaired[s] = result
	case clean.Type.Is("string") && len(enum(s)) > 0:
		clean.Format = ""
		for _, v := range enum(s) {
			clean.Enum = append(clean.Enum, v)
		}
		result = r.component(clean, r.nameOf(s, place))
		r.repaired[s] = result
	case clean.Type.Is("string"), clean.Type.Is("number"), clean.Type.Is("integer"), clean.Type.Is("boolean"):
		clean.Required = nil
		r.repaired[s] = result
	default:
		result = anything(clean.Description)
		r.repaired[s] = result
	}
	if example != nil {
		if learned := r.learn(result, example, place); learned != result {
			r.repaired[s], result = learned, learned
		}
	}
	return again(result)
}

// again returns ref for one more place, which may have a description of its own.
func again(ref *openapi3.SchemaRef) *openapi3.SchemaRef {
	if ref.Ref != "" || len(ref.Value.AllOf) > 0 {
		return &openapi3.SchemaRef{Ref: ref.Ref, Value: ref.Value, Origin: ref.Origin}
	}
	s := *ref.Value
	s.Extensions = maps.Clone(s.Extensions)
	return &openapi3.SchemaRef{Value: &s, Origin: ref.Origin}
}

// nameOf returns the name of s, or place if the document has none.
func (r *repairer) nameOf(s *openapi3.Schema, place string) string {
	if name := r.theirs[s]; name != "" {
		return name
	}
	return r.types.take(place)
}

func (r *repairer) component(s *openapi3.Schema, name string) *openapi3.SchemaRef {
	s.Description = ofType(s.Description)
	r.components[name] = openapi3.NewSchemaRef("", s)
	return openapi3.NewSchemaRef(schemaPath+name, s)
}

// named gives the schema of ref a name, if it has none.
func (r *repairer) named(ref *openapi3.SchemaRef, place string) *openapi3.SchemaRef {
	if ref = inner(ref); ref.Ref != "" {
		return ref
	}
	return r.component(ref.Value, r.types.take(place))
}

func (r *repairer) properties(s, clean *openapi3.Schema, name string) {
	clean.Properties = openapi3.Schemas{}
	fields := names{"additionalproperties": true, "marshaljson": true, "unmarshaljson": true}
	for _, p := range slices.Sorted(maps.Keys(s.Properties)) {
		property := r.schema(r.listed(p, s.Properties[p]), name+identifier(p))
		if from := s.Properties[p]; property.Origin == nil {
			property.Origin = from.Origin
		}
		field := identifier(p)
		if taken := fields.take(field, field+"Field"); taken != field {
			property = inner(property)
			set(&property.Extensions, "x-go-name", taken)
			if property.Ref == "" {
				set(&property.Value.Extensions, "x-go-name", taken)
			}
		}
		clean.Properties[p] = property
	}
}

// listed returns property. If it is a URL, and elsewhere in the document a list of
// objects, listed returns that list: newer versions of Zuora's API send the list instead
// of the URL.
func (r *repairer) listed(name string, property *openapi3.SchemaRef) *openapi3.SchemaRef {
	items := r.lists[name]
	if property.Value == nil || !property.Value.Type.Is("string") || !strings.EqualFold(property.Value.Format, "url") || len(items) == 0 {
		return property
	}
	list := &openapi3.Schema{Description: property.Value.Description, Origin: property.Value.Origin}
	if len(items) == 1 {
		list.Type, list.Items = &openapi3.Types{"array"}, items[0]
	} // otherwise it is not known which one
	return openapi3.NewSchemaRef("", list)
}

// findLists finds the lists of objects in the document's schemas.
func (r *repairer) findLists(s *openapi3.Schema, seen map[*openapi3.Schema]bool) {
	if seen[s] {
		return
	}
	seen[s] = true
	for name, property := range s.Properties {
		if property.Value == nil {
			continue
		}
		if items := property.Value.Items; items != nil && items.Ref != "" {
			if !slices.ContainsFunc(r.lists[name], func(has *openapi3.SchemaRef) bool { return has.Ref == items.Ref }) {
				r.lists[name] = append(r.lists[name], items)
			}
		}
		r.findLists(property.Value, seen)
	}
	for _, part := range slices.Concat(s.AllOf, s.OneOf, s.AnyOf, openapi3.SchemaRefs{s.Items, s.AdditionalProperties.Schema}) {
		if part != nil && part.Value != nil {
			r.findLists(part.Value, seen)
		}
	}
}

// merge makes one schema of s and its allOf, oneOf and anyOf: an object with the
// properties of all.
func merge(s *openapi3.Schema, above map[*openapi3.Schema]bool) {
	if above[s] {
		return
	}
	above[s] = true
	defer delete(above, s)
	all, some := s.AllOf, slices.Concat(s.OneOf, s.AnyOf)
	s.AllOf, s.OneOf, s.AnyOf = nil, nil, nil
	var kinds []string
	for i, part := range slices.Concat(all, some) {
		if part.Value == nil || above[part.Value] {
			continue
		}
		merge(part.Value, above)
		p := *part.Value
		isObject := p.Type.Is("object") || len(p.Properties) > 0
		if i >= len(all) {
			p.Required, p.Description = nil, ""
			if p.Type != nil && !p.Type.Is("null") || isObject {
				kinds = append(kinds, kindOf(&p))
			}
		}
		for name, property := range p.Properties {
			if s.Properties == nil {
				s.Properties = openapi3.Schemas{}
			}
			if has := s.Properties[name]; has != nil && has.Value != property.Value {
				property = openapi3.NewSchemaRef("", &openapi3.Schema{
					Description: has.Value.Description, Origin: has.Value.Origin, AnyOf: openapi3.SchemaRefs{has, property},
				})
			}
			s.Properties[name] = property
		}
		s.Required = append(s.Required, p.Required...)
		if s.Type == nil && !p.Type.Is("null") {
			s.Type, s.Format, s.Enum = p.Type, p.Format, p.Enum
		}
		if s.Description == "" && len(all) == 1 {
			s.Description = p.Description // if there are several, each describes a part only
		}
		if s.AdditionalProperties.Schema == nil {
			s.AdditionalProperties.Schema = p.AdditionalProperties.Schema
		}
		if s.Example == nil {
			s.Example = p.Example
		}
		switch {
		case p.Items == nil:
		case s.Items == nil:
			s.Items = p.Items
		case s.Items.Value != p.Items.Value:
			s.Items = openapi3.NewSchemaRef("", &openapi3.Schema{AnyOf: openapi3.SchemaRefs{s.Items, p.Items}})
		}
	}
	slices.Sort(kinds)
	switch kinds = slices.Compact(kinds); {
	case len(kinds) > 1 && slices.Contains(kinds, "object") || len(kinds) > 1 && slices.Contains(kinds, "array"):
		s.Type, s.Properties, s.Items, s.Enum, s.AdditionalProperties.Schema = nil, nil, nil, nil, nil // anything
	case len(kinds) > 1:
		s.Type, s.Format, s.Enum = &openapi3.Types{"string"}, "", nil // numbers and bools are converted to it
	case len(some) > 1 && len(kinds) == 1 && s.Enum != nil:
		s.Enum = nil // it belongs to one of them only
	}
}

func kindOf(s *openapi3.Schema) string {
	if len(s.Properties) > 0 {
		return "object"
	}
	return strings.Join(s.Type.Slice(), " ")
}

// enum returns the values of an enum, if they are texts that make constants.
func enum(s *openapi3.Schema) (values []string) {
	for _, v := range s.Enum {
		text, ok := v.(string)
		if !ok || strings.TrimSpace(text) == "" || strings.ContainsAny(text, "\"`\\\n\r\t") {
			return nil
		}
		if !slices.Contains(values, text) {
			values = append(values, text)
		}
	}
	return values
}

func anything(description string) *openapi3.SchemaRef {
	return openapi3.NewSchemaRef("", &openapi3.Schema{Description: description, Extensions: map[string]any{goType: "zuora.Value"}})
}

// inner returns the schema that ref refers to, without a description of ref's own.
func inner(ref *openapi3.SchemaRef) *openapi3.SchemaRef {
	if ref.Ref == "" && len(ref.Value.AllOf) == 1 {
		return ref.Value.AllOf[0]
	}
	return ref
}

func isObject(ref *openapi3.SchemaRef) bool {
	return ref != nil && len(inner(ref).Value.Properties) > 0
}

// learn returns ref changed so that the document's example of it fits. A type that does
// not fit becomes that of the example, and one that differs between examples becomes a
// zuora.Value.
func (r *repairer) learn(ref *openapi3.SchemaRef, example any, place string) *openapi3.SchemaRef {
	if text, ok := example.(string); ok && !inner(ref).Value.Type.Is("string") {
		var parsed any // some examples are JSON in a string
		if json.Unmarshal([]byte(text), &parsed) == nil && parsed != nil {
			example = parsed
		}
	}
	s := inner(ref).Value
	members, isMap := example.(map[string]any)
	items, isList := example.([]any)
	_, isValue := s.Extensions[goType]
	switch {
	case isValue || example == nil || example == "":
	case isObject(ref) && isMap:
		for _, name := range slices.Sorted(maps.Keys(members)) {
			if p := s.Properties[name]; p != nil {
				s.Properties[name] = r.learn(p, members[name], place+identifier(name))
			}
		}
	case isObject(ref) && isList && len(items) > 0:
		list := openapi3.NewSchemaRef("", &openapi3.Schema{
			Type: &openapi3.Types{"array"}, Items: again(inner(ref)), Description: ref.Value.Description, Origin: ref.Value.Origin,
		})
		return r.learn(list, example, place)
	case s.Type.Is("array"):
		if _, isText := example.(string); isText && isObject(s.Items) {
			break // a URL: the decoder keeps it
		}
		if !isList {
			items = []any{example} // one item is a list of one
		}
		for _, item := range items {
			s.Items = r.learn(s.Items, item, singular(place))
		}
	case s.AdditionalProperties.Schema != nil && isMap:
		for _, name := range slices.Sorted(maps.Keys(members)) {
			s.AdditionalProperties.Schema = r.learn(s.AdditionalProperties.Schema, members[name], place+"Value")
		}
	case isObject(ref) || s.Type.Is("object") || isMap || isList:
		return replaced(ref, anything(s.Description))
	case r.sending && s.Type.Is("string"):
		if _, isText := example.(string); isText && (s.Format == "decimal" || s.Format == "number") {
			s.Format = "" // a Decimal would go out without its quotation marks
		}
	case s.Type.Is("boolean") && !slices.Contains([]string{"true", "false", "yes", "no", "0", "1"}, strings.ToLower(fmt.Sprint(example))),
		s.Type.Is("integer") && !isWhole(example):
		return replaced(ref, openapi3.NewSchemaRef("", &openapi3.Schema{Type: &openapi3.Types{"string"}, Description: s.Description}))
	}
	return ref
}

func replaced(ref, by *openapi3.SchemaRef) *openapi3.SchemaRef {
	by.Origin, by.Value.Origin = ref.Origin, ref.Value.Origin
	return by
}

func isWhole(example any) bool {
	switch v := example.(type) {
	case bool, int, int64, uint64:
		return true
	case float64:
		return v == float64(int64(v))
	case string:
		_, err := strconv.ParseInt(v, 10, 64)
		return err == nil
	}
	return false
}

// breakCycles makes an object that is a part of itself a pointer there.
func (r *repairer) breakCycles() {
	const inProgress, done = 1, 2
	state := map[*openapi3.Schema]int{}
	var visit func(s *openapi3.Schema)
	visit = func(s *openapi3.Schema) {
		state[s] = inProgress
		for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
			if !isObject(s.Properties[name]) {
				continue
			}
			switch to := inner(s.Properties[name]); state[to.Value] {
			case inProgress:
				s.Properties[name] = &openapi3.SchemaRef{Ref: to.Ref, Value: to.Value, Origin: s.Properties[name].Origin, Extensions: map[string]any{skipPointer: false}}
			case done:
			default:
				visit(to.Value)
			}
		}
		state[s] = done
	}
	for _, name := range slices.Sorted(maps.Keys(r.components)) {
		if state[r.components[name].Value] == 0 {
			visit(r.components[name].Value)
		}
	}
}
