// Package paymentmethods creates, reads and changes how customers pay: cards, bank
// accounts and others.
//
//	made, err := paymentmethods.New(session).CreatePaymentMethod(ctx, paymentmethods.NewPaymentMethod{
//		Type: "ACH", AccountKey: "A00000001", MakeDefault: new(true),
//		BankABACode: "123456789", BankAccountName: "Amy Lawrence", BankAccountNumber: number, BankAccountType: paymentmethods.BankAccountTypeChecking,
//	}, zuora.WithIdempotencyKey(key))
//
// A service that takes the numbers of cards itself is subject to PCI DSS. Zuora's
// payment pages take them for it: see [API.ListHostedPages] and
// [API.CreateRSASignature].
package paymentmethods

//go:generate go run -C ../../cmd/zuora-generate . -spec ../../api/paymentmethods/openapi.yaml -out ../../api/paymentmethods
//go:generate go run -C ../../tools ./apidoc
