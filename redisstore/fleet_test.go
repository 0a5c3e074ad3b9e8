package redisstore_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/redisstore"
	"github.com/zuora-go/zuora/zuoratest"
)

// The fleet's processes are real ones: this binary, started again as one that
// makes calls on command.

const childVariable = "REDISSTORE_TEST_PROCESS"

func init() {
	if os.Getenv(childVariable) != "" {
		redis.SetLogger(quiet{})
		if err := child(); err != nil {
			fmt.Println("process:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
}

// child makes ten calls for each line that it reads, and prints a line
// that says what failed.
func child() error {
	env := func(name string) string { return os.Getenv(childVariable + "_" + name) }
	der, err := hex.DecodeString(env("CERT"))
	if err != nil {
		return err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	key, err := hex.DecodeString(env("KEY"))
	if err != nil {
		return err
	}
	store, err := redisstore.New(redis.NewClient(&redis.Options{Addr: env("REDIS")}), key)
	if err != nil {
		return err
	}
	session, err := zuora.NewSession(zuora.SessionConfig{
		Server: env("SERVER"), Entity: zuora.Entity{ID: env("ENTITY")}, Store: store,
		Credentials: zuora.Credentials{
			AccessKeyID: env("USER"), SecretAccessKey: zuora.Secret(env("PASSWORD")),
			ClientID: env("CLIENT"), ClientSecret: zuora.Secret(env("SECRET")),
		},
		Base: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}},
	})
	if err != nil {
		return err
	}
	defer session.Close()
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var failed []string
		for n := range 10 {
			req, err := http.NewRequest(http.MethodPost, session.Server()+"/v1/echo", strings.NewReader("text"))
			if err != nil {
				return err
			}
			resp, err := session.Do(req)
			if err != nil {
				failed = append(failed, fmt.Sprintf("call %d: %v", n, err))
				continue
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
		fmt.Printf("%q\n", failed)
	}
	return nil
}

// process is a child, seen from outside.
type process struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// fleet is what its processes have in common.
type fleet struct {
	tenant *zuoratest.Server
	as     zuora.Credentials
	redis  *server
	key    []byte
	cert   string
}

func newFleet(t *testing.T) *fleet {
	t.Helper()
	f := &fleet{redis: startServer(t), tenant: zuoratest.NewServer(zuoratest.Config{}), key: newKey()}
	f.as = f.tenant.Credentials()
	t.Cleanup(f.tenant.Close)
	f.tenant.HandleFunc("POST /v1/echo", func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) })
	conn, err := tls.Dial("tcp", strings.TrimPrefix(f.tenant.URL, "https://"), &tls.Config{InsecureSkipVerify: true}) // to learn its certificate
	require.NoError(t, err)
	f.cert = hex.EncodeToString(conn.ConnectionState().PeerCertificates[0].Raw)
	require.NoError(t, conn.Close())
	return f
}

// start starts processes, for this entity.
func (f *fleet) start(t *testing.T, n int, entity string) []*process {
	t.Helper()
	all := make([]*process, n)
	for i := range all {
		cmd := exec.Command(os.Args[0])
		cmd.Env = os.Environ()
		for name, value := range map[string]string{
			"": "1", "_CERT": f.cert, "_KEY": hex.EncodeToString(f.key), "_REDIS": f.redis.addr, "_SERVER": f.tenant.URL, "_ENTITY": entity,
			"_USER": f.as.AccessKeyID, "_PASSWORD": string(f.as.SecretAccessKey), "_CLIENT": f.as.ClientID, "_SECRET": string(f.as.ClientSecret),
		} {
			cmd.Env = append(cmd.Env, childVariable+name+"="+value)
		}
		in, err := cmd.StdinPipe()
		require.NoError(t, err)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		p := &process{cmd, in, bufio.NewReader(out)}
		t.Cleanup(func() {
			_ = p.in.Close()
			_ = p.cmd.Process.Kill()
			_ = p.cmd.Wait()
		})
		all[i] = p
	}
	return all
}

// calls lets every process make ten calls, at the same time, and requires that
// none fails.
func calls(t *testing.T, processes []*process) {
	t.Helper()
	responses := make([]string, len(processes))
	var wg sync.WaitGroup
	for i, p := range processes {
		wg.Go(func() {
			if _, err := io.WriteString(p.in, "go\n"); err != nil {
				responses[i] = err.Error()
				return
			}
			line, err := p.out.ReadString('\n')
			if err != nil {
				line += err.Error()
			}
			responses[i] = line
		})
	}
	wg.Wait()
	for i, response := range responses {
		require.Equal(t, "[]\n", response, "process %d", i)
	}
}

// requireOneLogin requires that it takes no longer than most until the processes
// that make calls share a login again: they leave a store that has failed alone for
// a while.
func (f *fleet) requireOneLogin(t *testing.T, calls func(), most time.Duration) {
	t.Helper()
	for begun := time.Now(); ; {
		f.tenant.Expire()
		before := f.tenant.Logins()
		calls()
		switch logins := f.tenant.Logins() - before; {
		case logins == 1:
			t.Logf("one login for all after %v", time.Since(begun))
			return
		case time.Since(begun) > most:
			t.Fatalf("%d logins where one would do, %v later", logins, time.Since(begun))
		}
	}
}

func TestFleetOfProcesses(t *testing.T) {
	for _, kind := range []string{"password", "oauth"} {
		t.Run(kind, func(t *testing.T) {
			f := newFleet(t)
			if kind == "oauth" {
				f.as = f.tenant.OAuthClient()
			}
			processes := f.start(t, 24, "")
			for logins := 1; logins <= 3; logins++ {
				calls(t, processes)
				require.Equal(t, logins, f.tenant.Logins())
				f.tenant.Expire()
				f.tenant.Revoke()
			}
		})
	}
}

func TestProcessesOfOtherEntitiesDoNotShare(t *testing.T) {
	f := newFleet(t)
	both := append(f.start(t, 2, "7f1d9c2e-51f8-4a0b-9a35-0b7f6f3f6a11"), f.start(t, 2, "7f1d9c2e-51f8-4a0b-9a35-0b7f6f3f6a12")...)
	calls(t, both)
	require.Equal(t, 2, f.tenant.Logins())
}

func TestProcessKilledWithTheLock(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	arrived, killed := make(chan struct{}), make(chan struct{})
	var first atomic.Bool
	first.Store(true)
	f.tenant.Intercept(func(r *http.Request) http.Handler {
		if !strings.HasSuffix(r.URL.Path, "/v1/connections") || !first.Swap(false) {
			return nil
		}
		return http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			close(arrived)
			<-killed
			panic(http.ErrAbortHandler)
		})
	})
	victim := f.start(t, 1, "")[0]
	_, err := io.WriteString(victim.in, "go\n")
	require.NoError(t, err)
	<-arrived
	require.NoError(t, victim.cmd.Process.Kill())
	_ = victim.cmd.Wait()
	close(killed)

	begun := time.Now()
	calls(t, f.start(t, 1, ""))
	require.GreaterOrEqual(t, time.Since(begun), 4*time.Second, "the lock was there")
	require.Less(t, time.Since(begun), 20*time.Second)
	require.Equal(t, 2, f.tenant.Logins())
	calls(t, f.start(t, 4, ""))
	require.Equal(t, 2, f.tenant.Logins(), "the session of a process that logged in alone is shared")
}

func TestRedisKilledAndRestartedUnderAFleet(t *testing.T) {
	f := newFleet(t)
	processes := f.start(t, 8, "")
	calls(t, processes)
	require.Equal(t, 1, f.tenant.Logins())

	f.redis.kill()
	calls(t, processes) // the session is there
	require.Equal(t, 1, f.tenant.Logins())
	f.tenant.Expire()
	calls(t, processes)
	require.Equal(t, 1+8, f.tenant.Logins(), "each for itself")

	f.redis.start(t)
	f.requireOneLogin(t, func() { calls(t, processes) }, 10*time.Second)
	require.Eventually(t, func() bool {
		keys, err := f.redis.client(t, nil).Keys(context.Background(), redisstore.Prefix+"*").Result()
		return err == nil && len(keys) == 1 // the session; the lock is given up
	}, 5*time.Second, 10*time.Millisecond)
}
