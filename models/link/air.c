/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * air.c - the two-state chain of a Gilbert-Elliott link in continuous time,
 * and what datagrams and bytes cost.
 *
 * With a the rate of leaving the good state and b the rate of leaving the bad
 * one, the state is bad with probability s = a / (a + b) at an arbitrary time,
 * and d later, given what it was, with s + (x - s) exp(-(a + b) d), x being 1
 * if it was bad and 0 if not. Time in a state is exponential, hence without
 * memory: whoever has not looked for long draws the state from that formula
 * and then a whole stay in it. Source: Norris: Markov Chains (1997), example
 * 2.1.1 and theorem 2.8.2.
 */
#include "models/link/air.h"

#include <assert.h>
#include <math.h>

#include "sim/base/sample.h"

enum { BYTES_PER_KIB = 1024 };

/* When a stay that begins at now_us in the air's state ends. */
static int64_t leave_us(const struct ota_air *air, int64_t now_us, gsl_rng *rng)
{
    const double per_s = air->leave_per_s[air->bad];

    if (per_s <= 0)
        return OTA_NEVER;

    const double stay_us = ota_exponential(rng) / per_s * (double)OTA_US_PER_S;

    return stay_us < 0x1p62 ? ota_us_add(now_us, (int64_t)stay_us + 1)
                            : OTA_NEVER;
}

double ota_air_bad_share(const struct ota_air *air)
{
    const double leave_good = air->leave_per_s[false];

    return leave_good > 0 ? leave_good / (leave_good + air->leave_per_s[true])
                          : 0;
}

void ota_air_start(struct ota_air *air, int64_t now_us, gsl_rng *rng)
{
    const double share = ota_air_bad_share(air);

    air->bad = share > 0 && ota_uniform(rng) < share;
    air->until_us = leave_us(air, now_us, rng);
}

void ota_air_renew(struct ota_air *air, int64_t now_us, gsl_rng *rng)
{
    assert(air->until_us <= now_us);

    air->bad = !air->bad; /* at until_us */
    if (now_us > air->until_us) {
        const double rate = air->leave_per_s[0] + air->leave_per_s[1];
        const double share = ota_air_bad_share(air);
        const double past_s = ota_s_from_us(now_us - air->until_us);
        /* Beyond that it would not change a double. */
        const double memory = rate * past_s < 40 ? exp(-rate * past_s) : 0;
        const double p = share + ((air->bad ? 1 : 0) - share) * memory;
        air->bad = ota_uniform(rng) < p;
    }
    air->until_us = leave_us(air, now_us, rng);
}

int64_t ota_air_serial_us(const struct ota_air *air, int64_t size_bytes)
{
    return ota_us_at_rate(size_bytes, air->goodput_bit_s);
}

int64_t ota_air_device_us(const struct ota_air *air, int64_t size_bytes)
{
    assert(size_bytes >= 0);
    /* Whole KiB apart, so that no size makes the product overflow. */
    return size_bytes / BYTES_PER_KIB * air->device_us_per_kib +
           size_bytes % BYTES_PER_KIB * air->device_us_per_kib / BYTES_PER_KIB;
}
