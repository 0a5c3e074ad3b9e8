package conformance

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/zuoratest"
)

func init() {
	// kin-openapi knows this format, and ignores it by default.
	openapi3.DefineStringFormatValidator("uuid", openapi3.NewRegexpFormatValidator(openapi3.FormatOfStringForUUIDOfRFC4122))
}

const path = "/v1/connections"

// contract is openapi.yaml, to compare requests and responses with.
type contract struct {
	doc    *openapi3.T
	router routers.Router
}

// load reads the contract, for a tenant at server.
func load(t *testing.T, server string) contract {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile("../openapi.yaml")
	require.NoError(t, err)
	doc.AddServer(&openapi3.Server{URL: server})
	router, err := legacy.NewRouter(doc)
	require.NoError(t, err)
	return contract{doc, router}
}

func (c contract) operation() *openapi3.Operation { return c.doc.Paths.Value(path).Post }

var strict = &openapi3filter.Options{IncludeResponseStatus: true, RejectWhenRequestBodyNotSpecified: true}

func (c contract) checkRequest(req *http.Request) (*openapi3filter.RequestValidationInput, error) {
	route, params, err := c.router.FindRoute(req)
	if err != nil {
		return nil, err
	}
	input := &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route, Options: strict}
	return input, openapi3filter.ValidateRequest(req.Context(), input)
}

// declares reports whether the contract has a header of this name. kin-openapi does not
// check that: it takes a misspelled header for an additional one.
func (c contract) declares(name string) bool {
	return slices.ContainsFunc(c.operation().Parameters, func(p *openapi3.ParameterRef) bool {
		return p.Value.In == openapi3.ParameterInHeader && strings.EqualFold(p.Value.Name, name)
	})
}

func checkAnswer(to *openapi3filter.RequestValidationInput, status int, header http.Header, body []byte) error {
	input := &openapi3filter.ResponseValidationInput{RequestValidationInput: to, Status: status, Header: header, Options: strict}
	return openapi3filter.ValidateResponse(to.Request.Context(), input.SetBodyBytes(body))
}

// wire is a transport that checks every login and its response.
type wire struct {
	contract
	t        *testing.T
	base     http.RoundTripper
	statuses []int
	headers  map[string]bool // that were sent
}

func newWire(t *testing.T, server *zuoratest.Server) *wire {
	return &wire{contract: load(t, server.URL), t: t, base: server.Client().Transport, headers: map[string]bool{}}
}

func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Path != path {
		return w.base.RoundTrip(req)
	}
	input, err := w.checkRequest(req)
	assert.NoError(w.t, err)
	for name, values := range req.Header {
		assert.True(w.t, w.declares(name), "%s is not in the contract", name)
		assert.Len(w.t, values, 1, name) // kin-openapi checks only the first
		w.headers[name] = true
	}
	resp, err := w.base.RoundTrip(req)
	if err != nil || input == nil {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	assert.NoError(w.t, err)
	assert.NoError(w.t, resp.Body.Close())
	resp.Body = io.NopCloser(bytes.NewReader(body))
	assert.NoError(w.t, checkAnswer(input, resp.StatusCode, resp.Header, body), "%s", body)
	w.statuses = append(w.statuses, resp.StatusCode)
	return resp, nil
}

// signIn is a way to log in, once for each status in want.
type signIn struct {
	tenant   zuoratest.Config
	response http.Handler // if nil, the tenant's own
	entity   zuora.Entity
	trackID  string // the session sends none
	secret   zuora.Secret
	want     []int
}

const entityID, legacyID = "7f1d9c2e-51f8-4a0b-9a35-0b7f6f3f6a11", "7f1d9c2e51f84a0b9a350b7f6f3f6a11"

var signIns = map[string]signIn{
	"no entity":            {want: []int{200}},
	"Zuora-Entity-Ids":     {entity: zuora.Entity{ID: entityID}, want: []int{200}},
	"entityId":             {entity: zuora.Entity{LegacyID: legacyID}, want: []int{200}},
	"entityName":           {entity: zuora.Entity{LegacyName: "Example Europe"}, want: []int{200}},
	"Zuora-Track-Id":       {trackID: "nightly import #42, (part 1/2)", want: []int{200}},
	"wrong secret":         {secret: "wrong", want: []int{401, 401}},
	"login limit":          {tenant: zuoratest.Config{LoginLimit: 2}, want: []int{200, 200, 429}},
	"concurrency limit":    {response: zuoratest.ConcurrencyLimited(120 * time.Second), want: []int{429}},
	"not the user's":       {tenant: zuoratest.Config{Entities: []zuora.Entity{{ID: entityID}}}, entity: zuora.Entity{LegacyName: "Elsewhere"}, want: []int{400}},
	"failure":              {response: zuoratest.Failed(503, "50000060", "an internal error occurred"), want: []int{503}},
	"failure, status 200":  {response: zuoratest.Failed(200, "50000030", "not today"), want: []int{200}},
	"failure, code a word": {response: zuoratest.Failed(500, "UNKNOWN_ERROR", "who knows"), want: []int{500}},
}

