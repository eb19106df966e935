/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * idle.c - time in which nothing that matters happens, passed over in one go.
 *
 * A device that the rollout has not reached, or that has the release, wakes,
 * connects, publishes and sleeps for nobody's sake: only what that costs and
 * where it leaves the device counts. What it costs is taken from pilots: some
 * extra devices of the same kind, stepped through one stretch of idle life a
 * replication. Each point at which a pilot falls asleep is kept with what it
 * had spent by then, when it wakes next and how old its session is then. From
 * its own next wake on, a device takes over what a random pilot spent behind
 * a point with a session as old as its own; when that pilot's life is used up,
 * another one goes on from a point like its last. Falling asleep forgets
 * everything but the session's age (and the app's memory, which is of no more
 * than one long wait's weight), so the pieces fit. So no model needs a closed
 * form, each device has a spread like that of a device stepped through, and a
 * year costs as much as a few dozen such draws. An app that drops sessions by
 * a memory of its own would break this, and so would wakes by a calendar or a
 * trace, where one knows its place in a list: these are stepped through.
 *
 * In a herd that wakes by one clock a pilot's leads are laid over the device's;
 * elsewhere wake over wake, so that each device keeps its own time.
 *
 * The price: what idle time costs on average is known as well as that many
 * pilots tell, in each replication anew. The intervals over replications
 * contain that error.
 *
 * Before the release the device is set down one lead ahead of it, with the
 * session and the next wake that the pilots led it to, and steps from there.
 * What could stop it on the way, a battery or a plan near its end, makes it
 * step all the way. Whether they are is judged by what pilots spend on average,
 * not by what the device would: else, asked at each wake, one that draws little
 * would get through.
 */
#include "sim/fleet/idle.h"

#include <math.h>

#include "sim/fleet/device.h"
#include "sim/fleet/idle_pilots.h"

/* A skip must save more leads than it costs to set the device down. */
enum { LEADS_WORTH = 3 };

/* --- drawing --- */

/* The first point in [from, to) with a session at least that old, or to. */
static size_t find_age(const struct ota_idle_pilot *pilot, size_t from,
                       size_t to, int64_t wanted_us)
{
    while (from < to) {
        const size_t middle = from + (to - from) / 2;
        if (pilot->key_us[middle] < wanted_us)
            from = middle + 1;
        else
            to = middle;
    }
    return to;
}

/* A point in [from, to) with a session about that old, or to: of the two
 * between which the age lies one or the other, so that it is right on
 * average. */
static size_t find_about(const struct ota_idle_pilot *pilot, size_t from,
                         size_t to, int64_t wanted_us, gsl_rng *rng)
{
    const size_t i = find_age(pilot, from, to, wanted_us);

    if (i == from || i == to || wanted_us == OTA_NEVER)
        return i;
    const int64_t above_us = pilot->key_us[i];
    const int64_t below_us = pilot->key_us[i - 1];
    return ota_uniform(rng) * (double)(above_us - below_us) <
                   (double)(above_us - wanted_us)
               ? i - 1
               : i;
}

/* A point in [from, to), a cycle between two handshakes, with a session of that
 * age, or count. */
static size_t find_in_cycle(const struct ota_idle_pilot *pilot, size_t from,
                            size_t to, int64_t wanted_us, gsl_rng *rng)
{
    const size_t i = find_about(pilot, from, to, wanted_us, rng);

    if (i < to)
        return i;
    /* The session is about to end. */
    return wanted_us == OTA_NEVER && to > from && to < pilot->count
               ? to - 1
               : pilot->count;
}

/*
 * A point of the pilot with a session of that age, or count. Where wakes are
 * regular a session keeps step with the wake that it began in, but not one of
 * unknown begin, from before time 0; a pilot's first one is of that kind, its
 * second one is not. A device goes on from one like its own, if there is one.
 */
static size_t find_origin(const struct ota_idle_pilot *pilot, int64_t wanted_us,
                          bool is_drawn, gsl_rng *rng)
{
    const size_t first = pilot->renewed[0];
    const size_t second = pilot->renewed[1];
    size_t i = pilot->count;

    if (pilot->count < 2)
        return i;
    if (!is_drawn)
        i = find_in_cycle(pilot, first, second, wanted_us, rng);
    if (i + 1 >= pilot->count && wanted_us >= pilot->key_us[0])
        i = find_in_cycle(pilot, 0, first, wanted_us, rng);
    if (i + 1 >= pilot->count)
        i = find_in_cycle(pilot, first, second, wanted_us, rng);
    return i;
}

