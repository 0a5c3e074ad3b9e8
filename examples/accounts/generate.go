package main

// The generator is a tool of another module, so that this one does not need
// what it needs.
//
//go:generate go tool -modfile=../../tools/go.mod oapi-codegen -config oapi-codegen.yaml openapi.yaml
