/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sleep_interval.c - wakes by a timer that restarts at each wake.
 *
 * Random phase: intervals are independent, uniform in [a, b] with a = T(1 - j)
 * and b = T(1 + j). Time 0 falls into a longer interval more often than into a
 * shorter one: the interval it hits has density x f(x) / T, so its
 * distribution function is (x^2 - a^2) / (b^2 - a^2), and the first wake is
 * uniform in it. The mean time to the first wake is T/2 (1 + j^2/3).
 *
 * Aligned: the k-th wake comes at k T + U(0, j T), as when an alarm clock
 * wakes devices that then take a while each. Intervals do not drift apart, so
 * the fleet wakes as a herd for ever.
 */
#include "models/sleep/sleep.h"

#include <assert.h>
#include <math.h>

#include "models/sleep/sleep_common.h"
#include "sim/base/clock.h"
#include "sim/base/random.h"

/* Time of an aligned wake since its multiple of the period; less than it. */
static int64_t aligned_offset_us(const struct ota_sleep_interval_config *config,
                                 gsl_rng *rng)
{
    const double width_us = config->jitter * (double)config->period_us;

    return (int64_t)(width_us * ota_uniform(rng));
}

static int64_t interval_first_us(const void *opaque, gsl_rng *rng)
{
    const struct ota_sleep_interval_config *config = opaque;

    if (config->phase == OTA_SLEEP_PHASE_ALIGNED)
        return aligned_offset_us(config, rng);

    const double least_us = (double)config->period_us * (1 - config->jitter);
    const double most_us = (double)config->period_us * (1 + config->jitter);
    const double u = ota_uniform(rng);
    const double hit_us = sqrt(least_us * least_us +
                               u * (most_us * most_us - least_us * least_us));

    return (int64_t)(hit_us * ota_uniform(rng));
}

static int64_t interval_next_us(const void *opaque, int64_t wake_us,
                                gsl_rng *rng)
{
    const struct ota_sleep_interval_config *config = opaque;
    const int64_t period_us = config->period_us;

    assert(wake_us >= 0 && period_us > 0);
    if (config->phase == OTA_SLEEP_PHASE_ALIGNED) {
        const int64_t multiple_us = wake_us - wake_us % period_us;
        return ota_us_add(ota_us_add(multiple_us, period_us),
                          aligned_offset_us(config, rng));
    }

    const double swing = config->jitter * (2 * ota_uniform(rng) - 1);
    const int64_t interval_us = ota_us_round((double)period_us * (1 + swing));

    /* A jitter of 1 allows an interval of no time. */
    return ota_us_add(wake_us, ota_us_max(interval_us, 1));
}

static int64_t interval_lead_us(const void *opaque)
{
    const struct ota_sleep_interval_config *config = opaque;

    if (config->phase == OTA_SLEEP_PHASE_ALIGNED)
        return config->period_us;
    return ota_us_round((double)config->period_us * (1 + config->jitter));
}

static const struct ota_field interval_fields[] = {
    {
        .name = "period",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_sleep_interval_config, period_us),
        .min = (double)OTA_US_PER_S,
        .max = 366.0 * (double)OTA_US_PER_DAY,
        .help = "mean time from wake to wake",
    },
    {
        .name = "jitter",
        .kind = OTA_FIELD_REAL,
        .dimension = OTA_RATIO,
        .offset = offsetof(struct ota_sleep_interval_config, jitter),
        .fallback = "0",
        .min = 0,
        .max = 1,
        .help = "random phase: intervals vary by this share up and down; "
                "aligned: wakes come up to this share of an interval late",
    },
    {
        .name = "phase",
        .kind = OTA_FIELD_CHOICE,
        .offset = offsetof(struct ota_sleep_interval_config, phase),
        .fallback = "random",
        .choices = ota_sleep_phases,
        .help = "random: each device has its own; aligned: all wake at "
                "multiples of the interval",
    },
    OTA_SLEEP_COMMON_FIELDS,
    {.name = NULL},
};

const struct ota_sleep_model ota_sleep_interval = {
    .model =
        {
            .name = "interval",
            .summary = "wakes by a timer, with jitter, alone or as a herd",
            .source = "Cox: Renewal Theory (1962), ch. 5: the interval that "
                      "an arbitrary instant hits",
            .config_size = sizeof(struct ota_sleep_interval_config),
            .fields = interval_fields,
        },
    .first_us = interval_first_us,
    .next_us = interval_next_us,
    .lead_us = interval_lead_us,
    .common = ota_sleep_common_part,
};
