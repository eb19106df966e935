/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * precision.c - when to stop replicating.
 *
 * The first look is at 10 replications, the next are 10 % further each. At
 * each, the measure's own interval (Student's t, or an exact one) is widened on
 * both sides by the factor
 *
 *     1 + (2 + 10 g^2)/n,
 *
 * g being the skewness of the n values; that is the interval which is given,
 * and half of it is what must come down to the width asked for. To stop at the
 * first t interval that is narrow enough is to stop where the deviation looks
 * smaller than it is, and with a skewed law, where the mean does too. The
 * factor goes to 1, as in Y. S. Chow, H. Robbins, Annals of Mathematical
 * Statistics 36 (1965), who show that what is left then covers what it says.
 * (That Student's t needs n > 25 g^2 is W. G. Cochran's rule, Sampling
 * Techniques, 3rd ed., 2.15; 10 g^2/n is its softer kin. 2 and 10 are ours, by
 * the table.)
 *
 * What intervals of 95 % cover at the stop, in 4,000 repetitions each, least
 * over nine widths for which 2 to 400 replications would do if the deviation
 * were known:
 *
 *     law of a replication       t alone   widened
 *     normal                       0.933     0.950
 *     exponential                  0.861     0.953
 *     lognormal, sigma 0.5         0.894     0.945
 *     200 devices, share 1 %       0.919     0.951
 *     200 devices, share 50 %      0.931     0.950
 *     200 devices, share 99 %      0.921     0.953
 *     lognormal, sigma 1           0.769     0.909
 *
 * The last law has a skewness of 6.2; means over a fleet are not like that.
 * tests/oracle/test_precision.c repeats the last column. What it costs: where
 * the deviation alone would ask for 50 replications, 59 are made of a normal
 * law and 90 of an exponential one; for 400, 427 and 490.
 *
 * Values that are all the same have no deviation. Where the measure has an
 * exact interval, that counts; else (a mean, a staged rollout) they only say
 * that they agree, and so many of them are asked for that, had one in twenty
 * replications been different, one would have been seen with the confidence:
 * 59 at 95 %.
 */
#include "sim/stats/precision.h"

#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/base/error.h"
#include "sim/base/text.h"
#include "sim/base/units.h"

enum {
    FIRST = 10,          /* replications at the first look */
    PART = 10,           /* of them more at the next: one in so many */
    NEEDED_MAX = 1000000 /* a forecast beyond is none */
};

static const double small_count = 2.0; /* what few replications cost */
static const double skewed = 10.0;     /* what skewness costs */
static const double odd_one = 0.05;    /* share of replications that may be
                                        * different and never seen */

int64_t ota_precision_first(void)
{
    return FIRST;
}

int64_t ota_precision_next(int64_t done)
{
    return done + (done + PART - 1) / PART;
}

/* --- reading ---------------------------------------------------------------*/

static bool fail(char *problem, size_t size, const char *format, ...)
    OTA_PRINTF(3, 4);

static bool fail(char *problem, size_t size, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(problem, size, format, args);
    va_end(args);
    return false;
}

/* What a measure's unit is in units of scenarios: its dimension, and what it
 * is worth in that one's base unit. */
static enum ota_dimension dimension_of(const char *unit, double *base)
{
    *base = 1;
    for (int d = OTA_TIME; d < OTA_DIMENSIONS; d++)
        for (const struct ota_unit *u = ota_units((enum ota_dimension)d);
             u->name; u++)
            if (strcmp(u->name, unit) == 0) {
                *base = u->base;
                return (enum ota_dimension)d;
            }
    return OTA_COUNT;
}

static bool is_share(const struct ota_measure *measure)
{
    double least, most;

    ota_measure_range(measure, 2, &least, &most);
    return most == 1.0;
}

/* Takes the width for a percentage of the mean; false if it is none. */
static bool take_relative(struct ota_precision *precision, const char *text,
                          size_t length)
{
    const bool marked = length > 3 && memcmp(text + length - 3, "rel", 3) == 0;
    char ignored[1];

    if (marked)
        length -= 3;
    while (length > 0 && isspace((unsigned char)text[length - 1]))
        length--;
    precision->relative =
        length > 0 && text[length - 1] == '%' &&
        (marked || !is_share(&precision->measure)) &&
        ota_amount_parse(OTA_RATIO, text, length, &precision->half_width,
                         ignored, sizeof(ignored));
    return precision->relative;
}

bool ota_precision_read(struct ota_precision *precision, const char *text,
                        const char *const *groups, size_t group_count,
                        char *problem, size_t problem_size)
{
    const char *equals = strrchr(text, '=');
    char name[OTA_MEASURE_NAME_SIZE], why[OTA_MESSAGE_SIZE];
    struct ota_measure *measure = &precision->measure;
    double base;

    *precision = (struct ota_precision){0};
    if (!equals || equals == text || !equals[1])
        return fail(problem, problem_size,
                    "it takes MEASURE=WIDTH, such as success_rate=0.5%% or "
                    "charge=2%%");
    snprintf(name, sizeof(name), "%.*s", (int)(equals - text), text);
    if (!ota_measure_read(measure, name, groups, group_count, problem,
                          problem_size))
        return false;
    const char *width = equals + 1;
    if (!take_relative(precision, width, strlen(width))) {
        const bool share = is_share(measure);
        const enum ota_dimension dimension =
            dimension_of(ota_measure_unit(measure), &base);
        if (!ota_amount_parse(share ? OTA_RATIO : dimension, width,
                              strlen(width), &precision->half_width, why,
                              sizeof(why)))
            return fail(problem, problem_size, "%.300s%s", why,
                        share ? "; 0.5%rel is of the mean"
                              : "; or a percentage of the mean, such as 2%");
        precision->half_width /= base;
    }
    if (!(precision->half_width > 0))
        return fail(problem, problem_size,
                    "\"%.40s\" is no width; it must be more than 0", width);
    return true;
}

