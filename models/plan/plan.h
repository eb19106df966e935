/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plan.h - kind of model: what data costs, and what happens at the cap.
 */
#ifndef OTA_PLAN_H
#define OTA_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/base/model.h"

/* One SIM's meter. All zero is the state at time 0. */
struct ota_plan_state {
    int64_t used_bytes;    /* billed in the period so far, after rounding */
    int64_t raw_bytes;     /* of the open data session, not yet rounded */
    int64_t capped_us;     /* when the cap was reached in it; 0: not yet */
    int64_t cost_uusd;     /* overage of the periods closed so far */
    uint32_t period;       /* which billing period, from 0 */
    uint32_t periods_over; /* periods in which more than the cap was used
                            * or wanted */
};

struct ota_plan_model {
    struct ota_model model;

    /*
     * Counts bytes that passed at now_us, which never goes back for a SIM;
     * closes the billing periods that have ended by then.
     */
    void (*meter)(const void *config, struct ota_plan_state *state,
                  int64_t now_us, int64_t bytes);

    /* The data session ends (the device detaches): rounds what it used. */
    void (*end_session)(const void *config, struct ota_plan_state *state,
                        int64_t now_us);

    /* Returns how many bytes may still pass at now_us; INT64_MAX: no
     * limit. */
    int64_t (*left_bytes)(const void *config, struct ota_plan_state *state,
                          int64_t now_us);

    /* Returns the length of a billing period [us], the first of which begins
     * at 0; OTA_NEVER: there are none. */
    int64_t (*period_us)(const void *config);

    /* Returns how many bytes a period may bill in all so that neither the bill
     * nor what passes shows it; INT64_MAX: any. */
    int64_t (*free_bytes)(const void *config);

    /* Returns the overage of all periods, the open one included, in millionths
     * of a dollar. */
    int64_t (*cost_uusd)(const void *config,
                         const struct ota_plan_state *state);

    /* Returns in how many periods, the open one included, the SIM was over
     * its cap. */
    int64_t (*periods_over)(const void *config,
                            const struct ota_plan_state *state);
};

struct ota_plan {
    const struct ota_plan_model *model;
    const void *config;
};

enum ota_plan_at_cap { OTA_PLAN_OVERAGE, OTA_PLAN_PAUSE };

struct ota_plan_capped_config {
    int64_t included_bytes;
    int at_cap;                 /* enum ota_plan_at_cap */
    int64_t overage_price_uusd; /* per step */
    int64_t overage_step_bytes; /* each started step is billed whole */
    int64_t period_us;          /* billing month; the first starts at 0 */
    int64_t round_bytes;        /* a data session is rounded up to multiples
                                 * of this; 1: not rounded */
    int64_t raise_after_us;     /* pause: the operator raises the limit this
                                 * long after the cap; OTA_NEVER: never */
};

struct ota_plan_unlimited_config {
    char unused; /* nothing to set */
};

extern const struct ota_plan_model ota_plan_unlimited;
extern const struct ota_plan_model ota_plan_capped;

/* Every plan model, ended by NULL. */
extern const struct ota_plan_model *const ota_plan_models[];

#endif
