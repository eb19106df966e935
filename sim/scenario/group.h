/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * group.h - the scenario's "fleet": groups of devices, what is installed on
 * them, and the way from there to the release.
 */
#ifndef OTA_GROUP_H
#define OTA_GROUP_H

#include <stdbool.h>

#include "models/firmware/catalog.h"
#include "sim/fleet/config.h"
#include "sim/scenario/bind.h"
#include "sim/scenario/scenario.h"

/*
 * Reads root's "fleet" into config's groups. catalog is NULL if it could not
 * be read, release if it had complaints: what needs them is then not checked.
 */
bool ota_groups_read(struct ota_binder *binder, const struct ota_json *root,
                     const struct ota_catalog *catalog,
                     const struct ota_release_config *release,
                     struct ota_fleet_config *config);

#endif
