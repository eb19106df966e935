#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Studies on several ranks: the answer and bytes of one process; and what comes
# of it when a rank is killed, or told to stop, in the middle. Builds the
# program with MPI itself.
set -u
cd "$(dirname "$0")/../.." || exit 1
OTASIM=${OTASIM:-$PWD/build/release/otasim}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if ! command -v mpirun >/dev/null || ! pkg-config --exists ompi-c; then
    echo "ok studies # SKIP not run: no MPI"
    exit 0
fi
ranked=$PWD/build/release-mpi/otasim
make -s MPI=1 "${ranked#"$PWD"/}" >"$work/log" 2>&1 || {
    cat "$work/log"
    echo "not ok builds_with_mpi"
    exit 1
}
# mpirun refuses to run as root unless told twice.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
root=$PWD
starter=$root/scenarios/starter/electron-hourly.json
cd "$work" || exit 1

on_ranks() {
    count=$1
    shift
    timeout -s KILL 120 mpirun --oversubscribe -n "$count" "$@" </dev/null
}

verdict() {
    if [ "$2" -eq 0 ]; then
        echo "ok $1"
    else
        cat err
        echo "not ok $1"
    fi
}

# compare NAME ARGUMENT...: what is printed and written, on 1, 2 and 4 ranks.
compare() {
    name=$1
    shift
    rm -rf out whole.out
    "$OTASIM" "$@" --threads 2 >whole 2>err || verdict "$name" 1
    mv out whole.out
    for ranks in 1 2 4; do
        rm -rf out
        on_ranks $ranks "$ranked" "$@" --threads 1 >said 2>err &&
            cmp whole said && diff -r whole.out out
        verdict "${name}_on_$ranks" $?
    done
}

small="--set fleet.*.count=60 --no-plots --out out"
compare sweep sweep "$starter" $small --vary app.wait=5s..120s:6 --reps 10
compare large_units sweep "$starter" --set fleet.*.count=11000 --no-plots \
    --out out --set run.horizon=2d --vary app.wait=5s,30s --reps 1

compare comparison compare "$starter" $small --reps 6 \
    --with "$root/scenarios/starter/variants/wait-20s.json"
compare tuning tune "$starter" $small --vary app.wait=5s..120s \
    --goal 'updated_within(7d) >= 90%' --minimise charge --budget 120
compare to_a_precision sweep "$starter" $small --vary app.wait=8s,12s \
    --precision charge=1% --max-reps 40
compare run_to_a_precision run "$starter" $small --precision charge=1% \
    --max-reps 40

# --- a rank goes -------------------------------------------------------------

cat >noted <<'END_OF_SCRIPT'
echo $$ >"pid.$OMPI_COMM_WORLD_RANK"
exec "$@"
END_OF_SCRIPT
study="sweep $starter --vary app.wait=5s..120s:8 --reps 40 --threads 1
    --set fleet.*.count=200 --no-plots --out out"
rm -rf out whole.out
"$OTASIM" $study >whole 2>err && mv out whole.out
verdict whole $?

# cut SIGNAL RANK: sends it when the log of the store has grown by more than its
# tables, by what came back; the exit status is left in $status.
cut() {
    rm -rf out out.units pid.*
    on_ranks 4 sh noted "$ranked" $study >said 2>err &
    begun=$!
    tries=0
    until [ -s "pid.$2" ] && [ -n "$(find . -name 'out.units*' -size +300k)" ] ||
        [ $tries -gt 600 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
    kill "-$1" "$(cat "pid.$2")"
    wait $begun
    status=$?
}

for rank in 2 0; do
    cut KILL $rank
    [ $status -ne 0 ] && [ ! -e out ] && [ -s out.units ]
    verdict "killed_rank_${rank}_leaves_what_came_back" $?
    "$OTASIM" $study >said 2>err && diff -r whole.out out
    verdict "killed_rank_${rank}_is_gone_on_from" $?
    # mpirun ends all ranks with the one, and each had a unit in hand.
    for lost in 1 2 3; do
        grep -q "replications\{0,1\} begun on rank $lost never came back" err
        verdict "killed_rank_${rank}_lost_units_of_$lost" $?
    done
    work_said=$(grep ' replications simulated, ' said)
    again=${work_said%% *}
    there=${work_said#*, }
    there=${there%% *}
    [ "$again" -lt 320 ] && [ $((again + there)) -eq 320 ]
    verdict "killed_rank_${rank}_costs_only_what_was_lost" $?
done

cut TERM 1
[ $status -eq 1 ] && grep -q 'of 320 replications are kept in out.units' err &&
    [ "$(grep -c '^otasim: interrupted' err)" -eq 1 ]
verdict stopped_rank_stops_all $?
on_ranks 3 "$ranked" $study >said 2>err && diff -r whole.out out &&
    ! grep -q 'never came back' err
verdict stopped_study_goes_on_on_ranks $?
