package redact

import (
	"strings"
	"unicode"
)

// Line returns the first most characters of s, with line breaks and everything else
// that cannot be printed replaced by spaces.
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
