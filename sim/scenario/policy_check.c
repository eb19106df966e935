/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * policy_check.c - what contradicts itself, or never can happen: rules, and
 * what devices and people do. Only what a value says counts, not whether it
 * was written: a dump must read back.
 */
#include "sim/base/clock.h"
#include "sim/scenario/policy_read.h"

enum { TIME_SIZE = 48 };

static const char *time_text(int64_t time_us, char text[TIME_SIZE])
{
    ota_amount_format(OTA_TIME, (double)time_us, text, TIME_SIZE);
    return text;
}

bool ota_rules_have(const struct ota_rules *rules, enum ota_action_kind kind)
{
    for (size_t i = 0; rules && i < rules->count; i++)
        if (rules->list[i].action.kind == kind)
            return true;
    return false;
}

/* Whether any rule, of the rollout or a wave, does that. */
static bool any_rule(const struct ota_policy *policy, enum ota_action_kind kind)
{
    bool have = ota_rules_have(&policy->rules, kind);
    for (size_t i = 0; i < policy->waves.count; i++)
        have = have || ota_rules_have(policy->waves.list[i].rules, kind);
    return have;
}

/* --- conditions ----------------------------------------------------------- */

/* Where a rule stands, and with what it is compared. */
struct rule_place {
    struct ota_binder *binder;
    const struct ota_rules *rules;
    const struct ota_rule *rule;
};

static bool check_share(const struct rule_place *place,
                        const struct ota_condition *c,
                        const struct ota_json *at)
{
    if (place->rules->math == OTA_MATH_CEIL_COUNT &&
        (c->op == OTA_LESS || c->op == OTA_AT_MOST))
        return ota_bind_complain(
            place->binder, ota_policy_at(at, "op"),
            "math \"ceil_count\" asks whether at least so many devices are "
            "reached, and \"%s\" asks the opposite; write \">=\" inside of "
            "{\"not\": ...}, or another math",
            ota_compare_words[c->op]);
    if ((c->op == OTA_MORE && c->pct == OTA_PCT_ALL) ||
        (c->op == OTA_LESS && c->pct == 0))
        return ota_bind_complain(
            place->binder, ota_policy_at(at, "pct"), "a share is never %s",
            c->pct == 0 ? "less than 0 percent" : "more than 100 percent");
    return true;
}

static bool check_sprt(const struct rule_place *place,
                       const struct ota_condition *c, const struct ota_json *at)
{
    if (!(c->p0 < c->p1))
        return ota_bind_complain(place->binder, ota_policy_at(at, "p0"),
                                 "p0, what is good, must be less than p1, what "
                                 "is bad");
    if (!(c->p0 > 0))
        return ota_bind_complain(place->binder, ota_policy_at(at, "p0"),
                                 "with p0 0, one bad outcome decides for ever; "
                                 "write a count, or a small p0 such as 0.001");
    if (!(c->p1 < 1))
        return ota_bind_complain(place->binder, ota_policy_at(at, "p1"),
                                 "with p1 1, one good outcome decides for "
                                 "ever; write less");
    if (!(c->alpha > 0 && c->beta > 0))
        return ota_bind_complain(
            place->binder, ota_policy_at(at, c->alpha > 0 ? "beta" : "alpha"),
            "a test that never errs never ends; write more than 0");
    if (!(c->alpha + c->beta < 1))
        return ota_bind_complain(place->binder, ota_policy_at(at, "alpha"),
                                 "alpha and beta sum to %.6g; a test with 1 or "
                                 "more decides before it has seen anything",
                                 c->alpha + c->beta);
    return true;
}

