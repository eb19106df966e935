/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sweep_curves.c - a measure over one axis: a curve for each value of a second,
 * a panel for each choice of all others. And the cloud of a Latin hypercube: a
 * panel an axis.
 *
 * Means stand in a band of their intervals, or with bars where x is words.
 * What has no mean is a gap.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "output/columns.h"
#include "output/sweep_plots.h"

enum {
    KEY_COLUMNS = 24, /* of a word in the key */
    AXES_MAX = 64,
    CURVES_MAX = 8, /* in a panel: as many colours as there are */
    PANELS_MAX = 12,
    TEXT_SIZE = 512,
};

static const char *const colours[CURVES_MAX] = {"#0072b2", "#d55e00", "#009e73",
                                                "#cc79a7", "#e69f00", "#56b4e9",
                                                "#000000", "#8073ac"};

/* Which axis is what; the number of axes: none is. */
struct view {
    size_t x, curves;
    size_t curve_count; /* 1 without such an axis */
    size_t panel_count, panels_all;
    bool bars; /* x is words */
};

/* The axis that varies most, of those that are not taken; numbers only, or all;
 * with at most so many values. */
static size_t longest(const struct ota_sweep_report *report, size_t taken,
                      bool numbers, size_t most)
{
    size_t found = report->axis_count;

    for (size_t a = 0; a < report->axis_count; a++) {
        const struct ota_axis *axis = &report->axes[a];
        if (a == taken || !ota_sweep_varies(axis) || axis->count > most ||
            (numbers && !axis->unit))
            continue;
        if (found == report->axis_count ||
            axis->count > report->axes[found].count)
            found = a;
    }
    return found;
}

static struct view view_of(const struct ota_sweep_report *report)
{
    const size_t none = report->axis_count;
    struct view view = {.curve_count = 1, .panels_all = 1};

    view.x = longest(report, none, true, SIZE_MAX);
    if (view.x == none)
        view.x = longest(report, none, false, SIZE_MAX);
    if (view.x == none)
        view.x = 0;
    view.bars = !report->axes[view.x].unit;
    view.curves = longest(report, view.x, false, CURVES_MAX);
    if (view.curves < none)
        view.curve_count = report->axes[view.curves].count;
    for (size_t a = 0; a < none; a++)
        if (a != view.x && a != view.curves)
            view.panels_all *= report->axes[a].count;
    view.panel_count =
        view.panels_all < PANELS_MAX ? view.panels_all : (size_t)PANELS_MAX;
    return view;
}

/* The values of the axes that make a panel. */
static void panel_values(const struct ota_sweep_report *report,
                         const struct view *view, size_t panel, size_t *values)
{
    for (size_t a = report->axis_count; a-- > 0;) {
        values[a] = 0;
        if (a == view->x || a == view->curves)
            continue;
        values[a] = panel % report->axes[a].count;
        panel /= report->axes[a].count;
    }
}

/* "sleep.period=1h app.model=fixed": of the axes that vary. */
static void panel_title(const struct ota_sweep_report *report,
                        const struct view *view, const size_t *values,
                        char *text, size_t size)
{
    size_t used = 0;

    text[0] = '\0';
    for (size_t a = 0; a < report->axis_count && used < size; a++) {
        const struct ota_axis *axis = &report->axes[a];
        if (a == view->x || a == view->curves || !ota_sweep_varies(axis))
            continue;
        const int length =
            snprintf(text + used, size - used, "%s%s=%s", used > 0 ? " " : "",
                     axis->path, axis->values[values[a]]);
        used += length > 0 ? (size_t)length : 0;
    }
}

/* --- data --- */

struct dot {
    double x;
    size_t row;
};

static int by_x(const void *a, const void *b)
{
    const struct dot *one = a, *other = b;

    if (one->x != other->x)
        return one->x > other->x ? 1 : -1;
    return (one->row > other->row) - (one->row < other->row);
}

static void write_dot(const struct ota_sweep_plot *plot, double x, size_t row)
{
    const struct ota_estimate estimate = ota_sweep_drawn(plot, row);

    ota_sweep_cell(plot->data, x, ',');
    ota_sweep_cell(plot->data, estimate.mean, ',');
    ota_sweep_cell(plot->data, estimate.lo, ',');
    ota_sweep_cell(plot->data, estimate.hi, '\n');
}

