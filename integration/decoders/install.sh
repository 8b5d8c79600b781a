#!/bin/sh
# Makes a Python environment with the pinned packages, so that DIR/bin/python can read what we send.
# Usage: install.sh DIR. What is already there stays untouched, so a second run needs no network.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
umask 022

say() { printf 'decoders: %s\n' "$*"; }
fail() { say "$*" >&2; exit 1; }

[ $# -eq 1 ] || fail "usage: install.sh DIR"
dir=$1
installed=$dir/requirements.txt

if [ -x "$dir/bin/python" ] && cmp -s "$here/requirements.txt" "$installed" && "$dir/bin/python" -c ''; then
    say "Python's decoders are there"
    exit 0
fi
command -v python3 >/dev/null || fail "needs python3"
say "installing Python's decoders of OTLP into $dir"
rm -rf "$dir"
python3 -m venv "$dir"
"$dir/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: \
    --requirement "$here/requirements.txt"
"$dir/bin/python" -B "$here/decode.py" --help >/dev/null || fail "the decoders do not run here"
# Only what is whole is marked as being there.
cp "$here/requirements.txt" "$installed"
