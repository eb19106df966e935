#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The answers of the starter scenarios, as they were when last looked at.
#
# On one machine a run is the same to the bit; another C library may round a
# logarithm otherwise and flip a few devices' luck. So each mean may be off by
# a tenth of the half-width of its interval, and no more. The README quotes
# these answers to the letter.
#
# A trace is one device's luck: its excerpt is the same to the letter wherever
# the numbers are, and elsewhere the same but for digits.
#
# golden.sh --update (make golden) writes down what the program answers now,
# here and in the README; look at the difference before you commit it.
set -u
cd "$(dirname "$0")/../.." || exit 1
OTASIM=${OTASIM:-$PWD/build/otasim}
scenarios='electron-hourly electron-hourly-stay-awake'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# "NAME MEAN LO HI" a line, of the whole fleet, out of a --json object.
flatten() {
    sed 's/, "groups":.*//' "$1" |
        grep -oE '"[a-z_0-9]+": \{[^{}]*"mean": [^{}]*\}' |
        sed -E 's/^"([^"]*)".*"mean": ([^,}]*), "lo": ([^,}]*), "hi": ([^,}]*).*/\1 \2 \3 \4/'
}

run() {
    "$OTASIM" run "scenarios/starter/$1.json" --json --no-plots \
        --out "$work/out" >"$work/$1.json" && flatten "$work/$1.json" \
        >"$work/$1.numbers"
}

answer() {
    COLUMNS=80 "$OTASIM" run "scenarios/starter/$1.json" --no-plots \
        --out "$work/out" | sed '/^Results: /d' | sed '$ { /^$/d; }'
}

# What a trace says of the first transfer, from the wake before it to the sleep
# behind it, and of the end; 100 columns wide, a long event on two lines.
excerpt() {
    "$OTASIM" trace scenarios/starter/electron-hourly.json --quiet \
        --why waiting_always_aborted | awk '
        function show(line, i) {
            if (length(line) > 100 && line !~ /^#/) {
                i = 55 + index(substr(line, 56), "  ")
                print substr(line, 1, i - 1)
                line = sprintf("%24s", "") substr(line, i + 2)
            }
            if (length(line) > 100)
                line = substr(line, 1, 97) "..."
            print line
        }
        /^#/ { show($0); next }
        / final  / { print "..."; show($0); next }
        done { next }
        $NF == "wake" { life = $0; next }
        { life = life "\n" $0 }
        /spark\/flash\/status started/ { begun = 1 }
        begun && /goes to sleep$/ {
            print "..."
            count = split(life, lines, "\n")
            for (i = 1; i <= count; i++)
                show(lines[i])
            done = 1
        }'
}

# Replaces the block behind a marker of the README by a file, or puts it there.
quote() {
    awk -v name="$1" -v file="$2" '
        $0 == "<!-- " name " -->" {
            print; print "```text"
            while ((getline line < file) > 0) print line
            print "```"; asked = 1; next
        }
        asked { asked = 0; if (/^```text$/) { skip = 1; next } }
        skip { if (/^```$/) skip = 0; next }
        { print }' README.md >"$work/README.md" &&
        cat "$work/README.md" >README.md
}

# The block behind that marker.
quoted() {
    awk -v name="$1" '
        $0 == "<!-- " name " -->" { getline; on = 1; next }
        on && /^```$/ { exit }
        on { print }' README.md
}

compare() {
    awk '
        function off(a, b) { return a > b ? a - b : b - a }
        NR == FNR { mean[$1] = $2; lo[$1] = $3; hi[$1] = $4; next }
        { seen[$1] = 1 }
        !($1 in mean) { print $1 " is new"; bad = 1; next }
        mean[$1] == "null" || $2 == "null" {
            if (mean[$1] != $2) {
                print $1 ": " $2 ", was " mean[$1]
                bad = 1
            }
            next
        }
        {
            room = (hi[$1] - lo[$1]) / 20 + 1e-9 * off(mean[$1], 0)
            if (off($2, mean[$1]) > room) {
                print $1 ": " $2 ", was " mean[$1] " within " room
                bad = 1
            }
        }
        END {
            for (name in mean)
                if (!(name in seen)) { print name " is gone"; bad = 1 }
            exit bad
        }' "$1" "$2"
}

if [ "${1:-}" = --update ]; then
    for name in $scenarios; do
        run "$name" && cp "$work/$name.numbers" "tests/golden/$name.numbers" &&
            answer "$name" >"tests/golden/$name.txt" &&
            quote "answer: $name" "tests/golden/$name.txt" || exit 1
    done
    excerpt >tests/golden/electron-hourly.trace &&
        quote trace tests/golden/electron-hourly.trace || exit 1
    exit 0
fi

for name in $scenarios; do
    if run "$name" && compare "tests/golden/$name.numbers" \
        "$work/$name.numbers"; then
        echo "ok golden: $name"
    else
        echo "not ok golden: $name"
    fi
    if quoted "answer: $name" | cmp - "tests/golden/$name.txt"; then
        echo "ok golden: the README quotes $name"
    else
        echo "not ok golden: the README quotes $name"
    fi
done

# Whether two files are the same, but for digits.
alike() {
    for file in "$1" "$2"; do
        sed -E 's/[0-9][0-9,.:]*/0/g; s/  +/  /g' "$file" >"$file.words"
    done
    cmp "$1.words" "$2.words"
}

excerpt >"$work/trace"
cp tests/golden/electron-hourly.trace "$work/golden"
if cmp -s tests/golden/electron-hourly.numbers "$work/electron-hourly.numbers"
then cmp "$work/trace" "$work/golden"; else alike "$work/trace" "$work/golden"
fi && [ "$(wc -l <"$work/trace")" -gt 10 ]
if [ $? -eq 0 ]; then echo "ok golden: trace"; else echo "not ok golden: trace"; fi
if quoted trace | cmp - tests/golden/electron-hourly.trace; then
    echo "ok golden: the README quotes a trace"
else
    echo "not ok golden: the README quotes a trace"
fi
