/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * import_aws.c - AWS IoT Jobs: CreateJob, CreateOTAUpdate, a job template of
 * CloudFormation, a deployment of Greengrass.
 *
 * Ranges and defaults: AWS IoT API reference (JobExecutionsRolloutConfig,
 * ExponentialRolloutRate, AbortCriteria, RetryCriteria, SchedulingConfig,
 * PresignedUrlConfig, AwsJobPresignedUrlConfig), AWS IoT developer guide
 * ("Job rollout, scheduling, and abort configurations"), CloudFormation
 * (AWS::IoT::JobTemplate MaintenanceWindow). What is limited is the
 * notification, so a device that is offered stays offered; a job's
 * cancellation proceeds at about 1000 devices a minute (developer guide, job
 * limits).
 */
#include <string.h>

#include "models/policy/cron.h"
#include "sim/scenario/import_parts.h"

enum { MINUTES_A_YEAR = 365 * 24 * 60 };

/* How the request calls its parts. */
struct names {
    const char *rollout, *abort, *criteria, *timeout, *url;
    int64_t url_default_s;
    bool ota; /* CreateOTAUpdate has neither retries nor a schedule */
};

static const struct names job_names = {"jobExecutionsRolloutConfig",
                                       "abortConfig",
                                       "criteriaList",
                                       "timeoutConfig",
                                       "presignedUrlConfig",
                                       3600,
                                       false};
static const struct names ota_names = {"awsJobExecutionsRolloutConfig",
                                       "awsJobAbortConfig",
                                       "abortCriteriaList",
                                       "awsJobTimeoutConfig",
                                       "awsJobPresignedUrlConfig",
                                       1800,
                                       true};

/* --- pace --- */

/* Both placements are documented; they may not disagree. */
static int64_t read_most(struct ota_importer *im, const struct ota_json *config,
                         const struct ota_json *ladder)
{
    static const char source[] = "AWS IoT, JobExecutionsRolloutConfig";
    int64_t beside = 1000, inside = 1000;
    const bool has_beside = ota_import_whole(im, config, "maximumPerMinute", 1,
                                             1000, source, &beside);
    const bool has_inside = ota_import_whole(im, ladder, "maximumPerMinute", 1,
                                             1000, source, &inside);

    if (has_beside && has_inside && beside != inside)
        ota_import_refuse(im, ota_import_take(im, ladder, "maximumPerMinute"),
                          "maximumPerMinute is %lld here and %lld beside "
                          "exponentialRate; give it once",
                          (long long)inside, (long long)beside);
    return has_inside ? inside : beside;
}

static void build_grow(struct ota_importer *im, const struct ota_json *ladder,
                       double factor, struct ota_json *rate)
{
    static const char *const of_words[] = {"either", "offered", "succeeded"};
    static const char source[] = "AWS IoT, RateIncreaseCriteria";
    const struct ota_json *criteria = ota_import_take_type(
        im, ladder, "rateIncreaseCriteria", OTA_JSON_OBJECT);
    int64_t notified = 0, succeeded = 0;
    const bool by_notified =
        ota_import_whole(im, criteria, "numberOfNotifiedThings", 1, INT64_MAX,
                         source, &notified);
    const bool by_succeeded =
        ota_import_whole(im, criteria, "numberOfSucceededThings", 1, INT64_MAX,
                         source, &succeeded);
    int of = by_notified ? 1 : 2;

    if (!by_notified && !by_succeeded) {
        if (ota_import_need(im, ladder, "rateIncreaseCriteria",
                            "after how many things the rate grows"))
            ota_import_need(im, criteria, "numberOfNotifiedThings",
                            "after how many things the rate grows");
        return;
    }
    if (by_notified && by_succeeded)
        of = ota_import_approximate(im, OTA_AWS_EITHER_CRITERION);
    if (of == 0 && notified != succeeded) {
        ota_import_refuse(im, criteria,
                          "two different numbers, and a policy's rate grows by "
                          "one: make them equal, or say --reading "
                          "aws-either-criterion=notified, or =succeeded");
        return;
    }
    struct ota_json *grow = ota_build_object(im, rate, "grow");
    ota_build_number(im, grow, "factor", factor);
    ota_build_whole(im, grow, "every", of == 2 ? succeeded : notified);
    ota_build_text(im, grow, "of", "%s", of_words[of]);
}

