package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// goValues writes JSON values as Go expressions of the generated types, seen
// from another package.
type goValues struct {
	code    *goCode
	pkg     string
	imports map[string]string // what the expressions need besides pkg: path to alias, "" for none
}

func (g *goValues) expr(typ ast.Expr, value any) (string, error) {
	switch t := typ.(type) {
	case *ast.StarExpr:
		return g.pointer(t.X, value)
	case *ast.SelectorExpr:
		return g.foreign(printed(t), value)
	case *ast.InterfaceType:
		return g.untyped(value)
	case *ast.Ident:
		return g.named(t, value)
	}
	return g.composite(g.typeName(typ), typ, value)
}

// pointer uses that new takes an expression, as of Go 1.26. Of a bare literal
// it would make a pointer to the literal's default type.
func (g *goValues) pointer(typ ast.Expr, value any) (string, error) {
	if value == nil {
		return "nil", nil
	}
	v, err := g.expr(typ, value)
	if err != nil {
		return "", err
	}
	if def, name := defaultType(v), g.typeName(typ); def != "" && def != name {
		v = name + "(" + v + ")"
	}
	return "new(" + v + ")", nil
}

// defaultType is the type that Go gives to the literal v where nothing asks
// for another, and "" if v is not a literal.
func defaultType(v string) string {
	x, err := parser.ParseExpr(v)
	if err != nil {
		return ""
	}
	if u, ok := x.(*ast.UnaryExpr); ok {
		x = u.X
	}
	switch x := x.(type) {
	case *ast.BasicLit:
		return map[token.Token]string{token.STRING: "string", token.INT: "int", token.FLOAT: "float64"}[x.Kind]
	case *ast.Ident:
		if x.Name == "true" || x.Name == "false" {
			return "bool"
		}
	}
	return ""
}

func (g *goValues) named(t *ast.Ident, value any) (string, error) {
	spec := g.code.types[t.Name]
	if spec == nil {
		return g.scalar(t.Name, value)
	}
	if name := g.code.constantOf(t.Name, scalarText(value)); name != "" {
		return g.pkg + "." + name, nil
	}
	switch under := g.code.underlying(t).(type) {
	case *ast.Ident, *ast.InterfaceType, *ast.StarExpr:
		return g.expr(under, value)
	case *ast.SelectorExpr:
		v, err := g.expr(under, value)
		if err == nil && spec.Assign == token.NoPos {
			v = g.typeName(t) + "(" + v + ")"
		}
		return v, err
	default:
		return g.composite(g.typeName(t), under, value)
	}
}

// scalar is a literal of a predeclared type, or of one that is written by hand
// (x-go-type): that one is taken to be what its value is in JSON.
func (g *goValues) scalar(typ string, value any) (string, error) {
	number := strings.HasPrefix(typ, "int") || strings.HasPrefix(typ, "uint") || strings.HasPrefix(typ, "float")
	switch v := value.(type) {
	case string:
		if !number && typ != "bool" {
			return strconv.Quote(v), nil
		}
	case bool:
		if !number && typ != "string" {
			return strconv.FormatBool(v), nil
		}
	case nil, map[string]any, []any:
		if typ == "any" {
			return g.untyped(value)
		}
	default:
		switch text := scalarText(v); {
		case typ == "string":
			return strconv.Quote(text), nil
		case strings.HasPrefix(typ, "float") && !strings.Contains(text, "."):
			return text + ".0", nil
		case typ != "bool":
			return text, nil
		}
	}
	return "", fmt.Errorf("%v is no value of the Go type %s", value, typ)
}

func (g *goValues) composite(name string, typ ast.Expr, value any) (string, error) {
	var b strings.Builder
	var err error
	switch t := typ.(type) {
	case *ast.ArrayType:
		if id, ok := t.Elt.(*ast.Ident); ok && id.Name == "byte" {
			return name + "(" + strconv.Quote(scalarText(value)) + ")", nil
		}
		list, _ := value.([]any)
		for _, item := range list {
			err = g.write(&b, "", t.Elt, item, err)
		}
	case *ast.MapType:
		object, _ := value.(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(object)) {
			err = g.write(&b, strconv.Quote(key)+": ", t.Value, object[key], err)
		}
	case *ast.StructType:
		object, _ := value.(map[string]any)
		for _, field := range t.Fields.List {
			if v, ok := object[jsonName(field)]; ok {
				err = g.write(&b, field.Names[0].Name+": ", field.Type, v, err)
			}
		}
	default:
		return "", fmt.Errorf("no way to write a value of the Go type %s", name)
	}
	return name + "{" + strings.TrimSuffix(b.String(), ", ") + "}", err
}

// write appends an element of a composite literal, unless err says that an
// earlier one failed.
func (g *goValues) write(b *strings.Builder, key string, typ ast.Expr, value any, err error) error {
	if err != nil {
		return err
	}
	v, err := g.expr(typ, value)
	b.WriteString(key + v + ", ")
	return err
}

// untyped is a value for an interface.
func (g *goValues) untyped(value any) (string, error) {
	switch v := value.(type) {
	case nil:
		return "nil", nil
	case []any:
		return g.composite("[]any", &ast.ArrayType{Elt: ast.NewIdent("any")}, v)
	case map[string]any:
		return g.composite("map[string]any", &ast.MapType{Value: ast.NewIdent("any")}, v)
	case string:
		return strconv.Quote(v), nil
	}
	return scalarText(value), nil
}
