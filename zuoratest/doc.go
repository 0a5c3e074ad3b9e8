// Package zuoratest is a stand-in for a Zuora tenant, for the tests of services that use
// [github.com/zuora-go/zuora], and of that module itself.
//
// It logs users in as Zuora does. POST /v1/connections returns a session cookie that is
// Secure and HttpOnly, changes with every 200, and expires when it was idle for the
// session timeout. POST /oauth/token returns a token that is valid for an hour. A call
// with the user's name and password in the headers apiAccessKeyId and apiSecretAccessKey
// needs neither. Any other call gets a 401 that closes the connection.
//
// A test starts a tenant, sets its responses, and gives the service a session:
//
//	func TestInvoicing(t *testing.T) {
//		tenant := zuoratest.NewServer(zuoratest.Config{})
//		defer tenant.Close()
//		tenant.Handle("GET /v1/accounts/{key}", zuoratest.JSON(accounts.Account{…}))
//
//		session, err := zuora.NewSession(zuora.SessionConfig{
//			Server:      tenant.URL,
//			Credentials: tenant.Credentials(),
//			Base:        tenant.Client().Transport,
//		})
//		…
//		tenant.Expire() // ends the session
//		…               // the service still works
//	}
//
// # A whole tenant
//
// With [Config.Stateful] the tenant keeps objects. It begins with a small catalog and no
// accounts:
//
//	tenant := zuoratest.NewServer(zuoratest.Config{Stateful: true})
//
// [Tenant.Calls] lists its calls. They create, read, change and delete accounts,
// contacts, subscriptions, products, orders, invoices, payments and usage, as far as
// Zuora's do, also by /v1/object and /v1/action. Lists have pages. Jobs, such as async
// orders, usage imports, exports, data queries, billing preview runs and bill runs, are
// pending when they are read for the first time, and done after that. Objects keep custom
// fields and unknown members, and amounts keep every digit. A POST with an
// Idempotency-Key that was sent before gets the first response again. A call that fails
// changes nothing. Handlers of [Tenant.Handle] replace these calls, so a test can make
// one path fail.
//
// # Failures
//
// [Failed], [CRUDFailed], [RateLimited], [ServerError] and others return failures. Set
// them for a path by [Tenant.Handle], or for any request, including logins, by
// [Tenant.Intercept].
//
// [Tenant.Requests] returns the requests that the tenant has received, without their
// secrets. [Tenant.Expire] ends all sessions, [Tenant.Revoke] all tokens, and
// [Tenant.End] one session or token.
//
// If time matters, use the tenant in memory, by [Tenant.Transport], in a
// [testing/synctest] bubble.
//
// For programs in other languages, the command zuora-standin runs a stateful tenant, and
// [Server.CertificatePEM] returns the certificate to trust.
//
// # What is made up
//
// The responses are recorded from Zuora, or documented by Zuora, or known from other
// clients. Where Zuora's behaviour is not known, the tenant's is made up:
//
//   - The login accepts the type application/json in any spelling, also if it is sent
//     twice, and ignores empty entity headers. It refuses any other Content-Type, and
//     none, with status 400 and the code 90000090.
//   - An entity that the user may not work in, or more than one entity, is refused with
//     status 400 and the code 90000020.
//   - The user's name and password in the headers of a call are looked at only if it has
//     no valid session or token. They start no session.
//   - /oauth/token refuses a wrong client as RFC 6749 says, with status 401. A token is
//     valid for [Config.TokenLife]. [Config.LoginLimit] counts tokens as well, because
//     Zuora's limit for them is not known.
//   - The texts of most messages are the tenant's own.
//
// In a stateful tenant this is made up as well:
//
//   - It has no pricing, no proration and no taxes. An amount is the one in the request,
//     the unchanged price of the catalog, or a sum of these with nine decimals or more. A
//     subscription's contractedMrr is the sum of its recurring prices. A bill run, and an
//     order with runBilling, bill each charge once for a target date. The files of
//     billing preview runs are empty.
//   - A query is "select FIELDS from OBJECT where FIELD = VALUE and …". Exports and data
//     queries have the same form, and also allow the object's name before a field, and
//     "*".
//   - If a request needs something that the tenant cannot do, the response is a failure
//     that names it: a member that makes Zuora do more, such as paymentMethod of a new
//     account, an order action, a word of a query, a query parameter of a list. Objects
//     keep all other unknown members, which have no effect. A call that it does not have
//     gets status 405.
//   - /v1/object creates and deletes an Account, Contact, Product, ProductRatePlan,
//     ProductRatePlanCharge or Usage. It keeps every member of the request, also the
//     balance of an account. It only reads and changes the other types. /v1/action
//     accepts lists of any length.
//   - If an order is deleted, its subscriptions stay.
//   - An Idempotency-Key that was sent with another request gets status 409.
//   - IDs and numbers count up. The first six digits of codes are 500000.
package zuoratest
