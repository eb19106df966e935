#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Every benchmark, one behind the other: run.sh PROGRAM BENCH...
# What the lines mean: tests/bench/README.md.
set -u
cd "$(dirname "$0")/../.." || exit 1
program=$1
shift

title() {
    printf '\n== %s\n' "$1"
}

# Cycles and instructions of a command, where the machine counts them.
counters() {
    for event in cycles instructions; do
        count=$(perf stat -x, -e $event "$@" 2>&1 >/dev/null |
            sed -n "s/^\([0-9][0-9]*\),[^,]*,$event.*/\1/p")
        printf '%-32s %s\n' "$event" "${count:-not available}"
    done
}

# Parts first, then what is made of them.
first='random queue transfer life'
last='common scale'

title "$(uname -sm), $(nproc) processors, $(date -u +%F), $(
    git describe --always --dirty 2>/dev/null)"
status=0

# run_bench NAME BENCH: only one of them wants to know the program.
run_bench() {
    title "$1"
    if [ "$1" = scale ]; then
        "$2" "$program" || status=1
    else
        "$2" || status=1
    fi
}

run_list() {
    for wanted in $1; do
        for bench in $benches; do
            name=${bench##*/bench_}
            [ "$name" != "$wanted" ] || run_bench "$name" "$bench"
        done
    done
}

benches=$*
others=
for bench; do
    name=${bench##*/bench_}
    case " $first $last " in
    *" $name "*) ;;
    *) others="$others $name" ;;
    esac
done
run_list "$first"
run_list "$others"
run_list "$last"
title counters
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
if [ -r scenarios/scale/common.json ]; then
    counters "$program" run --quiet --no-plots --threads 1 \
        --out "$scratch/results" scenarios/scale/common.json
fi
title ranks
sh tests/bench/ranks.sh || status=1
exit $status
