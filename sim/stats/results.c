/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * results.c - listening to a replication and condensing its records.
 *
 * Each device's record goes to its own place, so shards need not wait for
 * each other. All sums are of integers and divided once, at the end: no
 * result depends on who added first.
 */
#include "sim/stats/results.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/clock.h"
#include "sim/stats/quantile.h"
#include "sim/stats/spells.h"
#include "sim/stats/sum.h"

/* What one shard's observer writes into. */
struct shard {
    struct ota_device_record *records; /* of all shards, by device */
    size_t device_count;
    size_t final_count; /* devices of the shard that are done */
    struct ota_timeline timeline;
    bool watches; /* who downloads when */
    struct ota_spells downloads;
};

struct ota_collector {
    int64_t *group_devices;
    size_t group_count;
    int64_t horizon_us;
    int64_t release_us;
    bool keep_devices;
    bool staged;
    struct ota_rates rates;
    struct ota_device_record *records;
    size_t device_count;
    struct shard *shards;
    struct ota_observer *observers;
    size_t shard_count;
};

/* A state that is taken back was told with the same words. */
static void observe_state(struct shard *shard,
                          const struct ota_observation *seen)
{
    const enum ota_state from = seen->detail.state.from;
    const enum ota_state to = seen->detail.state.to;
    const int by =
        (to == OTA_STATE_DOWNLOADING) - (from == OTA_STATE_DOWNLOADING);

    if (seen->undone)
        ota_timeline_undo(&shard->timeline, seen->time_us, from, to);
    else
        ota_timeline_change(&shard->timeline, seen->time_us, from, to);
    if (shard->watches && by != 0)
        ota_spells_add(&shard->downloads, seen->time_us, seen->group,
                       seen->undone ? -by : by);
}

static void observe(void *self, const struct ota_observation *seen)
{
    struct shard *shard = self;

    if (seen->kind == OTA_SEEN_STATE) {
        observe_state(shard, seen);
    } else if (seen->kind == OTA_SEEN_FINAL) {
        assert(seen->device < shard->device_count);
        shard->records[seen->device] = *seen->record;
        shard->final_count += seen->undone ? (size_t)-1 : 1;
    }
}

/* Takes the memory of an otherwise complete collector. */
static bool allocate(struct ota_collector *collector)
{
    const size_t shards = collector->shard_count;

    collector->group_devices =
        calloc(collector->group_count, sizeof(*collector->group_devices));
    collector->records =
        calloc(collector->device_count, sizeof(*collector->records));
    collector->observers = calloc(shards, sizeof(*collector->observers));
    collector->shards = calloc(shards, sizeof(*collector->shards));
    if (!collector->group_devices || !collector->records ||
        !collector->observers || !collector->shards)
        return false;

    for (size_t s = 0; s < shards; s++) {
        if (!ota_timeline_init(&collector->shards[s].timeline,
                               collector->horizon_us))
            return false;
    }
    return true;
}

struct ota_collector *ota_collector_new(const struct ota_results_shape *shape,
                                        struct ota_error *error)
{
    assert(shape->group_count > 0 && shape->shards > 0);

    int64_t devices = 0;
    for (size_t g = 0; g < shape->group_count; g++)
        devices += shape->group_devices[g];
    assert(devices > 0);

    struct ota_collector *collector = calloc(1, sizeof(*collector));
    if (collector) {
        collector->group_count = shape->group_count;
        collector->horizon_us = shape->horizon_us;
        collector->release_us = shape->release_us;
        collector->keep_devices = shape->keep_devices;
        collector->staged = shape->staged;
        collector->rates = shape->rates;
        collector->device_count = (size_t)devices;
        collector->shard_count = shape->shards;
    }
    if (!collector || !allocate(collector)) {
        ota_collector_free(collector);
        ota_fail(error, OTA_NO_MEMORY " for the records of %lld devices",
                 (long long)devices);
        return NULL;
    }

