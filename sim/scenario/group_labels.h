/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * group_labels.h - a group's "labels": what policies tell devices apart by.
 */
#ifndef OTA_GROUP_LABELS_H
#define OTA_GROUP_LABELS_H

#include <stdbool.h>

#include "sim/fleet/config.h"
#include "sim/scenario/bind.h"

/* Whether one of the groups has that label. */
bool ota_groups_have_label(const struct ota_group *groups, size_t count,
                           const char *key);

/* Reads the labels of the group that object is; it may have none. */
bool ota_group_read_labels(struct ota_binder *binder,
                           const struct ota_json *object,
                           struct ota_group *group);

#endif
