// Package objects reads and changes records of any type, by the names of their fields.
// It is for types that no other package of api/ has:
//
//	api := objects.New(session)
//	made, err := api.CreateObject(ctx, "unit-of-measure", objects.Record{
//		"UomName": zuora.ValueOf("GB"), "DecimalPlaces": zuora.ValueOf(2), "Active": zuora.ValueOf(true), "RoundingMode": zuora.ValueOf("UP"),
//	}, nil)
//	…
//	unit, err := api.GetObject(ctx, "unit-of-measure", made.ID, nil)
//	fmt.Println(unit["UomName"].Text())
//
// CreateObjects, UpdateObjects and DeleteObjects take up to 50 records. Some of them
// may fail while the others succeed:
//
//	results, err := api.CreateObjects(ctx, objects.Records{Type: "Account", Objects: accounts}, nil)
//	…
//	for i, result := range objects.Failures(results) {
//		fmt.Println(accounts[i]["Name"].Text(), result.Errors)
//	}
package objects

import (
	"context"
	"encoding/xml"
	"fmt"
	"iter"
	"net/http"

	"github.com/zuora-go/zuora"
)

//go:generate go run -C ../../cmd/zuora-generate . -spec ../../api/objects/openapi.yaml -out ../../api/objects
//go:generate go run -C ../../tools ./apidoc

// Failures returns the results of CreateObjects, UpdateObjects and DeleteObjects that
// failed, with their indices in results.
func Failures[Result interface{ succeeded() bool }](results []Result) iter.Seq2[int, Result] {
	return func(yield func(int, Result) bool) {
		for i, one := range results {
			if !one.succeeded() && !yield(i, one) {
				return
			}
		}
	}
}

func (r SaveResult) succeeded() bool   { return r.Success }
func (r DeleteResult) succeeded() bool { return r.Success }

// Description describes the fields of a type.
type Description struct {
	XMLName xml.Name  `xml:"object"`
	Name    string    `xml:"name"`
	Label   string    `xml:"label"` // in Zuora's user interface
	Fields  []Field   `xml:"fields>field"`
	Others  []Element `xml:",any"` // all other elements
}

// Field is a field of a type.
type Field struct {
	Name     string    `xml:"name"`             // in calls
	Label    string    `xml:"label"`            // in Zuora's user interface
	Type     string    `xml:"type"`             // boolean, date, datetime, decimal, integer, picklist, text, timestamp or ZOQL
	Options  []string  `xml:"options>option"`   // of a picklist
	Contexts []string  `xml:"contexts>context"` // where it can be used: export, for instance
	Others   []Element `xml:",any"`             // all other elements
}

// Element is an XML element that no field is for.
type Element struct {
	XMLName xml.Name
	Text    string    `xml:",chardata"`
	Others  []Element `xml:",any"`
}

// DescribeObject returns the fields of a type, such as Account, custom fields included.
// If the response is not such a description, it returns a [*zuora.DecodeError].
//
// It calls GET /v1/describe/{object}.
func (a *API) DescribeObject(ctx context.Context, object string, editors ...zuora.RequestEditorFn) (*Description, error) {
	text, err := a.DescribeObjectXML(ctx, object, nil, editors...)
	if err != nil {
		return nil, err
	}
	defer text.Close()
	var d Description
	if err := xml.NewDecoder(text).Decode(&d); err != nil {
		return nil, &zuora.DecodeError{Method: http.MethodGet, Path: "/v1/describe/" + object, StatusCode: http.StatusOK, Err: fmt.Errorf("not a description of an object: %w", err)}
	}
	return &d, nil
}
