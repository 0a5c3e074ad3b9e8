// Command mutants proves that the tests of the root package hold its rules. It
// copies the module, breaks one rule in the copy by one small change, runs the
// tests there, and does so for every change in rules/. A mutant that the tests
// let live is a test that is missing.
//
// Run it from the repository's root:
//
//	go run -C tools ./mutants
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"time"
)

// options say what to break and how to test it.
type options struct {
	root     string        // the folder of the module's go.mod
	names    string        // a regular expression: the mutations to try
	parallel int           // how many at a time
	timeout  time.Duration // for the tests of one mutant
	verbose  bool          // print what the tests said
}

func main() {
	var o options
	flag.StringVar(&o.root, "root", "..", "`folder` of the module to break")
	flag.StringVar(&o.names, "run", "", "try only mutations whose name, with its rule, matches `regexp`")
	flag.IntVar(&o.parallel, "p", 2, "try `n` mutants at a time")
	flag.DurationVar(&o.timeout, "timeout", time.Minute, "for the tests of one mutant, which are then taken to hang")
	flag.BoolVar(&o.verbose, "v", false, "print what the failing test said")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		stop()
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	mutations, err := load()
	if err != nil {
		return err
	}
	if mutations, err = chosen(mutations, o.names); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "mutants-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	l, err := newLab(dir, o)
	if err != nil {
		return err
	}
	var stale []error
	for _, m := range mutations {
		if _, err := m.apply(l.read); err != nil {
			stale = append(stale, err)
		}
	}
	if len(stale) > 0 {
		return errors.Join(stale...)
	}
	return report(os.Stdout, o, mutations, l.tryAll(ctx, mutations))
}

// chosen returns the mutations whose rule and name match pattern.
func chosen(all []mutation, pattern string) ([]mutation, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	var some []mutation
	for _, m := range all {
		if re.MatchString(m.String()) {
			some = append(some, m)
		}
	}
	if len(some) == 0 {
		return nil, fmt.Errorf("no mutation matches %q", pattern)
	}
	return some, nil
}
