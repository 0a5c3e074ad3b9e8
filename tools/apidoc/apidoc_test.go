package main

import (
	"flag"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

const root = "../.."

var update = flag.Bool("update", false, "write the recorded page anew")

func TestPackagePageIsAsRecorded(t *testing.T) {
	p, err := readPackage("testdata/shelf")
	if err != nil {
		t.Fatal(err)
	}
	got, err := render("package", p)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", "shelf", "README.md")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(file); err != nil || got != string(want) {
		t.Errorf("%s is other than this (%v); go test ./apidoc -update writes it anew:\n%s", file, err, got)
	}
}

func TestLoginPagesSayWhatTheSpecSays(t *testing.T) {
	spec, err := openapi3.NewLoader().LoadFromFile(filepath.Join(root, "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	pages, err := loginPages(root, &index{})
	if err != nil {
		t.Fatal(err)
	}
	has := func(page, pattern string, cells ...string) {
		t.Helper()
		for _, c := range cells {
			pattern += ".*" + regexp.QuoteMeta(cell(c))
		}
		if !regexp.MustCompile("(?m)^" + pattern).MatchString(pages[page]) {
			t.Errorf("%s has no line %q", page, pattern)
		}
	}
	properties := func(page string, s *openapi3.Schema) {
		for name, p := range s.Properties {
			has(page, regexp.QuoteMeta("| `"+name+"` | `"), p.Value.Description)
		}
	}
	for route, item := range spec.Paths.Map() {
		for method, op := range item.Operations() {
			page := op.Tags[0] + "Api.md"
			has(page, `\| \[`, method+" "+route, op.Summary)
			for _, p := range op.Parameters {
				in := p.Value.In
				if p.Value.Required {
					in += ", required"
				}
				has(page, regexp.QuoteMeta("| `"+p.Value.Name+"` | `"), in, p.Value.Description)
			}
			for status, r := range op.Responses.Map() {
				pattern := `\| ` + strings.Replace(status, "default", "any other", 1) + ` \| `
				if r.Value.Content["application/json"] != nil {
					pattern += `.JSON(\d+|Default). \| \[`
				}
				has(page, pattern, *r.Value.Description)
			}
			if op.RequestBody != nil {
				for _, media := range op.RequestBody.Value.Content {
					properties(page, media.Schema.Value)
				}
			}
			for _, s := range spec.Servers {
				has(page, `\| `, s.Description, s.URL, "`ServerURL")
			}
		}
	}
	for _, name := range []string{"CommonResponseType", "Reason"} {
		properties("CommonResponseType.md", spec.Components.Schemas[name].Value)
	}
}

func TestEveryLinkLeadsSomewhere(t *testing.T) {
	pages, err := makePages(root)
	if err != nil {
		t.Fatal(err)
	}
	code := regexp.MustCompile("(?s)```.*?```") // in which generic Go looks like a link
	for name, page := range pages {
		for _, link := range regexp.MustCompile(`\]\(([^):]*?)(#[^)]*)?\)`).FindAllStringSubmatch(code.ReplaceAllString(page, ""), -1) {
			target := name
			if link[1] != "" {
				target = path.Join(path.Dir(name), link[1])
			}
			if pages[target] == "" && target != "../README.md" {
				t.Errorf("%s: %s: there is no such page", name, link[0])
			}
			anchor := strings.ReplaceAll(strings.TrimPrefix(link[2], "#"), "-", " ")
			if anchor != "" && !regexp.MustCompile(`(?mi)^#+ `+anchor+`$`).MatchString(pages[target]) {
				t.Errorf("%s: %s: there is no such heading", name, link[0])
			}
		}
	}
}
