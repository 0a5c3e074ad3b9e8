// Command zuora-connect tests whether a user or an OAuth client can log in to Zuora,
// prints the response for a path, and makes any other call:
//
//	export ZUORA_SERVER=https://rest.zuora.com ZUORA_ACCESS_KEY_ID=api.user@example.com
//	zuora-connect -secret-file secret.txt
//	zuora-connect -secret-file secret.txt '/v1/catalog/products?pageSize=1' | jq .
//	zuora-connect -secret-file secret.txt -X PUT -d @account.json /v1/accounts/A00000001
//
// Its configuration is in the environment: ZUORA_SERVER, ZUORA_ENTITY_ID, and either
// ZUORA_ACCESS_KEY_ID and ZUORA_SECRET_ACCESS_KEY or ZUORA_CLIENT_ID and
// ZUORA_CLIENT_SECRET. Flags override it; zuora-connect -help lists them. The secret is
// never the value of a flag, because others can see those in the list of processes.
//
// With a path, the body of the response is written to standard output, byte for byte,
// except that a binary body is not written to a terminal. Lines with the server, the user
// or client, the entity and the duration of the login are written to standard error, or,
// without a path, to standard output. With -json they are one line of JSON. Failures are
// written to standard error: Zuora's reasons in one line, without the body. These lines
// never contain the secret or the session cookie.
//
// The exit code is
//
//	0  logged in, and the call, if there was one, succeeded
//	1  logged in, but the call failed; or standard output could not be written
//	2  the arguments or the configuration are wrong; nothing was sent
//	3  Zuora refused the credentials
//	4  the login failed for another reason: no connection, no time left, not Zuora
//	5  with -X or -d: there is no such object (404, category 40)
//	6  with -X or -d: the user has no permission (401, 403, categories 10 and 11)
//	7  with -X or -d: try again later (429, rate limits, locks)
//	8  with -X or -d: no response; if the call changes something, check whether it did
//
// An interrupt ends the program by the signal, which a shell reports as 130.
package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
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

// The exit codes. -help and the package comment explain them.
const (
	exitOK = iota
	exitCall
	exitUsage
	exitRefused
	exitLogin
	exitNotFound
	exitNotAllowed
	exitLater
	exitNoResponse
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // a second interrupt ends the program at once
	code := run(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr, nil)
	if ctx.Err() != nil {
		interrupt()
	}
	os.Exit(code)
}

// interrupt ends the program by the signal that it has caught, so that a shell loop around
// it ends as well.
func interrupt() {
	signal.Reset(os.Interrupt)
	if self, err := os.FindProcess(os.Getpid()); err == nil && self.Signal(os.Interrupt) == nil {
		time.Sleep(time.Second) // for the signal to arrive
	}
	os.Exit(130)
}

// output is standard output.
type output struct {
	io.Writer
	err error // the first one
}

func (o *output) Write(p []byte) (int, error) {
	n, err := o.Writer.Write(p)
	o.err = cmp.Or(o.err, err)
	return n, err
}

// run runs the command and returns its exit code. base sends the requests in tests. If it
// is nil, the session's own transport does.
func run(ctx context.Context, args []string, env func(string) string, stdin io.Reader, stdout, stderr io.Writer, base http.RoundTripper) int {
	out := &output{Writer: stdout}
	code := command(ctx, args, env, stdin, out, stderr, base)
	if code == exitOK && out.err != nil {
		_, _ = fmt.Fprintf(stderr, "zuora-connect: standard output: %v\n", out.err)
		return exitCall
	}
	return code
}

