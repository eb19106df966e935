/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Scenarios drawn at random from settings that seldom meet: batteries that
 * run down, devices that are switched off, images that fail, operators,
 * healers, caps, outages. Whatever happens, no run may crash or hang, and the
 * books of each device must add up.
 *
 * A failure names the scenario's number. OTA_SWARM_FIRST and OTA_SWARM_COUNT
 * choose other ones, OTA_SWARM_PRINT shows them, OTA_SWARM_SET changes one
 * setting ("run.idle=step").
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sim/base/clock.h"
#include "sim/base/random.h"
#include "tests/support/one_run.h"

enum { SWARM = 200, TEXT_SIZE = 16384, SECONDS_MAX = 20, DEVICES_MAX = 256 };

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* --- a scenario --- */

struct writer {
    char text[TEXT_SIZE];
    size_t length;
    struct ota_stream stream;
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

static void pick(struct writer *writer, const char *const *list, size_t count)
{
    put(writer, "%s", list[draw(writer, count)]);
}

#define PICK(writer, list) pick(writer, list, COUNT(list))

/* A setting, half of the time. */
static void maybe(struct writer *writer, const char *setting)
{
    if (draw(writer, 2))
        put(writer, ",%s", setting);
}

static const char *const horizons[] = {"2d", "10d", "40d"};
static const char *const releases[] = {"0d", "1h", "1d", "9d"};
static const char *const delays[] = {"0s", "8s", "uniform(3s, 20s)",
                                     "exponential(2h)"};
static const char *const rests[] = {"0s", "1min", "1d"};
static const char *const deliveries[] = {
    "\"model\": \"at_handshake\"",
    "\"model\": \"immediate\"",
    "\"model\": \"on_request\"",
    "\"model\": \"script\", \"every\": \"1min\"",
    "\"model\": \"script\", \"every\": \"2h\", \"safe_mode\": \"once\"",
    "\"model\": \"script\", \"safe_mode\": \"each\"",
    "\"model\": \"script\", \"verifies\": true, \"every\": \"1min\"",
    "\"model\": \"script\", \"verifies\": true, \"tries_max\": 3,"
    " \"safe_mode\": \"each\"",
    "\"model\": \"script\", \"verifies\": true, \"tries_max\": 2,"
    " \"safe_mode\": \"once\", \"order\": \"reversed\"",
    "\"model\": \"script\", \"order\": \"reversed\"",
};
static const char *const images[] = {
    "{\"fate\": \"good\"}",
    "{\"fate\": \"crashes\", \"bad\": 0.5}",
    "{\"fate\": \"reverts\", \"bad\": 0.5, \"after\": \"exponential(1d)\"}",
    "{\"fate\": \"reverts\", \"bad\": 1, \"after\": \"0s\"}",
    "{\"fate\": \"bricks\", \"bad\": 0.5}",
    "{\"fate\": \"late\", \"bad\": 0.5, \"after\": \"exponential(1d)\"}",
    "{\"fate\": \"late\", \"bad\": 1, \"after\": \"0s\"}",
};
static const char *const backends[] = {
    "{\"believes\": \"version\", \"report_loss\": 0.3}",
    "{\"believes\": \"sent\", \"report_loss\": 0.3}",
    "{\"believes\": \"sent\", \"query_every\": \"1h\"}",
    "{\"believes\": \"version\", \"report_loss\": 1, \"query_every\": \"1d\"}",
};

/* What a device has, and what it is to get. */
static const struct {
    const char *needs;
    const char *platform;
    const char *installed;
} upgrades[] = {
    {"", "electron", "{\"os\": \"0.7.0\"}"},
    {"0.7.0", "electron", "{\"os\": \"0.6.0\"}"},
    {"2.3.1", "electron",
     "{\"os\": \"0.4.8-rc.6\", \"share\": 0.5},"
     "{\"os\": \"2.0.0\", \"share\": 0.5}"},
    {"0.4.5", "photon", "{\"os\": \"0.4.4\"}"},
    {"1.5.2", "boron", "{\"os\": \"1.1.0\"}"},
    {"4.1.0", "boron", "{\"os\": \"2.0.0\"}"},
    {"", "boron", "{\"os\": \"4.1.0\"}"},
};

static const char *const periods[] = {"1min", "10min", "1h", "1d"};
enum { PERIODS_SHORT = 2 }; /* too short for modems that are switched off */
static const char *const sleeps[] = {
    "\"model\": \"interval\", \"period\": \"%s\", \"jitter\": 0.1",
    "\"model\": \"interval\", \"period\": \"%s\", \"phase\": \"aligned\"",
    "\"model\": \"poisson\", \"mean\": \"%s\"",
    "\"model\": \"calendar\", \"times\": \"06:00 06:01 18:30\"",
};
static const char *const depths[] = {"hibernate", "stop", "ultra_low_power",
                                     "standby"};
static const char *const links[] = {
    "{\"preset\": \"3g\"}",
    "{\"preset\": \"nb_iot_ecl2\"}",
    "{\"preset\": \"wifi_weak\"}",
    "{\"preset\": \"no_service\"}",
    "{\"attach\": \"1s\", \"rtt\": \"1ms\", \"loss\": 0, \"tail\": \"0s\"}",
    "{\"attach\": \"0s\", \"attach_warm\": \"0s\", \"rtt\": \"0s\","
    " \"loss\": 0.3, \"device_time_per_kib\": \"0s\"}",
    "{\"attach\": \"lognormal(20s, 2min)\", \"attach_failure\": 0.2,"
    " \"loss\": 0.05, \"good_lasts\": \"10min\", \"bad_lasts\": \"1min\","
    " \"loss_bad\": 1, \"loss_first\": 0.5, \"tail\": \"30s\"}",
};
static const char *const sessions[] = {
    "{\"model\": \"dtls\"}",
    "{\"model\": \"dtls\", \"max_age\": \"2h\", \"mapping\": \"1min\"}",
    "{\"model\": \"dtls\", \"max_age\": \"30s\", \"keep_alive\": \"3s\"}",
    ("{\"model\": \"dtls\", \"keep_alive\": \"30s\", \"mapping\": \"10s\","
     " \"fruitless_max\": 3}"),
    "{\"model\": \"dtls\", \"keep_alive\": \"never\"}",
    "{\"model\": \"full\"}",
    "{\"model\": \"tcp\"}",
};
static const char *const apps[] = {
    "\"model\": \"fixed\", \"wait\": \"10s\"",
    "\"model\": \"fixed\", \"wait\": \"0s\", \"publishes\": 0",
    "\"model\": \"fixed\", \"wait\": \"1h\"",
    "\"model\": \"long_every\", \"wait\": \"1s\", \"long_wait\": \"10min\","
    " \"every_wakes\": 3",
    "\"model\": \"until_told\", \"wait\": \"1min\"",
    "\"model\": \"ask\", \"wait\": \"1s\", \"long_wait\": \"5min\"",
    "\"model\": \"session_clear\", \"wait\": \"5s\", \"long_wait\": \"2min\","
    " \"every\": \"6h\"",
};
static const char *const transfers[] = {
    "{\"model\": \"device_os\"}", "{\"model\": \"fast\"}",
    "{\"model\": \"slow\"}", "{\"model\": \"v3\"}"};
static const char *const firmwares[] = {
    "{}",
    "{\"silent_failure\": 0.3}",
    "{\"silent_failure\": 1, \"apply\": \"0s\"}",
    "{\"apply\": \"exponential(1h)\", \"power_loss_bricks\": 0.3}",
};
/* The first three bill each byte; the third in periods so short that what
 * idle wakes are billed is not exact to the byte. */
static const char *const plans[] = {
    "{\"model\": \"capped\", \"included\": \"0B\","
    " \"overage_price\": \"0.000001USD\", \"overage_step\": \"1B\"}",
    "{\"model\": \"capped\", \"included\": \"0B\","
    " \"overage_price\": \"0.000001USD\", \"overage_step\": \"1B\"}",
    "{\"model\": \"capped\", \"included\": \"0B\", \"period\": \"1h\","
    " \"overage_price\": \"0.000001USD\", \"overage_step\": \"1B\"}",
    "{\"model\": \"capped\", \"included\": \"100KB\", \"at_cap\": \"pause\"}",
    "{\"model\": \"capped\", \"included\": \"1MB\", \"at_cap\": \"pause\","
    " \"period\": \"5d\", \"round_to\": \"10KB\", \"raise_after\": \"1d\"}",
    "{\"model\": \"capped\", \"included\": \"500KB\","
    " \"overage_price\": \"1USD\", \"round_to\": \"100KB\"}",
};
enum { PLANS_BY_MONTH = 2, PLANS_BY_BYTE = 3 };
static const char *const batteries[] = {
    "{\"model\": \"mains\"}",
    "{\"model\": \"by_state\"}",
    "{\"model\": \"by_state\", \"capacity\": \"100mAh\"}",
    "{\"model\": \"by_state\", \"capacity\": \"20mAh\","
    " \"full\": \"uniform(0, 1)\"}",
    "{\"model\": \"by_state\", \"capacity\": \"50mAh\","
    " \"harvest\": \"5mA\", \"self_discharge\": \"1mA\"}",
};
static const char *const presences[] = {
    "{\"model\": \"always\"}",
    "{\"model\": \"on_off\", \"share\": 0.5, \"on\": \"exponential(3h)\","
    " \"off\": \"exponential(1h)\"}",
    "{\"model\": \"on_off\", \"share\": 1, \"on\": \"1min\","
    " \"off\": \"1s\"}",
    "{\"model\": \"on_off\", \"share\": 0.9, \"on\": \"2d\","
    " \"off\": \"1d\"}",
};
static const char *const outages[] = {
    "{\"at\": \"0s\", \"lasts\": \"1d\"}",
    ("{\"at\": \"1h\", \"lasts\": \"10min\"},"
     "{\"at\": \"2h\", \"lasts\": \"1h\"}"),
    "{\"at\": \"30h\", \"lasts\": \"300d\"}",
};

static void write_sleep(struct writer *writer)
{
    if (draw(writer, 4) == 0) {
        put(writer, ", \"sleep\": {\"model\": \"always_on\"}");
        maybe(writer, "\"cycle_min\": \"1h\"");
        return;
    }
    const size_t law = draw(writer, COUNT(sleeps));
    const size_t period = draw(writer, COUNT(periods));
    const size_t depth = draw(writer, COUNT(depths));
    char text[256];

    put(writer, ", \"sleep\": {");
    /* The word stands where the law has a place for it. */
    const char *at = strstr(sleeps[law], "%s");
    if (at)
        snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - sleeps[law]),
                 sleeps[law], periods[period], at + 2);
    else
        snprintf(text, sizeof(text), "%s", sleeps[law]);
    put(writer, "%s, \"depth\": \"%s\"", text, depths[depth]);
    maybe(writer, "\"boot\": \"1s\"");
    maybe(writer, "\"low_charge\": 0.3");
    put(writer, "}");
    if (depth + 1 == COUNT(depths) || !at || period >= PERIODS_SHORT)
        maybe(writer, "\"cycle_min\": \"20min\"");
    else
        put(writer, ", \"cycle_min\": \"0s\"");
}

