package response

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// LimitHeaders returns the headers in h about limits, the body's type and the IDs of the
// request, at most 32 lines.
func LimitHeaders(h http.Header) http.Header {
	const most = 32
	kept, lines := http.Header{}, 0
	names := slices.Sorted(maps.Keys(h))
	for _, wanted := range []func(string) bool{isSingle, isLimit} {
		for _, name := range names {
			if n := min(len(h[name]), most-lines); n > 0 && wanted(strings.ToLower(name)) {
				kept[name], lines = slices.Clone(h[name][:n]), lines+n
			}
		}
	}
	return kept
}

func isSingle(name string) bool {
	return slices.Contains([]string{"retry-after", "content-type", "zuora-request-id", "zuora-track-id"}, name)
}

func isLimit(name string) bool {
	return strings.HasPrefix(name, "ratelimit-") || strings.HasPrefix(name, "concurrency-limit-")
}

// Wait returns the wait that s asks for, in seconds or as an HTTP date, but at most a
// day. If s is neither, it returns 0.
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
