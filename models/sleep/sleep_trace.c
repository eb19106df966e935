/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sleep_trace.c - wakes as they were recorded.
 *
 * The file has one interval a line, from a wake to the next; behind the last
 * it begins again. An instant that has nothing to do with the record falls at
 * a uniform place of it, so the mean time to the first wake is the sum of the
 * squares of the intervals over twice their sum.
 *
 * Aligned devices begin at the start of the record, with a wake, and the clock
 * says where in it they are. With a random phase each device has its own
 * place, which the wake itself must tell, as nothing else is kept of a device:
 * of n wakes the i-th stands at an instant that leaves i when divided by n
 * microseconds. So each wake is moved by less than n us: a record of a year
 * of hourly wakes by less than 9 ms, the longest possible by less than 1 s.
 * The lead is a multiple of n too, so that a device may be set down anew, at a
 * place of its own, after any number of leads.
 */
#include "models/sleep/sleep.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "models/sleep/sleep_common.h"
#include "sim/base/amounts.h"
#include "sim/base/clock.h"
#include "sim/base/error.h"
#include "sim/base/random.h"

enum { PATH_SIZE = 4096 }; /* bytes of a file's path */

/* No interval is shorter than the n microseconds by which wakes move. */
static const double interval_least_us = 1e6;
_Static_assert(OTA_AMOUNTS_MAX <= 1000000, "n us must be 1 s at most");

static const double record_most_us = 3660.0 * (double)OTA_US_PER_DAY;

struct trace_config {
    struct ota_sleep_common common;
    const char *file;
    int phase; /* enum ota_sleep_phase */
    /* From the file: */
    struct ota_sleep_cycle cycle;
    int64_t lead_us;
};

static bool is_aligned(const struct trace_config *config)
{
    return config->phase == OTA_SLEEP_PHASE_ALIGNED;
}

static int64_t trace_first_us(const void *opaque, gsl_rng *rng)
{
    const struct trace_config *config = opaque;
    const struct ota_sleep_cycle *cycle = &config->cycle;

    if (is_aligned(config))
        return 0;

    const int64_t n = (int64_t)cycle->count;
    const double steps = (double)(cycle->length_us / n);
    const int64_t place_us = n * (int64_t)(steps * ota_uniform(rng));
    return ota_sleep_cycle_after(cycle, place_us - 1) - place_us;
}

static int64_t trace_next_us(const void *opaque, int64_t wake_us, gsl_rng *rng)
{
    const struct trace_config *config = opaque;
    const struct ota_sleep_cycle *cycle = &config->cycle;

    (void)rng;
    assert(wake_us >= 0);
    if (is_aligned(config))
        return ota_sleep_cycle_after(cycle, wake_us);

    const int64_t from_us =
        cycle->at_us[(size_t)(wake_us % (int64_t)cycle->count)];
    return ota_us_add(wake_us, ota_sleep_cycle_after(cycle, from_us) - from_us);
}

static int64_t trace_lead_us(const void *opaque)
{
    const struct trace_config *config = opaque;

    return config->lead_us;
}

/* --- reading the record -------------------------------------------------- */

/*
 * Puts the wakes at their places in the cycle: at_us has room for count of
 * them, values are the intervals. A random phase rounds each down to a whole
 * multiple of n and adds its number. Returns what is wrong, or NULL.
 */
static const char *lay_out(struct trace_config *config, const double *values,
                           size_t count, int64_t *at_us)
{
    const int64_t n = is_aligned(config) ? 1 : (int64_t)count;
    double end_us = 0;

    for (size_t i = 0; i < count; i++) {
        if (values[i] < interval_least_us)
            return "an interval is too short; it must be 1s or more";
        at_us[i] =
            (int64_t)end_us / n * n + (is_aligned(config) ? 0 : (int64_t)i);
        end_us += round(values[i]);
        if (end_us > record_most_us)
            return "the intervals are too long; they must sum to 3660d at most";
    }

    config->cycle = (struct ota_sleep_cycle){
        .at_us = at_us, .count = count, .length_us = (int64_t)end_us / n * n};
    int64_t longest_us = config->cycle.length_us - at_us[count - 1];
    for (size_t i = 1; i < count; i++)
        longest_us = ota_us_max(longest_us, at_us[i] - at_us[i - 1]);
    config->lead_us = is_aligned(config) ? config->cycle.length_us
                                         : (longest_us + n - 1) / n * n;
    return NULL;
}

static bool trace_prepare(void *opaque, const struct ota_field_context *context,
                          char *problem, size_t problem_size)
{
    struct trace_config *config = opaque;
    const bool beside = context->folder && config->file[0] != '/';
    char path[PATH_SIZE];
    double *values;
    size_t count;

    const int length =
        snprintf(path, sizeof(path), "%s%s%s", beside ? context->folder : "",
                 beside ? "/" : "", config->file);
    if (length < 0 || (size_t)length >= sizeof(path)) {
        snprintf(problem, problem_size, "the file's name is too long");
        return false;
    }
    if (!ota_amounts_read(OTA_TIME, path, &values, &count, problem,
                          problem_size))
        return false;

    ota_arena_note(context->arena, values, count * sizeof(*values));
    int64_t *at_us = ota_arena_alloc(context->arena, count, sizeof(*at_us));
    const char *wrong =
        at_us ? lay_out(config, values, count, at_us) : OTA_NO_MEMORY;
    free(values);
    if (wrong)
        snprintf(problem, problem_size, "%s: %s", path, wrong);
    return !wrong;
}

static const struct ota_field trace_fields[] = {
    {
        .name = "file",
        .kind = OTA_FIELD_TEXT,
        .offset = offsetof(struct trace_config, file),
        .help = "one interval a line, from a wake to the next, such as 1h; "
                "behind the last it begins again",
    },
    {
        .name = "phase",
        .kind = OTA_FIELD_CHOICE,
        .offset = offsetof(struct trace_config, phase),
        .fallback = "random",
        .choices = ota_sleep_phases,
        .help = "random: each device begins at its own place of the file; "
                "aligned: all begin at its start, with a wake",
    },
    OTA_SLEEP_COMMON_FIELDS,
    {.name = NULL},
};

const struct ota_sleep_model ota_sleep_trace = {
    .model =
        {
            .name = "trace",
            .summary = "wakes as recorded in a file, over and over",
            .source = "by definition",
            .config_size = sizeof(struct trace_config),
            .fields = trace_fields,
            .prepare = trace_prepare,
        },
    .first_us = trace_first_us,
    .next_us = trace_next_us,
    .lead_us = trace_lead_us,
    .common = ota_sleep_common_part,
};
