package conformance

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
)

// The contract must refuse these requests; otherwise the tests of logins prove nothing.

func TestTheContractItselfIsValidAndSoAreItsExamples(t *testing.T) {
	valid := func(t *testing.T, change func(*openapi3.T)) error {
		doc, err := openapi3.NewLoader().LoadFromFile("../openapi.yaml")
		require.NoError(t, err)
		change(doc)
		return doc.Validate(t.Context(), openapi3.EnableExamplesValidation(), openapi3.EnableSchemaPatternValidation())
	}
	require.NoError(t, valid(t, func(*openapi3.T) {}))

	require.ErrorContains(t, valid(t, func(doc *openapi3.T) {
		doc.Paths.Value(path).Post.Responses.Status(200).Value.Content.Get("application/json").Example = map[string]any{"success": "true"}
	}), "invalid example")
	require.ErrorContains(t, valid(t, func(doc *openapi3.T) {
		doc.Paths.Value(path).Post.Parameters.GetByInAndName("header", "Zuora-Track-Id").Example = "a:b"
	}), "invalid example")
	require.ErrorContains(t, valid(t, func(doc *openapi3.T) { doc.Paths.Value(path).Post.Responses = nil }), "responses")
}

// request is a request of the generated client.
func request(t *testing.T) *http.Request {
	t.Helper()
	req, err := zuora.NewPostConnectionsRequest(zuora.ServerURLProductionEU, &zuora.PostConnectionsParams{
		APIAccessKeyID: "api.user@example.com", APISecretAccessKey: "correct horse battery staple",
		ContentType: zuora.PostConnectionsParamsContentTypeApplicationJSON,
	})
	require.NoError(t, err)
	return req
}

func TestRequestsThatBreakTheContractAreRefused(t *testing.T) {
	c := load(t, zuora.ServerURLProductionEU)
	set := func(name, value string) func(*http.Request) {
		return func(req *http.Request) { req.Header.Set(name, value) }
	}
	without := func(name string) func(*http.Request) {
		return func(req *http.Request) { req.Header.Del(name) }
	}
	for what, test := range map[string]struct {
		breakIt func(*http.Request)
		want    string
	}{
		"no name":              {without("apiAccessKeyId"), "value is required but missing"},
		"an empty name":        {set("apiAccessKeyId", ""), "minimum string length"},
		"no secret":            {without("apiSecretAccessKey"), "value is required but missing"},
		"an empty secret":      {set("apiSecretAccessKey", ""), "minimum string length"},
		"no Content-Type":      {without("Content-Type"), "value is required but missing"},
		"an empty type":        {set("Content-Type", ""), "not one of the allowed values"},
		"another Content-Type": {set("Content-Type", "application/x-www-form-urlencoded"), "not one of the allowed values"},
		"an entity's old ID":   {set("Zuora-Entity-Ids", legacyID), "format"},
		"two entities":         {set("Zuora-Entity-Ids", entityID+","+entityID), "format"},
		"a long track ID":      {set("Zuora-Track-Id", strings.Repeat("x", 65)), "maximum string length"},
		"a colon":              {set("Zuora-Track-Id", "a:b"), "regular expression"},
		"a semicolon":          {set("Zuora-Track-Id", "a;b"), "regular expression"},
		"a quotation mark":     {set("Zuora-Track-Id", `a"b`), "regular expression"},
		"an apostrophe":        {set("Zuora-Track-Id", "a'b"), "regular expression"},
		"no ASCII":             {set("Zuora-Track-Id", "aéb"), "regular expression"},
		"a body":               {func(req *http.Request) { req.ContentLength = 2 }, "request body not allowed"},
		"another method":       {func(req *http.Request) { req.Method = http.MethodGet }, "method not allowed"},
		"another path":         {func(req *http.Request) { req.URL.Path = "/connections" }, "no matching operation was found"},
		"another server":       {func(req *http.Request) { req.URL.Host = "zuora.example" }, "no matching operation was found"},
	} {
		t.Run(what, func(t *testing.T) {
			req := request(t)
			_, err := c.checkRequest(req)
			require.NoError(t, err)
			test.breakIt(req)
			_, err = c.checkRequest(req)
			require.ErrorContains(t, err, test.want)
		})
	}
}

// All characters that a track ID may have, 64 at a time.
func TestTheContractAllowsEveryTrackID(t *testing.T) {
	c := load(t, zuora.ServerURLProductionEU)
	var allowed []byte
	for b := byte(' '); b <= '~'; b++ {
		if !strings.ContainsRune(`:;"'`, rune(b)) {
			allowed = append(allowed, b)
		}
	}
	for id := range slices.Chunk(allowed, 64) {
		req := request(t)
		req.Header.Set("Zuora-Track-Id", string(id))
		_, err := c.checkRequest(req)
		require.NoError(t, err, "%q", id)
	}
}

func TestAnswersAreHeldToTheContract(t *testing.T) {
	const json = "application/json;charset=utf-8"
	c := load(t, zuora.ServerURLProductionEU)
	to, err := c.checkRequest(request(t))
	require.NoError(t, err)
	for what, test := range map[string]struct {
		contentType, body string
		want              string // if "", the contract allows it
	}{
		"success":                {json, `{ "success" : true }`, ""},
		"a type without charset": {"application/json", `{"success":true}`, ""},
		"a blank before charset": {"application/json; charset=utf-8", `{"success":true}`, ""},
		"a code that is digits":  {json, `{"success":false,"reasons":[{"code":53200021,"message":"m"}]}`, ""},
		"a code that is text":    {json, `{"success":false,"reasons":[{"code":"53200021","message":"m"}]}`, ""},
		"a code that is null":    {json, `{"success":false,"reasons":[{"code":null}]}`, ""},
		"a new member":           {json, `{"success":true,"since":2024}`, ""},

		"success that is text":       {json, `{"success":"true"}`, "value must be a boolean"},
		"success that is null":       {json, `{"success":null}`, "not nullable"},
		"a processId that is digits": {json, `{"success":false,"processId":1}`, "value must be a string"},
		"reasons that are no list":   {json, `{"success":false,"reasons":{}}`, "value must be an array"},
		"a reason that is text":      {json, `{"success":false,"reasons":["m"]}`, "value must be an object"},
		"a code that is a fraction":  {json, `{"success":false,"reasons":[{"code":1.5}]}`, "doesn't match"},
		"a code that is true":        {json, `{"success":false,"reasons":[{"code":true}]}`, "doesn't match"},
		"a list":                     {json, `[{"success":true}]`, "value must be an object"},
		"half of it":                 {json, `{"success":`, "failed to decode"},
		"nothing":                    {json, ``, "failed to decode"},
		"a page":                     {"text/html", `<html></html>`, "Content-Type has unexpected value"},
		"no type":                    {"", `{"success":true}`, "Content-Type has unexpected value"},
	} {
		for _, status := range []int{200, 401, 429, 503} {
			err := checkAnswer(to, status, http.Header{"Content-Type": {test.contentType}}, []byte(test.body))
			if test.want == "" {
				assert.NoError(t, err, "%s, status %d", what, status)
			} else {
				assert.ErrorContains(t, err, test.want, "%s, status %d", what, status)
			}
		}
	}

	c.operation().Responses.Delete("default")
	err = checkAnswer(to, 503, http.Header{"Content-Type": {json}}, []byte(`{"success":false}`))
	require.ErrorContains(t, err, "status is not supported")
}
