package cookies

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// TakeOut removes the Set-Cookie lines of the jar's cookies from h, and of the
// session cookie in any case, whatever the lines say beside the name.
func (j *Jar) TakeOut(h http.Header) {
	var others []string
	lines, all := h["Set-Cookie"], *j.now.Load()
	for _, line := range lines {
		if !sets(line, all) {
			others = append(others, line)
		}
	}
	switch len(others) {
	case len(lines): // h is not written to: a transport may use it for several responses
	case 0:
		delete(h, "Set-Cookie")
	default:
		h["Set-Cookie"] = others
	}
}

// sets reports whether line has the name of one of all, or of the session cookie,
// in a place where the name of a cookie may be. Several lines may have been made
// one, with commas.
func sets(line string, all []Cookie) bool {
	for _, c := range all { // as nearly every line is
		if value, ok := strings.CutPrefix(line, c.Name); ok && strings.HasPrefix(value, "=") {
			return true
		}
	}
	for line != "" {
		part := line
		if end := strings.IndexAny(line, ",;"); end >= 0 {
			part, line = line[:end], line[end+1:]
		} else {
			line = ""
		}
		name, _, _ := strings.Cut(part, "=")
		name = strings.Trim(name, " \t\"")
		if strings.EqualFold(name, Session) || slices.ContainsFunc(all, func(c Cookie) bool { return strings.EqualFold(name, c.Name) }) {
			return true
		}
	}
	return false
}

// Secrets returns what a text must not contain of the jar.
func (j *Jar) Secrets() (secrets []string) {
	for _, c := range *j.now.Load() {
		secrets = append(secrets, secretsOf(c.Name+"="+c.Value)...)
	}
	return secrets
}

// Sent returns what a text must not contain of a request with these Cookie lines.
func Sent(lines []string) (secrets []string) {
	for _, line := range lines {
		for pair := range strings.SplitSeq(line, ";") {
			secrets = append(secrets, secretsOf(pair)...)
		}
	}
	return secrets
}

// Set returns what a text must not contain of a response with these Set-Cookie
// lines.
func Set(lines []string) (secrets []string) {
	for _, line := range lines {
		pair, rest, _ := strings.Cut(line, ";")
		secrets = append(secrets, secretsOf(pair)...)
		for rest != "" && sets(rest, nil) { // several lines that were made one
			_, rest, _ = strings.Cut(rest, Session)
			value, _, _ := strings.Cut(rest, ";")
			secrets = append(secrets, secretsOf(Session+value)...)
		}
	}
	return secrets
}

// secretsOf returns the value of a cookie, and what it is when decoded. A short
// value that is not the session's, such as a language, stands in many a text; it is
// a secret together with the name.
func secretsOf(pair string) []string {
	pair = strings.TrimSpace(pair)
	name, value, found := strings.Cut(pair, "=")
	value = strings.Trim(value, " \t\"")
	if !found {
		value = strings.TrimPrefix(pair, Session)
	} else if value != "" && len(value) < 8 && strings.TrimSpace(name) != Session {
		value = pair
	}
	if decoded, err := url.PathUnescape(value); err == nil {
		return []string{value, decoded}
	}
	return []string{value}
}
