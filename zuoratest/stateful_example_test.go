package zuoratest_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/accounts"
	"github.com/zuora-go/zuora/api/zoql"
	"github.com/zuora-go/zuora/zuoratest"
)

// A tenant that keeps objects, and one path of which fails.
func ExampleConfig_stateful() {
	tenant := zuoratest.NewServer(zuoratest.Config{Stateful: true})
	defer tenant.Close()
	session, err := zuora.NewSession(zuora.SessionConfig{Server: tenant.URL, Credentials: tenant.Credentials(), Base: tenant.Client().Transport})
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	ctx := context.Background()

	created, err := accounts.New(session).CreateAccount(ctx, accounts.NewAccount{
		Name: "Amy Lawrence", Currency: "USD", BillToContact: accounts.NewContact{FirstName: "Amy", LastName: "Lawrence"},
		AdditionalProperties: map[string]zuora.Value{"Region__c": zuora.ValueOf("EU")},
	})
	if err != nil {
		log.Fatal(err)
	}
	for record, err := range zoql.New(session).All(ctx, "select Name, Balance, Region__c from Account where Region__c = 'EU'") {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(record["Name"].Text(), record["Balance"].Decimal(), record["Region__c"].Text())
	}

	tenant.Handle("GET /v1/accounts/{key}", zuoratest.RateLimited())
	_, err = accounts.New(session).GetAccount(ctx, created.AccountNumber, nil)
	fmt.Println(errors.Is(err, zuora.ErrRateLimited))
	// Output:
	// Amy Lawrence 0.000000000 EU
	// true
}