static void write_app(struct writer *writer)
{
    put(writer, ", \"app\": {");
    PICK(writer, apps);
    maybe(writer, "\"work\": \"exponential(20s)\"");
    maybe(writer, "\"stay_once_begun\": true");
    maybe(writer, "\"on_pending\": true");
    maybe(writer, "\"threaded\": false");
    if (draw(writer, 3) == 0)
        put(writer, ", \"interferes\": \"5min\"");
    if (draw(writer, 3) == 0)
        put(writer, ", \"connect_max\": \"never\"");
    if (draw(writer, 2) == 0)
        put(writer, ", \"updates\": \"%s\"",
            draw(writer, 2) ? "disabled" : "when_idle");
    put(writer, "}");
}

static void write_group(struct writer *writer, size_t upgrade, size_t plan)
{
    put(writer,
        "{\"name\": \"f\", \"count\": %zu, \"platform\": \"%s\","
        " \"installed\": [%s]",
        1 + draw(writer, 4) * draw(writer, 20), upgrades[upgrade].platform,
        upgrades[upgrade].installed);
    maybe(writer, "\"product\": false");
    maybe(writer, "\"absent\": 0.1");
    write_sleep(writer);
    if (draw(writer, 2)) {
        put(writer, ", \"link\": ");
        PICK(writer, links);
    } else {
        put(writer, ", \"signal\": [{\"share\": 0.5, \"link\": ");
        PICK(writer, links);
        put(writer, "}, {\"share\": 0.5, \"link\": ");
        PICK(writer, links);
        put(writer, "}]");
        maybe(writer, "\"signal_holds\": \"3h\"");
    }
    put(writer, ", \"session\": ");
    PICK(writer, sessions);
    write_app(writer);
    put(writer, ", \"transfer\": ");
    PICK(writer, transfers);
    put(writer, ", \"firmware\": ");
    PICK(writer, firmwares);
    put(writer, ", \"plan\": %s, \"battery\": ", plans[plan]);
    PICK(writer, batteries);
    put(writer, ", \"presence\": ");
    PICK(writer, presences);
    if (draw(writer, 2)) {
        put(writer, ", \"outages\": [");
        PICK(writer, outages);
        put(writer, "]");
    }
    put(writer, "}");
}

