#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What `otasim sweep` prints and writes, what it refuses, and what it does not
# do twice.
root=$(cd "$(dirname "$0")/../.." && pwd)
scenario=$root/scenarios/starter/electron-hourly.json
small="--set fleet.0.count=20 --set run.horizon=3d --reps 3"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

verdict() { # NAME STATUS
    if [ "$2" -eq 0 ]; then echo "ok $1"; else echo "not ok $1"; fi
}

sweep() {
    "$OTASIM" sweep "$scenario" $small "$@"
}

# refused NAME STATUS WORDS ARGUMENT...: nothing on stdout, nothing written.
refused() {
    name=$1 status=$2 words=$3
    shift 3
    sweep "$@" >text 2>err
    [ $? -eq "$status" ] && [ ! -s text ] && grep -qF -- "$words" err &&
        { [ ! -e results ] || [ -z "$(ls results)" ]; }
    verdict "$name" $? || cat err
}

refused an_axis_is_needed 2 "--vary"
refused bad_values 2 'the ends of "5s..15" are not of one kind' \
    --vary app.wait=5s..15
refused a_field_twice 2 "varied twice" --vary app.wait=5s,6s \
    --vary app.wait=7s,8s
refused bad_path 3 'unknown setting; did you mean "wait"?' \
    --vary app.wiat=5s,6s
refused bad_value_at_one_point 3 'with app.wait=-1s:' --vary app.wait=5s,-1s
refused unknown_measure 2 "did you mean charge" --vary app.wait=5s,6s \
    --kpi chrage
refused measure_after_the_end 3 "the run ends" --vary app.wait=5s,6s \
    --kpi 'updated_within(400d)'
refused the_seed_is_for_all 2 "all points have the same seed" \
    --vary run.seed=1,2
refused too_many_points 2 "1000000 points" --vary app.wait=1s..2s:1000 \
    --vary sleep.period=1h..2h:1000
refused bad_policy_file 3 "nowhere.json" --vary @policy=nowhere.json,none

# --- what is printed and written ---

sweep --vary app.wait=5s..15s:3 --vary sleep.period=1h,6h --quiet 2>err \
    >text
verdict a_grid_succeeds $?
[ ! -s text ] && { [ ! -s err ] || grep -q "gnuplot is not" err; }
verdict quiet_says_nothing $?
cd results/electron-hourly-sweep || exit 1
[ "$(ls | tr '\n' ' ')" = \
    "manifest.json plots results.sqlite scenario.json sweep.csv " ]
verdict files_of_the_folder $?
[ "$(wc -l <sweep.csv)" -eq 7 ] &&
    [ "$(sed -n '2,4p' sweep.csv | cut -d, -f1-4)" = "$(
        printf '5s,1h,5,1\n5s,6h,5,6\n10s,1h,10,1'
    )" ]
verdict a_line_a_point_the_last_axis_first $?
cd ../..
[ "$(ls results)" = electron-hourly-sweep ]
verdict nothing_is_left_beside_it $?
"$OTASIM" sweep results/electron-hourly-sweep/scenario.json --no-plots --quiet \
    --vary app.wait=5s..15s:3 --vary sleep.period=1h,6h --out again &&
    cmp again/sweep.csv results/electron-hourly-sweep/sweep.csv
verdict the_scenario_and_the_command_make_it_again $?
rm -rf results again

sweep --vary app.wait=5s,15s --out none >text 2>err
verdict out_none_succeeds $?
[ ! -e results ] && grep -q "^15s " text && grep -q "^6 replications" text
verdict out_none_writes_nothing $?
[ "$(awk 'length > 80' text)" = "" ] && [ ! -s err ]
verdict text_fits_80_columns $?

sweep --vary app.model=fixed,until_told --vary link.loss=0.1%..10%:3log \
    --out none --json >line
verdict words_and_a_log_axis $?
[ "$(wc -l <line)" -eq 1 ] && grep -q '"app.model": "until_told"' line &&
    grep -q '"link.loss": "1%"' line && grep -q '"stopped": {' line
verdict json_has_points_and_all_measures $?

"$OTASIM" run "$scenario" $small --set app.wait=15s --out none --json |
    sed 's/.*\("confirmed_share": {[^}]*}\).*\("charge": {[^}]*}\).*"groups".*/\1\
\2/' >numbers
sweep --vary app.wait=5s,15s --out none --json >line
[ "$(wc -l <numbers)" -eq 2 ] && grep -qF "$(sed -n 1p numbers)" line &&
    grep -qF "$(sed -n 2p numbers)" line
verdict a_point_is_what_a_run_is $?

sweep --vary app.wait=5s..15s --vary sleep.period=1h..6h:log --lhs 7 \
    --out none --kpi charge --kpi 'updated_within(2d)' >text
verdict a_hypercube_succeeds $?
[ "$(grep -c '^[0-9.]*s ' text)" -eq 7 ] && grep -q "^7 random points" text &&
    grep -q "updated within" text
verdict a_hypercube_has_its_points $?

sweep --vary app.wait=5s,15s --out none --precision charge=1mAh \
    --max-reps 40 --json >line
[ "$(tr , '\n' <line | grep -c '"precision_met": true')" -eq 2 ]
verdict points_are_replicated_to_a_precision $?
sweep --vary app.wait=5s,15s --out none --precision charge=0.001mAh \
    --max-reps 12 >text
grep -q "at 0 of 2 points; 12 replications" text
verdict and_it_says_where_it_was_not_met $?
refused precision_of_nothing 2 "did you mean charge" --vary app.wait=5s,6s \
    --precision chrge=1

# --- the same bytes, and nothing twice ---

for threads in 1 2 3; do
    sweep --vary app.wait=5s,9s,15s --no-plots --threads $threads \
        --out "t$threads" --json | sed 's/"simulated.*"axes"//' >"line$threads"
done
diff -r t1 t2 && diff -r t1 t3 && cmp line1 line2 && cmp line1 line3
verdict same_bytes_on_1_2_3_threads $?

sweep --vary app.wait=5s,9s,12s,15s --no-plots --out t1 | tail -n 2 >text
grep -q "^3 replications simulated, 9 were there already" text
verdict an_added_value_computes_what_is_new $?
sweep --vary app.wait=5s,9s,12s,15s --no-plots --out t2 --fresh >text
grep -q "^12 replications simulated" text && diff -r t1 t2
verdict and_gives_the_bytes_of_a_fresh_one $?
sweep --vary app.wait=9s,15s --reps 5 --no-plots --out t1 >text
grep -q "^4 replications simulated, 6 were there already" text
verdict more_replications_compute_what_is_new $?

mkdir mine && echo "dear diary" >mine/diary.txt
refused a_folder_of_others_is_refused 1 "it holds diary.txt" \
    --vary app.wait=5s,6s --out mine
