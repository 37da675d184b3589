#!/usr/bin/env bash
# usage: docker-29.sh VERSION FILE     builds the docker client of that version from its Go module into FILE
# The module's own lists (vendor.mod, vendor.sum) pin every dependency; Go checks them and the module itself against its checksums.
set -eu
version=$1 file=$2
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
directory=$(go mod download -json "github.com/docker/cli@$version+incompatible" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
cp -r "$directory" "$work/source"
chmod -R u+w "$work/source"
cd "$work/source"
cp vendor.mod go.mod
cp vendor.sum go.sum
mkdir -p "$(dirname "$file")"
CGO_ENABLED=0 timeout 600 go build -mod=mod -trimpath \
  -ldflags "-s -w -X github.com/docker/cli/cli/version.Version=${version#v}" -o "$work/docker" ./cmd/docker
mv "$work/docker" "$file"
