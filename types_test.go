package zuora_test

import (
	"encoding/json"
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
)

func TestScalarsKeepTheTextThatCame(t *testing.T) {
	for came, text := range map[string]string{
		`12.50`: "12.50", `"12.50"`: "12.50", `""`: "", `null`: "", ` null `: "",
		`0.000000000`: "0.000000000", `0E-9`: "0E-9", `-7.179999828`: "-7.179999828", `123456789012345678901234567890.123456789`: "123456789012345678901234567890.123456789",
		`"99;w=60"`: "99;w=60", `true`: "true", `false`: "false", `"null"`: "null", `"caf\u00e9 \"x\""`: `café "x"`, `"<&>"`: "<&>",
		`"2017-03-01"`: "2017-03-01", `"2017-03-01 10:07:10"`: "2017-03-01 10:07:10", `20170301`: "20170301",
		`{"a":1}`: "", `[1]`: "", `{}`: "", `[]`: "", "\"\xff\"": "\uFFFD",
	} {
		var all struct {
			Decimal  zuora.Decimal
			Date     zuora.Date
			DateTime zuora.DateTime
		}
		require.NoError(t, json.Unmarshal([]byte(`{"Decimal":`+came+`,"Date":`+came+`,"DateTime":`+came+`}`), &all), came)
		assert.Equal(t, text, string(all.Decimal), came)
		assert.Equal(t, text, string(all.Date), came)
		assert.Equal(t, text, string(all.DateTime), came)
	}
}

func TestADecimalGoesOutBareIfItIsANumberAndQuotedIfNot(t *testing.T) {
	for d, want := range map[zuora.Decimal]string{
		"2500.00": `2500.00`, "0E-9": `0E-9`, "-0.5e+3": `-0.5e+3`, "0.000000000": `0.000000000`, "1e999999999": `1e999999999`, "": `null`,
		"+1": `"+1"`, ".5": `".5"`, "5.": `"5."`, "007": `"007"`, "1,234.50": `"1,234.50"`, "12 ": `"12 "`, " 12": `" 12"`, "\n1": `"\n1"`, "true": `"true"`, "null": `"null"`,
		`1,"x":2`: `"1,\"x\":2"`, `"1"`: `"\"1\""`, `[1]`: `"[1]"`, `{"a":1}`: `"{\"a\":1}"`, `1}`: `"1}"`, "-": `"-"`, "0x1": `"0x1"`, "1\xff": "\"1\\ufffd\"", "<": `"<"`,
	} {
		b, err := d.MarshalJSON()
		require.NoError(t, err)
		assert.Equal(t, want, string(b), "%q", string(d))
	}
}

func TestDatesGoOutAsStrings(t *testing.T) {
	for text, want := range map[string]string{"2017-03-01": `"2017-03-01"`, "": `null`, "20170301": `"20170301"`, `"`: `"\""`, "null": `"null"`} {
		date, err := zuora.Date(text).MarshalJSON()
		require.NoError(t, err)
		assert.Equal(t, want, string(date))
		dateTime, err := zuora.DateTime(text).MarshalJSON()
		require.NoError(t, err)
		assert.Equal(t, want, string(dateTime))
	}
}

func TestWhatIsNotSetIsOmittedFromAStruct(t *testing.T) {
	b, err := json.Marshal(struct {
		Decimal  zuora.Decimal  `json:"decimal,omitzero"`
		Date     zuora.Date     `json:"date,omitzero"`
		DateTime zuora.DateTime `json:"dateTime,omitzero"`
		Value    zuora.Value    `json:"value,omitzero"`
	}{})
	require.NoError(t, err)
	require.Equal(t, `{}`, string(b))
}

