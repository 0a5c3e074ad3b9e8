package main

import (
	"regexp"
	"strings"
)

var (
	label    = regexp.MustCompile(`^(CRUD|Multi-entity): *`)
	fence    = regexp.MustCompile("(?s)```.*?(```|$)")
	bold     = regexp.MustCompile(`\*\*([^*\n]+)\*\*|\b__(\S[^_\n]*)__(?:\b|$)`)
	tag      = regexp.MustCompile(`</?[a-zA-Z][^<>]*>`)
	link     = regexp.MustCompile(`!?\[([^\]]*)\]\([^)]*\)`)
	tableRow = regexp.MustCompile(`(?m)^ *\|.*$`)
	heading  = regexp.MustCompile(`(?m)^ *#+ *`)
	bullet   = regexp.MustCompile(`(?m)\n+ *[-*] +`)
)

// plainText turns a description in Markdown and HTML into paragraphs, and leaves out
// those after the first screen.
func plainText(description string) string {
	const most = 600
	text := fence.ReplaceAllString(description, "")
	text = bold.ReplaceAllString(text, "$1$2")
	text = tag.ReplaceAllString(text, "")
	text = link.ReplaceAllString(text, "$1")
	text = tableRow.ReplaceAllString(text, "")
	text = heading.ReplaceAllString(text, "")
	text = bullet.ReplaceAllString("\n"+text, "\n\n- ")
	var kept []string
	n := 0
	for _, paragraph := range strings.Split(text, "\n\n") {
		paragraph = strings.Join(strings.Fields(paragraph), " ")
		if paragraph == "" {
			continue
		}
		if n += len(paragraph); n > most && len(kept) > 0 {
			break
		}
		kept = append(kept, paragraph)
	}
	return strings.Join(kept, "\n\n")
}

// thirdPerson turns an imperative into the third person: "Query an order" becomes
// "Queries an order".
func thirdPerson(summary string) string {
	text := plainText(label.ReplaceAllString(strings.TrimSpace(summary), ""))
	verb, rest, _ := strings.Cut(text, " ")
	switch {
	case verb == "":
		return ""
	case strings.HasSuffix(verb, "y") && !strings.ContainsAny(verb[max(0, len(verb)-2):len(verb)-1], "aeiou"):
		verb = strings.TrimSuffix(verb, "y") + "ies"
	case strings.HasSuffix(verb, "s") || strings.HasSuffix(verb, "sh") || strings.HasSuffix(verb, "ch") || strings.HasSuffix(verb, "x"):
		verb += "es"
	default:
		verb += "s"
	}
	return strings.TrimSpace(verb + " " + rest)
}

var (
	article = regexp.MustCompile(`^(A|An|The) `)
	noun    = regexp.MustCompile(`^([A-Z])([a-z]+ (?:of|for|from|with|containing|to|that|which) )`)
)

// ofType turns a description into one that fits behind the name of a type.
func ofType(description string) string {
	switch {
	case article.MatchString(description):
		return description
	case noun.MatchString(description):
		return "The " + strings.ToLower(description[:1]) + description[1:]
	}
	return strings.TrimSpace("A part of Zuora's document. " + description)
}
