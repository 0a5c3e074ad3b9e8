// Package auth has what a login returns, cookies or a token, puts it on requests, and
// measures for how long it is good.
package auth

import (
	"cmp"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// SessionCookie is the name of Zuora's session cookie.
const SessionCookie = "ZSession"

// Jar contains the cookies of one login, those with longer paths first. It is empty for
// the login of an OAuth client. Responses change their values and add none, so a jar
// does not grow. It may be used by several goroutines at once.
type Jar struct {
	mu  sync.Mutex // for changes
	now atomic.Pointer[[]Cookie]
}

// Cookie is a cookie as it is stored.
type Cookie struct {
	Name    string    `json:"name"`
	Value   string    `json:"value"`
	Quoted  bool      `json:"quoted,omitempty"`
	Path    string    `json:"path"`
	Expires time.Time `json:"expires,omitzero"` // if zero, never

	plain bool // net/http has parsed it, and would write it as it is
}

// parsed returns c, which net/http has parsed, as a cookie for path.
func parsed(c *http.Cookie, path string) Cookie {
	return Cookie{c.Name, c.Value, c.Quoted, path, expires(c), !c.Quoted && !strings.ContainsAny(c.Value, " ,")}
}

// NewJar returns a jar with the cookies that the response to a login at u sets for u's
// host.
func NewJar(u *url.URL, set []*http.Cookie) *Jar {
	var all []Cookie
	for _, c := range set {
		if !inDomain(u.Hostname(), c.Domain) {
			continue
		}
		k := parsed(c, c.Path)
		if !strings.HasPrefix(k.Path, "/") {
			k.Path = "/" + strings.Trim(u.Path[:strings.LastIndex(u.Path, "/")+1], "/")
		}
		all = slices.DeleteFunc(all, func(o Cookie) bool { return o.Name == k.Name && o.Path == k.Path })
		if !k.expired() {
			all = append(all, k)
		}
	}
	return JarOf(all)
}

// JarOf returns a jar with stored cookies.
func JarOf(stored []Cookie) *Jar {
	all := slices.Clone(stored)
	slices.SortStableFunc(all, func(a, b Cookie) int { return len(b.Path) - len(a.Path) })
	j := new(Jar)
	j.now.Store(&all)
	return j
}

// All returns the cookies, to store them.
func (j *Jar) All() []Cookie { return slices.Clone(*j.now.Load()) }

// Live reports whether a request to path would have a session cookie.
func (j *Jar) Live(path string) bool {
	return slices.ContainsFunc(*j.now.Load(), func(c Cookie) bool { return c.Name == SessionCookie && c.Value != "" && c.goesTo(path) })
}

// Add puts the cookies on req. They replace cookies of the same names, because a jar of
// the caller's may have kept older ones. A session cookie of the caller's is removed in
// any case.
func (j *Jar) Add(req *http.Request) {
	all := *j.now.Load()
	if _, any := req.Header["Cookie"]; any {
		own := req.Cookies()
		req.Header.Del("Cookie")
		for _, c := range own {
			if c.Name != SessionCookie && !slices.ContainsFunc(all, func(k Cookie) bool { return k.Name == c.Name }) {
				req.AddCookie(c)
			}
		}
	}
	for _, c := range all {
		switch {
		case !c.goesTo(req.URL.Path):
		case c.plain && req.Header["Cookie"] == nil: // as nearly always
			req.Header["Cookie"] = []string{c.Name + "=" + c.Value}
		default:
			req.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value, Quoted: c.Quoted})
		}
	}
}

// Keep sets the jar's cookies to the values in resp, the response to req. If req has an
// Idempotency-Key, Keep does nothing, because Zuora repeats an old response for a key
// that it knows, cookies included. It ignores the deletion of the session cookie:
// nothing is known to expire by that, and each call to such a resource would cost a
// login.
func (j *Jar) Keep(req *http.Request, resp *http.Response) {
	if resp.Header["Set-Cookie"] == nil || Repeated(req) {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	all := j.All()
	for _, c := range resp.Cookies() {
		at := slices.IndexFunc(all, func(k Cookie) bool {
			return k.Name == c.Name && (k.Path == c.Path || !strings.HasPrefix(c.Path, "/"))
		})
		if at < 0 || !inDomain(req.URL.Hostname(), c.Domain) || len(c.Value) > longest {
			continue
		}
		k := parsed(c, all[at].Path)
		if c.Name != SessionCookie || c.Value != "" && !k.expired() {
			all[at] = k
		}
	}
	j.now.Store(&all)
}

// longest is the limit, in bytes, for a value that Keep takes. Longer ones would make
// further requests too long for Zuora's servers.
const longest = 4 << 10

// goesTo reports whether a request to path gets the cookie.
func (c Cookie) goesTo(path string) bool {
	rest, ok := strings.CutPrefix(cmp.Or(path, "/"), c.Path)
	return ok && (rest == "" || rest[0] == '/' || strings.HasSuffix(c.Path, "/")) && !c.expired()
}

func (c Cookie) expired() bool { return !c.Expires.IsZero() && !time.Now().Before(c.Expires) }

// expires returns when c expires, by the wall clock, which goes on while a machine is
// suspended.
func expires(c *http.Cookie) time.Time {
	const most = 400 * 24 * time.Hour // as in browsers
	switch {
	case c.MaxAge < 0:
		return time.Unix(1, 0)
	case c.MaxAge > 0:
		return time.Now().Round(0).Add(time.Duration(min(c.MaxAge, int(most/time.Second))) * time.Second)
	default:
		return c.Expires
	}
}

// inDomain reports whether host may set cookies for domain.
func inDomain(host, domain string) bool {
	domain = strings.TrimPrefix(domain, ".")
	return domain == "" || strings.EqualFold(host, domain) || len(host) > len(domain) && net.ParseIP(host) == nil &&
		strings.EqualFold(host[len(host)-len(domain)-1:], "."+domain)
}

// Repeated reports whether the response to req may be an old one that Zuora repeats for
// an Idempotency-Key.
func Repeated(req *http.Request) bool {
	for name := range req.Header {
		if strings.EqualFold(name, "Idempotency-Key") {
			return true
		}
	}
	return false
}
