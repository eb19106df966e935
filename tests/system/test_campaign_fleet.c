/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Policies and fleets drawn at random: sleepers and devices that are always
 * on, waves, paces, rules, retries, stops, ways back, slots, shared capacity,
 * reports that are late or lost. Whatever happens, the cuts that time is lived
 * through in and the threads that live it make no difference, what was told
 * and taken back leaves what is true, and devices do what the campaign says.
 *
 * A failure names the scenario's number. OTA_SWARM_FIRST and OTA_SWARM_COUNT
 * choose other ones, OTA_SWARM_PRINT shows them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/base/clock.h"
#include "sim/base/random.h"
#include "tests/support/campaign_run.h"

enum { SWARM = 150, TEXT_SIZE = 16384 };

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* --- a scenario --- */

struct writer {
    char text[TEXT_SIZE];
    size_t length;
    struct ota_stream stream;
};

/* What must hold of it, as it was drawn. */
struct promise {
    int64_t offered_max;     /* in flight, as the campaign counts; 0: any */
    int64_t downloading_max; /* downloads at a time; 0: any */
    int64_t egress_bit_s;    /* 0: any */
    bool truth;              /* successes are reported by who has it */
};

__attribute__((format(printf, 2, 3))) static void put(struct writer *writer,
                                                      const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    const int wrote = vsnprintf(writer->text + writer->length,
                                TEXT_SIZE - writer->length, format, arguments);
    va_end(arguments);
    assert_true(wrote >= 0 && (size_t)wrote < TEXT_SIZE - writer->length);
    writer->length += (size_t)wrote;
}

static size_t draw(struct writer *writer, size_t count)
{
    return (size_t)((double)count * gsl_rng_uniform(&writer->stream.rng));
}

static const char *pick(struct writer *writer, const char *const *list,
                        size_t count)
{
    return list[draw(writer, count)];
}

#define PICK(writer, list) pick(writer, list, COUNT(list))

static const char *const releases[] = {"0d", "1h", "1d"};
static const char *const delays[] = {"0s", "8s", "uniform(3s, 20s)",
                                     "exponential(10min)"};
static const char *const deliveries[] = {"at_handshake", "immediate",
                                         "immediate", "on_request"};
static const char *const images[] = {
    "{\"fate\": \"good\"}",
    "{\"fate\": \"good\"}",
    "{\"fate\": \"crashes\", \"bad\": 0.3}",
    "{\"fate\": \"reverts\", \"bad\": 0.3, \"after\": \"exponential(1h)\"}",
    ("{\"fate\": \"reverts\", \"bad\": 0.5, \"where\": \"group=b\","
     " \"after\": \"0s\"}"),
    "{\"fate\": \"bricks\", \"bad\": 0.2}",
    "{\"fate\": \"late\", \"bad\": 0.3, \"after\": \"exponential(3h)\"}",
    "{\"fate\": \"fails\", \"bad\": 0.3}",
};
static const char *const backends[] = {
    "{\"believes\": \"version\"}",
    "{\"believes\": \"version\"}",
    "{\"report_delay\": \"exponential(20min)\"}",
    "{\"report_loss\": 0.3, \"report_delay\": \"uniform(0s, 2h)\"}",
    "{\"report_loss\": 0.3, \"query_every\": \"3h\"}",
    "{\"believes\": \"sent\", \"report_delay\": \"30s\"}",
};
enum { BACKENDS_OF_VERSIONS = 5 };
static const char *const sleeps[] = {
    "{\"model\": \"interval\", \"period\": \"10min\", \"jitter\": 0.1}",
    "{\"model\": \"interval\", \"period\": \"1h\", \"phase\": \"aligned\"}",
    "{\"model\": \"interval\", \"period\": \"1h\", \"depth\": \"standby\"}",
    "{\"model\": \"poisson\", \"mean\": \"30min\"}",
    "{\"model\": \"always_on\"}",
};
static const char *const sessions[] = {
    "{\"model\": \"dtls\"}",
    "{\"model\": \"dtls\", \"max_age\": \"2h\"}",
    "{\"model\": \"full\"}",
};
static const char *const apps[] = {
    "{\"model\": \"fixed\", \"wait\": \"30s\"}",
    "{\"model\": \"fixed\", \"wait\": \"2min\", \"stay_once_begun\": true}",
    "{\"model\": \"until_told\", \"wait\": \"1min\"}",
    ("{\"model\": \"fixed\", \"wait\": \"1min\", \"updates\": \"when_idle\","
     " \"work\": \"exponential(20s)\"}"),
};
static const char *const presences[] = {
    "{\"model\": \"always\"}",
    "{\"model\": \"always\"}",
    ("{\"model\": \"on_off\", \"share\": 0.5, \"on\": \"exponential(5h)\","
     " \"off\": \"exponential(1h)\"}"),
};
static const char *const batteries[] = {
    "{\"model\": \"mains\"}",
    "{\"model\": \"by_state\"}",
    "{\"model\": \"by_state\", \"capacity\": \"30mAh\"}",
};

