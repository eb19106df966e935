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

/* What one shard's observer writes into. */
struct shard {
    struct ota_device_record *records; /* of all shards, by device */
    size_t device_count;
    size_t final_count; /* devices of the shard that are done */
    struct ota_timeline timeline;
};

struct ota_collector {
    int64_t *group_devices;
    size_t group_count;
    int64_t horizon_us;
    int64_t release_us;
    bool keep_devices;
    struct ota_device_record *records;
    size_t device_count;
    struct shard *shards;
    struct ota_observer *observers;
    size_t shard_count;
};

static void observe(void *self, const struct ota_observation *observation)
{
    struct shard *shard = self;

    if (observation->kind == OTA_SEEN_STATE) {
        ota_timeline_change(&shard->timeline, observation->time_us,
                            observation->detail.state.from,
                            observation->detail.state.to);
    } else if (observation->kind == OTA_SEEN_FINAL) {
        assert(observation->device < shard->device_count);
        shard->records[observation->device] = *observation->record;
        shard->final_count++;
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
        for (size_t s = 0; s < collector->shard_count; s++)
            ota_timeline_release(&collector->shards[s].timeline);
    }
    free(collector->shards);
    free(collector->observers);
    free(collector->records);
    free(collector->group_devices);
    free(collector);
}

/* A sum of integers >= 0 that does not overflow: 2^30s, and the rest. The
 * charge of a fleet in pC is more than an int64_t holds. */
struct sum {
    int64_t high, low;
};

static void sum_add(struct sum *sum, int64_t value)
{
    assert(value >= 0);
    sum->high += value >> 30;
    sum->low += value & ((INT64_C(1) << 30) - 1);
}

static double sum_value(const struct sum *sum)
{
    return ldexp((double)sum->high, 30) + (double)sum->low;
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
    int64_t release_us;
};

static void measure(const struct span *span, const struct measure *what,
                    double *scratch, double kpi[OTA_KPIS])
{
    struct sum sum = {0, 0};
    for (size_t i = 0; i < span->count; i++) {
        const int64_t value = what->of(&span->records[i]);
        sum_add(&sum, value);
        scratch[i] = (double)value;
    }
    kpi[what->mean] = sum_value(&sum) / (double)span->count / what->unit;
    kpi[what->p95] =
        ota_quantile_select(scratch, span->count, 0.95) / what->unit;
}

/* When a percentage of all devices, rounded up, had been confirmed [s]. */
static double time_to(double *confirmed_us, size_t confirmed, size_t devices,
                      size_t percent)
{
    const size_t needed = (devices * percent + 99) / 100;
    if (needed == 0 || confirmed < needed)
        return NAN;
    return ota_smallest_select(confirmed_us, confirmed, needed) /
           (double)OTA_US_PER_S;
}

static void times(const struct span *span, double *scratch,
                  double kpi[OTA_KPIS])
{
    size_t confirmed = 0;
    for (size_t i = 0; i < span->count; i++) {
        const int64_t at_us = span->records[i].confirmed_us;
        if (at_us != OTA_NEVER)
            scratch[confirmed++] = (double)(at_us - span->release_us);
    }
    kpi[OTA_KPI_TIME_TO_50] = time_to(scratch, confirmed, span->count, 50);
    kpi[OTA_KPI_TIME_TO_90] = time_to(scratch, confirmed, span->count, 90);
    kpi[OTA_KPI_TIME_TO_99] = time_to(scratch, confirmed, span->count, 99);
}

static bool runs_release(const struct ota_device_record *record)
{
    return record->outcome == OTA_OUTCOME_UPDATED_CONFIRMED ||
           record->outcome == OTA_OUTCOME_UPDATED_UNREPORTED;
}

/* Outcomes, and the KPIs that are counts or made of counts. */
static void count(const struct span *span, struct ota_group_results *results)
{
    struct sum overage = {0, 0};
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
        sum_add(&overage, record->overage_uusd);
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
    kpi[OTA_KPI_OVERAGE] = sum_value(&overage) / 1e6;
    kpi[OTA_KPI_BATTERIES_EMPTY] = (double)empty;
    kpi[OTA_KPI_BELIEVED] = (double)believed;
    kpi[OTA_KPI_BELIEVED_WRONGLY] = (double)wrongly;
    kpi[OTA_KPI_UNBELIEVED] = (double)unbelieved;
    kpi[OTA_KPI_DEFECTIVE] = (double)defective;
}

static void condense(const struct span *span, double *scratch,
                     struct ota_group_results *results)
{
    results->devices = (int64_t)span->count;
    count(span, results);
    times(span, scratch, results->kpi);
    for (size_t m = 0; m < MEASURES; m++)
        measure(span, &measures[m], scratch, results->kpi);
}

static void condense_all(const struct ota_collector *collector, double *scratch,
                         struct ota_results *results)
{
    struct span span = {
        .records = collector->records,
        .count = collector->device_count,
        .release_us = collector->release_us,
    };
    condense(&span, scratch, &results->groups[0]);

    for (size_t g = 0; g < collector->group_count; g++) {
        span.count = (size_t)collector->group_devices[g];
        condense(&span, scratch, &results->groups[1 + g]);
        span.records += span.count;
    }
    for (size_t i = 0; i < collector->device_count; i++)
        ota_histogram_add(&results->bytes,
                          (double)all_bytes(&collector->records[i]));
}

static void merge_shards(const struct ota_collector *collector,
                         struct ota_timeline *timeline)
{
    size_t final_count = 0;
    for (size_t s = 0; s < collector->shard_count; s++) {
        ota_timeline_merge(timeline, &collector->shards[s].timeline);
        final_count += collector->shards[s].final_count;
    }
    assert(final_count == collector->device_count);
    (void)final_count;
    ota_timeline_sum(timeline);
}

bool ota_collector_finish(struct ota_collector *collector,
                          struct ota_results *results, struct ota_error *error)
{
    *results = (struct ota_results){.group_count = collector->group_count};

    double *scratch = calloc(collector->device_count, sizeof(*scratch));
    results->groups =
        calloc(1 + collector->group_count, sizeof(*results->groups));
    if (!scratch || !results->groups ||
        !ota_timeline_init(&results->timeline, collector->horizon_us)) {
        free(scratch);
        ota_results_release(results);
        return ota_fail(error, OTA_NO_MEMORY " for the results of %zu devices",
                        collector->device_count);
    }

    merge_shards(collector, &results->timeline);
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
    *results = (struct ota_results){.groups = NULL};
}
