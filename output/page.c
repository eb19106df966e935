/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * page.c - see page.h.
 */
#include "output/page.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "sim/base/clock.h"

struct ota_page ota_page_on(FILE *out, int width, bool colour)
{
    if (width < OTA_PAGE_LEAST)
        width = OTA_PAGE_LEAST;
    if (width > OTA_PAGE_MOST)
        width = OTA_PAGE_MOST;
    return (struct ota_page){out, width, colour};
}

void ota_page_style(const struct ota_page *page, const char *code)
{
    if (page->colour)
        fprintf(page->out, "\033[%sm", code);
}

void ota_page_heading(const struct ota_page *page, const char *text)
{
    fputc('\n', page->out);
    ota_page_style(page, "1");
    fputs(text, page->out);
    ota_page_style(page, "0");
    fputc('\n', page->out);
}

/* Whether text begins with a unit: "%", "d", "s:". */
static bool begins_with_unit(const char *text)
{
    static const char *const units[] = {"%", "ms", "s", "min", "h", "d"};

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        const size_t length = strlen(units[i]);
        if (strncmp(text, units[i], length) == 0 &&
            !isalnum((unsigned char)text[length]))
            return true;
    }
    return false;
}

/* Length of the word at text; a unit belongs to its number. */
static size_t word_length(const char *text)
{
    size_t length = strcspn(text, " ");

    if (length > 0 && isdigit((unsigned char)text[length - 1]) &&
        text[length] == ' ' && begins_with_unit(text + length + 1))
        length += 1 + strcspn(text + length + 1, " ");
    return length;
}

void ota_page_paragraph(const struct ota_page *page, const char *text)
{
    size_t column = 0;

    while (*text) {
        const size_t length = word_length(text);
        if (column > 0 && column + 1 + length > (size_t)page->width) {
            fputc('\n', page->out);
            column = 0;
        } else if (column > 0) {
            fputc(' ', page->out);
            column++;
        }
        /* A title may hold what a terminal would obey. */
        for (size_t i = 0; i < length; i++)
            fputc(iscntrl((unsigned char)text[i]) ? ' ' : text[i], page->out);
        column += length;
        text += length + (text[length] == ' ');
    }
    fputc('\n', page->out);
}

void ota_page_row(const struct ota_page *page, const char *format, ...)
{
    char line[256];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    size_t length = strlen(line);
    while (length > 0 && line[length - 1] == ' ')
        length--;
    fprintf(page->out, "%.*s\n", (int)length, line);
}

void ota_page_title(const struct ota_page *page,
                    const struct ota_report *report)
{
    const struct ota_summary *summary = report->summary;
    char devices[OTA_NUMBER_SIZE], replications[OTA_NUMBER_SIZE];
    char horizon[OTA_NUMBER_SIZE], line[256];
    const char *policy = report->policy_name ? report->policy_name : "";

    ota_page_style(page, "1");
    ota_page_paragraph(page, report->scenario_title[0] ? report->scenario_title
                                                       : report->scenario_name);
    ota_page_style(page, "0");

    ota_number_grouped((double)summary->groups[0].devices, 0, devices,
                       sizeof(devices));
    ota_number_grouped((double)summary->replications, 0, replications,
                       sizeof(replications));
    ota_number_human(OTA_SCALE_TIME, ota_s_from_us(report->horizon_us), horizon,
                     sizeof(horizon));
    snprintf(line, sizeof(line),
             "%s device%s, %s replication%s of %s, seed %llu%s%s", devices,
             summary->groups[0].devices == 1 ? "" : "s", replications,
             summary->replications == 1 ? "" : "s", horizon,
             (unsigned long long)report->seed, policy[0] ? ", policy " : "",
             policy);
    ota_page_paragraph(page, line);
}

void ota_page_name_interval(const struct ota_report *report, char *text,
                            size_t size)
{
    snprintf(text, size, "%g %% interval", 100.0 * report->summary->confidence);
}

size_t ota_page_columns(const char *text)
{
    size_t count = 0;

    for (; *text; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

/* Why a number has no mean, in place of its interval. */
static void say_missing(const struct ota_page *page, const char *label,
                        const struct ota_estimate *estimate)
{
    if (estimate->values == 0)
        ota_page_row(page, "  %-24s%11s  in no replication", label, "-");
    else
        ota_page_row(page, "  %-24s%11s  in %lld of %lld replications only",
                     label, "-", (long long)estimate->values,
                     (long long)estimate->of);
}

void ota_page_cells(enum ota_scale scale, const struct ota_estimate *estimate,
                    char *mean, size_t mean_size, char *interval,
                    size_t interval_size)
{
    const struct ota_reading reading = ota_reading_of(scale, estimate);

    ota_reading_format(&reading, estimate->mean, mean, mean_size);
    ota_reading_interval(&reading, estimate, interval, interval_size);
}

void ota_page_lines(const struct ota_page *page,
                    const struct ota_group_summary *group,
                    const struct ota_page_line *lines, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char mean[OTA_NUMBER_SIZE], interval[2 * OTA_NUMBER_SIZE];
        char p95[OTA_NUMBER_SIZE] = "", p95_interval[2 * OTA_NUMBER_SIZE] = "";

        if (!isfinite(group->kpi[lines[i].mean].mean)) {
            say_missing(page, lines[i].label, &group->kpi[lines[i].mean]);
            continue;
        }
        ota_page_cells(lines[i].scale, &group->kpi[lines[i].mean], mean,
                       sizeof(mean), interval, sizeof(interval));
        if (lines[i].p95 != OTA_KPIS)
            ota_page_cells(lines[i].scale, &group->kpi[lines[i].p95], p95,
                           sizeof(p95), p95_interval, sizeof(p95_interval));
        ota_page_row(page, "  %-24s%11s  %-16s%9s  %s", lines[i].label, mean,
                     interval, p95, p95_interval);
    }
}
