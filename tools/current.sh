#!/bin/sh
# Generates everything, and fails if that has changed a file. Afterwards all generated
# files are up to date.
set -eu
cd "$(dirname "$0")/.."
sums() { git ls-files -z --cached --others --exclude-standard | sort -zu | xargs -0 cksum 2>/dev/null || :; }
before=$(sums)
go generate ./...
after=$(sums)
if [ "$before" != "$after" ]; then
	echo "generated files were out of date; commit what go generate ./... has made of:"
	printf '%s\n%s\n' "$before" "$after" | sort | uniq -u | awk '{print $3}' | sort -u
	exit 1
fi