func TestADecimalConvertsExactlyOrNotAtAll(t *testing.T) {
	long := zuora.Decimal("0." + strings.Repeat("3", 998))
	for d, want := range map[zuora.Decimal]*big.Rat{
		"12.50": big.NewRat(25, 2), "0E-9": new(big.Rat), "0.000000000": new(big.Rat), "-7.179999828": big.NewRat(-7179999828, 1e9), "+1": big.NewRat(1, 1),
		".5": big.NewRat(1, 2), "5.": big.NewRat(5, 1), "007": big.NewRat(7, 1), "1.5E+3": big.NewRat(1500, 1), "1e-2": big.NewRat(1, 100),
		"": nil, " 1": nil, "1 ": nil, "1,234.50": nil, "1/2": nil, "0x10": nil, "1_000": nil, "0b1": nil, "1p4": nil, "Inf": nil, "NaN": nil, "true": nil,
		"-": nil, ".": nil, "e5": nil, "1e": nil, "1e+": nil, "1e5e5": nil, "1e1.5": nil, "--1": nil, "1\xff": nil, "١": nil,
		"1e1000": nil, "1e-1000": nil, "1\n": nil, "1e999999999": nil, "-1e-999999999": nil, "1e99999999999999999999": nil, long + "3": nil,
	} {
		r, err := d.Rat()
		if want == nil {
			assert.ErrorContains(t, err, "zuora: ", "%q", string(d))
			assert.Nil(t, r, "%q", string(d))
			_, err = d.Float64()
			assert.Error(t, err, "%q", string(d))
			_, err = d.Cmp("1")
			assert.Error(t, err, "%q", string(d))
			_, err = zuora.Decimal("1").Cmp(d)
			assert.Error(t, err, "%q", string(d))
			continue
		}
		if assert.NoError(t, err, "%q", string(d)) {
			assert.Zero(t, want.Cmp(r), "%q is %s", string(d), r)
		}
	}
	_, err := long.Rat()
	require.NoError(t, err, "1,000 characters")
	_, err = zuora.Decimal("1e-0999").Rat()
	require.NoError(t, err)
	_, err = zuora.Decimal("1e999").Float64()
	require.ErrorContains(t, err, "too large")
	_, err = zuora.Decimal(strings.Repeat("9", 1<<20)).Rat()
	require.Error(t, err)
	require.Less(t, len(err.Error()), 200)

	f, err := zuora.Decimal("1234567.89").Float64()
	require.NoError(t, err)
	require.Equal(t, 1234567.89, f)
}

func TestDecimalsCompareAsNumbers(t *testing.T) {
	for _, c := range []struct {
		a, b zuora.Decimal
		want int
	}{{"0E-9", "0", 0}, {"2500.00", "2500", 0}, {"9", "10", -1}, {"-9", "-10", 1}, {"0.1", "0.10000000000000000000000000001", -1}} {
		got, err := c.a.Cmp(c.b)
		require.NoError(t, err)
		assert.Equal(t, c.want, got, "%s %s", c.a, c.b)
	}
}

func TestDecimalOfRounds(t *testing.T) {
	assert.Equal(t, zuora.Decimal("2500.00"), zuora.DecimalOf(big.NewRat(2500, 1), 2))
	assert.Equal(t, zuora.Decimal("0.33"), zuora.DecimalOf(big.NewRat(1, 3), 2))
	assert.Equal(t, zuora.Decimal("0.13"), zuora.DecimalOf(big.NewRat(1, 8), 2), "half away from zero")
	assert.Equal(t, zuora.Decimal("-0.13"), zuora.DecimalOf(big.NewRat(-1, 8), 2))
	assert.Equal(t, zuora.Decimal("0.00"), zuora.DecimalOf(big.NewRat(-1, 1000), 2), "no -0.00")
	assert.Equal(t, zuora.Decimal("-0.01"), zuora.DecimalOf(big.NewRat(-1, 100), 2))
	assert.Equal(t, zuora.Decimal("3"), zuora.DecimalOf(big.NewRat(5, 2), 0))
	assert.Equal(t, zuora.Decimal("3"), zuora.DecimalOf(big.NewRat(5, 2), -1))
	assert.Equal(t, zuora.Decimal(""), zuora.DecimalOf(nil, 2))
}

