#!/bin/sh
# Holds the service's unit against systemd-analyze and the Dockerfile against hadolint. Nothing is started or built.
# Usage: lint.sh HADOLINT
set -eu

here=$(cd "$(dirname "$0")" && pwd)
unit=pgquerylens.service
# systemd's measure of what a service could still do, in tenths: 0 is nothing, 100 everything.
MOST_EXPOSURE=15

[ $# = 1 ] || { echo "usage: lint.sh HADOLINT" >&2; exit 1; }
"$1" "$here/Dockerfile"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# The program is not installed here, and verify wants one that is.
sed 's#^ExecStart=[^ ]*#ExecStart=/bin/true#' "$here/$unit" >"$folder/$unit"
verified=$(systemd-analyze verify "$folder/$unit" 2>&1) || { echo "$verified" >&2; exit 1; }
# What verify does not know it passes over with a warning.
[ -z "$verified" ] || { echo "$verified" >&2; exit 1; }
exposed=$(systemd-analyze security --offline=true --threshold="$MOST_EXPOSURE" "$folder/$unit") ||
    { echo "$exposed" >&2; exit 1; }
echo "packaging: $unit and Dockerfile are sound"
