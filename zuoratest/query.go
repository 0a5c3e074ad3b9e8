package zuoratest

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/zuora-go/zuora"
)

const batch = 2000 // records in a response

var (
	token    = regexp.MustCompile(`'(?:[^'\\]|\\.)*'|[\w.-]+|[<>!]=|<>|\S`)
	restName = regexp.MustCompile(`=\w+`)
)

// selection is a parsed query.
type selection struct {
	*table
	fields []string          // as the query spells them
	names  map[string]string // the members of records for these fields
	where  []string          // name, value, name, value, …
}

// parse parses "select … from … where field = value and …". If exports is true, a field may
// have its object before it, and "*" stands for all fields.
func (s *state) parse(query string, exports bool) (q *selection, err error) {
	q = &selection{names: map[string]string{}}
	words := append(token.FindAllString(strings.TrimSuffix(strings.TrimSpace(query), ";"), -1), "")
	next := func(want ...string) (word string) {
		if word = words[0]; len(words) > 1 {
			words = words[1:]
		}
		for _, w := range want {
			if strings.EqualFold(word, w) {
				return w
			}
		}
		if want != nil && err == nil {
			err = failure{0, "20", "MALFORMED_QUERY", fmt.Sprintf("The stand-in tenant reads select FIELDS from OBJECT where FIELD = VALUE and …; it does not know %q, in the place of %s", word, strings.Join(want, " or "))}
		}
		return word
	}
	next("select")
	for more := ","; more == ","; more = next(",", "from") {
		q.fields = append(q.fields, next())
	}
	if err != nil {
		return nil, err
	}
	object := next()
	if q.table = s.tables[strings.ToLower(object)]; q.table == nil {
		return nil, failure{0, "40", "INVALID_TYPE", "The stand-in tenant has no objects of the type " + strconv.Quote(object)}
	}
	member := func(field string) string {
		name := field
		if owner, member, found := strings.Cut(field, "."); exports && found && strings.EqualFold(owner, q.object) {
			name = member
		}
		if strings.Contains(name, "__") && !strings.Contains(name, ".") {
			return name
		}
		if q.rest[strings.ToLower(name)] == "" && err == nil {
			err = failure{0, "21", "INVALID_FIELD", fmt.Sprintf("%s has no field %q", q.object, field)}
		}
		return q.rest[strings.ToLower(name)]
	}
	if exports && len(q.fields) == 1 && q.fields[0] == "*" {
		q.fields = strings.Fields("Id CreatedDate UpdatedDate " + restName.ReplaceAllString(q.kind.fields, ""))
	}
	for _, field := range q.fields {
		q.names[field] = member(field)
	}
	for and := next("where", ""); and != "" && err == nil; and = next("and", "") {
		name := member(next())
		next("=")
		value := next()
		_, bad := zuora.Decimal(value).Rat()
		switch lower := strings.ToLower(value); {
		case len(value) > 1 && value[0] == '\'':
			value = strings.NewReplacer(`\'`, `'`, `\\`, `\`).Replace(value[1 : len(value)-1])
		case lower == "null":
			value = ""
		case lower == "true" || lower == "false":
			value = lower
		case bad != nil && err == nil:
			err = failure{0, "20", "MALFORMED_QUERY", fmt.Sprintf("The value %q is not a string in quotation marks, a number, true, false or null", value)}
		}
		q.where = append(q.where, name, value)
	}
	return q, err
}

// run returns the selected fields of the records that meet all conditions.
func (q *selection) run() []record {
	found := []record{}
records:
	for _, rec := range q.records {
		for i := 0; i < len(q.where); i += 2 {
			if !rec.equal(q.where[i], q.where[i+1]) {
				continue records
			}
		}
		out := record{}
		for field, name := range q.names {
			if rec.text(name) != "" {
				out[field] = rec[name]
			}
		}
		found = append(found, out)
	}
	return found
}

// queryFile returns the file of an export or of a data query, and the number of its rows.
func (s *state) queryFile(query, format string) (string, int, error) {
	q, err := s.parse(query, true)
	if err != nil {
		return "", 0, err
	}
	var file strings.Builder
	table, found := csv.NewWriter(&file), q.run()
	if format == "CSV" {
		_ = table.Write(q.fields)
	}
	for _, rec := range found {
		row, line := record{}, []string{}
		for _, field := range q.fields {
			line = append(line, rec.text(field))
			if v := rec[field]; v != nil {
				row[strings.ToLower(field[strings.Index(field, ".")+1:])] = v
			}
		}
		if format == "CSV" {
			_ = table.Write(line)
		} else {
			file.Write(append(raw(row), '\n'))
		}
	}
	table.Flush()
	return file.String(), len(found), nil
}

// handleQueries registers queries and object queries.
func (s *state) handleQueries() {
	respond := func(c *call, id string, from, size int) any {
		all := c.results[id]
		end := min(from+size, len(all))
		out := record{}.set("done", end == len(all), "size", len(all), "records", all[from:end])
		if end < len(all) {
			out.set("queryLocator", fmt.Sprintf("%s-%d-%d", id, end, size))
		}
		return out
	}
	s.handle("POST /v1/action/query", func(c *call) any {
		size := batch
		if n, err := strconv.Atoi(c.in.object("conf").text("batchSize")); err == nil && n > 0 {
			size = min(n, batch)
		}
		q, err := c.parse(c.in.text("queryString"), false)
		if err != nil {
			c.fail(err.(failure))
			return nil
		}
		id := c.newID()
		c.results[id] = q.run()
		return respond(c, id, 0, size)
	})
	s.handle("POST /v1/action/queryMore", func(c *call) any {
		locator := c.in.text("queryLocator")
		id, rest, _ := strings.Cut(locator, "-")
		var from, size int
		if _, err := fmt.Sscanf(rest, "%d-%d", &from, &size); err != nil || from < 1 || from > len(c.results[id]) || size < 1 || size > batch {
			c.fail(failure{0, "20", "INVALID_QUERY_LOCATOR", "There is no query with the queryLocator " + strconv.Quote(locator)})
			return nil
		}
		return respond(c, id, from, size)
	})
	objects := func(c *call) *table {
		plural := strings.ReplaceAll(c.r.PathValue("object"), "-", "")
		for name := range c.r.URL.Query() {
			if name != "pageSize" && name != "cursor" && name != "filter[]" {
				c.fail(failure{http.StatusBadRequest, "27", "", "The stand-in tenant does not know the query parameter " + name + " of this call"})
			}
		}
		return c.named(strings.TrimSuffix(plural, "s"))
	}
	s.handle("GET /object-query/{object}/{key}", func(c *call) any { return c.key(objects(c).object) })
	s.handle("GET /object-query/{object}", func(c *call) any {
		t, query, found := objects(c), c.r.URL.Query(), []record{}
		for _, rec := range t.records {
			meets := true
			for _, filter := range query["filter[]"] {
				field, value, ok := strings.Cut(filter, ".EQ:")
				if !ok {
					c.cannot("know the filter %q", filter)
				}
				meets = meets && rec.equal(field, value)
			}
			if meets {
				found = append(found, rec)
			}
		}
		from, _ := strconv.Atoi(query.Get("cursor"))
		size, err := strconv.Atoi(query.Get("pageSize"))
		if err != nil || size < 1 || size > 99 {
			size = 20
		}
		from = max(0, min(from, len(found)))
		out := record{}.set("data", found[from:min(from+size, len(found))])
		if from+size < len(found) {
			out.set("nextPage", strconv.Itoa(from+size))
		}
		return out
	})
}
