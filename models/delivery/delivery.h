/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * delivery.h - kind of model: when the cloud begins an update on a device
 * that the rollout has reached.
 */
#ifndef OTA_DELIVERY_H
#define OTA_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#include <gsl/gsl_rng.h>

#include "sim/base/dist.h"
#include "sim/base/model.h"

struct ota_delivery_model {
    struct ota_model model;

    /* Returns whether the cloud offers the update on a connect that was a
     * full handshake or a resume. */
    bool (*offers)(const void *config, bool full_handshake);

    /* Returns whether a device that is online when the rollout reaches it is
     * offered the update there and then. */
    bool (*offers_online)(const void *config);

    /* Returns the time from the offer to the begin of the transfer [us]. */
    int64_t (*delay_us)(const void *config, gsl_rng *rng);

    /* Returns after how many attempts that failed the cloud gives a device
     * up; 0: never. */
    int64_t (*attempts_max)(const void *config);
};

struct ota_delivery {
    const struct ota_delivery_model *model;
    const void *config;
};

/* Both models'. */
struct ota_delivery_config {
    struct ota_dist begin_delay;
    int64_t attempts_max;
};

extern const struct ota_delivery_model ota_delivery_at_handshake;
extern const struct ota_delivery_model ota_delivery_immediate;

/* Every delivery model, ended by NULL. */
extern const struct ota_delivery_model *const ota_delivery_models[];

#endif
