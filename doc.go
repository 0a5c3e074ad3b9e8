// Package zuora calls Zuora's REST API on a session that lasts.
//
// Zuora's POST /v1/connections signs a user in and answers with a cookie. This
// package makes a [Session] of it: it signs in when the first call needs it,
// signs in again when Zuora has ended the session, once for all goroutines, and
// makes every failed call an error. Typed calls are in the packages of api/, and
// clients that are generated from other specs run on a Session as well:
//
//	session, err := zuora.NewSession(zuora.SessionConfig{
//		Server:      zuora.ServerURLProductionUSCloud2,
//		Credentials: zuora.Credentials{AccessKeyID: user, SecretAccessKey: zuora.Secret(password)},
//	})
//	if err != nil {
//		return err
//	}
//	defer session.Close()
//	account, err := accounts.New(session).GetAccount(ctx, "A00000001", nil) // err, if Zuora said no, whatever the status
//
// Zuora recommends OAuth 2.0 for new integrations. [Checked] gives an OAuth
// client the same errors, without a Session.
//
// # Sessions
//
// A Session may be used by any number of goroutines. Use one for each user and
// entity, for as long as the program runs: Zuora limits sign-ins.
//
// It logs in before a call when there is no session, when the last call that was
// answered was sent longer than [SessionConfig.IdleTimeout] ago, and when the session
// cookie has ended by its Max-Age. Of callers that need a session at the same time one
// starts the login and all wait for it. A caller whose context ends stops waiting at
// once, and the login goes on for the others, for [SessionConfig.LoginTimeout] at most.
// It has the values of the first caller's context, and neither its end nor its httptrace.
//
// A call is sent a second time in one case only: when its response says that the
// session has expired, and nothing else. That is status 401, or a JSON body of at
// most 4 KiB that has no members except success (false), reasons (90000011 alone),
// processId, requestId and message, or none except the code INVALID_SESSION of a
// fault, with or without a prefix, and its message. Any other failure that names
// INVALID_SESSION is not replayed, because part of the call may have been carried
// out; the next call logs in. The Session then logs in, unless another call has made
// it do so, and sends the call again, once; and again if that session has been replaced
// in the meantime, 4 times at most. A request whose body cannot be had again (GetBody is
// nil) is not sent again: the caller gets the refusal, and the next call logs in. The
// Session retries nothing else, neither failures nor broken connections; what net/http
// does by itself, with a connection that was closed under a request, it still does.
//
// If the replay is refused too, the resource refuses, and the caller gets the response.
// For 10 seconds refusals of its path, whatever the query, are then no reason for
// another login; after that one call is tried, and if it is refused again the wait
// doubles, to 10 minutes at most. A path that is answered well in between waits for 20
// seconds at most. Three such paths that differ only in segments with digits, which are
// keys as a rule, make all paths of that form wait, from 30 seconds to 10 minutes, and
// 8 such forms make all paths wait that have not been answered well since. Other paths
// are renewed at once. At most 4 logins in 30 seconds may wait for the response that
// shows whether they helped.
//
// A login that failed is not tried again too soon. Calls get a [*LoginError] at
// once, with the time of the next try. Credentials that Zuora has refused are
// tried once in 5 minutes, for a few wrong tries can lock a user out; the
// provider is asked at each call meanwhile, and other credentials are tried at
// once. After a 429 nothing is tried for its Retry-After, or a minute. Any other
// failure is followed by a wait of a second, then two, and so on to 30, and up to
// a quarter more of each. What the status of a login says stands as soon as its
// header is there, whatever becomes of its body or of the time.
//
// With a [SessionConfig.Store] a process takes the session that another has
// signed in for, if there is one, and stores what it signs in for itself. If
// such a session is refused at its first use the call may be sent a third and a
// fourth time, until this process has signed in. A store that fails, or takes
// longer than a second, is done without.
//
// # Failures
//
// [Session.Do], and so every typed call on a Session, returns an [*Error] for a
// call that failed, even if Zuora says "200 OK" to it; [CheckResponse] tells
// what a failure is. Decide by [errors.Is] and the Err… variables, and read
// more of it by [errors.As]. A list of which only some items failed is data.
// [Session.HTTPClient] and [Session.Transport] are HTTP and nothing more: there
// no answer to a call is an error, though a sign-in that fails is.
//
// # The generated client
//
// [Client] and [ClientWithResponses] are made of this module's openapi.yaml. They can
// only log in, by POST /v1/connections, and keep nothing of it; a [Session] refuses
// that call, because it logs in by itself. All other typed calls are made on a
// [Caller], by the packages of api/.
//
// # Security
//
// The password goes to POST …/v1/connections of the configured origin and
// nowhere else; the session's cookies go to that origin, and to
// [SessionConfig.Store] if it is set, and nowhere else. A sign-in follows no
// redirect, and no request to another scheme, host or port is sent, whatever
// redirect or caller asks for it. Only https is spoken, but for loopback hosts.
// No error, no log line and no printed value of a Session contains the password or
// a cookie, whatever a server, a transport or a store repeats; what a [Secret]
// cannot promise is said there. A response has no Set-Cookie lines for the
// session's own cookies.
//
// # What is not known
//
// What is said of Zuora here comes from what it publishes and from recorded
// traffic. Where neither says anything, the package does what is safe: it takes
// a session for unused since its last call was sent, and knows of no way to sign
// out.
package zuora