static void write_group(struct writer *writer, const char *name, int count)
{
    put(writer,
        "{\"name\": \"%s\", \"count\": %d, \"platform\": \"electron\","
        " \"installed\": [{\"os\": \"%s\"}],"
        " \"labels\": {\"site\": {\"each\": 6}, \"hw\": {\"x\": 0.3,"
        " \"y\": 0.7}}, \"cycle_min\": \"0s\", \"sleep\": ",
        name, count, draw(writer, 4) ? "0.7.0" : "0.6.2");
    put(writer, "%s, \"session\": ", PICK(writer, sleeps));
    put(writer, "%s, \"app\": ", PICK(writer, sessions));
    put(writer, "%s, \"presence\": ", PICK(writer, apps));
    put(writer, "%s, \"battery\": ", PICK(writer, presences));
    put(writer, "%s", PICK(writer, batteries));
    if (draw(writer, 4) == 0)
        put(writer, ", \"joins\": \"uniform(0s, 30h)\"");
    if (draw(writer, 4) == 0)
        put(writer, ", \"absent\": 0.1");
    if (draw(writer, 4) == 0)
        put(writer, ", \"outages\": [{\"at\": \"5h\", \"lasts\": \"2h\"}]");
    if (draw(writer, 3) == 0)
        put(writer, ", \"firmware\": {\"silent_failure\": 0.2}");
    put(writer, "}");
}

static const char *const waves[] = {
    "{\"assign\": \"start\"}",
    "{\"reachable\": true, \"order\": \"connected_longest\"}",
    "{\"list\": [{\"size\": {\"pct\": 10}, \"start\": {\"at\": 0}},"
    " {\"size\": {\"count\": 20}, \"start\": {\"at\": \"2h\"}},"
    " {\"size\": \"rest\", \"start\": {\"at\": \"9h\"}}]}",
    "{\"assign\": \"create\", \"order\": \"random\", \"list\": ["
    " {\"size\": {\"pct\": 30}, \"start\": {\"at\": 0}},"
    " {\"size\": \"rest\", \"start\": {\"after_end\": \"1h\"}}]}",
    "{\"assign\": \"poll\", \"list\": ["
    " {\"size\": {\"pct\": 20}, \"start\": {\"at\": 0}},"
    " {\"size\": {\"count\": 9}, \"start\": {\"at\": \"1h\"}},"
    " {\"size\": \"rest\", \"start\": {\"at\": \"5h\"}}]}",
    "{\"assign\": \"poll\", \"list\": ["
    " {\"size\": {\"pct\": 20}, \"start\": {\"at\": \"1h\"}},"
    " {\"size\": \"rest\", \"start\": {\"after_start\": \"5h\"}}]}",
    "{\"reachable\": true, \"overlap\": \"close\", \"list\": ["
    " {\"size\": {\"count\": 10}, \"start\": {\"at\": 0}},"
    " {\"size\": \"rest\", \"start\": {\"at\": \"4h\"}}]}",
    "{\"list\": [{\"where\": \"group=b\", \"size\": {\"pct\": 50},"
    " \"start\": {\"at\": 0}},"
    " {\"size\": \"rest\", \"start\": {\"at\": \"3h\"},"
    " \"order\": \"last_seen_newest\"}]}",
    "{\"list\": [{\"size\": {\"bernoulli\": 30}, \"start\": {\"at\": 0}},"
    " {\"type\": \"approval\"}, {\"size\": \"rest\"}]}",
    "{\"list\": [{\"size\": {\"count\": 5}, \"start\": {\"at\": 0}}],"
    " \"repeat\": {\"size\": {\"count\": 10}}}",
};
enum { WAVES_APPROVED = 8, WAVES_BY_RULES = 8 }; /* that; from there on */

