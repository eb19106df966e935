/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * totals.c - see totals.h.
 */
#include "sim/stats/totals.h"

#include <assert.h>

#include "sim/base/clock.h"

int64_t ota_record_left_us(const struct ota_device_record *record)
{
    return record->left_us < record->installed_us ? OTA_NEVER : record->left_us;
}

static bool runs_release(const struct ota_device_record *record)
{
    return record->outcome == OTA_OUTCOME_UPDATED_CONFIRMED ||
           record->outcome == OTA_OUTCOME_UPDATED_UNREPORTED;
}

static bool is_reachable(const struct ota_device_record *record)
{
    return record->connects > 0 || record->power_us[OTA_POWER_ONLINE] > 0 ||
           record->power_us[OTA_POWER_TRANSFER] > 0;
}

/* The release failed there, and nothing on the air mends it. */
static bool needs_visit(const struct ota_device_record *record)
{
    return record->outcome == OTA_OUTCOME_BRICKED ||
           record->outcome == OTA_OUTCOME_FAILED_CRASHING ||
           (record->dead && record->defect_us != OTA_NEVER &&
            record->left_us == OTA_NEVER);
}

static void add_exposed(struct ota_totals *totals,
                        const struct ota_device_record *record,
                        int64_t horizon_us, int by)
{
    if (record->installed_us == OTA_NEVER)
        return;
    totals->exposed += by;
    if (!record->bad)
        return;
    const int64_t until_us = ota_us_min(ota_record_left_us(record), horizon_us);
    totals->exposed_bad += by;
    ota_sum_add(&totals->bad_us, record->ran_us, by);
    ota_sum_add(&totals->bad_us, until_us - record->installed_us, by);
}

void ota_totals_add(struct ota_totals *totals,
                    const struct ota_device_record *record, int64_t horizon_us,
                    int by)
{
    const bool runs = runs_release(record);
    const bool reachable = is_reachable(record);
    assert(reachable || record->confirmed_us == OTA_NEVER);

    totals->outcomes[record->outcome] += by;
    totals->offers += by * record->offers;
    totals->offers_begun += by * record->offers_begun;
    totals->attempts += by * record->attempts;
    totals->aborted += by * record->aborted;
    totals->over_cap += by * (record->periods_over > 0);
    totals->dead += by * record->dead;
    totals->believed += by * record->believed;
    totals->believed_wrongly += by * (record->believed && !runs);
    totals->unbelieved += by * (!record->believed && runs);
    totals->defective += by * (record->defect_us != OTA_NEVER);
    totals->reachable += by * reachable;
    totals->site_visits += by * needs_visit(record);
    ota_sum_add(&totals->attempts_squared,
                (int64_t)record->attempts * record->attempts, by);
    ota_sum_add(&totals->aborted_squared,
                (int64_t)record->aborted * record->aborted, by);
    ota_sum_add(&totals->overage_uusd, record->overage_uusd, by);
    ota_sum_add(&totals->back_bytes, record->back_bytes, by);
    add_exposed(totals, record, horizon_us, by);
}

void ota_totals_merge(struct ota_totals *totals, const struct ota_totals *other)
{
    for (int o = 0; o < OTA_OUTCOMES; o++)
        totals->outcomes[o] += other->outcomes[o];
    totals->offers += other->offers;
    totals->offers_begun += other->offers_begun;
    totals->attempts += other->attempts;
    totals->aborted += other->aborted;
    totals->over_cap += other->over_cap;
    totals->dead += other->dead;
    totals->believed += other->believed;
    totals->believed_wrongly += other->believed_wrongly;
    totals->unbelieved += other->unbelieved;
    totals->defective += other->defective;
    totals->reachable += other->reachable;
    totals->exposed += other->exposed;
    totals->exposed_bad += other->exposed_bad;
    totals->site_visits += other->site_visits;
    ota_sum_merge(&totals->attempts_squared, &other->attempts_squared);
    ota_sum_merge(&totals->aborted_squared, &other->aborted_squared);
    ota_sum_merge(&totals->overage_uusd, &other->overage_uusd);
    ota_sum_merge(&totals->bad_us, &other->bad_us);
    ota_sum_merge(&totals->back_bytes, &other->back_bytes);
}
