#!/bin/sh
# Tests modules with the race detector: names each package that is done and each
# test that fails, and ends in one line with the counts.
set -eu
cd "$(dirname "$0")/.."
counts='echo "$((TESTS_TOTAL - TESTS_FAILED - TESTS_SKIPPED)) passed, $TESTS_FAILED failed, $TESTS_SKIPPED skipped"'
go tool -modfile=tools/go.mod gotestsum --format pkgname-and-test-fails --format-icons text --format-hide-empty-pkg --hide-summary skipped,output \
	--post-run-command "sh -c '$counts'" --raw-command -- sh -c '
	for module; do
		# The tests of nested modules read files of the root, which the test cache does not know.
		if [ "$module" = . ]; then count=; else count=-count=1; fi
		go test -C "$module" -race -timeout 10m -parallel 8 $count -json ./... || failed=1
	done
	exit ${failed:-0}' sh "$@"
