package typed_test

import (
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/typed"
)

// order has every kind of field that generated types have.
type order struct {
	Name     string         `json:"name,omitempty,omitzero"`
	Status   status         `json:"status,omitempty,omitzero"`
	Amount   zuora.Decimal  `json:"amount,omitempty,omitzero"`
	Day      zuora.Date     `json:"day,omitempty,omitzero"`
	Made     zuora.DateTime `json:"made,omitempty,omitzero"`
	Any      zuora.Value    `json:"any,omitempty,omitzero"`
	Count    int64          `json:"count,omitempty,omitzero"`
	Auto     bool           `json:"auto,omitempty,omitzero"`
	MayCount *int64         `json:"mayCount,omitempty"`
	MayAuto  *bool          `json:"mayAuto,omitempty"`
	Line     line           `json:"line,omitempty,omitzero"`
	MayLine  *line          `json:"mayLine,omitempty"`
	Lines    []line         `json:"lines,omitempty,omitzero"`
	Texts    []string       `json:"texts,omitempty,omitzero"`
	Counts   []int64        `json:"counts,omitempty,omitzero"`

	Rates    map[string]zuora.Decimal `json:"rates,omitempty,omitzero"`
	Metas    map[string]line          `json:"metas,omitempty,omitzero"`
	Envelope zuora.CommonResponseType `json:"envelope,omitzero"`

	AdditionalProperties map[string]zuora.Value `json:"-"`
}

func (o *order) UnmarshalJSON(b []byte) error { return typed.Unmarshal(b, o) }
func (o order) MarshalJSON() ([]byte, error)  { return typed.Marshal(&o) }

type status string

type line struct {
	ID    string        `json:"id,omitempty,omitzero"`
	Price zuora.Decimal `json:"price,omitempty,omitzero"`

	AdditionalProperties map[string]zuora.Value `json:"-"`
}

func (l *line) UnmarshalJSON(b []byte) error { return typed.Unmarshal(b, l) }
func (l line) MarshalJSON() ([]byte, error)  { return typed.Marshal(&l) }

func TestScalarsBecomeWhatTheFieldIs(t *testing.T) {
	for text, want := range map[string]order{
		`{"name":12.50,"status":true}`:              {Name: "12.50", Status: "true"},
		`{"status":"Unheard"}`:                      {Status: "Unheard"},
		`{"amount":"1234567.890"}`:                  {Amount: "1234567.890"},
		`{"amount":0.000000000}`:                    {Amount: "0.000000000"},
		`{"amount":0E-9}`:                           {Amount: "0E-9"},
		`{"amount":12345678901234567890.123456789}`: {Amount: "12345678901234567890.123456789"},
		`{"amount":"n/a"}`:                          {Amount: "n/a"},
		`{"day":"2017-03-01T00:00:00.000-08:00"}`:   {Day: "2017-03-01T00:00:00.000-08:00"},
		`{"made":"2017-03-01 10:07:10"}`:            {Made: "2017-03-01 10:07:10"},
		`{"count":"12"}`:                            {Count: 12},
		`{"count":12.000000000}`:                    {Count: 12},
		`{"count":1.2e1}`:                           {Count: 12},
		`{"count":-9223372036854775808}`:            {Count: -9223372036854775808},
		`{"count":true}`:                            {Count: 1},
		`{"auto":"True"}`:                           {Auto: true},
		`{"auto":1}`:                                {Auto: true},
		`{"auto":1.000000000}`:                      {Auto: true},
		`{"mayAuto":"false","mayCount":"0"}`:        {MayAuto: new(false), MayCount: new(int64(0))},
		`{"texts":[1,true,"a",2.50]}`:               {Texts: []string{"1", "true", "a", "2.50"}},
		`{"counts":["1",2.0]}`:                      {Counts: []int64{1, 2}},
		`{"lines":{"id":"1"}}`:                      {Lines: []line{{ID: "1"}}},
		`{"texts":"one"}`:                           {Texts: []string{"one"}},
		`{"counts":7}`:                              {Counts: []int64{7}},
		`{"lines":[]}`:                              {Lines: []line{}},
		`{"rates":{"EUR":"1.10","USD":1}}`:          {Rates: map[string]zuora.Decimal{"EUR": "1.10", "USD": "1"}},
		`{"metas":{"a":{"id":1}}}`:                  {Metas: map[string]line{"a": {ID: "1"}}},
		`{"any":{"a": [1, 2]}}`:                     {Any: `{"a": [1, 2]}`},
		`{"line":{"id":"1","x":1}}`:                 {Line: line{ID: "1", AdditionalProperties: map[string]zuora.Value{"x": "1"}}},
		`{"n\u0061me":"\u00e4\n"}`:                  {Name: "ä\n"},
		`{"Name":"a","line":{"ID":"1"}}`:            {AdditionalProperties: map[string]zuora.Value{"Name": `"a"`}, Line: line{AdditionalProperties: map[string]zuora.Value{"ID": `"1"`}}},
		`{"name":"a","name":"b"}`:                   {Name: "b"},
		`{"envelope":{"success":"true","reasons":{"code":53100020}}}`: {Envelope: zuora.CommonResponseType{Success: true, Reasons: []zuora.Reason{{Code: "53100020"}}}},
	} {
		var got order
		assert.NoError(t, typed.Unmarshal([]byte(text), &got), text)
		assert.Equal(t, want, got, text)
		got = order{}
		assert.NoError(t, json.Unmarshal([]byte(text), &got), text)
		assert.Equal(t, want, got, text)
	}
}

