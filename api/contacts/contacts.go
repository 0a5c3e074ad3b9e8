// Package contacts creates, reads, changes, deletes and scrubs the contacts of
// accounts. A contact is named by its ID:
//
//	api := contacts.New(session)
//	contact, err := api.CreateContact(ctx, contacts.NewContact{AccountNumber: "A00000001", FirstName: "Amy", LastName: "Lawrence"})
//	…
//	contact, err = api.UpdateContact(ctx, contact.ID, contacts.ContactUpdate{City: "Basel"})
package contacts

//go:generate go run -C ../../cmd/zuora-generate . -spec ../../api/contacts/openapi.yaml -out ../../api/contacts
//go:generate go run -C ../../tools ./apidoc
