/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * import_nerveshub.c - NervesHub: a deployment group, with or without a staged
 * workflow.
 *
 * Sources, all of nerves-hub/nerves_hub_web: managed_deployments/
 * deployment_group.ex (fields, defaults), orchestrator.ex (3 s between two
 * rounds, one each 120 s), devices/updates.ex (penalty box, priority queue: a
 * version no later than the threshold), inflight_deployment_check.ex (30 min,
 * looked at each 5), workflow-definition.schema.json, workflows.ex,
 * deployment_workflow_step.ex. A step fails by devices in the penalty box, so
 * a workflow comes with its group's penalties.
 */
#include <stdio.h>
#include <string.h>

#include "sim/base/text.h"
#include "sim/scenario/import_parts.h"

enum { STEPS_MAX = 6 };

static const char deployment_group_ex[] = "nerves_hub_web, deployment_group.ex";
static const char workflow_schema[] =
    "nerves_hub_web, workflow-definition.schema.json";

/* --- who --- */

/* Appends what a list of tags asks for; a device here has one tag. */
static void add_tags(struct ota_importer *im, const struct ota_json *tags,
                     bool any, char *text)
{
    if (!tags || !tags->child)
        return;
    const bool several = tags->child->next != NULL;
    if (several && !any)
        ota_import_refuse(im, tags,
                          "a device here has one \"tag\", so that none has all "
                          "of several; give those devices one tag that stands "
                          "for them");
    if (several)
        ota_text_append(text, OTA_FILTER_SIZE, "%s(", text[0] ? " & " : "");
    for (const struct ota_json *t = tags->child; t; t = t->next) {
        if (t != tags->child)
            ota_text_append(text, OTA_FILTER_SIZE, " | ");
        if (t->type != OTA_JSON_TEXT)
            ota_import_refuse(im, t, "%s where a tag belongs",
                              ota_json_type_words(t->type));
        else
            ota_filter_add(im, t, text, OTA_FILTER_SIZE, "tag", "=", t->text);
    }
    if (several)
        ota_text_append(text, OTA_FILTER_SIZE, ")");
}

/* wifi is a link of wifi, cellular one of radio; others are no device here. */
static void add_links(struct ota_importer *im, const struct ota_json *list,
                      char *text)
{
    static const char *const names[] = {"wifi", "cellular", "ethernet",
                                        "unknown"};
    bool has[2] = {false, false};

    for (const struct ota_json *v = list ? list->child : NULL; v; v = v->next) {
        size_t i = 0;
        while (i < 4 &&
               (v->type != OTA_JSON_TEXT || strcmp(v->text, names[i]) != 0))
            i++;
        if (i == 4)
            ota_import_refuse(im, v,
                              "an interface is \"wifi\", \"ethernet\", "
                              "\"cellular\" or \"unknown\"");
        else if (i < 2)
            has[i] = true;
        else
            ota_import_idle(im, v, "no simulated device has this interface");
    }
    if (list && list->child && !has[0] && !has[1])
        ota_import_refuse(im, list,
                          "simulated devices are on wifi or cellular; no "
                          "device matches this");
    const bool joined = text[0] != '\0';
    if (has[0] && has[1])
        ota_text_append(text, OTA_FILTER_SIZE, "%s(link=wifi | link=radio)",
                        joined ? " & " : "");
    else if (has[0] || has[1])
        ota_text_append(text, OTA_FILTER_SIZE, "%slink=%s", joined ? " & " : "",
                        has[0] ? "wifi" : "radio");
}

static void add_version(struct ota_importer *im, const struct ota_json *version,
                        char *text)
{
    if (!version || !version->text[0])
        return;
    const char *filter = ota_filter_of_versions(im, version);
    if (!filter)
        return;
    ota_import_approximate(im, OTA_NH_VERSION);
    ota_text_append(text, OTA_FILTER_SIZE, "%s%s", text[0] ? " & " : "",
                    filter);
}