func TestADateIsTheDayThatIsWritten(t *testing.T) {
	day := time.Date(2017, 3, 1, 0, 0, 0, 0, time.UTC)
	for _, d := range []zuora.Date{
		"2017-03-01", "2017-03-01 23:59:59", "2017-03-01T00:00:00.000-08:00", "2017-03-01T23:00:00.000+0800", "2017-03-01T10:07:10Z", "2017-03-01T10:07:10",
	} {
		got, err := d.Time()
		if assert.NoError(t, err) {
			assert.Equal(t, day, got, string(d))
		}
	}
	for _, d := range []zuora.Date{"", "2017-02-30", "2017-3-1", "03/01/2017", "2017-03-01x", "2017-03-01 ", "20170301", "x", "2017-03-01T", "\xff"} {
		_, err := d.Time()
		assert.ErrorContains(t, err, "zuora: ", string(d))
	}
	require.Equal(t, zuora.Date("2017-03-01"), zuora.DateOf(time.Date(2017, 3, 1, 23, 0, 0, 0, time.FixedZone("", -8*3600))))
	require.Equal(t, zuora.Date(""), zuora.DateOf(time.Time{}))
}

func TestADateTimeIsAMomentInTheZoneThatItStatesOrThatIsGiven(t *testing.T) {
	berlin := time.FixedZone("CET", 3600)
	for text, want := range map[zuora.DateTime]string{
		"2017-03-01T10:07:10.000-08:00": "2017-03-01T18:07:10Z", "2017-03-01T10:07:10.123+0800": "2017-03-01T02:07:10.123Z", "2017-03-01T10:07:10Z": "2017-03-01T10:07:10Z",
		"2017-03-01 10:07:10": "2017-03-01T09:07:10Z", "2017-03-01 10:07:10.5": "2017-03-01T09:07:10.5Z", "2017-03-01T10:07:10": "2017-03-01T09:07:10Z",
		"2017-03-01": "2017-02-28T23:00:00Z", "2017-03-01 10:07:10-08:00": "2017-03-01T18:07:10Z",
	} {
		got, err := text.Time(berlin)
		if assert.NoError(t, err, string(text)) {
			assert.Equal(t, want, got.UTC().Format(time.RFC3339Nano), string(text))
		}
		got, err = text.Time(nil)
		if zoned := strings.Contains(string(text[10:]), "-") || strings.ContainsAny(string(text), "+Z"); zoned {
			if assert.NoError(t, err, string(text)) {
				assert.Equal(t, want, got.UTC().Format(time.RFC3339Nano), string(text))
			}
		} else {
			assert.ErrorContains(t, err, "time zone", string(text))
		}
	}
	for _, text := range []zuora.DateTime{"", "x", "2017-03-01 25:00:00", "2017-03-01T10:07:10 PST", "2017-02-30 10:07:10", "10:07:10", "2017-03-01 ", "1488362830", "\xff"} {
		_, err := text.Time(berlin)
		assert.ErrorContains(t, err, "zuora: ", string(text))
	}
	at := time.Date(2015, 11, 4, 10, 59, 22, 999999, time.FixedZone("PST", -8*3600))
	require.Equal(t, zuora.DateTime("2015-11-04T10:59:22.000-08:00"), zuora.DateTimeOf(at))
	require.Equal(t, zuora.DateTime("2015-11-04T18:59:22.000+00:00"), zuora.DateTimeOf(at.UTC()))
	require.Equal(t, zuora.DateTime(""), zuora.DateTimeOf(time.Time{}))
}

func TestAValueGoesOutAsItCame(t *testing.T) {
	for _, text := range []string{`"EU"`, `12.50`, `0E-9`, `true`, `null`, `{"a":[1.0,"x"]}`, `[]`, `"\u00e9\/"`, "\"\xff\""} {
		var v zuora.Value
		require.NoError(t, v.UnmarshalJSON([]byte(text)))
		b, err := v.MarshalJSON()
		require.NoError(t, err)
		require.Equal(t, text, string(b))
	}
	for v, want := range map[zuora.Value]string{"EU": `"EU"`, "": `null`, `1,"x":2`: `"1,\"x\":2"`, `{"a"`: `"{\"a\""`, "\xff": `"\ufffd"`} {
		b, err := v.MarshalJSON()
		require.NoError(t, err)
		require.Equal(t, want, string(b))
	}
}

