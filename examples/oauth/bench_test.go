package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/zuoratest"
)

// BenchmarkToken compares calls by oauth2.Transport, by a session with a token, and by a
// session with a cookie.
func BenchmarkToken(b *testing.B) {
	server := zuoratest.NewServer(zuoratest.Config{})
	defer server.Close()
	server.Handle("GET /v1/ok", zuoratest.JSON(map[string]any{"success": true}))
	session := func(c zuora.Credentials) *http.Client {
		s, err := zuora.NewSession(zuora.SessionConfig{Server: server.URL, Credentials: c, Base: server.Client().Transport})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = s.Close() })
		return s.HTTPClient()
	}
	c := server.OAuthClient()
	config := clientcredentials.Config{ClientID: c.ClientID, ClientSecret: string(c.ClientSecret), TokenURL: server.URL + "/oauth/token", AuthStyle: oauth2.AuthStyleInParams}
	for _, way := range []struct {
		name   string
		client *http.Client
	}{
		{"plain", config.Client(context.WithValue(context.Background(), oauth2.HTTPClient, server.Client()))},
		{"cookie", session(server.Credentials())},
		{"token", session(c)},
	} {
		b.Run(fmt.Sprintf("client=%s", way.name), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				resp, err := way.client.Get(server.URL + "/v1/ok")
				if err != nil {
					b.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				if _ = resp.Body.Close(); resp.StatusCode != http.StatusOK {
					b.Fatal(resp.Status)
				}
			}
		})
	}
}
