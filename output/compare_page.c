/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * compare_page.c - a comparison for people: first what is better and worse in
 * words, then a block a measure with a line a variant, and what it was worth to
 * give all the same luck.
 */
#include <math.h>
#include <string.h>

#include "output/columns.h"
#include "output/compare_report.h"
#include "output/page.h"
#include "sim/base/text.h"

enum { NAME_LEAST = 10, NAME_MOST = 20 };

struct sheet {
    struct ota_page page;
    const struct ota_compare_report *report;
    int name_width; /* columns of the names of base and variants */
};

static const char *style_of(enum ota_verdict verdict)
{
    switch (verdict) {
    case OTA_VERDICT_BETTER:
        return "32";
    case OTA_VERDICT_WORSE:
        return "31";
    case OTA_VERDICT_OPEN:
        return "33";
    default:
        return "0";
    }
}

/* --- in words --- */

static void add_verdict(const struct ota_compare_report *report, size_t variant,
                        enum ota_verdict verdict, const char *words, char *text,
                        size_t size)
{
    bool any = false;

    for (size_t m = 0; m < report->comparison->measure_count; m++) {
        if (ota_compare_contrast(report, variant, m)->verdict != verdict)
            continue;
        ota_text_append(text, size, "%s%s", any ? ", " : words,
                        report->study.measures[m].label);
        any = true;
    }
    if (any)
        ota_text_append(text, size, "; ");
}

static void print_words(const struct sheet *sheet, size_t variant)
{
    char text[4096];

    snprintf(text, sizeof(text),
             "%s: ", sheet->report->study.rows[1 + variant].name);
    add_verdict(sheet->report, variant, OTA_VERDICT_BETTER, "better: ", text,
                sizeof(text));
    add_verdict(sheet->report, variant, OTA_VERDICT_WORSE, "worse: ", text,
                sizeof(text));
    add_verdict(sheet->report, variant, OTA_VERDICT_MORE, "more: ", text,
                sizeof(text));
    add_verdict(sheet->report, variant, OTA_VERDICT_LESS, "less: ", text,
                sizeof(text));
    add_verdict(sheet->report, variant, OTA_VERDICT_SAME,
                "the same in every replication: ", text, sizeof(text));
    add_verdict(sheet->report, variant, OTA_VERDICT_OPEN,
                "cannot tell yet: ", text, sizeof(text));
    add_verdict(sheet->report, variant, OTA_VERDICT_NONE, "no value: ", text,
                sizeof(text));
    strcpy(text + strlen(text) - 2, "."); /* for the last "; " */
    ota_page_paragraph(&sheet->page, text);
}

/* --- a block --- */

/* A name in its column; the middle of a long one is left out. */
static void name_cell(const struct sheet *sheet, const char *name, char *text,
                      size_t size)
{
    const size_t width = (size_t)sheet->name_width;
    struct ota_cell cell;

    ota_cell_shorten(&cell, name, width);
    text[0] = '\0';
    ota_column_pad(text, size, cell.text, width);
}

/* A mean; of what never came in how many replications it did. */
static void value_cell(enum ota_scale scale, const struct ota_estimate *value,
                       char *text, size_t size, char *interval,
                       size_t interval_size)
{
    if (isfinite(value->mean)) {
        ota_page_cells(scale, value, text, size, interval, interval_size);
        return;
    }
    interval[0] = '\0';
    if (value->values == 0)
        snprintf(text, size, "never");
    else
        snprintf(text, size, "in %lld of %lld", (long long)value->values,
                 (long long)value->of);
}

static void print_base(const struct sheet *sheet, size_t measure)
{
    const struct ota_study_report *study = &sheet->report->study;
    char name[128], value[OTA_NUMBER_SIZE], interval[2 * OTA_NUMBER_SIZE];

    name_cell(sheet, study->rows[0].name, name, sizeof(name));
    value_cell(study->measures[measure].scale,
               ota_study_report_estimate(study, 0, measure), value,
               sizeof(value), interval, sizeof(interval));
    ota_page_row(&sheet->page, "  %s %12s  %s", name, value, interval);
}

