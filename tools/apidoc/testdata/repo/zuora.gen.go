package zuora

const ServerURLMainLibrary = "https://library.example.com"

// CardRequest asks for a card.
type CardRequest struct {
	// GrantType Always card.
	GrantType CardRequestGrantType `json:"grant_type"`
	// Name Whose card it is.
	Name string `json:"name"`
}

type CardRequestGrantType string

// Card A library card.
type Card struct {
	// ID Its number.
	ID string `json:"id,omitempty"`
	// Owner Who has it.
	Owner *Owner `json:"owner,omitempty"`
}

// Owner Somebody with a card.
type Owner struct {
	Name string `json:"name,omitempty"`
}

type PostCardParams struct {
	// BranchID The branch.
	//
	// Deprecated: there is one branch.
	BranchID *string `json:"Branch-Id,omitempty"`
}

type PostCardFormdataRequestBody = CardRequest

type PostCardResponse struct {
	Body         []byte
	HTTPResponse *http.Response
	JSON200      *Card
}

type ClientWithResponses struct{}

func (c *ClientWithResponses) PostCardWithBodyWithResponse(ctx context.Context, params *PostCardParams, contentType string, body io.Reader, reqEditors ...RequestEditorFn) (*PostCardResponse, error) {
	return nil, nil
}

func (c *ClientWithResponses) PostCardWithFormdataBodyWithResponse(ctx context.Context, params *PostCardParams, body PostCardFormdataRequestBody, reqEditors ...RequestEditorFn) (*PostCardResponse, error) {
	return nil, nil
}
