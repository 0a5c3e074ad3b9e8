package typed

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/zuora-go/zuora"
)

// Marshal returns v as JSON. Fields that are zero are left out, but an empty list that
// is not nil is sent. AdditionalProperties are added unchanged. One of them may have the
// name of a field only if the field is not set, and the property is [zuora.Null], or the
// URL of a list.
func Marshal(v any) ([]byte, error) {
	b, err := marshal(v)
	if err != nil {
		return nil, fmt.Errorf("zuora: %w", err)
	}
	return b, nil
}

var buffers = sync.Pool{New: func() any { return new([]byte) }}

func marshal(v any) ([]byte, error) {
	from := reflect.ValueOf(v)
	if !from.IsValid() {
		return []byte("null"), nil
	}
	buffer := buffers.Get().(*[]byte)
	b, err := appendValue((*buffer)[:0], planOf(from.Type()), from)
	if err != nil {
		return nil, err
	}
	if cap(b) <= 1<<20 {
		*buffer = b
		defer buffers.Put(buffer)
	}
	return bytes.Clone(b), nil
}

func appendValue(b []byte, p *plan, v reflect.Value) ([]byte, error) {
	switch p.kind {
	case kindPointer:
		if v.IsNil() {
			return append(b, "null"...), nil
		}
		return appendValue(b, p.elem, v.Elem())
	case kindText:
		if p.typ == decimal {
			return appendDecimal(b, v.String())
		}
		return appendText(b, v.String()), nil
	case kindRaw:
		return appendRaw(b, v.String())
	case kindBool:
		return strconv.AppendBool(b, v.Bool()), nil
	case kindInt:
		return strconv.AppendInt(b, v.Int(), 10), nil
	case kindStruct:
		return appendStruct(b, p, v)
	case kindList:
		return appendList(b, p, v)
	case kindMap:
		return appendMap(b, p, v)
	}
	text, err := json.Marshal(v.Interface())
	return append(b, text...), err
}

func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			quoted, _ := json.Marshal(s) // a string always has JSON
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// appendDecimal is [zuora.Decimal.MarshalJSON] without a copy of the usual text.
func appendDecimal(b []byte, s string) ([]byte, error) {
	if digits(s) {
		return append(b, s...), nil
	}
	text, err := zuora.Decimal(s).MarshalJSON()
	return append(b, text...), err
}

// digits reports whether s is a JSON number without an exponent.
func digits(s string) bool {
	s = strings.TrimPrefix(s, "-")
	whole, fraction, point := strings.Cut(s, ".")
	digit := func(s string) bool {
		for i := range len(s) {
			if s[i] < '0' || s[i] > '9' {
				return false
			}
		}
		return s != ""
	}
	return digit(whole) && (whole[0] != '0' || len(whole) == 1) && (!point || digit(fraction))
}

// appendRaw is [zuora.Value.MarshalJSON] without a copy of the usual text.
func appendRaw(b []byte, s string) ([]byte, error) {
	n := len(b)
	if b = append(b, s...); json.Valid(b[n:]) {
		return b, nil
	}
	text, err := zuora.Value(s).MarshalJSON()
	return append(b[:n], text...), err
}

func appendStruct(b []byte, p *plan, v reflect.Value) (_ []byte, err error) {
	b = append(b, '{')
	first := len(b)
	comma := func() {
		if len(b) > first {
			b = append(b, ',')
		}
	}
	for i := range p.fields {
		f := &p.fields[i]
		from := v.Field(f.index)
		if f.optional && from.IsZero() {
			continue
		}
		comma()
		b = append(b, f.key...)
		if b, err = appendValue(b, f.plan, from); err != nil {
			return nil, under(f.name, err)
		}
	}
	if p.extra >= 0 {
		extra, _ := v.Field(p.extra).Interface().(map[string]zuora.Value)
		for _, name := range sorted(extra, make([]string, 0, 8)) {
			value := extra[name]
			if f := p.byName[name]; f != nil && (!v.Field(f.index).IsZero() || !f.mayStandAside(value)) {
				return nil, fmt.Errorf("AdditionalProperties[%q]: set the field %s instead; only zuora.Null is allowed here, and only if the field is not set", name, f.goName)
			}
			comma()
			if b, err = appendMember(b, name, value); err != nil {
				return nil, fmt.Errorf("AdditionalProperties[%q]: %w", name, err)
			}
		}
	}
	return append(b, '}'), nil
}

// mayStandAside reports whether value may be an additional property with the name of f:
// null, or the URL that a response had instead of a list.
func (f *field) mayStandAside(value zuora.Value) bool {
	text := strings.TrimSpace(string(value))
	return text == string(zuora.Null) || f.plan.isListOfObjects() && isURL([]byte(text))
}

// pathError is an error at a path in the marshalled value.
type pathError struct {
	path string
	err  error
}

func (e *pathError) Error() string { return e.path + ": " + e.err.Error() }
func (e *pathError) Unwrap() error { return e.err }

// under puts a name before the path of err.
func under(name string, err error) error {
	if inner := (*pathError)(nil); errors.As(err, &inner) {
		dot := "."
		if strings.HasPrefix(inner.path, "[") {
			dot = ""
		}
		return &pathError{name + dot + inner.path, inner.err}
	}
	return &pathError{name, err}
}

func appendList(b []byte, p *plan, v reflect.Value) (_ []byte, err error) {
	b = append(b, '[')
	for i := range v.Len() {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendValue(b, p.elem, v.Index(i)); err != nil {
			return nil, under(fmt.Sprintf("[%d]", i), err)
		}
	}
	return append(b, ']'), nil
}

// sorted appends the names of m to names, which are none, and sorts them.
func sorted(m map[string]zuora.Value, names []string) []string {
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func appendMember(b []byte, name string, value zuora.Value) ([]byte, error) {
	if value == "" {
		return nil, errEmpty
	}
	return appendRaw(append(appendText(b, name), ':'), string(value))
}

var errEmpty = errors.New("the value is empty; zuora.Null erases a field")

func appendMap(b []byte, p *plan, v reflect.Value) (_ []byte, err error) {
	b = append(b, '{')
	if m, ok := v.Interface().(map[string]zuora.Value); ok { // as nearly all are
		for i, name := range sorted(m, make([]string, 0, 8)) {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = appendMember(b, name, m[name]); err != nil {
				return nil, under(name, err)
			}
		}
		return append(b, '}'), nil
	}
	for i, key := range slices.SortedFunc(slices.Values(v.MapKeys()), func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) }) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendText(b, key.String()), ':')
		if p.elem.kind == kindRaw && v.MapIndex(key).Len() == 0 {
			return nil, under(key.String(), errEmpty)
		}
		if b, err = appendValue(b, p.elem, v.MapIndex(key)); err != nil {
			return nil, under(key.String(), err)
		}
	}
	return append(b, '}'), nil
}