static bool check_condition(const struct rule_place *place,
                            const struct ota_condition *c,
                            const struct ota_json *at)
{
    bool ok = true;
    switch (c->kind) {
    case OTA_IF_SHARE:
        return check_share(place, c, at);
    case OTA_IF_COUNT:
        return !(c->op == OTA_LESS && c->n == 0) ||
               ota_bind_complain(place->binder, ota_policy_at(at, "n"),
                                 "a counter is never less than 0");
    case OTA_IF_AGE:
        return c->age_of != OTA_SCOPE_WAVE ||
               place->rule->scope == OTA_SCOPE_WAVE ||
               ota_bind_complain(place->binder, ota_policy_at(at, "age"),
                                 "a rule of scope \"rollout\" has no wave; "
                                 "write \"rollout\", or scope \"wave\"");
    case OTA_IF_SPRT:
        return check_sprt(place, c, at);
    case OTA_IF_ALL:
    case OTA_IF_ANY:
        for (size_t i = 0; i < c->part_count; i++)
            ok = check_condition(
                     place, &c->parts[i],
                     ota_policy_at(at, "%s.%zu",
                                   c->kind == OTA_IF_ALL ? "all" : "any", i)) &&
                 ok;
        return ok;
    case OTA_IF_NOT:
        return check_condition(place, c->parts, ota_policy_at(at, "not"));
    case OTA_IF_COMPLETE:
        return true;
    }
    return true;
}

/* --- rules ---------------------------------------------------------------- */

static bool check_rule(const struct ota_policy_judge *judge,
                       const struct ota_rules *rules,
                       const struct ota_rule *rule, const struct ota_json *at)
{
    struct ota_binder *binder = judge->reader->binder;
    const struct rule_place place = {binder, rules, rule};
    char hold[TIME_SIZE], left[TIME_SIZE];
    bool ok = check_condition(&place, &rule->when, ota_policy_at(at, "if"));
    if (judge->left_us > 0 && rule->hold_us >= judge->left_us)
        ok = ota_bind_complain(
            binder, ota_policy_at(at, "hold"),
            "must hold for %s, but the run ends %s after the release; hold "
            "less long, or set run.horizon later",
            time_text(rule->hold_us, hold), time_text(judge->left_us, left));
    if (rule->action.kind == OTA_DO_ROLLBACK &&
        rule->action.who == OTA_BACK_WAVE && rule->scope == OTA_SCOPE_ROLLOUT)
        ok = ota_bind_complain(binder, ota_policy_at(at, "do.rollback.who"),
                               "a rule of scope \"rollout\" has no wave to "
                               "roll back; write \"all\" or \"updated\", or "
                               "scope \"wave\"");
    if (rule->action.cancel == OTA_CANCEL_NONE && rule->action.per_minute > 0)
        ok = ota_bind_complain(binder, ota_policy_at(at, "do"),
                               "takes back no offers, so \"per_minute\" is the "
                               "pace of nothing; set cancel \"queued\" or "
                               "\"all\"");
    return ok;
}

static bool check_list(const struct ota_policy_judge *judge,
                       const struct ota_rules *rules, const struct ota_json *at)
{
    bool ok = true;
    for (size_t i = 0; i < rules->count; i++)
        ok = check_rule(judge, rules, &rules->list[i],
                        ota_policy_at(at, "list.%zu", i)) &&
             ok;
    return ok;
}

/* Somebody who is asked must be there, or said not to be. */
static bool check_approval(const struct ota_policy_judge *judge,
                           const struct ota_rules *rules,
                           const struct ota_json *at)
{
    const struct ota_json *people = ota_json_find(judge->object, "operator");
    for (size_t i = 0; rules && i < rules->count; i++)
        if (rules->list[i].action.kind == OTA_DO_APPROVE &&
            !judge->policy->operator.approves && !ota_json_find(people,
                                                                "approve"))
            return ota_bind_complain(
                judge->reader->binder, ota_policy_at(at, "list.%zu.do", i),
                "nobody ever approves: set operator.approve to how long a "
                "person takes, such as \"4h\", or to \"never\" if nobody does");
    return true;
}

