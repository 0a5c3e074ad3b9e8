package main

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/modfile"
)

const (
	root    = "github.com/zuora-go/zuora"
	runtime = "github.com/oapi-codegen/runtime"
	testify = "github.com/stretchr/testify"
)

// rule says what the files of a folder, and of those in it, must not import.
type rule struct {
	folder string // "." is the root package alone
	tests  bool   // for tests too
	bad    func(importPath string) bool
}

var rules = []rule{
	{".", false, func(p string) bool { return !standard(p) && p != runtime && !under(p, root+"/internal") }},
	{"internal", false, func(p string) bool { return !standard(p) && !under(p, root+"/internal") }},
	{"zuoratest", false, func(p string) bool { return !standard(p) && p != root }},
	{"cmd/zuora-connect", false, func(p string) bool { return !standard(p) && p != root }},
	{"typed", false, func(p string) bool { return !standard(p) && p != root && p != root+"/internal/readonly" }},
	{"zuoratest", true, internal},
	{"cmd", true, internal},
	{"examples", true, internal},
	{"conformance", true, internal},
	{"redisstore", true, internal},
	// The generators have to run when what they have made does not compile.
	{"tools", true, func(p string) bool { return under(p, root) && !under(p, root+"/tools") }},
}

func standard(p string) bool {
	first, _, _ := strings.Cut(p, "/")
	return !strings.Contains(first, ".")
}

func internal(p string) bool { return under(p, root+"/internal") }

func under(p, folder string) bool {
	return p == folder || strings.HasPrefix(p, folder+"/")
}

// check returns what in the repository breaks a rule, sorted by file.
func check(repository fs.FS) (broken []string, err error) {
	err = fs.WalkDir(repository, ".", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && file != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return fs.SkipDir
		case d.IsDir():
			return nil
		}
		text, err := fs.ReadFile(repository, file)
		if err != nil {
			return err
		}
		var found []string
		switch {
		case path.Ext(file) == ".go":
			found, err = checkImports(file, text)
		case d.Name() == "go.mod":
			found, err = checkModule(file, text)
		}
		broken = append(broken, found...)
		return err
	})
	return broken, err
}

func checkImports(file string, text []byte) (broken []string, err error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, text, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	folder, test := path.Dir(file), strings.HasSuffix(file, "_test.go")
	for _, spec := range parsed.Imports {
		importPath, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(rules, func(r rule) bool {
			in := folder == r.folder || r.folder != "." && under(folder, r.folder)
			return in && (r.tests || !test) && r.bad(importPath)
		}) {
			broken = append(broken, fmt.Sprintf("%s must not import %s", file, importPath))
		}
	}
	return broken, nil
}

// checkModule looks at what importers would get, and at whether the modules of
// the repository are tested with one another as they stand.
func checkModule(file string, text []byte) (broken []string, err error) {
	m, err := modfile.Parse(file, text, nil)
	if err != nil {
		return nil, err
	}
	if len(m.Exclude)+len(m.Tool) > 0 && m.Module.Mod.Path == root {
		broken = append(broken, file+" must have no tool and no exclude: importers would get what they raise")
	}
	for _, r := range m.Require {
		if m.Module.Mod.Path == root && !r.Indirect && r.Mod.Path != runtime && r.Mod.Path != testify {
			broken = append(broken, fmt.Sprintf("%s must not require %s", file, r.Mod.Path))
		}
	}
	for _, r := range m.Require {
		if m.Module.Mod.Path == root+"/redisstore" && r.Mod.Path == root && strings.HasPrefix(r.Mod.Version, "v0.0.0") {
			broken = append(broken, fmt.Sprintf("%s must require a release of %s, for importers do not see the replace line: go mod edit -require=%s@vX.Y.Z", file, root, root))
		}
	}
	for _, r := range m.Replace {
		// What is tested together is what is here together.
		here := path.Join(root, path.Dir(file), r.New.Path)
		if m.Module.Mod.Path == root || r.Old.Path != here {
			broken = append(broken, fmt.Sprintf("%s must not replace %s by %s", file, r.Old.Path, r.New.Path))
		}
	}
	return broken, nil
}
