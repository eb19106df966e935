/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * import_flightctl.c - Flight Control: a fleet's rolloutPolicy, and the
 * updatePolicy of its devices.
 *
 * Sources: flightctl/flightctl, internal/rollout/device_selection and
 * internal/rollout/disruption_budget, docs/user/rollout-policies.md. A
 * percentage is of the selector's devices and counts those that have it
 * already; a batch passes by the integer percentage of its successes, at the
 * threshold of the batch that follows; an implicit last batch takes whatever
 * is left, connected or not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/policy/cron.h"
#include "sim/scenario/import_parts.h"

/* "97%" or 97: whole percent. */
static bool is_percent(const struct ota_json *value, int64_t *pct)
{
    char *end;

    if (value->type != OTA_JSON_TEXT && value->type != OTA_JSON_NUMBER)
        return false;
    const long long number = strtoll(value->text, &end, 10);
    if (end == value->text || number < 0 || number > 100)
        return false;
    end += *end == '%';
    if (!*end)
        *pct = number;
    return !*end;
}

/* Whether it is there and good; complains if it is bad. */
static bool read_percent(struct ota_importer *im, const struct ota_json *value,
                         int64_t *pct)
{
    if (!value || is_percent(value, pct))
        return value != NULL;
    ota_import_refuse(im, value, "a percentage is \"0%%\" to \"100%%\"");
    return false;
}

/* What a batch may take; 100 % is no limit, and no more than 0 is nobody. *most
 * is the largest percentage of the fleet so far. */
static void build_size(struct ota_importer *im, const struct ota_json *batch,
                       bool selects, int64_t *most, struct ota_json *wave)
{
    const struct ota_json *limit = ota_import_take(im, batch, "limit");
    int64_t pct = 100;
    const bool percent = limit && limit->type == OTA_JSON_TEXT &&
                         strchr(limit->text, '%') != NULL;

    if (percent && !read_percent(im, limit, &pct))
        return;
    if (!limit || (percent && pct == 100)) {
        ota_build_text(im, wave, "size", "rest");
        return;
    }
    struct ota_json *size = ota_build_object(im, wave, "size");
    if (percent) {
        /* A limit that an earlier one has reached selects nobody. */
        const bool some = selects ? pct > 0 : pct > *most;
        *most = !selects && some ? pct : *most;
        ota_build_whole(im, size, "pct", some ? pct : 0);
        ota_build_text(im, size, "of", selects ? "matched" : "fleet");
        if (some)
            ota_build_flag(im, wave, "cumulative", true);
        return;
    }
    char *end = NULL;
    const int64_t count = limit->text && limit->type != OTA_JSON_FLAG
                              ? strtoll(limit->text, &end, 10)
                              : 0;
    if (!end || end == limit->text || *end)
        ota_import_refuse(im, limit,
                          "a limit is a number of devices, such as 10, or a "
                          "percentage, such as \"10%%\"");
    if (count > 0) {
        ota_build_whole(im, size, "count", count);
    } else {
        ota_build_whole(im, size, "pct", 0);
        ota_build_text(im, size, "of", "fleet");
    }
}

/* --- rules --- */

/* Passes at so many percent of successes, or waits for a person; an empty
 * batch passes. */
static void build_rules(struct ota_importer *im, int64_t pct,
                        struct ota_json *parent)
{
    struct ota_json *rules = ota_build_object(im, parent, "rules");
    ota_build_text(im, ota_build_object(im, rules, "eval"), "every", "30s");
    ota_build_text(im, rules, "math", "floor_pct");
    struct ota_json *list = ota_build_list(im, rules, "list");

    struct ota_json *rule = ota_build_object(im, list, NULL);
    ota_build_text(im, rule, "scope", "wave");
    struct ota_json *all =
        ota_build_list(im, ota_build_object(im, rule, "if"), "all");
    ota_build_text(im, ota_build_object(im, all, NULL), "state", "complete");
    struct ota_json *any =
        ota_build_list(im, ota_build_object(im, all, NULL), "any");
    ota_build_count(im, any, NULL, "total", "==", 0);
    ota_build_share(im, any, NULL, "succeeded", "total", ">=", (double)pct);
    ota_build_text(im, rule, "do", "next_wave");

    rule = ota_build_object(im, list, NULL);
    ota_build_text(im, rule, "scope", "wave");
    ota_build_text(im, ota_build_object(im, rule, "if"), "state", "complete");
    ota_build_text(im, rule, "do", "approve");
}

/* --- batches --- */

