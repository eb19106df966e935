/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * import_mender.c - Mender: a deployment with phases, and the client's
 * mender.conf.
 *
 * Sources: mendersoftware/mender-server, backend/docs/api/deployments/
 * management_v2.yaml and the UI's PhaseSettings.tsx; mendersoftware/mender,
 * src/client_shared/config_parser.hpp (defaults), src/common/http/http.cpp
 * (back-off); mendersoftware/mender-docs, "Polling intervals", "Configuration
 * options", "Phased rollout", "Delta update". Phases are quotas: whoever polls
 * first is in. Time alone opens them; nothing stops a deployment.
 */
#include <string.h>

#include "sim/scenario/import_parts.h"

/* --- phases --- */

/* Checks and adds up the batches; the last phase takes the rest. */
static void build_size(struct ota_importer *im, const struct ota_json *phase,
                       int64_t *sum, struct ota_json *wave)
{
    int64_t pct = 0;
    const bool given =
        ota_import_whole(im, phase, "batch_size", 1, 100,
                         "mender-server, management_v2.yaml", &pct);

    *sum += pct;
    if (*sum > 100 && *sum - pct <= 100)
        ota_import_refuse(im, phase,
                          "the batches up to this one come to %lld %%; 100 is "
                          "all",
                          (long long)*sum);
    if (!phase->next) {
        if (given && *sum < 100)
            ota_import_refuse(im, phase,
                              "the phases come to %lld %% of the devices; the "
                              "last one has no batch_size and takes the rest",
                              (long long)*sum);
        ota_build_text(im, wave, "size", "rest");
        return;
    }
    if (!given)
        ota_import_need(im, phase, "batch_size",
                        "which percentage of the devices this phase takes; "
                        "only the last goes without");
    struct ota_json *size = ota_build_object(im, wave, "size");
    ota_build_whole(im, size, "pct", pct);
    ota_build_text(im, size, "of", "initial");
}

/* When a phase begins; the first may leave it open. */
static bool read_start(struct ota_importer *im, const struct ota_json *phase,
                       int64_t *before, int64_t *since)
{
    int64_t start;

    *since = 0;
    if (!ota_import_take_date(im, phase, "start_ts", &start)) {
        if (phase->index > 0)
            ota_import_need(im, phase, "start_ts",
                            "when the phase begins, such as "
                            "2026-11-01T10:00:00Z");
        return phase->index == 0 && !ota_import_take(im, phase, "start_ts");
    }
    if (phase->index == 0)
        ota_import_zero(im, start);
    const struct ota_json *at = ota_import_take(im, phase, "start_ts");
    if (!im->zero_known) {
        ota_import_refuse(im, at,
                          "the first phase says no start_ts to count this one "
                          "from; say with --start when the deployment begins");
        return false;
    }
    if (phase->index > 0 && start < *before)
        ota_import_refuse(im, at, "this phase begins before the one before it");
    *before = start;
    *since = ota_import_since_zero(im, start);
    return true;
}

static void build_waves(struct ota_importer *im, const struct ota_json *phases,
                        struct ota_json *policy)
{
    if (!phases || !phases->child)
        return;
    struct ota_json *waves = ota_build_object(im, policy, "waves");
    int64_t sum = 0, before = INT64_MIN, since;

    ota_build_text(im, waves, "assign", "poll");
    if (ota_import_approximate(im, OTA_MENDER_QUOTA_CARRY))
        ota_build_flag(im, waves, "quota_carry", true);
    struct ota_json *list = ota_build_list(im, waves, "list");
    for (const struct ota_json *p = phases->child; p; p = p->next) {
        struct ota_json *wave = ota_build_object(im, list, NULL);
        build_size(im, p, &sum, wave);
        if (read_start(im, p, &before, &since))
            ota_build_span(im, ota_build_object(im, wave, "start"), "at",
                           since);
    }
}

/* --- deployment --- */

static void build_rules(struct ota_importer *im, const struct ota_json *root,
                        struct ota_json *policy)
{
    int64_t most = 0;

