package conformance

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/accounts"
	"github.com/zuora-go/zuora/api/billing"
	"github.com/zuora-go/zuora/api/catalog"
	"github.com/zuora-go/zuora/api/contacts"
	"github.com/zuora-go/zuora/api/dataquery"
	"github.com/zuora-go/zuora/api/exports"
	"github.com/zuora-go/zuora/api/invoices"
	"github.com/zuora-go/zuora/api/objectquery"
	"github.com/zuora-go/zuora/api/objects"
	"github.com/zuora-go/zuora/api/orders"
	"github.com/zuora-go/zuora/api/paymentmethods"
	"github.com/zuora-go/zuora/api/payments"
	"github.com/zuora-go/zuora/api/subscriptions"
	"github.com/zuora-go/zuora/api/usage"
	"github.com/zuora-go/zuora/api/zoql"
)

// packages are those of api/, by the functions that make their APIs. A new one needs
// its line here and, if it has what Zuora's published document has not, exceptions.
var packages = map[string]any{
	"accounts":       accounts.New,
	"billing":        billing.New,
	"catalog":        catalog.New,
	"contacts":       contacts.New,
	"dataquery":      dataquery.New,
	"exports":        exports.New,
	"invoices":       invoices.New,
	"objectquery":    objectquery.New,
	"objects":        objects.New,
	"orders":         orders.New,
	"paymentmethods": paymentmethods.New,
	"payments":       payments.New,
	"subscriptions":  subscriptions.New,
	"usage":          usage.New,
	"zoql":           zoql.New,
}

// exceptions are operations, parameters and properties that Zuora's published document
// does not have, grouped by the reason for them. The document is of 2021; the
// pages are those of developer.zuora.com.
var exceptions = map[string][]string{
	"newer than the document; the pages of January 2026 have it": {
		"DELETE /v1/accounts/{account-key}",
		"GET /object-query/{object}",
		"GET /v1/invoices/{invoiceId}",
		"GET /object-query/{object}/{key}",
		"GET /v1/accounts/{account-key}/payment-methods",
		"GET /v1/accounts/{account-key}/summary query excludeUsage",
		"accounts AccountUpdate.billCycleDay",
		"accounts AccountUpdate.defaultPaymentMethodId",
		"accounts AccountUpdate.paymentTerm",
		"accounts BillingAndPayment.autoPay",
		"accounts BillingAndPayment.defaultPaymentMethodId",
		"accounts SummaryBasicInfo.autoPay",
		"DELETE /v1/contacts/{contactId}",
		"GET /v1/contacts/{contactId}",
		"POST /v1/contacts",
		"PUT /v1/contacts/{contactId}",
		"GET /v1/orders query status",
		"GET /v1/orders/invoiceOwner/{accountNumber} query status",
		"GET /v1/orders/subscription/{subscriptionNumber} query status",
		"PUT /v1/orders/{orderNumber}/activate",
		"PUT /v1/orders/{orderNumber}/cancel",
		"orders JobResult.jobType",
		"orders NewOrder.category",
		"orders NewOrder.existingAccountId",
		"orders NewOrder.reasonCode",
		"orders NewOrder.status",
	},
	"newer than the document; the documentation of Zuora's own clients of 2025 has it": {
		"orders ChangePlan.effectivePolicy",
		"orders ChangePlan.newProductRatePlan",
		"orders ChangePlan.productRatePlanId",
		"orders ChangePlan.ratePlanId",
		"orders ChangePlan.resetBcd",
		"orders ChangePlan.subType",
		"orders JobResult.chargeMetrics",
		"orders JobResult.creditMemos",
		"orders JobResult.invoiceIds",
		"orders JobResult.invoices",
		"orders JobResult.orderDeltaMetrics",
		"orders JobResult.orderMetrics",
		"orders JobResult.rampMetrics",
		"orders OrderAction.changePlan",
		"orders OrderAction.renewSubscription",
		"orders ProcessedAction.changePlan",
		"orders ProcessedAction.renewSubscription",
		"orders RenewSubscription.billToContactId",
		"orders RenewSubscription.invoiceGroupNumber",
		"orders RenewSubscription.invoiceTemplateId",
		"orders RenewSubscription.paymentTerm",
		"orders RenewSubscription.sequenceSetId",
		"orders RenewSubscription.soldToContactId",
	},
	"responses of production tenants have it": {
		"catalog FinanceInformation.accountsReceivableAccountingCode",
		"catalog FinanceInformation.accountsReceivableAccountingCodeType",
		"catalog Product.allowFeatureChanges",
		"orders Term.endDate",
		"subscriptions Subscription.lastBookingDate",
	},
	"the document has it in a sentence only": {
		"GET /v1/invoices/{invoiceId}/files query page",
		"GET /v1/invoices/{invoiceId}/items query page",
		"GET /v1/payments query page",
		"GET /v1/refunds query page",
		"GET /v1/transactions/invoices/accounts/{account-key} query page",
		"GET /v1/transactions/payments/accounts/{account-key} query page",
		"GET /v1/usage/accounts/{account-key} query page",
		"GET /v1/usage/{id}/status",
		"GET /v1/subscriptions/accounts/{account-key} query as-of-date",
		"GET /v1/subscriptions/accounts/{account-key} query page",
		"GET /v1/subscriptions/{subscription-key} query as-of-date",
		"GET /v1/subscriptions/{subscription-key}/versions/{version} query as-of-date",
		"subscriptions Charge.chargeSegments",
		"subscriptions PreviewedInvoice.amount",
		"subscriptions PreviewedInvoice.amountWithoutTax",
		"subscriptions PreviewedInvoice.chargeMetrics",
		"subscriptions PreviewedInvoice.invoiceItems",
		"subscriptions PreviewedInvoice.targetDate",
		"subscriptions PreviewedInvoice.taxAmount",
	},
	"stands for a path of its own for each type": {
		"DELETE /v1/object/{type}/{id}",
		"GET /v1/object/{type}/{id}",
		"POST /v1/object/{type}",
		"PUT /v1/object/{type}/{id}",
	},
	"no page has it either; a tenant may know it": {
		"accounts NewAccount.creditLimit",
	},
}

