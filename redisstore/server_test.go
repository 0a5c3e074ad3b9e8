package redisstore_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora/redisstore"
)

// TestMain keeps the client from saying on standard error what the tests see in
// its errors.
func TestMain(m *testing.M) {
	redis.SetLogger(quiet{})
	os.Exit(m.Run())
}

type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}

// server is a redis-server of a test's own.
type server struct {
	addr    string
	process *os.Process
	command []string
	exited  chan struct{}
}

// startServer starts redis-server, with args on top, on a free loopback port. It
// is gone when the test ends.
func startServer(t testing.TB, args ...string) *server {
	t.Helper()
	return start(t, nil, append([]string{"--dir", t.TempDir(), "--save", "", "--appendonly", "no", "--databases", "1"}, args...))
}

// startSentinel starts redis-server as a sentinel.
func startSentinel(t testing.TB, config string) *server {
	t.Helper()
	return start(t, []string{config}, []string{"--sentinel"})
}

func start(t testing.TB, before, after []string) *server {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("redis-server is not on PATH, and CI does without no test: %v", err)
		}
		t.Skipf("redis-server is not on PATH: %v", err)
	}
	port := freePort(t)
	s := &server{
		addr:    net.JoinHostPort("127.0.0.1", port),
		command: slices.Concat([]string{path}, before, []string{"--port", port, "--bind", "127.0.0.1"}, after),
	}
	s.start(t)
	t.Cleanup(s.kill)
	return s
}

// freePort is a port that was free a moment ago, and the one for a cluster's
// own talk, 10000 above it, too.
func freePort(t testing.TB) string {
	t.Helper()
	for range 1000 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		port := l.Addr().(*net.TCPAddr).Port
		bus, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port+10000)))
		_ = l.Close()
		if err != nil { // taken, or past 65535
			continue
		}
		_ = bus.Close()
		return strconv.Itoa(port)
	}
	t.Fatal("no free port")
	return ""
}

func (s *server) start(t testing.TB) {
	t.Helper()
	var output bytes.Buffer
	cmd := exec.Command(s.command[0], s.command[1:]...)
	cmd.Stdout, cmd.Stderr = &output, &output
	require.NoError(t, cmd.Start())
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(exited)
	}()
	s.process, s.exited = cmd.Process, exited

	client := s.client(t, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for client.Ping(ctx).Err() != nil {
		select {
		case <-exited:
			t.Fatalf("redis-server ended: %s", output.String())
		case <-ctx.Done():
			s.kill()
			t.Fatalf("redis-server does not respond: %s", output.String())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// kill ends the server as a crash does, paused or not.
func (s *server) kill() {
	_ = s.process.Signal(syscall.SIGKILL)
	<-s.exited
}

// client returns a client with go-redis's defaults, which set may change.
func (s *server) client(t testing.TB, set func(*redis.Options)) *redis.Client {
	t.Helper()
	options := &redis.Options{Addr: s.addr}
	if set != nil {
		set(options)
	}
	client := redis.NewClient(options)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// newStore is a store on client under a key of its own.
func newStore(t testing.TB, client redis.UniversalClient) *redisstore.Store {
	t.Helper()
	store, err := redisstore.New(client, newKey())
	require.NoError(t, err)
	return store
}

func newKey() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	return key
}

// hook lets a test stand between a client and its server.
type hook func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error

func (hook) DialHook(next redis.DialHook) redis.DialHook { return next }

func (hook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (h hook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error { return h(ctx, cmd, next) }
}