// members are the fields of order, each with what it is when it is not set.
var members = []string{"name", "status", "amount", "day", "made", "any", "count", "auto", "mayCount", "mayAuto", "line", "mayLine", "lines", "texts", "counts", "rates", "metas", "envelope"}

func TestNullAndEmptyTextLeaveFieldsUnset(t *testing.T) {
	for _, member := range members {
		for _, value := range []string{"null", `""`} {
			if value == `""` && member == "any" {
				continue // "" is a value
			}
			var got order
			assert.NoError(t, typed.Unmarshal([]byte(`{"`+member+`": `+value+` }`), &got), member)
			assert.Equal(t, order{}, got, member+value)
		}
	}
	var got order
	require.NoError(t, typed.Unmarshal([]byte(`{"Region__c":null,"Other__c":""}`), &got))
	assert.Equal(t, map[string]zuora.Value{"Other__c": `""`}, got.AdditionalProperties)
}

// No value in any place loses what stands beside it.
// Some versions of Zuora's API send the URL of a list in its place.
func TestURLsOfListsAreKept(t *testing.T) {
	for _, url := range []string{`"https://rest.zuora.com/v1/lines"`, `"/v1/lines"`, `"\/v1\/lines"`} {
		body := `{"name":"a","metas":{"m":{"id":"1"}},"lines":` + url + `}`
		var o order
		require.NoError(t, json.Unmarshal([]byte(body), &o), url)
		assert.Equal(t, order{
			Name: "a", Metas: map[string]line{"m": {ID: "1"}},
			AdditionalProperties: map[string]zuora.Value{"lines": zuora.Value(url)},
		}, o)
		again, err := json.Marshal(o)
		require.NoError(t, err)
		assert.JSONEq(t, body, string(again))
	}
	for _, body := range []string{`{"lines":"odd"}`, `{"lines":["/v1/lines"]}`, `{"line":"/v1/line"}`, `{"counts":"/v1/counts"}`} {
		var o order
		assert.ErrorAs(t, json.Unmarshal([]byte(body), &o), new(*zuora.DecodeError), body)
		assert.Empty(t, o.AdditionalProperties, body)
	}
	_, err := json.Marshal(order{Lines: []line{{ID: "1"}}, AdditionalProperties: map[string]zuora.Value{"lines": `"/v1/lines"`}})
	assert.ErrorContains(t, err, "set the field Lines instead")
}

func TestOddValuesLoseNothingElse(t *testing.T) {
	odd := []string{
		"null", "true", "false", "0", "-0", "0.000000000", "1e400", "12.5", "123456789012345678901234567890", `""`, `" "`, `"text"`, `"\ud800"`,
		"[]", "[[]]", "[null]", `[{"id":1},2]`, "{}", `{"id":{}}`, `{"a":{"b":[{}]}}`,
	}
	for _, member := range members {
		for _, value := range odd {
			for _, place := range []string{"%", `{"line":%}`, `{"mayLine":{"deep":%}}`} {
				text := `{"Before__c":"1",` + `"` + member + `":` + value + `,"After__c":[1,2]}`
				var holder struct {
					Line    order `json:"line"`
					MayLine struct {
						Deep order `json:"deep"`
					} `json:"mayLine"`
				}
				var got *order
				var err error
				switch place {
				case "%":
					got = &holder.Line
					err = typed.Unmarshal([]byte(text), got)
				case `{"line":%}`:
					got = &holder.Line
					err = typed.Unmarshal([]byte(strings.Replace(place, "%", text, 1)), &holder)
				default:
					got = &holder.MayLine.Deep
					err = typed.Unmarshal([]byte(strings.Replace(place, "%", text, 1)), &holder)
				}
				assert.Equal(t, map[string]zuora.Value{"Before__c": `"1"`, "After__c": "[1,2]"}, got.AdditionalProperties, text)
				var failed *zuora.DecodeError
				if err != nil {
					require.ErrorAs(t, err, &failed, text)
					require.NotEmpty(t, failed.Fields)
					assert.Contains(t, failed.Fields[0], member, text)
				}
			}
		}
	}
}