static const char *const rates[] = {
    "\"rate\": {\"base\": 1, \"per\": \"5m\"}",
    "\"rate\": {\"base\": 10, \"per\": \"1h\", \"grain\": \"period\"}",
    ("\"rate\": {\"base\": 1, \"per\": \"10m\", \"max\": 60, \"grow\":"
     " {\"factor\": 2, \"every\": 5, \"of\": \"succeeded\"}}"),
};

/* A limit of any kind. */
static void write_in_flight(struct writer *writer, struct promise *promise)
{
    static const char *const counts[] = {"offered", "started", "downloading"};
    static const char *const units[] = {"rollout", "wave", "label:site"};
    const size_t count = draw(writer, 3);
    const size_t unit = draw(writer, 3);
    const int max = 1 + (int)draw(writer, 8);
    const bool stale = draw(writer, 4) == 0 && count != 2;

    put(writer,
        "\"in_flight\": {\"max\": %d, \"unit\": \"%s\", \"counts\": \"%s\"",
        max, units[unit], counts[count]);
    if (stale)
        put(writer, ", \"stale\": \"2h\", \"sweep\": \"20m\"");
    put(writer, "}");
    if (unit == 0 && !stale && count == 0)
        promise->offered_max = max;
    if (unit == 0 && !stale && count == 2)
        promise->downloading_max = max;
}

static void write_pace(struct writer *writer, struct promise *promise)
{
    const size_t what = draw(writer, 6);

    if (what == 0)
        return;
    put(writer, ", \"pace\": {");
    if (what == 1 || what == 2)
        put(writer, "%s", PICK(writer, rates));
    if (what >= 2)
        put(writer, "%s", what == 2 ? ", " : "");
    if (what >= 2)
        write_in_flight(writer, promise);
    if (what == 5)
        put(writer, ", \"run\": {\"every\": \"7m\"}");
    put(writer, "}");
}

static const char *const rules[] = {
    "{\"if\": {\"count\": \"succeeded\", \"op\": \">=\", \"n\": 8},"
    " \"do\": {\"stop\": {\"cancel\": \"all\"}}}",
    "{\"if\": {\"count\": \"succeeded\", \"op\": \">=\", \"n\": 8},"
    " \"do\": {\"stop\": {\"cancel\": \"queued\", \"per_minute\": 2}}}",
    "{\"if\": {\"count\": \"started\", \"op\": \">=\", \"n\": 12},"
    " \"do\": {\"stop\": {\"cancel\": \"none\"}}}",
    "{\"if\": {\"count\": \"succeeded\", \"op\": \">=\", \"n\": 10},"
    " \"do\": {\"rollback\": {\"who\": \"all\", \"cancel\": \"all\"}}}",
    "{\"if\": {\"share\": \"bad\", \"of\": \"executed\", \"op\": \">=\","
    " \"pct\": 20}, \"min\": {\"executed\": 5},"
    " \"do\": {\"rollback\": {\"who\": \"updated\"}}}",
    "{\"if\": {\"share\": \"failed\", \"of\": \"total\", \"op\": \">\","
    " \"pct\": 1}, \"do\": {\"pause\": {}}}",
    "{\"if\": {\"count\": \"offered\", \"op\": \">=\", \"n\": 9},"
    " \"do\": {\"pause\": {\"evaluate\": true}}}",
    "{\"if\": {\"count\": \"succeeded\", \"op\": \">=\", \"n\": 3},"
    " \"do\": {\"in_flight\": 9}}",
    "{\"if\": {\"count\": \"succeeded\", \"op\": \">=\", \"n\": 3},"
    " \"do\": {\"rate\": 5}}",
};
enum { RULES_PAUSE = 5, RULES_CHANGE = 7 };