static void build_pace(struct ota_importer *im, const struct ota_json *config,
                       bool late_unpaced, struct ota_json *policy)
{
    const struct ota_json *ladder =
        ota_import_take_type(im, config, "exponentialRate", OTA_JSON_OBJECT);
    if (!ladder) /* CloudFormation's word */
        ladder = ota_import_take_type(im, config, "exponentialRolloutRate",
                                      OTA_JSON_OBJECT);
    const int64_t most = read_most(im, config, ladder);
    int64_t base = most;
    double factor = 0.0;
    static const char source[] = "AWS IoT, ExponentialRolloutRate";

    if (ladder && ota_import_need(im, ladder, "baseRatePerMinute",
                                  "the rate that the rollout begins with"))
        ota_import_whole(im, ladder, "baseRatePerMinute", 1, 1000, source,
                         &base);
    if (ladder && ota_import_need(im, ladder, "incrementFactor",
                                  "what the rate is multiplied by, 1.1 to 5"))
        ota_import_decimal(im, ladder, "incrementFactor", 1.1, 5.0, 1, source,
                           &factor);
    if (base > most)
        ota_import_refuse(im, ladder,
                          "baseRatePerMinute, %lld, is over maximumPerMinute, "
                          "%lld",
                          (long long)base, (long long)most);

    struct ota_json *pace = ota_build_object(im, policy, "pace");
    struct ota_json *rate = ota_build_object(im, pace, "rate");
    ota_build_whole(im, rate, "base", base);
    ota_build_text(im, rate, "per", "1m");
    ota_build_whole(im, rate, "max", most);
    if (ladder)
        build_grow(im, ladder, factor, rate);
    if (ota_import_approximate(im, OTA_AWS_MINUTE_GRAIN) == 1)
        ota_build_text(im, rate, "grain", "period");
    if (late_unpaced)
        ota_build_flag(im, pace, "late_paced", false);
}

/* --- abort --- */

static void build_criterion(struct ota_importer *im,
                            const struct ota_json *criterion,
                            struct ota_json *rules)
{
    static const char *const types[] = {"FAILED", "REJECTED", "TIMED_OUT",
                                        "ALL", NULL};
    static const char *const counters[] = {"failed", "rejected", "timed_out",
                                           "bad"};
    static const char *const actions[] = {"CANCEL", NULL};
    static const char source[] = "AWS IoT, AbortCriteria";
    int type = -1;
    double pct = 0.0;
    int64_t least = 0;

    if (ota_import_need(im, criterion, "failureType",
                        "FAILED, REJECTED, TIMED_OUT or ALL"))
        type = ota_import_word(im, criterion, "failureType", types);
    ota_import_word(im, criterion, "action", actions);
    if (ota_import_need(im, criterion, "thresholdPercentage",
                        "which share of failures aborts the job"))
        ota_import_decimal(im, criterion, "thresholdPercentage", 0.0, 100.0, 2,
                           source, &pct);
    if (ota_import_need(im, criterion, "minNumberOfExecutedThings",
                        "how many things must have executed the job before it "
                        "can be aborted"))
        ota_import_whole(im, criterion, "minNumberOfExecutedThings", 1,
                         INT64_MAX, source, &least);
    if (type < 0)
        return;
    const bool more = ota_import_approximate(im, OTA_AWS_ABORT_TIE) == 1;
    if (more && pct == 100.0) {
        ota_import_idle(im, criterion, "more than all never fail");
        return;
    }

    struct ota_json *rule = ota_build_object(im, rules, NULL);
    ota_build_text(im, rule, "scope", "rollout");
    ota_build_share(im, rule, "if", counters[type], "executed",
                    more ? ">" : ">=", pct);
    struct ota_json *min = ota_build_object(im, rule, "min");
    ota_build_whole(im, min,
                    ota_import_approximate(im, OTA_AWS_ABORT_DENOMINATOR)
                        ? "offered"
                        : "executed",
                    least);
    struct ota_json *stop =
        ota_build_object(im, ota_build_object(im, rule, "do"), "stop");
    ota_build_text(im, stop, "cancel", "queued");
    ota_build_whole(im, stop, "per_minute", 1000);
}

