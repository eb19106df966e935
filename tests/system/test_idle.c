/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_idle.c - idle time passed over costs what idle time stepped through
 * costs: the same scenarios run both ways, each with its own seeds.
 *
 * Of each replication the mean over devices is taken; the means over
 * replications of both ways must agree within 4 standard errors of their
 * difference, which the replications of both sides give. The 5th and 95th
 * percentiles over devices are held together more loosely: a device that
 * skips is made of pieces of a few dozen pilots, so in one replication its
 * tail is that of the pilots. On top of 4 standard errors they may differ by
 * a tenth of the range that stepping has between them.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/base/clock.h"
#include "tests/support/one_run.h"

enum { REPLICATIONS = 12, SETTINGS_MAX = 16 };

/* Electrons that wake each hour; a release after 10 days. */
static const char hourly[] =
    "{ \"run\": {\"horizon\": \"25d\"},"
    "  \"release\": {\"app_version\": 2, \"app_size\": \"4KB\","
    "                \"at\": \"10d\"},"
    "  \"delivery\": {\"model\": \"at_handshake\","
    "                 \"begin_delay\": \"uniform(1s, 5s)\"},"
    "  \"fleet\": [{ \"name\": \"f\", \"count\": 200,"
    "    \"platform\": \"electron\", \"installed\": [{\"os\": \"0.7.0\"}],"
    "    \"sleep\": {\"model\": \"interval\", \"period\": \"1h\","
    "                \"jitter\": 0.02, \"boot\": \"1s\"},"
    "    \"signal\": [{\"link\": {\"attach\": \"lognormal(5s, 12s)\","
    "      \"attach_failure\": 0.02, \"rtt\": \"250ms\", \"loss\": 0.02}}],"
    "    \"session\": {\"model\": \"dtls\"},"
    "    \"app\": {\"model\": \"fixed\", \"wait\": \"20s\"},"
    "    \"battery\": {\"model\": \"mains\"},"
    "    \"plan\": {\"model\": \"unlimited\"},"
    "    \"transfer\": {\"model\": \"fast\"} }] }";

/* --- what is compared --- */

static double s_of(int64_t us)
{
    return us == OTA_NEVER ? 0 : ota_s_from_us(us);
}

static double awake_s(const struct ota_device_record *record)
{
    int64_t sum_us = 0;
    for (int p = 0; p < OTA_POWERS; p++)
        if (!ota_power_is_sleep((enum ota_power)p))
            sum_us += record->power_us[p];
    return ota_s_from_us(sum_us);
}

static double asleep_s(const struct ota_device_record *record)
{
    int64_t sum_us = 0;
    for (int p = 0; p < OTA_POWERS; p++)
        if (ota_power_is_sleep((enum ota_power)p))
            sum_us += record->power_us[p];
    return ota_s_from_us(sum_us);
}

static double all_bytes(const struct ota_device_record *record)
{
    return (double)(record->routine_bytes + record->useful_bytes +
                    record->overhead_bytes + record->wasted_bytes);
}

enum metric {
    UPDATED_AT_S,
    OFFERED_AT_S,
    ROUTINE_BYTES,
    ALL_BYTES,
    WAKES,
    CONNECTS,
    HANDSHAKES,
    SKIPPED,
    AWAKE_S,
    ASLEEP_S,
    TAIL_S,
    CHARGE_C,
    OVERAGE_USD,
    PERIODS_OVER,
    ATTEMPTS,
    DEAD,
    OUTCOME_0,
    METRICS = OUTCOME_0 + OTA_OUTCOMES
};

static const char *const metric_names[OUTCOME_0] = {
    "updated_s", "offered_s", "routine_bytes", "all_bytes",
    "wakes",     "connects",  "handshakes",    "skipped",
    "awake_s",   "asleep_s",  "tail_s",        "charge_c",
    "overage",   "over",      "attempts",      "dead",
};

