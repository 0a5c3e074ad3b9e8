package typed

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
	"sync"

	"github.com/zuora-go/zuora"
)

// plan describes a Go type. It is made once for each type.
type plan struct {
	kind   kind
	typ    reflect.Type
	elem   *plan             // of a pointer, a list or a map
	fields []field           // of a struct, in their order
	byName map[string]*field // the same by their names in JSON
	extra  int               // the index of AdditionalProperties, or -1 if there is none
}

type field struct {
	name     string // in JSON
	key      string // the same, quoted and with its colon
	goName   string
	index    int
	optional bool // not sent if it is zero
	plan     *plan
}

type kind int

const (
	kindOther kind = iota // encoding/json reads and writes it
	kindText              // string, Decimal, Date, DateTime, enums
	kindRaw               // Value
	kindBool
	kindInt
	kindPointer
	kindStruct
	kindList
	kindMap
)

var (
	plans   sync.Map // of *plan, by reflect.Type
	value   = reflect.TypeFor[zuora.Value]()
	decimal = reflect.TypeFor[zuora.Decimal]()
	texts   = []reflect.Type{decimal, reflect.TypeFor[zuora.Date](), reflect.TypeFor[zuora.DateTime]()}
	customs = []reflect.Type{
		reflect.TypeFor[json.Marshaler](), reflect.TypeFor[json.Unmarshaler](),
		reflect.TypeFor[encoding.TextMarshaler](), reflect.TypeFor[encoding.TextUnmarshaler](),
	}
)

func (p *plan) isListOfObjects() bool { return p.kind == kindList && p.elem.kind == kindStruct }

func planOf(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	seen := map[reflect.Type]*plan{}
	p := newPlan(t, seen)
	for t, p := range seen { // whole by now
		plans.LoadOrStore(t, p)
	}
	return p
}

func newPlan(t reflect.Type, seen map[reflect.Type]*plan) *plan {
	if p, ok := seen[t]; ok {
		return p
	}
	p := &plan{typ: t, extra: -1}
	seen[t] = p
	switch {
	case t == value:
		p.kind = kindRaw
	case isText(t):
		p.kind = kindText
	case t.Kind() == reflect.Struct && hasExtra(t):
		p.structure(seen)
	case t.Kind() == reflect.Pointer:
		p.kind, p.elem = kindPointer, newPlan(t.Elem(), seen)
	case custom(t):
		p.kind = kindOther
	case t.Kind() == reflect.String:
		p.kind = kindText
	case t.Kind() == reflect.Bool:
		p.kind = kindBool
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Int64:
		p.kind = kindInt
	case t.Kind() == reflect.Struct:
		p.structure(seen)
	case t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8:
		p.kind, p.elem = kindList, newPlan(t.Elem(), seen)
	case t.Kind() == reflect.Map && t.Key().Kind() == reflect.String && !custom(t.Key()):
		p.kind, p.elem = kindMap, newPlan(t.Elem(), seen)
	}
	return p
}

func isText(t reflect.Type) bool {
	for _, text := range texts {
		if t == text {
			return true
		}
	}
	return t == reflect.TypeFor[zuora.ReasonCode]()
}

// hasExtra reports whether t is a generated struct: its own UnmarshalJSON and
// MarshalJSON call this package.
func hasExtra(t reflect.Type) bool {
	f, ok := t.FieldByName("AdditionalProperties")
	return ok && f.Type == reflect.TypeFor[map[string]zuora.Value]() && f.Tag.Get("json") == "-"
}

func custom(t reflect.Type) bool {
	for _, c := range customs {
		if t.Implements(c) || reflect.PointerTo(t).Implements(c) {
			return true
		}
	}
	return false
}

func (p *plan) structure(seen map[reflect.Type]*plan) {
	p.kind = kindStruct
	for i := range p.typ.NumField() {
		f := p.typ.Field(i)
		tag := f.Tag.Get("json")
		name, options, _ := strings.Cut(tag, ",")
		if f.Name == "AdditionalProperties" && tag == "-" && f.Type == reflect.TypeFor[map[string]zuora.Value]() {
			p.extra = i
		}
		if !f.IsExported() || tag == "-" {
			continue
		}
		if f.Anonymous && name == "" { // which would spread its fields
			p.kind, p.fields, p.extra = kindOther, nil, -1
			return
		}
		if name == "" {
			name = f.Name
		}
		p.fields = append(p.fields, field{name, string(appendText(nil, name)) + ":", f.Name, i, strings.Contains(options, "omit"), newPlan(f.Type, seen)})
	}
	p.byName = make(map[string]*field, len(p.fields))
	for i := range p.fields {
		p.byName[p.fields[i].name] = &p.fields[i]
	}
}
