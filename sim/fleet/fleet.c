/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fleet.c - all devices of one replication, and the campaign that reaches
 * them.
 *
 * Devices run in the engine's windows. A window ends where the policy wants to
 * be asked again; a policy that reaches everybody at once leaves one window
 * up to the horizon, and each device then runs from its release to its outcome
 * in one go. Before that come a window up to time 0, in which devices get into
 * their stride, and one up to the release.
 */
#include "sim/fleet/fleet.h"

#include <assert.h>
#include <stdlib.h>

#include "sim/engine/engine.h"
#include "sim/fleet/device.h"
#include "sim/fleet/idle.h"

struct ota_fleet {
    const struct ota_fleet_config *config;
    struct ota_random_key key;
    struct ota_engine *engine;
    struct ota_idle *idle; /* NULL: stepped through */
    size_t count;
    size_t shards;
    struct ota_device *devices;
    struct ota_device_record *records;
    struct ota_plan_state *meters;
    struct ota_shard_reports *reports;           /* by shard */
    size_t reached;                              /* devices 0 .. reached - 1 */
    bool open;                                   /* time 0 has come */
    const struct ota_fleet_run_options *options; /* while it runs */
};

static struct ota_actor actor_of(struct ota_fleet *fleet, size_t device)
{
    const size_t shard = device / OTA_SHARD_SIZE;
    const struct ota_observer *observers =
        fleet->open ? fleet->options->observers : NULL;

    return (struct ota_actor){
        .config = fleet->config,
        .key = &fleet->key,
        .group = &fleet->config->groups[fleet->devices[device].group],
        .observer = observers ? &observers[shard] : NULL,
        .device = &fleet->devices[device],
        .record = &fleet->records[device],
        .meter = &fleet->meters[device],
        .reports = &fleet->reports[shard],
        .idle = fleet->idle,
        .id = device,
    };
}

/* --- the engine's client --- */

static int64_t advance(void *self, size_t shard, size_t thing, int64_t until_us)
{
    struct ota_fleet *fleet = self;
    struct ota_actor actor = actor_of(fleet, thing);

    (void)shard;
    while (actor.device->due_us < until_us)
        ota_device_step(&actor);
    return actor.device->due_us;
}

/* What the platform knows, as the policy sees it. */
static struct ota_policy_view view(const struct ota_fleet *fleet,
                                   int64_t now_us)
{
    struct ota_policy_view seen = {
        .now_us = now_us - fleet->config->release_us,
        .targets = (int64_t)fleet->count,
        .reached = (int64_t)fleet->reached,
    };
    for (size_t s = 0; s < fleet->shards; s++) {
        seen.begun += fleet->reports[s].begun;
        seen.confirmed += fleet->reports[s].confirmed;
        seen.failed += fleet->reports[s].failed;
    }
    return seen;
}

/* A step between windows may have changed when the device is due. */
static void follow(struct ota_fleet *fleet, size_t device, int64_t due_us)
{
    if (fleet->devices[device].due_us != due_us)
        ota_engine_set_due(fleet->engine, device,
                           fleet->devices[device].due_us);
}

static void open_books(struct ota_fleet *fleet)
{
    fleet->open = true;
    for (size_t i = 0; i < fleet->count; i++) {
        struct ota_actor actor = actor_of(fleet, i);
        int64_t due_us = actor.device->due_us;
        ota_device_open(&actor);
        follow(fleet, i, due_us);
    }
}

static void reach(struct ota_fleet *fleet, int64_t devices, int64_t now_us)
{
    size_t left = fleet->count - fleet->reached;
    size_t more = (size_t)devices < left ? (size_t)devices : left;

    for (; more > 0; more--) {
        struct ota_actor actor = actor_of(fleet, fleet->reached);
        int64_t due_us = actor.device->due_us;
        ota_device_reach(&actor, now_us);
        follow(fleet, fleet->reached, due_us);
        fleet->reached++;
    }
}

static int64_t barrier(void *self, int64_t now_us)
{
    struct ota_fleet *fleet = self;
    const struct ota_fleet_config *config = fleet->config;

    if (now_us < 0)
        return 0;
    if (now_us == 0)
        open_books(fleet);
    if (now_us < config->release_us)
        return config->release_us;
    struct ota_policy_view seen = view(fleet, now_us);
    struct ota_policy_decision decision =
        config->policy.model->decide(config->policy.config, &seen);
    assert(decision.reach >= 0 && decision.next_us > seen.now_us);
    reach(fleet, decision.reach, now_us);
    return ota_us_add(config->release_us, decision.next_us);
}

static bool keep_going(void *self)
{
    const struct ota_fleet_run_options *options =
        ((struct ota_fleet *)self)->options;
    return !options->keep_going || options->keep_going(options->context);
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
    fleet->shards = ota_engine_shards(count);
    fleet->devices = calloc(count, sizeof(*fleet->devices));
    fleet->records = calloc(count, sizeof(*fleet->records));
    fleet->meters = calloc(count, sizeof(*fleet->meters));
    fleet->reports = calloc(fleet->shards, sizeof(*fleet->reports));
    if (!fleet->devices || !fleet->records || !fleet->meters ||
        !fleet->reports) {
        ota_fleet_free(fleet);
        ota_fail(error, OTA_NO_MEMORY " for a fleet of %zu devices", count);
        return NULL;
    }
    const struct ota_engine_client client = {
        .self = fleet,
        .advance = advance,
        .barrier = barrier,
        .keep_going = keep_going,
    };
    fleet->engine = ota_engine_new(count, begin_us(config), config->horizon_us,
                                   &client, error);
    if (!fleet->engine) {
        ota_fleet_free(fleet);
        return NULL;
    }
    if (!ota_idle_new(config, &fleet->idle, error)) {
        ota_fleet_free(fleet);
        return NULL;
    }
    assign_groups(fleet);
    return fleet;
}

void ota_fleet_free(struct ota_fleet *fleet)
{
    if (!fleet)
        return;
    ota_engine_free(fleet->engine);
    ota_idle_free(fleet->idle);
    free(fleet->devices);
    free(fleet->records);
    free(fleet->meters);
    free(fleet->reports);
    free(fleet);
}

size_t ota_fleet_shards(const struct ota_fleet *fleet)
{
    return fleet->shards;
}

bool ota_fleet_run(struct ota_fleet *fleet,
                   const struct ota_fleet_run_options *options)
{
    assert(options->threads >= 1);

    fleet->options = options;
    if (fleet->idle)
        ota_idle_learn(fleet->idle, &fleet->key);
    for (size_t i = 0; i < fleet->count; i++) {
        struct ota_actor actor = actor_of(fleet, i);
        ota_device_start(&actor);
        ota_engine_set_due(fleet->engine, i, actor.device->due_us);
    }
    if (!ota_engine_run(fleet->engine, options->threads))
        return false;
    for (size_t i = 0; i < fleet->count; i++) {
        struct ota_actor actor = actor_of(fleet, i);
        ota_device_finish(&actor, fleet->config->horizon_us);
    }
    return true;
}
