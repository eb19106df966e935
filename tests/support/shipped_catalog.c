/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shipped_catalog.c - see shipped_catalog.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/scenario/catalog_read.h"
#include "tests/support/shipped_catalog.h"

struct ota_catalog shipped_catalog(struct ota_arena *arena)
{
    struct ota_catalog catalog = {0};
    struct ota_complaints complaints = {0};

    const bool ok = ota_catalog_read(&catalog, NULL, arena, &complaints);
    ota_complaints_print(&complaints, stderr);
    assert_true(ok);
    return catalog;
}

const struct ota_release *shipped_release(const struct ota_catalog *catalog,
                                          const char *platform, const char *os)
{
    const struct ota_release *release = ota_catalog_find(catalog, platform, os);

    if (!release)
        fail_msg("%s %s is not in the catalogue", platform, os);
    return release;
}
