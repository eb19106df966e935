/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * estimate.c - an estimate for a person: the modules, one device's costs, the
 * waits, the plan, and what is assumed.
 */
#include "output/estimate.h"

#include <math.h>
#include <string.h>

#include "output/page.h"

enum { CELL = OTA_NUMBER_SIZE };

/* --- cells --- */

static const char *cell(enum ota_scale scale, double value, bool known,
                        char text[CELL])
{
    if (!known || isnan(value))
        snprintf(text, CELL, "not known");
    else
        ota_number_human(scale, value, text, CELL);
    return text;
}

static const char *seconds(double time_us, char text[CELL])
{
    if (isinf(time_us))
        snprintf(text, CELL, "never");
    else if (isnan(time_us))
        snprintf(text, CELL, "-");
    else
        ota_number_human(OTA_SCALE_TIME, time_us / 1e6, text, CELL);
    return text;
}

static double mah(double charge_pc)
{
    return charge_pc / ((double)OTA_PC_PER_UAH * 1000);
}

const char *ota_estimate_os(const struct ota_forecast *forecast,
                            const struct ota_path_step *step)
{
    const struct ota_catalog *catalog = forecast->variant->path.catalog;
    char slot[3];

    ota_slot_to_text(step->module.slot, slot);
    if (slot[0] != 's') /* others belong to many releases */
        return "";
    for (size_t i = 0; i < catalog->release_count; i++) {
        const struct ota_release *release = &catalog->releases[i];
        const struct ota_module *module =
            strcmp(release->platform, forecast->variant->path.platform) == 0
                ? ota_release_module(release, step->module.slot)
                : NULL;
        if (module && module->version == step->module.version)
            return release->os;
    }
    return "";
}

/* --- modules --- */

static const char *kind_of(const struct ota_path_step *step, char letter)
{
    if (step->with.size_bytes > 0)
        return "system+app";
    switch (letter) {
    case 'u':
        return "app";
    case 's':
        return "system part";
    case 'b':
        return "bootloader";
    case 'a':
        return "radio stack";
    case 'c':
        return "network";
    default:
        return "module";
    }
}

static void print_module(const struct ota_page *page,
                         const struct ota_forecast *forecast, size_t k)
{
    const struct ota_forecast_module *module = &forecast->modules[k];
    const struct ota_path_step *step = module->step;
    const struct ota_forecast_cost *cost =
        forecast->expected_known ? &module->expected : &module->best;
    char slot[3], size[CELL], bytes[CELL], took[CELL];

    ota_slot_to_text(step->module.slot, slot);
    ota_number_human(OTA_SCALE_SIZE, (double)step->image_bytes, size, CELL);
    cell(OTA_SCALE_SIZE, ota_forecast_bytes(cost), true, bytes);
    cell(OTA_SCALE_TIME, ota_forecast_connected_us(cost) / 1e6, true, took);
    ota_page_row(page, "%3zu %s %-11s %5d %-6s%9s%10s%9s  %s%s", k + 1, slot,
                 kind_of(step, slot[0]), (int)step->module.version,
                 ota_estimate_os(forecast, step), size, bytes, took,
                 module->by == OTA_FORECAST_BY_HEALER ? "healer" : "cloud",
                 step->safe_mode_after ? "; safe mode" : "");
}

static void print_modules(const struct ota_page *page,
                          const struct ota_forecast *forecast)
{
    char size[CELL];

    if (forecast->count == 0) {
        ota_page_row(page, "  nothing is to be sent");
        return;
    }
    ota_page_row(page, "    %-20s %-6s%9s%10s%9s  %s", "module, version", "of",
                 "image", "in all", "online", "sent by");
    for (size_t k = 0; k < forecast->count; k++)
        print_module(page, forecast, k);
    ota_number_human(OTA_SCALE_SIZE,
                     (double)forecast->variant->path.payload_bytes, size, CELL);
    ota_page_row(page, "    %zu %s, %s; %zu sent in safe mode; %zu %s",
                 forecast->count, forecast->count == 1 ? "module" : "modules",
                 size, forecast->safe_modes, forecast->reboots,
                 forecast->reboots == 1 ? "reboot" : "reboots");
    if (!forecast->expected_known)
        ota_page_row(page, "    in all and online: of the best case");
    if (forecast->stuck)
        ota_page_row(page, "    nobody heals these devices: they stay in safe "
                           "mode behind the app");
}

