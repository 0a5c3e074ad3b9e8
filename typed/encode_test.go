package typed_test

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/typed"
)

func TestOnlyWhatIsSetIsWritten(t *testing.T) {
	for want, o := range map[string]order{
		`{}`:                                    {},
		`{"mayCount":0,"mayAuto":false}`:        {MayCount: new(int64(0)), MayAuto: new(false)},
		`{"mayLine":{}}`:                        {MayLine: &line{}},
		`{"lines":[],"texts":[],"rates":{}}`:    {Lines: []line{}, Texts: []string{}, Rates: map[string]zuora.Decimal{}},
		`{"amount":2500.00}`:                    {Amount: "2500.00"},
		`{"amount":0E-9}`:                       {Amount: "0E-9"},
		`{"amount":"1,000"}`:                    {Amount: "1,000"},
		`{"amount":"1,\"x\":2"}`:                {Amount: `1,"x":2`},
		`{"day":"2017-03-01","made":"now"}`:     {Day: "2017-03-01", Made: "now"},
		`{"name":"<a> & \"b\"\u0001 ä"}`:        {Name: "<a> & \"b\"\x01 ä"},
		`{"any":[1, 2],"Region__c":"EU","z":1}`: {Any: "[1, 2]", AdditionalProperties: map[string]zuora.Value{"z": "1", "Region__c": zuora.ValueOf("EU")}},
		`{"name":null,"line":null}`:             {AdditionalProperties: map[string]zuora.Value{"name": zuora.Null, "line": zuora.Null}},
		`{"line":{"id":"1","price":null}}`:      {Line: line{ID: "1", AdditionalProperties: map[string]zuora.Value{"price": zuora.Null}}},
		`{"rates":{"A":1,"B":"x"}}`:             {Rates: map[string]zuora.Decimal{"B": "x", "A": "1"}},
	} {
		got, err := typed.Marshal(o)
		require.NoError(t, err, want)
		assert.JSONEq(t, want, string(got))
		viaJSON, err := json.Marshal(o)
		require.NoError(t, err, want)
		assert.JSONEq(t, want, string(viaJSON))
	}
	got, err := typed.Marshal(order{Amount: "2500.00", AdditionalProperties: map[string]zuora.Value{"b": "1.0", "a": "2"}})
	require.NoError(t, err)
	assert.Equal(t, `{"amount":2500.00,"a":2,"b":1.0}`, string(got), "digits stay, and names are in order")
}

type fields map[string]zuora.Value

func TestNothingBecomesNullByItself(t *testing.T) {
	for want, v := range map[string]any{
		`{}`: map[string]zuora.Value(nil), `[]`: []line(nil), `[{},{"a":1}]`: []map[string]zuora.Value{nil, {"a": "1"}}, `{"a":null}`: map[string]zuora.Value{"a": zuora.Null},
	} {
		got, err := typed.Marshal(v)
		require.NoError(t, err)
		assert.Equal(t, want, string(got))
	}
	_, err := typed.Marshal([]map[string]zuora.Value{{"a": "1"}, {"b": ""}})
	assert.EqualError(t, err, "zuora: [1].b: the value is empty; zuora.Null erases a field")
	_, err = typed.Marshal(fields{"b": ""})
	assert.EqualError(t, err, "zuora: b: the value is empty; zuora.Null erases a field")
	got, err := typed.Marshal(fields{"b": "1", "a": zuora.Null})
	require.NoError(t, err)
	assert.Equal(t, `{"a":null,"b":1}`, string(got))
}

func TestFieldsAndAdditionalPropertiesDoNotOverlap(t *testing.T) {
	for want, o := range map[string]order{
		`AdditionalProperties["name"]`:                            {AdditionalProperties: map[string]zuora.Value{"name": zuora.ValueOf("b")}},
		`set the field Name instead`:                              {Name: "a", AdditionalProperties: map[string]zuora.Value{"name": zuora.Null}},
		`mayLine: AdditionalProperties["id"]`:                     {MayLine: &line{AdditionalProperties: map[string]zuora.Value{"id": `"1"`}}},
		`lines[1]: AdditionalProperties["x"]: the value is empty`: {Lines: []line{{}, {AdditionalProperties: map[string]zuora.Value{"x": ""}}}},
		`AdditionalProperties["x"]: zuora: ValueOf: json: `:       {AdditionalProperties: map[string]zuora.Value{"x": zuora.ValueOf(make(chan int))}},
	} {
		_, err := typed.Marshal(o)
		require.Error(t, err, want)
		assert.Contains(t, err.Error(), want)
		_, err = json.Marshal(o)
		assert.Error(t, err)
	}
}

// FuzzMarshal never panics, writes JSON or returns an error, and what it writes reads
// back as it was.
func FuzzMarshal(f *testing.F) {
	f.Add("Amy", "12.50", "2017-03-01", "Region__c", `"EU"`)
	f.Add("\x00\"\xff", `1,"x":2`, "", "name", "null")
	f.Add("", "0E-9", "<&>", "", "{}")
	f.Fuzz(func(t *testing.T, name, amount, day, key, value string) {
		o := order{Name: name, Amount: zuora.Decimal(amount), Day: zuora.Date(day), AdditionalProperties: map[string]zuora.Value{key: zuora.Value(value)}}
		text, err := typed.Marshal(o)
		if err != nil {
			return // the overlap of a name, or an empty value
		}
		require.True(t, json.Valid(text), "%s", text)
		var got order
		_ = typed.Unmarshal(text, &got)
		if utf8.ValidString(amount) {
			assert.Equal(t, o.Amount, got.Amount)
		}
		if utf8.ValidString(name) {
			assert.Equal(t, o.Name, got.Name)
		}
		var members map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(text, &members))
		assert.LessOrEqual(t, len(members), 4, "no value makes a member of its own: %s", text)
	})
}
