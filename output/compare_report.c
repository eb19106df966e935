/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * compare_report.c - differences as text, as JSON and as CSV.
 */
#include "output/compare_report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "output/csv.h"
#include "output/files.h"

const struct ota_contrast *
ota_compare_contrast(const struct ota_compare_report *report, size_t variant,
                     size_t measure)
{
    const struct ota_comparison *comparison = report->comparison;
    return &comparison
                ->contrasts[variant * comparison->measure_count + measure];
}

const char *ota_verdict_words(enum ota_verdict verdict)
{
    static const char *const words[OTA_VERDICTS] = {
        [OTA_VERDICT_BETTER] = "better",    [OTA_VERDICT_WORSE] = "worse",
        [OTA_VERDICT_MORE] = "more",        [OTA_VERDICT_LESS] = "less",
        [OTA_VERDICT_SAME] = "same in all", [OTA_VERDICT_OPEN] = "cannot tell",
        [OTA_VERDICT_NONE] = "no value",
    };
    return words[verdict];
}

const char *ota_compare_sense(const struct ota_study_measure *measure)
{
    if (measure->better == 0)
        return "";
    return measure->better > 0 ? ", more is better" : ", less is better";
}

/* --- digits --- */

/* The farthest from 0 that a difference may be, as far as is known. */
static double farthest(const struct ota_contrast *contrast)
{
    const struct ota_estimate *difference = &contrast->paired.difference;
    double most = fabs(difference->mean);

    most = fmax(most, fabs(difference->lo)); /* fmax() passes over a NaN */
    return fmax(most, fabs(difference->hi));
}

struct ota_reading ota_compare_reading(const struct ota_compare_report *report,
                                       size_t variant, size_t measure)
{
    const struct ota_estimate *own =
        &ota_compare_contrast(report, variant, measure)->paired.difference;
    struct ota_estimate widest = {.mean = 0.0, .lo = own->lo, .hi = own->hi};

    for (size_t v = 0; v < report->comparison->variant_count; v++)
        widest.mean = fmax(widest.mean,
                           farthest(ota_compare_contrast(report, v, measure)));
    struct ota_reading reading =
        ota_reading_of(report->study.measures[measure].scale, &widest);
    if (strcmp(reading.unit, " %") == 0)
        reading.unit = " points";
    return reading;
}

void ota_compare_cells(const struct ota_compare_report *report, size_t variant,
                       size_t measure, char *difference, size_t size,
                       char *interval, size_t interval_size)
{
    const struct ota_contrast *contrast =
        ota_compare_contrast(report, variant, measure);
    const struct ota_estimate *own = &contrast->paired.difference;
    const struct ota_reading reading =
        ota_compare_reading(report, variant, measure);
    char text[OTA_NUMBER_SIZE], lo[OTA_NUMBER_SIZE], hi[OTA_NUMBER_SIZE];

    interval[0] = '\0';
    snprintf(difference, size, "-");
    if (contrast->evidence == OTA_EVIDENCE_SIGNS && contrast->differ > 0) {
        const int64_t below = contrast->differ - contrast->above;
        const bool later = contrast->above > below;
        snprintf(difference, size, "%s in %lld of %lld",
                 later ? "later" : "sooner",
                 (long long)(later ? contrast->above : below),
                 (long long)report->comparison->replications);
    }
    if (!isfinite(own->mean) || contrast->evidence == OTA_EVIDENCE_SIGNS)
        return;
    ota_reading_format(&reading, own->mean, text, sizeof(text));
    snprintf(difference, size, "%s%s", own->mean > 0.0 ? "+" : "", text);
    if (!isfinite(own->lo) || !isfinite(own->hi))
        return;
    ota_number_grouped(own->lo / reading.worth, reading.decimals, lo,
                       sizeof(lo));
    ota_number_grouped(own->hi / reading.worth, reading.decimals, hi,
                       sizeof(hi));
    if (own->lo < own->hi)
        snprintf(interval, interval_size, "[%s, %s]", lo, hi);
    else if (contrast->verdict != OTA_VERDICT_SAME)
        snprintf(interval, interval_size, "same in all");
}

/* --- JSON --- */

