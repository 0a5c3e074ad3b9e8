package main

import (
	"strings"

	"github.com/oapi-codegen/oapi-codegen/v2/pkg/codegen"
)

// parameter is a line of an operation's table.
type parameter struct {
	Name     string // in HTTP
	Go       string // the field of the Params struct, or the argument
	Argument bool
	In       string
	Type     string // Markdown
	Required bool
	Notes    string
}

// parameters also reports whether every optional parameter is a pointer.
func (c *contract) parameters(cl call) ([]parameter, bool) {
	var rows []parameter
	for _, p := range cl.PathParams {
		row := c.parameter(p)
		row.Go, row.Argument = p.GoVariableName(), true
		rows = append(rows, row)
	}
	optional, pointers := 0, 0
	for _, p := range cl.Params() {
		rows = append(rows, c.parameter(p))
		if !p.Required {
			optional++
		}
		if p.HasOptionalPointer() {
			pointers++
		}
	}
	if cl.HasBody() {
		rows = append(rows, c.bodyParameter(cl))
	}
	return rows, optional > 0 && optional == pointers
}

func (c *contract) parameter(p codegen.ParameterDefinition) parameter {
	typ := p.TypeDef()
	if p.HasOptionalPointer() {
		typ = "*" + typ
	}
	notes := []string{strings.TrimSpace(p.Spec.Description)}
	if s := parameterSchema(p.Spec); s != nil {
		notes = append(notes, schemaNotes(s.Value)...)
	}
	if v, ok := statedExample(p.Spec.Example, p.Spec.Examples); ok {
		notes = append(notes, exampleNote(v))
	}
	notes = append(notes, deprecation(p.Spec.Deprecated, p.Spec.Extensions))
	return parameter{
		Name: p.ParamName, Go: p.GoName(), In: p.In, Type: c.typeLink(typ), Required: p.Required, Notes: sentences(notes),
	}
}

// bodyParameter is the request's body as the method takes it.
func (c *contract) bodyParameter(cl call) parameter {
	body := cl.Spec.RequestBody.Value
	row := parameter{
		Name: "body", Go: "body", Argument: true, In: "body", Type: codeSpan("io.Reader"), Required: body.Required,
		Notes: sentences([]string{strings.TrimSpace(body.Description)}),
	}
	if cl.body != nil {
		row.Type = codeSpan(cl.OperationId + cl.body.NameTag + "RequestBody")
		if cl.media().Schema != nil && cl.media().Schema.Ref != "" {
			row.Type += ", which is " + c.typeLink(cl.body.Schema.TypeDecl())
		}
	}
	return row
}
