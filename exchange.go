package zuora

import (
	"io"
	"net/http"
	"strings"

	"github.com/zuora-go/zuora/internal/auth"
	"github.com/zuora-go/zuora/internal/redact"
)

// exchange is a request that was sent and the body of its response. It knows the values
// that no text about them may contain.
type exchange struct {
	io.ReadCloser
	session    *Session
	generation *generation
	sent       http.Request
	response   *http.Response
	set        []string // the original Set-Cookie lines
}

// wrap makes x the body of resp, except for a body that can also be written to.
func (x *exchange) wrap(resp *http.Response) {
	if x.response, x.set, x.ReadCloser = resp, resp.Header["Set-Cookie"], resp.Body; x.ReadCloser == nil {
		x.ReadCloser = http.NoBody
	}
	if resp.StatusCode != http.StatusSwitchingProtocols {
		resp.Body = x
	}
}

// exchangeOf returns body if it is an exchange, or the exchange under it. If there is
// neither, it returns nil.
func exchangeOf(body io.ReadCloser) *exchange {
	for {
		switch b := body.(type) {
		case *exchange:
			return b
		case interface{ Under() io.ReadCloser }:
			body = b.Under()
		default:
			return nil
		}
	}
}

// values returns the values that no text about x may contain: the secrets, tokens and
// cookies that were sent, those that the response has set, and the current ones.
func (x *exchange) values() *redact.Values {
	all := append(auth.SecretsSent(x.sent.Header["Cookie"]), auth.SecretsSet(x.set)...)
	for _, line := range x.sent.Header["Authorization"] {
		if _, credentials, found := strings.Cut(line, " "); found {
			line = credentials
		}
		all = append(all, line)
	}
	return x.session.values(x.generation, all...)
}

// values returns the values that no text may contain: all, and the secrets, tokens and
// cookies of g, if it is not nil, and of the current generation.
func (s *Session) values(g *generation, all ...string) *redact.Values {
	for _, g := range []*generation{g, s.state().current.Load()} {
		if g != nil {
			all = append(append(all, string(g.secret)), g.jar.Secrets()...)
			if g.token != nil {
				all = append(all, g.token.Value)
			}
		}
	}
	return redact.New(all...)
}

// Read reads the body. It redacts errors of the transport.
func (x *exchange) Read(p []byte) (int, error) {
	n, err := x.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = x.values().Error(err)
	} else if err != nil && x.response.Trailer != nil {
		x.generation.jar.TakeOut(x.response.Trailer)
	}
	return n, err
}
