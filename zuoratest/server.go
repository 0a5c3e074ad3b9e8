package zuoratest

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
)

// Server is a [Tenant] that listens on a loopback address, with TLS.
type Server struct {
	*Tenant
	URL    string // https://127.0.0.1:port
	server *httptest.Server
}

// NewServer starts a server. Call Close when done with it.
func NewServer(cfg Config) *Server {
	t := NewTenant(cfg)
	s := httptest.NewUnstartedServer(t)
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // tests break connections on purpose
	s.StartTLS()
	return &Server{t, s.URL, s}
}

// Client returns a client that trusts the server's certificate. Its Transport
// is what [zuora.SessionConfig.Base] wants.
func (s *Server) Client() *http.Client { return s.server.Client() }

// Close ends the server when all its requests are answered.
func (s *Server) Close() {
	s.server.Close()
	s.Tenant.Close()
}

// Transport returns a transport that reaches the tenant in memory, without
// sockets, as whatever https host a request names. It is real HTTP over
// [net.Pipe], and so does inside a [testing/synctest] bubble; the tenant must
// then be made, and closed, in that bubble.
func (t *Tenant) Transport() http.RoundTripper {
	t.memory.once.Do(func() {
		t.memory.conns, t.memory.done = make(chan net.Conn), make(chan struct{})
		t.memory.server = &http.Server{Handler: t, ErrorLog: log.New(io.Discard, "", 0)}
		t.memory.transport = &http.Transport{DialTLSContext: t.memory.dial, DialContext: noClearText, MaxIdleConnsPerHost: 200}
		go func() { _ = t.memory.server.Serve(&t.memory) }()
	})
	return t.memory.transport
}

// Close ends what [Tenant.Transport] has begun, and is not to be called beside
// its first call. Requests on their way fail.
func (t *Tenant) Close() {
	if t.memory.server != nil {
		_ = t.memory.server.Close()
		_ = t.memory.Close()
		t.memory.transport.CloseIdleConnections()
	}
}

// memory is a net.Listener for connections of this process.
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
