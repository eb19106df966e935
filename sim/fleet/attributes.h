/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * attributes.h - what policies tell devices apart by: known of each before a
 * run begins, and without a device that runs.
 */
#ifndef OTA_FLEET_ATTRIBUTES_H
#define OTA_FLEET_ATTRIBUTES_H

#include <stddef.h>
#include <stdint.h>

#include <gsl/gsl_rng.h>

#include "sim/base/random.h"
#include "sim/fleet/config.h"

/* A device's place: its group, and its number in it. */
struct ota_seat {
    size_t group;
    int64_t index;
};

struct ota_seat ota_fleet_seat(const struct ota_fleet_config *config,
                               uint64_t device);

/* Its group alone. */
size_t ota_fleet_group_of(const struct ota_fleet_config *config,
                          uint64_t device);

/* Of the draws of a device's begin the one of its variant. */
enum { OTA_START_VARIANT = 1 };

/* Which variant a device of the group has at time 0. */
uint16_t ota_fleet_variant(const struct ota_group *group,
                           const struct ota_random_key *key, uint64_t device);

/* The index of the draw of a device's first signal; later ones go by
 * connect. */
#define OTA_FIRST_SIGNAL UINT64_MAX

/* Draws one of the group's signals by their shares; nothing is drawn where
 * there is one. */
uint8_t ota_fleet_draw_signal(const struct ota_group *group, gsl_rng *rng);

/*
 * The value of one of a device's attributes, for filters: group, platform,
 * product, link (of its first signal), os (at time 0), id, or a label; "" if
 * it has none of that name. In buffer if the text is not the config's.
 */
const char *ota_fleet_attribute(const struct ota_fleet_config *config,
                                const struct ota_random_key *key,
                                uint64_t device, const char *attribute,
                                char *buffer, size_t size);

/* The same as an ota_attribute_of, of a struct ota_attribute_source. */
struct ota_attribute_source {
    const struct ota_fleet_config *config;
    const struct ota_random_key *key;
};
const char *ota_fleet_attribute_of(void *source, uint64_t device,
                                   const char *attribute, char *buffer,
                                   size_t size);

#endif
