/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * idle_pilots.c - devices that live an idle life for others to learn from.
 *
 * idle.c says what for. What the pilots of a class live through depends on the
 * replication and the class alone, so it does not matter which device is the
 * first to ask for it, or in which thread. A pilot is stepped like any device
 * of its group, but nothing that happens to some only happens to it: no outage,
 * no absence, no empty battery, no cap. Each point at which it falls asleep is
 * kept.
 */
#include "sim/fleet/idle_pilots.h"

#include <stdlib.h>
#include <string.h>

enum {
    CYCLES = 4,       /* ages of a session that a pilot lives through */
    PIECES = 16,      /* or that part of the run, if that is longer, */
    LEADS_LEAST = 32, /* between so many leads of its sleep */
    LEADS_MOST = 128, /* and so many */
};

/* How many times the pilots' wakes a group must have to be worth it. */
enum { WAKES_WORTH = 2 };

const enum ota_power ota_idle_powers[OTA_IDLE_AWAKE] = {
    OTA_POWER_BOOT,   OTA_POWER_ATTACH, OTA_POWER_CONNECT,
    OTA_POWER_ONLINE, OTA_POWER_TAIL,
};

/* --- which classes there are --- */

static bool keeps_signal(const struct ota_group *group)
{
    return group->signal_count > 1 && group->signal_holds_us == OTA_NEVER;
}

/* The age at which sessions end. */
static int64_t renew_us(const struct ota_group *group)
{
    const struct ota_session_state fresh = {.handshake_us = 0};

    return group->session.model->renew_us(group->session.config, &fresh);
}

/* How long a pilot lives, unless it is out of points before: the longer, the
 * better is known what idle time costs, and the longer lives are that are put
 * together. */
static int64_t life_us(const struct ota_fleet_config *config,
                       const struct ota_group *group)
{
    const struct ota_sleep *sleep = &group->sleep;
    const int64_t age_us = renew_us(group);
    const int64_t lead_us = sleep->model->lead_us(sleep->config);
    const int64_t least_us = ota_us_min(
        ota_us_max(LEADS_LEAST * lead_us, config->horizon_us / PIECES),
        LEADS_MOST * lead_us);

    return age_us == OTA_NEVER ? least_us
                               : ota_us_max(CYCLES * age_us, least_us);
}

/* Whether where a device is in a list of wakes matters, besides how old its
 * session is: a pilot at another place is no guide to it. */
static bool wakes_by_list(const struct ota_sleep *sleep)
{
    return sleep->model == &ota_sleep_calendar ||
           sleep->model == &ota_sleep_trace;
}

/* Whether all wake by one clock; others keep a phase of their own. */
static bool is_aligned(const struct ota_sleep *sleep)
{
    return sleep->model == &ota_sleep_interval &&
           ((const struct ota_sleep_interval_config *)sleep->config)->phase ==
               OTA_SLEEP_PHASE_ALIGNED;
}

/* A session's age is matched to the wake; with few wakes an age that is only
 * nearly right decides too early or too late whether the next one renews it. */
enum { WAKES_A_SESSION = 48 };

/* Time from wake to wake, about. */
static int64_t gap_us(const struct ota_sleep *sleep)
{
    if (sleep->model == &ota_sleep_poisson)
        return ((const struct ota_sleep_poisson_config *)sleep->config)
            ->mean_us;
    return sleep->model->lead_us(sleep->config);
}

/* A signal that changes says more of a device than the age of its session: the
 * two go together, as in one without service for days. */
static bool changes_signal(const struct ota_group *group)
{
    return group->signal_count > 1 && group->signal_holds_us != OTA_NEVER;
}

/* Whether pilots are a guide to the group's devices at all. */
static bool can_be_led(const struct ota_group *group)
{
    const struct ota_sleep *sleep = &group->sleep;
    const int64_t age_us = renew_us(group);

    if (sleep->model->lead_us(sleep->config) == 0 || wakes_by_list(sleep) ||
        group->app.model->clears || changes_signal(group))
        return false;
    return age_us == OTA_NEVER || age_us >= WAKES_A_SESSION * gap_us(sleep);
}

/* Whether passing over idle time would save more than learning costs. */
static bool is_worth_it(const struct ota_fleet_config *config,
                        const struct ota_group *group)
{
    if (!can_be_led(group))
        return false;
    const double stretches =
        (double)group->count * (double)config->horizon_us / 2;
    return stretches > (double)WAKES_WORTH * OTA_IDLE_PILOTS *
                           (double)life_us(config, group) *
                           (double)group->variant_count;
}

bool ota_fleet_config_borrows(const struct ota_fleet_config *config)
{
    for (size_t g = 0; g < config->group_count && !config->idle_step; g++)
        if (is_worth_it(config, &config->groups[g]))
            return true;
    return false;
}

