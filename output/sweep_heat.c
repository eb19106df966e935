/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sweep_heat.c - a measure over two axes: a map, whose cells say their numbers
 * where they have room.
 *
 * Cells are of one size, whatever the steps of the axes: their places are in
 * the data, and the values are tics.
 */
#include <math.h>
#include <string.h>

#include "output/columns.h"
#include "output/sweep_plots.h"

enum {
    TIC_COLUMNS = 20, /* of a word that is a tic */
    SIDE_LEAST = 3,   /* values of an axis; fewer are curves */
    NUMBERS_ACROSS =
        12, /* cells beside each other that have room for numbers, */
    NUMBERS_UP = 16,
    INTERVALS_ACROSS = 6, /* and for their intervals */
    INTERVALS_UP = 9,
    TICS_UP = 24,
    LETTERS = 84, /* beside each other */
};

/* Light to dark, one hue: C. A. Brewer, colorbrewer2.org, Blues. */
static const char palette[] =
    "set palette defined (0 '#f7fbff', 1 '#deebf7', 2 '#c6dbef', "
    "3 '#9ecae1', 4 '#6baed6', 5 '#4292c6', 6 '#2171b5', 7 '#08519c')\n";

static const double dark_from = 0.6; /* of the palette: light letters */

bool ota_sweep_is_heat(const struct ota_sweep_report *report, size_t axes[2])
{
    size_t count = 0;

    for (size_t a = 0; a < report->axis_count; a++) {
        const struct ota_axis *axis = &report->axes[a];
        if (!ota_sweep_varies(axis))
            continue;
        if (count == 2 || !axis->unit || axis->count < SIDE_LEAST)
            return false;
        axes[count++] = a;
    }
    /* The longer one lies. */
    if (count == 2 &&
        report->axes[axes[0]].count < report->axes[axes[1]].count) {
        const size_t first = axes[0];
        axes[0] = axes[1];
        axes[1] = first;
    }
    return count == 2;
}

/* The number in the digits that its interval justifies, and that below it. */
static void label(const struct ota_sweep_plot *plot, size_t row, bool interval)
{
    const struct ota_estimate *estimate =
        ota_study_report_estimate(&plot->report->study, row, plot->measure);
    struct ota_reading reading = ota_reading_in(
        plot->report->study.measures[plot->measure].scale,
        ota_sweep_unit_for(plot->report, plot->measure), estimate);
    char mean[OTA_NUMBER_SIZE], around[2 * OTA_NUMBER_SIZE] = "";

    reading.unit = "";
    ota_reading_format(&reading, estimate->mean, mean, sizeof(mean));
    if (interval)
        ota_reading_interval(&reading, estimate, around, sizeof(around));
    fprintf(plot->data, ",\"%s%s%s\"\n", mean, around[0] ? "\\n" : "", around);
}

static void write_data(const struct ota_sweep_plot *plot, const size_t axes[2],
                       bool interval)
{
    const struct ota_sweep_report *report = plot->report;

    fputs("# column,row,number,1: light letters,what the cell says\n",
          plot->data);
    for (size_t y = 0; y < report->axes[axes[1]].count; y++)
        for (size_t x = 0; x < report->axes[axes[0]].count; x++) {
            size_t values[64] = {0};
            values[axes[0]] = x;
            values[axes[1]] = y;
            const size_t row = ota_sweep_row(report, values);
            const double mean = ota_sweep_drawn(plot, row).mean;
            fprintf(plot->data, "%zu,%zu,", x + 1, y + 1);
            ota_sweep_cell(plot->data, mean, ',');
            fputc(mean > plot->low + dark_from * (plot->high - plot->low) ? '1'
                                                                          : '0',
                  plot->data);
            label(plot, row, interval);
        }
}

/* Tics in the middle of cells; each, or every so many. */
static void tics(FILE *out, char which, const struct ota_axis *axis,
                 size_t every)
{
    struct ota_cell word;

    fprintf(out, "set %ctics ()\nset m%ctics 1\n", which, which);
    for (size_t v = 0; v < axis->count; v += every) {
        fprintf(out, "set %ctics add (", which);
        ota_cell_copy(&word, axis->values[v], TIC_COLUMNS);
        ota_script_tic(out, word.text);
        fprintf(out, " %zu)\n", v + 1);
    }
    fprintf(out, "set %crange [0.5:%zu.5]\nset %clabel ", which, axis->count,
            which);
    ota_script_text(out, axis->path);
    fputc('\n', out);
}

/* Steps between tics that have room beside each other. */
static size_t steps_across(const struct ota_axis *axis)
{
    size_t longest = 0;

    for (size_t v = 0; v < axis->count; v++)
        if (strlen(axis->values[v]) > longest)
            longest = strlen(axis->values[v]);
    if (longest > TIC_COLUMNS)
        longest = TIC_COLUMNS;
    return 1 + axis->count * (longest + 1) / LETTERS;
}

static void frame(const struct ota_sweep_plot *plot, const size_t axes[2])
{
    const struct ota_study_measure *measure =
        &plot->report->study.measures[plot->measure];
    const struct ota_axis *across = &plot->report->axes[axes[0]];
    const struct ota_axis *up = &plot->report->axes[axes[1]];
    char name[256];

    tics(plot->script, 'x', across, steps_across(across));
    tics(plot->script, 'y', up, 1 + (up->count - 1) / TICS_UP);
    fputs(palette, plot->script);
    fprintf(plot->script,
            "set cbrange [%.17g:%.17g]\nunset grid\nunset key\n"
            "set format cb '%%.10g'\nset cblabel ",
            plot->low, plot->high > plot->low ? plot->high : plot->low + 1.0);
    snprintf(name, sizeof(name), plot->unit[0] ? "%s (%s)" : "%s",
             measure->label, plot->unit[0] ? plot->unit + 1 : "");
    ota_script_text(plot->script, name);
    fputs(" offset 1.5,0\nset rmargin at screen 0.86\nset object 1 rectangle "
          "from graph 0,0 to graph 1,1 behind "
          "fillcolor rgb '#eeeeee' fillstyle solid noborder\n",
          plot->script);
}

bool ota_sweep_plot_heat(const struct ota_sweep_plot *plot)
{
    size_t axes[2];
    char commands[512];

    if (!ota_sweep_is_heat(plot->report, axes))
        return true;
    const size_t across = plot->report->axes[axes[0]].count;
    const size_t up = plot->report->axes[axes[1]].count;
    const bool numbers = across <= NUMBERS_ACROSS && up <= NUMBERS_UP;
    write_data(plot, axes, across <= INTERVALS_ACROSS && up <= INTERVALS_UP);
    frame(plot, axes);
    snprintf(commands, sizeof(commands), "plot '%s.dat' using 1:2:3 with image",
             plot->name);
    if (numbers)
        snprintf(commands + strlen(commands),
                 sizeof(commands) - strlen(commands),
                 ", '' using 1:2:5:($4 > 0 ? 0xffffff : 0x222222) "
                 "with labels textcolor rgb variable");
    strcat(commands, "\n");
    ota_script_end_with(plot->script, plot->name, commands, 900, 560, true);
    return true;
}
