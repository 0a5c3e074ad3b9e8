package contacts_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/contacts"
	"github.com/zuora-go/zuora/zuoratest"
)

func TestCalls(t *testing.T) {
	server := zuoratest.NewServer(zuoratest.Config{})
	defer server.Close()
	session, err := zuora.NewSession(zuora.SessionConfig{Server: server.URL, Credentials: server.Credentials(), Base: server.Client().Transport})
	require.NoError(t, err)
	defer session.Close()
	var response, request string
	server.HandleFunc("/v1/", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		request = r.Method + " " + r.RequestURI + " " + string(body)
		zuoratest.Answer(http.StatusOK, "application/json; charset=utf-8", response).ServeHTTP(w, r)
	})

	api, ctx := contacts.New(session), t.Context()
	region := map[string]zuora.Value{"Region__c": `"EU"`}
	for _, test := range []struct {
		response string
		call     func() (any, error)
		request  string
		result   any
	}{
		{
			`{"id":"c","accountNumber":"A-7","firstName":"Ada","county":null,"zipCode":4051,"otherPhoneType":"Pager","fax":"","Region__c":"EU","success":true}`,
			func() (any, error) {
				return api.CreateContact(ctx, contacts.NewContact{
					AccountNumber: "A-7", FirstName: "Ada", LastName: "L", OtherPhoneType: contacts.PhoneTypeMobile, AsBillTo: new(false), AdditionalProperties: region,
				})
			},
			`POST /v1/contacts {"accountNumber":"A-7","firstName":"Ada","lastName":"L","otherPhoneType":"Mobile","asBillTo":false,"Region__c":"EU"}`,
			&contacts.Contact{
				ID: "c", AccountNumber: "A-7", FirstName: "Ada", ZipCode: "4051", OtherPhoneType: "Pager", AdditionalProperties: region, Success: true,
			},
		},
		{
			`{"id":"c/1","firstName":"Ada","success":true}`,
			func() (any, error) { return api.GetContact(ctx, "c/1", nil) },
			`GET /v1/contacts/c%2F1 `,
			&contacts.Contact{ID: "c/1", FirstName: "Ada", Success: true},
		},
		{
			`{"id":"c","city":"Basel","success":true}`,
			func() (any, error) {
				return api.UpdateContact(ctx, "c", contacts.ContactUpdate{City: "Basel", AdditionalProperties: map[string]zuora.Value{"fax": zuora.Null}})
			},
			`PUT /v1/contacts/c {"city":"Basel","fax":null}`,
			&contacts.Contact{ID: "c", City: "Basel", Success: true},
		},
		{
			`{"success":true}`,
			func() (any, error) { return api.DeleteContact(ctx, "c") },
			`DELETE /v1/contacts/c `,
			&zuora.CommonResponseType{Success: true},
		},
		{
			`{"success":true}`,
			func() (any, error) { return api.ScrubContact(ctx, "c") },
			`PUT /v1/contacts/c/scrub {}`,
			&zuora.CommonResponseType{Success: true},
		},
	} {
		response = test.response
		result, err := test.call()
		require.NoError(t, err, test.request)
		assert.Equal(t, test.request, request)
		assert.Equal(t, test.result, result, test.request)
	}
}

func ExampleAPI_UpdateContact() {
	server := zuoratest.NewServer(zuoratest.Config{})
	defer server.Close()
	server.Handle("PUT /v1/contacts/c0ffee", zuoratest.JSON(contacts.Contact{Success: true, FirstName: "Amy", City: "Basel"}))
	session, err := zuora.NewSession(zuora.SessionConfig{Server: server.URL, Credentials: server.Credentials(), Base: server.Client().Transport})
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()

	contact, err := contacts.New(session).UpdateContact(context.Background(), "c0ffee", contacts.ContactUpdate{City: "Basel"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(contact.FirstName, "lives in", contact.City)
	// Output: Amy lives in Basel
}
