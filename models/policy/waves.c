/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * waves.c - sizes of waves.
 *
 * Percentages are taken in integers, n = q 100 % + r, so that nothing
 * overflows; only shares of the rest go through doubles, because the platform
 * that has them does so, and its rounding shows in sizes.
 */
#include "models/policy/waves.h"

#include <assert.h>
#include <math.h>

int64_t ota_pct_of(int64_t n, int64_t pct, enum ota_round round)
{
    const int64_t whole = n / OTA_PCT_ALL * pct;
    const int64_t product = n % OTA_PCT_ALL * pct;
    const int64_t down = whole + product / OTA_PCT_ALL;
    const int64_t left = product % OTA_PCT_ALL;

    assert(n >= 0 && pct >= 0 && pct <= OTA_PCT_ALL);
    switch (round) {
    case OTA_ROUND_FLOOR:
        return down;
    case OTA_ROUND_CEIL:
        return down + (left > 0);
    default:
        return down + (2 * left >= OTA_PCT_ALL);
    }
}

/* Rounded as Java's Math.round does: half up. */
static int64_t share_of_rest(int64_t pct, const struct ota_wave_view *view)
{
    const double one_pct = (double)(OTA_PCT_ALL / 100);
    const double left = 100 - (double)view->earlier_pct / one_pct;
    double share = 100;

    if (left > 1)
        share = fmin(100, (double)pct / one_pct * 100 / left);
    return (int64_t)floor(share * (double)view->remaining / 100 + 0.5);
}

static int64_t measured(const struct ota_wave_view *view, enum ota_size_of of)
{
    switch (of) {
    case OTA_OF_INITIAL:
        return view->initial;
    case OTA_OF_MATCHED:
        return view->matched;
    case OTA_OF_FLEET:
        return view->fleet;
    default:
        return view->remaining;
    }
}

int64_t ota_wave_takes(const struct ota_wave *wave,
                       const struct ota_policy_waves *waves,
                       const struct ota_wave_view *view)
{
    const struct ota_wave_size *size = &wave->size;
    int64_t takes = view->remaining;

    if (wave->approval)
        return 0;
    if (size->kind == OTA_SIZE_COUNT)
        takes = size->count;
    else if (size->kind == OTA_SIZE_PCT && waves->fill_by_shares &&
             size->of == OTA_OF_INITIAL)
        return share_of_rest(size->pct, view);
    else if (size->kind == OTA_SIZE_PCT)
        takes = ota_pct_of(measured(view, (enum ota_size_of)size->of),
                           size->pct, (enum ota_round)waves->round);
    else
        return takes;

    if (wave->cumulative)
        takes -= view->taken;
    if (takes < 0)
        return 0;
    return takes < view->remaining ? takes : view->remaining;
}
