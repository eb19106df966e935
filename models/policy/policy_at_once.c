/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * policy_at_once.c - the release goes to every target at once.
 */
#include "models/policy/policy.h"

#include <assert.h>

#include "sim/base/clock.h"

static struct ota_policy_decision
at_once_decide(const void *config, const struct ota_policy_view *view)
{
    (void)config;
    assert(view->reached <= view->targets);

    return (struct ota_policy_decision){
        .reach = view->targets - view->reached,
        .next_us = OTA_NEVER,
    };
}

static const struct ota_field at_once_fields[] = {
    {.name = NULL},
};

const struct ota_policy_model ota_policy_at_once = {
    .model =
        {
            .name = "at_once",
            .summary = "every target may update from the release on",
            .source = "by definition",
            .config_size = sizeof(struct ota_policy_at_once_config),
            .fields = at_once_fields,
        },
    .decide = at_once_decide,
};
