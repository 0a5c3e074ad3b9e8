package zuora

import (
	"bytes"
	"net/http"

	"github.com/zuora-go/zuora/internal/peek"
)

const (
	sessionLook = 4 << 10  // an answer that tells of the session's end is no longer
	failureLook = 64 << 10 // an answer that is longer is payload

	whiteSpace = " \t\r\n"
)

// sessionEnded reports whether resp tells that the session it was asked on is
// over: by status 401 (wire: what clients expect, and what a tenant was recorded
// to send), or in a short JSON body that says this and nothing else. Whatever
// says it less plainly is handed on, for a write that succeeded must not be sent
// again.
func sessionEnded(resp *http.Response) bool {
	if resp.StatusCode == http.StatusUnauthorized {
		return true
	}
	if !peek.IsJSON(resp.Header) || resp.ContentLength > sessionLook {
		return false
	}
	body, whole := peek.At(resp, sessionLook)
	if whole {
		body, whole = peek.Plain(resp, body, whole, sessionLook)
	}
	if !whole || !bytes.Contains(body, []byte(noSession)) && !bytes.Contains(body, []byte(invalidSession)) {
		return false
	}
	env, failed := parse(body)
	return failed && (env.FaultCode == invalidSession ||
		len(env.Reasons) == 1 && env.Reasons[0].Code == noSession && len(env.Errors) == 0)
}

const (
	noSession      = "90000011"
	invalidSession = "fns:INVALID_SESSION"
)

// suspicious is a cheap search for what a successful answer does not have.
func suspicious(body []byte) bool {
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
