package redisstore_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora/redisstore"
)

// A cluster takes a script only if all its keys are in one slot. One key is.
func TestEachCommandHasOneKey(t *testing.T) {
	client := startServer(t).client(t, nil)
	require.NoError(t, client.Ping(t.Context()).Err()) // and whatever else the client says first
	store := newStore(t, client)
	var commands []string
	client.AddHook(hook(func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
		commands = append(commands, cmd.Name())
		switch args := cmd.Args(); cmd.Name() {
		case "getrange":
			assert.Equal(t, redisstore.Prefix+"key", args[1])
		case "eval", "evalsha":
			assert.Equal(t, 1, args[2])
			assert.Equal(t, redisstore.Prefix+"key", args[3])
		default:
			t.Errorf("unexpected command %s", cmd.Name())
		}
		return next(ctx, cmd)
	}))
	requireSwap(t, store, "key", nil, []byte("a"), true)
	requireSwap(t, store, "key", nil, []byte("a"), false)
	requireSwap(t, store, "key", []byte("a"), nil, true)
	requireStored(t, store, "key", nil)
	require.Equal(t, []string{"getrange", "evalsha", "eval", "getrange", "getrange", "evalsha", "getrange"}, commands)
}

// requireWorks does all that a session does with a store.
func requireWorks(t *testing.T, client redis.UniversalClient) {
	t.Helper()
	store := newStore(t, client)
	for _, key := range []string{"one", "two", "three", "one:lock", "{one}", "}{", ""} { // in slots of all sorts
		requireStored(t, store, key, nil)
		requireSwap(t, store, key, nil, []byte("a"), true)
		requireSwap(t, store, key, nil, []byte("b"), false)
		requireSwap(t, store, key, []byte("a"), []byte("b"), true)
		requireStored(t, store, key, []byte("b"))
		requireSwap(t, store, key, []byte("b"), nil, true)
		requireStored(t, store, key, nil)
	}
}

// startCluster starts a cluster of one node, which refuses scripts with keys in
// several slots as one of many does.
func startCluster(t *testing.T) *server {
	t.Helper()
	server := startServer(t, "--cluster-enabled", "yes")
	node := server.client(t, nil)
	require.NoError(t, node.ClusterAddSlotsRange(t.Context(), 0, 16383).Err())
	require.EventuallyWithT(t, func(t *assert.CollectT) {
		assert.Contains(t, node.ClusterInfo(context.Background()).Val(), "cluster_state:ok")
	}, 10*time.Second, 10*time.Millisecond)
	require.ErrorContains(t, node.Eval(t.Context(), "return 1", []string{"one", "two"}).Err(), "CROSSSLOT")
	return server
}

func TestWorksOnACluster(t *testing.T) {
	t.Parallel()
	server := startCluster(t)
	client := redis.NewUniversalClient(&redis.UniversalOptions{Addrs: []string{server.addr}, IsClusterMode: true})
	t.Cleanup(func() { _ = client.Close() })
	require.IsType(t, (*redis.ClusterClient)(nil), client)
	requireWorks(t, client)
}

// A user that may do what the package documentation lists, and nothing else.
func TestNeedsNoMoreRightsThanDocumented(t *testing.T) {
	t.Parallel()
	const rights = "~zuora:session:* +get +getrange +strlen +type +set +del +eval +evalsha +hello +client +ping"
	for name, c := range map[string]struct {
		start   func(*testing.T) *server
		rights  string
		cluster bool
	}{
		"a single node": {func(t *testing.T) *server { return startServer(t) }, rights, false},
		"a cluster":     {startCluster, rights + " +cluster|slots +command", true},
	} {
		t.Run(name, func(t *testing.T) {
			server := c.start(t)
			rules := append([]string{"on", ">pass"}, strings.Fields(c.rights)...)
			require.NoError(t, server.client(t, nil).ACLSetUser(t.Context(), "fleet", rules...).Err())
			client := redis.NewUniversalClient(&redis.UniversalOptions{
				Addrs: []string{server.addr}, IsClusterMode: c.cluster, Username: "fleet", Password: "pass",
			})
			t.Cleanup(func() { _ = client.Close() })
			requireWorks(t, client)
			require.ErrorContains(t, client.Get(t.Context(), "another").Err(), "NOPERM")
		})
	}
}

// A server whose address a sentinel knows.
func TestWorksBehindASentinel(t *testing.T) {
	server := startServer(t)
	host, port, err := net.SplitHostPort(server.addr)
	require.NoError(t, err)
	config := filepath.Join(t.TempDir(), "sentinel.conf") // which it writes to, and so wants in a file
	require.NoError(t, os.WriteFile(config, []byte(strings.Join([]string{"sentinel monitor fleet", host, port, "1\n"}, " ")), 0o600))
	sentinel := startSentinel(t, config)

	client := redis.NewUniversalClient(&redis.UniversalOptions{Addrs: []string{sentinel.addr}, MasterName: "fleet"})
	t.Cleanup(func() { _ = client.Close() })
	requireWorks(t, client)
}