    if (!ota_import_whole(im, root, "max_devices", 0, INT64_MAX, NULL, &most) ||
        most == 0)
        return;
    struct ota_json *rules = ota_build_object(im, policy, "rules");
    ota_build_text(im, ota_build_object(im, rules, "eval"), "on", "outcome");
    struct ota_json *rule =
        ota_build_object(im, ota_build_list(im, rules, "list"), NULL);
    ota_build_text(im, rule, "scope", "rollout");
    ota_build_count(im, rule, "if", "terminal", ">=", most);
    ota_build_text(im, rule, "do", "finish");
}

static void build_attempt(struct ota_importer *im, const struct ota_json *root,
                          struct ota_json *policy)
{
    int64_t retries = 0;

    if (!ota_import_whole(im, root, "retries", 0, 1000, NULL, &retries) ||
        retries == 0)
        return;
    struct ota_json *retry =
        ota_build_object(im, ota_build_object(im, policy, "attempt"), "retry");
    ota_build_whole(im, ota_build_object(im, retry, "on"), "failed", retries);
    if (ota_import_approximate(im, OTA_MENDER_RETRY_NEXT_POLL) == 1)
        ota_build_whole(im, retry, "wait", 0);
    else
        ota_build_text(im, retry, "wait", "next_poll");
}

/* Whether an update control map holds devices up: {"states": {"...":
 * {"action": "pause"}}}. */
static bool pauses(struct ota_importer *im, const struct ota_json *root)
{
    const struct ota_json *map =
        ota_import_take_type(im, root, "update_control_map", OTA_JSON_OBJECT);
    const struct ota_json *states =
        ota_import_take_type(im, map, "states", OTA_JSON_OBJECT);
    bool any = false;

    if (map)
        ota_import_seen(im, map);
    for (const struct ota_json *s = states ? states->child : NULL; s;
         s = s->next) {
        const char *action = ota_import_text(im, s, "action");
        if (action && strcmp(action, "fail") == 0)
            ota_import_refuse(im, s,
                              "a state that fails ends every update; nothing "
                              "is left to simulate");
        any = any || (action && strcmp(action, "pause") == 0);
    }
    return any;
}

/* --- the client --- */

static void build_polls(struct ota_importer *im, const struct ota_json *conf,
                        struct ota_json *device)
{
    int64_t every = 1800, retry_most = 300, count = 0;

    ota_import_whole(im, conf, "UpdatePollIntervalSeconds", 1, INT32_MAX, NULL,
                     &every);
    ota_import_whole(im, conf, "RetryPollIntervalSeconds", 60, INT32_MAX,
                     "mender-docs, Configuration options", &retry_most);
    ota_import_whole(im, conf, "RetryPollCount", 0, INT32_MAX, NULL, &count);

    struct ota_json *learn = ota_build_object(im, device, "learn");
    ota_build_text(im, learn, "by", "poll");
    ota_build_seconds(im, learn, "every", every);
    ota_build_text(im, learn, "phase", "boot");
    struct ota_json *retry = ota_build_object(im, device, "poll_retry");
    ota_build_text(im, retry, "first", "60s");
    ota_build_whole(im, retry, "repeat", 3);
    ota_build_whole(im, retry, "factor", 2);
    ota_build_seconds(im, retry, "max", retry_most);
    if (count > 0)
        ota_build_whole(im, retry, "give_up", count);
    else
        ota_build_text(im, retry, "give_up", "auto");
}

static void build_device(struct ota_importer *im, const struct ota_json *root,
                         const struct ota_json *conf, struct ota_json *policy)
{
    struct ota_json *device = ota_build_object(im, policy, "device");

    build_polls(im, conf, device);
    if (pauses(im, root)) {
        ota_import_approximate(im, OTA_MENDER_PAUSE_POINT);
        struct ota_json *accept = ota_build_object(im, device, "accept");
        ota_build_text(im, accept, "mode", "ask");
        ota_build_text(im, accept, "what", "install");
        ota_build_text(im, accept, "delay", "4h");
    }
    struct ota_json *confirm = ota_build_object(im, device, "confirm");
    ota_build_text(im, confirm, "by", "self");
    ota_build_text(im, confirm, "revert", "next_boot");
    ota_build_text(im, confirm, "report", "confirm");
}

