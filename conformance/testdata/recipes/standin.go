package main

import (
	"context"

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
