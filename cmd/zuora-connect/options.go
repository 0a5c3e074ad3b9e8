package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math"
	"net/http"
	"net/url"
	"os"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/zuora-go/zuora"
)

const usage = `usage: zuora-connect [flags] [path]

Logs in to Zuora and prints the server, the user or client, the entity, and how
long the login took. With a path, such as '/v1/catalog/products?pageSize=1', it
then gets that path and writes the body of the response to standard output, and
everything else to standard error. Failures are always written to standard error.

environment, and the flags that override it:
  ZUORA_SERVER             -server URL        base URL, such as https://rest.zuora.com
  ZUORA_ACCESS_KEY_ID      -user NAME         access key ID, that is the user name
  ZUORA_SECRET_ACCESS_KEY  -secret-file FILE  secret access key, that is the password,
                                              or the file that contains it; a newline at
                                              its end is ignored; - is standard input
  ZUORA_CLIENT_ID          -client ID         ID of an OAuth client, instead of a user
  ZUORA_CLIENT_SECRET      -secret-file FILE  the client's secret, in the same way
  ZUORA_ENTITY_ID          -entity ID         entity to work in; optional: without it,
                                              or if it is empty, the user's home entity
  HTTPS_PROXY, NO_PROXY                       the proxy, and hosts to reach without it
  SSL_CERT_FILE                               a file of certificates to trust instead of
                                              the system's (not on Windows and macOS)

the call:
  -X METHOD          the method: GET unless set, or POST with -d
  -d @FILE           the body, JSON, from the file; @- is standard input; a value
                     that does not begin with @ is the body itself

other flags:
  -json              print one line of JSON instead of text; "duration" is the seconds
                     of the login, "entity" is "" for the home entity, "exit" is the
                     exit code, and "error" is there if something failed
  -timeout DURATION  for the whole run, such as 90s or 2m; 30s unless set
  -version           print the version and stop
  -help              print this and stop

exit codes:
  0  logged in, and the call, if there was one, succeeded
  1  logged in, but the call failed; or standard output could not be written
  2  the arguments or the configuration are wrong; nothing was sent
  3  Zuora refused the credentials
  4  the login failed for another reason: no connection, no time left, not Zuora
  5  with -X or -d: there is no such object (404, category 40)
  6  with -X or -d: the user has no permission (401, 403, categories 10 and 11)
  7  with -X or -d: try again later (429, rate limits, locks)
  8  with -X or -d: no response; if the call changes something, check whether it did
`

// options are the values of the arguments and the environment.
type options struct {
	server, user, client, entity, secretFile, path string
	secret                                         zuora.Secret // the user's or the client's
	method                                         string
	called                                         bool    // -X or -d is set
	data                                           *string // -d
	body                                           []byte
	timeout                                        time.Duration
	json, version                                  bool
}

