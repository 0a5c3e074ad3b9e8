package main

import (
	"regexp"
	"strings"
)

var announcement = regexp.MustCompile(`\bBREAKING\b`)

// announced reports whether the changelog, above the section of the release
// last, has an entry with the word BREAKING under Changed or Removed. While a
// release is prepared the entries stand in its section already, and no longer
// under Unreleased.
func announced(changelog, last string) bool {
	kind := ""
	for line := range strings.Lines(changelog) {
		switch {
		case strings.HasPrefix(line, "## ["+last+"]"):
			return false
		case strings.HasPrefix(line, "## "):
			kind = ""
		case strings.HasPrefix(line, "### "):
			kind = strings.TrimSpace(line[len("### "):])
		case (kind == "Changed" || kind == "Removed") && announcement.MatchString(line):
			return true
		}
	}
	return false
}
