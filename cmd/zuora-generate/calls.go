package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oapi-codegen/oapi-codegen/v2/pkg/codegen"
)

// call is one method of API, as client.tmpl writes it.
type call struct {
	Name, Comment string
	Args, Results string
	Function      string // of package typed
	Request       string // a typed.Request
	Result        string // the type of the result, or "" if the call has none
	NoPointer     bool   // of Result
	EmptyParams   bool   // the template declares the type of its parameters

	Items, Item, Field string // for a list with pages: its name, an item's type, and the page's field
}

func calls(ops []codegen.OperationDefinition) (list []call, err error) {
	for _, op := range ops {
		c, bad := newCall(op)
		if bad != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", op.SpecOperationId, bad))
			continue
		}
		list = append(list, c)
	}
	return list, err
}

func newCall(op codegen.OperationDefinition) (c call, err error) {
	c.Name = op.OperationId
	c.Comment = comment(op)
	request := []string{fmt.Sprintf("Method: %q, Path: %q", op.Method, op.Path)}
	var keys []string
	for _, p := range op.PathParams {
		name := variable(p)
		c.Args += ", " + name + " " + p.TypeDef()
		keys = append(keys, name)
	}
	if len(keys) > 0 {
		request = append(request, "Keys: []any{"+strings.Join(keys, ", ")+"}")
	}
	switch body := op.Bodies; {
	case len(body) > 0 && body[0].ContentType == "multipart/form-data":
		request = append(request, c.upload(op, op.Spec.RequestBody.Value.Content[body[0].ContentType].Schema.Value.Properties))
	case len(body) > 0:
		schema := op.Spec.RequestBody.Value.Content[body[0].ContentType].Schema
		if schema.Ref == "" {
			return c, errors.New("the request's schema has no name: make it a $ref")
		}
		c.Args += ", body " + body[0].Schema.TypeDecl()
		request = append(request, "Body: &body")
		if contentType, ok := op.Spec.Extensions["x-content-type"].(string); ok {
			request = append(request, fmt.Sprintf("ContentType: %q", contentType))
		}
	case op.Method == http.MethodPost || op.Method == http.MethodPut || op.Method == http.MethodPatch:
		request = append(request, "Body: struct{}{}") // Zuora refuses a write without a body
	}
	if op.RequiresParamObject() || op.Method == http.MethodGet {
		c.Args += ", params *" + c.Name + "Params"
		c.EmptyParams = !op.RequiresParamObject()
		request = append(request, "Params: params")
	}
	if readOnly, _ := op.Spec.Extensions["x-read-only"].(bool); readOnly {
		request = append(request, "ReadOnly: true")
	}
	c.Request = "typed.Request{" + strings.Join(request, ", ") + "}"
	if err := c.result(op); err != nil {
		return c, err
	}
	return c, c.pages(op)
}

// variable returns the name of a path's parameter in a method's signature, where some
// names are taken.
func variable(p codegen.ParameterDefinition) string {
	name := p.GoVariableName()
	if slices.Contains([]string{"a", "ctx", "body", "params", "editors", "name", "file", "fields", "context", "io", "iter", "typed", "zuora"}, name) {
		return name + "Key"
	}
	return name
}

// upload returns a typed.Upload: a form with a file, or the file itself.
func (c *call) upload(op codegen.OperationDefinition, properties openapi3.Schemas) string {
	if contentType, ok := op.Spec.Extensions["x-content-type"].(string); ok {
		c.Args += ", file io.Reader"
		return fmt.Sprintf("Upload: &typed.Upload{ContentType: %q, File: file}", contentType)
	}
	field := ""
	var others []string
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		if field == "" && (properties[name].Value.Format == "binary" || len(properties) == 1) {
			field = name
		} else {
			others = append(others, name)
		}
	}
	c.Args += ", name string, file io.Reader"
	if len(others) == 0 {
		return fmt.Sprintf("Upload: &typed.Upload{Field: %q, Name: name, File: file}", field)
	}
	c.Args += ", fields map[string]string"
	c.Comment += "\n//\n// The other fields of its form are " + strings.Join(others, ", ") + "."
	return fmt.Sprintf("Upload: &typed.Upload{Field: %q, Name: name, File: file, Fields: fields}", field)
}

// result sets what the call returns: the content of the spec's first success.
func (c *call) result(op codegen.OperationDefinition) error {
	for _, r := range op.Responses {
		for _, content := range r.Contents {
			if strings.Contains(content.ContentType, "json") {
				c.Result = content.Schema.TypeDecl()
				if op.Spec.Responses.Value(r.StatusCode).Value.Content[content.ContentType].Schema.Ref == "" {
					return errors.New("the response's schema has no name: make it a $ref")
				}
				c.Function, c.Results = "JSON["+c.Result+"]", "(*"+c.Result+", error)"
				if len(content.Schema.OAPISchema.Properties) == 0 {
					c.NoPointer, c.Results = true, "("+c.Result+", error)" // a list, a map or a zuora.Value
				}
				return nil
			}
			c.Function, c.Results = "Stream", "(io.ReadCloser, error)"
		}
	}
	if c.Function == "" {
		c.Function, c.Results = "NoContent", "error"
	}
	return nil
}

// pages sets the items of a list, which x-items names.
func (c *call) pages(op codegen.OperationDefinition) error {
	property, ok := op.Spec.Extensions["x-items"].(string)
	if !ok {
		return nil
	}
	for _, r := range op.Spec.Responses.Map() {
		for _, content := range r.Value.Content {
			page := content.Schema.Value.Properties
			if page[property] == nil || page[property].Value.Items == nil || page[property].Value.Items.Ref == "" {
				return fmt.Errorf("x-items: %s is not a list of a named schema", property)
			}
			if page["nextPage"] == nil {
				return errors.New("x-items: the page has no nextPage")
			}
			ref := page[property].Value.Items.Ref
			c.Item = codegen.SchemaNameToTypeName(ref[strings.LastIndex(ref, "/")+1:])
			c.Field = codegen.Property{JsonFieldName: property, Extensions: page[property].Value.Extensions}.GoFieldName()
			c.Items = itemsOf(c.Name)
			return nil
		}
	}
	return errors.New("x-items: the call returns nothing")
}

var listVerb = regexp.MustCompile(`^(List|Get|Retrieve|Query)(All)?([A-Z])`)

// itemsOf matches the name of a method that lists.
func itemsOf(method string) string { return listVerb.ReplaceAllString(method, "$3") }

// comment returns the method's documentation: the spec's description, and the method
// and path that it calls.
func comment(op codegen.OperationDefinition) string {
	text := op.OperationId + " calls " + op.Method + " " + op.Path + "."
	if op.Summary != "" {
		text = wrap(op.OperationId + " " + strings.ToLower(op.Summary[:1]) + strings.TrimSuffix(op.Summary[1:], ".") + ".")
		if op.Spec.Description != "" {
			text += "\n\n" + wrap(op.Spec.Description)
		}
		text += "\n\nIt calls " + op.Method + " " + op.Path + "."
	}
	if op.Spec.Deprecated {
		reason, _ := op.Spec.Extensions["x-deprecated-reason"].(string)
		text += "\n\nDeprecated: " + cmp.Or(reason, "so says Zuora's document.")
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight("// "+line, " ")
	}
	return strings.Join(lines, "\n")
}
