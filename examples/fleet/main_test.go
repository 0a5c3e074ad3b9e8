package main

import (
	"bytes"
	"encoding/base64"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestFleetLogsInOnceForAll(t *testing.T) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("redis-server is not on PATH")
		}
		t.Skip("redis-server is not on PATH: the example is not run")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := listener.Addr().String()
	require.NoError(t, listener.Close())
	_, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	server := exec.Command(path, "--port", port, "--bind", "127.0.0.1", "--dir", t.TempDir(), "--save", "", "--appendonly", "no")
	require.NoError(t, server.Start())
	defer func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	}()
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}, 10*time.Second, 10*time.Millisecond)

	var out bytes.Buffer
	key := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("k"), 32))
	require.NoError(t, run(t.Context(), []string{"-redis", addr}, func(string) string { return key }, &out))
	require.Equal(t, "5 sessions have made a call. Logins so far: 1.\n5 sessions have made a call. Logins so far: 2.\n", out.String())
}

func TestKeyIsNamedWhenItIsMissing(t *testing.T) {
	for _, key := range []string{"", "password", "%"} {
		err := run(t.Context(), nil, func(string) string { return key }, new(bytes.Buffer))
		require.ErrorContains(t, err, "ZUORA_SESSION_KEY")
		require.NotContains(t, err.Error(), "password")
	}
}
