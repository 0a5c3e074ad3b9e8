package zuora

import (
	"bytes"
	"net/http"

	"github.com/zuora-go/zuora/internal/envelope"
	"github.com/zuora-go/zuora/internal/peek"
)

const (
	sessionLook = envelope.MostOfAnEnd
	failureLook = 64 << 10 // bytes; an answer that is longer is payload
)

// sessionEnd returns what resp says about the end of the session it was asked on:
// by status 401 (which clients expect, and a tenant was recorded to send), or in a
// JSON body. What says it less plainly is not replayed, for a write that succeeded
// must not be sent again.
func sessionEnd(resp *http.Response) envelope.End {
	if resp.StatusCode == http.StatusUnauthorized {
		return envelope.Ended
	}
	if !peek.IsJSON(resp.Header) || resp.ContentLength > failureLook {
		return envelope.NotEnded
	}
	head := peek.At(resp, sessionLook)
	if !head.Whole && bytes.Contains(head.Bytes, []byte("INVALID_SESSION")) { // of many items, perhaps
		head = peek.At(resp, failureLook)
	}
	if !head.Whole {
		return envelope.NotEnded
	}
	if head = peek.Plain(resp, head, failureLook); !head.Whole {
		return envelope.NotEnded
	}
	return envelope.SessionEnd(head.Bytes, !succeeded(resp))
}
