package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestTheCommittedSurfaceIsCurrent(t *testing.T) {
	file := filepath.Join(t.TempDir(), "go.txt")
	if err := write("../..", file); err != nil {
		t.Fatal(err)
	}
	if got, want := read(t, file), read(t, "../../api/go.txt"); got != want {
		t.Errorf("api/go.txt is out of date: make generate")
	}
}

const library = `package library

import "io"

type Book struct {
	Title string ` + "`json:\"title\"`" + `
	pages
	secret int
}

type pages struct{ Pages int }

func (*pages) Turn(by int) {}
func (Book) Read(p []byte) (int, error) { return 0, io.EOF }
func (*Book) Lend(to ...string) error { return nil }
func (*Book) hide() {}

type Shelf struct{ *Book }

type Reader interface {
	io.Reader
	Close() error
}

type sealed interface{ Reader; seal() }
type Sealed interface{ sealed }
type Genre string
type Kind = Genre
type Set[T comparable] map[T]bool
type Number interface{ ~int | ~uint }

const Novel Genre = "novel"
const unseen = 1

var ErrLent error

func Open(r io.Reader) (*Book, error) { return nil, nil }
func open() {}
`

func TestEachExportedNameIsALine(t *testing.T) {
	want := []string{
		"pkg library, const Novel Genre = \"novel\"",
		"pkg library, func Open(r io.Reader) (*Book, error)",
		"pkg library, method (*Book) Lend(to ...string) error",
		"pkg library, method (*Book) Turn(by int)",
		"pkg library, method (Book) Read(p []byte) (int, error)",
		"pkg library, type Book struct",
		"pkg library, type Book struct, Pages int",
		"pkg library, type Book struct, Title string `json:\"title\"`",
		"pkg library, type Genre string",
		"pkg library, type Kind = Genre",
		"pkg library, type Number interface{~int | ~uint}",
		"pkg library, type Reader interface",
		"pkg library, type Reader interface, Close() error",
		"pkg library, type Reader interface, Read(p []byte) (n int, err error)",
		"pkg library, type Sealed interface",
		"pkg library, type Sealed interface, Close() error",
		"pkg library, type Sealed interface, Read(p []byte) (n int, err error)",
		"pkg library, type Sealed interface, unexported methods",
		"pkg library, type Set[T comparable] map[T]bool",
		"pkg library, type Shelf struct",
		"pkg library, type Shelf struct, embedded *Book",
		"pkg library, var ErrLent error",
	}
	if got := surfaceOf(t, library); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestTheSurfaceIsTheSameEachTime(t *testing.T) {
	if first, second := surfaceOf(t, library), surfaceOf(t, library); !slices.Equal(first, second) {
		t.Errorf("got %q, then %q", first, second)
	}
}

func TestAChangedSignatureIsOneChangedLine(t *testing.T) {
	before := surfaceOf(t, library)
	after := surfaceOf(t, strings.Replace(library, "Lend(to ...string) error", "Lend(to string) error", 1))
	if len(before) != len(after) {
		t.Fatalf("%d lines became %d", len(before), len(after))
	}
	var changed []string
	for i := range after {
		if before[i] != after[i] {
			changed = append(changed, after[i])
		}
	}
	if want := []string{"pkg library, method (*Book) Lend(to string) error"}; !slices.Equal(changed, want) {
		t.Errorf("changed lines: got %q, want %q", changed, want)
	}
}

func TestWhatIsNotToBeImportedIsLeftOut(t *testing.T) {
	got := surfaceOf(t, library, "internal/hidden/hidden.go", "package hidden\n\nfunc Hidden() {}\n", "cmd/program/main.go", "package main\n\nvar Unseen int\n\nfunc main() {}\n",
		"sub/sub.go", "package sub\n\nfunc Seen() {}\n")
	if text := strings.Join(got, "\n"); strings.Contains(text, "Hidden") || strings.Contains(text, "Unseen") || !strings.Contains(text, "pkg sub, func Seen()") {
		t.Error(text)
	}
}

func TestCodeThatDoesNotCompileIsAnError(t *testing.T) {
	dir := module(t, "package library\n\nvar X int = \"\"\n")
	if lines, err := surface(dir); err == nil {
		t.Errorf("got %q and no error", lines)
	}
}

func surfaceOf(t *testing.T, source string, files ...string) []string {
	t.Helper()
	lines, err := surface(module(t, source, files...))
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// module writes a module with source as its root package, and files, each a
// name and a text.
func module(t *testing.T, source string, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	files = append(files, "go.mod", "module example.com/library\n\ngo 1.26\n", "library.go", source)
	for f := range slices.Chunk(files, 2) {
		name := filepath.Join(dir, f[0])
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(f[1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
