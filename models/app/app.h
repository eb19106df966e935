/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * app.h - kind of model: what the user's app does in a wake, and how long it
 * stays for an update that may come.
 *
 * The models differ in the wait; the rest is common. In safe mode the app does
 * not run and nothing here applies.
 */
#ifndef OTA_APP_H
#define OTA_APP_H

#include <stdbool.h>
#include <stdint.h>

#include <gsl/gsl_rng.h>

#include "sim/base/dist.h"
#include "sim/base/model.h"

/* First member of every app config. */
struct ota_app_common {
    struct ota_dist work;      /* time the app needs online, each wake */
    int64_t publishes;         /* events a wake */
    struct ota_dist publish;   /* size of one event on the wire, up, with
                                * headers */
    int64_t publish_ack_bytes; /* and of its acknowledgement, down */
    bool threaded;             /* the system thread pumps the cloud */
    int64_t pump_us;           /* not threaded: time between two pumps, each
                                * of which takes one message */
    bool stay_once_begun;      /* stays awake for an update that has begun */
    int64_t stay_max_us;       /* but no longer than this after it began */
};

struct ota_app_model {
    struct ota_model model;

    /* Puts *last_long, when the last long wait was, as it is at time 0: a time
     * [us], or the number of a wake for a model that counts wakes. */
    void (*start)(const void *config, int64_t *last_long, gsl_rng *rng);

    /*
     * Returns how long the device stays awake after it connected at now_us in
     * its wake_count-th wake (from 1) [us], and updates *last_long.
     */
    int64_t (*wait_us)(const void *config, int64_t now_us, int64_t wake_count,
                       int64_t *last_long);
};

struct ota_app {
    const struct ota_app_model *model;
    const void *config; /* begins with struct ota_app_common */
};

static inline const struct ota_app_common *
ota_app_common(const struct ota_app *app)
{
    return app->config;
}

struct ota_app_fixed_config {
    struct ota_app_common common;
    int64_t wait_us;
};

struct ota_app_long_every_config {
    struct ota_app_common common;
    int64_t wait_us;      /* usually */
    int64_t long_wait_us; /* now and then */
    int64_t every_us;     /* the first wake this long after the last long one;
                           * not used when every_wakes > 0 */
    int64_t every_wakes;  /* each so many wakes; 0: by time */
};

extern const struct ota_app_model ota_app_fixed;
extern const struct ota_app_model ota_app_long_every;

/* Every app model, ended by NULL. */
extern const struct ota_app_model *const ota_app_models[];

#endif
