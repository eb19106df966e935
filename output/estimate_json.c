/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * estimate_json.c - an estimate as one JSON object. Times are in seconds, sizes
 * in bytes, charge in mAh, money in USD; what is not known is null.
 */
#include "output/estimate.h"

#include <math.h>

#include "output/json_out.h"

static void number(struct ota_json_out *json, const char *key, double value)
{
    ota_json_out_key(json, key);
    ota_json_out_number(json, value); /* null for NaN and infinity */
}

static void text(struct ota_json_out *json, const char *key, const char *value)
{
    ota_json_out_key(json, key);
    ota_json_out_string(json, value);
}

static void flag(struct ota_json_out *json, const char *key, bool value)
{
    ota_json_out_key(json, key);
    ota_json_out_raw(json, value ? "true" : "false");
}

static void write_cost(struct ota_json_out *json, const char *key,
                       const struct ota_forecast_cost *cost, bool known)
{
    ota_json_out_key(json, key);
    if (!known) {
        ota_json_out_raw(json, "null");
        return;
    }
    ota_json_out_open(json, '{');
    number(json, "bytes", ota_forecast_bytes(cost));
    number(json, "useful_bytes", cost->useful_bytes);
    number(json, "overhead_bytes", cost->overhead_bytes);
    number(json, "handshake_bytes", cost->connect_bytes);
    number(json, "again_bytes", cost->again_bytes);
    number(json, "connected_s", ota_forecast_connected_us(cost) / 1e6);
    number(json, "transfer_s", cost->transfer_us / 1e6);
    number(json, "wait_s", cost->wait_us / 1e6);
    number(json, "handshake_s", cost->connect_us / 1e6);
    number(json, "apply_s", cost->apply_us / 1e6);
    number(json, "attach_s", cost->attach_us / 1e6);
    number(json, "off_s", cost->off_us / 1e6);
    number(json, "total_s", ota_forecast_us(cost) / 1e6);
    number(json, "charge_mah",
           cost->charge_pc / ((double)OTA_PC_PER_UAH * 1000));
    ota_json_out_close(json, '}');
}

static void write_module(struct ota_json_out *json,
                         const struct ota_forecast *forecast, size_t k)
{
    const struct ota_forecast_module *module = &forecast->modules[k];
    const struct ota_path_step *step = module->step;
    char slot[3];

    ota_slot_to_text(step->module.slot, slot);
    ota_json_out_open(json, '{');
    text(json, "slot", slot);
    ota_json_out_key(json, "version");
    ota_json_out_integer(json, step->module.version);
    text(json, "os", ota_estimate_os(forecast, step));
    ota_json_out_key(json, "module_bytes");
    ota_json_out_integer(json, step->module.size_bytes);
    ota_json_out_key(json, "with_app_bytes");
    ota_json_out_integer(json, step->with.size_bytes);
    ota_json_out_key(json, "image_bytes");
    ota_json_out_integer(json, step->image_bytes);
    flag(json, "compressed", step->compressed);
    text(json, "sent_by",
         module->by == OTA_FORECAST_BY_HEALER ? "healer" : "cloud");
    flag(json, "safe_mode_after", step->safe_mode_after);
    write_cost(json, "best", &module->best, forecast->best_known);
    write_cost(json, "expected", &module->expected, forecast->expected_known);
    ota_json_out_close(json, '}');
}

static void write_chances(struct ota_json_out *json, const char *key,
                          const double time_us[OTA_FORECAST_CHANCES])
{
    ota_json_out_key(json, key);
    ota_json_out_open_flat(json, '[');
    for (int c = 0; c < OTA_FORECAST_CHANCES; c++)
        ota_json_out_number(json, time_us[c] / 1e6);
    ota_json_out_close(json, ']');
}

