package zuora

import (
	"cmp"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// Credentials are one of two pairs: the name and password of a Zuora user, or the ID
// and secret of an OAuth client, which Zuora recommends. The pair that is set decides
// how a [Session] logs in. The names are those of Zuora's API. Credentials are their own
// [CredentialsProvider].
type Credentials struct {
	// A user logs in by POST /v1/connections, and gets a session cookie.
	AccessKeyID     string `json:",omitzero"` // the user name
	SecretAccessKey Secret `json:",omitzero"` // the password

	// An OAuth client logs in by POST /oauth/token, and gets a bearer token.
	ClientID     string `json:",omitzero"`
	ClientSecret Secret `json:",omitzero"`
}

// Retrieve returns c.
func (c Credentials) Retrieve(context.Context) (Credentials, error) { return c, nil }

// Format prints the pair of c that is set, with its secret REDACTED. Without Format, fmt
// would show a [Secret] behind a pointer if the verb is wrong, because fmt calls no
// methods while it reports a wrong verb.
func (c Credentials) Format(f fmt.State, verb rune) {
	type user struct {
		AccessKeyID     string
		SecretAccessKey Secret
	}
	type client struct {
		ClientID     string
		ClientSecret Secret
	}
	var pair any = user{c.AccessKeyID, c.SecretAccessKey}
	if c.oauth() {
		if pair = (client{c.ClientID, c.ClientSecret}); c.AccessKeyID != "" || c.SecretAccessKey != "" {
			type both Credentials
			pair = both(c)
		}
	}
	_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), pair)
}

// validate returns an error unless c is one complete pair that can log in to entity e.
func (c Credentials) validate(e Entity) error {
	pair := []struct{ name, value string }{{"AccessKeyID", c.AccessKeyID}, {"SecretAccessKey", string(c.SecretAccessKey)}}
	if c.oauth() {
		pair = []struct{ name, value string }{{"ClientID", c.ClientID}, {"ClientSecret", string(c.ClientSecret)}}
	}
	switch {
	case c == Credentials{}:
		return errors.New("zuora: Credentials: AccessKeyID is empty, and so is ClientID: set AccessKeyID and SecretAccessKey, or ClientID and ClientSecret")
	case c.oauth() && (c.AccessKeyID != "" || c.SecretAccessKey != ""):
		return errors.New("zuora: Credentials: set AccessKeyID and SecretAccessKey, or ClientID and ClientSecret, not fields of both pairs")
	case c.oauth() && (e.LegacyID != "" || e.LegacyName != ""):
		return errors.New("zuora: Entity.LegacyID and Entity.LegacyName are for the login of a user; with ClientID set Entity.ID")
	}
	for _, field := range pair {
		if err := headerValue(field.name, field.value); err != nil {
			return err
		}
	}
	return nil
}

// oauth reports whether c is an OAuth client.
func (c Credentials) oauth() bool { return c.ClientID != "" || c.ClientSecret != "" }

// secret returns the password or the client's secret.
func (c Credentials) secret() Secret { return cmp.Or(c.SecretAccessKey, c.ClientSecret) }

// headerValue returns an error if value cannot be sent. The error does not contain it.
func headerValue(name, value string) error {
	switch {
	case value == "":
		return fmt.Errorf("zuora: %s is empty", name)
	case strings.TrimSpace(value) != value:
		return fmt.Errorf("zuora: %s begins or ends with white space, which cannot be sent", name)
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return fmt.Errorf("zuora: %s has a control character, which cannot be sent", name)
	}
	return nil
}

// CredentialsProvider provides the credentials for each login, so that a changed
// password is used at once. While refused credentials have to wait, Retrieve is called
// for each call, because other credentials may be tried at once; with a
// [SessionConfig.Store] it is called for each call while any login has to wait. A
// provider that is slow or has a limit should cache its result. Retrieve is not called
// twice at the same time, except if an earlier call did not return within
// [SessionConfig.LoginTimeout]. The context ends after that time, or at [Session.Close].
type CredentialsProvider interface {
	Retrieve(ctx context.Context) (Credentials, error)
}

// CredentialsFunc is a function that is a [CredentialsProvider].
type CredentialsFunc func(ctx context.Context) (Credentials, error)

// Retrieve calls f.
func (f CredentialsFunc) Retrieve(ctx context.Context) (Credentials, error) { return f(ctx) }

// Secret is a string that is not shown: fmt, log/slog, panic, and encoders of JSON,
// XML, YAML and gob write REDACTED. string(s) is its value.
//
// A type cannot prevent everything. SECURITY.md lists what still shows a Secret:
// println, for instance, and fmt if the Secret is in an unexported field of a struct.
type Secret string

const redacted = "REDACTED"

// Format prints REDACTED, for every verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// String returns REDACTED.
func (Secret) String() string { return redacted }

// LogValue returns REDACTED.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON returns "REDACTED". There is no MarshalText, because the generated client
// would send its result instead of the secret.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalXML writes an element that contains REDACTED.
func (Secret) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	return e.EncodeElement(redacted, start)
}

// MarshalXMLAttr returns an attribute that is REDACTED.
func (Secret) MarshalXMLAttr(name xml.Name) (xml.Attr, error) {
	return xml.Attr{Name: name, Value: redacted}, nil
}

// MarshalYAML returns REDACTED.
func (Secret) MarshalYAML() (any, error) { return redacted, nil }

// GobEncode returns REDACTED. A Secret cannot be decoded from gob.
func (Secret) GobEncode() ([]byte, error) { return []byte(redacted), nil }

// Format prints p with its secret REDACTED, as [Credentials.Format] does.
func (p PostConnectionsParams) Format(f fmt.State, verb rune) {
	type plain PostConnectionsParams
	_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), plain(p))
}

// Format prints r with its secret REDACTED, as [Credentials.Format] does.
func (r TokenRequest) Format(f fmt.State, verb rune) {
	type plain TokenRequest
	r.ClientSecret = redacted
	_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), plain(r))
}

// LogValue returns r with its secret REDACTED.
func (r TokenRequest) LogValue() slog.Value {
	return slog.GroupValue(slog.String("client_id", r.ClientID), slog.String("client_secret", redacted))
}

// MarshalJSON returns r with its secret REDACTED. The generated client sends a form, and
// does not use MarshalJSON for it.
func (r TokenRequest) MarshalJSON() ([]byte, error) {
	type plain TokenRequest
	r.ClientSecret = redacted
	return json.Marshal(plain(r))
}

// Entity names the entity of a Multi-entity tenant that a session works in. At most one
// field may be set. If none is set, the session works in the user's home entity.
type Entity struct {
	ID         string // a UUID, for the header Zuora-Entity-Ids; sent with every call
	LegacyID   string // for the header entityId: a UUID without dashes; sent with a user's login
	LegacyName string // for the header entityName; sent with a user's login
}

func (e Entity) validate() error {
	set := 0
	for _, f := range []struct{ name, value string }{
		{"Entity.ID", e.ID}, {"Entity.LegacyID", e.LegacyID}, {"Entity.LegacyName", e.LegacyName},
	} {
		if f.value == "" {
			continue
		}
		set++
		if err := headerValue(f.name, f.value); err != nil {
			return err
		}
	}
	if set > 1 {
		return fmt.Errorf("zuora: Entity: only one of ID, LegacyID and LegacyName may be set, not %d", set)
	}
	return nil
}
