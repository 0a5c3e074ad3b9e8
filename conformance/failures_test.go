package conformance

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
)

// Every failure among the published examples keeps its codes and its messages, and
// no other example is taken for a failure.
func TestPublishedFailuresKeepCodesAndMessages(t *testing.T) {
	doc := published(t)
	failures, successes := 0, 0
	for path, item := range doc.object(map[string]any(doc), "paths") {
		for method := range doc.object(item) {
			for code, response := range doc.object(item, method, "responses") {
				status, err := strconv.Atoi(code)
				if err != nil {
					continue // a default, or a member that is no method
				}
				for contentType, content := range doc.object(response, "content") {
					for i, example := range doc.examples(content) {
						what := fmt.Sprintf("%s %s %s %d", method, path, code, i)
						body, err := json.Marshal(example)
						require.NoError(t, err)
						err = zuora.CheckResponse(&http.Response{StatusCode: status, Header: http.Header{"Content-Type": {contentType}}}, body)
						if status/100 == 2 {
							successes++
							assert.NoError(t, err, "%s: %s", what, body)
							continue
						}
						failures++
						var failure *zuora.Error
						require.ErrorAs(t, err, &failure)
						var got []string
						for _, r := range failure.Reasons {
							assert.NotEqual(t, zuora.Reason{}, r, what)
							got = append(got, string(r.Code), r.Message)
						}
						for _, text := range said(example) {
							assert.True(t, slices.Contains(got, text), "%s: %q is not in the reasons %q of %s", what, text, got, body)
						}
					}
				}
			}
		}
	}
	assert.Equal(t, 184+59+60, failures, "examples of responses as JSON and as text, and of their schemas")
	assert.Greater(t, successes, 376)
}

// said returns the codes and messages of a failure, in any place.
func said(example any) (texts []string) {
	switch v := example.(type) {
	case []any:
		for _, item := range v {
			if text, ok := item.(string); ok {
				texts = append(texts, text)
			}
			texts = append(texts, said(item)...)
		}
	case map[string]any:
		for name, member := range v {
			switch name {
			case "code", "Code", "message", "Message", "title":
				texts = append(texts, fmt.Sprint(member))
			default:
				texts = append(texts, said(member)...)
			}
		}
	}
	return texts
}
