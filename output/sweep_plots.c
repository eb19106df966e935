/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sweep_plots.c - pictures of a sweep, one a measure that is shown: curves over
 * an axis, a map of two, or the cloud of points of a Latin hypercube. Each has
 * a gnuplot script and its data, and runs by hand from within the folder.
 */
#include "output/sweep_plots.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "output/columns.h"
#include "output/files.h"
#include "output/gnuplot.h"

enum {
    WORD_LEAST = 8, /* columns of a word that is a tic, at least */
    PLOTS_MAX = OTA_GNUPLOT_SCRIPTS_MAX,
    TICS_MAX = 24, /* of values themselves */
};

static const double spread_least = 20.0; /* most over least of a list that is
                                          * drawn in the logarithm */

bool ota_sweep_varies(const struct ota_axis *axis)
{
    return axis->count != 1;
}

bool ota_sweep_spread(const struct ota_axis *axis)
{
    double least = INFINITY, most = 0.0;

    if (!axis->unit || axis->range)
        return axis->log;
    for (size_t v = 0; v < axis->count; v++) {
        least = fmin(least, axis->numbers[v]);
        most = fmax(most, axis->numbers[v]);
    }
    return axis->count >= 3 && least > 0.0 && most >= spread_least * least;
}

size_t ota_sweep_row(const struct ota_sweep_report *report,
                     const size_t *values)
{
    size_t row = 0;

    for (size_t a = 0; a < report->axis_count; a++)
        row = row * report->axes[a].count + values[a];
    return row;
}

double ota_sweep_at(const struct ota_sweep_report *report, size_t row,
                    size_t axis)
{
    const struct ota_axis *of = &report->axes[axis];
    const char *value = report->study.rows[row].settings[axis].value;
    size_t place = 0;

    if (of->unit)
        return report->study.rows[row].numbers[axis];
    while (place < of->count && strcmp(of->values[place], value) != 0)
        place++;
    return (double)place + 1.0;
}

struct ota_estimate ota_sweep_drawn(const struct ota_sweep_plot *plot,
                                    size_t row)
{
    struct ota_estimate estimate =
        *ota_study_report_estimate(&plot->report->study, row, plot->measure);

    estimate.mean /= plot->worth;
    estimate.lo /= plot->worth;
    estimate.hi /= plot->worth;
    return estimate;
}

void ota_sweep_cell(FILE *out, double value, char end)
{
    char text[OTA_NUMBER_SIZE] = "NaN";

    if (isfinite(value))
        ota_number_exact(value, text, sizeof(text));
    fprintf(out, "%s%c", text, end);
}

/* --- axes of a picture --- */

struct tic {
    double at;
    const char *text;
};

static int by_place(const void *a, const void *b)
{
    const double x = ((const struct tic *)a)->at;
    const double y = ((const struct tic *)b)->at;

    return (x > y) - (x < y);
}

/* Writes those tics that do not touch the one before. */
static void write_tics(FILE *out, const struct tic *tics, size_t count,
                       bool spread, size_t letters)
{
    const double from = spread ? log(tics[0].at) : tics[0].at;
    const double to = spread ? log(tics[count - 1].at) : tics[count - 1].at;
    double free = -INFINITY; /* in letters, from here on */

    fputs("set xtics ()\nset mxtics 1\n", out);
    for (size_t t = 0; t < count; t++) {
        const double at = spread ? log(tics[t].at) : tics[t].at;
        const double length = (double)strlen(tics[t].text);
        const double place =
            to > from ? (at - from) / (to - from) * (double)letters : 0.0;
        if (place - length / 2.0 < free)
            continue;
        fputs("set xtics add (", out);
        ota_script_tic(out, tics[t].text);
        fprintf(out, " %.17g)\n", tics[t].at);
        free = place + length / 2.0 + 2.0;
    }
}

/* 1, 2, 5 of each decade, as a log axis has too few tics of its own. */
static void decade_tics(FILE *out, double least, double most, size_t letters)
{
    static const double steps[] = {1.0, 2.0, 5.0};
    enum { TICS = 64, TEXT = 32 };
    char texts[TICS][TEXT];
    struct tic tics[TICS];
    size_t count = 0;

    for (double decade = floor(log10(least)); pow(10.0, decade) <= most;
         decade += 1.0)
        for (size_t s = 0; s < sizeof(steps) / sizeof(steps[0]); s++) {
            const double at = steps[s] * pow(10.0, decade);
            if (at < least || at > most || count == TICS)
                continue;
            snprintf(texts[count], TEXT, "%g", at);
            tics[count] = (struct tic){at, texts[count]};
            count++;
        }
    if (count > 0)
        write_tics(out, tics, count, true, letters);
}

