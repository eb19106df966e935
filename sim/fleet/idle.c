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
 * a memory of its own would break this, and is stepped through.
 *
 * Where each lead has one wake (a herd that wakes by the clock), a pilot's
 * leads are laid over the device's; elsewhere wake over wake.
 *
 * The price: what idle time costs on average is known as well as that many
 * pilots tell, in each replication anew. The intervals over replications
 * contain that error.
 *
 * Before the release the device is set down one lead ahead of it, by the same
 * law as at time 0, and steps from there. What could stop it on the way, a
 * battery or a plan near its end, makes it step all the way. Whether they are
 * is judged by what pilots spend on average, not by what the device would:
 * else, asked at each wake, one that draws little would get through.
 */
#include "sim/fleet/idle.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "sim/fleet/device.h"

enum {
    PILOTS = 64,      /* a class of devices */
    POINTS_MAX = 512, /* a pilot */
    CYCLES = 3,       /* ages of a session that a pilot lives through */
    LEADS_LEAST = 32, /* or leads of its sleep, */
    PIECES = 16,      /* or that part of the run, if that is longer */
};

/* A skip must save more leads than it costs to set the device down. */
enum { LEADS_WORTH = 3 };

/* How many times the pilots' wakes a group must have to be worth it. */
enum { WAKES_WORTH = 2 };

static const enum ota_power awake_powers[] = {
    OTA_POWER_BOOT,   OTA_POWER_ATTACH, OTA_POWER_CONNECT,
    OTA_POWER_ONLINE, OTA_POWER_TAIL,
};

enum { AWAKE = sizeof(awake_powers) / sizeof(awake_powers[0]) };

/* What was spent since a pilot began. */
struct spent {
    int64_t power_us[AWAKE];
    int64_t bytes;
    int64_t billed_bytes; /* as the plan rounds them */
    int32_t wakes, connects, handshakes, skipped;
};

/* A pilot falls asleep. */
struct point {
    int64_t at_us;
    int64_t wakes_us; /* next */
    int64_t age_us;   /* of its session then; OTA_NEVER: it has none */
    struct spent spent;
};

struct pilot {
    size_t count;
    size_t renewed[2];          /* first points behind the first and the second
                                 * handshake; count if there are none */
    int64_t at_us[POINTS_MAX];  /* of each point; apart, as they are */
    int64_t key_us[POINTS_MAX]; /* searched: key_of() its age */
    struct point points[POINTS_MAX];
};

/* Devices that idle alike. */
struct class
{
    uint32_t group;
    uint16_t variant;
    uint8_t signal;
    int32_t system;
    bool clocked; /* each lead has one wake */
    int64_t lead_us;
    int64_t renew_us;   /* age at which a session ends; OTA_NEVER: none */
    int64_t lived_us;   /* by all pilots, from their first points on, */
    struct spent lived; /* and what they spent */
    struct pilot *pilots;
};

