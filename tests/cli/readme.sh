#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The scenario that scenarios/README.md shows is one; output/README.md names the
# columns of devices.csv, all and in order.
set -u
cd "$(dirname "$0")/../.." || exit 1
OTASIM=${OTASIM:-$PWD/build/otasim}
example=$(mktemp)
results=$(mktemp -d)
trap 'rm -rf "$example" "$results"' EXIT

sed -n '/^```jsonc$/,/^```$/p' scenarios/README.md | sed '1d; $d' >"$example"
if [ -s "$example" ] && "$OTASIM" check "$example"; then
    echo "ok readme: scenarios/README.md"
else
    echo "not ok readme: scenarios/README.md"
fi

"$OTASIM" run scenarios/starter/electron-hourly.json --quiet --no-plots \
    --reps 2 --out "$results/out"
head -n 1 "$results/out/devices.csv" | tr , '\n' >"$results/columns"
sed -n '/^## devices.csv/,/^## results.sqlite/p' output/README.md |
    sed -n 's/^| \(`[^|]*`\) |.*/\1/p' | tr -d '` ' | tr , '\n' \
    >"$results/named"
if [ -s "$results/columns" ] && cmp "$results/columns" "$results/named"; then
    echo "ok readme: columns of devices.csv"
else
    echo "not ok readme: columns of devices.csv"
fi