    memcpy(collector->group_devices, shape->group_devices,
           shape->group_count * sizeof(*shape->group_devices));
    for (size_t s = 0; s < shape->shards; s++) {
        collector->shards[s].records = collector->records;
        collector->shards[s].device_count = collector->device_count;
        collector->shards[s].watches = shape->may_stop;
        collector->observers[s] = (struct ota_observer){
            .wants = 1U << OTA_SEEN_STATE | 1U << OTA_SEEN_FINAL,
            .observe = observe,
            .self = &collector->shards[s],
        };
    }
    return collector;
}

const struct ota_observer *
ota_collector_observers(const struct ota_collector *collector)
{
    return collector->observers;
}

void ota_collector_free(struct ota_collector *collector)
{
    if (!collector)
        return;
    if (collector->shards) {
        for (size_t s = 0; s < collector->shard_count; s++) {
            ota_timeline_release(&collector->shards[s].timeline);
            ota_spells_release(&collector->shards[s].downloads);
        }
    }
    free(collector->shards);
    free(collector->observers);
    free(collector->records);
    free(collector->group_devices);
    free(collector);
}

static int64_t all_bytes(const struct ota_device_record *record)
{
    return record->routine_bytes + record->useful_bytes +
           record->overhead_bytes + record->wasted_bytes;
}

static int64_t useful_bytes(const struct ota_device_record *record)
{
    return record->useful_bytes;
}

static int64_t overhead_bytes(const struct ota_device_record *record)
{
    return record->overhead_bytes;
}

static int64_t wasted_bytes(const struct ota_device_record *record)
{
    return record->wasted_bytes;
}

static int64_t routine_bytes(const struct ota_device_record *record)
{
    return record->routine_bytes;
}

static int64_t awake_us(const struct ota_device_record *record)
{
    int64_t awake = 0;
    for (int p = 0; p < OTA_POWERS; p++) {
        if (!ota_power_is_sleep((enum ota_power)p))
            awake += record->power_us[p];
    }
    return awake;
}

static int64_t charge_pc(const struct ota_device_record *record)
{
    return record->charge_pc;
}

/* What has a mean and a 95th percentile over devices. */
static const struct measure {
    int64_t (*of)(const struct ota_device_record *record);
    double unit; /* of the KPI, in what `of` counts */
    enum ota_kpi mean, p95;
} measures[] = {
    {all_bytes, 1.0, OTA_KPI_BYTES, OTA_KPI_BYTES_P95},
    {useful_bytes, 1.0, OTA_KPI_USEFUL, OTA_KPI_USEFUL_P95},
    {overhead_bytes, 1.0, OTA_KPI_OVERHEAD, OTA_KPI_OVERHEAD_P95},
    {wasted_bytes, 1.0, OTA_KPI_WASTED, OTA_KPI_WASTED_P95},
    {routine_bytes, 1.0, OTA_KPI_ROUTINE, OTA_KPI_ROUTINE_P95},
    {awake_us, OTA_US_PER_S, OTA_KPI_AWAKE, OTA_KPI_AWAKE_P95},
    {charge_pc, 1000.0 * OTA_PC_PER_UAH, OTA_KPI_CHARGE, OTA_KPI_CHARGE_P95},
};

enum { MEASURES = sizeof(measures) / sizeof(measures[0]) };

/* A run of records: of the fleet or of one group. */
struct span {
    const struct ota_device_record *records;
    size_t count;
};

static void measure(const struct span *span, const struct measure *what,
                    double *scratch, double kpi[OTA_KPIS])
{
    struct ota_sum sum = {0, 0};
    for (size_t i = 0; i < span->count; i++) {
        const int64_t value = what->of(&span->records[i]);
        ota_sum_add(&sum, value);
        scratch[i] = (double)value;
    }
    kpi[what->mean] = ota_sum_value(&sum) / (double)span->count / what->unit;
    kpi[what->p95] =
        ota_quantile_select(scratch, span->count, 0.95) / what->unit;
}