// ways are the two ways to make the call. Each checks that the client understands the
// response.
var ways = map[string]func(*testing.T, *zuoratest.Server, *wire, signIn){
	"typed call": func(t *testing.T, server *zuoratest.Server, w *wire, s signIn) {
		client, err := zuora.NewClientWithResponses(server.URL, zuora.WithHTTPClient(&http.Client{Transport: w}))
		require.NoError(t, err)
		resp, err := client.PostConnectionsWithResponse(t.Context(), s.params(server))
		require.NoError(t, err)
		responses := []*zuora.CommonResponseType{resp.JSON200, resp.JSON401, resp.JSON429, resp.JSONDefault}
		responses = slices.DeleteFunc(responses, func(a *zuora.CommonResponseType) bool { return a == nil })
		require.Len(t, responses, 1)
		require.Equal(t, responses[0].Success, len(responses[0].Reasons) == 0)
	},
	"session": func(t *testing.T, server *zuoratest.Server, w *wire, s signIn) {
		params := s.params(server)
		session, err := zuora.NewSession(zuora.SessionConfig{
			Server:      server.URL,
			Credentials: zuora.Credentials{AccessKeyID: params.APIAccessKeyID, SecretAccessKey: params.APISecretAccessKey},
			Entity:      s.entity,
			Base:        w,
		})
		require.NoError(t, err)
		defer session.Close()
		if err := session.Connect(t.Context()); err != nil {
			var failed *zuora.Error
			require.ErrorAs(t, err, &failed)
			require.NotEmpty(t, failed.Reasons)
		}
	},
}

func (s signIn) params(server *zuoratest.Server) *zuora.PostConnectionsParams {
	p := &zuora.PostConnectionsParams{
		APIAccessKeyID:     server.Credentials().AccessKeyID,
		APISecretAccessKey: server.Credentials().SecretAccessKey,
		ContentType:        zuora.PostConnectionsParamsContentTypeApplicationJSON,
	}
	if s.secret != "" {
		p.APISecretAccessKey = s.secret
	}
	optional := func(value string) *string {
		if value == "" {
			return nil
		}
		return &value
	}
	p.ZuoraEntityIDs, p.ZuoraTrackID = optional(s.entity.ID), optional(s.trackID)
	//lint:ignore SA1019 the contract has them until Zuora drops them
	p.EntityID, p.EntityName = optional(s.entity.LegacyID), optional(s.entity.LegacyName)
	return p
}

func TestEverySignInIsAsTheContractSays(t *testing.T) {
	ran, statuses, headers := 0, map[string]bool{}, map[string]bool{}
	for what, s := range signIns {
		for way, call := range ways {
			t.Run(what+"/"+way, func(t *testing.T) {
				server := zuoratest.NewServer(s.tenant)
				defer server.Close()
				if s.response != nil {
					server.Intercept(func(*http.Request) http.Handler { return s.response })
				}
				w := newWire(t, server)
				for range s.want {
					call(t, server, w, s)
				}
				require.Equal(t, s.want, w.statuses)
				ran++
				for _, status := range w.statuses {
					declared := strconv.Itoa(status)
					if w.operation().Responses.Status(status) == nil {
						declared = "default"
					}
					statuses[declared] = true
				}
				for name := range w.headers {
					headers[name] = true
				}
			})
		}
	}
	if ran < len(signIns)*len(ways) {
		return // some failed, or -run has chosen others
	}
	// Everything in the contract was used.
	operation := load(t, zuora.ServerURLProductionEU).operation()
	for status := range operation.Responses.Map() {
		assert.True(t, statuses[status], "no login has the status %s", status)
	}
	for _, parameter := range operation.Parameters {
		assert.True(t, headers[http.CanonicalHeaderKey(parameter.Value.Name)], "no login has sent %s", parameter.Value.Name)
	}
}

func TestARenewedSessionSignsInAsTheContractSays(t *testing.T) {
	server := zuoratest.NewServer(zuoratest.Config{})
	defer server.Close()
	server.Handle("GET /v1/ok", zuoratest.JSON(map[string]any{"success": true}))
	w := newWire(t, server)
	session, err := zuora.NewSession(zuora.SessionConfig{
		Server: server.URL, Credentials: server.Credentials(), Entity: zuora.Entity{ID: entityID}, Base: w,
	})
	require.NoError(t, err)
	defer session.Close()
	for range 2 {
		resp, err := session.HTTPClient().Get(session.Server() + "/v1/ok")
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusOK, resp.StatusCode)
		server.Expire()
	}
	require.Equal(t, []int{200, 200}, w.statuses)
}
