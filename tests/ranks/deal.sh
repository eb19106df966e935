#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Units of work dealt to 1, 2 and 4 ranks (deal.c): each is done once, whatever
# was done is taken, and a rank that fails, is stopped or never came ends it for
# all, within a moment and in the same words.
set -u
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if ! command -v mpirun >/dev/null || ! pkg-config --exists ompi-c; then
    echo "ok deal # SKIP not run: no MPI"
    exit 0
fi
deal=build/release-mpi/tests/ranks/deal
make -s MPI=1 "$deal" >"$work/log" 2>&1 || {
    cat "$work/log"
    echo "not ok builds_with_mpi"
    exit 1
}
# mpirun refuses to run as root unless told twice.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

# judge NAME COUNT GOOD SAID MOST_MS: every rank says so, and the first has
# taken what all have done, each once.
judge() {
    awk -v name="$1_on_$2" -v count="$2" -v good="$3" -v said="\"$4\"" \
        -v most="$5" '
    /^rank / {
        ranks++
        text = $0
        sub(/.*, said /, "", text)
        if ($6 != good "," || $12 + 0 > most || text != said)
            bad = bad "\n" $0
        did += $8
        if (!least || $8 < least) least = $8 + 0
    }
    /^first: / { taken = $3 + 0; wrong = $5 + 0; zero = $8 }
    END {
        if (ranks != count) bad = bad "\n" ranks " ranks spoke"
        if (taken != did && name !~ /^takes/)
            bad = bad "\n" did " were done, " taken " taken"
        if (wrong) bad = bad "\n" wrong " were wrong"
        if (good && (taken != 1000 || least == 0))
            bad = bad "\n" taken " taken, " least " of a rank"
        if (name ~ /^stays/ && zero != 0) bad = bad "\nunit 0 by " zero
        print (bad ? "not ok " : "ok ") name bad
    }' "$work/out"
}

# one NAME COUNT GOOD SAID MOST_MS
one() {
    timeout -s KILL 60 mpirun --oversubscribe -n "$2" "$deal" "$1" \
        >"$work/out" 2>"$work/err" </dev/null
    status=$?
    if [ $status -ne $((1 - $3)) ]; then
        cat "$work/out" "$work/err"
        echo "not ok $1_on_$2: exit $status"
        return
    fi
    judge "$@"
}

for count in 1 2 4; do
    one plain $count 1 '' 20000
    one stays $count 1 '' 20000
    one fails $count 0 'unit 500 fails' 20000
    one stops $count 0 '' 20000
    one deals_no_more $count 0 'cannot note unit 400' 20000
    one absent $count 0 '' 20000
done
for count in 2 4; do
    one takes_no_more $count 0 'cannot keep the 401st' 20000
    # Units that would take 20 s are given up as soon as one fails after 0.3 s.
    one long $count 0 'unit 2 fails' 5000
done

# Deals follow each other, and nothing does once one has failed.
timeout -s KILL 60 mpirun --oversubscribe -n 3 "$deal" again >"$work/out" \
    2>"$work/err" </dev/null
if [ "$(grep -c '^first: taken 1000, wrong 0' "$work/out")" -eq 2 ] &&
    [ "$(grep -c '^first: taken 0, wrong 0' "$work/out")" -eq 2 ] &&
    [ "$(grep -c 'good 0, .*said "unit 500 fails"' "$work/out")" -eq 3 ] &&
    [ "$(grep -c 'good 0, did 0, begun 0' "$work/out")" -eq 3 ]; then
    echo "ok deals_follow_each_other"
else
    cat "$work/out" "$work/err"
    echo "not ok deals_follow_each_other"
fi
