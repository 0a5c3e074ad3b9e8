package typed

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/zuora-go/zuora"
)

// Unmarshal reads data, which is JSON, into what v points to.
//
// It is more lenient than [json.Unmarshal], because Zuora's responses differ from
// Zuora's own description of them. It converts numbers, strings and bools into one
// another if no digit is lost, and one item into a list of one. Null does not change a
// field, nor does "" if the field is not a string. Names are compared exactly. Members
// that v has no field for are kept in its AdditionalProperties, unless they are null. So
// are the URLs that some versions of Zuora's API send instead of lists of objects.
//
// What does not fit is left out. Unmarshal then returns a [*zuora.DecodeError] that names
// it, and v has everything else. If data is not JSON, v does not change.
func Unmarshal(data []byte, v any) error {
	if !json.Valid(data) {
		err := json.Unmarshal(data, new(json.RawMessage))
		return &zuora.DecodeError{Body: data, Err: fmt.Errorf("not JSON: %w", err)}
	}
	to := reflect.ValueOf(v)
	if to.Kind() != reflect.Pointer || to.IsNil() {
		return fmt.Errorf("zuora: typed.Unmarshal into a %T, not a pointer to something", v)
	}
	d := decoder{data: data}
	d.value(planOf(to.Type().Elem()), to.Elem())
	if len(d.misfits) > 0 {
		return &zuora.DecodeError{Body: data, Fields: d.misfits}
	}
	return nil
}

// decoder walks over data, which is valid JSON, and a Go type in parallel.
type decoder struct {
	data    []byte
	off     int
	path    []step // to the value at off
	misfits []string
}

// step is a member's name or an item's index.
type step struct {
	name  []byte
	index int
}

const maxMisfits = 100

func (d *decoder) misfit() {
	if len(d.misfits) >= maxMisfits {
		return
	}
	var path strings.Builder
	for _, s := range d.path {
		switch {
		case s.name == nil:
			fmt.Fprintf(&path, "[%d]", s.index)
		case path.Len() > 0:
			fmt.Fprintf(&path, ".%s", text(s.name))
		default:
			path.WriteString(text(s.name))
		}
	}
	if path.Len() == 0 {
		path.WriteString("(the whole)")
	}
	d.misfits = append(d.misfits, path.String())
}

// space skips white space and returns the byte after it.
func (d *decoder) space() byte {
	for {
		switch c := d.data[d.off]; c {
		case ' ', '\t', '\r', '\n':
			d.off++
		default:
			return c
		}
	}
}

// token skips one value and returns it.
func (d *decoder) token() []byte {
	start := d.off
	switch d.data[d.off] {
	case '"':
		d.quoted()
	case '{', '[':
		for depth := 0; ; d.off++ {
			switch d.data[d.off] {
			case '"':
				d.quoted()
				d.off--
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					d.off++
					return d.data[start:d.off]
				}
			}
		}
	default:
		for d.off < len(d.data) && !isEnd(d.data[d.off]) {
			d.off++
		}
	}
	return d.data[start:d.off]
}

func isEnd(c byte) bool {
	return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\n' || c == '\r' || c == '\t'
}

// quoted skips a string.
func (d *decoder) quoted() {
	for d.off++; d.data[d.off] != '"'; d.off++ {
		if d.data[d.off] == '\\' {
			d.off++
		}
	}
	d.off++
}

// text returns the text of raw, a JSON string with its quotation marks.
func text(raw []byte) string {
	inner := raw[1 : len(raw)-1]
	for _, c := range inner {
		if c == '\\' || c >= 0x80 { // escapes, and UTF-8 that may be invalid
			var s string
			_ = json.Unmarshal(raw, &s)
			return s
		}
	}
	return string(inner)
}

// value reads the value at d.off into v, whose type p describes.
func (d *decoder) value(p *plan, v reflect.Value) {
	c := d.space()
	if c == 'n' {
		d.token()
		return
	}
	switch p.kind {
	case kindPointer:
		if c == '"' && p.elem.kind != kindText && p.elem.kind != kindRaw && d.data[d.off+1] == '"' {
			d.token()
			return
		}
		to := reflect.New(p.elem.typ)
		before := len(d.misfits)
		d.value(p.elem, to.Elem())
		if len(d.misfits) == before || !to.Elem().IsZero() {
			v.Set(to)
		}
	case kindStruct:
		d.object(c, p, v)
	case kindMap:
		d.mapping(c, p, v)
	case kindList:
		d.list(c, p, v)
	case kindRaw:
		v.SetString(string(d.token()))
	case kindOther:
		d.other(c, v)
	default:
		d.scalar(c, p, v)
	}
}

// scalar reads a string, a number or a bool into a field of any of these kinds.
func (d *decoder) scalar(c byte, p *plan, v reflect.Value) {
	raw := d.token()
	if c == '{' || c == '[' {
		d.misfit()
		return
	}
	s := ""
	if c == '"' {
		s = text(raw)
	} else {
		s = string(raw)
	}
	if p.kind == kindText {
		v.SetString(s)
		return
	}
	if s == "" {
		return
	}
	s = strings.TrimSpace(s)
	ok := false
	if p.kind == kindBool {
		var b bool
		if b, ok = boolean(s); ok {
			v.SetBool(b)
		}
	} else if n, isInt := integer(s); isInt && !v.OverflowInt(n) {
		v.SetInt(n)
		ok = true
	}
	if !ok {
		d.misfit()
	}
}

