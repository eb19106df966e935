/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * policy_check_waves.c - waves that never can open or take nobody, and paces
 * that contradict themselves.
 */
#include <math.h>

#include "sim/base/clock.h"
#include "sim/scenario/policy_read.h"

enum { TIME_SIZE = 48 };

static const struct ota_json *wave_at(const struct ota_policy_judge *judge,
                                      size_t wave, const char *key)
{
    return ota_policy_at(judge->object, "waves.list.%zu.%s", wave, key);
}

/* --- when a wave opens ---------------------------------------------------- */

/* Whether one of the rules of that scope does that. */
static bool rules_of(const struct ota_rules *rules, enum ota_scope scope,
                     enum ota_action_kind kind)
{
    for (size_t i = 0; rules && i < rules->count; i++)
        if (rules->list[i].scope == scope && rules->list[i].action.kind == kind)
            return true;
    return false;
}

/* Whether a rule about a wave before that one, or about the rollout, does
 * that. Waves without rules of their own have the rollout's. */
static bool rule_before(const struct ota_policy *policy, size_t wave,
                        enum ota_action_kind kind)
{
    bool found = rules_of(&policy->rules, OTA_SCOPE_ROLLOUT, kind);
    for (size_t w = 0; w < wave && w < policy->waves.count; w++) {
        const struct ota_rules *own = policy->waves.list[w].rules;
        found =
            found || rules_of(own ? own : &policy->rules, OTA_SCOPE_WAVE, kind);
    }
    return found;
}

/* Whether something opens a wave whose start is "next". A person may trigger,
 * skip, or resume what a rule paused, which opens the wave behind it. */
static bool something_opens(const struct ota_policy *policy, size_t wave)
{
    const struct ota_policy_operator *people = &policy->operator;
    if (rule_before(policy, wave, OTA_DO_NEXT_WAVE))
        return true;
    if (wave == 0)
        return false;
    return people->trigger_next_us != OTA_NEVER ||
           people->skip_wave_us != OTA_NEVER ||
           (wave <= policy->waves.count &&
            policy->waves.list[wave - 1].approval) ||
           (people->resumes && rule_before(policy, wave, OTA_DO_PAUSE));
}

static bool check_start(const struct ota_policy_judge *judge, size_t w)
{
    struct ota_binder *binder = judge->reader->binder;
    const struct ota_policy *policy = judge->policy;
    const struct ota_wave *wave = &policy->waves.list[w];
    const struct ota_json *at = wave_at(judge, w, "start");
    const bool by_person =
        wave->approval || wave->start.kind == OTA_START_APPROVAL;
    if (w == 0 && (wave->start.kind == OTA_START_AFTER_START ||
                   wave->start.kind == OTA_START_AFTER_END))
        return ota_bind_complain(binder, at,
                                 "there is no wave before the first; write "
                                 "{\"at\": \"2h\"}");
    if (by_person && !policy->operator.approves && !ota_json_find(
                         ota_json_find(judge->object, "operator"), "approve"))
        return ota_bind_complain(
            binder, wave->approval ? wave_at(judge, w, "type") : at,
            "nobody ever approves: set operator.approve to how long a person "
            "takes, such as \"4h\", or to \"never\" if nobody does");
    if (wave->start.kind == OTA_START_NEXT && !something_opens(policy, w))
        return ota_bind_complain(
            binder, at,
            "\"%.40s\" can never open: no rule before it says \"next_wave\", "
            "and nobody triggers it; %s",
            wave->name,
            w == 0 ? "let the first wave start {\"at\": \"0s\"}"
                   : "add such a rule, set operator.trigger_next, or give it "
                     "a start such as {\"after_start\": \"1d\"}");
    return true;
}

/* Waves by the clock, in its order. */
static bool check_times(const struct ota_policy_judge *judge)
{
    const struct ota_policy_waves *waves = &judge->policy->waves;
    int64_t last_us = 0;
    for (size_t w = 0; w < waves->count; w++) {
        const struct ota_wave_start *start = &waves->list[w].start;
        if (start->kind != OTA_START_AT)
            continue;
        if (start->time_us < last_us)
            return ota_bind_complain(judge->reader->binder,
                                     wave_at(judge, w, "start.at"),
                                     "opens before a wave that stands before "
                                     "it; write waves in order of time");
        last_us = start->time_us;
    }
    return true;
}

