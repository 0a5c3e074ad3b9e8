package zuora_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/zuora-go/zuora"
)

// The benchmarks put the session beside what it stands on: an http.Client with
// a cookie jar, in the same run. `make bench` runs them and prints a table.

// account is a response of about a kilobyte, like that of a typical read.
var account = []byte(`{
  "success" : true,
  "basicInfo" : {
    "id" : "2c92c0f95be68649015bf14e72b07cbc",
    "name" : "Example Ltd",
    "accountNumber" : "A00000001",
    "notes" : "",
    "status" : "Active",
    "crmId" : null,
    "batch" : "Batch1",
    "invoiceTemplateId" : null,
    "communicationProfileId" : "2c92c0f95be68649015bf14e72b07cbd",
    "salesRep" : null,
    "parentId" : null
  },
  "billingAndPayment" : {
    "billCycleDay" : 1,
    "currency" : "USD",
    "paymentTerm" : "Due Upon Receipt",
    "paymentGateway" : null,
    "invoiceDeliveryPrefsPrint" : false,
    "invoiceDeliveryPrefsEmail" : true,
    "additionalEmailAddresses" : [ ]
  },
  "metrics" : {
    "balance" : 0.000000000,
    "totalInvoiceBalance" : 0.000000000,
    "creditBalance" : 0.000000000,
    "contractedMrr" : 0.000000000
  },
  "billToContact" : {
    "firstName" : "Ann",
    "lastName" : "Example",
    "workEmail" : "ann@example.com",
    "city" : "Leeds",
    "country" : "United Kingdom"
  }
}`)

// accountLast says at its end that it is a success, so all of it has to be read.
var accountLast = append(bytes.Replace(account[:len(account)-2], []byte("\n  \"success\" : true,"), nil, 1), ",\n  \"success\" : true\n}"...)

// responses responds to every request with read and a new session cookie, without a
// network.
func responses(read []byte) http.RoundTripper {
	var n atomic.Int64
	login := []byte(`{"success":true}`)
	padding := strings.Repeat("0123456789abcdef", 15)
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		body := read
		if isLogin(req) {
			body = login
		}
		return &http.Response{
			Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: http.Header{
				"Content-Type": {"application/json;charset=utf-8"},
				"Set-Cookie":   {"ZSession=" + padding + strconv.FormatInt(n.Add(1), 10) + "; Path=/; Secure; HttpOnly"},
			},
			Body: responseBody{bytes.NewReader(body)}, ContentLength: int64(len(body)), Request: req,
		}, nil
	})
}

// responseBody is not an io.WriterTo, because net/http's bodies are not.
type responseBody struct{ r io.Reader }

func (b responseBody) Read(p []byte) (int, error) { return b.r.Read(p) }

func (responseBody) Close() error { return nil }

// accountServer is a tenant's reading of an account, over TLS, and how many
// connections were opened to it.
func accountServer(b *testing.B) (*httptest.Server, *atomic.Int64) {
	b.Helper()
	return benchServer(b, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json;charset=utf-8")
		_, _ = w.Write(account)
	})
}

// benchServer is a tenant over TLS without a stand-in's bookkeeping, which responds with
// a new session cookie each time, and how many connections were opened to it.
func benchServer(b *testing.B, response http.HandlerFunc) (*httptest.Server, *atomic.Int64) {
	b.Helper()
	var opened, n atomic.Int64
	padding := strings.Repeat("0123456789abcdef", 15)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Set-Cookie", "ZSession="+padding+strconv.FormatInt(n.Add(1), 10)+"; Path=/; Secure; HttpOnly")
		if isLogin(r) {
			w.Header().Set("Content-Type", "application/json;charset=utf-8")
			_, _ = io.WriteString(w, `{"success":true}`)
			return
		}
		response(w, r)
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // connections that are closed before they are used
	server.StartTLS()
	b.Cleanup(server.Close)
	return server, &opened
}

var benchCredentials = zuora.Credentials{AccessKeyID: "u", SecretAccessKey: "s"}

// clients are the ways to make a call: the yardstick first.
func clients(b *testing.B, server string, base http.RoundTripper) map[string]func(*http.Request) (*http.Response, error) {
	b.Helper()
	session := newSession(b, zuora.SessionConfig{Server: server, Credentials: benchCredentials, Base: base})
	if err := session.Connect(context.Background()); err != nil {
		b.Fatal(err)
	}
	return map[string]func(*http.Request) (*http.Response, error){
		"plain": plainClient(b, base).Do, "HTTPClient": session.HTTPClient().Do, "Do": session.Do,
	}
}

