//go:build unix

package redisstore_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/redisstore"
	"github.com/zuora-go/zuora/zuoratest"
)

// cluster is one of three masters with a replica each.
type cluster struct {
	nodes map[string]*server // by address
	addrs []string
}

// startFailoverCluster starts a cluster that replaces a master that is gone, within
// seconds.
func startFailoverCluster(t *testing.T) *cluster {
	t.Helper()
	const masters = 3
	c := &cluster{nodes: make(map[string]*server)}
	var clients []*redis.Client
	for range 2 * masters {
		node := startServer(t, "--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--cluster-replica-validity-factor", "0",
			"--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1")
		c.nodes[node.addr] = node
		c.addrs = append(c.addrs, node.addr)
		clients = append(clients, node.client(t, nil))
	}
	ids := make([]string, len(clients))
	for i, client := range clients {
		var err error
		ids[i], err = client.ClusterMyID(t.Context()).Result()
		require.NoError(t, err)
		host, port, err := net.SplitHostPort(c.addrs[0])
		require.NoError(t, err)
		require.NoError(t, client.ClusterMeet(t.Context(), host, port).Err())
		if i < masters {
			const slots = 16384
			require.NoError(t, client.ClusterAddSlotsRange(t.Context(), i*slots/masters, (i+1)*slots/masters-1).Err())
		}
	}
	eventually := func(holds func(t *assert.CollectT)) {
		t.Helper()
		require.EventuallyWithT(t, holds, 20*time.Second, 20*time.Millisecond)
	}
	for i := masters; i < len(clients); i++ {
		eventually(func(t *assert.CollectT) { // once it knows its master
			assert.NoError(t, clients[i].ClusterReplicate(context.Background(), ids[i-masters]).Err())
		})
	}
	for i, client := range clients {
		eventually(func(t *assert.CollectT) {
			assert.Contains(t, client.ClusterInfo(context.Background()).Val(), "cluster_state:ok")
			nodes := client.ClusterNodes(context.Background()).Val()
			assert.Equal(t, masters, strings.Count(nodes, " connected 0-5460")+strings.Count(nodes, " connected 5461-10921")+strings.Count(nodes, " connected 10922-16383"))
			assert.Equal(t, masters, strings.Count(nodes, "slave "))
			if i >= masters {
				assert.Contains(t, client.Info(context.Background(), "replication").Val(), "master_link_status:up")
			}
		})
	}
	return c
}

// masterOf returns the node that has a key of the store's.
func (c *cluster) masterOf(t *testing.T, client *redis.ClusterClient, key string) *server {
	t.Helper()
	master, err := client.MasterForKey(t.Context(), redisstore.Prefix+key)
	require.NoError(t, err)
	node := c.nodes[master.Options().Addr]
	require.NotNil(t, node)
	return node
}

// The master that has the session is gone, or hangs, and its replica takes its
// place.
func TestClusterFailover(t *testing.T) {
	t.Parallel()
	cluster := startFailoverCluster(t)
	defaults := func(addrs ...string) *redis.ClusterOptions { return &redis.ClusterOptions{Addrs: addrs} }
	gone := map[*server]bool{} // or a replica of one that is
	for i, c := range []struct {
		name    string
		options func(addrs ...string) *redis.ClusterOptions
		end     func(*server)
	}{
		{"gone, with the documented options", clusterOptions, (*server).kill},
		{"gone, with the defaults", defaults, (*server).kill},
		{"hangs, with the documented options", clusterOptions, (*server).pause},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := redis.NewClusterClient(c.options(cluster.addrs...))
			t.Cleanup(func() { _ = client.Close() })
			store := newStore(t, client)
			key, master := "", (*server)(nil)
			for n := 0; master == nil || gone[master] || !slices.Contains(cluster.addrs[:3], master.addr); n++ {
				require.Less(t, n, 1000)
				key = fmt.Sprint(i, "/", n)
				master = cluster.masterOf(t, client, key)
			}
			requireSwap(t, store, key, nil, []byte("a"), true)
			requireStored(t, store, key, []byte("a"))

			c.end(master)
			gone[master] = true
			begun := time.Now()
			for works := false; !works; {
				require.Less(t, time.Since(begun), 20*time.Second, "the store does not work again")
				ctx, cancel := context.WithTimeout(t.Context(), time.Second) // as a session has it
				value, err := store.Load(ctx, key)
				if err == nil {
					works, _ = store.Swap(ctx, key, value, []byte("b"), time.Hour)
				}
				cancel()
			}
			t.Logf("works again after %v", time.Since(begun))
			requireStored(t, store, key, []byte("b"))
		})
	}
}

func TestFleetOnAClusterSharesAgainAfterAFailover(t *testing.T) {
	t.Parallel()
	cluster := startFailoverCluster(t)
	tenant := zuoratest.NewServer(zuoratest.Config{})
	t.Cleanup(tenant.Close)
	tenant.HandleFunc("POST /v1/echo", func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) })
	key := newKey()
	var sessions []*zuora.Session
	var client *redis.ClusterClient
	for range 6 { // each with a client of its own, as a process has it
		client = redis.NewClusterClient(clusterOptions(cluster.addrs...))
		t.Cleanup(func() { _ = client.Close() })
		store, err := redisstore.New(client, key)
		require.NoError(t, err)
		session, err := zuora.NewSession(zuora.SessionConfig{
			Server: tenant.URL, Credentials: tenant.Credentials(), Base: tenant.Client().Transport, Store: store,
		})
		require.NoError(t, err)
		t.Cleanup(func() { _ = session.Close() })
		sessions = append(sessions, session)
	}
	calls := func() {
		var all sync.WaitGroup
		for _, session := range sessions {
			all.Go(func() {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, session.Server()+"/v1/echo", strings.NewReader("text"))
				assert.NoError(t, err)
				resp, err := session.Do(req)
				if assert.NoError(t, err) {
					_ = resp.Body.Close()
				}
			})
		}
		all.Wait()
	}
	calls()
	require.Equal(t, 1, tenant.Logins())
	keys := map[string]bool{}
	require.NoError(t, client.ForEachMaster(t.Context(), func(ctx context.Context, node *redis.Client) error {
		for _, key := range node.Keys(ctx, redisstore.Prefix+"*").Val() {
			keys[strings.TrimPrefix(key, redisstore.Prefix)] = true
		}
		return nil
	}))
	for key := range keys { // of the session; that of the lock may be elsewhere
		if !strings.HasSuffix(key, ":lock") {
			cluster.masterOf(t, client, key).kill()
		}
	}
	(&fleet{tenant: tenant}).requireOneLogin(t, calls, 20*time.Second)
}
