// Package conformance has only tests. They compare the requests of the generated client
// and of the session, and the responses of the stand-in tenant, with openapi.yaml. They
// compare the typed calls of api/, and those that zuora-generate makes, with the document
// that Zuora publishes. They also follow the recipes of docs/other-specs.md in a copy of
// the module, and check what an importer of the root package gets.
//
// It is a module of its own, so that importers of the root module do not get kin-openapi,
// which compares.
package conformance
