// Package zuoratest is a stand-in for a Zuora tenant, for the tests of services
// that use [github.com/zuora-go/zuora], and of that module itself.
//
// It logs users in as Zuora does: POST /v1/connections answers with a session
// cookie that is Secure and HttpOnly, changes with every 200, and ends when it
// goes unused for the session timeout; a call without a session gets a 401 that
// closes the connection. POST /oauth/token gives a token, which is good for an hour, and
// the headers apiAccessKeyId and apiSecretAccessKey are a login on any call.
//
// A test starts a tenant, tells it what to answer, and gives the service a
// session on it:
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
//		tenant.Expire() // the session ends here
//		…               // and the service does not notice
//	}
//
// Failures come from the answers of this package: [Failed], [CRUDFailed],
// [RateLimited], [ServerError] and others, for a path by [Tenant.Handle], for
// any request, sign-ins included, by [Tenant.Intercept].
//
// [Tenant.Requests] returns the requests that came in, without their secrets, to assert
// on. [Tenant.Expire] ends all sessions, and [Tenant.End] one session or token.
//
// Where time matters, take the tenant in memory, by [Tenant.Transport], into a
// [testing/synctest] bubble.
//
// Programs in other languages trust the server by [Server.CertificatePEM]. The command
// zuora-standin is a tenant for them, with accounts, subscriptions and a catalog.
//
// # What is made up
//
// The responses are those that Zuora was recorded to give, or says that it gives, or that
// other clients have met. Where Zuora's behaviour is not known, the tenant's is made up:
//
//   - The login takes any spelling of the type application/json, also twice, and takes
//     empty entity headers for absent ones. It refuses every other Content-Type, and none,
//     with status 400 and the code 90000090.
//   - An entity that the user may not work in, or two of them, is refused with status 400
//     and the code 90000020.
//   - The key headers are looked at only if a call has no valid session or token, and begin
//     no session.
//   - The refusal of /oauth/token is that of RFC 6749, with status 401. A token is good for 3,598 seconds.
//   - The texts of most messages.
package zuoratest
