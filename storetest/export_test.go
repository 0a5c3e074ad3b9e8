package storetest

import (
	"context"

	"github.com/zuora-go/zuora"
)

// Check runs the check of that name.
func Check(ctx context.Context, name string, s zuora.SessionStore) error {
	for _, c := range checks {
		if c.name == name {
			return c.check(ctx, s)
		}
	}
	panic(name)
}
