// Command zuora-standin runs a stand-in for a Zuora tenant, for tests in any language and
// for curl. It listens on a free port of 127.0.0.1, with TLS, and prints its URL and its
// credentials, one NAME=value on each line:
//
//	zuora-standin >standin.env &
//	until [ -s standin.env ]; do sleep 0.1; done; . ./standin.env
//	curl --cacert "$ZUORA_CERTIFICATE" …
//
// zuora-standin -help lists what it prints, the calls that it has, and three examples of
// curl. It is the stateful tenant of package zuoratest, whose documentation says what it
// can do and what is made up. Its objects are in memory only.
//
// The exit code is 0 if a signal ends it, 1 if it cannot start, and 2 if the arguments are
// wrong.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/zuoratest"
)

const usage = `usage: zuora-standin [-certificate FILE]

Runs a stand-in for a Zuora tenant on a free port of 127.0.0.1, with TLS, until it
is interrupted. It prints, one NAME=value on each line:

  ZUORA_SERVER                            the base URL
  ZUORA_CERTIFICATE                       a file with the certificate to trust, in PEM
  ZUORA_ACCESS_KEY_ID                     the user name
  ZUORA_SECRET_ACCESS_KEY                 the user's password
  ZUORA_CLIENT_ID, ZUORA_CLIENT_SECRET    the OAuth client

Write them to a file, and read that file into the shell:

  zuora-standin >standin.env &
  until [ -s standin.env ]; do sleep 0.1; done; . ./standin.env

Then log in, create an account, and read it:

  curl --cacert "$ZUORA_CERTIFICATE" -c cookies -H "apiAccessKeyId: $ZUORA_ACCESS_KEY_ID" -H "apiSecretAccessKey: $ZUORA_SECRET_ACCESS_KEY" -H 'Content-Type: application/json' -d '{}' "$ZUORA_SERVER/v1/connections"
  curl --cacert "$ZUORA_CERTIFICATE" -b cookies -H 'Content-Type: application/json' -d '{"name":"Amy Lawrence","currency":"USD","billToContact":{"firstName":"Amy","lastName":"Lawrence","country":"US"}}' "$ZUORA_SERVER/v1/accounts"
  curl --cacert "$ZUORA_CERTIFICATE" -b cookies "$ZUORA_SERVER/v1/accounts/A00000001"

flags:
  -certificate FILE  write the certificate to that file instead of a temporary one
  -help              print this and stop

calls, besides POST /v1/connections and POST /oauth/token:
`

// calls returns the calls of the tenant, one line for each path.
func calls() string {
	methods, paths := map[string][]string{}, []string{}
	for _, call := range zuoratest.NewTenant(zuoratest.Config{Stateful: true}).Calls() {
		method, path, _ := strings.Cut(call, " ")
		if methods[path] == nil {
			paths = append(paths, path)
		}
		methods[path] = append(methods[path], method)
	}
	var lines strings.Builder
	for _, path := range paths {
		fmt.Fprintf(&lines, "  %-48s %s\n", path, strings.Join(methods[path], " "))
	}
	return lines.String()
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run runs the command until ctx ends, and returns its exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("zuora-standin", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	file := flags.String("certificate", "", "")
	err := flags.Parse(args)
	if err == nil && flags.NArg() > 0 {
		err = errors.New("it takes no arguments, only flags")
	}
	switch {
	case errors.Is(err, flag.ErrHelp):
		if _, err = io.WriteString(stdout, usage+calls()); err == nil {
			return 0
		}
	case err != nil:
		_, _ = fmt.Fprintf(stderr, "zuora-standin: %v\nrun zuora-standin -help for its flags\n", err)
		return 2
	default:
		err = serve(ctx, *file, stdout)
	}
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "zuora-standin:", err)
		return 1
	}
	return 0
}

// serve starts the tenant, prints how to reach it, and waits until ctx ends.
func serve(ctx context.Context, file string, stdout io.Writer) error {
	server := zuoratest.NewServer(zuoratest.Config{Stateful: true, Credentials: zuora.Credentials{
		AccessKeyID: "api.user@example.com", SecretAccessKey: zuora.Secret("standin-" + rand.Text()), // without blanks, for shells
	}})
	defer server.Close()
	file, err := writeCertificate(file, server.CertificatePEM())
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file) }()
	c := server.Credentials()
	oauth := server.OAuthClient()
	var lines strings.Builder
	for _, v := range [][2]string{
		{"ZUORA_SERVER", server.URL}, {"ZUORA_CERTIFICATE", file},
		{"ZUORA_ACCESS_KEY_ID", c.AccessKeyID}, {"ZUORA_SECRET_ACCESS_KEY", string(c.SecretAccessKey)},
		{"ZUORA_CLIENT_ID", oauth.ClientID}, {"ZUORA_CLIENT_SECRET", string(oauth.ClientSecret)},
	} {
		fmt.Fprintf(&lines, "%s=%s\n", v[0], quote(v[1]))
	}
	if _, err := io.WriteString(stdout, lines.String()); err != nil { // in one write, so that a reader finds all or nothing
		return err
	}
	<-ctx.Done()
	return nil
}

func writeCertificate(name string, pem []byte) (string, error) {
	if name != "" {
		return name, os.WriteFile(name, pem, 0o644)
	}
	file, err := os.CreateTemp("", "zuora-standin-*.pem")
	if err != nil {
		return "", err
	}
	_, err = file.Write(pem)
	return file.Name(), errors.Join(err, file.Close())
}

// quote returns v for a shell, in quotation marks only if it needs them.
func quote(v string) string {
	const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:@+"
	if strings.Trim(v, plain) == "" {
		return v
	}
	return "'" + strings.ReplaceAll(v, "'", `'\''`) + "'"
}
