/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * presence_on_off.c - devices that are switched off and on again.
 *
 * Stretches on and off alternate and are independent. At an arbitrary instant
 * a device that comes and goes is on with chance E[on] / (E[on] + E[off]), and
 * what is left of its stretch has that stretch's equilibrium law (Cox: Renewal
 * Theory, 1962, ch. 5 and 7). Both are drawn exactly (residual.c); nothing has
 * to be run in.
 */
#include "models/presence/presence.h"

#include <assert.h>
#include <math.h>

#include "models/presence/residual.h"
#include "sim/base/clock.h"
#include "sim/base/random.h"

/* Mean stretches from here on, lest a device do nothing but come and go. */
static const double mean_least_us = (double)OTA_US_PER_S;

/* Whole ticks, at least one. */
static int64_t ticks_us(double us)
{
    return us < 0x1p63 ? ota_us_max(llround(us), 1) : OTA_NEVER;
}

static int64_t on_off_first_us(const void *opaque, gsl_rng *rng, bool *on)
{
    const struct ota_presence_on_off_config *config = opaque;
    const double on_us = ota_dist_mean(&config->on);
    const double off_us = ota_dist_mean(&config->off);

    *on = true;
    if (ota_uniform(rng) >= config->share)
        return OTA_NEVER;
    *on = ota_uniform(rng) * (on_us + off_us) < on_us;
    return ticks_us(ota_residual_draw(*on ? &config->on : &config->off, rng));
}

static int64_t on_off_next_us(const void *opaque, bool on, gsl_rng *rng)
{
    const struct ota_presence_on_off_config *config = opaque;

    return ota_us_max(ota_dist_draw_us(on ? &config->on : &config->off, rng),
                      1);
}

static const char *on_off_problem(const void *opaque)
{
    const struct ota_presence_on_off_config *config = opaque;

    if (ota_dist_mean(&config->on) < mean_least_us)
        return "on is too short; its mean must be 1s or more";
    if (ota_dist_mean(&config->off) < mean_least_us)
        return "off is too short; its mean must be 1s or more";
    return NULL;
}

static const struct ota_field on_off_fields[] = {
    {
        .name = "share",
        .kind = OTA_FIELD_REAL,
        .dimension = OTA_RATIO,
        .offset = offsetof(struct ota_presence_on_off_config, share),
        .fallback = "1",
        .min = 0,
        .max = 1,
        .help = "share of the devices that come and go; the others stay on",
    },
    {
        .name = "on",
        .kind = OTA_FIELD_DIST,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_presence_on_off_config, on),
        .min = 0,
        .max = 3660.0 * (double)OTA_US_PER_DAY,
        .help = "how long a device stays on once it was switched on",
    },
    {
        .name = "off",
        .kind = OTA_FIELD_DIST,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_presence_on_off_config, off),
        .min = 0,
        .max = 3660.0 * (double)OTA_US_PER_DAY,
        .help = "how long it stays off",
    },
    {.name = NULL},
};

const struct ota_presence_model ota_presence_on_off = {
    .model =
        {
            .name = "on_off",
            .summary = "switched off and on again, for random times",
            .source = "Cox: Renewal Theory (1962), ch. 7: alternating renewal "
                      "processes",
            .config_size = sizeof(struct ota_presence_on_off_config),
            .fields = on_off_fields,
            .problem = on_off_problem,
        },
    .first_us = on_off_first_us,
    .next_us = on_off_next_us,
};
