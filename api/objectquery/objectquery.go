// Package objectquery reads objects together with what belongs to them, such as an
// account with its payment methods. Objects are maps by the names of their fields:
//
//	for account, err := range objectquery.New(session).All(ctx, "accounts", &objectquery.QueryParams{
//		Filter: []string{"currency.EQ:CAD"}, Expand: []string{"paymentmethods"}, PageSize: 99,
//	}) {
//		if err != nil {
//			return err
//		}
//		var methods []map[string]zuora.Value
//		if err := account["paymentmethods"].Decode(&methods); err != nil {
//			return err
//		}
//		fmt.Println(account["accountNumber"].Text(), account["balance"].Decimal(), len(methods))
//	}
package objectquery

import (
	"context"
	"iter"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/typed"
)

//go:generate go run -C ../../cmd/zuora-generate . -spec ../../api/objectquery/openapi.yaml -out ../../api/objectquery
//go:generate go run -C ../../tools ./apidoc

// All returns the objects of every page of [API.Query], from params.Cursor on. The
// sequence ends with the first error, which it yields with nil. Only one page
// is in memory.
func (a *API) All(ctx context.Context, object string, params *QueryParams, editors ...zuora.RequestEditorFn) iter.Seq2[Record, error] {
	pages := typed.Pages(func(next string) (*Page, error) {
		page := QueryParams{}
		if params != nil {
			page = *params
		}
		if next != "" {
			page.Cursor = next
		}
		return a.Query(ctx, object, &page, editors...)
	}, func(p *Page) ([]Record, string, error) { return p.Data, p.NextPage, nil })
	return func(yield func(Record, error) bool) {
		for record, err := range pages {
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
