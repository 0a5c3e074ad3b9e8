package conformance

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSpecsAreValid(t *testing.T) {
	specs(t, func(t *testing.T, _ string, doc *openapi3.T) {
		require.NoError(t, doc.Validate(t.Context()))
	})
}

func TestSpecsHaveWhatZuoraPublishes(t *testing.T) {
	theirs := published(t)
	unused := map[string]bool{}
	for _, list := range exceptions {
		for _, what := range list {
			unused[what] = true
		}
	}
	excepted := func(what string) bool {
		if _, known := unused[what]; !known {
			return false
		}
		unused[what] = false
		return true
	}
	specs(t, func(t *testing.T, pkg string, doc *openapi3.T) {
		schemas := comparison{theirs: theirs, names: map[*openapi3.Schema]string{}, found: map[string]bool{}}
		for name, schema := range doc.Components.Schemas {
			schemas.names[schema.Value] = pkg + " " + name
		}
		for _, op := range operations(pkg, doc, theirs) {
			if op.theirs == nil {
				assert.True(t, excepted(op.name), "%s is not in the document", op.name)
				continue
			}
			var known []string
			for _, p := range append(slices.Clone(op.keys), theirs.list(op.theirs, "parameters")...) {
				p := theirs.object(p)
				known = append(known, fmt.Sprint(p["in"], " ", p["name"]))
			}
			for _, p := range append(slices.Clone(op.shared), op.Parameters...) {
				what := p.Value.In + " " + p.Value.Name
				assert.True(t, slices.Contains(known, what) || excepted(op.name+" "+what), "%s has no parameter in %s", op.name, what)
			}
			if op.RequestBody != nil {
				their := theirs.contents(op.theirs, "requestBody")
				for _, content := range op.RequestBody.Value.Content {
					schemas.compare(content.Schema, their)
				}
			}
			var their []node
			for status := range theirs.object(op.theirs, "responses") {
				if strings.HasPrefix(status, "2") {
					their = append(their, theirs.contents(op.theirs, "responses", status)...)
				}
			}
			for _, response := range op.Responses.Map() {
				for _, content := range response.Value.Content {
					schemas.compare(content.Schema, their)
				}
			}
		}
		for what, found := range schemas.found {
			assert.True(t, found || excepted(what), "%s is not in the document", what)
		}
	})
	for what, still := range unused {
		assert.False(t, still, "%s is no exception: the document has it, or no spec has it", what)
	}
}

// node is a place in Zuora's document: a schema, or a value of an example.
type node struct{ schema, example any }

// contents returns the JSON of a request or of a response.
func (d document) contents(op any, path ...string) (nodes []node) {
	for contentType, content := range d.object(op, append(path, "content")...) {
		schema := d.at(content, "schema")
		nodes = append(nodes, node{schema: schema})
		if strings.Contains(contentType, "json") || path[0] == "requestBody" {
			for _, example := range d.examples(content) {
				nodes = append(nodes, node{example: example})
			}
		}
	}
	return nodes
}

// members returns the places of the members that a place has, by their names.
func (d document) members(nodes []node) map[string][]node {
	all := map[string][]node{}
	for _, n := range nodes {
		for name, v := range d.object(n.example) {
			all[name] = append(all[name], node{example: v})
		}
		for name, schema := range d.object(n.schema, "properties") {
			all[name] = append(all[name], node{schema: schema})
		}
		for _, way := range []string{"allOf", "oneOf", "anyOf"} {
			for _, part := range d.list(n.schema, way) {
				for name, more := range d.members([]node{{schema: part}}) {
					all[name] = append(all[name], more...)
				}
			}
		}
	}
	return all
}

// items returns the places of the items of a list, and of the members that a
// map has.
func (d document) items(nodes []node) (all []node) {
	for _, n := range nodes {
		list, _ := n.example.([]any)
		for _, v := range list {
			all = append(all, node{example: v})
		}
		for _, v := range d.object(n.example) {
			all = append(all, node{example: v})
		}
		for _, way := range []string{"items", "additionalProperties"} {
			if schema := d.object(n.schema, way); schema != nil {
				all = append(all, node{schema: schema})
			}
		}
		for _, way := range []string{"allOf", "oneOf", "anyOf"} {
			for _, part := range d.list(n.schema, way) {
				all = append(all, d.items([]node{{schema: part}})...)
			}
		}
	}
	return all
}

// comparison finds the properties of our schemas in Zuora's. One schema of ours may match
// several of Zuora's: a property must be in one of them.
type comparison struct {
	theirs document
	names  map[*openapi3.Schema]string
	found  map[string]bool // by schema and property
	path   []*openapi3.Schema
}

func (c *comparison) compare(ours *openapi3.SchemaRef, theirs []node) {
	if ours == nil || strings.Contains(ours.Ref, ".yaml#") || slices.Contains(c.path, ours.Value) {
		return // the root's, or seen
	}
	c.path = append(c.path, ours.Value)
	defer func() { c.path = c.path[:len(c.path)-1] }()
	for _, part := range ours.Value.AllOf {
		c.compare(part, theirs)
	}
	if item := ours.Value.Items; item != nil {
		c.compare(item, append(c.theirs.items(theirs), theirs...)) // one item may be described as a list
	}
	if item := ours.Value.AdditionalProperties.Schema; item != nil {
		c.compare(item, c.theirs.items(theirs))
	}
	members := c.theirs.members(theirs)
	for name, property := range ours.Value.Properties {
		what := c.names[ours.Value] + "." + name
		c.found[what] = c.found[what] || members[name] != nil
		c.compare(property, members[name])
	}
}
