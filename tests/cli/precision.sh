#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# run --precision: replications until intervals are narrow, the same on any
# number of threads; what is said if they are not, and of what is no precision.
set -u
cd "$(dirname "$0")/../.." || exit 1
OTASIM=${OTASIM:-$PWD/build/otasim}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
scenario=scenarios/starter/electron-hourly.json

verdict() { # NAME STATUS
    if [ "$2" -eq 0 ]; then echo "ok $1"; else echo "not ok $1"; fi
}

run() { # ARGUMENT...
    "$OTASIM" run "$scenario" --no-plots --set count=100 \
        --set run.horizon=5d --reps 3 "$@"
}

# The same bytes, however many threads.
for threads in 1 2 3; do
    run --quiet --threads $threads --precision charge=0.4% \
        --precision 'confirmed_within(3d)=1%' --out "$work/$threads"
done
used=$(sed -n 's/^  "replications": \([0-9]*\),$/\1/p' "$work/1/manifest.json")
[ "$used" -gt 10 ] &&
    [ "$(grep -c '"met": true' "$work/1/summary.json")" -eq 2 ]
verdict precision_is_met $?
diff -r "$work/1" "$work/2" && diff -r "$work/1" "$work/3"
verdict precision_on_threads $?

# As many replications as were used have the same numbers but for the interval.
grep -q "\"replications\": $used" "$work/1/scenario.json" &&
    "$OTASIM" run "$work/1/scenario.json" --quiet --no-plots \
        --out "$work/again" &&
    cmp "$work/1/timeline.csv" "$work/again/timeline.csv" &&
    ! grep -q '"met"' "$work/again/summary.json"
verdict precision_is_so_many_replications $?

# Not met: what was done, and what it takes.
run --precision charge=0.1% --max-reps 12 --out none >"$work/out"
status=$?
[ $status -eq 0 ] && grep -q '12 replications of 5 d' "$work/out" &&
    grep -Eq 'not met: it takes about [0-9,]+ replications' "$work/out"
verdict precision_not_met $?
# What cannot be met any more is given up.
run --precision time_to_99=1h --max-reps 12 --out none >"$work/out" &&
    grep -q 'not met: 0 of 10 replications gave it, and a mean takes all' \
        "$work/out"
verdict precision_of_nothing $?
run --precision charge=0.1% --max-reps 12 --out none --json >"$work/out" &&
    grep -Eq '"met": false, "replications": 12, "needed": [0-9]+' "$work/out"
verdict precision_json $?

# Nothing that is no precision is taken for one.
refuses() { # NAME PART ARGUMENT...
    name=$1 part=$2
    shift 2
    run "$@" --out none >"$work/out" 2>"$work/err"
    status=$?
    [ $status -eq 2 ] && [ ! -s "$work/out" ] && grep -qF -- "$part" "$work/err"
    verdict "$name" $?
}
refuses precision_without_width 'it takes MEASURE=WIDTH' --precision charge
refuses precision_unknown 'did you mean charge?' --precision chrge=5%
refuses precision_without_unit 'has no unit' --precision charge=5
refuses precision_of_zero 'must be more than 0' --precision charge=0%
refuses max_reps_alone 'it goes with --precision' --max-reps 12
refuses max_reps_too_many 'from 1 to 1000000' \
    --precision charge=1% --max-reps 1000001
refuses precision_in_parts 'it does not go with --precision' \
    --precision charge=1% --part 1/2
