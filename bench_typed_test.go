package zuora_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"testing"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/accounts"
)

// BenchmarkTypedCallOverTLS puts a call of api/accounts beside net/http with a cookie
// jar and json.Unmarshal into the same struct: for a response as its types say, and
// for one in which a number is a string.
func BenchmarkTypedCallOverTLS(b *testing.B) {
	for _, response := range []struct {
		kinds string
		body  []byte
	}{{"described", account}, {"other", bytes.Replace(account, []byte(`"balance" : 0.000000000`), []byte(`"balance" : "0.000000000"`), 1)}} {
		server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json;charset=utf-8")
			if isLogin(r) {
				w.Header().Set("Set-Cookie", "ZSession=v; Path=/; Secure; HttpOnly")
				_, _ = io.WriteString(w, `{"success":true}`)
				return
			}
			_, _ = w.Write(response.body)
		}))
		b.Cleanup(server.Close)
		session, err := zuora.NewSession(zuora.SessionConfig{Server: server.URL, Credentials: benchCredentials, Base: server.Client().Transport})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = session.Close() })
		jar, err := cookiejar.New(nil)
		if err != nil {
			b.Fatal(err)
		}
		client := &http.Client{Transport: server.Client().Transport, Jar: jar}
		api := accounts.New(session)
		ctx := context.Background()
		for _, way := range []struct {
			name string
			call func() (*accounts.Account, error)
		}{
			{"plain", func() (*accounts.Account, error) {
				req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/v1/accounts/A00000001", nil)
				if err != nil {
					return nil, err
				}
				resp, err := client.Do(req)
				if err != nil {
					return nil, err
				}
				defer resp.Body.Close()
				body, err := io.ReadAll(resp.Body)
				if err != nil {
					return nil, err
				}
				var result accounts.Account
				return &result, json.Unmarshal(body, &result)
			}},
			{"typed", func() (*accounts.Account, error) { return api.GetAccount(ctx, "A00000001", nil) }},
		} {
			b.Run(fmt.Sprintf("kinds=%s/client=%s", response.kinds, way.name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if got, err := way.call(); err != nil || got.Metrics.Balance != "0.000000000" {
						b.Fatal(got, err)
					}
				}
			})
		}
	}
}
