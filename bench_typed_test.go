package zuora_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/accounts"
	"github.com/zuora-go/zuora/api/catalog"
	"github.com/zuora-go/zuora/api/exports"
)

// These benchmarks put typed calls beside net/http with a cookie jar and
// encoding/json.

// plainAccount is accounts.Account for encoding/json.
var plainAccount = plainOf(reflect.TypeFor[accounts.Account]())

// plainGet reads an account as a program without this module does.
func plainGet(do func(*http.Request) (*http.Response, error), server string) error {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, server+"/v1/accounts/A00000001", nil)
	if err != nil {
		return err
	}
	resp, err := do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	return json.Unmarshal(body, reflect.New(plainAccount).Interface())
}

// typedGet reads the same account.
func typedGet(api *accounts.API, editors ...zuora.RequestEditorFn) error {
	got, err := api.GetAccount(context.Background(), "A00000001", nil, editors...)
	if err == nil && got.Metrics.Balance != "0.000000000" {
		err = fmt.Errorf("read %+v", got)
	}
	return err
}

// accountOther is account with a number that is a string.
var accountOther = bytes.Replace(account, []byte(`"balance" : 0.000000000`), []byte(`"balance" : "0.000000000"`), 1)

// A typed call, of a response as its type says, and of one in which a number is a
// string.
func BenchmarkTypedCallOverTLS(b *testing.B) {
	for _, response := range []struct {
		kinds string
		body  []byte
	}{{"described", account}, {"other", accountOther}} {
		server, _ := benchServer(b, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json;charset=utf-8")
			_, _ = w.Write(response.body)
		})
		base := server.Client().Transport
		client := plainClient(b, base)
		api := accounts.New(newSession(b, zuora.SessionConfig{Server: server.URL, Credentials: benchCredentials, Base: base}))
		for _, way := range []struct {
			name string
			call func() error
		}{
			{"plain", func() error { return plainGet(client.Do, server.URL) }},
			{"typed", func() error { return typedGet(api) }},
		} {
			b.Run(fmt.Sprintf("kinds=%s/client=%s", response.kinds, way.name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := way.call(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func TestATypedCallMakesAtMostTwelveMoreAllocationsThanAPlainOne(t *testing.T) {
	const server = "https://rest.zuora.example"
	for _, body := range [][]byte{account, accountOther} {
		base := responses(body)
		client := plainClient(t, base)
		api := accounts.New(newSession(t, zuora.SessionConfig{Server: server, Credentials: benchCredentials, Base: base}))
		plain := testing.AllocsPerRun(200, func() { require.NoError(t, plainGet(client.Do, server)) })
		typed := testing.AllocsPerRun(200, func() { require.NoError(t, typedGet(api)) })
		assert.LessOrEqual(t, typed, plain+12)
	}
}

// 64 workers with 200 typed calls each, on the transport that a session has, and a
// plain client on one of the same sizes.
func BenchmarkTypedCallsFrom64(b *testing.B) {
	for _, way := range []string{"plain", "typed"} {
		b.Run("client="+way, func(b *testing.B) {
			workers := newWorkers(b, true)
			workers.run(b, 200, func() (one func(first bool) error, done func()) {
				base := zuora.DefaultTransport()
				base.TLSClientConfig = workers.server.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
				if way == "plain" {
					client := plainClient(b, base)
					return func(first bool) error { return plainGet(markFirst(client.Do, first), workers.server.URL) }, base.CloseIdleConnections
				}
				session := newSession(b, zuora.SessionConfig{Server: workers.server.URL, Credentials: benchCredentials, Base: base})
				api := accounts.New(session)
				return func(first bool) error {
						if first {
							return typedGet(api, zuora.WithHeader("First", "yes"))
						}
						return typedGet(api)
					}, func() {
						_ = session.Close()
						base.CloseIdleConnections()
					}
			})
		})
	}
}

// A list of 100,000 products, in the pages of 40 that Zuora has, by the iterator and
// by a call for each page. live-B is the most that the heap holds beyond what it held
// before, in the middle of a page.
func BenchmarkTypedList(b *testing.B) {
	const pages, size = 2500, 40
	product := `{"id":"2c92c0f95be68649015bf14e72b07cbc","sku":"SKU-00000001","name":"A product","description":"What it is for",` +
		`"effectiveStartDate":"2017-03-01","effectiveEndDate":"2030-03-01","Region__c":"EU","productRatePlans":[],"productFeatures":[]}`
	products := `{"success":true,"products":[` + product + strings.Repeat(","+product, size-1) + `]`
	server, _ := benchServer(b, func(w http.ResponseWriter, r *http.Request) {
		next := ""
		page, _ := strconv.Atoi(r.URL.Query().Get("page"))
		if page = max(page, 1); page < pages {
			next = fmt.Sprintf(`,"nextPage":"https://rest.zuora.com/v1/catalog/products?page=%d&pageSize=%d"`, page+1, size)
		}
		w.Header().Set("Content-Type", "application/json;charset=utf-8")
		_, _ = io.WriteString(w, products+next+"}")
	})
	api := catalog.New(newSession(b, zuora.SessionConfig{Server: server.URL, Credentials: benchCredentials, Base: server.Client().Transport}))
	ctx := context.Background()
	for _, way := range []struct {
		name string
		read func(item func(*catalog.Product)) error
	}{
		{"plain", func(item func(*catalog.Product)) error {
			for page := int64(1); ; page++ {
				list, err := api.ListProducts(ctx, &catalog.ListProductsParams{Page: page, PageSize: size})
				if err != nil {
					return err
				}
				for i := range list.Products {
					item(&list.Products[i])
				}
				if list.NextPage == "" {
					return nil
				}
			}
		}},
		{"typed", func(item func(*catalog.Product)) error {
			for product, err := range api.AllProducts(ctx, &catalog.ListProductsParams{PageSize: size}) {
				if err != nil {
					return err
				}
				item(product)
			}
			return nil
		}},
	} {
		b.Run("client="+way.name, func(b *testing.B) {
			before, most := liveHeap(), uint64(0)
			b.ReportAllocs()
			for b.Loop() {
				items := 0
				err := way.read(func(*catalog.Product) {
					if items++; items%(500*size) == size/2 {
						b.StopTimer()
						most = max(most, liveHeap())
						b.StartTimer()
					}
				})
				if err != nil || items != pages*size {
					b.Fatal(items, err)
				}
			}
			b.ReportMetric(max(0, float64(most)-float64(before)), "live-B")
		})
	}
}

// liveHeap returns how much of the heap is in use.
func liveHeap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// A file of 200 MB. B/op is all that is allocated for it, so memory is flat.
func BenchmarkTypedDownload(b *testing.B) {
	const size = 200e6
	piece := bytes.Repeat([]byte("0123456789"), 1e5)
	server, _ := benchServer(b, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/csv;charset=utf-8")
		for range int(size) / len(piece) {
			_, _ = w.Write(piece)
		}
	})
	base := server.Client().Transport
	client := plainClient(b, base)
	api := exports.New(newSession(b, zuora.SessionConfig{Server: server.URL, Credentials: benchCredentials, Base: base}))
	for _, way := range []struct {
		name string
		open func() (io.ReadCloser, error)
	}{
		{"plain", func() (io.ReadCloser, error) {
			resp, err := client.Get(server.URL + "/v1/files/2c92c0f85e2d19af015e3a61d8947e5d")
			if err != nil {
				return nil, err
			}
			return resp.Body, nil
		}},
		{"typed", func() (io.ReadCloser, error) {
			return api.GetFile(context.Background(), "2c92c0f85e2d19af015e3a61d8947e5d", nil)
		}},
	} {
		b.Run("client="+way.name, func(b *testing.B) {
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				file, err := way.open()
				if err != nil {
					b.Fatal(err)
				}
				if n, err := io.Copy(io.Discard, file); err != nil || n != size {
					b.Fatal(n, err)
				}
				_ = file.Close()
			}
		})
	}
}
