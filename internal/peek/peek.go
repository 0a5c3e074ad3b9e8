// Package peek looks at the beginning of an answer's body, which stays to be
// read as if nobody had looked.
package peek

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// body is a body of which the beginning has been read already.
type body struct {
	head []byte
	off  int   // how much of head has been handed on
	gone bool  // all of head has been handed on
	err  error // what ended the reading of rest, if anything did
	rest io.ReadCloser
	lent *buffer // where head stands, unless it has outgrown it

	// Held to read head: two who read at once, which is wrong, are not to give lent
	// back twice and so mix up the answers of others.
	mu sync.Mutex
}

// buffer has room for what most looks see. It is lent to a body until what it
// holds has been handed on; if that never happens, the garbage collector has it.
type buffer [4<<10 + 1]byte

var buffers = sync.Pool{New: func() any { return new(buffer) }}

// At reads resp's body to its end, or to just past most bytes, and returns what
// it has seen of it, and whether that is the whole. A second look goes on from
// the first, unless what that has seen was read since: then it sees nothing. What
// it returns is good until the body is read.
func At(resp *http.Response, most int) (head []byte, whole bool) {
	b, ok := resp.Body.(*body)
	if !ok {
		if resp.Body == nil {
			resp.Body = http.NoBody
		}
		b = &body{rest: resp.Body, lent: buffers.Get().(*buffer)}
		b.head = b.lent[:0]
		resp.Body = b
	}
	if b.gone {
		return nil, false
	}
	for b.err == nil && len(b.head) <= most {
		if len(b.head) == cap(b.head) { // what is stated or twice as much, and never more than the bound
			n := max(512, 2*len(b.head), int(min(resp.ContentLength, int64(most)))+1)
			grown := append(make([]byte, 0, min(n, most+1)), b.head...)
			b.giveBack()
			b.head = grown
		}
		var n int
		n, b.err = b.rest.Read(b.head[len(b.head):min(cap(b.head), most+1)])
		b.head = b.head[:len(b.head)+n]
	}
	return b.head[:min(len(b.head), most)], b.err == io.EOF && len(b.head) <= most
}

// giveBack lets others have the buffer that head stood in.
func (b *body) giveBack() {
	if b.lent != nil {
		buffers.Put(b.lent)
		b.lent = nil
	}
}

func (b *body) Read(p []byte) (int, error) {
	if n := b.readHead(p); n > 0 || len(p) == 0 {
		return n, nil
	}
	if b.err != nil {
		return 0, b.err
	}
	return b.rest.Read(p)
}

func (b *body) readHead(p []byte) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := copy(p, b.head[b.off:])
	b.off += n
	if b.off == len(b.head) {
		b.giveBack()
		b.head, b.off, b.gone = nil, 0, true
	}
	return n
}

func (b *body) Close() error { return b.rest.Close() }

// IsJSON reports whether h is of a body that calls itself JSON.
func IsJSON(h http.Header) bool {
	t, _, _ := strings.Cut(get(h, "Content-Type"), ";")
	t = strings.TrimSpace(t)
	return strings.EqualFold(t, "application/json") || strings.EqualFold(t, "text/json") ||
		len(t) > 5 && strings.EqualFold(t[len(t)-5:], "+json")
}

// get is h.Get for a name that is in canonical form already, which Get would find
// out anew at each call.
func get(h http.Header, name string) string {
	if values := h[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// Plain returns what head, the beginning of resp's body or the whole of it, says
// when decompressed, at most most bytes, and whether that is the whole. A body
// is compressed still when the caller has asked for that itself.
func Plain(resp *http.Response, head []byte, whole bool, most int) ([]byte, bool) {
	if resp.Uncompressed || !strings.EqualFold(get(resp.Header, "Content-Encoding"), "gzip") {
		return head, whole
	}
	r, err := gzip.NewReader(bytes.NewReader(head))
	if err != nil {
		return head, false
	}
	plain, err := io.ReadAll(io.LimitReader(r, int64(most)+1))
	return plain[:min(len(plain), most)], whole && err == nil && len(plain) <= most
}

// Discard reads what little is left of resp's body, most bytes at most and not
// for long, for the connection's sake, and closes it. A reader of gzip cannot be
// closed while it waits.
func Discard(resp *http.Response, most int64) {
	if !resp.Uncompressed {
		late := time.AfterFunc(time.Second, func() { _ = resp.Body.Close() })
		defer late.Stop()
		_, _ = io.CopyN(io.Discard, resp.Body, most)
	}
	_ = resp.Body.Close()
}
