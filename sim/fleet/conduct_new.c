/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conduct_new.c - making what conducts a campaign: the campaign's world, and
 * how far ahead of it devices may run.
 */
#include <assert.h>
#include <stdlib.h>

#include "sim/base/lane.h"
#include "sim/fleet/attributes.h"
#include "sim/fleet/conduct_state.h"

/* --- making --- */

static bool is_there(void *self, uint32_t device)
{
    const struct ota_conduct *conduct = self;
    const struct ota_conduct_fleet *fleet = &conduct->fleet;
    const size_t group = ota_fleet_group_of(fleet->config, device);

    return ota_device_joins_us(&fleet->config->groups[group], fleet->key,
                               device) <= fleet->config->release_us;
}

static const char *attribute_of(void *self, uint64_t device, const char *key,
                                char *buffer, size_t size)
{
    const struct ota_conduct *conduct = self;

    return ota_fleet_attribute(conduct->fleet.config, conduct->fleet.key,
                               device, key, buffer, size);
}

/* Whether a device that was given orders was online then: it may have run on
 * since, so its life is led up there in a copy. */
static bool was_online(const struct ota_conduct *conduct,
                       const struct ota_actor *actor, int64_t at_us)
{
    struct ota_device device = {.group = actor->device->group};
    struct ota_device_record record = {.offered_us = 0};
    struct ota_plan_state meter = {.period = 0};
    struct ota_actor copy = *actor;

    copy.device = &device;
    copy.record = &record;
    copy.meter = &meter;
    copy.observer = NULL;
    copy.log = NULL;
    ota_life_repeat(&copy, &conduct->deeds,
                    ota_conduct_deeds(conduct, actor->id), at_us, at_us);
    return ota_conduct_is_online(&device);
}

static bool is_connected(void *self, uint32_t device, int64_t now_us)
{
    struct ota_conduct *conduct = self;
    struct ota_actor actor = ota_conduct_actor(conduct, device);
    const int64_t at_us = ota_us_add(conduct->fleet.config->release_us, now_us);

    switch ((enum ota_leash)conduct->leash[device]) {
    case OTA_LEASH_CONNECTED:
    case OTA_LEASH_QUEUED:
    case OTA_LEASH_SHARES:
        return true;
    case OTA_LEASH_LISTEN: /* else it would ask */
        return actor.device->asking != OTA_ASKS_NOTHING &&
               actor.device->due_us <= at_us;
    case OTA_LEASH_STILL:
    case OTA_LEASH_FREE:
        break;
    }
    if (ota_deeds_first(&conduct->deeds, device))
        return was_online(conduct, &actor, at_us);
    ota_life_run(&actor, at_us);
    return ota_conduct_is_online(actor.device);
}

/* The least time between an offer and what the platform hears of it. */
static int64_t lookahead_us(const struct ota_fleet_config *config)
{
    const struct ota_delivery delivery = ota_fleet_delivery(config);
    const struct ota_delivery_config *common = delivery.config;
    const struct ota_policy_device *device = &config->policy.device;

    for (size_t g = 0; g < config->group_count; g++)
        for (size_t v = 0; v < config->groups[g].variant_count; v++)
            if (config->groups[g].variants[v].path.count == 0)
                return 0; /* it has the release, and says so */
    if (device->accept.mode != OTA_ACCEPT_AUTO)
        return 0;
    return (int64_t)ota_dist_least(&common->begin_delay);
}

static bool take_memory(struct ota_conduct *conduct)
{
    const size_t devices = conduct->fleet.devices;

    conduct->leash = calloc(devices, sizeof(*conduct->leash));
    conduct->tasked = calloc(devices, sizeof(*conduct->tasked));
    conduct->tasks = malloc(devices * sizeof(*conduct->tasks));
    return ota_deeds_init(&conduct->deeds, devices) && conduct->leash &&
           conduct->tasked && conduct->tasks;
}

/* Those that come later say so. */
static bool expect_joins(struct ota_conduct *conduct)
{
    const struct ota_conduct_fleet *fleet = &conduct->fleet;
    bool good = true;

    for (size_t i = 0; i < fleet->devices && good; i++) {
        const size_t group = ota_fleet_group_of(fleet->config, i);
        const struct ota_campaign_report report = {
            .time_us = ota_device_joins_us(&fleet->config->groups[group],
                                           fleet->key, i),
            .device = (uint32_t)i,
            .kind = OTA_REPORT_JOINED,
        };
        if (report.time_us > fleet->config->release_us &&
            report.time_us < fleet->config->horizon_us)
            good = ota_hearing_add(conduct->hearing, &report);
    }
    return good;
}

static bool joins_late(const struct ota_fleet_config *config)
{
    for (size_t g = 0; g < config->group_count; g++)
        if (ota_dist_most(&config->groups[g].joins) >
            (double)config->release_us)
            return true;
    return false;
}

/* Whether the campaign may come to care who is connected. */
static bool may_want_contacts(const struct ota_policy_waves *waves)
{
    for (size_t w = 0; w < waves->count; w++) {
        const struct ota_wave *wave = &waves->list[w];
        if (wave->reachable || wave->order == OTA_SEQUENCE_CONNECTED_LONGEST ||
            wave->order == OTA_SEQUENCE_LAST_SEEN_NEWEST)
            return true;
    }
    return waves->assign == OTA_ASSIGN_POLL;
}

