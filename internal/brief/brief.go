// Package brief makes of text from the wire what can stand in one line.
package brief

import (
	"strings"
	"unicode"
)

// Line is the beginning of s, at most most characters, without line breaks and
// whatever else cannot be printed.
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