struct ota_idle {
    const struct ota_fleet_config *config;
    size_t count;
    struct class *classes;
    struct pilot *pilots;
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
 * fewer pieces a long run takes, each of which costs a search. */
static int64_t life_us(const struct ota_fleet_config *config,
                       const struct ota_group *group)
{
    const struct ota_sleep *sleep = &group->sleep;
    const int64_t age_us = renew_us(group);
    const int64_t least_us =
        ota_us_max(LEADS_LEAST * sleep->model->lead_us(sleep->config),
                   config->horizon_us / PIECES);

    return age_us == OTA_NEVER ? least_us
                               : ota_us_max(CYCLES * age_us, least_us);
}

/* Whether passing over idle time would save more than learning costs. */
static bool is_worth_it(const struct ota_fleet_config *config,
                        const struct ota_group *group)
{
    const struct ota_sleep *sleep = &group->sleep;
    const int64_t lead_us = sleep->model->lead_us(sleep->config);

    if (lead_us == 0 || group->app.model->clears)
        return false;
    const double stretches =
        (double)group->count * (double)config->horizon_us / 2;
    return stretches > (double)WAKES_WORTH * PILOTS *
                           (double)life_us(config, group) *
                           (double)group->variant_count;
}

static bool is_listed(const struct ota_idle *idle, const struct class *wanted)
{
    for (size_t i = 0; i < idle->count; i++) {
        const struct class *class = &idle->classes[i];
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
        const ota_path_taken all =
            (ota_path_taken)((UINT64_C(1) << path->count) - 1);
        for (int after = 0; after < 2; after++) {
            for (size_t s = 0; s < signals_apart(group); s++) {
                const struct class class = {
                    .group = g,
                    .variant = (uint16_t)v,
                    .signal = (uint8_t)s,
                    .system = ota_path_system(path, after ? all : 0),
                    .lead_us = group->sleep.model->lead_us(group->sleep.config),
                    .renew_us = renew_us(group),
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
    }
    if (!idle || !idle->classes) {
        ota_idle_free(idle);
        return ota_fail(error, OTA_NO_MEMORY " for idle time");
    }
    for (size_t g = 0; g < config->group_count; g++)
        if (is_worth_it(config, &config->groups[g]))
            list_group(idle, (uint32_t)g);
    if (idle->count > 0)
        idle->pilots = calloc(idle->count * PILOTS, sizeof(*idle->pilots));
    if (idle->count > 0 && !idle->pilots) {
        ota_idle_free(idle);
        return ota_fail(error, OTA_NO_MEMORY " for idle time");
    }
    for (size_t i = 0; i < idle->count; i++)
        idle->classes[i].pilots = &idle->pilots[i * PILOTS];
    *made = idle;
    return true;
}

void ota_idle_free(struct ota_idle *idle)
{
    if (!idle)
        return;
    free(idle->classes);
    free(idle->pilots);
    free(idle);
}

/* --- learning --- */

/* A pilot under way. */
struct life {
    struct ota_group group; /* without what happens to some only */
    struct ota_device device;
    struct ota_device_record record;
    struct ota_plan_state meter;
    struct ota_shard_reports reports;
    struct ota_actor actor;
    int64_t period;       /* of the meter, at the last point */
    int64_t billed_bytes; /* in earlier periods */
    int64_t last_bytes;   /* in all, at the last point */
};

static void begin_life(struct life *life, const struct ota_idle *idle,
                       const struct class *class, uint64_t id,
                       const struct ota_random_key *key)
{
    const struct ota_group *group = &idle->config->groups[class->group];

    *life = (struct life){.group = *group};
    life->group.outage_count = 0;
    life->group.absent = 0;
    life->group.presence = (struct ota_presence){&ota_presence_always, NULL};
    if (keeps_signal(group)) {
        life->group.signals = &group->signals[class->signal];
        life->group.signal_count = 1;
    }
    life->actor = (struct ota_actor){
        .config = idle->config,
        .key = key,
        .group = &life->group,
        .device = &life->device,
        .record = &life->record,
        .meter = &life->meter,
        .reports = &life->reports,
        .id = id,
        .is_pilot = true,
    };
    ota_device_start(&life->actor);
    life->device.variant = class->variant;
    life->device.system = class->system;
}

/* How old its session is when the device, asleep, wakes next. */
static int64_t age_us(const struct ota_device *device)
{
    return device->session.handshake_us == OTA_NEVER
               ? OTA_NEVER
               : device->next_wake_us - device->session.handshake_us;
}

/* What the plan has billed so far; a period that ended between two points took
 * along what came behind the first of them. */
static int64_t billed_bytes(struct life *life)
{
    if (life->meter.period != life->period) {
        life->period = life->meter.period;
        life->billed_bytes = life->last_bytes;
    }
    life->last_bytes =
        life->billed_bytes + life->meter.used_bytes + life->meter.raw_bytes;
    return life->last_bytes;
}

static void keep_point(struct life *life, struct pilot *pilot)
{
    const struct ota_device_record *record = &life->record;
    struct point *point = &pilot->points[pilot->count];

    *point = (struct point){
        .at_us = life->device.since_us,
        .wakes_us = life->device.next_wake_us,
        .age_us = age_us(&life->device),
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
    for (size_t p = 0; p < AWAKE; p++)
        point->spent.power_us[p] = record->power_us[awake_powers[p]];
    for (size_t h = 0; h < 2; h++)
        if (pilot->renewed[h] == POINTS_MAX && pilot->count > 0 &&
            point->spent.handshakes >=
                pilot->points[0].spent.handshakes + (int32_t)h + 1)
            pilot->renewed[h] = pilot->count;
    pilot->count++;
}

static void live(struct life *life, struct pilot *pilot, int64_t until_us)
{
    struct ota_actor *actor = &life->actor;
    struct ota_device *device = &life->device;

    pilot->count = 0;
    pilot->renewed[0] = pilot->renewed[1] = POINTS_MAX;
    while (device->due_us < 0)
        ota_device_step(actor);
    ota_device_open(actor);
    device->left_pc = INT64_MAX;
    while (device->due_us < until_us && pilot->count < POINTS_MAX) {
        ota_device_step(actor);
        if (device->phase == OTA_PHASE_ASLEEP)
            keep_point(life, pilot);
    }
    for (size_t h = 0; h < 2; h++)
        if (pilot->renewed[h] > pilot->count)
            pilot->renewed[h] = pilot->count;
}

/* Which lead an instant is in; pilots live from time 0 on. */
static int64_t lead_of(const struct class *class, int64_t at_us)
{
    return at_us / class->lead_us;
}

static void add(struct spent *sum, const struct spent *from,
                const struct spent *to)
{
    for (size_t p = 0; p < AWAKE; p++)
        sum->power_us[p] += to->power_us[p] - from->power_us[p];
    sum->bytes += to->bytes - from->bytes;
    sum->billed_bytes += to->billed_bytes - from->billed_bytes;
    sum->wakes += to->wakes - from->wakes;
    sum->connects += to->connects - from->connects;
    sum->handshakes += to->handshakes - from->handshakes;
    sum->skipped += to->skipped - from->skipped;
}

/* An age as far as it matters: a session that the next connect renews is not
 * older than another such, and one that lasts for ever has no age. */
static int64_t key_of(const struct class *class, int64_t age_us)
{
    if (age_us == OTA_NEVER)
        return OTA_NEVER;
    return class->renew_us == OTA_NEVER ? 0
                                        : ota_us_min(age_us, class->renew_us);
}

static void sort_out(const struct class *class, struct pilot *pilot)
{
    for (size_t i = 0; i < pilot->count; i++) {
        pilot->at_us[i] = pilot->points[i].at_us;
        pilot->key_us[i] = key_of(class, pilot->points[i].age_us);
    }
}

/* What can be said of a class once its pilots have lived. */
static void sum_up(struct class *class)
{
    class->clocked = true;
    class->lived_us = 0;
    class->lived = (struct spent){.bytes = 0};
    for (size_t p = 0; p < PILOTS; p++) {
        struct pilot *pilot = &class->pilots[p];
        const struct point *points = pilot->points;
        sort_out(class, pilot);
        for (size_t i = 1; i < pilot->count; i++)
            class->clocked &= lead_of(class, points[i].wakes_us) ==
                              lead_of(class, points[i - 1].wakes_us) + 1;
        if (pilot->count < 2)
            continue;
        const struct point *last = &points[pilot->count - 1];
        class->lived_us += last->at_us - points[0].at_us;
        add(&class->lived, &points[0].spent, &last->spent);
    }
}

void ota_idle_learn(struct ota_idle *idle, const struct ota_random_key *key)
{
    uint64_t id = OTA_DEVICES_MAX;
    struct life life;

    for (size_t c = 0; c < idle->count; c++) {
        struct class *class = &idle->classes[c];
        const struct ota_group *group = &idle->config->groups[class->group];
        for (size_t p = 0; p < PILOTS; p++) {
            begin_life(&life, idle, class, --id, key);
            live(&life, &class->pilots[p], life_us(idle->config, group));
        }
        sum_up(class);
    }
}

/* --- drawing --- */

static const struct class *class_of(const struct ota_actor *actor)
{
    const struct ota_idle *idle = actor->idle;
    const struct ota_device *device = actor->device;
    const bool apart = keeps_signal(actor->group);

    for (size_t i = 0; i < idle->count; i++) {
        const struct class *class = &idle->classes[i];
        if (class->group == device->group && class->system == device->system &&
            (!apart || class->signal == device->signal))
            return class;
    }
    return NULL;
}

/* The first point in [from, to) with a session at least that old, or to. */
static size_t find_age(const struct pilot *pilot, size_t from, size_t to,
                       int64_t wanted_us)
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
static size_t find_about(const struct pilot *pilot, size_t from, size_t to,
                         int64_t wanted_us, gsl_rng *rng)
{
    const size_t i = find_age(pilot, from, to, wanted_us);

    if (i == from || i == to || wanted_us == OTA_NEVER)
        return i;
    const int64_t above_us = pilot->key_us[i];
    const int64_t below_us = pilot->key_us[i - 1];
    return gsl_rng_uniform(rng) * (double)(above_us - below_us) <
                   (double)(above_us - wanted_us)
               ? i - 1
               : i;
}

/* A point of the pilot with a session of that age, or count. Between two
 * handshakes ages only grow. */
static size_t find_origin(const struct pilot *pilot, int64_t wanted_us,
                          gsl_rng *rng)
{
    if (pilot->count < 2)
        return pilot->count;
    if (wanted_us >= pilot->key_us[0]) {
        const size_t i =
            find_about(pilot, 0, pilot->renewed[0], wanted_us, rng);
        if (i < pilot->renewed[0])
            return i;
        /* The session is about to end. */
        return wanted_us == OTA_NEVER && i > 0 && i < pilot->count
                   ? i - 1
                   : pilot->count;
    }
    const size_t i =
        find_about(pilot, pilot->renewed[0], pilot->renewed[1], wanted_us, rng);
    return i < pilot->renewed[1] && i + 1 < pilot->count ? i : pilot->count;
}

/* The last point at or before at_us, from `from` on. */
static size_t find_last(const struct pilot *pilot, size_t from, int64_t at_us)
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
    const struct class *class;
    gsl_rng *rng;
    const struct pilot *pilot;
    size_t at;        /* its last point */
    int64_t shift_us; /* what the device's time is ahead of the pilot's */
};

static const struct point *point_of(const struct walk *walk)
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
    const struct class *class = walk->class;
    const size_t first = (size_t)(gsl_rng_uniform(walk->rng) * PILOTS);
    const int64_t wanted_us = key_of(class, age_us);

    for (size_t i = 0; i < PILOTS; i++) {
        walk->pilot = &class->pilots[(first + i) % PILOTS];
        walk->at = find_origin(walk->pilot, wanted_us, walk->rng);
        if (walk->at + 1 >= walk->pilot->count)
            continue;
        const int64_t pilot_wakes_us = point_of(walk)->wakes_us;
        walk->shift_us = class->clocked ? (lead_of(class, device_wakes_us) -
                                           lead_of(class, pilot_wakes_us)) *
                                              class->lead_us
                                        : device_wakes_us - pilot_wakes_us;
        return true;
    }
    return false;
}

/* Goes on to the device's until_us; what is spent by the last point before
 * is added to *sum. */
static bool go_on(struct walk *walk, int64_t until_us, struct spent *sum)
{
    for (;;) {
        const size_t last =
            find_last(walk->pilot, walk->at, until_us - walk->shift_us);
        add(sum, &point_of(walk)->spent, &walk->pilot->points[last].spent);
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
                       struct spent *sum)
{
    const int64_t begun_us = wakes_us(walk);

    if (begun_us >= until_us || walk->at + 1 == walk->pilot->count)
        return;
    const struct point *next = point_of(walk) + 1;
    const double lasts = (double)(next->at_us + walk->shift_us - begun_us);
    if (last &&
        gsl_rng_uniform(walk->rng) * lasts >= (double)(until_us - begun_us)) {
        sum->wakes++;
        return;
    }
    add(sum, &point_of(walk)->spent, &next->spent);
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
static double share_of(const struct class *class, int64_t span_us)
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
                         struct ota_plan_state *state, struct spent *sum)
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

static const enum ota_power asleep_powers[OTA_SLEEP_DEPTHS] = {
    [OTA_SLEEP_HIBERNATE] = OTA_POWER_HIBERNATE,
    [OTA_SLEEP_STOP] = OTA_POWER_STOP,
    [OTA_SLEEP_ULTRA_LOW_POWER] = OTA_POWER_ULTRA_LOW_POWER,
    [OTA_SLEEP_STANDBY] = OTA_POWER_STANDBY,
};

/* What the battery loses, and in *charge_pc what the device draws. */
static int64_t drained_pc(const struct ota_actor *actor, int64_t span_us,
                          const struct spent *sum, int64_t *charge_pc)
{
    const struct ota_battery *battery = &actor->group->battery;
    int64_t drained = 0;

    *charge_pc = 0;
    for (size_t p = 0; p <= AWAKE; p++) {
        const enum ota_power power =
            p < AWAKE ? awake_powers[p]
                      : asleep_powers[ota_sleep_depth_of(actor)];
        const int64_t lasted_us = p < AWAKE ? sum->power_us[p] : span_us;
        *charge_pc +=
            battery->model->charge_pc(battery->config, power, lasted_us);
        drained +=
            battery->model->drained_pc(battery->config, power, lasted_us);
        if (p < AWAKE)
            span_us -= lasted_us;
    }
    return drained;
}

static int64_t awake_us(const struct spent *sum)
{
    int64_t all_us = 0;
    for (size_t p = 0; p < AWAKE; p++)
        all_us += sum->power_us[p];
    return all_us;
}

/* Whether the battery would last span_us, by a wide margin. */
static bool lasts(const struct ota_actor *actor, const struct class *class,
                  int64_t span_us)
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
                        const struct spent *sum, int64_t charge_pc,
                        int64_t drained)
{
    struct ota_device *device = actor->device;
    struct ota_device_record *record = actor->record;
    const struct ota_battery *battery = &actor->group->battery;

    for (size_t p = 0; p < AWAKE; p++) {
        record->power_us[awake_powers[p]] += sum->power_us[p];
        span_us -= sum->power_us[p];
    }
    record->power_us[OTA_POWER_HIBERNATE + ota_sleep_depth_of(actor)] +=
        span_us;
    record->charge_pc += charge_pc;
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
                 int64_t now_us, const struct spent *sum, int64_t charge_pc)
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
    int64_t end_us = config->horizon_us;

    *last = false;
    if (ota_update_pending(actor)) {
        if (device->reached || now_us >= config->release_us)
            return now_us;
        end_us = config->release_us;
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

    if (!actor->idle || now_us < 0 || device->safe_mode || device->changed)
        return false; /* what it has to tell still matters */
    const int64_t until_us = quiet_until_us(actor, now_us, &last);
    if (until_us - now_us < LEADS_WORTH * sleep->model->lead_us(sleep->config))
        return false;
    const struct class *class = class_of(actor);
    if (!class)
        return false;

    if (!lasts(actor, class, until_us - now_us))
        return false;

    struct ota_plan_state metered = *actor->meter;
    struct spent sum = {.bytes = 0};
    ota_actor_stream(actor, OTA_PURPOSE_IDLE, &stream);
    struct walk walk = {.class = class, .rng = &stream.rng};
    if (!join(&walk, device->next_wake_us, age_us(device)) ||
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
        ota_device_set_down(actor, until_us, age_at_us(&walk, until_us));
    return true;
}