static double metric_of(const struct ota_device_record *r, int metric)
{
    switch (metric) {
    case UPDATED_AT_S:
        return s_of(r->installed_us);
    case OFFERED_AT_S:
        return s_of(r->offered_us);
    case ROUTINE_BYTES:
        return (double)r->routine_bytes;
    case ALL_BYTES:
        return all_bytes(r);
    case WAKES:
        return r->wakes;
    case CONNECTS:
        return r->connects;
    case HANDSHAKES:
        return r->handshakes;
    case SKIPPED:
        return r->skipped;
    case AWAKE_S:
        return awake_s(r);
    case ASLEEP_S:
        return asleep_s(r);
    case TAIL_S:
        return ota_s_from_us(r->power_us[OTA_POWER_TAIL]);
    case CHARGE_C:
        return (double)r->charge_pc * 1e-12;
    case OVERAGE_USD:
        return (double)r->overage_uusd * 1e-6;
    case PERIODS_OVER:
        return r->periods_over;
    case ATTEMPTS:
        return r->attempts;
    case DEAD:
        return r->dead;
    default:
        return (int)r->outcome == metric - OUTCOME_0;
    }
}

/* Of all replications one way. */
struct sample {
    double mean[METRICS][REPLICATIONS];
    double low[METRICS][REPLICATIONS], high[METRICS][REPLICATIONS];
};

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void take(struct sample *sample, int replication,
                 const struct one_run *run)
{
    double *values = calloc(run->count, sizeof(*values));

    assert_non_null(values);
    for (int m = 0; m < METRICS; m++) {
        double sum = 0;
        for (size_t i = 0; i < run->count; i++) {
            values[i] = metric_of(&run->records[i], m);
            sum += values[i];
        }
        sample->mean[m][replication] = sum / (double)run->count;
        qsort(values, run->count, sizeof(*values), by_value);
        sample->low[m][replication] = values[run->count / 20];
        sample->high[m][replication] = values[run->count * 19 / 20];
    }
    free(values);
}

static void run_all(struct sample *sample, const char *const *settings,
                    const char *idle, int first_seed)
{
    const char *all[SETTINGS_MAX] = {idle};
    char seed[32];
    size_t count = 2;

    all[1] = seed;
    for (; settings && *settings; settings++) {
        assert_true(count + 1 < SETTINGS_MAX);
        all[count++] = *settings;
    }
    for (int r = 0; r < REPLICATIONS; r++) {
        struct one_run run;
        snprintf(seed, sizeof(seed), "run.seed=%d", first_seed + r);
        one_run(&run, hourly, all, 1, NULL);
        take(sample, r, &run);
        one_run_release(&run);
    }
}

/* --- the comparison --- */

static double mean_of(const double *values, double *squared_error)
{
    double sum = 0, squares = 0;

    for (int r = 0; r < REPLICATIONS; r++)
        sum += values[r];
    const double mean = sum / REPLICATIONS;
    for (int r = 0; r < REPLICATIONS; r++)
        squares += (values[r] - mean) * (values[r] - mean);
    *squared_error = squares / (REPLICATIONS - 1) / REPLICATIONS;
    return mean;
}

static const char *name_of(int metric)
{
    return metric < OUTCOME_0 ? metric_names[metric]
                              : ota_outcome_names[metric - OUTCOME_0];
}

/* Returns whether the two agree, and complains if not. */
static bool agrees(const char *what, int metric, const double *step,
                   const double *skip, double slack)
{
    double step_error, skip_error;
    const double a = mean_of(step, &step_error);
    const double b = mean_of(skip, &skip_error);
    const double error = sqrt(step_error + skip_error);
    /* Sums of doubles are not exact. */
    const double most = 4 * error + slack + 1e-12 * fabs(a);

    if (getenv("IDLE_SHOW"))
        print_message("%-6s%-16s step %14.6g skip %14.6g  %+.2f se\n", what,
                      name_of(metric), a, b, (b - a) / (error + 1e-300));
    if (fabs(a - b) <= most)
        return true;
    print_error("%s of %s: stepped %.9g, skipped %.9g, at most %.3g apart\n",
                what, name_of(metric), a, b, most);
    return false;
}

