#!/usr/bin/env bash
# usage: tuf-programs.sh go-tuf|tough DIRECTORY     builds interop/clients/NAME, a small program over that library, into DIRECTORY/NAME
# go.sum and Cargo.lock pin every dependency. A build that has nothing to do takes a second, so it is run every time: no stale programs.
set -eu
name=$1 directory=$2
source=$(cd "$(dirname "$0")/../../interop/clients/$name" && pwd)
mkdir -p "$directory"
case $name in
  go-tuf)
    cd "$source"
    CGO_ENABLED=0 timeout 600 go build -mod=readonly -trimpath -o "$directory/go-tuf.new" .
    ;;
  tough)
    timeout 900 cargo build --quiet --release --locked --manifest-path "$source/Cargo.toml" --target-dir "$directory/tough-build"
    cp "$directory/tough-build/release/tough-program" "$directory/tough.new"
    ;;
esac
mv "$directory/$name.new" "$directory/$name"
