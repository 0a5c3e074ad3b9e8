package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/doc"
	"go/format"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// login is the root's spec, and the Go code that is generated from it.
type login struct {
	*goPackage
	spec   *openapi3.T
	models []*model
}

// model is a page on the type of a response, and on the types that it consists of.
type model struct {
	Name  string
	Types []goType
}

// section is a page on the operations with one tag.
type section struct {
	Name, Description string
	Servers           []goValue // a constant, its URL and its description
	Operations        []*operation
}

type operation struct {
	goFunc
	Page, Description, Snippet string
	Parameters                 []parameter
	Responses                  []response
	Authorization              bool
}

type parameter struct {
	goField
	In       string
	Required bool
}

type response struct{ Status, Field, Type, Description, Example string }

// loginPages returns the pages of the root's own calls, and puts them into the index.
func loginPages(root string, all *index) (map[string]string, error) {
	spec, err := openapi3.NewLoader().LoadFromFile(filepath.Join(root, "openapi.yaml"))
	if err != nil {
		return nil, err
	}
	code, err := parsePackage(module, filepath.Join(root, "zuora.gen.go"))
	if err != nil {
		return nil, err
	}
	l := &login{goPackage: code, spec: spec}
	pages := map[string]string{}
	for _, path := range slices.Sorted(maps.Keys(spec.Paths.Map())) {
		operations := spec.Paths.Map()[path].Operations()
		for _, method := range slices.Sorted(maps.Keys(operations)) {
			for _, name := range operations[method].Tags {
				if spec.Tags.Get(name) == nil { // it need not be among the spec's tags
					spec.Tags = append(spec.Tags, &openapi3.Tag{Name: name})
				}
			}
		}
	}
	for _, tag := range spec.Tags {
		s := section{Name: tag.Name + "Api", Description: strings.TrimSpace(tag.Description), Servers: l.servers()}
		for _, path := range slices.Sorted(maps.Keys(spec.Paths.Map())) {
			operations := spec.Paths.Map()[path].Operations()
			for _, method := range slices.Sorted(maps.Keys(operations)) {
				if op := operations[method]; slices.Contains(op.Tags, tag.Name) {
					o, err := l.operation(op)
					if err != nil {
						return nil, fmt.Errorf("%s %s: %w", method, path, err)
					}
					o.Page, o.Request = s.Name+".md", method+" "+path
					s.Operations = append(s.Operations, o)
				}
			}
		}
		if pages[s.Name+".md"], err = render("section", s); err != nil {
			return nil, err
		}
		all.Login = append(all.Login, s.Operations...)
	}
	for _, m := range l.models {
		for _, t := range l.doc.Types {
			if page, _, _ := strings.Cut(l.hrefs[t.Name], "#"); page == m.Name+".md" {
				g := l.goType(t)
				g.Doc = strings.TrimPrefix(g.Doc, t.Name+" ") // oapi-codegen puts it there
				m.Types = append(m.Types, g)
			}
		}
		if pages[m.Name+".md"], err = render("model", m); err != nil {
			return nil, err
		}
	}
	all.Models = l.models
	return pages, nil
}

func (l *login) servers() (servers []goValue) {
	for _, s := range l.spec.Servers {
		v := goValue{Value: s.URL, Doc: s.Description}
		for _, c := range l.doc.Consts {
			if spec := c.Decl.Specs[0].(*ast.ValueSpec); len(spec.Values) == 1 && l.source(spec.Values[0]) == fmt.Sprintf("%q", s.URL) {
				v.Name = spec.Names[0].Name
			}
		}
		servers = append(servers, v)
	}
	return servers
}

