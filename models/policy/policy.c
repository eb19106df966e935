/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * policy.c - the rollout policies.
 */
#include "models/policy/policy.h"

#include <stddef.h>

const struct ota_policy_model *const ota_policy_models[] = {
    &ota_policy_at_once,
    NULL,
};
