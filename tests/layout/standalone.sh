#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The tree stands by itself and is finished: no file names a path of the
# machine it was written on, or work left to do.
#
# The patterns are written so that they do not match themselves.
set -u
cd "$(dirname "$0")/../.." || exit 1

files() {
    if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
        git ls-files -co --exclude-standard
    else
        find . -type f ! -path './.git/*' ! -path './build/*' \
            ! -path './results/*'
    fi | grep -v '^COPYING$' | while read -r file; do
        [ ! -f "$file" ] || echo "$file"
    done
}

# absent NAME PATTERN: no file matches the extended regular expression.
absent() {
    found=$(files | tr '\n' '\0' | xargs -0 grep -nIE -e "$2" /dev/null)
    if [ -z "$found" ]; then
        echo "ok standalone: no $1"
    else
        echo "$found" | cut -c 1-160
        echo "not ok standalone: no $1"
    fi
}

absent 'path of one machine' \
    '(^|[^[:alnum:]_.)}/-])/(wor[k]|hom[e]|roo[t]|User[s]|mn[t])/'
absent 'unfinished work' \
    '\<(TOD[O]|FIXM[E]|XX[X]|HAC[K]|TB[D])\>|not (yet )?implemente[d]'
