/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * estimate_notes.c - what an estimate assumes or leaves out, of what the
 * scenario has.
 */
#include "sim/experiment/estimate.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/base/clock.h"

void ota_forecast_note(struct ota_forecast *forecast, const char *format, ...)
{
    char text[sizeof(forecast->notes[0])];
    va_list list;

    va_start(list, format);
    vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    for (size_t i = 0; i < forecast->note_count; i++)
        if (strcmp(forecast->notes[i], text) == 0)
            return;
    if (forecast->note_count < OTA_FORECAST_NOTES)
        memcpy(forecast->notes[forecast->note_count++], text, sizeof(text));
}

static void note_device(const struct ota_group *group,
                        struct ota_forecast *forecast)
{
    const struct ota_app_common *app = group->facts.app;
    const struct ota_firmware_modular_config *firmware = group->firmware.config;

    if (app->updates != OTA_APP_UPDATES_ENABLED)
        ota_forecast_note(forecast, "the app lets the update in at once, "
                                    "though it has updates disabled");
    if (app->interferes_us != OTA_NEVER || app->interferes_per_chunk > 0)
        ota_forecast_note(forecast, "that the app breaks transfers is left "
                                    "out");
    if (firmware->failure > 0)
        ota_forecast_note(forecast, "installs that fail are left out");
    if (group->presence.model != &ota_presence_always)
        ota_forecast_note(forecast, "the device is not switched off meanwhile");
    if (group->outage_count > 0)
        ota_forecast_note(forecast, "outages are left out");
    if (group->absent > 0)
        ota_forecast_note(forecast, "devices that are never on are left out");
    if (group->facts.mapping_us < group->facts.keep_alive_us)
        ota_forecast_note(forecast,
                          "waits for a keep-alive, as the address mapping is "
                          "shorter, are left out");
}

static void note_fleet(const struct ota_fleet_config *fleet,
                       const struct ota_group *group,
                       struct ota_forecast *forecast)
{
    if (fleet->cloud.egress_bit_s > 0 || fleet->cloud.uplink_bit_s > 0)
        ota_forecast_note(forecast, "no capacity is shared with others");
    if (fleet->image.fate != OTA_IMAGE_GOOD)
        ota_forecast_note(forecast, "the release is good");
    if (group->facts.script)
        ota_forecast_note(forecast, "modules go in their order, each as soon "
                                    "as the device is back");
    if (group->facts.polls && forecast->count > forecast->safe_modes + 1)
        ota_forecast_note(forecast, "a device that is back asks at once");
    if (!ota_policy_is_at_once(&fleet->policy))
        ota_forecast_note(forecast, "the policy is left out: waves, slots, "
                                    "deltas, consent and the like");
}

void ota_forecast_note_all(const struct ota_fleet_config *fleet,
                           struct ota_forecast *forecast)
{
    const struct ota_group *group = forecast->group;

    ota_forecast_note(forecast,
                      group->sleep.model == &ota_sleep_always_on
                          ? "counted from the first offer until the cloud "
                            "hears of the new version"
                          : "the device stays awake until it is through; "
                            "counted from the first offer until the cloud "
                            "hears of the new version");
    ota_forecast_note(forecast,
                      "best: nothing is lost, and each delay is the least that "
                      "its distribution has, or its 1 %% quantile");
    note_device(group, forecast);
    note_fleet(fleet, group, forecast);
    if (forecast->stuck)
        ota_forecast_note(forecast, "somebody sends what is behind the app, "
                                    "though the healer is off for such "
                                    "devices");
    if (forecast->breaks > 0.005)
        ota_forecast_note(forecast,
                          "%.2g transfers are broken off by losses and begun "
                          "again, each taken to be half done",
                          forecast->breaks);
    if (forecast->out_of_reach > 0)
        ota_forecast_note(forecast,
                          "%.3g %% of devices or times have too weak a signal "
                          "for these formulas (a tenth of datagrams lost or "
                          "more); they take longer and are left out",
                          100 * forecast->out_of_reach);
    if (!forecast->expected_known && forecast->best_known &&
        forecast->out_of_reach < 1)
        ota_forecast_note(forecast,
                          "what losses or slow answers do to transfers of "
                          "model \"%s\" is not "
                          "estimated; `otasim run` simulates it",
                          group->transfer.model->model.name);
}
