package main

import (
	_ "embed"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// mutation is one small change that breaks a rule.
type mutation struct {
	name  string
	tests string // the tests to run, as for go test -run; if "", all except the slow ones
	edits []edit
}

// edit is a fragment of code and its replacement.
type edit struct{ old, new string }

//go:embed mutations.txt
var list string

// parse reads mutations. There is a blank line between them:
//
//	rule 4: what is broken
//	tests: TestThatIsToFail
//	- a fragment
//	+ its replacement
//
// White space in a fragment matches any white space, and "…" matches any text on a line,
// so that a fragment need not contain names that may change. In the replacement, ${n} is
// the text of the n-th "…". Consecutive lines with "-" are one fragment, and those with
// "+" one replacement. The line "tests:" is for mutations that would otherwise take long
// to fail. A "#" begins a comment.
func parse(text string) (all []mutation, err error) {
	for block := range strings.SplitSeq(text, "\n\n") {
		var m mutation
		last := ""
		for line := range strings.Lines(block) {
			kind, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			switch {
			case kind == "" || kind == "#":
				continue
			case m.name == "" && kind != "-":
				m.name = kind + " " + rest
			case kind == "tests:" && m.edits == nil:
				m.tests = rest
			case kind == "-" && last != "-":
				m.edits = append(m.edits, edit{old: rest})
			case kind == "-":
				m.edits[len(m.edits)-1].old += "\n" + rest
			case kind == "+" && m.edits != nil:
				m.edits[len(m.edits)-1].new += rest + "\n"
			default:
				return nil, fmt.Errorf("%s: what is %q?", m.name, line)
			}
			last = kind
		}
		if m.name != "" {
			all = append(all, m)
		}
	}
	return all, nil
}

// apply returns the files that m changes, with the change. It returns an error if a
// fragment is not there, or is there twice: such a mutation no longer changes what it was
// written for.
func (m mutation) apply(files map[string]string) (map[string]string, error) {
	changed := maps.Clone(files)
	for _, e := range m.edits {
		words := strings.Fields(regexp.QuoteMeta(e.old))
		fragment := regexp.MustCompile(strings.ReplaceAll(strings.Join(words, `\s+`), "…", `(.*?)`))
		found := 0
		for name, text := range changed {
			found += len(fragment.FindAllString(text, -1))
			changed[name] = fragment.ReplaceAllString(text, strings.TrimSuffix(e.new, "\n"))
		}
		if found != 1 {
			return nil, fmt.Errorf("the code has this %d times, not once: %s", found, e.old)
		}
	}
	maps.DeleteFunc(changed, func(name, text string) bool { return files[name] == text })
	return changed, nil
}

// source returns the hand-written code of the packages with rules: the root, its
// internal ones, typed and retry.
func source(root string) (map[string]string, error) {
	files := map[string]string{}
	for _, pattern := range []string{"*.go", "internal/*/*.go", "typed/*.go", "retry/*.go"} {
		names, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if !strings.HasSuffix(name, "_test.go") && !strings.HasSuffix(name, ".gen.go") {
				text, err := os.ReadFile(name)
				if err != nil {
					return nil, err
				}
				files[name] = string(text)
			}
		}
	}
	return files, nil
}
