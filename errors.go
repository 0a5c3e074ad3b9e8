package zuora

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/zuora-go/zuora/internal/redact"
	"github.com/zuora-go/zuora/internal/response"
)

// The kinds of failures. Use [errors.Is] to find out whether an error of this package is
// one of them.
var (
	// ErrUnauthenticated: status 401, category 11, INVALID_SESSION, OAuth's
	// invalid_client. The credentials are wrong, or the resource accepts no
	// session.
	ErrUnauthenticated = errors.New("zuora: not authenticated")
	// ErrPermissionDenied: status 403, category 10. The user lacks a permission.
	ErrPermissionDenied = errors.New("zuora: permission denied")
	// ErrNotFound: status 404, category 40.
	ErrNotFound = errors.New("zuora: not found")
	// ErrRateLimited: status 429, category 70, the bare code 70,
	// REQUEST_EXCEEDED_LIMIT, REQUEST_EXCEEDED_RATE. Too many requests, or too
	// many at once: try again after [Error.RetryAfter].
	ErrRateLimited = errors.New("zuora: rate limited")
	// ErrLocked: category 50, LOCK_COMPETITION. Another request has locked the object:
	// try again.
	ErrLocked = errors.New("zuora: locked by another request")
	// ErrSessionClosed: the session was closed before this call could be sent, or
	// replayed.
	ErrSessionClosed = errors.New("zuora: session closed")
)

// Error is a failed call, as Zuora describes it. [errors.As] finds it, in a
// [net/url.Error] too.
type Error struct {
	Method string // of the request
	Path   string // of the request's URL, escaped, without the query

	// StatusCode is the HTTP status. Failed calls often have 200.
	StatusCode int

	// Reasons are the reasons that Zuora gives, at most 100, none of them blank. Reasons is
	// empty if the response is not JSON of a known form. These forms are known: reasons;
	// errors of CRUD and action resources, of workflows, and of each result that failed;
	// faults; errorCode, code and error, with their messages; a title or a message alone.
	Reasons []Reason

	ProcessID string // for Zuora's support; may be empty
	RequestID string // for Zuora's support; from the body or Zuora-Request-Id; may be empty

	// RetryAfter is how long to wait before the next try. It is Retry-After, or
	// RateLimit-Reset if a rate limit is the reason; in a [LoginError], it is the time
	// until the next login. If it is 0, Zuora did not say how long to wait.
	RetryAfter time.Duration

	// Header contains the response's headers about limits (RateLimit-…,
	// Concurrency-Limit-…, Retry-After), its type, and Zuora's track and request
	// IDs: at most 32 lines, of 1 KiB each. No other header is kept.
	Header http.Header

	// Body is the response's body, gunzipped: at most 64 KiB, and only what arrived
	// within 2 seconds. It is nil for a failed login. Body may contain personal data.
	//
	// In the Error of a [Session], passwords, tokens and cookies that were sent, set or
	// are current are REDACTED in all text from the response. If one of them is shorter
	// than 8 bytes, the whole text is REDACTED. For responses of other clients,
	// [CheckResponse] and [Checked] redact what looks like the session cookie.
	Body []byte

	size int // of a body that is not kept
}

// Error returns one line: method, path, status, the first reasons and the
// request's ID, about 1,000 characters at most, without the query and without
// control characters.
func (e *Error) Error() string {
	text := fmt.Sprintf("zuora: %s %s: %d %s", redact.Line(e.Method, 16), redact.Line(e.Path, 200), e.StatusCode, http.StatusText(e.StatusCode))
	if e.StatusCode/100 == 2 {
		text += ", not successful"
	}
	if contentType := e.Header.Get("Content-Type"); len(e.Reasons) > 0 {
		text += ": " + e.reasons()
	} else if strings.HasPrefix(contentType, "text/plain") && len(e.Body) > 0 {
		text += ": " + redact.Line(string(e.Body), 200)
	} else if n := cmp.Or(len(e.Body), e.size); n > 0 {
		text += fmt.Sprintf(": %d bytes of %s", n, cmp.Or(redact.Line(contentType, 40), "no stated type"))
	}
	if e.RequestID != "" {
		text += " (request " + redact.Line(e.RequestID, 64) + ")"
	} else if e.ProcessID != "" {
		text += " (process " + redact.Line(e.ProcessID, 64) + ")"
	}
	return text
}

// reasons returns the first three reasons in one line.
func (e *Error) reasons() string {
	const most = 3
	var all []string
	for _, r := range e.Reasons[:min(len(e.Reasons), most)] {
		all = append(all, strings.TrimSpace(redact.Line(string(r.Code), 40)+" "+redact.Line(r.Message, 200)))
	}
	if len(e.Reasons) > most {
		all = append(all, fmt.Sprintf("and %d more", len(e.Reasons)-most))
	}
	return strings.Join(all, "; ")
}

// Is reports whether e is of the kind of target, one of this package's Err… variables.
// If there are several reasons, one of that kind is enough.
func (e *Error) Is(target error) bool {
	var status int
	var category ReasonCategory
	var codes []ReasonCode
	switch target {
	case ErrUnauthenticated:
		status, category, codes = http.StatusUnauthorized, CategoryAuthenticationFailed, []ReasonCode{"INVALID_SESSION", "invalid_client"}
	case ErrPermissionDenied:
		status, category = http.StatusForbidden, CategoryPermissionDenied
	case ErrNotFound:
		status, category = http.StatusNotFound, CategoryNotFound
	case ErrRateLimited:
		status, category, codes = http.StatusTooManyRequests, CategoryLimitExceeded, []ReasonCode{"70", "REQUEST_EXCEEDED_LIMIT", "REQUEST_EXCEEDED_RATE"}
	case ErrLocked:
		category, codes = CategoryLocked, []ReasonCode{"LOCK_COMPETITION"}
	default:
		return false
	}
	return status != 0 && e.StatusCode == status || slices.ContainsFunc(e.Reasons, func(r Reason) bool {
		return r.Code.Category() == category || slices.Contains(codes, r.Code.word())
	})
}

