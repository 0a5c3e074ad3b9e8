// Package invoices reads, creates and changes what customers are billed, and
// collects payments.
//
//	api := invoices.New(session)
//	for invoice, err := range api.AllInvoicesByAccount(ctx, "A00000001", nil) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(invoice.InvoiceNumber, invoice.DueDate, invoice.Balance)
//	}
//
// An invoice is named by its ID or its number.
package invoices

import (
	"context"

	"github.com/zuora-go/zuora"
)

//go:generate go run -C ../../cmd/zuora-generate . -spec ../../api/invoices/openapi.yaml -out ../../api/invoices
//go:generate go run -C ../../tools ./apidoc

// PostInvoice posts a draft invoice, by its ID.
//
// It calls PUT /v1/object/invoice/{id}.
func (a *API) PostInvoice(ctx context.Context, id string, editors ...zuora.RequestEditorFn) (*SaveResult, error) {
	return a.UpdateInvoiceRecord(ctx, id, InvoiceRecordUpdate{Status: InvoiceStatusPosted}, nil, editors...)
}
