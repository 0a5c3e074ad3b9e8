package main

import (
	"cmp"
	"context"
	"errors"
	"os/exec"
	"strings"
	"time"
)

type verdict string

const (
	killed   verdict = "killed"   // a test failed
	timedOut verdict = "timeout"  // a test hung, which kills as well
	survived verdict = "SURVIVED" // no test noticed
	broken   verdict = "BROKEN"   // nothing was tested
)

// outcome is what became of a mutant.
type outcome struct {
	verdict verdict
	test    string // the first to fail, with its subtest
	output  string
	took    time.Duration
}

// judge says what a run of a test binary means, which ended in err.
func judge(output string, err error) outcome {
	o := outcome{verdict: killed, output: output, test: firstFailure(output)}
	var exit *exec.ExitError
	switch {
	case err == nil && !strings.Contains(output, "\n--- PASS: "):
		// As after a -run that no test's name matches any longer.
		return outcome{verdict: broken, output: "no test was run\n" + output}
	case err == nil:
		o.verdict, o.test = survived, ""
	case !errors.As(err, &exit), errors.Is(err, context.Canceled), o.test == "":
		return outcome{verdict: broken, output: err.Error() + "\n" + output}
	case errors.Is(err, context.DeadlineExceeded), strings.Contains(output, "\npanic: test timed out after "):
		o.verdict = timedOut
	}
	return o
}

// firstFailure is the name of the first test that failed, in what a test binary
// printed with -test.v, or of the one that was running when all ended.
func firstFailure(output string) string {
	failed, running := "", ""
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "--- FAIL: "); ok {
			name, _, _ = strings.Cut(name, " ")
			if failed == "" || strings.HasPrefix(name, failed+"/") { // subtests come after their test
				failed = name
			}
		} else if name, ok := strings.CutPrefix(line, "=== RUN "); ok {
			running = strings.TrimSpace(name)
		}
	}
	return cmp.Or(failed, running)
}
