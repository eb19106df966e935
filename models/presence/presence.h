/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * presence.h - kind of model: when a device is switched on at all.
 *
 * Off is off: no wake, no current, nothing in memory. Switching off is a loss
 * of power, whatever the device was doing.
 */
#ifndef OTA_PRESENCE_H
#define OTA_PRESENCE_H

#include <stdbool.h>
#include <stdint.h>

#include <gsl/gsl_rng.h>

#include "sim/base/dist.h"
#include "sim/base/model.h"

struct ota_presence_model {
    struct ota_model model;

    /* Returns when, after an arbitrary instant, presence changes for the first
     * time [us] (> 0; OTA_NEVER: never), and in *on what it is until then. */
    int64_t (*first_us)(const void *config, gsl_rng *rng, bool *on);

    /* Returns how long a stretch on (or off) lasts that begins now [us], > 0.
     */
    int64_t (*next_us)(const void *config, bool on, gsl_rng *rng);
};

struct ota_presence {
    const struct ota_presence_model *model;
    const void *config;
};

struct ota_presence_on_off_config {
    double share;        /* of the devices that come and go; the others are
                          * always on */
    struct ota_dist on;  /* how long a stretch on lasts */
    struct ota_dist off; /* and one off */
};

extern const struct ota_presence_model ota_presence_always;
extern const struct ota_presence_model ota_presence_on_off;

/* Every presence model, ended by NULL. */
extern const struct ota_presence_model *const ota_presence_models[];

#endif
