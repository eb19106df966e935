/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * compare.c - contrasts and verdicts.
 *
 * The confidence is that of all differences together: each of N has
 * 1 - (1 - confidence) / N, by Bonferroni, whatever they have to do with each
 * other. A verdict other than "cannot tell" is given when an interval leaves 0
 * out, so all verdicts of a comparison of things that are the same are right
 * with that confidence.
 *
 * Student's t. Values of a fleet are sums over many devices, and differences of
 * pairs that are alike in law are symmetric, which is what t bears best. But a
 * difference that comes in steps (a few devices more or less) and few
 * replications make it lie, up to the difference that is the same in each of
 * three replications, with a deviation of 0. So where more than half of the
 * differences are the same, t counts only if signs could tell too: k
 * differences that are not 0, all of one sign, have a probability of 2^(1 - k),
 * and k must be large enough for this to be at most 1 - confidence. Until then
 * there is no interval.
 *
 * 0 or 1. Of b replications with a 1 in the variant alone, and c in the base
 * alone, the shares p and q of such replications make the difference p - q =
 * (2 r - 1) s, where s = p + q and r = p / s. (b + c) of n is binomial with s,
 * and given that, b with r: each has its exact interval with half of the error,
 * and the products of both make the interval of the difference. It leaves 0 out
 * just when McNemar's exact test says so. Source: Q. McNemar, Psychometrika 12
 * (1947); C. J. Clopper, E. S. Pearson, Biometrika 26 (1934).
 *
 * Times that need not come. A replication without one is later than all with
 * one. As that has no mean, signs are counted: of k pairs that differ, so many
 * or more of one sign have a binomial probability, of both sides. Source: W. J.
 * Conover, Practical Nonparametric Statistics, 3rd ed., 3.4.
 *
 * Where replicating went on until the intervals of a measure were narrow
 * enough, those are wider by the factor of precision.c, and so are the
 * verdicts' errors kept.
 *
 * How many more. By t: the least n at which the difference is
 * (t(error / 2) + t(0.2)) deviations / sqrt(n), so that 4 of 5 such comparisons
 * would tell; with t alone it would be every other one. By signs and of 0 or 1:
 * the same of the binomial law's normal limit, and never fewer than can tell.
 * The difference seen stands for the true one, so this is a rough guide. To go
 * on until it tells is to look more than once, and each look may be wrong.
 */
#include "sim/experiment/compare.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_cdf.h>

#include "sim/stats/precision.h"

static const double miss = 0.2; /* chance that so many more do not tell */

const char *const ota_verdict_names[OTA_VERDICTS] = {
    [OTA_VERDICT_BETTER] = "better", [OTA_VERDICT_WORSE] = "worse",
    [OTA_VERDICT_MORE] = "more",     [OTA_VERDICT_LESS] = "less",
    [OTA_VERDICT_SAME] = "same",     [OTA_VERDICT_OPEN] = "open",
    [OTA_VERDICT_NONE] = "none",
};

const char *const ota_evidence_names[OTA_EVIDENCES] = {
    [OTA_EVIDENCE_T] = "t",
    [OTA_EVIDENCE_EXACT] = "exact",
    [OTA_EVIDENCE_SIGNS] = "signs",
};

/* What there is to judge by. */
struct pairs {
    const struct ota_measure *measure;
    const double *base, *variant;
    int64_t count;
    double error; /* 1 - confidence */
    bool precise; /* as of struct ota_comparison */
    int64_t above,
        below;       /* the variant is, a time that never comes above all */
    int64_t missing; /* pairs without one value or both */
};

/* Whether a value may be missing because the time never came. */
static bool may_never_come(const struct ota_measure *measure)
{
    return measure->kind == OTA_MEASURE_KPI &&
           ota_kpis[measure->which].of == OTA_KPI_OF_REACHED;
}

static void count_signs(struct pairs *pairs)
{
    for (int64_t i = 0; i < pairs->count; i++) {
        const double base = pairs->base[i];
        const double variant = pairs->variant[i];
        pairs->missing += isnan(base) || isnan(variant);
        if (isnan(base) && isnan(variant))
            continue;
        pairs->above += isnan(variant) || variant > base;
        pairs->below += isnan(base) || variant < base;
    }
}

