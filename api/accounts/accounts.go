// Package accounts creates, reads, changes and deletes customers' accounts. An
// account is named by its ID or its number:
//
//	api := accounts.New(session)
//	created, err := api.CreateAccount(ctx, accounts.NewAccount{
//		Name: "Amy Lawrence", Currency: "USD", BillCycleDay: new(int64(1)), AutoPay: new(false),
//		BillToContact:        accounts.NewContact{FirstName: "Amy", LastName: "Lawrence", Country: "US"},
//		AdditionalProperties: map[string]zuora.Value{"Region__c": zuora.ValueOf("EU")},
//	})
//	…
//	account, err := api.GetAccount(ctx, created.AccountNumber, nil)
//	…
//	fmt.Println(account.BasicInfo.Name, account.Metrics.Balance)
//	_, err = api.UpdateAccount(ctx, created.AccountNumber, accounts.AccountUpdate{SalesRep: "Kim"})
package accounts

import (
	"maps"
	"slices"
	"strings"

	"github.com/zuora-go/zuora/typed"
)

//go:generate go run -C ../../cmd/zuora-generate . -spec ../../api/accounts/openapi.yaml -out ../../api/accounts
//go:generate go run -C ../../tools ./apidoc

// All returns the payment methods of all kinds, also of kinds that p has no field for.
// Together with a [*zuora.DecodeError] it returns what could be read.
func (p *PaymentMethods) All() ([]PaymentMethod, error) {
	all := slices.Concat(p.CreditCards, p.DebitCards, p.CreditCardReferenceTransactions, p.ACH)
	for _, kind := range slices.Sorted(maps.Keys(p.AdditionalProperties)) {
		list := p.AdditionalProperties[kind]
		if !strings.HasPrefix(string(list), "[") {
			continue
		}
		var more []PaymentMethod
		err := typed.Unmarshal([]byte(list), &more)
		all = append(all, more...)
		if err != nil {
			return all, err
		}
	}
	return all, nil
}
