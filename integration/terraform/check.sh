#!/bin/sh
# Holds the Terraform module and its examples against the formatter, the tables of the README, the provider's schema, the
# module's own tests, checkov, and tflint where it could be had. Nothing is asked of AWS, and nothing is written into the
# checkout: Terraform works on a copy.
# Usage: check.sh DIR, where install.sh has been
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
module=modules/aws-lambda
folders="$module examples/minimal examples/fleet"

say() { printf 'terraform: %s\n' "$*"; }

[ $# = 1 ] || { say "usage: check.sh DIR" >&2; exit 1; }
dir=$(cd "$1" && pwd)
export TF_CLI_CONFIG_FILE="$dir/cli.tfrc" TF_IN_AUTOMATION=1
# Region and credentials of whoever runs this have no part in it.
unset AWS_PROFILE AWS_REGION AWS_DEFAULT_REGION AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN

work=$(mktemp -d)
checkov=
trap '[ -z "$checkov" ] || kill "$checkov" 2>/dev/null || true; rm -rf "$work"' EXIT

quietly() { # COMMAND...
    "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
}

"$dir/tool" fmt -check -diff -recursive "$root/terraform"
"$dir/python/bin/python" "$here/readme.py" --check "$root/terraform/$module"

# It takes as long as the rest, and looks at the sources alone.
"$dir/python/bin/checkov" --config-file "$here/checkov.yaml" --directory "$root/terraform" >"$work/checkov.log" 2>&1 &
checkov=$!

bindings=$(cat "$dir"/mirror/*/hashicorp/aws/*/*/schema.json 2>/dev/null | sed -n 's/^ "bindings": "\(.*\)",$/\1/p' | head -n 1)
[ -z "$bindings" ] || say "validating with a provider double, schema from $bindings; not the real provider"
cp -r "$root/terraform" "$work/terraform"
for folder in $folders; do
    quietly "$dir/tool" -chdir="$work/terraform/$folder" init -backend=false -input=false -no-color
    quietly "$dir/tool" -chdir="$work/terraform/$folder" validate -no-color
    say "$folder is valid"
done
sh "$here/breaks.sh" "$dir" "$work/terraform/$module"
quietly "$dir/tool" -chdir="$work/terraform/$module" test -no-color
tail -n 1 "$work/log"
if [ -x "$dir/tflint" ]; then
    for folder in $folders; do
        "$dir/tflint" --chdir="$root/terraform/$folder" --config="$here/tflint.hcl"
    done
    say "tflint finds nothing"
else
    say "tflint is neither on the path nor to be built here, and its rules are left out"
fi
wait "$checkov" || { cat "$work/checkov.log" >&2; exit 1; }
checkov=
say "checkov finds nothing"
