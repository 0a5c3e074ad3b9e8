#!/bin/sh
# The rules of the house about who may import what.
set -eu
cd "$(dirname "$0")/.."
root=github.com/zuora-go/zuora
bad=0
say() { echo "$1"; bad=1; }

# The root package: the standard library, oapi-codegen/runtime, and what is its own in internal/.
for i in $(go list -f '{{join .Imports "\n"}}' . | grep '\..*/' || true); do
	case $i in github.com/oapi-codegen/runtime | "$root"/internal/*) ;; *) say "the root package imports $i" ;; esac
done
# internal/: the standard library, and never the root package.
for i in $(go list -f '{{join .Imports "\n"}}' ./internal/... | grep '\..*/' || true); do
	say "a package of internal/ imports $i"
done
# Its own other packages: the standard library and the root package.
for p in $(go list ./... | grep -v "^$root\$"); do
	for i in $(go list -f '{{join .Imports "\n"}}' "$p" | grep '\..*/' || true); do
		case $i in "$root"*) ;; *) say "$p imports $i" ;; esac
	done
done
# No Go code under api/, so that nobody can import it.
[ -z "$(find api -name '*.go')" ] || say "there is Go code in api/"
# The root's go.mod: no replace, no tool, nothing required but these two.
if grep -qE '^(replace|tool|exclude)\b' go.mod; then say "go.mod has a replace, tool or exclude line"; fi
for m in $(go list -m -f '{{if not (or .Main .Indirect)}}{{.Path}}{{end}}' all); do
	case $m in github.com/oapi-codegen/runtime | github.com/stretchr/testify) ;; *) say "go.mod requires $m" ;; esac
done
exit $bad
