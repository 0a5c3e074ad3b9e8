package conformance

import (
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/zuoratest"
)

// Logins of an OAuth client, by a session and by the generated client, are compared with
// the contract, requests and responses alike.
func TestEveryTokenIsAsTheContractSays(t *testing.T) {
	for what, test := range map[string]struct {
		response http.Handler // if nil, the tenant's own
		secret   zuora.Secret // if "", the right one
		status   int
	}{
		"a token":         {status: 200},
		"a wrong secret":  {secret: "wrong", status: 401},
		"a rate limit":    {response: zuoratest.RateLimited(), status: 429},
		"another failure": {response: zuoratest.Failed(500, "50000060", "an internal error occurred"), status: 500},
	} {
		t.Run(what, func(t *testing.T) {
			server := zuoratest.NewServer(zuoratest.Config{})
			defer server.Close()
			server.Intercept(func(*http.Request) http.Handler { return test.response })
			c := server.OAuthClient()
			if test.secret != "" {
				c.ClientSecret = test.secret
			}
			token := &tokenWire{contract: load(t, server.URL), t: t, base: server.Client().Transport}
			session, err := zuora.NewSession(zuora.SessionConfig{Server: server.URL, Credentials: c, Base: token})
			require.NoError(t, err)
			require.Equal(t, test.status == 200, session.Connect(t.Context()) == nil)

			client, err := zuora.NewClientWithResponses(server.URL, zuora.WithHTTPClient(&http.Client{Transport: token}))
			require.NoError(t, err)
			response, err := client.CreateTokenWithFormdataBodyWithResponse(t.Context(), &zuora.CreateTokenParams{ZuoraTrackID: new("track-1")}, zuora.TokenRequest{
				ClientID: c.ClientID, ClientSecret: string(c.ClientSecret), GrantType: zuora.TokenRequestGrantTypeClientCredentials,
			})
			require.NoError(t, err)
			require.Equal(t, test.status == 200, response.JSON200 != nil)
			require.Equal(t, test.status == 429, response.JSON429 != nil)
			require.Equal(t, []int{test.status, test.status}, token.statuses)
		})
	}
}

// tokenWire is a transport that compares every exchange with the contract.
type tokenWire struct {
	contract
	t        *testing.T
	base     http.RoundTripper
	statuses []int
}

func (w *tokenWire) RoundTrip(req *http.Request) (*http.Response, error) {
	route, params, err := w.router.FindRoute(req)
	require.NoError(w.t, err)
	input := &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route, Options: &openapi3filter.Options{IncludeResponseStatus: true}}
	assert.NoError(w.t, openapi3filter.ValidateRequest(req.Context(), input))
	if body, err := req.GetBody(); assert.NoError(w.t, err) {
		req.Body = body
	}
	resp, err := w.base.RoundTrip(req)
	require.NoError(w.t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	resp.Body = io.NopCloser(bytes.NewReader(body))
	assert.NoError(w.t, checkAnswer(input, resp.StatusCode, resp.Header, body), "%s", body)
	w.statuses = append(w.statuses, resp.StatusCode)
	return resp, nil
}
