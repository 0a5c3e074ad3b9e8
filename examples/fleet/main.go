// Command fleet shows how processes share a session: five sessions, each of which could
// be in a process of its own, share one login through Redis. The tenant is a stand-in in
// this process. Redis is real.
//
//	ZUORA_SESSION_KEY=$(openssl rand -base64 32) go run ./fleet -redis 127.0.0.1:6379
package main

import (
	"context"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/redis/go-redis/v9"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/accounts"
	"github.com/zuora-go/zuora/redisstore"
	"github.com/zuora-go/zuora/zuoratest"
)

func main() {
	if err := run(context.Background(), os.Args[1:], os.Getenv, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "fleet:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, getenv func(string) string, out io.Writer) error {
	flags := flag.NewFlagSet("fleet", flag.ContinueOnError)
	addr := flags.String("redis", "127.0.0.1:6379", "the `ADDRESS` of a Redis server")
	if err := flags.Parse(args); err != nil {
		return err
	}
	key, err := base64.StdEncoding.DecodeString(getenv("ZUORA_SESSION_KEY"))
	if err != nil || len(key) != 32 {
		return errors.New("ZUORA_SESSION_KEY has to be 32 random bytes in base64: openssl rand -base64 32")
	}
	client := redis.NewClient(&redis.Options{Addr: *addr, ContextTimeoutEnabled: true})
	defer client.Close()
	store, err := redisstore.New(client, key)
	if err != nil {
		return err
	}

	tenant := zuoratest.NewServer(zuoratest.Config{})
	defer tenant.Close()
	tenant.Handle("GET /v1/accounts/{key}", zuoratest.JSON(accounts.Account{Success: true}))

	var fleet []*zuora.Session
	for range 5 {
		session, err := zuora.NewSession(zuora.SessionConfig{
			Server: tenant.URL, Credentials: tenant.Credentials(), Base: tenant.Client().Transport,
			Store: store, // sharing needs only this line
		})
		if err != nil {
			return err
		}
		defer session.Close()
		fleet = append(fleet, session)
	}
	for range 2 {
		for _, session := range fleet {
			if _, err := accounts.New(session).GetAccount(ctx, "A00000001", nil); err != nil {
				return err
			}
		}
		fmt.Fprintf(out, "%d sessions have made a call. Logins so far: %d.\n", len(fleet), tenant.Logins())
		tenant.Expire()
	}
	return nil
}
