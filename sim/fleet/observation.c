/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * observation.c - the words for states and outcomes, as files use them.
 */
#include "sim/fleet/observation.h"

const char *const ota_state_names[OTA_STATES] = {
    [OTA_STATE_WAITING] = "waiting",
    [OTA_STATE_DOWNLOADING] = "downloading",
    [OTA_STATE_APPLYING] = "applying",
    [OTA_STATE_SAFE_MODE] = "safe_mode",
    [OTA_STATE_INSTALLED] = "installed",
    [OTA_STATE_CONFIRMED] = "confirmed",
    [OTA_STATE_GIVEN_UP] = "given_up",
    [OTA_STATE_OUT_OF_DATA] = "out_of_data",
    [OTA_STATE_DEAD] = "battery_empty",
    [OTA_STATE_ABSENT] = "absent",
};

const char *const ota_outcome_names[OTA_OUTCOMES] = {
    [OTA_OUTCOME_UPDATED_CONFIRMED] = "updated_confirmed",
    [OTA_OUTCOME_UPDATED_UNREPORTED] = "updated_unreported",
    [OTA_OUTCOME_IN_PROGRESS] = "in_progress",
    [OTA_OUTCOME_WAITING_NEVER_REACHABLE] = "waiting_never_reachable",
    [OTA_OUTCOME_WAITING_NEVER_OFFERED] = "waiting_never_offered",
    [OTA_OUTCOME_WAITING_NEVER_BEGUN] = "waiting_never_begun",
    [OTA_OUTCOME_WAITING_ALWAYS_ABORTED] = "waiting_always_aborted",
    [OTA_OUTCOME_FAILED_NOT_APPLIED] = "failed_not_applied",
    [OTA_OUTCOME_FAILED_GIVEN_UP] = "failed_given_up",
    [OTA_OUTCOME_SAFE_MODE] = "safe_mode",
    [OTA_OUTCOME_OUT_OF_BATTERY] = "out_of_battery",
    [OTA_OUTCOME_OUT_OF_DATA] = "out_of_data",
};