void ota_precision_write(const struct ota_precision *precision, char *text,
                         size_t size)
{
    const char *unit = ota_measure_unit(&precision->measure);
    double base;

    if (precision->relative) {
        snprintf(text, size, "%.4g %% of the mean",
                 100 * precision->half_width);
    } else if (is_share(&precision->measure)) {
        snprintf(text, size, "%.4g percentage points",
                 100 * precision->half_width);
    } else if (dimension_of(unit, &base) == OTA_TIME) {
        ota_amount_format(OTA_TIME, round(precision->half_width * base), text,
                          size);
    } else {
        snprintf(text, size, "%.4g%s%s", precision->half_width,
                 strcmp(unit, "1") == 0 ? "" : " ",
                 strcmp(unit, "1") == 0 ? "" : unit);
    }
}

/* --- looking ---------------------------------------------------------------*/

/* How many values are there. */
static double given(const double *values, size_t count)
{
    double n = 0;

    for (size_t i = 0; i < count; i++)
        n += !isnan(values[i]);
    return n;
}

/* I. A. Joanes and C. A. Gill's G1 (The Statistician 47, 1998). */
double ota_precision_skewness(const double *values, size_t count)
{
    const double n = given(values, count);
    double mean = 0, m2 = 0, m3 = 0;

    for (size_t i = 0; i < count; i++)
        mean += isnan(values[i]) ? 0 : values[i] / n;
    for (size_t i = 0; i < count; i++) {
        const double off = values[i] - mean;
        if (isnan(off))
            continue;
        m2 += off * off / n;
        m3 += off * off * off / n;
    }
    if (n < 3 || m2 <= 1e-24 * mean * mean)
        return 0;
    return m3 / (m2 * sqrt(m2)) * sqrt(n * (n - 1)) / (n - 2);
}

double ota_precision_same(double confidence)
{
    return ceil(log1p(-confidence) / log1p(-odd_one));
}

/* Whether values are 0 or 1 and their interval exact, which covers what it
 * says whenever one stops: at 0.05 to 0.3 of 0.01 to 0.5 it was 0.958 or more.
 */
static bool is_exact(const struct ota_measure *measure)
{
    return measure->kind == OTA_MEASURE_KPI &&
           measure->which == OTA_KPI_STOPPED;
}

/* About how many replications it takes, as widths go with 1/sqrt(n). */
static int64_t forecast(const struct ota_precision_look *look)
{
    const double ratio = look->reached / look->width;
    const double n = (double)look->replications * ratio * ratio;

    return n <= NEEDED_MAX
               ? (int64_t)fmax(ceil(n), (double)look->replications + 1)
               : 0;
}

double ota_precision_wider(const double *values, size_t count)
{
    const double g = ota_precision_skewness(values, count);

    return 1 + (small_count + skewed * g * g) / given(values, count);
}

void ota_precision_look(const struct ota_precision *precision,
                        const struct ota_measure_facts *facts,
                        const double *values, size_t count, double confidence,
                        struct ota_precision_look *look)
{
    struct ota_estimate e = ota_measure_estimate(&precision->measure, facts,
                                                 values, count, confidence);
    const double wider =
        is_exact(&precision->measure) ? 1 : ota_precision_wider(values, count);
    const double n = given(values, count);
    double least, most;

    const bool bounded = isfinite(e.lo) && isfinite(e.hi);
    ota_measure_range(&precision->measure, facts->devices, &least, &most);
    if (bounded) {
        e.lo = fmax(e.mean - wider * (e.mean - e.lo), least);
        e.hi = fmin(e.mean + wider * (e.hi - e.mean), most);
    }
    *look = (struct ota_precision_look){
        .estimate = e,
        .width = precision->relative ? precision->half_width * fabs(e.mean)
                                     : precision->half_width,
        .reached = NAN,
        .never = precision->measure.kind == OTA_MEASURE_KPI &&
                 ota_kpis[precision->measure.which].of == OTA_KPI_OF_REACHED &&
                 n < (double)count,
        .replications = (int64_t)count,
    };
    if (!bounded)
        return;
    look->reached = fmax(e.hi - e.mean, e.mean - e.lo);
    const bool point = e.lo == e.hi;
    const double enough = point ? ota_precision_same(confidence) : FIRST;
    look->met = look->reached <= look->width && n >= enough;
    if (!look->met)
        look->needed = look->reached > look->width
                           ? forecast(look)
                           : (int64_t)ceil(enough / n * (double)count);
}