/* Waves that the clock lets open only behind the end of the run. */
static bool check_horizon(const struct ota_policy_judge *judge)
{
    const struct ota_policy_waves *waves = &judge->policy->waves;
    char opens[TIME_SIZE], left[TIME_SIZE];
    int64_t soonest_us = 0;
    for (size_t w = 0; w < waves->count && judge->left_us > 0; w++) {
        const struct ota_wave_start *start = &waves->list[w].start;
        if (start->kind == OTA_START_AT)
            soonest_us = start->time_us;
        else if (start->kind == OTA_START_AFTER_START ||
                 start->kind == OTA_START_AFTER_END)
            soonest_us = ota_us_add(soonest_us, start->time_us);
        if (soonest_us < judge->left_us)
            continue;
        ota_amount_format(OTA_TIME, (double)soonest_us, opens, sizeof(opens));
        ota_amount_format(OTA_TIME, (double)judge->left_us, left, sizeof(left));
        return ota_bind_complain(
            judge->reader->binder, wave_at(judge, w, "start"),
            "\"%.40s\" opens %s after the release at the soonest, and the run "
            "ends %s after it; open it sooner, or set run.horizon later",
            waves->list[w].name, opens, left);
    }
    return true;
}

/* --- whom it takes -------------------------------------------------------- */

/* Whether all that are left go into the wave. */
static bool takes_all(const struct ota_wave *wave)
{
    return !wave->approval && !wave->where.root && !wave->reachable &&
           wave->size.kind == OTA_SIZE_REST;
}

static bool check_rest(const struct ota_policy_judge *judge)
{
    const struct ota_policy_waves *waves = &judge->policy->waves;
    const int late = judge->policy->target.late;
    const bool others_come =
        late == OTA_LATE_LAST_WAVE || late == OTA_LATE_APPEND_WAVE;
    for (size_t w = 0; w + 1 < waves->count && !others_come; w++) {
        if (!takes_all(&waves->list[w]))
            continue;
        for (size_t next = w + 1; next < waves->count; next++)
            if (!waves->list[next].approval)
                return ota_bind_complain(
                    judge->reader->binder,
                    ota_policy_at(judge->object, "waves.list.%zu", next),
                    "\"%.40s\" is left without devices: \"%.40s\" before it "
                    "takes all the rest; give that one a size",
                    waves->list[next].name, waves->list[w].name);
    }
    return true;
}

/* Percentages of the same devices; cumulative ones must grow instead. */
static bool check_sizes(const struct ota_policy_judge *judge)
{
    const struct ota_policy_waves *waves = &judge->policy->waves;
    int64_t sum = 0, most = 0;
    for (size_t w = 0; w < waves->count; w++) {
        const struct ota_wave *wave = &waves->list[w];
        if (wave->size.kind != OTA_SIZE_PCT || wave->where.root ||
            wave->approval)
            continue;
        const struct ota_json *at = wave_at(judge, w, "size");
        if (wave->cumulative && wave->size.of == OTA_OF_REMAINING)
            return ota_bind_complain(judge->reader->binder, at,
                                     "cumulative, and of what remains without "
                                     "those before; set \"of\" to initial, "
                                     "matched or fleet");
        if (wave->size.of == OTA_OF_REMAINING)
            continue;
        const int64_t all =
            wave->cumulative ? wave->size.pct : sum + wave->size.pct;
        if (wave->cumulative && all <= most)
            return ota_bind_complain(
                judge->reader->binder, at,
                "cumulative: %g percent with those before, who are %g percent "
                "already, so it takes nobody",
                (double)all / 1e6, (double)most / 1e6);
        sum = most = all;
        if (sum > OTA_PCT_ALL)
            return ota_bind_complain(
                judge->reader->binder, at,
                "the waves up to here sum to %g percent; 100 are all (or is "
                "it \"cumulative\"?)",
                (double)sum / 1e6);
    }
    return true;
}

static bool check_approval_wave(const struct ota_policy_judge *judge, size_t w)
{
    const struct ota_wave *wave = &judge->policy->waves.list[w];
    if (!wave->approval)
        return true;
    const char *key = wave->rules                        ? "rules"
                      : wave->pace                       ? "pace"
                      : wave->where.root                 ? "where"
                      : wave->size.kind != OTA_SIZE_REST ? "size"
                                                         : NULL;
    return !key ||
           ota_bind_complain(judge->reader->binder, wave_at(judge, w, key),
                             "a wave of type \"approval\" has no "
                             "devices, so it has no %s; leave it out",
                             key);
}