// untyped are members of the document's examples that have no field and are in
// AdditionalProperties, by operation and path, with the reason.
var untyped = map[string]string{
	"GET /v1/catalog/product/{product-id} response.productRatePlans":                         "a URL, where the field has a list",
	"GET /v1/catalog/products response.Products[0].productRatePlans":                         "a URL, where the field has a list",
	"GET /v1/transactions/invoices/accounts/{account-key} response.Invoices[0].invoiceFiles": "a URL, where the field has a list",
	"GET /v1/transactions/invoices/accounts/{account-key} response.Invoices[0].invoiceItems": "a URL, where the field has a list",
	"GET /v1/orders response.Orders[1].success":                                              "belongs to the response",
	"POST /v1/async/orders request.OrderLineItems[0].chargeAmountPerUnit":                    "a mistake for amountPerUnit",
	"POST /v1/orders request.OrderLineItems[0].chargeAmountPerUnit":                          "a mistake for amountPerUnit",
	"POST /v1/object/export request.Status":                                                  "Zuora sets it",
	"PUT /v1/object/product-rate-plan/{id} request.Id":                                       "the path has it",
	"PUT /v1/object/product/{id} request.Id":                                                 "the path has it",
}

// operation is an operation of a spec, with its description in Zuora's document.
type operation struct {
	*openapi3.Operation
	pkg, name string // the package, and method and path
	shared    openapi3.Parameters
	theirs    map[string]any // nil if the document does not have it
	keys      []any          // the parameters of the path that theirs has
}