/* Writes the scenario of that number. Returns which plan it has. */
static size_t write_scenario(struct writer *writer, uint64_t number)
{
    const struct ota_random_key key = {.seed = 1};

    ota_stream_init(&writer->stream, &key, number, OTA_PURPOSE_FREE, 0);
    const size_t upgrade = draw(writer, COUNT(upgrades));
    const size_t plan = draw(writer, COUNT(plans));
    const size_t horizon = draw(writer, COUNT(horizons));

    writer->length = 0;
    put(writer, "{\"run\": {\"horizon\": \"%s\", \"seed\": %d",
        horizons[horizon], (int)number + 1);
    maybe(writer, "\"idle\": \"step\"");
    put(writer, "}, \"release\": {\"app_version\": 2, \"app_size\": \"21KB\"");
    if (upgrades[upgrade].needs[0])
        put(writer, ", \"needs_os\": \"%s\"", upgrades[upgrade].needs);
    put(writer, ", \"at\": \"%s\"",
        releases[draw(writer, COUNT(releases) - (horizon == 0))]);
    maybe(writer, "\"compress\": true");
    maybe(writer, "\"combine\": true");
    maybe(writer, "\"forced\": true");
    maybe(writer, "\"app_first\": false");
    put(writer, "}, \"delivery\": {");
    PICK(writer, deliveries);
    put(writer, ", \"begin_delay\": \"");
    PICK(writer, delays);
    put(writer, "\", \"retry_after\": \"");
    PICK(writer, rests);
    put(writer, "\"");
    maybe(writer, "\"attempts_max\": 5");
    maybe(writer, "\"session_max\": 2");
    put(writer, "}, \"healer\": {\"delay\": \"");
    PICK(writer, delays);
    put(writer, "\"");
    maybe(writer, "\"product\": false");
    maybe(writer, "\"developer\": false");
    maybe(writer, "\"tries_max\": 3");
    put(writer, "}, \"image\": ");
    if (draw(writer, 2))
        put(writer, "%s", images[0]);
    else
        PICK(writer, images);
    put(writer, ", \"backend\": ");
    PICK(writer, backends);
    put(writer, ", \"fleet\": [");
    write_group(writer, upgrade, plan);
    put(writer, "]}");
    return plan;
}

