// Package conformance has only tests. They hold what the generated client and
// the session send, and what the stand-in tenant answers, against openapi.yaml,
// so that none of the three can drift away from the others. They hold the typed
// calls of api/, and those that zuora-generate makes, against the document that
// Zuora publishes. They also follow the recipes of docs/other-specs.md in a copy of
// the module, and look at what an importer of the root package gets.
//
// It is a module of its own, so that the importers of the root module get none
// of kin-openapi, which does the checking.
package conformance
