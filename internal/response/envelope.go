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
	Reasons   []Reason // of every form, none of them blank, at most 100

	expiry Expiry // if the call failed
}

// Reason is why a call failed.
type Reason struct{ Code, Message string }

// Parse reads a response's body, and whether it says at its top level that the
// call failed; a list does if each of its items does. Members of other types than
// expected are passed over. Of a body that breaks off, or is no JSON, Parse reads
// what there is, and never says that it failed.
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

// member is one of those that say something about a failure.
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
	"success": success, "Success": success2, // of REST; of CRUD and action resources
	"reasons": reasons, "errors": errorList, "Errors": errorList2, "results": results,
	"code": code, "Code": code2, "errorCode": errorCode, // the last of AQuA
	"message": message, "Message": message2, "errorMessage": errorMessage, "title": title, "detail": detail,
	"error": errorOrCode, "error_description": errorDescription, // an object, or OAuth's
	"faultcode": faultCode, "FaultCode": faultCode2, "faultstring": faultString, "FaultMessage": faultMessage,
	"processId": processID, "requestId": requestID,
	"status": status, "field": field, "Field": field, "fieldName": field,
}

// record is an object as far as it is about failure. encoding/json would take keys
// in any case.
type record struct {
	of     [all][]byte // the last of several that have the same name
	others bool        // it has other members
	twice  bool        // it has a member twice
}

// read reads object, as far as it goes. Anything but an object is one without
// members.
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

// only reports whether r has no members but these, and none twice.
func (r *record) only(these ...member) bool {
	for name, value := range r.of {
		if value != nil && !slices.Contains(these, member(name)) {
			return false
		}
	}
	return !r.twice && !r.others
}

// text is the first of these members that says something.
func (r *record) text(these ...member) string {
	for _, name := range these {
		if s := Text(r.of[name]); s != "" {
			return s
		}
	}
	return ""
}

// Text is what value says: a string's text, and anything else as it stands, so
// that an odd code does not hide the failure that it is part of.
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

// isWord reports whether value is text that says something.
func isWord(value []byte) bool { return len(value) > 0 && value[0] == '"' && Text(value) != "" }

func isObject(value []byte) bool { return len(value) > 0 && value[0] == '{' }

func isList(value []byte) bool { return len(value) > 0 && value[0] == '[' }

// isCode reports whether value is the code of a failure: a text or a number, and
// neither 0 nor a status of 2xx, which are codes of success elsewhere.
func isCode(value []byte) bool {
	s := Text(value)
	return s != "" && s != "0" && (value[0] == '"' || value[0] == '-' || value[0] >= '0' && value[0] <= '9') &&
		!(len(s) == 3 && s >= "200" && s <= "299")
}

// success is what r says of it: only the literals true and false say something.
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

// failed reports whether r, the top level of a response, says that the call
// failed.
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

// saysNothingButFailure reports whether r has no members but those of a failure.
// With any other it is a record with fields of these names, and data.
func (r *record) saysNothingButFailure() bool {
	if r.others || !r.mayBeTwice().only(code, message, errorOrCode, errorDescription, errorList, errorList2, title, processID, requestID) {
		return false
	}
	return isCode(r.of[code]) && isWord(r.of[message]) || isWord(r.of[title]) ||
		isFailure(r.of[errorOrCode]) || areFailures(r.of[errorList]) || areFailures(r.of[errorList2])
}

// mayBeTwice is r without a mark on members that it has twice.
func (r *record) mayBeTwice() *record {
	once := *r
	once.twice = false
	return &once
}

// isFailure reports whether value is a text, or an object that has nothing but
// what describes a failure. Zuora's custom objects answer a partial success with
// an error that also has details.
func isFailure(value []byte) bool {
	if !isObject(value) {
		return isWord(value)
	}
	r := read(value)
	return r.mayBeTwice().only(code, code2, message, message2, title, status, field) &&
		(isCode(r.of[code]) || isCode(r.of[code2]) || isWord(r.of[message]) || isWord(r.of[message2]) || isWord(r.of[title]))
}

// areFailures reports whether value is a failure or a list of nothing else. A list
// of a job's errors, which have rows and records, is data.
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
