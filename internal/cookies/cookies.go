// Package cookies puts a session's cookies on requests, and keeps those that
// answers bring.
package cookies

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// Add puts jar's cookies on req, in the place of any of the same names: a jar of
// the caller's may have kept older ones.
func Add(req *http.Request, jar http.CookieJar) {
	cookies := jar.Cookies(req.URL)
	if _, any := req.Header["Cookie"]; any {
		own := req.Cookies()
		req.Header.Del("Cookie")
		for _, c := range own {
			if !slices.ContainsFunc(cookies, func(s *http.Cookie) bool { return s.Name == c.Name }) {
				req.AddCookie(c)
			}
		}
	}
	for _, c := range cookies {
		req.AddCookie(c)
	}
}

// Keep stores in jar what resp, the answer to req, brings, unless req has an
// Idempotency-Key: to a key that it knows Zuora repeats an old answer, cookies
// and all.
func Keep(jar http.CookieJar, req *http.Request, resp *http.Response) {
	cookies := resp.Cookies()
	if len(cookies) == 0 || Repeated(req) {
		return
	}
	jar.SetCookies(req.URL, slices.DeleteFunc(cookies, ends))
}

// ends reports whether c takes the session's cookie away. An answer that does so
// has not ended the session by that, as far as is known, and each call to it
// would cost a login.
func ends(c *http.Cookie) bool {
	return c.Name == "ZSession" && (c.Value == "" || c.MaxAge < 0 || !c.Expires.IsZero() && c.Expires.Before(time.Now()))
}

// Repeated reports whether the answer to req may be an old one, for an
// Idempotency-Key that Zuora knows.
func Repeated(req *http.Request) bool {
	for name := range req.Header {
		if strings.EqualFold(name, "Idempotency-Key") {
			return true
		}
	}
	return false
}
