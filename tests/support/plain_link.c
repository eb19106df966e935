/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plain_link.c - see plain_link.h.
 */
#include "tests/support/plain_link.h"

static int64_t plain_attach_us(const void *config, gsl_rng *rng, bool *ok)
{
    (void)config;
    (void)rng;
    *ok = true;
    return 1;
}

static int64_t plain_rtt_us(const void *config, gsl_rng *rng)
{
    const struct plain_link *link = config;

    (void)rng;
    return link->rtt_us;
}

static bool plain_lost(const void *config, gsl_rng *rng)
{
    const struct plain_link *link = config;

    if (link->datagrams)
        return ++*link->datagrams == link->lost_one;
    return gsl_rng_uniform(rng) < link->loss;
}

static int64_t plain_goodput_bit_s(const void *config)
{
    const struct plain_link *link = config;

    return link->goodput_bit_s;
}

static int64_t plain_device_us(const void *config, int64_t size_bytes)
{
    const struct plain_link *link = config;

    (void)size_bytes;
    return link->device_us;
}

const struct ota_link_model plain_link_model = {
    .attach_us = plain_attach_us,
    .rtt_us = plain_rtt_us,
    .lost = plain_lost,
    .goodput_bit_s = plain_goodput_bit_s,
    .device_us = plain_device_us,
};