static void build_batch(struct ota_importer *im, const struct ota_json *batch,
                        int64_t threshold, int64_t *most, struct ota_json *list)
{
    struct ota_json *wave = ota_build_object(im, list, NULL);
    const struct ota_json *selector =
        ota_import_take_type(im, batch, "selector", OTA_JSON_OBJECT);
    const char *where = selector ? ota_filter_of_selector(im, selector) : NULL;
    const bool selects = where && where[0];
    const struct ota_json *own = ota_import_take(im, batch, "successThreshold");
    int64_t next = threshold;

    if (selects)
        ota_build_text(im, wave, "where", "%s", where);
    build_size(im, batch, selects, most, wave);
    read_percent(im, own, &next);
    if (own && batch->index == 0)
        ota_import_idle(im, own, "it judges the batch before, and none is");
    /* What the next batch asks of this one. */
    const struct ota_json *asked =
        batch->next ? ota_json_find(batch->next, "successThreshold") : NULL;
    if (!asked || !is_percent(asked, &next))
        next = threshold;
    if (next != threshold)
        build_rules(im, next, wave);
}

static void build_waves(struct ota_importer *im, const struct ota_json *rollout,
                        struct ota_json *policy)
{
    static const char *const strategies[] = {"BatchSequence", NULL};
    const struct ota_json *selection =
        ota_import_take_type(im, rollout, "deviceSelection", OTA_JSON_OBJECT);
    const struct ota_json *sequence =
        ota_import_take_type(im, selection, "sequence", OTA_JSON_LIST);
    int64_t threshold = 90, most = 0;

    ota_import_word(im, selection, "strategy", strategies);
    read_percent(im, ota_import_take(im, rollout, "successThreshold"),
                 &threshold);
    if (!sequence || !sequence->child) /* all at once, so nothing to gate */
        return;
    ota_import_approximate(im, OTA_FC_EMPTY_BATCH);
    struct ota_json *waves = ota_build_object(im, policy, "waves");
    ota_build_text(im, waves, "assign", "start");
    ota_build_text(im, waves, "order",
                   ota_import_approximate(im, OTA_FC_UNORDERED) ? "id"
                                                                : "random");
    ota_build_flag(im, waves, "reachable", true);
    ota_build_text(im, waves, "round", "half_up");
    struct ota_json *list = ota_build_list(im, waves, "list");
    for (const struct ota_json *b = sequence->child; b; b = b->next)
        build_batch(im, b, threshold, &most, list);
    struct ota_json *rest = ota_build_object(im, list, NULL);
    ota_build_text(im, rest, "size", "rest");
    ota_build_flag(im, rest, "reachable", false);
    build_rules(im, threshold, policy);
}

/* --- pace --- */

static void build_budget(struct ota_importer *im, const struct ota_json *budget,
                         struct ota_json *pace)
{
    const struct ota_json *keys =
        ota_import_take_type(im, budget, "groupBy", OTA_JSON_LIST);
    const struct ota_json *key = keys ? keys->child : NULL;
    int64_t available = 0, unavailable = 0;
    const bool least = ota_import_whole(im, budget, "minAvailable", 1,
                                        INT32_MAX, "flightctl", &available);
    const bool most = ota_import_whole(im, budget, "maxUnavailable", 1,
                                       INT32_MAX, "flightctl", &unavailable);

    if (key && key->next)
        ota_import_refuse(im, keys,
                          "a budget is kept by one label here; give the "
                          "devices one that stands for the combination");
    if (key && key->type != OTA_JSON_TEXT) {
        ota_import_refuse(im, key, "%s where a label's name belongs",
                          ota_json_type_words(key->type));
        return;
    }
    if (!key && least)
        ota_import_refuse(im, budget,
                          "minAvailable without groupBy; give all devices a "
                          "label of one value, and group by that");
    if (!least && !most)
        return;
    struct ota_json *slots = ota_build_object(im, pace, "in_flight");
    if (most)
        ota_build_whole(im, slots, "max", unavailable);
    if (least)
        ota_build_whole(im, slots, "min_available", available);
    if (key) {
        ota_import_label(im, key->text);
        ota_build_text(im, slots, "unit", "label:%s", key->text);
    } else {
        ota_build_text(im, slots, "unit", "rollout");
    }
    ota_build_text(im, slots, "counts", "started");
}

/* --- windows --- */

