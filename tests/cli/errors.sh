#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Misuse ends with status 2, a bad scenario with 3, a failed write with 1; each
# says why on stderr, and nothing on stdout.
root=$(cd "$(dirname "$0")/../.." && pwd)
scenario=$root/scenarios/starter/electron-hourly.json
long="--reps 1000000" # would never end: folders are looked at before the run
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

# NAME STATUS FIRST-LINE-OF-STDERR ARGUMENT...; the line is a pattern of case.
fails() {
    name=$1
    status=$2
    pattern=$3
    shift 3
    "$OTASIM" "$@" >out 2>err
    got=$?
    line=$(head -n 1 err)
    case $line in
    $pattern) said=yes ;;
    *) said=no ;;
    esac
    if [ $got -eq "$status" ] && [ $said = yes ] && [ ! -s out ]; then
        echo "ok $name"
    else
        echo "not ok $name"
        echo "status $got, not $status; stderr: $line"
        echo "stdout: $(head -n 1 out)"
    fi
}

fails no_command 2 "otasim: a command is missing"
fails unknown_command 2 "otasim: unknown command rnu; did you mean run[?]" rnu
fails unknown_option 2 "otasim: unknown option --sed; did you mean --seed[?]" \
    run x.json --sed 5
fails unknown_option_first 2 \
    "otasim: unknown option --sed; did you mean --seed[?]" --sed=5 run x.json
fails option_of_another 2 "otasim: --out: not an option of this command" \
    check --out x x.json
fails no_value 2 "otasim: --seed: its value is missing" run x.json --seed
fails unwanted_value 2 "otasim: --json: it takes no value" run --json=1 x.json
fails bad_seed 2 "otasim: --seed: it takes a whole number from 0 to *" \
    run --seed -1 x.json
fails seed_too_large 2 "otasim: --seed: it takes *" \
    run --seed 18446744073709551616 x.json
fails bad_reps 2 "otasim: --reps: it takes a whole number, 1 or more" \
    run --reps 0 x.json
fails bad_threads 2 "otasim: --threads: it takes *" run --threads 2x x.json
fails bad_set 2 "otasim: --set: it takes PATH=VALUE*" run --set seed x.json
fails unknown_without_nearest 2 \
    "otasim: unknown command frob; known: run, sweep, compare, tune, estimate, merge, gates, trace, check, models, import, help" frob
fails unknown_empty 2 'otasim: unknown command ""; known: *' ""
fails unknown_help 2 "otasim: unknown command rum; did you mean run[?]" help rum
for path in run..seed .run.seed run.seed. 'fleet.0.]app.wait' \
    'fleet[0]app.wait' 'fleet[0' 'fleet[].count'; do
    fails "set_path_$path" 3 "--set: $(printf %s "$path" | sed 's/[][]/[&]/g; s/[.]$//')*: *write it such as run.seed*" \
        check --set "$path=3" "$scenario"
done
fails set_entry 3 "--set: fleet.7.count: *the list has 1, counted from 0" \
    check --set fleet.7.count=3 "$scenario"
fails no_scenario 2 "otasim: run: a SCENARIO is missing" run
fails two_scenarios 2 "otasim: b.json: one word too many" run a.json b.json
fails dashes_end_options 2 "otasim: --reps: one word too many" \
    run -- a.json --reps
fails unknown_kind 2 "otasim: unknown kind lnik; did you mean link[?]" \
    models lnik
fails unknown_model 2 "otasim: unknown model fsat; did you mean fast[?]" \
    models transfer fsat

fails missing_file 3 "*nowhere.json*No such file*" run nowhere.json
fails nameless_file 3 "*a file without a name cannot be read: *" check ""
head -c 8388609 /dev/zero | tr '\0' '[' >large.json
fails large_file 3 "large.json: longer than 8 MiB; this is no scenario" \
    check large.json
head -c 8388608 large.json >deep.json
fails deep_file 3 "deep.json:1:65: brackets are nested more than 64 deep" \
    check deep.json
rm -f large.json deep.json
fails bad_field 3 "*run.horizon*" run --set run.horizon=soon "$scenario"

# What a message quotes of a binary file does a terminal no harm.
cp "$scenario" binary.json
printf '\177ELF\033[2J\377\001\n' >binary.txt
fails binary_file 3 "--set: *binary.txt, line 1: \"[?]ELF[?][[]2J[?][?]\" *" \
    check --set 'fleet.0.link.attach=empirical(binary.txt)' binary.json
rm -f binary.json binary.txt

# Complete or absent: nothing is left beside a folder that cannot be written.
mkdir mine
echo "dear diary" >mine/diary.txt
fails foreign_folder 1 "otasim: will not replace mine: it holds diary.txt*" \
    run $long --out mine "$scenario"
echo file >file
fails file_in_the_way 1 "otasim: cannot write results to file: *" \
    run $long --out file "$scenario"
fails file_as_parent 1 "otasim: *Not a directory" \
    run $long --out file/results "$scenario"
fails whole_folder 1 "otasim: cannot write results to \"[.]\"*" \
    run $long --out . "$scenario"
rm -f out err
if [ "$(ls)" = "file
mine" ] && [ "$(ls mine)" = diary.txt ]; then
    echo "ok nothing_left_behind"
else
    echo "not ok nothing_left_behind"
    ls . mine
fi

# A folder that cannot be made is found out before the run, not after it.
mkdir locked
chmod a-w locked
if [ -w locked ]; then
    echo "ok unwritable_folder # SKIP the superuser may write anywhere"
else
    fails unwritable_folder 1 "otasim: cannot write in folder locked: *" \
        run $long --out locked/a/b "$scenario"
fi

# Writing to a full or closed stdout is noticed.
if [ -e /dev/full ]; then
    "$OTASIM" --help >/dev/full 2>err
    got=$?
    if [ $got -eq 1 ] && grep -q "cannot write to standard output" err; then
        echo "ok full_stdout"
    else
        echo "not ok full_stdout (status $got)"
    fi
fi
"$OTASIM" check "$scenario" >&- 2>err
got=$?
if [ $got -eq 1 ] && grep -q "cannot write to standard output" err; then
    echo "ok closed_stdout"
else
    echo "not ok closed_stdout (status $got)"
fi
