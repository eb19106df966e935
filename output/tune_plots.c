/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tune_plots.c - pictures of a tuning: over a single axis the objective and the
 * goals at all settings that were tried, with the chosen one; and the front of
 * success and charge.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "output/files.h"
#include "output/script.h"
#include "output/tune.h"

static const char data_name[] = "settings.dat";

enum { TEXT_SIZE = 512, COLUMNS_EACH = 3 };

/* A measure of a picture: its place in the study, and the unit it is drawn
 * in. */
struct drawn {
    size_t measure;
    double worth;
    char label[TEXT_SIZE]; /* "charge per device (mAh)" */
    int column;            /* of its mean in the data; lo and hi follow */
};

/* The objective, the goals, and what the front is of. */
struct picture {
    const struct ota_tune_report *report;
    struct drawn *drawn;
    size_t count;
};

static struct drawn drawn_of(const struct ota_tune_report *report,
                             const char *name, size_t place)
{
    struct drawn drawn = {.measure = ota_tune_measure(report, name)};
    const struct ota_study_measure *measure =
        &report->study.measures[drawn.measure];
    const struct ota_reading reading = ota_reading_of(
        measure->scale,
        ota_study_report_estimate(&report->study, report->tune->chosen,
                                  drawn.measure));
    const char *unit = reading.unit;

    while (*unit == ' ')
        unit++;
    drawn.worth = reading.worth;
    drawn.column = 5 + (int)(COLUMNS_EACH * place);
    snprintf(drawn.label, sizeof(drawn.label), *unit ? "%s (%s)" : "%s",
             measure->label, unit);
    return drawn;
}

static bool fill(struct picture *picture, const struct ota_tune_report *report)
{
    const struct ota_tune_setup *setup = report->setup;
    size_t n = 0;

    picture->report = report;
    picture->count = 1 + setup->goal_count + OTA_TUNE_RESPECTS;
    picture->drawn = calloc(picture->count, sizeof(*picture->drawn));
    if (!picture->drawn)
        return false;
    picture->drawn[n] = drawn_of(report, setup->objective, n);
    n++;
    for (size_t g = 0; g < setup->goal_count; g++, n++)
        picture->drawn[n] = drawn_of(report, setup->goals[g].measure, n);
    for (int r = 0; r < OTA_TUNE_RESPECTS; r++, n++)
        picture->drawn[n] = drawn_of(report, report->tune->respects[r], n);
    return true;
}

static void number(FILE *out, double value)
{
    if (isfinite(value))
        fprintf(out, ",%.10g", value);
    else
        fputs(",NaN", out);
}

static void data(const struct picture *picture, FILE *out)
{
    const struct ota_tune_report *report = picture->report;

    fputs("number,chosen,front,meets", out);
    for (size_t d = 0; d < picture->count; d++)
        fprintf(out, ",%s,lo,hi",
                report->study.measures[picture->drawn[d].measure].name);
    fputc('\n', out);
    for (size_t t = 0; t < report->tune->tried_count; t++) {
        const struct ota_tried *tried = &report->tune->tried[t];
        if (isfinite(tried->numbers[0]))
            fprintf(out, "%.10g", tried->numbers[0]);
        else
            fputs("NaN", out);
        fprintf(out, ",%d,%d,%d", t == report->tune->chosen, tried->front,
                tried->shortfall <= 0.0);
        for (size_t d = 0; d < picture->count; d++) {
            const struct drawn *drawn = &picture->drawn[d];
            const struct ota_estimate *estimate =
                ota_study_report_estimate(&report->study, t, drawn->measure);
            number(out, estimate->mean / drawn->worth);
            number(out, estimate->lo / drawn->worth);
            number(out, estimate->hi / drawn->worth);
        }
        fputc('\n', out);
    }
}

