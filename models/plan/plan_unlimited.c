/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plan_unlimited.c - data that costs nothing and has no cap.
 */
#include "models/plan/plan.h"

#include "sim/base/clock.h"

static void unlimited_meter(const void *config, struct ota_plan_state *state,
                            int64_t now_us, int64_t bytes)
{
    (void)config;
    (void)now_us;
    state->used_bytes += bytes;
}

static void unlimited_end_session(const void *config,
                                  struct ota_plan_state *state, int64_t now_us)
{
    (void)config;
    (void)state;
    (void)now_us;
}

static int64_t unlimited_left_bytes(const void *config,
                                    struct ota_plan_state *state,
                                    int64_t now_us)
{
    (void)config;
    (void)state;
    (void)now_us;
    return INT64_MAX;
}

static int64_t unlimited_period_us(const void *config)
{
    (void)config;
    return OTA_NEVER;
}

static int64_t unlimited_free_bytes(const void *config)
{
    (void)config;
    return INT64_MAX;
}

static int64_t unlimited_nothing(const void *config,
                                 const struct ota_plan_state *state)
{
    (void)config;
    (void)state;
    return 0;
}

static const struct ota_field unlimited_fields[] = {
    {.name = NULL},
};

const struct ota_plan_model ota_plan_unlimited = {
    .model =
        {
            .name = "unlimited",
            .summary = "no cap, no overage",
            .source = "by definition",
            .config_size = sizeof(struct ota_plan_unlimited_config),
            .fields = unlimited_fields,
        },
    .meter = unlimited_meter,
    .end_session = unlimited_end_session,
    .left_bytes = unlimited_left_bytes,
    .period_us = unlimited_period_us,
    .free_bytes = unlimited_free_bytes,
    .cost_uusd = unlimited_nothing,
    .periods_over = unlimited_nothing,
};
