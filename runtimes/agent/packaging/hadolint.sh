#!/bin/sh
# Installs the pinned hadolint, so that DIR/bin/hadolint exists. Usage: hadolint.sh DIR
# What is already there stays untouched, so a second run needs no network.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
[ $# = 1 ] || { echo "usage: hadolint.sh DIR" >&2; exit 1; }
[ ! -x "$1/bin/hadolint" ] || exit 0
python3 -m venv "$1"
"$1/bin/pip" install --quiet --require-hashes --requirement "$here/hadolint.txt"