/* The last point at or before at_us, from `from` on. */
static size_t find_last(const struct ota_idle_pilot *pilot, size_t from,
                        int64_t at_us)
{
    size_t to = pilot->count;

    if (pilot->at_us[to - 1] <= at_us)
        return to - 1;
    while (to - from > 1) {
        const size_t middle = from + (to - from) / 2;
        if (pilot->at_us[middle] <= at_us)
            from = middle;
        else
            to = middle;
    }
    return from;
}

/* Where a device is that follows pilots. */
struct walk {
    const struct ota_idle_class *class;
    gsl_rng *rng;
    const struct ota_idle_pilot *pilot;
    size_t at;        /* its last point */
    int64_t shift_us; /* what the device's time is ahead of the pilot's */
};

static const struct ota_idle_point *point_of(const struct walk *walk)
{
    return &walk->pilot->points[walk->at];
}

/* When the device wakes next, behind its last point. */
static int64_t wakes_us(const struct walk *walk)
{
    return point_of(walk)->wakes_us + walk->shift_us;
}

/* Picks a pilot for a device that wakes at wakes_us with a session of that age.
 * Returns false if no pilot has been there. */
static bool join(struct walk *walk, int64_t device_wakes_us, int64_t age_us)
{
    const struct ota_idle_class *class = walk->class;
    const size_t first = (size_t)(ota_uniform(walk->rng) * OTA_IDLE_PILOTS);
    const int64_t wanted_us = ota_idle_key(class, age_us);
    const bool is_drawn = age_us != OTA_NEVER && age_us > device_wakes_us;

    for (size_t i = 0; i < OTA_IDLE_PILOTS; i++) {
        walk->pilot = &class->pilots[(first + i) % OTA_IDLE_PILOTS];
        walk->at = find_origin(walk->pilot, wanted_us, is_drawn, walk->rng);
        if (walk->at + 1 >= walk->pilot->count)
            continue;
        const int64_t pilot_wakes_us = point_of(walk)->wakes_us;
        walk->shift_us = class->clocked
                             ? (ota_idle_lead(class, device_wakes_us) -
                                ota_idle_lead(class, pilot_wakes_us)) *
                                   class->lead_us
                             : device_wakes_us - pilot_wakes_us;
        return true;
    }
    return false;
}

/* Goes on to the device's until_us; what is spent by the last point before
 * is added to *sum. */
static bool go_on(struct walk *walk, int64_t until_us,
                  struct ota_idle_spent *sum)
{
    for (;;) {
        const size_t last =
            find_last(walk->pilot, walk->at, until_us - walk->shift_us);
        ota_idle_add(sum, &point_of(walk)->spent,
                     &walk->pilot->points[last].spent);
        walk->at = last;
        if (last + 1 < walk->pilot->count || wakes_us(walk) >= until_us)
            return true;
        if (!join(walk, wakes_us(walk), point_of(walk)->age_us))
            return false;
    }
}

/* A wake that has begun by until_us, the end, counts; what it spends does as
 * far as it lies before, on average, or all of it if the device is about to be
 * set down asleep. */
static void end_within(struct walk *walk, int64_t until_us, bool last,
                       struct ota_idle_spent *sum)
{
    const int64_t begun_us = wakes_us(walk);

    if (begun_us >= until_us || walk->at + 1 == walk->pilot->count)
        return;
    const struct ota_idle_point *next = point_of(walk) + 1;
    const double lasts = (double)(next->at_us + walk->shift_us - begun_us);
    if (last &&
        ota_uniform(walk->rng) * lasts >= (double)(until_us - begun_us)) {
        sum->wakes++;
        return;
    }
    ota_idle_add(sum, &point_of(walk)->spent, &next->spent);
    walk->at++;
}

/* How old the device's session is at until_us. */
static int64_t age_at_us(const struct walk *walk, int64_t until_us)
{
    const int64_t age_us = point_of(walk)->age_us;

    if (age_us == OTA_NEVER)
        return OTA_NEVER;
    return ota_us_max(age_us - (wakes_us(walk) - until_us), 0);
}

/* --- what it does to a device --- */

/* What pilots spend on average in span_us, in parts of what they spent. */
static double share_of(const struct ota_idle_class *class, int64_t span_us)
{
    return class->lived_us > 0 ? (double)span_us / (double)class->lived_us
                               : INFINITY;
}

/* How much more must be left of a plan or a battery than is needed. */
static const double margin = 1.25;

