package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// report prints the outcomes, that of the module as it is and one for each of
// mutations, as they come. It returns an error unless all mutants were killed.
func report(w io.Writer, o options, mutations []mutation, outcomes <-chan outcome) error {
	if asItIs := <-outcomes; asItIs.verdict != survived {
		return fmt.Errorf("the tests fail without a mutation (%s %s):\n%s", asItIs.verdict, asItIs.test, asItIs.output)
	}
	count := map[verdict]int{}
	tests := map[string][]string{} // that failed, by rule
	for _, m := range mutations {
		result := <-outcomes
		count[result.verdict]++
		test, _, _ := strings.Cut(result.test, "/") // the order of subtests is not always the same
		if test != "" {
			tests[m.rule] = append(tests[m.rule], "`"+test+"`")
		}
		fmt.Fprintf(w, "%-8s  %-8s %s: %s (%.1fs)\n", result.verdict, m.rule, m.name, cmp.Or(test, "no test failed"), result.took.Seconds())
		if o.verbose && result.verdict != survived || result.verdict == broken {
			fmt.Fprint(w, excerpt(result))
		}
	}
	fmt.Fprintf(w, "%d mutants: %d killed, %d of them by a time-out; %d survived, %d could not be tried\n",
		len(mutations), count[killed]+count[timedOut], count[timedOut], count[survived], count[broken])
	if o.markdown {
		table(w, mutations, tests)
	}
	if bad := count[survived] + count[broken]; bad > 0 {
		return fmt.Errorf("%d of %d mutants were not killed", bad, len(mutations))
	}
	return nil
}

// table prints the rows of the table in CONTRIBUTING.md, but for what the rules
// are called there.
func table(w io.Writer, mutations []mutation, tests map[string][]string) {
	for _, n := range counts(mutations) {
		names := slices.Compact(slices.Sorted(slices.Values(tests[n.rule])))
		fmt.Fprintf(w, "| %s | %d | %s |\n", n.rule, n.mutations, strings.Join(names, ", "))
	}
}

// counted is how many mutations break a rule.
type counted struct {
	rule      string
	mutations int
}

// counts counts the mutations of each rule, in the order of the rules.
func counts(all []mutation) (list []counted) {
	for _, m := range all {
		i := slices.IndexFunc(list, func(c counted) bool { return c.rule == m.rule })
		if i < 0 {
			list, i = append(list, counted{rule: m.rule}), len(list)
		}
		list[i].mutations++
	}
	return list
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
