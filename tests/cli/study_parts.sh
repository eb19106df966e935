#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Studies that are interrupted, killed, made larger, cut into parts and put
# together: the bytes of one that ran through, and nothing done twice.
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
cp "$root/scenarios/starter/electron-hourly.json" fleet.json
printf '{"app": {"wait": "20s"}}\n' >longer.json

verdict() { # NAME STATUS
    if [ "$2" -eq 0 ]; then echo "ok $1"; else echo "not ok $1"; fi
}

# otasim with what is the same in all commands here; DIR comes last.
small="--set fleet.0.count=60 --set run.horizon=5d --no-plots --threads 2"
sweep() {
    "$OTASIM" sweep fleet.json --vary app.wait="$1" --reps "$2" $small \
        --out "$3" $4 $5
}
compare() {
    "$OTASIM" compare fleet.json --with longer.json --reps 40 $small \
        --out "$@"
}

# Numbers of the line "N replications simulated, M were there already".
simulated() { sed -n 's/^\([0-9]*\) replications simulated.*/\1/p' "$1"; }
found() { sed -n 's/.* \([0-9]*\) were there already$/\1/p' "$1"; }

# --- larger ---

sweep 5s,10s,20s 20 whole >said 2>err
verdict sweep_runs $?
[ "$(simulated said)" = 60 ] && [ ! -s err ] && [ ! -e whole.units ]
verdict what_was_done_is_said $?
sweep 5s,20s 20 some >/dev/null && sweep 5s,10s,20s 20 some >said
[ "$(simulated said)" = 20 ] && [ "$(found said)" = 40 ]
verdict an_added_value_does_what_is_new $?
diff -r whole some
verdict an_added_value_makes_the_same $?
sweep 5s,10s,20s 20 some >said
grep -q '^all 60 replications were there already$' said && diff -r whole some
verdict the_same_again_does_nothing $?
sweep 5s,10s,20s 20 some --fresh >said
[ "$(simulated said)" = 60 ] && [ "$(found said)" = "" ] && diff -r whole some
verdict fresh_does_all $?

# --- parts ---

for parts in 1 3 7; do
    good=0
    for part in $(seq "$parts" -1 1); do
        sweep 5s,10s,20s 20 "p$parts" --part "$part/$parts" >said 2>&1 ||
            good=1
    done
    [ $good -eq 0 ] && [ ! -e "p$parts" ]
    verdict "sweep_in_${parts}_parts" $?
    grep -q "otasim merge p$parts.part-\*-of-$parts\$" said
    verdict "sweep_in_${parts}_parts_says_what_next" $?
    "$OTASIM" merge "p$parts".part-*-of-"$parts" >said 2>err
    [ $? -eq 0 ] && [ ! -s err ] && diff -r whole "p$parts"
    verdict "sweep_in_${parts}_parts_is_the_whole" $?
done
compare both >said
verdict compare_runs $?
for part in 1 2 3; do compare inthree --part=$part/3 --quiet; done
"$OTASIM" merge inthree.part-*-of-3 --quiet >said
[ ! -s said ] && diff -r both inthree
verdict compare_in_3_parts_is_the_whole $?

"$OTASIM" merge p7.part-1-of-7 p7.part-[3-6]-of-7 >said 2>err
[ $? -ne 0 ] && grep -q '^otasim: of 7 parts, 2 are missing: 2, 7$' err
verdict missing_parts_are_named $?
"$OTASIM" merge p3.part-1-of-3 p3.part-1-of-3 p3.part-2-of-3 2>err
[ $? -ne 0 ] && grep -q 'same part, 1/3' err
verdict a_part_twice_is_told $?
"$OTASIM" merge p9.part-1-of-9 2>err
[ $? -eq 1 ] && grep -q 'p9.part-1-of-9: No such file' err
verdict a_part_that_is_not_there_is_named $?
"$OTASIM" merge p3.part-1-of-3 p7.part-2-of-7 2>err
[ $? -ne 0 ] && grep -q 'p3.part-1-of-3.*p7.part-2-of-7' err
verdict parts_of_two_commands_are_told $?
"$OTASIM" merge fleet.json 2>err
[ $? -ne 0 ] && grep -q 'fleet.json is no store' err
verdict what_is_no_part_is_told $?
"$OTASIM" merge whole/results.sqlite 2>err
[ $? -ne 0 ] && grep -q 'results.sqlite is no part' err
verdict results_are_no_part $?
sweep 5s,10s 20 p3 --part 1/3 2>err
[ $? -eq 1 ] && grep -q 'p3.part-1-of-3 is a part of another command' err
verdict a_part_of_another_command_is_kept $?
sweep 5s,10s,20s 20 none --part 1/3 2>err
[ $? -eq 2 ] && grep -q 'none leaves no place' err
verdict a_part_needs_a_place $?
"$OTASIM" sweep fleet.json --vary app.wait=5s --precision charge=1% \
    --part 1/2 2>err
[ $? -eq 2 ] && grep -q 'how many replications' err
verdict precision_is_not_for_parts $?
"$OTASIM" tune fleet.json --part 1/2 2>err
[ $? -eq 2 ] && grep -q 'cannot be cut into parts' err
verdict a_search_is_not_for_parts $?

