package redisstore_test

import (
	"log"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/zuora-go/zuora/redisstore"
)

// clusterOptions are for a client that notices within seconds that a master is
// gone. By default go-redis asks for the cluster's nodes once a minute, dials a node
// that is gone five times, and waits five seconds for one that hangs, and these are
// what a session has for the store altogether.
func clusterOptions(addrs ...string) *redis.ClusterOptions {
	return &redis.ClusterOptions{
		Addrs:                      addrs,
		ClusterStateReloadInterval: time.Second,
		MaxRetries:                 -1, // a session does without the store instead
		DialerRetries:              1,
		DialTimeout:                500 * time.Millisecond,
		ReadTimeout:                500 * time.Millisecond,
		WriteTimeout:               500 * time.Millisecond,
		ContextTimeoutEnabled:      true,
	}
}

// A cluster. The options keep a failover short.
func ExampleNew_cluster() {
	client := redis.NewClusterClient(clusterOptions("redis-1:6379", "redis-2:6379", "redis-3:6379"))
	defer client.Close()
	store, err := redisstore.New(client, make([]byte, 32)) // 32 random bytes instead
	if err != nil {
		log.Fatal(err)
	}
	_ = store // for SessionConfig.Store
}
