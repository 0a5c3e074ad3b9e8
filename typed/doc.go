// Package typed contains what generated packages call: those of api/ and those that
// zuora-generate makes. Services do not call it.
//
// It builds requests, sends them through a [zuora.Caller], and reads and writes Zuora's
// JSON. A response is never lost because one of its fields is odd: see [Unmarshal]. A
// request has only the fields that were set: see [Marshal].
package typed