static void build_rules(struct ota_importer *im, const struct ota_json *root,
                        const struct names *names, struct ota_json *policy)
{
    const struct ota_json *config =
        ota_import_take_type(im, root, names->abort, OTA_JSON_OBJECT);
    const struct ota_json *criteria =
        ota_import_take_type(im, config, names->criteria, OTA_JSON_LIST);

    if (!criteria || !criteria->child)
        return;
    struct ota_json *rules = ota_build_object(im, policy, "rules");
    struct ota_json *eval = ota_build_object(im, rules, "eval");
    if (ota_import_approximate(im, OTA_AWS_ABORT_INSTANT) == 1)
        ota_build_text(im, eval, "every", "1m");
    else
        ota_build_text(im, eval, "on", "outcome");
    struct ota_json *list = ota_build_list(im, rules, "list");
    for (const struct ota_json *c = criteria->child; c; c = c->next)
        build_criterion(im, c, list);
}

/* --- attempt --- */

/* The numbers of retries of one list; false if there are none. */
static bool read_retries(struct ota_importer *im, const struct ota_json *list,
                         int64_t *failed, int64_t *timed_out, int64_t *total)
{
    static const char *const types[] = {"FAILED", "TIMED_OUT", "ALL", NULL};
    bool seen[2] = {false, false};

    *failed = *timed_out = -1;
    *total = 10; /* for both together (developer guide) */
    for (const struct ota_json *c = list ? list->child : NULL; c; c = c->next) {
        const int type = ota_import_word(im, c, "failureType", types);
        int64_t n = 0;
        ota_import_whole(im, c, "numberOfRetries", 0, 10,
                         "AWS IoT, RetryCriteria", &n);
        if (type < 0)
            continue;
        if ((type != 1 && seen[0]) || (type != 0 && seen[1])) {
            ota_import_refuse(im, c,
                              "retries of that failure type are given twice; "
                              "one entry for FAILED and one for TIMED_OUT, or "
                              "one for ALL");
            continue;
        }
        seen[0] = seen[0] || type != 1;
        seen[1] = seen[1] || type != 0;
        *failed = type != 1 ? n : *failed;
        *timed_out = type != 0 ? n : *timed_out;
        if (type == 2)
            *total = n;
    }
    return seen[0] || seen[1];
}

static void build_retry(struct ota_importer *im, const struct ota_json *config,
                        bool times_out, struct ota_json *attempt)
{
    const struct ota_json *list =
        ota_import_take_type(im, config, "criteriaList", OTA_JSON_LIST);
    int64_t failed, timed_out, total;

    if (!list) /* CloudFormation's word */
        list = ota_import_take_type(im, config, "retryCriteriaList",
                                    OTA_JSON_LIST);
    if (!read_retries(im, list, &failed, &timed_out, &total))
        return;
    if (!times_out && timed_out >= 0) {
        ota_import_idle(im, list,
                        "as far as time-outs: nothing times out without a "
                        "timeoutConfig");
        timed_out = -1;
    }
    if (failed <= 0 && timed_out <= 0)
        return;
    struct ota_json *retry = ota_build_object(im, attempt, "retry");
    struct ota_json *on = ota_build_object(im, retry, "on");
    if (failed >= 0)
        ota_build_whole(im, on, "failed", failed);
    if (timed_out >= 0)
        ota_build_whole(im, on, "timed_out", timed_out);
    ota_build_whole(im, retry, "total", total);
    if (ota_import_approximate(im, OTA_AWS_RETRY_NOW) == 1)
        ota_build_text(im, retry, "wait", "next_poll");
    else
        ota_build_whole(im, retry, "wait", 0);
}

static void build_attempt(struct ota_importer *im, const struct ota_json *root,
                          const struct names *names, struct ota_json *policy)
{
    const struct ota_json *config =
        ota_import_take_type(im, root, names->timeout, OTA_JSON_OBJECT);
    int64_t minutes;
    const bool times_out = ota_import_whole(
        im, config, "inProgressTimeoutInMinutes", 1, 10080,
        "AWS IoT developer guide, job timeout configuration", &minutes);
    const struct ota_json *retries =
        names->ota ? NULL
                   : ota_import_take_type(im, root, "jobExecutionsRetryConfig",
                                          OTA_JSON_OBJECT);

    if (!times_out && !retries)
        return;
    struct ota_json *attempt = ota_build_object(im, policy, "attempt");
    if (times_out) {
        struct ota_json *timeout = ota_build_object(im, attempt, "timeout");
        ota_build_text(im, timeout, "from", "started");
        ota_build_minutes(im, timeout, "after", minutes);
    }
    if (retries)
        build_retry(im, retries, times_out, attempt);
}

/* --- schedule --- */