static void assert_same(const char *const *settings)
{
    static struct sample step, skip;
    bool same = true;

    run_all(&step, settings, "run.idle=step", 1);
    run_all(&skip, settings, "run.idle=skip", 1001);
    for (int m = 0; m < METRICS; m++) {
        double error;
        const double range =
            mean_of(step.high[m], &error) - mean_of(step.low[m], &error);
        same &= agrees("mean", m, step.mean[m], skip.mean[m], 0);
        if (m >= OUTCOME_0)
            continue;
        same &= agrees("p05", m, step.low[m], skip.low[m], range / 10);
        same &= agrees("p95", m, step.high[m], skip.high[m], range / 10);
    }
    assert_true(same);
}

#define SIGNALS                                                                \
    "fleet.0.signal=[{\"share\": 0.8, \"link\": {\"attach\": \"5s\"}}, "       \
    "{\"share\": 0.2, \"link\": {\"attach\": \"lognormal(15s, 60s)\", "        \
    "\"loss\": 0.1, \"attach_failure\": 0.3}}]"

/* Name and settings of each scenario. */
static const struct {
    const char *name;
    const char *settings[SETTINGS_MAX];
} ways[] = {
    {"hourly_wakes_and_a_release_after_ten_days", {NULL}},
    {"an_update_at_once_and_idle_to_the_end",
     {"release.at=1us", "delivery.model=immediate", NULL}},
    {"full_handshakes_only", {"fleet.0.session={\"model\": \"full\"}", NULL}},
    {"a_long_wait_each_day",
     {"fleet.0.app={\"model\": \"long_every\", \"wait\": \"5s\", "
      "\"long_wait\": \"90s\", \"every\": \"1d\"}",
      NULL}},
    {"a_session_cleared_now_and_then",
     {"fleet.0.app={\"model\": \"session_clear\", \"wait\": \"20s\", "
      "\"every\": \"1d\"}",
      NULL}},
    {"a_plan_with_overage",
     {"fleet.0.plan={\"model\": \"capped\", \"included\": \"50KB\", "
      "\"overage_price\": \"1USD\", \"overage_step\": \"10KB\", "
      "\"period\": \"7d\"}",
      NULL}},
    {"data_sessions_rounded_up",
     {"fleet.0.plan={\"model\": \"capped\", \"included\": \"50KB\", "
      "\"overage_price\": \"1USD\", \"overage_step\": \"10KB\", "
      "\"period\": \"7d\", \"round_to\": \"1KB\"}",
      NULL}},
    /* Sessions that all begin when a period does, and keep step. */
    {"a_plan_that_pauses_early",
     {"fleet.0.plan={\"model\": \"capped\", \"included\": \"50KB\", "
      "\"at_cap\": \"pause\", \"period\": \"7d\"}",
      "fleet.0.count=600", NULL}},
    {"a_plan_that_nearly_pauses",
     {"fleet.0.plan={\"model\": \"capped\", \"included\": \"100KB\", "
      "\"at_cap\": \"pause\", \"period\": \"7d\"}",
      NULL}},
    {"a_lot_of_jitter", {"fleet.0.sleep.jitter=0.6", NULL}},
    {"network_standby",
     {"fleet.0.sleep.depth=standby", "fleet.0.sleep.period=20min",
      "fleet.0.signal.0.link.tail=12s", "fleet.0.session.keep_alive=23min",
      NULL}},
    {"standby_out_of_reach",
     {"fleet.0.sleep.depth=standby", "fleet.0.signal.0.link.tail=12s",
      "fleet.0.session.keep_alive=23min", NULL}},
    {"woken_at_random",
     {"fleet.0.sleep={\"model\": \"poisson\", \"mean\": \"1h\"}", NULL}},
    {"a_herd", {"fleet.0.sleep.phase=aligned", NULL}},
    {"by_the_calendar",
     {"fleet.0.sleep={\"model\": \"calendar\", \"times\": "
      "\"07:00 12:00 17:00\", \"days\": \"mon tue wed thu fri\"}",
      "run.horizon=110d", "release.at=54d", "fleet.0.count=600", NULL}},
    {"signals_that_devices_keep",
     {SIGNALS, "fleet.0.signal_holds=never", NULL}},
    {"signals_that_change", {SIGNALS, "fleet.0.signal_holds=1d", NULL}},
    {"two_variants",
     {"fleet.0.installed=[{\"os\": \"0.6.0\", \"share\": 0.5}, "
      "{\"os\": \"0.7.0\", \"share\": 0.5}]",
      "release.needs_os=0.7.0", "fleet.0.count=400", NULL}},
    {"wakes_on_the_dot",
     {"fleet.0.sleep.jitter=0", "fleet.0.app.wait=30s", "release.at=5.5d",
      NULL}},
    {"batteries_that_run_low",
     {"fleet.0.battery={\"model\": \"by_state\", \"capacity\": "
      "\"1800mAh\", \"full\": \"uniform(5%, 100%)\"}",
      "fleet.0.sleep.low_charge=15%", NULL}},
    {"batteries_that_run_out",
     {"fleet.0.battery={\"model\": \"by_state\", \"capacity\": "
      "\"100mAh\", \"full\": \"uniform(20%, 100%)\"}",
      NULL}},
    {"a_harvest_that_hardly_suffices",
     {"fleet.0.battery={\"model\": \"by_state\", \"capacity\": "
      "\"14mAh\", \"harvest\": \"590uA\"}",
      NULL}},
};

