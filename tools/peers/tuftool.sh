#!/usr/bin/env bash
# usage: tuftool.sh VERSION FILE     builds tuftool of that version from crates.io into FILE
# The crate brings its own Cargo.lock, which pins every dependency. Unoptimised: it signs a few kilobytes, and is built in a third of the time.
set -eu
version=$1 file=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CARGO_TARGET_DIR=$work/target CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_DEBUG=0
timeout 1200 cargo install --quiet --locked --version "=$version" --root "$work" tuftool
mkdir -p "$(dirname "$file")"
mv "$work/bin/tuftool" "$file"