static bool runs_release(const struct ota_device_record *record)
{
    return record->outcome == OTA_OUTCOME_UPDATED_CONFIRMED ||
           record->outcome == OTA_OUTCOME_UPDATED_UNREPORTED;
}

/* Outcomes, and the KPIs that are counts or made of counts. */
static void count(const struct span *span, struct ota_group_results *results)
{
    struct ota_sum overage = {0, 0};
    int64_t offers = 0;
    int64_t begun = 0;
    int64_t attempts = 0;
    int64_t aborted = 0;
    int64_t over_cap = 0;
    int64_t empty = 0;
    int64_t believed = 0;
    int64_t wrongly = 0;
    int64_t unbelieved = 0;
    int64_t defective = 0;

    for (size_t i = 0; i < span->count; i++) {
        const struct ota_device_record *record = &span->records[i];
        results->outcomes[record->outcome]++;
        ota_sum_add(&overage, record->overage_uusd);
        offers += record->offers;
        begun += record->offers_begun;
        attempts += record->attempts;
        aborted += record->aborted;
        over_cap += record->periods_over > 0;
        empty += record->dead;
        believed += record->believed;
        wrongly += record->believed && !runs_release(record);
        unbelieved += !record->believed && runs_release(record);
        defective += record->defect_us != OTA_NEVER;
    }

    const double devices = (double)span->count;
    double *kpi = results->kpi;
    kpi[OTA_KPI_CONFIRMED_SHARE] =
        (double)results->outcomes[OTA_OUTCOME_UPDATED_CONFIRMED] / devices;
    kpi[OTA_KPI_BEGUN_PER_OFFER] =
        offers > 0 ? (double)begun / (double)offers : NAN;
    kpi[OTA_KPI_ATTEMPTS] = (double)attempts / devices;
    kpi[OTA_KPI_ABORTED] = (double)aborted / devices;
    kpi[OTA_KPI_SIMS_OVER_CAP] = (double)over_cap;
    kpi[OTA_KPI_OVERAGE] = ota_sum_value(&overage) / 1e6;
    kpi[OTA_KPI_BATTERIES_EMPTY] = (double)empty;
    kpi[OTA_KPI_BELIEVED] = (double)believed;
    kpi[OTA_KPI_BELIEVED_WRONGLY] = (double)wrongly;
    kpi[OTA_KPI_UNBELIEVED] = (double)unbelieved;
    kpi[OTA_KPI_DEFECTIVE] = (double)defective;
}

/* Devices of the group, numbered from 1, or (0) of the fleet. */
static int64_t downloading(const struct ota_collector *collector, size_t group,
                           int64_t time_us)
{
    int64_t sum = 0;

    for (size_t s = 0; s < collector->shard_count; s++) {
        const struct ota_spells *spells = &collector->shards[s].downloads;
        for (size_t g = 0; g < collector->group_count; g++)
            if (group == 0 || group == 1 + g)
                sum += ota_spells_at(spells, (uint32_t)g, time_us);
    }
    return sum;
}

static void condense(const struct ota_collector *collector, size_t group,
                     const struct span *span, double *scratch,
                     struct ota_results *results)
{
    struct ota_group_results *of = &results->groups[group];
    const struct ota_campaign_record *campaign = &results->campaign;
    const int64_t stop_us =
        ota_rollout_stop_us(campaign, collector->release_us);
    const struct ota_rollout_view view = {
        .records = span->records,
        .count = span->count,
        .fleet = group == 0,
        .release_us = collector->release_us,
        .horizon_us = collector->horizon_us,
        .campaign = campaign,
        .downloading =
            stop_us == OTA_NEVER ? 0 : downloading(collector, group, stop_us),
        .rates = collector->rates,
    };

