#!/bin/sh
# Makes a Python environment with pinned packages and no others, so that DIR/bin has what they bring.
# Usage: python.sh DIR REQUIREMENTS. What is already there stays untouched, so a second run needs no network.
set -eu

umask 022

say() { printf 'python: %s\n' "$*"; }
fail() { say "$*" >&2; exit 1; }

[ $# -eq 2 ] || fail "usage: python.sh DIR REQUIREMENTS"
dir=$1
pins=$2
installed=$dir/requirements.txt
packages=$(sed -n 's/^\([a-zA-Z0-9_.-]*==[^ ]*\).*/\1/p' "$pins" |
    awk 'NR <= 12 { names = names " " $0 } END { print substr(names, 2) (NR > 12 ? " and " NR - 12 " more" : "") }')

if [ -x "$dir/bin/python" ] && cmp -s "$pins" "$installed" && "$dir/bin/python" -c ''; then
    say "$packages: there"
    exit 0
fi
command -v python3 >/dev/null || fail "needs python3"
say "installing $packages into $dir"
rm -rf "$dir"
python3 -m venv "$dir"
"$dir/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: \
    --requirement "$pins"
# Only what is whole is marked as being there.
cp "$pins" "$installed"
