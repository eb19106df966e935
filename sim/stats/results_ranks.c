/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * results_ranks.c - what the ranks of a run have heard, put together on the
 * first.
 *
 * Sums are of integers, and are added up. Rows of the digest and records are
 * moved to where they would have been put: each rank has devices in a row.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/base/clock.h"
#include "sim/stats/results_state.h"

enum { BATCH = 512 }; /* records */

/* The devices of a rank. */
struct range {
    int64_t first, count;
};

/* What the rank needs to take part. */
struct part {
    struct ota_ranks *ranks;
    struct range *ranges;              /* by rank */
    struct ota_device_record *records; /* [BATCH] */
};

_Static_assert(sizeof(struct ota_totals) % sizeof(int64_t) == 0,
               "totals are nothing but integers of 64 bits");

/* Adds all lanes up in the first, but for the downloads. */
static void join_lanes(struct ota_collector *collector)
{
    struct ota_results_lane *to = &collector->lanes[0];
    const size_t groups = collector->shape.group_count;

    for (size_t l = 1; l < collector->lane_count; l++) {
        struct ota_results_lane *from = &collector->lanes[l];
        for (size_t g = 0; g < groups; g++)
            ota_totals_merge(&to->totals[g], &from->totals[g]);
        memset(from->totals, 0, groups * sizeof(*from->totals));
        ota_timeline_merge(&to->timeline, &from->timeline);
        memset(from->timeline.changes, 0,
               from->timeline.instants * OTA_STATES *
                   sizeof(*from->timeline.changes));
        to->final_count += from->final_count;
        from->final_count = 0;
    }
}

static void sum(struct ota_collector *collector, struct ota_ranks *ranks,
                int64_t stop_us)
{
    struct ota_results_lane *lane = &collector->lanes[0];
    const size_t groups = collector->shape.group_count;

    join_lanes(collector);
    ota_ranks_sum(ranks, &lane->final_count, 1);
    ota_ranks_sum(ranks, (int64_t *)(void *)lane->totals,
                  groups * sizeof(*lane->totals) / sizeof(int64_t));
    ota_ranks_sum(ranks, lane->timeline.changes,
                  lane->timeline.instants * OTA_STATES);
    for (size_t g = 0; g < groups && stop_us != OTA_NEVER; g++)
        if (ota_ranks_self(ranks) > 0)
            collector->elsewhere[g] =
                ota_collector_downloading(collector, g, stop_us);
    ota_ranks_sum(ranks, collector->elsewhere, groups);
}

static void pass_digest(struct ota_collector *collector,
                        const struct part *part)
{
    for (int r = 1; r < ota_ranks_count(part->ranks); r++)
        for (int c = 0; c < OTA_COLUMNS; c++)
            if (collector->digest.columns[c])
                ota_ranks_pass(part->ranks, r,
                               collector->digest.columns[c] +
                                   part->ranges[r].first,
                               (size_t)part->ranges[r].count * sizeof(int64_t));
}

/* Returns false with *error set if some could not be read: nothing of these is
 * then passed that anyone will look at. */
static bool pass_records(const struct ota_device_sink *sink,
                         const struct part *part, struct ota_error *error)
{
    const int self = ota_ranks_self(part->ranks);
    bool good = true;

    for (int r = 1; r < ota_ranks_count(part->ranks); r++) {
        size_t at = (size_t)part->ranges[r].first;
        for (size_t left = (size_t)part->ranges[r].count; left > 0;) {
            const size_t count = left < BATCH ? left : BATCH;
            if (r == self && good)
                good = sink->get(sink->self, at, count, part->records, error);
            ota_ranks_pass(part->ranks, r, part->records,
                           count * sizeof(*part->records));
            for (size_t i = 0; self == 0 && i < count; i++)
                sink->put(sink->self, 0, at + i, &part->records[i]);
            at += count;
            left -= count;
        }
    }
    return good;
}

static bool prepare(struct ota_collector *collector, struct part *part,
                    struct ota_error *error)
{
    const size_t groups = collector->shape.group_count;
    bool complete = true;

    collector->elsewhere = calloc(groups, sizeof(*collector->elsewhere));
    part->records = calloc(BATCH, sizeof(*part->records));
    for (size_t l = 0; l < collector->lane_count; l++)
        for (size_t g = 0; g < groups; g++)
            complete = complete && !collector->lanes[l].downloads[g].no_memory;
    return (complete && collector->elsewhere && part->records) ||
           ota_fail(error, OTA_NO_MEMORY " for the results of %zu devices",
                    collector->device_count);
}

bool ota_collector_gather(struct ota_collector *collector,
                          const struct ota_campaign_record *campaign,
                          struct ota_ranks *ranks, size_t first, size_t count,
                          struct ota_error *error)
{
    const struct range own = {.first = (int64_t)first, .count = (int64_t)count};
    struct part part = {.ranks = ranks};
    void *ranges;
    size_t size;

    if (ota_ranks_count(ranks) == 1)
        return true;
    bool good = prepare(collector, &part, error);
    good =
        ota_ranks_share(ranks, good, &own, sizeof(own), &ranges, &size, error);
    if (good) {
        part.ranges = ranges;
        sum(collector, ranks,
            ota_rollout_stop_us(campaign, collector->shape.release_us));
        pass_digest(collector, &part);
        if (collector->shape.sink)
            good = pass_records(collector->shape.sink, &part, error);
        good = ota_ranks_agree(ranks, good, error);
    }
    free(ranges);
    free(part.records);
    return good;
}
