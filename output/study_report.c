/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * study_report.c - a study's numbers, gathered for writers.
 */
#include "output/study_report.h"

#include "output/csv.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LABEL_SIZE = 128 };

enum ota_scale ota_study_scale(const struct ota_measure *measure)
{
    static const struct {
        const char *unit;
        enum ota_scale scale;
    } scales[] = {
        {"s", OTA_SCALE_TIME},     {"B", OTA_SCALE_SIZE},
        {"mAh", OTA_SCALE_CHARGE}, {"USD", OTA_SCALE_MONEY},
        {"h", OTA_SCALE_COUNT},    {"devices", OTA_SCALE_COUNT},
    };
    const char *unit = ota_measure_unit(measure);
    double least, most;

    for (size_t i = 0; i < sizeof(scales) / sizeof(scales[0]); i++)
        if (strcmp(unit, scales[i].unit) == 0)
            return scales[i].scale;
    ota_measure_range(measure, 1, &least, &most);
    return most <= 1.0 ? OTA_SCALE_SHARE : OTA_SCALE_COUNT;
}

static bool describe(const struct ota_study *study, size_t place,
                     struct ota_study_measure *measure, struct ota_arena *arena)
{
    const struct ota_measure *of = ota_study_measure(study, 0, place);
    char label[LABEL_SIZE];

    ota_measure_label(of, label, sizeof(label));
    measure->name = ota_study_measure_name(study, place);
    measure->label = ota_arena_text(arena, label, strlen(label));
    measure->unit = ota_measure_unit(of);
    measure->scale = ota_study_scale(of);
    measure->better = ota_measure_better(of);
    return measure->label != NULL;
}

/* The others are those in which it went well. */
static bool is_missing(const struct ota_measure *measure,
                       const struct ota_estimate *estimate)
{
    return measure->kind == OTA_MEASURE_KPI &&
           ota_kpis[measure->which].of == OTA_KPI_OF_REACHED &&
           estimate->values < estimate->of;
}

static struct ota_estimate estimate_of(const struct ota_study_report *report,
                                       size_t r, size_t place)
{
    const struct ota_study_row *row = &report->rows[r];
    struct ota_estimate estimate =
        report->replicate
            ? ota_replicate_estimate(report->study, report->replicate, r, place,
                                     report->confidence)
            : ota_study_estimate(report->study, row->point, place,
                                 row->replications, report->confidence);

    if (is_missing(ota_study_measure(report->study, row->point, place),
                   &estimate))
        estimate.mean = estimate.lo = estimate.hi = NAN;
    return estimate;
}

bool ota_study_report_fill(struct ota_study_report *report,
                           struct ota_arena *arena)
{
    const size_t count = ota_study_measures(report->study);
    struct ota_study_measure *measures =
        ota_arena_alloc(arena, count, sizeof(*measures));
    struct ota_estimate *estimates =
        ota_arena_alloc(arena, report->row_count * count, sizeof(*estimates));
    int64_t *devices =
        ota_arena_alloc(arena, report->row_count, sizeof(*devices));

    if (!measures || !estimates || !devices)
        return false;
    for (size_t m = 0; m < count; m++)
        if (!describe(report->study, m, &measures[m], arena))
            return false;
    for (size_t r = 0; r < report->row_count; r++) {
        devices[r] =
            ota_study_point(report->study, report->rows[r].point).devices;
        for (size_t m = 0; m < count; m++)
            estimates[r * count + m] = estimate_of(report, r, m);
    }
    report->measures = measures;
    report->measure_count = count;
    report->estimates = estimates;
    report->devices = devices;
    return true;
}

bool ota_study_report_met(const struct ota_study_report *report, size_t row,
                          size_t precision)
{
    const struct ota_replicate *replicate = report->replicate;

    return replicate->looks[row * replicate->precision_count + precision].met;
}

const struct ota_estimate *
ota_study_report_estimate(const struct ota_study_report *report, size_t row,
                          size_t measure)
{
    return &report->estimates[row * report->measure_count + measure];
}

void ota_study_row_text(const struct ota_study_row *row, char *text,
                        size_t size)
{
    size_t used = 0;

    snprintf(text, size, "%s", row->name ? row->name : "");
    for (size_t s = 0; !row->name && s < row->setting_count && used < size;
         s++) {
        const int length =
            snprintf(text + used, size - used, "%s%s=%s", s > 0 ? " " : "",
                     row->settings[s].path, row->settings[s].value);
        used += length > 0 ? (size_t)length : 0;
    }
}

void ota_study_csv_head(const struct ota_study_report *report, FILE *out)
{
    static const char *const ends[] = {"", "_lo", "_hi"};

    fputs(",devices,replications", out);
    for (size_t m = 0; m < report->measure_count; m++)
        for (size_t e = 0; e < sizeof(ends) / sizeof(ends[0]); e++) {
            char name[OTA_MEASURE_NAME_SIZE + 4];
            snprintf(name, sizeof(name), "%s%s", report->measures[m].name,
                     ends[e]);
            fputc(',', out);
            ota_csv_text(out, name);
        }
    fputc('\n', out);
}

void ota_study_csv_cells(const struct ota_study_report *report, size_t row,
                         FILE *out)
{
    fprintf(out, ",%lld,%lld", (long long)report->devices[row],
            (long long)report->rows[row].replications);
    for (size_t m = 0; m < report->measure_count; m++)
        ota_csv_estimate(out, ota_study_report_estimate(report, row, m));
    fputc('\n', out);
}
