/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gates.c - two experiments with the same seeds.
 *
 * A draw depends on what it is for and not on what was drawn before, so a
 * device whose image is good in both runs does the same in both, until the
 * rollout treats it otherwise.
 */
#include "sim/experiment/gates.h"

/* Tells the progress of the second run behind that of the first. */
struct half {
    const struct ota_experiment_options *options;
    int64_t before;
};

static void progress(void *context, int64_t done, int64_t of)
{
    const struct half *half = context;

    half->options->progress(half->options->context, half->before + done,
                            2 * of);
}

static void lived(void *context, int64_t done, int64_t of)
{
    const struct half *half = context;

    half->options->lived(half->options->context,
                         (half->before > 0 ? of : 0) + done, 2 * of);
}

static void alone(void *context)
{
    const struct half *half = context;

    half->options->alone(half->options->context);
}

static bool keep_going(void *context)
{
    const struct half *half = context;

    return half->options->keep_going(half->options->context);
}

static enum ota_experiment_status
run_half(const struct ota_fleet_config *config,
         const struct ota_experiment_options *options, int64_t before,
         struct ota_summary *summary, struct ota_error *error)
{
    struct half half = {options, before};
    struct ota_experiment_options own = *options;

    own.alone = options->alone && before == 0 ? alone : NULL;
    own.progress = options->progress ? progress : NULL;
    own.lived = options->lived ? lived : NULL;
    own.keep_going = options->keep_going ? keep_going : NULL;
    own.context = &half;
    return ota_experiment_run(config, &own, summary, error);
}

bool ota_gates_nothing_bad(const struct ota_fleet_config *config)
{
    return config->image.fate == OTA_IMAGE_GOOD || !(config->image.bad > 0.0);
}

static bool any_stops(const struct ota_rules *rules)
{
    for (size_t i = 0; rules && i < rules->count; i++)
        switch (rules->list[i].action.kind) {
        case OTA_DO_STOP:
        case OTA_DO_ROLLBACK:
        case OTA_DO_PAUSE:
        case OTA_DO_APPROVE:
            return true;
        default:
            break;
        }
    return false;
}

bool ota_gates_no_rule(const struct ota_policy *policy)
{
    bool any = any_stops(&policy->rules);

    for (size_t w = 0; w < policy->waves.count; w++)
        any = any || any_stops(policy->waves.list[w].rules);
    return !any;
}

enum ota_experiment_status
ota_gates_run(const struct ota_fleet_config *config,
              const struct ota_experiment_options *options,
              struct ota_gates *gates, struct ota_error *error)
{
    struct ota_fleet_config good = *config;
    good.image.fate = OTA_IMAGE_GOOD;

    enum ota_experiment_status status =
        run_half(&good, options, 0, &gates->good, error);
    if (status != OTA_EXPERIMENT_DONE)
        return status;
    status =
        run_half(config, options, options->replications, &gates->bad, error);
    if (status != OTA_EXPERIMENT_DONE)
        ota_summary_release(&gates->good);
    return status;
}

void ota_gates_release(struct ota_gates *gates)
{
    ota_summary_release(&gates->good);
    ota_summary_release(&gates->bad);
}

struct ota_estimate ota_gates_missed(const struct ota_summary *summary)
{
    return ota_interval_exact(summary->replications - summary->rollout.stops,
                              summary->replications, summary->confidence);
}
