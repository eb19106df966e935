/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sleep.c - the sleep models, the words for how deep a sleep is, and wakes
 * that repeat.
 */
#include "models/sleep/sleep.h"

#include <assert.h>

#include "models/sleep/sleep_common.h"

const char *const ota_sleep_depths[] = {
    [OTA_SLEEP_HIBERNATE] = "hibernate",
    [OTA_SLEEP_STOP] = "stop",
    [OTA_SLEEP_ULTRA_LOW_POWER] = "ultra_low_power",
    [OTA_SLEEP_STANDBY] = "standby",
    NULL,
};

const char *const ota_sleep_phases[] = {
    [OTA_SLEEP_PHASE_RANDOM] = "random",
    [OTA_SLEEP_PHASE_ALIGNED] = "aligned",
    NULL,
};

const struct ota_sleep_model *const ota_sleep_models[] = {
    &ota_sleep_interval, &ota_sleep_poisson,   &ota_sleep_calendar,
    &ota_sleep_trace,    &ota_sleep_always_on, NULL,
};

const struct ota_sleep_common *ota_sleep_common_part(const void *config)
{
    return config;
}

/* Returns how many instants of the cycle lie at or before within_us. */
static size_t count_until(const struct ota_sleep_cycle *cycle,
                          int64_t within_us)
{
    size_t low = 0;
    size_t high = cycle->count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (cycle->at_us[middle] <= within_us)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Returns how far now_us is into its turn of the cycle [us]. */
static int64_t within_turn(const struct ota_sleep_cycle *cycle, int64_t now_us)
{
    assert(cycle->count > 0 && now_us >= -cycle->length_us);
    const int64_t rest_us = now_us % cycle->length_us;
    return rest_us < 0 ? rest_us + cycle->length_us : rest_us;
}

int64_t ota_sleep_cycle_after(const struct ota_sleep_cycle *cycle,
                              int64_t now_us)
{
    const int64_t within_us = within_turn(cycle, now_us);
    const size_t next = count_until(cycle, within_us);

    if (next < cycle->count)
        return ota_us_add(now_us, cycle->at_us[next] - within_us);
    return ota_us_add(now_us, cycle->length_us - within_us + cycle->at_us[0]);
}

int64_t ota_sleep_cycle_before(const struct ota_sleep_cycle *cycle,
                               int64_t now_us)
{
    const int64_t within_us = within_turn(cycle, now_us);
    const size_t until = count_until(cycle, within_us);

    if (until > 0)
        return now_us - (within_us - cycle->at_us[until - 1]);
    return now_us - within_us - cycle->length_us +
           cycle->at_us[cycle->count - 1];
}
