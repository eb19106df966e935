/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * precision_page.c - whether numbers are known as well as was asked for, for
 * people and as JSON.
 */
#include <math.h>
#include <string.h>

#include "output/page.h"
#include "output/study_report.h"
#include "output/writers.h"
#include "sim/base/text.h"

/* How far it is from what was asked for. */
static void say_missing(const struct ota_page *page,
                        const struct ota_precision_look *look)
{
    char needed[OTA_NUMBER_SIZE];

    if (isnan(look->reached)) {
        ota_page_row(page, "    not met: %lld of %lld replications gave it%s",
                     (long long)look->estimate.values,
                     (long long)look->replications,
                     look->never ? ", and a mean takes all" : "");
    } else if (look->needed > 0) {
        ota_number_grouped((double)look->needed, 0, needed, sizeof(needed));
        ota_page_row(page,
                     "    not met: it takes about %s replications "
                     "(--max-reps %lld)",
                     needed, (long long)look->needed);
    } else {
        ota_page_row(page, "    not met, nor within a million replications");
    }
}

void ota_page_precisions(const struct ota_page *page,
                         const struct ota_report *report)
{
    char head[128], interval_head[OTA_NUMBER_SIZE];

    if (report->precision_count == 0)
        return;
    ota_page_name_interval(report, interval_head, sizeof(interval_head));
    snprintf(head, sizeof(head), "%-26s%11s  %-18s%s", "Precision", "mean",
             interval_head, "asked for, +-");
    ota_page_heading(page, head);
    for (size_t p = 0; p < report->precision_count; p++) {
        const struct ota_precision *precision = &report->precisions[p];
        const struct ota_precision_look *look = &report->looks[p];
        char label[128], mean[OTA_NUMBER_SIZE];
        char interval[2 * OTA_NUMBER_SIZE], width[64];
        ota_measure_label(&precision->measure, label, sizeof(label));
        ota_page_cells(ota_study_scale(&precision->measure), &look->estimate,
                       mean, sizeof(mean), interval, sizeof(interval));
        ota_precision_write(precision, width, sizeof(width));
        if (ota_page_columns(label) > OTA_PAGE_LABEL) {
            ota_page_row(page, "  %s", label);
            label[0] = '\0';
        }
        ota_page_row(page, "  %-24s%11s  %-18s%s", label, mean, interval,
                     width);
        if (!look->met)
            say_missing(page, look);
    }
}

void ota_precisions_json(struct ota_json_out *json,
                         const struct ota_report *report)
{
    if (report->precision_count == 0)
        return;
    ota_json_out_key(json, "precision");
    ota_json_out_open(json, '[');
    for (size_t p = 0; p < report->precision_count; p++) {
        const struct ota_precision *precision = &report->precisions[p];
        const struct ota_precision_look *look = &report->looks[p];
        ota_json_out_open_flat(json, '{');
        ota_json_out_key(json, "measure");
        ota_json_out_string(json, precision->measure.name);
        ota_json_out_key(json, "unit");
        ota_json_out_string(json, ota_measure_unit(&precision->measure));
        ota_json_out_key(json, "half_width");
        ota_json_out_number(json, look->width);
        ota_json_out_key(json, "relative");
        ota_json_out_raw(json, precision->relative ? "true" : "false");
        ota_json_out_key(json, "met");
        ota_json_out_raw(json, look->met ? "true" : "false");
        ota_json_out_key(json, "replications");
        ota_json_out_integer(json, look->replications);
        ota_json_out_key(json, "needed");
        if (look->met || look->needed == 0)
            ota_json_out_number(json, NAN);
        else
            ota_json_out_integer(json, look->needed);
        ota_json_out_estimate(json, &look->estimate);
        ota_json_out_close(json, '}');
    }
    ota_json_out_close(json, ']');
}
