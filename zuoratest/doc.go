// Package zuoratest is a stand-in for a Zuora tenant, for the tests of services
// that use [github.com/zuora-go/zuora], and of that module itself.
//
// It signs users in as Zuora does: POST /v1/connections answers with a session
// cookie that is Secure and HttpOnly, changes with every 200, and ends when it
// goes unused for the session timeout; a call without a session gets a 401 that
// closes the connection. Its answers are those that Zuora was recorded to give,
// or says it gives, or that other clients have met; the module's openapi.yaml has
// more on this. Where Zuora's behaviour is not known the tenant's is made up, and
// says so; so are the texts of most messages.
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
// Where time matters, take the tenant in memory, by [Tenant.Transport], into a
// [testing/synctest] bubble.
package zuoratest
