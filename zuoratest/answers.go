package zuoratest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

const jsonType = "application/json;charset=utf-8" // as recorded, without a blank

// The following responses are for [Tenant.Handle] and [Tenant.Intercept].

// Answer returns a response with this status, type and body.
func Answer(status int, contentType, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

// JSON returns a response with status 200 whose body is v, as [json.Marshal] writes it: a
// map, a [json.RawMessage], or a value of a typed package:
//
//	zuoratest.JSON(accounts.Account{…})
//
// Such a value is written as Zuora writes it, except that fields that are false, 0 or ""
// are left out, because they count as not set. A Decimal "0" is written. If such a field
// matters, use a map. If v cannot be marshalled, the response is a 500 with the reason.
func JSON(v any) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		body, err := json.Marshal(v)
		if err != nil {
			http.Error(w, "zuoratest: "+err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", jsonType)
		_, _ = w.Write(body)
	})
}

// Unauthorized returns the response to wrong credentials, and to a call without a session.
func Unauthorized() http.Handler {
	const body = `{"success":false,"reasons":[{"code":90000011,"message":"this resource is protected, please sign in first"}]}`
	return closing(Answer(http.StatusUnauthorized, jsonType, body))
}

func closing(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		h.ServeHTTP(w, r)
	})
}

// SessionEnded returns a response whose body says that the session has expired, with a
// status other than 401. Some clients have received such responses.
func SessionEnded(status int) http.Handler {
	return Failed(status, "90000011", "this resource is protected, please sign in first")
}

// InvalidSession returns a response that says that the session has expired in the form of
// Zuora's older interface.
func InvalidSession(status int) http.Handler {
	return Answer(status, jsonType, `{"faultcode":"fns:INVALID_SESSION","faultstring":"Invalid or expired session"}`)
}

// Failed returns a failure of a REST resource, which often has status 200. A code of
// digits is sent as a number, any other code as a string.
func Failed(status int, code, message string) http.Handler {
	var c any = code
	if n, err := strconv.Atoi(code); err == nil {
		c = n
	}
	body, _ := json.Marshal(map[string]any{
		"success": false, "processId": "E3B4E8FFA54FDE25",
		"reasons": []any{map[string]any{"code": c, "message": message}},
	})
	return Answer(status, jsonType, string(body))
}

// CRUDFailed returns a failure of a CRUD or action resource, with status 200.
func CRUDFailed(code, message string) http.Handler {
	return Answer(http.StatusOK, jsonType, crudFailure(code, message))
}

func crudFailure(code, message string) string {
	body, _ := json.Marshal(map[string]any{"Success": false, "Errors": []any{map[string]string{"Code": code, "Message": message}}})
	return string(body)
}

// CRUDList returns an action's list of results, with status 200: one item for each of
// codes, which succeeded if the code is empty.
func CRUDList(codes ...string) http.Handler {
	items := make([]json.RawMessage, len(codes))
	for i, code := range codes {
		items[i] = json.RawMessage(fmt.Sprintf(`{"Success":true,"Id":"2c92c0f9%024d"}`, i))
		if code != "" {
			items[i] = json.RawMessage(crudFailure(code, "item "+strconv.Itoa(i)+" was not processed"))
		}
	}
	body, _ := json.Marshal(items)
	return Answer(http.StatusOK, jsonType, string(body))
}

// ActionUnauthorized returns the 401 of /v1/action/…, which has only a message.
func ActionUnauthorized() http.Handler {
	return Answer(http.StatusUnauthorized, jsonType, `{"message":"Authentication error"}`)
}

// RateLimited returns the response to too many requests: status 429, a code of two
// digits, no success and no Retry-After.
func RateLimited() http.Handler {
	return Answer(http.StatusTooManyRequests, jsonType, `{"reasons":[{"code":70,"message":"API Rate limit exceeded"}]}`)
}

// ConcurrencyLimited returns the response to too many requests at once: status 429 and a
// Retry-After, which is 120 seconds at Zuora.
func ConcurrencyLimited(retryAfter time.Duration) http.Handler {
	response := Failed(http.StatusTooManyRequests, "50000070", "The concurrent request limit was exceeded")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter.Seconds())))
		w.Header().Set("Concurrency-Limit-Type", "Default")
		w.Header().Set("Concurrency-Limit-Limit", "40")
		w.Header().Set("Concurrency-Limit-Remaining", "0")
		response.ServeHTTP(w, r)
	})
}

// ServerError returns a 500 that is not JSON.
func ServerError() http.Handler {
	return Answer(http.StatusInternalServerError, "text/plain", "We're sorry, but something went wrong.")
}

// HTMLPage returns a page that the network in front of Zuora may send.
func HTMLPage(status int) http.Handler {
	text := http.StatusText(status)
	return Answer(status, "text/html", "<html><head><title>"+text+"</title></head><body><h1>"+text+"</h1></body></html>")
}
