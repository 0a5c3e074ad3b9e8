package redisstore_test

import (
	"context"
	"encoding/base64"
	"log"
	"os"

	"github.com/redis/go-redis/v9"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/redisstore"
)

// One session for all processes that have this Redis and this key.
func Example() {
	key, err := base64.StdEncoding.DecodeString(os.Getenv("ZUORA_SESSION_KEY")) // of openssl rand -base64 32
	if err != nil {
		log.Fatal("ZUORA_SESSION_KEY is not base64") // and not err, which may show some of it
	}
	client := redis.NewClient(&redis.Options{Addr: os.Getenv("REDIS_ADDR"), ContextTimeoutEnabled: true})
	defer client.Close()
	store, err := redisstore.New(client, key)
	if err != nil {
		log.Fatal(err)
	}
	session, err := zuora.NewSession(zuora.SessionConfig{
		Server:      zuora.ServerURLProductionUSCloud2,
		Credentials: zuora.Credentials{AccessKeyID: os.Getenv("ZUORA_ACCESS_KEY_ID"), SecretAccessKey: zuora.Secret(os.Getenv("ZUORA_SECRET_ACCESS_KEY"))},
		Store:       store,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	if err := session.Connect(context.Background()); err != nil { // signs in, or takes what another process has stored
		log.Fatal(err)
	}
}

// A cluster, or a master behind sentinels, is the client's business.
func ExampleNew() {
	cluster := redis.NewUniversalClient(&redis.UniversalOptions{
		Addrs:                 []string{"redis-1:6379", "redis-2:6379", "redis-3:6379"},
		IsClusterMode:         true,
		ContextTimeoutEnabled: true,
	})
	sentinels := redis.NewUniversalClient(&redis.UniversalOptions{
		Addrs:                 []string{"sentinel-1:26379", "sentinel-2:26379", "sentinel-3:26379"},
		MasterName:            "main",
		ContextTimeoutEnabled: true,
	})
	for _, client := range []redis.UniversalClient{cluster, sentinels} {
		defer client.Close()
		if _, err := redisstore.New(client, make([]byte, 32)); err != nil { // 32 random bytes, that is
			log.Fatal(err)
		}
	}
}
