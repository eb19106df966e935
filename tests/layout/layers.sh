#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Which folder may include what. A folder that the table does not name fails,
# so that a new one has to be given its place here.
set -u
cd "$(dirname "$0")/../.." || exit 1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# FOLDER, then what its files may include besides the headers of their own
# folder and of standard C: folders and libraries (ending in /) and single
# headers; "posix" stands for all of POSIX.
cat >"$scratch/table" <<'END'
sim/base         gsl/ omp.h
sim/engine       sim/base/
sim/ranks        mpi.h posix sim/base/
sim/fleet        gsl/ sim/base/ sim/engine/ sim/ranks/ models/
sim/stats        gsl/ sim/base/ sim/ranks/ sim/fleet/observation.h sim/fleet/campaign.h
sim/scenario     cjson/ posix sim/base/ models/ sim/fleet/config.h
sim/experiment   gsl/ sqlite3.h posix sim/base/ sim/engine/ sim/ranks/ models/ sim/fleet/ sim/stats/ sim/scenario/scenario.h
sim/cli          omp.h posix sim/ models/ output/
sim              sim/ models/ output/
models           sim/base/ models/
models/app       gsl/ sim/base/
models/battery   gsl/ sim/base/
models/cloud     gsl/ sim/base/
models/delivery  gsl/ sim/base/
models/firmware  gsl/ sim/base/
models/link      gsl/ sim/base/
models/plan      gsl/ sim/base/
models/policy    gsl/ sim/base/
models/presence  gsl/ sim/base/
models/session   gsl/ sim/base/ models/link/ models/firmware/device_os.h
models/sleep     gsl/ sim/base/
models/transfer  gsl/ sim/base/ models/link/ models/firmware/device_os.h
output           posix sqlite3.h sim/base/ sim/stats/ sim/experiment/ sim/fleet/observation.h
END

# Prints each include that is out of place and "ok" or "not ok" a folder, for
# the tree in the current folder.
check() {
    find sim models output -name '*.[ch]' |
        xargs awk -v table="$scratch/table" '
    BEGIN {
        standard = "^(assert|complex|ctype|errno|fenv|float|inttypes|" \
            "limits|locale|math|setjmp|signal|stdalign|stdarg|stdbool|" \
            "stdatomic|stddef|stdint|stdio|stdlib|stdnoreturn|string|tgmath|" \
            "time)[.]h$"
        posix = "^(dirent|fcntl|libgen|poll|pthread|spawn|strings|termios|" \
            "unistd|sys/(ioctl|resource|stat|time|types|wait))[.]h$"
        while ((getline row <table) > 0) {
            folder = row
            sub(/ .*/, "", folder)
            sub(/^[^ ]* */, "", row)
            allowed[folder] = row
        }
    }

    function folder_of(path) {
        return sub(/\/[^\/]*$/, "", path) ? path : "."
    }

    function may(folder, header, words, count, i) {
        if (header ~ standard || folder_of(header) == folder)
            return 1
        count = split(allowed[folder], words, " ")
        for (i = 1; i <= count; i++) {
            if (words[i] == header ||
                (words[i] == "posix" && header ~ posix) ||
                (words[i] ~ /\/$/ && index(header, words[i]) == 1))
                return 1
        }
        return 0
    }

    FNR == 1 { bad[folder_of(FILENAME)] += 0 }

    /^[ \t]*#[ \t]*include[ \t]*["<]/ {
        split($0, part, /["<>]/)
        if (!may(folder_of(FILENAME), part[2])) {
            print FILENAME ":" FNR ": may not include " part[2]
            bad[folder_of(FILENAME)]++
        }
    }

    END {
        for (folder in bad) {
            if (!(folder in allowed))
                print "not ok layers: " folder " is not in the table"
            else
                print (bad[folder] ? "not ok" : "ok") " layers: " folder
        }
    }' | sort
}

# plant FILE LINE...: a file of a small tree that the check must judge right.
plant() {
    file=$1
    shift
    mkdir -p "$scratch/tree/${file%/*}"
    printf '%s\n' "$@" >"$scratch/tree/$file"
}

# A check that never fails would pass any tree: offences are planted, and each
# must be found at its line and nothing else.
self_test() {
    plant sim/base/good.c '#include "sim/base/good.h"' '#include <math.h>' \
        '#include <gsl/gsl_rng.h>' '/* "sim/cli/x.h" */'
    plant sim/engine/up.c '' '#include "models/link/link.h"'
    plant sim/fleet/json.c '  #  include <cjson/cJSON.h>'
    plant sim/stats/fleet.c '#include "sim/fleet/observation.h"' \
        '#include "sim/fleet/fleet.h"'
    plant sim/scenario/good.c '#include <cjson/cJSON.h>'
    plant models/sleep/other.c '#include "models/link/link.h"'
    plant models/transfer/good.c '#include "models/link/link.h"'
    plant models/app/near.c '#include "app.h"'
    plant output/posix.c '#include <unistd.h>' '#include <sys/mman.h>'
    plant sim/new/any.c ''
    cat >"$scratch/wanted" <<'END'
models/app/near.c:1: may not include app.h
models/sleep/other.c:1: may not include models/link/link.h
not ok layers: models/app
not ok layers: models/sleep
not ok layers: output
not ok layers: sim/engine
not ok layers: sim/fleet
not ok layers: sim/new is not in the table
not ok layers: sim/stats
ok layers: models/transfer
ok layers: sim/base
ok layers: sim/scenario
output/posix.c:2: may not include sys/mman.h
sim/engine/up.c:2: may not include models/link/link.h
sim/fleet/json.c:1: may not include cjson/cJSON.h
sim/stats/fleet.c:2: may not include sim/fleet/fleet.h
END
    (cd "$scratch/tree" && check) >"$scratch/found"
    if diff "$scratch/wanted" "$scratch/found"; then
        echo "ok layers: planted offences are found"
    else
        echo "not ok layers: planted offences are found"
    fi
}

LC_ALL=C
export LC_ALL
self_test
check