static void build_end(struct ota_importer *im, const struct ota_json *config,
                      bool start_known, int64_t start, struct ota_json *windows)
{
    static const char *const words[] = {"STOP_ROLLOUT", "CANCEL",
                                        "FORCE_CANCEL", NULL};
    static const char *const at_end[] = {"stop", "cancel_queued", "cancel_all"};
    const int behavior = ota_import_word(im, config, "endBehavior", words);
    int64_t end;

    if (!ota_import_take_date(im, config, "endTime", &end)) {
        if (behavior >= 0)
            ota_import_idle(im, ota_import_take(im, config, "endBehavior"),
                            "there is no endTime");
        return;
    }
    const struct ota_json *at = ota_import_take(im, config, "endTime");
    if (!im->zero_known) {
        ota_import_refuse(im, at,
                          "an endTime without startTime; say with --start when "
                          "the release is");
        return;
    }
    if (start_known && end - start < 30 * 60)
        ota_import_refuse(im, at,
                          "endTime is less than 30 minutes behind startTime "
                          "(AWS IoT, SchedulingConfig)");
    else if (start_known && (end - start) / 60 > 2 * MINUTES_A_YEAR)
        ota_import_refuse(im, at,
                          "endTime is more than two years away (AWS IoT, "
                          "SchedulingConfig)");
    ota_build_span(im, windows, "end", ota_import_since_zero(im, end));
    ota_build_text(im, windows, "at_end", "%s",
                   at_end[behavior < 0 ? 0 : behavior]);
    ota_import_approximate(im, OTA_AWS_END_BEHAVIOR);
}

/* Maintenance windows, in UTC. */
static void build_offers(struct ota_importer *im, const struct ota_json *list,
                         struct ota_json *windows)
{
    struct ota_json *offers = ota_build_list(im, windows, "offer");

    ota_import_approximate(im, OTA_AWS_WINDOW_TAIL);
    for (const struct ota_json *w = list->child; w; w = w->next) {
        char problem[OTA_MESSAGE_SIZE];
        struct ota_cron parsed;
        int64_t minutes = 0;
        const char *cron = NULL;
        if (ota_import_need(
                im, w, "startTime",
                "when the window opens, such as \"cron(0 2 * * ? *)\""))
            cron = ota_import_text(im, w, "startTime");
        if (cron && !ota_cron_parse(cron, &parsed, problem, sizeof(problem)))
            ota_import_refuse(im, ota_import_take(im, w, "startTime"), "%s",
                              problem);
        if (ota_import_need(im, w, "durationInMinutes",
                            "how long the window is open, 1 to 1430"))
            ota_import_whole(im, w, "durationInMinutes", 1, 1430,
                             "CloudFormation, MaintenanceWindow", &minutes);
        struct ota_json *offer = ota_build_object(im, offers, NULL);
        ota_build_text(im, offer, "cron", "%s", cron ? cron : "");
        ota_build_span(im, offer, "for", minutes * 60);
        ota_build_text(im, offer, "tz", "UTC");
    }
}

static void build_windows(struct ota_importer *im, const struct ota_json *root,
                          struct ota_json *policy)
{
    const struct ota_json *config =
        ota_import_take_type(im, root, "schedulingConfig", OTA_JSON_OBJECT);
    const struct ota_json *list = ota_import_take_type(
        im, config ? config : root, "maintenanceWindows", OTA_JSON_LIST);
    if (!config && !list)
        return;
    int64_t start = 0;
    const bool known = ota_import_take_date(im, config, "startTime", &start);
    if (known)
        ota_import_zero(im, start);

    struct ota_json *windows = ota_build_object(im, policy, "windows");
    if (known || ota_import_take(im, config, "endTime")) {
        struct ota_json *rollout = ota_build_object(im, windows, "rollout");
        if (known)
            ota_build_span(im, rollout, "start",
                           ota_import_since_zero(im, start));
        build_end(im, config, known, start, rollout);
    } else {
        build_end(im, config, false, 0, NULL);
    }
    if (list && list->child)
        build_offers(im, list, windows);
}

/* --- the rest --- */

