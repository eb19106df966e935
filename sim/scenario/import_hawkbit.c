/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * import_hawkbit.c - Eclipse hawkBit: the body of POST /rest/v1/rollouts.
 *
 * Sources, all of eclipse-hawkbit/hawkbit: MgmtRolloutResource and
 * MgmtRolloutMapper (fields), RolloutGroupConditionBuilder (conditions 50/50
 * if absent), MgmtRolloutCondition (100 % without an expression),
 * HawkbitSecurityProperties (500 groups), JpaRolloutExecutor (errors are
 * looked at before success, of each group and its total; a complete group
 * passes), RolloutScheduler (2 s), ControllerPollProperties (5 min).
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scenario/import_parts.h"

enum { GROUPS_MAX = 500 };

/* What judges a group. */
struct gate {
    double success, error; /* percent */
    bool pause;            /* the success action; else the next group */
};

static bool same_gate(const struct gate *a, const struct gate *b)
{
    return a->success == b->success && a->error == b->error &&
           a->pause == b->pause;
}

/* {"condition": "THRESHOLD", "expression": "50"}: whole percent. */
static void read_condition(struct ota_importer *im,
                           const struct ota_json *object, const char *key,
                           double *pct)
{
    static const char *const kinds[] = {"THRESHOLD", NULL};
    const struct ota_json *condition =
        ota_import_take_type(im, object, key, OTA_JSON_OBJECT);
    if (!condition)
        return;
    ota_import_word(im, condition, "condition", kinds);
    const struct ota_json *expression =
        ota_import_take(im, condition, "expression");
    *pct = 100.0;
    if (!expression || (expression->text && !expression->text[0]))
        return;
    char *end = NULL;
    const long value = expression->text && expression->type != OTA_JSON_FLAG
                           ? strtol(expression->text, &end, 10)
                           : -1;
    if (!end || *end || value < 0 || value > 100)
        ota_import_refuse(im, expression,
                          "an expression is a whole percentage, \"0\" to "
                          "\"100\" (hawkBit has no absolute numbers, whatever "
                          "its guide says)");
    *pct = (double)value;
}

static void read_gate(struct ota_importer *im, const struct ota_json *object,
                      struct gate *gate)
{
    static const char *const on_success[] = {"NEXTGROUP", "PAUSE", NULL};
    static const char *const on_error[] = {"PAUSE", NULL};
    const struct ota_json *success =
        ota_import_take_type(im, object, "successAction", OTA_JSON_OBJECT);
    const struct ota_json *error =
        ota_import_take_type(im, object, "errorAction", OTA_JSON_OBJECT);

    read_condition(im, object, "successCondition", &gate->success);
    read_condition(im, object, "errorCondition", &gate->error);
    const int action = ota_import_word(im, success, "action", on_success);
    if (action >= 0)
        gate->pause = action == 1;
    ota_import_word(im, error, "action", on_error);
    ota_import_take(im, success, "expression"); /* actions have none */
    ota_import_take(im, error, "expression");
}

static void build_pause(struct ota_importer *im, struct ota_json *rule)
{
    struct ota_json *pause =
        ota_build_object(im, ota_build_object(im, rule, "do"), "pause");

    ota_build_flag(im, pause, "evaluate", false);
}

/* last: no group follows, so that a pause on success would mean nothing. */
static void build_rules(struct ota_importer *im, const struct gate *gate,
                        bool last, struct ota_json *parent)
{
    struct ota_json *rules = ota_build_object(im, parent, "rules");
    ota_build_text(im, ota_build_object(im, rules, "eval"), "every", "2s");
    ota_build_text(im, rules, "math", "float32");
    struct ota_json *list = ota_build_list(im, rules, "list");

    if (gate->error < 100.0) { /* more than all never fail */
        struct ota_json *rule = ota_build_object(im, list, NULL);
        ota_build_text(im, rule, "scope", "wave");
        ota_build_share(im, rule, "if", "failed", "total", ">", gate->error);
        build_pause(im, rule);
    }
    if (last && gate->pause)
        return;

    struct ota_json *rule = ota_build_object(im, list, NULL);
    ota_build_text(im, rule, "scope", "wave");
    struct ota_json *any =
        ota_build_list(im, ota_build_object(im, rule, "if"), "any");
    ota_build_text(im, ota_build_object(im, any, NULL), "state", "complete");
    ota_build_share(im, any, NULL, "succeeded", "total", ">=", gate->success);
    if (gate->pause)
        build_pause(im, rule);
    else
        ota_build_text(im, rule, "do", "next_wave");
}

/* --- groups --- */

struct group {
    const struct ota_json *json; /* NULL: one of equal ones */
    const char *name, *where;
    double pct;
    struct gate gate;
};

