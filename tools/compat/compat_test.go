package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// library is a module as it was released as v0.1.0, with its nested module.
var library = map[string]string{
	"go.mod": "module example.com/library\n\ngo 1.26\n",
	"library.go": `package library

type ClientInterface interface{ GetBook() }

func Open() error { return nil }

func Close() error { return nil }
`,
	"internal/hidden/hidden.go": "package hidden\n\nfunc Hidden() {}\n",
	"cmd/library/main.go":       "package main\n\nvar Flags int\n\nfunc main() {}\n",
	"redisstore/go.mod":         "module example.com/library/redisstore\n\ngo 1.26\n\nrequire example.com/library v0.1.0\n\nreplace example.com/library => ../\n",
	"redisstore/store.go":       "package redisstore\n\nimport \"example.com/library\"\n\nfunc New(library.ClientInterface) {}\n",
	"CHANGELOG.md":              "# Changelog\n\n## [Unreleased]\n\n## [0.1.0]\n\n### Changed\n\n- **BREAKING** everything.\n",
	"openapi.yaml": `openapi: 3.0.3
info: {title: Library, version: "1"}
paths:
  /books/{id}:
    get:
      operationId: getBook
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}}
        - {name: lang, in: query, schema: {type: string}}
      responses:
        "200":
          description: The book.
          content:
            application/json:
              schema:
                type: object
                required: [title]
                properties:
                  title: {type: string}
                  pages: {type: integer}
`,
}

// TestMain forgets which repository a hook runs in.
func TestMain(m *testing.M) {
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "GIT_") {
			_ = os.Unsetenv(name)
		}
	}
	os.Exit(m.Run())
}

const (
	goCode   = "library.go"
	spec     = "openapi.yaml"
	store    = "redisstore/store.go"
	log      = "CHANGELOG.md"
	empty    = "## [Unreleased]\n"
	breaking = "breaking since v0.1.0:"
	refusal  = "not announced"
)

func TestWhatBreaksImportersIsNamedAndRefusedUnlessAnnounced(t *testing.T) {
	for _, c := range []struct {
		name    string
		edits   []string // file, old, new
		refused bool
		want    []string
	}{
		{"nothing changed", nil, false, []string{"nothing breaking since v0.1.0\n", "nothing breaking since redisstore/v0.1.0\n"}},
		{"something added", []string{goCode, "func Open", "func Lend() {}\n\nfunc Open"}, false, []string{"nothing breaking since v0.1.0\n"}},
		{"a function removed", []string{goCode, "func Close() error { return nil }\n", ""}, true,
			[]string{breaking, "  Go code: Close: removed\n"}},
		{"a signature changed", []string{goCode, "func Open() error", "func Open(name string) error"}, true,
			[]string{breaking, "  Go code: Open: changed from func() error to func(string) error\n"}},
		{"what nobody imports", []string{"internal/hidden/hidden.go", "func Hidden() {}", "", "cmd/library/main.go", "var Flags int", ""}, false,
			[]string{"nothing breaking since v0.1.0\n"}},
		{"an operation added", []string{goCode, "GetBook()", "GetBook(); GetAuthor()"}, false, []string{"nothing breaking since v0.1.0\n"}},
		{"an operation removed", []string{goCode, "GetBook()", ""}, true, []string{"  Go code: ClientInterface.GetBook: removed\n"}},
		{"a parameter that is required now", []string{spec, "{name: lang, in: query, schema", "{name: lang, in: query, required: true, schema"}, true,
			[]string{breaking, "  openapi.yaml: GET /books/{id}: the `query` request parameter `lang` became required"}},
		{"a property that may be missing now", []string{spec, "required: [title]", "required: [pages]"}, true,
			[]string{"  openapi.yaml: GET /books/{id}: ", "`title`"}},
		{"a property of another type", []string{spec, "pages: {type: integer}", "pages: {type: string}"}, true,
			[]string{"  openapi.yaml: GET /books/{id}: ", "`pages`"}},
		{"a path removed", []string{spec, "/books/{id}:", "/volumes/{id}:"}, true, []string{"  openapi.yaml: GET /books/{id}: "}},
		{"a description changed", []string{spec, "The book.", "A book."}, false, []string{"nothing breaking since v0.1.0\n"}},
		{"the nested module", []string{store, "func New", "func Make"}, true,
			[]string{"nothing breaking since v0.1.0\n", "breaking since redisstore/v0.1.0:\n  Go code: New: removed\n"}},
		{"announced as changed", []string{goCode, "func Close", "func Shut", log, empty, empty + "\n### Changed\n\n- **BREAKING** Close is Shut.\n"}, false,
			[]string{breaking, "Close: removed\n", "CHANGELOG.md announces it\n"}},
		{"announced as removed", []string{goCode, "func Close", "func Shut", log, empty, empty + "\n### Removed\n\n- BREAKING: Close.\n"}, false,
			[]string{breaking, "Close: removed\n", "CHANGELOG.md announces it\n"}},
		{"announced in the section of the next release", []string{goCode, "func Close", "func Shut", log, empty, empty + "\n## [0.2.0]\n\n### Removed\n\n- BREAKING: Close.\n"}, false,
			[]string{"CHANGELOG.md announces it\n"}},
		{"in the changelog, but not announced", []string{goCode, "func Close", "func Shut", log, empty, empty + "\n### Added\n\n- BREAKING: Shut.\n\n### Changed\n\n- Breaking UNBREAKINGLY.\n"}, true,
			[]string{"Close: removed\n"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := repository(t)
			tag(t, dir, "v0.1.0", "redisstore/v0.1.0")
			for e := c.edits; len(e) > 0; e = e[3:] {
				edit(t, dir, e[0], e[1], e[2])
			}
			var out bytes.Buffer
			err := run(&out, dir)
			if refused := err != nil; refused != c.refused || refused && !strings.Contains(err.Error(), refusal) {
				t.Errorf("refused: %v", err)
			}
			for _, want := range c.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("got\n%s\nwant %q", out.String(), want)
				}
			}
		})
	}
}