bool ota_policy_check_waves(const struct ota_policy_judge *judge)
{
    struct ota_binder *binder = judge->reader->binder;
    const struct ota_policy_waves *waves = &judge->policy->waves;
    const bool repeats = waves->repeat.size.kind != OTA_SIZE_REST;
    bool ok = true;
    for (size_t w = 0; w < waves->count; w++) {
        ok = check_start(judge, w) && ok;
        ok = check_approval_wave(judge, w) && ok;
    }
    if (ota_policy_at(judge->object, "waves.repeat.size") !=
            ota_policy_at(judge->object, "waves.repeat") &&
        !repeats)
        ok = ota_bind_complain(
            binder, ota_policy_at(judge->object, "waves.repeat.size"),
            "the rest again and again is nobody; write a "
            "count or a percentage");
    if (repeats && !something_opens(judge->policy, waves->count))
        ok = ota_bind_complain(binder,
                               ota_policy_at(judge->object, "waves.repeat"),
                               "these can never open: no rule says "
                               "\"next_wave\", and nobody triggers them");
    if (waves->quota_carry && waves->assign != OTA_ASSIGN_POLL)
        ok = ota_bind_complain(
            binder, ota_policy_at(judge->object, "waves.quota_carry"),
            "quotas are of waves that devices ask their "
            "way into; set assign \"poll\"");
    const bool times = check_times(judge) && check_horizon(judge);
    const bool rest = check_rest(judge);
    return check_sizes(judge) && times && rest && ok;
}

/* --- pace ----------------------------------------------------------------- */

static bool check_rate(struct ota_binder *binder,
                       const struct ota_policy_rate *rate,
                       const struct ota_json *at)
{
    if (rate->limited && rate->base > rate->max)
        return ota_bind_complain(binder, ota_policy_at(at, "rate.base"),
                                 "begins at %g per period, more than its max "
                                 "of %g",
                                 rate->base, rate->max);
    if (rate->limited && rate->every > 0 && !(rate->factor > 1))
        return ota_bind_complain(binder, ota_policy_at(at, "rate.grow.factor"),
                                 "a rate grows by a factor of more than 1, not "
                                 "by %g; write 1.1 to 5, or leave \"grow\" out",
                                 rate->factor);
    return true;
}

static bool check_in_flight(struct ota_binder *binder,
                            const struct ota_policy_pace *pace,
                            const struct ota_json *at)
{
    const struct ota_policy_in_flight *limit = &pace->in_flight;
    const bool stale = limit->stale_us != OTA_NEVER;
    if (pace->lane_count > 0 && limit->max == 0)
        return ota_bind_complain(binder, ota_policy_at(at, "lanes"),
                                 "lanes are slots besides a limit, and there "
                                 "is none; set in_flight.max");
    if (limit->min_available > 0 && limit->unit != OTA_PER_LABEL)
        return ota_bind_complain(
            binder, ota_policy_at(at, "in_flight.min_available"),
            "of which devices? set in_flight.unit to a label, such as "
            "\"label:store\"");
    if (stale && limit->counts == OTA_SLOT_DOWNLOADING)
        return ota_bind_complain(binder, ota_policy_at(at, "in_flight.stale"),
                                 "slots that are counted by downloads are "
                                 "free when these end; count \"offered\" or "
                                 "\"started\", or leave this out");
    if (stale != (limit->sweep_us != OTA_NEVER))
        return ota_bind_complain(
            binder,
            ota_policy_at(at, "in_flight.%s", stale ? "stale" : "sweep"),
            stale ? "who looks for stale slots? set \"sweep\" to how often, "
                    "such as \"5min\""
                  : "looks for stale slots, but none ever is; set \"stale\"");
    if (stale && limit->max == 0)
        return ota_bind_complain(binder, ota_policy_at(at, "in_flight.stale"),
                                 "there are no slots to free; set "
                                 "in_flight.max");
    return true;
}

static bool check_run(struct ota_binder *binder,
                      const struct ota_policy_pace *pace,
                      const struct ota_json *at)
{
    const struct ota_json *run = ota_json_find(at, "run");
    if (pace->every_us == 0)
        return true;
    if (ota_json_find(run, "on") || pace->min_gap_us > 0 ||
        pace->also_every_us > 0)
        return ota_bind_complain(binder, ota_policy_at(run, "every"),
                                 "rounds are made on events or by the clock; "
                                 "leave \"every\" out, or \"on\", \"min_gap\" "
                                 "and \"also_every\"");
    return true;
}

static bool check_one_pace(struct ota_binder *binder,
                           const struct ota_policy_pace *pace,
                           const struct ota_json *at)
{
    const bool rate = check_rate(binder, &pace->rate, at);
    const bool in_flight = check_in_flight(binder, pace, at);
    return check_run(binder, pace, at) && rate && in_flight;
}

bool ota_policy_check_pace(const struct ota_policy_judge *judge)
{
    struct ota_binder *binder = judge->reader->binder;
    const struct ota_policy_waves *waves = &judge->policy->waves;
    bool ok = check_one_pace(binder, &judge->policy->pace,
                             ota_policy_at(judge->object, "pace"));
    for (size_t w = 0; w < waves->count; w++)
        if (waves->list[w].pace)
            ok = check_one_pace(binder, waves->list[w].pace,
                                wave_at(judge, w, "pace")) &&
                 ok;
    return ok;
}
