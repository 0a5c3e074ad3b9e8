// Package response reads what Zuora's responses say about themselves: that a call
// failed and why, that the session has expired, how long to wait. A body that it has
// peeked at can still be read from its beginning.
package response

import (
	"io"
	"net/http"
	"strings"
	"time"
)

// MaxJudged is the length, in bytes, up to which a body is judged before the caller
// reads it. A longer one is data.
const MaxJudged = 64 << 10

// Succeeded reports whether resp is a success by its status.
func Succeeded(resp *http.Response) bool {
	return resp.StatusCode/100 == 2 || resp.StatusCode == http.StatusNotModified
}

// Streams reports whether resp is a success whatever its body says, so that nobody
// has to peek at it.
func Streams(resp *http.Response) bool {
	return Succeeded(resp) && !(IsJSON(resp.Header) && resp.ContentLength <= MaxJudged)
}

// Judge returns what resp says about itself, and whether the call failed. head is
// the beginning of its body, or all of it; plain is the same, decompressed.
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

// IsJSON reports whether h is of a body that generated clients parse as JSON: its
// type contains the word, as "application/json, application/json" does.
func IsJSON(h http.Header) bool {
	t := get(h, "Content-Type")
	return strings.HasPrefix(t, "application/json") || strings.Contains(strings.ToLower(t), "json")
}

// Discard closes resp's body. It first reads what is left of it, at most 4 KiB and
// for at most a second, so that the connection can be used again; but not if the
// transport decompresses the body, because such a body cannot be closed during a
// Read in every version of net/http.
func Discard(resp *http.Response) {
	if !resp.Uncompressed {
		late := time.AfterFunc(time.Second, func() { _ = resp.Body.Close() })
		defer late.Stop()
		_, _ = io.CopyN(io.Discard, resp.Body, 4<<10)
	}
	_ = resp.Body.Close()
}
