package objects_test

import (
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/objects"
	"github.com/zuora-go/zuora/zuoratest"
)

// newAPI returns an API on a tenant that responds to every call with response, and
// what the tenant saw last.
func newAPI(t *testing.T) (api *objects.API, response, sent *string) {
	server := zuoratest.NewServer(zuoratest.Config{})
	t.Cleanup(server.Close)
	session, err := zuora.NewSession(zuora.SessionConfig{Server: server.URL, Credentials: server.Credentials(), Base: server.Client().Transport})
	require.NoError(t, err)
	t.Cleanup(func() { _ = session.Close() })
	response, sent = new(string), new(string)
	server.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*sent = fmt.Sprintf("%s %s %s", r.Method, r.URL.RequestURI(), body)
		kind := "application/json"
		if (*response)[0] == '<' {
			kind = "text/xml; charset=utf-8"
		}
		zuoratest.Answer(200, kind, *response).ServeHTTP(w, r)
	})
	return objects.New(session), response, sent
}

func TestOneRecord(t *testing.T) {
	api, response, sent := newAPI(t)
	*response = `{"Success":true,"Id":"4028"}`
	made, err := api.CreateObject(t.Context(), "rate-plan", objects.Record{"Name": zuora.ValueOf("a"), "Price": "12.50", "Region__c": zuora.Null}, &objects.CreateObjectParams{RejectUnknownFields: true})
	require.NoError(t, err)
	assert.Equal(t, `POST /v1/object/rate-plan?rejectUnknownFields=true {"Name":"a","Price":12.50,"Region__c":null}`, *sent)
	assert.Equal(t, objects.SaveResult{Success: true, ID: "4028"}, *made)

	_, err = api.UpdateObject(t.Context(), "account", "A/1", map[string]zuora.Value{"Name": zuora.ValueOf("b")}, nil)
	require.NoError(t, err)
	assert.Equal(t, `PUT /v1/object/account/A%2F1 {"Name":"b"}`, *sent)
	_, err = api.UpdateObject(t.Context(), "account", "A1", nil, nil)
	require.NoError(t, err)
	assert.Equal(t, `PUT /v1/object/account/A1 {}`, *sent)
	_, err = api.UpdateObject(t.Context(), "account", "A1", objects.Record{"Name": ""}, nil)
	assert.ErrorContains(t, err, "Name: the value is empty")
	_, err = api.UpdateObject(t.Context(), "..", "A1", nil, nil)
	assert.ErrorContains(t, err, "type")

	*response = `{"Id":"4028","Balance":1.500000000,"CreatedDate":"2015-11-04T10:59:22.000-08:00","Notes":null}`
	record, err := api.GetObject(t.Context(), "account", "4028", &objects.GetObjectParams{Fields: "Id,Balance"})
	require.NoError(t, err)
	assert.Equal(t, "GET /v1/object/account/4028?fields=Id%2CBalance ", *sent)
	assert.Equal(t, objects.Record{"Id": `"4028"`, "Balance": "1.500000000", "CreatedDate": `"2015-11-04T10:59:22.000-08:00"`, "Notes": zuora.Null}, record)

	*response = `{"success":true,"id":"4028"}`
	deleted, err := api.DeleteObject(t.Context(), "account", "4028")
	require.NoError(t, err)
	assert.Equal(t, "DELETE /v1/object/account/4028 ", *sent)
	assert.Equal(t, objects.DeleteResult{Success: true, ID: "4028"}, *deleted)
}