/* How many pairs of one sign, and none of the other, tell. */
static int64_t fewest_that_tell(double error)
{
    return (int64_t)ceil(1.0 - log2(error));
}

/* Replications of which so many differ, with the chance that they tell, when
 * `differ` of the pairs do: by the normal limit of the binomial law. */
static double until_differ(const struct pairs *pairs, double signs)
{
    const double share =
        (double)(pairs->above + pairs->below) / (double)pairs->count;
    const double b = gsl_cdf_ugaussian_Qinv(miss) * sqrt(1.0 - share);
    const double root = (b + sqrt(b * b + 4.0 * signs)) / 2.0;

    return ceil(root * root / share - 1e-9);
}

static enum ota_verdict direction(const struct ota_measure *measure, bool more)
{
    const int better = ota_measure_better(measure);

    if (better == 0)
        return more ? OTA_VERDICT_MORE : OTA_VERDICT_LESS;
    return (better > 0) == more ? OTA_VERDICT_BETTER : OTA_VERDICT_WORSE;
}

static bool is_beyond(double more, double less)
{
    return more > 0.0 || less < 0.0;
}

/* --- by signs --- */

/* Replications until so many signs tell, beside those that are there. */
static int64_t signs_more(const struct pairs *pairs, double error)
{
    const double n = (double)pairs->count;
    const double differ = (double)(pairs->above + pairs->below);
    const double excess = fabs((double)(pairs->above - pairs->below)) / differ;

    if (!(excess > 0.0))
        return -1;
    /* Of m signs the excess is normal about its mean with a deviation of
     * 1 / sqrt(m) if none is likelier, else a smaller one. */
    const double z =
        gsl_cdf_ugaussian_Qinv(error / 2.0) +
        gsl_cdf_ugaussian_Qinv(miss) * sqrt(fmax(0.0, 1.0 - excess * excess));
    const double signs =
        fmax((z / excess) * (z / excess), (double)fewest_that_tell(error));
    const double all = until_differ(pairs, signs);
    if (all > OTA_COMPARE_REACH)
        return -1;
    return all > n ? (int64_t)all - pairs->count : 1;
}

static void judge_signs(const struct pairs *pairs,
                        struct ota_contrast *contrast)
{
    const int64_t differ = pairs->above + pairs->below;
    const int64_t most =
        pairs->above > pairs->below ? pairs->above : pairs->below;

    contrast->evidence = OTA_EVIDENCE_SIGNS;
    contrast->paired.difference.lo = NAN;
    contrast->paired.difference.hi = NAN;
    if (differ == 0) {
        contrast->verdict = OTA_VERDICT_SAME;
        return;
    }
    const double tail =
        gsl_cdf_binomial_Q((unsigned)most - 1, 0.5, (unsigned)differ);
    if (2.0 * tail <= pairs->error) {
        contrast->verdict =
            direction(pairs->measure, pairs->above > pairs->below);
        return;
    }
    contrast->verdict = OTA_VERDICT_OPEN;
    contrast->more = signs_more(pairs, pairs->error);
}

/* --- of 0 or 1 --- */

static bool is_zero_or_one(const struct pairs *pairs)
{
    double least, most;

    ota_measure_range(pairs->measure, INT64_MAX, &least, &most);
    if (least != 0.0 || most != 1.0)
        return false;
    for (int64_t i = 0; i < pairs->count; i++)
        if ((pairs->base[i] != 0.0 && pairs->base[i] != 1.0) ||
            (pairs->variant[i] != 0.0 && pairs->variant[i] != 1.0))
            return false;
    return true;
}

static void judge_exact(const struct pairs *pairs,
                        struct ota_contrast *contrast)
{
    struct ota_estimate *difference = &contrast->paired.difference;
    const int64_t differ = pairs->above + pairs->below;
    const double half = 1.0 - pairs->error / 2.0;
    const struct ota_estimate share =
        ota_interval_exact(differ, pairs->count, half);
    struct ota_estimate ratio = {.lo = 0.0, .hi = 1.0};

