/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shipped_catalog.h - the catalogue that the program ships with, for tests.
 */
#ifndef OTA_TEST_SHIPPED_CATALOG_H
#define OTA_TEST_SHIPPED_CATALOG_H

#include "models/firmware/catalog.h"
#include "sim/base/arena.h"

/* Reads it into arena; the test fails if that fails. */
struct ota_catalog shipped_catalog(struct ota_arena *arena);

/* Returns the release; the test fails if there is none. */
const struct ota_release *shipped_release(const struct ota_catalog *catalog,
                                          const char *platform, const char *os);

#endif
