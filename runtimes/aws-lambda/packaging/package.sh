#!/bin/sh
# Builds the function's package: a zip with `bootstrap` for provided.al2023, and its sha256, one of each architecture.
# Usage: package.sh TOOLS OUTPUT [ARCHITECTURE...]; TOOLS has cargo-zigbuild and zig from PyPI. The same source gives the
# same zip, byte by byte. Without an architecture: x86_64, and aarch64 if this toolchain can build for it.
set -eu

# The oldest C library that a package runs on: Amazon Linux 2023 has 2.34, and so old a one leaves room.
GLIBC=2.28
# The most bytes of a zip; a larger one takes longer to start from cold.
MOST_BYTES=6000000

say() { printf 'package: %s\n' "$*"; }
fail() { say "$*" >&2; exit 1; }

[ $# -ge 2 ] || fail "usage: package.sh TOOLS OUTPUT [ARCHITECTURE...]"
tools=$1
output=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
# cargo finds its subcommand there, and the subcommand its linker.
PATH=$tools/bin:$PATH
export PATH

can_build() { # TRIPLE
    [ -d "$(rustc --print sysroot)/lib/rustlib/$1/lib" ] || rustup target add "$1" >/dev/null 2>&1
}

# Which C library a program asks for is in the versions of its symbols, not in anybody's word.
newest_glibc() { # PROGRAM
    readelf --version-info --wide "$1" | grep -o 'GLIBC_[0-9.]*' | sed 's/GLIBC_//' | sort -uV | tail -n 1
}

# What was built for another processor is started by an emulator, if there is one for it.
start() { # ARCHITECTURE PROGRAM
    emulator=qemu-$1-static
    if [ "$(uname -m)" = "$1" ]; then
        "$tools/bin/python" "$here/start.py" "$2"
    elif command -v "$emulator" >/dev/null && [ -d "/usr/$1-linux-gnu" ]; then
        "$tools/bin/python" "$here/start.py" "$emulator" -L "/usr/$1-linux-gnu" "$2"
    else
        echo "not started: $emulator and its C library are not here"
    fi
}

package() { # ARCHITECTURE
    triple=$1-unknown-linux-gnu
    cargo zigbuild --locked --profile function --target "$triple.$GLIBC" --package pgquerylens-aws-lambda
    program=${CARGO_TARGET_DIR:-target}/$triple/function/bootstrap
    newest=$(newest_glibc "$program")
    [ "$(printf '%s\n%s\n' "$newest" "$GLIBC" | sort -V | tail -n 1)" = "$GLIBC" ] ||
        fail "$program asks for glibc $newest, and $GLIBC is the most it may"
    started=$(start "$1" "$program") || fail "$program does not start"
    # As Lambda calls it.
    case $1 in aarch64) name=arm64 ;; *) name=$1 ;; esac
    zip=$output/pgquerylens-lambda-$name.zip
    "$tools/bin/python" "$here/zip.py" "$program" "$zip"
    bytes=$(wc -c <"$zip")
    [ "$bytes" -le "$MOST_BYTES" ] || fail "$zip has $bytes bytes, at most $MOST_BYTES it may"
    (cd "$output" && sha256sum "${zip##*/}" >"${zip##*/}.sha256")
    say "$zip: $bytes bytes, glibc $newest or newer; $started"
}

mkdir -p "$output"
if [ $# -gt 0 ]; then
    for architecture; do
        can_build "$architecture-unknown-linux-gnu" || fail "rustup cannot add $architecture-unknown-linux-gnu here"
        package "$architecture"
    done
    exit 0
fi
package x86_64
if can_build aarch64-unknown-linux-gnu; then
    package aarch64
else
    say "aarch64: not built, rustup cannot add aarch64-unknown-linux-gnu here"
fi
