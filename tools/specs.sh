#!/bin/sh
# Checks that every spec is valid and passes the linters: oasdiff accepts no
# warning, Spectral and Redocly no error.
set -eu
cd "$(dirname "$0")/.."
specs=$(ls openapi.yaml api/*/openapi.yaml 2>/dev/null || :)
# A pinned version that was fetched once is not looked up again.
GOPROXY="file://$(go env GOMODCACHE)/cache/download,$(go env GOPROXY)"
export GOPROXY REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true

for spec in $specs; do
	out=$(go run github.com/oasdiff/oasdiff@v1.35.0 validate --fail-on WARN "$spec" 2>&1) ||
		{ printf '%s:\n%s\n' "$spec" "$out"; exit 1; }
done

if ! command -v npx >/dev/null; then
	echo "there is no npm: the linters Spectral and Redocly are skipped"
	[ "${CI:-}" != true ] || exit 1
	exit 0
fi

lint() { # prints nothing unless it fails
	# shellcheck disable=SC2086 # $specs is a list
	out=$(npx --yes --prefer-offline "$@" $specs 2>&1) || { printf '%s\n' "$out"; exit 1; }
}
lint @stoplight/spectral-cli@6.16.3 lint --ruleset tools/spectral.yaml --fail-severity error --display-only-failures
lint @redocly/cli@2.77.0 lint --extends recommended --format stylish
