/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * estimate_flags.h - a scenario of one device, from --platform, --from, --to,
 * --app and --link.
 */
#ifndef OTA_ESTIMATE_FLAGS_H
#define OTA_ESTIMATE_FLAGS_H

#include <stddef.h>

#include "sim/cli/options.h"

enum { OTA_ESTIMATE_SOURCES = 12 };

struct ota_estimate_flags {
    char text[2048];                         /* the scenario */
    char sources[OTA_ESTIMATE_SOURCES][240]; /* what was chosen for the user */
    size_t source_count;
};

/* Builds it. Returns OTA_EXIT_OK, or having said on stderr what is wrong
 * OTA_EXIT_MISUSE or OTA_EXIT_FAILED. */
enum ota_exit ota_estimate_flags_read(struct ota_estimate_flags *flags,
                                      const struct ota_options *options);

#endif
