package main

import (
	"fmt"
	"io"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const module = "github.com/zuora-go/zuora/"

// run says of each line of a file that has code on it whether a test has run
// any of that code.
type run map[int]bool

// report prints a line for each file of profile, and the sum. Generated files
// are left out.
func report(w io.Writer, root fs.FS, profile string) error {
	files, err := parse(profile)
	if err != nil {
		return err
	}
	var covered, all int
	for _, file := range slices.Sorted(maps.Keys(files)) {
		text, err := fs.ReadFile(root, file)
		if err != nil {
			return err
		}
		if generated.Match(text) {
			continue
		}
		lines := withCode(files[file], strings.Split(string(text), "\n"))
		missed := missed(lines)
		covered, all = covered+len(lines)-len(missed), all+len(lines)
		fmt.Fprintln(w, strings.TrimSpace(fmt.Sprintf("%s  %-34s %s", share(len(lines)-len(missed), len(lines)), file, ranges(missed))))
	}
	fmt.Fprintf(w, "%s  of %d lines\n", share(covered, all), all)
	return nil
}

var (
	generated = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)
	block     = regexp.MustCompile(`^(\S+):(\d+)\.\d+,(\d+)\.\d+ \d+ (\d+)$`)
)

// parse returns the files of a profile by their names in the module.
func parse(profile string) (map[string]run, error) {
	files := map[string]run{}
	for line := range strings.Lines(profile) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "mode:") {
			continue
		}
		m := block.FindStringSubmatch(line)
		if m == nil {
			return nil, fmt.Errorf("not a line of a profile: %q", line)
		}
		name := strings.TrimPrefix(m[1], module)
		if files[name] == nil {
			files[name] = run{}
		}
		first, _ := strconv.Atoi(m[2])
		last, _ := strconv.Atoi(m[3])
		for n := first; n <= last; n++ {
			files[name][n] = files[name][n] || m[4] != "0"
		}
	}
	return files, nil
}

// withCode drops the lines that have nothing but a comment, or brackets.
func withCode(lines run, text []string) run {
	maps.DeleteFunc(lines, func(n int, _ bool) bool {
		code, _, _ := strings.Cut(text[n-1], "//")
		return strings.Trim(code, "{}(),; \t") == ""
	})
	return lines
}

func missed(lines run) []int {
	var numbers []int
	for n, covered := range lines {
		if !covered {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers
}

func share(part, whole int) string {
	return fmt.Sprintf("%5.1f %%", 100*float64(part)/float64(max(whole, 1)))
}

// ranges writes sorted numbers as 3, 7–9.
func ranges(numbers []int) string {
	var all []string
	for i := 0; i < len(numbers); {
		j := i
		for j+1 < len(numbers) && numbers[j+1] == numbers[j]+1 {
			j++
		}
		if i == j {
			all = append(all, strconv.Itoa(numbers[i]))
		} else {
			all = append(all, fmt.Sprintf("%d–%d", numbers[i], numbers[j]))
		}
		i = j + 1
	}
	return strings.Join(all, ", ")
}