static void number(struct ota_json_out *json, const char *key, double value)
{
    ota_json_out_key(json, key);
    ota_json_out_number(json, value);
}

static void estimate(struct ota_json_out *json, const char *key,
                     const struct ota_estimate *of)
{
    ota_json_out_key(json, key);
    ota_json_out_open(json, '{');
    ota_json_out_estimate(json, of);
    ota_json_out_key(json, "values");
    ota_json_out_integer(json, of->values);
    ota_json_out_close(json, '}');
}

static void contrast_json(struct ota_json_out *json,
                          const struct ota_compare_report *report,
                          size_t variant, size_t measure)
{
    const struct ota_contrast *contrast =
        ota_compare_contrast(report, variant, measure);

    ota_json_out_key(json, report->study.rows[1 + variant].name);
    ota_json_out_open(json, '{');
    estimate(json, "value",
             ota_study_report_estimate(&report->study, 1 + variant, measure));
    estimate(json, "difference", &contrast->paired.difference);
    ota_json_out_key(json, "verdict");
    ota_json_out_string(json, ota_verdict_names[contrast->verdict]);
    ota_json_out_key(json, "evidence");
    ota_json_out_string(json, ota_evidence_names[contrast->evidence]);
    ota_json_out_key(json, "differ");
    ota_json_out_integer(json, contrast->differ);
    ota_json_out_key(json, "above");
    ota_json_out_integer(json, contrast->above);
    if (contrast->verdict == OTA_VERDICT_OPEN && contrast->more >= 0) {
        ota_json_out_key(json, "more_replications");
        ota_json_out_integer(json, contrast->more);
    }
    number(json, "times_independent", contrast->paired.ratio);
    ota_json_out_close(json, '}');
}

static void measure_json(struct ota_json_out *json,
                         const struct ota_compare_report *report,
                         size_t measure)
{
    const struct ota_study_measure *of = &report->study.measures[measure];

    ota_json_out_key(json, of->name);
    ota_json_out_open(json, '{');
    ota_json_out_key(json, "unit");
    ota_json_out_string(json, of->unit);
    ota_json_out_key(json, "better");
    ota_json_out_integer(json, of->better);
    estimate(json, "base",
             ota_study_report_estimate(&report->study, 0, measure));
    ota_json_out_key(json, "variants");
    ota_json_out_open(json, '{');
    for (size_t v = 0; v < report->comparison->variant_count; v++)
        contrast_json(json, report, v, measure);
    ota_json_out_close(json, '}');
    ota_json_out_close(json, '}');
}

static void precisions_json(struct ota_json_out *json,
                            const struct ota_compare_report *report)
{
    ota_json_out_key(json, "precisions");
    ota_json_out_open(json, '[');
    for (size_t p = 0; p < report->precision_count; p++) {
        const struct ota_compare_precision *own = &report->precisions[p];
        ota_json_out_open(json, '{');
        ota_json_out_key(json, "measure");
        ota_json_out_string(json, report->study.measures[own->measure].name);
        number(json, "half_width", own->width);
        number(json, "reached", own->reached);
        ota_json_out_key(json, "met");
        ota_json_out_raw(json, own->reached <= own->width ? "true" : "false");
        ota_json_out_close(json, '}');
    }
    ota_json_out_close(json, ']');
}

bool ota_compare_print_json(const struct ota_compare_report *report, FILE *out)
{
    const struct ota_comparison *comparison = report->comparison;
    struct ota_json_out json = ota_json_out_to(out, false);

    ota_json_out_open(&json, '{');
    ota_json_out_key(&json, "scenario");
    ota_json_out_string(&json, report->study.scenario_name);
    ota_json_out_key(&json, "seed");
    ota_json_out_unsigned(&json, report->study.seed);
    ota_json_out_key(&json, "replications");
    ota_json_out_integer(&json, comparison->replications);
    number(&json, "confidence", comparison->confidence);
    number(&json, "confidence_each", ota_compare_each(comparison));
    if (report->precision_count > 0)
        precisions_json(&json, report);
    ota_json_out_key(&json, "measures");
    ota_json_out_open(&json, '{');
    for (size_t m = 0; m < comparison->measure_count; m++)
        measure_json(&json, report, m);
    ota_json_out_close(&json, '}');
    ota_json_out_close(&json, '}');
    ota_json_out_end(&json);
    return fflush(out) == 0 && !ferror(out);
}

