#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Every way to leave the program, under valgrind: no invalid access, no use of
# what was never set, nothing lost, and the exit code of a bare run.
#
# A build with sanitizers does not run under valgrind; use a plain one.
set -u
cd "$(dirname "$0")/../.." || exit 1
OTASIM=${OTASIM:-$PWD/build/otasim}
starter=scenarios/starter/electron-hourly.json
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
small='--set fleet.0.count=20 --set run.horizon=5d --reps 2 --no-plots'

# clean NAME EXIT_CODE ARGUMENT...
clean() {
    name=$1
    wanted=$2
    shift 2
    valgrind --quiet --error-exitcode=99 --leak-check=full \
        --errors-for-leak-kinds=definite,indirect \
        --show-leak-kinds=definite,indirect --log-file="$folder/valgrind" \
        "$OTASIM" "$@" >"$folder/out" 2>&1 </dev/null
    status=$?
    if [ $status -eq "$wanted" ] && [ ! -s "$folder/valgrind" ]; then
        echo "ok valgrind: $name"
    else
        tail -n 5 "$folder/out"
        head -n 40 "$folder/valgrind"
        echo "not ok valgrind: $name (exit $status, not $wanted)"
    fi
}

if ! command -v valgrind >/dev/null; then
    echo 'ok valgrind # SKIP not installed'
    exit 0
fi

echo '{"fleet": [{"name": "a", "cuont": 5}], "run": ' >"$folder/open.json"
echo '{"fleet": [{"name": "a", "cuont": 5}], "run": 7}' >"$folder/bad.json"
echo '{"comment": ' >"$folder/file"

clean 'help' 0 --help
clean 'version' 0 --version
clean 'models' 0 models
clean 'one model' 0 models session dtls
clean 'schema' 0 models --schema
clean 'check' 0 check $starter
clean 'check --json' 0 check --json $starter
# $small is words.
clean 'run, one thread' 0 run $starter $small --threads 1 --out "$folder/one"
clean 'run, two threads' 0 run $starter $small --threads 2 --out "$folder/two"
clean 'run --json' 0 run $starter $small --json --out "$folder/json"
for format in text ndjson chrome; do
    clean "trace --format $format" 0 trace $starter --set fleet.0.count=20 \
        --idle step --set run.horizon=5d --format $format --out "$folder/trace"
done
clean 'trace --why' 0 trace $starter --set fleet.0.count=20 --why waiting \
    --limit 3
clean 'a case with presets and signals' 0 \
    run scenarios/casebook/19-rural-tail.json --set fleet.0.count=20 \
    --set run.horizon=5d --reps 2 --no-plots --out "$folder/case"
clean 'a bad file of presets' 3 \
    check $starter --set catalog=$PWD/tests/scenarios/bad_preset_lines.jsonl
clean 'no command' 2
clean 'unknown command' 2 rum
clean 'unknown option' 2 run $starter --sed 1
clean 'no such scenario' 3 run "$folder/none.json"
clean 'not JSON' 3 check "$folder/open.json"
clean 'a bad scenario' 3 check "$folder/bad.json"
clean 'a bad setting' 3 check $starter --set run.horizon=5
clean 'nobody to trace' 1 trace $starter --set fleet.0.count=20 --why bricked
clean 'a file where the results should go' 1 \
    run $starter $small --out "$folder/file/results"
