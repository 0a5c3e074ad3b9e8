package main

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
)

// mutation is one small change that breaks a rule.
type mutation struct {
	rule, name string
	tests      string // the tests to run, as go test -run takes them; "": all but the slow
	hunks      []hunk
}

// hunk is whole lines of a file of the root package, and what takes their place.
type hunk struct{ file, old, new string }

func (m mutation) String() string { return m.rule + ": " + m.name }

// apply returns the files that m changes, as it leaves them. Lines that are not
// there, or are there twice, are an error: a mutation that no longer changes
// what it was written for proves nothing.
func (m mutation) apply(read func(file string) (string, error)) (map[string]string, error) {
	changed := map[string]string{}
	for _, h := range m.hunks {
		text, ok := changed[h.file]
		if !ok {
			var err error
			if text, err = read(h.file); err != nil {
				return nil, fmt.Errorf("%v: %w", m, err)
			}
		}
		text = "\n" + text // so that a match begins where a line does
		if n := strings.Count(text, "\n"+h.old); n != 1 {
			return nil, fmt.Errorf("%v: no longer applies: its lines are in %s %d times, not once", m, h.file, n)
		}
		changed[h.file] = strings.Replace(text, "\n"+h.old, "\n"+h.new, 1)[1:]
	}
	return changed, nil
}

//go:embed rules
var rules embed.FS

// load reads the mutations in rules/, in the order of the rules.
func load() ([]mutation, error) {
	var all []mutation
	err := fs.WalkDir(rules, "rules", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := rules.ReadFile(path)
		if err != nil {
			return err
		}
		some, err := parse(path, string(text))
		all = append(all, some...)
		return err
	})
	return all, err
}

// parse reads mutations, which stand with a blank line between them:
//
//	rule 4: what is broken
//	tests: TestThatIsToFail
//	--- transport.go
//	 	a line that stays
//	-	a line that goes
//	+	a line that comes
//
// A line of tests is for a mutation that would take long to fail, or that needs
// a slow test; the others meet all tests but those. A "#" begins a comment.
func parse(path, text string) ([]mutation, error) {
	var all []mutation
	var m *mutation // nil: none is begun
	for i, line := range strings.Split(text, "\n") {
		var h *hunk
		if m != nil && len(m.hunks) > 0 {
			h = &m.hunks[len(m.hunks)-1]
		}
		wrong := func(what string) error { return fmt.Errorf("%s:%d: %s: %q", path, i+1, what, line) }
		switch {
		case line == "":
			if m != nil && (h == nil || h.old == h.new) {
				return nil, wrong("a mutation that changes nothing ends here")
			}
			m = nil
		case line[0] == '#':
		case m == nil:
			rule, name, ok := strings.Cut(line, ": ")
			if !ok {
				return nil, wrong("not a rule and what is broken of it")
			}
			all = append(all, mutation{rule: rule, name: name})
			m = &all[len(all)-1]
		case h == nil && strings.HasPrefix(line, "tests: "):
			m.tests = strings.TrimPrefix(line, "tests: ")
		case strings.HasPrefix(line, "--- "):
			if h != nil && h.old == h.new {
				return nil, wrong("a hunk that changes nothing ends here")
			}
			m.hunks = append(m.hunks, hunk{file: strings.TrimPrefix(line, "--- ")})
		case h == nil:
			return nil, wrong("no file to change")
		case line[0] == '-':
			h.old += line[1:] + "\n"
		case line[0] == '+':
			h.new += line[1:] + "\n"
		case line[0] == ' ':
			h.old += line[1:] + "\n"
			h.new += line[1:] + "\n"
		default:
			return nil, wrong("a line of a hunk begins with -, + or a blank")
		}
	}
	return all, nil
}
