package zuora_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/zuora-go/zuora"
)

// FuzzCheckResponse: for any response there is no panic, one line, a bounded body, and a
// failure only if the status or the top level says so.
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

// FuzzLogin: only JSON with success and a session cookie is a login.
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

// written returns v as JSON, and checks that this is one value.
func written(t *testing.T, v json.Marshaler) []byte {
	b, err := v.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(`{"a":`+string(b)+`,"z":1}`), &object); err != nil || len(object) != 2 || !bytes.Equal(object["a"], bytes.TrimSpace(b)) {
		t.Fatalf("%q is written as %q", v, b)
	}
	return b
}

// readable returns text as it can be in JSON.
func readable(text string) string { return string([]rune(text)) }

// FuzzDecimal: any text goes through JSON and back unchanged; only a JSON number is
// written without quotation marks; and it converts exactly or not at all.
func FuzzDecimal(f *testing.F) {
	for _, text := range []string{"2500.00", "0E-9", "0.000000000", "-7.179999828", "", " 1", "1e999", "1e999999999", "1/2", "0x1p4", `1,"x":2`, `"1"`, "[1]", "{", "null", "\xff", "1\xff", "+.5e-3"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, b := zuora.Decimal(text), written(t, zuora.Decimal(text))
		if string(b) != text && b[0] != '"' && text != "" {
			t.Fatalf("%q is written as %q", text, b)
		}
		var n json.Number
		if bare := json.Unmarshal([]byte(text), &n) == nil && n.String() == text; bare != (string(b) == text && text != "null") {
			t.Fatalf("%q is written as %q", text, b)
		}
		var back zuora.Decimal
		if err := json.Unmarshal(b, &back); err != nil || string(back) != readable(text) {
			t.Fatalf("%q comes back as %q: %v", text, back, err)
		}
		if json.Valid([]byte(text)) {
			if err := json.Unmarshal([]byte(text), &back); err != nil {
				t.Fatal(err)
			}
		}
		r, err := d.Rat()
		f, err2 := d.Float64()
		if err != nil {
			if c, err := d.Cmp("0"); r != nil || err2 == nil || c != 0 || err == nil {
				t.Fatalf("%q converts, and does not", text)
			}
			return
		}
		again, ok := new(big.Rat).SetString(string(zuora.DecimalOf(r, 2000)))
		if !ok || again.Cmp(r) != 0 {
			t.Fatalf("%q loses digits: %s", text, again)
		}
		if err2 == nil && (math.IsInf(f, 0) || math.IsNaN(f)) {
			t.Fatalf("%q is %v", text, f)
		}
	})
}

// FuzzDates: any text goes through JSON and back, and a text that is a time is the
// same time when it is written anew.
func FuzzDates(f *testing.F) {
	for _, text := range []string{"2017-03-01", "2017-03-01 10:07:10", "2017-03-01T00:00:00.000-08:00", "2022-08-26T00:00:00.000+0100", "2015-11-04T10:59:22Z", "", "0000-01-01", "9999-12-31T23:59:59.999999999-23:59", "\xff", `"`, "null", "true"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, b := range [][]byte{written(t, zuora.Date(text)), written(t, zuora.DateTime(text))} {
			var date zuora.Date
			var dateTime zuora.DateTime
			if err := errors.Join(json.Unmarshal(b, &date), json.Unmarshal(b, &dateTime)); err != nil || string(date) != readable(text) || string(dateTime) != readable(text) {
				t.Fatalf("%q comes back as %q and %q: %v", text, date, dateTime, err)
			}
		}
		day, notDate := zuora.Date(text).Time()
		at, notTime := zuora.DateTime(text).Time(time.UTC)
		if (notDate == nil) != (notTime == nil) {
			t.Fatalf("%q: %v, %v", text, notDate, notTime)
		}
		if notTime != nil || at.IsZero() {
			return
		}
		if again, err := zuora.DateTimeOf(at).Time(nil); err != nil || !again.Equal(at.Truncate(time.Millisecond)) {
			t.Fatalf("%q is %v, and then %v: %v", text, at, again, err)
		}
		if again, err := zuora.DateOf(day).Time(); !day.IsZero() && (err != nil || !again.Equal(day) || !strings.HasPrefix(text, string(zuora.DateOf(day)))) {
			t.Fatalf("%q is %v, and then %v: %v", text, day, again, err)
		}
	})
}

// FuzzValue: JSON is written unchanged, any other text as a string, and no method
// panics.
func FuzzValue(f *testing.F) {
	for _, text := range []string{`"EU"`, `12.50`, `{"a":[1]}`, `null`, `true`, ` [1, 2] `, `EU`, ``, `{"a"`, `1,"x":2`, "\xff", "\"\xff\"", "\x00", `"\ud800"`, "<&>"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if made := zuora.ValueOf(text); made.Text() != readable(text) || string(written(t, made)) != string(made) {
			t.Fatalf("%q is %q", text, made.Text())
		}
		v := zuora.Value(text)
		_, _ = v.Bool()
		_ = v.Text()
		_, _ = v.Decimal().Rat()
		_ = v.Decode(new(any))
		if strings.HasPrefix(text, "\x00") {
			return // what ValueOf returns for what it cannot marshal
		}
		var back zuora.Value
		switch b := written(t, v); {
		case json.Valid([]byte(text)) && string(b) != text:
			t.Fatalf("%q goes out as %q", text, b)
		case !json.Valid([]byte(text)) && v.Text() != readable(text):
			t.Fatalf("%q has the text %q", text, v.Text())
		case back.UnmarshalJSON(b) != nil || text != "" && json.Valid([]byte(text)) && back != v:
			t.Fatalf("%q comes back as %q", text, back)
		}
	})
}

