// Package response reads Zuora's responses: whether a call failed and why, whether the
// session has expired, how long to wait. After it has peeked at a body, the body can
// still be read from its beginning.
package response

import (
	"io"
	"net/http"
	"strings"
	"time"
)

// MaxJudged is the limit, in bytes, for a body that is judged before the caller reads
// it. A longer one is data.
const MaxJudged = 64 << 10

// Succeeded reports whether resp is a success by its status.
func Succeeded(resp *http.Response) bool {
	return resp.StatusCode/100 == 2 || resp.StatusCode == http.StatusNotModified
}

// Streams reports whether resp is a success that is not judged by its body, so that
// there is no need to peek at it.
func Streams(resp *http.Response) bool {
	return Succeeded(resp) && !(IsJSON(resp.Header) && resp.ContentLength <= MaxJudged)
}

// Judge returns what resp says about its call, and whether the call failed. head is the
// beginning of the body, or the whole body; plain is the same, decompressed.
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

// IsJSON reports whether generated clients parse the body as JSON: its type contains
// "json", as "application/json, application/json" does.
func IsJSON(h http.Header) bool {
	t := get(h, "Content-Type")
	return strings.HasPrefix(t, "application/json") || strings.Contains(strings.ToLower(t), "json")
}

// Discard closes resp's body. It first reads the rest of the body, at most 4 KiB and for
// at most a second, so that the connection can be used again. If the transport
// decompresses the body, Discard does not read it, because not every version of
// net/http can close such a body during a Read.
func Discard(resp *http.Response) {
	if !resp.Uncompressed {
		late := time.AfterFunc(time.Second, func() { _ = resp.Body.Close() })
		defer late.Stop()
		_, _ = io.CopyN(io.Discard, resp.Body, 4<<10)
	}
	_ = resp.Body.Close()
}
