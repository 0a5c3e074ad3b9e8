// Package origin has the one form of base URLs, and compares where requests go.
package origin

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

// Origin is a scheme, a host and a port, in lower case and complete.
type Origin struct{ scheme, host, port string }

func (o Origin) String() string { return o.scheme + "://" + net.JoinHostPort(o.host, o.port) }

// Of returns u's origin.
func Of(u *url.URL) Origin {
	o := Origin{lower(u.Scheme), lower(u.Hostname()), u.Port()}
	if o.port == "" && o.scheme == "https" {
		o.port = "443"
	} else if o.port == "" && o.scheme == "http" {
		o.port = "80"
	}
	return o
}

// lower leaves alone what is not plain ASCII: lowering may make another host of
// it than it is to the resolver.
func lower(s string) string {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf || s[i] == '%' {
			return s
		}
	}
	return strings.ToLower(s)
}

// IsLogin reports whether u's path is that of POST /v1/connections, in whatever
// way a server may read it.
func IsLogin(u *url.URL) bool {
	segments := strings.Split(u.Path, "/")
	for i, s := range segments {
		segments[i], _, _ = strings.Cut(s, ";")
	}
	return strings.HasSuffix(path.Clean("/"+strings.Join(segments, "/")), "/v1/connections")
}

// ParseServer checks a base URL and puts it into its one form: no "/" and no
// "/v1" at its end. Its errors do not repeat the URL, which may hold a secret, except that
// they spell a server that is wrong by its path or host.
func ParseServer(server string) (*url.URL, error) {
	u, err := url.Parse(server)
	switch {
	case server == "":
		return nil, errors.New("is empty")
	case err != nil:
		return nil, errors.New("is not a URL")
	case u.User != nil:
		return nil, errors.New("has user info; the user belongs in Credentials")
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("has the scheme %.20q, where https is needed", u.Scheme)
	case u.Hostname() == "":
		return nil, errors.New("has no host")
	case strings.ContainsFunc(u.Host, func(r rune) bool { return r >= utf8.RuneSelf }):
		return nil, errors.New("has a host that is not ASCII; write its xn-- form")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return nil, errors.New("is in clear text; https is needed for every host but loopback")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, errors.New("has a query or a fragment")
	}
	u.Host = lower(u.Host)
	u.RawPath = ""
	u.Path = strings.TrimRight(u.Path, "/")
	u.Path = strings.TrimRight(strings.TrimSuffix(u.Path, "/v1"), "/")
	for _, login := range []string{"/v1/connections", "/oauth/token"} {
		if before, found := strings.CutSuffix(u.Path, login); found {
			right := url.URL{Scheme: u.Scheme, Host: u.Host, Path: strings.TrimRight(before, "/")}
			return nil, fmt.Errorf("ends in %s, which is the login; it has to be %s", login, right.String())
		}
	}
	if right := restOf(u); right != "" {
		return nil, fmt.Errorf("is Zuora's web application; its REST API is at %s", right)
	}
	return u, nil
}

// sites are what comes before zuora.com in the names of Zuora's web hosts. With rest.
// before it, it is the REST API of the same data centre.
var sites = []string{"", "na.", "eu.", "ap.", "apisandbox.", "sandbox.na.", "sandbox.eu.", "test.", "test.eu.", "test.ap."}

// restOf returns the server of the REST API if u is Zuora's web application. Other hosts
// of Zuora may have a REST API at /apps, such as services123.zuora.com.
func restOf(u *url.URL) string {
	host := strings.TrimPrefix(u.Hostname(), "www.")
	site, ok := strings.CutSuffix(host, "zuora.com")
	rest, isREST := strings.CutPrefix(site, "rest.")
	switch {
	case !ok || !slices.Contains(sites, rest):
		return ""
	case !isREST:
		return "https://rest." + host
	case u.Path == "/apps" || strings.HasPrefix(u.Path, "/apps/"):
		return "https://" + host
	}
	return ""
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
