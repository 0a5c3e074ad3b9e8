package storetest_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/storetest"
)

// memory is a store in memory.
type memory struct {
	mu     sync.Mutex
	values map[string]value
}

type value struct {
	bytes []byte
	ends  time.Time
}

func newMemory() *memory { return &memory{values: make(map[string]value)} }

func (m *memory) get(key string) []byte {
	if v, ok := m.values[key]; ok && time.Now().Before(v.ends) {
		return v.bytes
	}
	return nil
}

func (m *memory) Load(_ context.Context, key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return bytes.Clone(m.get(key)), nil
}

func (m *memory) Swap(_ context.Context, key string, old, new []byte, ttl time.Duration) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if now := m.get(key); (now == nil) != (old == nil) || !bytes.Equal(now, old) {
		return false, nil
	}
	if delete(m.values, key); new != nil {
		m.values[key] = value{bytes.Clone(new), time.Now().Add(ttl)}
	}
	return true, nil
}

func TestAStoreInMemoryPasses(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) zuora.SessionStore { return newMemory() })
}

func TestStoresMayShareAnEngine(t *testing.T) {
	t.Parallel()
	engine := newMemory()
	for range 2 {
		storetest.Run(t, func(*testing.T) zuora.SessionStore { return engine })
	}
}

// store is one of funcs; nil is the memory's.
type store struct {
	*memory
	load func(m *memory, key string) ([]byte, error)
	swap func(m *memory, key string, old, new []byte, ttl time.Duration) (bool, error)
}

func (s store) Load(ctx context.Context, key string) ([]byte, error) {
	if s.load == nil {
		return s.memory.Load(ctx, key)
	}
	return s.load(s.memory, key)
}

func (s store) Swap(ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error) {
	if s.swap == nil {
		return s.memory.Swap(ctx, key, old, new, ttl)
	}
	return s.swap(s.memory, key, old, new, ttl)
}

