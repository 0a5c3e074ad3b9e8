package main

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// These tests read files of the root module, which go test's cache does not
// watch from here: run them with -count=1, as make test does.

func readRoot(file string) (string, error) {
	text, err := os.ReadFile(filepath.Join("../..", file))
	return string(text), err
}

func TestEveryMutationApplies(t *testing.T) {
	all, err := load()
	if err != nil {
		t.Fatal(err)
	}
	broken := map[string]bool{}
	seen := map[string]bool{}
	for _, m := range all {
		if _, err := m.apply(readRoot); err != nil {
			t.Error(err)
		}
		if _, err := regexp.Compile(m.tests); err != nil {
			t.Errorf("%v: %v", m, err)
		}
		if seen[m.String()] {
			t.Errorf("%v: is there twice", m)
		}
		broken[m.rule], seen[m.String()] = true, true
	}
	rules := []string{"failure"}
	for i := range 14 {
		rules = append(rules, "rule "+strconv.Itoa(i+1))
	}
	for _, rule := range rules {
		if !broken[rule] {
			t.Errorf("nothing breaks %s", rule)
		}
		delete(broken, rule)
	}
	if len(broken) > 0 {
		t.Errorf("no rules: %v", broken)
	}
}

func TestParse(t *testing.T) {
	all, err := parse("x.diff", `# A comment.

rule 4: a thing
tests: TestA|TestB
--- a.go
 	before
-	old
+	new
--- b.go
-gone

failure: another
--- a.go
-	old
+
`)
	if err != nil {
		t.Fatal(err)
	}
	want := []mutation{
		{"rule 4", "a thing", "TestA|TestB", []hunk{{"a.go", "\tbefore\n\told\n", "\tbefore\n\tnew\n"}, {"b.go", "gone\n", ""}}},
		{"failure", "another", "", []hunk{{"a.go", "\told\n", "\n"}}},
	}
	if !slices.EqualFunc(all, want, func(a, b mutation) bool {
		return a.String() == b.String() && a.tests == b.tests && slices.Equal(a.hunks, b.hunks)
	}) {
		t.Errorf("%+v", all)
	}
	for text, want := range map[string]string{
		"a rule\n":                            "x.diff:1: not a rule",
		"a: b\n-x\n":                          "x.diff:2: no file",
		"a: b\n\n":                            "x.diff:2: a mutation that changes nothing",
		"a: b\n--- f\n x\n\n":                 "x.diff:4: a mutation that changes nothing",
		"a: b\n--- f\n x\n--- g\n-x\n":        "x.diff:4: a hunk that changes nothing",
		"a: b\n--- f\nx\n":                    "x.diff:3: a line of a hunk",
		"a: b\n--- f\n-x\n\n--- g\n-x\n":      "x.diff:5: not a rule",
		"a: b\n--- f\n-x\ntests: TestA\n+y\n": "x.diff:4: a line of a hunk",
	} {
		if _, err := parse("x.diff", text); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestApply(t *testing.T) {
	read := func(string) (string, error) { return "one\n\tone\ntwo\nthree\ntwo\n", nil }
	for _, test := range []struct {
		hunks []hunk
		want  string // nothing: an error
	}{
		{[]hunk{{"f", "one\n", "1\n"}}, "1\n\tone\ntwo\nthree\ntwo\n"}, // whole lines only
		{[]hunk{{"f", "\tone\n", ""}}, "one\ntwo\nthree\ntwo\n"},
		{[]hunk{{"f", "three\ntwo\n", "3\n"}, {"f", "two\n", "2\n"}}, "one\n\tone\n2\n3\n"},
		{[]hunk{{"f", "two\n", "2\n"}}, ""},
		{[]hunk{{"f", "four\n", "4\n"}}, ""},
	} {
		changed, err := mutation{hunks: test.hunks}.apply(read)
		if (err != nil) != (test.want == "") || changed["f"] != test.want {
			t.Errorf("%+v: %q, %v", test.hunks, changed, err)
		}
	}
	missing := func(string) (string, error) { return "", os.ErrNotExist }
	if _, err := (mutation{hunks: []hunk{{"f", "x", "y"}}}).apply(missing); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// What the lab says of mutants is tried on a module of a few lines.
func TestOutcomes(t *testing.T) {
	root := t.TempDir()
	for file, text := range map[string]string{
		"go.mod": "module example.org/toy\n\ngo 1.26\n",
		"toy.go": "package toy\n\nfunc one() int {\n\treturn 1\n}\n\nfunc two() int {\n\treturn 2\n}\n",
		"toy_test.go": "package toy\n\nimport \"testing\"\n\nfunc TestOne(t *testing.T) {\n\tt.Run(\"it\", func(t *testing.T) {\n" +
			"\t\tif one() != 1 {\n\t\t\tt.Error(\"no\")\n\t\t}\n\t})\n}\n",
		"inner/go.mod": "this belongs to another module",
	} {
		path := filepath.Join(root, file)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	l, err := newLab(t.TempDir(), options{root: root, parallel: 2, timeout: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	one := func(text, tests string) mutation {
		return mutation{"rule", text, tests, []hunk{{"toy.go", "\treturn 1\n", "\t" + text + "\n"}}}
	}
	mutations := []mutation{
		one("return 3", ""), one(`panic("no")`, ""), one("select {}", ""), one("for {}", ""), one("return 1 // still", ""), one("return nil", ""),
		one("return 4", "TestOfAnotherName"), {"rule", "untested", "", []hunk{{"toy.go", "\treturn 2\n", "\treturn 3\n"}}},
	}
	want := []verdict{survived, killed, killed, timedOut, timedOut, survived, broken, broken, survived}
	var got []verdict
	for o := range l.tryAll(t.Context(), mutations) {
		got = append(got, o.verdict)
		if kill := o.verdict == killed || o.verdict == timedOut; kill != (o.test == "TestOne/it") {
			t.Errorf("%s by %q:\n%s", o.verdict, o.test, o.output)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
