package main

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/zoql"
)

const batch = 2000 // records of one response

var (
	selectFrom = regexp.MustCompile(`(?is)^\s*select\s+([\w\s,]+?)\s+from\s+(\w+)(?:\s+where\s+(.+?))?\s*;?\s*$`)
	condition  = regexp.MustCompile(`(?is)^\s*(\w+)\s*(=|!=|<=|>=|<|>)\s*(?:'((?:[^'\\]|\\.)*)'|([-\w.]+))\s*(and\b|$)`)
)

func (t *tenant) query(_ *http.Request, in zoql.Query) (any, error) {
	parts := selectFrom.FindStringSubmatch(in.QueryString)
	if parts == nil {
		return nil, failure{"MALFORMED_QUERY", "The stand-in takes: select FIELDS from OBJECT where FIELD = 'VALUE' and …"}
	}
	rows, ok := t.rows()[strings.ToLower(parts[2])]
	if !ok {
		return nil, failure{"INVALID_TYPE", "The stand-in has no " + parts[2]}
	}
	keep, err := where(parts[3])
	if err != nil {
		return nil, err
	}
	var found []map[string]zuora.Value
	for _, row := range rows {
		if !keep(row) {
			continue
		}
		record := map[string]zuora.Value{}
		for field := range strings.SplitSeq(parts[1], ",") {
			if field = strings.TrimSpace(field); row[strings.ToLower(field)] != "" {
				record[field] = row[strings.ToLower(field)]
			}
		}
		found = append(found, record)
	}
	return t.records(found), nil
}

func (t *tenant) queryMore(_ *http.Request, in zoql.NextRecords) (any, error) {
	rest, ok := t.results[in.QueryLocator]
	if !ok {
		return nil, failure{"INVALID_QUERY_LOCATOR", "There is no such query"}
	}
	return t.records(rest), nil
}

// records returns the first batch of all, and keeps what is left for queryMore.
func (t *tenant) records(all []map[string]zuora.Value) any {
	out := map[string]any{"done": len(all) <= batch, "size": len(all), "records": all[:min(len(all), batch)]}
	if len(all) > batch {
		locator := newID(8, len(t.results)+1)
		t.results[locator] = all[batch:]
		out["queryLocator"] = locator
	}
	return out
}

// where returns what a row has to meet. An empty text is met by all.
func where(text string) (func(map[string]zuora.Value) bool, error) {
	var all []func(map[string]zuora.Value) bool
	for text != "" {
		c := condition.FindStringSubmatch(text)
		if c == nil {
			return nil, failure{"MALFORMED_QUERY", "The stand-in takes conditions such as Status = 'Active', joined by and"}
		}
		text = text[len(c[0]):]
		field, operator := strings.ToLower(c[1]), c[2]
		value := strings.NewReplacer(`\'`, `'`, `\\`, `\`).Replace(c[3]) + c[4]
		all = append(all, func(row map[string]zuora.Value) bool {
			has := row[field].Text()
			order, err := zuora.Decimal(has).Cmp(zuora.Decimal(value))
			if err != nil {
				order = strings.Compare(has, value)
			}
			switch operator {
			case "=":
				return order == 0
			case "!=":
				return order != 0
			case "<":
				return order < 0
			case ">":
				return order > 0
			case "<=":
				return order <= 0
			}
			return order >= 0
		})
	}
	return func(row map[string]zuora.Value) bool {
		for _, met := range all {
			if !met(row) {
				return false
			}
		}
		return true
	}, nil
}

// rows returns all objects as queries see them: by the names of type and field, in lower case.
func (t *tenant) rows() map[string][]map[string]zuora.Value {
	tables := map[string][]map[string]zuora.Value{"account": nil, "subscription": nil, "product": nil, "productrateplan": nil}
	add := func(table string, from ...any) {
		row := map[string]zuora.Value{}
		for _, v := range from {
			var fields map[string]zuora.Value
			if text, err := json.Marshal(v); err == nil && json.Unmarshal(text, &fields) == nil {
				for name, v := range fields {
					if !strings.HasPrefix(string(v), "{") && !strings.HasPrefix(string(v), "[") {
						row[strings.ToLower(name)] = v
					}
				}
			}
		}
		tables[table] = append(tables[table], row)
	}
	for _, a := range t.accounts {
		add("account", a.BasicInfo, a.BillingAndPayment, a.Metrics, map[string]string{"billToId": a.BillToContact.ID, "soldToId": a.SoldToContact.ID})
	}
	for _, s := range t.subscriptions {
		add("subscription", s, map[string]string{"name": s.SubscriptionNumber})
	}
	for _, p := range t.products {
		add("product", p)
		for _, plan := range p.ProductRatePlans {
			add("productrateplan", plan, map[string]string{"productId": p.ID})
		}
	}
	return tables
}
