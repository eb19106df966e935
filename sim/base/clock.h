/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * clock.h - simulated time: a 64-bit count of microseconds since the start.
 *
 * Integers make event order, ties and sums exact, whatever path led to them.
 * 2^63 us are 292,000 years; OTA_NEVER stands for an instant that never comes
 * and is later than every other.
 */
#ifndef OTA_CLOCK_H
#define OTA_CLOCK_H

#include <assert.h>
#include <stdint.h>

#define OTA_NEVER INT64_MAX

#define OTA_US_PER_MS INT64_C(1000)
#define OTA_US_PER_S INT64_C(1000000)
#define OTA_US_PER_MIN (60 * OTA_US_PER_S)
#define OTA_US_PER_H (60 * OTA_US_PER_MIN)
#define OTA_US_PER_DAY (24 * OTA_US_PER_H)

/*
 * Returns at_us + wait_us [us], or OTA_NEVER if either is OTA_NEVER or the sum
 * does not fit. wait_us may be negative if at_us is not OTA_NEVER.
 */
static inline int64_t ota_us_add(int64_t at_us, int64_t wait_us)
{
    int64_t sum_us;

    assert(wait_us >= 0 || at_us != OTA_NEVER);
    /* OTA_NEVER and more overflow. */
    if (wait_us == OTA_NEVER || __builtin_add_overflow(at_us, wait_us, &sum_us))
        return OTA_NEVER;
    return sum_us;
}

double ota_s_from_us(int64_t time_us);

/* To whole ticks, halves away from 0, as llround() does; |time_us| < 2^63. */
static inline int64_t ota_us_round(double time_us)
{
    /* The largest double below 1/2: to add it carries a half, but nothing less,
     * over to the next whole number, and leaves whole numbers as they are. */
    static const double nearly_half = 0x1.fffffffffffffp-2;

    return (int64_t)(time_us < 0 ? time_us - nearly_half
                                 : time_us + nearly_half);
}

/* The smaller of two times. */
static inline int64_t ota_us_min(int64_t a_us, int64_t b_us)
{
    return a_us < b_us ? a_us : b_us;
}

static inline int64_t ota_us_max(int64_t a_us, int64_t b_us)
{
    return a_us > b_us ? a_us : b_us;
}

/*
 * How long size_bytes take at rate_bit_s [us], rounded up; OTA_NEVER when
 * rate_bit_s is 0. Both must not be negative.
 */
int64_t ota_us_at_rate(int64_t size_bytes, int64_t rate_bit_s);

#endif
