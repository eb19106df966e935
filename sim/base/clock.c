/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * clock.c - arithmetic of simulated time that saturates at OTA_NEVER instead
 * of overflowing.
 */
#include "sim/base/clock.h"

#include <assert.h>
#include <stddef.h>

double ota_s_from_us(int64_t time_us)
{
    return (double)time_us / (double)OTA_US_PER_S;
}

/* size * 8e6 / rate, rounded up, for sizes whose product needs more than 64
 * bits: long division with remainder, the factor applied in small steps. */
static int64_t long_us_at_rate(uint64_t size_bytes, uint64_t rate_bit_s)
{
    static const uint64_t factors[] = {8, 10, 10, 10, 10, 10, 10};

    uint64_t whole = size_bytes / rate_bit_s;
    uint64_t rest = size_bytes % rate_bit_s;
    for (size_t i = 0; i < sizeof(factors) / sizeof(factors[0]); i++) {
        const uint64_t more = rest * factors[i] / rate_bit_s;
        if (whole > (INT64_MAX - more) / factors[i])
            return OTA_NEVER;
        whole = whole * factors[i] + more;
        rest = rest * factors[i] % rate_bit_s;
    }
    return ota_us_add((int64_t)whole, rest > 0 ? 1 : 0);
}

int64_t ota_us_at_rate(int64_t size_bytes, int64_t rate_bit_s)
{
    const int64_t us_bits_per_byte = 8 * OTA_US_PER_S;

    assert(size_bytes >= 0);
    assert(rate_bit_s >= 0 && rate_bit_s <= INT64_MAX / 10);

    if (rate_bit_s == 0)
        return OTA_NEVER;
    if (size_bytes > INT64_MAX / us_bits_per_byte)
        return long_us_at_rate((uint64_t)size_bytes, (uint64_t)rate_bit_s);

    const int64_t product = size_bytes * us_bits_per_byte;
    return product / rate_bit_s + (product % rate_bit_s > 0 ? 1 : 0);
}
