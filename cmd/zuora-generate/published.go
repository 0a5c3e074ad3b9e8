package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// everything is the value of -tags that takes all operations of a document.
const everything = "all"

// handful is the limit for operations of Zuora's document that are generated without
// being named.
const handful = 5

// theirs matches operationIds of Zuora's document, and none of ours.
var theirs = regexp.MustCompile(`^(Action_|Object_)?(GET|POST|PUT|PATCH|DELETE|Get|Post|Put|Patch|Delete)_?[A-Z]`)

// isPublished reports whether doc is the document that Zuora publishes, or a part
// of it.
func isPublished(doc *openapi3.T) bool {
	for _, o := range operationsOf(doc) {
		if theirs.MatchString(o.OperationID) && strings.Contains(o.OperationID, "_") {
			return true
		}
	}
	return false
}

// isZuoras reports whether doc has a server of Zuora's.
func isZuoras(doc *openapi3.T) bool {
	for _, server := range doc.Servers {
		u, err := url.Parse(server.URL)
		if err == nil && (u.Hostname() == "zuora.com" || strings.HasSuffix(u.Hostname(), ".zuora.com")) {
			return true
		}
	}
	return false
}

// operation is an operation with its method and path.
type operation struct {
	*openapi3.Operation
	method, path string
	shared       openapi3.Parameters
}

func (o operation) String() string { return o.method + " " + o.path }

// operationsOf returns the operations of doc in the order of their paths.
func operationsOf(doc *openapi3.T) (list []operation) {
	for _, path := range slices.Sorted(maps.Keys(doc.Paths.Map())) {
		item := doc.Paths.Value(path)
		for _, method := range slices.Sorted(maps.Keys(item.Operations())) {
			list = append(list, operation{item.GetOperation(method), method, path, item.Parameters})
		}
	}
	return list
}

// choose removes from doc all operations except those with one of the tags or IDs.
func choose(doc *openapi3.T, tags, ids []string) error {
	all := operationsOf(doc)
	var knownTags, knownIDs []string
	for _, o := range all {
		knownTags, knownIDs = append(knownTags, o.Tags...), append(knownIDs, o.OperationID)
	}
	err := errors.Join(unknown("tag", tags, append(knownTags, everything)), unknown("operation", ids, knownIDs))
	if err != nil {
		return err
	}
	for _, o := range all {
		tagged := slices.ContainsFunc(tags, func(t string) bool {
			return t == everything || slices.ContainsFunc(o.Tags, func(of string) bool { return strings.EqualFold(t, of) })
		})
		named := slices.ContainsFunc(ids, func(id string) bool { return strings.EqualFold(id, o.OperationID) })
		if !tagged && !named {
			doc.Paths.Value(o.path).SetOperation(o.method, nil)
		}
	}
	return nil
}

// unknown returns an error if some of names are not in known.
func unknown(what string, names, known []string) (err error) {
	slices.Sort(known)
	known = slices.Compact(known)
	for _, name := range names {
		if slices.ContainsFunc(known, func(k string) bool { return strings.EqualFold(k, name) }) {
			continue
		}
		near := nearest(name, known)
		for i, n := range near {
			near[i] = fmt.Sprintf("%q", n)
		}
		err = errors.Join(err, fmt.Errorf("there is no %s %q; the nearest names are %s", what, name, strings.Join(near, ", ")))
	}
	return err
}

// nearest returns three of names that are like name.
func nearest(name string, names []string) []string {
	type candidate struct {
		name     string
		distance int
	}
	var all []candidate
	name = strings.ToLower(name)
	for _, n := range names {
		d := distance(name, strings.ToLower(n))
		if strings.Contains(strings.ToLower(n), name) {
			d = 0 // a part of it
		}
		all = append(all, candidate{n, d})
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Compare(a.distance, b.distance) })
	var near []string
	for _, c := range all[:min(3, len(all))] {
		near = append(near, c.name)
	}
	return near
}

// distance returns how many bytes have to be inserted, removed or replaced to turn a
// into b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := before
			if a[i] != b[j] {
				replaced++
			}
			before = row[j+1]
			row[j+1] = min(replaced, row[j]+1, before+1)
		}
	}
	return row[len(b)]
}

// list writes the tags of doc, each with its operations, and how to choose them.
func list(w io.Writer, doc *openapi3.T) {
	byTag := map[string][]string{}
	for _, o := range operationsOf(doc) {
		tags := o.Tags
		if len(tags) == 0 {
			tags = []string{"(no tag: use -operations)"}
		}
		for _, tag := range tags {
			byTag[tag] = append(byTag[tag], fmt.Sprintf("\t%-45s %s", o.OperationID, o))
		}
	}
	for _, tag := range slices.Sorted(maps.Keys(byTag)) {
		fmt.Fprintln(w, tag)
		for _, line := range byTag[tag] {
			fmt.Fprintln(w, line)
		}
	}
	fmt.Fprintf(w, "\nName some of these %d tags with -tags \"Credit Memos,Debit Memos\", or operations with -operations GET_CreditMemo,…\n", len(byTag))
}