static void begin(const struct ota_tune_report *report, const char *title,
                  FILE *out)
{
    const struct ota_tune *tune = report->tune;
    const struct ota_study_row row = {
        .settings = tune->tried[tune->chosen].settings,
        .setting_count = report->setup->axis_count};
    char settings[TEXT_SIZE], sample[2 * TEXT_SIZE];

    ota_study_row_text(&row, settings, sizeof(settings));
    snprintf(sample, sizeof(sample), "%s %s, %zu settings, %lld replications",
             tune->met ? "chosen" : "nearest", settings, tune->tried_count,
             (long long)tune->replications);
    ota_script_begin(out, title, report->study.scenario_name, sample);
}

/* Points of those for which `which` holds, with their intervals. */
static void dots(FILE *out, const struct drawn *drawn, const char *which,
                 const char *colour, const char *title)
{
    fprintf(out,
            "'%s' every ::1 using ($1):((%s)?column(%d):NaN):%d:%d "
            "with yerrorbars pointtype 7 pointsize 0.6 linecolor rgb '%s' ",
            data_name, which, drawn->column, drawn->column + 1,
            drawn->column + 2, colour);
    fputs(title ? "title " : "notitle", out);
    if (title)
        ota_script_text(out, title);
}

/* --- over one axis ---------------------------------------------------------*/

/* A picture is a text of commands, since each is drawn twice. */
static void axis_panel(const struct picture *picture, size_t d, bool last,
                       FILE *out)
{
    const struct ota_tune_report *report = picture->report;
    const struct ota_axis *axis = &report->setup->axes[0];
    const struct drawn *drawn = &picture->drawn[d];
    const double chosen = report->tune->tried[report->tune->chosen].numbers[0];

    fputs("unset arrow\nset ylabel ", out);
    ota_script_text(out, drawn->label);
    if (last) {
        char label[TEXT_SIZE];
        snprintf(label, sizeof(label), axis->unit[0] ? "%s (%s)" : "%s",
                 axis->path, axis->unit);
        fputs("\nset xlabel ", out);
        ota_script_text(out, label);
    }
    fprintf(out,
            "\nset arrow from %.10g,graph 0 to %.10g,graph 1 nohead "
            "dashtype 3 linecolor rgb '#555555' back\n",
            chosen, chosen);
    if (d > 0) {
        const double goal = report->setup->goals[d - 1].value / drawn->worth;
        fprintf(out,
                "set arrow from graph 0,first %.10g to graph 1,first %.10g "
                "nohead linecolor rgb '#0072b2' back\n",
                goal, goal);
    }
    fputs("plot ", out);
    if (report->setup->goal_count > 0) {
        dots(out, drawn, "$4==0", "#d55e00",
             d == 0 ? "misses a goal in the mean" : NULL);
        fputs(", ", out);
    }
    dots(out, drawn, "$4==1 && $2==0", "#009e73",
         d > 0                           ? NULL
         : report->setup->goal_count > 0 ? "meets the goals in the mean"
                                         : "tried");
    fprintf(out,
            ", '%s' every ::1 using ($1):($2==1?column(%d):NaN) with points "
            "pointtype 6 pointsize 1.6 linewidth 2 linecolor rgb 'black' ",
            data_name, drawn->column);
    fputs(d == 0 ? "title 'chosen'\n" : "notitle\n", out);
    if (d == 0)
        fputs("unset title\nset key off\n", out);
}

static bool axis_script(const struct picture *picture, FILE *out)
{
    const struct ota_tune_report *report = picture->report;
    const size_t panels = 1 + report->setup->goal_count;
    char *commands = NULL;
    size_t size;

    begin(report, "Settings that were tried", out);
    if (report->setup->axes[0].log)
        fputs("set logscale x\n", out);
    FILE *text = open_memstream(&commands, &size);
    if (!text)
        return false;
    fprintf(text,
            "set multiplot layout %zu,1 margins char 14,char 3,char 7,char 5 "
            "spacing char 0,char 2\n"
            "set title title.\"\\n\".scenario.': '.sample\n"
            "set key at screen 0.55,char 1.2 center bottom horizontal Left "
            "reverse samplen 1\n"
            "set xlabel ''\n",
            panels);
    for (size_t d = 0; d < panels; d++)
        axis_panel(picture, d, d + 1 == panels, text);
    fputs("unset multiplot\n", text);
    const bool failed = ferror(text) != 0;
    const bool good = fclose(text) == 0 && !failed && commands;
    if (good)
        ota_script_end_with(out, "settings", commands, 800,
                            200 + 220 * (int)panels, false);
    free(commands);
    return good;
}

