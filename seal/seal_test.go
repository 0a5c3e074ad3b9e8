package seal_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/seal"
	"github.com/zuora-go/zuora/storetest"
)

// engine is a store in memory.
type engine struct {
	mu     sync.Mutex
	values map[string][]byte
	ends   map[string]time.Time
	err    error
}

func newEngine() *engine {
	return &engine{values: make(map[string][]byte), ends: make(map[string]time.Time)}
}

func (e *engine) Load(_ context.Context, key string) ([]byte, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if time.Now().After(e.ends[key]) {
		delete(e.values, key)
	}
	return bytes.Clone(e.values[key]), e.err
}

func (e *engine) Swap(ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error) {
	now, err := e.Load(ctx, key)
	e.mu.Lock()
	defer e.mu.Unlock()
	if err != nil || (now == nil) != (old == nil) || !bytes.Equal(e.values[key], old) {
		return false, err
	}
	if delete(e.values, key); new != nil {
		e.values[key], e.ends[key] = bytes.Clone(new), time.Now().Add(ttl)
	}
	return true, nil
}

// set puts what it likes into the engine.
func (e *engine) set(key string, raw []byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.values[key], e.ends[key] = raw, time.Now().Add(time.Hour)
}

func newKey() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	return key
}

func newStore(t *testing.T, engine zuora.SessionStore, key []byte) zuora.SessionStore {
	t.Helper()
	store, err := seal.New(engine, key)
	require.NoError(t, err)
	return store
}

func requireSwap(t *testing.T, store zuora.SessionStore, key string, old, new []byte, want bool) {
	t.Helper()
	swapped, err := store.Swap(t.Context(), key, old, new, time.Hour)
	require.NoError(t, err)
	require.Equal(t, want, swapped)
}

func requireStored(t *testing.T, store zuora.SessionStore, key string, want []byte) {
	t.Helper()
	got, err := store.Load(t.Context(), key)
	require.NoError(t, err)
	require.Equal(t, want, got) // which tells nil from empty
}

func TestASealedStoreIsAStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) zuora.SessionStore { return newStore(t, newEngine(), newKey()) })
}

// A value that others have stored is no session.
func TestWhatDoesNotOpenIsNothing(t *testing.T) {
	engine := newEngine()
	store := newStore(t, engine, newKey())
	value := []byte(`{"cookies":{"ZSession":"secret"}}`)
	requireSwap(t, store, "other key", nil, value, true)
	requireSwap(t, store, "key", nil, value, true)
	elsewhere, sealed := engine.values["other key"], engine.values["key"]
	changed := func(i int) []byte {
		b := bytes.Clone(sealed)
		b[i] ^= 1
		return b
	}
	for name, raw := range map[string][]byte{
		"empty":                    {},
		"text":                     []byte("garbage"),
		"JSON":                     []byte(`{"login":"x","cookies":{"ZSession":"theirs"}}`),
		"a version and nothing":    sealed[:1],
		"too short for a nonce":    sealed[:12],
		"a nonce and nothing":      sealed[:13],
		"too short for a tag":      sealed[:28],
		"a nonce and a tag":        sealed[:29],
		"cut short":                sealed[:len(sealed)-1],
		"with something after it":  append(bytes.Clone(sealed), 'x'),
		"another version":          changed(0),
		"another nonce":            changed(1),
		"another text":             changed(13),
		"another tag":              changed(len(sealed) - 1),
		"stored under another key": elsewhere,
	} {
		t.Run(name, func(t *testing.T) {
			engine.set("key", raw)
			requireStored(t, store, "key", nil)
			requireSwap(t, store, "key", value, []byte("new"), false)
			requireSwap(t, store, "key", []byte{}, []byte("new"), false)
			requireSwap(t, store, "key", nil, []byte("new"), true)
			requireStored(t, store, "key", []byte("new"))
			engine.set("key", raw)
			requireSwap(t, store, "key", nil, nil, true)
			require.Nil(t, engine.values["key"])
		})
	}
	engine.set("key", sealed) // which opens where it belongs
	requireStored(t, store, "key", value)
}

func TestOnlyTheKeyOpens(t *testing.T) {
	engine, key := newEngine(), newKey()
	store, same, other := newStore(t, engine, key), newStore(t, engine, bytes.Clone(key)), newStore(t, engine, newKey())

	requireSwap(t, store, "key", nil, []byte("value"), true)
	clear(key) // which is the caller's again
	requireStored(t, store, "key", []byte("value"))
	requireStored(t, same, "key", []byte("value"))
	requireStored(t, other, "key", nil)
	requireSwap(t, other, "key", []byte("value"), []byte("theirs"), false)
	requireSwap(t, other, "key", nil, []byte("theirs"), true)
	requireStored(t, store, "key", nil)
	requireSwap(t, store, "key", nil, []byte("mine"), true)
	requireStored(t, same, "key", []byte("mine"))
}

