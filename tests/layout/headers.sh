#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Every header compiles by itself, twice included, as C17 without extensions,
# and its guard is its own.
set -u
cd "$(dirname "$0")/../.." || exit 1
CC=${CC:-cc}
PKG_CFLAGS=${PKG_CFLAGS-$(pkg-config --cflags gsl libcjson sqlite3)}
flags="-std=c17 -D_POSIX_C_SOURCE=200809L -I. -Wall -Wextra -Wpedantic
    -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Werror"

compiles() {
    printf '#include "%s"\n#include "%s"\n' "$1" "$1" |
        $CC $flags $PKG_CFLAGS -fsyntax-only -x c -
}

headers=$(find sim models output tests -name '*.h' | sort)
for header in $headers; do
    if compiles "$header"; then
        echo "ok headers: $header"
    else
        echo "not ok headers: $header"
    fi
done

repeated=$(grep -hE '^#ifndef OTA' $headers | sort | uniq -d)
if [ -z "$repeated" ]; then
    echo "ok headers: guards differ"
else
    echo "$repeated"
    echo "not ok headers: guards differ"
fi