bool ota_policy_check_rules(const struct ota_policy_judge *judge)
{
    const struct ota_policy *policy = judge->policy;
    bool ok = true;
    for (size_t w = 0; w <= policy->waves.count; w++) {
        const bool whole = w == policy->waves.count;
        const struct ota_rules *rules =
            whole ? &policy->rules : policy->waves.list[w].rules;
        const struct ota_json *at =
            whole ? ota_policy_at(judge->object, "rules")
                  : ota_policy_at(judge->object, "waves.list.%zu.rules", w);
        if (!rules)
            continue;
        ok = check_list(judge, rules, at) && ok;
        ok = check_approval(judge, rules, at) && ok;
        ok = ota_policy_check_order(judge, rules, at) && ok;
    }
    if (policy->operator.resumes && !any_rule(policy, OTA_DO_PAUSE))
        ok = ota_bind_complain(judge->reader->binder,
                               ota_policy_at(judge->object, "operator.resume"),
                               "no rule pauses the rollout, so there is "
                               "nothing to resume; add a rule with \"do\": "
                               "{\"pause\": {}}, or leave this out");
    return ok;
}

/* --- attempts, windows, devices ------------------------------------------- */

/* One contradiction: where it stands and what is wrong. */
struct contradiction {
    bool is;
    const char *path, *problem;
};

static bool complain_all(const struct ota_policy_judge *judge,
                         const struct contradiction *all, size_t count)
{
    bool ok = true;
    for (size_t i = 0; i < count; i++)
        if (all[i].is)
            ok = ota_bind_complain(
                judge->reader->binder,
                ota_policy_at(judge->object, "%s", all[i].path), "%s",
                all[i].problem);
    return ok;
}

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static bool check_attempt(const struct ota_policy_judge *judge)
{
    const struct ota_policy_timeout *timeout = &judge->policy->attempt.timeout;
    const struct ota_policy_retry *retry = &judge->policy->attempt.retry;
    const struct ota_policy_penalty *penalty = &judge->policy->attempt.penalty;
    const bool times_out =
        timeout->after_us != OTA_NEVER || timeout->step_us != OTA_NEVER;
    const bool limited = penalty->after_attempts > 0 || penalty->rate_n > 0;
    const struct contradiction all[] = {
        {retry->timed_out > 0 && !times_out, "attempt.retry.on.timed_out",
         "nothing ever times out; set attempt.timeout.after"},
        {retry->factor < 1, "attempt.retry.factor",
         "waits would get shorter with each try; write 1 or more"},
        {retry->wait_max_us < retry->wait_us && !retry->next_poll,
         "attempt.retry.max", "is less than the first wait"},
        {retry->failed > 0 && retry->causes == 0, "attempt.retry.codes",
         "names no failure, so none is tried again; name one, or leave it "
         "out"},
        {limited && penalty->block_us == 0, "attempt.penalty",
         "limits attempts, but blocks nobody; set \"block\""},
        {!limited && penalty->block_us > 0, "attempt.penalty.block",
         "at which limit? set after_attempts or rate"},
        {penalty->rate_n > 0 && penalty->rate_us == 0, "attempt.penalty.rate",
         "so many within which time? set \"within\""},
        {penalty->rate_n == 0 && penalty->rate_us > 0, "attempt.penalty.rate",
         "how many within that time? set \"n\""},
    };
    return complain_all(judge, all, COUNT(all));
}

static bool check_windows(const struct ota_policy_judge *judge)
{
    const struct ota_policy_windows *windows = &judge->policy->windows;
    const struct contradiction all[] = {
        {windows->end_us <= windows->start_us, "windows.rollout.end",
         "the rollout ends before it starts; both count from the release"},
        {judge->left_us > 0 && windows->start_us >= judge->left_us,
         "windows.rollout.start",
         "the run is over before the rollout starts; set run.horizon later"},
        {windows->end_us == OTA_NEVER && windows->at_end != OTA_END_STOP,
         "windows.rollout.at_end", "the rollout has no end; set \"end\""},
    };
    return complain_all(judge, all, COUNT(all));
}

