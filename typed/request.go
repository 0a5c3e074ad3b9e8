package typed

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/internal/readonly"
)

// Request is a call as a spec describes it.
type Request struct {
	Method string
	Path   string // with the parameters' names, as in /v1/accounts/{account-key}
	Keys   []any  // the values of those parameters, in their order: strings or integers

	// Params points to a struct of query parameters and headers. Those that are zero are
	// not sent. If Params is nil, none is sent.
	Params any

	// Body is sent as JSON. If it is nil, there is no body.
	Body any

	// ContentType is the type of Body. If it is empty, that is application/json.
	ContentType string

	// Upload is sent as a form with one file.
	Upload *Upload

	// ReadOnly says that the call changes nothing, whatever its method is.
	ReadOnly bool

	query *string // replaces that of Params, for a further page
}

// JSON makes a call whose response is JSON, and reads that as Unmarshal does. Together
// with a [*zuora.DecodeError] it returns what could be read, or nil if that is nothing.
// It returns a [*zuora.Error] for a failed call, however long the response is.
func JSON[T any](ctx context.Context, caller zuora.Caller, r Request, editors []zuora.RequestEditorFn) (*T, error) {
	resp, body, err := exchange(ctx, caller, r, editors)
	if err != nil {
		return nil, err
	}
	result := new(T)
	if text := bytes.TrimSpace(body); len(text) == 0 || string(text) == "null" {
		err = &zuora.DecodeError{Err: errors.New("the response has no body")}
	} else {
		err = Unmarshal(body, result)
	}
	if err == nil {
		return result, nil
	}
	failed, ok := err.(*zuora.DecodeError)
	if !ok {
		return nil, err
	}
	failed.Method, failed.Path, failed.StatusCode, failed.Body = resp.Request.Method, resp.Request.URL.EscapedPath(), resp.StatusCode, body
	if failed.Err != nil {
		result = nil
	}
	return result, failed
}

// Deref returns what result points to, or the zero value. It is for lists and maps, which
// need no pointer.
func Deref[T any](result *T, err error) (T, error) {
	if result == nil {
		return *new(T), err
	}
	return *result, err
}

// NoContent makes a call whose response has no content.
func NoContent(ctx context.Context, caller zuora.Caller, r Request, editors []zuora.RequestEditorFn) error {
	_, _, err := exchange(ctx, caller, r, editors)
	return err
}