/*
 * Walks from from_us to to_us period by period of the plan, adds what is spent
 * to *sum and meters it. Returns false if no pilot shows the way, or the plan
 * might not let all that pass.
 */
static bool walk_through(const struct ota_actor *actor, struct walk *walk,
                         int64_t from_us, int64_t to_us, bool last,
                         struct ota_plan_state *state,
                         struct ota_idle_spent *sum)
{
    const struct ota_plan *plan = &actor->group->plan;
    const int64_t period_us = plan->model->period_us(plan->config);

    while (from_us < to_us) {
        const int64_t end_us =
            period_us == OTA_NEVER
                ? to_us
                : ota_us_min(to_us, from_us - from_us % period_us + period_us);
        const double usual = share_of(walk->class, end_us - from_us) *
                             (double)walk->class->lived.billed_bytes;
        const int64_t left =
            plan->model->left_bytes(plan->config, state, from_us);
        if (left != INT64_MAX && (double)left < margin * usual)
            return false;
        const int64_t before = sum->billed_bytes;
        if (!go_on(walk, end_us, sum))
            return false;
        if (end_us == to_us)
            end_within(walk, to_us, last, sum);
        const int64_t bytes = sum->billed_bytes - before;
        if (left != INT64_MAX && left < bytes)
            return false;
        plan->model->meter(plan->config, state, end_us - 1, bytes);
        plan->model->end_session(plan->config, state, end_us - 1);
        from_us = end_us;
    }
    return true;
}

/* More than an int64_t holds is as much as it holds. */
static int64_t add_pc(int64_t a, int64_t b)
{
    return b > 0 && a > INT64_MAX - b ? INT64_MAX : a + b;
}

/* What the battery loses, and in *charge_pc what the device draws. */
static int64_t drained_pc(const struct ota_actor *actor, int64_t span_us,
                          const struct ota_idle_spent *sum, int64_t *charge_pc)
{
    const struct ota_battery *battery = &actor->group->battery;
    int64_t drained = 0;

    *charge_pc = 0;
    for (size_t p = 0; p <= OTA_IDLE_AWAKE; p++) {
        const enum ota_power power = p < OTA_IDLE_AWAKE
                                         ? ota_idle_powers[p]
                                         : ota_actor_asleep_power(actor);
        const int64_t lasted_us =
            p < OTA_IDLE_AWAKE ? sum->power_us[p] : span_us;
        *charge_pc = add_pc(*charge_pc, battery->model->charge_pc(
                                            battery->config, power, lasted_us));
        drained = add_pc(drained, battery->model->drained_pc(battery->config,
                                                             power, lasted_us));
        if (p < OTA_IDLE_AWAKE)
            span_us -= lasted_us;
    }
    return drained;
}

static int64_t awake_us(const struct ota_idle_spent *sum)
{
    int64_t all_us = 0;
    for (size_t p = 0; p < OTA_IDLE_AWAKE; p++)
        all_us += sum->power_us[p];
    return all_us;
}

/* Whether the battery would last span_us, by a wide margin. */
static bool lasts(const struct ota_actor *actor,
                  const struct ota_idle_class *class, int64_t span_us)
{
    const struct ota_device *device = actor->device;
    const struct ota_battery *battery = &actor->group->battery;
    const struct ota_sleep *sleep = &actor->group->sleep;
    const double low = sleep->model->common(sleep->config)->low_charge;
    int64_t charge;

    if (device->left_pc == INT64_MAX)
        return true;
    const double usual =
        share_of(class, span_us) *
        (double)drained_pc(actor, class->lived_us, &class->lived, &charge);
    const double full_pc = (double)battery->model->capacity_pc(battery->config);
    return usual <= 0 ||
           (double)device->left_pc - margin * usual > low * full_pc;
}

static void enter_books(struct ota_actor *actor, int64_t span_us,
                        const struct ota_idle_spent *sum, int64_t charge_pc,
                        int64_t drained)
{
    struct ota_device *device = actor->device;
    struct ota_device_record *record = actor->record;
    const struct ota_battery *battery = &actor->group->battery;

    for (size_t p = 0; p < OTA_IDLE_AWAKE; p++) {
        record->power_us[ota_idle_powers[p]] += sum->power_us[p];
        span_us -= sum->power_us[p];
    }
    record->power_us[ota_actor_asleep_power(actor)] += span_us;
    record->charge_pc = add_pc(record->charge_pc, charge_pc);
    record->routine_bytes += sum->bytes;
    record->wakes += sum->wakes;
    record->connects += sum->connects;
    record->handshakes += sum->handshakes;
    record->skipped += sum->skipped;
    device->wake += (uint32_t)sum->wakes;
    if (device->left_pc != INT64_MAX)
        device->left_pc =
            ota_us_min(device->left_pc - drained,
                       battery->model->capacity_pc(battery->config));
    if (sum->connects > 0)
        device->was_online = true;
}

