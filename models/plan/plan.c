/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plan.c - the data plans.
 */
#include "models/plan/plan.h"

#include <stddef.h>

const struct ota_plan_model *const ota_plan_models[] = {
    &ota_plan_unlimited,
    &ota_plan_capped,
    NULL,
};