/* --- the front -------------------------------------------------------------*/

static bool front_script(const struct picture *picture, FILE *out)
{
    const struct ota_tune_report *report = picture->report;
    const struct drawn *respects =
        &picture->drawn[1 + report->setup->goal_count];
    const struct drawn *success = &respects[0], *charge = &respects[1];

    begin(report, "Success and charge of the settings that were tried", out);
    fputs("set xlabel ", out);
    ota_script_text(out, success->label);
    fputs("\nset ylabel ", out);
    ota_script_text(out, charge->label);
    fprintf(out,
            "\nset key below vertical Left reverse samplen 1 height 1\n"
            "set offsets graph 0, graph 0, graph 0.05, graph 0.05\n"
            "curves = \"'%s' every ::1 using ($3==0?$%d:NaN):%d with points "
            "pointtype 7 pointsize 0.8 linecolor rgb '#bbbbbb' title 'another "
            "is as good in success, charge and data, and better in one', "
            "'%s' every ::1 using ($3==1?$%d:NaN):%d with points pointtype 7 "
            "pointsize 1 linecolor rgb '#0072b2' title 'nothing that was tried "
            "beats it in all three', "
            "'%s' every ::1 using ($2==1?$%d:NaN):%d with points pointtype 6 "
            "pointsize 2 linewidth 2 linecolor rgb 'black' title 'chosen'\"\n",
            data_name, success->column, charge->column, data_name,
            success->column, charge->column, data_name, success->column,
            charge->column);
    ota_script_end(out, "front");
    return true;
}

/* --- files -----------------------------------------------------------------*/

static bool data_file(const struct picture *picture, FILE *out)
{
    data(picture, out);
    return true;
}

static bool write_file(const struct picture *picture, const char *folder,
                       const char *name,
                       bool (*write)(const struct picture *picture, FILE *out),
                       struct ota_error *error)
{
    struct ota_out_file file;

    if (!ota_out_file_open(&file, folder, name, error))
        return false;
    const bool good = write(picture, file.stream);
    return ota_out_file_close(&file, error) &&
           (good || ota_fail(error, OTA_NO_MEMORY));
}

static bool write_plots(const void *of, const char *folder,
                        const struct ota_output_options *options,
                        struct ota_error *error)
{
    const struct ota_tune_report *report = of;
    const char *names[2] = {"front"};
    struct picture picture = {0};
    const bool one_axis =
        report->setup->axis_count == 1 && report->setup->axes[0].unit != NULL;

    if (one_axis)
        names[1] = "settings";
    char *path = ota_files_join(folder, "/", ota_tune_file_plots.name, error);
    bool good = path && ota_files_make_folder(path, error);
    if (good && !fill(&picture, report))
        good = ota_fail(error, OTA_NO_MEMORY);
    good = good && write_file(&picture, path, data_name, data_file, error) &&
           write_file(&picture, path, "front.gp", front_script, error) &&
           (!one_axis ||
            write_file(&picture, path, "settings.gp", axis_script, error)) &&
           ota_script_draw(path, names, one_axis ? 2 : 1, options, error);
    free(picture.drawn);
    free(path);
    return good;
}

const struct ota_folder_file ota_tune_file_plots = {
    .name = "plots",
    .summary = "settings that were tried, and the front: SVG, PNG, gnuplot "
               "scripts",
    .write = write_plots,
};