static void build_transfer(struct ota_importer *im, const struct ota_json *root,
                           const struct ota_json *conf, struct ota_json *policy)
{
    bool delta = false;
    int64_t count = 10;
    struct ota_json *transfer = ota_build_object(im, policy, "transfer");

    ota_import_flag(im, root, "autogenerate_delta", &delta);
    if (delta) {
        ota_build_text(im, transfer, "image", "delta_else_full");
        ota_build_text(im, transfer, "delta_ready", "15m");
        ota_build_text(im, transfer, "while_not_ready", "wait");
    } else {
        ota_build_text(im, transfer, "image", "full");
    }
    ota_build_flag(im, transfer, "resume", true);
    ota_import_whole(im, conf, "RetryDownloadCount", 1, 10000,
                     "mender-docs, Configuration options", &count);
    ota_import_approximate(im, OTA_MENDER_DOWNLOAD_RETRY);
}

/* Where the deployment and the client's settings are: in one object, or in
 * "deployment" and "mender.conf" of it. */
static void read_mender(struct ota_importer *im, const struct ota_json *file,
                        struct ota_json *policy)
{
    const struct ota_json *inner =
        ota_import_take_type(im, file, "deployment", OTA_JSON_OBJECT);
    const struct ota_json *conf =
        ota_import_take_type(im, file, "mender.conf", OTA_JSON_OBJECT);
    const struct ota_json *root = inner ? inner : file;
    const struct ota_json *devices = ota_import_take(im, root, "devices");
    bool force = false;

    ota_build_text(im, policy, "name", "mender");
    struct ota_json *target = ota_build_object(im, policy, "target");
    ota_build_text(im, target, "late", devices ? "ignore" : "last_wave");
    if (devices)
        ota_import_idle(im, devices,
                        "who they are: target.where, or the scenario's groups");
    ota_import_flag(im, root, "force_installation", &force);
    if (force)
        ota_build_text(im, target, "if_current", "force");
    build_waves(im, ota_import_take_type(im, root, "phases", OTA_JSON_LIST),
                policy);
    build_rules(im, root, policy);
    build_attempt(im, root, policy);
    build_device(im, root, conf ? conf : file, policy);
    build_transfer(im, root, conf ? conf : file, policy);
}

static const char scripts[] = "state scripts are not simulated";
static const char connection[] = "how the client connects: the scenario's";

static const struct ota_import_idle_field idle[] = {
    {"name", NULL},
    {"id", NULL},
    {"artifact_name", "what is sent: the scenario's release"},
    {"filter_id", "who they are: target.where, or the scenario's groups"},
    {"filter", "who they are: target.where, or the scenario's groups"},
    {"group", "who they are: target.where, or the scenario's groups"},
    {"all_devices", NULL},
    {"device_count", "how far a phase is: the simulation's to say"},
    {"status", NULL},
    {"created", NULL},
    {"InventoryPollIntervalSeconds", "inventory is not simulated"},
    {"StateScriptTimeoutSeconds", scripts},
    {"StateScriptRetryTimeoutSeconds", scripts},
    {"StateScriptRetryIntervalSeconds", scripts},
    {"ModuleTimeoutSeconds", "a time-out of update modules"},
    {"ServerURL", connection},
    {"Servers", connection},
    {"ServerCertificate", connection},
    {"TenantToken", connection},
    {"HttpsClient", connection},
    {"SkipVerify", connection},
    {"Connectivity", connection},
    {"ArtifactVerifyKey", NULL},
    {"ArtifactVerifyKeys", NULL},
    {"RootfsPartA", NULL},
    {"RootfsPartB", NULL},
    {"DeviceTypeFile", NULL},
    {"DeviceTier", NULL},
    {"DaemonLogLevel", NULL},
    {"Security", NULL},
    {"DBus", NULL},
    {"UpdateControlMapExpirationTimeSeconds",
     "update control maps are read as pauses only"},
    {"UpdateControlMapBootExpirationTimeSeconds",
     "update control maps are read as pauses only"},
    {NULL, NULL},
};

const struct ota_import_platform ota_import_mender = {"mender", idle,
                                                      read_mender};