func TestManyRecords(t *testing.T) {
	api, response, sent := newAPI(t)
	records := objects.Records{Type: "Account", Objects: []objects.Record{{"Name": zuora.ValueOf("a")}, {"Name": zuora.ValueOf("b")}, {"Name": zuora.ValueOf("c")}}}
	*response = `[{"Success":true,"Id":"1"},{"Success":false,"Errors":[{"Code":"INVALID_VALUE","Message":"no"}]},{"Success":"true","Id":3}]`
	results, err := api.CreateObjects(t.Context(), records, nil)
	require.NoError(t, err, "some succeeded")
	assert.Equal(t, `POST /v1/action/create {"type":"Account","objects":[{"Name":"a"},{"Name":"b"},{"Name":"c"}]}`, *sent)
	assert.Len(t, results, 3)
	assert.Equal(t, "3", results[2].ID)
	failed := map[int]objects.SaveResult{}
	for i, result := range objects.Failures(results) {
		failed[i] = result
	}
	assert.Equal(t, map[int]objects.SaveResult{1: {Errors: []objects.Problem{{Code: "INVALID_VALUE", Message: "no"}}}}, failed)

	*response = `[{"Success":true,"Id":"1"}]`
	_, err = api.UpdateObjects(t.Context(), objects.Records{Type: "Account", Objects: []objects.Record{{"Id": zuora.ValueOf("1"), "fieldsToNull": zuora.ValueOf([]string{"Notes"})}}}, nil)
	require.NoError(t, err)
	assert.Equal(t, `POST /v1/action/update {"type":"Account","objects":[{"Id":"1","fieldsToNull":["Notes"]}]}`, *sent)

	*response = `[{"success":false,"id":"1","errors":[{"Code":"INVALID_ID","Message":"no"}]},{"success":true,"id":"2"}]`
	deleted, err := api.DeleteObjects(t.Context(), objects.IDs{Type: "Account", IDs: []string{"1", "2"}}, nil)
	require.NoError(t, err)
	assert.Equal(t, `POST /v1/action/delete {"type":"Account","ids":["1","2"]}`, *sent)
	for i, result := range objects.Failures(deleted) {
		assert.Equal(t, 0, i)
		assert.Equal(t, "INVALID_ID", result.Errors[0].Code)
	}

	*response = `[{"Success":false,"Errors":[{"Code":"INVALID_VALUE","Message":"no"}]}]`
	_, err = api.CreateObjects(t.Context(), records, nil)
	var all *zuora.Error
	require.ErrorAs(t, err, &all, "all failed")
	assert.Equal(t, []zuora.Reason{{Code: "INVALID_VALUE", Message: "no"}}, all.Reasons)
}

func TestDescribeObject(t *testing.T) {
	api, response, sent := newAPI(t)
	*response = `<?xml version="1.0" encoding="UTF-8"?>
<object href="x"><name>Account</name><label>Account</label><fields>
<field><name>Region__c</name><label>Region</label><type>picklist</type><options><option>EU</option><option>US</option></options>
<contexts><context>export</context></contexts><custom>true</custom><maxlength/></field>
<field><name>Id</name></field></fields><related-objects><object href="y"><name>Contact</name></object></related-objects></object>`
	d, err := api.DescribeObject(t.Context(), "Account")
	require.NoError(t, err)
	assert.Equal(t, "GET /v1/describe/Account ", *sent)
	assert.Equal(t, "Account", d.Name)
	require.Len(t, d.Fields, 2)
	f := d.Fields[0]
	assert.Equal(t, []any{"Region__c", "Region", "picklist", []string{"EU", "US"}, []string{"export"}}, []any{f.Name, f.Label, f.Type, f.Options, f.Contexts})
	assert.Equal(t, "custom true", f.Others[0].XMLName.Local+" "+f.Others[0].Text, "what has no field is kept")
	assert.Equal(t, "Contact", d.Others[0].Others[0].Others[0].Text)

	for _, odd := range []string{"<html><body>busy</body></html>", "<object><name>", "<object><name>a</label></object>"} {
		*response = odd
		_, err := api.DescribeObject(t.Context(), "Account")
		assert.ErrorAs(t, err, new(*zuora.DecodeError), odd)
	}
	_, err = api.DescribeObject(t.Context(), "")
	assert.ErrorContains(t, err, "object")
}
