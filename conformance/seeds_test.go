package conformance

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/zuoratest"
)

// The logins of the clients that swagger-codegen makes from Zuora's documents: header by
// header, in their order and spelling. {user} and {password} stand for the credentials.
//
// The Python and the Ruby client take the type of the body from the document, which says
// application/json; charset=utf-8. In the Ruby client the parameter content_type has a key
// of another kind, so that both go out. An optional parameter that is set to "" becomes an
// empty header, where the HTTP library sends such.
var seedCalls = map[string][]string{
	"Python": {
		"POST /v1/connections HTTP/1.1", "Host: {host}", "Accept-Encoding: identity", "Content-Length: 0",
		"apiAccessKeyId: {user}", "apiSecretAccessKey: {password}", "Accept: application/json; charset=utf-8",
		"Content-Type: application/json; charset=utf-8", "User-Agent: Swagger-Codegen/1.0.0/python",
	},
	"Python, an entity": {
		"POST /v1/connections HTTP/1.1", "Host: {host}", "Accept-Encoding: identity", "Content-Length: 0",
		"apiAccessKeyId: {user}", "apiSecretAccessKey: {password}", "Zuora-Entity-Ids: " + entityID, "Accept: application/json; charset=utf-8",
		"Content-Type: application/json; charset=utf-8", "User-Agent: Swagger-Codegen/1.0.0/python",
	},
	"Python, an entity that is empty": {
		"POST /v1/connections HTTP/1.1", "Host: {host}", "Accept-Encoding: identity", "Content-Length: 0",
		"apiAccessKeyId: {user}", "apiSecretAccessKey: {password}", "Zuora-Entity-Ids: ", "Accept: application/json; charset=utf-8",
		"Content-Type: application/json; charset=utf-8", "User-Agent: Swagger-Codegen/1.0.0/python",
	},
	"Ruby": {
		"POST /v1/connections HTTP/1.1", "Host: {host}", "Content-Type: application/json; charset=utf-8", "User-Agent: Swagger-Codegen/1.0.0/ruby",
		"Accept: application/json; charset=utf-8", "apiAccessKeyId: {user}", "apiSecretAccessKey: {password}", "Content-Type: application/json", "Content-Length: 0",
	},
	"Ruby, entities that are empty": {
		"POST /v1/connections HTTP/1.1", "Host: {host}", "Content-Type: application/json; charset=utf-8", "User-Agent: Swagger-Codegen/1.0.0/ruby",
		"Accept: application/json; charset=utf-8", "apiAccessKeyId: {user}", "apiSecretAccessKey: {password}", "Content-Type: application/json",
		"entityId:", "entityName:", "Content-Length: 0",
	},
	"Ruby, an entity by its legacy ID": {
		"POST /v1/connections HTTP/1.1", "Host: {host}", "Content-Type: application/json; charset=utf-8", "User-Agent: Swagger-Codegen/1.0.0/ruby",
		"Accept: application/json; charset=utf-8", "apiAccessKeyId: {user}", "apiSecretAccessKey: {password}", "Content-Type: application/json",
		"entityId: " + legacyID, "entityName:", "Content-Length: 0",
	},
	"PHP": { // whose base URL ends in /v1
		"POST /v1/connections HTTP/1.1", "Host: {host}", "User-Agent: Swagger-Codegen/1.0.0/php", "Accept: application/json",
		"Content-Type: application/json", "apiAccessKeyId: {user}", "apiSecretAccessKey: {password}", "Content-Length: 0",
	},
}

func TestStandInLogsInTheClientsOfTheSeeds(t *testing.T) {
	server := zuoratest.NewServer(zuoratest.Config{Entities: []zuora.Entity{{ID: entityID, LegacyID: legacyID}}})
	defer server.Close()
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(server.CertificatePEM()))
	host := strings.TrimPrefix(server.URL, "https://")
	fill := func(lines []string, password string) string {
		return strings.NewReplacer("{host}", host, "{user}", server.Credentials().AccessKeyID, "{password}", password).Replace(strings.Join(lines, "\r\n") + "\r\n\r\n")
	}
	for name, lines := range seedCalls {
		t.Run(name, func(t *testing.T) {
			for password, status := range map[string]int{string(server.Credentials().SecretAccessKey): http.StatusOK, "wrong": http.StatusUnauthorized} {
				conn, err := tls.Dial("tcp", host, &tls.Config{RootCAs: pool})
				require.NoError(t, err)
				defer conn.Close()
				_, err = fmt.Fprint(conn, fill(lines, password))
				require.NoError(t, err)
				resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
				require.NoError(t, err)
				defer resp.Body.Close()
				assert.Equal(t, status, resp.StatusCode)
				assert.Equal(t, status == http.StatusOK, len(resp.Cookies()) == 1)
			}
		})
	}
}
