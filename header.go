package zuora

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/zuora-go/zuora/internal/origin"
)

// WithHeader returns an editor that sets a header of one call. It replaces the same name
// in [SessionConfig.Header]. The call fails, and nothing is sent, if the value is empty
// or is not valid in a header, or if SessionConfig.Header does not accept the name. The
// error names the header, and does not contain the value.
func WithHeader(name, value string) RequestEditorFn {
	return func(_ context.Context, req *http.Request) error {
		if err := checkHeader("WithHeader", name, value); err != nil {
			return err
		}
		setHeader(req, name, value)
		return nil
	}
}

// WithIdempotencyKey returns an editor that sends key with one call. Zuora then carries
// the call out only once, even if it is sent several times: for 24 hours it repeats its
// first response, including a failure. Use a new key for each thing to be done. The call
// fails, and nothing is sent, if key is empty, has more than 255 characters or is not
// valid in a header, or if the method is not POST or PATCH, because Zuora accepts keys
// only with these.
func WithIdempotencyKey(key string) RequestEditorFn {
	return func(_ context.Context, req *http.Request) error {
		const limit = 255
		switch {
		case len(key) > limit:
			return fmt.Errorf("zuora: WithIdempotencyKey: key has %d characters, more than %d", len(key), limit)
		case req.Method != http.MethodPost && req.Method != http.MethodPatch:
			return fmt.Errorf("zuora: WithIdempotencyKey: Zuora takes no key with %.20q, only with POST and PATCH", req.Method)
		case req.URL != nil && origin.IsLogin(req.URL):
			return fmt.Errorf("zuora: WithIdempotencyKey: a login with a key would get the session of an earlier one")
		}
		if err := headerValue("WithIdempotencyKey: key", key); err != nil {
			return err
		}
		setHeader(req, "Idempotency-Key", key)
		return nil
	}
}

func setHeader(req *http.Request, name, value string) {
	if req.Header == nil {
		req.Header = http.Header{}
	}
	req.Header.Set(name, value)
}

// checkHeader returns an error if the caller must not set the header, or if it cannot be
// sent. The error contains no value.
func checkHeader(where, name string, values ...string) error {
	token := func(r rune) bool {
		return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	}
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return !token(r) }) {
		return fmt.Errorf("zuora: %s: %.40q is not the name of a header", where, name)
	}
	switch lower := strings.ToLower(name); lower {
	case "authorization", "cookie", "apiaccesskeyid", "apisecretaccesskey":
		return fmt.Errorf("zuora: %s: %s belongs to the login and cannot be set", where, name)
	case "host", "connection", "proxy-connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade":
		return fmt.Errorf("zuora: %s: %s belongs to the connection and cannot be set", where, name)
	case "idempotency-key":
		return fmt.Errorf("zuora: %s: %s cannot be set; use WithIdempotencyKey, with a new key for each call", where, name)
	default:
		if strings.HasPrefix(lower, "content-") {
			return fmt.Errorf("zuora: %s: %s belongs to the call's body and cannot be set", where, name)
		}
	}
	for _, value := range values {
		if err := headerValue(where+": "+name, value); err != nil {
			return err
		}
	}
	return nil
}

// checkSessionHeader returns an error if h cannot be sent with every call of a session in
// entity e.
func checkSessionHeader(h http.Header, e Entity) error {
	for name, values := range h {
		if err := checkHeader("SessionConfig.Header", name, values...); err != nil {
			return err
		}
		switch strings.ToLower(name) {
		case "zuora-entity-ids", "entityid", "entityname":
			if e != (Entity{}) {
				return fmt.Errorf("zuora: SessionConfig.Header: %s cannot be set together with SessionConfig.Entity", name)
			}
		}
	}
	return nil
}

// hasHeader reports whether h has name, in any case and with any value, including nil.
func hasHeader(h http.Header, name string) bool {
	for n := range h {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}
