// Command accounts makes three typed calls on one session: it creates an
// account, reads one, and finds accounts by a query. It is there to be copied.
// The client it calls with is generated from the openapi.yaml beside it.
//
//	go run ./accounts -standin
//
// runs it against a stand-in tenant in the same process, which also ends the
// session once, to show that the program need not care. Without -standin it
// signs in at a real tenant, and creates nothing there unless told to by
// -create; see -help.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/examples/accounts/accounts"
	"github.com/zuora-go/zuora/zuoratest"
)

const usage = `Creates an account, reads one, and finds accounts by a query, on one session.

  accounts -standin              all of it, on a stand-in tenant in this process
  accounts                       the query only, on a tenant of Zuora's
  accounts -account KEY          reads that account as well
  accounts -create [-name NAME]  creates an account, which stays in the tenant, and reads it

Without -standin these environment variables say where and as whom:

  ZUORA_SERVER             the base URL, such as https://rest.apisandbox.zuora.com
  ZUORA_ACCESS_KEY_ID      the user name
  ZUORA_SECRET_ACCESS_KEY  the password
  ZUORA_ENTITY_ID          the entity to work in, a UUID; optional

Flags:
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the program, and returns its exit code: 0, 1 if it failed, 2 if it was
// called wrongly.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	p := program{out: stdout}
	flags := flag.NewFlagSet("accounts", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	standin := flags.Bool("standin", false, "use a stand-in tenant in this process, and -create on it")
	flags.BoolVar(&p.create, "create", false, "create an account, on whichever tenant it is")
	flags.StringVar(&p.name, "name", "Example Ltd", "the `NAME` of the account to create")
	flags.StringVar(&p.key, "account", "", "read the account of this number or ID, its `KEY` (default: the one created)")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case flags.NArg() > 0:
		fmt.Fprintf(stderr, "accounts: unexpected argument %q; see -help\n", flags.Arg(0))
		return 2
	}

	var cfg zuora.SessionConfig
	var err error
	if *standin {
		p.tenant, p.create = newStandin(), true
		defer p.tenant.Close()
		cfg.Server, cfg.Credentials = p.tenant.URL, p.tenant.Credentials()
		cfg.Base = p.tenant.Client().Transport // trusts the stand-in's certificate
	} else {
		cfg, err = fromEnvironment(getenv)
	}
	if err == nil {
		err = p.run(ctx, cfg)
	}
	if err != nil {
		fmt.Fprintln(stderr, "accounts:", err)
		return 1
	}
	return 0
}

// fromEnvironment says which variables are missing, all of them at once.
func fromEnvironment(getenv func(string) string) (zuora.SessionConfig, error) {
	var missing []string
	required := func(name string) string {
		value := getenv(name)
		if value == "" {
			missing = append(missing, name)
		}
		return value
	}
	cfg := zuora.SessionConfig{
		Server: required("ZUORA_SERVER"),
		Credentials: zuora.Credentials{
			AccessKeyID:     required("ZUORA_ACCESS_KEY_ID"),
			SecretAccessKey: zuora.Secret(required("ZUORA_SECRET_ACCESS_KEY")),
		},
		Entity: zuora.Entity{ID: getenv("ZUORA_ENTITY_ID")},
	}
	if len(missing) > 0 {
		return cfg, fmt.Errorf("not set: %s (-standin does without)", strings.Join(missing, ", "))
	}
	return cfg, nil
}

// program makes the calls and prints what came of them.
type program struct {
	create    bool
	name, key string
	tenant    *zuoratest.Server // nil: a real one
	client    *accounts.ClientWithResponses
	out       io.Writer
}

func (p *program) run(ctx context.Context, cfg zuora.SessionConfig) error {
	session, err := zuora.NewSession(cfg)
	if err != nil {
		return err
	}
	defer session.Close()
	p.client, err = accounts.NewClientWithResponses(session.Server(), accounts.WithHTTPClient(session))
	if err != nil {
		return err
	}

	if p.tenant != nil {
		p.print("Tenant: a stand-in in this process. Nothing goes to Zuora.")
	} else {
		p.print("Tenant: %s", session.Server())
	}
	if err := p.createAccount(ctx); err != nil {
		return fmt.Errorf("create an account: %w", err)
	}
	if err := p.readAccount(ctx); err != nil {
		return fmt.Errorf("read an account: %w", err)
	}
	if p.tenant != nil {
		p.tenant.Expire()
		p.print("The tenant has ended the session.")
		if err := p.readAccount(ctx); err != nil {
			return fmt.Errorf("read an account again: %w", err)
		}
		p.print("Logins so far: %d.", p.tenant.Logins())
	}
	if err := p.query(ctx, "select Id, Name from Account"); err != nil {
		return fmt.Errorf("query: %w", err)
	}
	return nil
}

func (p *program) createAccount(ctx context.Context) error {
	if !p.create {
		p.print("Created nothing: -create was not given.")
		return nil
	}
	resp, err := p.client.CreateAccountWithResponse(ctx, accounts.NewAccount{
		Name:          p.name,
		Currency:      "USD",
		BillCycleDay:  1,
		BillToContact: accounts.Contact{FirstName: "Ada", LastName: "Example", Country: "United States"},
		Notes:         new("Created by an example program."),
	})
	if err != nil {
		return err // a failed call is a *zuora.Error here, because a Session sent it
	}
	if resp.JSON200 == nil {
		return noAnswer(resp)
	}
	p.print("Created account %s.", resp.JSON200.AccountNumber)
	if p.key == "" {
		p.key = resp.JSON200.AccountNumber
	}
	return nil
}

func (p *program) readAccount(ctx context.Context) error {
	if p.key == "" {
		p.print("Read no account: -account was not given.")
		return nil
	}
	resp, err := p.client.GetAccountWithResponse(ctx, p.key)
	if err != nil {
		return err
	}
	if resp.JSON200 == nil {
		return noAnswer(resp)
	}
	info := resp.JSON200.BasicInfo
	p.print("Read account %s: %s, %s, %s.", info.AccountNumber, info.Name, info.Status, resp.JSON200.BillingAndPayment.Currency)
	return nil
}

func (p *program) query(ctx context.Context, zoql string) error {
	resp, err := p.client.QueryActionWithResponse(ctx, accounts.Query{QueryString: zoql})
	if err != nil {
		return err
	}
	if resp.JSON200 == nil {
		return noAnswer(resp)
	}
	found := resp.JSON200
	p.print("Query %q: found %d.", zoql, found.Size)
	const most = 3
	for _, record := range found.Records[:min(most, len(found.Records))] {
		p.print("  %v", record["Name"])
	}
	if found.Size > most {
		p.print("  and others")
	}
	return nil
}

// noAnswer is for what is neither a failure nor one of the answers in the spec:
// a page of some proxy's, for instance.
func noAnswer(resp interface {
	Status() string
	ContentType() string
}) error {
	return fmt.Errorf("%s of type %q is no answer of Zuora's", resp.Status(), resp.ContentType())
}

func (p *program) print(format string, args ...any) { fmt.Fprintf(p.out, format+"\n", args...) }
