#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The same bytes in every file of the results for 1, 2, 3 and 8 threads: fleets
# of several shards, packet by packet and as flows, with rules that stop or send
# back, waves, slots, polls, shared capacity, a healer, late and lost reports.
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
million=$root/scenarios/scale/million.json
rollouts=$root/scenarios/rollouts
export OMP_WAIT_POLICY=passive # more threads than processors

verdict() { # NAME STATUS
    if [ "$2" -eq 0 ]; then echo "ok $1"; else echo "not ok $1"; fi
}

# NAME SCENARIO [OPTION]...
same() {
    name=$1
    shift
    for threads in 1 2 3 8; do
        "$OTASIM" run "$@" --reps 1 --quiet --no-plots --threads $threads \
            --out "$name-$threads" 2>"$name.err" ||
            { echo "not ok $name: $threads threads: $(cat "$name.err")"; return; }
    done
    status=0
    for file in summary.json devices.csv timeline.csv results.sqlite \
        manifest.json; do
        for threads in 2 3 8; do
            cmp "$name-1/$file" "$name-$threads/$file" >&2 || status=1
        done
    done
    verdict "$name" $status
    rm -rf "$name"-*
}

few="--set fleet[0].count=3000"
same flow "$million" $few
same packet "$million" $few --set 'fleet[0].transfer={"model": "v3", "fidelity": "packet"}'
same stepped "$million" $few --idle step --set run.horizon=3d
same a_rule_stops "$million" $few --set fleet[0].firmware.failure=0.2
same egress "$million" $few --set cloud.egress=20Mbit/s
same a_rule_stops_downloads_that_share "$million" $few \
    --set cloud.egress=20Mbit/s --set fleet[0].firmware.failure=0.2
same reports_late_and_lost "$million" $few --set backend.report_loss=0.1 \
    --set 'backend.report_delay=exponential(2h)' --set backend.query_every=1d
same not_one_for_all "$root/scenarios/starter/electron-hourly.json"
for policy in canary ramp sprt aws hawkbit mender nerveshub flightctl; do
    same "$policy" "$rollouts/bad.json" --policy "$rollouts/policies/$policy.json"
done
