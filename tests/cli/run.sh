#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What `otasim run` prints and writes, and that a seed fixes every byte of it.
root=$(cd "$(dirname "$0")/../.." && pwd)
scenario=$root/scenarios/starter/electron-hourly.json
small="--set fleet.0.count=50 --reps 3"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

verdict() { # NAME STATUS
    if [ "$2" -eq 0 ]; then echo "ok $1"; else echo "not ok $1"; fi
}

"$OTASIM" run $small --threads 1 "$scenario" >text 2>err
verdict run_succeeds $?
[ ! -s err ]
verdict stderr_is_empty $?
grep -q "^[0-9.]* of 50 devices updated and confirmed (" text
verdict text_has_headline $?
[ -s text ] && ! grep -q "$(printf '\033')" text
verdict no_colour_in_a_file $?
[ -s text ] && [ "$(awk 'length > 80' text)" = "" ]
verdict text_fits_80_columns $?

results=results/electron-hourly
for file in summary.json devices.csv timeline.csv results.sqlite \
    scenario.json manifest.json \
    plots/states.svg plots/states.png plots/time_to_update.svg \
    plots/bytes_per_device.svg plots/states.gp; do
    [ -s "$results/$file" ]
    verdict "has_$file" $?
done
[ "$(ls -A results)" = electron-hourly ]
verdict nothing_beside $?
[ "$(wc -l <$results/devices.csv)" -eq 51 ]
verdict a_row_a_device $?

# The same again, other folder, other number of threads, options last.
"$OTASIM" run "$scenario" $small --threads=2 --out deep/er/again --quiet >text2
verdict quiet_run_succeeds $?
[ ! -s text2 ]
verdict quiet_says_nothing $?
diff -r $results deep/er/again
verdict same_bytes_on_two_threads $?
"$OTASIM" run $small --seed 2 --no-plots --out other --quiet "$scenario"
[ -s other/summary.json ] &&
    ! cmp -s $results/summary.json other/summary.json
verdict another_seed_differs $?
[ ! -e other/plots/states.svg ] && [ -s other/plots/states.gp ]
verdict no_plots_draws_nothing $?

# The scenario in the results makes the same results.
"$OTASIM" run $results/scenario.json --no-plots --quiet --out rerun
grep -v '"scenario"' $results/summary.json >a
grep -v '"scenario"' rerun/summary.json >b
[ -s a ] && diff a b
verdict scenario_of_results_reruns $?

# --json: one line; its outcomes add up; the folder is written all the same.
"$OTASIM" run $small --json --no-plots --out json "$scenario" >line
verdict json_run_succeeds $?
[ "$(wc -l <line)" -eq 1 ] && [ -s json/manifest.json ]
verdict json_is_one_line $?
sed 's/.*"outcomes": {//; s/}}.*//' line | tr '{' '\n' |
    awk -F'[:,]' '/"mean"/ { sum += $2 }
        END { exit !(sum > 49.999999 && sum < 50.000001) }'
verdict outcomes_add_up_to_devices $?
if command -v python3 >/dev/null 2>&1; then
    python3 -c 'import json, sys; json.load(sys.stdin)' <line
    verdict json_is_valid $?
fi

# --out none: the answer, and nothing on the disk; a folder of that name is
# ./none.
mkdir nothing && cd nothing || exit 1
"$OTASIM" run $small --out none --json "$scenario" >../none 2>../err
[ $? -eq 0 ] && [ ! -s ../err ] && cmp ../line ../none && [ -z "$(ls -A)" ]
verdict none_answers_alone $?
"$OTASIM" run $small --out none "$scenario" >../text
[ $? -eq 0 ] && ! grep -q "^Results" ../text && grep -q "updated and confirmed" ../text &&
    [ -z "$(ls -A)" ]
verdict none_prints_text $?
"$OTASIM" run $small --no-plots --out ./none --quiet "$scenario" &&
    [ -s none/devices.csv ]
verdict a_folder_called_none $?
cd .. || exit 1

# A disk that is full, as far as a limit can play one: no part is left.
(trap '' XFSZ && ulimit -f 8 && "$OTASIM" run $small --no-plots \
    --out full/disk "$scenario" >text 2>err)
[ $? -eq 1 ] && [ ! -s text ] && grep -q "^otasim: cannot " err &&
    [ -z "$(ls -A full 2>/dev/null)" ]
verdict full_disk_leaves_nothing $?

# One device: no plurals, no digits cut off. Nobody there: pictures all the same.
"$OTASIM" run --set fleet.0.count=1 --reps 4 --no-plots --out one "$scenario" \
    >text
grep -q "^0*[0-9.]* of 1 device updated and confirmed (" text
verdict one_device $?
"$OTASIM" run $small --set fleet.0.absent=1 --out nobody "$scenario" \
    >text 2>err
[ $? -eq 0 ] && [ ! -s err ] && grep -q "^0 of 50 devices" text &&
    grep -q "  SIMs over their cap  *0  at most " text
verdict nobody_there $?
! command -v gnuplot >/dev/null || [ -s nobody/plots/bytes_per_device.png ]
verdict pictures_of_nobody $?

# Results of otasim are replaced; a reader that leaves early does no harm.
"$OTASIM" run $small --no-plots --out json "$scenario" | head -n 1 >/dev/null
[ -s json/manifest.json ] && [ -z "$(ls -d json.* 2>/dev/null)" ]
verdict results_are_replaced $?

# An interrupt while it runs leaves nothing.
"$OTASIM" run --reps 100000 --quiet --out stopped "$scenario" 2>err &
child=$!
sleep 0.5
kill -TERM $child
wait $child
status=$?
[ $status -eq 1 ] && [ ! -e stopped ] &&
    grep -q "interrupted after .* of 100000 replications; nothing was" err
verdict interrupt_leaves_nothing $?

# So does one while pictures are drawn, by a gnuplot that hangs and of which
# nobody tells the terminal.
mkdir bin
printf '#!/bin/sh\n: >%s/drawing\nexec sleep 60\n' "$work" >bin/gnuplot
chmod +x bin/gnuplot
PATH=$work/bin:$PATH "$OTASIM" run $small --quiet --out hung "$scenario" 2>err &
child=$!
tries=0
while [ ! -e drawing ] && [ $tries -lt 300 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
began=$(date +%s)
kill -TERM $child
wait $child
status=$?
[ -e drawing ] && [ $status -eq 1 ] && [ -s err ] &&
    [ $(($(date +%s) - began)) -lt 30 ] && [ -z "$(ls -d hung* 2>/dev/null)" ]
verdict interrupt_ends_a_hanging_gnuplot $?

# A terminal hears at once that something goes on, however long a replication
# takes.
if script -q -e -c true typescript >/dev/null 2>&1 </dev/null; then
    script -q -e -c "'$OTASIM' run $small --reps 1 --no-plots --out seen \
        '$scenario' >/dev/null" typescript >shown </dev/null
    grep -q "  0/1 replications" shown
    verdict terminal_shows_progress $?
else
    echo "ok terminal_shows_progress # SKIP script(1) has no terminal here"
fi

"$OTASIM" check "$scenario" >text
verdict check_succeeds $?
grep -q "electron-hourly.json: ok: 1 group, 2,000 devices" text
verdict check_says_what_it_holds $?
"$OTASIM" check --json "$scenario" >full.json && "$OTASIM" check full.json \
    >/dev/null
verdict check_json_reads_back $?
