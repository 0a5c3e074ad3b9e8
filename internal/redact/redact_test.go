package redact_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"math/rand/v2"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora/internal/redact"
)

// spellings are ways in which a text may contain a value.
var spellings = map[string]func(string) string{
	"plain":             func(s string) string { return s },
	"JSON":              func(s string) string { return inner(json.Marshal(s)) },
	"JSON with slashes": func(s string) string { return strings.ReplaceAll(inner(json.Marshal(s)), "/", `\/`) },
	"JSON, all of it": func(s string) string {
		var b strings.Builder
		for i, unit := range utf16.Encode([]rune(s)) {
			fmt.Fprintf(&b, []string{`\u%04X`, `\u%04x`}[i%2], unit)
		}
		return b.String()
	},
	"Go":        func(s string) string { return inner([]byte(strconv.Quote(s)), nil) },
	"Go, ASCII": func(s string) string { return inner([]byte(strconv.QuoteToASCII(s)), nil) },
	"query":     url.QueryEscape,
	"path":      url.PathEscape,
	"URL, all of it": func(s string) string {
		var b strings.Builder
		for i, c := range []byte(s) {
			fmt.Fprintf(&b, []string{"%%%02X", "%%%02x"}[i%2], c)
		}
		return b.String()
	},
	"HTML":          html.EscapeString,
	"HTML, by name": strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;", "=", "&equals;", "ä", "&auml;").Replace,
	"HTML, all of it": func(s string) string {
		var b strings.Builder
		for _, c := range s {
			fmt.Fprintf(&b, []string{"&#%d;", "&#x%x;", "&#X%04X;"}[c%3], c)
		}
		return b.String()
	},
	"ISO 8859-1": func(s string) string {
		var b strings.Builder
		for _, c := range []byte(s) {
			b.WriteRune(rune(c))
		}
		return b.String()
	},
}

func inner(quoted []byte, _ error) string { return string(quoted[1 : len(quoted)-1]) }

var alphabets = []string{
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=", "0123456789abcdef", `\"/&%+=;#<>'u0nx`, "äöü€😀a", `a\`, "%25", "&amp;", "ab", " a+",
}

// random returns length characters of one of the alphabets.
func random(r *rand.Rand, length int) string {
	letters := []rune(alphabets[r.IntN(len(alphabets))])
	s := make([]rune, length)
	for i := range s {
		s[i] = letters[r.IntN(len(letters))]
	}
	return string(s)
}

// requireRedacted checks that of a value, spelled twice, nothing is left beside any
// texts.
func requireRedacted(t *testing.T, value, before, after string) {
	t.Helper()
	values := redact.New("another value", value)
	for first, once := range spellings {
		for second, twice := range spellings {
			spelled := twice(once(value))
			got := values.Text(before + spelled + after)
			if !strings.Contains(got, "REDACTED") || strings.Contains(got, spelled) {
				t.Fatalf("%q, as %s and %s, is left between %q and %q: %q", value, first, second, before, after, got)
			}
		}
	}
}

func TestNoSpellingOfAValueIsLeft(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 0))
		requireRedacted(t, random(r, 8+r.IntN(30)), random(r, r.IntN(6)), random(r, r.IntN(6)))
	}
}

// FuzzText: no spelling of a value is left, and a text without the value stays as
// it is.
func FuzzText(f *testing.F) {
	f.Add("correct horse \"battery\" staple", "C:\\", "\\n")
	f.Add(`p%41"\u0041&lt;`, "%4", "1")
	f.Add("pässwörd", "&#3", "4;")
	f.Fuzz(func(t *testing.T, value, before, after string) {
		// A value is part of a header, and so has no control characters.
		value = strings.ToValidUTF8(strings.Map(func(r rune) rune {
			if r < ' ' || r == 0x7f {
				return -1
			}
			return r
		}, value), "")
		if len(value) < 8 || len(value) > 200 || len(before)+len(after) > 1000 {
			return
		}
		requireRedacted(t, value, before, after)
		// No escape of before or after stands for a letter that is in neither.
		text := strings.Map(func(r rune) rune {
			if r == 'z' || r == '\\' || r == '%' || r == '&' {
				return -1
			}
			return r
		}, before+after)
		if got := redact.New("z" + value).Text(text); got != text {
			t.Fatalf("%q has become %q for %q", text, got, value)
		}
	})
}

