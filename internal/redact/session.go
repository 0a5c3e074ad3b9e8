package redact

import (
	"regexp"
	"strings"
)

// session matches the session cookie, or the token of a login's response, or its ID, which
// may be the token itself: the name, what separates it from the value, and the value. Each
// letter of the cookie's name may be escaped for JSON.
var session = regexp.MustCompile(`(` + name + `(?:` + strings.Join([]string{
	quote + `?` + blank + equals, // as in a header, or as a member of JSON
	quote + blank + equals + blank + `\[`,
	quote + blank + equals + blank + `\{` + blank + value,
	quote + blank + `,` + blank + value, // {"name": "ZSession", "value": …}
}, `|`) + `)` + blank + `(?:` + quote + `|<)?)(?:[^\s;,"'<>\\\[\]{}]|\\+/|\\+u[[:xdigit:]]{4})+`)

// JSON in JSON has more backslashes.
const (
	name   = `(?:access_token|jti|(?:Z|\\u005[aA])(?:S|\\u0053)(?:e|\\u0065)(?:s|\\u0073)(?:s|\\u0073)(?:i|\\u0069)(?:o|\\u006[fF])(?:n|\\u006[eE]))`
	blank  = `(?:\s|\\+[tnr]|\\+u0020)*`
	equals = `(?:=|:|%3[dD]|&#61;|\\+u003[dDaA])`
	quote  = `(?:\\*["']|\\+u0022)`
	value  = quote + `[vV]alue` + quote + blank + `:`
)

// withoutSession returns s with what looks like the value of the session cookie or of a
// token replaced by REDACTED.
func withoutSession(s string) string {
	if strings.Contains(s, "Session") || strings.Contains(s, "access_token") || strings.Contains(s, "jti") || strings.Contains(s, `\u00`) {
		return session.ReplaceAllString(s, "${1}"+mark)
	}
	return s
}
