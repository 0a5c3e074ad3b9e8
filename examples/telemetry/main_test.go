package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/contrib/instrumentation/net/http/httptrace/otelhttptrace"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/accounts"
	"github.com/zuora-go/zuora/zuoratest"
)

const key = "A00000001"

// watched is a tenant with one account, and everything that is recorded about requests
// to it.
type watched struct {
	*zuoratest.Tenant
	server  string
	base    http.RoundTripper
	tracing *sdktrace.TracerProvider
	spans   *tracetest.InMemoryExporter
	printed printed // every span, as the program prints it

	mu      sync.Mutex
	secrets []string // the password, and all session cookies that were sent or received
}

func watch(t *testing.T, http2 bool) *watched {
	t.Helper()
	w := &watched{Tenant: zuoratest.NewTenant(zuoratest.Config{}), spans: tracetest.NewInMemoryExporter()}
	w.Handle("GET /v1/accounts/"+key, zuoratest.JSON(accounts.Account{
		Success: true, BasicInfo: accounts.BasicInfo{AccountNumber: key, Name: "Example Ltd", Status: "Active"},
	}))
	w.secrets = []string{string(w.Credentials().SecretAccessKey)}

	server := httptest.NewUnstartedServer(w.Tenant)
	server.EnableHTTP2 = http2
	server.StartTLS()
	t.Cleanup(server.Close)
	w.server, w.base = server.URL, roundTripper(func(req *http.Request) (*http.Response, error) {
		resp, err := server.Client().Transport.RoundTrip(req)
		if err == nil {
			assert.Equal(t, http2, resp.ProtoMajor == 2)
			w.remember(req.Cookies(), resp.Cookies())
		}
		return resp, err
	})

	printer, err := stdouttrace.New(stdouttrace.WithWriter(&w.printed))
	require.NoError(t, err)
	w.tracing = sdktrace.NewTracerProvider(sdktrace.WithSyncer(w.spans), sdktrace.WithSyncer(printer))
	return w
}

func (w *watched) remember(sent, received []*http.Cookie) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range slices.Concat(sent, received) {
		w.secrets = append(w.secrets, c.Value)
	}
}

func (w *watched) config() zuora.SessionConfig {
	return zuora.SessionConfig{Server: w.server, Credentials: w.Credentials(), Base: w.base}
}

// requireNoSecrets searches for secrets in all parts of all spans.
func (w *watched) requireNoSecrets(t *testing.T) {
	t.Helper()
	require.Greater(t, len(w.secrets), 1, "no cookie has been seen")
	for _, secret := range w.secrets {
		require.NotContains(t, w.printed.String(), secret)
	}
	for _, span := range w.spans.GetSpans() {
		attributes := span.Attributes
		for _, event := range span.Events {
			attributes = append(attributes, event.Attributes...)
		}
		for _, a := range attributes {
			for _, secret := range w.secrets {
				require.NotContains(t, a.Value.String(), secret, "%s of %s", a.Key, span.Name)
			}
		}
	}
}

// named returns the spans with this name, in the order of their beginning.
func (w *watched) named(name string) tracetest.SpanStubs {
	var found tracetest.SpanStubs
	for _, span := range w.spans.GetSpans() {
		if span.Name == name {
			found = append(found, span)
		}
	}
	slices.SortFunc(found, func(a, b tracetest.SpanStub) int { return a.StartTime.Compare(b.StartTime) })
	return found
}

func value(t *testing.T, span tracetest.SpanStub, key attribute.Key) string {
	t.Helper()
	set := attribute.NewSet(span.Attributes...)
	v, ok := set.Value(key)
	require.True(t, ok, "%s has no %s", span.Name, key)
	return v.String()
}

var protocols = map[string]bool{"HTTP/1.1": false, "HTTP/2": true}

func TestOneCallHasASpanForEachAttempt(t *testing.T) {
	for protocol, http2 := range protocols {
		t.Run(protocol, func(t *testing.T) {
			w := watch(t, http2)
			require.NoError(t, run(t.Context(), w.config(), w.tracing, key))

			calls := w.named("call GET")
			require.Len(t, calls, 1)
			require.Equal(t, "200", value(t, calls[0], "http.response.status_code"))
			signIns := w.named("attempt POST")
			require.Len(t, signIns, 1)
			require.Equal(t, w.server+"/v1/connections", value(t, signIns[0], "url.full"))
			reads := w.named("attempt GET")
			require.Len(t, reads, 1)
			require.Equal(t, w.server+"/v1/accounts/"+key, value(t, reads[0], "url.full"))
			for _, attempt := range slices.Concat(signIns, reads) {
				require.Equal(t, "200", value(t, attempt, "http.response.status_code"))
				require.Equal(t, calls[0].SpanContext.SpanID(), attempt.Parent.SpanID(), "an attempt is part of its call")
			}
			require.Len(t, w.named("http.getconn"), 2, "otelhttptrace looks at both attempts")
			w.requireNoSecrets(t)
		})
	}
}

