package zuoratest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/zuora-go/zuora"
)

// state is what a tenant with [Config.Stateful] keeps. Calls take turns.
type state struct {
	mux   *http.ServeMux
	calls []string

	mu      sync.Mutex // guards the fields below
	n       int        // IDs so far
	tables  map[string]*table
	jobs    map[string]*job
	files   map[string]string   // contents by ID
	results map[string][]record // of queries, by the ID of the query
	replies map[string]reply    // by idempotency key
}

// table contains the objects of a kind.
type table struct {
	kind
	made       int
	records    []record
	keys       map[string]record // by ID and by number
	rest, crud map[string]string // the member of a record for a field in lower case, and the field for a member
}

// call is a call in progress. After its first failure it continues with records that are
// not kept, and at its end all its changes are undone.
type call struct {
	*state
	r    *http.Request
	in   record // the body
	err  error
	undo []func()
}

// reply is the response to the first call with an idempotency key.
type reply struct {
	request string
	at      time.Time
	http.Handler
}

// failure is the reason why a call fails. Only the category, the last two digits of its
// code, is Zuora's.
type failure struct {
	status               int // if 0, it is 200
	category, word, text string
}

func (f failure) Error() string { return f.text }

func (f failure) handler(r *http.Request) http.Handler {
	if strings.HasPrefix(r.URL.Path, "/v1/object/") || strings.HasPrefix(r.URL.Path, "/v1/action/") {
		return CRUDFailed(f.word, f.text)
	}
	return Failed(cmp.Or(f.status, http.StatusOK), "500000"+f.category, f.text)
}

// Calls returns the calls that a tenant with [Config.Stateful] has, as patterns of
// [http.ServeMux], sorted by path. It returns nil for any other tenant.
func (t *Tenant) Calls() []string {
	if t.state == nil {
		return nil
	}
	return slices.Clone(t.state.calls)
}

// dispatch passes a call to the handler that the test has registered for it, or else to the
// state.
func (t *Tenant) dispatch(w http.ResponseWriter, r *http.Request) {
	if t.state != nil {
		if _, pattern := t.mux.Handler(r); pattern == "" {
			t.state.mux.ServeHTTP(w, r)
			return
		}
	}
	t.mux.ServeHTTP(w, r)
}

func newState() *state {
	s := &state{
		mux: http.NewServeMux(), tables: map[string]*table{}, jobs: map[string]*job{}, files: map[string]string{},
		results: map[string][]record{}, replies: map[string]reply{},
	}
	for _, k := range kinds {
		t := &table{kind: k, keys: map[string]record{}, rest: map[string]string{}, crud: map[string]string{}}
		for field := range strings.FieldsSeq("Id CreatedDate UpdatedDate " + k.fields) {
			field, rest, _ := strings.Cut(field, "=")
			rest = cmp.Or(rest, strings.ToLower(field[:1])+field[1:])
			t.rest[strings.ToLower(field)], t.crud[rest] = rest, field
		}
		s.tables[strings.ToLower(k.object)] = t
		s.handleKind(t)
	}
	s.handleObjects()
	s.handleLists()
	s.handleBilling()
	s.handleJobs()
	s.handleQueries()
	slices.SortFunc(s.calls, func(a, b string) int {
		_, pathA, _ := strings.Cut(a, " ")
		_, pathB, _ := strings.Cut(b, " ")
		return cmp.Or(cmp.Compare(pathA, pathB), cmp.Compare(a, b))
	})
	s.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		text := "The stand-in tenant does not have the call " + r.Method + " " + r.URL.Path + "; Tenant.Calls lists those that it has, Tenant.Handle adds one"
		failure{http.StatusMethodNotAllowed, "45", "INVALID_TYPE", text}.handler(r).ServeHTTP(w, r)
	})
	s.newCatalog(&call{state: s})
	return s
}

// handle registers a call. do returns the JSON value of the response, or an http.Handler.
func (s *state) handle(pattern string, do func(*call) any) {
	s.calls = append(s.calls, pattern)
	pattern = strings.Replace(pattern, "{key}/status", "{key}/{status}", 1) // because /v1/usage/accounts/{key} must be more specific
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 16<<20))
		in, request := record{}, r.Method+" "+r.URL.RequestURI()
		if !strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") && (r.Method == http.MethodPost || r.Method == http.MethodPut) {
			if err == nil {
				err = json.Unmarshal(body, &in)
			}
			request += "\n" + string(body)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		switch {
		case r.Method == http.MethodPut && len(body) == 0:
			Failed(http.StatusUnsupportedMediaType, "50000045", "a PUT needs a body, {} at least").ServeHTTP(w, r)
		case err != nil || in == nil:
			Failed(http.StatusBadRequest, "50000090", fmt.Sprint("the body is not a JSON object: ", err)).ServeHTTP(w, r)
		default:
			s.reply(r, request, in, do).ServeHTTP(w, r)
		}
	})
}