bool ota_policy_check_devices(const struct ota_policy_judge *judge)
{
    const struct ota_policy_device *device = &judge->policy->device;
    const struct ota_policy_confirm *confirm = &device->confirm;
    const struct ota_policy_poll_retry *again = &device->poll_retry;
    const struct ota_policy_accept *accept = &device->accept;
    const struct ota_policy_transfer *transfer = &judge->policy->transfer;
    const struct contradiction all[] = {
        {ota_dist_least(&device->learn.every) <= 0 &&
             (device->learn.by == OTA_LEARN_POLL ||
              device->learn.drawn_every) &&
             ota_dist_mean(&device->learn.every) <= 0,
         "device.learn.every", "devices would poll without end; write more"},
        {again->first_us > 0 && again->factor < 1, "device.poll_retry.factor",
         "waits would get shorter with each try; write 1 or more"},
        {again->max_us < again->first_us, "device.poll_retry.max",
         "is less than the first wait"},
        {again->first_us > 0 && again->repeat == 0, "device.poll_retry.repeat",
         "each interval is waited once at least; write 1 or more"},
        {accept->mode == OTA_ACCEPT_LOCK && accept->lock_duty > 0 &&
             ota_dist_mean(&accept->lock_lasts) <= 0,
         "device.accept", "how long is a lock held? set \"lock_lasts\""},
        {accept->mode != OTA_ACCEPT_LOCK && accept->lock_duty > 0,
         "device.accept.lock_duty", "only mode \"lock\" has locks"},
        {accept->mode != OTA_ACCEPT_ASK && accept->refuse > 0,
         "device.accept.refuse", "only mode \"ask\" asks somebody"},
        {confirm->by == OTA_CONFIRM_NONE && confirm->report_confirm,
         "device.confirm.report",
         "nobody confirms; set \"by\", or report at \"boot\""},
        {confirm->by == OTA_CONFIRM_NONE && confirm->revert != OTA_REVERT_NEVER,
         "device.confirm.revert",
         "nobody confirms, so every device would revert; set \"by\", or "
         "revert \"never\""},
        {confirm->by == OTA_CONFIRM_TIME && confirm->after_us == 0,
         "device.confirm", "after which time? set \"after\""},
        {confirm->revert == OTA_REVERT_TIMER &&
             confirm->deadline_us == OTA_NEVER,
         "device.confirm.revert", "when? set \"deadline\""},
        {confirm->revert != OTA_REVERT_TIMER &&
             confirm->deadline_us != OTA_NEVER,
         "device.confirm.deadline",
         "only revert \"timer\" has a deadline; set it, or leave this out"},
        {transfer->image == OTA_IMAGE_FULL && transfer->delta_ready_us > 0,
         "transfer.delta_ready",
         "no deltas are sent; set image \"delta\" or \"delta_else_full\""},
        {transfer->url_bytes > 0 && transfer->url_ttl_us == OTA_NEVER,
         "transfer.url_bytes", "nothing is asked for again; set \"url_ttl\""},
    };
    const bool attempt = check_attempt(judge);
    const bool windows = check_windows(judge);
    return complain_all(judge, all, COUNT(all)) && attempt && windows;
}

bool ota_policy_check(struct ota_policy_reader *reader,
                      const struct ota_json *object, int64_t left_us,
                      const struct ota_policy *policy)
{
    const struct ota_policy_judge judge = {.reader = reader,
                                           .policy = policy,
                                           .object = object,
                                           .left_us = left_us};
    const bool waves = ota_policy_check_waves(&judge);
    const bool pace = ota_policy_check_pace(&judge);
    const bool rules = ota_policy_check_rules(&judge);
    const bool devices = ota_policy_check_devices(&judge);
    return waves && pace && rules && devices;
}
