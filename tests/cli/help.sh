#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Help goes to stdout with exit status 0, and says exactly this.
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

same() { # NAME EXPECTED ARGUMENT...
    name=$1
    expected=$2
    shift 2
    if "$OTASIM" "$@" >"$work/out" 2>"$work/err" && [ ! -s "$work/err" ] &&
        diff "$here/$expected" "$work/out"; then
        echo "ok $name"
    else
        echo "not ok $name"
        cat "$work/err"
    fi
}

same help help.expected --help
same help_command help.expected help
same help_short help.expected -h
same run_help run_help.expected run --help
same help_of_run run_help.expected help run
same trace_help trace_help.expected trace --help
same help_of_trace trace_help.expected help trace
same help_among_words run_help.expected run x.json --help

if [ "$("$OTASIM" --version)" = "$("$OTASIM" --help |
    sed -n '1s/:.*//p')" ]; then
    echo "ok version"
else
    echo "not ok version"
fi
