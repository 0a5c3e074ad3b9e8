package main

import (
	"fmt"
	"go/ast"
	"go/format"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// program is the data of a call's example.
type program struct {
	Standard, Others []string // import specs
	Package, Server  string
	Authorization    string
	Method           string
	Arguments        []string
	Result           string // the field of the decoded body, if any
}

// example is a whole Go program that makes the call.
func (c *contract) example(cl call, op operation) (string, error) {
	g := &goValues{code: c.code, pkg: c.pkg, imports: map[string]string{
		"context": "", "fmt": "", "log": "", "net/http": "", "time": "", c.importPath: "",
	}}
	p := program{
		Package: c.pkg, Server: c.serverExpr(), Method: cl.method,
		Authorization: strings.ReplaceAll(strings.Join(op.Authorization, ", or "), "`", ""),
	}
	if op.Result != nil {
		p.Result = op.Result.Field
	}
	var err error
	if p.Arguments, err = g.arguments(cl); err != nil {
		return "", err
	}
	p.Standard, p.Others = importSpecs(g.imports)
	text, err := execute("program", p)
	if err != nil {
		return "", err
	}
	text, err = format.Source(text)
	return strings.TrimSpace(string(text)), err
}

func (c *contract) serverExpr() string {
	for _, s := range c.servers() {
		if s.Constant != "" {
			return c.pkg + "." + s.Constant
		}
	}
	return strconv.Quote("https://api.example.com")
}

// importSpecs parts the standard library's packages from others, whose paths
// begin with a host name.
func importSpecs(imports map[string]string) (standard, others []string) {
	for _, path := range slices.Sorted(maps.Keys(imports)) {
		spec := strings.TrimSpace(imports[path] + " " + strconv.Quote(path))
		if host, _, _ := strings.Cut(path, "/"); strings.Contains(host, ".") {
			others = append(others, spec)
		} else {
			standard = append(standard, spec)
		}
	}
	return standard, others
}

// arguments are those of the call, between the context and the request editors.
func (g *goValues) arguments(cl call) ([]string, error) {
	decl, err := g.code.method(cl.method)
	if err != nil {
		return nil, err
	}
	var types []ast.Expr
	for _, field := range decl.Type.Params.List {
		for range field.Names {
			types = append(types, field.Type)
		}
	}
	types = types[1:] // the context
	var args []string
	for i, p := range cl.PathParams {
		arg, err := g.expr(types[i], parameterSample(p.Spec))
		if err != nil {
			return nil, fmt.Errorf("parameter %s: %w", p.ParamName, err)
		}
		args = append(args, arg)
	}
	types = types[len(cl.PathParams):]
	if cl.RequiresParamObject() {
		arg, err := g.paramsArgument(cl, types[0])
		if err != nil {
			return nil, err
		}
		args, types = append(args, arg), types[1:]
	}
	if !cl.HasBody() {
		return args, nil
	}
	if cl.body == nil {
		g.imports["strings"] = ""
		return append(args, strconv.Quote(cl.anyMediaType()), `strings.NewReader("…")`), nil
	}
	body, err := g.bodyArgument(cl.media(), types[0])
	return append(args, body), err
}

// anyMediaType is one that the body may have.
func (c call) anyMediaType() string {
	for _, name := range slices.Sorted(maps.Keys(c.Spec.RequestBody.Value.Content)) {
		return name
	}
	return "application/octet-stream"
}

func (g *goValues) paramsArgument(cl call, typ ast.Expr) (string, error) {
	pointer, ok := typ.(*ast.StarExpr)
	if !ok {
		return "", fmt.Errorf("the parameters are no pointer: %s", printed(typ))
	}
	f := fields{set: map[string]any{}, offered: map[string]any{}, remarks: map[string]string{}}
	for _, p := range cl.Params() {
		if v := parameterSample(p.Spec); p.Required {
			f.set[p.ParamName] = v
		} else {
			f.offered[p.ParamName] = v
		}
		if p.Spec.Deprecated {
			f.remarks[p.ParamName] = "deprecated"
		}
		if s := parameterSchema(p.Spec); s != nil && s.Value.Format == "password" {
			f.remarks[p.ParamName] = "keep the real one out of the source"
		}
	}
	literal, err := g.fields(pointer.X, f)
	return "&" + literal, err
}

// bodyArgument sets what the document's example has, or else what is required.
func (g *goValues) bodyArgument(media *openapi3.MediaType, typ ast.Expr) (string, error) {
	value, ok := mediaExample(media)
	if !ok {
		value = sample(media.Schema, sampleDepth)
	}
	object, ok := value.(map[string]any)
	if _, isStruct := g.code.underlying(typ).(*ast.StructType); !ok || !isStruct {
		return g.expr(typ, value)
	}
	f := fields{set: object, offered: map[string]any{}}
	collectProperties(media.Schema, func(name string, ref *openapi3.SchemaRef) {
		if _, ok := object[name]; !ok {
			f.offered[name] = sample(ref, sampleDepth)
		}
	})
	return g.fields(typ, f)
}

func collectProperties(ref *openapi3.SchemaRef, yield func(string, *openapi3.SchemaRef)) {
	if ref == nil || ref.Value == nil {
		return
	}
	for _, part := range ref.Value.AllOf {
		collectProperties(part, yield)
	}
	for name, property := range ref.Value.Properties {
		yield(name, property)
	}
}
