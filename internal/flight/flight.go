// Package flight runs a call once for all who wait for it, on a context that
// none of them can end.
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

// Flight is a call on its way.
type Flight[T any] struct {
	once   sync.Once
	land   Landing[T]
	cancel context.CancelFunc
	done   chan struct{} // closed when result or fail is there
	result T
	fail   func() error
}

// Landing is told what came of a call, once and before those who wait, and
// returns what to tell them: fail, unless it is nil, makes an error of its own
// for each.
type Landing[T any] func(result T, err error) (told T, fail func() error)

// Start starts call. Its context has the values of ctx, but for an httptrace,
// which would be shown the headers of what call sends, and ends after timeout.
// A call that has not returned by then has failed with
// [context.DeadlineExceeded]. One that panics or ends its goroutine has failed
// with an error that says so.
func Start[T any](ctx context.Context, timeout time.Duration, call func(context.Context) (T, error), land Landing[T]) *Flight[T] {
	// A trace of its own, of nothing, takes the place of what the net package was
	// told of the old one.
	ctx = httptrace.WithClientTrace(untraced{context.WithoutCancel(ctx)}, &httptrace.ClientTrace{DNSStart: func(httptrace.DNSStartInfo) {}})
	ctx, cancel := context.WithTimeout(ctx, timeout)
	f := &Flight[T]{land: land, cancel: cancel, done: make(chan struct{})}
	context.AfterFunc(ctx, func() { f.End(context.DeadlineExceeded) })
	go func() {
		var result T
		err := errors.New("the call ended its goroutine")
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("the call panicked with a %T", p) // whose text might be a secret
				if r, ok := p.(runtime.Error); ok {
					err = fmt.Errorf("the call panicked: %w", r)
				}
			}
			if err == nil || ctx.Err() == nil {
				f.end(result, err)
			}
		}()
		result, err = call(ctx)
	}()
	return f
}

// End ends f with err, if it has not ended yet, and its context.
func (f *Flight[T]) End(err error) {
	var none T
	f.end(none, err)
}

func (f *Flight[T]) end(result T, err error) {
	f.once.Do(func() {
		// Whatever becomes of land, nobody waits for ever.
		f.fail = func() error { return errors.New("zuora: the sign-in ended its goroutine, in a logger for instance") }
		defer f.cancel()
		defer close(f.done)
		f.result, f.fail = f.land(result, err)
	})
}

// Wait returns what came of f, or why ctx ended if that is first.
func (f *Flight[T]) Wait(ctx context.Context) (result T, err error) {
	select {
	case <-f.done:
		if f.fail != nil {
			return result, f.fail()
		}
		return f.result, nil
	case <-ctx.Done():
		return result, context.Cause(ctx)
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
