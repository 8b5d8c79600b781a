#!/bin/sh
# Breaks a copy of the module in each way that the provider's schema tells, and wants `validate` to refuse each and to name
# what is wrong: else a double that has forgotten its schema would let everything pass.
# Usage: breaks.sh DIR MODULE, where install.sh has been, and a copy of the module after `init`
set -eu

say() { printf 'terraform: %s\n' "$*"; }
fail() { say "$*" >&2; exit 1; }

[ $# = 2 ] || fail "usage: breaks.sh DIR MODULE"
dir=$(cd "$1" && pwd)
module=$(cd "$2" && pwd)
export TF_CLI_CONFIG_FILE="$dir/cli.tfrc"
broken=$(mktemp -d)
trap 'rm -rf "$broken"' EXIT
count=0

refuses() { # WHAT FILE SED-SCRIPT WORDS-OF-THE-MESSAGE...
    what=$1 file=$2 script=$3
    shift 3
    rm -rf "$broken/module"
    cp -r "$module" "$broken/module"
    sed -i.before "$script" "$broken/module/$file"
    ! cmp -s "$broken/module/$file" "$broken/module/$file.before" || fail "$what: the line to break is no longer in $file"
    said=$("$dir/tool" -chdir="$broken/module" validate -no-color 2>&1) && fail "$what: validate lets it pass"
    # Messages are wrapped anywhere.
    said=$(printf '%s' "$said" | tr -s '\n│ ' ' ')
    for words in "$@"; do
        case $said in *"$words"*) ;; *) fail "$what: validate does not say \"$words\" but: $said" ;; esac
    done
    count=$((count + 1))
}

refuses "a misspelt attribute" queue.tf 's/visibility_timeout_seconds = local/visibility_timeout_secs = local/' \
    'Unsupported argument' '"visibility_timeout_secs"'
refuses "a missing attribute" schedule.tf '/^  schedule_expression  *=/d' \
    'Missing required argument' '"schedule_expression"'
refuses "a wrong type" queue.tf 's/message_retention_seconds  = var.message_retention_seconds/message_retention_seconds = "an hour"/' \
    'Incorrect attribute value type' 'a number is required'
refuses "an unknown resource" logs.tf 's/"aws_cloudwatch_log_group"/"aws_cloudwatch_log_groups"/' \
    'Invalid resource type' '"aws_cloudwatch_log_groups"'
refuses "a computed attribute that is set" schedule.tf 's/^  description  *=.*/  arn = "arn:aws:scheduler:eu-west-1:123456789012:schedule\/default\/pgquerylens"/' \
    '"arn"'
refuses "a missing attribute of a block" schedule.tf '/^    mode = "OFF"$/d' \
    'Missing required argument' '"mode"'
say "validate refuses each of $count breaks and names it"