/* --- what is seen of it --- */

/* One device, as observations tell. */
struct seen {
    int64_t until_us; /* phases and idle stretches up to there */
    int64_t power_us; /* in phases in which it has power */
    int64_t at_us;    /* the last observation */
    int64_t skipped_us;
    enum ota_state state;
    int32_t wakes, connects, handshakes;
    int32_t begins, ends, aborted;
    int32_t boots, modules;
    int32_t reports, finals;
};

static void see_phase(struct seen *seen, const struct ota_observation *o)
{
    assert_int_equal(o->detail.phase.since_us, seen->until_us);
    assert_true(o->time_us > seen->until_us);
    if (o->detail.phase.phase != OTA_PHASE_ABSENT &&
        o->detail.phase.phase != OTA_PHASE_DEAD)
        seen->power_us += o->time_us - seen->until_us;
    seen->until_us = o->time_us;
}

static void see_idle(struct seen *seen, const struct ota_observation *o)
{
    assert_int_equal(o->detail.idle.since_us, seen->until_us);
    assert_true(o->detail.idle.bytes >= 0 && o->detail.idle.charge_pc >= 0);
    seen->power_us += o->time_us - seen->until_us;
    seen->until_us = o->time_us;
    seen->wakes += o->detail.idle.wakes;
    seen->connects += o->detail.idle.connects;
    seen->handshakes += o->detail.idle.handshakes;
}

