/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conduct_ranks.c - devices that live apart, on several ranks.
 *
 * Each rank has a campaign of the whole fleet, and of the devices only those of
 * shards in a row. All campaigns hear the reports of all devices, so all give
 * the same orders and come to the same instants; a rank carries out those of
 * its own devices, and of the others notes what the campaign goes by. So the
 * ranks meet each time that tasks have been carried out, and the reports that
 * came of it are what they exchange: as sorted runs, as the hearing takes them.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/engine/engine.h"
#include "sim/fleet/conduct_state.h"
#include "sim/ranks/ranks.h"

/* What comes before a run. */
struct run_head {
    int64_t count;
};

bool ota_conduct_splits(const struct ota_conduct *conduct)
{
    return !conduct->grants && conduct->skips && !conduct->sharing;
}

void ota_conduct_split(struct ota_conduct *conduct, struct ota_ranks *ranks)
{
    const size_t self = (size_t)ota_ranks_self(ranks);
    const size_t count = (size_t)ota_ranks_count(ranks);
    const size_t shards = conduct->fleet.shards;
    const size_t devices = conduct->fleet.devices;
    const size_t end = shards * (self + 1) / count * OTA_SHARD_SIZE;

    conduct->own_end = devices;
    if (count == 1)
        return;
    if (conduct->apart && ota_conduct_splits(conduct)) {
        conduct->ranks = ranks;
        conduct->own_first = shards * self / count * OTA_SHARD_SIZE;
        conduct->own_end = end < devices ? end : devices;
    } else if (self > 0) {
        conduct->own_end = 0;
    }
}

bool ota_conduct_is_split(const struct ota_conduct *conduct)
{
    return conduct->ranks != NULL;
}

void ota_conduct_own(const struct ota_conduct *conduct, size_t *first,
                     size_t *count)
{
    *first = conduct->own_first;
    *count = conduct->own_end - conduct->own_first;
}

/* --- reports --- */

/* Closes all logs; returns what their runs take, or SIZE_MAX without memory. */
static size_t close_logs(struct ota_conduct *conduct)
{
    size_t size = 0;

    for (int l = 0; l < conduct->lanes; l++) {
        struct ota_report_log *log = &conduct->logs[l];
        if (log->failed || !ota_report_log_close(log))
            return SIZE_MAX;
        for (size_t r = 0; r < log->run_count; r++)
            size += sizeof(struct run_head) +
                    log->runs[r].count * sizeof(*log->runs[r].items);
    }
    return size;
}

/* Moves the runs of all logs to where there is room for them. */
static void pack(struct ota_conduct *conduct, char *to)
{
    for (int l = 0; l < conduct->lanes; l++) {
        struct ota_report_log *log = &conduct->logs[l];
        for (size_t r = 0; r < log->run_count; r++) {
            const struct ota_report_run *run = &log->runs[r];
            const struct run_head head = {.count = (int64_t)run->count};
            const size_t size = run->count * sizeof(*run->items);
            memcpy(to, &head, sizeof(head));
            memcpy(to + sizeof(head), run->items, size);
            to += sizeof(head) + size;
            free(run->items);
        }
        log->run_count = 0;
    }
}

static bool unpack(struct ota_conduct *conduct, const char *from, size_t size)
{
    const char *end = from + size;

    while (from < end) {
        struct run_head head;
        memcpy(&head, from, sizeof(head));
        from += sizeof(head);
        if (!ota_hearing_take_run(
                conduct->hearing,
                (const struct ota_campaign_report *)(const void *)from,
                (size_t)head.count))
            return ota_conduct_lacks_memory(conduct);
        from += (size_t)head.count * sizeof(struct ota_campaign_report);
    }
    return true;
}

bool ota_conduct_exchange(struct ota_conduct *conduct)
{
    const size_t own = close_logs(conduct);
    char *bytes = own > 0 && own < SIZE_MAX ? malloc(own) : NULL;
    const bool good = own == 0 || bytes || ota_conduct_lacks_memory(conduct);
    void *all;
    size_t size;

    if (bytes)
        pack(conduct, bytes);
    if (!ota_ranks_share(conduct->ranks, good, bytes, own, &all, &size,
                         &conduct->error)) {
        free(bytes);
        return false;
    }
    free(bytes);
    const bool heard = unpack(conduct, all, size);
    free(all);
    return heard;
}
