// Package brief makes of text from the wire what can stand in an error.
package brief

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"
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

// spelt is a pattern for text, as it is or with what escapes a writer of JSON may
// have put into it.
func spelt(text string) string {
	var pattern strings.Builder
	for _, r := range text {
		fmt.Fprintf(&pattern, `(?:%s`, regexp.QuoteMeta(string(r)))
		if strings.ContainsRune(`"\/`, r) {
			fmt.Fprintf(&pattern, `|\\%s`, regexp.QuoteMeta(string(r)))
		}
		pattern.WriteString(`|`)
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&pattern, `\\u(?i:%04x)`, unit)
		}
		pattern.WriteString(`)`)
	}
	return pattern.String()
}

// sessionCookie is the cookie in a header, or in a member of JSON: its name, what
// stands between, and its value.
var sessionCookie = regexp.MustCompile(`(` + spelt("ZSession") + `\\*"?\s*(?:` + spelt("=") + `|:)\s*)` +
	`(?:(\\*")(?:[^"\\]|\\/|\\u[[:xdigit:]]{4})*|(?:[^\s;,"'<>\\]|\\/|\\u[[:xdigit:]]{4})*)`)

// WithoutCookie is b without the session cookie, should an answer have repeated
// the request that brought it. What was JSON stays JSON.
func WithoutCookie(b []byte) []byte {
	if !bytes.Contains(b, []byte("Session")) && !bytes.Contains(b, []byte(`\u00`)) {
		return b
	}
	return sessionCookie.ReplaceAll(b, []byte("${1}${2}REDACTED"))
}

// Hide is s without secret, as it is and as JSON may have it. It is for text that
// came from outside, never for text of our own, of which a short secret may be
// part.
func Hide(secret, s string) string {
	s = strings.ReplaceAll(s, secret, "REDACTED")
	if escaped, err := regexp.Compile(spelt(secret)); err == nil {
		s = escaped.ReplaceAllLiteralString(s, "REDACTED")
	}
	return s
}