/* Returns whether a rule pauses. */
static bool write_rules(struct writer *writer, bool by_rules,
                        struct promise *promise)
{
    const size_t rule = draw(writer, COUNT(rules) + 3);
    const bool any = rule < COUNT(rules);

    if (!any && !by_rules)
        return false;
    put(writer, ", \"rules\": {");
    if (draw(writer, 3) == 0)
        put(writer, "\"eval\": {\"every\": \"10m\"}, ");
    put(writer, "\"list\": [");
    if (any)
        put(writer, "%s", rules[rule]);
    if (by_rules)
        put(writer,
            "%s{\"scope\": \"wave\", \"if\": {\"share\": \"terminal\","
            " \"of\": \"total\", \"op\": \">=\", \"pct\": 50},"
            " \"do\": \"next_wave\"}",
            any ? ", " : "");
    put(writer, "]}");
    if (any && rule >= RULES_CHANGE)
        promise->offered_max = promise->downloading_max = 0;
    return any && rule >= RULES_PAUSE && rule < RULES_CHANGE;
}

static const char *const attempts[] = {
    "{\"timeout\": {\"from\": \"offered\", \"after\": \"3h\"}}",
    "{\"timeout\": {\"from\": \"started\", \"after\": \"20m\"},"
    " \"retry\": {\"on\": {\"timed_out\": 2}, \"total\": 2}}",
    "{\"retry\": {\"on\": {\"failed\": 2}, \"total\": 2, \"wait\": 0}}",
    "{\"retry\": {\"on\": {\"failed\": 2}, \"total\": 5,"
    " \"wait\": \"next_poll\"}}",
    "{\"timeout\": {\"from\": \"offered\", \"after\": \"2h\","
    " \"step\": \"30m\"}, \"retry\": {\"on\": {\"failed\": 1,"
    " \"timed_out\": 3}, \"total\": 3, \"wait\": \"10m\", \"factor\": 2,"
    " \"max\": \"1h\"}}",
    "{\"penalty\": {\"on_failed\": \"1h\", \"after_attempts\": 3,"
    " \"block\": \"5h\"}}",
};
static const char *const devices[] = {
    "{\"learn\": {\"by\": \"poll\", \"every\": \"20m\", \"phase\":"
    " \"random\"}}",
    "{\"learn\": {\"by\": \"poll\", \"every\": \"uniform(10m, 1h)\","
    " \"phase\": \"even\"}, \"poll_retry\": {\"first\": \"60s\","
    " \"repeat\": 2, \"factor\": 2, \"max\": \"5m\"}}",
    "{\"learn\": {\"by\": \"push\"}}",
    "{\"accept\": {\"mode\": \"ask\", \"what\": \"install\", \"delay\":"
    " {\"exp\": \"1h\"}}}",
    "{\"confirm\": {\"by\": \"self\", \"revert\": \"next_boot\","
    " \"report\": \"confirm\"}}",
};
static const char *const windows[] = {
    ("{\"rollout\": {\"start\": \"1h\", \"end\": \"20h\", \"at_end\":"
     " \"cancel_all\"}}"),
    "{\"rollout\": {\"end\": \"9h\", \"at_end\": \"cancel_queued\"}}",
    "{\"offer\": [{\"cron\": \"0 1 * * *\", \"for\": \"9h\"}]}",
    "{\"download\": [{\"cron\": \"0 3 * * *\", \"for\": \"7h\"}]}",
};
static const char *const lates[] = {"ignore", "last_wave", "immediately"};

