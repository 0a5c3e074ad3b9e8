package response

import (
	"bytes"
	"encoding/json"
	"iter"
	"unicode/utf8"
)

// members yields the members of object, up to where it breaks off. It yields none if
// object is anything else. It does not check that the text is JSON.
func members(object []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		for rest := after(object, '{'); len(rest) > 0 && rest[0] == '"'; {
			var key, value []byte
			if key, rest = split(rest); len(rest) == 0 || rest[0] != ':' {
				return
			}
			if value, rest = split(trimLeft(rest[1:])); value == nil || !yield(unquote(key), value) {
				return
			}
			rest = after(rest, ',')
		}
	}
}

// items yields the items of list, up to where it breaks off. It yields none if list is
// anything else.
func items(list []byte) iter.Seq[[]byte] {
	return func(yield func(value []byte) bool) {
		for rest := after(list, '['); len(rest) > 0; {
			var value []byte
			if value, rest = split(rest); value == nil || !yield(value) {
				return
			}
			rest = after(rest, ',')
		}
	}
}

// after returns text without first. If text does not begin with first, it returns nil.
func after(text []byte, first byte) []byte {
	if len(text) == 0 || text[0] != first {
		return nil
	}
	return trimLeft(text[1:])
}

// split splits the first value off text. The value is nil if text does not begin with
// one, or breaks off inside it.
func split(text []byte) (value, rest []byte) {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
			continue
		case '}', ']':
			depth--
		case ',', ':', ' ', '\t', '\n', '\r':
			continue
		default:
			if depth > 0 {
				continue
			}
			end := bytes.IndexAny(text, ",:]} \t\n\r")
			if end < 0 || !json.Valid(text[:end]) { // a number at the end may have more digits
				return nil, nil
			}
			return text[:end], trimLeft(text[end:])
		}
		if depth <= 0 && i < len(text) {
			if depth < 0 {
				return nil, nil
			}
			return text[:i+1], trimLeft(text[i+1:])
		}
	}
	return nil, nil
}

// unquote returns the text of a JSON string.
func unquote(value []byte) []byte {
	if len(value) < 2 {
		return nil
	}
	if text := value[1 : len(value)-1]; bytes.IndexByte(text, '\\') < 0 && utf8.Valid(text) {
		return text
	}
	var s string
	_ = json.Unmarshal(value, &s)
	return []byte(s)
}