func TestWhatDoesNotFitIsNamed(t *testing.T) {
	var got order
	err := typed.Unmarshal([]byte(`{"name":{"a":1},"amount":[1],"count":"twelve","auto":"perhaps","line":5,"lines":[{"id":"1"},7,{"id":["x"],"price":3}],"rates":{"EUR":[]},"mayAuto":{},"texts":[{}],"status":"Active"}`), &got)
	var failed *zuora.DecodeError
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, []string{"name", "amount", "count", "auto", "line", "lines[1]", "lines[2].id", "rates.EUR", "mayAuto", "texts[0]"}, failed.Fields)
	assert.Equal(t, order{Status: "Active", Lines: []line{{ID: "1"}, {}, {Price: "3"}}, Texts: []string{""}, Rates: map[string]zuora.Decimal{}}, got)
}

func TestMisfitsAreLimited(t *testing.T) {
	var got order
	var failed *zuora.DecodeError
	require.ErrorAs(t, typed.Unmarshal([]byte(`{"texts":[`+strings.Repeat("{},", 1000)+`"a"]}`), &got), &failed)
	assert.Len(t, failed.Fields, 100)
	assert.Equal(t, "a", got.Texts[1000])
}

func TestWhatIsNoJSONIsAnError(t *testing.T) {
	for _, text := range []string{"", " ", "<html>", `{"name":"a"`, `{"name":01}`, "{} {}", "\xef\xbb\xbf{}", "{'name':1}"} {
		got := order{Name: "before"}
		err := typed.Unmarshal([]byte(text), &got)
		var failed *zuora.DecodeError
		require.ErrorAs(t, err, &failed, text)
		assert.Error(t, failed.Err, text)
		assert.Equal(t, order{Name: "before"}, got)
	}
	assert.Error(t, typed.Unmarshal([]byte("{}"), order{}))
	assert.Error(t, typed.Unmarshal([]byte("{}"), (*order)(nil)))
	assert.Error(t, typed.Unmarshal([]byte("{}"), nil))
}

// FuzzUnmarshal never panics, and what it has read stays as it is when it is
// written and read again.
func FuzzUnmarshal(f *testing.F) {
	f.Add(`{"name":"a","amount":0E-9,"lines":[{"id":1}],"Region__c":{"a":[null]},"rates":{"":"x"}}`)
	f.Add(`{"name":"\ud800\u0000\xff","any":1e5,"mayLine":"","texts":["",null]}`)
	f.Fuzz(func(t *testing.T, text string) {
		var first, second order
		err := typed.Unmarshal([]byte(text), &first)
		if !json.Valid([]byte(text)) {
			require.Error(t, err)
			return
		}
		written, err := typed.Marshal(first)
		require.NoError(t, err)
		require.True(t, json.Valid(written), "%s", written)
		require.NoError(t, typed.Unmarshal(written, &second), "%s", written)
		again, err := typed.Marshal(second)
		require.NoError(t, err)
		require.Equal(t, string(written), string(again))
		var plain map[string]json.RawMessage
		if json.Unmarshal([]byte(text), &plain) == nil {
			if n := strings.Trim(string(plain["amount"]), " \t\r\n"); n != "" && strings.ContainsAny(n[:1], "-0123456789") {
				require.Equal(t, n, string(first.Amount))
				if want, ok := new(big.Rat).SetString(n); ok && len(n) < 100 {
					if got, err := first.Amount.Rat(); err == nil {
						require.Zero(t, want.Cmp(got))
					}
				}
			}
		}
	})
}

func TestDecodeErrorsAreFoundThroughEncodingJSON(t *testing.T) {
	var got []order
	err := json.Unmarshal([]byte(`[{"name":{}}]`), &got)
	var failed *zuora.DecodeError
	assert.True(t, errors.As(err, &failed), "%v", err)
}
