/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiment_look.c - see experiment_look.h.
 */
#include "sim/experiment/experiment_look.h"

#include <stdlib.h>

bool ota_experiment_look(const struct ota_experiment_options *options,
                         const struct ota_results *results, size_t count,
                         bool *met, struct ota_error *error)
{
    double *values = calloc(count, sizeof(*values));

    if (!values)
        return ota_fail(error, OTA_NO_MEMORY " for %zu replications", count);
    *met = true;
    for (size_t p = 0; p < options->precision_count; p++) {
        const struct ota_measure *measure = &options->precisions[p].measure;
        const struct ota_measure_facts facts = {
            .devices = results[0].groups[measure->group].devices,
            .staged = results[0].staged,
        };
        for (size_t r = 0; r < count; r++)
            values[r] = ota_measure_value(measure, &results[r]);
        ota_precision_look(&options->precisions[p], &facts, values, count,
                           options->confidence, &options->looks[p]);
        *met = *met && (options->looks[p].met || options->looks[p].never);
    }
    free(values);
    return true;
}

void ota_experiment_settle(const struct ota_experiment_options *options,
                           struct ota_summary *summary)
{
    for (size_t p = 0; p < options->precision_count; p++) {
        const struct ota_measure *measure = &options->precisions[p].measure;
        struct ota_group_summary *group = &summary->groups[measure->group];
        if (measure->kind == OTA_MEASURE_KPI)
            group->kpi[measure->which] = options->looks[p].estimate;
        else if (measure->kind == OTA_MEASURE_OUTCOME)
            group->outcomes[measure->which] = options->looks[p].estimate;
    }
}
