package zuora

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"

	"github.com/zuora-go/zuora/internal/origin"
	"github.com/zuora-go/zuora/internal/redact"
	"github.com/zuora-go/zuora/internal/response"
)

// CheckResponse returns an [*Error] if resp is the response of a failed call, and nil
// otherwise. body is the body of resp. A call failed if its status is neither 2xx nor
// 304. It also failed if the status is 2xx, the type contains "json" and the top level
// of the body
//
//   - has a success that is the literal false, or
//   - has no success that is true or false, and has an errorCode, a FaultCode or a
//     faultcode, or
//   - is a list, or has a list of results, in which every item failed by its
//     success or its FaultCode, or
//   - has nothing except a code with a message, an error, errors or a title, and
//     message, error_description, processId and requestId.
//
// Everything else is data:
//
//   - a list in which only some items failed: look at each item's Success. If it were a
//     failure and the caller repeated the call, the other items would be created twice.
//   - an error with details, which Zuora's custom objects return for a partial success
//   - a false success below the top level
//   - an errorCode or a code that is null, 0 or 200
//
// body is the whole body, of any length. It may still be gzipped if resp.Header says so.
// CheckResponse then judges the first 64 KiB of its content. CheckResponse is for clients
// that do not call through a [Session] or [Checked], and for responses of more than 64
// KiB, which those two do not judge.
func CheckResponse(resp *http.Response, body []byte) error {
	if resp == nil {
		return errors.New("zuora: no response to check")
	}
	return verdict(resp, response.Head{Bytes: body, Whole: true}, nil, true)
}

// Checked returns a doer that sends requests through doer and returns an
// [*Error] for every failed call, by the rules of [CheckResponse]. A generated client
// on it gets failures as errors without a [Session]. The body of a failed call is
// closed. As with [Session.Do], a failure of more than 64 KiB with a status of 2xx is
// not recognized, and the wait for the body of a failure is limited to 2 seconds.
func Checked(doer HttpRequestDoer) HttpRequestDoer { return checked{doer} }

type checked struct{ HttpRequestDoer }

func (c checked) Do(req *http.Request) (*http.Response, error) {
	resp, err := c.HttpRequestDoer.Do(req)
	if err != nil {
		return resp, err
	}
	if resp == nil {
		return nil, errors.New("zuora: the doer returned neither a response nor an error")
	}
	return check(resp)
}

func check(resp *http.Response) (*http.Response, error) {
	if response.Streams(resp) {
		return resp, nil
	}
	if err := verdict(resp, response.Peek(resp, response.MaxJudged), nil, true); err != nil {
		_ = resp.Body.Close()
		return nil, err
	}
	return resp, nil
}

const maxLine = 1 << 10 // bytes of a header's line, and of an ID

// verdict is CheckResponse for a body that begins with head. The error contains none of
// the values. If values is nil, it contains none that a session knows for resp. The
// error has a body only if keep is true.
func verdict(resp *http.Response, head response.Head, values *redact.Values, keep bool) error {
	head, env, failed := response.Judge(resp, head)
	if !failed {
		return nil
	}
	if x := exchangeOf(resp.Body); x != nil && values == nil {
		values = x.values()
	}
	e := &Error{
		StatusCode: resp.StatusCode, Header: response.LimitHeaders(resp.Header), size: len(head.Bytes),
		ProcessID: values.Head(env.ProcessID, maxLine), RequestID: values.Head(cmp.Or(env.RequestID, resp.Header.Get("Zuora-Request-Id")), maxLine),
	}
	if kept := string(head.Bytes[:min(len(head.Bytes), response.MaxJudged)]); keep && head.Whole && len(kept) == len(head.Bytes) {
		e.Body = []byte(values.Text(kept))
	} else if keep {
		e.Body = []byte(values.Cut(kept))
	}
	for _, lines := range e.Header {
		for i, line := range lines {
			lines[i] = values.Head(line, maxLine)
		}
	}
	for _, r := range env.Reasons {
		code := ReasonCode(r.Code)
		if code.Category() == 0 { // one that has a category is no secret
			code = ReasonCode(values.Text(string(code)))
		}
		e.Reasons = append(e.Reasons, Reason{Code: code, Message: values.Text(r.Message)})
	}
	if resp.Request != nil && resp.Request.URL != nil {
		e.Method, e.Path = cmp.Or(resp.Request.Method, http.MethodGet), resp.Request.URL.EscapedPath()
		if resp.Request.Response != nil { // a redirect has named it
			e.Path = values.Text(e.Path)
		}
	}
	e.RetryAfter = response.Wait(resp.Header.Get("Retry-After"))
	if e.RetryAfter == 0 && errors.Is(e, ErrRateLimited) {
		e.RetryAfter = response.Wait(resp.Header.Get("RateLimit-Reset"))
	}
	return e
}

// Caller sends typed calls: the packages of api/ take one. A [*Session] is a Caller, and
// [NewCaller] makes one from a client that authenticates by itself. Do returns an
// [*Error] for every failed call.
type Caller interface {
	// Server returns the base URL of all calls, without a "/" and a "/v1" at its end.
	Server() string
	// Do sends the request as [http.Client.Do] does, and returns an [*Error] for a
	// call that failed, whatever its status.
	Do(*http.Request) (*http.Response, error)
}

// NewCaller returns a Caller that sends calls to server through doer, and returns
// an [*Error] for every failed call, as [Checked] does. It is for a doer that
// authenticates by itself, such as an OAuth client. Server is a base URL as in
// [SessionConfig.Server]. NewCaller returns an error that names the parameter if
// server is not such a URL or doer is nil; it sends nothing.
func NewCaller(server string, doer HttpRequestDoer) (Caller, error) {
	u, err := origin.ParseServer(server)
	if err != nil {
		return nil, fmt.Errorf("zuora: NewCaller: server %w", err)
	}
	if doer == nil {
		return nil, errors.New("zuora: NewCaller: doer is nil")
	}
	return caller{Checked(doer), u.String()}, nil
}

type caller struct {
	HttpRequestDoer
	server string
}

func (c caller) Server() string { return c.server }