// LogValue returns the parts of [Error.Error] as attributes, without the body.
func (e *Error) LogValue() slog.Value {
	attrs := []slog.Attr{
		slog.String("method", redact.Line(e.Method, 16)), slog.String("path", redact.Line(e.Path, 200)), slog.Int("status", e.StatusCode),
		slog.String("reasons", e.reasons()), slog.String("request_id", redact.Line(e.RequestID, 64)), slog.String("process_id", redact.Line(e.ProcessID, 64)),
	}
	if e.RetryAfter > 0 {
		attrs = append(attrs, slog.Duration("retry_after", e.RetryAfter))
	}
	return slog.GroupValue(attrs...)
}

func (e *Error) clone() *Error {
	c := *e
	c.Reasons, c.Header, c.Body = slices.Clone(e.Reasons), e.Header.Clone(), bytes.Clone(e.Body)
	return &c
}

// DecodeError means that Zuora responded to a typed call with 2xx, and that not all of
// the response could be read. The call returns what could be read, and this error. Do
// not repeat a write because of it. [errors.As] finds it.
type DecodeError struct {
	Method     string // of the request
	Path       string // of the request's URL, escaped, without the query
	StatusCode int    // 2xx; 0 if JSON was read without a call

	// Body is the response's body. It may contain personal data.
	Body []byte

	// Fields are the paths of what did not fit and was left out, such as
	// "items[3].price". If there are none, nothing could be read, because the body is
	// empty, breaks off or is not JSON. It is then not known whether Zuora acted.
	Fields []string

	Err error // the cause; may be nil
}

// Error returns one line: method, path, status, the first fields, whether Zuora acted,
// and Err. It has about 1,000 characters at most, and neither the query nor control
// characters.
func (e *DecodeError) Error() string {
	line, acted := "zuora: ", ""
	if e.StatusCode != 0 {
		line += fmt.Sprintf("%s %s: %d %s, but ", redact.Line(e.Method, 16), redact.Line(e.Path, 200), e.StatusCode, http.StatusText(e.StatusCode))
		acted = "; it is not known whether Zuora acted, so do not repeat a write unchecked"
	}
	if n := len(e.Fields); n == 0 {
		line += fmt.Sprintf("the response (%d bytes) cannot be read", len(e.Body))
	} else {
		const most = 3
		line += "the response does not fit at " + redact.Line(strings.Join(e.Fields[:min(n, most)], ", "), 300)
		if n > most {
			line += fmt.Sprintf(" and %d more", n-most)
		}
		if acted != "" {
			acted = "; Zuora has acted, so do not repeat a write"
		}
	}
	if line += acted; e.Err != nil {
		line += ": " + redact.Line(strings.TrimPrefix(e.Err.Error(), "zuora: "), 300)
	}
	return line
}

// Unwrap returns e.Err.
func (e *DecodeError) Unwrap() error { return e.Err }

// ReasonCode is the code of a [Reason]: digits from Zuora's REST resources, or a word
// such as INVALID_ID from its CRUD resources.
type ReasonCode string

// UnmarshalJSON takes a number, which Zuora sends, a string, which Zuora documents, or
// null. It keeps anything else unchanged, so that an odd code does not hide its failure.
func (c *ReasonCode) UnmarshalJSON(b []byte) error {
	*c = ReasonCode(response.Text(b))
	return nil
}

// Category returns the last two digits of an eight-digit code. It returns 0 for any
// other code, and for those of Zuora's mediation, 7000xxxx, which have no categories.
func (c ReasonCode) Category() ReasonCategory {
	if len(c) != 8 || strings.HasPrefix(string(c), "7000") || strings.ContainsFunc(string(c), func(r rune) bool { return r < '0' || r > '9' }) {
		return 0
	}
	return ReasonCategory(10*(c[6]-'0') + c[7] - '0')
}

// word returns c without the XML namespace that faults have: fns:INVALID_VALUE.
func (c ReasonCode) word() ReasonCode { return c[strings.LastIndexByte(string(c), ':')+1:] }

// ReasonCategory is an error category that Zuora publishes for its REST API.
type ReasonCategory int

// The categories.
const (
	CategoryPermissionDenied     ReasonCategory = 10 // permission or access denied
	CategoryAuthenticationFailed ReasonCategory = 11
	CategoryInvalidValue         ReasonCategory = 20 // invalid format or value
	CategoryUnknownField         ReasonCategory = 21 // unknown field in the request
	CategoryMissingField         ReasonCategory = 22 // required field missing
	CategoryMissingParameter     ReasonCategory = 23 // required query parameter missing
	CategoryInvalidParameter     ReasonCategory = 27 // wrong query parameter
	CategoryRuleRestriction      ReasonCategory = 30 // a business rule forbids it
	CategoryNotFound             ReasonCategory = 40
	CategoryUnsupported          ReasonCategory = 45 // method not supported
	CategoryLocked               ReasonCategory = 50 // locked by another request
	CategoryInternal             ReasonCategory = 60 // internal error
	CategoryTemporary            ReasonCategory = 61 // temporary error; known from other clients only
	CategoryLimitExceeded        ReasonCategory = 70
	CategoryMalformed            ReasonCategory = 90 // malformed request
	CategoryExternal             ReasonCategory = 99 // an external system failed
)