func TestReplayedCallIsOneSpanAndItsAttemptsAreThree(t *testing.T) {
	w := watch(t, false)
	cfg := w.config()
	cfg.Base = first(cfg.Base, "/v1/accounts/"+key, w.Expire)
	require.NoError(t, run(t.Context(), cfg, w.tracing, key))
	require.Len(t, w.named("call GET"), 1)
	require.Len(t, w.named("attempt POST"), 2)
	reads := w.named("attempt GET")
	require.Len(t, reads, 2)
	require.Equal(t, "401", value(t, reads[0], "http.response.status_code"))
	require.Equal(t, "200", value(t, reads[1], "http.response.status_code"))
	w.requireNoSecrets(t)
}

func TestFailuresTellNoSecretEither(t *testing.T) {
	w := watch(t, false)
	require.NoError(t, run(t.Context(), w.config(), w.tracing, key), "so that there are cookies to look for")

	require.Error(t, run(t.Context(), w.config(), w.tracing, "nowhere"))
	wrong := w.config()
	wrong.Credentials = zuora.Credentials{AccessKeyID: "nobody", SecretAccessKey: "a password of no use"}
	w.secrets = append(w.secrets, "a password of no use")
	require.ErrorIs(t, run(t.Context(), wrong, w.tracing, key), zuora.ErrUnauthenticated)
	failed := w.named("call GET")[2]
	require.Contains(t, failed.Status.Description, "login failed")
	w.requireNoSecrets(t)
}

// The defaults that main.go warns of do leak.
func TestDefaultsOfOtelhttptraceTellThePassword(t *testing.T) {
	const password, cookie = "http.request.header.apisecretaccesskey", "http.request.header.cookie"
	traced := func(base http.RoundTripper, w *watched, options ...otelhttptrace.ClientTraceOption) http.RoundTripper {
		return otelhttp.NewTransport(base, otelhttp.WithTracerProvider(w.tracing),
			otelhttp.WithClientTrace(func(ctx context.Context) *httptrace.ClientTrace {
				return otelhttptrace.NewClientTrace(ctx, options...)
			}))
	}
	for protocol, http2 := range protocols {
		for what, test := range map[string]struct {
			options  []otelhttptrace.ClientTraceOption
			password string // in the span
		}{
			"default":  {nil, "the password itself"},
			"redacted": {[]otelhttptrace.ClientTraceOption{otelhttptrace.WithRedactedHeaders("apiSecretAccessKey")}, "****"},
		} {
			t.Run("under the session, "+what+", "+protocol, func(t *testing.T) {
				w := watch(t, http2)
				cfg := w.config()
				cfg.Base = traced(w.base, w, test.options...)
				get(t, cfg, func(session http.RoundTripper) http.RoundTripper { return session })
				require.Len(t, w.named("HTTP POST"), 1)
				if test.options == nil {
					test.password = string(w.Credentials().SecretAccessKey)
				} else {
					w.requireNoSecrets(t)
				}
				require.Equal(t, test.password, value(t, w.named("HTTP POST")[0], password))
				require.Equal(t, "****", value(t, w.named("HTTP GET")[0], cookie))
			})
		}
	}

	t.Run("over the session", func(t *testing.T) { // a span does not see the login there
		w := watch(t, false)
		get(t, w.config(), func(session http.RoundTripper) http.RoundTripper { return traced(session, w) })
		require.Equal(t, "****", value(t, w.named("HTTP GET")[0], cookie))
		require.NotContains(t, w.printed.String(), password)
		w.requireNoSecrets(t)
	})
}

// get reads the account through the client that over returns for a session.
func get(t *testing.T, cfg zuora.SessionConfig, over func(http.RoundTripper) http.RoundTripper) {
	t.Helper()
	session, err := zuora.NewSession(cfg)
	require.NoError(t, err)
	defer session.Close()
	client := &http.Client{Transport: over(session.Transport())}
	resp, err := client.Get(session.Server() + "/v1/accounts/" + key)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
}

func TestTraceIDsAndBaggageStayAtHome(t *testing.T) {
	usual := otel.GetTextMapPropagator()
	otel.SetTextMapPropagator(propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}))
	defer otel.SetTextMapPropagator(usual)
	w := watch(t, false)
	w.Intercept(func(r *http.Request) http.Handler {
		assert.Empty(t, r.Header["Traceparent"])
		assert.Empty(t, r.Header["Baggage"])
		return nil
	})
	ctx, span := w.tracing.Tracer("test").Start(t.Context(), "request", trace.WithSpanKind(trace.SpanKindServer))
	defer span.End()
	require.NoError(t, run(ctx, w.config(), w.tracing, key))
	require.Equal(t, span.SpanContext().TraceID(), w.named("attempt GET")[0].SpanContext.TraceID())
}

func TestProgramWantsAnAccount(t *testing.T) {
	require.ErrorContains(t, program(t.Context(), nil), "say which account")
	t.Setenv("ZUORA_SERVER", "")
	require.ErrorContains(t, program(t.Context(), []string{key}), "zuora: SessionConfig.Server is empty")
}

// printed is a buffer for several goroutines, because connections end their spans at any
// time.
type printed struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (p *printed) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

func (p *printed) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// first calls do before the first request for path is sent.
func first(base http.RoundTripper, path string, do func()) http.RoundTripper {
	var once sync.Once
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		if req.URL.Path == path {
			once.Do(do)
		}
		return base.RoundTrip(req)
	})
}
