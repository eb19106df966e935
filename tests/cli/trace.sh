#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What `otasim trace` shows of a device: the same run as `otasim run`, in three
# formats; and what it says if there is nothing to show.
root=$(cd "$(dirname "$0")/../.." && pwd)
scenario=$root/scenarios/starter/electron-hourly.json
small="--set fleet.0.count=50"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

verdict() { # NAME STATUS
    if [ "$2" -eq 0 ]; then echo "ok $1"; else echo "not ok $1"; fi
}

# NAME STATUS FIRST-LINE-OF-STDERR ARGUMENT...; the line is a pattern of case.
fails() {
    name=$1
    status=$2
    pattern=$3
    shift 3
    "$OTASIM" trace "$@" >out 2>err
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
    fi
}

"$OTASIM" run $small --reps 2 --no-plots --quiet --out run "$scenario"
verdict run_to_compare_with $?
column() { # NAME: its number in devices.csv
    head -n 1 run/devices.csv | tr ',' '\n' | grep -n "^$1\$" | cut -d: -f1
}
outcome=$(column outcome)

"$OTASIM" trace $small "$scenario" >text 2>err
verdict trace_succeeds $?
[ ! -s err ]
verdict stderr_is_empty $?
head -n 1 text | grep -q "^# scenario electron-hourly, seed 1, replication 0, "
verdict head_names_the_run $?
grep -q "^# device 0 of group electrons: electron, Device OS 0.6.0, " text
verdict head_names_the_device $?
grep -v '^#' text | awk '
    { s = $1 * 86400 + substr($3, 1, 2) * 3600
      s += substr($3, 4, 2) * 60 + substr($3, 7)
      bytes = $5; gsub(",", "", bytes)
      if (s < last || bytes + 0 < all || $6 < charge) exit 1
      last = s; all = bytes + 0; charge = $6 }
    END { exit !(NR > 1) }'
verdict nothing_runs_backwards $?
grep -q " spark/status online  " text
verdict platform_words $?

# Every device ends in its trace as it does in the results.
bad=0
device=0
while [ $device -lt 50 ]; do
    ended=$(sed -n "$((device + 2))p" run/devices.csv | cut -d, -f"$outcome")
    "$OTASIM" trace $small --device $device "$scenario" |
        grep -q "  final  $ended\$" || bad=$((bad + 1))
    device=$((device + 7))
done
[ $bad -eq 0 ]
verdict same_ends_as_the_run $?

# What passed line by line is what the books have in the end, in bytes and mAh.
"$OTASIM" trace $small --why "" "$scenario" >/dev/null 2>&1
verdict why_needs_a_word $((! $?))
for word in updated failed; do
    "$OTASIM" trace $small --why $word --limit 50 "$scenario" | tr -d , | awk '
        /  final  / { bytes = $5; charge = $6 }
        !/^#/ { sum += $4 }
        /^# [a-z_]*: bytes useful / {
            books = $5 + $7 + $9 + $11
            if (books != bytes || books != sum || $12 != charge) exit 1
            sum = 0; n++ }
        END { exit !n }'
    verdict ${word}_lines_add_up_to_the_books $?
done

# Threads and repetition change nothing; replication, seed and device do.
"$OTASIM" trace $small --threads 1 "$scenario" >one
"$OTASIM" trace $small --threads 2 "$scenario" | cmp -s - one && cmp -s text one
verdict same_bytes_on_two_threads $?
for other in "--rep 1" "--seed 2" "--device 1"; do
    "$OTASIM" trace $small $other "$scenario" >other
    [ -s other ] && ! cmp -s other text
    verdict "differs_with_$(echo "$other" | tr -d ' -')" $?
done

# Idle wakes one by one: at least as many lines.
"$OTASIM" trace $small --idle step "$scenario" >stepped
[ "$(wc -l <stepped)" -ge "$(wc -l <text)" ] && ! grep -q "  idle  " stepped
verdict idle_step_shows_each_wake $?

# --why: the first that ended so.
first=$(awk -F, -v o="$outcome" 'NR > 1 && $o !~ /^updated/ { print NR - 2; exit }' \
    run/devices.csv)
if [ -n "$first" ]; then
    "$OTASIM" trace $small --why failed "$scenario" >why
    grep -q "^# device $first of " why
    verdict why_failed_is_the_first $?
    "$OTASIM" trace $small --device "$first" "$scenario" | cmp -s - why
    verdict why_is_the_same_run $?
else
    echo "not ok why_failed_is_the_first"
    echo "all devices of the scenario are updated: nothing to look for"