/* What would tell, if anything does. */
static void print_more(const struct sheet *sheet, size_t variant,
                       size_t measure)
{
    const struct ota_contrast *contrast =
        ota_compare_contrast(sheet->report, variant, measure);
    const struct ota_estimate *difference = &contrast->paired.difference;

    char reach[OTA_NUMBER_SIZE];

    if (contrast->verdict != OTA_VERDICT_OPEN)
        return;
    ota_number_grouped(OTA_COMPARE_REACH, 0, reach, sizeof(reach));
    if (sheet->report->comparison->replications == 1) {
        ota_page_row(&sheet->page,
                     "    one replication has no interval: --reps %lld",
                     (long long)contrast->more + 1);
    } else if (contrast->more >= 0) {
        ota_page_row(&sheet->page,
                     "    about %lld more replication%s would tell: "
                     "--reps %lld",
                     (long long)contrast->more, contrast->more == 1 ? "" : "s",
                     (long long)(contrast->more +
                                 sheet->report->comparison->replications));
    } else if (isfinite(difference->lo)) {
        const struct ota_reading reading =
            ota_compare_reading(sheet->report, variant, measure);
        char most[OTA_NUMBER_SIZE];
        ota_reading_format(&reading, fmax(-difference->lo, difference->hi),
                           most, sizeof(most));
        ota_page_row(
            &sheet->page,
            "    no difference larger than %s seen; to tell takes over "
            "%s reps",
            most, reach);
    } else {
        ota_page_row(
            &sheet->page,
            "    about as often sooner as later; to tell takes over %s "
            "reps",
            reach);
    }
}

static void print_variant(const struct sheet *sheet, size_t variant,
                          size_t measure)
{
    const struct ota_study_report *study = &sheet->report->study;
    const struct ota_contrast *contrast =
        ota_compare_contrast(sheet->report, variant, measure);
    char name[128], value[OTA_NUMBER_SIZE], interval[2 * OTA_NUMBER_SIZE];
    char difference[2 * OTA_NUMBER_SIZE], line[512];

    name_cell(sheet, study->rows[1 + variant].name, name, sizeof(name));
    value_cell(study->measures[measure].scale,
               ota_study_report_estimate(study, 1 + variant, measure), value,
               sizeof(value), interval, sizeof(interval));
    ota_compare_cells(sheet->report, variant, measure, difference,
                      sizeof(difference), interval, sizeof(interval));
    const bool wide = contrast->evidence == OTA_EVIDENCE_SIGNS;
    snprintf(line, sizeof(line), "  %s %12s %*s  %-*s", name, value,
             wide ? 29 : 13, difference, wide ? 2 : 18, interval);
    fputs(line, sheet->page.out);
    ota_page_style(&sheet->page, style_of(contrast->verdict));
    fputs(ota_verdict_words(contrast->verdict), sheet->page.out);
    ota_page_style(&sheet->page, "0");
    fputc('\n', sheet->page.out);
    print_more(sheet, variant, measure);
}

static void print_block(const struct sheet *sheet, size_t measure)
{
    const struct ota_compare_report *report = sheet->report;
    const struct ota_study_measure *of = &report->study.measures[measure];
    char head[256];

    snprintf(head, sizeof(head), "%s%s", of->label, ota_compare_sense(of));
    ota_page_heading(&sheet->page, head);
    print_base(sheet, measure);
    for (size_t v = 0; v < report->comparison->variant_count; v++)
        print_variant(sheet, v, measure);
}

/* --- what the same luck is worth --- */

static void print_worth(const struct sheet *sheet)
{
    const struct ota_comparison *comparison = sheet->report->comparison;

    ota_page_heading(&sheet->page,
                     "Common random numbers: as good as so many times as many "
                     "replications");
    for (size_t m = 0; m < comparison->measure_count; m++) {
        double least = INFINITY, most = -INFINITY;
        for (size_t v = 0; v < comparison->variant_count; v++) {
            const double ratio =
                ota_compare_contrast(sheet->report, v, m)->paired.ratio;
            if (isfinite(ratio)) {
                least = fmin(least, ratio);
                most = fmax(most, ratio);
            }
        }
        char from[OTA_NUMBER_SIZE], to[OTA_NUMBER_SIZE];
        const char *label = sheet->report->study.measures[m].label;
        ota_number_grouped(least, least < 100.0 ? 1 : 0, from, sizeof(from));
        ota_number_grouped(most, most < 100.0 ? 1 : 0, to, sizeof(to));
        if (most >= 1.05 * least)
            ota_page_row(&sheet->page, "  %-34s %s to %s", label, from, to);
        else if (most >= least)
            ota_page_row(&sheet->page, "  %-34s %s", label, to);
    }
}