static void write_waits(struct ota_json_out *json,
                        const struct ota_forecast *forecast)
{
    const struct ota_forecast_waits *waits = &forecast->waits;

    ota_json_out_key(json, "waits");
    if (!waits->sleeps || forecast->count == 0) {
        ota_json_out_raw(json, "null");
        return;
    }
    ota_json_out_open(json, '{');
    ota_json_out_key(json, "chances");
    ota_json_out_open_flat(json, '[');
    for (int c = 0; c < OTA_FORECAST_CHANCES; c++)
        ota_json_out_number(json, ota_forecast_chances[c]);
    ota_json_out_close(json, ']');
    write_chances(json, "start_s", waits->start_us);
    write_chances(json, "finish_s", waits->finish_us);
    flag(json, "stays_once_begun", waits->stays);
    number(json, "offers_per_day",
           waits->wakes_known ? waits->offers_per_day : NAN);
    if (waits->wakes_known) {
        write_chances(json, "start_in_a_day_s", waits->day_us);
        write_chances(json, "start_in_a_week_s", waits->week_us);
    }
    number(json, "own_s", waits->own_us / 1e6);
    if (!isnan(waits->own_us)) {
        number(json, "own_start", waits->own_start);
        number(json, "own_finish", waits->own_finish);
    }
    ota_json_out_close(json, '}');
}

static void write_money(struct ota_json_out *json,
                        const struct ota_forecast_money *money)
{
    ota_json_out_key(json, "plan");
    if (!money->capped) {
        ota_json_out_raw(json, "null");
        return;
    }
    ota_json_out_open(json, '{');
    number(json, "included_bytes", money->included_bytes);
    number(json, "share", money->share);
    number(json, "routine_bytes", money->routine_bytes);
    number(json, "overage_usd", money->overage_uusd / 1e6);
    number(json, "group_overage_usd", money->fleet_uusd / 1e6);
    flag(json, "pauses", money->pauses);
    ota_json_out_close(json, '}');
}

static void write_forecast(struct ota_json_out *json,
                           const struct ota_forecast *forecast)
{
    const struct ota_group *group = forecast->group;

    ota_json_out_open(json, '{');
    text(json, "group", group->name);
    text(json, "platform", group->platform);
    text(json, "installed", forecast->variant->os);
    number(json, "devices", (double)group->count * forecast->variant->share);
    ota_json_out_key(json, "modules");
    ota_json_out_open(json, '[');
    for (size_t k = 0; k < forecast->count; k++)
        write_module(json, forecast, k);
    ota_json_out_close(json, ']');
    ota_json_out_key(json, "reboots");
    ota_json_out_integer(json, (int64_t)forecast->reboots);
    ota_json_out_key(json, "in_safe_mode");
    ota_json_out_integer(json, (int64_t)forecast->safe_modes);
    flag(json, "stuck_in_safe_mode", forecast->stuck);
    write_cost(json, "best", &forecast->best, forecast->best_known);
    write_cost(json, "expected", &forecast->expected, forecast->expected_known);
    number(json, "transfers_broken_off", forecast->breaks);
    number(json, "out_of_reach", forecast->out_of_reach);
    write_waits(json, forecast);
    write_money(json, &forecast->money);
    ota_json_out_key(json, "assumed");
    ota_json_out_open(json, '[');
    for (size_t i = 0; i < forecast->note_count; i++)
        ota_json_out_string(json, forecast->notes[i]);
    ota_json_out_close(json, ']');
    ota_json_out_close(json, '}');
}

void ota_estimate_print_json(const struct ota_estimate_report *report,
                             FILE *out)
{
    struct ota_json_out json = ota_json_out_to(out, false);

    ota_json_out_open(&json, '{');
    text(&json, "title", report->title);
    ota_json_out_key(&json, "app_bytes");
    ota_json_out_integer(&json, report->app_bytes);
    text(&json, "needs_os", report->needs_os);
    ota_json_out_key(&json, "estimates");
    ota_json_out_open(&json, '[');
    for (size_t i = 0; i < report->count; i++)
        write_forecast(&json, &report->forecasts[i]);
    ota_json_out_close(&json, ']');
    ota_json_out_key(&json, "chosen");
    ota_json_out_open(&json, '[');
    for (size_t i = 0; i < report->source_count; i++)
        ota_json_out_string(&json, report->sources[i]);
    ota_json_out_close(&json, ']');
    ota_json_out_close(&json, '}');
    ota_json_out_end(&json);
}
