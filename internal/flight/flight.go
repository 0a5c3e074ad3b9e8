// Package flight is single flight: it runs a call once for all its waiters, on a
// context that none of them can end.
package flight

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptrace"
	"runtime"
	"sync"
	"time"
)

// Flight is a call in progress.
type Flight[T any] struct {
	finish Finish[T]
	cancel context.CancelFunc
	done   chan struct{} // closed when result and err are final
	result T
	err    error

	mu     sync.Mutex // for the fields below
	ended  bool
	failed *failure[T]
}

type failure[T any] struct {
	result T
	err    error
}

// Finish is called once, with the results of a call, and returns those that the waiters
// get. then is called after the waiters have been released.
type Finish[T any] func(T, error) (result T, then func(), err error)

// Start starts call. The context of call ends after timeout. It has the values of ctx,
// except for an httptrace, which would see the headers that call sends. A call that has
// not returned after timeout fails with [context.DeadlineExceeded], and one that panics
// or ends its goroutine fails with an error that says so. In these cases the waiters get
// what the call has passed to [Flight.Failed] instead, if there was such a call.
func Start[T any](ctx context.Context, timeout time.Duration, call func(context.Context, *Flight[T]) (T, error), finish Finish[T]) *Flight[T] {
	// A trace of its own, of nothing, replaces the one that the net package got from
	// the caller's trace.
	ctx = httptrace.WithClientTrace(untraced{context.WithoutCancel(ctx)}, &httptrace.ClientTrace{DNSStart: func(httptrace.DNSStartInfo) {}})
	ctx, cancel := context.WithTimeout(ctx, timeout)
	f := &Flight[T]{finish: finish, cancel: cancel, done: make(chan struct{})}
	context.AfterFunc(ctx, f.Expire)
	go func() {
		var result T
		returned, err := false, errors.New("the call ended its goroutine")
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("the call panicked with a %T", p) // whose text might be a secret
				if r, ok := p.(runtime.Error); ok {
					err = fmt.Errorf("the call panicked: %w", r)
				}
			}
			if err == nil || ctx.Err() == nil {
				f.end(result, err, returned)
			}
		}()
		result, err = call(ctx, f)
		returned = true
	}()
	return f
}

// Failed records that the call has failed with err, before it returns. It reports
// whether f was still in progress.
func (f *Flight[T]) Failed(result T, err error) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.ended {
		f.failed = &failure[T]{result, err}
	}
	return !f.ended
}

// Expire ends f as its timeout does, if it has not ended yet.
func (f *Flight[T]) Expire() {
	var none T
	f.end(none, context.DeadlineExceeded, false)
}

// End ends f with err, if it has not ended yet, and cancels its context.
func (f *Flight[T]) End(err error) {
	var none T
	f.end(none, err, true)
}

// end ends f with what the call returned, or with what it has passed to Failed.
func (f *Flight[T]) end(result T, err error, returned bool) {
	f.mu.Lock()
	if f.ended {
		f.mu.Unlock()
		return
	}
	f.ended = true
	f.mu.Unlock()
	if f.failed != nil && !returned {
		result, err = f.failed.result, f.failed.err
	}
	var then func()
	f.result, then, f.err = f.finish(result, err)
	close(f.done)
	f.cancel()
	then()
}

// Wait returns the results of f. If ctx ends first, ended is true and err is the cause.
func (f *Flight[T]) Wait(ctx context.Context) (result T, ended bool, err error) {
	select {
	case <-f.done:
		return f.result, false, f.err
	case <-ctx.Done():
		return result, true, context.Cause(ctx)
	}
}

// untraced is a context without its httptrace.
type untraced struct{ context.Context }

func (c untraced) Value(key any) any {
	v := c.Context.Value(key)
	if _, traced := v.(*httptrace.ClientTrace); traced {
		return nil
	}
	return v
}
