package zuora

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Decimal is the text of a decimal number, such as an amount: "2500.00". It is the text
// that Zuora sent, digit for digit ("0.000000000" and "0E-9" do not change), and "" if
// there was none. To calculate with a Decimal, convert it: [Decimal.Rat] is exact.
//
// Reading JSON never fails. A number, a string and a bool become their text. Null, an
// object and a list become "". A text that is a JSON number is written as a number,
// without quotation marks, as Zuora requires. Any other text is written as a JSON
// string, and "" as null.
type Decimal string

// DecimalOf returns r with that many digits after the decimal point, rounded half
// away from zero. It returns "" if r is nil.
func DecimalOf(r *big.Rat, digits int) Decimal {
	if r == nil {
		return ""
	}
	s := r.FloatString(digits)
	if strings.Trim(s, "-0.") == "" {
		s = strings.TrimPrefix(s, "-") // rounded to zero
	}
	return Decimal(s)
}

// Rat returns the exact number. It returns an error if d is "" or anything else than
// digits with an optional sign, point and exponent. It also returns an error if d has
// more than 1,000 characters or an exponent of more than three digits, because such
// numbers are costly to expand.
func (d Decimal) Rat() (*big.Rat, error) {
	if len(d) <= 1000 && decimal.MatchString(string(d)) {
		if r, ok := new(big.Rat).SetString(string(d)); ok {
			return r, nil
		}
	}
	return nil, fmt.Errorf("zuora: %.40q is not a decimal number, or is far too long for one", string(d))
}

// decimal excludes what SetString also takes: fractions, other bases, infinity.
var decimal = regexp.MustCompile(`^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?0*\d{1,3})?$`)

// Float64 returns the nearest float64. It is for display and statistics, because few
// amounts are equal to a float64. It returns an error if [Decimal.Rat] does, or if the
// number is too large for a float64.
func (d Decimal) Float64() (float64, error) {
	r, err := d.Rat()
	if err != nil {
		return 0, err
	}
	f, _ := r.Float64()
	if math.IsInf(f, 0) {
		return 0, fmt.Errorf("zuora: %.40q is too large for a float64", string(d))
	}
	return f, nil
}

// Cmp returns -1 if d is less than other, 0 if they are equal and +1 if d is
// greater. It compares numbers, not texts: "0E-9" equals "0". It returns an error if
// [Decimal.Rat] of one of them does.
func (d Decimal) Cmp(other Decimal) (int, error) {
	a, err := d.Rat()
	b, err2 := other.Rat()
	if err := cmp.Or(err, err2); err != nil {
		return 0, err
	}
	return a.Cmp(b), nil
}

// UnmarshalJSON never fails: see [Decimal].
func (d *Decimal) UnmarshalJSON(b []byte) error { *d = Decimal(scalar(b)); return nil }

// MarshalJSON returns a JSON number, a JSON string or null: see [Decimal]. It never
// fails.
func (d Decimal) MarshalJSON() ([]byte, error) {
	// Of all JSON only a number ends in a digit. Blanks may stand before it.
	if n := len(d); n > 0 && d[0] > ' ' && d[n-1] >= '0' && d[n-1] <= '9' && json.Valid([]byte(d)) {
		return []byte(d), nil
	}
	return text(string(d))
}

// Date is the text of a day: "2017-03-01". It is the text that Zuora sent, which may be
// a date-time, and "" if there was none. It reads JSON as a [Decimal] does, and writes a
// JSON string, or null for "".
type Date string

// DateOf returns the day of t in t's own time zone, and "" for the zero Time.
func DateOf(t time.Time) Date {
	if t.IsZero() {
		return ""
	}
	return Date(t.Format(time.DateOnly))
}

// Time returns the beginning of the day in UTC. For a date-time that is the day as it is
// written, without regard to the time zone. It returns an error for any other text, and
// for "".
func (d Date) Time() (time.Time, error) {
	t, err := DateTime(d).Time(time.UTC)
	if err != nil {
		return time.Time{}, fmt.Errorf("zuora: %.40q is not a date", string(d))
	}
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC), nil
}

// UnmarshalJSON never fails: see [Date].
func (d *Date) UnmarshalJSON(b []byte) error { *d = Date(scalar(b)); return nil }

// MarshalJSON returns a JSON string, or null for "". It never fails.
func (d Date) MarshalJSON() ([]byte, error) { return text(string(d)) }

// DateTime is the text of a moment. It is the text that Zuora sent, and "" if there was
// none. Responses to queries and CRUD calls have "2015-11-04T10:59:22.000-08:00"; most
// others have "2017-03-01 10:07:10", without a time zone. It reads JSON as a [Decimal]
// does, and writes a JSON string, or null for "".
type DateTime string

