package zuora

import (
	"context"
	"time"

	"github.com/zuora-go/zuora/internal/cookies"
	"github.com/zuora-go/zuora/internal/origin"
	"github.com/zuora-go/zuora/internal/share"
)

// SessionStore keeps one session for many processes: see
// [SessionConfig.Store]. Any engine that can compare and swap will do; package
// storetest tests a store on one, and has an example of 50 lines. The methods are
// called by many goroutines at once, with a context that ends soon. A store that
// fails, or is slow, delays a login and fails no call.
//
// Nil is nothing, wherever it stands: nothing is stored under a key at first, after
// the ttl, and after a removal. An empty value that is not nil is a value like any
// other, and differs from nothing.
//
// A store keeps no slice that it is given, and may change none. Callers may change
// what it returns.
//
// What is stored is as good as a password while it lasts. Package seal seals what
// any store stores; the store in redisstore does so already.
type SessionStore interface {
	// Load returns what is stored under key, or nil if that is nothing. Keys are 64
	// hexadecimal digits, some with ":lock" behind. Values are bytes of any kind, some
	// thousand of them.
	Load(ctx context.Context, key string) ([]byte, error)

	// Swap stores new under key for ttl, in the place of what is stored there, if
	// that is old, and reports whether it was. It happens as a whole or not at all: of
	// many callers with the same old one swaps. If old is nil, it swaps if nothing is
	// stored. If new is nil, it removes what is stored, and ttl is 0. If both are nil,
	// it changes nothing, and reports whether nothing is stored. With an error it
	// returns false, and new may be stored or not.
	Swap(ctx context.Context, key string, old, new []byte, ttl time.Duration) (swapped bool, err error)
}

// sharedLogin takes the fleet's session, or logs in for the fleet.
func (s *Session) sharedLogin(ctx context.Context, c Credentials, ownLogin func(context.Context) (login, error)) (login, error) {
	key := share.Key(s.server, c.AccessKeyID, s.entity.ID, s.entity.LegacyID, s.entity.LegacyName)
	if c.oauth() {
		key = share.Key(s.server, origin.Token, c.ClientID, s.entity.ID)
	}
	var own login
	var held *share.Held
	var err error
	if wait := s.state().waitFor(c); wait.Err != nil {
		if held = s.fleet.Look(ctx, key); held == nil {
			return login{}, newLoginError(wait)
		}
	} else if held, err = s.fleet.Session(ctx, key, func(ctx context.Context) (share.Record, error) {
		var err error
		if own, err = ownLogin(ctx); err != nil {
			return share.Record{}, err
		}
		g := own.generation
		return share.NewRecord(g.jar, g.token, time.Unix(0, g.Wall.Load())), nil
	}); err != nil {
		return own, err
	}
	if own.generation == nil {
		own.generation = newGeneration(c, s.clock.At(held.Record.Used), cookies.Of(held.Cookies), held.Token)
		if held.Token != nil {
			own.generation.begun = s.clock.At(held.Token.Begun)
		}
	}
	own.generation.shared = held
	return own, nil
}
