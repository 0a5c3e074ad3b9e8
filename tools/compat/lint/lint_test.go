package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const good = `openapi: 3.0.3
info: {title: Library, version: "1"}
paths:
  /books/{id}:
    get:
      operationId: getBook
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}}
        - {name: kind, in: query, schema: {type: string, enum: [novel, essay]}}
      responses:
        "200": {description: The book.}
`

func TestASpecIsRefusedForWhatIsWrongInIt(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"nothing", "", "", ""},
		{"what no OpenAPI document has", `"200": {description: The book.}`, `"200": {}`, "description"},
		{"a type that there is not", "{type: string}", "{type: text}", "text"},
		{"a parameter that the path has not", "/books/{id}", "/books", "id"},
		{"a value twice", "[novel, essay]", "[novel, novel]", "novel"},
		{"a reference to nothing", "{type: string}", `{$ref: "#/components/schemas/ID"}`, "components"},
		{"no YAML", good, "{", ""},
	} {
		file := filepath.Join(t.TempDir(), "openapi.yaml")
		if err := os.WriteFile(file, []byte(strings.Replace(good, c.old, c.new, 1)), 0o644); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		err := run(&out, []string{file})
		if failed := err != nil; failed != (c.name != "nothing") {
			t.Errorf("%s: got %v, %s", c.name, err, out.String())
			continue
		}
		if err != nil && !strings.Contains(out.String()+err.Error(), c.want) {
			t.Errorf("%s: got %v, %s", c.name, err, out.String())
		}
	}
}

func TestThereMustBeSomethingToLookAt(t *testing.T) {
	if run(&bytes.Buffer{}, nil) == nil {
		t.Error("no file and no error")
	}
}
