/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sleep_poisson.c - wakes at the points of a Poisson process, as when
 * something outside wakes the device: a press of a button, a door, a meter.
 *
 * Times from wake to wake are exponential and remember nothing, so the first
 * wake has the law of all the others.
 */
#include "models/sleep/sleep.h"

#include <assert.h>

#include "models/sleep/sleep_common.h"
#include "sim/base/clock.h"
#include "sim/base/sample.h"

/* 1 - exp(-14) is 1 - 8e-7. */
enum { LEAD_MEANS = 14 };

/* OTA_NEVER is 291,000 of the longest means away. */
static int64_t draw_us(const struct ota_sleep_poisson_config *config,
                       gsl_rng *rng)
{
    return ota_us_round((double)config->mean_us * ota_exponential(rng));
}

static int64_t poisson_first_us(const void *opaque, gsl_rng *rng)
{
    return draw_us(opaque, rng);
}

static int64_t poisson_next_us(const void *opaque, int64_t wake_us,
                               gsl_rng *rng)
{
    assert(wake_us >= 0);
    return ota_us_add(wake_us, ota_us_max(draw_us(opaque, rng), 1));
}

static int64_t poisson_lead_us(const void *opaque)
{
    const struct ota_sleep_poisson_config *config = opaque;

    return LEAD_MEANS * config->mean_us;
}

static const struct ota_field poisson_fields[] = {
    {
        .name = "mean",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_sleep_poisson_config, mean_us),
        .min = (double)OTA_US_PER_S,
        .max = 366.0 * (double)OTA_US_PER_DAY,
        .help = "mean time from wake to wake",
    },
    OTA_SLEEP_COMMON_FIELDS,
    {.name = NULL},
};

const struct ota_sleep_model ota_sleep_poisson = {
    .model =
        {
            .name = "poisson",
            .summary = "woken at random, with no memory of the last time",
            .source = "Cox: Renewal Theory (1962), ch. 1: the Poisson process",
            .config_size = sizeof(struct ota_sleep_poisson_config),
            .fields = poisson_fields,
        },
    .first_us = poisson_first_us,
    .next_us = poisson_next_us,
    .lead_us = poisson_lead_us,
    .common = ota_sleep_common_part,
};
