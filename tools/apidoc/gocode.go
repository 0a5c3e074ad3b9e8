package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"reflect"
	"strconv"
	"strings"
)

// goCode is the generated Go code, as far as the pages name it. It is read
// rather than predicted: several of its names, such as those of constants that
// would collide, are decided by functions that codegen does not export.
type goCode struct {
	constants []constant
	types     map[string]*ast.TypeSpec
	methods   map[string]*ast.FuncDecl // of ClientWithResponses
}

type constant struct {
	name string
	typ  string // "" if it has none
	text string // of a string its value, of anything else the literal
}

func parseGoCode(source string) (*goCode, error) {
	file, err := parser.ParseFile(token.NewFileSet(), "", source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	code := &goCode{types: map[string]*ast.TypeSpec{}, methods: map[string]*ast.FuncDecl{}}
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Recv != nil && strings.TrimPrefix(printed(d.Recv.List[0].Type), "*") == "ClientWithResponses" {
				code.methods[d.Name.Name] = d
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				code.add(spec)
			}
		}
	}
	return code, nil
}

func (c *goCode) add(spec ast.Spec) {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		c.types[s.Name.Name] = s
	case *ast.ValueSpec:
		for i, value := range s.Values {
			lit, ok := value.(*ast.BasicLit)
			if !ok {
				continue
			}
			k := constant{name: s.Names[i].Name, text: lit.Value}
			if s.Type != nil {
				k.typ = printed(s.Type)
			}
			if text, err := strconv.Unquote(lit.Value); err == nil {
				k.text = text
			}
			c.constants = append(c.constants, k)
		}
	}
}

// constantOf is the name of the constant of type typ ("" for none) that has
// the value text, or "".
func (c *goCode) constantOf(typ, text string) string {
	for _, k := range c.constants {
		if k.typ == typ && k.text == text {
			return k.name
		}
	}
	return ""
}

// signature is the first line of a method of ClientWithResponses.
func (c *goCode) signature(method string) (string, error) {
	d, err := c.method(method)
	if err != nil {
		return "", err
	}
	return printed(&ast.FuncDecl{Recv: d.Recv, Name: d.Name, Type: d.Type}), nil
}

func (c *goCode) method(name string) (*ast.FuncDecl, error) {
	d := c.methods[name]
	if d == nil {
		return nil, fmt.Errorf("the generated code has no method %s", name)
	}
	return d, nil
}

// underlying follows named types of the generated code down to the first type
// that is none.
func (c *goCode) underlying(typ ast.Expr) ast.Expr {
	for {
		id, ok := typ.(*ast.Ident)
		if !ok || c.types[id.Name] == nil {
			return typ
		}
		typ = c.types[id.Name].Type
	}
}

// jsonName is the name in JSON of a field of a generated struct, or "".
func jsonName(field *ast.Field) string {
	if field.Tag == nil || len(field.Names) != 1 {
		return ""
	}
	tag, err := strconv.Unquote(field.Tag.Value)
	if err != nil {
		return ""
	}
	name, _, _ := strings.Cut(reflect.StructTag(tag).Get("json"), ",")
	return strings.TrimPrefix(name, "-")
}

// printed is node as Go writes it.
func printed(node ast.Node) string {
	var b bytes.Buffer
	if err := printer.Fprint(&b, token.NewFileSet(), node); err != nil {
		return fmt.Sprintf("%T", node) // printer fails on nodes that no parser makes
	}
	return b.String()
}