func command(ctx context.Context, args []string, env func(string) string, stdin io.Reader, stdout *output, stderr io.Writer, base http.RoundTripper) int {
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
		if o.secretFile == "-" && terminal(stdin) {
			_, _ = fmt.Fprintln(stderr, "zuora-connect: type the secret access key, and Enter. It will be shown as you type it.")
		}
		if o.secret, err = readSecret(ctx, o.secretFile, stdin); err != nil {
			return misused(stderr, err)
		}
	}
	if err := o.readBody(ctx, stdin); err != nil {
		return misused(stderr, err)
	}
	session, err := zuora.NewSession(zuora.SessionConfig{
		Server:       o.server,
		Credentials:  o.credentials(),
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

// report is the line of -json. Durations are seconds.
type report struct {
	Server       string   `json:"server"`
	User         string   `json:"user,omitempty"`   // or Client
	Client       string   `json:"client,omitempty"` // the OAuth client
	Login        string   `json:"login"`            // the kind: password or oauth
	Entity       string   `json:"entity"`           // "" is the user's home entity
	Duration     float64  `json:"duration"`
	Status       int      `json:"status,omitempty"` // this and the fields below are those of the call
	Bytes        *int64   `json:"bytes,omitempty"`
	CallDuration *float64 `json:"callDuration,omitempty"`
	Exit         int      `json:"exit"`
	Error        string   `json:"error,omitempty"`
}

// probe logs in, makes the call, and prints the results.
func probe(ctx context.Context, session *zuora.Session, o options, stdout *output, stderr io.Writer) int {
	var lines io.Writer = stdout
	if o.path != "" {
		lines = stderr
	}
	clean := func(text string) string { return redact(text, o.secret) }
	say := func(format string, args ...any) {
		if !o.json {
			_, _ = fmt.Fprintln(lines, clean(fmt.Sprintf(format, args...)))
		}
	}
	r := report{Server: clean(session.Server()), User: clean(o.user), Client: clean(o.client), Login: o.kind(), Entity: clean(o.entity)}
	// done ends the report. If the report is on standard output, its failures are on standard error as well.
	done := func(code int, failure ...string) int {
		for _, line := range failure {
			if !o.json || o.path == "" {
				_, _ = fmt.Fprintln(stderr, "zuora-connect: "+clean(line))
			}
		}
		if o.json {
			r.Exit, r.Error = code, clean(strings.Join(failure, "; "))
			encoder := json.NewEncoder(lines)
			encoder.SetEscapeHTML(false)
			_ = encoder.Encode(r)
		}
		return code
	}
	say("server: %s", session.Server())
	if o.client != "" {
		say("client: %s (OAuth)", o.client)
	} else {
		say("user:   %s", o.user)
	}
	say("entity: %s", cmp.Or(o.entity, "the user's home entity"))

	start := time.Now()
	err := session.Connect(ctx)
	r.Duration = time.Since(start).Seconds()
	if err != nil {
		failure := fmt.Sprintf("not logged in after %v: %v", since(start), onlyTry(ended(ctx, err)))
		if errors.Is(err, zuora.ErrUnauthenticated) {
			if o.client != "" {
				return done(exitRefused, failure, "check the client, its secret and the server; a client of another data centre, or of a sandbox, is refused as if the secret were wrong")
			}
			return done(exitRefused, failure, "check the user, the secret and the server before you try again, because refusals can lock a user out; "+
				"a user of another data centre, or of a sandbox, is refused as if the password were wrong")
		}
		return done(exitLogin, failure)
	}
	say("logged in after %v", since(start))
	if o.path == "" {
		return done(exitOK)
	}

	start = time.Now()
	status, n, err := call(ctx, session, o, stdout)
	r.Status, r.Bytes, r.CallDuration = status, &n, new(time.Since(start).Seconds())
	if err != nil {
		return done(o.exitOf(err, status), fmt.Sprintf("the call failed after %v: %v", since(start), ended(ctx, err)))
	}
	say("response: %d %s, %d bytes after %v", status, http.StatusText(status), n, since(start))
	return done(exitOK)
}

// onlyTry returns the text of a failed login without the time of the next try.
func onlyTry(err error) string {
	text := err.Error()
	if at := strings.LastIndex(text, "; next try not before "); at >= 0 {
		return text[:at]
	}
	return text
}

// exitOf returns the exit code of a call that failed, by the table of docs/errors.md.
// Without -X and -d there is one code for all failures. status is 0 if there was no
// response.
func (o options) exitOf(err error, status int) int {
	switch {
	case !o.called:
		return exitCall
	case errors.Is(err, zuora.ErrNotFound):
		return exitNotFound
	case errors.Is(err, zuora.ErrPermissionDenied), errors.Is(err, zuora.ErrUnauthenticated):
		return exitNotAllowed
	case errors.Is(err, zuora.ErrRateLimited), errors.Is(err, zuora.ErrLocked):
		return exitLater
	case status == 0:
		return exitNoResponse
	}
	return exitCall
}

// call makes the call and streams the body of the response to stdout.
func call(ctx context.Context, session *zuora.Session, o options, stdout *output) (status int, n int64, err error) {
	req, err := http.NewRequestWithContext(ctx, o.method, session.Server()+o.path, bytes.NewReader(o.body))
	if err != nil {
		return 0, 0, err
	}
	if o.data != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := session.Do(req)
	if err != nil {
		if failed := (*zuora.Error)(nil); errors.As(err, &failed) {
			status = failed.StatusCode
		}
		return status, 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	var to io.Writer = stdout
	if terminal(stdout.Writer) {
		to = textOnly{stdout}
	}
	if n, err = io.Copy(to, resp.Body); err != nil {
		err = fmt.Errorf("the body stopped after %d bytes: %w", n, err)
	}
	return resp.StatusCode, n, err
}

// ended returns err, or the cause that ended ctx if that is all that err says.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil && (errors.Is(err, ctx.Err()) || errors.Is(err, context.Cause(ctx))) {
		return context.Cause(ctx)
	}
	return err
}

// cookie matches a session cookie in a text: as it is sent, in quotation marks, as a member
// of JSON, and escaped for JSON, HTML or a URL.
var cookie = regexp.MustCompile(`(?i)` + sessionCookie + mark + `?\s*(?:[=:]|%3[ad]|&#61;)\s*(?:\\*"[^"\\]*|\\*'[^'\\]*|` + mark + `?[^\s;,"'<>&\\]*)`)

const sessionCookie = "ZSession"

const mark = `(?:\\*["']|&quot;|&#3[49];|%2[27])`

// redact removes the secret and the session cookie, which a server may repeat in a failure.
func redact(line string, secret zuora.Secret) string {
	if secret != "" {
		line = strings.ReplaceAll(line, string(secret), "REDACTED")
	}
	return cookie.ReplaceAllLiteralString(line, sessionCookie+"=REDACTED")
}

func since(start time.Time) time.Duration { return time.Since(start).Round(time.Millisecond) }
