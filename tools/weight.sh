#!/bin/bash
# Prints what an importer pays: the CPU time of building and linking a program on
# net/http alone, one with every call of a package of api/ (accounts, or $1), and one
# with every call of all of them; how large the programs are; and the modules in them.
# The standard library is in the build cache before.
set -euo pipefail
cd "$(dirname "$0")/.."
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export GOCACHE=$tmp/cache GOFLAGS= TIMEFORMAT='%U %S'

program() { # name package...
	mkdir "$tmp/$1"
	{
		echo 'package main; import "fmt"; import "net/http"'
		for p in "${@:2}"; do echo "import \"github.com/zuora-go/zuora/api/$p\""; done
		echo 'func main() { fmt.Println('
		for p in "${@:2}"; do
			sed -n "s/^func (a \*API) \([A-Z][A-Za-z]*\)(.*/(*$p.API).\1,/p" "api/$p"/*.go
		done
		echo 'http.Get) }'
	} >"$tmp/$1/main.go"
}
program net-http
program one "${1:-accounts}"
program all $(cd api && printf '%s\n' */ | tr -d /)

go list -deps -f '{{if .Standard}}{{.ImportPath}}{{end}}' "$tmp/all/main.go" | grep -v ^vendor/ | xargs go build
echo 'program     CPU s      bytes   stripped  modules of others'
for name in net-http one all; do
	cp -R "$tmp/cache" "$tmp/cache-$name"
	export GOCACHE=$tmp/cache-$name
	cpu=$( { time go build -o "$tmp/$name.bin" "$tmp/$name/main.go"; } 2>&1 | awk '{ print $1 + $2 }')
	go build -ldflags '-s -w' -o "$tmp/$name.stripped" "$tmp/$name/main.go"
	modules=$(go version -m "$tmp/$name.bin" | awk '$1 == "dep" && $2 !~ "/zuora-go/" { print $2 }')
	printf '%-10s %6.1f %10d %10d  %s\n' "$name" "$cpu" "$(wc -c <"$tmp/$name.bin")" "$(wc -c <"$tmp/$name.stripped")" "$(echo $modules)"
done