// Stream makes a call and returns the body of its response, unread. The caller
// closes it.
func Stream(ctx context.Context, caller zuora.Caller, r Request, editors []zuora.RequestEditorFn) (io.ReadCloser, error) {
	resp, err := send(ctx, caller, r, editors)
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// exchange sends r and reads the whole response.
func exchange(ctx context.Context, caller zuora.Caller, r Request, editors []zuora.RequestEditorFn) (*http.Response, []byte, error) {
	if r.Upload != nil {
		defer r.Upload.take() // the file is the caller's again
	}
	resp, err := send(ctx, caller, r, editors)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	if resp.Request == nil || resp.Request.URL == nil {
		resp.Request = &http.Request{Method: r.Method, URL: &url.URL{Path: r.Path}}
	}
	var from io.Reader = resp.Body
	if !resp.Uncompressed && strings.EqualFold(resp.Header.Get("Content-Encoding"), "gzip") {
		from = &unzipper{from: resp.Body}
	}
	body, err := readAll(from, resp.ContentLength)
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")) // the byte order mark
	if err != nil {
		return nil, nil, &zuora.DecodeError{
			Method: resp.Request.Method, Path: resp.Request.URL.EscapedPath(), StatusCode: resp.StatusCode, Body: body,
			Err: fmt.Errorf("the response breaks off: %w", err),
		}
	}
	judged := *resp // as plain JSON, whatever its headers say
	if judged.Header = resp.Header.Clone(); judged.Header == nil {
		judged.Header = http.Header{}
	}
	judged.Header.Del("Content-Encoding")
	if !strings.Contains(strings.ToLower(resp.Header.Get("Content-Type")), "json") {
		judged.Header.Set("Content-Type", "application/json")
	}
	if err := zuora.CheckResponse(&judged, body); err != nil {
		return nil, nil, err
	}
	return resp, body, nil
}

// unzipper unpacks a body if the caller has asked for gzip.
type unzipper struct {
	from   io.Reader
	reader *gzip.Reader
}

func (u *unzipper) Read(p []byte) (n int, err error) {
	if u.reader == nil {
		if u.reader, err = gzip.NewReader(u.from); err != nil {
			return 0, err
		}
	}
	return u.reader.Read(p)
}

// readAll is io.ReadAll with room for the announced length, up to 1 MiB.
func readAll(from io.Reader, announced int64) ([]byte, error) {
	const most = 1 << 20
	var b bytes.Buffer
	b.Grow(int(min(max(announced, 512), most)) + bytes.MinRead)
	_, err := b.ReadFrom(from)
	return b.Bytes(), err
}

func send(ctx context.Context, caller zuora.Caller, r Request, editors []zuora.RequestEditorFn) (*http.Response, error) {
	req, err := r.build(ctx, caller)
	if err != nil {
		return nil, fmt.Errorf("zuora: %s %s: %w", r.Method, r.Path, err)
	}
	for _, edit := range editors {
		if err := edit(req.Context(), req); err != nil {
			return nil, err
		}
	}
	return caller.Do(req)
}

func (r *Request) build(ctx context.Context, caller zuora.Caller) (*http.Request, error) {
	if caller == nil {
		return nil, errors.New("there is no Caller to send it")
	}
	if ctx == nil {
		return nil, errors.New("the context is nil")
	}
	path, err := r.path()
	if err != nil {
		return nil, err
	}
	query, header, err := parameters(r.Params)
	if err != nil {
		return nil, err
	}
	if r.query != nil {
		query = *r.query
	}
	if query != "" {
		path += "?" + query
	}
	if r.ReadOnly {
		ctx = readonly.Mark(ctx)
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, caller.Server()+path, nil)
	if err != nil {
		return nil, errors.New("the call makes no URL") // the text of err may be secret
	}
	req.Header = header
	switch {
	case r.Upload != nil:
		err = r.Upload.attach(req)
	case r.Body != nil:
		var body []byte
		if body, err = marshal(r.Body); err != nil {
			break
		}
		req.Header.Set("Content-Type", cmp.Or(r.ContentType, "application/json"))
		req.ContentLength = int64(len(body))
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		req.Body, err = req.GetBody()
	}
	return req, err
}

// path returns the path with the keys in it. No key may end or leave its segment.
func (r *Request) path() (string, error) {
	var path strings.Builder
	rest := r.Path
	for _, key := range r.Keys {
		before, after, _ := strings.Cut(rest, "{")
		name, after, _ := strings.Cut(after, "}")
		text := fmt.Sprint(key)
		if text == "" || text == "." || text == ".." {
			return "", fmt.Errorf("the key %s is %q", name, text)
		}
		path.WriteString(before)
		path.WriteString(url.PathEscape(text))
		rest = after
	}
	path.WriteString(rest)
	return path.String(), nil
}

// parameters returns the query and the headers of params, a pointer to a struct. The tag
// form names a field in the query, and the tag header names it as a header. The tag
// required means that the field must not be zero. The keys of a map are names in the
// query.
func parameters(params any) (query string, header http.Header, err error) {
	header = http.Header{}
	v := reflect.ValueOf(params)
	if !v.IsValid() {
		return "", header, nil
	}
	t := v.Type().Elem()
	if v.IsNil() {
		v = reflect.New(t)
	}
	values := url.Values{}
	for i := range t.NumField() {
		f, field := t.Field(i), v.Elem().Field(i)
		name, inHeader := f.Tag.Lookup("header")
		if !inHeader {
			name, _, _ = strings.Cut(f.Tag.Get("form"), ",")
		}
		if field.IsZero() {
			if f.Tag.Get("required") != "" {
				return "", nil, fmt.Errorf("the parameter %s is not set", name)
			}
			continue
		}
		if field.Kind() == reflect.Pointer {
			field = field.Elem()
		}
		if m, ok := field.Interface().(map[string][]string); ok { // each key is a parameter
			for name, texts := range m {
				values[name] = texts
			}
			continue
		}
		if field.Kind() != reflect.Slice {
			if text := fmt.Sprint(field.Interface()); inHeader {
				header.Set(name, text)
			} else {
				values.Set(name, text)
			}
			continue
		}
		for j := range field.Len() {
			values.Add(name, fmt.Sprint(field.Index(j).Interface()))
		}
	}
	return values.Encode(), header, nil
}