// DateTimeOf returns t in the form "2015-11-04T10:59:22.000-08:00", in t's own time
// zone and cut to milliseconds, and "" for the zero Time.
func DateTimeOf(t time.Time) DateTime {
	if t.IsZero() {
		return ""
	}
	return DateTime(t.Format("2006-01-02T15:04:05.000-07:00"))
}

// Time returns the moment, in the time zone that the text states. A text without a time
// zone, such as a date, is a time in zone. Zuora does not say which time zone it means;
// it is probably the tenant's. If zone is nil, Time returns an error for such a text. It
// returns an error for any text that is not a date-time, and for "".
func (d DateTime) Time(zone *time.Location) (time.Time, error) {
	s := string(d)
	if i := len(time.DateOnly); len(s) > i && s[i] == ' ' {
		s = s[:i] + "T" + s[i+1:]
	}
	for _, layout := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", time.DateOnly} {
		t, err := time.ParseInLocation(layout, s, cmp.Or(zone, time.UTC)) // a fraction of a second may follow 05
		if err == nil && zone == nil && !strings.Contains(layout, "Z") {
			return time.Time{}, fmt.Errorf("zuora: %.40q has no time zone, and none is given for it", s)
		}
		if err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("zuora: %.40q is not a date-time", string(d))
}

// UnmarshalJSON never fails: see [DateTime].
func (d *DateTime) UnmarshalJSON(b []byte) error { *d = DateTime(scalar(b)); return nil }

// MarshalJSON returns a JSON string, or null for "". It never fails.
func (d DateTime) MarshalJSON() ([]byte, error) { return text(string(d)) }

// Value is the JSON text of any value: of a custom field, or of a member that a type has
// no field for. It is the text that Zuora sent, and is sent again unchanged. [ValueOf]
// makes one. If the text is not JSON, the Value is the string of that text, and "" is
// null.
type Value string

// Null is the JSON null. In a request it clears a field.
const Null Value = "null"

// ValueOf returns v as [json.Marshal] writes it: a [Decimal] without quotation
// marks, a float with as few digits as identify it. Use [DecimalOf], [DateOf] and
// [DateTimeOf] for a [big.Rat] and a [time.Time]. If v cannot be marshalled, such as a
// channel or NaN, MarshalJSON and Decode of the Value return the error, so that no
// request with it is sent.
func ValueOf(v any) Value {
	b, err := marshal(v)
	if err != nil {
		return Value(broken + err.Error())
	}
	return Value(b)
}

const broken = "\x00" // begins a Value that could not be made, and no JSON

// Text returns the value of a string, the text of a number or a bool, and "" for
// null, an object and a list. [Value.Decode] reads those.
func (v Value) Text() string {
	b, _ := v.MarshalJSON()
	return scalar(b)
}

// Decimal returns [Value.Text] as a Decimal.
func (v Value) Decimal() Decimal { return Decimal(v.Text()) }

// Bool returns the bool true or false, or that of the text "true" or "false", because
// Zuora sends both forms. It returns an error for any other value, and for null.
func (v Value) Bool() (bool, error) {
	b, err := strconv.ParseBool(v.Text())
	if err != nil {
		return false, fmt.Errorf("zuora: %.40q is neither true nor false", v.Text())
	}
	return b, nil
}

// Decode stores the value in what into points to, as [json.Unmarshal] does. Numbers
// stay exact: in an any they become a [json.Number].
func (v Value) Decode(into any) error {
	b, err := v.MarshalJSON()
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("zuora: decode value: %w", err)
	}
	return nil
}

// UnmarshalJSON keeps b. It never fails.
func (v *Value) UnmarshalJSON(b []byte) error { *v = Value(b); return nil }

// MarshalJSON returns v, or v as a JSON string if it is not JSON. It returns an
// error if [ValueOf] could not make v.
func (v Value) MarshalJSON() ([]byte, error) {
	if why, is := strings.CutPrefix(string(v), broken); is {
		return nil, fmt.Errorf("zuora: ValueOf: %s", why)
	}
	if json.Valid([]byte(v)) {
		return []byte(v), nil
	}
	return text(string(v))
}

// scalar returns the text of the JSON scalar b, and "" for null, an object and a
// list.
func scalar(b []byte) string {
	b = bytes.TrimSpace(b)
	if len(b) == 0 || b[0] == '{' || b[0] == '[' || string(b) == "null" {
		return ""
	}
	var s string
	if b[0] == '"' && json.Unmarshal(b, &s) == nil {
		return s
	}
	return string(b)
}

// text returns s as a JSON string, or null if it is "".
func text(s string) ([]byte, error) {
	if s == "" {
		return []byte(Null), nil
	}
	return marshal(s)
}

// marshal is [json.Marshal], with <, > and & as they are.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
