package response

import (
	"cmp"
	"slices"
	"strings"
)

const (
	maxReasons = 100
	maxItems   = 1000 // of a list of reasons, because most of them may be blank
)

// failedItems appends the reasons of the items that failed, and reports whether all
// items did.
func failedItems(reasons []Reason, list []byte) (_ []Reason, failed bool) {
	n := 0
	for item := range items(list) {
		n++
		if r := read(item); !r.itemFailed() {
			failed = false
		} else {
			failed = failed || n == 1
			if n <= maxItems && len(reasons) < maxReasons {
				reasons = append(reasons, r.ownReasons()...)
			}
		}
		if !failed && n > maxItems {
			break
		}
	}
	return reasons[:min(len(reasons), maxReasons)], failed
}

// reasons returns the reasons of r, the top level of a response, in all forms.
func (r *record) reasons() []Reason {
	reasons, _ := failedItems(r.ownReasons(), r.of[results])
	return reasons
}

// ownReasons returns the reasons of r except those in its results.
func (r *record) ownReasons() (list []Reason) {
	if value := r.of[reasons]; !isWord(value) {
		list = appendReasons(list, value)
	}
	list = appendReasons(list, r.of[errorList])
	list = appendReasons(list, r.of[errorList2])
	top := r.text(message, message2)
	add := func(code, message string) {
		reason := Reason{code, message}
		if code != "" && (message != "" || len(list) == 0) && !slices.Contains(list, reason) {
			list = append(list, reason)
		}
	}
	add(r.text(faultCode, faultCode2), cmp.Or(r.text(faultString, faultMessage), top))
	add(r.text(errorCode), cmp.Or(r.text(errorMessage), top))
	add(r.text(code, code2), top)
	if value := r.of[errorOrCode]; isWord(value) {
		code, description := Text(value), cmp.Or(r.text(errorDescription), top)
		if description == "" && strings.ContainsAny(code, " \t\n") { // a text
			code, description = "", code
		}
		list = append(list, Reason{code, description})
	} else {
		list = appendReasons(list, value)
	}
	if len(list) == 0 {
		for _, name := range []member{title, message, message2, errorMessage, errorDescription, detail} {
			if text := r.text(name); text != "" {
				list = append(list, Reason{Message: text})
			}
		}
	}
	return list[:min(len(list), maxReasons)]
}

// appendReasons appends the reasons in value, which is a reason or a list of reasons.
func appendReasons(list []Reason, value []byte) []Reason {
	add := func(r Reason) {
		if r != (Reason{}) {
			list = append(list, r)
		}
	}
	switch {
	case isWord(value):
		add(Reason{Message: Text(value)})
	case isObject(value):
		r := read(value)
		add(Reason{r.text(code, code2, errorCode), r.text(message, message2, errorMessage, title)})
	case isList(value):
		n := 0
		for item := range items(value) {
			if n++; n > maxItems || len(list) >= maxReasons {
				break
			}
			if isObject(item) {
				list = appendReasons(list, item)
			} else if string(item) != "[]" {
				add(Reason{Message: Text(item)})
			}
		}
	}
	return list
}
