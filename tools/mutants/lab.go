package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// slow is a test that makes thousands of connections: it is run only for the
// mutations that ask for it.
const slow = "^TestManyCallersShareOneLogin$"

// lab is a copy of the module, for mutants to be built from and tested in. The
// working tree is only read, and may change meanwhile.
type lab struct {
	options
	dir  string // of the mutants
	copy string // of the module
}

func newLab(dir string, o options) (*lab, error) {
	dir, err := filepath.EvalSymlinks(dir) // -overlay wants the names that the go command sees
	if err != nil {
		return nil, err
	}
	l := &lab{options: o, dir: dir, copy: filepath.Join(dir, "module")}
	return l, copyModule(l.copy, o.root)
}

// copyModule copies what belongs to the module at from: no hidden folder, and no
// module inside it.
func copyModule(to, from string) error {
	if _, err := os.Stat(filepath.Join(from, "go.mod")); err != nil {
		return err
	}
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			_, err := os.Stat(filepath.Join(path, "go.mod"))
			if name != "." && (err == nil || strings.HasPrefix(d.Name(), ".")) {
				return filepath.SkipDir
			}
			return os.MkdirAll(filepath.Join(to, name), 0o755)
		}
		if !d.Type().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), text, 0o644)
	})
}

func (l *lab) read(file string) (string, error) {
	text, err := os.ReadFile(filepath.Join(l.copy, file))
	return string(text), err
}

// tryAll tries the module as it is, whose tests must pass, and then every
// mutant, l.parallel at a time. The outcomes come in the order of mutations,
// after that of the module.
func (l *lab) tryAll(ctx context.Context, mutations []mutation) <-chan outcome {
	outcomes := make(chan outcome)
	go func() {
		defer close(outcomes)
		first := l.try(ctx, mutation{rule: "no rule", name: "the module as it is"}, "0")
		outcomes <- first
		if first.verdict != survived {
			return
		}
		results := make([]chan outcome, len(mutations))
		for i := range results {
			results[i] = make(chan outcome, 1)
		}
		go func() {
			seats := make(chan struct{}, max(l.parallel, 1))
			for i, m := range mutations {
				seats <- struct{}{}
				go func() {
					results[i] <- l.try(ctx, m, strconv.Itoa(i+1))
					<-seats
				}()
			}
		}()
		for _, result := range results {
			outcomes <- <-result
		}
	}()
	return outcomes
}

// try builds a mutant and tests it. Building is a step of its own, for a mutant
// that does not compile has not been killed by a test.
func (l *lab) try(ctx context.Context, m mutation, name string) (o outcome) {
	begun := time.Now()
	defer func() { o.took = time.Since(begun) }()
	dir := filepath.Join(l.dir, name)
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "root.test")
	overlay, err := l.overlay(m, dir)
	if err != nil {
		return outcome{verdict: broken, output: err.Error()}
	}
	if output, err := l.command(ctx, "go", "test", "-c", "-vet=off", "-overlay", overlay, "-o", binary, "."); err != nil {
		return outcome{verdict: broken, output: err.Error() + "\n" + output}
	}
	args := []string{"-test.v", "-test.failfast", "-test.timeout=" + l.timeout.String(), "-test.run=" + m.tests}
	if m.tests == "" {
		args = append(args, "-test.skip="+slow)
	}
	output, err := l.command(ctx, binary, args...)
	return judge(output, err)
}

// overlay writes m's files to dir, and the file that makes the go command take
// them for the module's.
func (l *lab) overlay(m mutation, dir string) (string, error) {
	changed, err := m.apply(l.read)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	var overlay struct{ Replace map[string]string }
	overlay.Replace = map[string]string{}
	for file, text := range changed {
		mutant := filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(mutant), 0o755); err != nil {
			return "", err
		}
		if err := os.WriteFile(mutant, []byte(text), 0o644); err != nil {
			return "", err
		}
		overlay.Replace[filepath.Join(l.copy, file)] = mutant
	}
	text, err := json.Marshal(overlay)
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "overlay.json")
	return file, os.WriteFile(file, text, 0o644)
}

// command runs name in the copy and returns all that it printed.
func (l *lab) command(ctx context.Context, name string, args ...string) (string, error) {
	// A test binary ends itself after l.timeout; the rest is for building, and for
	// one that is past ending itself.
	ctx, cancel := context.WithTimeout(ctx, l.timeout+5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = l.copy
	cmd.WaitDelay = time.Second
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); ctx.Err() != nil && errors.As(err, &exit) {
		err = fmt.Errorf("%w: %w", ctx.Err(), err)
	}
	return output.String(), err
}
