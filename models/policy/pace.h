/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pace.h - arithmetic of pace, attempts and polls: rates that grow, budgets,
 * back-off.
 */
#ifndef OTA_PACE_H
#define OTA_PACE_H

#include <stdbool.h>
#include <stdint.h>

#include "models/policy/policy.h"

/* Returns offers per period when `counted` were counted: min(max, base *
 * factor ^ floor(counted / every)). Source: AWS IoT developer guide, job
 * rollout rates. */
double ota_rate_of(const struct ota_policy_rate *rate, int64_t counted);

/* Releases offers one after another, or in bursts. Instants are since the
 * begin of the rollout. */
struct ota_rate_state {
    int64_t begun_us; /* of the stretch at one rate, or of the period */
    int64_t released; /* offers in it */
    double done;      /* of the next offer at its begin, 0 to 1 */
    double rate;      /* in it; 0: not begun */
};

/* When the next offer may go out, at or after now_us, given how many were
 * counted; and in *burst how many at once (evenly: 1). Smooth: the k-th is
 * at k / rate, so that n(t) = floor(rate t); a change of rate keeps what has
 * been waited so far. Period: a burst of `rate` at 0, per, 2 per, ... Counted
 * from the first call. Call it at the instant at which `counted` changes. An
 * offer that goes out later than it might begins the count anew: what was
 * missed is not made up for. Unlimited: *burst is INT64_MAX. */
int64_t ota_rate_next_us(struct ota_rate_state *state,
                         const struct ota_policy_rate *rate, int64_t counted,
                         int64_t now_us, int64_t *burst);

/* So many went out at now_us; counted: without these, as ota_rate_next_us()
 * was told. */
void ota_rate_take(struct ota_rate_state *state,
                   const struct ota_policy_rate *rate, int64_t counted,
                   int64_t now_us, int64_t taken);

/* How many devices of a unit may start: min(max - busy, available -
 * min(min_available, total - 1)), not less than 0; without the term whose limit
 * is 0; INT64_MAX without either. Source: flightctl,
 * internal/rollout/disruption_budget. */
int64_t ota_budget(int64_t max, int64_t min_available, int64_t total,
                   int64_t available, int64_t busy);

/* When a slot that its device last touched at spoke_us is found stale by a
 * sweep at whole multiples of sweep_us: at the first one that is no earlier
 * than spoke_us + stale_us. OTA_NEVER if never. */
int64_t ota_stale_us(int64_t spoke_us, int64_t stale_us, int64_t sweep_us);

/* The wait before poll `tries` + 1 (tries from 0) that follows a failed one;
 * OTA_NEVER: it gives up until its next regular poll. Source: mender,
 * src/common/http/http.cpp. */
int64_t ota_poll_retry_us(const struct ota_policy_poll_retry *retry,
                          int64_t tries);

/* The wait before try number `tries` + 1 of an attempt, tries from 0. */
int64_t ota_retry_wait_us(const struct ota_policy_retry *retry, int64_t tries);

/* The most that the "n" of a penalty's rate may be. */
enum { OTA_PENALTY_RATE_MAX = 8 };

/* What becomes of a device that failed or tries again: its penalty box. */
struct ota_penalty_state {
    int64_t blocked_us; /* until then; 0: not */
    int64_t attempts;   /* since the last success or block for attempts */
    int64_t at_us[OTA_PENALTY_RATE_MAX]; /* the last of them; a ring */
};
/* An attempt began. Returns whether that blocks the device: it is the
 * after_attempts-th, or the rate_n-th within less than rate_us. Source:
 * nerves_hub_web, device_failure_threshold and device_failure_rate_*. */
bool ota_penalty_attempt(struct ota_penalty_state *state,
                         const struct ota_policy_penalty *penalty,
                         int64_t now_us);
bool ota_penalty_failed(struct ota_penalty_state *state,
                        const struct ota_policy_penalty *penalty,
                        int64_t now_us, bool refused);
void ota_penalty_success(struct ota_penalty_state *state);

#endif
