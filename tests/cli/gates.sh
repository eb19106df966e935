#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What `otasim gates` prints, and what it refuses.
root=$(cd "$(dirname "$0")/../.." && pwd)
scenario=$root/scenarios/starter/electron-hourly.json
small="--set fleet.0.count=40 --set run.horizon=10d --reps 4"
bad="--set image.fate=crashes --set image.bad=0.5"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

verdict() { # NAME STATUS
    if [ "$2" -eq 0 ]; then echo "ok $1"; else echo "not ok $1"; fi
}

cat >policy.json <<'END'
{"policy": 1, "name": "two steps",
 "waves": {"list": [
     {"name": "canary", "size": {"count": 10}},
     {"name": "rest", "size": "rest", "start": {"after_start": "5d"}}]},
 "attempt": {"timeout": {"from": "offered", "after": "3d"}},
 "rules": {"list": [
     {"if": {"share": "timed_out", "of": "total", "op": ">=", "pct": 20},
      "do": {"stop": {"cancel": "all"}}}]}}
END

"$OTASIM" gates "$scenario" --policy policy.json $small $bad >text 2>err
verdict gates_succeeds $?
[ ! -s err ]
verdict stderr_is_empty $?
grep -q "^  stop or halt a good release .* of 4$" text &&
    grep -q "^  miss the bad one .* of 4$" text
verdict both_errors_are_told $?
[ -s text ] && [ "$(awk 'length > 80' text)" = "" ]
verdict text_fits_80_columns $?
[ ! -e results ]
verdict nothing_is_written $?

"$OTASIM" gates "$scenario" --policy policy.json $small $bad --threads 2 \
    >again
cmp text again
verdict same_on_two_threads $?

"$OTASIM" gates "$scenario" --policy policy.json $small $bad --json >line
verdict json_succeeds $?
[ "$(wc -l <line)" -eq 1 ] && grep -q '"policy": "two steps"' line &&
    grep -q '"stops_good": {' line && grep -q '"misses_bad": {' line
verdict json_has_both_errors $?

"$OTASIM" gates "$scenario" --policy policy.json $small >text 2>err
[ $? -eq 3 ] && [ ! -s text ] && grep -q "image.fate=" err
verdict a_good_release_is_refused $?
"$OTASIM" gates "$scenario" $small $bad >text 2>err
[ $? -eq 3 ] && [ ! -s text ] && grep -q "no rule of the policy" err
verdict a_policy_without_rules_is_refused $?
"$OTASIM" gates >text 2>err
[ $? -eq 2 ] && grep -q "a SCENARIO is missing" err
verdict a_scenario_is_needed $?