// plainClient keeps Zuora's cookies, and knows nothing else about Zuora.
func plainClient(tb testing.TB, base http.RoundTripper) *http.Client {
	tb.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		tb.Fatal(err)
	}
	return &http.Client{Transport: base, Jar: jar}
}

var ways = []string{"plain", "HTTPClient", "Do"}

// call makes one call and reads the response; typed as a generated client does.
func call(do func(*http.Request) (*http.Response, error), url string, typed bool) error {
	req, err := http.NewRequest(http.MethodGet, url+"/v1/accounts/A00000001", nil)
	if err != nil {
		return err
	}
	resp, err := do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if !typed {
		_, err = io.Copy(io.Discard, resp.Body)
		return err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	var result struct {
		Success   bool `json:"success"`
		BasicInfo struct {
			ID   string `json:"id"`
			Name string `json:"name"`
		} `json:"basicInfo"`
	}
	return json.Unmarshal(body, &result)
}

func BenchmarkCallInMemory(b *testing.B) {
	const server = "https://rest.zuora.example"
	for _, response := range []struct {
		success string // where it says so
		body    []byte
	}{{"first", account}, {"last", accountLast}} {
		all := clients(b, server, responses(response.body))
		for _, typed := range []bool{false, true} {
			for _, way := range ways {
				b.Run(fmt.Sprintf("success=%s/typed=%v/client=%s", response.success, typed, way), func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						if err := call(all[way], server, typed); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}

func BenchmarkCallOverTLS(b *testing.B) {
	server, _ := accountServer(b)
	all := clients(b, server.URL, server.Client().Transport)
	for _, typed := range []bool{false, true} {
		for _, way := range ways {
			b.Run(fmt.Sprintf("typed=%v/client=%s", typed, way), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := call(all[way], server.URL, typed); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// inParallel makes b.N calls from so many callers at once.
func inParallel(b *testing.B, callers int, one func() error) {
	b.Helper()
	var left atomic.Int64
	left.Store(int64(b.N))
	var wg sync.WaitGroup
	b.ReportAllocs()
	b.ResetTimer()
	for range callers {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if err := one(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkCallOverTLSFrom64(b *testing.B) {
	server, _ := accountServer(b)
	base := server.Client().Transport.(*http.Transport).Clone()
	base.MaxIdleConnsPerHost = 64 // for all of them: this is about the session
	all := clients(b, server.URL, base)
	var connected sync.WaitGroup
	for range 64 { // not at the cost of the first of the clients
		connected.Go(func() {
			for range 20 {
				if err := call(all["plain"], server.URL, false); err != nil {
					b.Error(err)
				}
			}
		})
	}
	connected.Wait()
	for _, typed := range []bool{false, true} {
		for _, way := range ways {
			b.Run(fmt.Sprintf("typed=%v/client=%s", typed, way), func(b *testing.B) {
				inParallel(b, 64, func() error { return call(all[way], server.URL, typed) })
			})
		}
	}
}

// The cost of a call does not depend on the number of other callers.
func BenchmarkCallers(b *testing.B) {
	const server = "https://rest.zuora.example"
	all := clients(b, server, responses(account))
	for _, callers := range []int{1, 10, 100, 1000} {
		for _, way := range ways {
			b.Run(fmt.Sprintf("callers=%d/client=%s", callers, way), func(b *testing.B) {
				inParallel(b, callers, func() error { return call(all[way], server, false) })
			})
		}
	}
}

// All callers wait for the first login: its time, and the time to wake them all.
func BenchmarkLoginStorm(b *testing.B) {
	const server = "https://rest.zuora.example"
	for _, waiters := range []int{10, 100, 1000, 10000} {
		b.Run(fmt.Sprintf("waiters=%d", waiters), func(b *testing.B) {
			for b.Loop() {
				session, err := zuora.NewSession(zuora.SessionConfig{Server: server, Credentials: benchCredentials, Base: responses(account)})
				if err != nil {
					b.Fatal(err)
				}
				var wg sync.WaitGroup
				for range waiters {
					wg.Go(func() {
						if err := session.Connect(context.Background()); err != nil {
							b.Error(err)
						}
					})
				}
				wg.Wait()
				_ = session.Close()
			}
		})
	}
}

// The memory of an idle session.
func BenchmarkIdleSession(b *testing.B) {
	base := responses(account)
	var sessions []*zuora.Session
	for b.Loop() {
		sessions = nil
		runtime.GC()
		sessions = make([]*zuora.Session, 0, 1000)
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for range cap(sessions) {
			session, err := zuora.NewSession(zuora.SessionConfig{Server: "https://rest.zuora.example", Credentials: benchCredentials, Base: base})
			if err != nil {
				b.Fatal(err)
			}
			if err := session.Connect(context.Background()); err != nil {
				b.Fatal(err)
			}
			sessions = append(sessions, session)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(cap(sessions)), "B/session")
	}
	runtime.KeepAlive(sessions)
}

// 64 workers make 200 calls each on the session's own transport, and 20 each on
// http.DefaultTransport, which keeps two idle connections for a host and opens one for
// nearly every call. Where they begin together, each worker has a connection before any
// call has its response. Otherwise the first responses arrive while other workers are
// still connecting; these take over the connections that are free again, and net/http
// opens more than there are workers.
func BenchmarkConnections(b *testing.B) {
	std := http.DefaultTransport
	defer func() { http.DefaultTransport = std }()
	for _, test := range []struct {
		begin, transport string
		each             int
	}{{"together", "default", 20}, {"together", "session", 200}, {"apart", "session", 200}} {
		b.Run(fmt.Sprintf("begin=%s/transport=%s", test.begin, test.transport), func(b *testing.B) {
			workers := newWorkers(b, test.begin == "together")
			trusting := std.(*http.Transport).Clone()
			trusting.TLSClientConfig = workers.server.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
			http.DefaultTransport = trusting
			cfg := zuora.SessionConfig{Server: workers.server.URL, Credentials: benchCredentials}
			if test.transport == "default" {
				cfg.Base = trusting
			}
			workers.run(b, test.each, func() (one func(first bool) error, done func()) {
				session := newSession(b, cfg)
				return func(first bool) error { return call(markFirst(session.Do, first), cfg.Server, false) }, func() {
					_ = session.Close()
					trusting.CloseIdleConnections()
				}
			})
		})
	}
}

// workers are 64 goroutines that call a server.
type workers struct {
	server *httptest.Server
	opened *atomic.Int64
	first  sync.WaitGroup // each worker's first call
}

// newWorkers returns workers whose server, if they begin together, responds to none of
// their first calls before all have arrived: those with the header First.
func newWorkers(b *testing.B, together bool) *workers {
	w := new(workers)
	w.server, w.opened = accountServer(b)
	account := w.server.Config.Handler
	w.server.Config.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if together && r.Header.Get("First") != "" {
			w.first.Done()
			w.first.Wait()
		}
		account.ServeHTTP(rw, r)
	})
	return w
}

// markFirst makes do send the header First if first is true.
func markFirst(do func(*http.Request) (*http.Response, error), first bool) func(*http.Request) (*http.Response, error) {
	if !first {
		return do
	}
	return func(req *http.Request) (*http.Response, error) {
		req.Header.Set("First", "yes")
		return do(req)
	}
}

// run lets each worker make so many of the calls that begin returns.
func (w *workers) run(b *testing.B, each int, begin func() (one func(first bool) error, done func())) {
	const workers = 64
	for b.Loop() {
		one, done := begin()
		w.first.Add(workers)
		var all sync.WaitGroup
		for range workers {
			all.Go(func() {
				for i := range each {
					if err := one(i == 0); err != nil {
						b.Error(err)
					}
				}
			})
		}
		all.Wait()
		done()
	}
	b.ReportMetric(float64(w.opened.Load())/float64(b.N), "conns/op")
	b.ReportMetric(float64(workers*each*b.N)/b.Elapsed().Seconds(), "calls/s")
}

// A login that is refused at length, whatever the secret is, takes at most 50 ms.
func BenchmarkRefusedLogin(b *testing.B) {
	header := func(name, line string) http.Header {
		h := http.Header{"Content-Type": {"application/json"}}
		for range 1 << 20 / (len(name) + len(line)) {
			h[name] = append(h[name], line)
		}
		return h
	}
	reasons := func(message string) string {
		return `{"success":false,"reasons":[` + strings.Repeat(`{"code":1,"message":"`+message+`"},`, 60<<10/(len(message)+24)) + `{}]}`
	}
	as := strings.Repeat("a", 4095)
	cookies := http.Header{"Content-Type": {"application/json"}}
	for i := range 50000 {
		cookies.Add("Set-Cookie", strconv.Itoa(i)+"=a; Path=/")
	}
	for _, test := range []struct {
		name, secret, body string
		header             http.Header
	}{
		{"21000 reasons", as + "b", `{"success":false,"reasons":[{}` + strings.Repeat(",{}", 21000) + `]}`, nil},
		{"1 MiB", as + "b", reasons("no") + strings.Repeat(" ", 1<<20), nil},
		{"1 MiB of JSON", as + "b", `{"success":true,"a":[0` + strings.Repeat(",0", 1<<19) + `]}`, nil},
		{"near", as + "b", reasons(as), nil},
		{"near, many", as + "b", reasons(as[:600]), nil},
		{"near, escaped", as + "b", reasons(strings.Repeat(`\u0061`, 9000)), nil},
		{"near, in HTML", as + "b", reasons(strings.Repeat(`&#97;`, 12000)), nil},
		{"backslashes", strings.Repeat(`\`, 4095) + "b", reasons(strings.Repeat(`\\`, 30000)), nil},
		{"ampersands", as + "b", reasons(strings.Repeat(`&amp;`, 12000)), nil},
		{"no ASCII", strings.Repeat("ä", 2047) + "b", reasons(strings.Repeat("ä", 30000)), nil},
		{"limits", as + "b", `{}`, header("Ratelimit-Limit", as)},
		{"limits, escaped", as + "b", reasons(strings.Repeat(`\\u0061`, 7000)), header("Ratelimit-Limit", strings.Repeat("%61", 1000))},
		{"request ID", as + "b", `{}`, http.Header{"Zuora-Request-Id": {strings.Repeat("%2561", 1<<20/5)}}},
		{"cookies", as + "b", `{}`, header("Set-Cookie", "a=b; Path=/")},
		{"cookie", as + "b", `{"success":true}`, header("Set-Cookie", as+"="+as)},
		{"50000 cookies", as + "b", `{"success":true}`, cookies},
	} {
		for _, status := range []int{http.StatusOK, http.StatusUnauthorized} {
			b.Run(fmt.Sprintf("%s/status=%d", test.name, status), func(b *testing.B) {
				for b.Loop() {
					session := newSession(b, zuora.SessionConfig{
						Server: "https://rest.zuora.example", Credentials: zuora.Credentials{AccessKeyID: "u", SecretAccessKey: zuora.Secret(test.secret)},
						Base: roundTripper(func(*http.Request) (*http.Response, error) {
							header := test.header
							if header == nil {
								header = http.Header{"Content-Type": {"application/json"}}
							}
							return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(test.body)), ContentLength: -1}, nil
						}),
					})
					if err := session.Connect(b.Context()); err == nil || len(err.Error()) > 2000 {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// A long response streams: memory stays at the limit of the peek.
func BenchmarkDownload(b *testing.B) {
	const size = 5 << 20
	for _, kind := range []string{"json", "csv"} {
		contentType := map[string]string{"json": "application/json", "csv": "text/csv"}[kind]
		body := bytes.Repeat([]byte("x"), size)
		server, _ := benchServer(b, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			_, _ = w.Write(body)
		})
		all := clients(b, server.URL, server.Client().Transport)
		for _, way := range ways {
			b.Run(fmt.Sprintf("type=%s/client=%s", kind, way), func(b *testing.B) {
				b.SetBytes(size)
				b.ReportAllocs()
				for b.Loop() {
					if err := call(all[way], server.URL, false); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// The cost of a store for calls that do not need it: a check of the clock.
func BenchmarkStore(b *testing.B) {
	const server = "https://rest.zuora.example"
	for _, store := range []string{"none", "memory"} {
		b.Run("store="+store, func(b *testing.B) {
			cfg := zuora.SessionConfig{Server: server, Credentials: benchCredentials, Base: responses(account)}
			if store == "memory" {
				cfg.Store = newMemoryStore()
			}
			session := newSession(b, cfg)
			b.ReportAllocs()
			for b.Loop() {
				if err := call(session.Do, server, false); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
