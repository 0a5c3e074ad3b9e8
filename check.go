package zuora

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/zuora-go/zuora/internal/origin"
)

// Caller is what typed calls are made on: the packages of api/ take one. A
// [*Session] is a Caller, and [NewCaller] makes one of a client that authenticates
// by itself. Do returns an [*Error] for every failed call.
type Caller interface {
	// Server returns the base URL of all calls, without a "/" and a "/v1" at its end.
	Server() string
	// Do sends the request as [http.Client.Do] does, and returns an [*Error] for a
	// call that failed, whatever its status.
	Do(*http.Request) (*http.Response, error)
}

// NewCaller returns a Caller that sends calls to server through doer, and returns
// an [*Error] for every failed call, as [Checked] does. It is for a doer that
// authenticates by itself, such as an OAuth client. Server is a base URL as in
// [SessionConfig.Server]. NewCaller returns an error that names the parameter if
// server is not such a URL or doer is nil; it sends nothing.
func NewCaller(server string, doer HttpRequestDoer) (Caller, error) {
	u, err := origin.ParseServer(server)
	if err != nil {
		return nil, fmt.Errorf("zuora: NewCaller: server %w", err)
	}
	if doer == nil {
		return nil, errors.New("zuora: NewCaller: doer is nil")
	}
	return caller{Checked(doer), u.String()}, nil
}

type caller struct {
	HttpRequestDoer
	server string
}

func (c caller) Server() string { return c.server }
