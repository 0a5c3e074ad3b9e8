// Package limits reads what answers say of Zuora's limits in their headers.
package limits

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Headers returns those of h that tell of limits, of the body's type, and of
// the request's names.
func Headers(h http.Header) http.Header {
	kept := http.Header{}
	for name, values := range h {
		n := strings.ToLower(name)
		if strings.HasPrefix(n, "ratelimit-") || strings.HasPrefix(n, "concurrency-limit-") ||
			slices.Contains([]string{"retry-after", "content-type", "zuora-request-id", "zuora-track-id"}, n) {
			kept[name] = slices.Clone(values)
		}
	}
	return kept
}

// Wait reads seconds or an HTTP date. A day is the most that is believed; 0 is
// what cannot be read.
func Wait(s string) time.Duration {
	const most = 24 * time.Hour
	var d time.Duration
	if n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64); err == nil {
		d = time.Duration(max(0, min(n, int64(most/time.Second)))) * time.Second
	} else if t, err := http.ParseTime(s); err == nil {
		d = time.Until(t)
	}
	return max(0, min(d, most))
}
