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

const maxReasons = 100

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
// call failed; a list does if each of its items does. Members of other types
// than expected are passed over. Of a body that breaks off, or is no JSON, Parse
// reads what there is, and never says that it failed.
func Parse(body []byte) (env Envelope, failed bool) {
	body = bytes.TrimPrefix(body, byteOrderMark)
	whole := json.Valid(body)
	d := json.NewDecoder(bytes.NewReader(body))
	switch first, _ := d.Token(); first {
	case json.Delim('{'):
		m := readMembers(d)
		env, failed = m.envelope(), m.failed()
		if whole && len(body) <= MostOfAnEnd && m.saysOnlyThatTheSessionEnded() {
			env.end = Ended
		}
	case json.Delim('['):
		env.Reasons, failed = failedItems(readItems(d))
	}
	if env.end == NotEnded && slices.ContainsFunc(env.Reasons, Reason.namesInvalidSession) {
		env.end = EndedBeside
	}
	return env, failed && whole
}

var byteOrderMark = []byte("\ufeff")

// members are those of one object. encoding/json would take keys in any case.
type members struct {
	of    map[string]json.RawMessage // the last of several that have the same name
	twice bool                       // and there are several
}

// readMembers reads those of an object that has been begun.
func readMembers(d *json.Decoder) members {
	m := members{of: map[string]json.RawMessage{}}
	for d.More() {
		key, err := d.Token()
		name, ok := key.(string)
		var value json.RawMessage
		if err != nil || !ok || d.Decode(&value) != nil {
			break
		}
		_, known := m.of[name]
		m.of[name], m.twice = value, m.twice || known
	}
	return m
}

// object is the members of value, if it is an object.
func object(value json.RawMessage) (members, bool) {
	if len(value) == 0 || value[0] != '{' {
		return members{}, false
	}
	d := json.NewDecoder(bytes.NewReader(value))
	_, _ = d.Token()
	return readMembers(d), true
}

// readItems reads those of a list that has been begun.
func readItems(d *json.Decoder) (items []json.RawMessage) {
	for d.More() {
		var item json.RawMessage
		if d.Decode(&item) != nil {
			break
		}
		items = append(items, item)
	}
	return items
}

// list is the items of value, if it is a list.
func list(value json.RawMessage) []json.RawMessage {
	if len(value) == 0 || value[0] != '[' {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(value))
	_, _ = d.Token()
	return readItems(d)
}

// only reports whether m has no members but these, and none twice.
func (m members) only(names ...string) bool {
	for name := range m.of {
		if !slices.Contains(names, name) {
			return false
		}
	}
	return !m.twice
}

// text is the first of these members that says something.
func (m members) text(names ...string) string {
	for _, name := range names {
		if s := Text(m.of[name]); s != "" {
			return s
		}
	}
	return ""
}

// Text is what value says: a string's text, and anything else as it stands, so
// that an odd code does not hide the failure that it is part of.
func Text(value json.RawMessage) (s string) {
	switch {
	case len(value) == 0 || string(value) == "null":
		return ""
	case value[0] != '"':
		return string(value)
	}
	_ = json.Unmarshal(value, &s)
	if strings.TrimSpace(s) == "" {
		return ""
	}
	return s
}

// isWord reports whether value is text that says something.
func isWord(value json.RawMessage) bool {
	return len(value) > 0 && value[0] == '"' && Text(value) != ""
}

// isCode reports whether value is the code of a failure: a text or a number, and
// neither 0 nor a status of 2xx, which are codes of success elsewhere.
func isCode(value json.RawMessage) bool {
	s := Text(value)
	return s != "" && s != "0" && (isWord(value) || value[0] == '-' || value[0] >= '0' && value[0] <= '9') &&
		!(len(s) == 3 && s >= "200" && s <= "299")
}

// success is what m says of it: only the literals true and false say something.
func (m members) success() (said, success bool) {
	success = true
	for _, name := range []string{"success", "Success"} {
		switch string(m.of[name]) {
		case "true":
			said = true
		case "false":
			said, success = true, false
		}
	}
	return said, success
}