static bool is_listed(const struct ota_idle *idle,
                      const struct ota_idle_class *wanted)
{
    for (size_t i = 0; i < idle->count; i++) {
        const struct ota_idle_class *class = &idle->classes[i];
        if (class->group == wanted->group && class->signal == wanted->signal &&
            class->system == wanted->system)
            return true;
    }
    return false;
}

static size_t signals_apart(const struct ota_group *group)
{
    return keeps_signal(group) ? group->signal_count : 1;
}

/* Lists the classes of a group: firmware before and after, and signals that
 * devices keep. */
static void list_group(struct ota_idle *idle, uint32_t g)
{
    const struct ota_group *group = &idle->config->groups[g];

    for (size_t v = 0; v < group->variant_count; v++) {
        const struct ota_path *path = &group->variants[v].path;
        for (int after = 0; after < 2; after++) {
            for (size_t s = 0; s < signals_apart(group); s++) {
                const struct ota_idle_class class = {
                    .group = g,
                    .variant = (uint16_t)v,
                    .signal = (uint8_t)s,
                    .system =
                        ota_path_system(path, after ? ota_path_all(path) : 0),
                    .clocked = is_aligned(&group->sleep),
                    .lead_us = group->sleep.model->lead_us(group->sleep.config),
                    .renew_us = renew_us(group),
                    .period_us =
                        group->plan.model->period_us(group->plan.config),
                };
                if (!is_listed(idle, &class))
                    idle->classes[idle->count++] = class;
            }
        }
    }
}

static size_t classes_most(const struct ota_fleet_config *config)
{
    size_t most = 0;
    for (size_t g = 0; g < config->group_count; g++)
        most += 2 * config->groups[g].variant_count *
                signals_apart(&config->groups[g]);
    return most;
}

static bool take_memory(struct ota_idle *idle)
{
    const size_t pilots = idle->count * OTA_IDLE_PILOTS;
    const size_t points = pilots * OTA_IDLE_POINTS;
    const size_t lives = idle->count * OTA_IDLE_LIVES;

    if (idle->count == 0)
        return true;
    idle->pilots = calloc(pilots, sizeof(*idle->pilots));
    idle->lives = calloc(lives, sizeof(*idle->lives));
    idle->begin_us = calloc(lives * OTA_IDLE_LEGS, sizeof(*idle->begin_us));
    idle->legs = calloc(lives * OTA_IDLE_LEGS, sizeof(*idle->legs));
    idle->at_us = calloc(points, sizeof(*idle->at_us));
    idle->origins = calloc(points, sizeof(*idle->origins));
    idle->points = calloc(points, sizeof(*idle->points));
    if (!idle->pilots || !idle->lives || !idle->at_us || !idle->points ||
        !idle->origins || !idle->begin_us || !idle->legs)
        return false;
    for (size_t c = 0; c < idle->count; c++) {
        idle->classes[c].pilots = &idle->pilots[c * OTA_IDLE_PILOTS];
        idle->classes[c].lives = &idle->lives[c * OTA_IDLE_LIVES];
    }
    return true;
}

bool ota_idle_new(const struct ota_fleet_config *config, struct ota_idle **made,
                  struct ota_error *error)
{
    *made = NULL;
    if (config->idle_step)
        return true;
    struct ota_idle *idle = calloc(1, sizeof(*idle));
    if (idle) {
        idle->config = config;
        idle->classes = calloc(classes_most(config), sizeof(*idle->classes));
        idle->first = calloc(config->group_count + 1, sizeof(*idle->first));
    }
    if (!idle || !idle->classes || !idle->first) {
        ota_idle_free(idle);
        return ota_fail(error, OTA_NO_MEMORY " for idle time");
    }
    for (size_t g = 0; g < config->group_count; g++) {
        if (is_worth_it(config, &config->groups[g]))
            list_group(idle, (uint32_t)g);
        idle->first[g + 1] = idle->count;
    }
    if (!take_memory(idle)) {
        ota_idle_free(idle);
        return ota_fail(error, OTA_NO_MEMORY " for idle time");
    }
    *made = idle;
    return true;
}

void ota_idle_free(struct ota_idle *idle)
{
    if (!idle)
        return;
    free(idle->classes);
    free(idle->first);
    free(idle->pilots);
    free(idle->lives);
    free(idle->at_us);
    free(idle->points);
    free(idle->origins);
    free(idle->begin_us);
    free(idle->legs);
    free(idle);
}

/* --- learning --- */

