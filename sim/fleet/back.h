/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * back.h - ways back from the release: what a device is sent that is told to
 * take its old image again. Private to sim/fleet.
 *
 * That is one image, the old app; Device OS and bootloaders stay as they are.
 * A release without an app goes back by the last image of its path.
 * Assumption: the old app is as large as the new one.
 */
#ifndef OTA_BACK_H
#define OTA_BACK_H

#include <stddef.h>

#include "sim/base/error.h"
#include "sim/fleet/config.h"

struct ota_backs;

/* Returns the ways back of all groups and variants, or NULL with *error
 * set. */
struct ota_backs *ota_backs_new(const struct ota_fleet_config *config,
                                struct ota_error *error);
void ota_backs_free(struct ota_backs *backs);

/* A group's, by variant. One without a path has an empty way back. */
const struct ota_path *ota_backs_of(const struct ota_backs *backs,
                                    size_t group);

#endif
