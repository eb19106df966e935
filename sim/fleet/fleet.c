/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fleet.c - all devices of one replication.
 *
 * Where devices may run apart (conduct.h) they live one after another, as the
 * campaign's orders come, and nothing of them is kept here. Else all of them
 * are there at a time, and run in the engine's windows: before the release come
 * one up to time 0, in which devices get into their stride, and one up to the
 * release. From then on the campaign says how long windows are; where it has
 * nothing to hear, one leads to the horizon.
 */
#include "sim/fleet/fleet.h"

#include <assert.h>
#include <stdlib.h>

#include "sim/base/lane.h"
#include "sim/engine/engine.h"
#include "sim/fleet/back.h"
#include "sim/fleet/conduct.h"
#include "sim/fleet/device.h"
#include "sim/fleet/idle.h"
#include "sim/fleet/life.h"

struct ota_fleet {
    const struct ota_fleet_config *config;
    struct ota_random_key key;
    struct ota_idle *idle; /* NULL: stepped through */
    struct ota_conduct *conduct;
    size_t count;
    struct ota_backs *backs;

    /* Where devices are there together; else NULL. */
    struct ota_engine *engine;
    struct ota_device *devices;
    struct ota_device_record *records;
    struct ota_plan_state *meters;
    size_t told; /* as lived, by the share of time that is over */

    bool open;     /* time 0 has come */
    bool released; /* and the release */
    bool failed;   /* see ota_fleet_error() */
    struct ota_error error;
    const struct ota_fleet_run_options *options; /* while it runs */
};

/* The actor of a device with that state. */
static struct ota_actor actor_with(struct ota_fleet *fleet, size_t id,
                                   struct ota_device *device,
                                   struct ota_device_record *record,
                                   struct ota_plan_state *meter)
{
    const struct ota_group *group = &fleet->config->groups[device->group];
    const struct ota_path *backs = ota_backs_of(fleet->backs, device->group);
    const struct ota_observer *observers =
        fleet->open ? fleet->options->observers : NULL;

    return (struct ota_actor){
        .config = fleet->config,
        .key = &fleet->key,
        .group = group,
        .observer =
            observers ? &observers[ota_lane(fleet->options->threads)] : NULL,
        .device = device,
        .record = record,
        .meter = meter,
        .path = ota_path_of(group, backs, device),
        .backs = backs,
        .log = fleet->released ? ota_conduct_log(fleet->conduct) : NULL,
        .quiet_us = fleet->config->release_us,
        .order_us = OTA_NEVER,
        .contacts_us = ota_conduct_contacts_us(fleet->conduct),
        .contacts = ota_conduct_contacts(fleet->conduct),
        .grants = ota_conduct_grants(fleet->conduct),
        .shares = ota_conduct_shares(fleet->conduct),
        .skips_to_offer = ota_conduct_skips(fleet->conduct),
        .idle = fleet->idle,
        .id = id,
    };
}

static struct ota_actor actor_of(void *self, size_t device)
{
    struct ota_fleet *fleet = self;

    return actor_with(fleet, device, &fleet->devices[device],
                      &fleet->records[device], &fleet->meters[device]);
}

static struct ota_actor actor_in(void *self, size_t device,
                                 struct ota_room *room)
{
    return actor_with(self, device, &room->device, &room->record, &room->meter);
}

/* --- the campaign's fleet --- */

static void forget(void *self, size_t device)
{
    struct ota_fleet *fleet = self;
    struct ota_device *forgotten = &fleet->devices[device];

    *forgotten = (struct ota_device){
        .group = forgotten->group,
        .serial = (uint16_t)(forgotten->serial + 1),
    };
    fleet->records[device] = (struct ota_device_record){.offered_us = 0};
    fleet->meters[device] = (struct ota_plan_state){.period = 0};
}

static void set_due(void *self, size_t device, int64_t due_us)
{
    ota_engine_set_due(((struct ota_fleet *)self)->engine, device, due_us);
}

static bool keep_going(void *self)
{
    const struct ota_fleet *fleet = self;
    const struct ota_fleet_run_options *options = fleet->options;

    return !fleet->failed &&
           (!options->keep_going || options->keep_going(options->context));
}