// reply makes a call, or returns the response that its idempotency key had in the last 24
// hours.
func (s *state) reply(r *http.Request, request string, in record, do func(*call) any) http.Handler {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := r.Header.Get("Idempotency-Key")
	if r.Method != http.MethodPost {
		key = ""
	}
	if first, found := s.replies[key]; found && time.Since(first.at) < 24*time.Hour {
		if first.request != request {
			return Failed(http.StatusConflict, "50000030", "another request had this Idempotency-Key")
		}
		return first.Handler
	}
	out, err := (&call{state: s, r: r}).try(in, do)
	h, isHandler := out.(http.Handler)
	if err != nil {
		h = err.(failure).handler(r)
	} else if !isHandler {
		h = JSON(raw(out)) // the objects in it may change later
	}
	if key != "" {
		s.replies[key] = reply{request, time.Now(), h}
	}
	return h
}

// try does a part of a call. If that fails, only its own changes are undone.
func (c *call) try(in record, do func(*call) any) (any, error) {
	part := &call{state: c.state, r: c.r, in: in}
	out := do(part)
	if part.err == nil {
		c.undo = append(c.undo, part.undo...)
		return out, nil
	}
	for _, undo := range slices.Backward(part.undo) {
		undo()
	}
	return nil, part.err
}

func (c *call) fail(f failure) {
	if c.err == nil {
		c.err = f
	}
}

func (c *call) missing(name string) {
	c.fail(failure{0, "22", "MISSING_REQUIRED_VALUE", "Missing required value: " + name})
}

func (c *call) invalid(format string, args ...any) {
	c.fail(failure{0, "20", "INVALID_VALUE", fmt.Sprintf(format, args...)})
}

// cannot makes the call fail because of something that the stand-in cannot do, though Zuora
// may.
func (c *call) cannot(format string, args ...any) {
	c.fail(failure{0, "30", "INVALID_VALUE", "The stand-in tenant does not " + fmt.Sprintf(format, args...)})
}

// refuse makes the call fail if in has one of these members.
func (c *call) refuse(in record, names string) {
	for name := range strings.FieldsSeq(names) {
		if v := string(in[name]); v != "" && v != "null" && v != "false" {
			c.cannot("take %s", name)
		}
	}
}

// amount returns a member that is a number.
func (c *call) amount(r record, name string) *big.Rat {
	amount, err := zuora.Decimal(r[name]).Rat()
	if r.text(name) == "" {
		c.missing(name)
	} else if err != nil {
		c.invalid("%s is not a JSON number", name)
	}
	if err != nil {
		return new(big.Rat)
	}
	return amount
}

// date returns a member that is a date.
func (c *call) date(r record, name string) time.Time {
	text := r.text(name)
	date, err := time.Parse(time.DateOnly, text[:min(len(text), 10)])
	if err != nil {
		c.invalid("%s is not a date", name)
	}
	return date
}

// key returns the object of a kind that the path names.
func (c *call) key(object string) record { return c.find(object, c.r.PathValue("key")) }

// find returns the object of a kind that has key as its ID or number. It may be changed:
// a call that fails restores it.
func (c *call) find(object, key string) record {
	rec := c.tables[strings.ToLower(object)].keys[key]
	if rec == nil {
		c.fail(failure{0, "40", "INVALID_ID", "Cannot find the " + object + " " + strconv.Quote(key)})
		return record{}
	}
	before := maps.Clone(rec)
	c.undo = append(c.undo, func() {
		clear(rec)
		maps.Copy(rec, before)
	})
	return rec
}

// of returns the objects of a kind that belong to owner.
func (c *call) of(object, owner string, rec record) (found []record) {
	for _, other := range c.tables[strings.ToLower(object)].records {
		if bytes.Equal(other[idOf(owner)], rec["id"]) {
			found = append(found, c.find(object, other.text("id")))
		}
	}
	return found
}

func idOf(object string) string { return strings.ToLower(object[:1]) + object[1:] + "Id" }

func (s *state) newID() string {
	s.n++
	return fmt.Sprintf("2c92c0f9%024x", s.n)
}

const crudTime = "2006-01-02T15:04:05.000-07:00"