/* Who comes later is the pool's like all others, or the catch-all's. */
static void build_target(struct ota_importer *im, const struct ota_json *root,
                         const char *late, struct ota_json *policy)
{
    static const char *const operators[] = {"and", "or", NULL};
    char where[OTA_FILTER_SIZE] = "";
    const struct ota_json *conditions =
        ota_import_take_type(im, root, "conditions", OTA_JSON_OBJECT);
    const bool any =
        ota_import_word(im, conditions, "tag_operator", operators) == 1;

    add_tags(im, ota_import_take_type(im, conditions, "tags", OTA_JSON_LIST),
             any, where);
    add_version(im,
                ota_import_take_type(im, conditions, "version", OTA_JSON_TEXT),
                where);
    add_tags(im, ota_import_take_type(im, root, "release_tags", OTA_JSON_LIST),
             false, where);
    add_links(im,
              ota_import_take_type(im, root, "release_network_interfaces",
                                   OTA_JSON_LIST),
              where);
    struct ota_json *target = ota_build_object(im, policy, "target");
    if (where[0])
        ota_build_text(im, target, "where", "%s", where);
    ota_build_text(im, target, "late", "%s", late);
}

/* --- how fast --- */

static void build_run(struct ota_importer *im, struct ota_json *pace)
{
    struct ota_json *run = ota_build_object(im, pace, "run");

    ota_build_text(im, run, "on", "event");
    ota_build_text(im, run, "min_gap", "3s");
    ota_build_text(im, run, "also_every", "2m");
}

static void build_slots(struct ota_importer *im, const char *unit, int64_t most,
                        struct ota_json *pace)
{
    struct ota_json *slots = ota_build_object(im, pace, "in_flight");

    ota_import_approximate(im, OTA_NH_SLOT_RACE);
    ota_build_whole(im, slots, "max", most);
    ota_build_text(im, slots, "unit", "%s", unit);
    ota_build_text(im, slots, "counts", "offered");
    ota_build_text(im, slots, "stale", "30m");
    ota_build_text(im, slots, "sweep", "5m");
}

static void build_lanes(struct ota_importer *im, const struct ota_json *root,
                        struct ota_json *pace)
{
    static const char key[] = "priority_queue_firmware_version_threshold";
    bool enabled = false;
    int64_t most = 5;
    char where[OTA_FILTER_SIZE] = "";

    ota_import_flag(im, root, "priority_queue_enabled", &enabled);
    ota_import_whole(im, root, "priority_queue_concurrent_updates", 1,
                     INT32_MAX, deployment_group_ex, &most);
    const struct ota_json *version =
        ota_import_take_type(im, root, key, OTA_JSON_TEXT);
    if (!enabled && version)
        ota_import_idle(im, version, "the priority queue is not enabled");
    if (!enabled || !version) /* without a threshold nobody has priority */
        return;
    if (version->text[0] < '0' || version->text[0] > '9')
        ota_import_refuse(im, version, "\"%s\" is no version; one is \"1.2.0\"",
                          version->text);
    ota_import_approximate(im, OTA_NH_VERSION);
    ota_filter_add(im, version, where, sizeof(where), "os",
                   "<=", version->text);
    struct ota_json *lane =
        ota_build_object(im, ota_build_list(im, pace, "lanes"), NULL);
    ota_build_text(im, lane, "where", "%s", where);
    ota_build_whole(im, lane, "max", most);
}

static void build_pool(struct ota_importer *im, const struct ota_json *root,
                       struct ota_json *policy)
{
    static const char *const queues[] = {"FIFO", "LIFO", NULL};
    int64_t most = 10;
    const bool newest =
        ota_import_word(im, root, "queue_management", queues) == 1;
    struct ota_json *waves = ota_build_object(im, policy, "waves");

    ota_build_text(im, waves, "order",
                   newest ? "first_seen_newest" : "connected_longest");
    ota_build_flag(im, waves, "reachable", true);
    ota_import_whole(im, root, "concurrent_updates", 1, INT32_MAX,
                     deployment_group_ex, &most);
    struct ota_json *pace = ota_build_object(im, policy, "pace");
    build_slots(im, "rollout", most, pace);
    build_lanes(im, root, pace);
    build_run(im, pace);
    ota_build_flag(im, pace, "late_paced", true);
}

