#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Every example that help gives works as it stands there, on a small fleet.
root=$(cd "$(dirname "$0")/../.." && pwd)
starter=$root/scenarios/starter
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export OMP_WAIT_POLICY=passive # more threads than processors

# What the examples name.
mkdir policies
ln -s "$root/scenarios" scenarios
cp "$starter/electron-hourly.json" mine.json
cp mine.json old.json
cp mine.json SCENARIO
cp "$starter/electron-hourly-stay-awake.json" new.json
cp "$starter/variants/wait-20s.json" .
cp "$root/scenarios/rollouts/policies/canary.json" \
    "$root/scenarios/rollouts/policies/ramp.json" policies

otasim() {
    case $1 in
    sweep | compare | tune)
        "$OTASIM" "$@" --set fleet.0.count=10 --set run.replications=2 \
            --no-plots
        ;;
    *) "$OTASIM" "$@" ;;
    esac
}

for command in run sweep compare tune estimate merge gates trace check models \
    import; do
    # Lines that begin so, to the first that does not end in "\".
    "$OTASIM" $command --help | awk '/^options:/ { exit }
        /^ *otasim / { on = 1 }
        on { line = line $0; on = sub(/\\$/, "", line)
             if (!on) { print line; line = "" } }' >examples
    while read -r example; do
        [ $command = merge ] && [ "${example#*--part 1/3}" != "$example" ] &&
            for part in 2 3; do
                eval "${example%1/3}$part/3" >/dev/null </dev/null
            done
        if eval "$example" >said 2>err </dev/null && [ -s said ]; then
            echo "ok help: $example"
        else
            echo "not ok help: $example"
            cat err
        fi
    done <examples
done
