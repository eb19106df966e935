/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * policy.c - the words of the vocabulary, the counters, the empty policy.
 *
 * Tables are in the order of their enums and end with NULL.
 */
#include "models/policy/policy.h"

#include <assert.h>
#include <math.h>

#include "sim/base/clock.h"

/* --- words --------------------------------------------------------------- */

const char *const ota_counter_names[OTA_COUNTERS + 1] = {
    [OTA_COUNT_TOTAL] = "total",
    [OTA_COUNT_OFFERED] = "offered",
    [OTA_COUNT_STARTED] = "started",
    [OTA_COUNT_SUCCEEDED] = "succeeded",
    [OTA_COUNT_FAILED] = "failed",
    [OTA_COUNT_REJECTED] = "rejected",
    [OTA_COUNT_TIMED_OUT] = "timed_out",
    [OTA_COUNT_CANCELED] = "canceled",
    [OTA_COUNT_REMOVED] = "removed",
    [OTA_COUNT_SKIPPED] = "skipped",
    [OTA_COUNT_BLOCKED] = "blocked",
    [OTA_COUNT_ON_TARGET] = "on_target",
    [OTA_COUNT_BAD] = "bad",
    [OTA_COUNT_EXECUTED] = "executed",
    [OTA_COUNT_TERMINAL] = "terminal",
    [OTA_COUNT_IN_FLIGHT] = "in_flight",
    [OTA_COUNTERS] = NULL,
};

const char *const ota_compare_words[] = {">=", ">", "<=", "<", "==", NULL};
const char *const ota_math_words[] = {"exact", "floor_pct", "ceil_count",
                                      "float32", NULL};
const char *const ota_scope_words[] = {"rollout", "wave", NULL};
const char *const ota_action_words[] = {"next_wave", "pause",     "stop",
                                        "rollback",  "finish",    "approve",
                                        "rate",      "in_flight", NULL};
const char *const ota_cancel_words[] = {"none", "queued", "all", NULL};
const char *const ota_back_words[] = {"all", "updated", "wave", NULL};

const char *const ota_late_words[] = {"ignore", "last_wave", "immediately",
                                      "append_wave", NULL};
const char *const ota_if_current_words[] = {"skip", "succeed", "force", NULL};

const char *const ota_size_of_words[] = {"initial", "matched", "fleet",
                                         "remaining", NULL};
const char *const ota_round_words[] = {"half_up", "floor", "ceil", NULL};
const char *const ota_assign_words[] = {"start", "create", "poll", NULL};
const char *const ota_sequence_words[] = {"random",
                                          "id",
                                          "created",
                                          "connected_longest",
                                          "first_seen_newest",
                                          "last_seen_newest",
                                          "label",
                                          NULL};

const char *const ota_grow_words[] = {"offered", "succeeded", "either", NULL};
const char *const ota_slot_words[] = {"offered", "started", "downloading",
                                      NULL};

const char *const ota_cause_words[] = {"download", "install", "revert",
                                       "refused", NULL};
const char *const ota_at_end_words[] = {"stop", "cancel_queued", "cancel_all",
                                        NULL};

const char *const ota_learn_words[] = {"as_delivery", "poll", "push",
                                       "handshake", NULL};
const char *const ota_poll_phase_words[] = {"random", "boot", "even", NULL};
const char *const ota_accept_words[] = {"auto", "ask", "lock", NULL};
const char *const ota_accept_what_words[] = {"download", "install", NULL};
const char *const ota_confirm_words[] = {"none", "self", "server", "time",
                                         NULL};
const char *const ota_revert_words[] = {"next_boot", "timer", "never", NULL};
const char *const ota_image_form_words[] = {"full", "delta", "delta_else_full",
                                            NULL};

/* --- counters ------------------------------------------------------------ */

int64_t ota_count(const struct ota_counts *counts, enum ota_counter counter)
{
    const int64_t *kept = counts->kept;
    const int64_t bad = kept[OTA_COUNT_FAILED] + kept[OTA_COUNT_REJECTED] +
                        kept[OTA_COUNT_TIMED_OUT];
    const int64_t terminal = kept[OTA_COUNT_SUCCEEDED] + bad +
                             kept[OTA_COUNT_CANCELED] +
                             kept[OTA_COUNT_REMOVED] + kept[OTA_COUNT_SKIPPED];

    assert(counter < OTA_COUNTERS);
    switch (counter) {
    case OTA_COUNT_BAD:
        return bad;
    case OTA_COUNT_EXECUTED:
        return kept[OTA_COUNT_SUCCEEDED] + bad;
    case OTA_COUNT_TERMINAL:
        return terminal;
    case OTA_COUNT_IN_FLIGHT:
        return kept[OTA_COUNT_OFFERED] -
               (terminal - counts->repeats - counts->unoffered);
    default:
        return kept[counter];
    }
}

/* --- the empty policy ---------------------------------------------------- */

static const struct ota_wave everybody[] = {
    {
        .name = "rest",
        .size = {.kind = OTA_SIZE_REST},
        .start = {.kind = OTA_START_AT, .time_us = 0},
        .order = OTA_SEQUENCE_RANDOM,
    },
};

/* A delta's size over the full image: 65 to 71 kB of a 604 to 615 kB firmware,
 * compressed. Source: README of eerimoq/detools, MicroPython example. */
static const double delta_share = 0.11;

