package conformance

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"

	"github.com/zuora-go/zuora/api/accounts"
	"github.com/zuora-go/zuora/api/catalog"
	"github.com/zuora-go/zuora/zuoratest"
)

const released = "v0.99.0" // the proxy's version of this module

// The steps of a new user: go get, in an empty folder, from a proxy that has the module;
// the README's program; and the command by go install.
func TestReadmeFromAProxy(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux reads SSL_CERT_FILE")
	}
	env := proxy(t)
	dir := t.TempDir()
	tool := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("go", args...)
		cmd.Dir, cmd.Env = dir, env
		output, err := cmd.CombinedOutput()
		require.NoError(t, err, "go %s\n%s", strings.Join(args, " "), output)
		return string(output)
	}
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	_, program, _ := strings.Cut(string(readme), "```go\n")
	program, _, found := strings.Cut(program, "```\n")
	require.True(t, found)
	assert.Contains(t, string(readme), "\ngo get "+root+"\n")

	tool("mod", "init", "example.com/first")
	tool("get", root)
	write(t, program, dir, "main.go")
	tool("build", "-o", "first", ".")
	assert.NotContains(t, tool("list", "-m", "all"), "kin-openapi")

	server := newcomersTenant(t)
	env = append(env, "ZUORA_SERVER="+server.URL, "ZUORA_USER="+server.Credentials().AccessKeyID,
		"ZUORA_PASSWORD="+string(server.Credentials().SecretAccessKey), "SSL_CERT_FILE="+certificate(t, server))
	cmd := exec.Command(filepath.Join(dir, "first"))
	cmd.Env = env
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", output)
	assert.Equal(t, "Amy Lawrence 0.000000000\nFirst 1\nSecond 0\n", string(output))

	tool("install", root+"/cmd/zuora-connect@latest")
	output, err = exec.Command(filepath.Join(gobin(env), "zuora-connect"), "-version").CombinedOutput()
	require.NoError(t, err, "%s", output)
	assert.Contains(t, string(output), released)
}

// proxy makes a module proxy in files that has this module, and returns the environment
// that uses it before the usual proxy.
func proxy(t *testing.T) (env []string) {
	t.Helper()
	files := t.TempDir()
	versions := filepath.Join(files, filepath.FromSlash(root), "@v")
	require.NoError(t, os.MkdirAll(versions, 0o755))
	packed, err := os.Create(filepath.Join(versions, released+".zip"))
	require.NoError(t, err)
	require.NoError(t, zip.CreateFromDir(packed, module.Version{Path: root, Version: released}, ".."))
	require.NoError(t, packed.Close())
	mod, err := os.ReadFile("../go.mod")
	require.NoError(t, err)
	info, err := json.Marshal(map[string]string{"Version": released, "Time": "2026-01-01T00:00:00Z"})
	require.NoError(t, err)
	for name, text := range map[string]string{"list": released + "\n", released + ".mod": string(mod), released + ".info": string(info)} {
		require.NoError(t, os.WriteFile(filepath.Join(versions, name), []byte(text), 0o644))
	}
	goEnv := func(name string) string {
		value, err := exec.Command("go", "env", name).Output()
		require.NoError(t, err)
		return strings.TrimSpace(string(value))
	}
	cache := filepath.Join(t.TempDir(), "mod")
	t.Cleanup(func() { // the go command makes it read-only
		cmd := exec.Command("go", "clean", "-modcache")
		cmd.Env = append(os.Environ(), "GOMODCACHE="+cache)
		_ = cmd.Run()
	})
	return append(os.Environ(),
		// The usual module cache has what others have written already.
		"GOPROXY=file://"+filepath.ToSlash(files)+",file://"+filepath.ToSlash(filepath.Join(goEnv("GOMODCACHE"), "cache", "download"))+","+goEnv("GOPROXY"),
		"GOMODCACHE="+cache, "GOBIN="+t.TempDir(), "GOFLAGS=-mod=mod", "GONOSUMDB="+root, "GOWORK=off")
}

func gobin(env []string) string {
	for _, v := range env {
		if dir, ok := strings.CutPrefix(v, "GOBIN="); ok {
			return dir
		}
	}
	return ""
}

// newcomersTenant is the tenant of the README's program.
func newcomersTenant(t *testing.T) *zuoratest.Server {
	server := zuoratest.NewServer(zuoratest.Config{})
	t.Cleanup(server.Close)
	server.Handle("POST /v1/accounts", zuoratest.JSON(accounts.CreatedAccount{Success: true, AccountNumber: "A00000001"}))
	server.Handle("GET /v1/accounts/A00000001", zuoratest.JSON(accounts.Account{
		Success: true, BasicInfo: accounts.BasicInfo{Name: "Amy Lawrence"}, Metrics: accounts.Metrics{Balance: "0.000000000"},
	}))
	server.HandleFunc("GET /v1/catalog/products", func(w http.ResponseWriter, r *http.Request) {
		page := catalog.ProductList{Success: true, Products: []catalog.Product{{Name: "First", ProductRatePlans: []catalog.RatePlan{{Name: "Monthly"}}}}, NextPage: "https://rest.zuora.com/v1/catalog/products?page=2"}
		if r.URL.Query().Get("page") == "2" {
			page.Products, page.NextPage = []catalog.Product{{Name: "Second"}}, ""
		}
		zuoratest.JSON(page).ServeHTTP(w, r)
	})
	return server
}

// certificate returns a file with the server's certificate.
func certificate(t *testing.T, server *zuoratest.Server) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "server.pem")
	require.NoError(t, os.WriteFile(file, server.CertificatePEM(), 0o644))
	return file
}
