package main

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// names are the names that are taken in a package, in lower case, because oapi-codegen
// changes the case of some.
type names map[string]bool

// take returns the first of candidates that is free, or the last with a number.
func (n names) take(candidates ...string) string {
	for _, c := range candidates {
		if key := strings.ToLower(c); c != "" && !n[key] {
			n[key] = true
			return c
		}
	}
	last := candidates[len(candidates)-1]
	for i := 2; ; i++ {
		if name := fmt.Sprint(last, i); !n[strings.ToLower(name)] {
			return n.take(name)
		}
	}
}

var (
	operationID = regexp.MustCompile(`^(?:(Action|Object)_(?i:(get|post|put|patch|delete))|(?i:(get|post|put|patch|delete))(?:_|([A-Z])))_?(.*)$`)
	readVerb    = regexp.MustCompile(`^(Get|List|Query|Retrieve)[A-Z]`)
	writeVerb   = regexp.MustCompile(`^(Accept|Activate|Add|Apply|BatchUpdate|Cancel|Close|Create|Deactivate|Decrypt|Delete|Deny|Email|Expire|Generate|` +
		`Partial|PendingClose|Preview|Provision|Query|Reconcile|Refund|Reject|Remove|Renew|Reopen|Resume|Reverse|Run|Scrub|Send|Settle|` +
		`Suspend|Transfer|Unapply|Unpost|Update|Upload|Verify|Write[oO]ff)[A-Z]`)
	schemaVerb = regexp.MustCompile(`^(GET|POST|PUT|PATCH|DELETE)([A-Z]?)`)
)

// methodNames returns method names for an operationId of Zuora's, the best one first:
// GET_Account is GetAccount, Object_GETAccount is ObjectGetAccount, Action_POSTquery
// is ActionQuery, and DELETE_Delete_Email_Template is DeleteEmailTemplate.
func methodNames(id string) []string {
	part := operationID.FindStringSubmatch(id)
	if part == nil {
		return []string{identifier(id)}
	}
	kind, verb, rest := part[1], title(strings.ToLower(part[2]+part[3])), identifier(part[4]+part[5])
	says := writeVerb
	if verb == "Get" {
		says = readVerb
	}
	full := kind + verb + rest
	if kind == "Action" || says.MatchString(rest) {
		return []string{kind + rest, full}
	}
	return []string{full}
}

// typeNames returns type names for a schema of Zuora's: GETAccountType is GetAccount.
func typeNames(name string) []string {
	name = identifier(name)
	name = schemaVerb.ReplaceAllStringFunc(name, func(verb string) string {
		part := schemaVerb.FindStringSubmatch(verb)
		return title(strings.ToLower(part[1])) + part[2]
	})
	short := strings.TrimSuffix(name, "Type")
	return []string{short, name}
}

// identifier makes one word of text: the first letter, and each letter after anything
// but a letter or digit, becomes a capital.
func identifier(text string) string {
	var b strings.Builder
	up := true
	for _, r := range text {
		if r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			up = true
			continue
		}
		if b.Len() == 0 && unicode.IsDigit(r) {
			b.WriteByte('N')
		}
		if up {
			r = unicode.ToUpper(r)
		}
		b.WriteRune(r)
		up = false
	}
	return b.String()
}

func title(word string) string {
	if word == "" {
		return ""
	}
	return strings.ToUpper(word[:1]) + word[1:]
}

// singular returns the name of an item of the list name.
func singular(name string) string {
	switch {
	case strings.HasSuffix(name, "ies") && len(name) > 4:
		return strings.TrimSuffix(name, "ies") + "y"
	case strings.HasSuffix(name, "s") && !strings.HasSuffix(name, "ss") && len(name) > 3:
		return strings.TrimSuffix(name, "s")
	}
	return name + "Item"
}