func (l *login) operation(op *openapi3.Operation) (*operation, error) {
	call, err := l.call(op.OperationID)
	if err != nil {
		return nil, err
	}
	o := &operation{
		goFunc: l.function(call), Description: strings.TrimSpace(op.Description),
		Authorization: op.Security == nil && len(l.spec.Security) > 0 || op.Security != nil && len(*op.Security) > 0,
	}
	o.Summary = op.Summary
	snippet := "response, err := client." + call.Name + "(ctx"
	for _, arg := range call.Decl.Type.Params.List[1:] {
		name := strings.TrimPrefix(l.source(arg.Type), "*")
		t := l.typeNamed(name)
		if t == nil {
			continue // the request editors
		}
		snippet += ", " + strings.Repeat("&", len(l.source(arg.Type))-len(name)) + "zuora." + name + "{\n"
		for _, f := range l.fields(t) {
			p, sample := l.parameter(op, f)
			if p.Required && sample != nil {
				snippet += fmt.Sprintf("%s: %#v,\n", f.Name, sample)
			}
			if sample != nil && !strings.Contains(p.Doc, "Example: ") {
				p.Doc += fmt.Sprintf(" Example: `%v`.", sample)
			}
			o.Parameters = append(o.Parameters, p)
		}
		snippet += "}"
	}
	text, err := format.Source([]byte(snippet + ")\n"))
	o.Snippet = string(text)
	results := l.fields(l.typeNamed(strings.Trim(l.source(call.Decl.Type.Results.List[0].Type), "*")))
	for _, status := range slices.Sorted(maps.Keys(op.Responses.Map())) {
		r := response{Status: status, Description: cell(*op.Responses.Value(status).Value.Description)}
		for _, f := range results {
			if strings.EqualFold(f.Name, "JSON"+status) {
				r.Field = f.Name
				r.Type = l.place(identifier.FindString(f.Type), "") // which may be a link already
			}
		}
		if media := op.Responses.Value(status).Value.Content["application/json"]; media != nil && media.Example != nil {
			example, err := json.Marshal(media.Example)
			if err != nil {
				return nil, err
			}
			r.Example = string(example)
		}
		o.Responses = append(o.Responses, r)
	}
	return o, err
}

var identifier = regexp.MustCompile(`\pL\w*`)

// call returns the method of ClientWithResponses that makes a call. If the request has a
// body, it returns the method that takes the body as a Go value.
func (l *login) call(id string) (*doc.Func, error) {
	client := l.typeNamed("ClientWithResponses")
	if client == nil {
		return nil, errors.New("the generated code has no ClientWithResponses")
	}
	for _, m := range client.Methods {
		name := strings.ToLower(strings.TrimSuffix(m.Name, "WithResponse"))
		if rest, ok := strings.CutPrefix(name, strings.ToLower(id)); ok && (rest == "" || strings.HasPrefix(rest, "with") && rest != "withbody") {
			return m, nil
		}
	}
	return nil, fmt.Errorf("ClientWithResponses has no method for %s", id)
}

// parameter returns the spec's description and example of a field of the parameters or of
// the body.
func (l *login) parameter(op *openapi3.Operation, f goField) (parameter, any) {
	for _, p := range op.Parameters {
		if p.Value.Name == f.JSON {
			return parameter{f, p.Value.In, p.Value.Required}, sample(p.Value.Example, p.Value.Schema)
		}
	}
	if op.RequestBody == nil {
		return parameter{goField: f}, nil
	}
	for _, media := range op.RequestBody.Value.Content {
		if s := media.Schema.Value; s.Properties[f.JSON] != nil {
			return parameter{f, "body", slices.Contains(s.Required, f.JSON)}, sample(nil, s.Properties[f.JSON])
		}
	}
	return parameter{goField: f}, nil
}

func sample(example any, s *openapi3.SchemaRef) any {
	switch {
	case example != nil:
		return example
	case s.Value.Example != nil:
		return s.Value.Example
	case len(s.Value.Enum) > 0:
		return s.Value.Enum[0]
	}
	return nil
}

// place returns a link to the description of a type: a page of its own, or the page of
// the type that it is part of.
func (l *login) place(name, page string) string {
	if t := l.typeNamed(name); t != nil && len(l.fields(t)) > 0 && l.hrefs[name] == "" {
		l.hrefs[name] = page + "#" + strings.ToLower(name)
		if page == "" {
			page = name + ".md"
			l.hrefs[name] = page
			l.models = append(l.models, &model{Name: name})
		}
		for _, f := range l.fields(t) {
			l.place(strings.Trim(f.Type, "*[]`"), page)
		}
	}
	return l.link(ast.NewIdent(name))
}
