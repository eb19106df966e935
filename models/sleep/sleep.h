/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sleep.h - kind of model: when a device wakes, and what waking costs.
 *
 * Time 0 is an arbitrary instant in a device's life: the first wake is drawn
 * from the stationary law, so that statistics hold from the start on.
 */
#ifndef OTA_SLEEP_H
#define OTA_SLEEP_H

#include <stdbool.h>
#include <stdint.h>

#include <gsl/gsl_rng.h>

#include "sim/base/dist.h"
#include "sim/base/model.h"

/* What a sleep keeps alive, and so what waking costs. What it draws is the
 * battery's affair. */
enum ota_sleep_depth {
    OTA_SLEEP_HIBERNATE,       /* memory lost: boot, then attach */
    OTA_SLEEP_STOP,            /* memory kept, modem off: attach */
    OTA_SLEEP_ULTRA_LOW_POWER, /* the same, for less current */
    OTA_SLEEP_STANDBY,         /* the network is kept: neither. The session
                                * goes on, and the cloud can wake the device */
    OTA_SLEEP_DEPTHS
};

extern const char *const ota_sleep_depths[]; /* words, ended by NULL */

/* First member of every config of a model that sleeps. */
struct ota_sleep_common {
    int depth;         /* enum ota_sleep_depth */
    int64_t boot_us;   /* from waking to the start of the app or the attach */
    double low_charge; /* below this share of a full battery a wake is skipped:
                        * the device sleeps on without connecting */
};

struct ota_sleep_model {
    struct ota_model model;

    /* Returns the first wake at or after 0 [us]; 0 for a device that is
     * always on. */
    int64_t (*first_us)(const void *config, gsl_rng *rng);

    /* Returns the wake that follows one at wake_us [us]; later than that;
     * OTA_NEVER for a device that never sleeps. */
    int64_t (*next_us)(const void *config, int64_t wake_us, gsl_rng *rng);

    /* Returns the time within which every device wakes at least once (nearly:
     * with a chance of 1 - 1e-6) [us], a whole number of periods for wakes that
     * are aligned to a clock; 0 for a device that never sleeps. */
    int64_t (*lead_us)(const void *config);

    /* Returns the config's common part; NULL for a device that never sleeps. */
    const struct ota_sleep_common *(*common)(const void *config);
};

struct ota_sleep {
    const struct ota_sleep_model *model;
    const void *config;
};

enum ota_sleep_phase {
    OTA_SLEEP_PHASE_RANDOM,  /* each device has its own */
    OTA_SLEEP_PHASE_ALIGNED, /* all wake at multiples of the period, or up to
                              * a jitter late */
};

struct ota_sleep_interval_config {
    struct ota_sleep_common common;
    int64_t period_us; /* wake to wake, mean */
    double jitter;     /* each interval is uniform in period * (1 -+ jitter) */
    int phase;         /* enum ota_sleep_phase */
};

struct ota_sleep_poisson_config {
    struct ota_sleep_common common;
    int64_t mean_us; /* wake to wake */
};

extern const struct ota_sleep_model ota_sleep_always_on;
extern const struct ota_sleep_model ota_sleep_interval;
extern const struct ota_sleep_model ota_sleep_poisson;
extern const struct ota_sleep_model ota_sleep_calendar;
extern const struct ota_sleep_model ota_sleep_trace;

/* Every sleep model, ended by NULL. */
extern const struct ota_sleep_model *const ota_sleep_models[];

#endif
