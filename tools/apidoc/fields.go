package main

import (
	"fmt"
	"go/ast"
	"strings"
)

// fields says what to write of a struct, by the names in JSON.
type fields struct {
	set     map[string]any
	offered map[string]any // written as comments, for the reader to take
	remarks map[string]string
}

// fields writes a literal of a struct type with a line for each field.
func (g *goValues) fields(typ ast.Expr, f fields) (string, error) {
	structure, ok := g.code.underlying(typ).(*ast.StructType)
	if !ok {
		return "", fmt.Errorf("%s is no struct", printed(typ))
	}
	var set, offered strings.Builder
	for _, field := range structure.Fields.List {
		name := jsonName(field)
		if v, ok := f.set[name]; ok {
			line, err := g.expr(field.Type, v)
			if err != nil {
				return "", fmt.Errorf("%s: %w", name, err)
			}
			fmt.Fprintf(&set, "%s: %s,%s\n", field.Names[0].Name, line, comment(f.remarks[name]))
		} else if v, ok := f.offered[name]; ok {
			fmt.Fprintf(&offered, "// %s: %s,%s\n", field.Names[0].Name, g.offer(field.Type, v), comment(printed(field.Type), f.remarks[name]))
		}
	}
	if offered.Len() > 0 {
		set.WriteString("// Optional:\n")
	}
	return g.typeName(typ) + "{\n" + set.String() + offered.String() + "}", nil
}

// offer is a value for a comment, and dots if there is none to show. What it
// takes to import is left to who takes the line: unused, it would not compile.
func (g *goValues) offer(typ ast.Expr, value any) string {
	quiet := &goValues{code: g.code, pkg: g.pkg, imports: map[string]string{}}
	v, err := quiet.expr(typ, value)
	if err != nil || value == nil || strings.Contains(v, "\n") {
		return "…"
	}
	return v
}

func comment(parts ...string) string {
	text := strings.TrimSuffix(strings.Join(parts, ", "), ", ")
	if text == "" {
		return ""
	}
	return " // " + text
}
