package typed

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"strings"

	"github.com/zuora-go/zuora"
)

// All returns the items of every page of a list. split returns the items of a
// page and its nextPage, which is a URL or empty.
//
// All uses only the query of nextPage, with the call's own path, because Zuora names its
// own host there. The list ends with a page that names no other page, or names one that
// was read already. The sequence ends after an error. If only a part of a page could be
// read, the sequence yields that part before the error. Only one page is in memory. Each
// range over the sequence begins with the first page.
func All[Page, Item any](ctx context.Context, caller zuora.Caller, r Request, editors []zuora.RequestEditorFn, split func(*Page) ([]Item, string)) iter.Seq2[*Item, error] {
	return Pages(func(next string) (*Page, error) {
		page := r
		if next != "" {
			page.query = &next
		}
		return JSON[Page](ctx, caller, page, editors)
	}, func(page *Page) ([]Item, string, error) {
		items, next := split(page)
		if next == "" {
			return items, "", nil
		}
		u, err := url.Parse(next)
		if err != nil || u.RawQuery == "" {
			return items, "", fmt.Errorf("zuora: %s %s: nextPage has no query, so the rest of the list was not read", r.Method, r.Path)
		}
		return items, strings.Clone(u.RawQuery), nil // of which Pages keeps each, without the rest of the URL
	})
}

// Pages returns the items of the pages that fetch returns. split returns the items of a
// page and the argument of fetch for the next page. That argument is "" for the first
// page, and after the last.
func Pages[Page, Item any](fetch func(next string) (*Page, error), split func(*Page) ([]Item, string, error)) iter.Seq2[*Item, error] {
	return func(yield func(*Item, error) bool) {
		seen := map[string]bool{}
		for next := ""; !seen[next]; {
			seen[next] = true
			page, err := fetch(next)
			if page == nil {
				yield(nil, cmp.Or(err, errors.New("zuora: a page is nil")))
				return
			}
			items, after, bad := split(page)
			for i := range items {
				if !yield(&items[i], nil) {
					return
				}
			}
			if err = cmp.Or(err, bad); err != nil {
				yield(nil, err)
				return
			}
			if after == "" {
				return
			}
			next = after
		}
	}
}