/* --- penalties --- */

static void build_penalty(struct ota_importer *im, const struct ota_json *root,
                          struct ota_json *policy)
{
    int64_t threshold = 3, amount = 5, within = 180, minutes = 1440;

    ota_import_whole(im, root, "device_failure_threshold", 1, INT32_MAX,
                     deployment_group_ex, &threshold);
    /* The simulator remembers the last 8 attempts of a device. */
    ota_import_whole(im, root, "device_failure_rate_amount", 1, 8,
                     "ours: attempts of a device that are remembered", &amount);
    ota_import_whole(im, root, "device_failure_rate_seconds", 60, INT32_MAX,
                     deployment_group_ex, &within);
    ota_import_whole(im, root, "penalty_timeout_minutes", 60, INT32_MAX,
                     deployment_group_ex, &minutes);
    struct ota_json *penalty = ota_build_object(
        im, ota_build_object(im, policy, "attempt"), "penalty");
    ota_build_minutes(im, penalty, "on_failed", minutes);
    ota_build_minutes(im, penalty, "on_refused", minutes);
    ota_build_whole(im, penalty, "after_attempts", threshold);
    struct ota_json *rate = ota_build_object(im, penalty, "rate");
    ota_build_whole(im, rate, "n", amount);
    ota_build_text(im, rate, "within", "%llds", (long long)within);
    ota_build_minutes(im, penalty, "block", minutes);
}

/* --- staged workflow --- */

/* Which count of blocked devices fails a step. */
static void build_tolerance(struct ota_importer *im,
                            const struct ota_json *step, struct ota_json *rule)
{
    const struct ota_json *tolerance =
        ota_import_take_type(im, step, "failure_tolerance", OTA_JSON_OBJECT);
    int64_t devices = 1, percent = 0;
    const bool counted = ota_import_whole(im, tolerance, "devices", 0,
                                          INT32_MAX, workflow_schema, &devices);
    const bool shared = ota_import_whole(im, tolerance, "percent", 0, 100,
                                         workflow_schema, &percent);

    if (counted && shared)
        ota_import_refuse(im, tolerance,
                          "devices and percent exclude each other; leave one "
                          "of them");
    if (shared)
        ota_build_share(im, rule, "if", "blocked", "total",
                        ">=", (double)percent);
    else
        ota_build_count(im, rule, "if", "blocked",
                        ">=", devices > 1 ? devices : 1);
}

/* A step fails before it completes; it completes when all it has claimed run
 * the release, or when it has claimed none. */
static void build_step_rules(struct ota_importer *im,
                             const struct ota_json *step, struct ota_json *wave)
{
    struct ota_json *rules = ota_build_object(im, wave, "rules");
    ota_build_text(im, rules, "math", "ceil_count");
    struct ota_json *list = ota_build_list(im, rules, "list");

    struct ota_json *rule = ota_build_object(im, list, NULL);
    ota_build_text(im, rule, "scope", "wave");
    build_tolerance(im, step, rule);
    ota_build_text(im, rule, "do", "approve");
    ota_build_flag(im, rule, "once", false); /* it may fail after a retry */

    rule = ota_build_object(im, list, NULL);
    ota_build_text(im, rule, "scope", "wave");
    struct ota_json *any =
        ota_build_list(im, ota_build_object(im, rule, "if"), "any");
    ota_build_count(im, any, NULL, "total", "==", 0);
    ota_build_share(im, any, NULL, "on_target", "total", ">=", 100.0);
    ota_build_text(im, rule, "do", "next_wave");
}

static void build_claims(struct ota_importer *im, const struct ota_json *step,
                         struct ota_json *wave)
{
    const struct ota_json *conditions =
        ota_import_take_type(im, step, "matching_conditions", OTA_JSON_OBJECT);
    char where[OTA_FILTER_SIZE] = "";
    int64_t limit = 0;

