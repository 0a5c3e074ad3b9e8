// Package response reads what Zuora's responses say of themselves: that a call
// failed and why, that the session has expired, how long to wait. A body that it has
// looked at stays to be read as if nobody had.
package response

import (
	"io"
	"net/http"
	"strings"
	"time"
)

// MaxJudged is how many bytes of a body are judged before it is read. A longer one
// is payload.
const MaxJudged = 64 << 10

// Succeeded reports whether resp is no failure by its status.
func Succeeded(resp *http.Response) bool {
	return resp.StatusCode/100 == 2 || resp.StatusCode == http.StatusNotModified
}

// Streams reports whether resp is no failure, whatever its body says.
func Streams(resp *http.Response) bool {
	return Succeeded(resp) && !(IsJSON(resp.Header) && resp.ContentLength <= MaxJudged)
}

// Judge returns what resp says of itself, and whether the call failed. head is of
// its body; what Judge returns of it is decompressed.
func Judge(resp *http.Response, head Head) (plain Head, env Envelope, failed bool) {
	ok := Succeeded(resp) && !head.Late
	if ok && !(head.Whole && IsJSON(resp.Header)) {
		return head, env, false
	}
	head = Plain(resp, head, MaxJudged)
	if ok && !(head.Whole && suspicious(head.Bytes)) {
		return head, env, false
	}
	env, failed = Parse(head.Bytes)
	return head, env, failed || !ok
}

// IsJSON reports whether h is of a body that generated clients take for JSON: its
// type has the word in it, as in "application/json, application/json".
func IsJSON(h http.Header) bool {
	t := get(h, "Content-Type")
	return strings.HasPrefix(t, "application/json") || strings.Contains(strings.ToLower(t), "json")
}

// Discard reads what little is left of resp's body, 4 KiB at most and not
// for long, for the connection's sake, and closes it. A reader of gzip cannot be
// closed while it waits.
func Discard(resp *http.Response) {
	if !resp.Uncompressed {
		late := time.AfterFunc(time.Second, func() { _ = resp.Body.Close() })
		defer late.Stop()
		_, _ = io.CopyN(io.Discard, resp.Body, 4<<10)
	}
	_ = resp.Body.Close()
}