func TestAValueIsRead(t *testing.T) {
	for _, c := range []struct {
		v    zuora.Value
		text string
		bool string
	}{
		{`"EU"`, "EU", ""}, {"EU", "EU", ""}, {" \"EU\"\n", "EU", ""}, {" null ", "", ""}, {`12.50`, "12.50", ""}, {`true`, "true", "true"}, {`false`, "false", "false"}, {`"true"`, "true", "true"}, {`"False"`, "False", "false"},
		{`null`, "", ""}, {"", "", ""}, {`{"a":1}`, "", ""}, {`["true"]`, "", ""}, {`"yes"`, "yes", ""}, {zuora.ValueOf(make(chan int)), "", ""},
	} {
		assert.Equal(t, c.text, c.v.Text(), string(c.v))
		assert.Equal(t, zuora.Decimal(c.text), c.v.Decimal(), string(c.v))
		b, err := c.v.Bool()
		if c.bool == "" {
			assert.ErrorContains(t, err, "zuora: ", string(c.v))
		} else if assert.NoError(t, err, string(c.v)) {
			assert.Equal(t, c.bool, strconv.FormatBool(b), string(c.v))
		}
	}
	var into any
	require.NoError(t, zuora.Value(`{"a":[12345678901234567890.10]}`).Decode(&into))
	require.Equal(t, map[string]any{"a": []any{json.Number("12345678901234567890.10")}}, into)
	var s string
	require.NoError(t, zuora.Value("EU").Decode(&s))
	require.Equal(t, "EU", s)
	require.NoError(t, zuora.Null.Decode(&into))
	require.Nil(t, into)
	require.ErrorContains(t, zuora.Value(`{}`).Decode(&s), "zuora: ")
	require.Error(t, zuora.Value(`{}`).Decode(nil))
}

func TestValueOfIsWhatJSONMakesOfIt(t *testing.T) {
	for _, c := range []struct {
		v    any
		want zuora.Value
	}{
		{"EU", `"EU"`}, {"", `""`}, {"<&>", `"<&>"`}, {zuora.Decimal("2500.00"), `2500.00`}, {zuora.Decimal("x"), `"x"`}, {true, `true`}, {7, `7`}, {int64(math.MinInt64), `-9223372036854775808`},
		{uint64(math.MaxUint64), `18446744073709551615`}, {0.1, `0.1`}, {float32(0.1), `0.1`}, {1e21, `1e+21`}, {nil, zuora.Null}, {zuora.Null, zuora.Null}, {zuora.Value("EU"), `"EU"`},
		{json.RawMessage(`{"a": 1.0}`), `{"a":1.0}`}, {json.Number("1.50"), `1.50`}, {zuora.Date("2017-03-01"), `"2017-03-01"`}, {[]string{"a"}, `["a"]`}, {struct{ A int }{1}, `{"A":1}`}, {(*zuora.Decimal)(nil), zuora.Null},
	} {
		assert.Equal(t, c.want, zuora.ValueOf(c.v), "%#v", c.v)
	}
	for _, v := range []any{make(chan int), math.NaN(), json.RawMessage(`{`), func() {}} {
		b, err := json.Marshal(map[string]zuora.Value{"a__c": zuora.ValueOf(v)})
		assert.ErrorContains(t, err, "ValueOf", "%T", v)
		assert.Empty(t, b)
		assert.ErrorContains(t, zuora.ValueOf(v).Decode(new(any)), "ValueOf", "%T", v)
		_, err = zuora.ValueOf(v).Bool()
		assert.Error(t, err)
	}
}
