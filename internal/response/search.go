package response

import "bytes"

// suspicious reports whether body may be a failure. It is cheap, and true for every body
// that is a failure by Parse: it searches for what every failure contains. Each search
// begins with a letter that is rare in JSON.
func suspicious(body []byte) bool {
	key, _ := firstKey(body)
	return isOfNothingButFailure(key) || hasF(body) || hasCode(body) || hasEscapedWord(body)
}

// isOfNothingButFailure reports whether an object that only describes a failure may
// begin with a member of this name.
func isOfNothingButFailure(name []byte) bool {
	switch string(name) {
	case "code", "message", "error", "error_description", "errors", "Errors", "title", "processId", "requestId":
		return true
	}
	return false
}

// hasF searches for "success" and "Success" that are false, and for "faultcode".
func hasF(body []byte) bool {
	for at := 0; ; at++ {
		i := bytes.IndexByte(body[at:], 'f')
		if i < 0 {
			return false
		}
		at += i
		switch after := body[at:]; {
		case bytes.HasPrefix(after, []byte("false")):
			before := trimRight(body[:at])
			if len(before) > 0 && before[len(before)-1] == ':' && bytes.HasSuffix(trimRight(before[:len(before)-1]), []byte(`uccess"`)) {
				return true
			}
		case bytes.HasPrefix(after, []byte(`faultcode"`)):
			return true
		}
	}
}

// hasCode searches for "FaultCode" and "errorCode" that are not null.
func hasCode(body []byte) bool {
	for at := 0; ; at++ {
		i := bytes.Index(body[at:], []byte(`Code"`))
		if i < 0 {
			return false
		}
		at += i
		if before := body[:at]; bytes.HasSuffix(before, []byte(`"Fault`)) || bytes.HasSuffix(before, []byte(`"error`)) {
			if value := valueAfter(body[at+len(`Code"`):]); len(value) > 0 && value[0] != 'n' {
				return true
			}
		}
	}
}

// hasEscapedWord searches for escaped letters, digits and underscores, which the other
// searches would miss. JSON does not require their escapes.
func hasEscapedWord(body []byte) bool {
	for {
		_, after, found := bytes.Cut(body, []byte(`\u00`))
		if !found || len(after) < 2 {
			return false
		}
		switch after[0] {
		case '3':
			found = after[1] <= '9'
		case '4', '5', '6', '7':
		default:
			found = false
		}
		if found {
			return true
		}
		body = after
	}
}

// firstKey returns the key of body's first member, with its escapes, and what follows
// it.
func firstKey(body []byte) (key, after []byte) {
	body = trimLeft(bytes.TrimPrefix(body, byteOrderMark))
	if len(body) == 0 || body[0] != '{' {
		return nil, nil
	}
	if body = trimLeft(body[1:]); len(body) == 0 || body[0] != '"' {
		return nil, nil
	}
	end := bytes.IndexByte(body[1:], '"')
	if end < 0 {
		return nil, nil
	}
	return body[1:][:end], body[1:][end+1:]
}

// valueAfter returns the text from the value that follows a key. If no colon follows, it
// was not a key, and valueAfter returns nil.
func valueAfter(key []byte) []byte {
	if key = trimLeft(key); len(key) == 0 || key[0] != ':' {
		return nil
	}
	return trimLeft(key[1:])
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

func trimLeft(text []byte) []byte {
	for len(text) > 0 && isSpace(text[0]) {
		text = text[1:]
	}
	return text
}

func trimRight(text []byte) []byte {
	for len(text) > 0 && isSpace(text[len(text)-1]) {
		text = text[:len(text)-1]
	}
	return text
}

// beginning is what the beginning of a body shows about the whole body.
type beginning int

const (
	beginsUnknown beginning = iota // it is too short to know
	beginsData                     // no failure
	beginsObject                   // an object or a list
	beginsFailure                  // a failure
)

// begins returns what head, the beginning of a body, shows about the whole body.
func begins(head []byte) beginning {
	head = trimLeft(bytes.TrimPrefix(head, byteOrderMark))
	switch {
	case len(head) == 0 || bytes.HasPrefix(byteOrderMark, head):
		return beginsUnknown
	case head[0] == '[':
		return beginsObject
	case head[0] != '{':
		return beginsData
	}
	key, after := firstKey(head)
	value := valueAfter(after)
	if len(value) < len("false") && len(head) < 64 {
		return beginsUnknown
	}
	switch string(key) {
	case "success", "Success":
		if bytes.HasPrefix(value, []byte("false")) {
			return beginsFailure
		}
	case "faultcode", "FaultCode", "errorCode", "processId", "requestId", "reasons", "errors", "Errors", "message", "code", "error":
		r := read(head)
		switch said, ok := r.success(); {
		case !ok || !said && (isWord(r.of[faultCode]) || isWord(r.of[faultCode2]) || isWord(r.of[errorCode])):
			return beginsFailure
		case !said && !r.others && len(head) < maxExpired:
			return beginsUnknown
		}
	}
	return beginsObject
}

// hasLines reports whether head, the beginning of a body, has more than one line.
func hasLines(head []byte) bool {
	_, after, _ := bytes.Cut(trimLeft(head), []byte("\n"))
	return len(trimLeft(after)) > 0
}
