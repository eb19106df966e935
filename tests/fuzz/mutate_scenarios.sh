#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `otasim check` on damaged scenarios and catalogues: it accepts or refuses
# (exit 0 or 3), says why when it refuses, and neither crashes nor hangs.
#
# MUTANTS is how many of the starter (400); of each case of the casebook there
# are a tenth as many, of a catalogue as many. An offender is kept and named.
set -u
cd "$(dirname "$0")/../.." || exit 1
OTASIM=${OTASIM:-$PWD/build/otasim}
starter=scenarios/starter/electron-hourly.json
mutants=${MUTANTS:-400}
folder=$(mktemp -d)
trap 'rm -rf "$folder/mutants" "$folder/bin"; rmdir "$folder" 2>/dev/null' EXIT

# judge FILE: prints what is wrong with the program's answer to it, as a
# scenario, or as the catalogue of one if it is a .jsonl.
judge() {
    case $1 in
    *.jsonl) set -- "$starter" --set "catalog=$1" ;;
    esac
    timeout 20 "$OTASIM" check "$@" >"$folder/bin/out" 2>"$folder/bin/err" \
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
        kept=$folder/$offenders-${file##*/}
        mv "$file" "$kept"
        echo "$kept, of $name: $wrong"
    done
    if [ $offenders -eq 0 ] && [ $# -ne 0 ]; then
        echo "ok fuzz: $name ($#)"
    else
        echo "not ok fuzz: $name ($offenders of $#)"
    fi
}

# mutants_of FILE COUNT FOLDER
mutants_of() {
    mkdir "$3" && "$folder/bin/mutate" "$1" "$2" "$3"
}

# A catalogue of what the shipped one has, by other names.
write_catalog() {
    sed 's/"preset":"/&my_/' scenarios/catalog/presets.jsonl
    sed -n '1,20s/"p":"/&my/p' scenarios/catalog/particle-modules.jsonl
}

# mutants_of_catalog FILE FOLDER: they keep their name's end.
mutants_of_catalog() {
    mutants_of "$1" "$mutants" "$2" || return 1
    for file in "$2"/*.json; do
        mv "$file" "${file}l" || return 1
    done
}

mutants_of_cases() {
    mkdir "$1" || return 1
    for file in scenarios/casebook/*.json; do
        mutants_of "$file" $((mutants / 10 + 1)) "$1/${file##*/}" || return 1
    done
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
write_catalog >"$folder/mutants/mine.jsonl"
if ${CC:-cc} -std=c17 -O1 -o "$folder/bin/mutate" tests/fuzz/mutate.c &&
    mutants_of $starter "$mutants" "$folder/mutants/starter" &&
    mutants_of_cases "$folder/mutants/cases" &&
    mutants_of_catalog "$folder/mutants/mine.jsonl" "$folder/mutants/lines" &&
    [ -z "$(judge $starter)" ] &&
    "$OTASIM" check $starter --set "catalog=$folder/mutants/mine.jsonl" \
        >/dev/null; then
    judge_all 'mutants are accepted or refused' "$folder"/mutants/starter/*
    judge_all 'mutants of cases are accepted or refused' \
        "$folder"/mutants/cases/*/*
    judge_all 'mutants of a catalogue are accepted or refused' \
        "$folder"/mutants/lines/*
    write_shapes
    judge_all 'known shapes are accepted or refused' "$folder"/mutants/shapes/*
else
    echo 'not ok fuzz: set-up'
fi