static void write_policy(struct writer *writer, struct promise *promise)
{
    const size_t wave = draw(writer, COUNT(waves));
    const char *late = PICK(writer, lates);

    put(writer,
        "\"policy\": {\"policy\": 1, \"target\": {\"late\": \"%s\"},"
        " \"waves\": %s",
        late, waves[wave]);
    if (strcmp(late, "ignore") != 0) /* these may obey no limit */
        promise->offered_max = promise->downloading_max = 0;
    write_pace(writer, promise);
    const bool pauses = write_rules(writer, wave >= WAVES_BY_RULES, promise);
    if (draw(writer, 2))
        put(writer, ", \"attempt\": %s", PICK(writer, attempts));
    if (draw(writer, 4) == 0)
        put(writer, ", \"windows\": %s", PICK(writer, windows));
    if (draw(writer, 2))
        put(writer, ", \"device\": %s", PICK(writer, devices));
    if (wave == WAVES_APPROVED)
        put(writer, ", \"operator\": {\"approve\": \"uniform(10m, 3h)\"%s}",
            pauses ? ", \"resume\": {\"after\": {\"exp\": \"2h\"},"
                     " \"max\": 2}"
                   : "");
    else if (pauses)
        put(writer, ", \"operator\": {\"resume\": {\"after\":"
                    " {\"exp\": \"2h\"}, \"max\": 2}}");
    put(writer, "}");
}

/* Few devices, or now and then so many that they are of several shards. */
static void write_scenario(struct writer *writer, uint64_t number,
                           struct promise *promise)
{
    const struct ota_random_key key = {.seed = 2};
    const size_t backend_at = COUNT(backends);

    ota_stream_init(&writer->stream, &key, number, OTA_PURPOSE_FREE, 0);
    *promise = (struct promise){.egress_bit_s = 0};
    writer->length = 0;
    const int many = number % 10 == 9 ? 520 : 25;
    const size_t backend = draw(writer, backend_at);
    promise->truth = backend < BACKENDS_OF_VERSIONS;
    put(writer,
        "{\"run\": {\"horizon\": \"2d\", \"seed\": %d%s}, \"release\":"
        " {\"app_version\": 2, \"app_size\": \"21KB\", \"at\": \"%s\"",
        (int)number + 1, draw(writer, 2) ? ", \"idle\": \"step\"" : "",
        PICK(writer, releases));
    if (draw(writer, 3) == 0)
        put(writer, ", \"needs_os\": \"0.7.0\"");
    put(writer, "}, \"delivery\": {\"model\": \"%s\"",
        PICK(writer, deliveries));
    put(writer, ", \"begin_delay\": \"%s\"", PICK(writer, delays));
    put(writer,
        "%s}, \"image\": ", draw(writer, 2) ? ", \"attempts_max\": 2" : "");
    put(writer, "%s, \"backend\": %s", PICK(writer, images), backends[backend]);
    switch (draw(writer, 5)) {
    case 0:
        promise->egress_bit_s = 20000;
        put(writer, ", \"cloud\": {\"egress\": \"20kbit/s\"}");
        break;
    case 1:
        put(writer, ", \"cloud\": {\"uplink_of\": \"site\","
                    " \"uplink\": \"10kbit/s\"}");
        break;
    default:
        break;
    }
    put(writer, ", ");
    write_policy(writer, promise);
    put(writer, ", \"fleet\": [");
    write_group(writer, "a", many + (int)draw(writer, 20));
    put(writer, ", ");
    write_group(writer, "b", many + (int)draw(writer, 20));
    put(writer, "]}");
}

/* --- what holds of each device --- */

