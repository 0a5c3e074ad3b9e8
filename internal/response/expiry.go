package response

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
)

// Expiry is what a response says about the session of its request.
type Expiry int

const (
	NotExpired Expiry = iota
	// Expired means that the response says that the session has expired, and nothing
	// else. So nothing was done, and the call may be replayed.
	Expired
	// ExpiredBeside means that the response says so among other things. Part of the call
	// may have been carried out, so it is not replayed. The next call needs a new session.
	ExpiredBeside
)

const maxExpired = 4 << 10 // bytes of a body that is [Expired]

const (
	noSession      = "90000011"
	invalidSession = "INVALID_SESSION" // often with the prefix of an XML namespace
)

func isInvalidSession(code string) bool {
	return code == invalidSession || strings.HasSuffix(code, ":"+invalidSession)
}

func (r Reason) namesInvalidSession() bool {
	return isInvalidSession(r.Code) || r.Code == "" && strings.Contains(r.Message, invalidSession)
}

// SessionExpired returns what resp says about its session, by status 401 (which
// clients expect, and a tenant was recorded to send) or in a JSON body.
func SessionExpired(resp *http.Response) Expiry {
	if resp.StatusCode == http.StatusUnauthorized {
		return Expired
	}
	if !IsJSON(resp.Header) || resp.ContentLength > MaxJudged {
		return NotExpired
	}
	head := Peek(resp, maxExpired)
	if !head.Whole && bytes.Contains(head.Bytes, []byte(invalidSession)) { // it may be a list of many items
		head = Peek(resp, MaxJudged)
	}
	if !head.Whole {
		return NotExpired
	}
	if head = Plain(resp, head, MaxJudged); !head.Whole || !mayNameSession(head.Bytes) {
		return NotExpired
	}
	env, failed := Parse(head.Bytes)
	if Succeeded(resp) && !failed {
		return NotExpired
	}
	return env.expiry
}

// mayNameSession is a cheap search for what a body with an [Expiry] contains.
func mayNameSession(body []byte) bool {
	return bytes.Contains(body, []byte(noSession)) || bytes.Contains(body, []byte("_SESSION")) || hasEscapedWord(body)
}

// saysOnlyThatTheSessionExpired reports whether r has one of the two forms of such a
// response, and no other members.
func (r *record) saysOnlyThatTheSessionExpired() bool {
	if r.of[reasons] == nil {
		return r.isInvalidSession() && detailsInvalidSession(r.of[detail])
	}
	var reason record
	n := 0
	for item := range items(r.of[reasons]) {
		reason = read(item)
		n++
	}
	return n == 1 && r.only(success, reasons, processID, requestID, message) && string(r.of[success]) == "false" &&
		reason.only(code, message) && Text(reason.of[code]) == noSession &&
		r.scalars(processID, requestID, message) && reason.scalars(message)
}

// isInvalidSession reports whether r is a fault with the code INVALID_SESSION, and has
// no other members except a detail.
func (r *record) isInvalidSession() bool {
	for _, name := range []member{faultCode, faultCode2} {
		if value := r.of[name]; value != nil && !(isWord(value) && isInvalidSession(Text(value))) {
			return false
		}
	}
	return r.text(faultCode, faultCode2) != "" && r.scalars(faultString, faultMessage) &&
		r.only(faultCode, faultCode2, faultString, faultMessage, detail)
}

// detailsInvalidSession reports whether value, a fault's detail, is a scalar, absent, or
// has the form {"UnexpectedErrorFault": {"FaultCode": …, "FaultMessage": …}}.
func detailsInvalidSession(value []byte) bool {
	if !isObject(value) {
		return !isList(value)
	}
	n := 0
	for _, fault := range members(value) {
		r := read(fault)
		if n++; n > 1 || !r.isInvalidSession() || r.of[detail] != nil {
			return false
		}
	}
	return true
}

// scalars reports whether none of these members is an object or a list.
func (r *record) scalars(these ...member) bool {
	return !slices.ContainsFunc(these, func(name member) bool { return isObject(r.of[name]) || isList(r.of[name]) })
}
