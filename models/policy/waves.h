/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * waves.h - how many devices a wave takes.
 */
#ifndef OTA_WAVES_H
#define OTA_WAVES_H

#include <stdint.h>

#include "models/policy/policy.h"

/* n * pct / 100 rounded; pct in millionths of a percent. Exact. */
int64_t ota_pct_of(int64_t n, int64_t pct, enum ota_round round);

/* What a wave's size is measured against. */
struct ota_wave_view {
    int64_t initial;     /* targets at the begin */
    int64_t fleet;       /* targets now */
    int64_t matched;     /* of them, that the wave's filter matches */
    int64_t remaining;   /* matched, and in no wave yet */
    int64_t taken;       /* matched, and in a wave already */
    int64_t earlier_pct; /* sum of the percentages of earlier waves with the
                          * same filter; for fill_by_shares */
};

/*
 * How many devices the wave takes, 0 to remaining; for BERNOULLI the whole of
 * remaining, as each decides by itself. With fill_by_shares a percentage p of
 * INITIAL is turned into a share of what remains, p * 100 / (100 -
 * earlier_pct), 100 at most and if the divisor is no more than 1, and share *
 * remaining / 100 is rounded half up in double precision. Source: hawkBit,
 * RolloutHelper.toPercentFromTheRest and JpaRolloutExecutor.
 * fillRolloutGroupWithTargets.
 */
int64_t ota_wave_takes(const struct ota_wave *wave,
                       const struct ota_policy_waves *waves,
                       const struct ota_wave_view *view);

#endif