func TestWithoutAReleaseThereIsNothingToBreak(t *testing.T) {
	dir := repository(t)
	tag(t, dir, "v0.1.0-rc.1", "version-one")
	edit(t, dir, goCode, "func Close", "func Shut")
	var out bytes.Buffer
	if err := run(&out, dir); err != nil {
		t.Error(err)
	}
	if got, want := out.String(), "no tag v…: nothing to compare with\nno tag redisstore/v…: nothing to compare with\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTheLastReleaseIsTheHighestThatIsAnAncestor(t *testing.T) {
	dir := repository(t)
	if got, err := lastTag(dir, ""); got != "" || err != nil {
		t.Errorf("no tag: got %q, %v", got, err)
	}
	tag(t, dir, "v0.9.0", "v0.10.0", "v0.11.0-rc.1", "redisstore/v0.12.0")
	commit(t, dir)
	tag(t, dir, "v1.0.0")
	gitDo(t, dir, "checkout", "-q", "HEAD~1")
	if got, err := lastTag(dir, ""); got != "v0.10.0" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := lastTag(dir, "redisstore/"); got != "redisstore/v0.12.0" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestARepositoryWithoutCommitsHasNoRelease(t *testing.T) {
	dir := t.TempDir()
	if _, err := lastTag(dir, ""); err == nil {
		t.Error("no repository and no error")
	}
	gitDo(t, dir, "init", "-q")
	if got, err := lastTag(dir, ""); got != "" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestCodeThatDoesNotCompileIsAnErrorAndNotABreak(t *testing.T) {
	dir := repository(t)
	tag(t, dir, "v0.1.0")
	edit(t, dir, goCode, "return nil", "return 1")
	if err := run(&bytes.Buffer{}, dir); err == nil || strings.Contains(err.Error(), refusal) {
		t.Errorf("got %v", err)
	}
}

func repository(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range library {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	gitDo(t, dir, "init", "-q")
	gitDo(t, dir, "add", ".")
	commit(t, dir)
	return dir
}

func commit(t *testing.T, dir string) {
	t.Helper()
	gitDo(t, dir, "commit", "-q", "--allow-empty", "-m", "A commit")
}

func tag(t *testing.T, dir string, names ...string) {
	t.Helper()
	for _, name := range names {
		gitDo(t, dir, "tag", name)
	}
}

func edit(t *testing.T, dir, name, old, new string) {
	t.Helper()
	file := filepath.Join(dir, name)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		t.Fatalf("%s has no %q", name, old)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(text), old, new, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// gitDo runs git, whatever the configuration of the machine.
func gitDo(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=A", "GIT_COMMITTER_EMAIL=a@example.com")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}
