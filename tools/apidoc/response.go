package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oapi-codegen/oapi-codegen/v2/pkg/codegen"
)

// response is what a page says of the answers of one status.
type response struct {
	Status      string
	Default     bool // for any status that has no response of its own
	Description string
	Types       []responseType
	Examples    []responseExample
}

// responseType is a field of the Go response that holds the decoded body.
type responseType struct{ Field, GoType, Type string }

type responseExample struct {
	MediaType string
	Value     any
}

// Plain is the example as it stands if it is no JSON, such as XML's, which the
// document has as a string.
func (e responseExample) Plain() string {
	text, ok := e.Value.(string)
	if !ok || strings.Contains(e.MediaType, "json") {
		return ""
	}
	return text
}

func (c *contract) responses(def *codegen.OperationDefinition) ([]response, error) {
	fields, err := def.GetResponseTypeDefinitions()
	if err != nil {
		return nil, err
	}
	all := def.Spec.Responses.Map()
	var responses []response
	for _, status := range slices.Sorted(maps.Keys(all)) { // digits sort before "default"
		r := response{Status: status, Default: status == "default"}
		if spec := all[status].Value; spec != nil {
			r.Examples = responseExamples(spec)
			if spec.Description != nil {
				r.Description = *spec.Description
			}
		}
		for _, f := range fields {
			if f.ResponseName == status {
				goType := f.Schema.TypeDecl()
				r.Types = append(r.Types, responseType{Field: f.TypeName, GoType: goType, Type: c.typeLink(goType)})
			}
		}
		responses = append(responses, r)
	}
	return responses, nil
}

func responseExamples(r *openapi3.Response) []responseExample {
	var examples []responseExample
	for _, name := range slices.Sorted(maps.Keys(r.Content)) {
		if v, ok := mediaExample(r.Content[name]); ok {
			examples = append(examples, responseExample{MediaType: name, Value: v})
		}
	}
	return examples
}

// firstResult is the decoded body of the first answer that means success.
func firstResult(responses []response) *responseType {
	for _, r := range responses {
		if strings.HasPrefix(r.Status, "2") && len(r.Types) > 0 {
			return &r.Types[0]
		}
	}
	return nil
}

func answerMediaTypes(op *openapi3.Operation) []string {
	found := map[string]bool{}
	for _, r := range op.Responses.Map() {
		if r.Value == nil {
			continue
		}
		for name := range r.Value.Content {
			found[name] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// indentedJSON leaves <, > and & as they are: the pages are no HTML.
func indentedJSON(v any) (string, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(v)
	return strings.TrimSpace(b.String()), err
}