func boolean(s string) (value, ok bool) {
	switch strings.ToLower(s) {
	case "true", "yes", "1":
		return true, true
	case "false", "no", "0":
		return false, true
	}
	r, err := zuora.Decimal(s).Rat() // 0.000000000
	if err != nil || !r.IsInt() || r.Num().BitLen() > 1 || r.Sign() < 0 {
		return false, false
	}
	return r.Sign() > 0, true
}

func integer(s string) (int64, bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, true
	}
	if r, err := zuora.Decimal(s).Rat(); err == nil { // 12.000000000
		return r.Num().Int64(), r.IsInt() && r.Num().IsInt64()
	}
	b, ok := boolean(s)
	if b {
		return 1, ok
	}
	return 0, ok
}

// object reads an object into a struct.
func (d *decoder) object(c byte, p *plan, v reflect.Value) {
	if c != '{' {
		if raw := d.token(); len(raw) != len(`""`) || c != '"' {
			d.misfit()
		}
		return
	}
	var extra map[string]zuora.Value
	d.members(func(name []byte) {
		f := p.byName[string(name[1:len(name)-1])]
		if f == nil {
			f = p.byName[text(name)] // escaped
		}
		if f != nil && (p.extra < 0 || !f.plan.isListOfObjects() || !isURL(d.data[d.off:])) {
			d.value(f.plan, v.Field(f.index))
			return
		}
		if raw := d.token(); p.extra >= 0 && string(raw) != "null" {
			if extra == nil {
				extra = map[string]zuora.Value{}
			}
			extra[text(name)] = zuora.Value(raw)
		}
	})
	if extra != nil {
		v.Field(p.extra).Set(reflect.ValueOf(extra))
	}
}

// isURL reports whether a string that begins with http or a slash is at the
// beginning of data.
func isURL(data []byte) bool {
	return bytes.HasPrefix(data, []byte(`"http`)) || bytes.HasPrefix(data, []byte(`"/`)) || bytes.HasPrefix(data, []byte(`"\/`))
}

// members calls read for each member of the object at d.off. During the call, d.off is
// at the member's value.
func (d *decoder) members(read func(name []byte)) {
	d.off++
	for d.space() != '}' {
		name := d.token()
		d.space()
		d.off++ // the colon
		d.space()
		d.path = append(d.path, step{name: name})
		read(name)
		d.path = d.path[:len(d.path)-1]
		if d.space() == ',' {
			d.off++
		}
	}
	d.off++
}

func (d *decoder) mapping(c byte, p *plan, v reflect.Value) {
	if c != '{' {
		if raw := d.token(); len(raw) != len(`""`) || c != '"' {
			d.misfit()
		}
		return
	}
	m := reflect.MakeMap(p.typ)
	d.members(func(name []byte) {
		if p.elem.kind == kindRaw { // null is kept: it is this map's own member
			m.SetMapIndex(reflect.ValueOf(text(name)).Convert(p.typ.Key()), reflect.ValueOf(string(d.token())).Convert(p.elem.typ))
			return
		}
		item := reflect.New(p.elem.typ).Elem()
		before := len(d.misfits)
		if d.value(p.elem, item); len(d.misfits) == before || !item.IsZero() {
			m.SetMapIndex(reflect.ValueOf(text(name)).Convert(p.typ.Key()), item)
		}
	})
	v.Set(m)
}

// list reads a list, or one item as a list of one. The place of an item that does not
// fit stays empty, so that the others keep their indices.
func (d *decoder) list(c byte, p *plan, v reflect.Value) {
	if c != '[' {
		if c == '"' && d.data[d.off+1] == '"' {
			d.token()
			return
		}
		one := reflect.New(p.elem.typ).Elem()
		before := len(d.misfits)
		if d.value(p.elem, one); len(d.misfits) == before || !one.IsZero() {
			v.Set(reflect.Append(reflect.MakeSlice(p.typ, 0, 1), one))
		}
		return
	}
	d.off++
	v.Set(reflect.MakeSlice(p.typ, 0, 0))
	for i := 0; d.space() != ']'; i++ {
		if i == v.Cap() {
			v.Grow(max(4, i))
		}
		v.SetLen(i + 1)
		item := v.Index(i)
		item.SetZero()
		d.path = append(d.path, step{index: i})
		d.value(p.elem, item)
		d.path = d.path[:len(d.path)-1]
		if d.space() == ',' {
			d.off++
		}
	}
	d.off++
}

// other reads a value by encoding/json.
func (d *decoder) other(c byte, v reflect.Value) {
	raw := d.token()
	err := json.Unmarshal(raw, v.Addr().Interface())
	if err == nil {
		return
	}
	if t, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok && c != '"' && c != '{' && c != '[' {
		err = t.UnmarshalText(raw)
	}
	if err != nil && string(raw) != `""` {
		v.SetZero()
		d.misfit()
	}
}