static void read_group(struct ota_importer *im, const struct ota_json *json,
                       const struct gate *gate, struct group *group)
{
    *group = (struct group){.json = json, .pct = 100.0, .gate = *gate};
    group->name = ota_import_text(im, json, "name");
    ota_import_decimal(im, json, "targetPercentage", 1.0, 100.0, 6,
                       "hawkBit, RolloutHelper", &group->pct);
    const struct ota_json *query =
        ota_import_take_type(im, json, "targetFilterQuery", OTA_JSON_TEXT);
    if (query && query->text[0])
        group->where = ota_filter_of_rsql(im, query);
    read_gate(im, json, &group->gate);
}

/* Creation fails if groups leave targets over; groups with filters of their
 * own cannot be judged without the targets. */
static void check_cover(struct ota_importer *im, const struct ota_json *list,
                        const struct group *groups, size_t count)
{
    double sum = 0.0;
    bool open = true;

    for (size_t i = 0; i < count; i++) {
        if (groups[i].where && groups[i].where[0])
            open = false;
        else
            sum += groups[i].pct;
    }
    if (sum > 100.0 + 1e-6)
        ota_import_refuse(im, list,
                          "the groups come to %g %% of the targets; 100 are "
                          "all, and the last would stay empty",
                          sum);
    else if (open && sum < 99.0)
        ota_import_refuse(im, list,
                          "the groups cover %g %% of the targets; hawkBit "
                          "refuses a rollout that leaves some over "
                          "(percentages are of all targets)",
                          sum);
}

static void build_list(struct ota_importer *im, const struct group *groups,
                       size_t count, bool shared, bool endless,
                       struct ota_json *waves)
{
    struct ota_json *list = ota_build_list(im, waves, "list");

    for (size_t i = 0; i < count; i++) {
        struct ota_json *wave = ota_build_object(im, list, NULL);
        const bool last = i + 1 == count && !endless;
        if (groups[i].name && groups[i].name[0])
            ota_build_text(im, wave, "name", "%s", groups[i].name);
        if (groups[i].where && groups[i].where[0])
            ota_build_text(im, wave, "where", "%s", groups[i].where);
        struct ota_json *size = ota_build_object(im, wave, "size");
        ota_build_number(im, size, "pct", groups[i].pct);
        ota_build_text(im, size, "of", "initial");
        if (!shared || (last && groups[i].gate.pause))
            build_rules(im, &groups[i].gate, last, wave);
    }
}

/* The chain of groups behind the static ones of a dynamic rollout. */
static void build_repeat(struct ota_importer *im, const struct ota_json *root,
                         double last_pct, int64_t count, struct ota_json *waves)
{
    const struct ota_json *template =
        ota_import_take_type(im, root, "dynamicGroupTemplate", OTA_JSON_OBJECT);
    int64_t targets = 0;
    const bool given =
        ota_import_whole(im, template, "targetCount", 1, 20000,
                         "hawkBit, HawkbitSecurityProperties", &targets);
    struct ota_json *repeat = ota_build_object(im, waves, "repeat");
    struct ota_json *size = ota_build_object(im, repeat, "size");

    if (given) {
        ota_build_whole(im, size, "count", targets);
    } else {
        ota_build_number(im, size, "pct", last_pct);
        ota_build_text(im, size, "of", "initial");
    }
    ota_build_flag(im, repeat, "judge_nominal", true);
    if (count < GROUPS_MAX)
        ota_build_whole(im, repeat, "max", GROUPS_MAX - count);
}

/* Reads the groups, one for each of amountGroups; NULL if there are none that
 * can be read. */
static struct group *read_groups(struct ota_importer *im,
                                 const struct ota_json *root,
                                 const struct gate *gate, bool dynamic,
                                 size_t *count)
{
    const struct ota_json *list =
        ota_import_take_type(im, root, "groups", OTA_JSON_LIST);
    int64_t amount = 1;
    ota_import_whole(im, root, "amountGroups", 1, GROUPS_MAX,
                     "hawkBit, HawkbitSecurityProperties", &amount);
    *count = (size_t)amount;
    if (list && ota_import_take(im, root, "amountGroups"))
        ota_import_refuse(im, list,
                          "groups and amountGroups exclude each other; leave "
                          "one of them");
    if (list && dynamic)
        ota_import_refuse(im, list,
                          "a dynamic rollout takes amountGroups, not groups "
                          "(hawkBit, MgmtRolloutResource)");
    if (list) {
        *count = 0;
        for (const struct ota_json *g = list->child; g; g = g->next)
            ++*count;
        if (*count < 1 || *count > GROUPS_MAX) {
            ota_import_refuse(im, list, "%zu groups; hawkBit takes 1 to %d",
                              *count, GROUPS_MAX);
            return NULL;
        }
    }
    struct group *groups = ota_arena_alloc(im->arena, *count, sizeof(*groups));
    if (!groups) {
        im->no_memory = true;
        return NULL;
    }
    const struct ota_json *json = list ? list->child : NULL;
    for (size_t i = 0; i < *count; i++, json = json ? json->next : NULL) {
        if (json)
            read_group(im, json, gate, &groups[i]);
        else
            groups[i] = (struct group){.pct = floor(1e8 / (double)*count) / 1e6,
                                       .gate = *gate};
    }
    if (list)
        check_cover(im, list, groups, *count);
    return groups;
}

