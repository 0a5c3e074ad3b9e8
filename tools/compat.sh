#!/bin/sh
# Lists the changes since the last release that break importers of the modules or
# readers of the specs. Fails if there are any, unless CHANGELOG.md has a line with
# BREAKING above that release.
set -eu
cd "$(dirname "$0")/.."
tag=$(git tag --merged HEAD --list 'v[0-9]*' --sort=-version:refname | sed '/-/d;q')
if [ -z "$tag" ]; then
	echo "no tag vX.Y.Z yet: nothing to compare with"
	exit 0
fi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/old"
git archive "$tag" | tar -x -C "$tmp/old"

# A pinned version that was fetched once is not looked up again.
GOPROXY="file://$(go env GOMODCACHE)/cache/download,$(go env GOPROXY)"
export GOPROXY GOWORK=off
apidiff() { # without what it says of internal packages, unless it fails
	go run golang.org/x/exp/cmd/apidiff@v0.0.0-20261014143641-f0251eb4aa3e -m "$@" 2>"$tmp/log" || { cat "$tmp/log" >&2; exit 1; }
}
for folder in . redisstore; do
	[ -e "$tmp/old/$folder/go.mod" ] || continue
	module=$(go list -C "$folder" -m)
	(cd "$tmp/old/$folder" && apidiff -w "$tmp/was" "$module")
	(cd "$folder" && apidiff -w "$tmp/is" "$module")
	# A method more in the generated client's interfaces breaks nobody: whoever implements one embeds it.
	apidiff -incompatible "$tmp/was" "$tmp/is" |
		sed -E '/^- Client(WithResponses)?Interface\.[A-Za-z]+: added$/d; /^- \.\/cmd\//d'
done >"$tmp/breaking"
for spec in openapi.yaml api/*/openapi.yaml; do
	[ -e "$tmp/old/$spec" ] || continue
	go run github.com/oasdiff/oasdiff@v1.35.0 breaking --fail-on WARN --format singleline "$tmp/old/$spec" "$spec" >"$tmp/log" 2>&1 ||
		{ echo "$spec:"; cat "$tmp/log"; }
done >>"$tmp/breaking"

if ! [ -s "$tmp/breaking" ]; then
	echo "nothing breaking since $tag"
	exit 0
fi
echo "breaking since $tag:"
cat "$tmp/breaking"
sed -n "/^## \[Unreleased\]/,/^## \[${tag#v}\]/p" CHANGELOG.md | grep -q BREAKING ||
	{ echo "not announced: CHANGELOG.md needs a line with BREAKING under [Unreleased]"; exit 1; }
echo "CHANGELOG.md announces it"
