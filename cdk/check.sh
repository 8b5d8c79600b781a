#!/bin/sh
# Compiles the construct library with jsii, runs its tests, and holds the templates of its examples against cfn-lint. All
# of it happens in a copy in DIR, where install.sh puts the packages, so that the checkout stays clean. What has not
# changed is not compiled again.
# Usage: check.sh DIR. UPDATE_EXPECT=1 writes the snapshots anew.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
umask 022

say() { printf 'cdk: %s\n' "$*"; }
fail() { say "$*" >&2; exit 1; }

# Runs a command and shows what it says only if it fails.
quietly() { # COMMAND...
    "$@" >"$dir/said" 2>&1 || { cat "$dir/said" >&2; exit 1; }
}

[ $# -eq 1 ] || fail "usage: check.sh DIR"
sh "$here/install.sh" "$1"
dir=$(cd "$1" && pwd)
copy=$dir/package
# What the function takes of a server stands in the schema of its configuration.
cp "$here/README.md" "$here/../LICENSE" "$here/../docs/reference/configuration.schema.json" "$copy/"

# Tells whether what these files and folders hold is not what NAME was last made of.
is_new() { # NAME PATH...
    name=$1
    shift
    (cd "$here" && find "$@" -type f ! -path '*/snapshots/*' | LC_ALL=C sort | xargs cksum) >"$dir/$name.now"
    ! cmp -s "$dir/$name.now" "$copy/$name.made"
}

# Takes files and folders over, and nothing that was there before.
take() { # PATH...
    for path in "$@"; do
        rm -rf "${copy:?}/$path"
        cp -R "$here/$path" "$copy/$path"
    done
}

if is_new library src package.json check.sh; then
    say "compiling the library with jsii"
    rm -rf "$copy/lib" "$copy/.jsii" "$copy/tests.made"
    take src package.json
    # The name of one property is a word that Java and Go keep for themselves; their bindings give it another.
    (cd "$copy" && quietly node_modules/.bin/jsii --fail-on-warnings --silence-warnings reserved-word)
    mv "$dir/library.now" "$copy/library.made"
fi

if is_new tests test examples tsconfig.test.json check.sh; then
    say "compiling tests and examples"
    take test examples tsconfig.test.json
    (cd "$copy" && quietly node_modules/.bin/tsc --project tsconfig.test.json)
    mv "$dir/tests.now" "$copy/tests.made"
fi

take test/snapshots
(cd "$copy" && node --test --test-reporter=spec test/ >"$dir/said" 2>&1) || { cat "$dir/said" >&2; fail "tests failed"; }
passed=$(sed -n 's/^. pass \([0-9]*\)$/\1/p' "$dir/said")
[ "${passed:-0}" -gt 0 ] || fail "no test ran"
[ "${UPDATE_EXPECT:-}" != 1 ] || cp "$copy"/test/snapshots/*.json "$here/test/snapshots/"

# Every finding counts, also those that are only information. Left out is how the CDK writes whatever is written with it:
# texts put together by Fn::Join (I1022), and that a function depends on its role, although it names it (W3005).
"$dir/python/bin/cfn-lint" --include-checks I --ignore-checks I1022 W3005 --non-zero-exit-code informational \
    -- "$copy"/cdk.out/*/*.template.json || fail "cfn-lint found something"
say "$passed tests passed, $(find "$copy/cdk.out" -name '*.template.json' | wc -l) templates are sound"
