// Package envelope reads what Zuora's responses say of themselves, in any of
// the forms that they say it in.
package envelope

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strings"
)

// Envelope is all the forms in one.
type Envelope struct {
	ProcessID string
	RequestID string
	Reasons   []Reason // of every form, none of them blank, at most 100

	end End // if the call failed
}

// Reason is why a call failed.
type Reason struct{ Code, Message string }

const (
	maxReasons = 100
	maxItems   = 1000 // of a list of reasons, most of which may be blank
)

// End is what a response says about the end of the session it was asked on.
type End int

// MostOfAnEnd is how many bytes a body has at most that is [Ended].
const MostOfAnEnd = 4 << 10

const (
	NotEnded End = iota
	// Ended: the response says this and nothing else, so nothing was done, and the
	// call may be replayed.
	Ended
	// EndedBeside: it says this among other things, so the call may have been
	// carried out in part. It is not replayed; the next call needs a new session.
	EndedBeside
)

// Parse reads a response's body, and whether it says at its top level that the
// call failed; a list does if each of its items does. Members of other types than
// expected are passed over. Of a body that breaks off, or is no JSON, Parse reads
// what there is, and never says that it failed.
func Parse(body []byte) (env Envelope, failed bool) {
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
		if whole && len(body) <= MostOfAnEnd && r.saysOnlyThatTheSessionEnded() {
			env.end = Ended
		}
	case '[':
		env.Reasons, failed = failedItems(nil, body)
	}
	if env.end == NotEnded && slices.ContainsFunc(env.Reasons, Reason.namesInvalidSession) {
		env.end = EndedBeside
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

// failedItems appends the reasons of those items that failed, and returns whether
// all did.
func failedItems(reasons []Reason, list []byte) (_ []Reason, failed bool) {
	n := 0
	for item := range items(list) {
		n++
		if r := read(item); !r.itemFailed() {
			failed = false
		} else {
			failed = failed || n == 1
			if n <= maxItems && len(reasons) < maxReasons {
				reasons = append(reasons, r.ownReasons()...)
			}
		}
		if !failed && n > maxItems {
			break
		}
	}
	return reasons[:min(len(reasons), maxReasons)], failed
}

// reasons are those that r, the top level of a response, gives in whatever form.
func (r *record) reasons() []Reason {
	reasons, _ := failedItems(r.ownReasons(), r.of[results])
	return reasons
}

// ownReasons are those of r without its results.
func (r *record) ownReasons() (list []Reason) {
	if value := r.of[reasons]; !isWord(value) {
		list = appendReasons(list, value)
	}
	list = appendReasons(list, r.of[errorList])
	list = appendReasons(list, r.of[errorList2])
	top := r.text(message, message2)
	add := func(code, message string) {
		reason := Reason{code, message}
		if code != "" && (message != "" || len(list) == 0) && !slices.Contains(list, reason) {
			list = append(list, reason)
		}
	}
	add(r.text(faultCode, faultCode2), cmp.Or(r.text(faultString, faultMessage), top))
	add(r.text(errorCode), cmp.Or(r.text(errorMessage), top))
	add(r.text(code, code2), top)
	if value := r.of[errorOrCode]; isWord(value) {
		code, description := Text(value), cmp.Or(r.text(errorDescription), top)
		if description == "" && strings.ContainsAny(code, " \t\n") { // a text
			code, description = "", code
		}
		list = append(list, Reason{code, description})
	} else {
		list = appendReasons(list, value)
	}
	if len(list) == 0 {
		for _, name := range []member{title, message, message2, errorMessage, errorDescription, detail} {
			if text := r.text(name); text != "" {
				list = append(list, Reason{Message: text})
			}
		}
	}
	return list[:min(len(list), maxReasons)]
}

// appendReasons appends those of value, which is a reason or a list of them.
func appendReasons(list []Reason, value []byte) []Reason {
	add := func(r Reason) {
		if r != (Reason{}) {
			list = append(list, r)
		}
	}
	switch {
	case isWord(value):
		add(Reason{Message: Text(value)})
	case isObject(value):
		r := read(value)
		add(Reason{r.text(code, code2, errorCode), r.text(message, message2, errorMessage, title)})
	case isList(value):
		n := 0
		for item := range items(value) {
			if n++; n > maxItems || len(list) >= maxReasons {
				break
			}
			if isObject(item) {
				list = appendReasons(list, item)
			} else if string(item) != "[]" {
				add(Reason{Message: Text(item)})
			}
		}
	}
	return list
}

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

// SessionEnd returns what body says about the end of the session. failed is
// whether the call is known to have failed, by its status.
func SessionEnd(body []byte, failed bool) End {
	if !bytes.Contains(body, []byte(noSession)) && !bytes.Contains(body, []byte("_SESSION")) && !hasEscapedWord(body) {
		return NotEnded
	}
	env, says := Parse(body)
	if !failed && !says {
		return NotEnded
	}
	return env.end
}

// saysOnlyThatTheSessionEnded reports whether r is one of the two forms of that,
// without anything that tells of something made.
func (r *record) saysOnlyThatTheSessionEnded() bool {
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

// isInvalidSession reports whether r is a fault with this code and nothing else,
// except a detail.
func (r *record) isInvalidSession() bool {
	for _, name := range []member{faultCode, faultCode2} {
		if value := r.of[name]; value != nil && !(isWord(value) && isInvalidSession(Text(value))) {
			return false
		}
	}
	return r.text(faultCode, faultCode2) != "" && r.scalars(faultString, faultMessage) &&
		r.only(faultCode, faultCode2, faultString, faultMessage, detail)
}

// detailsInvalidSession reports whether value, a fault's detail, is nothing, or what
// faults have there: {"UnexpectedErrorFault": {"FaultCode": …, "FaultMessage": …}}.
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

// scalars reports whether these members, where they are there, have no parts.
func (r *record) scalars(these ...member) bool {
	return !slices.ContainsFunc(these, func(name member) bool { return isObject(r.of[name]) || isList(r.of[name]) })
}

// Suspicious is a cheap search for what only failures have at their top level: it
// is true for every body that Parse takes for a failure. A list of results that
// failed has success or a fault's code inside. It searches for letters that are
// rare in JSON.
func Suspicious(body []byte) bool {
	key, _ := firstKey(body)
	return isOfNothingButFailure(key) || hasF(body) || hasCode(body) || hasEscapedWord(body)
}

// isOfNothingButFailure reports whether a member of this name may be the first of
// an object that says nothing but failure.
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

// hasEscapedWord searches for letters, digits and underscores that are escaped,
// as none needs to be.
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

// firstKey is that of body's first member, as it is spelled, and what follows it.
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

// valueAfter is what follows a key, and nothing if that was none.
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

// Beginning is what the beginning of a body says of all of it.
type Beginning int

const (
	BeginsUnknown Beginning = iota // it is too short
	BeginsData                     // no failure, whatever follows
	BeginsObject                   // an object or a list
	BeginsFailure                  // a failure
)

// Begins returns what head, the beginning of a body, says.
func Begins(head []byte) Beginning {
	head = trimLeft(bytes.TrimPrefix(head, byteOrderMark))
	switch {
	case len(head) == 0 || bytes.HasPrefix(byteOrderMark, head):
		return BeginsUnknown
	case head[0] == '[':
		return BeginsObject
	case head[0] != '{':
		return BeginsData
	}
	key, after := firstKey(head)
	value := valueAfter(after)
	if len(value) < len("false") && len(head) < 64 {
		return BeginsUnknown
	}
	switch string(key) {
	case "success", "Success":
		if bytes.HasPrefix(value, []byte("false")) {
			return BeginsFailure
		}
	case "faultcode", "FaultCode", "errorCode", "processId", "requestId", "reasons", "errors", "Errors", "message", "code", "error":
		r := read(head) // as far as it is there
		switch said, ok := r.success(); {
		case !ok || !said && (isWord(r.of[faultCode]) || isWord(r.of[faultCode2]) || isWord(r.of[errorCode])):
			return BeginsFailure
		case !said && !r.others && len(head) < MostOfAnEnd:
			return BeginsUnknown
		}
	}
	return BeginsObject
}

// IsLines reports whether head, the beginning of a body, has more than one line.
func IsLines(head []byte) bool {
	_, after, _ := bytes.Cut(trimLeft(head), []byte("\n"))
	return len(trimLeft(after)) > 0
}