// itemFailed reports whether m, an item of a list, says that it failed.
func (m members) itemFailed() bool {
	said, success := m.success()
	return !success || !said && (isCode(m.of["faultcode"]) || isCode(m.of["FaultCode"]))
}

// failed reports whether m, the top level of a response, says that the call
// failed.
func (m members) failed() bool {
	if said, success := m.success(); said {
		return !success
	}
	if m.itemFailed() || isCode(m.of["errorCode"]) || m.saysNothingButFailure() {
		return true
	}
	_, failed := failedItems(list(m.of["results"]))
	return failed
}

// saysNothingButFailure reports whether m has no members but those of a failure.
// With any other it is a record with fields of these names, and data.
func (m members) saysNothingButFailure() bool {
	for name := range m.of {
		if !saysNothingButFailure(name) {
			return false
		}
	}
	return isCode(m.of["code"]) && isWord(m.of["message"]) || isWord(m.of["title"]) ||
		isFailure(m.of["error"]) || areFailures(m.of["errors"]) || areFailures(m.of["Errors"])
}

// isFailure reports whether value is a text, or an object that has nothing but
// what describes a failure. Zuora's custom objects answer a partial success with
// an error that also has details.
func isFailure(value json.RawMessage) bool {
	m, ok := object(value)
	if !ok {
		return isWord(value)
	}
	for name := range m.of {
		switch name {
		case "code", "message", "Code", "Message", "title", "status", "field", "Field", "fieldName":
		default:
			return false
		}
	}
	return isCode(m.of["code"]) || isCode(m.of["Code"]) || isWord(m.of["message"]) || isWord(m.of["Message"]) || isWord(m.of["title"])
}

// areFailures reports whether value is a failure or a list of nothing else. A list
// of a job's errors, which have rows and records, is data.
func areFailures(value json.RawMessage) bool {
	items := list(value)
	return isFailure(value) || len(items) > 0 && !slices.ContainsFunc(items, func(item json.RawMessage) bool { return !isFailure(item) })
}

// failedItems returns the reasons of those items that failed, and whether all did.
func failedItems(items []json.RawMessage) (reasons []Reason, all bool) {
	all = len(items) > 0
	for _, item := range items {
		m, _ := object(item)
		if !m.itemFailed() {
			all = false
		} else if len(reasons) < maxReasons {
			reasons = append(reasons, m.reasons()...)
		}
	}
	return reasons[:min(len(reasons), maxReasons)], all
}

func (m members) envelope() (env Envelope) {
	if id := m.of["processId"]; isWord(id) {
		env.ProcessID = Text(id)
	}
	if id := m.of["requestId"]; isWord(id) {
		env.RequestID = Text(id)
	}
	env.Reasons = m.reasons()
	if failed, _ := failedItems(list(m.of["results"])); len(failed) > 0 {
		env.Reasons = append(env.Reasons, failed...)
		env.Reasons = env.Reasons[:min(len(env.Reasons), maxReasons)]
	}
	return env
}

// reasons are those that m gives, in whatever form.
func (m members) reasons() (all []Reason) {
	if value := m.of["reasons"]; !isWord(value) {
		all = appendReasons(all, value)
	}
	for _, name := range []string{"errors", "Errors"} { // of CRUD and action resources, and of workflows
		all = appendReasons(all, m.of[name])
	}
	message := m.text("message", "Message")
	add := func(code, message string) {
		r := Reason{code, message}
		if code != "" && (message != "" || len(all) == 0) && len(all) < maxReasons && !slices.Contains(all, r) {
			all = append(all, r)
		}
	}
	add(m.text("faultcode", "FaultCode"), cmp.Or(m.text("faultstring", "FaultMessage"), message))
	add(m.text("errorCode"), cmp.Or(m.text("errorMessage"), message))
	add(m.text("code", "Code"), message)
	switch value := m.of["error"]; {
	case isWord(value): // a code of OAuth's, or a text
		code, description := Text(value), cmp.Or(m.text("error_description"), message)
		if description == "" && strings.ContainsAny(code, " \t\n") {
			code, description = "", code
		}
		all = appendReason(all, Reason{code, description})
	default:
		all = appendReasons(all, value)
	}
	if len(all) == 0 {
		for _, name := range []string{"title", "message", "Message", "errorMessage", "error_description", "detail"} {
			all = appendReason(all, Reason{"", m.text(name)})
		}
	}
	return all[:min(len(all), maxReasons)]
}