/* --- costs --- */

static void print_cost(const struct ota_page *page,
                       const struct ota_forecast *forecast, const char *label,
                       enum ota_scale scale, double best, double expected)
{
    char one[CELL], other[CELL];

    ota_page_row(page, "  %-30s%12s%12s", label,
                 cell(scale, best, forecast->best_known, one),
                 cell(scale, expected, forecast->expected_known, other));
}

static void print_costs(const struct ota_page *page,
                        const struct ota_forecast *forecast)
{
    const struct ota_forecast_cost *best = &forecast->best;
    const struct ota_forecast_cost *mean = &forecast->expected;

    ota_page_heading(page, "The update of one device             best    "
                           "expected");
    print_cost(page, forecast, "data", OTA_SCALE_SIZE, ota_forecast_bytes(best),
               ota_forecast_bytes(mean));
    print_cost(page, forecast, "  useful", OTA_SCALE_SIZE, best->useful_bytes,
               mean->useful_bytes);
    print_cost(page, forecast, "  headers and answers", OTA_SCALE_SIZE,
               best->overhead_bytes, mean->overhead_bytes);
    print_cost(page, forecast, "  handshakes", OTA_SCALE_SIZE,
               best->connect_bytes, mean->connect_bytes);
    print_cost(page, forecast, "  sent again or twice", OTA_SCALE_SIZE,
               best->again_bytes, mean->again_bytes);
    print_cost(page, forecast, "online", OTA_SCALE_TIME,
               ota_forecast_connected_us(best) / 1e6,
               ota_forecast_connected_us(mean) / 1e6);
    print_cost(page, forecast, "  in transfers", OTA_SCALE_TIME,
               best->transfer_us / 1e6, mean->transfer_us / 1e6);
    print_cost(page, forecast, "  waiting for them to begin", OTA_SCALE_TIME,
               best->wait_us / 1e6, mean->wait_us / 1e6);
    print_cost(page, forecast, "attaching and applying", OTA_SCALE_TIME,
               (best->attach_us + best->apply_us + best->off_us) / 1e6,
               (mean->attach_us + mean->apply_us + mean->off_us) / 1e6);
    print_cost(page, forecast, "in all", OTA_SCALE_TIME,
               ota_forecast_us(best) / 1e6, ota_forecast_us(mean) / 1e6);
    print_cost(page, forecast, "charge", OTA_SCALE_CHARGE, mah(best->charge_pc),
               mah(mean->charge_pc));
}

static void print_money(const struct ota_page *page,
                        const struct ota_forecast *forecast)
{
    const struct ota_forecast_money *money = &forecast->money;
    char included[CELL], routine[CELL], share[CELL], one[CELL], all[CELL];

    if (!money->capped)
        return;
    ota_number_human(OTA_SCALE_SIZE, money->included_bytes, included, CELL);
    ota_number_human(OTA_SCALE_SHARE, money->share, share, CELL);
    ota_page_row(page, "  %-30s%12s%12s  of %s a period", "share of the plan",
                 "", share, included);
    if (!isnan(money->routine_bytes)) {
        ota_number_human(OTA_SCALE_SIZE, money->routine_bytes, routine, CELL);
        ota_page_row(page, "  %-30s%12s%12s  a period",
                     "routine traffic besides", "", routine);
    }
    ota_number_human(OTA_SCALE_MONEY, money->overage_uusd / 1e6, one, CELL);
    ota_number_human(OTA_SCALE_MONEY, money->fleet_uusd / 1e6, all, CELL);
    if (money->pauses && money->overage_uusd == 0) {
        ota_page_row(page, "  behind the cap nothing passes until the next "
                           "period");
        return;
    }
    ota_page_row(page, "  %-30s%12s%12s  a SIM", "overage", "", one);
    if (forecast->group->count > 1)
        ota_page_row(page, "  %-30s%12s%12s  all of them", "", "", all);
}

