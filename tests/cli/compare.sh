#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `otasim compare`: patches, policies and scenarios against a scenario; what it
# prints, writes and refuses; that work is done once, and the same bytes come of
# any number of threads.
root=$(cd "$(dirname "$0")/../.." && pwd)
scenario=$root/scenarios/starter/electron-hourly.json
stays=$root/scenarios/starter/electron-hourly-stay-awake.json
policy=$root/scenarios/rollouts/policies/ramp.json
few="--set fleet.0.count=60 --set run.horizon=8d --reps 8"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export OMP_WAIT_POLICY=passive # more threads than processors

verdict() { # NAME STATUS
    if [ "$2" -eq 0 ]; then echo "ok $1"; else echo "not ok $1"; fi
}

compare() { # [OPTION]...
    "$OTASIM" compare "$scenario" $few "$@"
}

printf '{"app": {"wait": "20s"}}\n' >wait-20s.json
printf '// as it is\n{"app": {"wait": "10s"}}\n' >as-it-is.json
printf '{"app":\n  {"wiat": "20s"}}\n' >bad.json

# Every kind of variant, behind --with and after it.
compare --with wait-20s.json "$policy" "$stays" as-it-is.json --out all \
    >text 2>err
verdict compare_succeeds $?
[ ! -s err ]
verdict stderr_is_empty $?
[ -s text ] && [ "$(awk 'length > 80' text)" = "" ]
verdict text_fits_80_columns $?
tr '\n' ' ' <text |
    grep -q "95 % for all 24 differences together"
verdict the_confidence_is_of_all $?
grep -q "^wait-20s: better: confirmed" text
verdict what_is_better_comes_first $?
for name in wait-20s ramp as-it-is; do
    [ "$(grep -c "^  $name " text)" -eq 6 ] || name=missing
done
[ $name != missing ]
verdict each_variant_has_a_line_a_measure $?
[ "$(grep -c "^  as-it-is .* same in all$" text)" -eq 6 ]
verdict a_variant_that_is_the_base_is_the_same $?
grep -q "^as-it-is: the same in every replication: confirmed, " text
verdict and_that_is_said $?
grep -q "^32 replications simulated" text # the base is there already
verdict the_work_is_told $?
grep -q "^Results: all$" text
verdict the_folder_is_told $?

# The folder.
[ "$(sed -n 1p all/compare.csv | tr ',' '\n' | wc -l)" -eq 19 ] &&
    [ "$(wc -l <all/compare.csv)" -eq 25 ]
verdict csv_has_a_line_a_difference $?
for file in manifest.json results.sqlite scenario.json plots/differences.gp \
    plots/differences.svg plots/differences.png variants/wait-20s.json \
    variants/ramp.json; do
    [ -s "all/$file" ] || file=missing
done
[ $file != missing ]
verdict all_files_are_there $?
"$OTASIM" check all/variants/ramp.json | grep -q "policy exponential ramp"
verdict variants_are_scenarios $?
(cd all && "$OTASIM" compare scenario.json --with variants/wait-20s.json \
    variants/ramp.json variants/electron-hourly-stay-awake.json \
    variants/as-it-is.json --out ../again --no-plots >/dev/null 2>&1)
cmp all/compare.csv again/compare.csv
verdict the_folder_makes_itself_again $?

# Programs.
compare --with wait-20s.json --out none --json --kpi success_rate \
    --kpi 'updated_within(5d)' --kpi confirmed_share >line 2>err
verdict json_succeeds $?
[ "$(wc -l <line)" -eq 1 ] &&
    grep -q '"measures": {"confirmed_share": {"unit": "1", "better": 1' line &&
    grep -q '"updated_within(5d)": {' line &&
    grep -q '"verdict": "better"' line
verdict json_has_the_measures_asked_for $?
[ "$(grep -o '"evidence"' line | wc -l)" -eq 2 ]
verdict a_measure_stands_once $?

# The same on any number of threads.
for threads in 1 2 3; do
    compare --with wait-20s.json "$stays" --threads $threads --no-plots \
        --out "threads-$threads" --quiet
