// Command telemetry reads an account on a session with OpenTelemetry in two places:
// below the session it records every request that is sent, including logins and
// replays; above it, every call that the program makes. It prints the spans. It is an
// example to copy.
//
//	go run ./telemetry A00000001
//
// It needs a real tenant: set ZUORA_SERVER, ZUORA_ACCESS_KEY_ID and
// ZUORA_SECRET_ACCESS_KEY. It only reads.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"os"
	"os/signal"

	"go.opentelemetry.io/contrib/instrumentation/net/http/httptrace/otelhttptrace"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/accounts"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := program(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "telemetry:", err)
		os.Exit(1)
	}
}

func program(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return errors.New("say which account to read, by its number or ID")
	}
	exporter, err := stdouttrace.New(stdouttrace.WithPrettyPrint())
	if err != nil {
		return err
	}
	tracing := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter))
	defer func() { _ = tracing.Shutdown(context.WithoutCancel(ctx)) }()

	return run(ctx, zuora.SessionConfig{
		Server: os.Getenv("ZUORA_SERVER"),
		Credentials: zuora.Credentials{
			AccessKeyID:     os.Getenv("ZUORA_ACCESS_KEY_ID"),
			SecretAccessKey: zuora.Secret(os.Getenv("ZUORA_SECRET_ACCESS_KEY")),
		},
		Base: zuora.DefaultTransport(),
	}, tracing, args[0])
}

// run reads an account: one call, in one or more attempts.
func run(ctx context.Context, cfg zuora.SessionConfig, tracing trace.TracerProvider, key string) error {
	cfg.Base = perAttempt(cfg.Base, tracing)
	session, err := zuora.NewSession(cfg)
	if err != nil {
		return err
	}
	defer session.Close()

	client := session.HTTPClient()
	client.Transport = perCall(client.Transport, tracing)
	caller, err := zuora.NewCaller(session.Server(), client)
	if err != nil {
		return err
	}
	_, err = accounts.New(caller).GetAccount(ctx, key, nil)
	return err
}

// perAttempt makes a span for each request that is sent. It belongs below the session,
// where it sees the login, with the password in a header.
func perAttempt(base http.RoundTripper, tracing trace.TracerProvider) http.RoundTripper {
	return otelhttp.NewTransport(base,
		otelhttp.WithTracerProvider(tracing),
		otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string { return "attempt " + r.Method }),
		otelhttp.WithPropagators(noPropagation),
		// By default otelhttptrace makes every request header an attribute, and redacts
		// only some headers with secrets: apiSecretAccessKey, the password, is not one of
		// them. So this program records no headers. To record the others, use
		// otelhttptrace.WithRedactedHeaders("apiSecretAccessKey").
		otelhttp.WithClientTrace(func(ctx context.Context) *httptrace.ClientTrace {
			return otelhttptrace.NewClientTrace(ctx, otelhttptrace.WithoutHeaders())
		}),
	)
}

// perCall makes one span for each call, including all its attempts and a login.
func perCall(session http.RoundTripper, tracing trace.TracerProvider) http.RoundTripper {
	return otelhttp.NewTransport(session,
		otelhttp.WithTracerProvider(tracing),
		otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string { return "call " + r.Method }),
		otelhttp.WithPropagators(noPropagation),
	)
}

// noPropagation sends no trace IDs and no baggage to Zuora. Without it, the process's
// global propagator would.
var noPropagation = propagation.NewCompositeTextMapPropagator()
