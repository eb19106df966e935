#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The reference names every kind, model and section, each with its own page.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

verdict() { # NAME STATUS
    if [ "$2" -eq 0 ]; then echo "ok $1"; else echo "not ok $1"; fi
}

"$OTASIM" models >"$work/all"
verdict overview $?

# Two blanks: a kind or section; four: a model of the kind above.
kind=
pages=0
while IFS= read -r line; do
    case $line in
    "    "*)
        set -- $line
        "$OTASIM" models "$kind" "$1" >"$work/page"
        verdict "models_${kind}_$1" $?
        ;;
    "  "*)
        set -- $line
        kind=$1
        "$OTASIM" models "$kind" >"$work/page"
        verdict "models_$kind" $?
        ;;
    esac
    pages=$((pages + 1))
done <"$work/all"
[ $pages -gt 20 ]
verdict overview_is_not_short $?

"$OTASIM" models kpi | grep -q "^  confirmed_share \[1\]: "
verdict kpis_have_units $?
"$OTASIM" models kpi | sed -n '/^outcomes/,/^$/p' | sed '1d; $d' >"$work/ends"
[ "$(wc -l <"$work/ends")" -gt 10 ] &&
    ! grep -v '^  [a-z_]*: [^(]' "$work/ends"
verdict outcomes_are_explained $?
"$OTASIM" models kpi | grep -q "^  updated_within(7d): " &&
    "$OTASIM" models kpi | grep -q "^  success_rate: confirmed_share$"
verdict measures_are_explained $?
"$OTASIM" models kpi | sed -n '/^states/,$p' | sed 1d >"$work/states"
[ "$(wc -l <"$work/states")" -gt 10 ] &&
    ! grep -v '^  [a-z_]*: [^(]' "$work/states"
verdict states_are_explained $?
# A kind, then its presets: name and model, and on the next line a basis.
"$OTASIM" models presets | sed '1,3d' >"$work/presets"
[ "$(grep -c '^  [a-z0-9_]*: [a-z0-9_]*$' "$work/presets")" -gt 10 ] &&
    [ "$(grep -c '^  [^ ]' "$work/presets")" -eq \
        "$(grep -c '^      [^ ]' "$work/presets")" ]
verdict presets_have_a_basis $?
"$OTASIM" models presets lte_m_poor >"$work/preset" &&
    grep -q '^      loss: [0-9]' "$work/preset" &&
    [ "$(grep -c '^  [^ ]' "$work/preset")" -eq 1 ]
verdict a_preset_has_values $?
"$OTASIM" models presets lte_m_por 2>"$work/error"
[ $? -eq 2 ] && grep -q 'did you mean lte_m_poor' "$work/error"
verdict an_unknown_preset_is_told $?
"$OTASIM" models catalog | grep -q "^  electron: .* 0.7.0 "
verdict catalog_has_releases $?
"$OTASIM" models values | grep -q "^  size  *\"285KB\"  (B KB KiB"
verdict values_have_units $?

# Every distribution that the page shows is one.
root=$(cd "$(dirname "$0")/../.." && pwd)
cp "$root/scenarios/starter/electron-hourly.json" "$work/scenario.json"
printf '1s\n2s\n' >"$work/delays.txt"
"$OTASIM" models values | sed -n '1,/^distributions/d; s/^  //; s/)  .*/)/p' \
    >"$work/distributions"
[ "$(wc -l <"$work/distributions")" -eq 10 ]
verdict ten_distributions $?
while IFS= read -r law; do
    "$OTASIM" check "$work/scenario.json" --quiet \
        --set "fleet.0.link.attach=$law"
    verdict "values_$law" $?
done <"$work/distributions"

"$OTASIM" models run | grep -q "default: "
verdict fields_have_defaults $?
"$OTASIM" models --schema | head -n 3 | grep -q '"$schema"'
verdict schema_is_printed $?
