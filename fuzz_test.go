package zuora_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/zuora-go/zuora"
)

// FuzzCheckResponse: whatever comes, there is no panic, one line, a bounded
// body, and a failure only where the status or the top level says so.
func FuzzCheckResponse(f *testing.F) {
	for _, body := range []string{
		`{"success":true}`, `{"success":false,"reasons":[{"code":90000011,"message":"m"}]}`, `[{"Success":false,"Errors":[{"Code":"X","Message":"m"}]}]`,
		`{"faultcode":"fns:INVALID_SESSION"}`, `{"message":"m"}`, `{"reasons":[{"code":70}]}`, ``, `[`, `null`, `"success":false`, `[[]]`, `{"success":false`,
		`{"a":{"success":false}}`, "\x1f\x8b\x08", `{"success":false,"reasons":[{"code":{}},{"code":null},{"code":"x"}]}`, string(compress(`{"success":false}`)),
	} {
		for _, status := range []int{200, 401, 429, 500} {
			f.Add(status, "application/json", "", []byte(body))
		}
		f.Add(200, "text/plain", "", []byte(body))
		f.Add(200, "application/json", "gzip", []byte(body))
	}
	f.Fuzz(func(t *testing.T, status int, contentType, encoding string, body []byte) {
		header := http.Header{"Content-Type": {contentType}, "Content-Encoding": {encoding}, "Retry-After": {contentType}, "Set-Cookie": {"a=b"}}
		err := zuora.CheckResponse(&http.Response{StatusCode: status, Header: header}, body)
		var failure *zuora.Error
		if err == nil {
			if status/100 != 2 && status != 304 {
				t.Fatalf("status %d is no error", status)
			}
			return
		}
		if !errors.As(err, &failure) {
			t.Fatalf("%T", err)
		}
		if len(failure.Body) > 64<<10 || len(err.Error()) > 4<<10 || strings.ContainsAny(err.Error(), "\n\r\x00\x1b") || failure.Header.Get("Set-Cookie") != "" {
			t.Fatalf("%q", err)
		}
		if status/100 == 2 && !json.Valid(failure.Body) {
			t.Fatalf("a failure without being JSON: %q", failure.Body)
		}
	})
}

// FuzzLogin: nothing but JSON that says success, with a session cookie, is a
// login.
func FuzzLogin(f *testing.F) {
	for _, body := range []string{`{ "success" : true }`, `{"success":false}`, `{}`, `null`, `[]`, `{"success":"true"}`, `{"success":true}x`, `<html>`, ``} {
		f.Add(200, "application/json;charset=utf-8", "ZSession=v; Path=/; Secure; HttpOnly", []byte(body))
		f.Add(401, "application/json", "", []byte(body))
	}
	f.Add(200, "application/json", "ZSession=; Path=/", []byte(`{"success":true}`))
	f.Add(200, "text/html", "ZSession=v", []byte(`{"success":true}`))
	f.Add(304, "application/json", "ZSession=v; Path=/", []byte(`{"success":true}`))
	f.Fuzz(func(t *testing.T, status int, contentType, cookie string, body []byte) {
		session, err := zuora.NewSession(zuora.SessionConfig{
			Server: "https://rest.zuora.example", Credentials: zuora.Credentials{AccessKeyID: "u", SecretAccessKey: "hunter2"},
			Base: roundTripper(func(req *http.Request) (*http.Response, error) {
				return &http.Response{
					StatusCode: status, Header: http.Header{"Content-Type": {contentType}, "Set-Cookie": {cookie}},
					Body: io.NopCloser(bytes.NewReader(body)), ContentLength: -1, Request: req,
				}, nil
			}),
		})
		if err != nil {
			t.Fatal(err)
		}
		defer session.Close()
		if session.Connect(t.Context()) != nil {
			return
		}
		var said map[string]any
		success := false
		if json.Unmarshal(body, &said) == nil {
			for key, value := range said { // encoding/json matches keys whatever their case
				success = success || strings.EqualFold(key, "success") && value == true
			}
		}
		if !success || status/100 != 2 || !strings.Contains(cookie, "ZSession") {
			t.Fatalf("a login by %d %q %q %q", status, contentType, cookie, body)
		}
	})
}
