package main

import (
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oasdiff/oasdiff/checker"
	"github.com/oasdiff/oasdiff/diff"
	"github.com/oasdiff/oasdiff/load"
)

// ofSpec returns what of the spec in the file old the one in the file now does
// not keep to, and what it may not keep to.
func ofSpec(old, now string) ([]string, error) {
	was, err := load.NewSpecInfo(openapi3.NewLoader(), load.NewSource(old))
	if err != nil {
		return nil, err
	}
	is, err := load.NewSpecInfo(openapi3.NewLoader(), load.NewSource(now))
	if err != nil {
		return nil, err
	}
	report, sources, err := diff.GetWithOperationsSourcesMap(diff.NewConfig(), was, is)
	if err != nil {
		return nil, err
	}
	in := checker.NewDefaultLocalizer()
	var breaking []string
	for _, c := range checker.CheckBackwardCompatibility(checker.NewConfig(checker.GetAllChecks()), report, sources) {
		where := strings.TrimSpace(c.GetOperation() + " " + c.GetPath())
		breaking = append(breaking, strings.TrimSuffix("openapi.yaml: "+where, " ")+": "+c.GetUncolorizedText(in)+" ["+c.GetId()+"]")
	}
	return breaking, nil
}
