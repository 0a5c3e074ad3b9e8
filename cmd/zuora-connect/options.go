package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/zuora-go/zuora"
)

const usage = `usage: zuora-connect [flags] [path]

Signs in to Zuora and says where, as whom and how long it took. With a path,
such as '/v1/catalog/products?pageSize=1', it then gets that path and copies
the body of the answer to standard output; what else there is to say goes to
standard error, and without a path to standard output. Failures always go to
standard error.

environment, and the flags that override it:
  ZUORA_SERVER             -server URL        base URL, such as https://rest.zuora.com
  ZUORA_ACCESS_KEY_ID      -user NAME         access key ID, that is the user name
  ZUORA_SECRET_ACCESS_KEY  -secret-file FILE  secret access key, that is the password:
                                              the variable holds it, or the file does,
                                              where a newline at its end is ignored;
                                              - is standard input
  ZUORA_ENTITY_ID          -entity ID         entity to work in; optional: without it,
                                              or if it is empty, the user's home entity

other flags:
  -timeout DURATION  for the whole run; 30s unless set
  -version           print the version and stop
  -help              print this and stop

exit codes:
  0  signed in, and the path, if there was one, answered well
  1  signed in, but the path's call failed
  2  the arguments or the configuration are wrong; nothing was sent
  3  Zuora refused the credentials
  4  the sign-in failed otherwise: no connection, no time left, not Zuora
`

// options is what the arguments and the environment say.
type options struct {
	server, user, entity, secretFile, path string
	secret                                 zuora.Secret
	timeout                                time.Duration
	version                                bool
}

// parse reads the arguments and the environment. Where the flags can be read,
// its error names all that is missing or wrong, a line each, and repeats no
// value: what stands in the wrong place may be the secret.
func parse(args []string, env func(string) string) (options, error) {
	var o options
	flags := flag.NewFlagSet("zuora-connect", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // run prints what Parse returns
	flags.StringVar(&o.server, "server", env("ZUORA_SERVER"), "")
	flags.StringVar(&o.user, "user", env("ZUORA_ACCESS_KEY_ID"), "")
	flags.StringVar(&o.entity, "entity", env("ZUORA_ENTITY_ID"), "")
	flags.StringVar(&o.secretFile, "secret-file", "", "")
	flags.DurationVar(&o.timeout, "timeout", 30*time.Second, "")
	flags.BoolVar(&o.version, "version", false, "")
	if err := flags.Parse(args); err != nil || o.version {
		return o, err
	}
	o.path, o.secret = flags.Arg(0), zuora.Secret(env("ZUORA_SECRET_ACCESS_KEY"))

	var wrong []error
	for _, w := range []struct {
		is   bool
		what string
	}{
		{o.server == "", "no server: set ZUORA_SERVER or -server to the base URL, such as https://rest.zuora.com"},
		{o.user == "", "no user: set ZUORA_ACCESS_KEY_ID or -user to the access key ID, that is the user name"},
		{o.secret == "" && o.secretFile == "", "no secret: set ZUORA_SECRET_ACCESS_KEY to it, or -secret-file to a file that holds it (- is standard input)"},
		{o.timeout <= 0, "-timeout has to be more than 0"},
		{flags.NArg() > 1, "one path at most; flags go before it"},
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

// checkPath lets through what, put behind the server's URL, is a path there.
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

// inOurTerms puts the flags and variables in the place of the fields that
// NewSession complains of.
func inOurTerms(err error) error {
	return errors.New(strings.NewReplacer(
		"in Credentials", "in ZUORA_ACCESS_KEY_ID or -user",
		"SessionConfig.Server", "the server (ZUORA_SERVER or -server)",
		"SecretAccessKey", "the secret (ZUORA_SECRET_ACCESS_KEY or -secret-file)",
		"AccessKeyID", "the user (ZUORA_ACCESS_KEY_ID or -user)",
		"Entity.ID", "the entity (ZUORA_ENTITY_ID or -entity)",
	).Replace(strings.TrimPrefix(err.Error(), "zuora: ")))
}

// readSecret reads the secret from the file of that name, or from stdin for
// "-". A pipe may never end, so ctx ends the wait for it.
func readSecret(ctx context.Context, name string, stdin io.Reader) (zuora.Secret, error) {
	type result struct {
		secret string
		err    error
	}
	read := make(chan result, 1)
	go func() {
		secret, err := readAll(name, stdin)
		read <- result{secret, err}
	}()
	select {
	case r := <-read:
		secret, terminated := strings.CutSuffix(r.secret, "\n")
		if terminated {
			secret = strings.TrimSuffix(secret, "\r")
		}
		switch {
		case r.err != nil:
			return "", fmt.Errorf("-secret-file: %w", r.err)
		case secret == "":
			return "", errors.New("-secret-file: there is no secret in it")
		}
		return zuora.Secret(secret), nil
	case <-ctx.Done():
		return "", fmt.Errorf("-secret-file: not read: %w", context.Cause(ctx))
	}
}

func readAll(name string, stdin io.Reader) (string, error) {
	const most = 64 << 10 // bytes; no header is longer
	from := stdin
	if name != "-" {
		file, err := os.Open(name)
		if e := (*fs.PathError)(nil); errors.As(err, &e) {
			return "", e.Err // without the name, should that be the secret itself
		} else if err != nil {
			return "", err
		}
		defer func() { _ = file.Close() }()
		from = file
	}
	b, err := io.ReadAll(io.LimitReader(from, most+1))
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		return "", e.Err
	}
	if err == nil && len(b) > most {
		err = fmt.Errorf("longer than %d bytes", most)
	}
	return string(b), err
}

// version is a line about this program, as far as its build has recorded it.
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
