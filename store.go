package zuora

import (
	"context"
	"time"

	"github.com/zuora-go/zuora/internal/auth"
	"github.com/zuora-go/zuora/internal/origin"
	"github.com/zuora-go/zuora/internal/share"
)

// SessionStore keeps one session for many processes: see [SessionConfig.Store]. It can
// use any engine that can compare and swap. Package storetest tests a store, and has an
// example of 50 lines. Several goroutines may call the methods at once, with a context
// that ends soon. If a store fails or is slow, it delays a login, but no call fails.
//
// A nil value means that nothing is stored under a key: at first, after the ttl, and
// after a removal. An empty value that is not nil is a stored value.
//
// A store must not keep or change a slice that it gets. Callers may change the slices
// that it returns.
//
// Whoever reads a stored value has the session until it expires. Package seal encrypts
// the values of any store; the store in redisstore does so already.
type SessionStore interface {
	// Load returns what is stored under key, or nil if nothing is. Keys are 64
	// hexadecimal digits, some of them followed by ":lock". Values are some thousand
	// arbitrary bytes.
	Load(ctx context.Context, key string) ([]byte, error)

	// Swap stores new under key for ttl if old is stored there, and reports whether it
	// was. It is atomic: of several callers with the same old, only one swaps. If old is
	// nil, Swap stores new if nothing is stored. If new is nil, it removes old, and ttl is
	// 0. If both are nil, it changes nothing, and reports whether nothing is stored. If it
	// returns an error, it also returns false, and new may be stored or not.
	Swap(ctx context.Context, key string, old, new []byte, ttl time.Duration) (swapped bool, err error)
}

// sharedLogin borrows the fleet's session, or logs in for the fleet.
func (s *Session) sharedLogin(ctx context.Context, c Credentials, ownLogin func(context.Context) (login, error)) (login, error) {
	key := share.Key(s.server, c.AccessKeyID, s.entity.ID, s.entity.LegacyID, s.entity.LegacyName)
	if c.oauth() {
		key = share.Key(s.server, origin.Token, c.ClientID, s.entity.ID)
	}
	var own login
	var stored *share.Session
	var err error
	if wait := s.state().waitFor(c); wait.Err != nil {
		if stored = s.fleet.Load(ctx, key); stored == nil {
			return login{}, newLoginError(wait)
		}
	} else if stored, err = s.fleet.Session(ctx, key, func(ctx context.Context) (share.Record, error) {
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
		own.generation = newGeneration(c, s.clock.At(stored.Record.Used), auth.JarOf(stored.Cookies), stored.Token)
		if stored.Token != nil {
			own.generation.begun = s.clock.At(stored.Token.Begun)
		}
	}
	own.generation.shared = stored
	return own, nil
}