static void check_device(const struct campaign_run *run, size_t device,
                         const struct promise *promise)
{
    const struct ota_device_record *r = &run->records[device];

    (void)promise;
    if (r->begun_us != OTA_NEVER) {
        assert_true(r->reached_us != OTA_NEVER);
        assert_true(r->begun_us >= r->reached_us);
    }
    if (r->confirmed_us != OTA_NEVER && r->installed_us != OTA_NEVER)
        assert_true(r->confirmed_us >= r->installed_us);
    if (r->outcome == OTA_OUTCOME_UPDATED_CONFIRMED)
        assert_true(r->confirmed_us != OTA_NEVER);
    if (r->outcome == OTA_OUTCOME_WAITING_NOT_REACHED)
        assert_true(r->reached_us == OTA_NEVER);
    if (r->outcome == OTA_OUTCOME_WAITING_CANCELED)
        assert_true(r->revoked_us != OTA_NEVER);
    if (r->outcome == OTA_OUTCOME_ROLLED_BACK) {
        assert_true(r->back_us != OTA_NEVER && r->back_attempts > 0);
        assert_true(r->back_us > r->installed_us && r->back_bytes > 0);
    }
    assert_true(r->outcome < OTA_OUTCOMES);
}

/* The healer's come when they must; those of the way back are another order. */
static void check_transfers(const struct campaign_run *run)
{
    for (size_t i = 0; i < run->transfer_count; i++) {
        const struct campaign_transfer *t = &run->transfers[i];
        const struct ota_device_record *r = &run->records[t->device];
        assert_true(t->begun_us < t->end_us);
        if (t->safe_mode || t->back)
            continue;
        assert_true(t->begun_us >= r->reached_us);
        assert_true(t->begun_us <= r->revoked_us);
    }
}

/* Downloads of the rollout at a time. */
static void check_at_a_time(const struct campaign_run *run, int64_t most)
{
    for (size_t i = 0; i < run->transfer_count; i++) {
        const struct campaign_transfer *t = &run->transfers[i];
        int64_t beside = 0;
        if (t->safe_mode)
            continue;
        for (size_t j = 0; j < run->transfer_count; j++) {
            const struct campaign_transfer *o = &run->transfers[j];
            beside += !o->safe_mode && o->begun_us <= t->begun_us &&
                      t->begun_us < o->end_us;
        }
        assert_true(beside <= most);
    }
}

/*
 * In no stretch of time do downloads that lie in it bring more than it holds:
 * looked at from each begin on. What was cut off is not counted: what a device
 * has of it is not spread evenly.
 */
static void check_egress(const struct campaign_run *run, double bytes_per_us)
{
    /* By end: a stretch may end with any of them. */
    for (size_t i = 0; i < run->transfer_count; i++) {
        const int64_t from_us = run->transfers[i].begun_us;
        double bytes = 0;
        for (size_t j = 0; j < run->transfer_count; j++) {
            const struct campaign_transfer *t = &run->transfers[j];
            if (t->begun_us < from_us || !t->whole)
                continue;
            bytes += (double)t->down_bytes;
            assert_true(bytes <=
                        bytes_per_us * (double)(t->end_us + 1 - from_us) + 1);
        }
    }
}

static void check_campaign(const struct campaign_run *run,
                           const struct promise *promise)
{
    const struct ota_campaign_record *c = &run->campaign;
    int64_t reached = 0, confirmed = 0;

    for (size_t i = 0; i < run->count; i++) {
        reached += run->records[i].reached_us != OTA_NEVER;
        confirmed += run->records[i].confirmed_us != OTA_NEVER;
    }
    assert_int_equal(reached, c->offers - c->reoffers);
    assert_true(ota_count(&c->counts, OTA_COUNT_OFFERED) <= reached);
    assert_true(ota_count(&c->counts, OTA_COUNT_TERMINAL) <=
                ota_count(&c->counts, OTA_COUNT_TOTAL));
    if (promise->truth)
        assert_true(ota_count(&c->counts, OTA_COUNT_SUCCEEDED) <= confirmed);
    if (promise->offered_max > 0)
        assert_true(c->in_flight_peak <= promise->offered_max);
}

