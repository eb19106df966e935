/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * common_fleet.c - see common_fleet.h.
 *
 * An observer writes the entries of the devices that its thread runs. Phases
 * are summed until a device has reported its update, for the common model goes
 * no further; what is undone is all told anew.
 */
#include "tests/support/common_fleet.h"

#include <stdlib.h>

#include "sim/base/clock.h"
#include "sim/fleet/fleet.h"

static bool is_awake(enum ota_phase phase)
{
    return phase >= OTA_PHASE_BOOTING && phase <= OTA_PHASE_APPLYING;
}

static enum common_end end_of(enum ota_outcome outcome)
{
    switch (outcome) {
    case OTA_OUTCOME_UPDATED_CONFIRMED:
        return COMMON_UPDATED;
    case OTA_OUTCOME_UPDATED_UNREPORTED:
        return COMMON_UNREPORTED;
    case OTA_OUTCOME_WAITING_ALWAYS_ABORTED:
        return COMMON_ABORTED;
    case OTA_OUTCOME_WAITING_NEVER_BEGUN:
        return COMMON_NEVER_BEGUN;
    default:
        return COMMON_BUSY;
    }
}

static void observe(void *self, const struct ota_observation *seen)
{
    struct common_device *device = (struct common_device *)self + seen->device;
    const struct ota_transfer_result *result = seen->detail.transfer.result;

    if (seen->undone) {
        *device = (struct common_device){.end = COMMON_BUSY};
        return;
    }
    switch (seen->kind) {
    case OTA_SEEN_END:
        if (result->end != OTA_TRANSFER_CUT)
            device->sends += result->chunks_sent;
        break;
    case OTA_SEEN_PHASE:
        if (seen->record->confirmed_us == OTA_NEVER &&
            is_awake(seen->detail.phase.phase))
            device->awake_us += seen->time_us - seen->detail.phase.since_us;
        break;
    case OTA_SEEN_FINAL:
        device->end = end_of(seen->record->outcome);
        device->updated_us = seen->record->confirmed_us;
        break;
    default:
        break;
    }
}

static bool run_fleet(struct ota_fleet *fleet, int threads,
                      struct common_device *devices)
{
    const size_t lanes = (size_t)threads;
    struct ota_observer *observers = calloc(lanes, sizeof(*observers));
    bool good = false;

    if (observers) {
        for (size_t s = 0; s < lanes; s++)
            observers[s] = (struct ota_observer){
                .wants = 1u << OTA_SEEN_END | 1u << OTA_SEEN_PHASE |
                         1u << OTA_SEEN_FINAL,
                .observe = observe,
                .self = devices,
            };
        const struct ota_fleet_run_options options = {
            .observers = observers,
            .threads = threads,
        };
        good = ota_fleet_run(fleet, &options);
    }
    free(observers);
    return good;
}

bool common_fleet_run(const char *file, const struct ota_setting *settings,
                      size_t setting_count, int threads,
                      struct common_device *devices, size_t count)
{
    struct ota_complaints complaints = {0};
    struct ota_error error = {0};
    struct ota_scenario scenario;
    bool good = false;

    if (!ota_scenario_read(&scenario, file, settings, setting_count,
                           &complaints)) {
        ota_complaints_print(&complaints, stderr);
        return false;
    }
    const struct ota_random_key key = {.seed = scenario.run.seed};
    if ((size_t)ota_fleet_config_devices(&scenario.fleet) == count) {
        for (size_t i = 0; i < count; i++)
            devices[i] = (struct common_device){.end = COMMON_BUSY};
        struct ota_fleet *fleet = ota_fleet_new(&scenario.fleet, &key, &error);
        good = fleet && run_fleet(fleet, threads, devices);
        ota_fleet_free(fleet);
    }
    if (!good)
        fprintf(stderr, "%s: cannot be run: %s\n", file, error.message);
    ota_scenario_release(&scenario);
    return good;
}
