#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What `otasim tune` prints and writes, what it refuses, and what it does not do
# twice.
root=$(cd "$(dirname "$0")/../.." && pwd)
scenario=$root/scenarios/starter/electron-hourly.json
small="--set fleet.0.count=20 --set run.horizon=3d --no-plots"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

verdict() { # NAME STATUS
    if [ "$2" -eq 0 ]; then echo "ok $1"; else echo "not ok $1"; fi
}

tune() {
    "$OTASIM" tune "$scenario" $small "$@"
}

# refused NAME STATUS WORDS ARGUMENT...: nothing on stdout, nothing written.
refused() {
    name=$1 status=$2 words=$3
    shift 3
    tune "$@" >text 2>err
    [ $? -eq "$status" ] && [ ! -s text ] && grep -qF -- "$words" err &&
        { [ ! -e results ] || [ -z "$(ls results)" ]; }
    verdict "$name" $? || cat err
}

goal='updated_within(2d) >= 50%'
refused an_axis_is_needed 2 "--vary" --goal "$goal" --minimise charge
refused an_objective_is_needed 2 "--minimise" --vary app.wait=5s..60s \
    --goal "$goal"
refused one_objective 2 "one is named already" --vary app.wait=5s..60s \
    --minimise charge --maximise confirmed_share
refused bad_range 2 "does not rise" --vary app.wait=60s..5s --minimise charge
refused a_field_twice 2 "varied twice" --vary app.wait=5s..60s \
    --vary app.wait=7s,8s --minimise charge
refused the_run_is_no_setting 2 "not how the run is made" \
    --vary run.seed=1,2 --minimise charge
refused bad_path 3 'did you mean "wait"?' --vary app.wiat=5s..6s \
    --minimise charge
refused bad_value_at_an_end 3 'with app.wait=-1s:' --vary app.wait=-1s..6s \
    --minimise charge
refused unknown_objective 2 "did you mean charge" --vary app.wait=5s..6s \
    --minimise chrage
refused unknown_goal 2 "did you mean charge" --vary app.wait=5s..6s \
    --goal 'chrage <= 5mAh' --minimise bytes
refused goal_without_a_sign 2 "MEASURE >= VALUE" --vary app.wait=5s..6s \
    --goal 'charge 5mAh' --minimise bytes
refused goal_in_another_unit 2 "charge" --vary app.wait=5s..6s \
    --goal 'charge <= 5s' --minimise bytes
refused too_small_a_budget 2 "--budget" --vary app.wait=5s..6s --budget 5 \
    --minimise bytes

# --- what is printed and written ---

ask() {
    tune --vary app.wait=10s..60s --goal "$goal" --minimise charge \
        --budget 200 "$@"
}

ask --threads 1 >one 2>err
verdict it_succeeds $?
grep -q -- '^  --set app.wait=[0-9.]*s$' one && grep -q '^Neighbours' one &&
    grep -q 'holds with 95 % confidence' one &&
    grep -q 'of 200 replications' one
verdict the_answer_says_it_all $?
[ "$(ls results/electron-hourly-tune | tr '\n' ' ')" = \
    "manifest.json plots results.sqlite scenario.json tune.csv " ] &&
    [ "$(ls results)" = electron-hourly-tune ]
verdict files_of_the_folder $?
head -n 1 results/electron-hourly-tune/tune.csv |
    grep -q '^app.wait,chosen,front,shortfall,devices,replications,' &&
    [ "$(grep -c '^[^,]*s,1,' results/electron-hourly-tune/tune.csv)" -eq 1 ]
verdict one_line_of_the_table_is_chosen $?
ask --threads 3 --fresh --out three >two
for file in tune.csv results.sqlite manifest.json; do
    cmp three/$file results/electron-hourly-tune/$file || break
done && [ "$file" = manifest.json ]
verdict the_same_bytes_on_three_threads $?
ask >again
grep -q '^all [0-9]* replications were there already$' again
verdict nothing_is_simulated_twice $?
chosen=$(sed -n 's/^  --set //p' one)
ask --out none --json >json
[ "$(wc -l <json)" -eq 1 ] && grep -qF '"met": true' json &&
    grep -qF "\"chosen\": {\"settings\": {\"app.wait\": \"${chosen#*=}\"}" json
verdict json_is_one_line_with_the_same_choice $?
ask --out none --quiet >quiet 2>&1 && [ ! -s quiet ]
verdict quiet_says_nothing $?

# --- what is not known ---

ask --out none --budget 20 | tr '\n' ' ' >text
grep -q "the budget cut the search short, --budget N allows more" text
verdict a_spread_that_the_budget_cut_is_told $?
tune --vary app.wait=20s..60s --goal 'bricked <= 0' --minimise charge \
    --budget 40 --out none | tr '\n' ' ' >text
grep -q "no number of replications shows: allow a little" text
verdict never_cannot_be_shown $?
"$OTASIM" tune "$root/scenarios/rollouts/bad.json" \
    --policy "$root/scenarios/rollouts/policies/canary.json" \
    --set fleet.1.count=100 --set fleet.2.count=100 --out none \
    --vary policy.rules.list.0.if.pct=1..20 --goal 'exposed_bad <= 40' \
    --minimise bytes >text
tr '\n' ' ' <text | grep -q "in 32 replications .* may not have shown" &&
    ! grep -q "=1[.]" text
verdict what_is_staged_takes_more_and_whole_numbers_have_neighbours $?

# --- interrupted ---

"$OTASIM" tune "$scenario" $small --vary app.wait=10s..60s --goal "$goal" \
    --minimise charge --budget 200 --threads 1 --out cut >/dev/null 2>err &
pid=$! # of the program, not of a shell around it
while kill -0 $pid 2>/dev/null &&
    [ "$(cat cut.units-wal 2>/dev/null | wc -c)" -lt 100000 ]; do
    sleep 0.02
done
kill -TERM $pid 2>/dev/null
wait $pid
if [ $? -eq 1 ]; then
    grep -q 'are kept in cut.units; the same command goes on' err
    verdict an_interrupt_says_what_is_kept $?
else
    echo "ok an_interrupt_says_what_is_kept # it was done already"
fi
ask --out cut >text && cmp cut/tune.csv results/electron-hourly-tune/tune.csv &&
    [ ! -e cut.units ]
verdict it_goes_on_to_the_same_bytes $?

# --- other questions ---

tune --vary app.wait=10s..12s --goal 'updated_within(1h) >= 99%' \
    --minimise charge --out none >text
grep -q '^Not met' text && tr '\n' ' ' <text | grep -q 'comes nearest'
verdict what_cannot_be_met_is_said $?
tune --vary app.wait=10s,20s,40s --vary app.model=fixed,until_told \
    --minimise charge --out none >text
grep -q -- '--set app.model=' text && grep -q 'there is no goal' text
verdict lists_and_words_without_a_goal $?
tune --vary app.wait=10s..60s --vary sleep.period=30min..2h --goal "$goal" \
    --minimise charge --budget 300 --out none >text
grep -q -- '--set sleep.period=' text && grep -q 'of 300 replications' text
verdict two_axes $?
