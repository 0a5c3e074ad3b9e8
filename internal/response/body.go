package response

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// body is a body whose beginning has been read already.
type body struct {
	head []byte
	off  int   // how much of head the caller has read
	gone bool  // the caller has read all of head
	err  error // what ended the reading of rest; if nil, there may be more
	rest io.ReadCloser

	begun beginning
	due   time.Time   // when Peek stops waiting; zero as long as the response is not known to be a failure
	reads chan chunk  // what goroutines have read, after due was set
	late  atomic.Bool // a goroutine is still reading

	mu sync.Mutex // guards head and off, so that two goroutines that read at once, which is wrong, do not panic
}

// chunk is the result of a Read of rest.
type chunk struct {
	p   []byte
	err error
}

// failureWait is how long Peek waits for the body of a failure.
const failureWait = 2 * time.Second

// Head is the beginning of a response's body.
type Head struct {
	Bytes []byte
	Whole bool // Bytes is the whole body
	Late  bool // the response is a failure, and the rest of its body did not arrive in time
}

// Peek reads resp's body to its end, or to just past most bytes, and returns what it
// has read. The body can still be read from its beginning. Peek stops early if the body
// cannot be that of a failure. If the status or the beginning of the body shows a
// failure, Peek waits for the rest for at most two seconds. A second Peek continues
// where the first stopped. If the caller has read that far, it returns nothing.
func Peek(resp *http.Response, most int) Head {
	b, ok := resp.Body.(*body)
	if !ok {
		if resp.Body == nil {
			resp.Body = http.NoBody
		}
		b = &body{rest: resp.Body}
		if resp.StatusCode/100 != 2 {
			b.begun, b.due = beginsFailure, time.Now().Add(failureWait)
		} else if isCompressed(resp) {
			b.begun = beginsObject
		}
		resp.Body = b
	}
	if b.gone {
		return Head{}
	}
	for b.err == nil && len(b.head) <= most && b.begun != beginsData {
		if !b.due.IsZero() {
			if !b.wait(most + 1 - len(b.head)) {
				return Head{Bytes: b.head, Late: true}
			}
			continue
		}
		b.room(max(1<<10, 2*len(b.head), int(min(resp.ContentLength, int64(most)))+1), most+1)
		var n int
		n, b.err = b.rest.Read(b.head[len(b.head):min(cap(b.head), most+1)])
		b.head = b.head[:len(b.head)+n]
		if b.begun == beginsUnknown && b.err == nil {
			if b.begun = begins(b.head); b.begun == beginsFailure {
				b.due = time.Now().Add(failureWait)
			}
		}
		if b.begun != beginsFailure && isLines(resp.Header) && hasLines(b.head) {
			b.begun = beginsData
		}
	}
	return Head{Bytes: b.head[:min(len(b.head), most)], Whole: b.err == io.EOF && len(b.head) <= most}
}

// room makes room for n bytes in head if head is full, but never for more than most.
func (b *body) room(n, most int) {
	if len(b.head) == cap(b.head) {
		b.head = append(make([]byte, 0, min(n, most)), b.head...)
	}
}

// wait reads at most n more bytes, and reports whether they arrived in time.
func (b *body) wait(n int) bool {
	if !b.late.Swap(true) {
		if b.reads == nil {
			b.reads = make(chan chunk, 1)
		}
		p := make([]byte, min(n, 4<<10))
		go func() {
			n, err := b.rest.Read(p)
			b.reads <- chunk{p[:n], err}
		}()
	}
	timer := time.NewTimer(time.Until(b.due))
	defer timer.Stop()
	select {
	case r := <-b.reads:
		b.late.Store(false)
		b.head, b.err = append(b.head, r.p...), r.err
		return true
	case <-timer.C:
		return false
	}
}

// Under returns the body that Peek has wrapped.
func (b *body) Under() io.ReadCloser { return b.rest }

func (b *body) Read(p []byte) (int, error) {
	if n := b.readHead(p); n > 0 || len(p) == 0 {
		return n, nil
	}
	if b.late.Load() {
		r := <-b.reads
		b.late.Store(false)
		b.head, b.err = r.p, r.err
		if n := b.readHead(p); n > 0 {
			return n, nil
		}
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
		b.head, b.off, b.gone = nil, 0, true
	}
	return n
}

// Close closes rest. If a Read that Peek has started is still in progress, Close does
// not wait for it, as the Close of some bodies does.
func (b *body) Close() error {
	if b.late.Load() {
		go func() { _ = b.rest.Close() }()
		return nil
	}
	return b.rest.Close()
}

// isLines reports whether h announces a body with a JSON value on each line.
func isLines(h http.Header) bool {
	t := get(h, "Content-Type")
	if t == "application/json" || strings.HasPrefix(t, "application/json;") { // nearly always
		return false
	}
	t = strings.ToLower(t)
	return strings.Contains(t, "ndjson") || strings.Contains(t, "jsonl") || strings.Contains(t, "json-seq") || strings.Contains(t, "stream")
}

// get is h.Get for a canonical name, without the check of the name that Get makes.
func get(h http.Header, name string) string {
	if values := h[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// Plain returns head, the beginning of resp's body, decompressed: the first most bytes
// of it.
func Plain(resp *http.Response, head Head, most int) Head {
	if !isCompressed(resp) {
		return head
	}
	r, err := gzip.NewReader(bytes.NewReader(head.Bytes))
	if err != nil {
		head.Whole = false
		return head
	}
	plain, err := io.ReadAll(io.LimitReader(r, int64(most)+1))
	return Head{plain[:min(len(plain), most)], head.Whole && err == nil && len(plain) <= most, head.Late}
}

// isCompressed reports whether resp's body is still compressed, because the caller has
// asked for that.
func isCompressed(resp *http.Response) bool {
	return !resp.Uncompressed && strings.EqualFold(get(resp.Header, "Content-Encoding"), "gzip")
}
