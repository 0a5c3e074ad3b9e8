package main

import (
	"compress/gzip"
	"context"
	"net/http"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/zuoratest"
)

var (
	ctx     = context.Background()
	tenant  = zuoratest.NewServer(zuoratest.Config{})
	session = newSession()
)

func newSession() *zuora.Session {
	s, err := zuora.NewSession(zuora.SessionConfig{
		Server: tenant.URL, Credentials: tenant.Credentials(), Base: tenant.Client().Transport,
	})
	if err != nil {
		panic(err)
	}
	return s
}

// gzipped answers with this JSON, compressed whether asked for or not.
func gzipped(body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json;charset=utf-8")
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = z.Write([]byte(body))
		_ = z.Close()
	})
}