static void build_transfer(struct ota_importer *im, const struct ota_json *root,
                           const struct names *names, struct ota_json *policy)
{
    const struct ota_json *config =
        ota_import_take_type(im, root, names->url, OTA_JSON_OBJECT);
    const struct ota_json *protocols =
        names->ota ? ota_import_take_type(im, root, "protocols", OTA_JSON_LIST)
                   : NULL;
    int64_t expires = names->url_default_s;

    for (const struct ota_json *p = protocols ? protocols->child : NULL; p;
         p = p->next)
        if (p->type == OTA_JSON_TEXT && strcmp(p->text, "MQTT") == 0)
            ota_import_approximate(im, OTA_MQTT_BLOCK_LATENCY);
        else if (p->type != OTA_JSON_TEXT || strcmp(p->text, "HTTP") != 0)
            ota_import_refuse(im, p, "a protocol is \"MQTT\" or \"HTTP\"");
    if (!config)
        return;
    ota_import_whole(im, config, "expiresInSec", 60, 3600,
                     "AWS IoT, PresignedUrlConfig", &expires);
    struct ota_json *transfer = ota_build_object(im, policy, "transfer");
    ota_build_seconds(im, transfer, "url_ttl", expires);
    ota_build_flag(im, transfer, "resume", true);
}

/* Where the request's fields are: in itself, or in what wraps it. */
static const struct ota_json *unwrap(struct ota_importer *im,
                                     const struct ota_json *root)
{
    static const char *const wraps[] = {"job", "properties",
                                        "iotJobConfiguration"};
    const struct ota_json *resources =
        ota_import_take_type(im, root, "resources", OTA_JSON_OBJECT);

    if (resources && resources->child && !resources->child->next) {
        ota_import_take(im, resources, resources->child->key);
        return unwrap(im, resources->child);
    }
    if (resources)
        ota_import_refuse(im, resources,
                          "a template of several resources, or none; leave the "
                          "one of type AWS::IoT::JobTemplate");
    for (size_t i = 0; i < sizeof(wraps) / sizeof(wraps[0]); i++) {
        const struct ota_json *inner = ota_import_take(im, root, wraps[i]);
        if (inner && inner->type == OTA_JSON_OBJECT)
            return inner;
    }
    return root;
}

static bool is_ota(const struct ota_json *root)
{
    for (const struct ota_json *v = root->child; v; v = v->next)
        if (strncmp(v->key, "awsJob", 6) == 0 ||
            strcmp(v->key, "otaUpdateId") == 0)
            return true;
    return false;
}

static void read_aws(struct ota_importer *im, const struct ota_json *file,
                     struct ota_json *policy)
{
    static const char *const selections[] = {"SNAPSHOT", "CONTINUOUS", NULL};
    im->any_case = true;
    const struct ota_json *root = unwrap(im, file);
    const struct names *names = is_ota(root) ? &ota_names : &job_names;
    const bool continuous =
        ota_import_word(im, root, "targetSelection", selections) == 1;
    const struct ota_json *rollout =
        ota_import_take_type(im, root, names->rollout, OTA_JSON_OBJECT);

    ota_build_text(im, policy, "name", "aws");
    struct ota_json *target = ota_build_object(im, policy, "target");
    ota_build_text(im, target, "late", continuous ? "immediately" : "ignore");
    ota_build_text(im, target, "leave", "remove");
    build_pace(im, rollout, continuous, policy);
    build_rules(im, root, names, policy);
    build_attempt(im, root, names, policy);
    if (!names->ota)
        build_windows(im, root, policy);
    ota_build_text(
        im,
        ota_build_object(im, ota_build_object(im, policy, "device"), "learn"),
        "by", "push");
    build_transfer(im, root, names, policy);
}

static const struct ota_import_idle_field idle[] = {
    {"jobId", NULL},
    {"jobArn", NULL},
    {"jobTemplateId", NULL},
    {"jobTemplateArn", NULL},
    {"description", NULL},
    {"targets", "who they are: target.where, or the scenario's groups"},
    {"targetArn", "who they are: target.where, or the scenario's groups"},
    {"document", NULL},
    {"documentSource", NULL},
    {"documentParameters", NULL},
    {"destinationPackageVersions", NULL},
    {"namespaceId", NULL},
    {"tags", NULL},
    {"roleArn", NULL},
    {"otaUpdateId", NULL},
    {"files", "what is sent: the scenario's release"},
    {"additionalParameters", NULL},
    {"type", NULL},
    {"awsTemplateFormatVersion", NULL},
    {"deploymentName", NULL},
    {"components", "what is sent: the scenario's release"},
    {"deploymentPolicies", "what a core device does: the scenario's groups"},
    {"parentTargetArn", NULL},
    {"status", NULL},
    {"createdAt", NULL},
    {"lastUpdatedAt", NULL},
    {"completedAt", NULL},
    {"jobProcessDetails", NULL},
    {NULL, NULL},
};

const struct ota_import_platform ota_import_aws = {"aws", idle, read_aws};
