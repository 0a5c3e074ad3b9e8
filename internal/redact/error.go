package redact

import (
	"errors"
	"fmt"
	"regexp"
)

// cookieHeader matches a header with cookies and everything after it. If net/http cannot
// read a response, its cookies are not known.
var cookieHeader = regexp.MustCompile(`(?is)\b(set-cookie2?\b|cookie["']?:).*[[:alnum:]].*`)

func (v *Values) errorText(s string) string {
	return cookieHeader.ReplaceAllString(v.Text(s), "${1} "+mark)
}

// Error returns err without the values. If neither err nor an error that it wraps shows
// one of them, under any verb of fmt, Error returns err itself. Otherwise it returns an
// error that has the redacted text of err and wraps nothing; [errors.Is] and Timeout
// report for it what they report for err.
func (v *Values) Error(err error) error {
	if v.clean(err) {
		return err
	}
	var timeout interface{ Timeout() bool }
	return &redactedError{
		text:    v.errorText(fmt.Sprint(err)),
		is:      func(target error) bool { return errors.Is(err, target) },
		timeout: errors.As(err, &timeout) && timeout.Timeout(),
	}
}

// clean reports whether there is nothing to redact in err.
func (v *Values) clean(err error) bool {
	for _, text := range []string{fmt.Sprint(err), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err)} {
		if v.errorText(text) != text {
			return false
		}
	}
	switch err := err.(type) {
	case interface{ Unwrap() error }:
		inner := err.Unwrap()
		return inner == nil || v.clean(inner)
	case interface{ Unwrap() []error }:
		for _, inner := range err.Unwrap() {
			if inner != nil && !v.clean(inner) {
				return false
			}
		}
	}
	return true
}

// redactedError keeps no part of the original error that could be printed.
type redactedError struct {
	text    string
	is      func(error) bool
	timeout bool
}

func (e *redactedError) Error() string        { return e.text }
func (e *redactedError) Is(target error) bool { return e.is(target) }
func (e *redactedError) Timeout() bool        { return e.timeout }
func (e *redactedError) Temporary() bool      { return e.timeout }
