#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# scenarios/rollouts: the fleets differ in nothing but the release, policies are
# what the importer makes of the platforms' files, and each of them runs.
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$root/scenarios/rollouts" || exit 1

verdict() { # NAME STATUS
    if [ "$2" -eq 0 ]; then echo "ok $1"; else echo "not ok $1"; fi
}

plain() {
    grep -v -e '^//' -e '"title":' -e '"image":' "$1"
}
plain good.json >"$work/good"
plain bad.json | diff "$work/good" - >"$work/diff"
verdict fleets_are_the_same $?

for file in platforms/*.json; do
    name=$(basename "$file" .json)
    "$OTASIM" import "${name%-workflow}" "$file" 2>/dev/null |
        cmp -s - "policies/$name.json"
    verdict "imported_$name" $?
done

for file in policies/*.json; do
    name=$(basename "$file" .json)
    for release in good bad; do
        "$OTASIM" run "$release.json" --policy "$file" --reps 1 --json --quiet \
            --no-plots --out "$work/out" >"$work/json" 2>"$work/err" &&
            [ ! -s "$work/err" ] && grep -q '"updated_confirmed"' "$work/json"
        verdict "${name}_runs_$release" $?
        rm -rf "$work/out"
    done
done
