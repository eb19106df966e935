/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * results_store.c - see results_store.h.
 *
 * A replication's results are a blob (results_pack.h), which refuses what was
 * damaged. What a scenario's text says of the fleet is compared all the same:
 * the summary takes for granted that all replications are of one fleet.
 */
#include "sim/experiment/results_store.h"

#include <stdlib.h>

#include "sim/stats/results_pack.h"

static struct ota_store_unit unit_of(const struct ota_results_store *there,
                                     int64_t replication)
{
    return (struct ota_store_unit){
        .scenario = there->scenario,
        .seed = there->seed,
        .replication = replication,
    };
}

/* Whether they are of this fleet. */
static bool fits(const struct ota_results_store *there,
                 const struct ota_results *results)
{
    const struct ota_fleet_config *config = there->config;
    struct ota_timeline timeline;
    bool same = results->group_count == config->group_count &&
                ota_timeline_init(&timeline, config->horizon_us);

    if (!same)
        return false;
    same = results->timeline.step_us == timeline.step_us &&
           results->timeline.instants == timeline.instants &&
           results->groups[0].devices == ota_fleet_config_devices(config);
    ota_timeline_release(&timeline);
    for (size_t g = 0; g < config->group_count && same; g++)
        same = results->groups[1 + g].devices == config->groups[g].count;
    return same;
}

static bool complain_missing(const struct ota_results_store *there,
                             int64_t replication, struct ota_error *error)
{
    bool knows;

    if (!ota_store_knows(there->store, there->scenario, &knows, error))
        return false;
    return knows ? ota_fail(error,
                            "%s: replication %lld is missing: the seed or "
                            "their number is another than it was",
                            there->file, (long long)replication)
                 : ota_fail(error,
                            "%s, or a file that it names, was changed since: "
                            "nothing of it as it is was done",
                            there->file);
}

static bool known(void *self, int64_t replication, struct ota_results *results,
                  bool *found, struct ota_error *error)
{
    struct ota_results_store *there = self;
    const struct ota_store_unit unit = unit_of(there, replication);
    void *bytes;
    size_t size;

    *found = false;
    if (!ota_store_find_blob(there->store, &unit, &bytes, &size, error))
        return false;
    if (!bytes)
        return !there->found_only ||
               complain_missing(there, replication, error);
    *found = ota_results_unpack(results, bytes, size, error);
    free(bytes);
    if (!*found)
        return false;
    there->found++;
    if (fits(there, results))
        return true;
    *found = false;
    ota_results_release(results);
    return ota_fail(error, "results of replication %lld are of another fleet",
                    (long long)replication);
}

static bool keep(void *self, int64_t replication,
                 const struct ota_results *results, struct ota_error *error)
{
    struct ota_results_store *there = self;
    const struct ota_store_unit unit = unit_of(there, replication);
    void *bytes;
    size_t size;

    if (there->found_only)
        return true; /* lived again, for its devices */
    if (!ota_results_pack(results, &bytes, &size, error))
        return false;
    const bool good =
        ota_store_put_blob(there->store, &unit, bytes, size, error);
    free(bytes);
    there->kept += good;
    return good;
}

struct ota_results_keeper
ota_results_store_keeper(struct ota_results_store *there)
{
    return (struct ota_results_keeper){
        .self = there,
        .known = known,
        .keep = keep,
    };
}
