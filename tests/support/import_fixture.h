/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * import_fixture.h - imports that must succeed, and policies compared as
 * trees.
 */
#ifndef OTA_TESTS_IMPORT_FIXTURE_H
#define OTA_TESTS_IMPORT_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/scenario/import.h"

/* No readings, no start. */
extern const struct ota_import_options import_plainly;

/* Its number among ota_import_platforms. */
size_t import_platform(const char *name);

/* Imports a file of tests/import/, or a text; fails the test if it cannot. */
struct ota_import import_file(const char *platform, const char *file,
                              const struct ota_import_options *options);
struct ota_import import_text(const char *platform, const char *text,
                              const struct ota_import_options *options);

/* The file's policy differs from the expected one in just these paths: "+" for
 * one too many, "-" for one that lacks, "!" for another value. */
void import_policy_is(const char *platform, const char *file,
                      const char *expected, const char *differing);

/* The text's policy has, at a path of keys and indexes, this value; NULL: it
 * has nothing there. */
void import_part_is(const char *platform, const char *text,
                    const struct ota_import_options *options, const char *path,
                    const char *expected);

bool import_has_note(const struct ota_import *import, const char *name);

#endif
