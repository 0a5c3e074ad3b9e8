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

// sessionCookie is the cookie: its name and what stands between, and its value.
var sessionCookie = regexp.MustCompile(`(` + spelt("ZSession") + `(?:` + strings.Join([]string{
	quote + `?` + blank + equals, // as in a header, or as a member of JSON
	quote + blank + equals + blank + `\[`,
	quote + blank + equals + blank + `\{` + blank + value,
	quote + blank + `,` + blank + value, // {"name": "ZSession", "value": …}
}, `|`) + `)` + blank + `(?:` + quote + `|<)?)(?:[^\s;,"'<>\\\[\]{}]|\\+/|\\+u[[:xdigit:]]{4})+`)

// JSON may stand inside JSON, with more backslashes.
const (
	blank  = `(?:\s|\\+[tnr]|\\+u0020)*`
	equals = `(?:=|:|%3[dD]|&#61;|\\+u003[dDaA])`
	quote  = `(?:\\*["']|\\+u0022)`
	value  = quote + `[vV]alue` + quote + blank + `:`
)

// WithoutCookie is text without the session cookie, should an answer have
// repeated the request that brought it.
func WithoutCookie[T ~string | ~[]byte](text T) T {
	if b := []byte(text); bytes.Contains(b, []byte("Session")) || bytes.Contains(b, []byte(`\u00`)) {
		return T(sessionCookie.ReplaceAll(b, []byte("${1}REDACTED")))
	}
	return text
}

// Hide is s without secret, as it is and as JSON may have it, and as that looks
// to who takes UTF-8 for ISO 8859-1. It is for text that came from outside, never
// for text of our own, of which a short secret may be part.
func Hide(secret, s string) string {
	var latin []rune
	for _, b := range []byte(secret) {
		latin = append(latin, rune(b))
	}
	pattern, err := regexp.Compile(spelt(secret) + `|` + spelt(string(latin)))
	if err != nil { // too long
		return strings.ReplaceAll(s, secret, "REDACTED")
	}
	return pattern.ReplaceAllLiteralString(s, "REDACTED")
}
