/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * precisions.c - see precisions.h.
 */
#include "sim/cli/precisions.h"

#include <stdlib.h>

static enum ota_exit read_all(struct ota_precisions *precisions,
                              const struct ota_options *options,
                              const char *const *groups, size_t group_count,
                              struct ota_measure *measures)
{
    char problem[OTA_MESSAGE_SIZE];

    for (size_t p = 0; p < options->precisions.count; p++) {
        struct ota_precision *precision = &precisions->list[p];
        if (!ota_precision_read(precision, options->precisions.list[p], groups,
                                group_count, problem, sizeof(problem)))
            return ota_misuse(options->command, "--precision", problem);
        measures[p] = precision->measure;
        precisions->count++;
    }
    precisions->time_count =
        ota_measure_times(measures, precisions->count, precisions->times_us);
    return OTA_EXIT_OK;
}

enum ota_exit ota_precisions_read(struct ota_precisions *precisions,
                                  const struct ota_options *options,
                                  const struct ota_fleet_config *fleet)
{
    const size_t count = options->precisions.count;

    *precisions = (struct ota_precisions){.most = options->max_reps > 0
                                                      ? options->max_reps
                                                      : OTA_PRECISIONS_MOST};
    if (count == 0 && options->max_reps > 0)
        return ota_misuse(options->command, "--max-reps",
                          "it goes with --precision; --reps says how many "
                          "there are without");
    if (count == 0)
        return OTA_EXIT_OK;

    precisions->list = calloc(count, sizeof(*precisions->list));
    precisions->looks = calloc(count, sizeof(*precisions->looks));
    precisions->times_us = calloc(count, sizeof(*precisions->times_us));
    struct ota_measure *measures = calloc(count, sizeof(*measures));
    const char **groups = calloc(fleet->group_count, sizeof(*groups));
    enum ota_exit status;
    if (precisions->list && precisions->looks && precisions->times_us &&
        measures && groups) {
        for (size_t g = 0; g < fleet->group_count; g++)
            groups[g] = fleet->groups[g].name;
        status =
            read_all(precisions, options, groups, fleet->group_count, measures);
    } else {
        status = ota_failed(OTA_NO_MEMORY);
    }
    free(groups);
    free(measures);
    return status;
}

void ota_precisions_use(const struct ota_precisions *precisions,
                        struct ota_experiment_options *options)
{
    options->precisions = precisions->list;
    options->precision_count = precisions->count;
    options->most = precisions->most;
    options->looks = precisions->looks;
    options->within_us = precisions->times_us;
    options->within_count = precisions->time_count;
}

void ota_precisions_release(struct ota_precisions *precisions)
{
    free(precisions->list);
    free(precisions->looks);
    free(precisions->times_us);
}
