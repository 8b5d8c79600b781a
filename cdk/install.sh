#!/bin/sh
# Installs what check.sh compiles and lints with, at the versions pinned here: DIR/package/node_modules has aws-cdk-lib and
# jsii, DIR/python/bin has cfn-lint. What is already there stays untouched, so a second run needs no network.
# Usage: install.sh DIR
set -eu

here=$(cd "$(dirname "$0")" && pwd)
umask 022

say() { printf 'cdk: %s\n' "$*"; }
fail() { say "$*" >&2; exit 1; }

[ $# -eq 1 ] || fail "usage: install.sh DIR"
mkdir -p "$1"
dir=$(cd "$1" && pwd)

sh "$here/../integration/python.sh" "$dir/python" "$here/requirements.txt"

if cmp -s "$here/package-lock.json" "$dir/package/installed-lock.json"; then
    say "aws-cdk-lib, jsii: there"
    exit 0
fi
command -v npm >/dev/null && command -v node >/dev/null || fail "needs node and npm"
say "installing aws-cdk-lib and jsii into $dir/package"
rm -rf "$dir/package"
mkdir "$dir/package"
cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$dir/package/"
(cd "$dir/package" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
# Only what is whole is marked as being there.
cp "$here/package-lock.json" "$dir/package/installed-lock.json"