static void build_waves(struct ota_importer *im, const struct ota_json *root,
                        const struct gate *gate, const struct group *groups,
                        size_t count, bool dynamic, struct ota_json *policy)
{
    struct ota_json *waves = ota_build_object(im, policy, "waves");
    bool shared = true;

    for (size_t i = 0; i < count; i++)
        shared = shared && same_gate(&groups[i].gate, gate);
    if (!groups[0].json && !(gate->pause && !dynamic))
        ota_build_whole(im, waves, "equal", (int64_t)count);
    ota_build_text(im, waves, "assign", "create");
    ota_build_text(im, waves, "order",
                   ota_import_approximate(im, OTA_HB_UNORDERED) ? "random"
                                                                : "created");
    ota_build_text(im, waves, "overlap", "open");
    ota_build_text(im, waves, "fill", "shares");
    if (groups[0].json || (gate->pause && !dynamic))
        build_list(im, groups, count, shared, dynamic, waves);
    if (dynamic)
        build_repeat(im, root, groups[count - 1].pct, (int64_t)count, waves);
    if (shared)
        build_rules(im, gate, false, policy);
}

/* --- devices --- */

/* "00:05:00", or with a random deviation "00:05:00~10%". */
static void build_learn(struct ota_importer *im, const struct ota_json *root,
                        struct ota_json *device)
{
    const struct ota_json *time =
        ota_import_take_type(im, root, "pollingTime", OTA_JSON_TEXT);
    int hours = 0, minutes = 5, seconds = 0, pct = 0, used = 0, more = 0;

    if (time) {
        const int parts = sscanf(time->text, "%2d:%2d:%2d%n", &hours, &minutes,
                                 &seconds, &used);
        if (parts == 3 && time->text[used] == '~' &&
            sscanf(time->text + used, "~%3d%%%n", &pct, &more) == 1)
            used += more;
        const int all = hours * 3600 + minutes * 60 + seconds;
        if (parts != 3 || time->text[used] || all < 30 || all > 86399 ||
            minutes > 59 || seconds > 59 || hours < 0 || minutes < 0 ||
            seconds < 0 || pct < 0 || pct > 100)
            ota_import_refuse(im, time,
                              "\"%s\" is no polling time; one is \"00:05:00\" "
                              "or \"00:05:00~10%%\", from 00:00:30 to 23:59:59 "
                              "(hawkBit, PollingTime)",
                              time->text);
    }
    struct ota_json *learn = ota_build_object(im, device, "learn");
    ota_build_text(im, learn, "by", "poll");
    ota_build_seconds(im, learn, "every",
                      (int64_t)hours * 3600 + minutes * 60 + seconds);
    if (pct > 0)
        ota_build_whole(im, ota_build_object(im, learn, "jitter"), "pct", pct);
    ota_build_text(im, learn, "phase", "random");
}

static int64_t read_epoch(struct ota_importer *im, const struct ota_json *root,
                          const char *key, bool *given)
{
    int64_t ms = 0;

    *given = ota_import_whole(im, root, key, 0, INT64_C(4102444800000),
                              "milliseconds since 1970", &ms);
    return ms / 1000;
}

/* Whether devices ask somebody; the groups may not differ, as a policy's
 * devices are all alike. */
static bool read_confirmation(struct ota_importer *im,
                              const struct ota_json *root,
                              const struct group *groups, size_t count)
{
    bool all = false;
    ota_import_flag(im, root, "confirmationRequired", &all);
    size_t asked = 0;
    for (size_t i = 0; i < count; i++) {
        bool here = all;
        if (groups[i].json)
            ota_import_flag(im, groups[i].json, "confirmationRequired", &here);
        asked += here;
    }
    if (asked > 0 && asked < count)
        ota_import_refuse(im, root,
                          "some groups require confirmation and others do not; "
                          "a policy's devices all ask, or none does");
    return asked > 0;
}

