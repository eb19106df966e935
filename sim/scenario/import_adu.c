/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * import_adu.c - Azure Device Update for IoT Hub: a deployment with its
 * rollback policy.
 *
 * Source: MicrosoftDocs/azure-docs, articles/iot-hub-device-update/
 * device-update-deployments.md and device-update-groups.md. A deployment goes
 * to all of a group at once and stays active, so it also reaches those that
 * join later. The percentage's denominator, and whether count and percentage
 * must both be reached, are not documented.
 */
#include <string.h>

#include "sim/scenario/import_parts.h"

static void build_rules(struct ota_importer *im, const struct ota_json *root,
                        struct ota_json *policy)
{
    static const char *const of[] = {"total", "started", "terminal"};
    const struct ota_json *rollback =
        ota_import_take_type(im, root, "rollbackPolicy", OTA_JSON_OBJECT);
    const struct ota_json *failure =
        ota_import_take_type(im, rollback, "failure", OTA_JSON_OBJECT);
    const struct ota_json *update = ota_import_take(im, rollback, "update");
    double pct = 0.0;
    int64_t count = 0;
    bool by_pct = false, by_count = false;

    if (!rollback)
        return;
    if (update) {
        ota_import_seen(im, update);
        ota_import_approximate(im, OTA_ADU_VERSION);
    }
    if (!ota_import_need(im, rollback, "failure",
                         "how many failed devices roll the group back"))
        return;
    if (ota_import_need(im, failure, "devicesFailedPercentage",
                        "a percentage of the devices, 0 to 100"))
        by_pct = ota_import_decimal(im, failure, "devicesFailedPercentage", 0.0,
                                    100.0, 2, "Azure Device Update", &pct);
    if (ota_import_need(im, failure, "devicesFailedCount",
                        "a number of devices"))
        by_count = ota_import_whole(im, failure, "devicesFailedCount", 0,
                                    INT64_MAX, NULL, &count);
    if (!by_pct || !by_count)
        return;
    struct ota_json *rules = ota_build_object(im, policy, "rules");
    ota_build_text(im, ota_build_object(im, rules, "eval"), "on", "outcome");
    struct ota_json *rule =
        ota_build_object(im, ota_build_list(im, rules, "list"), NULL);
    ota_build_text(im, rule, "scope", "rollout");
    struct ota_json *both = ota_build_list(
        im, ota_build_object(im, rule, "if"),
        ota_import_approximate(im, OTA_ADU_AND) == 1 ? "any" : "all");
    ota_build_count(im, both, NULL, "failed", ">=", count);
    ota_build_share(im, both, NULL, "failed",
                    of[ota_import_approximate(im, OTA_ADU_DENOMINATOR)],
                    ">=", pct);
    struct ota_json *back =
        ota_build_object(im, ota_build_object(im, rule, "do"), "rollback");
    ota_build_text(im, back, "to", "previous");
    ota_build_text(im, back, "who", "all");
}

static void build_target(struct ota_importer *im, const struct ota_json *root,
                         struct ota_json *policy)
{
    const struct ota_json *group =
        ota_import_take_type(im, root, "groupId", OTA_JSON_TEXT);
    struct ota_json *target = ota_build_object(im, policy, "target");
    char where[OTA_FILTER_SIZE] = "";

    if (group && strcmp(group->text, "$default") == 0)
        ota_import_idle(im, group, "the default group: all devices");
    else if (group && ota_filter_add(im, group, where, sizeof(where),
                                     "ADUGroup", "=", group->text))
        ota_build_text(im, target, "where", "%s", where);
    ota_build_text(im, target, "late", "immediately");
}

static void read_adu(struct ota_importer *im, const struct ota_json *root,
                     struct ota_json *policy)
{
    int64_t start;

    ota_build_text(im, policy, "name", "adu");
    build_target(im, root, policy);
    build_rules(im, root, policy);
    if (ota_import_take_date(im, root, "startDateTime", &start)) {
        ota_import_zero(im, start);
        const int64_t since = ota_import_since_zero(im, start);
        if (since > 0)
            ota_build_span(
                im,
                ota_build_object(im, ota_build_object(im, policy, "windows"),
                                 "rollout"),
                "start", since);
    }
    ota_build_text(
        im,
        ota_build_object(im, ota_build_object(im, policy, "device"), "learn"),
        "by", "push");
}

static const struct ota_import_idle_field idle[] = {
    {"deploymentId", NULL},
    {"update", "what is sent: the scenario's release"},
    {"deviceClassSubgroups", NULL},
    {"isCanceled", "an operator's own act"},
    {"isRetried", "an operator's own act"},
    {"isCloudInitiatedRollback", NULL},
    {NULL, NULL},
};

const struct ota_import_platform ota_import_adu = {"adu", idle, read_adu};
