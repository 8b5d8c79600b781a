#!/bin/sh
# Runs every test of the workspace and ends with one line, `N passed, N failed`, summed over all test programs.
# A run in which something failed, did not build, did not end within TEST_LIMIT, or no test ran at all is a failure.
set -eu

# The bound of the whole run, building aside; some ten times what it takes.
TEST_LIMIT=${TEST_LIMIT:-30m}
# What a test program gets to end in order before it is killed.
GRACE=10s
# What `timeout` ends with if it had to end the command, and if it had to kill it.
TIMED_OUT=124
KILLED=137

cargo test --locked --workspace --no-run || {
    echo "something did not build, which counts as one failure"
    echo "0 passed, 1 failed"
    exit 1
}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# `tail` may come before the run that writes it.
: >"$folder/output"
timeout --kill-after="$GRACE" "$TEST_LIMIT" cargo test --locked --workspace --no-fail-fast >"$folder/output" 2>&1 &
process=$!
# `timeout` leads a group of its own, which a terminal's signal does not reach.
trap 'kill "$process"; exit 1' HUP INT TERM
tail -n +1 -f --pid="$process" "$folder/output"
wait "$process" && status=0 || status=$?

count() { grep -Ec "$1" "$folder/output" || true; }
sum() { # FIELD: of the lines in which a test program says how it ended
    sed -n 's/^test result: [A-Za-z]*\. \([0-9]*\) passed; \([0-9]*\) failed;.*/\1 \2/p' "$folder/output" |
        awk -v field="$1" '{ total += $field } END { print total + 0 }'
}
unfinished() { # what the last test program has in it and did not report
    last=$(sed -n 's/^ *Running .* (\(.*\))$/\1/p' "$folder/output" | tail -n 1)
    [ -x "$last" ] || return 0
    sed -n '/^ *Running /h; /^ *Running /!H; ${ g; p; }' "$folder/output" |
        sed -n 's/^test \(.*\) \.\.\. .*/\1/p' >"$folder/finished"
    "$last" --list 2>/dev/null | sed -n 's/: test$//p' | grep -Fxv -f "$folder/finished" || true
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
if [ "$status" = "$TIMED_OUT" ] || [ "$status" = "$KILLED" ]; then
    echo "the tests did not end within TEST_LIMIT=$TEST_LIMIT, which counts as one failure"
    unfinished | sed 's/^/not finished: /'
    failed=$((failed + 1))
fi
if [ "$status" != 0 ] && [ "$failed" = 0 ]; then
    echo "cargo test ended with status $status, which counts as one failure"
    failed=1
fi
[ $((passed + failed)) != 0 ] || echo "no test ran"
[ "$failed" = 0 ] || sed -n 's/^test \(.*\) \.\.\. FAILED$/failed: \1/p' "$folder/output"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
