// Package envelope reads what Zuora's answers say of themselves, in any of the
// forms that they say it in.
package envelope

import (
	"bytes"
	"encoding/json"
	"slices"
)

// Envelope is all the forms in one. Keys match whatever their case, so that
// Success is success.
type Envelope struct {
	Success     *bool
	ProcessID   string
	RequestID   string
	Reasons     []Reason
	Errors      []Reason // of CRUD and action resources
	Message     string
	FaultCode   Code
	FaultString string
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
	if bytes.TrimLeft(body, whiteSpace)[0] != '[' {
		_ = json.Unmarshal(body, &env)
		if env.Success == nil {
			return env, env.FaultCode != ""
		}
		return env, !*env.Success
	}
	list := json.NewDecoder(bytes.NewReader(body))
	_, _ = list.Token()
	for list.More() {
		var item Envelope
		_ = list.Decode(&item)
		if item.Success == nil || *item.Success {
			return Envelope{}, false
		}
		env.Errors, failed = append(env.Errors, item.All()...), true
	}
	return env, failed
}

// All returns the reasons of every form.
func (env Envelope) All() []Reason {
	all := slices.Concat(env.Reasons, env.Errors)
	switch {
	case env.FaultCode != "":
		all = append(all, Reason{env.FaultCode, env.FaultString})
	case len(all) == 0 && env.Message != "":
		all = append(all, Reason{Message: env.Message})
	}
	return all
}

// Suspicious is a cheap search for what a successful answer does not have.
func Suspicious(body []byte) bool {
	if bytes.Contains(body, []byte(`"faultcode"`)) {
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
// else.
func SessionEnded(body []byte) bool {
	if !bytes.Contains(body, []byte(noSession)) && !bytes.Contains(body, []byte(invalidSession)) {
		return false
	}
	env, failed := Parse(body)
	return failed && (env.FaultCode == invalidSession ||
		len(env.Reasons) == 1 && env.Reasons[0].Code == noSession && len(env.Errors) == 0)
}
