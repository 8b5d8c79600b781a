#!/bin/sh
# Installs the emulators that the tests of stores run against, so that DIR/python/bin/moto_server and
# DIR/node/node_modules/azurite exist, at the versions pinned here. What is already there stays untouched, so a second
# run needs no network.
# Usage: install.sh DIR
set -eu

here=$(cd "$(dirname "$0")" && pwd)
umask 022

say() { printf 'emulators: %s\n' "$*"; }
fail() { say "$*" >&2; exit 1; }

[ $# -eq 1 ] || fail "usage: install.sh DIR"
mkdir -p "$1"
dir=$(cd "$1" && pwd)

sh "$here/../python.sh" "$dir/python" "$here/requirements.txt"

if cmp -s "$here/package-lock.json" "$dir/node/installed-lock.json"; then
    say "azurite: there"
    exit 0
fi
command -v npm >/dev/null && command -v node >/dev/null || fail "needs node and npm"
say "installing azurite into $dir/node"
rm -rf "$dir/node"
mkdir "$dir/node"
cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$dir/node/"
(cd "$dir/node" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
# Only what is whole is marked as being there.
cp "$here/package-lock.json" "$dir/node/installed-lock.json"
