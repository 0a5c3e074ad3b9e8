package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oapi-codegen/oapi-codegen/v2/pkg/codegen"
)

// operation is what a page says of a call.
type operation struct {
	Method, Anchor, Plain, Signature, Returns string // of Go
	HTTPMethod, Path                          string
	Summary, Description, Deprecated          string
	Example                                   string
	Parameters                                []parameter
	ParamsType                                string     // the struct of those that are fields, if any
	NilIsUnsent                               bool       // whether every optional one of them is a pointer
	Body                                      []property // of a body whose schema has no page
	Result                                    *responseType
	Responses                                 []response
	Authorization                             []string
	ContentType, Accept                       string
	MediaTypes                                []string // of the answers
}

// Decodes reports whether there is a Go field for any answer.
func (o operation) Decodes() bool {
	return slices.ContainsFunc(o.Responses, func(r response) bool { return len(r.Types) > 0 })
}

// call is an operation with the choice of the method that the page shows: of
// several bodies the first that has a Go type.
type call struct {
	*codegen.OperationDefinition
	body   *codegen.RequestBodyDefinition // nil: none, or one without a Go type
	method string
}

func newCall(op *codegen.OperationDefinition) call {
	c := call{OperationDefinition: op}
	for i, b := range op.Bodies {
		if b.IsSupportedByClient() && (c.body == nil || b.Default && !c.body.Default) {
			c.body = &op.Bodies[i]
		}
	}
	switch {
	case c.body != nil:
		c.method = op.OperationId + c.body.Suffix() + "WithResponse"
	case op.HasBody():
		c.method = op.OperationId + "WithBodyWithResponse"
	default:
		c.method = op.OperationId + "WithResponse"
	}
	return c
}

// media is what the document says of the body that the method takes.
func (c call) media() *openapi3.MediaType {
	return c.Spec.RequestBody.Value.Content[c.body.ContentType]
}

func (c *contract) operation(def *codegen.OperationDefinition) (operation, error) {
	cl := newCall(def)
	op := operation{
		Method: cl.method, Anchor: strings.ToLower(cl.method), Plain: strings.TrimSuffix(cl.method, "WithResponse"),
		HTTPMethod: def.Method, Path: def.Path,
		Summary: strings.TrimSpace(def.Summary), Description: strings.TrimSpace(def.Spec.Description),
		Deprecated:    deprecation(def.Spec.Deprecated, def.Spec.Extensions),
		Authorization: c.authorization(def.Spec),
		ContentType:   contentType(cl),
		MediaTypes:    answerMediaTypes(def.Spec),
	}
	if accept := findHeader(def, "Accept"); accept != nil {
		op.Accept = accept.ParamName
	}
	op.Parameters, op.NilIsUnsent = c.parameters(cl)
	if cl.RequiresParamObject() {
		op.ParamsType = cl.OperationId + "Params"
	}
	if cl.body != nil && cl.media().Schema != nil && cl.media().Schema.Ref == "" {
		op.Body = c.properties(cl.body.Schema.Properties)
	}

	decl, err := c.code.method(cl.method)
	if err != nil {
		return op, err
	}
	op.Returns = printed(decl.Type.Results.List[0].Type)
	if op.Signature, err = c.code.signature(cl.method); err != nil {
		return op, err
	}
	if op.Responses, err = c.responses(def); err != nil {
		return op, err
	}
	op.Result = firstResult(op.Responses)
	op.Example, err = c.example(cl, op)
	return op, err
}

// authorization lists the ways to be let in, one of which is enough; none
// means that nothing is asked for.
func (c *contract) authorization(op *openapi3.Operation) []string {
	requirements := c.spec.Security
	if op.Security != nil {
		requirements = *op.Security
	}
	var ways []string
	for _, r := range requirements {
		var schemes []string
		for _, name := range slices.Sorted(maps.Keys(r)) {
			schemes = append(schemes, codeSpan(name))
		}
		if len(schemes) == 0 {
			return nil // an empty requirement among others makes them optional
		}
		ways = append(ways, strings.Join(schemes, " with "))
	}
	return ways
}

// contentType says where the request's Content-Type comes from.
func contentType(cl call) string {
	header := findHeader(cl.OperationDefinition, "Content-Type")
	switch {
	case header != nil:
		text := "what the parameter " + codeSpan(header.ParamName) + " says"
		if s := parameterSchema(header.Spec); s != nil && len(s.Value.Enum) > 0 {
			text += ": " + codeSpans(s.Value.Enum)
		}
		return text + "."
	case cl.body != nil:
		return codeSpan(cl.body.ContentType) + ", set by the method."
	case cl.HasBody():
		return "what the argument `contentType` says."
	}
	return "not sent, for there is no body."
}

func findHeader(op *codegen.OperationDefinition, name string) *codegen.ParameterDefinition {
	for i, p := range op.HeaderParams {
		if strings.EqualFold(p.ParamName, name) {
			return &op.HeaderParams[i]
		}
	}
	return nil
}