static void see_connect(struct seen *seen, const struct ota_observation *o)
{
    assert_true(o->detail.connect.took_us >= 0);
    assert_true(o->detail.connect.bytes >= 0);
    seen->connects += o->detail.connect.ok;
    seen->handshakes += o->detail.connect.full;
}

static void observe(void *self, const struct ota_observation *o)
{
    struct seen *seen = (struct seen *)self + o->device;

    assert_int_equal(seen->finals, 0);
    switch (o->kind) {
    case OTA_SEEN_PHASE:
        see_phase(seen, o);
        break;
    case OTA_SEEN_IDLE:
        see_idle(seen, o);
        break;
    case OTA_SEEN_STATE:
        assert_int_equal(o->detail.state.from, seen->state);
        seen->state = o->detail.state.to;
        break;
    case OTA_SEEN_WAKE:
        seen->wakes++;
        break;
    case OTA_SEEN_CONNECT:
        see_connect(seen, o);
        break;
    case OTA_SEEN_BEGIN:
        assert_int_equal(seen->begins, seen->ends);
        seen->begins++;
        break;
    case OTA_SEEN_END:
        seen->ends++;
        seen->aborted += o->detail.transfer.result->end != OTA_TRANSFER_DONE;
        break;
    case OTA_SEEN_BOOT:
        seen->boots++;
        seen->modules += o->detail.boot.applied;
        break;
    case OTA_SEEN_REPORT:
        seen->reports++;
        break;
    case OTA_SEEN_FINAL:
        seen->finals++;
        break;
    default:
        break;
    }
    /* Three kinds may be told ahead of or behind their time. */
    if (o->kind == OTA_SEEN_END || o->kind == OTA_SEEN_PENDING ||
        o->kind == OTA_SEEN_BELIEF)
        return;
    assert_true(o->time_us >= seen->at_us);
    seen->at_us = o->time_us;
}

/* --- whether it adds up --- */

static void check_times(const struct ota_device_record *r,
                        const struct seen *seen, int64_t horizon_us)
{
    int64_t sum_us = 0;

    for (size_t p = 0; p < OTA_POWERS; p++) {
        assert_true(r->power_us[p] >= 0);
        sum_us += r->power_us[p];
    }
    assert_int_equal(sum_us, seen->power_us);
    assert_int_equal(seen->until_us, horizon_us);
    assert_true(r->charge_pc >= 0);
    assert_true(r->begun_us >= r->offered_us || r->begun_us == OTA_NEVER);
    assert_true(r->installed_us == OTA_NEVER || r->installed_us >= r->begun_us);
    if (r->confirmed_us != OTA_NEVER)
        assert_true(r->confirmed_us >= r->installed_us);
}

static void check_counts(const struct ota_device_record *r,
                         const struct seen *seen)
{
    assert_int_equal(r->wakes, seen->wakes);
    assert_int_equal(r->connects, seen->connects);
    assert_int_equal(r->handshakes, seen->handshakes);
    assert_in_range(r->handshakes, 0, r->connects);
    assert_in_range(r->skipped, 0, r->wakes);
    assert_int_equal(r->attempts, seen->begins);
    assert_int_equal(r->attempts, seen->ends);
    /* An attempt is under way, or ended, and then counted. */
    assert_true(r->aborted == seen->aborted ||
                (seen->state == OTA_STATE_DOWNLOADING ||
                 seen->state == OTA_STATE_SAFE_MODE));
    assert_in_range(seen->aborted - r->aborted, 0, 1);
    assert_in_range(r->refused, 0, r->attempts);
    assert_in_range(r->offers_begun, 0, r->offers);
    assert_int_equal(r->modules, seen->modules);
    assert_in_range(seen->boots, 0, seen->ends - seen->aborted);
    assert_int_equal(r->confirmed_us != OTA_NEVER, seen->reports > 0);
    assert_in_range(seen->reports, 0, 1);
    assert_int_equal(seen->finals, 1);
}

