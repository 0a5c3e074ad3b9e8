// Package typed is what generated packages stand on, those of api/ and those
// that zuora-generate makes. Services do not call it.
//
// It builds requests, sends them through a [zuora.Caller], and reads and writes
// JSON as Zuora has it. A response is never lost because one of its fields is
// odd: see [Unmarshal]. A request has the fields that were set, and no others:
// see [Marshal].
package typed
