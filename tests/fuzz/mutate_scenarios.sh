#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `otasim check` on damaged scenarios: it accepts or refuses (exit 0 or 3),
# says why when it refuses, and neither crashes nor hangs.
#
# MUTANTS is how many (400). An offender is kept and named.
set -u
cd "$(dirname "$0")/../.." || exit 1
OTASIM=${OTASIM:-$PWD/build/otasim}
starter=scenarios/starter/electron-hourly.json
folder=$(mktemp -d)
trap 'rm -rf "$folder/mutants" "$folder/bin"; rmdir "$folder" 2>/dev/null' EXIT

# judge FILE: prints what is wrong with the program's answer to it.
judge() {
    timeout 20 "$OTASIM" check "$1" >"$folder/bin/out" 2>"$folder/bin/err" \
        </dev/null
    status=$?
    case $status in
    0) ;;
    3) [ -s "$folder/bin/err" ] || echo 'refused without a word' ;;
    124) echo 'still at it after 20 s' ;;
    *) echo "exit $status" && head -n 5 "$folder/bin/err" ;;
    esac
}

# judge_all NAME FILE...
judge_all() {
    name=$1
    shift
    offenders=0
    for file in "$@"; do
        wrong=$(judge "$file")
        [ -n "$wrong" ] || continue
        offenders=$((offenders + 1))
        mv "$file" "$folder/"
        echo "$folder/${file##*/}: $wrong"
    done
    if [ $offenders -eq 0 ] && [ $# -ne 0 ]; then
        echo "ok fuzz: $name ($#)"
    else
        echo "not ok fuzz: $name ($offenders of $#)"
    fi
}

# The shapes that parsers are known to fall over, by hand.
write_shapes() {
    shapes=$folder/mutants/shapes
    mkdir "$shapes"
    : >"$shapes/empty.json"
    head -c 10000000 /dev/zero | tr '\0' '[' >"$shapes/brackets.json"
    head -c 1000000 /dev/zero | sed 's/\x00/{"a":/g' >"$shapes/braces.json"
    head -c 1000000 /dev/zero >"$shapes/zeros.json"
    { echo '{"title": "' && head -c 5000000 /dev/zero | tr '\0' 'x'; } \
        >"$shapes/open-string.json"
    { printf '/*' && cat "$starter"; } >"$shapes/open-comment.json"
    printf '\357\273\277' | cat - "$starter" >"$shapes/bom.json"
    sed 's/$/\r/' "$starter" >"$shapes/crlf.json"
    cat "$starter" "$starter" >"$shapes/twice.json"
}

mkdir "$folder/mutants" "$folder/bin"
if ${CC:-cc} -std=c17 -O1 -o "$folder/bin/mutate" tests/fuzz/mutate.c &&
    "$folder/bin/mutate" $starter "${MUTANTS:-400}" "$folder/mutants" &&
    [ -z "$(judge $starter)" ]; then
    judge_all 'mutants are accepted or refused' "$folder"/mutants/*.json
    write_shapes
    judge_all 'known shapes are accepted or refused' "$folder"/mutants/shapes/*
else
    echo 'not ok fuzz: set-up'
fi