static void check_outcome(const struct ota_device_record *r,
                          const struct seen *seen)
{
    switch (r->outcome) {
    case OTA_OUTCOME_UPDATED_CONFIRMED:
        assert_true(r->confirmed_us != OTA_NEVER);
        break;
    case OTA_OUTCOME_UPDATED_UNREPORTED:
        assert_true(r->installed_us != OTA_NEVER);
        assert_true(r->confirmed_us == OTA_NEVER);
        break;
    case OTA_OUTCOME_WAITING_NEVER_REACHABLE:
        assert_int_equal(r->connects, 0);
        break;
    case OTA_OUTCOME_WAITING_NEVER_OFFERED:
        assert_int_equal(r->offers, 0);
        break;
    case OTA_OUTCOME_WAITING_NEVER_BEGUN:
        assert_int_equal(r->attempts, 0);
        break;
    case OTA_OUTCOME_OUT_OF_BATTERY:
        assert_true(r->dead);
        break;
    case OTA_OUTCOME_BRICKED:
        assert_true(r->defect_us != OTA_NEVER);
        break;
    case OTA_OUTCOME_IN_PROGRESS:
        assert_true(r->attempts > 0);
        break;
    default:
        assert_true(r->outcome < OTA_OUTCOMES);
    }
    assert_false(r->dead && r->outcome == OTA_OUTCOME_IN_PROGRESS);
    assert_true(seen->state < OTA_STATES);
}

static void check_bytes(const struct ota_device_record *r, bool by_byte)
{
    assert_true(r->routine_bytes >= 0 && r->useful_bytes >= 0);
    assert_true(r->overhead_bytes >= 0 && r->wasted_bytes >= 0);
    assert_int_equal(r->useful_bytes > 0, r->modules > 0);
    if (by_byte)
        assert_int_equal(r->overage_uusd, r->routine_bytes + r->useful_bytes +
                                              r->overhead_bytes +
                                              r->wasted_bytes);
}

static void check_run(const struct one_run *run, const struct seen *seen,
                      bool by_byte)
{
    for (size_t i = 0; i < run->count; i++) {
        check_times(&run->records[i], &seen[i], run->scenario.fleet.horizon_us);
        check_counts(&run->records[i], &seen[i]);
        check_outcome(&run->records[i], &seen[i]);
        check_bytes(&run->records[i], by_byte);
    }
}

/* --- the swarm --- */

static uint64_t from_environment(const char *name, uint64_t fallback)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : fallback;
}

/* Which scenario runs, for whoever finds that it crashed or hangs. */
static uint64_t under_way;
static bool done;

static void name_it(int number)
{
    char text[64];
    size_t length = 0;
    uint64_t left = under_way;

    for (const char *c = "swarm: stopped in scenario "; *c; c++)
        text[length++] = *c;
    char digits[24];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    while (count > 0)
        text[length++] = digits[--count];
    text[length++] = '\n';
    if (write(STDERR_FILENO, text, length) < 0)
        _exit(2);
    signal(number, SIG_DFL);
    raise(number);
}

static void run_one(uint64_t number, struct writer *writer)
{
    const size_t plan = write_scenario(writer, number);
    struct seen seen[DEVICES_MAX];
    const struct ota_observer observer = {
        .wants = (1u << OTA_SEEN_KINDS) - 1,
        .observe = observe,
        .self = seen,
    };
    struct one_run run;

    for (size_t i = 0; i < DEVICES_MAX; i++)
        seen[i] = (struct seen){.state = OTA_STATES};
    alarm(SECONDS_MAX);
    const char *sets[] = {getenv("OTA_SWARM_SET"), NULL};
    one_run(&run, writer->text, sets, 1, &observer);
    check_run(&run, seen,
              plan < PLANS_BY_BYTE &&
                  (plan < PLANS_BY_MONTH || run.scenario.fleet.idle_step));
    /* And it is the same on three threads, whatever each of them takes. */
    struct one_run again;
    one_run(&again, writer->text, sets, 3, NULL);
    assert_memory_equal(again.records, run.records,
                        run.count * sizeof(*run.records));
    one_run_release(&again);
    one_run_release(&run);
    alarm(0);
}

