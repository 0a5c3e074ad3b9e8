// Command mutants checks that the rules about order and goroutines are tested. It
// breaks one rule after the other by a small change, which mutations.txt lists, and
// runs the tests of the package. If they pass, a test is missing.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// slow are tests of many connections or of many hours. They run only for mutations that
// name them.
const slow = "^(TestRule02_ManyCallersShareOneLogin|TestRule03_ManyRefusalsOfAnHour)$"

func main() {
	root := flag.String("root", "..", "`folder` of the module")
	names := flag.String("run", "", "try only the mutations whose name matches `regexp`")
	parallel := flag.Int("p", 2, "try `n` mutants at a time")
	flag.Parse()
	if err := run(*root, *names, *parallel); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func run(root, names string, parallel int) error {
	root, err := filepath.Abs(root)
	if err != nil {
		return err
	}
	pattern, err := regexp.Compile(names)
	if err != nil {
		return err
	}
	all, err := parse(list)
	if err != nil {
		return err
	}
	files, err := source(root)
	if err != nil {
		return err
	}
	if test, err := (mutation{}).killer(root, files); err != errSurvived {
		return fmt.Errorf("without a mutation: %s %w", test, err)
	}
	seats := make(chan struct{}, max(parallel, 1))
	var results []chan bool
	for _, m := range all {
		if !pattern.MatchString(m.name) {
			continue
		}
		result := make(chan bool, 1)
		results = append(results, result)
		go func() {
			seats <- struct{}{}
			test, err := m.killer(root, files)
			if err != nil {
				fmt.Printf("NOT KILLED  %s: %v\n", m.name, err)
			} else {
				fmt.Printf("killed      %s (%s)\n", m.name, test)
			}
			<-seats
			result <- err == nil
		}()
	}
	killed := 0
	for _, result := range results {
		if <-result {
			killed++
		}
	}
	fmt.Printf("%d of %d mutants killed\n", killed, len(results))
	if killed < len(results) {
		return errors.New("a test is missing, or a mutation is out of date")
	}
	return nil
}

var (
	errSurvived = errors.New("survived")
	failed      = regexp.MustCompile(`--- FAIL: \w+|panic: .*|fatal error: .*`)
)

// killer builds the mutant, runs the tests of its package and returns the first failure.
// A test that hangs is a failure as well.
func (m mutation) killer(root string, files map[string]string) (string, error) {
	changed, err := m.apply(files)
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "mutant-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	pkg, replace := ".", map[string]string{}
	for name, text := range changed {
		replace[name] = filepath.Join(dir, strconv.Itoa(len(replace))+".go")
		if err := os.WriteFile(replace[name], []byte(text), 0o644); err != nil {
			return "", err
		}
		if folder, _ := filepath.Rel(root, filepath.Dir(name)); !strings.HasPrefix(folder, "internal") {
			pkg = folder
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o644); err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "mutant.test")
	build := exec.Command("go", "test", "-c", "-vet=off", "-overlay", filepath.Join(dir, "overlay.json"), "-o", binary, "./"+pkg)
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	tests := exec.Command(binary, "-test.failfast", "-test.timeout=5m", "-test.run="+m.tests)
	if m.tests == "" {
		tests.Args = append(tests.Args, "-test.skip="+slow)
	}
	tests.Dir = filepath.Join(root, pkg)
	out, err := tests.CombinedOutput()
	name := failed.FindString(string(out))
	switch {
	case err == nil && strings.Contains(string(out), "no tests to run"):
		return "", errors.New("no test has that name: " + m.tests)
	case err == nil:
		return "", errSurvived
	case name == "":
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return name, nil
}