static void lived(void *self, size_t devices)
{
    const struct ota_fleet *fleet = self;
    const struct ota_fleet_run_options *options = fleet->options;
    size_t first, count;

    ota_fleet_own(fleet, &first, &count);
    if (options->lived && devices > 0)
        options->lived(options->context, devices, count);
}

/* --- the engine's client --- */

static int64_t advance(void *self, size_t thing, int64_t until_us)
{
    struct ota_actor actor = actor_of(self, thing);

    ota_life_run(&actor, until_us);
    return actor.device->asking == OTA_ASKS_NOTHING ? actor.device->due_us
                                                    : OTA_NEVER;
}

static void open_books(struct ota_fleet *fleet)
{
    fleet->open = true;
    for (size_t i = 0; i < fleet->count; i++) {
        struct ota_actor actor = actor_of(fleet, i);
        ota_device_open(&actor);
        ota_engine_set_due(fleet->engine, i, actor.device->due_us);
    }
}

/* Nobody runs on without an offer. */
static void release(struct ota_fleet *fleet)
{
    fleet->released = true;
    for (size_t i = 0; i < fleet->count; i++)
        ota_engine_set_due(fleet->engine, i, OTA_NEVER);
}

/* Devices that are there together are as far as time is. */
static void tell_time(struct ota_fleet *fleet, int64_t now_us)
{
    const double share = (double)now_us / (double)fleet->config->horizon_us;
    const size_t whole = (size_t)(share * (double)fleet->count);

    lived(fleet, whole - fleet->told);
    fleet->told = whole;
}

static int64_t barrier(void *self, int64_t now_us)
{
    struct ota_fleet *fleet = self;
    const int64_t release_us = fleet->config->release_us;

    tell_time(fleet, ota_us_max(now_us, 0));
    if (now_us < 0)
        return 0;
    if (now_us == 0)
        open_books(fleet);
    if (now_us < release_us)
        return release_us;
    if (now_us == release_us)
        release(fleet);
    /* The campaign is behind the devices; at the release it gets going. */
    const int64_t until_us = now_us == release_us ? now_us + 1 : now_us;
    if (!ota_conduct_window(fleet->conduct, until_us))
        fleet->failed = true;
    return ota_conduct_next_us(fleet->conduct, now_us, fleet->options->windows);
}

/* --- life --- */

/* Numbers the devices group after group. */
static void assign_groups(struct ota_fleet *fleet)
{
    size_t device = 0;
    for (size_t g = 0; g < fleet->config->group_count; g++) {
        for (int64_t i = 0; i < fleet->config->groups[g].count; i++)
            fleet->devices[device++].group = (uint32_t)g;
    }
}

/* When the first device starts: before time 0, or at it. */
static int64_t begin_us(const struct ota_fleet_config *config)
{
    int64_t begin_us = 0;
    for (size_t g = 0; g < config->group_count; g++) {
        const struct ota_sleep *sleep = &config->groups[g].sleep;
        begin_us = ota_us_min(begin_us, -sleep->model->lead_us(sleep->config));
    }
    return begin_us;
}

struct ota_fleet *ota_fleet_new(const struct ota_fleet_config *config,
                                const struct ota_random_key *key,
                                struct ota_error *error)
{
    const size_t count = (size_t)ota_fleet_config_devices(config);
    assert(count > 0);
    assert(config->release_us >= 0 && config->release_us < config->horizon_us);

    struct ota_fleet *fleet = calloc(1, sizeof(*fleet));
    if (!fleet) {
        ota_fail(error, OTA_NO_MEMORY " for the fleet");
        return NULL;
    }
    fleet->config = config;
    fleet->key = *key;
    fleet->count = count;
    const struct ota_conduct_fleet conducted = {
        .self = fleet,
        .config = config,
        .key = &fleet->key,
        .devices = count,
        .shards = ota_engine_shards(count),
        .actor_of = actor_of,
        .actor_in = actor_in,
        .forget = forget,
        .set_due = set_due,
        .keep_going = keep_going,
        .lived = lived,
    };
    if (ota_idle_new(config, &fleet->idle, error))
        fleet->backs = ota_backs_new(config, error);
    if (fleet->backs)
        fleet->conduct = ota_conduct_new(&conducted, error);
    if (!fleet->conduct) {
        ota_fleet_free(fleet);
        return NULL;
    }
    return fleet;
}

