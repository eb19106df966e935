/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * policy.h - kind of model: which devices the rollout reaches when.
 *
 * A policy sees what the devices reported, never the truth.
 */
#ifndef OTA_POLICY_H
#define OTA_POLICY_H

#include <stdint.h>

#include "sim/base/model.h"

/* What the operator's platform knows at an instant. Counts of devices. */
struct ota_policy_view {
    int64_t now_us;    /* since the release */
    int64_t targets;   /* in the rollout */
    int64_t reached;   /* allowed to update so far */
    int64_t begun;     /* for which an attempt was begun */
    int64_t confirmed; /* reported the new version */
    int64_t failed;    /* given up by the cloud */
};

struct ota_policy_decision {
    int64_t reach;   /* how many more devices may update now */
    int64_t next_us; /* when to ask again, since the release; later than
                      * now_us; OTA_NEVER: no need */
};

struct ota_policy_model {
    struct ota_model model;

    /* Decides. Called first at the release itself. */
    struct ota_policy_decision (*decide)(const void *config,
                                         const struct ota_policy_view *view);
};

struct ota_policy {
    const struct ota_policy_model *model;
    const void *config;
};

struct ota_policy_at_once_config {
    char unused; /* nothing to set */
};

extern const struct ota_policy_model ota_policy_at_once;

/* Every policy model, ended by NULL. */
extern const struct ota_policy_model *const ota_policy_models[];

#endif