static void build_accept(struct ota_importer *im, const struct ota_json *root,
                         bool confirmed, struct ota_json *device)
{
    static const char *const types[] = {"forced", "soft", "timeforced",
                                        "downloadonly", NULL};
    const int type = ota_import_word(im, root, "type", types);
    bool given;
    const int64_t forced_at = read_epoch(im, root, "forcetime", &given);

    if (type == 3)
        ota_import_approximate(im, OTA_HB_DOWNLOAD_ONLY);
    if (given && type != 2)
        ota_import_idle(im, ota_json_find(root, "forcetime"),
                        "the type is not timeforced");
    if (type == 2)
        ota_import_need(im, root, "forcetime",
                        "when a timeforced rollout is forced");
    if (type == 2 && given && !im->zero_known)
        ota_import_refuse(im, ota_json_find(root, "forcetime"),
                          "a forcetime without startAt; say with --start when "
                          "the release is");
    if (type != 1 && type != 2 && !confirmed)
        return;
    const int64_t left = type == 2 ? ota_import_since_zero(im, forced_at) : 0;
    if (left > INT64_C(3650) * 86400)
        ota_import_refuse(im, ota_json_find(root, "forcetime"),
                          "a forcetime more than ten years behind the "
                          "release; the simulator's delays end there");
    ota_import_approximate(im, OTA_HB_ASK);
    struct ota_json *accept = ota_build_object(im, device, "accept");
    ota_build_text(im, accept, "mode", "ask");
    if (left > 0)
        ota_build_text(im, accept, "delay", "uniform(0s, %llds)",
                       (long long)left);
    else
        ota_build_text(im, accept, "delay", "0s");
}

static void build_device(struct ota_importer *im, const struct ota_json *root,
                         bool confirmed, struct ota_json *policy)
{
    bool given;
    const int64_t start = read_epoch(im, root, "startAt", &given);

    if (given)
        ota_import_zero(im, start);
    else
        ota_import_approximate(im, OTA_HB_START);
    if (given && ota_import_since_zero(im, start) > 0)
        ota_build_span(im,
                       ota_build_object(im,
                                        ota_build_object(im, policy, "windows"),
                                        "rollout"),
                       "start", ota_import_since_zero(im, start));
    struct ota_json *device = ota_build_object(im, policy, "device");
    build_learn(im, root, device);
    build_accept(im, root, confirmed, device);
}

static void read_hawkbit(struct ota_importer *im, const struct ota_json *root,
                         struct ota_json *policy)
{
    struct gate gate = {.success = 50.0, .error = 50.0};
    bool dynamic = false;
    size_t count;
    const struct ota_json *query =
        ota_import_take_type(im, root, "targetFilterQuery", OTA_JSON_TEXT);
    const char *where = query ? ota_filter_of_rsql(im, query) : NULL;

    read_gate(im, root, &gate);
    ota_import_flag(im, root, "dynamic", &dynamic);
    const struct group *groups = read_groups(im, root, &gate, dynamic, &count);
    if (!groups)
        return;
    ota_build_text(im, policy, "name", "hawkbit");
    struct ota_json *target = ota_build_object(im, policy, "target");
    if (where && where[0])
        ota_build_text(im, target, "where", "%s", where);
    if (dynamic)
        ota_build_text(im, target, "late", "append_wave");
    else
        ota_build_text(im, target, "created", "before_rollout");
    ota_build_text(im, target, "if_current", "succeed");
    build_waves(im, root, &gate, groups, count, dynamic, policy);
    build_device(im, root, read_confirmation(im, root, groups, count), policy);
    const struct ota_json *template =
        dynamic ? NULL : ota_import_take(im, root, "dynamicGroupTemplate");
    if (template)
        ota_import_idle(im, template, "the rollout is not dynamic");
    bool pauses = false;
    for (size_t i = 0; i < count; i++)
        pauses = pauses || groups[i].gate.pause || groups[i].gate.error < 100.0;
    if (!pauses || ota_import_approximate(im, OTA_HB_HUMAN))
        return;
    struct ota_json *resume = ota_build_object(
        im, ota_build_object(im, policy, "operator"), "resume");
    ota_build_text(im, resume, "after", "8h");
    ota_build_whole(im, resume, "max", 1);
}

static const struct ota_import_idle_field idle[] = {
    {"name", NULL},
    {"description", NULL},
    {"distributionSetId", "what is sent: the scenario's release"},
    {"weight", "it ranks rollouts, and one runs here"},
    {"nameSuffix", NULL},
    {"confirmation", NULL},
    {"id", NULL},
    {"status", NULL},
    {"createdAt", NULL},
    {"createdBy", NULL},
    {"lastModifiedAt", NULL},
    {"lastModifiedBy", NULL},
    {"totalTargets", NULL},
    {"totalTargetsPerStatus", NULL},
    {"_links", NULL},
    {NULL, NULL},
};

const struct ota_import_platform ota_import_hawkbit = {"hawkbit", idle,
                                                       read_hawkbit};