struct ota_conduct *ota_conduct_new(const struct ota_conduct_fleet *fleet,
                                    struct ota_error *error)
{
    const struct ota_fleet_config *config = fleet->config;
    struct ota_conduct *conduct = calloc(1, sizeof(*conduct));

    if (!conduct) {
        ota_fail(error, OTA_NO_MEMORY " for the campaign");
        return NULL;
    }
    conduct->fleet = *fleet;
    const struct ota_campaign_world world = {
        .self = conduct,
        .devices = fleet->devices,
        .is_there = joins_late(config) ? is_there : NULL,
        .attribute_of = attribute_of,
        .is_connected = is_connected,
        .key = fleet->key,
        .begin_us = config->release_us,
        .end_us = config->horizon_us - config->release_us,
    };
    conduct->bound_us = conduct->contacts_us = OTA_NEVER;
    conduct->now_us = config->release_us;
    conduct->lookahead_us = lookahead_us(config);
    conduct->hearing = ota_hearing_new(error);
    if (conduct->hearing && ota_sharing_new(config, fleet->key, fleet->devices,
                                            &conduct->sharing, error))
        conduct->campaign = ota_campaign_new(&config->policy, &world, error);
    if (!conduct->campaign || !take_memory(conduct) ||
        (joins_late(config) && !expect_joins(conduct))) {
        if (!error->failed)
            ota_fail(error, OTA_NO_MEMORY " for a campaign of %zu devices",
                     fleet->devices);
        ota_conduct_free(conduct);
        return NULL;
    }
    conduct->listens =
        conduct->sharing || ota_campaign_listens(conduct->campaign) ||
        !ota_policy_is_at_once(&config->policy); /* waves are shown */
    if (!conduct->listens)
        conduct->lookahead_us = OTA_NEVER;
    conduct->grants = ota_campaign_grants(conduct->campaign);
    conduct->skips = !may_want_contacts(&config->policy.waves);
    return conduct;
}

void ota_conduct_free(struct ota_conduct *conduct)
{
    if (!conduct)
        return;
    ota_campaign_free(conduct->campaign);
    ota_hearing_free(conduct->hearing);
    ota_sharing_free(conduct->sharing);
    ota_deeds_release(&conduct->deeds);
    ota_conduct_release_apart(conduct);
    for (int l = 0; l < conduct->lanes; l++)
        ota_report_log_release(&conduct->logs[l]);
    free(conduct->logs);
    free(conduct->leash);
    free(conduct->tasked);
    free(conduct->tasks);
    free(conduct->instant);
    free(conduct);
}

bool ota_conduct_prepare(struct ota_conduct *conduct, int threads,
                         bool together, struct ota_ranks *ranks)
{
    assert(!conduct->logs);

    conduct->threads = threads;
    conduct->logs =
        aligned_alloc(OTA_CACHE_LINE, (size_t)threads * sizeof(*conduct->logs));
    if (!conduct->logs)
        return ota_conduct_lacks_memory(conduct);
    conduct->lanes = threads;
    uint32_t ignores = 0;
    for (int kind = 0; kind < OTA_REPORT_KINDS; kind++)
        if (!ota_campaign_hears(conduct->campaign, (enum ota_report_kind)kind))
            ignores |= 1u << kind;
    for (int l = 0; l < threads; l++)
        conduct->logs[l] =
            (struct ota_report_log){.ignores = ignores, .after_us = INT64_MIN};
    conduct->apart = !together && !conduct->grants && conduct->skips;
    ota_conduct_split(conduct, ranks);
    return !conduct->apart || ota_conduct_prepare_apart(conduct) ||
           ota_conduct_lacks_memory(conduct);
}

bool ota_conduct_is_apart(const struct ota_conduct *conduct)
{
    return conduct->apart;
}

struct ota_report_log *ota_conduct_log(struct ota_conduct *conduct)
{
    return conduct->listens ? &conduct->logs[ota_lane(conduct->threads)] : NULL;
}

bool ota_conduct_contacts(const struct ota_conduct *conduct)
{
    return !conduct->skips;
}

int64_t ota_conduct_contacts_us(const struct ota_conduct *conduct)
{
    return conduct->contacts_us;
}

bool ota_conduct_shares(const struct ota_conduct *conduct)
{
    return conduct->sharing != NULL;
}

bool ota_conduct_skips(const struct ota_conduct *conduct)
{
    return conduct->skips;
}

bool ota_conduct_grants(const struct ota_conduct *conduct)
{
    return conduct->grants;
}

const struct ota_campaign *
ota_conduct_campaign(const struct ota_conduct *conduct)
{
    return conduct->campaign;
}

const struct ota_error *ota_conduct_error(const struct ota_conduct *conduct)
{
    return &conduct->error;
}

bool ota_conduct_lacks_memory(struct ota_conduct *conduct)
{
    if (!conduct->error.failed)
        ota_fail(&conduct->error, OTA_NO_MEMORY " for the campaign");
    return false;
}

int64_t ota_conduct_egress_peak_bytes_per_s(const struct ota_conduct *conduct)
{
    return conduct->sharing ? ota_sharing_peak_bytes_per_s(conduct->sharing)
                            : -1;
}