// specs calls test for each spec of api/.
func specs(t *testing.T, test func(t *testing.T, pkg string, doc *openapi3.T)) {
	files, err := filepath.Glob("../api/*/openapi.yaml")
	require.NoError(t, err)
	var names []string
	for _, file := range files {
		names = append(names, filepath.Base(filepath.Dir(file)))
	}
	require.ElementsMatch(t, names, slices.Collect(maps.Keys(packages)), "the specs in api/, and the packages of this test")
	for _, pkg := range names {
		t.Run(pkg, func(t *testing.T) {
			loader := openapi3.NewLoader()
			loader.IsExternalRefsAllowed = true
			doc, err := loader.LoadFromFile("../api/" + pkg + "/openapi.yaml")
			require.NoError(t, err)
			test(t, pkg, doc)
		})
	}
}

// operations returns the operations of a spec.
func operations(pkg string, doc *openapi3.T, theirs document) (list []operation) {
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			o := operation{Operation: op, pkg: pkg, name: method + " " + path, shared: item.Parameters}
			if theirs != nil {
				place := theirs.object(theirs["paths"], path)
				o.theirs = theirs.object(place, strings.ToLower(method))
				o.keys = theirs.list(place, "parameters")
			}
			list = append(list, o)
		}
	}
	slices.SortFunc(list, func(a, b operation) int { return strings.Compare(a.name, b.name) })
	return list
}

// responses is a Caller that returns the same response to every call, and keeps the body
// and the headers of the last request.
type responses struct {
	body   []byte
	sent   []byte
	header http.Header
}

func (a *responses) Server() string { return zuora.ServerURLProductionUSCloud2 }

func (a *responses) Do(req *http.Request) (*http.Response, error) {
	a.sent, a.header = nil, req.Header
	if req.Body != nil {
		a.sent, _ = io.ReadAll(req.Body)
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(bytes.NewReader(a.body)), Request: req,
	}, nil
}

// method returns an operation's method of its package's API.
func (op operation) method(t *testing.T, caller zuora.Caller) reflect.Value {
	t.Helper()
	api := reflect.ValueOf(packages[op.pkg]).Call([]reflect.Value{reflect.ValueOf(caller)})[0]
	method := api.MethodByName(strings.ToUpper(op.OperationID[:1]) + op.OperationID[1:])
	require.True(t, method.IsValid(), "no method %s", op.OperationID)
	return method
}

// call makes the call with body, or with an empty body, and returns its result and error.
func (op operation) call(t *testing.T, caller zuora.Caller, body func(into any), editors ...zuora.RequestEditorFn) (any, error) {
	t.Helper()
	method := op.method(t, caller)
	args := []reflect.Value{reflect.ValueOf(t.Context())}
	for i := 1; i < method.Type().NumIn()-1; i++ { // the last are editors
		arg := reflect.New(method.Type().In(i)).Elem()
		switch arg.Kind() {
		case reflect.String:
			arg.SetString("key")
		case reflect.Int64:
			arg.SetInt(1)
		case reflect.Interface:
			arg.Set(reflect.ValueOf(strings.NewReader("file")))
		case reflect.Pointer:
			arg.Set(requiredOf(arg.Type().Elem()))
		case reflect.Struct, reflect.Slice, reflect.Map:
			if body != nil {
				body(arg.Addr().Interface())
			}
		}
		args = append(args, arg)
	}
	for _, edit := range editors {
		args = append(args, reflect.ValueOf(edit))
	}
	results := method.Call(args)
	err, _ := results[len(results)-1].Interface().(error)
	return results[0].Interface(), err
}

// requiredOf returns parameters of which those are set that must be.
func requiredOf(t reflect.Type) reflect.Value {
	params := reflect.New(t)
	for i := range t.NumField() {
		if t.Field(i).Tag.Get("required") == "" {
			continue
		}
		switch f := params.Elem().Field(i); f.Kind() {
		case reflect.String:
			f.SetString("x")
		case reflect.Int64:
			f.SetInt(1)
		case reflect.Bool:
			f.SetBool(true)
		case reflect.Slice:
			f.Set(reflect.MakeSlice(f.Type(), 1, 1))
		}
	}
	return params
}