// FuzzSpelling: what a response says does not depend on how its strings are
// spelled. Where each character is an escape, no search for words can decide.
func FuzzSpelling(f *testing.F) {
	for _, c := range failureCases(f) {
		f.Add(c.Status, []byte(cmp.Or(c.Raw, string(c.Body))))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if !json.Valid(body) || len(body) > 8<<10 {
			return
		}
		check := func(body []byte) (failed bool, reasons int, is string) {
			err := zuora.CheckResponse(&http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}}, body)
			var failure *zuora.Error
			if errors.As(err, &failure) {
				failed, reasons = true, len(failure.Reasons)
				for _, r := range failure.Reasons {
					if strings.TrimSpace(string(r.Code)+r.Message) == "" {
						t.Fatalf("a blank reason of %s", body)
					}
				}
			}
			for _, sentinel := range sentinels {
				is += fmt.Sprint(errors.Is(err, sentinel))
			}
			return failed, reasons, is
		}
		failed, reasons, is := check(body)
		respelled := escapeAll(body)
		if f, r, i := check(respelled); f != failed || r != reasons || i != is {
			t.Fatalf("%v, %d reasons, %s: %s\n%v, %d reasons, %s: %s", failed, reasons, is, body, f, r, i, respelled)
		}
		if reasons > 100 {
			t.Fatalf("%d reasons", reasons)
		}
	})
}

// escapeAll writes valid JSON with an escape for each character of its strings.
func escapeAll(body []byte) []byte {
	var out bytes.Buffer
	inString := false
	for at := 0; at < len(body); {
		r, size := utf8.DecodeRune(body[at:])
		switch {
		case r == '"':
			inString = !inString
			out.WriteByte('"')
		case !inString:
			out.WriteByte(body[at])
		case r == '\\' && body[at+1] == 'u':
			size = 6
			out.Write(body[at : at+size])
		case r == '\\':
			size = 2
			out.Write(body[at : at+size])
		default:
			for _, unit := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&out, `\u%04x`, unit)
			}
		}
		at += size
	}
	return out.Bytes()
}

// FuzzReplay: a call is replayed only if the response says that the session has expired,
// and says nothing else.
func FuzzReplay(f *testing.F) {
	for _, c := range failureCases(f) {
		f.Add(c.Status, []byte(cmp.Or(c.Raw, string(c.Body))))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status < 200 || status > 599 || status == http.StatusUnauthorized || status/100 == 3 {
			return
		}
		sent := 0
		session, err := zuora.NewSession(zuora.SessionConfig{
			Server: "https://rest.zuora.example", Credentials: zuora.Credentials{AccessKeyID: "u", SecretAccessKey: "s"},
			Base: roundTripper(func(req *http.Request) (*http.Response, error) {
				if isLogin(req) {
					return responding(func(string) string { return "" }).RoundTrip(req)
				}
				sent++
				return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: -1}, nil
			}),
		})
		if err != nil {
			t.Fatal(err)
		}
		defer session.Close()
		resp, err := session.Do(newRequest(t, http.MethodPost, session.Server()+"/v1/it", nil))
		if err == nil {
			got, err := io.ReadAll(resp.Body)
			if err != nil || !bytes.Equal(got, body) {
				t.Fatalf("%q became %q, %v", body, got, err)
			}
		}
		if checked := zuora.CheckResponse(&http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}}, body); (checked == nil) != (err == nil) && len(body) <= 64<<10 {
			t.Fatalf("Do returns %v and CheckResponse %v of %q", err, checked, body)
		}
		if sent == 1 {
			return
		}
		allowed := []string{"success", "reasons", "processId", "requestId", "message", "faultcode", "FaultCode", "faultstring", "FaultMessage", "detail"}
		var top map[string]any
		if sent > 2 || err == nil || len(body) > 4<<10 || json.Unmarshal(bytes.TrimPrefix(body, []byte("\ufeff")), &top) != nil {
			t.Fatalf("sent %d times, then %v: %q", sent, err, body)
		}
		for name := range top {
			if !slices.Contains(allowed, name) {
				t.Fatalf("sent twice, with %q: %q", name, body)
			}
		}
		if text := fmt.Sprint(top); !strings.Contains(text, "9.0000011e+07") && !strings.Contains(text, "90000011") && !strings.Contains(text, "INVALID_SESSION") {
			t.Fatalf("sent twice: %q", body)
		}
	})
}
