package zuoratest

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// Request is a request that a tenant has received. Passwords, client secrets, session
// cookies and tokens in it are REDACTED.
type Request struct {
	Method string
	Path   string // as it was sent, escaped
	Query  string // without the "?"
	Header http.Header

	// Body is the body, or as much of it as a handler has read. It is whole if it was sent
	// with a Content-Length; it never has more than 64 KiB.
	Body string

	// Login is the number of the login that the request was sent on, as in
	// [Tenant.LoginOf]. If the request is a login, it is the number of that login. It is 0
	// for a request without a valid session or token, and for a login that failed.
	Login int

	// Status is the status of the response. It is 0 until the response begins.
	Status int
}

const (
	keptRequests = 1000
	keptBody     = 64 << 10 // bytes
)

// Requests returns the last 1,000 requests that the tenant has received, the oldest first,
// including those that [Tenant.Intercept] handles.
func (t *Tenant) Requests() []Request {
	t.mu.Lock()
	defer t.mu.Unlock()
	requests := make([]Request, len(t.requests))
	for i, r := range t.requests {
		requests[i] = t.redact(r)
	}
	return requests
}

func (t *Tenant) record(r *http.Request, login int) *Request {
	kept := &Request{Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, Header: r.Header.Clone(), Login: login}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.requests = append(t.requests[max(0, len(t.requests)-keptRequests+1):], kept)
	return kept
}

var clientSecret = regexp.MustCompile(`\bclient_secret=[^&]*`)

func (t *Tenant) redact(r *Request) Request {
	const redacted = "REDACTED"
	c, header := *r, r.Header.Clone()
	var pairs []string
	for _, secret := range []string{string(t.cfg.Credentials.SecretAccessKey), string(t.cfg.OAuthClient.ClientSecret)} {
		if secret != "" {
			quoted, _ := json.Marshal(secret)
			pairs = append(pairs, secret, redacted, url.QueryEscape(secret), redacted, url.PathEscape(secret), redacted,
				string(quoted[1:len(quoted)-1]), redacted, strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(secret), redacted)
		}
	}
	known := strings.NewReplacer(pairs...)
	for name, values := range header {
		for i, v := range values {
			switch name {
			case "Apisecretaccesskey":
				v = redacted
			case "Authorization", "Proxy-Authorization":
				if scheme, _, found := strings.Cut(v, " "); found {
					v = scheme + " " + redacted
				} else if v != "" {
					v = redacted
				}
			case "Cookie":
				pairs := strings.Split(v, ";")
				for i, pair := range pairs {
					if at := strings.Index(pair, sessionCookie+"="); at >= 0 {
						pairs[i] = pair[:at] + sessionCookie + "=" + redacted
					}
				}
				v = strings.Join(pairs, ";")
			}
			values[i] = known.Replace(v)
		}
	}
	c.Header, c.Path = header, known.Replace(r.Path)
	c.Query = known.Replace(clientSecret.ReplaceAllString(r.Query, "client_secret="+redacted))
	c.Body = known.Replace(clientSecret.ReplaceAllString(r.Body, "client_secret="+redacted))
	return c
}

// recorder records a request and the status of its response.
type recorder struct {
	http.ResponseWriter
	tenant   *Tenant
	kept     *Request
	body     io.ReadCloser // r's own
	hijacked bool
}

// watch returns the writer for the response to r. It replaces the body of r.
func (t *Tenant) watch(w http.ResponseWriter, r *http.Request, kept *Request) *recorder {
	rec := &recorder{ResponseWriter: w, tenant: t, kept: kept, body: r.Body}
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = recordedBody{rec}
	}
	return rec
}

// finish reads the rest of a short body. net/http does that as well, unless it closes the
// connection after the response. finish restores the body of r, because net/http looks at
// it when it closes the connection.
func (rec *recorder) finish(r *http.Request) {
	if r.ContentLength > 0 && r.ContentLength <= keptBody && !rec.hijacked && r.Header.Get("Expect") == "" && rec.Header().Get("Connection") != "close" {
		_, _ = io.Copy(io.Discard, r.Body)
	}
	r.Body = rec.body
}

func (rec *recorder) status(status int) {
	rec.tenant.mu.Lock()
	defer rec.tenant.mu.Unlock()
	if rec.kept.Status < 200 {
		rec.kept.Status = status
	}
}

func (rec *recorder) WriteHeader(status int) {
	rec.status(status)
	rec.ResponseWriter.WriteHeader(status)
}

func (rec *recorder) Write(p []byte) (int, error) {
	rec.status(http.StatusOK)
	return rec.ResponseWriter.Write(p)
}

// Flush is for handlers that look for an [http.Flusher].
func (rec *recorder) Flush() {
	rec.status(http.StatusOK)
	_ = http.NewResponseController(rec.ResponseWriter).Flush()
}

// Hijack is for handlers that look for an [http.Hijacker].
func (rec *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	rec.hijacked = true
	return http.NewResponseController(rec.ResponseWriter).Hijack()
}

// Unwrap is for [http.ResponseController].
func (rec *recorder) Unwrap() http.ResponseWriter { return rec.ResponseWriter }

type recordedBody struct{ *recorder }

func (b recordedBody) Read(p []byte) (int, error) {
	n, err := b.body.Read(p)
	b.tenant.mu.Lock()
	defer b.tenant.mu.Unlock()
	b.kept.Body += string(p[:min(n, keptBody-len(b.kept.Body))])
	return n, err
}

func (b recordedBody) Close() error { return b.body.Close() }
