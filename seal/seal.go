// Package seal seals what a [zuora.SessionStore] stores, so that nobody who reads the
// store's engine gets the session.
//
//	store, err := seal.New(store, key)
//	…
//	session, err := zuora.NewSession(zuora.SessionConfig{Server: …, Credentials: …, Store: store})
//
// The store in redisstore seals already.
//
// # The key
//
// Values are sealed with AES-256-GCM under a key of 32 random bytes. Make one with
//
//	openssl rand -base64 32
//
// keep it where you keep passwords, and give all processes of the fleet the 32 bytes
// that it decodes to. Do not use a password, or anything derived from one: a reader of
// one value could try passwords on it until it opens. A random key cannot be guessed.
//
// To change the key, give the processes another one. A value that does not open is read
// as nothing, so they log in again, once for all that have the new key. Do not run with
// two keys for long: processes with one key replace the session of those with the other.
// GCM with random nonces allows 2³² values under one key. A fleet that stores ten a
// second reaches that after thirteen years.
//
// # Who can do what
//
// Whoever reads the engine, or a copy of it, sees how many sessions there are, how long
// their values are and when they change, and can compare the hash of a guessed server,
// user and entity with a key. Reading cookies or tokens needs the sealing key.
//
// Whoever writes to the engine cannot make the fleet use a session: a value is bound to
// the key that it was stored under, and a value that was not sealed for it by this
// version is read as nothing. Whoever writes garbage, removes values, restores old ones
// or keeps the lock costs the fleet logins and delays of a few seconds.
//
// Whoever has the sealing key and reads the engine has the session until it expires.
package seal

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"time"

	"github.com/zuora-go/zuora"
)

// Overhead is how many bytes longer a sealed value is: a version, a nonce and a
// tag.
const Overhead = 1 + 12 + 16

const (
	// version is the first byte of every sealed value. A value of another version is read
	// as nothing.
	version = 1
	// binding is authenticated with each value, together with the version and the key that
	// the value is stored under, so that the value opens nowhere else.
	binding = "github.com/zuora-go/zuora/seal 1\n"
)

// sealed has only funcs, because fmt prints all other fields.
type sealed struct {
	load func(ctx context.Context, key string) ([]byte, error)
	swap func(ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error)
	aead func() cipher.AEAD
}

// New returns a store that keeps its values in store, sealed under key. key is 32 random
// bytes, and may be cleared afterwards. Errors of store are returned unchanged.
//
// A stored value that does not open is treated as nothing by Load and Swap. Swap first
// loads and then swaps. It reports false if anything was stored in between, even the same
// value.
func New(store zuora.SessionStore, key []byte) (zuora.SessionStore, error) {
	if store == nil {
		return nil, errors.New("seal: the store is nil")
	}
	if len(key) != 32 { // AES would take 16 and 24 as well
		return nil, fmt.Errorf("seal: the key has %d bytes, not 32 random ones (decode it if it is base64 or hex)", len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return &sealed{load: store.Load, swap: store.Swap, aead: func() cipher.AEAD { return aead }}, nil
}

func (s *sealed) Load(ctx context.Context, key string) ([]byte, error) {
	raw, err := s.load(ctx, key)
	if err != nil {
		return nil, err
	}
	return s.open(key, raw), nil
}

func (s *sealed) Swap(ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error) {
	was, err := s.load(ctx, key)
	if err != nil {
		return false, err
	}
	if is := s.open(key, was); !bytes.Equal(is, old) || (is == nil) != (old == nil) {
		return false, nil
	}
	if new != nil {
		new = s.aead().Seal([]byte{version}, nil, new, []byte(binding+key))
	}
	return s.swap(ctx, key, was, new, ttl)
}

// open returns nil if raw does not open, and otherwise the value, which is never nil.
func (s *sealed) open(key string, raw []byte) []byte {
	if len(raw) == 0 || raw[0] != version {
		return nil
	}
	value, err := s.aead().Open([]byte{}, nil, raw[1:], []byte(binding+key)) // not into nil, because a value may be empty
	if err != nil {
		return nil
	}
	return value
}
