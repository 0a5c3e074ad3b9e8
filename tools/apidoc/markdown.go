package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

var lineBreaks = regexp.MustCompile(`\s*\n\s*`)

// cell is text for a cell of a table: on one line, and without a bar that
// would end the cell.
func cell(text string) string {
	text = lineBreaks.ReplaceAllString(strings.TrimSpace(text), " ")
	return strings.ReplaceAll(text, "|", `\|`)
}

var backticks = regexp.MustCompile("`+")

// codeSpan is text as Markdown's code, and nothing for no text.
func codeSpan(text string) string {
	if text == "" {
		return ""
	}
	fence := "`"
	for _, run := range backticks.FindAllString(text, -1) {
		if len(run) >= len(fence) {
			fence = run + "`"
		}
	}
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
		text = " " + text + " "
	}
	return fence + text + fence
}

func codeSpans(values []any) string {
	spans := make([]string, len(values))
	for i, v := range values {
		spans[i] = codeSpan(scalarText(v))
	}
	return strings.Join(spans, ", ")
}

// sentences joins notes, each of which ends with a full stop then.
func sentences(notes []string) string {
	var kept []string
	for _, n := range notes {
		if n == "" {
			continue
		}
		if !strings.HasSuffix(n, ".") {
			n += "."
		}
		kept = append(kept, n)
	}
	return strings.Join(kept, " ")
}

// deprecation says what to do instead, if something is deprecated.
func deprecation(deprecated bool, extensions map[string]any) string {
	if !deprecated {
		return ""
	}
	if reason, ok := extensions["x-deprecated-reason"].(string); ok {
		return "**Deprecated:** " + reason
	}
	return "**Deprecated.**"
}

// schemaNotes is what a schema says of a value besides its Go type.
func schemaNotes(s *openapi3.Schema) []string {
	if s == nil {
		return nil
	}
	var notes []string
	note := func(when bool, format string, args ...any) {
		if when {
			notes = append(notes, fmt.Sprintf(format, args...))
		}
	}
	note(len(s.OneOf) > 0, "In JSON: %s", alternatives(s.OneOf))
	note(len(s.AnyOf) > 0, "In JSON: %s", alternatives(s.AnyOf))
	note(s.Format != "", "Format %s", codeSpan(s.Format))
	note(len(s.Enum) == 1, "The only value is %s", codeSpans(s.Enum))
	note(len(s.Enum) > 1, "One of %s", codeSpans(s.Enum))
	note(s.Default != nil, "Default %s", codeSpan(scalarText(s.Default)))
	note(s.Min != nil, "At least %s", number(s.Min))
	note(s.Max != nil, "At most %s", number(s.Max))
	note(s.MinLength > 0, "Length at least %d", s.MinLength)
	note(s.MaxLength != nil, "Length at most %s", number(s.MaxLength))
	note(s.MinItems > 0, "Items: at least %d", s.MinItems)
	note(s.MaxItems != nil, "Items: at most %s", number(s.MaxItems))
	note(s.Pattern != "", "Pattern %s", codeSpan(s.Pattern))
	note(s.Nullable, "May be `null`")
	note(s.ReadOnly, "Only in answers")
	note(s.WriteOnly, "Only in requests")
	return notes
}

func number[N float64 | uint64](n *N) string {
	if n == nil {
		return ""
	}
	return scalarText(float64(*n))
}

func alternatives(refs openapi3.SchemaRefs) string {
	var names []string
	for _, ref := range refs {
		name := "a value of another schema"
		if i := strings.LastIndex(ref.Ref, "/"); i >= 0 {
			name = codeSpan(ref.Ref[i+1:])
		} else if ref.Value != nil && ref.Value.Type != nil && len(ref.Value.Type.Slice()) > 0 {
			name = ref.Value.Type.Slice()[0]
		}
		names = append(names, name)
	}
	return strings.Join(names, " or ")
}

func exampleNote(v any) string {
	switch v.(type) {
	case map[string]any, []any:
		return ""
	}
	return "Example: " + codeSpan(scalarText(v))
}