    of->devices = (int64_t)span->count;
    count(span, of);
    ota_rollout_kpis(&view, scratch, of->kpi);
    for (size_t m = 0; m < MEASURES; m++)
        measure(span, &measures[m], scratch, of->kpi);
}

static void condense_all(const struct ota_collector *collector, double *scratch,
                         struct ota_results *results)
{
    struct span span = {collector->records, collector->device_count};
    condense(collector, 0, &span, scratch, results);

    for (size_t g = 0; g < collector->group_count; g++) {
        span.count = (size_t)collector->group_devices[g];
        condense(collector, 1 + g, &span, scratch, results);
        span.records += span.count;
    }
    for (size_t i = 0; i < collector->device_count; i++)
        ota_histogram_add(&results->bytes,
                          (double)all_bytes(&collector->records[i]));
}

static const char *name_of(const struct ota_wave_record *wave)
{
    return wave->name ? wave->name : "";
}

/* Copies the campaign's record with its waves and their names, in one piece of
 * memory that the waves begin. */
static bool keep_campaign(const struct ota_campaign_record *campaign,
                          struct ota_results *results)
{
    if (!campaign) {
        results->campaign = (struct ota_campaign_record){
            .stop_us = OTA_NEVER,
            .effective_us = OTA_NEVER,
            .finished_us = OTA_NEVER,
            .rule = -1,
        };
        return true;
    }
    results->campaign = *campaign;
    results->campaign.waves = NULL;
    if (campaign->wave_count == 0)
        return true;

    const size_t count = campaign->wave_count;
    size_t names = 0;
    for (size_t w = 0; w < count; w++)
        names += strlen(name_of(&campaign->waves[w])) + 1;
    struct ota_wave_record *waves = malloc(count * sizeof(*waves) + names);
    if (!waves)
        return false;
    char *name = (char *)(waves + count);
    for (size_t w = 0; w < count; w++) {
        waves[w] = campaign->waves[w];
        waves[w].name = strcpy(name, name_of(&campaign->waves[w]));
        name += strlen(name) + 1;
    }
    results->campaign.waves = waves;
    return true;
}

/* Returns false if a shard had no memory to watch with. */
static bool merge_shards(const struct ota_collector *collector,
                         struct ota_timeline *timeline)
{
    size_t final_count = 0;
    bool complete = true;
    for (size_t s = 0; s < collector->shard_count; s++) {
        ota_timeline_merge(timeline, &collector->shards[s].timeline);
        final_count += collector->shards[s].final_count;
        complete = complete && !collector->shards[s].downloads.no_memory;
    }
    assert(final_count == collector->device_count);
    (void)final_count;
    ota_timeline_sum(timeline);
    return complete;
}

bool ota_collector_finish(struct ota_collector *collector,
                          const struct ota_campaign_record *campaign,
                          struct ota_results *results, struct ota_error *error)
{
    *results = (struct ota_results){
        .group_count = collector->group_count,
        .staged = collector->staged,
    };

    double *scratch = calloc(collector->device_count, sizeof(*scratch));
    results->groups =
        calloc(1 + collector->group_count, sizeof(*results->groups));
    if (!scratch || !results->groups || !keep_campaign(campaign, results) ||
        !ota_timeline_init(&results->timeline, collector->horizon_us) ||
        !merge_shards(collector, &results->timeline)) {
        free(scratch);
        ota_results_release(results);
        return ota_fail(error, OTA_NO_MEMORY " for the results of %zu devices",
                        collector->device_count);
    }

    condense_all(collector, scratch, results);
    free(scratch);

    if (collector->keep_devices) {
        results->devices = collector->records;
        results->device_count = collector->device_count;
        collector->records = NULL;
    }
    return true;
}

void ota_results_release(struct ota_results *results)
{
    free(results->groups);
    ota_timeline_release(&results->timeline);
    free(results->devices);
    free((void *)results->campaign.waves);
    *results = (struct ota_results){.groups = NULL};
}