/* A block of a curve, in order of x. values holds all but x. */
static void write_curve(const struct ota_sweep_plot *plot,
                        const struct view *view, size_t *values,
                        struct dot *dots, double shift)
{
    const struct ota_sweep_report *report = plot->report;
    const size_t count = report->axes[view->x].count;

    for (size_t v = 0; v < count; v++) {
        values[view->x] = v;
        dots[v].row = ota_sweep_row(report, values);
        dots[v].x = ota_sweep_at(report, dots[v].row, view->x) + shift;
    }
    qsort(dots, count, sizeof(*dots), by_x);
    for (size_t v = 0; v < count; v++)
        write_dot(plot, dots[v].x, dots[v].row);
    fputs("\n\n", plot->data); /* gnuplot's index counts blocks */
}

static void write_blocks(const struct ota_sweep_plot *plot,
                         const struct view *view, struct dot *dots)
{
    size_t values[AXES_MAX];

    fprintf(plot->data, "# x,mean,lo,hi; a block a curve\n");
    for (size_t p = 0; p < view->panel_count; p++)
        for (size_t c = 0; c < view->curve_count; c++) {
            panel_values(plot->report, view, p, values);
            if (view->curves < plot->report->axis_count)
                values[view->curves] = c;
            /* Bars beside each other. */
            const double shift =
                view->bars
                    ? ((double)c + 0.5) / (double)view->curve_count * 0.6 - 0.3
                    : 0.0;
            write_curve(plot, view, values, dots, shift);
        }
}

/* --- script --- */

static void plot_command(const struct ota_sweep_plot *plot,
                         const struct view *view, size_t panel, FILE *out)
{
    const struct ota_sweep_report *report = plot->report;
    const char *separator = "plot ";

    for (int bands = plot->bands && !view->bars; bands >= 0; bands--)
        for (size_t c = 0; c < view->curve_count; c++) {
            const size_t index = panel * view->curve_count + c;
            fprintf(out, "%s\\\n  '%s.dat' index %zu using ", separator,
                    plot->name, index);
            separator = ", ";
            if (bands) {
                fprintf(out,
                        "1:3:4 with filledcurves fillstyle transparent solid "
                        "0.25 noborder linecolor rgb '%s' notitle",
                        colours[c]);
                continue;
            }
            if (view->bars)
                fputs(plot->bands ? "1:2:3:4 with yerrorbars "
                                  : "1:2 with points ",
                      out);
            else
                fputs("1:2 with linespoints linewidth 1.5 ", out);
            fprintf(out, "pointtype 7 pointsize 0.6 linecolor rgb '%s' ",
                    colours[c]);
            if (view->curves < report->axis_count) {
                struct ota_cell word;
                ota_cell_copy(&word, report->axes[view->curves].values[c],
                              KEY_COLUMNS);
                fputs("title ", out);
                ota_script_text(out, word.text);
            } else {
                fputs("notitle", out);
            }
        }
    fputc('\n', out);
}

static void key(const struct ota_sweep_plot *plot, const struct view *view,
                FILE *out)
{
    if (view->curves == plot->report->axis_count) {
        fputs("unset key\n", out);
        return;
    }
    fputs("set key outside right center Left reverse samplen 1.5 spacing 1.2 "
          "title ",
          out);
    ota_script_text(out, plot->report->axes[view->curves].path);
    fputc('\n', out);
}

/* Columns of panels. */
static size_t across(size_t count)
{
    return count <= 1 ? 1 : count <= 4 ? 2 : count <= 9 ? 3 : 4;
}

/* Panels are set beside each other in a picture of a size for them. */
static void end_panels(const struct ota_sweep_plot *plot, size_t count,
                       const char *commands)
{
    const size_t columns = across(count);
    const size_t rows = (count + columns - 1) / columns;

    ota_script_end_with(plot->script, plot->name, commands,
                        columns <= 2 ? 900 : 1100, 80 + 260 * (int)rows, true);
}

static void begin_panels(FILE *out, size_t count)
{
    const size_t columns = across(count);

    fprintf(out,
            "set multiplot layout %zu,%zu "
            "title title.\"\\n\".scenario.': '.sample\n",
            (count + columns - 1) / columns, columns);
}

