#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `otasim run`, `otasim sweep` and `otasim trace` when the n-th allocation fails: either they do
# without and leave the same results, or they say why on stderr, exit 1 and
# leave nothing: the command line and the scenario are not to blame. They never
# crash.
#
# The shipped catalogue takes thousands of like allocations; of those every
# STRIDE-th (131) is tried, of the others all. STRIDE=1 tries all. A trace reads
# the scenario as a run does, and is tried from there on; a sweep reads it for
# each point, twice, and is tried in longer strides.
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

# fail_at N ARGUMENT...: the N-th allocation fails; 0: none does.
fail_at() {
    nth=$1
    shift
    timeout -s KILL 20 env FAIL_AT="$nth" FAIL_COUNT="$folder/count" \
        LD_PRELOAD="$folder/fail.so" "$OTASIM" "$@" >"$folder/out" \
        2>"$folder/err" </dev/null
}

# run N COMMAND PLACE: with its results at that place.
run() {
    case $2 in
    run) set -- "$@" --reps 2 --no-plots ;;
    sweep) set -- "$@" --reps 2 --no-plots --vary app.wait=5s,9s ;;
    *) set -- "$@" --why waiting --limit 3 --idle step --format "${2#trace-}" ;;
    esac
    at=$1
    command=${2%%-*}
    place=$3
    shift 3
    fail_at "$at" "$command" $starter --set fleet.0.count=5 \
        --set run.horizon=2d --threads 1 --quiet --out "$place" "$@"
}

# judge N COMMAND: prints what is wrong with the answer to the N-th failing.
judge() {
    run "$1" "$2" "$folder/results"
    status=$?
    case $status in
    0) diff -r "$folder/wanted" "$folder/results" ;;
    1)
        [ -s "$folder/err" ] || echo "exit $status without a word"
        # A sweep may keep what it has done.
        ls -d "$folder"/results* 2>/dev/null | grep -v '/results[.]units$'
        ;;
    *) echo "exit $status" && head -n 3 "$folder/err" ;;
    esac
    rm -rf "$folder"/results*
}

# try_all COMMAND FIRST DENSE LEAST: fails its allocations from FIRST on: up to
# DENSE each, then with strides, the last 330 each again; LEAST are enough.
try_all() {
    rm -rf "$folder/wanted"
    run 0 "$1" "$folder/wanted" || {
        echo "not ok no memory: $1 without failures"
        return
    }
    count=$(cat "$folder/count")
    tried=0
    offenders=0
    n=$2
    while [ "$n" -le "$count" ]; do
        wrong=$(judge "$n" "$1")
        tried=$((tried + 1))
        if [ -n "$wrong" ]; then
            offenders=$((offenders + 1))
            echo "allocation $n of $count: $wrong"
        fi
        if [ "$n" -le "$3" ] || [ "$n" -ge $((count - 330)) ]; then
            n=$((n + 1))
        elif [ $((n + stride)) -lt $((count - 330)) ]; then
            n=$((n + stride))
        else
            n=$((count - 330))
        fi
    done
    if [ $offenders -eq 0 ] && [ "$tried" -ge "$4" ]; then
        echo "ok no memory: $1, $tried of $count allocations fail"
    else
        echo "not ok no memory: $1, $offenders of $tried"
    fi
}

stride=${STRIDE:-131}
# The scenario's come first, those of the run and its results last.
try_all run 1 250 400
fail_at 0 check $starter
read_count=$(cat "$folder/count")
for format in text ndjson chrome; do
    try_all "trace-$format" $((read_count - 10)) $((read_count + 1000)) 20
done
stride=$((stride * 40))
try_all sweep 1 10 100
