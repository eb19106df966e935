#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Every source says its licence: a C file in its first line, any other in one
# of its first two (a script begins with its interpreter).
set -u
cd "$(dirname "$0")/../.." || exit 1
tag='SPDX-License-Identifier: GPL-3.0-or-later'

licensed() {
    case $1 in
    *.[ch]) [ "$(head -n 1 "$1")" = "/* $tag */" ] ;;
    *) head -n 2 "$1" | grep -qxF "# $tag" ;;
    esac
}

missing=0
checked=0
for file in Makefile .ci/* $(find sim models output tests -name '*.[ch]' -o \
    -name '*.sh' -o -name '*.py' -o -name '*.mk' | sort); do
    [ -f "$file" ] || continue
    checked=$((checked + 1))
    licensed "$file" && continue
    echo "$file: no line '$tag'"
    missing=$((missing + 1))
done
if [ $missing -eq 0 ] && [ $checked -gt 50 ]; then
    echo "ok spdx: $checked files"
else
    echo "not ok spdx: $missing of $checked files"
fi
