/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * compare_plots.c - one picture of all differences: a panel a measure, in it a
 * dot a variant with the simultaneous interval, and a line at no difference.
 * The script runs by hand from within the folder (`gnuplot differences.gp`).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "output/columns.h"
#include "output/compare_report.h"
#include "output/files.h"
#include "output/page.h"
#include "output/script.h"
#include "sim/base/text.h"

enum { COLUMNS = 2, NAME_COLUMNS = 24, SVG_WIDTH = 1000, PNG_WIDTH = 1600 };

static const char picture[] = "differences";

static const char *colour_of(enum ota_verdict verdict)
{
    switch (verdict) {
    case OTA_VERDICT_BETTER:
        return "0x009e73";
    case OTA_VERDICT_WORSE:
        return "0xd55e00";
    case OTA_VERDICT_MORE:
    case OTA_VERDICT_LESS:
        return "0x0072b2";
    default:
        return "0x888888";
    }
}

/* A name as a string of gnuplot's, in the columns that there is room for. */
static void name(FILE *out, const char *text)
{
    struct ota_cell cell;

    ota_cell_shorten(&cell, text, NAME_COLUMNS + 2);
    ota_script_text(out, cell.text);
}

/* A number of the data: what is missing is said so. */
static void datum(FILE *out, double value, const char *separator)
{
    char text[OTA_NUMBER_SIZE] = "NaN";

    if (isfinite(value))
        ota_number_exact(value, text, sizeof(text));
    fprintf(out, "%s%s", text, separator);
}

/* difference,lo,hi,place,colour: in the unit of the panel. Without an interval
 * it has the width of the dot. */
static void data(const struct ota_compare_report *report, size_t measure,
                 double worth, FILE *out)
{
    const size_t count = report->comparison->variant_count;

    fprintf(out, "$data_%zu << EOD\n", measure);
    for (size_t v = 0; v < count; v++) {
        const struct ota_contrast *contrast =
            ota_compare_contrast(report, v, measure);
        const struct ota_estimate *of = &contrast->paired.difference;
        const bool has_ends = isfinite(of->lo) && isfinite(of->hi);
        datum(out, of->mean / worth, ",");
        datum(out, (has_ends ? of->lo : of->mean) / worth, ",");
        datum(out, (has_ends ? of->hi : of->mean) / worth, ",");
        fprintf(out, "%zu,%s\n", count - v, colour_of(contrast->verdict));
    }
    fputs("EOD\n", out);
}

/* Some five tics, of 1, 2 or 5 times a power of ten. */
static double tic_step(double length)
{
    const double decade = pow(10.0, floor(log10(length / 5.0)));
    const double steps = length / 5.0 / decade;

    return decade * (steps < 1.5 ? 1.0 : steps < 3.5 ? 2.0 : 5.0);
}

/* The range of all differences, 0 among them, with some room. If there is none
 * there is no axis either. */
static void range(const struct ota_compare_report *report, size_t measure,
                  const struct ota_reading *reading, FILE *out)
{
    const char *unit = report->study.measures[measure].unit;
    double least = 0.0, most = 0.0;
    bool any = false;
    char label[128];

    for (size_t v = 0; v < report->comparison->variant_count; v++) {
        const struct ota_estimate *of =
            &ota_compare_contrast(report, v, measure)->paired.difference;
        least = fmin(least, fmin(of->mean, of->lo)); /* fmin() passes over a */
        most = fmax(most, fmax(of->mean, of->hi));   /* NaN */
        any = any || isfinite(of->mean);
    }
    const double length = most > least ? (most - least) / reading->worth : 0.0;
    if (!any) {
        fputs("set xrange [-1:1]\nunset arrow\nset xtics ('' 0)\n"
              "unset xlabel\n",
              out);
        return;
    }
    if (length > 0.0)
        fprintf(out, "set xrange [%.6g:%.6g]\nset xtics %.6g\n",
                least / reading->worth - 0.08 * length,
                most / reading->worth + 0.08 * length, tic_step(length));
    else
        fputs("set xrange [-1:1]\nset xtics ('0' 0)\n", out);
    fputs("set arrow 1 from 0,graph 0 to 0,graph 1 nohead "
          "linecolor rgb '#555555' front\nset xlabel ",
          out);
    if (reading->unit[0])
        snprintf(label, sizeof(label), "difference in%s", reading->unit);
    else
        snprintf(label, sizeof(label), "difference%s%s",
                 strcmp(unit, "1") == 0 ? "" : " in ",
                 strcmp(unit, "1") == 0 ? "" : unit);
    ota_script_text(out, label);
    fputc('\n', out);
}

