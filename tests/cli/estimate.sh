#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `otasim estimate`: of a scenario, of flags, as JSON, and what is refused.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
OTASIM=${OTASIM:-$root/build/otasim}
starter=$root/scenarios/starter/electron-hourly.json
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

verdict() { # NAME STATUS
    if [ "$2" -eq 0 ]; then echo "ok estimate: $1"; else echo "not ok estimate: $1"; fi
}

"$OTASIM" estimate "$starter" >text 2>err
verdict of_a_scenario $?
[ ! -s err ] && [ "$(awk 'length > 80' text)" = "" ] && [ ! -e results ]
verdict fits_80_columns_and_writes_nothing $?
[ "$(sed -n 's/^  *[0-9]* \([a-z][0-9]\) .*/\1/p' text | tr '\n' ' ')" = \
    "u1 s3 s1 s2 s3 s1 s2 b0 " ]
verdict modules_stand_in_their_order $?
grep -q "8 modules, 625 KB; 7 sent in safe mode; 8 reboots" text &&
    grep -q "a start in 41.2 %" text && grep -q "0.99 USD  a SIM" text
verdict totals_are_told $?

"$OTASIM" estimate "$starter" --json >line 2>err
verdict json_succeeds $?
[ "$(wc -l <line)" -eq 1 ] && grep -q '"slot": "b0"' line &&
    grep -q '"useful_bytes": 624580' line && grep -q '"best": {' line &&
    grep -q '"start_in_a_day_s": \[null, null, null\]' line &&
    grep -q '"assumed": \["' line
verdict json_has_all $?

"$OTASIM" estimate "$starter" --set app.wait=20s --set app.stay_once_begun=true \
    --set delivery.model=immediate >text
grep -q "a start in 100 % of such" text && grep -q "the app stays" text
verdict settings_are_applied $?

"$OTASIM" estimate --platform electron --from 0.4.8 --to 2.3.1 --app 21KB \
    --link 3g >text 2>err
verdict of_flags $?
grep -q "0.4.8-rc.6 is the one release" text && grep -q "10 modules" text &&
    grep -q "link: preset 3g" text && grep -q "session: preset particle_sim" text
verdict choices_are_told $?
[ "$(awk 'length > 80' text)" = "" ]
verdict flags_fit_80_columns $?

"$OTASIM" estimate --platform boron --from 3.3.1 --to 4.0.2 >text 2>err &&
    grep -q "lte_m_good, usual" text && grep -q "particle_sim_3_1" text &&
    ! grep -q " u1 " text
verdict the_os_alone $?
"$OTASIM" estimate --platform photon --from 0.7.0 --app 21KB \
    --set 'sleep={"model": "always_on"}' >text 2>err &&
    grep -q "1 module, 21 KB" text && grep -q "photon_tcp" text &&
    ! grep -q "sleep: preset" text && ! grep -q "must wait" text
verdict the_app_alone_and_no_sleep $?
"$OTASIM" estimate --platform boron --from 3.3.1 --to 3.3.1 >text 2>err &&
    grep -q "nothing is to be sent" text
verdict nothing_to_send $?
"$OTASIM" estimate --platform electron --from 0.6.0 --app 21KB --json \
    --set plan.model=capped --set plan.included=1MB >line &&
    grep -q '"included_bytes": 1000000' line && grep -q '"chosen": \["' line
verdict flags_as_json $?
for included in 317KB 400KB; do
    "$OTASIM" estimate --platform electron --from 0.6.0 --app 21KB \
        --set 'sleep={"model": "always_on"}' --set plan.model=capped \
        --set plan.included=$included --set plan.overage_price=0.99USD >text
    grep -c "which are so near" text
done >lines
[ "$(tr '\n' ' ' <lines)" = "1 0 " ]
verdict a_bill_on_the_edge_is_called_so $?

refused() { # NAME STATUS TEXT ARGUMENT...
    name=$1 wanted=$2 text=$3
    shift 3
    "$OTASIM" estimate "$@" >out 2>err
    [ $? -eq "$wanted" ] && [ ! -s out ] && grep -q -- "$text" err
    verdict "$name" $?
}

refused wrong_platform 2 "did you mean electron" \
    --platform elektron --from 0.6.0 --app 1KB
refused wrong_release 2 "unknown release of electron 0.4.7; known: 0.4.8-rc.6" \
    --platform electron --from 0.4.7 --app 1KB
refused release_of_many 2 "unknown release of electron 0.6;" \
    --platform electron --from 0.6 --app 1KB
refused wrong_target 2 "unknown release of electron 9.9.9" \
    --platform electron --from 0.6.0 --to 9.9.9
refused wrong_link 2 "did you mean 3g" \
    --platform electron --from 0.6.0 --app 1KB --link 3gg
refused wrong_size 2 "it takes a size" \
    --platform electron --from 0.6.0 --app '1KB"'
refused no_app 2 "it takes a size" --platform electron --from 0.6.0 --app 0B
refused no_target 2 "--to or --app is missing" --platform electron --from 0.6.0
refused no_release 2 "--from is missing" --platform electron --app 1KB
refused no_platform 2 "--platform is missing" --from 0.6.0 --app 1KB
refused nothing 2 "name a SCENARIO"
refused both 2 "one or the other" "$starter" --app 1KB
refused a_setting_that_is_none 3 "unknown" \
    --platform electron --from 0.6.0 --app 1KB --set app.wiat=3s
refused no_such_scenario 3 "none.json" none.json

# The README quotes the answer as it is, up to what is assumed.
"$OTASIM" estimate "$starter" | sed -n '/^Assumed$/q; p' >text
sed -n '/^<!-- estimate -->$/,/^\.\.\.$/p' "$root/README.md" |
    sed '1,2d; $d' >quoted
printf '\n' >>quoted
cmp text quoted
verdict the_readme_quotes_it $?
