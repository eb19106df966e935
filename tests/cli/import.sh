#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `otasim import PLATFORM` on each tests/import/PLATFORM-X.json: exactly
# PLATFORM-X.policy on stdout and PLATFORM-X.said on stderr, and a policy that
# a scenario takes; and on each bad-PLATFORM-X.*: exit 3, nothing on stdout and
# bad-PLATFORM-X.said on stderr. Then the options, and what ends how.
#
# With --update it rewrites what is expected instead.
root=$(cd "$(dirname "$0")/../.." && pwd)
OTASIM=${OTASIM:-$root/build/otasim}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$root/tests/import" || exit 1

# For policies that ask for labels.
cat >"$work/scenario.json" <<'END'
{ "run": { "horizon": "20d" },
  "release": { "app_version": 2, "app_size": "21KB", "needs_os": "0.7.0" },
  "fleet": [ { "name": "a", "count": 100, "platform": "electron",
    "labels": { "region": { "eu": 0.4, "emea": 0.3, "us": 0.2, "far east": 0.1 },
                "stage": { "canary": 0.5, "a": 0.3, "b c": 0.2 },
                "tag": { "beta": 0.4, "a": 0.2, "b": 0.2, "canary": 0.2 },
                "store": { "each": 5 }, "ADUGroup": "prod", "site": "z",
                "fleet": "shops" },
    "installed": [ { "os": "0.6.0" } ],
    "sleep": { "model": "always_on" }, "plan": { "model": "unlimited" } } ] }
END

verdict() {
    if [ "$2" = yes ]; then echo "ok $1"; else echo "not ok $1"; fi
}

# same EXPECTED GOT: updates the first, or compares.
same() {
    if [ "$update" = yes ]; then
        cp "$2" "$1"
    fi
    diff "$1" "$2"
}

update=no
[ "${1-}" != --update ] || update=yes
for file in bad-*.json bad-*.yaml [!b]*.json; do
    name=${file%.*}
    platform=${name#bad-}
    platform=${platform%%-*}
    "$OTASIM" import "$platform" "$file" >"$work/out" 2>"$work/err"
    status=$?
    good=yes
    same "$name.said" "$work/err" || good=no
    case $name in
    bad-*) [ $status -eq 3 ] && [ ! -s "$work/out" ] || good=no ;;
    *)
        [ $status -eq 0 ] || good=no
        same "$name.policy" "$work/out" || good=no
        "$OTASIM" check --quiet "$work/scenario.json" --policy "$work/out" ||
            good=no
        ;;
    esac
    verdict "$name" $good
done

# ends NAME STATUS PATTERN ARGUMENT...: with that status, a first line on
# stderr that fits the pattern of case, and nothing on stdout.
ends() {
    name=$1
    status=$2
    pattern=$3
    shift 3
    "$OTASIM" "$@" >"$work/out" 2>"$work/err"
    got=$?
    line=$(head -n 1 "$work/err")
    case $line in
    $pattern) said=yes ;;
    *) said=no ;;
    esac
    [ $got -eq "$status" ] && [ ! -s "$work/out" ] || said=no
    [ $said = yes ] || echo "status $got, not $status; stderr: $line"
    verdict "$name" $said
}

ends no_file 2 "otasim: import: it takes a PLATFORM and a FILE" import aws
ends unknown_platform 2 \
    "otasim: unknown platform hawkbt; did you mean hawkbit[?]" \
    import hawkbt x.json
ends missing_file 3 "none.json: cannot be read: *" import aws none.json
ends unknown_reading 2 \
    "otasim: unknown approximation adu-amd; did you mean adu-and[?]" \
    import adu adu-plain.json --reading adu-amd=or
ends no_such_reading 2 \
    "otasim: unknown reading of adu-and xor; *" \
    import adu adu-plain.json --reading adu-and=xor
ends reading_of_none 2 "otasim: --reading: it takes NAME=HOW*" \
    import adu adu-plain.json --reading adu-and
ends bad_start 2 "otasim: --start: it takes a date*" \
    import adu adu-plain.json --start monday
ends cannot_write 1 "otasim: $work: cannot write: *" \
    import adu adu-plain.json -o "$work"

"$OTASIM" import aws aws-empty.json --reading hb-human=nobody \
    --reading aws-minute-grain=period >"$work/out" 2>"$work/err"
grep -q '"grain": "period"' "$work/out" && good=yes || good=no
verdict reading_is_used $good
grep -qxe "--reading hb-human: this file does not need it" "$work/err" &&
    good=yes || good=no
verdict reading_without_use_is_said $good

# A file that was there stays as it was unless the new one is whole.
echo old >"$work/policy.json"
ends kept_file 3 "*" import aws bad-aws-range.json -o "$work/policy.json"
[ "$(cat "$work/policy.json")" = old ] && good=yes || good=no
verdict kept_file_is_kept $good
ends written_file 0 "*" import aws aws-job.json -o "$work/policy.json"
cmp -s "$work/policy.json" aws-job.policy && good=yes || good=no
verdict written_file_is_the_policy $good
[ -z "$(find "$work" -name '*.partial')" ] && good=yes || good=no
verdict nothing_left_beside $good

if [ -w /dev/full ]; then
    "$OTASIM" import adu adu-plain.json >/dev/full 2>/dev/null
    [ $? -eq 1 ] && good=yes || good=no
    verdict full_disk $good
fi

# All that is said is in the object of --json, and the policy as it is.
"$OTASIM" import --json hawkbit hawkbit-rollout.json >"$work/out" 2>"$work/err"
good=yes
[ ! -s "$work/err" ] || good=no
same hawkbit-rollout.object "$work/out" || good=no
verdict json $good

# The readings stand in the help.
"$OTASIM" import --help >"$work/out"
for word in aws-abort-denominator offered mender-quota-carry; do
    grep -q -e " $word" "$work/out" && good=yes || good=no
    verdict "help_names_$word" $good
done
[ "$(awk '{ if (length($0) > 80) n++ } END { print n + 0 }' "$work/out")" = 0 ] &&
    good=yes || good=no
verdict help_is_narrow $good
