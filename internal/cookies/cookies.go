// Package cookies puts a session's cookies on requests, and keeps those that
// answers bring.
package cookies

import (
	"net/http"
	"slices"
	"strings"
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
	if len(cookies) == 0 {
		return
	}
	for name := range req.Header {
		if strings.EqualFold(name, "Idempotency-Key") {
			return
		}
	}
	jar.SetCookies(req.URL, cookies)
}
