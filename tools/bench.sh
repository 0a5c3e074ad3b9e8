#!/bin/sh
# Runs the benchmarks in interleaved rounds, so that what else the machine does
# falls on all of them alike, and prints one table with a column for each client,
# and how it compares with the first; after it, what has no client to compare.
set -eu
cd "$(dirname "$0")/.."
rounds=${ROUNDS:-6}
time=${BENCHTIME:-0.5s}
which=${BENCH:-.}
: >bench.txt
i=0
while [ "$i" -lt "$rounds" ]; do
	go test -run '^$' -bench "$which" -benchtime "$time" -timeout 30m . ./internal/... >>bench.txt
	i=$((i + 1))
done
go tool -modfile=tools/go.mod benchstat -col '/client@(plain HTTPClient Do typed map)' bench.txt
go tool -modfile=tools/go.mod benchstat -filter '-/client:(plain OR HTTPClient OR Do OR typed OR map)' bench.txt
