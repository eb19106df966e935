/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * method.c - see method.h.
 */
#include "sim/stats/method.h"

#include <assert.h>
#include <math.h>

static struct ota_estimate clip(struct ota_estimate estimate, double most)
{
    /* fmax() and fmin() would turn a NaN into a number. */
    if (estimate.lo < 0.0)
        estimate.lo = 0.0;
    if (estimate.hi > most)
        estimate.hi = most;
    return estimate;
}

static struct ota_estimate scale(struct ota_estimate estimate, double by)
{
    estimate.mean *= by;
    estimate.lo *= by;
    estimate.hi *= by;
    return estimate;
}

static struct ota_tally tally(const struct ota_values *values)
{
    struct ota_tally given = {0};
    for (size_t i = 0; i < values->count; i++)
        if (!isnan(values->values[i]))
            ota_tally_add(&given, values->values[i]);
    return given;
}

/* There is none, but so many gave a value. */
static struct ota_estimate none(const struct ota_values *values, int64_t given)
{
    return (struct ota_estimate){.mean = NAN,
                                 .lo = NAN,
                                 .hi = NAN,
                                 .values = given,
                                 .of = (int64_t)values->count};
}

struct ota_estimate ota_method_amount(const struct ota_values *values,
                                      double most)
{
    const struct ota_tally given = tally(values);

    if (given.count < (int64_t)values->count)
        return none(values, given.count);
    return clip(ota_interval_t(&given, values->confidence), most);
}

struct ota_estimate ota_method_those(const struct ota_values *values,
                                     double most)
{
    const struct ota_tally given = tally(values);

    if (given.count == 0)
        return none(values, 0);
    struct ota_estimate estimate =
        clip(ota_interval_t(&given, values->confidence), most);
    estimate.of = (int64_t)values->count;
    return estimate;
}

struct ota_estimate ota_method_share(const struct ota_values *values)
{
    const struct ota_tally given = tally(values);

    if (given.count < (int64_t)values->count)
        return none(values, given.count);
    return ota_interval_exact(llround(given.mean * (double)given.count),
                              given.count, values->confidence);
}

/* Devices, of integers that values are once multiplied by `times`. */
static struct ota_estimate count_devices(const struct ota_values *values,
                                         double times, int64_t devices,
                                         bool staged)
{
    const double most = (double)devices;
    struct ota_tally given = {0};

    for (size_t i = 0; i < values->count; i++)
        if (!isnan(values->values[i]))
            ota_tally_add(&given, round(values->values[i] * times));
    if (given.count < (int64_t)values->count)
        return none(values, given.count);
    if (given.least < given.most || staged)
        return clip(ota_interval_t(&given, values->confidence), most);

    struct ota_estimate estimate =
        scale(ota_interval_exact(given.count * (int64_t)given.least,
                                 given.count * devices, values->confidence),
              most);
    estimate.mean = given.least;
    estimate.values = given.count;
    estimate.of = given.count;
    return estimate;
}

struct ota_estimate ota_method_count(const struct ota_values *values,
                                     int64_t devices, bool staged)
{
    return count_devices(values, 1.0, devices, staged);
}

struct ota_estimate ota_method_portion(const struct ota_values *values,
                                       int64_t devices, bool staged)
{
    const double times = (double)devices;

    return scale(count_devices(values, times, devices, staged), 1.0 / times);
}
