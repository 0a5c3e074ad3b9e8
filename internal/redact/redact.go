// Package redact removes secrets from text that comes from outside, so that errors and
// log lines can show the text.
package redact

import (
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	mark      = "REDACTED"
	maxText   = 64 << 10 // bytes; a longer text is cut off
	maxValues = 64
	short     = 8 // bytes; the rest of a text may give a shorter value away
)

// Values are the values that a text must not contain. What looks like the session
// cookie or a token in JSON is redacted as well, also by a nil *Values.
type Values struct {
	list   []string
	begins [256]bool // whether a value begins with the byte
	all    bool      // there are too many values, so every text is redacted whole
}

// New returns the given values, except those that are empty.
func New(values ...string) *Values {
	v := new(Values)
	for _, value := range values {
		if value == "" || slices.Contains(v.list, value) {
			continue
		}
		if v.all = len(v.list) == maxValues; v.all {
			break
		}
		v.list = append(v.list, value)
		v.begins[value[0]] = true
	}
	return v
}

// Text returns s with each value replaced by REDACTED: plain values, values that are
// escaped for JSON, a URL or HTML, UTF-8 that was read as ISO 8859-1, and combinations
// of these. At the end of s, the first 8 bytes of a value count as the value. If s
// contains a value of less than 8 bytes, or if the search takes too many steps, Text
// returns only REDACTED.
func (v *Values) Text(s string) string { return v.Head(s, maxText) }

// Head does what Text does, for the first most bytes of s.
func (v *Values) Head(s string, most int) string {
	if len(s) > most {
		return v.Cut(s[:most])
	}
	return withoutSession(v.redact(s, short))
}

// Cut does what Text does, for text that was cut off: at the end of s, the first byte of
// a value counts as the value.
func (v *Values) Cut(s string) string { return withoutSession(v.redact(s[:min(len(s), maxText)], 1)) }

func (v *Values) redact(s string, prefix int) string {
	if v == nil || s == "" {
		return s
	}
	if v.all {
		return mark
	}
	m := matcher{text: s, prefix: prefix, steps: 16*len(s) + 1<<12}
	var out strings.Builder
	done := 0
	for i := 0; i < len(s); {
		end := i
		if v.mayBegin(&m, s[i:]) {
			for _, value := range v.list {
				m.cut = false
				found := m.match(value, 0, i)
				if found > i && len(value) < short && !m.cut {
					return mark
				}
				end = max(end, found)
			}
		}
		if m.steps < 0 {
			return mark
		}
		if end == i {
			i++
			continue
		}
		out.WriteString(s[done:i])
		out.WriteString(mark)
		i, done = end, end
	}
	if done == 0 {
		return s
	}
	return out.String() + s[done:]
}

// mayBegin reports whether the first character of s may be the first of a value.
func (v *Values) mayBegin(m *matcher, s string) bool {
	if !escape[s[0]] {
		return v.begins[s[0]]
	}
	for _, r := range m.readings(s) {
		if r.char < 256 && v.begins[r.char] || r.char >= utf8.RuneSelf && v.begins[string(r.char)[0]] {
			return true
		}
	}
	return false
}

// matcher compares values with a text. Each character of a value may be escaped in the
// text, independently of the others. If no steps are left, nothing matches.
type matcher struct {
	text   string
	prefix int // how many bytes of a value count as the value at the end of the text
	steps  int
	cut    bool // the last match was such a prefix
}

// match returns where value[known:] ends in the text if it begins at i, or else
// -1.
func (m *matcher) match(value string, known, i int) int {
	for ; known < len(value); known, i = known+1, i+1 {
		if m.steps--; m.steps < 0 {
			return -1
		}
		if i == len(m.text) || escape[m.text[i]] {
			return m.matchEscaped(value, known, i)
		}
		if m.text[i] != value[known] {
			return -1
		}
	}
	return i
}

// matchEscaped is match for an i where the text ends or has an escape.
func (m *matcher) matchEscaped(value string, known, i int) int {
	text := m.text[i:]
	if text != "" {
		m.steps -= 8
		all := m.readings(text)
		for k, r := range all {
			if slices.Contains(all[:k], r) {
				continue
			}
			if r.char < 256 && value[known] == byte(r.char) {
				if end := m.match(value, known+1, i+r.size); end >= 0 {
					return end
				}
			}
			if r.char >= utf8.RuneSelf && strings.HasPrefix(value[known:], string(r.char)) {
				if end := m.match(value, known+len(string(r.char)), i+r.size); end >= 0 {
					return end
				}
			}
		}
	}
	if m.cut = known >= m.prefix && len(text) < maxEscape; m.cut {
		return len(m.text)
	}
	return -1
}
