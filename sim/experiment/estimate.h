/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * estimate.h - what an update costs a device, without a simulation: the
 * modules in their order, bytes, minutes, charge, money, and how long an app
 * must wait for it. Closed forms only; where one is not known, that is said.
 *
 * It is about a device that stays awake until it is through, from the first
 * offer to the connect by which the cloud hears of the new version. What
 * simulations have besides (outages, devices that are switched off, empty
 * batteries, shared capacity, a policy's waves) is left out, and notes say so
 * where the scenario has any of it.
 */
#ifndef OTA_ESTIMATE_H
#define OTA_ESTIMATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/error.h"
#include "sim/fleet/config.h"

/* Of one module, or in all. Best: nothing is lost, and each delay is the least
 * that its distribution has, or its 1 % quantile where that is 0. Expected: the
 * mean over devices that come through. */
struct ota_forecast_cost {
    double useful_bytes;
    double overhead_bytes; /* headers, answers, the app's own events in
                            * connects that are the update's doing */
    double again_bytes;    /* lost or sent in vain */
    double connect_bytes;  /* handshakes and what is said behind them */
    double wait_us;        /* online until the transfer begins, */
    double publish_us;     /* of that, the app's events under way */
    double transfer_us;
    double connect_us;
    double apply_us;  /* not online: applying, */
    double attach_us; /* attaching, tries that fail included, */
    double off_us;    /* and until it may try again */
    double charge_pc;
};

double ota_forecast_bytes(const struct ota_forecast_cost *cost);
double ota_forecast_connected_us(const struct ota_forecast_cost *cost);
double ota_forecast_us(const struct ota_forecast_cost *cost);

enum ota_forecast_by {
    OTA_FORECAST_BY_CLOUD,
    OTA_FORECAST_BY_HEALER, /* in safe mode: the app does not run */
};

struct ota_forecast_module {
    const struct ota_path_step *step;
    enum ota_forecast_by by;
    struct ota_forecast_cost best, expected;
    double transfer_variance_us2;
    double silence_us; /* by so much a transfer is longer that begins when the
                        * radio has been silent for tail_us: part of the mean */
    double tail_us;
};

enum { OTA_FORECAST_CHANCES = 3, OTA_FORECAST_NOTES = 24 };

/* 50, 90, 99 %. */
extern const double ota_forecast_chances[OTA_FORECAST_CHANCES];

/* How long a device that sleeps must stay online after a connect for the update
 * to start, with that chance [us]; INFINITY: no wait does that. */
struct ota_forecast_waits {
    bool sleeps; /* else none of this means anything */
    bool stays;  /* once begun an update keeps the device awake */
    double start_us[OTA_FORECAST_CHANCES];  /* in a wake with an offer */
    double finish_us[OTA_FORECAST_CHANCES]; /* and for its transfer to end,
                                             * of the longest that the app may
                                             * cut off */
    bool wakes_known;                       /* how often there is an offer */
    double offers_per_day;
    double day_us[OTA_FORECAST_CHANCES]; /* for a start within a day of wakes */
    double week_us[OTA_FORECAST_CHANCES]; /* or a week */
    double own_us; /* how long the app waits as it is; NaN: that differs */
    double own_start, own_finish; /* the chances then */
};

struct ota_forecast_money {
    bool capped;
    double included_bytes; /* a period */
    double share;          /* of it that the update takes */
    double routine_bytes;  /* of a period without an update; NaN: not known */
    double overage_uusd;   /* of one SIM, in a period with both; without what is
                            * not known */
    double fleet_uusd;     /* of all devices of the group with this firmware */
    bool pauses;           /* no overage: nothing passes behind the cap */
};

struct ota_forecast {
    const struct ota_group *group;
    const struct ota_variant *variant;
    struct ota_forecast_module modules[OTA_PATH_STEPS_MAX];
    size_t count;
    size_t reboots;
    size_t safe_modes; /* modules sent in safe mode */
    bool stuck;        /* nobody heals: the device stays in safe mode */
    struct ota_forecast_cost best, expected;
    bool best_known, expected_known;
    double breaks;       /* transfers broken off in the mean, and begun again */
    double out_of_reach; /* share of signals too weak for a transfer */
    struct ota_forecast_waits waits;
    struct ota_forecast_money money;
    size_t note_count;
    char notes[OTA_FORECAST_NOTES][200]; /* what is assumed or left out */
};

/* Estimates the update of a group's devices with that firmware. */
void ota_forecast(const struct ota_fleet_config *fleet,
                  const struct ota_group *group,
                  const struct ota_variant *variant,
                  struct ota_forecast *forecast);

/* --- private to estimate*.c --- */

void ota_forecast_note(struct ota_forecast *forecast, const char *format, ...)
    OTA_PRINTF(2, 3);

void ota_forecast_note_all(const struct ota_fleet_config *fleet,
                           struct ota_forecast *forecast);

/* The distribution of the time from an offer to the transfer's begin. */
const struct ota_dist *ota_forecast_delay(const struct ota_fleet_config *fleet,
                                          const struct ota_group *group,
                                          enum ota_forecast_by by);

/* Fill in waits and money; the costs are there. */
void ota_forecast_find_waits(const struct ota_fleet_config *fleet,
                             struct ota_forecast *forecast);
void ota_forecast_find_money(struct ota_forecast *forecast);

/* Mean time between two wakes [us]; NaN: not known, INFINITY: none. */
double ota_forecast_wake_us(const struct ota_group *group);

/* Mean time between two full handshakes of a device that wakes so often, or is
 * always on [us]; at each connect: wake_us. */
double ota_forecast_handshake_us(const struct ota_group *group, double wake_us);

#endif
