/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sweep_plots.h - what the pictures of a sweep have in common. Private to the
 * writers of plots.
 */
#ifndef OTA_SWEEP_PLOTS_H
#define OTA_SWEEP_PLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "output/script.h"
#include "output/sweep.h"

/* A picture: of a measure over the design. */
struct ota_sweep_plot {
    const struct ota_sweep_report *report;
    size_t measure;
    const char *name;   /* of its files, without ending */
    double worth;       /* of the unit in which numbers are drawn */
    const char *unit;   /* with a space before it; "": none */
    double least, most; /* of means and intervals, in that unit, */
    double low, high;   /* and of means alone */
    bool any;           /* there is anything to draw */
    bool bands;         /* there are intervals */
    FILE *data;         /* NAME.dat */
    FILE *script;       /* NAME.gp */
};

/* Whether an axis has more than one value, and is numbers. */
bool ota_sweep_varies(const struct ota_axis *axis);
bool ota_sweep_spread(const struct ota_axis *axis); /* drawn in the logarithm */

/* The row of a grid at which each axis has that value. */
size_t ota_sweep_row(const struct ota_sweep_report *report,
                     const size_t *values);

/* Where row r stands on an axis: its number; of words, the place in the list
 * from 1 on. */
double ota_sweep_at(const struct ota_sweep_report *report, size_t row,
                    size_t axis);

/* The estimate of a row in the plot's unit. */
struct ota_estimate ota_sweep_drawn(const struct ota_sweep_plot *plot,
                                    size_t row);

/* Writes a cell, empty if it is not finite: "NaN", so that curves break. */
void ota_sweep_cell(FILE *out, double value, char end);

/* Writes range, label and tics of x: those of the values that have room on a
 * picture so many letters wide. */
void ota_sweep_x(FILE *out, const struct ota_axis *axis, size_t letters);

/* Writes range and label of y; labelled: or no label. */
void ota_sweep_y(const struct ota_sweep_plot *plot, FILE *out, bool labelled);

/* Writes data and script. Return false without memory. */
bool ota_sweep_plot_curves(const struct ota_sweep_plot *plot); /* of a grid */
bool ota_sweep_plot_heat(const struct ota_sweep_plot *plot);   /* two axes */
bool ota_sweep_plot_cloud(const struct ota_sweep_plot *plot);  /* LHS */

/* Whether it is a grid of two axes that ota_sweep_plot_heat() draws. */
bool ota_sweep_is_heat(const struct ota_sweep_report *report, size_t axes[2]);

#endif
