#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# --set @=FILE: changes to a scenario from a file. Each tests/patches/bad_X.json
# is refused with exit 3, nothing on stdout, and on stderr exactly
# bad_X.expected; what is not bad is a scenario.
#
# With --update it rewrites the expected messages instead.
set -u
cd "$(dirname "$0")/../.." || exit 1
OTASIM=${OTASIM:-$PWD/build/otasim}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
base=tests/patches/base.json

verdict() { # NAME STATUS
    if [ "$2" -eq 0 ]; then echo "ok $1"; else echo "not ok $1"; fi
}

for file in tests/patches/bad_*.json; do
    name=$(basename "$file" .json)
    "$OTASIM" check "$base" --set "@=$file" >"$work/out" 2>"$work/err"
    status=$?
    [ "${1-}" = --update ] && cp "$work/err" "tests/patches/$name.expected"
    [ $status -eq 3 ] && [ ! -s "$work/out" ] &&
        diff "tests/patches/$name.expected" "$work/err"
    verdict "patch_$name" $?
done

# A setting behind the file goes over it, one before it does not.
printf '{"app": {"wait": "30s"}}' >"$work/patch.json"
"$OTASIM" check "$base" --set app.wait=20s --set "@=$work/patch.json" \
    --set fleet.pumps.app.wait=25s --json >"$work/out" &&
    grep -q '"wait": "30s"' "$work/out" &&
    grep -q '"wait": "25s"' "$work/out" &&
    ! grep -q '"wait": "20s"' "$work/out"
verdict patch_in_order $?

# A model's own settings go with it, if they are taken away.
printf '{"plan": {"model": "unlimited", "included": null, "at_cap": null}}' \
    >"$work/patch.json"
"$OTASIM" check "$base" --set "@=$work/patch.json" --json |
    grep -c '"model": "unlimited"' >"$work/out" &&
    [ "$(cat "$work/out")" -eq 2 ]
verdict patch_of_a_model $?

"$OTASIM" check "$base" --set "@=$work/none.json" 2>"$work/err"
[ $? -eq 3 ] &&
    grep -qx "$work/none.json: cannot be read: No such file or directory" \
        "$work/err"
verdict patch_missing $?
