#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The scenario that scenarios/README.md shows is one.
set -u
cd "$(dirname "$0")/../.." || exit 1
OTASIM=${OTASIM:-$PWD/build/otasim}
example=$(mktemp)
trap 'rm -f "$example"' EXIT

sed -n '/^```jsonc$/,/^```$/p' scenarios/README.md | sed '1d; $d' >"$example"
if [ -s "$example" ] && "$OTASIM" check "$example"; then
    echo "ok readme: scenarios/README.md"
else
    echo "not ok readme: scenarios/README.md"
fi
