#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Threads that touch the same memory, under ThreadSanitizer: fleets of several
# shards on four threads, replications beside each other, rules, slots, polls
# and shared capacity; units of studies and of parts, dealt to threads.
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

# clean NAME COMMAND ARGUMENT...
clean() {
    name=$1
    shift
    "$RACES" "$@" --quiet --no-plots --threads 4 \
        --out "$folder/out" >"$folder/log" 2>&1 </dev/null
    status=$?
    if [ $status -eq 0 ]; then
        echo "ok races: $name"
    else
        head -n 40 "$folder/log"
        echo "not ok races: $name (exit $status)"
    fi
    rm -rf "$folder"/out*
}

million='scenarios/scale/million.json --set fleet.0.count=4000'
small='scenarios/starter/electron-hourly.json --set fleet.0.count=40
    --set run.horizon=3d'
rollout='scenarios/rollouts/bad.json --policy scenarios/rollouts/policies'
# shellcheck disable=SC2086
{
    clean 'a fleet' run $million
    clean 'a rule that stops' run $million --set fleet.0.firmware.failure=0.2
    clean 'shared capacity' run $million --set cloud.egress=20Mbit/s
    clean 'waves' run $rollout/hawkbit.json --reps 1
    clean 'polls, beside each other' run $rollout/nerveshub.json --reps 8
    clean 'slots' run $rollout/canary.json --reps 4
    clean 'a sweep' sweep $small --vary app.wait=5s..60s:5 --reps 4
    clean 'a sweep of large units' sweep $million --vary cloud.egress=20Mbit/s \
        --reps 1
    clean 'a part' run $small --reps 16 --part 1/2
    clean 'to a precision' run $small --precision charge=1% --max-reps 40
    clean 'a search' tune $small --vary app.wait=5s..60s --minimise charge \
        --budget 60
}
