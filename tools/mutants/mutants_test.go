package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEveryMutationApplies(t *testing.T) {
	all, err := parse(list)
	if err != nil {
		t.Fatal(err)
	}
	files, err := source("../..")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, m := range all {
		changed, err := m.apply(files)
		if err != nil {
			t.Errorf("%s: %v", m.name, err)
		} else if len(changed) == 0 || seen[m.name] {
			t.Errorf("%s: changes nothing, or is there twice", m.name)
		}
		seen[m.name] = true
	}
}

func TestApply(t *testing.T) {
	files := map[string]string{"f": "if a.b != nil {\n\treturn one(x)\n}\n", "g": "return two(x)\n"}
	for text, want := range map[string]string{
		"- return one(…)\n+ return 1":             "if a.b != nil {\n\treturn 1\n}\n",
		"- if ….b != nil { return …(":             "x)\n}\n",
		"- if …\n- return one(…)\n+ ${2}${1}":     "xa.b != nil {\n}\n",
		"- one\n+ 1\n- nil\n+ 0":                  "if a.b != 0 {\n\treturn 1(x)\n}\n",
		"- return …(x)\n+ y":                      "",
		"- three\n+ 3":                            "",
		"tests: TestA\n- one\n+ 1\n+ // and more": "if a.b != nil {\n\treturn 1\n// and more(x)\n}\n",
	} {
		all, err := parse("# comment\n\nrule 1: name\n" + text + "\n")
		if err != nil || len(all) != 1 || all[0].name != "rule 1: name" {
			t.Fatalf("%q: %v, %v", text, all, err)
		}
		changed, err := all[0].apply(files)
		if changed["f"] != want || (err != nil) != (want == "") || len(changed) > 1 {
			t.Errorf("%q: %q, %v", text, changed, err)
		}
	}
	if all, err := parse("rule 1: name\nold\n"); err == nil {
		t.Error(all)
	}
}

// The toy module has a tested and an untested function.
func TestKiller(t *testing.T) {
	root := t.TempDir()
	for file, text := range map[string]string{
		"go.mod": "module example.org/toy\n\ngo 1.26\n",
		"toy.go": "package toy\n\nfunc one() int { return 1 }\n\nfunc two() int { return 2 }\n",
		"toy_test.go": "package toy\n\nimport \"testing\"\n\nfunc TestOne(t *testing.T) {\n" +
			"\tif one() != 1 {\n\t\tt.Error(\"no\")\n\t}\n}\n",
	} {
		if err := os.WriteFile(filepath.Join(root, file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	files, err := source(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ tests, old, new, test, err string }{
		{"", "return 1", "return 3", "--- FAIL: TestOne", ""},
		{"", "return 1", `panic("no")`, "--- FAIL: TestOne", ""},
		{"", "return 1", "done := make(chan bool); go func() { panic(0) }(); <-done; return 1", "panic: 0", ""},
		{"", "return 2", "return 3", "", "survived"},
		{"", "return 1", "return nil", "", "cannot use nil"},
		{"TestTwo", "return 1", "return 3", "", "no test has that name"},
		{"", "return 3", "return 4", "", "not once"},
	} {
		m := mutation{"", c.tests, []edit{{c.old, c.new}}}
		test, err := m.killer(root, files)
		if err == nil {
			err = errors.New("")
		}
		if test != c.test || !strings.Contains(err.Error(), c.err) || (err.Error() == "") != (c.err == "") {
			t.Errorf("%+v: %q, %v", c, test, err)
		}
	}
}
