#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `otasim check` on each tests/scenarios/bad_X.json: exit 3, nothing on stdout,
# and on stderr exactly bad_X.expected.
#
# With --update it rewrites the expected messages instead.
set -u
cd "$(dirname "$0")/../.." || exit 1
OTASIM=${OTASIM:-$PWD/build/otasim}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

for file in tests/scenarios/bad_*.json; do
    name=$(basename "$file" .json)
    expected=tests/scenarios/$name.expected
    "$OTASIM" check "$file" >"$folder/out" 2>"$folder/err"
    status=$?
    if [ "${1-}" = --update ]; then
        cp "$folder/err" "$expected"
    fi
    if [ $status -ne 3 ]; then
        echo "not ok $name: exit $status, not 3"
    elif [ -s "$folder/out" ]; then
        echo "not ok $name: something on stdout"
    elif diff "$expected" "$folder/err"; then
        echo "ok $name"
    else
        echo "not ok $name: other messages"
    fi
done
