/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plan_capped.c - so many bytes a period included; overage or a pause beyond.
 *
 * A data session is billed when it ends, rounded up to multiples of round_to;
 * the open one counts as if it ended now. A session that is open at the end of
 * a period is cut there, as billing records are: each part is billed, rounded,
 * in its own period.
 *
 * Exactly the included bytes are not over the cap. With overage a period is
 * over once more than that is billed, and each started step costs its price.
 * With pause it is over once no byte may pass any more; some time later the
 * operator may raise the limit for the rest of the period, and what then
 * passes costs the same overage.
 */
#include "models/plan/plan.h"

#include <assert.h>

#include "sim/base/clock.h"

enum { UUSD_PER_BYTE_MAX = 1000000 };

static const char *const at_cap_words[] = {
    [OTA_PLAN_OVERAGE] = "overage",
    [OTA_PLAN_PAUSE] = "pause",
    NULL,
};

static int64_t divided_up(int64_t amount, int64_t step)
{
    return amount / step + (amount % step != 0);
}

/* What the period would cost in bytes if the open session ended now. */
static int64_t billed_bytes(const struct ota_plan_capped_config *config,
                            const struct ota_plan_state *state)
{
    if (config->round_bytes == 1)
        return state->used_bytes + state->raw_bytes;
    return state->used_bytes +
           divided_up(state->raw_bytes, config->round_bytes) *
               config->round_bytes;
}

/* How many more bytes the open session can take without going over. */
static int64_t room_bytes(const struct ota_plan_capped_config *config,
                          const struct ota_plan_state *state)
{
    const int64_t free_bytes = config->included_bytes - state->used_bytes;
    const int64_t whole_bytes = free_bytes - free_bytes % config->round_bytes;

    return free_bytes > 0 && whole_bytes > state->raw_bytes
               ? whole_bytes - state->raw_bytes
               : 0;
}

static bool over_cap(const struct ota_plan_capped_config *config,
                     const struct ota_plan_state *state)
{
    if (config->at_cap == OTA_PLAN_PAUSE)
        return room_bytes(config, state) == 0;
    return billed_bytes(config, state) > config->included_bytes;
}

static int64_t overage_uusd(const struct ota_plan_capped_config *config,
                            const struct ota_plan_state *state)
{
    const int64_t over_bytes =
        billed_bytes(config, state) - config->included_bytes;

    /* A device may pass the cap by the exchange that is under way; a limit
     * that nobody raises is not billed for that. */
    const bool never_billed =
        config->at_cap == OTA_PLAN_PAUSE && config->raise_after_us == OTA_NEVER;
    if (over_bytes <= 0 || never_billed)
        return 0;
    return divided_up(over_bytes, config->overage_step_bytes) *
           config->overage_price_uusd;
}

static void close_period(const struct ota_plan_capped_config *config,
                         struct ota_plan_state *state, int64_t now_us)
{
    state->cost_uusd += overage_uusd(config, state);
    state->periods_over += state->capped_us != 0;
    state->period = (uint32_t)(now_us / config->period_us);
    state->used_bytes = 0;
    state->raw_bytes = 0;
    state->capped_us = 0;
}

/* Closes the period if it has ended by now_us. Nothing passed in those that
 * were skipped. */
static void advance(const struct ota_plan_capped_config *config,
                    struct ota_plan_state *state, int64_t now_us)
{
    const int64_t into_us = now_us - state->period * config->period_us;

    assert(into_us >= 0);
    if (into_us >= config->period_us)
        close_period(config, state, now_us);
}

/* Notes when the cap is reached first. However the open session is rounded, it
 * takes less than one step more than has passed. */
static void note_cap(const struct ota_plan_capped_config *config,
                     struct ota_plan_state *state, int64_t now_us)
{
    const int64_t at_most =
        state->used_bytes + state->raw_bytes + config->round_bytes;

    if (at_most > config->included_bytes && state->capped_us == 0 &&
        over_cap(config, state))
        state->capped_us = ota_us_max(now_us, 1);
}

static void capped_meter(const void *opaque, struct ota_plan_state *state,
                         int64_t now_us, int64_t bytes)
{
    const struct ota_plan_capped_config *config = opaque;

    assert(bytes >= 0);
    advance(config, state, now_us);
    state->raw_bytes += bytes;
    note_cap(config, state, now_us);
}

static void capped_end_session(const void *opaque, struct ota_plan_state *state,
                               int64_t now_us)
{
    const struct ota_plan_capped_config *config = opaque;

    advance(config, state, now_us);
    state->used_bytes = billed_bytes(config, state);
    state->raw_bytes = 0;
    /* Unused bytes of the last rounding step end with the session. */
    note_cap(config, state, now_us);
}

