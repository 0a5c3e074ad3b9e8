package zuora_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
)

func TestNewCallerChecksItsParameters(t *testing.T) {
	for server, want := range map[string]string{"": "server is empty", "http://rest.zuora.com": "server is in clear text", "https://u:hunter2@rest.zuora.com": "server has user info"} {
		_, err := zuora.NewCaller(server, http.DefaultClient)
		require.ErrorContains(t, err, "zuora: NewCaller: "+want)
		require.NotContains(t, err.Error(), "hunter2")
	}
	_, err := zuora.NewCaller("https://rest.zuora.com", nil)
	require.EqualError(t, err, "zuora: NewCaller: doer is nil")
}

func TestACallerMakesFailuresErrors(t *testing.T) {
	for _, server := range []string{"https://rest.zuora.com", "https://REST.zuora.com/", "https://rest.zuora.com/v1", "https://rest.zuora.com/v1/"} {
		caller, err := zuora.NewCaller(server, &http.Client{Transport: responding(func(string) string { return `{"success":false,"reasons":[{"code":50000040,"message":"none"}]}` })})
		require.NoError(t, err)
		require.Equal(t, "https://rest.zuora.com", caller.Server())
		req, err := http.NewRequest(http.MethodGet, caller.Server()+"/v1/accounts/A1", nil)
		require.NoError(t, err)
		_, err = caller.Do(req)
		require.ErrorIs(t, err, zuora.ErrNotFound)
	}
	var _ zuora.Caller = (*zuora.Session)(nil)
}