// The engine has nothing of what was stored, in whatever form, and no two values
// that are the same.
func TestTheEngineSeesNothing(t *testing.T) {
	engine, key := newEngine(), newKey()
	store := newStore(t, engine, key)
	value := []byte(`{"login":"LOGINIDLOGINID","cookies":{"ZSession":"a cookie that nobody should see","JSESSIONID":"nor this one"}}`)
	seen := map[string]bool{}
	old := []byte(nil)
	for range 100 {
		requireSwap(t, store, "key", old, value, true)
		old = value
		raw := string(engine.values["key"])
		require.False(t, seen[raw])
		seen[raw] = true
		require.Equal(t, byte(1), raw[0])
		require.Len(t, raw, len(value)+seal.Overhead)
		for _, form := range []string{raw, hex.EncodeToString([]byte(raw))} {
			for i := range len(value) - 5 {
				part := value[i : i+6]
				require.NotContains(t, form, string(part))
				require.NotContains(t, form, hex.EncodeToString(part))
			}
		}
		require.NotContains(t, raw, string(key[:8]))
	}
	require.Len(t, engine.values, 1, "and one key")
}

func TestErrorsAreTheEngines(t *testing.T) {
	engine := newEngine()
	store := newStore(t, engine, newKey())
	engine.err = errors.New("down")
	got, err := store.Load(t.Context(), "key")
	require.Equal(t, engine.err, err)
	require.Nil(t, got)
	swapped, err := store.Swap(t.Context(), "key", nil, []byte("value"), time.Hour)
	require.Equal(t, engine.err, err)
	require.False(t, swapped)
}

func TestNewWantsAStoreAndAKey(t *testing.T) {
	for _, key := range [][]byte{
		nil, {}, []byte("hunter2"), []byte("0123456789abcdef"), []byte("0123456789abcdef01234567"), newKey()[:31], append(newKey(), 'x'),
		[]byte(base64.StdEncoding.EncodeToString(newKey())), []byte(hex.EncodeToString(newKey())), bytes.Repeat([]byte("secret"), 1000),
	} {
		store, err := seal.New(newEngine(), key)
		require.EqualError(t, err, fmt.Sprintf("seal: the key has %d bytes, not 32 random ones (decode it if it is base64 or hex)", len(key)))
		require.Nil(t, store)
	}
	store, err := seal.New(nil, newKey())
	require.EqualError(t, err, "seal: the store is nil")
	require.Nil(t, store)
}

// fmt looks into unexported fields and asks no methods there.
func TestNothingPrintsTheKeyOrTheEngine(t *testing.T) {
	key, engine := newKey(), newEngine()
	engine.set("key", []byte("correct horse battery staple"))
	store := newStore(t, engine, key)
	type holder struct {
		Exported   zuora.SessionStore
		unexported zuora.SessionStore
	}
	h := holder{store, store}
	forbidden := append(forms(key), forms([]byte("correct horse battery staple"))...)
	for _, value := range []any{store, h, &h, []any{store, h}, map[string]any{"store": store}, zuora.SessionConfig{Store: store}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%X", "% x", "%#x", "%d", "%q", "%o", "%b", "%c", "%U", "%e", "%t", "%p", "%T", "%!"} {
			got := fmt.Sprintf(verb, value)
			for _, form := range forbidden {
				assert.NotContains(t, got, form, verb)
			}
		}
	}
}

// forms are what the beginning of secret looks like in print: as text, as bytes,
// and as the words that AES makes of it.
func forms(secret []byte) []string {
	part := secret[:8]
	little, big := binary.LittleEndian.Uint32(part), binary.BigEndian.Uint32(part)
	forms := []string{string(part), base64.StdEncoding.EncodeToString(part)[:8]}
	for _, verb := range []string{"%x", "%X", "% x", "%d", "%#v", "%o", "%b", "%c", "%U", "%q"} {
		forms = append(forms, strings.Trim(fmt.Sprintf(verb, part), `[]{}"`))
	}
	forms = append(forms, strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", part), "[]byte{"), "}"))
	for _, word := range []uint32{little, big} {
		forms = append(forms, fmt.Sprint(word), fmt.Sprintf("%x", word), fmt.Sprintf("%X", word))
	}
	return forms
}
