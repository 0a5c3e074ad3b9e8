// Package zoql runs queries in ZOQL, Zuora's query language. A query reads one
// kind of object and returns records by the names of their fields:
//
//	for account, err := range zoql.New(session).All(ctx, "select Id, Balance from Account") {
//		if err != nil {
//			return err
//		}
//		fmt.Println(account["Id"].Text(), account["Balance"].Decimal())
//	}
package zoql

import (
	"context"
	"errors"
	"iter"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/typed"
)

//go:generate go run -C ../../cmd/zuora-generate . -spec ../../api/zoql/openapi.yaml -out ../../api/zoql
//go:generate go run -C ../../tools ./apidoc

// All returns every record that query finds, by [API.Query] and [API.QueryMore].
// The sequence ends with the first error, which it yields with nil. Only the
// records of one response are in memory, at most 2,000.
func (a *API) All(ctx context.Context, query string, editors ...zuora.RequestEditorFn) iter.Seq2[map[string]zuora.Value, error] {
	records := typed.Pages(func(locator string) (*QueryResult, error) {
		if locator == "" {
			return a.Query(ctx, Query{QueryString: query}, nil, editors...)
		}
		return a.QueryMore(ctx, NextRecords{QueryLocator: locator}, nil, editors...)
	}, func(r *QueryResult) ([]map[string]zuora.Value, string, error) {
		if r.Done {
			return r.Records, "", nil
		}
		if r.QueryLocator == "" {
			return r.Records, "", errors.New("zuora: the query is not done, and its response has no queryLocator, so the other records were not read")
		}
		return r.Records, r.QueryLocator, nil
	})
	return func(yield func(map[string]zuora.Value, error) bool) {
		for record, err := range records {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(*record, nil) {
				return
			}
		}
	}
}
