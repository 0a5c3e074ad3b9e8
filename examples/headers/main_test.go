package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/accounts"
	"github.com/zuora-go/zuora/zuoratest"
)

func TestHeadersAreOnTheCallAndNotOnTheLogin(t *testing.T) {
	tenant := zuoratest.NewTenant(zuoratest.Config{})
	defer tenant.Close()
	tenant.Handle("POST /v1/accounts", zuoratest.JSON(accounts.CreatedAccount{Success: true, AccountNumber: "A00000001"}))
	var calls []http.Header
	tenant.Intercept(func(r *http.Request) http.Handler {
		if r.URL.Path == "/v1/connections" {
			for _, name := range []string{"Zuora-Version", "Zuora-Track-Id", "Idempotency-Key"} {
				assert.NotContains(t, r.Header, name)
			}
			return nil
		}
		if calls = append(calls, r.Header); len(calls) == 1 {
			return zuoratest.Unauthorized() // so that the call is replayed
		}
		return nil
	})
	cfg := zuora.SessionConfig{Server: "https://rest.zuora.example", Credentials: tenant.Credentials(), Base: tenant.Transport()}
	var out bytes.Buffer
	for range 2 {
		require.NoError(t, run(t.Context(), cfg, "4711", "Amy", "Lawrence", &out))
	}
	require.NoError(t, run(t.Context(), cfg, "4712", "Amy", "Lawrence", &out))

	require.Len(t, calls, 4)
	track := calls[0].Get("Zuora-Track-Id")
	require.Regexp(t, "^[A-Z2-7]{26}$", track)
	require.Contains(t, out.String(), "Account A00000001 was created (track ID "+track+").\n")
	for i, want := range []struct {
		key       string
		sameTrack bool
	}{{"create-account-for-order-4711", true}, {"create-account-for-order-4711", true}, {"create-account-for-order-4711", false}, {"create-account-for-order-4712", false}} {
		require.Equal(t, []string{"example-billing/1.0"}, calls[i]["User-Agent"])
		require.Equal(t, []string{"211.0"}, calls[i]["Zuora-Version"])
		require.Equal(t, []string{want.key}, calls[i]["Idempotency-Key"])
		require.Equal(t, want.sameTrack, calls[i].Get("Zuora-Track-Id") == track)
	}
}

func TestFailureHasTheTrackID(t *testing.T) {
	tenant := zuoratest.NewTenant(zuoratest.Config{})
	defer tenant.Close()
	tenant.Handle("POST /v1/accounts", zuoratest.Failed(http.StatusOK, "53100020", "no"))
	err := run(t.Context(), zuora.SessionConfig{Server: "https://rest.zuora.example", Credentials: tenant.Credentials(), Base: tenant.Transport()}, "4711", "Amy", "Lawrence", io.Discard)
	var failed *zuora.Error
	require.ErrorAs(t, err, &failed)
	require.Regexp(t, `\(track ID [A-Z2-7]{26}\)$`, err)
}

func TestTimeoutIsOverTheWholeCall(t *testing.T) {
	for _, slow := range []string{"/v1/connections", "/v1/accounts"} {
		t.Run(slow, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tenant := zuoratest.NewTenant(zuoratest.Config{})
				defer tenant.Close()
				tenant.Intercept(func(r *http.Request) http.Handler {
					if r.URL.Path != slow {
						return nil
					}
					return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
						_, _ = io.Copy(io.Discard, r.Body) // before that, the server does not notice that the connection has ended
						<-r.Context().Done()
					})
				})
				cfg := zuora.SessionConfig{
					Server: "https://rest.zuora.example", Credentials: tenant.Credentials(), Base: tenant.Transport(), LoginTimeout: time.Hour,
				}
				begun := time.Now()
				err := run(t.Context(), cfg, "4711", "Amy", "Lawrence", io.Discard)
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.Equal(t, time.Minute, time.Since(begun))
			})
		})
	}
}

func TestProgramWantsAnOrderAndAName(t *testing.T) {
	require.ErrorContains(t, program(t.Context(), []string{"4711", "Amy"}, io.Discard), "name an order, and who ordered")
	t.Setenv("ZUORA_SERVER", "")
	require.ErrorContains(t, program(t.Context(), []string{"4711", "Amy", "Lawrence"}, io.Discard), "zuora: SessionConfig.Server is empty")
}