static void check_run(const struct campaign_run *run,
                      const struct promise *promise)
{
    for (size_t i = 0; i < run->count; i++)
        check_device(run, i, promise);
    check_transfers(run);
    if (promise->downloading_max > 0)
        check_at_a_time(run, promise->downloading_max);
    if (promise->egress_bit_s > 0)
        check_egress(run, (double)promise->egress_bit_s / 8e6);
    check_campaign(run, promise);
}

/* --- the swarm --- */

static uint64_t from_environment(const char *name, uint64_t fallback)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : fallback;
}

static uint64_t under_way;
static bool done;

/* In how many scenarios something came that the swarm is there for. */
struct variety {
    int64_t lived_again, stopped, halted, reoffered, rolled_back, finished;
};

static void count_variety(const struct campaign_run *run,
                          struct variety *variety)
{
    bool rolled_back = false;

    for (size_t i = 0; i < run->count; i++)
        rolled_back =
            rolled_back || run->records[i].outcome == OTA_OUTCOME_ROLLED_BACK;
    variety->rolled_back += rolled_back;
    variety->lived_again += run->taken_back > 0;
    variety->stopped += run->campaign.stopped;
    variety->halted += run->campaign.halted;
    variety->reoffered += run->campaign.reoffers > 0;
    variety->finished += run->campaign.finished_us != OTA_NEVER;
}

/* One way of running, and all the others beside it. */
static void run_all_ways(const char *text, const struct promise *promise,
                         struct variety *variety)
{
    static const struct {
        int windows, threads;
    } ways[] = {{0, 1}, {0, 3}, {3, 2}, {64, 1}, {64, 3}, {500, 2}};
    struct campaign_run first;

    campaign_run(&first, text, 1, 1);
    check_run(&first, promise);
    for (size_t w = 0; w < COUNT(ways); w++) {
        struct campaign_run other;
        campaign_run(&other, text, ways[w].windows, ways[w].threads);
        campaign_run_compare(&first, &other);
        if (w + 1 == COUNT(ways))
            count_variety(&other, variety);
        campaign_run_release(&other);
    }
    campaign_run_release(&first);
}

static void neither_windows_nor_threads_matter(void **state)
{
    (void)state;
    const uint64_t first = from_environment("OTA_SWARM_FIRST", 0);
    const uint64_t count = from_environment("OTA_SWARM_COUNT", SWARM);
    static struct writer writer;
    struct variety variety = {.lived_again = 0};
    struct promise promise;

    for (uint64_t i = first; i < first + count; i++) {
        under_way = i;
        write_scenario(&writer, i, &promise);
        if (getenv("OTA_SWARM_PRINT"))
            fprintf(stderr, "%llu: %s\n", (unsigned long long)i, writer.text);
        run_all_ways(writer.text, &promise, &variety);
    }
    if (first == 0 && count == SWARM) {
        /* One where an order falls on the instant of a question. */
        under_way = 1149;
        write_scenario(&writer, under_way, &promise);
        run_all_ways(writer.text, &promise, &variety);
        /* It is no swarm without these. */
        assert_true(variety.lived_again > 40 && variety.finished > 10);
        assert_true(variety.stopped > 15 && variety.halted > 5);
        assert_true(variety.reoffered > 10 && variety.rolled_back > 8);
    }
    if (getenv("OTA_SWARM_PRINT"))
        fprintf(stderr,
                "of %llu: lived again %lld, stopped %lld, halted %lld,"
                " offered again %lld, rolled back %lld, finished %lld\n",
                (unsigned long long)count, (long long)variety.lived_again,
                (long long)variety.stopped, (long long)variety.halted,
                (long long)variety.reoffered, (long long)variety.rolled_back,
                (long long)variety.finished);
    done = true;
}

/* Names the scenario if an assertion failed in it. */
static int name_the_failed(void **state)
{
    (void)state;
    if (!done)
        print_error("swarm: scenario %llu\n", (unsigned long long)under_way);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(neither_windows_nor_threads_matter,
                                  name_the_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
