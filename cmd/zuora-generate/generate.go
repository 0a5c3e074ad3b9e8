package main

import (
	"embed"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path"
	"regexp"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oapi-codegen/oapi-codegen/v2/pkg/codegen"
	"github.com/oapi-codegen/oapi-codegen/v2/pkg/util"
)

//go:embed templates
var templates embed.FS

// generate returns the code of a package for doc, which was loaded from spec.
func generate(doc *openapi3.T, spec, name string) (string, error) {
	if err := prepare(doc); err != nil {
		return "", fmt.Errorf("%s: %w", spec, err)
	}
	overrides, err := overrides()
	if err != nil {
		return "", err
	}
	var problems []string
	options, _ := doc.Extensions["x-options"].(bool) // the package has types Option and options, by hand
	maps.Copy(codegen.TemplateFunctions, map[string]any{
		"options": func() bool { return options },
		"calls": func(ops []codegen.OperationDefinition) []call {
			list, err := calls(ops)
			if err != nil {
				problems = append(problems, err.Error())
			}
			return list
		},
	})
	code, err := codegen.Generate(doc, configuration(name, overrides))
	if err != nil {
		return "", fmt.Errorf("%s: %w", spec, err)
	}
	if len(problems) > 0 {
		return "", fmt.Errorf("%s: %s", spec, strings.Join(problems, "; "))
	}
	formatted, err := format.Source([]byte(plain(code)))
	if err == nil {
		err = unambiguous(formatted)
	}
	return string(formatted), err
}

// load reads the document at spec.
func load(spec string) (*openapi3.T, error) {
	if _, err := os.Stat(spec); err != nil {
		return nil, err
	}
	doc, err := util.LoadSwagger(spec)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", spec, err)
	}
	if doc.OpenAPI == "" || doc.Paths.Len() == 0 {
		return nil, fmt.Errorf("%s is not an OpenAPI 3 document with paths", spec)
	}
	return doc, nil
}

// unambiguous returns an error if code declares a name twice.
func unambiguous(code []byte) error {
	file, err := parser.ParseFile(token.NewFileSet(), "", code, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	seen, twice := map[string]bool{}, []string{}
	declare := func(name string) {
		if seen[name] {
			twice = append(twice, name)
		}
		seen[name] = true
	}
	for _, d := range file.Decls {
		general, _ := d.(*ast.GenDecl)
		if general == nil {
			continue
		}
		for _, spec := range general.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				declare(spec.Name.Name)
			case *ast.ValueSpec:
				for _, name := range spec.Names {
					declare(name.Name)
				}
			}
		}
	}
	if len(twice) > 0 {
		return fmt.Errorf("two schemas would have the name %s", strings.Join(twice, ", "))
	}
	return nil
}

var (
	fieldName = regexp.MustCompile(`^(\t+)// (\w+) (.*)$`)
	typeOf    = regexp.MustCompile(`(?m)^// (\w+) defines model for (.*)$`)
	typeIs    = regexp.MustCompile(`(?m)^// (\w+) (A|An|The) (.*)$`)
	extra     = regexp.MustCompile(`(?m)^\tAdditionalProperties +map\[string\]zuora\.Value`)
	ending    = regexp.MustCompile(`(?m)^// \w.* end here\.\n+`)
)

// plain removes the field's name from each field's comment, because oapi-codegen puts it
// before descriptions that are not sentences. It makes sentences of the comments of types,
// and adds one for AdditionalProperties.
func plain(code string) string {
	lines := strings.Split(code, "\n")
	for i, line := range lines {
		comment := fieldName.FindStringSubmatch(line)
		if comment == nil {
			continue
		}
		field := i + 1
		for field < len(lines) && strings.HasPrefix(strings.TrimSpace(lines[field]), "//") {
			field++
		}
		if field < len(lines) && strings.HasPrefix(lines[field], comment[1]+comment[2]+" ") {
			lines[i] = comment[1] + "// " + comment[3]
		}
	}
	code = extra.ReplaceAllString(strings.Join(lines, "\n"), "\n\t// Custom fields, and members that have no field here.\n$0")
	code = typeOf.ReplaceAllString(code, "// $1 is the type of $2")
	code = typeIs.ReplaceAllStringFunc(code, func(line string) string {
		part := typeIs.FindStringSubmatch(line)
		return "// " + part[1] + " is " + strings.ToLower(part[2]) + " " + part[3]
	})
	return ending.ReplaceAllString(code, "")
}

// overrides returns the templates that replace oapi-codegen's.
func overrides() (map[string]string, error) {
	files, err := templates.ReadDir("templates")
	if err != nil {
		return nil, err
	}
	texts := map[string]string{}
	for _, f := range files {
		text, err := templates.ReadFile(path.Join("templates", f.Name()))
		if err != nil {
			return nil, err
		}
		texts[f.Name()] = string(text)
	}
	return texts, nil
}

func configuration(name string, templates map[string]string) codegen.Configuration {
	simple := func(t string) codegen.SimpleTypeSpec { return codegen.SimpleTypeSpec{Type: t} }
	return codegen.Configuration{
		PackageName:   name,
		Generate:      codegen.GenerateOptions{Client: true, Models: true},
		Compatibility: codegen.CompatibilityOptions{AlwaysPrefixEnumValues: true},
		ImportMapping: map[string]string{"../../openapi.yaml": "zuora github.com/zuora-go/zuora"},
		OutputOptions: codegen.OutputOptions{
			SkipEnumValidate:                      true,
			UserTemplates:                         templates,
			NameNormalizer:                        string(codegen.NameNormalizerFunctionToCamelCaseWithInitialisms),
			PreferSkipOptionalPointer:             true,
			PreferSkipOptionalPointerWithOmitzero: true,
			TypeMapping: &codegen.TypeMapping{
				Integer: codegen.FormatMapping{
					Default: simple("int64"),
					Formats: map[string]codegen.SimpleTypeSpec{"int32": simple("int64")},
				},
				Number: codegen.FormatMapping{
					Default: simple("zuora.Decimal"),
					Formats: map[string]codegen.SimpleTypeSpec{"double": simple("zuora.Decimal"), "float": simple("zuora.Decimal")},
				},
				String: codegen.FormatMapping{Formats: map[string]codegen.SimpleTypeSpec{
					"date": simple("zuora.Date"), "date-time": simple("zuora.DateTime"), "decimal": simple("zuora.Decimal"),
					"number": simple("zuora.Decimal"), "email": simple("string"), "uuid": simple("string"), "byte": simple("string"),
					"duration": simple("string"), "json": simple("string"), "binary": simple("string"),
				}},
			},
		},
	}
}
