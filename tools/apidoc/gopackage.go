package main

import (
	"go/ast"
	"go/doc"
	"go/doc/comment"
	"go/format"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// goPackage is a page on a package. Its texts are Markdown.
type goPackage struct {
	Name, Path, Doc, Summary string
	Calls, Functions         []goFunc // Calls are the methods of API
	Types                    []goType

	doc   *doc.Package
	fset  *token.FileSet
	hrefs map[string]string // the link to the description of a type
}

type goFunc struct {
	Name, Summary, Signature string
	Request                  string   // method and path, of a generated call
	Types                    []string // links to the types that it takes and returns
}

type goType struct {
	Name, Doc   string
	Declaration string // of a type that is not a struct
	Fields      []goField
	Values      []goValue
}

type goField struct{ Name, JSON, Type, Doc string }

type goValue struct{ Name, Value, Doc string }

// parsePackage reads the files that match pattern, except tests.
func parsePackage(path, pattern string) (*goPackage, error) {
	p := &goPackage{Path: path, fset: token.NewFileSet(), hrefs: map[string]string{}}
	names, err := filepath.Glob(pattern)
	if err != nil {
		return nil, err
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(p.fset, name, nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	p.doc, err = doc.NewFromFiles(p.fset, files, path)
	return p, err
}

// readPackage reads a package of api/.
func readPackage(folder string) (*goPackage, error) {
	p, err := parsePackage(module+"/api/"+filepath.Base(folder), filepath.Join(folder, "*.go"))
	if err != nil || p.doc.Name == "" {
		return nil, err
	}
	var types []*doc.Type
	for _, t := range p.doc.Types {
		// Empty parameters need no table.
		if _, isStruct := typeSpec(t).Type.(*ast.StructType); t.Name != "API" && (!isStruct || len(p.fields(t))+len(t.Methods) > 0) {
			types = append(types, t)
			p.hrefs[t.Name] = "#type-" + strings.ToLower(t.Name)
		}
	}
	p.Name, p.Doc, p.Summary = p.doc.Name, p.markdown(p.doc.Doc), p.summary("Package "+p.doc.Name, p.doc.Doc)
	var functions []*doc.Func // go/doc lists those that return a type with the type
	for _, t := range p.doc.Types {
		functions = append(functions, t.Funcs...)
	}
	for _, f := range append(functions, p.doc.Funcs...) {
		p.Functions = append(p.Functions, p.function(f))
	}
	if api := p.typeNamed("API"); api != nil {
		for _, m := range api.Methods {
			p.Calls = append(p.Calls, p.function(m))
		}
	}
	for _, t := range types {
		p.Types = append(p.Types, p.goType(t))
	}
	return p, nil
}

func (p *goPackage) typeNamed(name string) *doc.Type {
	for _, t := range p.doc.Types {
		if t.Name == name {
			return t
		}
	}
	return nil
}

func typeSpec(t *doc.Type) *ast.TypeSpec { return t.Decl.Specs[0].(*ast.TypeSpec) }

var (
	request = regexp.MustCompile(`\bIt calls ([A-Z]+ /\S*[^\s.])\.`)
	editors = regexp.MustCompile(`, (\w+ \.\.\.)`)
)

func (p *goPackage) function(f *doc.Func) goFunc {
	decl := *f.Decl
	decl.Doc, decl.Body = nil, nil
	g := goFunc{Name: f.Name, Summary: p.summary(f.Name, f.Doc), Signature: p.source(&decl)}
	if len(g.Signature) > 100 {
		g.Signature = editors.ReplaceAllString(g.Signature, ",\n\t$1")
	}
	if m := request.FindStringSubmatch(f.Doc); m != nil {
		g.Request = m[1]
	}
	for _, name := range p.described(decl.Type) {
		g.Types = append(g.Types, p.link(ast.NewIdent(name)))
	}
	return g
}

// Anchor is GitHub's anchor of the function's heading.
func (f goFunc) Anchor() string { return strings.ToLower(f.Name) }

func (p *goPackage) goType(t *doc.Type) goType {
	g := goType{Name: t.Name, Doc: p.markdown(t.Doc), Fields: p.fields(t)}
	if _, isStruct := typeSpec(t).Type.(*ast.StructType); !isStruct {
		g.Declaration = p.source(&ast.GenDecl{Tok: token.TYPE, Specs: t.Decl.Specs})
	}
	for _, group := range t.Consts {
		for _, spec := range group.Decl.Specs {
			v := spec.(*ast.ValueSpec)
			for i := range v.Values {
				g.Values = append(g.Values, goValue{v.Names[i].Name, strings.Trim(p.source(v.Values[i]), `"`), p.cell(v.Doc.Text() + v.Comment.Text())})
			}
		}
	}
	return g
}

func (p *goPackage) fields(t *doc.Type) (fields []goField) {
	switch typ := typeSpec(t).Type.(type) {
	case *ast.Ident: // type TokenRequestBody = TokenRequest
		if of := p.typeNamed(typ.Name); of != nil {
			return p.fields(of)
		}
	case *ast.StructType:
		for _, f := range typ.Fields.List {
			var tag reflect.StructTag
			if f.Tag != nil {
				tag = reflect.StructTag(strings.Trim(f.Tag.Value, "`"))
			}
			wire, _, _ := strings.Cut(tag.Get("json"), ",")
			for _, name := range f.Names {
				// oapi-codegen puts the name before a description.
				text := strings.TrimPrefix(f.Doc.Text()+f.Comment.Text(), name.Name+" ")
				fields = append(fields, goField{name.Name, wire, p.link(f.Type), p.cell(text)})
			}
		}
	}
	return fields
}

// described returns the types in node that the pages describe, without repetitions.
func (p *goPackage) described(node ast.Node) (names []string) {
	ast.Inspect(node, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && p.hrefs[id.Name] != "" && !slices.Contains(names, id.Name) {
			names = append(names, id.Name)
		}
		_, other := n.(*ast.SelectorExpr) // zuora.Value
		return !other
	})
	return names
}

// link returns a type as code, with a link to its description.
func (p *goPackage) link(typ ast.Expr) string {
	code := "`" + strings.Join(strings.Fields(p.source(typ)), " ") + "`"
	if names := p.described(typ); names != nil {
		return "[" + code + "](" + p.hrefs[names[0]] + ")"
	}
	return code
}

func (p *goPackage) source(node any) string {
	var b strings.Builder
	if err := format.Node(&b, p.fset, node); err != nil {
		return err.Error()
	}
	return b.String()
}

// markdown returns a comment as Markdown. Code in it is Go code.
func (p *goPackage) markdown(text string) string {
	printer := p.doc.Printer()
	printer.HeadingLevel = 2
	printer.HeadingID = func(*comment.Heading) string { return "" }
	printer.DocLinkURL = func(link *comment.DocLink) string {
		switch {
		case link.ImportPath != "":
			return link.DefaultURL("https://pkg.go.dev")
		case link.Recv == "" && p.hrefs[link.Name] != "":
			return p.hrefs[link.Name]
		}
		return "#" + strings.ToLower(link.Name)
	}
	var b strings.Builder
	for _, block := range p.doc.Parser().Parse(text).Content {
		if code, ok := block.(*comment.Code); ok {
			b.WriteString("```go\n" + code.Text + "```\n\n")
		} else {
			b.Write(printer.Markdown(&comment.Doc{Content: []comment.Block{block}}))
			b.WriteString("\n")
		}
	}
	return strings.ReplaceAll(strings.TrimSpace(b.String()), "\\`", "`") // descriptions mark code as Markdown does
}

func (p *goPackage) cell(text string) string { return cell(p.markdown(text)) }

// cell returns text for a cell of a table.
func cell(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
}

// summary returns a comment's first sentence, without the name at its beginning.
func (p *goPackage) summary(name, text string) string {
	r := []rune(p.cell(strings.TrimPrefix(p.doc.Synopsis(text), name+" ")))
	if len(r) > 0 {
		r[0] = unicode.ToUpper(r[0])
	}
	return string(r)
}
