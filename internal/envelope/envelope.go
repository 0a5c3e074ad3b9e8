// Package envelope reads what Zuora's answers say of themselves, in any of the
// forms that they say it in.
package envelope

import (
	"bytes"
	"encoding/json"
)

// Envelope is all the forms in one.
type Envelope struct {
	ProcessID string
	RequestID string
	Reasons   []Reason // of every form

	failed bool
	ended  bool // and for no other reason than that the session is over
}

// Reason is why a call failed.
type Reason struct {
	Code    Code
	Message string
}

// Code is a reason's code.
type Code string

// UnmarshalJSON takes a number, a string or null, and anything else as it
// stands, so that an odd code does not hide the failure that it is part of.
func (c *Code) UnmarshalJSON(b []byte) error {
	switch {
	case bytes.Equal(b, []byte("null")):
		*c = ""
	case bytes.HasPrefix(b, []byte(`"`)):
		return json.Unmarshal(b, (*string)(c))
	default:
		*c = Code(b)
	}
	return nil
}

const whiteSpace = " \t\r\n"

// Parse reads an answer, and whether it says at its top level that the call
// failed; a list does if each of its items does. Members of other types than
// expected are passed over.
func Parse(body []byte) (env Envelope, failed bool) {
	if !json.Valid(body) {
		return env, false
	}
	d := json.NewDecoder(bytes.NewReader(body))
	switch first, _ := d.Token(); first {
	case json.Delim('{'):
		env = object(d)
	case json.Delim('['):
		for d.More() {
			var item json.RawMessage
			_ = d.Decode(&item)
			if item[0] != '{' {
				return Envelope{}, false
			}
			of, failed := Parse(item)
			if !failed {
				return Envelope{}, false
			}
			env.Reasons, env.failed = append(env.Reasons, of.Reasons...), true
		}
	}
	return env, env.failed
}

// object reads the members of an object that has been begun. encoding/json
// would take keys in any case, and the last of several that are the same.
func object(d *json.Decoder) (env Envelope) {
	members := map[string]json.RawMessage{}
	twice := false
	for d.More() {
		key, _ := d.Token()
		name, _ := key.(string)
		_, known := members[name]
		twice = twice || known
		var value json.RawMessage
		_ = d.Decode(&value)
		members[name] = value
	}
	read := func(to any, names ...string) {
		for _, name := range names {
			if value, ok := members[name]; ok {
				_ = json.Unmarshal(value, to)
			}
		}
	}
	var message, faultString string
	var faultCode Code
	var crud []Reason
	read(&env.ProcessID, "processId")
	read(&env.RequestID, "requestId")
	read(&env.Reasons, "reasons")
	read(&crud, "errors", "Errors") // of CRUD and action resources
	read(&message, "message", "Message")
	read(&faultCode, "faultcode")
	read(&faultString, "faultstring")
	said, success := false, true
	for _, name := range []string{"success", "Success"} {
		switch string(members[name]) { // anything but the two literals says nothing
		case "true":
			said = true
		case "false":
			said, success = true, false
		}
	}
	env.failed = !success || !said && faultCode != ""
	env.ended = env.failed && !twice && len(crud) == 0 && members["errors"] == nil && members["Errors"] == nil &&
		(faultCode == invalidSession || faultCode == "" && len(env.Reasons) == 1 && env.Reasons[0].Code == noSession)

	env.Reasons = append(env.Reasons, crud...)
	if faultCode != "" {
		env.Reasons = append(env.Reasons, Reason{faultCode, faultString})
	} else if len(env.Reasons) == 0 && message != "" {
		env.Reasons = []Reason{{Message: message}}
	}
	return env
}

// Suspicious is a cheap search for what a successful answer does not have. No
// search begins with a quotation mark, for JSON is full of them.
func Suspicious(body []byte) bool {
	if bytes.Contains(body, []byte(`faultcode"`)) {
		return true
	}
	for {
		_, after, found := bytes.Cut(body, []byte(`uccess"`)) // of success and Success
		if !found {
			return false
		}
		value, isKey := bytes.CutPrefix(bytes.TrimLeft(after, whiteSpace), []byte(":"))
		if isKey && bytes.HasPrefix(bytes.TrimLeft(value, whiteSpace), []byte("false")) {
			return true
		}
		body = after
	}
}

const (
	noSession      = "90000011"
	invalidSession = "fns:INVALID_SESSION"
)

// SessionEnded reports whether body tells that the session is over, and nothing
// else. Of invalidSession it searches first for what is rarest in JSON.
func SessionEnded(body []byte) bool {
	if !bytes.Contains(body, []byte(noSession)) && !bytes.Contains(body, []byte("_SESSION")) {
		return false
	}
	env, _ := Parse(body)
	return env.ended
}
