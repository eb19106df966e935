#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The Slurm script that is shipped: it is a good script, its tasks and the job
# behind them give the bytes of one process, and a task can be done again. Slurm
# itself is not there; a sbatch of ours does on the spot what it would queue.
set -u
cd "$(dirname "$0")/../.." || exit 1
OTASIM=${OTASIM:-$PWD/build/otasim}
script=scenarios/batch/sweep.slurm
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

verdict() {
    if [ "$2" -eq 0 ]; then
        echo "ok $1"
    else
        cat "$work/err"
        echo "not ok $1"
    fi
}

sh -n "$script" 2>"$work/err"
verdict slurm_script_is_a_script $?
if command -v shellcheck >/dev/null; then
    shellcheck "$script" >"$work/err" 2>&1
    verdict slurm_script_is_clean $?
fi
# Slurm reads no directive behind the first command.
awk '/^[^#]/ { commands = 1 } commands && /^#SBATCH/' "$script" >"$work/late"
[ ! -s "$work/late" ] && grep -q '^#SBATCH --array=1-8$' "$script"
verdict directives_come_first $?

# What is taken of sbatch's options is noted; job numbers count from 101.
mkdir "$work/bin"
cat >"$work/bin/sbatch" <<'END_OF_SBATCH'
#!/bin/sh
echo "$*" >>"$SBATCH_LOG"
first=1 last=1 array=no wrap= parsable=
while [ $# -gt 0 ]; do
    case $1 in
    --array=*) array=yes range=${1#--array=} first=${range%-*} last=${range#*-} ;;
    --wrap=*) wrap=${1#--wrap=} ;;
    --parsable) parsable=yes ;;
    --*) ;;
    *) break ;;
    esac
    shift
done
job=$((100 + $(wc -l <"$SBATCH_LOG")))
if [ "$parsable" ]; then echo "$job;cluster"; else echo "Submitted batch job $job"; fi
exec >"$SBATCH_LOG.$job" 2>&1
if [ "$wrap" ]; then
    exec sh -c "$wrap"
fi
[ $array = yes ] || exit 1
task=$last
while [ "$task" -ge "$first" ]; do
    SLURM_ARRAY_TASK_ID=$task SLURM_ARRAY_TASK_COUNT=$((last - first + 1)) \
        SLURM_ARRAY_JOB_ID=$job SLURM_CPUS_PER_TASK=2 sh "$@" || exit 1
    task=$((task - 1))
done
END_OF_SBATCH
chmod +x "$work/bin/sbatch"
PATH=$work/bin:$PATH
SBATCH_LOG=$work/log
OUT=$work/parts/wait
export PATH SBATCH_LOG OTASIM OUT

few="--reps 4 --set fleet.*.count=30 --no-plots"
timeout -s KILL 120 "$OTASIM" sweep scenarios/starter/electron-hourly.json \
    --vary app.wait=5s..120s:12 $few --out "$work/whole/wait" \
    >"$work/answer" 2>"$work/err"
verdict whole $?

: >"$work/log"
PARTS=5 timeout -s KILL 240 sh "$script" $few >"$work/said" 2>"$work/err"
verdict submitted $?
cat "$work/log".1* >>"$work/err"
grep -q '^--dependency=afterok:101 ' "$work/log" &&
    [ "$(find "$work/parts" -name "wait.part-[1-5]-of-5" | wc -l)" -eq 5 ]
verdict merge_waits_for_all_parts $?
diff -r "$work/whole/wait" "$work/parts/wait" >>"$work/err"
verdict parts_make_the_bytes_of_one_process $?

# A lost task, alone.
rm -rf "$work/parts/wait" "$work/parts/wait.part-3-of-5"
PARTS=5 sbatch --array=3 "$script" $few >"$work/said" 2>"$work/err" &&
    "$OTASIM" merge "$OUT".part-*-of-5 >"$work/said" 2>>"$work/err" &&
    diff -r "$work/whole/wait" "$work/parts/wait" >>"$work/err"
verdict a_task_is_done_again $?
