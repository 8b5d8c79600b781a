#!/bin/sh
# Installs what check.sh needs into DIR:
#   tool         Terraform or OpenTofu from the path; where neither is there, OpenTofu, built from its Go module
#   tflint       from the path, or built from its Go module; where neither can be had, its rules are left out
#   python/      checkov
#   mirror/      the AWS provider, real where the registry of providers answers; elsewhere a double of it
#   cli.tfrc     what tells Terraform to take providers from there alone
# What is there stays untouched, so a second run needs no network.
# Usage: install.sh DIR
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
umask 022
# Settings of whoever runs this are about other providers.
export TF_CLI_CONFIG_FILE=/dev/null

# The version that the bindings were made from.
PROVIDER_VERSION=6.69.1
OPENTOFU=github.com/opentofu/opentofu@v1.10.10
TFLINT=github.com/terraform-linters/tflint@v0.64.0

say() { printf 'terraform: %s\n' "$*"; }
fail() { say "$*" >&2; exit 1; }

needs_go() { # WHAT
    command -v go >/dev/null || fail "$1 needs Go 1.21 or newer: https://go.dev/dl"
}

# Its go.mod replaces modules, which Go heeds in the module's own folder alone, and that one is not to be written to.
build_opentofu() {
    needs_go "to build OpenTofu, since neither terraform nor tofu is there,"
    say "building $OPENTOFU, which takes about 6 minutes; with terraform or tofu on the path that is not needed"
    source=$(go mod download -json "$OPENTOFU" | sed -n 's/^.*"Dir": "\(.*\)",*$/\1/p')
    rm -rf "$dir/opentofu"
    cp -r "$source" "$dir/opentofu"
    chmod -R u+w "$dir/opentofu"
    (cd "$dir/opentofu" && CGO_ENABLED=0 go build -buildvcs=false -trimpath -o "$dir/tofu" ./cmd/tofu)
    rm -rf "$dir/opentofu"
}

find_tool() {
    tool=$(command -v terraform || command -v tofu || echo "$dir/tofu")
    [ -x "$tool" ] || build_opentofu
    ln -sfn "$tool" "$dir/tool"
    say "$("$dir/tool" version | head -n 1): there"
}

find_tflint() {
    if command -v tflint >/dev/null; then
        ln -sfn "$(command -v tflint)" "$dir/tflint"
    elif [ ! -x "$dir/tflint" ] && command -v go >/dev/null; then
        say "building $TFLINT, which takes about a minute"
        GOBIN=$dir CGO_ENABLED=0 go install -trimpath "$TFLINT" || say "tflint cannot be built here"
    fi
    [ ! -x "$dir/tflint" ] || say "$("$dir/tflint" --version | head -n 1): there"
}

registry_answers() {
    "$dir/python/bin/python" -c '
import urllib.request
urllib.request.urlopen("https://registry.terraform.io/.well-known/terraform.json", timeout=5)' 2>/dev/null
}

# Terraform unpacks a packed provider anew at each `init`, so that it is better unpacked once.
mirror_real() {
    say "downloading version $PROVIDER_VERSION of the AWS provider, which is large"
    rm -rf "$dir/mirror" "$dir/mirror.part"
    mkdir -p "$dir/mirror.part/wanted"
    cat >"$dir/mirror.part/wanted/versions.tf" <<EOF
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "$PROVIDER_VERSION"
    }
  }
}
EOF
    "$dir/tool" -chdir="$dir/mirror.part/wanted" providers mirror "$dir/mirror.part" >/dev/null
    for packed in "$dir"/mirror.part/*/hashicorp/aws/*.zip; do
        platform=$(basename "$packed" .zip)
        platform=${platform#*"_${PROVIDER_VERSION}_"}
        unpacked=$(dirname "$packed")/$PROVIDER_VERSION/$platform
        "$dir/python/bin/python" -m zipfile -e "$packed" "$unpacked"
        chmod +x "$unpacked"/terraform-provider-aws*
        rm "$packed" "$(dirname "$packed")"/*.json
    done
    rm -r "$dir/mirror.part/wanted"
    mark "real by $(basename "$tool")"
}

mark() { # KIND
    echo "$1" >"$dir/mirror.part/kind"
    mv "$dir/mirror.part" "$dir/mirror"
}

# What a double is made from; it is made anew when this changes.
sources_of_double() {
    cat "$here/schema.py" "$here/bindings.txt" "$here"/double/*
    find "$root/terraform" -name '*.tf' -exec grep -hoE '^ *(resource|data) +"aws_[a-z0-9_]+"' {} + | sort -u
}

make_double() {
    needs_go "the double of the AWS provider, which is made since the registry of providers does not answer,"
    say "the registry of providers does not answer: making a double of the AWS provider from its published bindings"
    bindings=$dir/bindings
    if ! cmp -s "$here/bindings.txt" "$bindings/bindings.txt"; then
        rm -rf "$bindings"
        "$dir/python/bin/python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
            --require-hashes --requirement "$here/bindings.txt" --dest "$bindings"
        cp "$here/bindings.txt" "$bindings/"
    fi
    platform=$(go env GOOS)_$(go env GOARCH)
    rm -rf "$dir/mirror" "$dir/mirror.part"
    for host in registry.terraform.io registry.opentofu.org; do
        made=$dir/mirror.part/$host/hashicorp/aws/$PROVIDER_VERSION/$platform
        mkdir -p "$made"
        if [ "$host" = registry.terraform.io ]; then
            (cd "$here/double" && CGO_ENABLED=0 go build -buildvcs=false -trimpath -o "$made/terraform-provider-aws_double" .)
            find "$root/terraform" -name '*.tf' -exec \
                "$dir/python/bin/python" "$here/schema.py" "$PROVIDER_VERSION" "$bindings"/*.whl "$made/schema.json" {} +
            first=$made
        else
            cp "$first"/* "$made/"
        fi
    done
    sources_of_double >"$dir/mirror.part/sources"
    mark double
}

[ $# -eq 1 ] || fail "usage: install.sh DIR"
mkdir -p "$1"
dir=$(cd "$1" && pwd)

sh "$here/../python.sh" "$dir/python" "$here/requirements.txt"
find_tool
find_tflint
case $(cat "$dir/mirror/kind" 2>/dev/null || true) in
    # Terraform and OpenTofu call the registry by different names.
    "real by $(basename "$tool")") say "the AWS provider: there" ;;
    double)
        if sources_of_double | cmp -s - "$dir/mirror/sources"; then
            say "a double of the AWS provider: there; where the registry of providers answers by now, remove $dir/mirror"
        else
            make_double
        fi ;;
    *) if registry_answers; then mirror_real; else make_double; fi ;;
esac
cat >"$dir/cli.tfrc" <<EOF
disable_checkpoint = true
provider_installation {
  filesystem_mirror {
    path = "$dir/mirror"
  }
}
EOF
