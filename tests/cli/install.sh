#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `make install`: what it installs works elsewhere, and `make uninstall` takes
# all of it away. Run it where the program is built; it builds nothing anew.
set -u
cd "$(dirname "$0")/../.." || exit 1
CC=${CC:-cc}
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
scenario=share/otasim/scenarios/starter/electron-hourly.json

# verdict NAME COMMAND...: "ok" if the command succeeds; else its output.
verdict() {
    name=$1
    shift
    if "$@" >"$root/log" 2>&1; then
        echo "ok install: $name"
    else
        cat "$root/log"
        echo "not ok install: $name"
    fi
}

in_make() { ${MAKE:-make} --no-print-directory DESTDIR="$root/dest" "$@"; }

installs() {
    in_make install >"$root/install.log" 2>&1 && return
    cat "$root/install.log"
    return 1
}

builds_nothing() { ! grep -E -- ' -c -o | rcs ' "$root/install.log"; }

# From here on, nothing is done in the source tree.
elsewhere() { (cd "$root" && "$@"); }

installed_program() {
    elsewhere dest/usr/local/bin/otasim --version | grep -F "$version" &&
        elsewhere dest/usr/local/bin/otasim check "dest/usr/local/$scenario"
}

write_client() {
    cat >"$root/client.c" <<'END'
#include <stdio.h>
#include <string.h>

#include <sim/otasim.h>

int main(int argc, char **argv)
{
    const struct ota_kind *link = ota_kind_find("link");
    struct ota_scenario scenario;
    struct ota_complaints complaints = {0};

    if (argc != 2 || !link || !link->at(0) ||
        !ota_scenario_read(&scenario, argv[1], NULL, 0, &complaints)) {
        ota_complaints_print(&complaints, stderr);
        return 1;
    }
    printf("%s %s\n", OTASIM_VERSION, scenario.name);
    ota_scenario_release(&scenario);
    return 0;
}
END
}

client() {
    library=$root/dest/usr/local/lib/libotasim.a
    # A library that was built for the sanitizers needs them to link.
    sanitize=
    ! nm "$library" 2>/dev/null | grep -q __asan_init ||
        sanitize=-fsanitize=address,undefined
    flags=$(PKG_CONFIG_PATH=$root/dest/usr/local/lib/pkgconfig \
        PKG_CONFIG_SYSROOT_DIR=$root/dest pkg-config --cflags --libs otasim) &&
        elsewhere $CC -std=c17 -Wall -Wextra -Wpedantic -Werror $sanitize \
            -o client client.c $flags &&
        elsewhere ./client "dest/usr/local/$scenario" |
        grep -xF "$version electron-hourly"
}

nothing_left() {
    in_make uninstall && [ -z "$(find "$root/dest" ! -type d)" ]
}

version=$(sed -n 's/^.define OTASIM_VERSION "\(.*\)"/\1/p' sim/otasim.h)
verdict 'make install' installs
verdict 'builds nothing anew' builds_nothing
verdict 'the program runs elsewhere' installed_program
write_client
verdict 'a client compiles, links and runs' client
verdict 'make uninstall leaves no file' nothing_left