/* --- waits --- */

static void print_wait(const struct ota_page *page, const char *label,
                       const double time_us[OTA_FORECAST_CHANCES])
{
    char text[OTA_FORECAST_CHANCES][CELL];

    for (int c = 0; c < OTA_FORECAST_CHANCES; c++)
        seconds(time_us[c], text[c]);
    ota_page_row(page, "  %-37s%11s%11s%11s", label, text[0], text[1], text[2]);
}

static void print_own(const struct ota_page *page,
                      const struct ota_forecast_waits *waits)
{
    char own[CELL], start[CELL], finish[CELL];

    if (isnan(waits->own_us))
        return;
    seconds(waits->own_us, own);
    ota_number_human(OTA_SCALE_SHARE, waits->own_start, start, CELL);
    cell(OTA_SCALE_SHARE, waits->own_finish, true, finish);
    if (waits->stays || isnan(waits->own_finish))
        ota_page_row(page,
                     "  the app as it is waits %s: a start in %s of such wakes",
                     own, start);
    else
        ota_page_row(page,
                     "  the app as it is waits %s: a start in %s, an end "
                     "in %s of such wakes",
                     own, start, finish);
}

static void print_waits(const struct ota_page *page,
                        const struct ota_forecast *forecast)
{
    const struct ota_forecast_waits *waits = &forecast->waits;
    char number[CELL];

    if (!waits->sleeps || forecast->count == 0)
        return;
    ota_page_heading(page, "How long the app must wait after connecting   "
                           "50 %       90 %       99 %");
    print_wait(page, "for a start, in a wake with an offer", waits->start_us);
    if (!waits->stays)
        print_wait(page, "and through, the longest image", waits->finish_us);
    if (waits->wakes_known) {
        print_wait(page, "for a start within a day of wakes", waits->day_us);
        print_wait(page, "for a start within a week", waits->week_us);
        ota_number_human(OTA_SCALE_COUNT, waits->offers_per_day, number, CELL);
        ota_page_row(page, "  offers come %s times a day", number);
    }
    print_own(page, waits);
    if (waits->stays)
        ota_page_row(page, "  once begun, the app stays for it");
}

/* --- the whole --- */

static void print_one(const struct ota_page *page,
                      const struct ota_forecast *forecast)
{
    char text[256], count[CELL];
    const struct ota_group *group = forecast->group;

    ota_number_grouped((double)group->count * forecast->variant->share, 0,
                       count, sizeof(count));
    snprintf(text, sizeof(text), "%s: %s %s with %s", group->name, count,
             group->platform, forecast->variant->os);
    ota_page_heading(page, text);
    print_modules(page, forecast);
    if (forecast->count == 0)
        return;
    print_costs(page, forecast);
    print_money(page, forecast);
    print_waits(page, forecast);
    ota_page_heading(page, "Assumed");
    for (size_t i = 0; i < forecast->note_count; i++)
        ota_page_paragraph(page, forecast->notes[i]);
}

void ota_estimate_print(const struct ota_estimate_report *report, FILE *out,
                        int width, bool colour)
{
    const struct ota_page page = ota_page_on(out, width, colour);
    char target[128] = "", size[CELL];

    if (report->app_bytes > 0) {
        ota_number_human(OTA_SCALE_SIZE, (double)report->app_bytes, size, CELL);
        snprintf(target, sizeof(target), "an app of %s", size);
    }
    if (report->needs_os[0])
        snprintf(target + strlen(target), sizeof(target) - strlen(target),
                 "%sDevice OS %s", target[0] ? " on " : "", report->needs_os);
    if (report->title[0])
        ota_page_paragraph(&page, report->title);
    ota_page_row(&page, "Estimate, not simulated: %s", target);
    for (size_t i = 0; i < report->count; i++)
        print_one(&page, &report->forecasts[i]);
    if (report->source_count > 0) {
        ota_page_heading(&page, "Taken from the platform and from presets");
        for (size_t i = 0; i < report->source_count; i++)
            ota_page_paragraph(&page, report->sources[i]);
    }
}
