// Package zuora is a client for Zuora's REST API.
//
// A [Session] logs in when the first call needs it, and again when the session has
// expired, once for all goroutines. It returns an error for every failed call, even if
// its status is 200. Typed calls are in the packages of api/. This program prints the
// balance of an account:
//
//	package main
//
//	import (
//		"context"
//		"fmt"
//		"log"
//		"os"
//
//		"github.com/zuora-go/zuora"
//		"github.com/zuora-go/zuora/api/accounts"
//	)
//
//	func main() {
//		session, err := zuora.NewSession(zuora.SessionConfig{
//			Server: zuora.ServerURLProductionUSCloud2,
//			Credentials: zuora.Credentials{
//				ClientID:     os.Getenv("ZUORA_CLIENT_ID"),
//				ClientSecret: zuora.Secret(os.Getenv("ZUORA_CLIENT_SECRET")),
//			},
//		})
//		if err != nil {
//			log.Fatal(err)
//		}
//		defer session.Close()
//		account, err := accounts.New(session).GetAccount(context.Background(), "A00000001", nil)
//		if err != nil {
//			log.Fatal(err)
//		}
//		fmt.Println(account.BasicInfo.Name, account.Metrics.Balance)
//	}
//
// [Credentials] are those of an OAuth client, which Zuora recommends, or the name and
// password of a user. Use one Session for each user or client and each entity, for as
// long as the program runs, because Zuora limits logins.
//
// # Errors
//
// A failed call returns an [*Error]. Decide by [errors.Is] and the Err… variables, and
// use [errors.As] to read its reasons. A list in which only some items failed is data,
// not an error.
//
// # More
//
// These pages are in https://github.com/zuora-go/zuora/tree/main/docs:
//
//   - session.md: the rules of a session: when it logs in, what it replays, how long it
//     waits after a failed login, what it logs
//   - oauth.md: logging in as an OAuth client
//   - cookbook.md: everyday jobs in a few lines
//   - errors.md: what the call returns for each failure, and what to do
//   - data.md: amounts, dates, custom fields and null
//   - other-specs.md: calls that api/ does not have, and other generated clients
//   - many-processes.md: one session for many processes
//   - coming-from.md: the names in the clients for Python, Ruby and PHP
//   - performance.md: measurements
//
// [Client] and [ClientWithResponses] are generated from this module's openapi.yaml. They
// only make the calls that log in, for programs without a Session.
package zuora
