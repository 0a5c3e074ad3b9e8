package zuora_test

import (
	"compress/gzip"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
)

func TestDefaultTransportIsSizedForOneBusyHost(t *testing.T) {
	eachDefaultTransport(t, func(t *testing.T) {
		transport := zuora.DefaultTransport()
		require.False(t, http.DefaultTransport == http.RoundTripper(transport), "what is set for sessions is set on a clone")
		require.NotSame(t, zuora.DefaultTransport(), transport)
		const calls = 200 // that Zuora takes at once, at most
		require.GreaterOrEqual(t, transport.MaxIdleConns, calls)
		require.GreaterOrEqual(t, transport.MaxIdleConnsPerHost, calls)
		require.Zero(t, transport.MaxConnsPerHost, "responses that stream may be more")
		require.Greater(t, transport.ResponseHeaderTimeout, 120*time.Second, "after which Zuora itself gives up")
		require.Positive(t, transport.IdleConnTimeout)
		require.Less(t, transport.IdleConnTimeout, time.Minute, "after which load balancers close connections")
		require.Positive(t, transport.TLSHandshakeTimeout)
		require.NotNil(t, transport.Proxy)
	})
}

func TestDefaultTransportSpeaksHTTP2AndCompresses(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", r.Header.Get("Accept-Encoding"))
		zip := gzip.NewWriter(w)
		_, _ = io.WriteString(zip, "text")
		_ = zip.Close()
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	eachDefaultTransport(t, func(t *testing.T) {
		transport := zuora.DefaultTransport()
		defer transport.CloseIdleConnections()
		transport.TLSClientConfig = &tls.Config{RootCAs: server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
		resp, err := (&http.Client{Transport: transport}).Get(server.URL)
		require.NoError(t, err)
		defer resp.Body.Close()
		require.Equal(t, 2, resp.ProtoMajor)
		require.True(t, resp.Uncompressed)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Equal(t, "text", string(body))
	})
}

// eachDefaultTransport runs test with the usual http.DefaultTransport, and with one
// that a program has put there.
func eachDefaultTransport(t *testing.T, test func(*testing.T)) {
	t.Run("usual", test)
	std := http.DefaultTransport
	defer func() { http.DefaultTransport = std }()
	http.DefaultTransport = roundTripper(std.RoundTrip)
	t.Run("replaced", test)
}
