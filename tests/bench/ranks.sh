#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# ranks.sh: a sweep of many points and a run of many replications on one process
# with two threads, and on one and two ranks of MPI, in turn and several times.
# Printed are medians of seconds by the clock, with mpirun's own start. Builds
# the program with MPI; without MPI there is nothing to print.
set -u
cd "$(dirname "$0")/../.." || exit 1
runs=${BENCH_RUNS:-3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if ! command -v mpirun >/dev/null || ! pkg-config --exists ompi-c; then
    echo "no MPI"
    exit 0
fi
make -s build/release/otasim && make -s MPI=1 build/release-mpi/otasim ||
    exit 1
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
starter=scenarios/starter/electron-hourly.json
sweep="sweep $starter --vary app.wait=5s..120s:16 --reps 20
    --set fleet.*.count=200 --quiet --no-plots --out none"
run="run $starter --reps 40 --set fleet.*.count=1000 --quiet --out none"
plain=build/release/otasim
ranked=build/release-mpi/otasim

# timed NAME COMMAND...: appends seconds to the list of that name.
timed() {
    name=$1
    shift
    begin=$(date +%s.%N)
    "$@" >/dev/null 2>"$work/err" </dev/null || cat "$work/err"
    end=$(date +%s.%N)
    echo "$begin $end" | awk '{ printf "%.3f\n", $2 - $1 }' >>"$work/$name"
}

median() {
    sort -n "$work/$1" | awk '{ v[NR] = $1 }
        END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

time_all() {
    timed "$1.threads" $plain $2 --threads 2
    timed "$1.one" mpirun -n 1 --bind-to none $ranked $2 --threads 2
    timed "$1.two" mpirun -n 2 --oversubscribe $ranked $2 --threads 1
}

n=0
while [ $n -lt "$runs" ]; do
    time_all sweep "$sweep"
    time_all run "$run"
    n=$((n + 1))
done
for what in sweep run; do
    printf '%-32s %8s s\n' "$what, 2 threads" "$(median $what.threads)" \
        "$what, 1 rank of 2 threads" "$(median $what.one)" \
        "$what, 2 ranks of 1 thread" "$(median $what.two)"
done
