/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * common_summary.c - what the devices of the common model did; see
 * common_model.h.
 */
#include <math.h>
#include <stdlib.h>

#include "tests/support/common_model.h"

const char *const common_statistic_names[COMMON_STATISTICS] = {
    [COMMON_SHARE_0 + COMMON_UPDATED] = "updated",
    [COMMON_SHARE_0 + COMMON_UNREPORTED] = "unreported",
    [COMMON_SHARE_0 + COMMON_BUSY] = "busy",
    [COMMON_SHARE_0 + COMMON_ABORTED] = "aborted",
    [COMMON_SHARE_0 + COMMON_NEVER_BEGUN] = "never_begun",
    [COMMON_TIME_MEAN_S] = "time_mean_s",
    [COMMON_TIME_P50_S] = "time_p50_s",
    [COMMON_TIME_P95_S] = "time_p95_s",
    [COMMON_TIME_P99_S] = "time_p99_s",
    [COMMON_SENDS] = "sends",
    [COMMON_AWAKE_S] = "awake_s",
};

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static struct common_estimate mean(const double *values, size_t count)
{
    const double n = (double)count;
    double sum = 0, squares = 0;

    for (size_t i = 0; i < count; i++)
        sum += values[i];
    for (size_t i = 0; i < count; i++)
        squares += pow(values[i] - sum / n, 2);
    return (struct common_estimate){sum / n, sqrt(squares / (n - 1) / n)};
}

/* Of sorted values. */
static struct common_estimate quantile(const double *values, size_t count,
                                       double p)
{
    const double last = (double)count - 1;
    const double rank = p * last;
    const double far = 4 * sqrt(p * (1 - p) * (double)count);
    const double low = values[(size_t)fmax(rank - far, 0)];
    const double high = values[(size_t)fmin(rank + far, last)];

    return (struct common_estimate){values[(size_t)rank], (high - low) / 8};
}

static struct common_estimate share(size_t part, size_t count)
{
    const double p = (double)part / (double)count;

    return (struct common_estimate){p, sqrt(p * (1 - p) / (double)count)};
}

bool common_summarize(const struct common_device *devices, size_t count,
                      struct common_estimate *out)
{
    double *values = calloc(count, sizeof(*values));
    size_t ends[COMMON_ENDS] = {0};
    size_t updated = 0;

    if (!values)
        return false;
    for (size_t i = 0; i < count; i++)
        values[i] = (double)devices[i].sends;
    out[COMMON_SENDS] = mean(values, count);
    for (size_t i = 0; i < count; i++)
        values[i] = 1e-6 * (double)devices[i].awake_us;
    out[COMMON_AWAKE_S] = mean(values, count);
    for (size_t i = 0; i < count; i++) {
        ends[devices[i].end]++;
        if (devices[i].end == COMMON_UPDATED)
            values[updated++] = 1e-6 * (double)devices[i].updated_us;
    }
    for (size_t i = 0; i < COMMON_ENDS; i++)
        out[COMMON_SHARE_0 + i] = share(ends[i], count);
    for (size_t i = COMMON_TIME_MEAN_S; i <= COMMON_TIME_P99_S; i++)
        out[i] = (struct common_estimate){0, 0};
    if (updated > 1) {
        qsort(values, updated, sizeof(*values), by_value);
        out[COMMON_TIME_MEAN_S] = mean(values, updated);
        out[COMMON_TIME_P50_S] = quantile(values, updated, 0.50);
        out[COMMON_TIME_P95_S] = quantile(values, updated, 0.95);
        out[COMMON_TIME_P99_S] = quantile(values, updated, 0.99);
    }
    free(values);
    return true;
}

double common_z(struct common_estimate a, struct common_estimate b)
{
    const double apart = a.value - b.value;

    return apart == 0 ? 0 : apart / hypot(a.error, b.error);
}

void common_print(FILE *file, const char *who, size_t devices, double took_s,
                  double cpu_s, const struct common_estimate *statistics)
{
    fprintf(file,
            "{\"who\": \"%s\", \"devices\": %zu, \"seconds\": %.6f, "
            "\"cpu_seconds\": %.6f",
            who, devices, took_s, cpu_s);
    for (size_t i = 0; i < COMMON_STATISTICS; i++)
        fprintf(file, ", \"%s\": [%.9g, %.9g]", common_statistic_names[i],
                statistics[i].value, statistics[i].error);
    fprintf(file, "}\n");
}
