package zuora_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/accounts"
	"github.com/zuora-go/zuora/api/catalog"
)

// A whole program: it creates an account, reads it, and lists the catalog.
func Example() {
	ctx := context.Background()
	session, err := zuora.NewSession(zuora.SessionConfig{
		Server: os.Getenv("ZUORA_SERVER"), // such as zuora.ServerURLAPISandboxUSCloud2
		Credentials: zuora.Credentials{
			AccessKeyID:     os.Getenv("ZUORA_USER"),
			SecretAccessKey: zuora.Secret(os.Getenv("ZUORA_PASSWORD")),
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()

	created, err := accounts.New(session).CreateAccount(ctx, accounts.NewAccount{
		Name: "Amy Lawrence", Currency: "USD", BillCycleDay: new(int64(1)), AutoPay: new(false),
		BillToContact:        accounts.NewContact{FirstName: "Amy", LastName: "Lawrence", Country: "US"},
		AdditionalProperties: map[string]zuora.Value{"Region__c": zuora.ValueOf("EU")},
	})
	if err != nil {
		log.Fatal(err)
	}
	account, err := accounts.New(session).GetAccount(ctx, created.AccountNumber, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(account.BasicInfo.Name, account.Metrics.Balance)

	for product, err := range catalog.New(session).AllProducts(ctx, nil) { // every page
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(product.Name, len(product.ProductRatePlans))
	}
}

// TestReadmeHasTheExample holds the README's program to the example above, which
// the compiler checks. conformance/ runs the program.
func TestReadmeHasTheExample(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	_, program, found := strings.Cut(string(readme), "```go\npackage main\n")
	require.True(t, found, "the README's first Go code is a whole program")
	_, body, _ := strings.Cut(program, "func main() {\n")
	body, _, found = strings.Cut(body, "\n}\n```")
	require.True(t, found)
	example, err := os.ReadFile("readme_test.go")
	require.NoError(t, err)
	require.Contains(t, string(example), "func Example() {\n"+body+"\n}\n")
}
