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
 * What could stop it on the way makes it step: a plan near its end all the way,
 * a battery from where it might not last. Whether they do is judged by what
 * pilots spend on average, not by what the device would: else, asked at each
 * wake, one that draws little would get through.
 */
#include "sim/fleet/idle.h"

#include <math.h>

#include "sim/fleet/device.h"
#include "sim/fleet/idle_pilots.h"

/* A skip must save more leads than it costs to set the device down. */
enum { LEADS_WORTH = 3 };

/* --- following lives --- */

/* A device on its way. */
struct walk {
    const struct ota_idle_class *class;
    gsl_rng *rng;
    struct ota_idle_place at;
    struct ota_idle_spent sum; /* so far, when from where the life that it
                                * follows began what that spent is added */
};

static const struct ota_idle_point *point_of(const struct walk *walk)
{
    return &walk->at.pilot->points[walk->at.point];
}

/* When the device wakes next, behind its last point. */
static int64_t wakes_us(const struct walk *walk)
{
    return point_of(walk)->wakes_us + walk->at.shift_us;
}

static const struct ota_idle_spent *before(const struct walk *walk)
{
    return &walk->class->lives[walk->at.life].legs[walk->at.leg].before;
}

/* Counts what the life had spent here, or takes it away: sign is 1 or -1. */
static void count(struct walk *walk, int sign)
{
    ota_idle_count(&walk->sum, before(walk), sign);
    ota_idle_count(&walk->sum, &point_of(walk)->spent, sign);
}

/* What is billed up to here. */
static int64_t billed_bytes(const struct walk *walk)
{
    return walk->sum.billed_bytes + before(walk)->billed_bytes +
           point_of(walk)->spent.billed_bytes;
}

static bool join(struct walk *walk, int64_t device_wakes_us, int64_t age_us)
{
    if (!ota_idle_join(walk->class, walk->rng, device_wakes_us, age_us,
                       &walk->at))
        return false;
    count(walk, -1);
    return true;
}

/* Goes on to the device's last point at or before until_us. */
static bool go_on(struct walk *walk, int64_t until_us)
{
    for (;;) {
        ota_idle_follow(walk->class, &walk->at, until_us);
        if (walk->at.point + 1 < walk->at.pilot->count ||
            wakes_us(walk) >= until_us)
            return true;
        count(walk, 1);
        if (!join(walk, wakes_us(walk), point_of(walk)->age_us))
            return false;
    }
}

/* A wake that has begun by until_us, the end, counts; what it spends does as
 * far as it lies before, on average, or all of it if the device is about to be
 * set down asleep. */