done
status=0
for file in compare.csv manifest.json results.sqlite plots/differences.gp; do
    cmp threads-1/$file threads-2/$file && cmp threads-1/$file threads-3/$file ||
        status=1
done
verdict same_bytes_on_any_threads $status

# What was done is not done again.
compare --with wait-20s.json "$stays" --no-plots --out threads-1 --reps 10 >text
grep -q "^6 replications simulated, 24 were there already" text
verdict a_larger_one_simulates_what_is_new $?
compare --with wait-20s.json "$stays" --no-plots --out threads-2 --fresh >text
grep -q "^24 replications simulated" text
verdict fresh_begins_anew $?

# Few replications tell less, and say what would tell.
printf '{"app": {"wait": "10100ms"}}\n' >near.json
compare --with near.json --out none --reps 3 >text
grep -q "^    about [0-9,]* more replications would tell: --reps [0-9]" text
verdict what_would_tell_is_said $?
compare --with near.json --out none --reps 1 >text
[ $? -eq 0 ] && ! grep -q "  better$\|  worse$" text &&
    grep -q "^    one replication has no interval: --reps " text
verdict one_replication_tells_nothing $?

# Until the differences are as precise as was asked for.
compare --with wait-20s.json --kpi charge --precision charge=3mAh \
    --precision bytes=2% --max-reps 40 --out precise --no-plots >text
[ $? -eq 0 ] && grep -q "^  charge per device  *+-3 mAh: met$" text &&
    grep -q "^  data per device  *+-.* KB: not met: .* KB$" text &&
    grep -q "40 replications$" text
verdict precision_is_of_differences $?
tr -d ' \n' <precise/manifest.json | grep -qF '"command":["compare",' &&
    tr -d ' \n' <precise/manifest.json | grep -qF '"--with",'\
'"variants/wait-20s.json","--kpi","charge","--precision","charge=3mAh",'\
'"--precision","bytes=2%","--max-reps","40"]'
verdict the_manifest_has_the_command $?
compare --with wait-20s.json --kpi charge --precision charge=3mAh --json \
    --out none >line
grep -q '"precisions": \[{"measure": "charge", "half_width": 3, .*"met": true}\]' \
    line
verdict precision_is_told_to_programs $?

# In parts, which come together.
for part in 1 2 3; do
    compare --with wait-20s.json "$stays" --no-plots --out parts \
        --part $part/3 >/dev/null
done
"$OTASIM" merge --no-plots parts.part-*-of-3 >/dev/null
verdict parts_are_merged $?
status=0
for file in compare.csv manifest.json results.sqlite; do
    cmp threads-3/$file parts/$file || status=1
done
verdict parts_make_the_same_bytes $status

# What it refuses.
compare --with wait-20s.json --precision charge=3h --out none >text 2>err
[ $? -eq 2 ] && [ ! -s text ] && grep -q "charge\|mAh" err
verdict a_width_has_a_unit_of_the_measure $?
compare >text 2>err
[ $? -eq 2 ] && [ ! -s text ] && grep -q -- "--with patch.json" err
verdict a_variant_is_needed $?
compare --with wait-20s.json bad.json --out none >text 2>err
[ $? -eq 3 ] && [ ! -s text ] && grep -q '^bad.json:2:4: .*wiat.*"wait"' err
verdict a_bad_patch_names_the_place $?
compare --with none.json --out none >text 2>err
[ $? -eq 3 ] && [ ! -s text ] && grep -q "none.json: cannot be read" err
verdict a_variant_must_be_there $?
compare --with wait-20s.json --kpi chrage --out none >text 2>err
[ $? -eq 2 ] && [ ! -s text ] && grep -q "did you mean charge" err
verdict a_measure_must_be_known $?
mkdir mine && echo mine >mine/file
compare --with wait-20s.json --out mine >text 2>err
[ $? -eq 1 ] && [ "$(cat mine/file)" = mine ]
verdict what_others_wrote_stays $?