/* Few values are tics of their own; words are cut to what has room. */
static void value_tics(FILE *out, const struct ota_axis *axis, size_t letters)
{
    const size_t room = letters / axis->count;
    struct ota_cell words[TICS_MAX];
    struct tic tics[TICS_MAX] = {{0.0, NULL}};

    for (size_t v = 0; v < axis->count; v++) {
        if (axis->unit) {
            tics[v] = (struct tic){axis->numbers[v], axis->values[v]};
            continue;
        }
        ota_cell_copy(&words[v], axis->values[v],
                      room > WORD_LEAST ? room : WORD_LEAST);
        tics[v] = (struct tic){(double)v + 1.0, words[v].text};
    }
    qsort(tics, axis->count, sizeof(tics[0]), by_place);
    write_tics(out, tics, axis->count, ota_sweep_spread(axis), letters);
}

static void ends_of(const struct ota_axis *axis, double *least, double *most)
{
    *least = axis->unit ? axis->least : 1.0;
    *most = axis->unit ? axis->most : (double)axis->count;
    if (!axis->unit || axis->range)
        return;
    *least = INFINITY;
    *most = -INFINITY;
    for (size_t v = 0; v < axis->count; v++) {
        *least = fmin(*least, axis->numbers[v]);
        *most = fmax(*most, axis->numbers[v]);
    }
}

void ota_sweep_x(FILE *out, const struct ota_axis *axis, size_t letters)
{
    char label[512];
    double least, most;

    ends_of(axis, &least, &most);
    if (ota_sweep_spread(axis)) {
        const double margin = most > least ? pow(most / least, 0.03) : 2.0;
        fprintf(out, "set logscale x\nset xrange [%.17g:%.17g]\n",
                least / margin, most * margin);
    } else {
        const double margin = !axis->unit    ? 0.5
                              : most > least ? 0.03 * (most - least)
                                             : 1.0;
        fprintf(out, "unset logscale x\nset xrange [%.17g:%.17g]\n",
                least - margin, most + margin);
    }
    const bool own = axis->count > 0 && axis->count <= TICS_MAX;
    snprintf(label, sizeof(label),
             own || !axis->unit || !axis->unit[0] ? "%s" : "%s (%s)",
             axis->path, axis->unit);
    if (own)
        value_tics(out, axis, letters);
    else if (ota_sweep_spread(axis))
        decade_tics(out, least, most, letters);
    else
        fputs("set xtics autofreq\n", out);
    fputs("set xlabel ", out);
    ota_script_text(out, label);
    fputc('\n', out);
}

void ota_sweep_y(const struct ota_sweep_plot *plot, FILE *out, bool labelled)
{
    const struct ota_study_measure *measure =
        &plot->report->study.measures[plot->measure];
    double least = plot->least, most = plot->most;
    char label[256];

    if (least > 0.0 && least < 0.4 * most)
        least = 0.0;
    const double margin = most > least ? 0.05 * (most - least)
                          : most > 0.0 ? 0.1 * most
                                       : 1.0;
    fprintf(out, "set yrange [%.17g:%.17g]\nset format y '%%.10g'\n",
            least >= 0.0 && least < margin ? -0.2 * margin : least - margin,
            most + margin);
    snprintf(label, sizeof(label), plot->unit[0] ? "%s (%s)" : "%s",
             measure->label, plot->unit[0] ? plot->unit + 1 : "");
    fputs("set ylabel ", out);
    ota_script_text(out, labelled ? label : "");
    fputc('\n', out);
}

/* --- pictures --- */

/* "charge", "updated_within_7d": what every file system takes. */
static void file_name(const char *measure, char *name, size_t size)
{
    size_t used = 0;

    for (; *measure && used + 1 < size; measure++) {
        const bool plain = isalnum((unsigned char)*measure) || *measure == '-';
        if (plain)
            name[used++] = (char)tolower((unsigned char)*measure);
        else if (used > 0 && name[used - 1] != '_')
            name[used++] = '_';
    }
    while (used > 0 && name[used - 1] == '_')
        used--;
    name[used] = '\0';
}

/* Names of all pictures; one that was there gets a number. */
static void name_pictures(const struct ota_sweep_report *report, size_t count,
                          char names[][OTA_SCRIPT_NAME_SIZE])
{
    for (size_t m = 0; m < count; m++) {
        file_name(report->study.measures[m].name, names[m],
                  OTA_SCRIPT_NAME_SIZE - 4);
        for (size_t n = 0; n < m; n++)
            if (strcmp(names[n], names[m]) == 0)
                snprintf(names[m] + strlen(names[m]), 4, "_%zu", m + 1);
    }
}