// appendReasons adds those of value, which is a reason or a list of them.
func appendReasons(all []Reason, value json.RawMessage) []Reason {
	var items []json.RawMessage
	if _, ok := object(value); ok || isWord(value) {
		items = []json.RawMessage{value}
	} else {
		items = list(value)
	}
	for _, item := range items {
		if len(all) == maxReasons {
			break
		}
		r := Reason{Message: Text(item)}
		if m, ok := object(item); ok {
			r = Reason{m.text("code", "Code", "errorCode"), m.text("message", "Message", "errorMessage", "title")}
		} else if string(item) == "[]" {
			r = Reason{}
		}
		all = appendReason(all, r)
	}
	return all
}

func appendReason(all []Reason, r Reason) []Reason {
	if r == (Reason{}) {
		return all
	}
	return append(all, r)
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

// saysOnlyThatTheSessionEnded reports whether m is one of the two forms of that,
// without anything that tells of something made.
func (m members) saysOnlyThatTheSessionEnded() bool {
	reasons := list(m.of["reasons"])
	if len(reasons) != 1 {
		return m.isInvalidSession() && m.detailsInvalidSession()
	}
	reason, _ := object(reasons[0])
	return m.only("success", "reasons", "processId", "requestId", "message") && string(m.of["success"]) == "false" &&
		reason.only("code", "message") && Text(reason.of["code"]) == noSession &&
		m.scalars("processId", "requestId", "message") && reason.scalars("message")
}

// isInvalidSession reports whether m is a fault with this code and nothing else,
// except details.
func (m members) isInvalidSession() bool {
	for _, name := range []string{"faultcode", "FaultCode"} {
		if value, ok := m.of[name]; ok && !(isWord(value) && isInvalidSession(Text(value))) {
			return false
		}
	}
	return m.text("faultcode", "FaultCode") != "" && m.scalars("faultstring", "FaultMessage") &&
		m.only("faultcode", "FaultCode", "faultstring", "FaultMessage", "detail")
}

// detailsInvalidSession reports whether m has no detail, or the one that faults
// have: {"UnexpectedErrorFault": {"FaultCode": …, "FaultMessage": …}}.
func (m members) detailsInvalidSession() bool {
	detail, ok := object(m.of["detail"])
	if !ok {
		return m.scalars("detail")
	}
	for _, value := range detail.of {
		if fault, _ := object(value); !fault.isInvalidSession() || fault.of["detail"] != nil {
			return false
		}
	}
	return len(detail.of) <= 1 && !detail.twice
}

// scalars reports whether these members, where they are there, have no parts.
func (m members) scalars(names ...string) bool {
	return !slices.ContainsFunc(names, func(name string) bool {
		value := m.of[name]
		return len(value) > 0 && (value[0] == '{' || value[0] == '[')
	})
}

// Suspicious is a cheap search for what only failures have at their top level: it
// is true for every body that Parse takes for a failure. A list of results that
// failed has success or a fault's code inside. It searches for letters that are
// rare in JSON.
func Suspicious(body []byte) bool {
	key, _ := firstKey(body)
	return saysNothingButFailure(key) || hasF(body) || hasCode(body) || hasEscapedWord(body)
}

// saysNothingButFailure reports whether a member of this name may be the first of
// an object that says nothing but failure.
func saysNothingButFailure[T string | []byte](name T) bool {
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
	case "faultcode", "FaultCode", "errorCode":
		if bytes.HasPrefix(value, []byte(`"`)) {
			return BeginsFailure
		}
	}
	return BeginsObject
}

// IsLines reports whether head, the beginning of a body, has more than one line.
func IsLines(head []byte) bool {
	_, after, _ := bytes.Cut(trimLeft(head), []byte("\n"))
	return len(trimLeft(after)) > 0
}
