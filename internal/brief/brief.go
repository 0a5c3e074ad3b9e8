// Package brief makes of text from the wire what can stand in an error.
package brief

import (
	"bytes"
	"encoding/json"
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

// sessionCookie also has the forms that JSON gives to an equals sign.
var sessionCookie = regexp.MustCompile(`ZSession(?:=|\\u003[dD]|:\s*)(?:\\?"[^"\\]*|[^\s;,"'<>\\]*)`)

// WithoutCookie is b without the session cookie, should an answer have repeated
// the request that brought it.
func WithoutCookie(b []byte) []byte {
	if !bytes.Contains(b, []byte("ZSession")) {
		return b
	}
	return sessionCookie.ReplaceAllLiteral(b, []byte("ZSession=REDACTED"))
}

// Hide is s without secret, as it is and as JSON has it. It is for text that
// came from outside, never for text of our own, of which a short secret may be
// part.
func Hide(secret, s string) string {
	quoted, _ := json.Marshal(secret)
	return strings.NewReplacer(secret, "REDACTED", string(quoted[1:len(quoted)-1]), "REDACTED").Replace(s)
}
