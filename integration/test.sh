#!/bin/sh
# Runs every test of the workspace and ends with one line, `N passed, N failed`, summed over all test programs.
# A run in which something failed, did not build, or no test ran at all is a failure.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM

{ cargo test --locked --workspace --no-fail-fast 2>&1 && echo 0 >"$folder/status" || echo $? >"$folder/status"; } |
    tee "$folder/output"
status=$(cat "$folder/status")

# shellcheck disable=SC2046
set -- $(sed -n 's/^test result: [A-Za-z]*\. \([0-9]*\) passed; \([0-9]*\) failed;.*/\1 \2/p' "$folder/output" |
    awk '{ passed += $1; failed += $2 } END { print passed + 0, failed + 0 }')
passed=$1 failed=$2

if [ "$status" != 0 ] && [ "$failed" = 0 ]; then
    echo "cargo test ended with status $status: something did not build, or a test program died; it counts as one failure"
    failed=1
fi
[ $((passed + failed)) != 0 ] || echo "no test ran"
[ "$failed" = 0 ] || sed -n 's/^test \(.*\) \.\.\. FAILED$/failed: \1/p' "$folder/output"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
