package zuora

import (
	"context"
	"time"

	"github.com/zuora-go/zuora/internal/cookies"
	"github.com/zuora-go/zuora/internal/share"
)

// SessionStore keeps one session for many processes: see
// [SessionConfig.Store]. Any engine that can compare and swap will do. Its
// methods are called by many goroutines at once, with a context that ends soon;
// a store that fails, or is slow, delays a sign-in and fails no call.
//
// What is stored is as good as a password while it lasts. A store has to keep
// it from others, as the one in redisstore does, which seals it.
type SessionStore interface {
	// Load returns what is stored under key, and nil for nothing; an empty value is
	// not nothing. Keys are of hexadecimal digits, with ":lock" behind some.
	Load(ctx context.Context, key string) ([]byte, error)

	// Swap stores new under key for ttl, if old is what is stored there, and
	// reports whether it was; nil as old stands for nothing. nil as new removes
	// what is stored, and ttl is 0 then.
	Swap(ctx context.Context, key string, old, new []byte, ttl time.Duration) (swapped bool, err error)
}

// sharedLogin takes the fleet's session, or logs in for the fleet.
func (s *Session) sharedLogin(ctx context.Context, c Credentials, ownLogin func(context.Context) (login, error)) (login, error) {
	key := share.Key(s.server, c.AccessKeyID, s.entity.ID, s.entity.LegacyID, s.entity.LegacyName)
	var own login
	var held *share.Held
	var err error
	if h := s.heldBack(c); h.Err != nil {
		if held = s.fleet.Look(ctx, key); held == nil {
			return login{}, newLoginError(h)
		}
	} else if held, err = s.fleet.Session(ctx, key, func(ctx context.Context) (share.Record, error) {
		var err error
		if own, err = ownLogin(ctx); err != nil {
			return share.Record{}, err
		}
		return share.NewRecord(own.generation.jar, time.Unix(0, own.generation.Wall.Load())), nil
	}); err != nil {
		return own, err
	}
	if own.generation == nil {
		own.generation = &generation{jar: cookies.Of(held.Cookies), secret: c.SecretAccessKey, born: s.clock.Now().Mono}
		own.generation.Used(s.clock.At(held.Record.Used))
	}
	own.generation.shared = held
	return own, nil
}