/* A pilot under way. */
struct life {
    struct ota_group group; /* without what happens to some only */
    struct ota_device device;
    struct ota_device_record record;
    struct ota_plan_state meter;
    struct ota_actor actor;
    int64_t period;             /* of the meter, at the last point */
    int64_t billed_bytes;       /* in earlier periods */
    int64_t last_bytes;         /* in all, at the last point */
    int64_t last_routine_bytes; /* on the air, at the last point */
};

static void begin_life(struct life *life, const struct ota_idle *idle,
                       const struct ota_idle_class *class, uint64_t id,
                       const struct ota_random_key *key)
{
    const struct ota_group *group = &idle->config->groups[class->group];

    *life = (struct life){.group = *group};
    life->group.outage_count = 0;
    life->group.absent = 0;
    life->group.joins = ota_dist_fixed(OTA_TIME, 0);
    life->group.presence = (struct ota_presence){&ota_presence_always, NULL};
    if (keeps_signal(group)) {
        life->group.signals = &group->signals[class->signal];
        life->group.signal_count = 1;
    }
    life->actor = (struct ota_actor){
        .order_us = OTA_NEVER,
        .contacts_us = OTA_NEVER,
        .config = idle->config,
        .key = key,
        .group = &life->group,
        .device = &life->device,
        .record = &life->record,
        .meter = &life->meter,
        .id = id,
        .is_pilot = true,
    };
    ota_device_start(&life->actor);
    life->device.variant = class->variant;
    ota_actor_find_path(&life->actor);
    life->device.system = class->system;
}

/* What the plan has billed so far. Of a period that ended between two points
 * the meter knows no more; what passed in it behind the first of them counts
 * as it passed, without rounding. */
static int64_t billed_bytes(struct life *life)
{
    const struct ota_plan_state *meter = &life->meter;
    const int64_t this_bytes = meter->used_bytes + meter->raw_bytes;
    const int64_t passed_bytes =
        life->record.routine_bytes - life->last_routine_bytes;

    if (meter->period != life->period) {
        life->period = meter->period;
        life->billed_bytes = life->last_bytes;
        if (passed_bytes > this_bytes)
            life->billed_bytes += passed_bytes - this_bytes;
    }
    life->last_bytes = life->billed_bytes + this_bytes;
    life->last_routine_bytes = life->record.routine_bytes;
    return life->last_bytes;
}

static void keep_point(struct life *life, struct ota_idle_pilot *pilot)
{
    const struct ota_device_record *record = &life->record;
    struct ota_idle_point *point = &pilot->points[pilot->count];

    *point = (struct ota_idle_point){
        .at_us = life->device.since_us,
        .wakes_us = life->device.next_wake_us,
        .age_us = ota_idle_age_us(&life->device),
        .spent =
            {
                .bytes = record->routine_bytes,
                .billed_bytes = billed_bytes(life),
                .wakes = record->wakes,
                .connects = record->connects,
                .handshakes = record->handshakes,
                .skipped = record->skipped,
            },
    };
    for (size_t p = 0; p < OTA_IDLE_AWAKE; p++)
        point->spent.power_us[p] = record->power_us[ota_idle_powers[p]];
    for (size_t h = 0; h < 2; h++)
        if (pilot->renewed[h] == OTA_IDLE_POINTS && pilot->count > 0 &&
            point->spent.handshakes >=
                pilot->points[0].spent.handshakes + (int32_t)h + 1)
            pilot->renewed[h] = pilot->count;
    pilot->at_us[pilot->count++] = point->at_us;
}

static void live(struct life *life, struct ota_idle_pilot *pilot,
                 int64_t until_us)
{
    struct ota_actor *actor = &life->actor;
    struct ota_device *device = &life->device;

    pilot->count = 0;
    pilot->renewed[0] = pilot->renewed[1] = OTA_IDLE_POINTS;
    while (device->due_us < 0)
        ota_device_step(actor);
    ota_device_open(actor);
    device->left_pc = INT64_MAX;
    while (device->due_us < until_us && pilot->count < OTA_IDLE_POINTS) {
        ota_device_step(actor);
        if (device->phase == OTA_PHASE_ASLEEP)
            keep_point(life, pilot);
    }
    for (size_t h = 0; h < 2; h++)
        if (pilot->renewed[h] > pilot->count)
            pilot->renewed[h] = pilot->count;
}

int64_t ota_idle_key(const struct ota_idle_class *class, int64_t age_us)
{
    if (age_us == OTA_NEVER)
        return OTA_NEVER;
    return class->renew_us == OTA_NEVER ? 0
                                        : ota_us_min(age_us, class->renew_us);
}

/* What is asked of a battery by that in span_us. What comes in meanwhile does
 * not count: whether it comes in time, or when the battery is full, is not
 * known. */
