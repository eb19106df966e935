/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * page.h - lines of the answer on a terminal. Private to the writers for
 * people.
 */
#ifndef OTA_PAGE_H
#define OTA_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "output/number.h"
#include "output/output.h"
#include "sim/base/error.h"

enum {
    OTA_PAGE_LEAST = 40, /* columns */
    OTA_PAGE_MOST = 100,
    OTA_PAGE_LABEL = 24,
};

struct ota_page {
    FILE *out;
    int width;
    bool colour;
};

struct ota_page ota_page_on(FILE *out, int width, bool colour);

/* Switches to an ANSI style, as "1;32", or back ("0"). */
void ota_page_style(const struct ota_page *page, const char *code);

/* A bold line behind an empty one. */
void ota_page_heading(const struct ota_page *page, const char *text);

/* Words, broken between them where the page ends. */
void ota_page_paragraph(const struct ota_page *page, const char *text);

/* One row of cells, without blanks at its end. */
void ota_page_row(const struct ota_page *page, const char *format, ...)
    OTA_PRINTF(2, 3);

/* How wide UTF-8 stands on a terminal, wide letters apart. */
size_t ota_page_columns(const char *text);

/* "95 % interval" */
void ota_page_name_interval(const struct ota_report *report, char *text,
                            size_t size);

/* The title, and the size of the sample. */
void ota_page_title(const struct ota_page *page,
                    const struct ota_report *report);

/* A number and its interval in one unit, as text. */
void ota_page_cells(enum ota_scale scale, const struct ota_estimate *estimate,
                    char *mean, size_t mean_size, char *interval,
                    size_t interval_size);

/* A row of the answer: a KPI, and another for its 95th percentile. */
struct ota_page_line {
    const char *label;
    enum ota_scale scale;
    enum ota_kpi mean;
    enum ota_kpi p95; /* OTA_KPIS: none */
};

void ota_page_lines(const struct ota_page *page,
                    const struct ota_group_summary *group,
                    const struct ota_page_line *lines, size_t count);

/* Which numbers are known as well as was asked for; nothing if none was. */
void ota_page_precisions(const struct ota_page *page,
                         const struct ota_report *report);

/* What the rollout did; nothing for one that reaches all at once and that
 * nothing stopped. */
void ota_page_rollout(const struct ota_page *page,
                      const struct ota_report *report);

#endif
