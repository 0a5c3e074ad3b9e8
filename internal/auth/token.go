package auth

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Token is a bearer token, as it is stored.
type Token struct {
	Value string        `json:"access_token"`  // the value after this name is always redacted
	Begun time.Time     `json:"begun"`         // when its request was sent, which begins its life
	Life  time.Duration `json:"life,omitzero"` // if 0, it is not known, and the token is used until it is refused
}

// Check returns an error if t cannot be sent in a header. The error contains no part of
// t.
func (t Token) Check() error {
	const most = 16 << 10 // bytes; servers take no longer header
	switch {
	case t.Value == "":
		return errors.New("it contains no access_token")
	case len(t.Value) > most:
		return fmt.Errorf("its access_token has %d bytes, more than %d", len(t.Value), most)
	case strings.ContainsFunc(t.Value, func(r rune) bool { return r <= ' ' || r > '~' }):
		return errors.New("its access_token contains a character that a header cannot carry")
	}
	return nil
}

// Expired reports whether t has expired at this age.
func (t Token) Expired(age time.Duration) bool { return t.Life > 0 && age >= t.Life }

// Due reports whether t has to be renewed at this age: 60 s before it expires, or a tenth
// of its life if that is less.
func (t Token) Due(age time.Duration) bool {
	return t.Life > 0 && age >= t.Life-min(time.Minute, t.Life/10)
}

// TokenLife returns the life of a token that expires after that many seconds, at most a year.
// It returns 0 if seconds is less than one or not a number.
func TokenLife(seconds float64) time.Duration {
	const most = 365 * 24 * 60 * 60
	if !(seconds >= 1) {
		return 0
	}
	return time.Duration(min(seconds, most) * float64(time.Second))
}
