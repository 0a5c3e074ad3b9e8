package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
)

// report prints the outcomes, that of the module as it is and one for each of
// mutations, as they come. It returns an error unless all mutants were killed.
func report(w io.Writer, o options, mutations []mutation, outcomes <-chan outcome) error {
	if asItIs := <-outcomes; asItIs.verdict != survived {
		return fmt.Errorf("the tests fail without a mutation (%s %s):\n%s", asItIs.verdict, asItIs.test, asItIs.output)
	}
	count := map[verdict]int{}
	for _, m := range mutations {
		result := <-outcomes
		count[result.verdict]++
		test, _, _ := strings.Cut(result.test, "/") // the order of subtests is not always the same
		fmt.Fprintf(w, "%-8s  %-8s %s: %s (%.1fs)\n", result.verdict, m.rule, m.name, cmp.Or(test, "no test failed"), result.took.Seconds())
		if o.verbose && result.verdict != survived || result.verdict == broken {
			fmt.Fprint(w, excerpt(result))
		}
	}
	fmt.Fprintf(w, "%d mutants: %d killed, %d of them by a time-out; %d survived, %d could not be tried\n",
		len(mutations), count[killed]+count[timedOut], count[timedOut], count[survived], count[broken])
	if bad := count[survived] + count[broken]; bad > 0 {
		return fmt.Errorf("%d of %d mutants were not killed", bad, len(mutations))
	}
	return nil
}

// excerpt is the failing test's full name and what it said first.
func excerpt(o outcome) string {
	const most = 20
	var b strings.Builder
	fmt.Fprintf(&b, "\t%s\n", o.test)
	n := 0
	for line := range strings.Lines(o.output) {
		text := strings.TrimSpace(line)
		if text == "" || strings.HasPrefix(text, "=== ") || strings.HasPrefix(text, "--- PASS") {
			continue
		}
		if n++; n > most {
			b.WriteString("\t…\n")
			break
		}
		fmt.Fprintf(&b, "\t%s\n", strings.TrimRight(line, "\n"))
	}
	return b.String()
}