/* What stands in place of a dot that there is not. */
static void remarks(const struct ota_compare_report *report, size_t measure,
                    FILE *out)
{
    const size_t count = report->comparison->variant_count;

    for (size_t v = 0; v < count; v++) {
        const struct ota_contrast *contrast =
            ota_compare_contrast(report, v, measure);
        char difference[2 * OTA_NUMBER_SIZE], interval[2 * OTA_NUMBER_SIZE];
        if (isfinite(contrast->paired.difference.mean))
            continue;
        ota_compare_cells(report, v, measure, difference, sizeof(difference),
                          interval, sizeof(interval));
        fprintf(out, "set label %zu ", v + 1);
        ota_script_text(out, contrast->verdict == OTA_VERDICT_SAME
                                 ? "never in either"
                             : contrast->verdict == OTA_VERDICT_NONE
                                 ? ota_verdict_words(OTA_VERDICT_NONE)
                                 : difference);
        fprintf(out,
                " at graph 0.5,first %zu center textcolor rgb %s "
                "offset 0,0.1 front\n",
                count - v, colour_of(contrast->verdict));
    }
}

static void panel(const struct ota_compare_report *report, size_t measure,
                  FILE *out)
{
    const struct ota_study_measure *of = &report->study.measures[measure];
    const size_t count = report->comparison->variant_count;
    const struct ota_reading reading = ota_compare_reading(report, 0, measure);
    char title[256];

    snprintf(title, sizeof(title), "%s%s", of->label, ota_compare_sense(of));
    fputs("\nunset label\nset title ", out);
    ota_script_text(out, title);
    fprintf(out, "\nset yrange [0.4:%zu.6]\nset ytics (", count);
    for (size_t v = 0; v < count; v++) {
        fputs(v > 0 ? ", " : "", out);
        name(out, measure % COLUMNS == 0 ? report->study.rows[1 + v].name : "");
        fprintf(out, " %zu", count - v);
    }
    fputs(")\n", out);
    range(report, measure, &reading, out);
    remarks(report, measure, out);
    fprintf(out,
            "plot $data_%zu using 1:4:2:3:5 with xerrorbars pointtype 7 "
            "pointsize 0.9 linewidth 2 linecolor rgb variable notitle\n",
            measure);
}

/* The panels are a string, as they are drawn twice. */
static void draw(const struct ota_compare_report *report, FILE *out,
                 const char *terminal, const char *ending, int width,
                 double scale)
{
    const size_t measures = report->comparison->measure_count;
    const size_t columns = measures < COLUMNS ? measures : COLUMNS;
    const size_t rows = (measures + columns - 1) / columns;
    const double row_height =
        100.0 + 24.0 * (double)report->comparison->variant_count;

    fprintf(out,
            "\nset terminal %s size %d,%d\n"
            "set output '%s.%s'\n"
            "set multiplot layout %zu,%zu title title.\"\\n\".scenario.': '."
            "sample.\"\\n\".key margins char 26,char 3,char 4,char 7.5 "
            "spacing char 5,char 6.5\n",
            terminal, width, (int)(scale * (85.0 + (double)rows * row_height)),
            picture, ending, rows, columns);
    for (size_t m = 0; m < measures; m++)
        panel(report, m, out);
    fputs("unset multiplot\nunset output\n", out);
}

static void script(const struct ota_compare_report *report, FILE *out)
{
    const struct ota_comparison *comparison = report->comparison;
    const size_t all = comparison->variant_count * comparison->measure_count;
    char sample[256], title[256], replications[OTA_NUMBER_SIZE];

    ota_number_grouped((double)comparison->replications, 0, replications,
                       sizeof(replications));
    snprintf(title, sizeof(title), "Differences from %s",
             report->study.rows[0].name);
    snprintf(sample, sizeof(sample), "%s replication%s each, %g %% intervals",
             replications, comparison->replications == 1 ? "" : "s",
             100.0 * comparison->confidence);
    if (all > 1)
        ota_text_append(sample, sizeof(sample),
                        " that hold for all %zu together", all);
    ota_script_begin(out, title, report->study.scenario_name, sample);
    fputs("key = 'green: better, orange: worse, blue: more or less, grey: the "
          "same or cannot tell'\n"
          "unset title\n"
          "set border 1\n"
          "set ytics scale 0\n",
          out);
    for (size_t m = 0; m < comparison->measure_count; m++)
        data(report, m, ota_compare_reading(report, 0, m).worth, out);
    draw(report, out,
         "svg noenhanced dynamic font 'DejaVu Sans,12' background rgb 'white'",
         "svg", SVG_WIDTH, 1.0);
    draw(report, out,
         "pngcairo noenhanced font 'DejaVu Sans,15' linewidth 1.5 "
         "background rgb 'white'",
         "png", PNG_WIDTH, (double)PNG_WIDTH / SVG_WIDTH);
}

static bool write_plots(const void *of, const char *folder,
                        const struct ota_output_options *options,
                        struct ota_error *error)
{
    const struct ota_compare_report *report = of;
    const char *const names[] = {picture};
    struct ota_out_file file;
    char *path =
        ota_files_join(folder, "/", ota_compare_file_plots.name, error);

    bool good = path && ota_files_make_folder(path, error) &&
                ota_out_file_open(&file, path, "differences.gp", error);
    if (good) {
        script(report, file.stream);
        good = ota_out_file_close(&file, error) &&
               ota_script_draw(path, names, 1, options, error);
    }
    free(path);
    return good;
}

const struct ota_folder_file ota_compare_file_plots = {
    .name = "plots",
    .summary = "differences with their intervals: SVG, PNG, gnuplot script",
    .write = write_plots,
};