void ota_fleet_free(struct ota_fleet *fleet)
{
    if (!fleet)
        return;
    ota_engine_free(fleet->engine);
    ota_idle_free(fleet->idle);
    ota_conduct_free(fleet->conduct);
    ota_backs_free(fleet->backs);
    free(fleet->devices);
    free(fleet->records);
    free(fleet->meters);
    free(fleet);
}

void ota_fleet_campaign(const struct ota_fleet *fleet,
                        struct ota_campaign_record *record)
{
    ota_campaign_result(ota_conduct_campaign(fleet->conduct), record);
    record->egress_peak_bytes_per_s =
        ota_conduct_egress_peak_bytes_per_s(fleet->conduct);
}

const struct ota_error *ota_fleet_error(const struct ota_fleet *fleet)
{
    const struct ota_error *error = ota_conduct_error(fleet->conduct);

    if (fleet->error.failed)
        return &fleet->error;
    return error->failed ? error : NULL;
}

/* --- a run --- */

/* Makes room for all devices, and what runs them. */
static bool gather(struct ota_fleet *fleet)
{
    const size_t count = fleet->count;
    const struct ota_engine_client client = {
        .self = fleet,
        .advance = advance,
        .barrier = barrier,
        .keep_going = keep_going,
    };

    fleet->devices = calloc(count, sizeof(*fleet->devices));
    fleet->records = calloc(count, sizeof(*fleet->records));
    fleet->meters = calloc(count, sizeof(*fleet->meters));
    if (!fleet->devices || !fleet->records || !fleet->meters)
        return ota_fail(&fleet->error,
                        OTA_NO_MEMORY " for a fleet of %zu devices", count);
    fleet->engine =
        ota_engine_new(count, begin_us(fleet->config),
                       fleet->config->horizon_us, &client, &fleet->error);
    if (!fleet->engine)
        return false;
    assign_groups(fleet);
    return true;
}

static bool run_together(struct ota_fleet *fleet, int threads)
{
    const ptrdiff_t count = (ptrdiff_t)fleet->count;

    if (!gather(fleet))
        return false;
    for (size_t i = 0; i < fleet->count; i++) {
        struct ota_actor actor = actor_of(fleet, i);
        ota_life_start(&actor);
        ota_engine_set_due(fleet->engine, i, actor.device->due_us);
    }
    if (!ota_engine_run(fleet->engine, threads) || fleet->failed ||
        !ota_conduct_finish(fleet->conduct))
        return false;
#pragma omp parallel for num_threads(threads) if (threads > 1)
    for (ptrdiff_t i = 0; i < count; i++) {
        struct ota_actor actor = actor_of(fleet, (size_t)i);
        ota_device_finish(&actor, fleet->config->horizon_us);
    }
    tell_time(fleet, fleet->config->horizon_us);
    return true;
}

/* What of it runs here. */
static bool run_own(struct ota_fleet *fleet)
{
    const struct ota_fleet_run_options *options = fleet->options;
    size_t first, count;

    if (!ota_conduct_prepare(fleet->conduct, options->threads,
                             options->windows > 0, options->ranks))
        return false;
    ota_fleet_own(fleet, &first, &count);
    if (count == 0 && !ota_conduct_is_split(fleet->conduct))
        return true; /* the first rank runs all */
    if (fleet->idle)
        ota_idle_start(fleet->idle, &fleet->key);
    if (!ota_conduct_is_apart(fleet->conduct))
        return run_together(fleet, options->threads);
    fleet->open = fleet->released = true;
    return ota_conduct_finish(fleet->conduct);
}

bool ota_fleet_run(struct ota_fleet *fleet,
                   const struct ota_fleet_run_options *options)
{
    assert(options->threads >= 1);

    fleet->options = options;
    const bool good = run_own(fleet);
    const struct ota_error *error = ota_fleet_error(fleet);
    if (error && error != &fleet->error)
        fleet->error = *error;
    return ota_ranks_agree(options->ranks, good, &fleet->error);
}

bool ota_fleet_splits(const struct ota_fleet *fleet)
{
    return ota_conduct_splits(fleet->conduct);
}

void ota_fleet_own(const struct ota_fleet *fleet, size_t *first, size_t *count)
{
    ota_conduct_own(fleet->conduct, first, count);
}