// add creates an object.
func (c *call) add(object string, in record) record {
	t := c.tables[strings.ToLower(object)]
	rec := record{"": []byte(cmp.Or(t.defaults, "{}"))}.object("")
	maps.Copy(rec, in.without("id success"))
	if t.parent != "" {
		key := rec.text(idOf(t.parent))
		if t.parent == "Account" {
			key = cmp.Or(key, rec.text("accountNumber"))
		}
		if key == "" {
			c.missing(idOf(t.parent))
		}
		parent := c.find(t.parent, key)
		rec[idOf(t.parent)] = parent["id"]
		if t.parent == "Account" {
			rec["accountNumber"] = parent["accountNumber"]
		}
	}
	for name := range strings.FieldsSeq(t.required) {
		if rec.text(name) == "" {
			c.missing(name)
		}
	}
	number := rec.text(t.number)
	if t.keys[number] != nil {
		c.fail(failure{0, "30", "INVALID_VALUE", "Another " + t.object + " has the number " + number})
	}
	for t.number != "" && (number == "" || t.keys[number] != nil) {
		t.made++
		number = fmt.Sprintf("%s%08d", t.prefix, t.made)
		rec.set(t.number, number)
	}
	now := time.Now().Format(crudTime)
	id := c.newID()
	rec.set("id", id, "createdDate", now, "updatedDate", now)
	t.records = append(t.records, rec)
	t.keys[id] = rec
	if number != "" {
		t.keys[number] = rec
	}
	c.undo = append(c.undo, func() { c.remove(t.object, rec) })
	return rec
}

// update sets the members that in has, and removes those that are null in it.
func (c *call) update(object string, rec, in record) {
	t := c.tables[strings.ToLower(object)]
	fixed := strings.Fields("id createdDate updatedDate accountId " + t.number + " " + t.fixed)
	for name, v := range in.without("success") {
		if slices.Contains(fixed, name) {
			if rec.text(name) != in.text(name) {
				c.invalid("%s cannot be changed", name)
			}
		} else if rec[name] = v; string(v) == "null" {
			delete(rec, name)
		}
	}
	for name := range strings.FieldsSeq(t.required) {
		if rec.text(name) == "" {
			c.missing(name)
		}
	}
	rec.set("updatedDate", time.Now().Format(crudTime))
}

// remove deletes an object and the objects that belong to it.
func (s *state) remove(object string, rec record) {
	for _, t := range s.tables {
		for _, other := range slices.Clone(t.records) {
			if t.parent == object && bytes.Equal(other[idOf(object)], rec["id"]) {
				s.remove(t.object, other)
			}
		}
	}
	t := s.tables[strings.ToLower(object)]
	t.records = slices.DeleteFunc(t.records, func(other record) bool { return bytes.Equal(other["id"], rec["id"]) })
	delete(t.keys, rec.text("id"))
	delete(t.keys, rec.text(t.number))
}

// show returns an object as GET does, except success.
func (c *call) show(object string, rec record) record {
	t, out := c.tables[strings.ToLower(object)], rec.without("")
	for _, name := range []string{"createdDate", "updatedDate"} {
		if at, err := time.Parse(crudTime, rec.text(name)); err == nil {
			out.set(name, at.Format(time.DateTime))
		}
	}
	if t.view != nil {
		out = t.view(c, out)
	}
	return out.without(t.hidden)
}

// handleKind registers the REST calls of one object.
func (s *state) handleKind(t *table) {
	for method := range strings.FieldsSeq(t.methods) {
		pattern := method + " " + t.path + "/{key}"
		switch method {
		case "POST":
			s.handle("POST "+t.path, func(c *call) any {
				if t.create != nil {
					return t.create(c)
				}
				return c.show(t.object, c.add(t.object, c.in)).set("success", true)
			})
		case "GET":
			s.handle(pattern, func(c *call) any { return c.show(t.object, c.key(t.object)).set("success", true) })
		case "PUT":
			s.handle(pattern, func(c *call) any {
				rec := c.key(t.object)
				if t.change != nil {
					return t.change(c, rec)
				}
				c.update(t.object, rec, c.in)
				return c.show(t.object, rec).set("success", true)
			})
		case "DELETE":
			s.handle(pattern, func(c *call) any { return c.delete(t, c.key(t.object)) })
		}
	}
}

func (c *call) delete(t *table, rec record) record {
	if c.err == nil {
		c.remove(t.object, rec)
	}
	return rec.pick("id").set("success", true)
}

// page returns the page of a list that the query of the call names.
func (c *call) page(name string, all []record, view func(record) record) any {
	query, numbers := c.r.URL.Query(), map[string]int{"page": 1, "pageSize": 10}
	for name := range numbers {
		if text := query.Get(name); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < 1 || n > 1e6 {
				c.fail(failure{http.StatusBadRequest, "27", "", name + " is not a number from 1"})
			}
			numbers[name] = n
		}
	}
	size := min(numbers["pageSize"], 40)
	begin := max(0, min((numbers["page"]-1)*size, len(all)))
	end := max(begin, min(begin+size, len(all)))
	items := []record{}
	for _, rec := range all[begin:end] {
		items = append(items, view(rec))
	}
	out := record{}.set(name, items, "success", true)
	if end < len(all) {
		query.Set("page", strconv.Itoa(numbers["page"]+1))
		out.set("nextPage", (&url.URL{Scheme: "https", Host: c.r.Host, Path: c.r.URL.Path, RawQuery: query.Encode()}).String())
	}
	return out
}