fi
ended=$(sed -n 2p run/devices.csv | cut -d, -f"$outcome")
begin=${ended%%_*}
"$OTASIM" trace $small --why "$begin" --limit 3 "$scenario" >three
wanted=$(awk -F, -v o="$outcome" -v b="$begin" \
    'NR > 1 && index($o, b) == 1 && n++ < 3 { print NR - 2 }' run/devices.csv)
[ "$(sed -n 's/^# device \([0-9]*\) .*/\1/p' three)" = "$wanted" ]
verdict why_takes_the_begin_of_outcomes $?

fails why_nobody 1 \
    "otasim: no device of replication 0 ended so: bricked; all: *" \
    $small --why bricked "$scenario"
fails why_unknown 2 "otasim: unknown outcome fialed; did you mean failed[?]" \
    --why fialed "$scenario"
fails why_and_device 2 "otasim: --why: it does not go with --device" \
    --why failed --device 1 "$scenario"
fails limit_alone 2 "otasim: --limit: it goes with --why" --limit 2 "$scenario"
fails no_such_device 2 \
    "otasim: --device: there is no device 50; the scenario has devices 0 to 49" \
    $small --device 50 "$scenario"
fails bad_device 2 "otasim: --device: it takes a whole number, 0 or more" \
    --device -1 "$scenario"
fails bad_rep 2 "otasim: --rep: it takes *" --rep x "$scenario"
fails bad_limit 2 "otasim: --limit: it takes *, 1 or more" \
    --why failed --limit 0 "$scenario"
fails bad_format 2 "otasim: --format: it takes text, ndjson or chrome" \
    --format json "$scenario"
fails bad_idle 2 "otasim: --idle: it takes skip or step" --idle jump "$scenario"
fails not_of_trace 2 "otasim: --reps: not an option of this command" \
    --reps 3 "$scenario"
fails bad_scenario 3 "*run.horizon*" --set run.horizon=soon "$scenario"
fails no_scenario 2 "otasim: trace: a SCENARIO is missing"

# The other formats, to a file and to stdout.
for format in ndjson chrome; do
    "$OTASIM" trace $small --format $format "$scenario" >$format.out
    "$OTASIM" trace $small --format $format --out new/$format "$scenario" >out
    [ $? -eq 0 ] && [ ! -s out ] && [ -s new/$format ] &&
        cmp -s $format.out new/$format
    verdict "${format}_to_a_file" $?
done
[ "$(grep -vc '^{"time_s": [0-9.e+]*, "device": 0, "event": "[a-z_]*", ' \
    ndjson.out)" -eq 0 ] && tail -n 1 ndjson.out | grep -q '"event": "final"'
verdict ndjson_is_an_object_a_line $?
if command -v python3 >/dev/null 2>&1; then
    python3 -c '
import json, sys
for line in open("ndjson.out"):
    assert json.loads(line)["device"] == 0
ends = {}
for event in json.load(open("chrome.out"))["traceEvents"]:
    if event["ph"] in "Xi":
        assert event["ts"] >= ends.get(event["tid"], 0), event
        ends[event["tid"]] = event["ts"] + event.get("dur", 0)
assert {1, 2, 4} <= set(ends)'
    verdict formats_are_valid $?
else
    echo "ok formats_are_valid # SKIP there is no python3 here"
fi

# Failures of writing.
mkdir folder
fails folder_in_the_way 1 "otasim: cannot write folder: Is a directory" \
    $small --out folder "$scenario"
fails file_as_parent 1 "otasim: cannot write text/trace: Not a directory" \
    $small --out text/trace "$scenario"
if [ -e /dev/full ]; then
    # What was there stays if the new one cannot be written whole.
    echo old >kept
    ln -s /dev/full kept.partial
    fails full_beside 1 "otasim: cannot write kept: No space left*" \
        $small --out kept "$scenario"
    [ "$(cat kept)" = old ] && [ ! -L kept.partial ]
    verdict an_old_trace_stays $?
    fails full_file 1 "otasim: cannot write /dev/full: No space left*" \
        $small --out /dev/full "$scenario"
    "$OTASIM" trace $small "$scenario" >/dev/full 2>err
    [ $? -eq 1 ] && grep -q "cannot write to standard output" err
    verdict full_stdout $?
fi
(
    trap '' PIPE
    "$OTASIM" trace $small --idle step --why updated --limit 50 "$scenario" \
        2>err
    echo $? >status
) | head -n 1 >/dev/null
[ "$(cat status)" -eq 1 ] && grep -q "cannot write to standard output" err
verdict broken_pipe $?
