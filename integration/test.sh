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

count() { grep -Ec "$1" "$folder/output" || true; }
sum() { # FIELD: of the lines in which a test program says how it ended
    sed -n 's/^test result: [A-Za-z]*\. \([0-9]*\) passed; \([0-9]*\) failed;.*/\1 \2/p' "$folder/output" |
        awk -v field="$1" '{ total += $field } END { print total + 0 }'
}

passed=$(sum 1)
failed=$(sum 2)
# A program that died says nothing at its end, and its tests that had failed by then are not in the sums.
named=$(count '^test .* \.\.\. FAILED$')
[ "$named" -le "$failed" ] || failed=$named
died=$(($(count '^error: (doc)?test failed, to rerun') - $(count '^test result: FAILED')))
if [ "$died" -gt 0 ]; then
    echo "test programs that died, each counted as one failure: $died"
    failed=$((failed + died))
fi
if [ "$status" != 0 ] && [ "$failed" = 0 ]; then
    echo "cargo test ended with status $status: something did not build; it counts as one failure"
    failed=1
fi
[ $((passed + failed)) != 0 ] || echo "no test ran"
[ "$failed" = 0 ] || sed -n 's/^test \(.*\) \.\.\. FAILED$/failed: \1/p' "$folder/output"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