static void tell(const struct ota_actor *actor, int64_t since_us,
                 int64_t now_us, const struct ota_idle_spent *sum,
                 int64_t charge_pc)
{
    struct ota_observation seen =
        ota_actor_observation(actor, OTA_SEEN_IDLE, now_us);
    seen.detail.idle.since_us = since_us;
    seen.detail.idle.wakes = sum->wakes;
    seen.detail.idle.connects = sum->connects;
    seen.detail.idle.handshakes = sum->handshakes;
    seen.detail.idle.bytes = sum->bytes;
    seen.detail.idle.charge_pc = charge_pc;
    ota_actor_tell(actor, &seen);
}

/* Up to when nothing can happen to the device; and in *last whether it need
 * not be set down there. */
static int64_t quiet_until_us(const struct ota_actor *actor, int64_t now_us,
                              bool *last)
{
    const struct ota_fleet_config *config = actor->config;
    const struct ota_device *device = actor->device;
    const struct ota_sleep *sleep = &actor->group->sleep;
    const int64_t lead_us = sleep->model->lead_us(sleep->config);
    int64_t end_us = ota_us_min(config->horizon_us, actor->order_us);

    *last = false;
    if (device->reached ? ota_update_pending(actor) : ota_update_lacks(actor)) {
        /* One whose offer was taken back may be heard of again. */
        const int64_t quiet_us =
            device->closed && !actor->contacts ? end_us : actor->quiet_us;
        if (device->reached || now_us >= quiet_us)
            return now_us;
        end_us = quiet_us;
    }
    end_us = ota_us_min(end_us, device->presence_us);
    end_us = ota_us_min(end_us, device->fate_us);
    for (size_t i = 0; i < actor->group->outage_count; i++) {
        const struct ota_outage *outage = &actor->group->outages[i];
        if (now_us < ota_us_add(outage->begin_us, outage->lasts_us))
            end_us = ota_us_min(end_us, outage->begin_us);
    }
    *last = end_us == config->horizon_us;
    if (*last)
        return end_us;
    return end_us > lead_us ? (end_us / lead_us - 1) * lead_us : now_us;
}

bool ota_idle_skip(struct ota_actor *actor, int64_t now_us)
{
    const struct ota_sleep *sleep = &actor->group->sleep;
    struct ota_device *device = actor->device;
    struct ota_stream stream;
    bool last = false;

    if (!actor->idle || now_us < 0 || device->safe_mode || device->changed ||
        ota_confirm_pending(actor, now_us))
        return false; /* what it has to tell still matters */
    const int64_t until_us = quiet_until_us(actor, now_us, &last);
    if (until_us - now_us < LEADS_WORTH * sleep->model->lead_us(sleep->config))
        return false;
    const struct ota_idle_class *class = ota_idle_class_of(actor);
    if (!class)
        return false;

    if (!lasts(actor, class, until_us - now_us))
        return false;

    struct ota_plan_state metered = *actor->meter;
    struct ota_idle_spent sum = {.bytes = 0};
    ota_actor_stream(actor, OTA_PURPOSE_IDLE, &stream);
    struct walk walk = {.class = class, .rng = &stream.rng};
    if (!join(&walk, device->next_wake_us, ota_idle_age_us(device)) ||
        !walk_through(actor, &walk, now_us, until_us, last, &metered, &sum))
        return false;
    if (awake_us(&sum) > until_us - now_us)
        return false;
    int64_t charge_pc;
    const int64_t drained =
        drained_pc(actor, until_us - now_us, &sum, &charge_pc);
    if (device->left_pc != INT64_MAX && drained > device->left_pc)
        return false;
    *actor->meter = metered;
    enter_books(actor, until_us - now_us, &sum, charge_pc, drained);
    tell(actor, now_us, until_us, &sum, charge_pc);
    if (last)
        ota_actor_enter(actor, OTA_PHASE_ASLEEP, until_us, OTA_NEVER);
    else
        ota_device_set_down(actor, until_us, age_at_us(&walk, until_us),
                            ota_us_max(wakes_us(&walk), until_us));
    return true;
}
