/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_experiment.c - replications of a real scenario: the same bits on any
 * number of threads and in any number of parts, progress, stopping, and what
 * only the first one leaves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "sim/experiment/experiment.h"
#include "sim/experiment/results_store.h"
#include "sim/scenario/scenario.h"
#include "tests/support/device_list.h"

static const char file[] = "scenarios/starter/electron-hourly.json";
static const struct ota_setting settings[] = {
    {.path = "fleet.0.count", .value = "1500"}, /* two shards */
};

static int read_scenario(void **state)
{
    static struct ota_scenario scenario;
    struct ota_complaints complaints = {.count = 0};
    if (!ota_scenario_read(&scenario, file, settings, 1, &complaints)) {
        ota_complaints_print(&complaints, stderr);
        return -1;
    }
    *state = &scenario;
    return 0;
}

static int release_scenario(void **state)
{
    ota_scenario_release(*state);
    return 0;
}

enum { REPLICATIONS = 8 };

/* What an experiment leaves. */
struct outcome {
    struct ota_summary summary;
    struct device_list devices;
};

static void run(const struct ota_scenario *scenario, int64_t replications,
                int threads, struct outcome *outcome)
{
    const size_t devices = (size_t)ota_fleet_config_devices(&scenario->fleet);
    device_list_init(&outcome->devices, devices);
    const struct ota_experiment_options options = {
        .seed = 7,
        .replications = replications,
        .threads = threads,
        .confidence = 0.95,
        .sink = &outcome->devices.sink,
    };
    struct ota_error error = {.failed = false};
    assert_int_equal(ota_experiment_run(&scenario->fleet, &options,
                                        &outcome->summary, &error),
                     OTA_EXPERIMENT_DONE);
    assert_false(error.failed);
    for (size_t d = 0; d < devices; d++)
        assert_int_equal(outcome->devices.puts[d], 1);
}

static void release(struct outcome *outcome)
{
    ota_summary_release(&outcome->summary);
    device_list_release(&outcome->devices);
}

/* To the bit; two that are both NaN are the same too. */
static void same_double(double a, double b)
{
    assert_true(a == b || (isnan(a) && isnan(b)));
}

static void same_estimates(const struct ota_estimate *a,
                           const struct ota_estimate *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        same_double(a[i].mean, b[i].mean);
        same_double(a[i].lo, b[i].lo);
        same_double(a[i].hi, b[i].hi);
        assert_int_equal(a[i].values, b[i].values);
        assert_int_equal(a[i].of, b[i].of);
    }
}

static void same_outcome(const struct outcome *one, const struct outcome *other)
{
    const struct ota_summary *a = &one->summary;
    const struct ota_summary *b = &other->summary;
    assert_int_equal(a->group_count, b->group_count);
    for (size_t g = 0; g <= a->group_count; g++) {
        same_estimates(a->groups[g].outcomes, b->groups[g].outcomes,
                       OTA_OUTCOMES);
        same_estimates(a->groups[g].kpi, b->groups[g].kpi, OTA_KPIS);
    }
    assert_int_equal(a->instants, b->instants);
    same_estimates(a->timeline, b->timeline, a->instants * OTA_STATES);
    assert_memory_equal(&a->bytes, &b->bytes, sizeof(a->bytes));
    assert_int_equal(one->devices.count, other->devices.count);
    for (size_t d = 0; d < one->devices.count; d++) {
        const struct ota_device_record *x = &one->devices.records[d];
        const struct ota_device_record *y = &other->devices.records[d];
        assert_int_equal(x->outcome, y->outcome);
        assert_true(x->confirmed_us == y->confirmed_us);
        assert_true(x->charge_pc == y->charge_pc);
    }
}

/* Three replications: beside each other on two threads, within the fleet on
 * four. */
static void threads_change_nothing(void **state)
{
    struct outcome one, two, four;
    run(*state, 3, 1, &one);
    run(*state, 3, 2, &two);
    run(*state, 3, 4, &four);
    same_outcome(&one, &two);
    same_outcome(&one, &four);
    release(&one);
    release(&two);
    release(&four);
}

/* Runs a part of the replications into the store. */
static void run_part(const struct ota_scenario *scenario, int64_t part,
                     int64_t parts, struct ota_store *store)
{
    struct ota_results_store there = {
        .store = store,
        .scenario = "{}",
        .seed = 7,
        .config = &scenario->fleet,
    };
    const struct ota_results_keeper keeper = ota_results_store_keeper(&there);
    const struct ota_experiment_options options = {
        .seed = 7,
        .replications = REPLICATIONS,
        .threads = 2,
        .confidence = 0.95,
        .part = part,
        .parts = parts,
        .keeper = &keeper,
    };
    struct ota_error error = {.failed = false};
    assert_int_equal(
        ota_experiment_run(&scenario->fleet, &options, NULL, &error),
        OTA_EXPERIMENT_DONE);
    assert_int_equal(there.kept + there.found,
                     (REPLICATIONS - part + parts - 1) / parts);
    assert_int_equal(there.found, 0);

    /* The same once more: nothing is left to do. */
    assert_int_equal(
        ota_experiment_run(&scenario->fleet, &options, NULL, &error),
        OTA_EXPERIMENT_DONE);
    assert_int_equal(there.found, there.kept);
}