    if (differ > 0)
        ratio = ota_interval_exact(pairs->above, differ, half);
    const double least = 2.0 * ratio.lo - 1.0;
    const double most = 2.0 * ratio.hi - 1.0;
    difference->lo = least * (least > 0.0 ? share.lo : share.hi);
    difference->hi = most * (most > 0.0 ? share.hi : share.lo);

    contrast->evidence = OTA_EVIDENCE_EXACT;
    contrast->reached = fmax(difference->hi - difference->mean,
                             difference->mean - difference->lo);
    if (differ == 0) {
        contrast->verdict = OTA_VERDICT_SAME;
    } else if (is_beyond(difference->lo, difference->hi)) {
        contrast->verdict = direction(pairs->measure, difference->lo > 0.0);
    } else {
        contrast->verdict = OTA_VERDICT_OPEN;
        contrast->more = signs_more(pairs, pairs->error / 2.0);
    }
}

/* --- by Student's t --- */

static int by_size(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Whether more than half of the differences are the same, but for the rounding
 * of their values. */
static bool are_mostly_same(const struct pairs *pairs, double *differences)
{
    const int64_t half = pairs->count / 2;
    double size = 0.0;

    for (int64_t i = 0; i < pairs->count; i++) {
        differences[i] = pairs->variant[i] - pairs->base[i];
        size = fmax(size, fmax(fabs(pairs->variant[i]), fabs(pairs->base[i])));
    }
    qsort(differences, (size_t)pairs->count, sizeof(*differences), by_size);
    for (int64_t i = half; i < pairs->count; i++)
        if (differences[i] - differences[i - half] <= 1e-12 * size)
            return true;
    return false;
}

/* Whether n replications would tell a difference of so many deviations. */
static bool would_tell(double n, double deviations, double error)
{
    const double t = gsl_cdf_tdist_Qinv(error / 2.0, n - 1.0) +
                     gsl_cdf_tdist_Qinv(miss, n - 1.0);
    return deviations * sqrt(n) >= t;
}

/* Replications until t tells, and until enough of them differ. */
static int64_t t_more(const struct pairs *pairs,
                      const struct ota_contrast *contrast, bool steps)
{
    const double deviations =
        fabs(contrast->paired.difference.mean) / contrast->paired.deviation;
    int64_t tells = 2;

    if (steps)
        tells = (int64_t)until_differ(pairs,
                                      (double)fewest_that_tell(pairs->error));
    int64_t fails = tells - 1;
    while (tells <= OTA_COMPARE_REACH &&
           !would_tell((double)tells, deviations, pairs->error)) {
        fails = tells;
        tells *= 2;
    }
    while (tells - fails > 1) {
        const int64_t middle = fails + (tells - fails) / 2;
        if (would_tell((double)middle, deviations, pairs->error))
            tells = middle;
        else
            fails = middle;
    }
    if (tells > OTA_COMPARE_REACH)
        return -1;
    return tells > pairs->count ? tells - pairs->count : 1;
}

/* Widens an interval at which replicating stopped for being narrow. */
static void settle(const struct pairs *pairs, struct ota_contrast *contrast,
                   const double *differences)
{
    struct ota_estimate *difference = &contrast->paired.difference;

    contrast->reached = (difference->hi - difference->lo) / 2.0;
    if (!pairs->precise)
        return;
    contrast->reached *= ota_precision_wider(differences, (size_t)pairs->count);
    difference->lo = difference->mean - contrast->reached;
    difference->hi = difference->mean + contrast->reached;
}

static void judge_t(const struct pairs *pairs, struct ota_contrast *contrast,
                    double *room)
{
    struct ota_estimate *difference = &contrast->paired.difference;

    contrast->evidence = OTA_EVIDENCE_T;
    if (contrast->differ == 0) {
        contrast->reached = 0.0;
        contrast->verdict = OTA_VERDICT_SAME;
        return;
    }
    const bool steps = are_mostly_same(pairs, room);
    if (steps && contrast->differ < fewest_that_tell(pairs->error)) {
        difference->lo = NAN;
        difference->hi = NAN;
    }
    settle(pairs, contrast, room);
    if (is_beyond(difference->lo, difference->hi)) {
        contrast->verdict = direction(pairs->measure, difference->lo > 0.0);
        return;
    }
    contrast->verdict = OTA_VERDICT_OPEN;
    contrast->more = pairs->count > 1 ? t_more(pairs, contrast, steps)
                                      : fewest_that_tell(pairs->error) - 1;
}

/* --- all of them --- */

struct ota_contrast ota_contrast_of(const struct ota_measure *measure,
                                    const double *base, const double *variant,
                                    int64_t count, double each, bool precise,
                                    double *room)
{
    struct pairs pairs = {
        .measure = measure,
        .base = base,
        .variant = variant,
        .count = count,
        .error = 1.0 - each,
        .precise = precise,
    };
    struct ota_contrast contrast = {
        .reached = NAN,
        .paired = ota_interval_paired(variant, base, count, each),
    };

    count_signs(&pairs);
    contrast.differ = pairs.above + pairs.below;
    contrast.above = pairs.above;
    if (pairs.missing > 0 && may_never_come(measure))
        judge_signs(&pairs, &contrast);
    else if (pairs.missing > 0)
        contrast.verdict = OTA_VERDICT_NONE;
    else if (is_zero_or_one(&pairs))
        judge_exact(&pairs, &contrast);
    else
        judge_t(&pairs, &contrast, room);
    return contrast;
}

double ota_compare_reached(const struct ota_comparison *comparison,
                           size_t measure)
{
    double most = 0.0;

    for (size_t v = 0; v < comparison->variant_count; v++) {
        const double reached =
            comparison->contrasts[v * comparison->measure_count + measure]
                .reached;
        most = isnan(reached) ? INFINITY : fmax(most, reached);
    }
    return most;
}

double ota_compare_each(const struct ota_comparison *comparison)
{
    return ota_interval_each(
        comparison->confidence,
        (int64_t)(comparison->variant_count * comparison->measure_count));
}

static void read_values(const struct ota_study *study, size_t point,
                        size_t measure, int64_t count, double *values)
{
    for (int64_t r = 0; r < count; r++)
        values[r] = ota_study_value(study, point, measure, r);
}

bool ota_compare_make(struct ota_comparison *comparison,
                      const struct ota_study *study)
{
    const int64_t count = comparison->replications;
    const double each = ota_compare_each(comparison);
    double *base = malloc((size_t)count * 3 * sizeof(*base));

    assert(count > 0);
    comparison->contrasts =
        calloc(comparison->variant_count * comparison->measure_count,
               sizeof(*comparison->contrasts));
    if (!base || !comparison->contrasts) {
        free(base);
        ota_compare_release(comparison);
        return false;
    }
    double *variant = base + count;
    double *room = variant + count;
    for (size_t m = 0; m < comparison->measure_count; m++) {
        const size_t place = comparison->measures[m];
        const struct ota_measure *measure =
            ota_study_measure(study, comparison->base, place);
        read_values(study, comparison->base, place, count, base);
        for (size_t v = 0; v < comparison->variant_count; v++) {
            struct ota_contrast *contrast =
                &comparison->contrasts[v * comparison->measure_count + m];
            const size_t point = comparison->variants[v];
            read_values(study, point, place, count, variant);
            *contrast = ota_contrast_of(
                measure, base, variant, count, each,
                comparison->precise && comparison->precise[m], room);
            contrast->base = ota_study_estimate(study, comparison->base, place,
                                                count, comparison->confidence);
            contrast->variant = ota_study_estimate(study, point, place, count,
                                                   comparison->confidence);
        }
    }
    free(base);
    return true;
}

void ota_compare_release(struct ota_comparison *comparison)
{
    free(comparison->contrasts);
    comparison->contrasts = NULL;
}