// parse reads the arguments and the environment. If the flags can be read, its error
// names everything that is missing or wrong, one line each. It repeats no value, because
// a value in the wrong place may be the secret.
func parse(args []string, env func(string) string) (options, error) {
	var o options
	flags := flag.NewFlagSet("zuora-connect", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // run prints what Parse returns
	flags.StringVar(&o.server, "server", env("ZUORA_SERVER"), "")
	flags.StringVar(&o.user, "user", "", "")
	flags.StringVar(&o.client, "client", "", "")
	flags.StringVar(&o.entity, "entity", env("ZUORA_ENTITY_ID"), "")
	flags.StringVar(&o.secretFile, "secret-file", "", "")
	o.timeout = 30 * time.Second
	flags.Func("timeout", "", func(v string) (err error) {
		if o.timeout, err = time.ParseDuration(v); err != nil {
			return errors.New("it wants a number and a unit, such as 30s or 2m")
		}
		return nil
	})
	flags.StringVar(&o.method, "X", "", "")
	flags.Func("d", "", func(v string) error { o.data = &v; return nil })
	flags.BoolVar(&o.json, "json", false, "")
	flags.BoolVar(&o.version, "version", false, "")
	if err := flags.Parse(args); err != nil || o.version {
		return o, err
	}
	o.path = flags.Arg(0)
	if o.user == "" && o.client == "" { // a flag for one overrides the environment for both
		o.user, o.client = env("ZUORA_ACCESS_KEY_ID"), env("ZUORA_CLIENT_ID")
	}
	secret := "ZUORA_SECRET_ACCESS_KEY"
	if o.client != "" {
		secret = "ZUORA_CLIENT_SECRET"
	}
	o.secret = zuora.Secret(strings.TrimPrefix(env(secret), byteOrderMark))
	o.called = o.method != "" || o.data != nil
	if o.method = strings.ToUpper(o.method); o.method == "" {
		o.method = http.MethodGet
		if o.data != nil {
			o.method = http.MethodPost
		}
	}
	_, badMethod := http.NewRequest(o.method, "https://rest.zuora.com/", nil)

	var wrong []error
	for _, w := range []struct {
		is   bool
		what string
	}{
		{o.server == "", "no server: set ZUORA_SERVER or -server to the base URL, such as https://rest.zuora.com"},
		{o.user == "" && o.client == "", "no user: set ZUORA_ACCESS_KEY_ID or -user to the access key ID, that is the user name, or ZUORA_CLIENT_ID or -client to the ID of an OAuth client"},
		{o.user != "" && o.client != "", "a user and a client: set ZUORA_ACCESS_KEY_ID (-user) or ZUORA_CLIENT_ID (-client), not both"},
		{o.secret == "" && o.secretFile == "", "no secret: set " + secret + " to it, or -secret-file to a file that contains it (- is standard input)"},
		{o.timeout <= 0, "-timeout has to be more than 0"},
		{flags.NArg() > 1, "one path at most; flags go before it"},
		{o.called && flags.NArg() == 0, "-X and -d are for a call: add its path"},
		{badMethod != nil, "-X is not a method, such as PUT"},
		{o.secretFile == "-" && o.data != nil && *o.data == "@-", "-secret-file - and -d @- cannot both read standard input"},
		{o.method == http.MethodPost && logsIn(o.path), "zuora-connect logs in by itself: call it without a path"},
	} {
		if w.is {
			wrong = append(wrong, errors.New(w.what))
		}
	}
	if flags.NArg() == 1 {
		wrong = append(wrong, checkPath(o.path))
	}
	return o, errors.Join(wrong...)
}

// credentials returns the credentials of the user or of the client.
func (o options) credentials() zuora.Credentials {
	if o.client != "" {
		return zuora.Credentials{ClientID: o.client, ClientSecret: o.secret}
	}
	return zuora.Credentials{AccessKeyID: o.user, SecretAccessKey: o.secret}
}

// kind returns the kind of login.
func (o options) kind() string {
	if o.client != "" {
		return "oauth"
	}
	return "password"
}

// logsIn reports whether a POST to path is a login, which a session refuses to send.
func logsIn(path string) bool {
	path, _, _ = strings.Cut(path, "?")
	return strings.HasSuffix(path, "/v1/connections") || strings.HasSuffix(path, "/oauth/token")
}

// checkPath returns an error if path, appended to the server's URL, is not a path there.
func checkPath(path string) error {
	_, err := url.Parse(path)
	switch {
	case !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//"):
		return errors.New(`the path has to begin with one "/", such as /v1/catalog/products: it is a path of the server, not a URL`)
	case strings.ContainsAny(path, " #"):
		return errors.New("the path has a blank or a #; write %20 or %23 for them")
	case err != nil:
		return errors.New("the path is not one that a URL can have")
	}
	return nil
}

// inOurTerms replaces the fields in an error of NewSession by the flags and variables.
func inOurTerms(err error) error {
	return errors.New(strings.NewReplacer(
		"in Credentials", "in ZUORA_ACCESS_KEY_ID or -user",
		"SessionConfig.Server", "the server (ZUORA_SERVER or -server)",
		"SecretAccessKey", "the secret (ZUORA_SECRET_ACCESS_KEY or -secret-file)",
		"AccessKeyID", "the user (ZUORA_ACCESS_KEY_ID or -user)",
		"ClientSecret", "the secret (ZUORA_CLIENT_SECRET or -secret-file)",
		"ClientID", "the client (ZUORA_CLIENT_ID or -client)",
		"Entity.ID", "the entity (ZUORA_ENTITY_ID or -entity)",
	).Replace(strings.TrimPrefix(err.Error(), "zuora: ")))
}

// readSecret reads the secret from the file of that name, or from stdin for "-". Some
// editors and shells of Windows begin a file with a byte order mark, or write UTF-16.
// readSecret decodes both.
func readSecret(ctx context.Context, name string, stdin io.Reader) (zuora.Secret, error) {
	const limit = 64 << 10 // bytes; no header is longer
	b, err := read(ctx, name, stdin, limit)
	if err != nil {
		return "", fmt.Errorf("-secret-file: %w", err)
	}
	secret, terminated := strings.CutSuffix(text(b), "\n")
	if terminated {
		secret = strings.TrimSuffix(secret, "\r")
	}
	if secret == "" {
		return "", errors.New("-secret-file: there is no secret in it")
	}
	return zuora.Secret(secret), nil
}

const byteOrderMark = "\uFEFF"

// text returns b in UTF-8, without a byte order mark.
func text(b []byte) string {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(b, []byte{0xFF, 0xFE}):
		order = binary.LittleEndian
	case bytes.HasPrefix(b, []byte{0xFE, 0xFF}):
		order = binary.BigEndian
	default:
		return strings.TrimPrefix(string(b), byteOrderMark)
	}
	var units []uint16
	for i := 2; i+1 < len(b); i += 2 {
		units = append(units, order.Uint16(b[i:]))
	}
	return string(utf16.Decode(units))
}

