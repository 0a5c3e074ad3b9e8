// Package base has the transport of sessions that are given none.
package base

import (
	"net/http"
	"time"
)

// Default is http.DefaultTransport's clone, sized for one busy host.
// Where a program has put something else there, it is that, for it was put
// there to be used.
func Default() http.RoundTripper {
	std, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport
	}
	t := std.Clone()
	t.MaxIdleConns, t.MaxIdleConnsPerHost = 200, 200 // Zuora takes 40 calls at once, or 200 on high-volume tenants
	t.IdleConnTimeout = 50 * time.Second             // before a load balancer's usual minute
	t.ResponseHeaderTimeout = 130 * time.Second      // Zuora itself gives up after 120
	return t
}
