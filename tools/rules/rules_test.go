package main

import (
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestTheRepositoryKeepsTheRules(t *testing.T) {
	broken, err := check(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range broken {
		t.Error(b)
	}
}

// house keeps every rule.
var house = map[string]string{
	"go.mod":                     "module " + root + "\n\ngo 1.26\n\nrequire " + runtime + " v1.8.0\nrequire " + testify + " v1.12.1\nrequire example.com/indirect v1.0.0 // indirect\n",
	"session.go":                 goFile("net/http", runtime, root+"/internal/flight"),
	"session_test.go":            goFile(testify+"/require", root, root+"/zuoratest"),
	"internal/flight/flight.go":  goFile("sync", root+"/internal/brief"),
	"zuoratest/server.go":        goFile("net/http", root),
	"cmd/zuora-connect/main.go":  goFile("flag", root),
	"cmd/program/main_test.go":   goFile(testify+"/require", root+"/zuoratest"),
	"examples/go.mod":            "module " + root + "/examples\n\ngo 1.26\n\nreplace " + root + " => ../\n\nreplace " + root + "/redisstore => ../redisstore\n",
	"examples/program/main.go":   goFile("example.com/other", root, root+"/zuoratest"),
	"conformance/a_test.go":      goFile("example.com/other", root),
	"redisstore/go.mod":          "module " + root + "/redisstore\n\ngo 1.26\n\nrequire " + root + " v0.1.0\n\nreplace " + root + " => ../\n",
	"redisstore/store.go":        goFile("example.com/redis", root),
	"tools/compat/main.go":       goFile("example.com/tool", root+"/tools/other"),
	"tools/testdata/anything.go": "no Go",
	".hidden/anything.go":        "no Go",
	"api/README.md":              "",
}

func TestEachRuleCanBeBroken(t *testing.T) {
	for _, c := range []struct{ file, text, want string }{
		{"session.go", house["session.go"], ""},
		{"session.go", goFile("example.com/other"), "session.go must not import example.com/other"},
		{"session.go", goFile(testify + "/require"), "session.go must not import " + testify + "/require"},
		{"session.go", goFile(root + "/zuoratest"), "session.go must not import " + root + "/zuoratest"},
		{"session.go", goFile(root + "/api"), "session.go must not import " + root + "/api"},
		{"internal/flight/flight.go", goFile(root), "internal/flight/flight.go must not import " + root},
		{"internal/flight/flight.go", goFile(runtime), "internal/flight/flight.go must not import " + runtime},
		{"zuoratest/server.go", goFile(root + "/internal/flight"), "zuoratest/server.go must not import " + root + "/internal/flight"},
		{"zuoratest/server.go", goFile(testify + "/require"), "zuoratest/server.go must not import " + testify + "/require"},
		{"zuoratest/server_test.go", goFile(root + "/internal/flight"), "zuoratest/server_test.go must not import " + root + "/internal/flight"},
		{"cmd/zuora-connect/main.go", goFile(root + "/zuoratest"), "cmd/zuora-connect/main.go must not import " + root + "/zuoratest"},
		{"cmd/zuora-connect/main.go", goFile("example.com/other"), "cmd/zuora-connect/main.go must not import example.com/other"},
		{"cmd/program/main_test.go", goFile(root + "/internal/flight"), "cmd/program/main_test.go must not import " + root + "/internal/flight"},
		{"examples/program/main.go", goFile(root + "/internal/flight"), "examples/program/main.go must not import " + root + "/internal/flight"},
		{"conformance/a_test.go", goFile(root + "/internal/flight"), "conformance/a_test.go must not import " + root + "/internal/flight"},
		{"redisstore/store.go", goFile(root + "/internal/flight"), "redisstore/store.go must not import " + root + "/internal/flight"},
		{"tools/compat/main.go", goFile(root), "tools/compat/main.go must not import " + root},
		{"go.mod", house["go.mod"] + "replace example.com/indirect => ../indirect\n", "go.mod must not replace example.com/indirect by ../indirect"},
		{"go.mod", house["go.mod"] + "tool example.com/indirect\n", "go.mod must have no tool and no exclude: importers would get what they raise"},
		{"go.mod", house["go.mod"] + "exclude example.com/indirect v1.0.1\n", "go.mod must have no tool and no exclude: importers would get what they raise"},
		{"go.mod", house["go.mod"] + "require example.com/other v1.0.0\n", "go.mod must not require example.com/other"},
		{"examples/go.mod", house["examples/go.mod"] + "replace example.com/other => ../other\n", "examples/go.mod must not replace example.com/other by ../other"},
		{"examples/go.mod", strings.Replace(house["examples/go.mod"], "../", "../other", 1), "examples/go.mod must not replace " + root + " by ../other"},
		{"examples/go.mod", strings.Replace(house["examples/go.mod"], "=> ../redisstore", "=> ../other", 1), "examples/go.mod must not replace " + root + "/redisstore by ../other"},
		{"redisstore/go.mod", strings.Replace(house["redisstore/go.mod"], "v0.1.0", "v0.0.0", 1),
			"redisstore/go.mod must require a release of " + root + ", for importers do not see the replace line: go mod edit -require=" + root + "@vX.Y.Z"},
	} {
		repository := fstest.MapFS{}
		for file, text := range house {
			repository[file] = &fstest.MapFile{Data: []byte(text)}
		}
		repository[c.file] = &fstest.MapFile{Data: []byte(c.text)}
		var want []string
		if c.want != "" {
			want = []string{c.want}
		}
		if got, err := check(repository); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s with\n%s\n got %q, %v, want %q", c.file, c.text, got, err, want)
		}
	}
}

func TestWhatCannotBeReadIsAnError(t *testing.T) {
	for _, file := range []string{"session.go", "go.mod"} {
		if broken, err := check(fstest.MapFS{file: &fstest.MapFile{Data: []byte("?")}}); err == nil {
			t.Errorf("%s: got %q and no error", file, broken)
		}
	}
}

func goFile(imports ...string) string {
	var b strings.Builder
	b.WriteString("package p\n")
	for _, p := range imports {
		b.WriteString("\nimport _ \"" + p + "\"\n")
	}
	return b.String()
}
