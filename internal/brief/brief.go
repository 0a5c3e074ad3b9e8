// Package brief makes of text from the wire what can stand in an error.
package brief

import (
	"bytes"
	"regexp"
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

var sessionCookie = regexp.MustCompile(`ZSession=[^\s;,"'<>\\]*`)

// WithoutCookie is b without the session cookie, should an answer have repeated
// the request that brought it.
func WithoutCookie(b []byte) []byte {
	if !bytes.Contains(b, []byte("ZSession=")) {
		return b
	}
	return sessionCookie.ReplaceAllLiteral(b, []byte("ZSession=REDACTED"))
}
