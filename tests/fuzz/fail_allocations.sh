#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `otasim run` when its n-th allocation fails: it either does without and
# leaves the same results, or says why on stderr, exits 1 and leaves nothing:
# the command line and the scenario are not to blame. It never crashes.
#
# The shipped catalogue takes thousands of like allocations; of those every
# STRIDE-th (131) is tried, of the others all. STRIDE=1 tries all.
set -u
cd "$(dirname "$0")/../.." || exit 1
OTASIM=${OTASIM:-$PWD/build/otasim}
starter=scenarios/starter/electron-hourly.json
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

skip() {
    echo "ok no memory # SKIP $1"
    exit 0
}

if grep -q __asan_init "$OTASIM"; then
    skip 'the sanitizer has an allocator of its own'
fi
if grep -q 'libomp[.]so' "$OTASIM"; then
    skip "clang's OpenMP waits for ever when it finds no memory"
fi
${CC:-cc} -std=c17 -O1 -shared -fPIC -o "$folder/fail.so" \
    tests/fuzz/fail_allocation.c 2>"$folder/log" ||
    skip "no such C library: $(head -n 1 "$folder/log")"

# run N FOLDER: the N-th allocation fails; 0: none does.
run() {
    timeout -s KILL 20 env FAIL_AT="$1" FAIL_COUNT="$folder/count" \
        LD_PRELOAD="$folder/fail.so" "$OTASIM" run $starter --set fleet.0.count=5 \
        --set run.horizon=2d --reps 2 --threads 1 --no-plots --quiet \
        --out "$2" >"$folder/out" 2>"$folder/err" </dev/null
}

# judge N: prints what is wrong with the answer to the N-th failing.
judge() {
    run "$1" "$folder/results"
    status=$?
    case $status in
    0) diff -r "$folder/wanted" "$folder/results" ;;
    1)
        [ -s "$folder/err" ] || echo "exit $status without a word"
        ls -d "$folder"/results* 2>/dev/null
        ;;
    *) echo "exit $status" && head -n 3 "$folder/err" ;;
    esac
    rm -rf "$folder"/results*
}

run 0 "$folder/wanted" || {
    echo 'not ok no memory: the run without failures'
    exit 1
}
count=$(cat "$folder/count")
stride=${STRIDE:-131}
tried=0
offenders=0
n=1
while [ "$n" -le "$count" ]; do
    wrong=$(judge $n)
    tried=$((tried + 1))
    if [ -n "$wrong" ]; then
        offenders=$((offenders + 1))
        echo "allocation $n of $count: $wrong"
    fi
    # The scenario's come first, those of the run and its results last.
    if [ "$n" -gt 250 ] && [ "$n" -lt $((count - 200 - stride)) ]; then
        n=$((n + stride))
    else
        n=$((n + 1))
    fi
done
if [ $offenders -eq 0 ] && [ "$tried" -gt 400 ]; then
    echo "ok no memory: $tried of $count allocations fail"
else
    echo "not ok no memory: $offenders of $tried"
fi
