// Package readonly marks the contexts of calls that change nothing, whatever their
// method is.
package readonly

import "context"

type key struct{}

// Mark returns a copy of ctx that is marked.
func Mark(ctx context.Context) context.Context { return context.WithValue(ctx, key{}, true) }

// Marked reports whether ctx is marked.
func Marked(ctx context.Context) bool { return ctx.Value(key{}) != nil }
