package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/types"
	"strconv"
	"strings"
	"time"
)

// typeName is typ as another package writes it.
func (g *goValues) typeName(typ ast.Expr) string {
	switch t := typ.(type) {
	case *ast.StarExpr:
		return "*" + g.typeName(t.X)
	case *ast.ArrayType:
		return "[]" + g.typeName(t.Elt)
	case *ast.MapType:
		return "map[" + g.typeName(t.Key) + "]" + g.typeName(t.Value)
	case *ast.StructType:
		fields := make([]string, 0, len(t.Fields.List))
		for _, f := range t.Fields.List {
			text := g.typeName(f.Type)
			if len(f.Names) == 1 {
				text = f.Names[0].Name + " " + text
			}
			if f.Tag != nil {
				text += " " + f.Tag.Value
			}
			fields = append(fields, text)
		}
		return "struct{" + strings.Join(fields, "; ") + "}"
	case *ast.Ident:
		if types.Universe.Lookup(t.Name) == nil {
			return g.pkg + "." + t.Name
		}
	}
	return printed(typ)
}

// foreign is a value of one of the types of other packages that oapi-codegen
// uses for OpenAPI's formats.
func (g *goValues) foreign(typ string, value any) (string, error) {
	text := scalarText(value)
	switch typ {
	case "time.Time":
		return g.time(text)
	case "openapi_types.Date":
		v, err := g.time(text)
		return g.runtimeType(typ) + "{Time: " + v + "}", err
	case "openapi_types.Email":
		return g.runtimeType(typ) + "(" + strconv.Quote(text) + ")", nil
	case "openapi_types.UUID":
		g.imports["github.com/google/uuid"] = ""
		return "uuid.MustParse(" + strconv.Quote(text) + ")", nil
	case "json.RawMessage":
		g.imports["encoding/json"] = ""
		raw, err := json.Marshal(value)
		return "json.RawMessage(" + strconv.Quote(string(raw)) + ")", err
	}
	return "", fmt.Errorf("no way to write a value of the Go type %s", typ)
}

func (g *goValues) runtimeType(name string) string {
	g.imports["github.com/oapi-codegen/runtime/types"] = "openapi_types"
	return name
}

func (g *goValues) time(text string) (string, error) {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		if t, err = time.Parse(time.DateOnly, text); err != nil {
			return "", err
		}
	}
	t = t.UTC()
	g.imports["time"] = ""
	return fmt.Sprintf("time.Date(%d, time.%s, %d, %d, %d, %d, %d, time.UTC)",
		t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond()), nil
}

// scalarText is a JSON scalar as it stands in JSON, a string without quotes.
func scalarText(value any) string {
	if f, ok := value.(float64); ok {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return fmt.Sprint(value)
}
