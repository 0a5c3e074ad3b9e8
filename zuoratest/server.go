package zuoratest

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
)

// Server is a [Tenant] that listens on a loopback address, with TLS.
type Server struct {
	*Tenant
	URL       string // https://127.0.0.1:port
	server    *httptest.Server
	authority []byte
}

// NewServer starts a server. Call Close when done with it. Like [httptest.NewServer] it
// panics if it cannot listen.
func NewServer(cfg Config) *Server {
	t := NewTenant(cfg)
	certificate, authority, err := newCertificate()
	if err != nil {
		panic("zuoratest: no certificate: " + err.Error())
	}
	s := httptest.NewUnstartedServer(t)
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // tests break connections on purpose
	s.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	s.StartTLS()
	return &Server{t, s.URL, s, authority}
}

// CertificatePEM returns the certificate that a client has to trust, in PEM. It is for
// other programs, and for programs in other languages. Each server has a new one, which is
// valid for 127.0.0.1, ::1 and localhost. Write it to the file that curl's --cacert,
// SSL_CERT_FILE, REQUESTS_CA_BUNDLE or NODE_EXTRA_CA_CERTS names.
func (s *Server) CertificatePEM() []byte { return slices.Clone(s.authority) }

// Client returns a client that trusts the server's certificate. Use its Transport as
// [zuora.SessionConfig.Base].
func (s *Server) Client() *http.Client { return s.server.Client() }

// Close ends the server after all its requests have got their responses.
func (s *Server) Close() {
	s.server.Close()
	s.Tenant.Close()
}

// Transport returns a transport that reaches the tenant in memory, without sockets,
// whichever https host a request names. It uses real HTTP over [net.Pipe], so it works in a
// [testing/synctest] bubble. The tenant must then be made and closed in that bubble.
func (t *Tenant) Transport() http.RoundTripper {
	t.memory.once.Do(func() {
		t.memory.conns, t.memory.done = make(chan net.Conn), make(chan struct{})
		t.memory.server = &http.Server{Handler: t, ErrorLog: log.New(io.Discard, "", 0)}
		t.memory.transport = &http.Transport{DialTLSContext: t.memory.dial, DialContext: noClearText, MaxIdleConnsPerHost: 200}
		go func() { _ = t.memory.server.Serve(&t.memory) }()
	})
	return t.memory.transport
}

// Close ends the server of [Tenant.Transport]. It must not be called at the same time as
// the first call of Transport. Requests in progress fail.
func (t *Tenant) Close() {
	if t.memory.server != nil {
		_ = t.memory.server.Close()
		_ = t.memory.Close()
		t.memory.transport.CloseIdleConnections()
	}
}

// memory is a net.Listener for connections within this process.
type memory struct {
	once, closing sync.Once
	conns         chan net.Conn
	done          chan struct{}
	server        *http.Server
	transport     *http.Transport
}

func (m *memory) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case m.conns <- there:
		return here, nil
	case <-m.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func noClearText(context.Context, string, string) (net.Conn, error) {
	return nil, &net.AddrError{Err: "zuoratest: only https reaches a tenant in memory"}
}

func (m *memory) Accept() (net.Conn, error) {
	select {
	case c := <-m.conns:
		return c, nil
	case <-m.done:
		return nil, net.ErrClosed
	}
}

func (m *memory) Close() error {
	m.closing.Do(func() { close(m.done) })
	return nil
}

func (m *memory) Addr() net.Addr { return &net.UnixAddr{Name: "zuoratest", Net: "pipe"} }
