/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * group_path.h - the way of a group's devices from what is installed to the
 * release.
 */
#ifndef OTA_GROUP_PATH_H
#define OTA_GROUP_PATH_H

#include <stdbool.h>

#include "models/firmware/catalog.h"
#include "sim/fleet/config.h"
#include "sim/scenario/bind.h"
#include "sim/scenario/scenario.h"

/* What all groups are read with. */
struct ota_group_reader {
    struct ota_binder *binder;
    const struct ota_catalog *catalog;        /* NULL: could not be read */
    const struct ota_release_config *release; /* NULL: had complaints */
    const struct ota_json *needs_os;          /* where it stands, or NULL */
};

/* Complains if the catalogue does not know the group's platform. */
bool ota_group_check_platform(const struct ota_group_reader *reader,
                              const struct ota_json *object,
                              const char *platform);

/* Finds the way from each of the group's variants to the release. */
bool ota_group_find_paths(const struct ota_group_reader *reader,
                          const struct ota_json *object,
                          const struct ota_group *group,
                          struct ota_variant *variants);

/* Complains about what the group's transfer cannot carry. */
bool ota_group_check_chunks(const struct ota_group_reader *reader,
                            const struct ota_json *object,
                            const struct ota_group *group);

#endif
