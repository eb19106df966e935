#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# --policy FILE: that file's policy in the place of the scenario's, for every
# command that reads a scenario; and the reference of policies.
set -u
cd "$(dirname "$0")/../.." || exit 1
OTASIM=${OTASIM:-$PWD/build/otasim}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
scenario=scenarios/starter/electron-hourly.json

verdict() { # NAME STATUS
    if [ "$2" -eq 0 ]; then echo "ok $1"; else echo "not ok $1"; fi
}

# Every policy of tests/policies reads; its dump is a scenario with it.
for file in tests/policies/*.json; do
    name=$(basename "$file" .json)
    set -- --set 'fleet.0.labels={"stage": "canary", "store": {"each": 5},
        "region": {"emea": 0.25, "us": 0.75}}'
    "$OTASIM" check "$scenario" --policy "$file" "$@" --json \
        >"$work/$name.json" 2>"$work/err" &&
        "$OTASIM" check "$work/$name.json" --json >"$work/again" &&
        cmp -s "$work/$name.json" "$work/again" &&
        grep -q '"policy": {' "$work/again"
    verdict "policy_$name" $?
done

# Complaints stand in the file.
printf '{"pace": {"rate": {"base": 5,\n  "maxx": 3}}}\n' >"$work/bad.json"
"$OTASIM" check "$scenario" --policy "$work/bad.json" 2>"$work/err"
[ $? -eq 3 ] && [ "$(cat "$work/err")" = \
    "$work/bad.json:2:3: policy.pace.rate.maxx: unknown setting; did you mean \"max\"?" ]
verdict complaint_in_the_file $?
"$OTASIM" check "$scenario" --policy "$work/none.json" 2>"$work/err"
[ $? -eq 3 ] && grep -q "none.json: cannot be read" "$work/err"
verdict no_such_file $?
[ "$(wc -l <"$work/err")" -eq 1 ]
verdict one_complaint_of_a_file $?
"$OTASIM" check "$scenario" --policy tests/policies/hawkbit.json |
    grep -q "^  policy hawkbit: 5 waves, 2 rules$"
verdict check_tells_of_the_policy $?
"$OTASIM" run "$scenario" --policy tests/policies/hawkbit.json --no-plots \
    --reps 1 --set run.horizon=1d --set fleet.0.count=20 \
    --out "$work/named" | grep -q ", policy hawkbit$"
verdict run_names_its_policy $?
"$OTASIM" check "$scenario" --policy "$scenario" 2>"$work/err"
[ $? -eq 3 ] && grep -q "unknown setting" "$work/err"
verdict a_scenario_is_no_policy $?
"$OTASIM" check "$scenario" --policy 2>"$work/err"
[ $? -eq 2 ]
verdict value_missing $?

# --set goes over the file, wherever it stands.
"$OTASIM" check "$scenario" --set policy.pace.rate.base=80 \
    --policy tests/policies/aws.json --json | grep -q '"base": 80'
verdict set_over_the_file $?

# The folder of a run holds what was run.
"$OTASIM" run "$scenario" --policy tests/policies/aws.json --quiet --no-plots \
    --reps 2 --set run.horizon=1d --set fleet.0.count=20 --out "$work/out" &&
    grep -q '"name": "aws"' "$work/out/scenario.json" &&
    grep -q '"name": "aws"' "$work/out/manifest.json"
verdict run_says_its_policy $?

"$OTASIM" models policy >"$work/page" &&
    grep -q '^policy.waves.list\[\]: ' "$work/page" &&
    grep -q '^  late_paced: ' "$work/page" &&
    grep -q '^      default: half_up$' "$work/page" &&
    ! grep -q '(null)' "$work/page"
verdict reference $?
