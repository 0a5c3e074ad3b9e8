#!/bin/sh
# Checks the imports of every package by the table in CONTRIBUTING.md. Tests may import
# everything that their module requires.
set -eu
cd "$(dirname "$0")/.."
for module in . redisstore examples conformance; do
	go list -C "$module" -f '{{range .Imports}}{{$.ImportPath}} {{.}}{{"\n"}}{{end}}' ./...
done | sed 's,github.com/zuora-go/zuora,zuora,g' | awk '
	{ split($1, at, "/"); may = ".*" }
	$2 ~ /^zuora\/internal\//         { may = "nothing" } # outside of the root module
	at[2] ~ /^(zuoratest|cmd|seal|storetest)$/ { may = "zuora" }
	at[3] == "zuora-standin"          { may = "zuora|zuora/zuoratest" }
	at[2] == "api"                    { may = "zuora|zuora/typed|" $1 "/.*" }
	at[2] ~ /^(typed|retry)$/         { may = "zuora|zuora/internal/.*" }
	at[2] == "internal"               { may = "zuora/internal/.*" }
	$1 == "zuora"                     { may = "zuora/internal/.*|github.com/oapi-codegen/runtime" }
	$2 ~ /^zuora|^[^\/]*\./ && $2 !~ "^(" may ")$" { print $1 " must not import " $2; bad = 1 }
	END { exit bad }'

# What the root requires, every importer gets.
if grep -E '^(tool|replace|exclude)' go.mod || go list -m -f '{{if not (or .Main .Indirect)}}{{.Path}}{{end}}' all |
	grep -vxE 'github.com/(oapi-codegen/runtime|stretchr/testify)'; then
	echo "the root's go.mod must not have that"
	exit 1
fi

# So are the modules that are built into their programs: at most these three.
if go list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}' . ./api/... ./retry | sort -u |
	grep -vxE 'github.com/(oapi-codegen/runtime|google/uuid|apapsch/go-jsonmerge/v2)'; then
	echo "must not be built into the programs of importers"
	exit 1
fi