static void curves_script(const struct ota_sweep_plot *plot,
                          const struct view *view, FILE *out)
{
    const struct ota_sweep_report *report = plot->report;
    const bool panels = view->panel_count > 1;

    if (panels)
        begin_panels(out, view->panel_count);
    for (size_t p = 0; p < view->panel_count; p++) {
        size_t values[AXES_MAX];
        char title[TEXT_SIZE];
        panel_values(report, view, p, values);
        panel_title(report, view, values, title, sizeof(title));
        if (panels) {
            fputs("set title ", out);
            ota_script_text(out, title);
            fputc('\n', out);
        }
        plot_command(plot, view, p, out);
    }
    if (panels)
        fputs("unset multiplot\n", out);
}

static void frame(const struct ota_sweep_plot *plot, const struct view *view)
{
    const size_t columns = across(view->panel_count);

    ota_sweep_x(plot->script, &plot->report->axes[view->x], 90 / columns);
    ota_sweep_y(plot, plot->script, true);
    key(plot, view, plot->script);
    if (view->panels_all > view->panel_count)
        fprintf(plot->script,
                "sample = sample.', the first %zu of %zu panels'\n",
                view->panel_count, view->panels_all);
}

/* Text that is written twice, for each kind of picture. */
static bool write_twice(const struct ota_sweep_plot *plot,
                        const struct view *view,
                        void (*commands)(const struct ota_sweep_plot *plot,
                                         const struct view *view, FILE *out))
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return false;
    commands(plot, view, out);
    const bool failed = ferror(out) != 0;
    const bool ok = fclose(out) == 0 && !failed && text;
    if (ok && view->panel_count > 1)
        end_panels(plot, view->panel_count, text);
    else if (ok)
        ota_script_end_with(plot->script, plot->name, text, 800, 450, false);
    free(text);
    return ok;
}

bool ota_sweep_plot_curves(const struct ota_sweep_plot *plot)
{
    const struct view view = view_of(plot->report);
    struct dot *dots = calloc(plot->report->axes[view.x].count, sizeof(*dots));

    if (!dots)
        return false;
    write_blocks(plot, &view, dots);
    free(dots);
    frame(plot, &view);
    return write_twice(plot, &view, curves_script);
}

/* --- a Latin hypercube --- */

static void cloud_script(const struct ota_sweep_plot *plot,
                         const struct view *view, FILE *out)
{
    const bool panels = view->panel_count > 1;

    if (panels)
        begin_panels(out, view->panel_count);
    for (size_t a = 0; a < view->panel_count; a++) {
        if (panels)
            fputs("unset title\n", out);
        ota_sweep_x(out, &plot->report->axes[a],
                    90 / across(view->panel_count));
        fprintf(out, "plot '%s.dat' using %zu:%zu", plot->name, a + 1,
                plot->report->axis_count + 1);
        if (plot->bands)
            fprintf(out,
                    ":%zu:%zu with yerrorbars pointtype 7 pointsize 0.6 "
                    "linecolor rgb '%s'\n",
                    plot->report->axis_count + 2, plot->report->axis_count + 3,
                    colours[0]);
        else
            fprintf(out,
                    " with points pointtype 7 pointsize 0.6 linecolor rgb "
                    "'%s'\n",
                    colours[0]);
    }
    if (panels)
        fputs("unset multiplot\n", out);
}

bool ota_sweep_plot_cloud(const struct ota_sweep_plot *plot)
{
    const struct ota_sweep_report *report = plot->report;
    struct view view = {.panels_all = report->axis_count};

    view.panel_count =
        view.panels_all < PANELS_MAX ? view.panels_all : (size_t)PANELS_MAX;
    fputs("# a column an axis, then mean,lo,hi\n", plot->data);
    for (size_t r = 0; r < report->study.row_count; r++) {
        for (size_t a = 0; a < report->axis_count; a++)
            ota_sweep_cell(plot->data, ota_sweep_at(report, r, a), ',');
        const struct ota_estimate estimate = ota_sweep_drawn(plot, r);
        ota_sweep_cell(plot->data, estimate.mean, ',');
        ota_sweep_cell(plot->data, estimate.lo, ',');
        ota_sweep_cell(plot->data, estimate.hi, '\n');
    }
    ota_sweep_y(plot, plot->script, true);
    fputs("unset key\n", plot->script);
    return write_twice(plot, &view, cloud_script);
}
