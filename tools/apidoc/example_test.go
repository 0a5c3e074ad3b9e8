package main

import (
	"encoding/json"
	"fmt"
	"go/format"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/oapi-codegen/oapi-codegen/v2/pkg/codegen"
	"github.com/oapi-codegen/oapi-codegen/v2/pkg/util"
)

const root = "../.."

var goBlock = regexp.MustCompile("(?s)```go\n(package main\n.*?)```")

// programs are the examples in pages.
func programs(pages map[string][]byte) []string {
	var found []string
	for _, name := range slices.Sorted(maps.Keys(pages)) {
		for _, m := range goBlock.FindAllSubmatch(pages[name], -1) {
			found = append(found, string(m[1]))
		}
	}
	return found
}

// build compiles Go files as if they lay in the root module, by their paths
// there, so that they are held against its code as it is, its go.mod and no
// network.
func build(t *testing.T, files map[string]string, packages ...string) {
	t.Helper()
	base, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	for path, source := range files {
		file := filepath.Join(dir, strings.ReplaceAll(path, "/", "_"))
		if err := os.WriteFile(file, []byte(source), 0o644); err != nil {
			t.Fatal(err)
		}
		overlay.Replace[filepath.Join(base, path)] = file
	}
	text, err := json.Marshal(overlay)
	if err != nil {
		t.Fatal(err)
	}
	overlayFile := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlayFile, text, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, p := range packages {
		cmd := exec.Command("go", "build", "-overlay", overlayFile, "-o", os.DevNull, p)
		cmd.Dir = base
		cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=readonly", "GOPROXY=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("go build %s: %v\n%s\n%s", p, err, out, files[strings.TrimPrefix(p, "./")+"/main.go"])
		}
	}
}

// buildExamples compiles every example in pages twice: as it stands, and with
// the optional lines taken.
func buildExamples(t *testing.T, pages map[string][]byte, files map[string]string) {
	t.Helper()
	all := programs(pages)
	if len(all) == 0 {
		t.Fatal("no example found")
	}
	var packages []string
	for i, source := range all {
		if formatted, err := format.Source([]byte(source)); err != nil || string(formatted) != source {
			t.Errorf("not as gofmt has it (%v):\n%s", err, source)
		}
		for kind, text := range map[string]string{"plain": source, "full": withOptions(source)} {
			dir := fmt.Sprintf("apidocexamples/%s%d", kind, i)
			files[dir+"/main.go"] = text
			packages = append(packages, "./"+dir)
		}
	}
	slices.Sort(packages)
	build(t, files, packages...)
}

var optionLine = regexp.MustCompile(`(?m)^(\t+)// (\w+: .*,) // .*$`)

// withOptions takes the comment signs off an example's optional lines, and
// imports what its reader would have to import for them.
func withOptions(source string) string {
	full := optionLine.ReplaceAllString(source, "$1$2")
	if types := `openapi_types "github.com/oapi-codegen/runtime/types"`; strings.Contains(full, "openapi_types.") && !strings.Contains(full, types) {
		full = strings.Replace(full, "import (\n", "import (\n"+types+"\n", 1)
	}
	return full
}

func TestExamplesOfTheModuleCompile(t *testing.T) {
	pages := written(t, zuora)
	if n := len(optionLine.FindAll(pages["ConnectionsApi.md"], -1)); n != 4 {
		t.Errorf("%d optional lines, want 4", n)
	}
	buildExamples(t, pages, map[string]string{})
}

func TestExamplesOfOtherSpecCompile(t *testing.T) {
	config, err := loadConfig(library.config)
	if err != nil {
		t.Fatal(err)
	}
	config.OutputOptions.SkipFmt = false // formatting also drops unused imports
	spec, err := util.LoadSwagger(library.spec)
	if err != nil {
		t.Fatal(err)
	}
	client, err := codegen.Generate(spec, config)
	if err != nil {
		t.Fatal(err)
	}
	buildExamples(t, written(t, library), map[string]string{"library/library.gen.go": client})
}
