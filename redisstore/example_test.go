package redisstore_test

import (
	"context"
	"encoding/base64"
	"log"
	"os"
	"time"

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
	client := redis.NewClient(&redis.Options{Addr: os.Getenv("REDIS_ADDR"), MaxRetries: -1, ContextTimeoutEnabled: true})
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
	if err := session.Connect(context.Background()); err != nil { // logs in, or takes what another process has stored
		log.Fatal(err)
	}
}

// A master behind sentinels.
func ExampleNew() {
	client := redis.NewFailoverClient(&redis.FailoverOptions{
		MasterName:            "main",
		SentinelAddrs:         []string{"sentinel-1:26379", "sentinel-2:26379", "sentinel-3:26379"},
		MaxRetries:            -1,
		DialerRetries:         1,
		DialTimeout:           500 * time.Millisecond,
		ReadTimeout:           500 * time.Millisecond,
		ContextTimeoutEnabled: true,
	})
	defer client.Close()
	store, err := redisstore.New(client, make([]byte, 32)) // 32 random bytes instead
	if err != nil {
		log.Fatal(err)
	}
	_ = store // for SessionConfig.Store
}