/* Summarises what the store has; replication 0 is lived again, for its
 * devices. */
static enum ota_experiment_status merge(const struct ota_scenario *scenario,
                                        struct ota_store *store,
                                        struct outcome *outcome,
                                        struct ota_error *error)
{
    const size_t devices = (size_t)ota_fleet_config_devices(&scenario->fleet);
    struct ota_results_store there = {
        .store = store,
        .scenario = "{}",
        .seed = 7,
        .config = &scenario->fleet,
        .found_only = true,
        .file = "some.json",
    };
    const struct ota_results_keeper keeper = ota_results_store_keeper(&there);
    device_list_init(&outcome->devices, devices);
    const struct ota_experiment_options options = {
        .seed = 7,
        .replications = REPLICATIONS,
        .threads = 1,
        .confidence = 0.95,
        .sink = &outcome->devices.sink,
        .keeper = &keeper,
    };
    const enum ota_experiment_status status = ota_experiment_run(
        &scenario->fleet, &options, &outcome->summary, error);
    assert_int_equal(there.kept, 0);
    return status;
}

static struct ota_store *new_store(void)
{
    struct ota_error error = {.failed = false};
    struct ota_store *store = ota_store_open(NULL, "test", &error);

    assert_non_null(store);
    return store;
}

/* Few devices suffice where it matters who runs what. */
static void read_small(struct ota_scenario *scenario)
{
    static const struct ota_setting few = {.path = "fleet.0.count",
                                           .value = "50"};
    struct ota_complaints complaints = {.count = 0};

    assert_true(ota_scenario_read(scenario, file, &few, 1, &complaints));
}

static void parts_change_nothing(void **state)
{
    static const int64_t parts[] = {1, 3, 7};
    struct ota_scenario scenario;
    struct outcome whole;

    (void)state;
    read_small(&scenario);
    run(&scenario, REPLICATIONS, 2, &whole);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        struct ota_store *store = new_store();
        struct ota_error error = {.failed = false};
        struct outcome merged;
        for (int64_t k = parts[i]; k-- > 0;)
            run_part(&scenario, k, parts[i], store);
        assert_int_equal(merge(&scenario, store, &merged, &error),
                         OTA_EXPERIMENT_DONE);
        same_outcome(&whole, &merged);
        release(&merged);
        ota_store_close(store);
    }
    release(&whole);
    ota_scenario_release(&scenario);
}

static void a_missing_part_is_an_error(void **state)
{
    struct ota_store *store = new_store();
    struct ota_error error = {.failed = false};
    struct ota_scenario scenario;
    struct outcome merged;

    (void)state;
    read_small(&scenario);
    assert_int_equal(merge(&scenario, store, &merged, &error),
                     OTA_EXPERIMENT_FAILED);
    assert_string_equal(error.message,
                        "some.json, or a file that it names, was changed "
                        "since: nothing of it as it is was done");
    device_list_release(&merged.devices);
    run_part(&scenario, 0, 3, store);
    run_part(&scenario, 2, 3, store);
    error.failed = false;
    assert_int_equal(merge(&scenario, store, &merged, &error),
                     OTA_EXPERIMENT_FAILED);
    assert_string_equal(error.message,
                        "some.json: replication 1 is missing: the seed or "
                        "their number is another than it was");
    device_list_release(&merged.devices);
    ota_store_close(store);
    ota_scenario_release(&scenario);
}

static void the_summary_hangs_together(void **state)
{
    const struct ota_scenario *scenario = *state;
    const int64_t devices = ota_fleet_config_devices(&scenario->fleet);
    struct outcome outcome;
    run(scenario, 3, 1, &outcome);
    const struct ota_summary summary = outcome.summary;

    assert_int_equal(summary.replications, 3);
    assert_int_equal(summary.bytes.count, 3 * devices);
    for (size_t g = 0; g <= summary.group_count; g++) {
        const struct ota_group_summary *group = &summary.groups[g];
        double sum = 0.0;
        for (int o = 0; o < OTA_OUTCOMES; o++)
            sum += group->outcomes[o].mean;
        assert_true(fabs(sum - (double)group->devices) < 1e-9 * sum);
        const struct ota_estimate *kpi = group->kpi;
        const double parts =
            kpi[OTA_KPI_USEFUL].mean + kpi[OTA_KPI_OVERHEAD].mean +
            kpi[OTA_KPI_WASTED].mean + kpi[OTA_KPI_ROUTINE].mean;
        assert_true(fabs(parts - kpi[OTA_KPI_BYTES].mean) < 1e-9 * parts);
    }
    for (size_t i = 0; i < summary.instants; i++) {
        double sum = 0.0;
        for (int s = 0; s < OTA_STATES; s++)
            sum += summary.timeline[i * OTA_STATES + (size_t)s].mean;
        assert_true(fabs(sum - 1.0) < 1e-9);
    }
    release(&outcome);
}