/* --- CSV --- */

static void line(FILE *out, const struct ota_compare_report *report,
                 size_t variant, size_t measure)
{
    const struct ota_contrast *contrast =
        ota_compare_contrast(report, variant, measure);
    const struct ota_study_measure *of = &report->study.measures[measure];

    ota_csv_text(out, of->name);
    fprintf(out, ",%s,", of->unit);
    ota_csv_text(out, report->study.rows[1 + variant].name);
    fprintf(out, ",%lld", (long long)report->comparison->replications);
    ota_csv_estimate(out,
                     ota_study_report_estimate(&report->study, 0, measure));
    ota_csv_estimate(
        out, ota_study_report_estimate(&report->study, 1 + variant, measure));
    ota_csv_estimate(out, &contrast->paired.difference);
    fprintf(out, ",%s,%s,%lld,%lld,", ota_verdict_names[contrast->verdict],
            ota_evidence_names[contrast->evidence], (long long)contrast->differ,
            (long long)contrast->above);
    if (contrast->verdict == OTA_VERDICT_OPEN && contrast->more >= 0)
        fprintf(out, "%lld", (long long)contrast->more);
    ota_csv_number(out, contrast->paired.ratio);
    fputc('\n', out);
}

static bool write_csv(const void *of, const char *folder,
                      const struct ota_output_options *options,
                      struct ota_error *error)
{
    const struct ota_compare_report *report = of;
    (void)options;
    struct ota_out_file file;
    if (!ota_out_file_open(&file, folder, ota_compare_file_csv.name, error))
        return false;

    fputs("measure,unit,variant,replications,base,base_lo,base_hi,value,"
          "value_lo,value_hi,difference,difference_lo,difference_hi,verdict,"
          "evidence,differ,above,more_replications,times_independent\n",
          file.stream);
    for (size_t m = 0; m < report->comparison->measure_count; m++)
        for (size_t v = 0; v < report->comparison->variant_count; v++)
            line(file.stream, report, v, m);
    return ota_out_file_close(&file, error);
}

const struct ota_folder_file ota_compare_file_csv = {
    .name = "compare.csv",
    .summary = "differences from the base, with intervals and verdicts",
    .write = write_csv,
};

/* --- the variants --- */

void ota_compare_variant_file(const struct ota_study_row *row, char *text,
                              size_t size)
{
    snprintf(text, size, "%s/%s.json", ota_compare_file_variants.name,
             row->name);
}

static bool write_variant(const struct ota_compare_report *report,
                          size_t variant, const char *folder,
                          struct ota_error *error)
{
    const struct ota_study_row *row = &report->study.rows[1 + variant];
    const struct ota_study_point point =
        ota_study_point(report->study.study, row->point);
    char name[640];
    struct ota_out_file file;

    ota_compare_variant_file(row, name, sizeof(name));
    if (!ota_out_file_open(&file, folder, name, error))
        return false;
    struct ota_json_out json = ota_json_out_to(file.stream, true);
    ota_json_out_raw(&json, point.scenario_json);
    ota_json_out_end(&json);
    return ota_out_file_close(&file, error);
}

static bool write_variants(const void *of, const char *folder,
                           const struct ota_output_options *options,
                           struct ota_error *error)
{
    const struct ota_compare_report *report = of;
    (void)options;
    char *path =
        ota_files_join(folder, "/", ota_compare_file_variants.name, error);
    bool good = path && ota_files_make_folder(path, error);

    free(path);
    for (size_t v = 0; good && v < report->comparison->variant_count; v++)
        good = write_variant(report, v, folder, error);
    return good;
}

const struct ota_folder_file ota_compare_file_variants = {
    .name = "variants",
    .summary = "the variants' scenarios with every default",
    .write = write_variants,
};

const struct ota_folder_file *const ota_compare_files[] = {
    &ota_compare_file_plots,
    &ota_study_file_sqlite,
    &ota_compare_file_csv,
    &ota_study_file_scenario,
    &ota_compare_file_variants,
    &ota_study_file_manifest,
    NULL,
};