/* --- whether it is as precise as was asked for --- */

/* Half a width: "0.4 mAh", "0.5 points". */
static void width_cell(enum ota_scale scale, double width, char *text,
                       size_t size)
{
    if (scale == OTA_SCALE_SHARE)
        snprintf(text, size, "%.3g points", 100.0 * width);
    else
        ota_number_human(scale, width, text, size);
}

static void print_precisions(const struct sheet *sheet)
{
    const struct ota_compare_report *report = sheet->report;
    char head[128], replications[OTA_NUMBER_SIZE];

    ota_number_grouped((double)report->comparison->replications, 0,
                       replications, sizeof(replications));
    snprintf(head, sizeof(head), "Precision of differences, %s replications",
             replications);
    ota_page_heading(&sheet->page, head);
    for (size_t p = 0; p < report->precision_count; p++) {
        const struct ota_compare_precision *own = &report->precisions[p];
        const struct ota_study_measure *of =
            &report->study.measures[own->measure];
        char asked[OTA_NUMBER_SIZE], reached[OTA_NUMBER_SIZE];
        width_cell(of->scale, own->width, asked, sizeof(asked));
        if (own->reached <= own->width)
            snprintf(reached, sizeof(reached), "met");
        else if (isfinite(own->reached))
            width_cell(of->scale, own->reached, reached, sizeof(reached));
        else
            snprintf(reached, sizeof(reached), "a difference has no interval");
        ota_page_row(&sheet->page, "  %-34s +-%s: %s%s", of->label, asked,
                     own->reached <= own->width ? "" : "not met: ", reached);
    }
}

static int name_width(const struct ota_compare_report *report)
{
    size_t width = NAME_LEAST;

    for (size_t r = 0; r < report->study.row_count; r++) {
        const size_t columns = ota_page_columns(report->study.rows[r].name);
        if (columns > width)
            width = columns;
    }
    return (int)(width < NAME_MOST ? width : NAME_MOST);
}

static void print_title(const struct sheet *sheet)
{
    const struct ota_compare_report *report = sheet->report;
    const struct ota_study_report *study = &report->study;
    const struct ota_comparison *comparison = report->comparison;
    const size_t all = comparison->variant_count * comparison->measure_count;
    char devices[OTA_NUMBER_SIZE], replications[OTA_NUMBER_SIZE], line[512];

    ota_page_style(&sheet->page, "1");
    ota_page_paragraph(&sheet->page, study->scenario_title[0]
                                         ? study->scenario_title
                                         : study->scenario_name);
    ota_page_style(&sheet->page, "0");
    ota_number_grouped((double)study->devices[0], 0, devices, sizeof(devices));
    ota_number_grouped((double)comparison->replications, 0, replications,
                       sizeof(replications));
    snprintf(line, sizeof(line),
             "%s device%s, %s replication%s each, seed %llu. Differences from "
             "%s, with the same luck; their intervals are %g %%",
             devices, study->devices[0] == 1 ? "" : "s", replications,
             comparison->replications == 1 ? "" : "s",
             (unsigned long long)study->seed, study->rows[0].name,
             100.0 * comparison->confidence);
    if (all > 1)
        ota_text_append(line, sizeof(line), " for all %zu differences together",
                        all);
    ota_text_append(line, sizeof(line), ".");
    ota_page_paragraph(&sheet->page, line);
}

void ota_compare_print(const struct ota_compare_report *report, FILE *out,
                       int width, bool colour)
{
    const struct ota_comparison *comparison = report->comparison;
    const struct sheet sheet = {
        .page = ota_page_on(out, width, colour),
        .report = report,
        .name_width = name_width(report),
    };

    print_title(&sheet);
    fputc('\n', out);
    for (size_t v = 0; v < comparison->variant_count; v++)
        print_words(&sheet, v);
    for (size_t m = 0; m < comparison->measure_count; m++)
        print_block(&sheet, m);
    if (comparison->replications > 1)
        print_worth(&sheet);
    if (report->precision_count > 0)
        print_precisions(&sheet);
}
