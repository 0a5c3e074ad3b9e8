package main

import (
	"bytes"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const fixture = "testdata/repo"

// The pages of the fixture are what go run ./apidoc -root apidoc/testdata/repo
// makes of it.
func TestPagesAreAsRecorded(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(fixture)); err != nil {
		t.Fatal(err)
	}
	if err := run(dir); err != nil {
		t.Fatal(err)
	}
	for _, trees := range [][2]string{{dir, fixture}, {fixture, dir}} {
		err := filepath.WalkDir(trees[0], func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			other := filepath.Join(trees[1], strings.TrimPrefix(file, trees[0]))
			got, _ := os.ReadFile(file)
			want, err := os.ReadFile(other)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s and %s differ: %v", file, other, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestEveryLinkLeadsSomewhere(t *testing.T) {
	for _, root := range []string{fixture, "../.."} {
		pages, err := makePages(root)
		if err != nil {
			t.Fatal(err)
		}
		for name, page := range pages {
			for _, link := range regexp.MustCompile(`\]\(([^):]*?)(#[^)]*)?\)`).FindAllStringSubmatch(page, -1) {
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
}
