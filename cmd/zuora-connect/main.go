// Command zuora-connect tells whether a user's credentials can sign in to
// Zuora, and what a path answers:
//
//	export ZUORA_SERVER=https://rest.zuora.com ZUORA_ACCESS_KEY_ID=api.user@example.com
//	zuora-connect -secret-file secret.txt
//	zuora-connect -secret-file secret.txt '/v1/catalog/products?pageSize=1' | jq .
//
// It takes its configuration from the environment, ZUORA_SERVER,
// ZUORA_ACCESS_KEY_ID, ZUORA_SECRET_ACCESS_KEY and ZUORA_ENTITY_ID, and from
// flags, which override it; zuora-connect -help names them. The secret is never
// the value of a flag, for others can see those in the list of processes.
//
// Standard output is what was asked for: with a path the body of its answer,
// byte for byte, and without one the lines that say where, as whom and how fast
// the sign-in was. With a path those lines go to standard error. So do all
// failures, of which no body is printed, only Zuora's reasons in a line. The
// lines never hold the secret or the session cookie; a body is what came.
//
// The exit code is
//
//	0  signed in, and the path, if there was one, answered well
//	1  signed in, but the path's call failed
//	2  the arguments or the configuration are wrong; nothing was sent
//	3  Zuora refused the credentials
//	4  the sign-in failed otherwise: no connection, no time left, not Zuora
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"os/signal"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	"github.com/zuora-go/zuora"
)

// The exit codes. -help and the package comment say what they mean.
const (
	exitOK = iota
	exitCall
	exitUsage
	exitRefused
	exitSignIn
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // a second interrupt ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr, nil))
}

// run is the command. base is what sends the requests, where a test's server
// needs a certificate of its own; nil is the session's own transport.
func run(ctx context.Context, args []string, env func(string) string, stdin io.Reader, stdout, stderr io.Writer, base http.RoundTripper) int {
	o, err := parse(args, env)
	switch {
	case errors.Is(err, flag.ErrHelp):
		_, _ = io.WriteString(stdout, usage)
		return exitOK
	case err != nil:
		return misused(stderr, err)
	case o.version:
		_, _ = fmt.Fprintln(stdout, version(debug.ReadBuildInfo()))
		return exitOK
	}
	ctx, cancel := context.WithTimeoutCause(ctx, o.timeout, fmt.Errorf("gave up after %v (-timeout)", o.timeout))
	defer cancel()
	if o.secretFile != "" {
		if o.secret, err = readSecret(ctx, o.secretFile, stdin); err != nil {
			return misused(stderr, err)
		}
	}
	session, err := zuora.NewSession(zuora.SessionConfig{
		Server:       o.server,
		Credentials:  zuora.Credentials{AccessKeyID: o.user, SecretAccessKey: o.secret},
		Entity:       zuora.Entity{ID: o.entity},
		Base:         base,
		LoginTimeout: math.MaxInt64, // ctx ends first
	})
	if err != nil {
		return misused(stderr, inOurTerms(err))
	}
	defer func() { _ = session.Close() }()
	return probe(ctx, session, o, stdout, stderr)
}

func misused(stderr io.Writer, err error) int {
	_, _ = fmt.Fprintf(stderr, "zuora-connect: %s\nrun zuora-connect -help for what to set\n", strings.ReplaceAll(err.Error(), "\n", "\nzuora-connect: "))
	return exitUsage
}

// probe signs in, asks for the path, and says how it went.
func probe(ctx context.Context, session *zuora.Session, o options, stdout, stderr io.Writer) int {
	lines := stdout
	if o.path != "" {
		lines = stderr
	}
	say := func(w io.Writer, format string, args ...any) {
		_, _ = fmt.Fprintln(w, redact(fmt.Sprintf(format, args...), o.secret))
	}
	say(lines, "server: %s", session.Server())
	say(lines, "user:   %s", o.user)
	if o.entity != "" {
		say(lines, "entity: %s", o.entity)
	} else {
		say(lines, "entity: the user's home entity")
	}

	start := time.Now()
	if err := session.Connect(ctx); err != nil {
		say(stderr, "zuora-connect: not signed in after %v: %v", since(start), ended(ctx, err))
		if errors.Is(err, zuora.ErrUnauthenticated) {
			say(stderr, "zuora-connect: check the user, the secret, and that the user belongs to this server, before you try again: refusals can lock a user out")
			return exitRefused
		}
		return exitSignIn
	}
	say(lines, "signed in after %v", since(start))
	if o.path == "" {
		return exitOK
	}

	start = time.Now()
	status, n, err := fetch(ctx, session, o.path, stdout)
	if err != nil {
		say(stderr, "zuora-connect: the call failed after %v: %v", since(start), ended(ctx, err))
		return exitCall
	}
	say(lines, "answer: %d %s, %d bytes after %v", status, http.StatusText(status), n, since(start))
	return exitOK
}

// fetch copies the body of the path's answer to w, as it comes.
func fetch(ctx context.Context, session *zuora.Session, path string, w io.Writer) (status int, n int64, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, session.Server()+path, nil)
	if err != nil {
		return 0, 0, err
	}
	resp, err := session.Do(req)
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	if n, err = io.Copy(w, resp.Body); err != nil {
		err = fmt.Errorf("the body stopped after %d bytes: %w", n, err)
	}
	return resp.StatusCode, n, err
}

// ended is err, or why ctx ended if it is no more than that.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil && (errors.Is(err, ctx.Err()) || errors.Is(err, context.Cause(ctx))) {
		return context.Cause(ctx)
	}
	return err
}

var cookie = regexp.MustCompile(`ZSession=[^\s;,"'<>]*`)

// redact is for servers that repeat in a failure what they were sent. The
// session takes the secret out of its sign-in's failures only.
func redact(line string, secret zuora.Secret) string {
	line = strings.ReplaceAll(line, string(secret), "REDACTED")
	return cookie.ReplaceAllString(line, "ZSession=REDACTED")
}

func since(start time.Time) time.Duration { return time.Since(start).Round(time.Millisecond) }