    add_tags(im, ota_import_take_type(im, conditions, "tags", OTA_JSON_LIST),
             false, where);
    add_links(im,
              ota_import_take_type(im, conditions, "network_interfaces",
                                   OTA_JSON_LIST),
              where);
    if (where[0])
        ota_build_text(im, wave, "where", "%s", where);
    if (!ota_import_whole(im, conditions, "match_limit", 1, INT32_MAX,
                          workflow_schema, &limit) &&
        conditions && ota_import_approximate(im, OTA_NH_MATCH_LIMIT) == 0)
        limit = 10;
    if (limit > 0)
        ota_build_whole(im, ota_build_object(im, wave, "size"), "count", limit);
    else
        ota_build_text(im, wave, "size", "rest");
}

static void build_step_pace(struct ota_importer *im,
                            const struct ota_json *step, struct ota_json *wave)
{
    int64_t most = 10; /* deployment_workflow_step.ex */

    ota_import_whole(im, step, "concurrent_updates", 1, INT32_MAX,
                     workflow_schema, &most);
    struct ota_json *pace = ota_build_object(im, wave, "pace");
    build_slots(im, "wave", most, pace);
    build_run(im, pace);
}

/* Returns whether the step is the catch-all. */
static bool build_step(struct ota_importer *im, const struct ota_json *step,
                       struct ota_json *list)
{
    static const char *const types[] = {"update_devices", "approval_required",
                                        "catch_all", NULL};
    const int type = ota_import_word(im, step, "type", types);
    struct ota_json *wave = ota_build_object(im, list, NULL);
    const char *name = ota_import_text(im, step, "name");
    const struct ota_json *description =
        ota_import_take(im, step, "description");

    if (description)
        ota_import_idle(im, description, "no bearing on the rollout");
    if (name)
        ota_build_text(im, wave, "name", "%s", name);
    if (type == 1) {
        ota_build_text(im, wave, "type", "approval");
        return false;
    }
    if (type == 2) {
        if (step->next)
            ota_import_refuse(im, step,
                              "a catch_all never completes, so that no step "
                              "after it is ever reached; it belongs at the "
                              "end");
        ota_build_text(im, wave, "size", "rest");
        build_step_pace(im, step, wave);
        return true;
    }
    build_claims(im, step, wave);
    build_step_pace(im, step, wave);
    build_step_rules(im, step, wave);
    return false;
}

static void build_workflow(struct ota_importer *im,
                           const struct ota_json *workflow,
                           struct ota_json *policy)
{
    const struct ota_json *steps =
        ota_import_take_type(im, workflow, "steps", OTA_JSON_LIST);
    int64_t version = 1;
    size_t count = 0;
    bool caught = false;

    ota_import_whole(im, workflow, "version", 1, 1, workflow_schema, &version);
    struct ota_json *waves = ota_build_object(im, policy, "waves");
    ota_build_text(im, waves, "assign", "start");
    ota_build_text(im, waves, "order", "id");
    ota_build_text(im, waves, "overlap", "close");
    struct ota_json *list = ota_build_list(im, waves, "list");
    for (const struct ota_json *s = steps ? steps->child : NULL; s;
         s = s->next, count++)
        caught = build_step(im, s, list);
    if (count < 1 || count > STEPS_MAX)
        ota_import_refuse(im, steps ? steps : workflow,
                          "%zu steps; a workflow has 1 to %d (%s)", count,
                          STEPS_MAX, workflow_schema);
    if (!caught) {
        ota_import_approximate(im, OTA_NH_CATCH_ALL);
        struct ota_json *wave = ota_build_object(im, list, NULL);
        ota_build_text(im, wave, "name", "catch-all");
        ota_build_text(im, wave, "size", "rest");
        build_step_pace(im, NULL, wave);
    }
}

static void build_people(struct ota_importer *im, struct ota_json *policy)
{
    struct ota_json *people = ota_build_object(im, policy, "operator");

    ota_import_approximate(im, OTA_NH_HUMAN);
    ota_build_text(im, people, "approve", "4h");
    ota_build_text(im, ota_build_object(im, people, "skip_wave"), "age", "7d");
}

/* --- the rest --- */

