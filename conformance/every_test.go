package conformance

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// call and outcome are those of testdata/recipes/every.go.
type call struct {
	Method   string
	Response json.RawMessage `json:",omitempty"`
	Request  json.RawMessage `json:",omitempty"`
}

type outcome struct {
	Value   json.RawMessage
	Error   string
	Failure bool
}

// example is an example of the document, and its call.
type example struct {
	call
	what  string
	value any
}

var generatedMethod = regexp.MustCompile(`(?m)^func \(a \*API\) (\w+)\(.*\n.*typed\.Request\{Method: "(\w+)", Path: "([^"]*)"`)

// The command makes a package of all operations of Zuora's document, for two generations
// of the document. The package builds, reads every example of a response, and sends every
// example of a request.
func TestEveryOperationOfZuorasDocument(t *testing.T) {
	for _, generation := range []publication{published2021, published2019} {
		t.Run(generation.npm, func(t *testing.T) {
			theirs := generation.document(t)
			dir := copyModule(t)
			methods := generateEvery(t, dir, generation)
			leftOut := map[string]bool{"POST /v1/connections": true, "POST /oauth/token": true}
			var all []example
			operations := 0
			for path := range theirs.object(theirs["paths"]) {
				for verb, op := range theirs.object(theirs["paths"], path) {
					name := strings.ToUpper(verb) + " " + path
					if theirs.at(op, "operationId") == nil || leftOut[name] {
						continue
					}
					operations++
					if assert.NotEmpty(t, methods[name], "no method calls %s", name) {
						all = append(all, theirs.examplesOf(t, op, methods[name], name)...)
					}
				}
			}
			assert.Len(t, methods, operations)
			responses, requests := 0, 0
			for i, o := range makeCalls(t, dir, all) {
				e := all[i]
				if o.Failure && theirs.at(e.value, "success") == false {
					continue // which says so
				}
				if !assert.Empty(t, o.Error, e.what) {
					continue
				}
				var got any
				require.NoError(t, read(string(o.Value), &got), e.what)
				for _, lost := range differences(e.value, got, "", e.Request != nil) {
					assert.Fail(t, "not what the document has", "%s%s", e.what, lost)
				}
				if e.Request != nil {
					requests++
				} else {
					responses++
				}
			}
			t.Logf("%d operations, %d examples of responses, %d of requests", operations, responses, requests)
		})
	}
}

// examplesOf returns the examples of an operation.
func (d document) examplesOf(t *testing.T, op any, method, name string) (all []example) {
	t.Helper()
	add := func(content any, what string, makeCall func(text json.RawMessage) call) {
		for _, value := range d.examples(content) {
			if value == nil || value == "" {
				continue // an example of nothing
			}
			text, err := json.Marshal(value)
			require.NoError(t, err)
			all = append(all, example{makeCall(text), name + " " + what, value})
		}
	}
	for status := range d.object(op, "responses") {
		for contentType, content := range d.object(op, "responses", status, "content") {
			if strings.HasPrefix(status, "2") && strings.Contains(contentType, "json") {
				add(content, "response", func(text json.RawMessage) call { return call{Method: method, Response: text} })
			}
		}
	}
	for contentType, content := range d.object(op, "requestBody", "content") {
		if strings.Contains(contentType, "json") {
			add(content, "request", func(text json.RawMessage) call { return call{Method: method, Request: text} })
		}
	}
	return all
}

// generateEvery makes the package and returns its methods, by what they call.
func generateEvery(t *testing.T, dir string, of publication) map[string]string {
	t.Helper()
	text, err := of.text()
	require.NoError(t, err)
	spec, out := filepath.Join(dir, "zuora.com.json"), filepath.Join(dir, "recipe", "every")
	require.NoError(t, os.WriteFile(spec, text, 0o644))
	output := requireGo(t, "../cmd/zuora-generate", "run", ".", "-spec", spec, "-tags", "all", "-out", out)
	require.Len(t, strings.Split(strings.TrimSpace(output), "\n"), 2, "what is left out: %s", output)
	code, err := os.ReadFile(filepath.Join(out, "every.gen.go"))
	require.NoError(t, err)
	for _, unwanted := range []string{"float", "interface{}", " any ", "[]struct", "*struct", "]struct"} {
		require.NotContains(t, withoutComments(string(code)), unwanted)
	}
	methods := map[string]string{}
	for _, m := range generatedMethod.FindAllStringSubmatch(string(code), -1) {
		if !strings.HasPrefix(m[1], "All") || methods[m[2]+" "+m[3]] == "" { // All… follows its list
			methods[m[2]+" "+m[3]] = m[1]
		}
	}
	return methods
}

func withoutComments(code string) string {
	return regexp.MustCompile(`(?m)^\s*//.*$`).ReplaceAllString(code, "")
}

// makeCalls builds the program and makes the calls of all.
func makeCalls(t *testing.T, dir string, all []example) (outcomes []outcome) {
	t.Helper()
	text, err := os.ReadFile("testdata/recipes/every.go")
	require.NoError(t, err)
	write(t, string(text), dir, "recipe", "every.go")
	program := filepath.Join(dir, "every.exe")
	requireGo(t, dir, "build", "-trimpath", "-o", program, "./recipe") // with -trimpath the build cache works in other folders
	var in, out bytes.Buffer
	encode := json.NewEncoder(&in)
	for _, e := range all {
		require.NoError(t, encode.Encode(e.call))
	}
	command := exec.CommandContext(t.Context(), program)
	command.Stdin, command.Stdout, command.Stderr = &in, &out, os.Stderr
	require.NoError(t, command.Run())
	for decode := json.NewDecoder(&out); decode.More(); {
		var o outcome
		require.NoError(t, decode.Decode(&o))
		outcomes = append(outcomes, o)
	}
	require.Len(t, outcomes, len(all))
	return outcomes
}
