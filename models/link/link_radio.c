/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * link_lognormal.c - a link whose times are right-skewed and whose losses are
 * independent.
 *
 * Attach times and round trips are lognormal by default; any distribution may
 * stand in their place. The defaults are those of a stationary 3G device: no
 * public data set gives them as distributions, so they are assumptions of the
 * right size (docs.particle.io gives 15 to 90 s for a reconnect, and advises
 * not to give up before 120 s).
 */
#include "models/link/link.h"

#include <assert.h>
#include <math.h>

#include <gsl/gsl_rng.h>

#include "sim/base/clock.h"

enum { BYTES_PER_KIB = 1024 };

static int64_t lognormal_attach_us(const void *opaque, gsl_rng *rng, bool *ok)
{
    const struct ota_link_lognormal_config *config = opaque;
    const bool fails = gsl_rng_uniform(rng) < config->attach_failure;
    const int64_t attach_us = ota_dist_draw_us(&config->attach, rng);

    *ok = !fails && attach_us <= config->attach_give_up_us;
    return *ok ? ota_us_max(attach_us, 1) : config->attach_give_up_us;
}

static int64_t lognormal_rtt_us(const void *opaque, gsl_rng *rng)
{
    const struct ota_link_lognormal_config *config = opaque;

    return ota_us_max(ota_dist_draw_us(&config->rtt, rng), 1);
}

static bool lognormal_lost(const void *opaque, gsl_rng *rng)
{
    const struct ota_link_lognormal_config *config = opaque;

    return gsl_rng_uniform(rng) < config->loss;
}

static int64_t lognormal_goodput_bit_s(const void *opaque)
{
    const struct ota_link_lognormal_config *config = opaque;

    return config->goodput_bit_s;
}

static int64_t lognormal_device_us(const void *opaque, int64_t size_bytes)
{
    const struct ota_link_lognormal_config *config = opaque;

    assert(size_bytes >= 0);
    /* Whole KiB apart, so that no size makes the product overflow. */
    return size_bytes / BYTES_PER_KIB * config->device_us_per_kib +
           size_bytes % BYTES_PER_KIB * config->device_us_per_kib /
               BYTES_PER_KIB;
}

static const struct ota_field lognormal_fields[] = {
    {
        .name = "attach",
        .kind = OTA_FIELD_DIST,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_link_lognormal_config, attach),
        .fallback = "lognormal(15s, 40s)",
        .min = 0,
        .max = INFINITY,
        .help = "time to attach to the network",
        .source = "assumption for 3G; docs.particle.io: 15 to 90 s",
    },
    {
        .name = "attach_failure",
        .kind = OTA_FIELD_REAL,
        .dimension = OTA_RATIO,
        .offset = offsetof(struct ota_link_lognormal_config, attach_failure),
        .fallback = "0",
        .min = 0,
        .max = 1,
        .help = "share of tries to attach that fail, slow ones not counted",
    },
    {
        .name = "attach_give_up",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_link_lognormal_config, attach_give_up_us),
        .fallback = "120s",
        .min = (double)OTA_US_PER_S,
        .max = (double)OTA_US_PER_DAY,
        .help = "a try to attach that fails or takes longer ends here",
        .source = "docs.particle.io: do not give up before 120 s",
    },
    {
        .name = "rtt",
        .kind = OTA_FIELD_DIST,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_link_lognormal_config, rtt),
        .fallback = "lognormal(250ms, 791ms)",
        .min = 0,
        .max = INFINITY,
        .help = "round trip of a small datagram and its answer",
        .source = "assumption for 3G: median 250 ms, sigma 0.7",
    },
    {
        .name = "loss",
        .kind = OTA_FIELD_REAL,
        .dimension = OTA_RATIO,
        .offset = offsetof(struct ota_link_lognormal_config, loss),
        .fallback = "0.005",
        .min = 0,
        .max = 1,
        .help = "share of datagrams lost, each way, independent",
        .source = "assumption for a stationary device on 3G",
    },
    {
        .name = "goodput",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_RATE,
        .offset = offsetof(struct ota_link_lognormal_config, goodput_bit_s),
        .fallback = "500kbit/s",
        .min = 1,
        .max = 1e12,
        .help = "rate at which bytes come down",
        .source = "assumption for 3G; the EVDO traces of ravinet/mahimahi "
                  "average 521 kbit/s",
    },
    {
        .name = "device_time_per_kib",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_link_lognormal_config, device_us_per_kib),
        .fallback = "150ms",
        .min = 0,
        .max = (double)OTA_US_PER_H,
        .help = "time the device works on each KiB before it takes more",
        .source = "assumption: modem interface, decryption and flash",
    },
    {.name = NULL},
};

const struct ota_link_model ota_link_lognormal = {
    .model =
        {
            .name = "lognormal",
            .summary = "skewed attach times and round trips, independent "
                       "losses",
            .source = "Johnson, Kotz, Balakrishnan: Continuous Univariate "
                      "Distributions, vol. 1 (1994), ch. 14",
            .config_size = sizeof(struct ota_link_lognormal_config),
            .fields = lognormal_fields,
        },
    .attach_us = lognormal_attach_us,
    .rtt_us = lognormal_rtt_us,
    .lost = lognormal_lost,
    .goodput_bit_s = lognormal_goodput_bit_s,
    .device_us = lognormal_device_us,
};
