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
)

// It logs in as an OAuth client and reads an account.
func Example_account() {
	session, err := zuora.NewSession(zuora.SessionConfig{
		Server: zuora.ServerURLProductionUSCloud2,
		Credentials: zuora.Credentials{
			ClientID:     os.Getenv("ZUORA_CLIENT_ID"),
			ClientSecret: zuora.Secret(os.Getenv("ZUORA_CLIENT_SECRET")),
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	account, err := accounts.New(session).GetAccount(context.Background(), "A00000001", nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(account.BasicInfo.Name, account.Metrics.Balance)
}

// TestDocHasTheExample compares the program in the package documentation with the example
// above, which the compiler checks.
func TestDocHasTheExample(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	_, program, found := strings.Cut(string(doc), "//	func main() {\n")
	require.True(t, found)
	program, _, found = strings.Cut(program, "//	}\n//\n")
	require.True(t, found)
	example, err := os.ReadFile("doc_test.go")
	require.NoError(t, err)
	require.Contains(t, string(example), "func Example_account() {\n"+strings.ReplaceAll(program, "//	", "")+"}\n")
}