func TestAWrongStoreFails(t *testing.T) {
	ctx := context.Background()
	type swapFunc = func(m *memory, key string, old, new []byte, ttl time.Duration) (bool, error)
	// onKeys changes keys, and onValues what is stored, before the memory sees them.
	onKeys := func(change func(string) string) store {
		return store{
			load: func(m *memory, key string) ([]byte, error) { return m.Load(ctx, change(key)) },
			swap: func(m *memory, key string, old, new []byte, ttl time.Duration) (bool, error) {
				return m.Swap(ctx, change(key), old, new, ttl)
			},
		}
	}
	onValues := func(change func([]byte) []byte) store {
		return store{swap: func(m *memory, key string, old, new []byte, ttl time.Duration) (bool, error) {
			if old != nil {
				old = change(bytes.Clone(old))
			}
			if new != nil {
				new = change(bytes.Clone(new))
			}
			return m.Swap(ctx, key, old, new, ttl)
		}}
	}
	onLoad := func(change func([]byte) ([]byte, error)) store {
		return store{load: func(m *memory, key string) ([]byte, error) {
			got, _ := m.Load(ctx, key)
			return change(got)
		}}
	}
	onSwap := func(swap swapFunc) store { return store{swap: swap} }

	for check, wrong := range map[string]map[string]store{
		"swaps what is stored and nothing else": {
			"nothing is empty": onLoad(func(got []byte) ([]byte, error) { return append([]byte{}, got...), nil }),
			"empty is nothing": onLoad(func(got []byte) ([]byte, error) { return append([]byte(nil), got...), nil }),
			"nothing is an error": onLoad(func(got []byte) ([]byte, error) {
				return got, map[bool]error{true: errors.New("not found")}[got == nil]
			}),
			"whatever is stored": onSwap(func(m *memory, key string, old, new []byte, ttl time.Duration) (bool, error) {
				now, _ := m.Load(ctx, key)
				return m.Swap(ctx, key, now, new, ttl)
			}),
			"nil as old is any value": onSwap(func(m *memory, key string, old, new []byte, ttl time.Duration) (bool, error) {
				if old == nil {
					old, _ = m.Load(ctx, key)
				}
				return m.Swap(ctx, key, old, new, ttl)
			}),
			"empty as old is nil": onSwap(func(m *memory, key string, old, new []byte, ttl time.Duration) (bool, error) {
				return m.Swap(ctx, key, append([]byte(nil), old...), new, ttl)
			}),
			"empty as new is nil": onSwap(func(m *memory, key string, old, new []byte, ttl time.Duration) (bool, error) {
				return m.Swap(ctx, key, old, append([]byte(nil), new...), ttl)
			}),
			"nil as new is empty": onSwap(func(m *memory, key string, old, new []byte, ttl time.Duration) (bool, error) {
				return m.Swap(ctx, key, old, append([]byte{}, new...), time.Hour)
			}),
			"nil for nil is not swapped": onSwap(func(m *memory, key string, old, new []byte, ttl time.Duration) (bool, error) {
				swapped, err := m.Swap(ctx, key, old, new, ttl)
				return swapped && (old != nil || new != nil), err
			}),
			"nil for nil is always swapped": onSwap(func(m *memory, key string, old, new []byte, ttl time.Duration) (bool, error) {
				swapped, err := m.Swap(ctx, key, old, new, ttl)
				return swapped || (old == nil && new == nil), err
			}),
			"the same value is not swapped": onSwap(func(m *memory, key string, old, new []byte, ttl time.Duration) (bool, error) {
				swapped, err := m.Swap(ctx, key, old, new, ttl)
				return swapped && !bytes.Equal(old, new) || old == nil && new == nil, err
			}),
			"what is gone can be removed": onSwap(func(m *memory, key string, old, new []byte, ttl time.Duration) (bool, error) {
				swapped, err := m.Swap(ctx, key, old, new, ttl)
				return swapped || new == nil && m.get(key) == nil, err
			}),
			"says that it swaps": onSwap(func(*memory, string, []byte, []byte, time.Duration) (bool, error) { return true, nil }),
		},
		"keeps any bytes": {
			"ends at NUL":            onValues(func(v []byte) []byte { before, _, _ := bytes.Cut(v, []byte{0}); return before }),
			"pads with NUL":          onValues(func(v []byte) []byte { return append(v, make([]byte, 128)...)[:max(128, len(v))] }),
			"is UTF-8":               onValues(func(v []byte) []byte { return bytes.ToValidUTF8(v, []byte("?")) }),
			"has no case":            onValues(bytes.ToLower),
			"trims":                  onValues(bytes.TrimSpace),
			"is no longer than 4 KB": onValues(func(v []byte) []byte { return v[:min(len(v), 4096)] }),
			"compares the first 255 bytes": onSwap(func(m *memory, key string, old, new []byte, ttl time.Duration) (bool, error) {
				now, _ := m.Load(ctx, key)
				if now != nil && old != nil && bytes.Equal(now[:min(len(now), 255)], old[:min(len(old), 255)]) {
					old = now
				}
				return m.Swap(ctx, key, old, new, ttl)
			}),
			"null is nil": onLoad(func(got []byte) ([]byte, error) {
				if string(got) == "null" {
					return nil, nil
				}
				return got, nil
			}),
		},
		"keeps keys apart": {
			"one for all":        onKeys(func(string) string { return "" }),
			"what is behind :":   onKeys(func(key string) string { before, _, _ := strings.Cut(key, ":"); return before }),
			"the first 63 bytes": onKeys(func(key string) string { return key[:63] + key[64:] }),
			"removes all": onSwap(func(m *memory, key string, old, new []byte, ttl time.Duration) (bool, error) {
				swapped, err := m.Swap(ctx, key, old, new, ttl)
				if swapped && new == nil {
					clear(m.values)
				}
				return swapped, err
			}),
		},
		"keeps no slice and gives none away": {
			"gives away": {load: func(m *memory, key string) ([]byte, error) { return m.get(key), nil }},
			"keeps": onSwap(func(m *memory, key string, old, new []byte, ttl time.Duration) (bool, error) {
				swapped, err := m.Swap(ctx, key, old, new, ttl)
				if swapped && new != nil {
					m.values[key] = value{new, time.Now().Add(ttl)}
				}
				return swapped, err
			}),
			"changes": onSwap(func(m *memory, key string, old, new []byte, ttl time.Duration) (bool, error) {
				defer clear(old)
				return m.Swap(ctx, key, old, new, ttl)
			}),
		},
		"lets one of many swaps win": {
			"loads and then stores": onSwap(func(m *memory, key string, old, new []byte, ttl time.Duration) (bool, error) {
				now, _ := m.Load(ctx, key)
				if (now == nil) != (old == nil) || !bytes.Equal(now, old) {
					return false, nil
				}
				time.Sleep(time.Millisecond) // the call is in progress
				now, _ = m.Load(ctx, key)
				return m.Swap(ctx, key, now, new, ttl)
			}),
			"fails when busy": onSwap(func() swapFunc {
				var busy sync.Mutex
				return func(m *memory, key string, old, new []byte, ttl time.Duration) (bool, error) {
					if !busy.TryLock() {
						return false, errors.New("busy")
					}
					defer busy.Unlock()
					time.Sleep(time.Millisecond)
					return m.Swap(ctx, key, old, new, ttl)
				}
			}()),
		},
		"keeps values for as long as asked": {
			"for an hour": onSwap(func(m *memory, key string, old, new []byte, ttl time.Duration) (bool, error) {
				return m.Swap(ctx, key, old, new, time.Hour)
			}),
			"for a second": onSwap(func(m *memory, key string, old, new []byte, ttl time.Duration) (bool, error) {
				return m.Swap(ctx, key, old, new, time.Second)
			}),
			"in thousandths": onSwap(func(m *memory, key string, old, new []byte, ttl time.Duration) (bool, error) {
				return m.Swap(ctx, key, old, new, ttl/1000)
			}),
			"from the first swap on": onSwap(func(m *memory, key string, old, new []byte, ttl time.Duration) (bool, error) {
				was, there := m.values[key]
				swapped, err := m.Swap(ctx, key, old, new, ttl)
				if swapped && there && new != nil && time.Now().Before(was.ends) {
					m.values[key] = value{bytes.Clone(new), was.ends}
				}
				return swapped, err
			}),
			"to Load alone": {
				load: func(m *memory, key string) ([]byte, error) {
					got, _ := m.Load(ctx, key)
					if got == nil || time.Now().After(time.Unix(0, int64(binary.BigEndian.Uint64(got)))) {
						return nil, nil
					}
					return got[8:], nil
				},
				swap: func(m *memory, key string, old, new []byte, ttl time.Duration) (bool, error) {
					now, _ := m.Load(ctx, key)
					if (now == nil) != (old == nil) || now != nil && !bytes.Equal(now[8:], old) {
						return false, nil
					}
					if new != nil {
						new = append(binary.BigEndian.AppendUint64(nil, uint64(time.Now().Add(ttl).UnixNano())), new...)
					}
					return m.Swap(ctx, key, now, new, time.Hour)
				},
			},
		},
		"reports no swap after an error": {
			"both": {swap: func(m *memory, key string, old, new []byte, ttl time.Duration) (bool, error) {
				swapped, _ := m.Swap(ctx, key, old, new, ttl)
				return swapped, errors.New("late")
			}},
			"neither": onSwap(func(*memory, string, []byte, []byte, time.Duration) (bool, error) { return false, nil }),
			"a value with an error": onLoad(func() func([]byte) ([]byte, error) {
				loads := 0
				return func(got []byte) ([]byte, error) {
					if loads++; loads > 1 {
						return got, errors.New("late")
					}
					return got, nil
				}
			}()),
		},
	} {
		for what, s := range wrong {
			t.Run(check+"/"+what, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s.memory = newMemory()
					require.NoError(t, storetest.Check(t.Context(), check, store{memory: newMemory()}))
					require.Error(t, storetest.Check(t.Context(), check, s))
				})
			})
		}
	}
}