// readBody reads the body that -d names.
func (o *options) readBody(ctx context.Context, stdin io.Reader) (err error) {
	if o.data == nil {
		return nil
	}
	name, isFile := strings.CutPrefix(*o.data, "@")
	if !isFile {
		o.body = []byte(*o.data)
		return nil
	}
	if o.body, err = read(ctx, name, stdin, math.MaxInt64-1); err != nil {
		return fmt.Errorf("-d: %w", err)
	}
	return nil
}

// read reads the file of that name, or stdin for "-". It returns an error if there are
// more than limit bytes. A pipe may never end, so read stops waiting when ctx ends.
func read(ctx context.Context, name string, stdin io.Reader, limit int64) ([]byte, error) {
	type result struct {
		b   []byte
		err error
	}
	done := make(chan result, 1)
	go func() {
		b, err := readAll(name, stdin, limit)
		done <- result{b, err}
	}()
	select {
	case r := <-done:
		return r.b, r.err
	case <-ctx.Done():
		return nil, fmt.Errorf("not read: %w", context.Cause(ctx))
	}
}

func readAll(name string, stdin io.Reader, limit int64) ([]byte, error) {
	from := stdin
	if name != "-" {
		file, err := os.Open(name)
		if e := (*fs.PathError)(nil); errors.As(err, &e) {
			return nil, e.Err // without the name, which may be the secret itself
		} else if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }()
		from = file
	} else if terminal(stdin) {
		b, err := bufio.NewReader(stdin).ReadBytes('\n') // Enter is enough
		if err == io.EOF {
			err = nil
		}
		return b, err
	}
	b, err := io.ReadAll(io.LimitReader(from, limit+1))
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		return nil, e.Err
	}
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("longer than %d bytes", limit)
	}
	return b, err
}

// version returns a line about this program's build.
func version(info *debug.BuildInfo, ok bool) string {
	if !ok {
		return "zuora-connect, of an unknown version"
	}
	line := fmt.Sprintf("zuora-connect %s, %s", cmp.Or(info.Main.Version, "(devel)"), info.GoVersion)
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	if revision := settings["vcs.revision"]; revision != "" {
		line += ", revision " + revision
		if settings["vcs.modified"] == "true" {
			line += " with changes"
		}
	}
	return line
}
