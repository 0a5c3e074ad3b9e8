#!/bin/sh
# Runs the benchmarks in interleaved rounds, so that other load on the machine affects
# all of them alike. Prints one table with a column for each client, compared with the
# first; then the benchmarks without a client to compare; and last, how many times as
# long each client takes as the plain one: the median of the factors of each round.
set -eu
cd "$(dirname "$0")/.."
rounds=${ROUNDS:-6}
time=${BENCHTIME:-0.5s}
which=${BENCH:-.}
go test -c -o bench.test .
go test -C examples -c -o ../bench.oauth.test ./oauth
trap 'rm -f bench.test bench.oauth.test' EXIT
: >bench.txt
i=0
while [ "$i" -lt "$rounds" ]; do
	for bench in ./bench.test ./bench.oauth.test; do
		$bench -test.run '^$' -test.bench "$which" -test.benchtime "$time" -test.timeout 30m >>bench.txt
	done
	i=$((i + 1))
done
go tool -modfile=tools/go.mod benchstat -col '/client@(plain HTTPClient Do typed map cookie token)' bench.txt
go tool -modfile=tools/go.mod benchstat -filter '-/client:(plain OR HTTPClient OR Do OR typed OR map OR cookie OR token)' bench.txt
echo 'Times as long as the plain client:'
awk '
	$4 != "ns/op" || !match($1, /\/client=[A-Za-z]+/) { next }
	{ name = substr($1, 10, RSTART - 10); client = substr($1, RSTART + 8, RLENGTH - 8) }
	client == "plain" { plain = $3; next } # each round begins with it
	{
		name = name " " client
		if (!n[name]++) order[++names] = name
		for (i = n[name]; i > 1 && f[name, i - 1] > $3 / plain; i--) f[name, i] = f[name, i - 1]
		f[name, i] = $3 / plain
	}
	END {
		for (k = 1; k <= names; k++) {
			m = n[name = order[k]]
			printf "%-55s %.3f\n", name, (f[name, int((m + 1) / 2)] + f[name, int(m / 2) + 1]) / 2
		}
	}' bench.txt
