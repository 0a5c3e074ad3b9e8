package redisstore

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"
)

const (
	// version stands in front of every sealed value. What a later version stores
	// is as good as none to this one, and the other way around.
	version = 1
	// binding is sealed in, with the version and the key that a value is stored
	// under, so that it opens nowhere else.
	binding = "github.com/zuora-go/zuora/redisstore 1\n"
)

// newSeal returns how values are sealed and opened under key: both are told the
// key of Redis's that the value is stored under. open returns nil for what does
// not open, and never for what does.
func newSeal(key []byte) (seal func(at string, value []byte) string, open func(at, sealed string) []byte, err error) {
	if len(key) != 32 { // AES would take 16 and 24 as well
		return nil, nil, fmt.Errorf("redisstore: the key has %d bytes, not 32 random ones (decoded, where it is base64 or hex)", len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, nil, fmt.Errorf("redisstore: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, nil, fmt.Errorf("redisstore: %w", err)
	}
	seal = func(at string, value []byte) string {
		return string(aead.Seal([]byte{version}, nil, value, []byte(binding+at)))
	}
	open = func(at, sealed string) []byte {
		if sealed == "" || sealed[0] != version {
			return nil
		}
		value, err := aead.Open([]byte{}, nil, []byte(sealed[1:]), []byte(binding+at)) // into what is not nil, for a value may be empty
		if err != nil {
			return nil
		}
		return value
	}
	return seal, open, nil
}
