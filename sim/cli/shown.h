/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shown.h - which measures a study shows: those of --kpi, or usual ones.
 */
#ifndef OTA_SHOWN_H
#define OTA_SHOWN_H

#include "sim/cli/options.h"

struct ota_shown {
    const char **names; /* of measures, each once; in the arena */
    size_t count;
};

/* Reads them for the groups of the scenario. Returns OTA_EXIT_OK, or having
 * said what is wrong another status. */
enum ota_exit ota_shown_read(struct ota_shown *shown,
                             const struct ota_options *options,
                             const struct ota_scenario *scenario,
                             const char *const *usual, size_t usual_count,
                             struct ota_arena *arena);

/* Adds the measure of that name, unless it is there; *place is its place.
 * Returns false without memory. */
bool ota_shown_add(struct ota_shown *shown, const char *name, size_t *place,
                   struct ota_arena *arena);

#endif
