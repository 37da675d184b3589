#!/usr/bin/env bash
# `npm run peers`: makes sure that every real program the interop suite and the bench compare us with is on this machine.
# Installs from Debian exactly what is missing, starts no service (the suites start peers themselves, on loopback, in their own
# directories), and fails by name if one cannot be had. Needs root only when something is missing.
set -eu

# what the suites run | the Debian package that brings it | why
peers='
notary           notary          the Notary v1 client
notary-server    notary          the Notary v1 server
notary-signer    notary          the Notary v1 signer
docker-registry  docker-registry a registry to push images to
skopeo           skopeo          copies images into the registry
umoci            umoci           makes OCI images
busybox          busybox-static  the root file system of the test image
docker-trust     docker.io       a docker client that still has `docker trust` (before version 29)
postgres         postgresql      the database behind notary-server
mariadbd         mariadb-server  the other database that Notary runs on
nginx            nginx           static files, for the bench
wrk              wrk             load, for the bench
openssl          openssl         certificates for the peers
python3-venv     python3-venv    runs the python-tuf client
cc               gcc             compiles the cryptography under tough
'

have() {
  case $1 in
    postgres) compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || command -v postgres >/dev/null ;;
    python3-venv) python3 -c 'import ensurepip, venv' >/dev/null 2>&1 ;;
    docker-trust) has_trust "$(command -v docker || true)" || has_trust /usr/bin/docker ;;
    *) command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ] ;;
  esac
}

has_trust() { [ -n "$1" ] && [ -x "$1" ] && "$1" trust inspect --help >/dev/null 2>&1; }

rows() { printf '%s\n' "$peers" | sed '/^$/d'; }

wanted=$(rows | while read -r name package _; do have "$name" || echo "$package"; done | sort -u)
if [ -n "$wanted" ]; then
  command -v apt-get >/dev/null || { echo "missing:" $wanted "- and this machine has no apt-get" >&2; exit 1; }
  as_root=''
  [ "$(id -u)" = 0 ] || as_root=sudo
  echo "installing from Debian:" $wanted
  $as_root apt-get update -q >/dev/null
  # RUNLEVEL=1 keeps the packages from starting their own daemons.
  $as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -q -y --no-install-recommends $wanted >/dev/null
fi

missing=0
while read -r name package why; do
  if have "$name"; then
    printf 'ok       %-16s %s\n' "$name" "$why"
  else
    printf 'MISSING  %-16s %s (Debian package %s)\n' "$name" "$why" "$package" >&2
    missing=1
  fi
done < <(rows)

# What is in no Debian is built from its own registry where Go or Rust is at hand, once; without it only its own suites are skipped, but in
# CI nothing may be.
here=$(cd "$(dirname "$0")" && pwd)
built=${XDG_CACHE_HOME:-$HOME/.cache}/countersign-peers
PATH=$PATH:/usr/local/go/bin:$HOME/.cargo/bin

# built_peer NAME WHY NEEDS COMMAND...
built_peer() {
  local name=$1 why=$2 needs=$3
  shift 3
  if "$@" >/dev/null; then
    printf 'built    %-16s %s\n' "$name" "$why"
  else
    printf 'absent   %-16s %s (needs %s)\n' "$name" "$why" "$needs" >&2
    [ -z "${CI:-}" ] || missing=1
  fi
}

docker_29() { [ -x "$built/docker-29" ] || bash "$here/peers/docker-29.sh" v29.7.2 "$built/docker-29"; }
tuftool_version=0.17.0
tuftool() {
  [ "$("$built/tuftool" --version 2>&1)" = "tuftool $tuftool_version" ] || bash "$here/peers/tuftool.sh" "$tuftool_version" "$built/tuftool"
}

built_peer docker-29 "a docker client that has lost docker trust" "Go and its module proxy" docker_29
built_peer go-tuf "a TUF client and repository maker in Go" "Go and its module proxy" bash "$here/peers/tuf-programs.sh" go-tuf "$built"
built_peer tough "a TUF client and repository maker in Rust" "Rust's cargo, crates.io and a C compiler" \
  bash "$here/peers/tuf-programs.sh" tough "$built"
built_peer tuftool "tough's own program" "Rust's cargo, crates.io and a C compiler" tuftool
exit $missing
