#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `run --part K/N` and `merge`: any number of parts, done in any order, give the
# answer and the bytes of one process; what is missing is named.
set -u
OTASIM=${OTASIM:-$PWD/build/otasim}
starter=$PWD/scenarios/starter/electron-hourly.json
bad=$PWD/scenarios/rollouts/bad.json
canary=$PWD/scenarios/rollouts/policies/canary.json
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

run() {
    timeout -s KILL 120 "$OTASIM" "$@"
}

verdict() {
    if [ "$2" -eq 0 ]; then
        echo "ok $1"
    else
        cat said err 2>/dev/null
        echo "not ok $1"
    fi
}

# in_parts NAME COUNT ARGUMENT...: the last part is done first.
in_parts() {
    name=$1
    count=$2
    shift 2
    rm -rf out.part-* out
    status=0
    part=$count
    while [ "$part" -gt 0 ]; do
        run "$@" --part "$part/$count" >said 2>err || status=1
        part=$((part - 1))
    done
    run merge out.part-*-of-"$count" >merged 2>err || status=1
    cmp whole merged && diff -r whole.out out || status=1
    [ -s err ] && status=1
    verdict "${name}_in_$count" $status
}

# compare NAME ARGUMENT...: in 1, 3 and 7 parts; some have nothing to do.
compare() {
    name=$1
    shift
    rm -rf out whole.out
    run "$@" >whole 2>err || verdict "$name" 1
    mv out whole.out
    for count in 1 3 7; do
        in_parts "$name" "$count" "$@"
    done
}

small="--out out --no-plots --set fleet.*.count=40"
compare starter run "$starter" $small --reps 5
compare json run "$starter" $small --reps 7 --json --seed 3
compare staged run "$bad" $small --reps 4 --policy "$canary"

# --- a part's words ----------------------------------------------------------

run run "$starter" $small --reps 5 --part 2/3 --fresh >said 2>err
grep -q '^Part 2 of 3: 2 replications in out.part-2-of-3$' said &&
    grep -q '^  otasim merge out.part-\*-of-3$' said
verdict a_part_says_what_comes_next $?

run run "$starter" $small --reps 5 --part 2/3 >again 2>err && cmp said again
verdict a_part_that_is_there_is_not_done_again $?

run run "$starter" $small --reps 6 --part 2/3 >said 2>err
[ $? -eq 1 ] && grep -q 'is a part of another command' err
verdict a_part_of_another_command_stays $?

run run "$starter" $small --part 2/3 --out none >said 2>err
[ $? -eq 2 ] && grep -q -e '--part: it writes a file' err
verdict a_part_needs_a_place $?

run run "$starter" $small --part 1/3 --precision charge=5% >said 2>err
[ $? -eq 2 ] && grep -q -e '--part: it does not go with --precision' err
verdict a_part_cannot_know_precision $?

# --- merging -------------------------------------------------------------------

rm -rf out out.part-*
for part in 1 3; do
    run run "$starter" $small --reps 5 --part $part/3 >said 2>err
done
run merge out.part-* >said 2>err
[ $? -eq 1 ] && grep -q 'of 3 parts, 1 is missing: 2$' err && [ ! -e out ]
verdict a_missing_part_is_named $?

cp "$starter" mine.json
for part in 1 2; do
    run run mine.json $small --out mine --reps 3 --part $part/2 >said 2>err
done
sed -i 's/"10s"/"11s"/' mine.json
run merge mine.part-* >said 2>err
[ $? -eq 1 ] && grep -q 'mine.json, or a file that it names, was changed' err &&
    [ ! -e mine ]
verdict a_changed_scenario_is_named $?

rm -f mine.part-*
cp "$starter" mine.json
for part in 1 2; do
    run run mine.json --set 'fleet.*.count=40' --out torn --reps 3 \
        --part $part/2 >said 2>err
done
size=$(wc -c <torn.part-2-of-2)
yes | dd of=torn.part-2-of-2 bs=1 seek=$((size / 2)) count=5000 \
    conv=notrunc 2>dd
run merge torn.part-* >said 2>err
[ $? -eq 1 ] && [ -s err ] && [ ! -e torn ]
verdict a_damaged_part_is_refused $?

# --- an interrupted part -------------------------------------------------------

rm -rf out out.part-* whole.out
large="--out out --no-plots --set fleet.*.count=200 --reps 60 --threads 1"
run run "$starter" $large >whole 2>err && mv out whole.out
timeout -s KILL 60 "$OTASIM" run "$starter" $large --part 1/2 >said 2>err &
begun=$!
while kill -0 $begun 2>/dev/null &&
    [ "$(cat out.part-1-of-2-wal 2>/dev/null | wc -c)" -lt 100000 ]; do
    sleep 0.02
done
kill -TERM $begun
wait $begun
status=$?
[ $status -eq 1 ] &&
    grep -q 'of 30 replications are kept in out.part-1-of-2; the same' err
verdict an_interrupted_part_says_what_is_kept $?

run run "$starter" $large --part 2/2 >said 2>err
run merge out.part-* >said 2>err
[ $? -eq 1 ] && grep -q 'out.part-1-of-2 was interrupted; .*--part 1/2' err
verdict an_interrupted_part_is_named $?

run run "$starter" $large --part 1/2 >said 2>err &&
    run merge out.part-* >merged 2>err && cmp whole merged &&
    diff -r whole.out out
verdict an_interrupted_part_goes_on $?
