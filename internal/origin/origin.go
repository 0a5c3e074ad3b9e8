// Package origin normalizes base URLs and compares the origins of requests.
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

// Origin is a scheme, a host and a port, in lower case. The port is never empty.
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

// lower returns s in lower case. It returns anything but plain ASCII unchanged, because
// in lower case that may name another host than it does to the resolver.
func lower(s string) string {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf || s[i] == '%' {
			return s
		}
	}
	return strings.ToLower(s)
}

// The paths of the two logins.
const (
	Connections = "/v1/connections"
	Token       = "/oauth/token"
)

var logins = []string{Connections, Token}

// IsLogin reports whether a server may read u's path as that of a login.
func IsLogin(u *url.URL) bool {
	segments := strings.Split(u.Path, "/")
	for i, s := range segments {
		segments[i], _, _ = strings.Cut(s, ";")
	}
	clean := path.Clean("/" + strings.Join(segments, "/"))
	return slices.ContainsFunc(logins, func(login string) bool { return strings.HasSuffix(clean, login) })
}

// ParseServer checks a base URL and normalizes it: it has no "/" and no "/v1" at its
// end. Its errors do not repeat the URL, which may contain a secret. For a URL with the
// wrong path or host they name the right server.
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
	for _, login := range logins {
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

// sites are the names of Zuora's web hosts without zuora.com. With rest. before it, such
// a name is that of the REST API of the same data centre.
var sites = []string{"", "na.", "eu.", "ap.", "apisandbox.", "sandbox.na.", "sandbox.eu.", "test.", "test.eu.", "test.ap."}

// restOf returns the server of the REST API if u is Zuora's web application, and ""
// otherwise. Hosts that are not in sites, such as services123.zuora.com, may have a
// REST API at /apps.
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
