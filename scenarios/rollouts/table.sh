#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What each policy of this folder makes of the good and of the bad release, as a
# table in Markdown. Arguments: the program, and options for each run, such as
# --reps 5. Needs a minute or two.
set -eu
cd "$(dirname "$0")"
otasim=${1:-../../build/otasim}
[ $# -eq 0 ] || shift
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# The mean of a KPI of the fleet in a file of --json; "null" if it has none.
kpi() {
    tr -d '\n' <"$1" | sed "s/\"groups\":.*//; s/.*\"$2\": *{\([^}]*\)}.*/\1/
        s/.*\"mean\": *\([^,}]*\).*/\1/"
}

duration() {
    [ "$1" != null ] || { echo "not in each"; return; }
    echo "$1" | awk '{ if ($1 < 5400) printf "%.0f min\n", $1 / 60
                       else if ($1 < 172800) printf "%.1f h\n", $1 / 3600
                       else printf "%.1f d\n", $1 / 86400 }'
}

echo "| policy | time to 99 % | stops the good one | stops the bad one | run it | of them bad | device-hours bad | people | cost |"
echo "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
for policy in all-at-once canary ramp sprt aws hawkbit mender nerveshub \
    nerveshub-workflow flightctl adu; do
    for release in good bad; do
        "$otasim" run "$release.json" --policy "policies/$policy.json" --json \
            --quiet --no-plots --out "$scratch/out" "$@" >"$scratch/$release"
        rm -rf "$scratch/out"
    done
    good=$scratch/good
    bad=$scratch/bad
    printf '| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n' \
        "[$policy](scenarios/rollouts/policies/$policy.json)" \
        "$(duration "$(kpi "$good" time_to_99)")" \
        "$(kpi "$good" stopped | awk '{ printf "%.0f %%", 100 * $1 }')" \
        "$(kpi "$bad" stopped | awk '{ printf "%.0f %%", 100 * $1 }')" \
        "$(kpi "$bad" exposed | awk '{ printf "%.0f", $1 }')" \
        "$(kpi "$bad" exposed_bad | awk '{ printf "%.0f", $1 }')" \
        "$(kpi "$bad" bad_device_hours | awk '{ printf "%.0f", $1 }')" \
        "$(kpi "$bad" approvals | awk '{ printf "%.2f h", $1 / 4 }')" \
        "$(kpi "$bad" cost | awk '{ printf "%.0f USD", $1 }')"
done