static void pace_init(struct ota_policy_pace *pace)
{
    *pace = (struct ota_policy_pace){
        .rate = {.per_us = OTA_US_PER_MIN, .max = INFINITY, .factor = 1},
        .in_flight = {.stale_us = OTA_NEVER, .sweep_us = OTA_NEVER},
        .late_paced = true,
    };
}

static void attempt_init(struct ota_policy_attempt *attempt)
{
    *attempt = (struct ota_policy_attempt){
        .timeout = {.after_us = OTA_NEVER, .step_us = OTA_NEVER},
        .retry = {.total = INT64_MAX, /* the two limits alone */
                  .factor = 1,
                  .wait_max_us = OTA_NEVER,
                  .causes = (1U << OTA_CAUSES) - 1},
    };
}

static void device_init(struct ota_policy_device *device)
{
    const struct ota_dist at_once = ota_dist_fixed(OTA_TIME, 0);

    *device = (struct ota_policy_device){
        .learn = {.by = OTA_LEARN_AS_DELIVERY,
                  .every = at_once,
                  .jitter = at_once},
        .poll_retry = {.repeat = 1, .factor = 2, .max_us = OTA_NEVER},
        .accept = {.mode = OTA_ACCEPT_AUTO,
                   .delay = at_once,
                   .lock_lasts = at_once},
        .confirm = {.by = OTA_CONFIRM_NONE,
                    .deadline_us = OTA_NEVER,
                    .revert = OTA_REVERT_NEVER},
    };
}

/* Nobody comes. Whoever does resumes as often as it takes and retries once. */
static void operator_init(struct ota_policy_operator *operator)
{
    const struct ota_dist at_once = ota_dist_fixed(OTA_TIME, 0);

    *operator=(struct ota_policy_operator){
        .approve = at_once,
        .resume = at_once,
        .resumes_max = INT64_MAX,
        .skip_wave_us = OTA_NEVER,
        .retry_failed_us = OTA_NEVER,
        .retry_failed_max = 1,
        .trigger_next_us = OTA_NEVER,
    };
}

void ota_policy_init(struct ota_policy *policy)
{
    *policy = (struct ota_policy){
        .name = "",
        .target = {.late = OTA_LATE_IGNORE,
                   .leave_removes = true,
                   .if_current = OTA_CURRENT_SKIP},
        .waves = {.list = everybody,
                  .count = sizeof everybody / sizeof everybody[0],
                  .assign = OTA_ASSIGN_START,
                  .round = OTA_ROUND_HALF_UP,
                  .repeat = {.size = {.kind = OTA_SIZE_REST}}},
        .rules = {.math = OTA_MATH_EXACT},
        .windows = {.end_us = OTA_NEVER, .at_end = OTA_END_STOP},
        .transfer = {.image = OTA_IMAGE_FULL,
                     .delta_share = delta_share,
                     .delta_ok = 1,
                     .resume = true,
                     .url_ttl_us = OTA_NEVER},
    };
    pace_init(&policy->pace);
    attempt_init(&policy->attempt);
    device_init(&policy->device);
    operator_init(&policy->operator);
}

/* --- at once ------------------------------------------------------------- */

/* Whether the first wave takes everybody when the rollout begins. */
static bool first_takes_all(const struct ota_policy *policy)
{
    const struct ota_wave *wave = &policy->waves.list[0];

    return policy->waves.count == 1 &&
           policy->waves.assign != OTA_ASSIGN_POLL &&
           policy->waves.repeat.size.kind == OTA_SIZE_REST &&
           !wave->where.root && wave->size.kind == OTA_SIZE_REST &&
           wave->start.kind == OTA_START_AT && wave->start.time_us == 0 &&
           !wave->reachable && !wave->approval && !wave->pace &&
           (!wave->rules || wave->rules->count == 0);
}

static bool is_unpaced(const struct ota_policy_pace *pace)
{
    return !pace->rate.limited && pace->in_flight.max == 0 &&
           pace->in_flight.min_available == 0 && pace->lane_count == 0 &&
           pace->min_gap_us == 0 && pace->every_us == 0;
}

/* Whether an attempt that ends ends for good, and only the device ends it. */
static bool is_one_attempt(const struct ota_policy_attempt *attempt)
{
    const struct ota_policy_retry *retry = &attempt->retry;
    const struct ota_policy_penalty *penalty = &attempt->penalty;

    return attempt->timeout.after_us == OTA_NEVER &&
           attempt->timeout.step_us == OTA_NEVER &&
           (retry->total == 0 ||
            (retry->failed == 0 && retry->timed_out == 0)) &&
           penalty->on_failed_us == 0 && penalty->on_refused_us == 0 &&
           penalty->after_attempts == 0 && penalty->rate_n == 0;
}

bool ota_policy_begins_at_once(const struct ota_policy *policy)
{
    return !policy->target.where.root &&
           policy->target.late == OTA_LATE_IGNORE &&
           policy->target.if_current == OTA_CURRENT_SKIP &&
           first_takes_all(policy) && is_unpaced(&policy->pace) &&
           is_one_attempt(&policy->attempt) &&
           policy->windows.offer.count == 0 &&
           policy->operator.retry_failed_us == OTA_NEVER;
}

/* What devices do of themselves, how they learn of it, which windows of their
 * own they have, what is sent, is not the rollout's: it does not count here. */
bool ota_policy_is_at_once(const struct ota_policy *policy)
{
    return ota_policy_begins_at_once(policy) && policy->rules.count == 0 &&
           policy->windows.start_us == 0 && policy->windows.end_us == OTA_NEVER;
}
