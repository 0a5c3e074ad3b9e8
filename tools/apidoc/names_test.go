package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// declared are the names that Go files declare: packages' own, methods and
// fields.
func declared(t *testing.T, files ...string) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				names[n.Name.Name] = true
				return false
			case *ast.TypeSpec:
				names[n.Name.Name] = true
			case *ast.ValueSpec:
				names[n.Names[0].Name] = true
			case *ast.Field:
				for _, name := range n.Names {
					names[name.Name] = true
				}
			}
			return true
		})
	}
	return names
}

func rootFiles(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob(root + "/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, f := range all {
		if !strings.HasSuffix(f, "_test.go") {
			files = append(files, f)
		}
	}
	return files
}

// The places of the pages that name something of the package.
var (
	serverConstant = regexp.MustCompile(`\bServerURL\w+`)
	qualified      = regexp.MustCompile(`\bzuora\.([A-Z]\w*)`)
	fieldCell      = regexp.MustCompile("(?m)^\\| `[^`|]+` \\| `(\\w+)` \\|")
	resultCell     = regexp.MustCompile("(?m)^\\| [\\w ]+ \\| `(\\w+)` \\|")
	typeCell       = regexp.MustCompile("(?m)^\\|.*\\| \\[?`[*\\[\\]]*([A-Z]\\w*)`")
)

func TestNamesInPagesExist(t *testing.T) {
	generated := declared(t, root+"/zuora.gen.go")
	anywhere := declared(t, rootFiles(t)...) // Secret and ReasonCode are written by hand
	pages := readPages(t, zuora.out)
	check := func(page string, where *regexp.Regexp, names map[string]bool, least int) {
		t.Helper()
		found := where.FindAllStringSubmatch(string(pages[page]), -1)
		if len(found) < least {
			t.Errorf("%s has %d of %s, want %d at least", page, len(found), where, least)
		}
		for _, m := range found {
			if name := m[len(m)-1]; !names[name] {
				t.Errorf("%s names %s, which does not exist", page, name)
			}
		}
	}
	check("ConnectionsApi.md", serverConstant, generated, 11)
	check("ConnectionsApi.md", qualified, generated, 4)
	check("ConnectionsApi.md", fieldCell, generated, 7)
	check("ConnectionsApi.md", resultCell, generated, 4)
	check("ConnectionsApi.md", typeCell, anywhere, 5)
	check("CommonResponseType.md", qualified, generated, 1)
	check("CommonResponseType.md", fieldCell, generated, 4)
	check("Reason.md", fieldCell, generated, 2)
	check("Reason.md", typeCell, anywhere, 1)
}

func TestEveryServerHasItsConstant(t *testing.T) {
	generated, err := os.ReadFile(root + "/zuora.gen.go")
	if err != nil {
		t.Fatal(err)
	}
	page := string(readPages(t, zuora.out)["ConnectionsApi.md"])
	constants := regexp.MustCompile(`(?m)^const (ServerURL\w+) = "(.*)"$`).FindAllStringSubmatch(string(generated), -1)
	if len(constants) == 0 {
		t.Fatal("no server in zuora.gen.go")
	}
	for _, m := range constants {
		if row := "| `" + m[2] + "` | `" + m[1] + "` |"; !strings.Contains(page, row) {
			t.Errorf("no row %s", row)
		}
	}
}

var pageLink = regexp.MustCompile(`\]\(([^)#]+\.md)?(#[a-z]+)?\)`)

func TestLinksLeadSomewhere(t *testing.T) {
	for _, o := range []options{zuora, library} {
		pages := written(t, o)
		for name, page := range pages {
			links := pageLink.FindAllStringSubmatch(string(page), -1)
			if len(links) == 0 {
				t.Errorf("%s has no links", name)
			}
			for _, m := range links {
				target := name
				if m[1] != "" {
					target = m[1]
				}
				if pages[target] == nil {
					t.Errorf("%s: no page %s", name, target)
				}
				if heading := "\n## " + strings.TrimPrefix(m[2], "#") + "\n"; m[2] != "" && !strings.Contains(strings.ToLower(string(pages[target])), heading) {
					t.Errorf("%s: no heading %s in %s", name, m[2], target)
				}
			}
		}
	}
}

func TestTablesAreWhole(t *testing.T) {
	for _, o := range []options{zuora, library} {
		for name, page := range written(t, o) {
			columns := 0
			for i, line := range strings.Split(string(page), "\n") {
				if !strings.HasPrefix(line, "|") {
					columns = 0
					continue
				}
				n := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|")
				if columns != 0 && n != columns {
					t.Errorf("%s:%d: %d bars, want %d: %s", name, i+1, n, columns, line)
				}
				columns = n
			}
		}
	}
}
