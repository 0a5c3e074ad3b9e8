package zuora

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"slices"
	"strings"
)

const (
	sessionLook = 4 << 10  // an answer that tells of the session's end is no longer
	failureLook = 64 << 10 // an answer that is longer is payload

	whiteSpace = " \t\r\n"
)

// look is a body of which the beginning has been read already. It reads as if
// it had not.
type look struct {
	head []byte
	off  int   // how much of head has been handed on
	err  error // what ended the reading of rest, if anything did
	rest io.ReadCloser
}

// lookAt reads resp's body to its end, or to just past most bytes, and returns
// what it has seen of it, and whether that is the whole. The body stays to be
// read from its beginning. A second look goes on from the first.
func lookAt(resp *http.Response, most int) (head []byte, whole bool) {
	l, ok := resp.Body.(*look)
	if !ok {
		if resp.Body == nil {
			resp.Body = http.NoBody
		}
		l = &look{rest: resp.Body}
		if n := resp.ContentLength; n >= 0 && n <= int64(most) {
			l.head = make([]byte, 0, n+1)
		}
		resp.Body = l
	}
	for l.err == nil && len(l.head) <= most {
		if len(l.head) == cap(l.head) {
			l.head = slices.Grow(l.head, 512)
		}
		var n int
		n, l.err = l.rest.Read(l.head[len(l.head):min(cap(l.head), most+1)])
		l.head = l.head[:len(l.head)+n]
	}
	return l.head[:min(len(l.head), most)], l.err == io.EOF && len(l.head) <= most
}

func (l *look) Read(p []byte) (int, error) {
	if l.off < len(l.head) {
		n := copy(p, l.head[l.off:])
		l.off += n
		return n, nil
	}
	if l.err != nil {
		return 0, l.err
	}
	return l.rest.Read(p)
}

func (l *look) Close() error { return l.rest.Close() }

// sessionEnded reports whether resp tells that the session it was asked on is
// over: by status 401 (wire: what clients expect, and what a tenant was recorded
// to send), or in a short JSON body that says this and nothing else. Whatever
// says it less plainly is handed on, for a write that succeeded must not be sent
// again.
func sessionEnded(resp *http.Response) bool {
	if resp.StatusCode == http.StatusUnauthorized {
		return true
	}
	if !isJSON(resp.Header) || resp.ContentLength > sessionLook {
		return false
	}
	body, whole := lookAt(resp, sessionLook)
	if whole && gzipped(resp) {
		body, whole = gunzip(body, sessionLook, whole)
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

func isJSON(h http.Header) bool {
	t, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	t = strings.TrimSpace(t)
	return strings.EqualFold(t, "application/json") || strings.EqualFold(t, "text/json") ||
		len(t) > 5 && strings.EqualFold(t[len(t)-5:], "+json")
}

// gzipped reports whether resp's body is still compressed, as it is when the
// caller has asked for that itself.
func gzipped(resp *http.Response) bool {
	return !resp.Uncompressed && strings.EqualFold(resp.Header.Get("Content-Encoding"), "gzip")
}

// gunzip returns at most most bytes of what compressed says, and whether that
// is the whole, if compressed is.
func gunzip(compressed []byte, most int, whole bool) ([]byte, bool) {
	r, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return compressed, false
	}
	plain, err := io.ReadAll(io.LimitReader(r, int64(most)+1))
	return plain[:min(len(plain), most)], whole && err == nil && len(plain) <= most
}