static int64_t asked_pc(const struct ota_actor *actor, int64_t span_us,
                        const struct ota_idle_spent *spent)
{
    const struct ota_battery *battery = &actor->group->battery;
    int64_t power_us[OTA_POWERS], charge_pc;

    ota_idle_power_us(actor, span_us, spent, power_us);
    (void)battery->model->spend_pc(battery->config, power_us, &charge_pc);
    return charge_pc;
}

/* What a pilot spent from its first point to its last. */
static struct ota_idle_spent spent_by(const struct ota_idle_pilot *pilot,
                                      int64_t *lived_us)
{
    const struct ota_idle_point *last = &pilot->points[pilot->count - 1];
    struct ota_idle_spent spent = last->spent;

    ota_idle_count(&spent, &pilot->points[0].spent, -1);
    *lived_us = last->at_us - pilot->points[0].at_us;
    return spent;
}

/* Pilots of a class have room for all the points that they may have, ... */
static void lead_a_life(const struct ota_idle *idle,
                        struct ota_idle_class *class, size_t p)
{
    struct ota_idle_pilot *pilot = &class->pilots[p];
    const struct ota_group *group = &idle->config->groups[class->group];
    const size_t number = (size_t)(pilot - idle->pilots);
    struct life life;

    pilot->at_us = &idle->at_us[number * OTA_IDLE_POINTS];
    pilot->points = &idle->points[number * OTA_IDLE_POINTS];
    begin_life(&life, idle, class, OTA_DEVICES_MAX - 1 - number, idle->key);
    live(&life, pilot, life_us(idle->config, group));
    pilot->asked_pc = 0;
    if (pilot->count == 0)
        return;
    int64_t lived_us;
    const struct ota_idle_spent spent = spent_by(pilot, &lived_us);
    pilot->asked_pc = asked_pc(&life.actor, lived_us, &spent);
}

/* ... and are put one behind the other, as most have few. */
static void move_up(struct ota_idle_class *class)
{
    for (size_t p = 1; p < OTA_IDLE_PILOTS; p++) {
        const struct ota_idle_pilot *before = &class->pilots[p - 1];
        struct ota_idle_pilot *pilot = &class->pilots[p];
        const size_t count = pilot->count;
        pilot->at_us = memmove(before->at_us + before->count, pilot->at_us,
                               count * sizeof(*pilot->at_us));
        pilot->points = memmove(before->points + before->count, pilot->points,
                                count * sizeof(*pilot->points));
    }
}

static void sum_up(const struct ota_idle *idle, struct ota_idle_class *class)
{
    move_up(class);
    class->lived_us = class->lived_bytes = class->lived_pc = 0;
    for (size_t p = 0; p < OTA_IDLE_PILOTS; p++) {
        const struct ota_idle_pilot *pilot = &class->pilots[p];
        if (pilot->count == 0)
            continue;
        int64_t lived_us;
        const struct ota_idle_spent spent = spent_by(pilot, &lived_us);
        class->lived_us += (double)lived_us;
        class->lived_bytes += (double)spent.billed_bytes;
        class->lived_pc += (double)pilot->asked_pc;
    }
    ota_idle_put_together(idle, class);
}

void ota_idle_learn(const struct ota_idle *idle, struct ota_idle_class *class)
{
    unsigned p;

    while ((p = atomic_fetch_add(&class->begun, 1)) < OTA_IDLE_PILOTS) {
        lead_a_life(idle, class, p);
        if (atomic_fetch_add(&class->lived, 1) + 1 < OTA_IDLE_PILOTS)
            continue;
        sum_up(idle, class);
        atomic_store(&class->known, true);
    }
    while (!atomic_load(&class->known)) { /* not for long */
    }
}

void ota_idle_start(struct ota_idle *idle, const struct ota_random_key *key)
{
    idle->key = key;
    for (size_t c = 0; c < idle->count; c++) {
        atomic_store(&idle->classes[c].begun, 0);
        atomic_store(&idle->classes[c].lived, 0);
        atomic_store(&idle->classes[c].known, false);
    }
}

/* --- which one is a device's --- */

const struct ota_idle_class *ota_idle_class_of(const struct ota_actor *actor)
{
    const struct ota_idle *idle = actor->idle;
    const struct ota_device *device = actor->device;
    const bool apart = keeps_signal(actor->group);

    for (size_t i = idle->first[device->group];
         i < idle->first[device->group + 1]; i++) {
        struct ota_idle_class *class = &idle->classes[i];
        if (class->system != device->system ||
            (apart && class->signal != device->signal))
            continue;
        if (!atomic_load_explicit(&class->known, memory_order_acquire))
            ota_idle_learn(idle, class);
        return class;
    }
    return NULL;
}
