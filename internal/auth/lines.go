package auth

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// TakeOut removes the Set-Cookie lines of the jar's cookies from h, and of the
// session cookie in any case, whatever else the lines contain.
func (j *Jar) TakeOut(h http.Header) {
	var others []string
	lines, all := h["Set-Cookie"], *j.now.Load()
	for _, line := range lines {
		if !sets(line, all) {
			others = append(others, line)
		}
	}
	switch len(others) {
	case len(lines): // h must not be written to: a transport may use it for several responses
	case 0:
		delete(h, "Set-Cookie")
	default:
		h["Set-Cookie"] = others
	}
}

// sets reports whether line has the name of one of all, or of the session cookie,
// where the name of a cookie may be. Several lines may have been joined with commas.
func sets(line string, all []Cookie) bool {
	for _, c := range all { // nearly every line begins with a name
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
		if strings.EqualFold(name, SessionCookie) || slices.ContainsFunc(all, func(c Cookie) bool { return strings.EqualFold(name, c.Name) }) {
			return true
		}
	}
	return false
}

// Secrets returns the parts of the jar that a text must not contain.
func (j *Jar) Secrets() (secrets []string) {
	for _, c := range *j.now.Load() {
		secrets = append(secrets, secretsOf(c.Name+"="+c.Value)...)
	}
	return secrets
}

// SecretsSent returns the parts of a request's Cookie lines that a text must not contain.
func SecretsSent(lines []string) (secrets []string) {
	for _, line := range lines {
		for pair := range strings.SplitSeq(line, ";") {
			secrets = append(secrets, secretsOf(pair)...)
		}
	}
	return secrets
}

// SecretsSet returns the parts of a response's Set-Cookie lines that a text must not contain.
func SecretsSet(lines []string) (secrets []string) {
	for _, line := range lines {
		pair, rest, _ := strings.Cut(line, ";")
		secrets = append(secrets, secretsOf(pair)...)
		for rest != "" && sets(rest, nil) { // several lines that were joined
			_, rest, _ = strings.Cut(rest, SessionCookie)
			value, _, _ := strings.Cut(rest, ";")
			secrets = append(secrets, secretsOf(SessionCookie+value)...)
		}
	}
	return secrets
}

// secretsOf returns the value of a cookie, as it is and decoded. A short value of
// another cookie than the session's, such as a language, occurs in many texts, so
// secretsOf returns it together with the name.
func secretsOf(pair string) []string {
	pair = strings.TrimSpace(pair)
	name, value, found := strings.Cut(pair, "=")
	value = strings.Trim(value, " \t\"")
	if !found {
		value = strings.TrimPrefix(pair, SessionCookie)
	} else if value != "" && len(value) < 8 && strings.TrimSpace(name) != SessionCookie {
		value = pair
	}
	if decoded, err := url.PathUnescape(value); err == nil {
		return []string{value, decoded}
	}
	return []string{value}
}