func TestTextWithoutAValueStaysAsItIs(t *testing.T) {
	values := redact.New("0123456789abcdef", "pässwörd/==")
	for _, text := range []string{
		"", "text", "0123456789abcde", "0123456789abcdeF 0123456789abcdeF", `{"a":"p\u00e4ss"}`, "100%", "%", `\`, "&", "&&amp;&#", `\u`, `\u00`, "%3", "p", "ä", "Ã", "\xff\xc3",
		strings.Repeat(`\`, 1000), strings.Repeat("%", 1000), strings.Repeat("ä", 1000), strings.Repeat("p", 1000), strings.Repeat("01234567", 1000) + ".",
	} {
		if text != "0123456789abcde" {
			assert.Equal(t, text, values.Text(text))
		}
		assert.Equal(t, text, redact.New("", "").Text(text))
		assert.Equal(t, text, (*redact.Values)(nil).Text(text))
	}
}

func TestBeginningOfAValueIsRedactedWhereTextIsCutOff(t *testing.T) {
	values := redact.New("0123456789\"abcdef", "hunter2")
	for text, want := range map[string]string{
		"sent 0123456789\"abcde": "sent REDACTED", "sent 0": "sent REDACTED", `sent 0123456789\"ab`: "sent REDACTED", `sent 0123456789\`: "sent REDACTED",
		`sent 0123456789\u00`: "sent REDACTED", "sent 0123456789%2": "sent REDACTED", "sent 0123456789&quo": "sent REDACTED",
		"sent hunter": "sent REDACTED", "sent hunter2": "REDACTED", "sent hunter2 ok": "REDACTED", "sent 0123 ": "sent 0123 ", "sent": "sent",
	} {
		assert.Equal(t, want, values.Cut(text), text)
	}
	assert.Equal(t, "sent REDACTED", values.Text("sent 01234567"), "somebody has cut this")
	assert.Equal(t, "sent 0123456", values.Text("sent 0123456"))
	assert.Equal(t, "sent REDACTED", values.Head("sent 0123456789", 8))
	long := values.Text(strings.Repeat("x", 64<<10-3) + "0123456789\"abcdef and more")
	assert.Equal(t, strings.Repeat("x", 64<<10-3)+"REDACTED", long)
}

// What is left of a text would show where a short value stood, and so the value.
func TestTextWithAShortValueIsWithheld(t *testing.T) {
	for _, value := range []string{"p", "dial", "tcp", "1234567", "pä"} {
		for spelling, spell := range spellings {
			assert.Equal(t, "REDACTED", redact.New(value, "a longer value").Text("a longer value, "+spell(value)+"."), "%s %s", value, spelling)
		}
	}
	assert.Equal(t, "a REDACTED.", redact.New("12345678").Text("a 12345678."))
}

func TestTextThatCostsTooMuchIsWithheld(t *testing.T) {
	value := strings.Repeat("a", 4095) + "b"
	assert.Equal(t, "REDACTED", redact.New(value).Text(strings.Repeat("a", 60000)))
	assert.Equal(t, strings.Repeat("a", 600)+".", redact.New(value[:20]+"b").Text(strings.Repeat("a", 600)+"."))
	var many []string
	for i := range 100 {
		many = append(many, fmt.Sprintf("value %d", i))
	}
	assert.Equal(t, "REDACTED", redact.New(many...).Text("text"))
}

type opaque struct{ header map[string][]string }

func (opaque) Error() string { return "no text" }

type wrapper struct{ inner []error }

func (wrapper) Error() string     { return "wrapped" }
func (w wrapper) Unwrap() []error { return w.inner }

func TestErrorsThatShowAValueAreReplaced(t *testing.T) {
	const value = "0123456789abcdef"
	values := redact.New(value)
	cause := errors.New("sent " + value)
	for _, err := range []error{
		cause, fmt.Errorf("wrapped: %w", cause), &url.Error{Op: "Get", URL: "u", Err: cause}, opaque{map[string][]string{"Cookie": {"ZSession=" + value}}},
		wrapper{[]error{nil, errors.New("fine"), cause}}, errors.Join(context.DeadlineExceeded, cause), errors.New("ZSession=another"),
	} {
		got := values.Error(err)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
			text := fmt.Sprintf(verb, got)
			assert.NotContains(t, text, value)
			assert.NotContains(t, text, "another")
		}
		assert.NoError(t, errors.Unwrap(got))
		assert.Equal(t, errors.Is(err, err), errors.Is(got, err), "%v", err)
		assert.Equal(t, errors.Is(err, context.DeadlineExceeded), errors.Is(got, context.DeadlineExceeded))
		var timeout interface{ Timeout() bool }
		require.ErrorAs(t, got, &timeout)
		assert.Equal(t, errors.Is(err, context.DeadlineExceeded), timeout.Timeout())
	}
	for _, err := range []error{errors.New("fine"), &url.Error{Op: "Get", URL: "u", Err: context.Canceled}, wrapper{[]error{nil, opaque{}}}, context.DeadlineExceeded} {
		assert.Equal(t, err, values.Error(err))
	}
}
