#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A run on 1, 2 and 4 ranks of MPI writes the bytes that the plain program does,
# and says the same: whether each rank has replications of its own, or devices,
# or the first has all. So do its failures. Builds the program with MPI itself.
set -u
cd "$(dirname "$0")/../.." || exit 1
OTASIM=${OTASIM:-$PWD/build/release/otasim}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if ! command -v mpirun >/dev/null || ! pkg-config --exists ompi-c; then
    echo "ok ranks # SKIP not run: no MPI"
    exit 0
fi
ranked=$PWD/build/release-mpi/otasim
make -s MPI=1 "${ranked#"$PWD"/}" >"$work/log" 2>&1 || {
    cat "$work/log"
    echo "not ok builds_with_mpi"
    exit 1
}
echo "ok builds_with_mpi"

# mpirun refuses to run as root unless told twice.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

# plain ARGUMENT..., on_ranks COUNT ARGUMENT...: run it, into a folder of the
# same name.
plain() {
    rm -rf "$work/out"
    (cd "$work" && "$OTASIM" "$@" >"$work/plain.text" 2>"$work/plain.err")
    echo $? >>"$work/plain.text"
    rm -rf "$work/plain" && mv "$work/out" "$work/plain" 2>/dev/null
}

on_ranks() {
    ranks=$1
    shift
    rm -rf "$work/out"
    (cd "$work" && mpirun --oversubscribe -n "$ranks" "$ranked" "$@" \
        >"$work/ranked.text" 2>"$work/ranked.err" </dev/null)
    echo $? >>"$work/ranked.text"
    rm -rf "$work/ranked" && mv "$work/out" "$work/ranked" 2>/dev/null
}

# Whether files, what was printed, and the exit status are the same.
same() {
    cmp "$work/plain.text" "$work/ranked.text" || return 1
    if [ -d "$work/plain" ] || [ -d "$work/ranked" ]; then
        diff -r -q "$work/plain" "$work/ranked" || return 1
    fi
}

# replications ARGUMENT...: how many they ask for.
replications() {
    while [ $# -gt 1 ] && [ "$1" != --reps ]; do shift; done
    [ "$1" = --reps ] && echo "$2" || echo 1
}

# compare NAME SPLIT ARGUMENT...: on all numbers of ranks. SPLIT: whether each
# rank may have devices of its own; if not, the first says so where there are
# fewer replications than ranks.
compare() {
    name=$1
    split=$2
    shift 2
    plain "$@"
    reps=$(replications "$@")
    for count in 1 2 4; do
        on_ranks $count "$@"
        if ! same; then
            echo "not ok ${name}_on_$count"
            continue
        fi
        said=$(grep -c 'one rank runs all' "$work/ranked.err")
        wanted=0
        if [ "$split" = alone ] && [ "$reps" -lt $count ]; then wanted=1; fi
        if [ "$said" -eq $wanted ]; then
            echo "ok ${name}_on_$count"
        else
            echo "not ok ${name}_on_$count: said $said times that one runs all"
        fi
    done
}

starter=$PWD/scenarios/starter/electron-hourly.json
rollouts=$PWD/scenarios/rollouts
cat >"$work/stops.json" <<'END_OF_POLICY'
{"policy": 1, "rules": {"eval": {"on": "outcome"}, "list": [
  {"if": {"share": "failed", "of": "executed", "op": ">=", "pct": 0.1},
   "min": {"executed": 300}, "do": {"stop": {"cancel": "all"}}}]}}
END_OF_POLICY

small="--no-plots --reps 2 --threads 2 --out out"
few="--set fleet[0].count=2500"
compare starter split run "$starter" $small $few
compare many split run "$starter" --no-plots --reps 9 --threads 2 --out out \
    --set 'fleet[0].count=700'
compare many_of_egress alone run "$starter" --no-plots --reps 5 --threads 1 \
    --out out --set 'fleet[0].count=700' --set cloud.egress=100kbit/s
compare many_staged alone run "$rollouts/bad.json" --no-plots --reps 4 \
    --threads 2 --out out --policy "$rollouts/policies/mender.json"
compare one_thread split run "$starter" --no-plots --reps 1 --threads 1 $few \
    --out out --json
compare idle_step split run "$starter" $small --idle step \
    --set 'fleet[0].count=1500' --set run.horizon=3d
compare few_devices split run "$starter" $small --set 'fleet[0].count=30'
compare rule_stops split run "$starter" $small $few --policy "$work/stops.json"
compare packets split run "$starter" $small --set 'fleet[0].count=1500' \
    --set 'fleet[0].transfer.fidelity=packet' --policy "$work/stops.json"
compare joins_late split run "$starter" $small $few \
    --set 'fleet[0].joins=uniform(0s,20d)' --policy "$rollouts/policies/canary.json"
compare nothing_written split run "$starter" --reps 3 --out none $few
compare egress alone run "$starter" $small $few --set cloud.egress=100kbit/s
compare polls alone run "$starter" $small $few \
    --policy "$rollouts/policies/mender.json"
for policy in "$rollouts"/policies/*.json; do
    name=$(basename "$policy" .json | tr - _)
    case $name in
    flightctl | mender | nerveshub) split=alone ;;
    *) split=split ;;
    esac
    compare "bad_$name" $split run "$rollouts/bad.json" $small \
        --policy "$policy"
done
compare gates split gates "$rollouts/bad.json" --reps 2 \
    --policy "$rollouts/policies/canary.json"
compare gates_of_egress alone gates "$rollouts/bad.json" --reps 2 \
    --policy "$rollouts/policies/canary.json" --set cloud.egress=100Mbit/s
compare trace split trace "$starter" --device 7

# What is wrong is said once, by the first rank, with the status of one alone.
# mpirun has words of its own beside it.
compare_failure() {
    name=$1
    shift
    plain "$@"
    on_ranks 3 "$@"
    sed -i 's/-devices-[0-9]*/-devices-PID/' "$work/plain.err" \
        "$work/ranked.err"
    grep -F -x -f "$work/plain.err" "$work/ranked.err" >"$work/said"
    if same && [ -s "$work/plain.err" ] && diff "$work/plain.err" "$work/said"
    then
        echo "ok $name"
    else
        echo "not ok $name"
        cat "$work/ranked.err"
    fi
}
compare_failure bad_scenario run "$PWD/tests/scenarios/bad_dist.json"
compare_failure misuse run --no-such-option "$starter"
compare_failure foreign_folder run "$starter" --out "$PWD/tests"
compare_failure unwritable run "$starter" --out /proc/nowhere/out

# One rank is told to stop: all do, and the first says so.
cat >"$work/noted" <<'END_OF_SCRIPT'
echo $$ >"pid.$OMPI_COMM_WORLD_RANK"
exec "$@"
END_OF_SCRIPT
(cd "$work" && exec mpirun --oversubscribe -n 2 sh "$work/noted" "$ranked" \
    run "$starter" --reps 100000 --threads 1 --out out 2>"$work/err" \
    >/dev/null </dev/null) &
run=$!
while [ ! -s "$work/pid.1" ]; do sleep 0.1; done
sleep 2
kill -TERM "$(cat "$work/pid.1")"
wait $run
status=$?
if [ $status -eq 1 ] && [ ! -e "$work/out" ] &&
    [ "$(grep -c '^otasim: interrupted' "$work/err")" -eq 1 ]; then
    echo "ok interrupted"
else
    cat "$work/err"
    echo "not ok interrupted: exit $status"
fi
