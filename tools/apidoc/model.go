package main

import (
	"regexp"
	"strings"

	"github.com/oapi-codegen/oapi-codegen/v2/pkg/codegen"
)

// modelPage tells of the Go type of a component schema.
type modelPage struct {
	Header, Package, File, Name, GoType, Description, Deprecated string

	Declaration string // of a type that is no struct
	Properties  []property
	Notes       string // what the schema says besides, of one that has no properties
	Values      []enumValue
	Example     any
}

type property struct{ Name, Field, Type, Notes string }

type enumValue struct{ Constant, Value string }

func (c *contract) modelPages() []modelPage {
	pages := make([]modelPage, 0, len(c.models))
	for _, m := range c.models {
		pages = append(pages, c.modelPage(m))
	}
	return pages
}

func (c *contract) modelPage(m codegen.TypeDefinition) modelPage {
	page := modelPage{Header: c.header(), Package: c.pkg, File: m.JsonName + ".md", Name: m.JsonName, GoType: m.TypeName}
	if s := m.Schema.OAPISchema; s != nil {
		page.Description = strings.TrimSpace(s.Description)
		page.Deprecated = deprecation(s.Deprecated, s.Extensions)
		page.Example = s.Example
		if len(m.Schema.Properties) == 0 {
			page.Notes = sentences(schemaNotes(s))
		}
	}
	page.Properties = c.properties(m.Schema.Properties)
	if len(page.Properties) == 0 {
		page.Declaration = c.declaration(m.TypeName)
	}
	for _, k := range c.code.constants {
		if k.typ == m.TypeName {
			page.Values = append(page.Values, enumValue{Constant: k.name, Value: k.text})
		}
	}
	return page
}

func (c *contract) properties(all []codegen.Property) []property {
	var rows []property
	for _, p := range all {
		rows = append(rows, c.property(p))
	}
	return rows
}

func (c *contract) property(p codegen.Property) property {
	notes := []string{strings.TrimSpace(p.Description)}
	if p.Required {
		notes = append(notes, "Required")
	}
	if s := p.Schema.OAPISchema; s != nil {
		notes = append(notes, schemaNotes(s)...)
		if s.Example != nil {
			notes = append(notes, exampleNote(s.Example))
		}
	}
	notes = append(notes, deprecation(p.Deprecated, p.Extensions))
	return property{Name: p.JsonFieldName, Field: p.GoFieldName(), Type: c.typeLink(p.GoTypeDef()), Notes: sentences(notes)}
}

// declaration is the Go declaration of a type, or "" where it takes more than
// a line.
func (c *contract) declaration(name string) string {
	spec := c.code.types[name]
	if spec == nil {
		return ""
	}
	text := "type " + printed(spec)
	if strings.Contains(text, "\n") {
		return ""
	}
	return text
}

var lastIdentifier = regexp.MustCompile(`\w+$`)

// typeLink is a Go type as code, which leads to the page of the model that it
// is made of, if there is one.
func (c *contract) typeLink(goType string) string {
	text := codeSpan(lineBreaks.ReplaceAllString(goType, " "))
	name := lastIdentifier.FindString(goType)
	for _, m := range c.models {
		if m.TypeName == name {
			return "[" + text + "](" + m.JsonName + ".md)"
		}
	}
	return text
}