static int64_t capped_left_bytes(const void *opaque,
                                 struct ota_plan_state *state, int64_t now_us)
{
    const struct ota_plan_capped_config *config = opaque;

    if (config->at_cap == OTA_PLAN_OVERAGE)
        return INT64_MAX;
    advance(config, state, now_us);
    if (state->capped_us != 0 &&
        now_us >= ota_us_add(state->capped_us, config->raise_after_us))
        return INT64_MAX;
    return state->capped_us != 0 ? 0 : room_bytes(config, state);
}

static int64_t capped_cost_uusd(const void *config,
                                const struct ota_plan_state *state)
{
    return state->cost_uusd + overage_uusd(config, state);
}

static int64_t capped_periods_over(const void *config,
                                   const struct ota_plan_state *state)
{
    (void)config;
    return state->periods_over + (state->capped_us != 0);
}

static int64_t capped_period_us(const void *opaque)
{
    const struct ota_plan_capped_config *config = opaque;

    return config->period_us;
}

/* With a pause the last step must stay free. */
static int64_t capped_free_bytes(const void *opaque)
{
    const struct ota_plan_capped_config *config = opaque;

    return config->at_cap == OTA_PLAN_PAUSE
               ? config->included_bytes - config->round_bytes
               : config->included_bytes;
}

static const char *capped_problem(const void *opaque)
{
    const struct ota_plan_capped_config *config = opaque;

    if (config->at_cap == OTA_PLAN_PAUSE &&
        config->included_bytes < config->round_bytes)
        return "included is less than round_to, so that nothing could ever "
               "pass; it must be at least as much";
    /* Keeps the bill of 2^43 bytes, 8 TB, within an int64_t. */
    if (config->overage_price_uusd / config->overage_step_bytes >
        UUSD_PER_BYTE_MAX)
        return "overage_price is more than 1USD a byte; it buys overage_step, "
               "which is perhaps too small";
    return NULL;
}

static const struct ota_field capped_fields[] = {
    {
        .name = "included",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_SIZE,
        .offset = offsetof(struct ota_plan_capped_config, included_bytes),
        .min = 0,
        .max = 1e15,
        .help = "bytes a period that are paid for with the plan",
    },
    {
        .name = "at_cap",
        .kind = OTA_FIELD_CHOICE,
        .offset = offsetof(struct ota_plan_capped_config, at_cap),
        .fallback = "overage",
        .choices = at_cap_words,
        .help = "overage: more bytes cost more; pause: none pass",
    },
    {
        .name = "overage_price",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_MONEY,
        .offset = offsetof(struct ota_plan_capped_config, overage_price_uusd),
        .fallback = "0USD",
        .min = 0,
        .max = 1e9,
        .help = "price of each started overage_step beyond the cap",
    },
    {
        .name = "overage_step",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_SIZE,
        .offset = offsetof(struct ota_plan_capped_config, overage_step_bytes),
        .fallback = "1MB",
        .min = 1,
        .max = 1e15,
        .help = "bytes that overage_price buys",
        .source = "plans are priced per MB",
    },
    {
        .name = "period",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_plan_capped_config, period_us),
        .fallback = "30d",
        .min = (double)OTA_US_PER_H,
        .max = 366.0 * (double)OTA_US_PER_DAY,
        .help = "billing period; the first begins at time 0",
        .source = "ours: a calendar month has 28 to 31 days",
    },
    {
        .name = "round_to",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_SIZE,
        .offset = offsetof(struct ota_plan_capped_config, round_bytes),
        .fallback = "1B",
        .min = 1,
        .max = 1e9,
        .help = "each data session is rounded up to multiples of this",
    },
    {
        .name = "raise_after",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_TIME,
        .offset = offsetof(struct ota_plan_capped_config, raise_after_us),
        .fallback = "never",
        .min = 0,
        .max = (double)OTA_NEVER,
        .help = "pause: the operator raises the limit this long after the cap",
    },
    {.name = NULL},
};

const struct ota_plan_model ota_plan_capped = {
    .model =
        {
            .name = "capped",
            .summary = "bytes included in a period, then overage or a pause",
            .source = "docs.particle.io, Cellular data (pause, raise); "
                      "help.1nce.com (rounding by session)",
            .config_size = sizeof(struct ota_plan_capped_config),
            .fields = capped_fields,
            .problem = capped_problem,
        },
    .meter = capped_meter,
    .end_session = capped_end_session,
    .left_bytes = capped_left_bytes,
    .period_us = capped_period_us,
    .free_bytes = capped_free_bytes,
    .cost_uusd = capped_cost_uusd,
    .periods_over = capped_periods_over,
};