static void build_device(struct ota_importer *im, const struct ota_json *root,
                         struct ota_json *policy)
{
    static const char *const modes[] = {"automatic", "device_managed", "off",
                                        NULL};
    const int mode = ota_import_word(im, root, "update_mode", modes);
    struct ota_json *device = ota_build_object(im, policy, "device");
    struct ota_json *learn = ota_build_object(im, device, "learn");

    if (mode == 2)
        ota_import_refuse(im, ota_json_find(root, "update_mode"),
                          "updates are off: there is nothing to simulate");
    if (mode == 1) {
        ota_import_approximate(im, OTA_NH_PULL_DELAY);
        ota_build_text(im, learn, "by", "poll");
        ota_build_text(im, learn, "every", "1h");
        ota_build_text(im, learn, "phase", "random");
    } else {
        ota_build_text(im, learn, "by", "push");
    }
    struct ota_json *confirm = ota_build_object(im, device, "confirm");
    ota_build_text(im, confirm, "by", "self");
    ota_build_text(im, confirm, "revert", "next_boot");
}

/* The deployment group, out of what an answer of the API wraps it in. */
static const struct ota_json *unwrap(struct ota_importer *im,
                                     const struct ota_json *root)
{
    static const char *const wraps[] = {"data", "deployment_group",
                                        "deployment"};

    for (size_t i = 0; i < sizeof(wraps) / sizeof(wraps[0]); i++) {
        const struct ota_json *inner = ota_import_take(im, root, wraps[i]);
        if (inner && inner->type == OTA_JSON_OBJECT)
            return inner;
    }
    return root;
}

static void read_nerveshub(struct ota_importer *im, const struct ota_json *file,
                           struct ota_json *policy)
{
    const struct ota_json *root = unwrap(im, file);
    const struct ota_json *workflow = ota_import_take(im, root, "workflow");
    bool delta = false;

    if (!workflow)
        workflow = ota_import_take(im, root, "workflow_definition");
    if (!workflow && ota_import_take(im, root, "steps"))
        workflow = root;
    ota_build_text(im, policy, "name",
                   workflow ? "nerveshub-workflow" : "nerveshub");
    build_target(im, root, workflow ? "last_wave" : "immediately", policy);
    if (workflow)
        build_workflow(im, workflow, policy);
    else
        build_pool(im, root, policy);
    build_penalty(im, root, policy);
    build_device(im, root, policy);
    /* It takes firmware made for it, so that only one who says so has it. */
    ota_import_flag(im, root, "delta_updatable", &delta);
    if (delta)
        ota_build_text(im, ota_build_object(im, policy, "transfer"), "image",
                       "delta_else_full");
    if (workflow)
        build_people(im, policy);
}

static const char unread[] = "stored, but no code of the platform reads it";
static const char pooled[] = "a deployment with a workflow goes by its steps";

static const struct ota_import_idle_field idle[] = {
    {"id", NULL},
    {"name", NULL},
    {"description", NULL},
    {"state", NULL},
    {"status", NULL},
    {"firmware", "what is sent: the scenario's release"},
    {"firmware_id", "what is sent: the scenario's release"},
    {"firmware_uuid", "what is sent: the scenario's release"},
    {"archive", "what is sent: the scenario's release"},
    {"archive_id", "what is sent: the scenario's release"},
    {"is_active", "it is active from the release on"},
    {"failure_threshold", unread},
    {"failure_rate_amount", unread},
    {"failure_rate_seconds", unread},
    {"healthy", unread},
    {"total_updating_devices", NULL},
    {"current_updated_devices", NULL},
    {"device_count", NULL},
    {"releases_count", NULL},
    {"connecting_code", NULL},
    {"product_id", NULL},
    {"org_id", NULL},
    {"inserted_at", NULL},
    {"updated_at", NULL},
    {"queue_management", pooled},
    {"concurrent_updates", pooled},
    {"priority_queue_enabled", pooled},
    {"priority_queue_concurrent_updates", pooled},
    {"priority_queue_firmware_version_threshold", pooled},
    {"$schema", NULL},
    {NULL, NULL},
};

const struct ota_import_platform ota_import_nerveshub = {"nerveshub", idle,
                                                         read_nerveshub};
