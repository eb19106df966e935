#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs test programs (cmocka) and scripts, JOBS of them at a time, tells of
# them in the order given, and ends with "N passed, N failed".
#
# cmocka is asked for TAP, and a script prints the same: "ok NAME" or "not ok
# NAME" a case. Lines marked "# SKIP" count as neither. A program that a signal
# or the time limit ended is one more failure; so is one that has no case, and
# one that ended badly without saying which case was to blame. It is a failure
# too if nothing passed at all.
set -u
JOBS=${JOBS:-$(nproc 2>/dev/null || echo 1)}
export TEST_SECONDS="${TEST_SECONDS:-600}"
export CMOCKA_MESSAGE_OUTPUT=TAP
logs=$(mktemp -d)
export logs
trap 'rm -rf "$logs"' EXIT
trap 'exit 1' INT TERM HUP

# Prints how many lines of a log match, one skipped case apart.
count() { grep -v '# SKIP' "$2" | grep -c "$1"; }

# Each test in the background leaves NUMBER.log, then NUMBER.status.
number=0
for test in "$@"; do
    number=$((number + 1))
    printf '%s\n%s\n' "$number" "$test"
done | xargs -r -d '\n' -n 2 -P "$JOBS" sh -c '
    case $2 in
    *.sh) run=sh ;;
    *) run= ;;
    esac
    timeout "$TEST_SECONDS" $run "$2" >"$logs/$1.log" 2>&1 </dev/null
    echo $? >"$logs/$1.part"
    mv "$logs/$1.part" "$logs/$1.status"' sh &
runner=$!

passed=0
failed=0
number=0
for test in "$@"; do
    number=$((number + 1))
    log=$logs/$number.log
    while [ ! -e "$logs/$number.status" ] && kill -0 $runner 2>/dev/null; do
        sleep 0.1
    done
    # The runner may have ended between the two looks.
    status=$(cat "$logs/$number.status" 2>/dev/null || echo 'never run')
    [ "$status" != 'never run' ] || : >"$log"
    good=$(count '^ok ' "$log")
    bad=$(count '^not ok ' "$log")
    skipped=$(grep -c '^ok .*# SKIP' "$log")
    why=
    case $status in
    0) [ $((good + bad + skipped)) -ne 0 ] || why='no case was run' ;;
    124) why="still running after $TEST_SECONDS s" ;;
    129 | 13? | 14?) why="ended by signal $((status - 128))" ;;
    'never run') why='never run' ;;
    *) [ "$bad" -ne 0 ] || why="exit $status" ;;
    esac
    [ -z "$why" ] || bad=$((bad + 1))
    passed=$((passed + good))
    failed=$((failed + bad))
    if [ "$bad" -ne 0 ]; then
        echo "FAILED $test (${why:-$bad of $((good + bad)) cases})"
        sed 's/^/    /' "$log"
    else
        [ "$skipped" -eq 0 ] || good="$good, $skipped skipped"
        echo "ok     $test ($good)"
    fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -ne 0 ]