enum { WAYS = sizeof(ways) / sizeof(ways[0]) };

static void costs_the_same_both_ways(void **state)
{
    const char *const *settings = *state;

    assert_same(settings);
}

static void count_idle(void *self, const struct ota_observation *seen)
{
    (void)seen;
    ++*(int64_t *)self;
}

static int64_t stretches(const char *const *settings)
{
    int64_t count = 0;
    const struct ota_observer observer = {
        .wants = 1u << OTA_SEEN_IDLE,
        .observe = count_idle,
        .self = &count,
    };
    struct one_run run;

    one_run(&run, hourly, settings, 1, &observer);
    one_run_release(&run);
    return count;
}

/* The comparisons above compare something: each device is led before the
 * release and behind the update, but not where pilots are no guide. */
static void idle_time_is_passed_over(void **state)
{
    (void)state;
    const char *plain[] = {NULL};
    const char *variants[] = {
        "fleet.0.installed=[{\"os\": \"0.6.0\", \"share\": 0.5}, "
        "{\"os\": \"0.7.0\", \"share\": 0.5}]",
        "release.needs_os=0.7.0", "fleet.0.count=400", NULL};
    const char *herd[] = {"fleet.0.sleep.phase=aligned", NULL};
    const char *step[] = {"run.idle=step", NULL};
    const char *clearing[] = {"fleet.0.app={\"model\": \"session_clear\","
                              " \"long_wait\": \"1min\"}",
                              NULL};
    const char *seldom[] = {"fleet.0.sleep.period=4h", "fleet.0.count=900",
                            NULL};

    assert_true(stretches(plain) > 300);
    assert_true(stretches(variants) > 600);
    assert_true(stretches(herd) > 300);
    assert_int_equal(stretches(step), 0);
    assert_int_equal(stretches(clearing), 0);
    assert_int_equal(stretches(seldom), 0);
}

int main(void)
{
    struct CMUnitTest tests[WAYS + 1];

    for (size_t i = 0; i < WAYS; i++)
        tests[i] = (struct CMUnitTest){
            .name = ways[i].name,
            .test_func = costs_the_same_both_ways,
            .initial_state = (void *)(uintptr_t)ways[i].settings,
        };
    tests[WAYS] = (struct CMUnitTest)cmocka_unit_test(idle_time_is_passed_over);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
