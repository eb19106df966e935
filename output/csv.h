/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * csv.h - cells of tables as RFC 4180 has them.
 */
#ifndef OTA_CSV_H
#define OTA_CSV_H

#include <stdio.h>

#include "sim/stats/interval.h"

/* In quotes if a comma, a quote or the end of a line is in it. */
void ota_csv_text(FILE *out, const char *text);

/* A comma, and the number; behind it nothing where there is none. */
void ota_csv_number(FILE *out, double value);

/* Mean, lower and upper end, each as a number. */
void ota_csv_estimate(FILE *out, const struct ota_estimate *estimate);

#endif
