package main

import (
	"maps"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// sampleDepth bounds samples of schemas that contain themselves.
const sampleDepth = 6

// parameterSample is a value for a parameter: the example that the document
// gives, or else one that fits the schema.
func parameterSample(p *openapi3.Parameter) any {
	if v, ok := statedExample(p.Example, p.Examples); ok {
		return v
	}
	return sample(parameterSchema(p), sampleDepth)
}

// parameterSchema is where a parameter's type is told: for some it is a media
// type's.
func parameterSchema(p *openapi3.Parameter) *openapi3.SchemaRef {
	if p.Schema != nil {
		return p.Schema
	}
	for _, name := range slices.Sorted(maps.Keys(p.Content)) {
		return p.Content[name].Schema
	}
	return nil
}

// mediaExample is the example that the document gives for a body, if any.
func mediaExample(m *openapi3.MediaType) (any, bool) {
	if v, ok := statedExample(m.Example, m.Examples); ok {
		return v, true
	}
	if m.Schema != nil && m.Schema.Value != nil && m.Schema.Value.Example != nil {
		return m.Schema.Value.Example, true
	}
	return nil, false
}

func statedExample(example any, examples openapi3.Examples) (any, bool) {
	if example != nil {
		return example, true
	}
	for _, name := range slices.Sorted(maps.Keys(examples)) {
		if e := examples[name].Value; e != nil && e.Value != nil {
			return e.Value, true
		}
	}
	return nil, false
}

// sample is a JSON value that fits a schema, of objects the required
// properties only. It is nil where there is nothing to say.
func sample(ref *openapi3.SchemaRef, depth int) any {
	if ref == nil || ref.Value == nil || depth == 0 {
		return nil
	}
	s := ref.Value
	switch {
	case s.Example != nil:
		return s.Example
	case s.Default != nil:
		return s.Default
	case len(s.Enum) > 0:
		return s.Enum[0]
	case len(s.OneOf) > 0:
		return sample(s.OneOf[0], depth-1)
	case len(s.AnyOf) > 0:
		return sample(s.AnyOf[0], depth-1)
	case s.Type.Is("array"):
		if v := sample(s.Items, depth-1); v != nil {
			return []any{v}
		}
		return []any{}
	case s.Type.Is("object"), len(s.AllOf) > 0, len(s.Properties) > 0:
		return objectSample(s, depth)
	}
	return scalarSample(s)
}

func objectSample(s *openapi3.Schema, depth int) map[string]any {
	object := map[string]any{}
	for _, part := range s.AllOf {
		if v, ok := sample(part, depth-1).(map[string]any); ok {
			maps.Copy(object, v)
		}
	}
	for _, name := range s.Required {
		if v := sample(s.Properties[name], depth-1); v != nil {
			object[name] = v
		}
	}
	return object
}

func scalarSample(s *openapi3.Schema) any {
	switch {
	case s.Type.Is("boolean"):
		return true
	case s.Type.Is("integer"), s.Type.Is("number"):
		if s.Min != nil {
			return *s.Min
		}
		return float64(1)
	case s.Type.Is("string"):
		if v, ok := formatSamples[s.Format]; ok {
			return v
		}
		return "text"
	}
	return nil
}

// formatSamples are values of the formats that have a Go type of their own.
var formatSamples = map[string]string{
	"date":      "2026-01-31",
	"date-time": "2026-01-31T12:00:00Z",
	"email":     "user@example.com",
	"uuid":      "2b6fcf1a-0d7e-4a1c-9c53-5a4f0e6f7d21",
}
