#!/bin/sh
# Generates everything and fails if anything changed by it. What it finds out of
# date is up to date afterwards.
set -eu
cd "$(dirname "$0")/.."
sums() { find . -name '*.gen.go' -o -path './api/*' -type f | sort | xargs cksum; }
before=$(sums)
go generate ./...
after=$(sums)
if [ "$before" != "$after" ]; then
	echo "generated files were out of date; commit what make generate has made of:"
	printf '%s\n%s\n' "$before" "$after" | sort | uniq -u | awk '{print $3}' | sort -u
	exit 1
fi
