package response

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// Envelope is what a response says about itself, in any of the forms that Zuora uses.
type Envelope struct {
	ProcessID string
	RequestID string
	Reasons   []Reason // in any of the forms, none of them blank, at most 100

	expiry Expiry // if the call failed
}

// Reason is why a call failed.
type Reason struct{ Code, Message string }

// Parse reads a response's body. It reports whether the top level says that the call
// failed; a list says so if each of its items does. Parse skips members of unexpected
// types. If the body breaks off or is not JSON, Parse reads what it can, and failed is
// false.
func Parse(body []byte) (env Envelope, failed bool) {
	short := len(body) <= maxExpired
	body = trimLeft(bytes.TrimPrefix(body, byteOrderMark))
	if len(body) == 0 {
		return env, false
	}
	whole := json.Valid(body)
	switch body[0] {
	case '{':
		r := read(body)
		env.Reasons = r.reasons()
		if id := r.of[processID]; isWord(id) {
			env.ProcessID = Text(id)
		}
		if id := r.of[requestID]; isWord(id) {
			env.RequestID = Text(id)
		}
		failed = r.failed()
		if whole && short && r.saysOnlyThatTheSessionExpired() {
			env.expiry = Expired
		}
	case '[':
		env.Reasons, failed = failedItems(nil, body)
	}
	if env.expiry == NotExpired && slices.ContainsFunc(env.Reasons, Reason.namesInvalidSession) {
		env.expiry = ExpiredBeside
	}
	return env, failed && whole
}

var byteOrderMark = []byte("\ufeff")

// member is a member of an object that describes a failure.
type member int

const (
	success member = iota
	success2
	reasons
	errorList
	errorList2
	results
	code
	code2
	errorCode
	message
	message2
	errorMessage
	title
	detail
	errorOrCode
	errorDescription
	faultCode
	faultCode2
	faultString
	faultMessage
	processID
	requestID
	status
	field
	all
)

var names = map[string]member{
	"success": success, "Success": success2, // REST; CRUD and action resources
	"reasons": reasons, "errors": errorList, "Errors": errorList2, "results": results,
	"code": code, "Code": code2, "errorCode": errorCode, // the last one is AQuA's
	"message": message, "Message": message2, "errorMessage": errorMessage, "title": title, "detail": detail,
	"error": errorOrCode, "error_description": errorDescription, // an object, or OAuth's
	"faultcode": faultCode, "FaultCode": faultCode2, "faultstring": faultString, "FaultMessage": faultMessage,
	"processId": processID, "requestId": requestID,
	"status": status, "field": field, "Field": field, "fieldName": field,
}

// record contains the members of an object that may describe a failure. encoding/json
// is not used for it, because that ignores the case of keys.
type record struct {
	of     [all][]byte // the value of each; the last one if there are several
	others bool        // there are other members
	twice  bool        // a member is there twice
}

// read reads object, up to where it breaks off. Anything but an object has no members.
func read(object []byte) (r record) {
	for key, value := range members(object) {
		if name, ok := names[string(key)]; !ok {
			r.others = true
		} else {
			r.twice = r.twice || r.of[name] != nil
			r.of[name] = value
		}
	}
	return r
}

// only reports whether r has no members except these, and none twice.
func (r *record) only(these ...member) bool {
	for name, value := range r.of {
		if value != nil && !slices.Contains(these, member(name)) {
			return false
		}
	}
	return !r.twice && !r.others
}

// text returns the first of these members whose text is not blank.
func (r *record) text(these ...member) string {
	for _, name := range these {
		if s := Text(r.of[name]); s != "" {
			return s
		}
	}
	return ""
}

// Text returns the text of value: "" for null and for a blank string, a string's text,
// and anything else unchanged, so that an odd code does not hide its failure.
func Text(value []byte) (s string) {
	switch {
	case len(value) == 0 || string(value) == "null":
		return ""
	case value[0] != '"':
		return string(value)
	}
	if s = string(unquote(value)); strings.TrimSpace(s) == "" {
		return ""
	}
	return s
}

// isWord reports whether value is a string that is not blank.
func isWord(value []byte) bool { return len(value) > 0 && value[0] == '"' && Text(value) != "" }

func isObject(value []byte) bool { return len(value) > 0 && value[0] == '{' }

func isList(value []byte) bool { return len(value) > 0 && value[0] == '[' }

// isCode reports whether value is the code of a failure: a string or a number, but not 0
// or 200 to 299, which mean success in other responses.
func isCode(value []byte) bool {
	s := Text(value)
	return s != "" && s != "0" && (value[0] == '"' || value[0] == '-' || value[0] >= '0' && value[0] <= '9') &&
		!(len(s) == 3 && s >= "200" && s <= "299")
}

// success returns what r says about success, and whether it says anything. Only the
// literals true and false count.
func (r *record) success() (said, ok bool) {
	ok = true
	for _, name := range []member{success, success2} {
		switch string(r.of[name]) {
		case "true":
			said = true
		case "false":
			said, ok = true, false
		}
	}
	return said, ok
}

// itemFailed reports whether r, an item of a list, says that it failed.
func (r *record) itemFailed() bool {
	said, ok := r.success()
	return !ok || !said && (isCode(r.of[faultCode]) || isCode(r.of[faultCode2]))
}

// failed reports whether r, the top level of a response, says that the call failed.
func (r *record) failed() bool {
	if said, ok := r.success(); said {
		return !ok
	}
	if r.itemFailed() || isCode(r.of[errorCode]) || r.saysNothingButFailure() {
		return true
	}
	_, failed := failedItems(nil, r.of[results])
	return failed
}

// saysNothingButFailure reports whether r is a failure without success that has no
// other members. If it has any, it is data: a record with fields of these names.
func (r *record) saysNothingButFailure() bool {
	if r.others || !r.mayBeTwice().only(code, message, errorOrCode, errorDescription, errorList, errorList2, title, processID, requestID) {
		return false
	}
	return isCode(r.of[code]) && isWord(r.of[message]) || isWord(r.of[title]) ||
		isFailure(r.of[errorOrCode]) || areFailures(r.of[errorList]) || areFailures(r.of[errorList2])
}

// mayBeTwice returns r with twice cleared.
func (r *record) mayBeTwice() *record {
	once := *r
	once.twice = false
	return &once
}

// isFailure reports whether value is a text, or an object that only describes a failure.
// An error with details as well is not one: Zuora's custom objects return it for a
// partial success.
func isFailure(value []byte) bool {
	if !isObject(value) {
		return isWord(value)
	}
	r := read(value)
	return r.mayBeTwice().only(code, code2, message, message2, title, status, field) &&
		(isCode(r.of[code]) || isCode(r.of[code2]) || isWord(r.of[message]) || isWord(r.of[message2]) || isWord(r.of[title]))
}

// areFailures reports whether value is a failure or a list of failures. A list of a
// job's errors, with their rows and records, is data.
func areFailures(value []byte) bool {
	if !isList(value) {
		return isFailure(value)
	}
	any := false
	for item := range items(value) {
		if any = isFailure(item); !any {
			break
		}
	}
	return any
}
