/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * observation.c - the words for states, outcomes and phases, as files use them,
 * and what all readers of a record work out of it.
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
    [OTA_STATE_CRASHING] = "crashing",
    [OTA_STATE_REVERTED] = "reverted",
    [OTA_STATE_BRICKED] = "bricked",
    [OTA_STATE_ROLLED_BACK] = "rolled_back",
};

const char *const ota_outcome_names[OTA_OUTCOMES] = {
    [OTA_OUTCOME_UPDATED_CONFIRMED] = "updated_confirmed",
    [OTA_OUTCOME_UPDATED_UNREPORTED] = "updated_unreported",
    [OTA_OUTCOME_IN_PROGRESS] = "in_progress",
    [OTA_OUTCOME_WAITING_NOT_REACHED] = "waiting_not_reached",
    [OTA_OUTCOME_WAITING_CANCELED] = "waiting_canceled",
    [OTA_OUTCOME_WAITING_NEVER_REACHABLE] = "waiting_never_reachable",
    [OTA_OUTCOME_WAITING_NEVER_OFFERED] = "waiting_never_offered",
    [OTA_OUTCOME_WAITING_NEVER_BEGUN] = "waiting_never_begun",
    [OTA_OUTCOME_WAITING_ALWAYS_ABORTED] = "waiting_always_aborted",
    [OTA_OUTCOME_FAILED_NOT_APPLIED] = "failed_not_applied",
    [OTA_OUTCOME_FAILED_GIVEN_UP] = "failed_given_up",
    [OTA_OUTCOME_FAILED_CRASHING] = "failed_crashing",
    [OTA_OUTCOME_FAILED_REFUSED] = "failed_refused",
    [OTA_OUTCOME_SAFE_MODE] = "safe_mode",
    [OTA_OUTCOME_REVERTED] = "reverted",
    [OTA_OUTCOME_ROLLED_BACK] = "rolled_back",
    [OTA_OUTCOME_BRICKED] = "bricked",
    [OTA_OUTCOME_OUT_OF_BATTERY] = "out_of_battery",
    [OTA_OUTCOME_OUT_OF_DATA] = "out_of_data",
};

const char *const ota_phase_names[OTA_PHASES] = {
    [OTA_PHASE_ABSENT] = "off",
    [OTA_PHASE_ASLEEP] = "asleep",
    [OTA_PHASE_TAIL] = "tail",
    [OTA_PHASE_BOOTING] = "booting",
    [OTA_PHASE_ATTACHING] = "attaching",
    [OTA_PHASE_CONNECTING] = "connecting",
    [OTA_PHASE_PUBLISHING] = "publishing",
    [OTA_PHASE_ONLINE] = "online",
    [OTA_PHASE_BACKING_OFF] = "backing_off",
    [OTA_PHASE_TRANSFERRING] = "transferring",
    [OTA_PHASE_APPLYING] = "applying",
    [OTA_PHASE_CRASHING] = "crashing",
    [OTA_PHASE_DEAD] = "dead",
};

int64_t ota_record_awake_us(const struct ota_device_record *record)
{
    int64_t awake_us = 0;

    for (int p = 0; p < OTA_POWERS; p++)
        if (!ota_power_is_sleep((enum ota_power)p))
            awake_us += record->power_us[p];
    return awake_us;
}