static void whatever_happens_the_books_add_up(void **state)
{
    (void)state;
    const uint64_t first = from_environment("OTA_SWARM_FIRST", 0);
    const uint64_t count = from_environment("OTA_SWARM_COUNT", SWARM);
    static struct writer writer;

    signal(SIGALRM, name_it);
    signal(SIGABRT, name_it);
    for (uint64_t i = first; i < first + count; i++) {
        under_way = i;
        if (getenv("OTA_SWARM_PRINT")) {
            write_scenario(&writer, i);
            fprintf(stderr, "%s\n", writer.text);
        }
        run_one(i, &writer);
    }
    done = true;
}

/* --- phase by phase, or through them --- */

/* What was told of one device, in its order, with its books. */
static uint64_t mix(uint64_t hash, int64_t value)
{
    hash ^= (uint64_t)value;
    hash *= UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 29;
}

static uint64_t mix_books(uint64_t hash, const struct ota_device_record *r)
{
    for (size_t p = 0; p < OTA_POWERS; p++)
        hash = mix(hash, r->power_us[p]);
    hash = mix(mix(hash, r->charge_pc), r->overage_uusd);
    hash = mix(mix(hash, r->routine_bytes), r->useful_bytes);
    hash = mix(mix(hash, r->overhead_bytes), r->wasted_bytes);
    hash = mix(mix(hash, r->wakes), r->skipped);
    hash = mix(mix(hash, r->connects), r->handshakes);
    hash = mix(mix(hash, r->offers), r->attempts);
    hash = mix(mix(hash, r->believed_us), r->installed_us);
    return mix(mix(hash, (int64_t)r->outcome), r->confirmed_us);
}

static void note(void *self, const struct ota_observation *o)
{
    uint64_t *hash = (uint64_t *)self + o->device;

    if (o->kind == OTA_SEEN_PHASE)
        return;
    *hash = mix(mix(*hash, (int64_t)o->kind), o->time_us);
    if (o->kind == OTA_SEEN_ATTACH)
        *hash = mix(*hash, o->detail.attach.took_us);
    if (o->kind == OTA_SEEN_CONNECT)
        *hash = mix(*hash, o->detail.connect.took_us);
    if (o->kind == OTA_SEEN_STATE)
        *hash = mix(*hash, o->detail.state.to);
    *hash = mix_books(*hash, o->record);
}

/* A device whose phases nobody hears of passes through them in one step. All
 * else must be the same. */
static void nobody_sees_how_a_device_passes_through_phases(void **state)
{
    (void)state;
    const uint64_t first = from_environment("OTA_SWARM_FIRST", 0);
    const uint64_t count = from_environment("OTA_SWARM_COUNT", SWARM);
    const uint32_t phases = 1u << OTA_SEEN_PHASE;
    const uint32_t all = (1u << OTA_SEEN_KINDS) - 1;
    static struct writer writer;

    done = false;
    for (under_way = first; under_way < first + count; under_way++) {
        uint64_t told[2][DEVICES_MAX] = {{0}};
        write_scenario(&writer, under_way);
        for (int way = 0; way < 2; way++) {
            const struct ota_observer observer = {
                .wants = way == 0 ? all : all & ~phases,
                .observe = note,
                .self = told[way],
            };
            struct one_run run;
            one_run(&run, writer.text, NULL, 1, &observer);
            one_run_release(&run);
        }
        assert_memory_equal(told[0], told[1], sizeof(told[0]));
    }
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
        cmocka_unit_test_teardown(whatever_happens_the_books_add_up,
                                  name_the_failed),
        cmocka_unit_test_teardown(
            nobody_sees_how_a_device_passes_through_phases, name_the_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