/* The first replication is the same whatever follows it, and the second is
 * another. */
static void replications_are_different_luck(void **state)
{
    struct outcome one, two;
    run(*state, 1, 1, &one);
    run(*state, 2, 1, &two);
    for (size_t d = 0; d < one.devices.count; d++)
        assert_true(one.devices.records[d].charge_pc ==
                    two.devices.records[d].charge_pc);
    assert_true(one.summary.groups[0].kpi[OTA_KPI_CHARGE].mean !=
                two.summary.groups[0].kpi[OTA_KPI_CHARGE].mean);
    release(&one);
    release(&two);
}

struct listener {
    int64_t done; /* as last told */
    int64_t lived, lives;
    int64_t stop_after;
    atomic_int asked;
};

static void progress(void *context, int64_t done, int64_t of)
{
    struct listener *listener = context;
    assert_int_equal(done, listener->done + 1);
    assert_int_equal(of, 5);
    listener->done = done;
}

static void lived(void *context, int64_t lived, int64_t of)
{
    struct listener *listener = context;
    assert_true(lived > listener->lived && lived <= of);
    listener->lived = lived;
    listener->lives = of;
}

static bool keep_going(void *context)
{
    struct listener *listener = context;
    atomic_fetch_add(&listener->asked, 1);
    return listener->done < listener->stop_after;
}

static enum ota_experiment_status run_heard(const struct ota_scenario *scenario,
                                            struct listener *listener,
                                            struct ota_summary *summary)
{
    const struct ota_experiment_options options = {
        .seed = 7,
        .replications = 5,
        .threads = 1,
        .confidence = 0.95,
        .progress = progress,
        .lived = lived,
        .keep_going = keep_going,
        .context = listener,
    };
    struct ota_error error = {.failed = false};
    const enum ota_experiment_status status =
        ota_experiment_run(&scenario->fleet, &options, summary, &error);
    assert_false(error.failed);
    return status;
}

static void progress_counts_to_the_end(void **state)
{
    struct listener listener = {.stop_after = INT64_MAX};
    struct ota_summary summary;
    assert_int_equal(run_heard(*state, &listener, &summary),
                     OTA_EXPERIMENT_DONE);
    assert_int_equal(listener.done, 5);
    assert_int_equal(listener.lives, 5 * 1500);
    assert_int_equal(listener.lived, listener.lives);
    assert_true(atomic_load(&listener.asked) >= 5);
    ota_summary_release(&summary);
}

/* Devices that ask whether they may begin are all there to the end. */
static void progress_is_told_where_devices_are_there_together(void **state)
{
    static const struct ota_setting slots[] = {
        {.path = "fleet.0.count", .value = "1500"},
        {.path = "policy.pace.in_flight.max", .value = "100"},
        {.path = "policy.pace.in_flight.counts", .value = "downloading"},
    };
    struct ota_complaints complaints = {.count = 0};
    struct ota_scenario scenario;
    struct listener listener = {.stop_after = INT64_MAX};
    struct ota_summary summary;

    (void)state;
    assert_true(ota_scenario_read(&scenario, file, slots, 3, &complaints));
    assert_int_equal(run_heard(&scenario, &listener, &summary),
                     OTA_EXPERIMENT_DONE);
    assert_int_equal(listener.lives, 5 * 1500);
    assert_int_equal(listener.lived, listener.lives);
    ota_summary_release(&summary);
    ota_scenario_release(&scenario);
}

static void a_stopped_experiment_has_no_summary(void **state)
{
    struct listener listener = {.stop_after = 2};
    struct ota_summary summary;
    assert_int_equal(run_heard(*state, &listener, &summary),
                     OTA_EXPERIMENT_STOPPED);
    assert_int_equal(listener.done, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(parts_change_nothing),
        cmocka_unit_test(a_missing_part_is_an_error),
        cmocka_unit_test(the_summary_hangs_together),
        cmocka_unit_test(replications_are_different_luck),
        cmocka_unit_test(progress_counts_to_the_end),
        cmocka_unit_test(progress_is_told_where_devices_are_there_together),
        cmocka_unit_test(a_stopped_experiment_has_no_summary),
    };
    return cmocka_run_group_tests(tests, read_scenario, release_scenario);
}
