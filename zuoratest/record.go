package zuoratest

import (
	"encoding/json"
	"maps"
	"math/big"
	"strings"

	"github.com/zuora-go/zuora"
)

// record is an object of a stateful tenant. Its members have the names of REST calls. Their
// values are the text that was sent, digit for digit.
type record map[string]json.RawMessage

func raw(v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		text, _ = json.Marshal(err.Error())
	}
	return text
}

// set sets members: name, value, name, value, …
func (r record) set(pairs ...any) record {
	for i := 0; i < len(pairs); i += 2 {
		r[pairs[i].(string)] = raw(pairs[i+1])
	}
	return r
}

// text returns the value of a string, or the JSON of any other value. It returns "" for
// null.
func (r record) text(name string) string {
	var text string
	if json.Unmarshal(r[name], &text) != nil {
		return string(r[name])
	}
	return text
}

// object returns a member that is an object. It returns an empty one if there is none.
func (r record) object(name string) record {
	o := record{}
	if _ = json.Unmarshal(r[name], &o); o == nil {
		return record{}
	}
	return o
}

func (r record) list(name string) (l []record) {
	_ = json.Unmarshal(r[name], &l)
	return l
}

func (r record) strings(name string) (l []string) {
	_ = json.Unmarshal(r[name], &l)
	return l
}

// pick returns only the members with these names: "name", or "newName=name" to rename one.
func (r record) pick(names string) record {
	out := record{}
	for name := range strings.FieldsSeq(names) {
		to, from, found := strings.Cut(name, "=")
		if !found {
			from = to
		}
		if v, found := r[from]; found {
			out[to] = v
		}
	}
	return out
}

// without returns all other members.
func (r record) without(names string) record {
	out := record{}
	maps.Copy(out, r)
	for name := range strings.FieldsSeq(names) {
		delete(out, name)
	}
	return out
}

// rename returns all members, and renames some: "newName=name".
func (r record) rename(names string) record {
	out := r.without("")
	for name := range strings.FieldsSeq(names) {
		_, from, _ := strings.Cut(name, "=")
		delete(out, from)
	}
	maps.Copy(out, r.pick(names))
	return out
}

// add adds more to a number. The sum has nine decimals, or more if it needs them.
func (r record) add(name string, more *big.Rat) {
	sum, err := zuora.Decimal(r[name]).Rat()
	if err != nil {
		sum = new(big.Rat)
	}
	sum.Add(sum, more)
	digits, _ := sum.FloatPrec()
	r[name] = json.RawMessage(sum.FloatString(max(digits, 9)))
}

// equal reports whether a member has the value of a query. It compares numbers as numbers.
func (r record) equal(name, value string) bool {
	if text := r.text(name); text == value || text != string(r[name]) { // not a number
		return text == value
	}
	order, err := zuora.Decimal(r[name]).Cmp(zuora.Decimal(value))
	return err == nil && order == 0
}
