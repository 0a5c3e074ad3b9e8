// Package retry repeats calls after temporary failures, which it recognizes by Zuora's
// codes and headers:
//
//	caller := retry.New(session, retry.Policy{MaxConcurrent: 40})
//	account, err := accounts.New(caller).GetAccount(ctx, key, nil)
//
// A read (GET, HEAD, and a call that changes nothing, such as a query) is repeated
// after a rate limit (status 429, category 70), a lock (category 50,
// LOCK_COMPETITION), a temporary or external failure (categories 61 and 99), status
// 502, 503 and 504, a broken connection and a time-out.
//
// A write is repeated only if Zuora says that it did nothing: after status 429 and a
// lock. If it has an Idempotency-Key, it is also repeated if no response of Zuora's
// arrived: after a broken connection, a time-out, and status 502, 503 and 504, which
// come from the network in front of Zuora. It is not repeated after other failures,
// because Zuora repeats its first response to a key that it knows.
//
// After a failed login no call was sent, so every call is repeated after
// [zuora.LoginError.Next], except if the credentials were refused. A request whose body
// cannot be read twice (GetBody is nil) is never sent twice.
//
// A call is tried at most 5 times. Between two tries it waits for Retry-After if Zuora
// sends that, and otherwise for a random time of up to 1 s, then 2 s, and so on up to
// 60 s. If it would have to wait past the deadline of its context, it fails at once. The
// error is that of the last try, and contains the number of tries.
//
// Retries belong above a session. Below it, a transport such as go-retryablehttp does
// not see failures that have status 200, does not know which calls may be repeated, and
// repeats writes.
package retry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/internal/readonly"
)

// Policy configures retries. The zero Policy is a good default.
type Policy struct {
	// MaxConcurrent limits how many calls are in progress at once. A call is in progress
	// until the body of its response is closed or read to its end. Other calls wait, until
	// their contexts end. Zuora allows a tenant 40, and high-volume tenants 200. If it is
	// 0, there is no limit.
	MaxConcurrent int

	// Logger logs each retry, with the error and the wait. If it is nil, nothing is
	// logged.
	Logger *slog.Logger
}

const (
	maxTries  = 5
	firstWait = time.Second
	maxWait   = time.Minute
)

// New returns a Caller that sends calls through caller, and repeats them as the package
// documentation says. It may be used by several goroutines at once.
func New(caller zuora.Caller, policy Policy) zuora.Caller {
	r := &retrier{Caller: caller, log: cmp.Or(policy.Logger, slog.New(slog.DiscardHandler))}
	if policy.MaxConcurrent > 0 {
		r.places = make(chan struct{}, policy.MaxConcurrent)
	}
	return r
}

type retrier struct {
	zuora.Caller
	log    *slog.Logger
	places chan struct{} // contains an item for each call in progress; if nil, there is no limit
}

// Do sends req until it succeeds or cannot be repeated.
func (r *retrier) Do(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	for try := 1; ; try++ {
		resp, err := r.once(ctx, req, try)
		if err == nil {
			return resp, nil
		}
		wait, ok := waitAfter(req, err, try)
		if deadline, limited := ctx.Deadline(); !ok || ctx.Err() != nil || try == maxTries || limited && time.Now().Add(wait).After(deadline) {
			return nil, tried(try, err)
		}
		r.log.Info("zuora: call to be retried", "method", req.Method, "path", req.URL.Path, "try", try, "wait", wait, "error", err)
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, tried(try, err)
		}
	}
}

func tried(times int, err error) error {
	if times == 1 {
		return err
	}
	return fmt.Errorf("zuora: tried %d times: %w", times, err)
}

// once waits for a place and sends req, which it does not change.
func (r *retrier) once(ctx context.Context, req *http.Request, try int) (*http.Response, error) {
	if try > 1 {
		again := req.WithContext(ctx) // a shallow copy
		if req.GetBody != nil {
			body, err := req.GetBody()
			if err != nil {
				return nil, fmt.Errorf("zuora: the request's body cannot be read again: %w", err)
			}
			again.Body = body
		}
		req = again
	}
	if r.places == nil {
		return r.Caller.Do(req)
	}
	select {
	case r.places <- struct{}{}:
	case <-ctx.Done():
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, fmt.Errorf("zuora: waiting for a place among %d concurrent calls: %w", cap(r.places), context.Cause(ctx))
	}
	leave := sync.OnceFunc(func() { <-r.places })
	resp, err := r.Caller.Do(req)
	if err != nil || resp.Body == nil || resp.Body == http.NoBody {
		leave()
		return resp, err
	}
	resp.Body = &body{resp.Body, leave}
	return resp, nil
}

// body releases its call's place when it is read to its end or closed.
type body struct {
	io.ReadCloser
	leave func()
}

// Under returns the body that the caller has returned, for CheckResponse.
func (b *body) Under() io.ReadCloser { return b.ReadCloser }

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.leave()
	}
	return n, err
}

func (b *body) Close() error {
	b.leave()
	return b.ReadCloser.Close()
}

// waitAfter returns how long to wait after a try that failed with err, and whether req
// may be repeated at all.
func waitAfter(req *http.Request, err error, try int) (wait time.Duration, ok bool) {
	if req.Body != nil && req.Body != http.NoBody && req.GetBody == nil {
		return 0, false
	}
	wait = rand.N(min(maxWait, firstWait<<(try-1)) + 1)
	var login *zuora.LoginError
	if errors.As(err, &login) {
		return max(0, time.Until(login.Next)), !errors.Is(err, zuora.ErrUnauthenticated) && !errors.Is(err, zuora.ErrSessionClosed)
	}
	read := req.Method == http.MethodGet || req.Method == http.MethodHead || req.Method == "" || readonly.Marked(req.Context())
	keyed := req.Header.Get("Idempotency-Key") != ""
	var failed *zuora.Error
	if !errors.As(err, &failed) {
		return wait, (read || keyed) && broken(err)
	}
	if failed.RetryAfter > 0 {
		wait = failed.RetryAfter
	}
	switch {
	case failed.StatusCode == http.StatusTooManyRequests, errors.Is(err, zuora.ErrLocked):
		return wait, true
	case failed.StatusCode == http.StatusBadGateway, failed.StatusCode == http.StatusServiceUnavailable, failed.StatusCode == http.StatusGatewayTimeout:
		return wait, read || keyed
	}
	return wait, read && (errors.Is(err, zuora.ErrRateLimited) || temporary(failed))
}

func temporary(failed *zuora.Error) bool {
	for _, r := range failed.Reasons {
		if c := r.Code.Category(); c == zuora.CategoryTemporary || c == zuora.CategoryExternal {
			return true
		}
	}
	return false
}

// broken reports whether err is a broken connection or a time-out. The error of a request
// that a session or an http.Client refuses to send is neither.
func broken(err error) bool {
	var outer *url.Error // it is always a net.Error, so only the error in it counts
	if errors.As(err, &outer) {
		err = outer.Err
	}
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		strings.HasPrefix(err.Error(), "http2: ") || strings.HasPrefix(err.Error(), "http: server closed idle connection")
}
