// Package payments creates payments, applies them to invoices and debit memos, and
// refunds them.
//
//	api := payments.New(session)
//	payment, err := api.CreatePayment(ctx, payments.NewPayment{
//		Type: payments.PaymentTypeExternal, Currency: "USD", Amount: "100.00", AccountID: id, EffectiveDate: "2017-03-01", PaymentMethodID: method,
//		Invoices: []payments.InvoicePart{{InvoiceID: invoice, Amount: "100.00"}},
//	}, zuora.WithIdempotencyKey(key))
//
// Most of it is for tenants with Invoice Settlement.
package payments

//go:generate go run -C ../../cmd/zuora-generate . -spec ../../api/payments/openapi.yaml -out ../../api/payments
//go:generate go run -C ../../tools ./apidoc