static void end_within(struct walk *walk, int64_t until_us, bool last)
{
    const int64_t begun_us = wakes_us(walk);

    if (begun_us >= until_us || walk->at.point + 1 == walk->at.pilot->count)
        return;
    const struct ota_idle_point *next = point_of(walk) + 1;
    const double lasts = (double)(next->at_us + walk->at.shift_us - begun_us);
    if (last && ota_uniform(walk->rng) * lasts >= (double)(until_us - begun_us))
        walk->sum.wakes++;
    else
        walk->at.point++;
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

/* How much more must be left of a plan or a battery than is needed. */
static const double margin = 1.25;

/* What is needed of something in span_us on average, of which all pilots took
 * that much. */
static bool suffices(const struct ota_idle_class *class, double left,
                     double lived, int64_t span_us)
{
    return lived <= 0 ||
           left * class->lived_us >= margin * lived * (double)span_us;
}

/* The end of the plan's period that from_us is in, or of the last one behind it
 * that ends by to_us if until then no period's bytes show, whatever life one
 * follows; or to_us. */
static int64_t period_end_us(const struct ota_actor *actor,
                             const struct walk *walk, int64_t from_us,
                             int64_t to_us)
{
    const struct ota_plan *plan = &actor->group->plan;
    const struct ota_idle_class *class = walk->class;
    const struct ota_idle_life *life = &class->lives[walk->at.life];
    const int64_t period_us = class->period_us;

    if (period_us == OTA_NEVER)
        return to_us;
    const int64_t into_us = from_us % period_us;
    if (to_us - from_us <= period_us - into_us)
        return to_us;
    const int64_t last_us = to_us - to_us % period_us;
    if (into_us == 0 && last_us > from_us &&
        class->most_bytes <= plan->model->free_bytes(plan->config) &&
        last_us - walk->at.shift_us + life->legs[walk->at.leg].shift_us <=
            life->begin_us[life->count - 1])
        return last_us;
    return from_us - into_us + period_us;
}

/*
 * Walks from from_us to to_us period by period of the plan and meters what is
 * billed. Returns false if no pilot shows the way, or the plan might not let
 * all that pass.
 */
static bool walk_through(const struct ota_actor *actor, struct walk *walk,
                         int64_t from_us, int64_t to_us, bool last,
                         struct ota_plan_state *state)
{
    const struct ota_plan *plan = &actor->group->plan;
    const struct ota_idle_class *class = walk->class;

    while (from_us < to_us) {
        const int64_t end_us = period_end_us(actor, walk, from_us, to_us);
        const bool quiet = end_us - from_us > class->period_us;
        const int64_t left =
            plan->model->left_bytes(plan->config, state, from_us);
        if (!quiet && left != INT64_MAX &&
            !suffices(class, (double)left, class->lived_bytes,
                      end_us - from_us))
            return false;
        const int64_t before_bytes = billed_bytes(walk);
        if (!go_on(walk, end_us))
            return false;
        if (end_us == to_us)
            end_within(walk, to_us, last);
        /* Of several periods only that they are over matters. */
        const int64_t bytes = quiet ? 0 : billed_bytes(walk) - before_bytes;
        if (left != INT64_MAX && left < bytes)
            return false;
        plan->model->meter(plan->config, state, end_us - 1, bytes);
        plan->model->end_session(plan->config, state, end_us - 1);
        from_us = end_us;
    }
    count(walk, 1);
    return true;
}

/* How long the battery lasts from now_us on, by a wide margin, and at most to
 * until_us: the end of that. */
static int64_t lasts_until_us(const struct ota_actor *actor,
                              const struct ota_idle_class *class,
                              int64_t now_us, int64_t until_us)
{
    const struct ota_device *device = actor->device;
    const struct ota_group_facts *facts = &actor->group->facts;

    if (device->left_pc == INT64_MAX)
        return until_us;
    const double left_pc =
        (double)device->left_pc - facts->low_charge * (double)facts->full_pc;
    if (suffices(class, left_pc, class->lived_pc, until_us - now_us))
        return until_us;
    const double span_us =
        fmax(left_pc, 0) * class->lived_us / (margin * class->lived_pc);
    return now_us + (int64_t)span_us;
}

static void enter_books(struct ota_actor *actor,
                        const int64_t power_us[OTA_POWERS],
                        const struct ota_idle_spent *sum, int64_t charge_pc,
                        int64_t drained_pc)
{
    struct ota_device *device = actor->device;
    struct ota_device_record *record = actor->record;
    const int64_t most_pc = INT64_MAX - record->charge_pc;

    for (size_t p = 0; p < OTA_POWERS; p++)
        record->power_us[p] += power_us[p];
    record->charge_pc += ota_us_min(charge_pc, most_pc);
    record->routine_bytes += sum->bytes;
    record->wakes += sum->wakes;
    record->connects += sum->connects;
    record->handshakes += sum->handshakes;
    record->skipped += sum->skipped;
    device->wake += (uint32_t)sum->wakes;
    if (device->left_pc != INT64_MAX)
        device->left_pc = ota_us_min(device->left_pc - drained_pc,
                                     actor->group->facts.full_pc);
    if (sum->connects > 0)
        device->was_online = true;
}

static void tell(const struct ota_actor *actor, int64_t since_us,
                 int64_t now_us, const struct ota_idle_spent *sum,
                 int64_t charge_pc)
{
    if (!ota_actor_heard(actor, OTA_SEEN_IDLE))
        return;
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

/* Where a device is set down of which something is to be seen at end_us. */
static int64_t lead_before_us(const struct ota_actor *actor, int64_t end_us)
{
    const int64_t lead_us = actor->group->facts.lead_us;

    return end_us > lead_us ? (end_us / lead_us - 1) * lead_us : 0;
}

/* Up to when nothing can happen to the device; and in *last whether it need
 * not be set down there. */
static int64_t quiet_until_us(const struct ota_actor *actor, int64_t now_us,
                              bool *last)
{
    const struct ota_fleet_config *config = actor->config;
    const struct ota_device *device = actor->device;
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
    return *last ? end_us : lead_before_us(actor, end_us);
}

bool ota_idle_skip(struct ota_actor *actor, int64_t now_us)
{
    const int64_t worth_us = LEADS_WORTH * actor->group->facts.lead_us;
    struct ota_device *device = actor->device;
    struct ota_stream stream;
    bool last = false;

    if (!actor->idle || now_us < 0 || device->safe_mode || device->changed ||
        ota_confirm_pending(actor, now_us))
        return false; /* what it has to tell still matters */
    int64_t until_us = quiet_until_us(actor, now_us, &last);
    if (until_us - now_us < worth_us)
        return false;
    const struct ota_idle_class *class = ota_idle_class_of(actor);
    if (!class)
        return false;

    const int64_t lasts_us = lasts_until_us(actor, class, now_us, until_us);
    if (lasts_us < until_us) {
        until_us = lead_before_us(actor, lasts_us);
        last = false;
    }
    if (until_us - now_us < worth_us)
        return false;

    struct ota_plan_state metered = *actor->meter;
    ota_actor_stream(actor, OTA_PURPOSE_IDLE, &stream);
    struct walk walk = {.class = class, .rng = &stream.rng};
    if (!join(&walk, device->next_wake_us, ota_idle_age_us(device)) ||
        !walk_through(actor, &walk, now_us, until_us, last, &metered))
        return false;
    const struct ota_idle_spent *sum = &walk.sum;
    const struct ota_battery *battery = &actor->group->battery;
    int64_t power_us[OTA_POWERS], charge_pc;
    ota_idle_power_us(actor, until_us - now_us, sum, power_us);
    if (power_us[actor->group->facts.asleep_power] < 0)
        return false;
    const int64_t drained_pc =
        battery->model->spend_pc(battery->config, power_us, &charge_pc);
    if (device->left_pc != INT64_MAX && drained_pc > device->left_pc)
        return false;
    *actor->meter = metered;
    enter_books(actor, power_us, sum, charge_pc, drained_pc);
    tell(actor, now_us, until_us, sum, charge_pc);
    if (last)
        ota_actor_enter(actor, OTA_PHASE_ASLEEP, until_us, OTA_NEVER);
    else
        ota_device_set_down(actor, until_us, age_at_us(&walk, until_us),
                            ota_us_max(wakes_us(&walk), until_us));
    return true;
}