static void measure_plot(struct ota_sweep_plot *plot)
{
    const struct ota_estimate none = {NAN, NAN, NAN, 0, 0};
    const struct ota_reading reading =
        ota_reading_in(plot->report->study.measures[plot->measure].scale,
                       ota_sweep_unit_for(plot->report, plot->measure), &none);

    plot->worth = reading.worth;
    plot->unit = reading.unit;
    plot->least = plot->low = INFINITY;
    plot->most = plot->high = -INFINITY;
    for (size_t r = 0; r < plot->report->study.row_count; r++) {
        const struct ota_estimate row = ota_sweep_drawn(plot, r);
        if (!isfinite(row.mean))
            continue;
        const bool band = isfinite(row.lo) && isfinite(row.hi);
        plot->any = true;
        plot->bands = plot->bands || band;
        plot->least = fmin(plot->least, band ? row.lo : row.mean);
        plot->most = fmax(plot->most, band ? row.hi : row.mean);
        plot->low = fmin(plot->low, row.mean);
        plot->high = fmax(plot->high, row.mean);
    }
    if (!plot->any) {
        plot->least = plot->low = 0.0;
        plot->most = plot->high = 1.0;
    }
}

static void begin(const struct ota_sweep_plot *plot)
{
    const struct ota_study_report *study = &plot->report->study;
    char sample[256], points[OTA_NUMBER_SIZE], devices[OTA_NUMBER_SIZE];
    int64_t least = INT64_MAX, most = 0;

    for (size_t r = 0; r < study->row_count; r++) {
        const int64_t count = study->rows[r].replications;
        least = count < least ? count : least;
        most = count > most ? count : most;
    }
    ota_number_grouped((double)study->row_count, 0, points, sizeof(points));
    ota_number_grouped((double)study->devices[0], 0, devices, sizeof(devices));
    int length = snprintf(sample, sizeof(sample), "%s point%s of %lld", points,
                          study->row_count == 1 ? "" : "s", (long long)least);
    if (most > least)
        length += snprintf(sample + length, sizeof(sample) - (size_t)length,
                           " to %lld", (long long)most);
    length += snprintf(sample + length, sizeof(sample) - (size_t)length,
                       " replication%s", most == 1 ? "" : "s");
    if (plot->bands)
        snprintf(sample + length, sizeof(sample) - (size_t)length,
                 ", %g %% intervals", 100.0 * study->confidence);
    char title[256];
    snprintf(title, sizeof(title), "%s", study->measures[plot->measure].label);
    title[0] = (char)toupper((unsigned char)title[0]);
    ota_script_begin(plot->script, title, study->scenario_name, sample);
    if (!plot->any)
        fputs("set label 'in no replication, at no point' at graph 0.5,0.5 "
              "center\nunset ytics\n",
              plot->script);
}

static bool draw_plot(struct ota_sweep_plot *plot, struct ota_error *error)
{
    size_t axes[2];

    measure_plot(plot);
    begin(plot);
    const bool ok = !plot->report->grid ? ota_sweep_plot_cloud(plot)
                    : ota_sweep_is_heat(plot->report, axes)
                        ? ota_sweep_plot_heat(plot)
                        : ota_sweep_plot_curves(plot);
    return ok || ota_fail(error, OTA_NO_MEMORY);
}

static bool write_plot(const struct ota_sweep_report *report, size_t measure,
                       const char *name, const char *folder,
                       struct ota_error *error)
{
    struct ota_sweep_plot plot = {
        .report = report, .measure = measure, .name = name};
    struct ota_out_file data, script;
    char file[OTA_SCRIPT_NAME_SIZE + 4];

    snprintf(file, sizeof(file), "%s.dat", name);
    if (!ota_out_file_open(&data, folder, file, error))
        return false;
    snprintf(file, sizeof(file), "%s.gp", name);
    if (!ota_out_file_open(&script, folder, file, error)) {
        struct ota_error ignored = {0};
        ota_out_file_close(&data, &ignored);
        return false;
    }
    plot.data = data.stream;
    plot.script = script.stream;
    bool ok = draw_plot(&plot, error);
    ok = ota_out_file_close(&data, error) && ok;
    return ota_out_file_close(&script, error) && ok;
}

static bool write_into(const struct ota_sweep_report *report,
                       const char *folder,
                       const struct ota_output_options *options,
                       struct ota_error *error)
{
    const size_t shown = report->study.shown_count;
    const size_t count = shown < PLOTS_MAX ? shown : (size_t)PLOTS_MAX;
    char names[PLOTS_MAX][OTA_SCRIPT_NAME_SIZE];
    const char *list[PLOTS_MAX] = {NULL};

    name_pictures(report, count, names);
    for (size_t m = 0; m < count; m++) {
        list[m] = names[m];
        if (!write_plot(report, m, names[m], folder, error))
            return false;
    }
    return ota_script_draw(folder, list, count, options, error);
}

static bool write_plots(const void *of, const char *folder,
                        const struct ota_output_options *options,
                        struct ota_error *error)
{
    char *plots = ota_files_join(folder, "/", ota_sweep_file_plots.name, error);
    if (!plots)
        return false;

    const bool ok = ota_files_make_folder(plots, error) &&
                    write_into(of, plots, options, error);
    free(plots);
    return ok;
}

const struct ota_folder_file ota_sweep_file_plots = {
    .name = "plots",
    .summary = "a picture a measure: SVG, PNG, gnuplot",
    .write = write_plots,
};
