package redact

import (
	"html"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	maxDepth  = 3  // escapes in one another, as in JSON in JSON
	maxEscape = 16 // bytes; half an escape may be left where a text was cut off
)

// escape contains the bytes that may begin an escape.
var escape = func() (set [256]bool) {
	for c := range set {
		set[c] = c >= utf8.RuneSelf || c == '\\' || c == '%' || c == '&' || c == '+'
	}
	return set
}()

// reading is a character and the number of bytes of the text that it takes. A byte
// outside of escapes is the character of that number.
type reading struct {
	char rune
	size int
}

// readings returns what the first character of s may be: first with as many escapes as
// possible undone, last the plain byte.
func (m *matcher) readings(s string) (all [maxDepth + 1]reading) {
	r := reading{rune(s[0]), 1}
	for d := range maxDepth {
		all[maxDepth-d] = r
		r = m.undo(r, s[r.size:], d)
	}
	all[0] = r
	return all
}

// read reads the first character of s and undoes nested escapes, at most depth of them.
func (m *matcher) read(s string, depth int) reading {
	m.steps--
	if s == "" || m.steps < 0 {
		return reading{}
	}
	r := reading{rune(s[0]), 1}
	if escape[s[0]] {
		for d := range depth {
			r = m.undo(r, s[r.size:], d)
		}
	}
	return r
}

// undo returns the character of the escape that begins with r and continues in s, or r
// if there is none. In r, depth nested escapes have been undone; in s they have not.
func (m *matcher) undo(r reading, s string, depth int) reading {
	if r.char < utf8.RuneSelf && !escape[r.char] || r.char > 0xf4 && !utf16.IsSurrogate(r.char) {
		return r
	}
	if r.char == '+' {
		return reading{' ', r.size}
	}
	if r.char == '%' {
		return m.hex(r, r.size, s, 2, depth)
	}
	switch next := m.read(s, depth); {
	case r.char == '\\' && next.char == 'x':
		return m.hex(r, r.size+next.size, s[next.size:], 2, depth)
	case r.char == '\\' && next.char == 'u':
		return m.hex(r, r.size+next.size, s[next.size:], 4, depth)
	case r.char == '\\' && next.char == 'U':
		return m.hex(r, r.size+next.size, s[next.size:], 8, depth)
	case r.char == '\\' && next.size > 0 && !isName(next.char):
		return reading{next.char, r.size + next.size}
	case r.char == '&' && isName(next.char):
		return m.entity(r, s, depth)
	case utf16.IsSurrogate(r.char):
		if c := utf16.DecodeRune(r.char, next.char); c != utf8.RuneError {
			return reading{c, r.size + next.size}
		}
	case r.char >= 0xc2 && r.char <= 0xf4: // the first byte of UTF-8
		b, size := [utf8.UTFMax]byte{byte(r.char)}, r.size
		for n := 1; n < len(b) && next.char >= 0x80 && next.char < 0xc0; next = m.read(s[size-r.size:], depth) {
			b[n], n, size = byte(next.char), n+1, size+next.size
			if c, all := utf8.DecodeRune(b[:n]); all == n {
				return reading{c, size}
			}
		}
	}
	return r
}

// hex returns the character whose number s begins with, or r if there is none.
func (m *matcher) hex(r reading, size int, s string, digits, depth int) reading {
	var number rune
	for range digits {
		next := m.read(s, depth)
		switch d := next.char; {
		case '0' <= d && d <= '9':
			number = number<<4 + d - '0'
		case 'a' <= d|0x20 && d|0x20 <= 'f':
			number = number<<4 + (d | 0x20) - 'a' + 10
		default:
			return r
		}
		size, s = size+next.size, s[next.size:]
	}
	if number < 0 {
		return r
	}
	return reading{number, size}
}

// entity returns the character whose HTML name or number s begins with, up to a
// semicolon, or r if there is none.
func (m *matcher) entity(r reading, s string, depth int) reading {
	var name []byte
	for size := r.size; len(name) < 32; {
		next := m.read(s[size-r.size:], depth)
		size += next.size
		if isName(next.char) {
			name = append(name, byte(next.char))
			continue
		}
		if next.char != ';' || len(name) < 2 {
			break
		}
		m.steps -= 16
		base, digits := 10, string(name[1:])
		if name[1]|0x20 == 'x' {
			base, digits = 16, digits[1:]
		}
		if number, err := strconv.ParseUint(digits, base, 31); name[0] == '#' && err == nil {
			return reading{rune(number), size} // html.UnescapeString takes some for those of Windows-1252
		}
		text := html.UnescapeString("&" + string(name) + ";")
		if c, n := utf8.DecodeRuneInString(text); n == len(text) {
			return reading{c, size}
		}
		break
	}
	return r
}

// isName reports whether c may be part of the name of an escape.
func isName(c rune) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' || c == '#'
}