cp fleet.json kept.json
rm -r p3
sed 's/"jitter": 0.02/"jitter": 0.03/' kept.json >fleet.json
cmp -s fleet.json kept.json
[ $? -eq 1 ]
verdict the_scenario_is_another $?
"$OTASIM" merge p3.part-*-of-3 2>err
[ $? -eq 1 ] && grep -q 'fleet.json.*was changed since' err && [ ! -e p3 ]
verdict a_changed_scenario_is_named $?
{ cat kept.json && echo '// a thought'; } >fleet.json
"$OTASIM" merge p3.part-*-of-3 --quiet && diff -r whole p3
verdict a_comment_changes_nothing $?
cp kept.json fleet.json

# --- interrupted ---

# Starts the command in the background, and sends it a signal when its journal
# DIR.units has that much in it.
strike() { # SIGNAL FILE COMMAND...
    signal=$1 file=$2
    shift 2
    "$@" >struck 2>struck.err &
    process=$!
    while kill -0 $process 2>/dev/null; do
        bytes=$(cat "$file-wal" 2>/dev/null | wc -c)
        [ "$bytes" -lt 300000 ] || break
        sleep 0.02
    done
    # The program itself, below the shell of the function.
    kill -s "$signal" $process
    wait $process
}

long() { # DIR: what takes long enough to be struck
    exec "$OTASIM" sweep fleet.json --vary app.wait=5s,10s,20s,40s --reps 75 \
        $small --out "$@"
}

(long calm) >said
verdict a_long_sweep_runs $?
strike KILL killed.units long killed 2>/dev/null
[ $? -eq 137 ] && [ -e killed.units ] && [ ! -e killed ]
verdict killed_in_the_middle $?
(long killed) >said 2>err
[ $? -eq 0 ] && [ "$(simulated said)" -lt 300 ] && [ "$(found said)" -gt 0 ] &&
    [ $(($(simulated said) + $(found said))) -eq 300 ]
verdict goes_on_when_killed $?
[ ! -s err ] || grep -q 'never came back' err
verdict what_was_lost_is_told $?
diff -r calm killed && [ ! -e killed.units ] && [ ! -e killed.units-wal ]
verdict killed_and_gone_on_is_the_same $?

strike TERM stopped.units long stopped
[ $? -eq 1 ] && [ ! -e stopped ] &&
    grep -q '^otasim: [0-9]* of 300 replications are kept in stopped.units; ' \
        struck.err
verdict what_an_interrupt_keeps_is_said $?
(long stopped) >said 2>err
[ $? -eq 0 ] && [ ! -s err ] && [ "$(found said)" -gt 0 ] &&
    diff -r calm stopped
verdict goes_on_when_interrupted $?

# 20,000 points take a while to read.
"$OTASIM" sweep fleet.json --vary app.wait=5s..120s --lhs 20000 --out early \
    >said 2>err &
process=$!
while kill -0 $process 2>/dev/null && [ ! -e early.units ]; do
    sleep 0.02
done
kill -s TERM $process
wait $process
[ $? -eq 1 ] && [ ! -s said ] && [ ! -e early ] && [ ! -e early.units ] &&
    [ ! -e early.units-wal ] &&
    grep -q '^otasim: interrupted before any replication was done$' err
verdict interrupted_while_points_are_read $?

strike TERM shared.units long shared
sweep 5m,10m 2 shared >/dev/null 2>err
[ $? -eq 0 ] && [ -e shared/manifest.json ] &&
    grep -q '^otasim: shared.units stays: ' err
verdict another_study_leaves_an_interrupted_one $?
(long shared) >said 2>err
[ $? -eq 0 ] && [ ! -s err ] && [ "$(found said)" -gt 0 ] &&
    diff -r calm shared && [ ! -e shared.units ]
verdict the_interrupted_one_goes_on $?

strike KILL part.part-1-of-2 long part --part 1/2 2>/dev/null
(long part --part 2/2) >/dev/null
"$OTASIM" merge part.part-*-of-2 >said 2>err
[ $? -eq 1 ] && grep -q '^otasim: part.part-1-of-2 was interrupted' err &&
    [ ! -e part ]
verdict an_interrupted_part_is_named $?
(long part --part 1/2) >said 2>err && "$OTASIM" merge part.part-*-of-2 --quiet &&
    diff -r calm part
verdict a_part_goes_on $?

# --- damaged ---

echo 'not a journal at all' >bad.units
cp bad.units bad.copy
sweep 5s 2 bad 2>err
[ $? -eq 1 ] && grep -q 'bad.units is no store' err && [ ! -e bad ] &&
    cmp bad.units bad.copy
verdict a_foreign_journal_is_left_alone $?
sweep 5s 2 bad --fresh 2>err
[ $? -eq 1 ] && cmp bad.units bad.copy
verdict fresh_leaves_it_alone_too $?
strike KILL torn.units long torn 2>/dev/null
rm torn.units-wal
head -c 2000 p3.part-1-of-3 >torn.units
(long torn) 2>err
[ $? -eq 1 ] && grep -q 'torn.units' err && [ ! -e torn ] &&
    [ "$(wc -c <torn.units)" -eq 2000 ]
verdict a_damaged_journal_is_told $?
sweep 5s 2 torn --fresh >said
[ $? -eq 0 ] && [ -e torn/manifest.json ] && [ ! -e torn.units ]
verdict fresh_begins_a_damaged_one_anew $?
exit 0
