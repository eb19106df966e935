#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Threads that touch the same memory, under ThreadSanitizer: fleets of several
# shards on four threads, replications beside each other, rules, slots, polls
# and shared capacity.
#
# RACES names a program that clang built with -fsanitize=thread. OpenMP's own
# barriers are told to the sanitizer by Archer, which comes with clang's OpenMP.
set -u
cd "$(dirname "$0")/../.." || exit 1
RACES=${RACES:-$PWD/build/tsan/otasim}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
archer=$(ls /usr/lib/llvm-*/lib/libarcher.so 2>/dev/null | tail -n 1)

if [ ! -x "$RACES" ] || [ -z "$archer" ]; then
    echo 'ok races # SKIP no program built with clang, or no Archer'
    exit 0
fi
export OMP_TOOL_LIBRARIES="$archer"
export TSAN_OPTIONS='ignore_noninstrumented_modules=1 exitcode=66'

# clean NAME ARGUMENT...
clean() {
    name=$1
    shift
    "$RACES" run "$@" --quiet --no-plots --threads 4 \
        --out "$folder/out" >"$folder/log" 2>&1 </dev/null
    status=$?
    if [ $status -eq 0 ]; then
        echo "ok races: $name"
    else
        head -n 40 "$folder/log"
        echo "not ok races: $name (exit $status)"
    fi
    rm -rf "$folder/out"
}

million='scenarios/scale/million.json --set fleet.0.count=4000'
rollout='scenarios/rollouts/bad.json --policy scenarios/rollouts/policies'
# shellcheck disable=SC2086
{
    clean 'a fleet' $million
    clean 'a rule that stops' $million --set fleet.0.firmware.failure=0.2
    clean 'shared capacity' $million --set cloud.egress=20Mbit/s
    clean 'waves' $rollout/hawkbit.json --reps 1
    clean 'polls, beside each other' $rollout/nerveshub.json --reps 8
    clean 'slots' $rollout/canary.json --reps 4
}
