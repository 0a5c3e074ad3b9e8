package zuora

import (
	"net/http"

	"github.com/zuora-go/zuora/internal/envelope"
	"github.com/zuora-go/zuora/internal/peek"
)

const (
	sessionLook = 4 << 10  // bytes; an answer that tells of the session's end is no longer
	failureLook = 64 << 10 // bytes; an answer that is longer is payload
)

// sessionEnded reports whether resp tells that the session it was asked on is
// over: by status 401 (which clients expect, and a tenant was recorded to send),
// or in a short JSON body that says this and nothing else. Whatever says it less
// plainly is handed on, for a write that succeeded must not be sent again.
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
	return whole && envelope.SessionEnded(body)
}