static void build_schedule(struct ota_importer *im,
                           const struct ota_json *update, const char *key,
                           const char *as, struct ota_json *windows)
{
    const struct ota_json *schedule =
        ota_import_take_type(im, update, key, OTA_JSON_OBJECT);
    if (!schedule)
        return;
    char problem[OTA_MESSAGE_SIZE];
    struct ota_cron parsed;
    const char *cron = NULL;
    int64_t grace = 60;
    if (ota_import_need(im, schedule, "at",
                        "when the window opens, such as \"0 3 * * *\""))
        cron = ota_import_text(im, schedule, "at");
    if (cron && !ota_cron_parse(cron, &parsed, problem, sizeof(problem)))
        ota_import_refuse(im, ota_json_find(schedule, "at"), "%s", problem);
    const char *zone = ota_import_text(im, schedule, "timeZone");
    if (zone && strcmp(zone, "Local") != 0 && strcmp(zone, "UTC") != 0)
        ota_import_refuse(im, ota_json_find(schedule, "timeZone"),
                          "the simulator keeps no time zones of cities; say "
                          "\"Local\", and give each group its utc_offset, or "
                          "\"UTC\"");
    ota_import_take_span(im, schedule, "startGraceDuration", &grace);
    ota_import_approximate(im, OTA_FC_GRACE);

    struct ota_json *window =
        ota_build_object(im, ota_build_list(im, windows, as), NULL);
    ota_build_text(im, window, "cron", "%s", cron ? cron : "");
    ota_build_span(im, window, "for", grace);
    ota_build_text(im, window, "tz",
                   zone && strcmp(zone, "UTC") == 0 ? "UTC" : "local");
}

/* --- the rest --- */

static void build_target(struct ota_importer *im, const struct ota_json *spec,
                         struct ota_json *policy)
{
    const struct ota_json *selector =
        ota_import_take_type(im, spec, "selector", OTA_JSON_OBJECT);
    const char *where = selector ? ota_filter_of_selector(im, selector) : NULL;

    if (where && where[0])
        ota_build_text(im, ota_build_object(im, policy, "target"), "where",
                       "%s", where);
}

static void build_people(struct ota_importer *im,
                         const struct ota_json *rollout,
                         struct ota_json *policy)
{
    const struct ota_json *selection =
        ota_json_find(rollout, "deviceSelection");
    const struct ota_json *sequence = ota_json_find(selection, "sequence");

    if (!sequence || !sequence->child)
        return;
    ota_import_approximate(im, OTA_FC_HUMAN);
    ota_build_text(im, ota_build_object(im, policy, "operator"), "approve",
                   "4h");
}

static void read_flightctl(struct ota_importer *im, const struct ota_json *file,
                           struct ota_json *policy)
{
    const struct ota_json *spec =
        ota_import_take_type(im, file, "spec", OTA_JSON_OBJECT);
    if (!spec)
        spec = file;
    const struct ota_json *template =
        ota_import_take_type(im, spec, "template", OTA_JSON_OBJECT);
    const struct ota_json *device =
        ota_import_take_type(im, template, "spec", OTA_JSON_OBJECT);
    const struct ota_json *update = ota_import_take_type(
        im, device ? device : spec, "updatePolicy", OTA_JSON_OBJECT);
    const struct ota_json *rollout =
        ota_import_take_type(im, spec, "rolloutPolicy", OTA_JSON_OBJECT);
    const struct ota_json *budget =
        ota_import_take_type(im, rollout, "disruptionBudget", OTA_JSON_OBJECT);
    int64_t timeout = 24 * 3600;

    if (!rollout && !update)
        ota_import_need(im, spec, "rolloutPolicy",
                        "it or updatePolicy is what there is to read");
    ota_build_text(im, policy, "name", "flightctl");
    build_target(im, spec, policy);
    build_waves(im, rollout, policy);
    struct ota_json *pace = ota_build_object(im, policy, "pace");
    ota_build_text(im, ota_build_object(im, pace, "run"), "every", "30s");
    if (budget)
        build_budget(im, budget, pace);
    ota_import_take_span(im, rollout, "defaultUpdateTimeout", &timeout);
    struct ota_json *expiry = ota_build_object(
        im, ota_build_object(im, policy, "attempt"), "timeout");
    ota_build_text(im, expiry, "from", "offered");
    ota_build_span(im, expiry, "after", timeout);
    if (update && update->child) {
        struct ota_json *windows = ota_build_object(im, policy, "windows");
        build_schedule(im, update, "downloadSchedule", "download", windows);
        build_schedule(im, update, "updateSchedule", "install", windows);
    }
    build_people(im, rollout, policy);
}

static const struct ota_import_idle_field idle[] = {
    {"apiVersion", NULL},
    {"kind", NULL},
    {"metadata", NULL},
    {"status", NULL},
    {"os", "what is sent: the scenario's release"},
    {"config", "what is sent: the scenario's release"},
    {"applications", "what is sent: the scenario's release"},
    {"systemd", NULL},
    {"resources", NULL},
    {"consoles", NULL},
    {"decommissioning", NULL},
    {NULL, NULL},
};

const struct ota_import_platform ota_import_flightctl = {"flightctl", idle,
                                                         read_flightctl};
