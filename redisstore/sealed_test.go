package redisstore_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora/redisstore"
)

const at = redisstore.Prefix + "key" // where a value under "key" is in Redis

// A value that somebody else has put there is no session, also if it is not a string.
func TestWhatDoesNotOpenIsNothing(t *testing.T) {
	client := startServer(t).client(t, nil)
	store := newStore(t, client)
	value := []byte(`{"cookies":{"ZSession":"secret"}}`)
	requireSwap(t, store, "other key", nil, value, true)
	requireSwap(t, store, "key", nil, value, true)
	elsewhere := client.Get(t.Context(), redisstore.Prefix+"other key").Val()
	sealed := client.Get(t.Context(), at).Val()
	set := func(raw string) func(t *testing.T) {
		return func(t *testing.T) { require.NoError(t, client.Set(t.Context(), at, raw, 0).Err()) }
	}
	for name, put := range map[string]func(t *testing.T){
		"empty":                        set(""),
		"text":                         set("garbage"),
		"cut short":                    set(sealed[:len(sealed)-1]),
		"stored under another key":     set(elsewhere),
		"long":                         set(strings.Repeat("x", 1<<20)),
		"too long":                     set(strings.Repeat("x", 1<<20+1)),
		"far too long":                 set(strings.Repeat("x", 32<<20)),
		"too long, and right at first": set(sealed + strings.Repeat("x", 1<<20)),
		"a list":                       func(t *testing.T) { require.NoError(t, client.RPush(t.Context(), at, sealed).Err()) },
		"a hash":                       func(t *testing.T) { require.NoError(t, client.HSet(t.Context(), at, "f", sealed).Err()) },
		"a counter":                    func(t *testing.T) { require.NoError(t, client.Incr(t.Context(), at).Err()) },
	} {
		t.Run(name, func(t *testing.T) {
			again := func() {
				require.NoError(t, client.Del(t.Context(), at).Err())
				put(t)
			}
			again()
			requireStored(t, store, "key", nil)
			requireSwap(t, store, "key", value, []byte("new"), false)
			requireSwap(t, store, "key", []byte{}, []byte("new"), false)
			requireSwap(t, store, "key", nil, []byte("new"), true)
			requireStored(t, store, "key", []byte("new"))
			left := client.PTTL(t.Context(), at).Val()
			require.Positive(t, left)
			require.LessOrEqual(t, left, time.Hour)
			again()
			requireSwap(t, store, "key", nil, nil, true)
			require.Zero(t, client.Exists(t.Context(), at).Val())
		})
	}
	set(sealed)(t) // the value itself opens, where it belongs
	requireStored(t, store, "key", value)
}

// Redis has nothing in it that was stored, in whatever form, and no two values
// that are the same.
func TestRedisSeesNothing(t *testing.T) {
	client := startServer(t).client(t, nil)
	key := newKey()
	store, err := redisstore.New(client, key)
	require.NoError(t, err)
	value := []byte(`{"login":"LOGINIDLOGINID","cookies":{"ZSession":"a cookie that nobody should see","JSESSIONID":"nor this one"}}`)
	seen := map[string]bool{}
	old := []byte(nil)
	for range 10 {
		requireSwap(t, store, "key", old, value, true)
		old = value
		for _, name := range client.Keys(t.Context(), "*").Val() {
			raw := client.Get(t.Context(), name).Val()
			require.False(t, seen[raw])
			seen[raw] = true
			require.Equal(t, byte(1), raw[0])
			require.Len(t, raw, 1+12+len(value)+16)
			for _, form := range []string{raw, hex.EncodeToString([]byte(raw))} {
				for i := range len(value) - 5 {
					part := value[i : i+6]
					require.NotContains(t, form, string(part))
					require.NotContains(t, form, hex.EncodeToString(part))
				}
			}
			require.NotContains(t, raw, string(key[:8]))
		}
	}
	require.Len(t, seen, 10)
}

func TestTakesNoValueThatItWouldNotGiveBack(t *testing.T) {
	store := newStore(t, startServer(t).client(t, nil))
	longest := bytes.Repeat([]byte("x"), 1<<20-1-12-16)
	requireSwap(t, store, "key", nil, longest, true)
	requireStored(t, store, "key", longest)
	swapped, err := store.Swap(t.Context(), "key", longest, append(longest, 'x'), time.Hour)
	require.EqualError(t, err, "redisstore: swap: the value has 1048548 bytes, which is too long")
	require.False(t, swapped)
	requireStored(t, store, "key", longest)
}

func TestNewWantsAClientAndAKey(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:0"}) // New does not talk to it
	defer client.Close()
	for _, key := range [][]byte{
		nil, {}, []byte("hunter2"), []byte("0123456789abcdef"), []byte("0123456789abcdef01234567"), newKey()[:31], append(newKey(), 'x'),
		[]byte(base64.StdEncoding.EncodeToString(newKey())), []byte(hex.EncodeToString(newKey())), bytes.Repeat([]byte("secret"), 1000),
	} {
		store, err := redisstore.New(client, key)
		require.EqualError(t, err, fmt.Sprintf("redisstore: the key has %d bytes, not 32 random ones (decode it if it is base64 or hex)", len(key)))
		require.Nil(t, store)
	}
	for _, none := range []redis.UniversalClient{nil, (*redis.Client)(nil), (*redis.ClusterClient)(nil), (*redis.Ring)(nil)} {
		store, err := redisstore.New(none, newKey())
		require.EqualError(t, err, "redisstore: the client is nil")
		require.Nil(t, store)
	}
	_, err := redisstore.New(client, newKey())
	require.NoError(t, err)
}

// fmt looks into unexported fields and asks no methods there.
func TestNothingPrintsTheKey(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:0", Password: "correct horse battery staple"})
	defer client.Close()
	key := newKey()
	store, err := redisstore.New(client, key)
	require.NoError(t, err)
	type holder struct {
		Exported   *redisstore.Store
		unexported *redisstore.Store
		Value      redisstore.Store
		value      redisstore.Store
		any        any
	}
	h := holder{store, store, *store, *store, *store}
	forbidden := append(forms(key), forms([]byte("correct horse battery staple"))...)
	for _, value := range []any{store, *store, h, &h, []any{store, *store, h}, map[string]any{"store": *store}, []redisstore.Store{*store}} {
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
