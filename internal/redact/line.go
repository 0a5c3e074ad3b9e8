package redact

import (
	"strings"
	"unicode"
)

// Line returns the first characters of s, at most most of them, with spaces in the
// place of line breaks and of whatever else cannot be printed.
func Line(s string, most int) string {
	n := 0
	for i := range s {
		if n++; n > most {
			s = s[:i] + "…"
			break
		}
	}
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, s))
}
