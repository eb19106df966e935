/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_fleet.c - what must hold in every run, whatever the scenario: each
 * device is in one state at a time and ends in one outcome, its time and its
 * bytes add up, modules come in the order of its path, and neither threads nor
 * anything else but scenario and seed decide what happens.
 */
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

static const char starter[] = "scenarios/starter/electron-hourly.json";
static const char remedy[] =
    "scenarios/starter/electron-hourly-stay-awake.json";

/* --- a witness of what is observed --- */

struct history {
    enum ota_state state;
    int64_t last_us;   /* of the last observation that moves time on */
    int64_t begun_us;  /* of the transfer under way, or OTA_NEVER */
    uint32_t step;     /* modules applied */
    int64_t phases_us; /* all phases and idle stretches so far end here */
    int32_t begins, ends, boots, connects, wakes, offers, finals;
    int64_t transfer_bytes;
    int64_t confirmed_us;
};

struct witness {
    struct history *devices;
    size_t count;
};

static void saw_transfer_end(struct history *h,
                             const struct ota_observation *seen)
{
    const struct ota_transfer_result *result = seen->detail.transfer.result;

    assert_true(h->begun_us != OTA_NEVER);
    assert_true(seen->time_us > h->begun_us);
    assert_int_equal(seen->detail.transfer.step, h->step);
    assert_true(result->down_bytes >=
                result->payload_bytes + result->spent_bytes);
    h->begun_us = OTA_NEVER;
    h->ends++;
    h->transfer_bytes += result->down_bytes + result->up_bytes;
}

/* Told ahead of its time, or behind it. */
static bool is_out_of_order(const struct ota_observation *seen)
{
    return seen->kind == OTA_SEEN_END || seen->kind == OTA_SEEN_PENDING ||
           (seen->kind == OTA_SEEN_BELIEF && seen->detail.belief.asked);
}

static void watch(void *self, const struct ota_observation *seen)
{
    struct witness *witness = self;
    assert_true(seen->device < witness->count);
    struct history *h = &witness->devices[seen->device];

    assert_int_equal(seen->group, 0);
    if (!is_out_of_order(seen)) {
        assert_true(seen->time_us >= h->last_us);
        h->last_us = seen->time_us;
    }
    switch (seen->kind) {
    case OTA_SEEN_STATE:
        assert_int_equal(seen->detail.state.from, h->state);
        assert_int_not_equal(seen->detail.state.to, h->state);
        h->state = seen->detail.state.to;
        if (h->state == OTA_STATE_CONFIRMED)
            h->confirmed_us = seen->time_us;
        break;
    case OTA_SEEN_BEGIN:
        assert_true(h->begun_us == OTA_NEVER);
        assert_int_equal(seen->detail.begin.step, h->step);
        assert_true(h->confirmed_us == OTA_NEVER);
        h->begun_us = seen->time_us;
        h->begins++;
        break;
    case OTA_SEEN_END:
        saw_transfer_end(h, seen);
        break;
    case OTA_SEEN_BOOT:
        assert_int_equal(seen->detail.boot.step, h->step);
        h->step += seen->detail.boot.applied;
        h->boots++;
        break;
    case OTA_SEEN_CONNECT:
        h->connects += seen->detail.connect.ok;
        break;
    case OTA_SEEN_PHASE:
        assert_int_equal(seen->detail.phase.since_us, h->phases_us);
        h->phases_us = seen->time_us;
        break;
    case OTA_SEEN_IDLE:
        assert_int_equal(seen->detail.idle.since_us, h->phases_us);
        h->phases_us = seen->time_us;
        h->connects += seen->detail.idle.connects;
        h->wakes += seen->detail.idle.wakes;
        break;
    case OTA_SEEN_WAKE:
        h->wakes++;
        break;
    case OTA_SEEN_OFFER:
        h->offers++;
        break;
    case OTA_SEEN_FINAL:
        h->finals++;
        break;
    case OTA_SEEN_SLEEP:
    case OTA_SEEN_ATTACH:
    case OTA_SEEN_FLAGS:
    case OTA_SEEN_PENDING:
    case OTA_SEEN_COMMAND:
    case OTA_SEEN_REPORT:
    case OTA_SEEN_BELIEF:
    case OTA_SEEN_PRESENCE:
        break;
    case OTA_SEEN_KINDS:
        fail();
    }
}

static void assert_device_adds_up(const struct one_run *run, size_t device,
                                  const struct history *h)
{
    const struct ota_device_record *r = &run->records[device];
    int64_t time_us = 0;

    for (int p = 0; p < OTA_POWERS; p++)
        time_us += r->power_us[p];
    if (h->state == OTA_STATE_ABSENT)
        assert_int_equal(time_us, 0);
    else if (!r->dead)
        assert_int_equal(time_us, run->scenario.run.horizon_us);
    else
        assert_true(time_us < run->scenario.run.horizon_us);

    assert_int_equal(h->finals, 1);
    assert_int_equal(h->phases_us, run->scenario.run.horizon_us);
    assert_int_equal(h->begins, r->attempts);
    assert_int_equal(h->boots >= r->modules, 1);
    assert_int_equal(h->step, r->modules);
    assert_int_equal(h->connects, r->connects);
    assert_int_equal(h->wakes, r->wakes);
    assert_int_equal(h->confirmed_us, r->confirmed_us);
    assert_true(r->handshakes <= r->connects);
    assert_true(r->offers_begun <= r->offers);
    assert_true(r->aborted <= r->attempts);
    assert_true(r->offered_us <= r->begun_us);
    assert_true(r->installed_us <= r->confirmed_us);
    assert_true(r->charge_pc >= 0);
    /* what the plan metered, at a millionth of a dollar a byte */
    assert_int_equal(r->overage_uusd, r->routine_bytes + r->useful_bytes +
                                          r->overhead_bytes + r->wasted_bytes);
    assert_true(r->useful_bytes + r->overhead_bytes + r->wasted_bytes >=
                h->transfer_bytes);
    if (r->outcome == OTA_OUTCOME_UPDATED_CONFIRMED)
        assert_int_equal(h->state, OTA_STATE_CONFIRMED);
}

/* Every byte is billed, at a price that makes the bill countable. */
#define BILL_EVERY_BYTE                                                        \
    "fleet.0.plan.included=0B", "fleet.0.plan.at_cap=overage",                 \
        "fleet.0.plan.overage_step=1B",                                        \
        "fleet.0.plan.overage_price=0.000001USD"

static void assert_all_adds_up(const char *file, const char *const *settings)
{
    struct witness witness = {.count = 3000};
    const struct ota_observer observer = {
        .wants = (1u << OTA_SEEN_KINDS) - 1,
        .observe = watch,
        .self = &witness,
    };
    struct one_run run;

    witness.devices = calloc(witness.count, sizeof(*witness.devices));
    assert_non_null(witness.devices);
    for (size_t i = 0; i < witness.count; i++) {
        witness.devices[i].state = OTA_STATES;
        witness.devices[i].begun_us = OTA_NEVER;
        witness.devices[i].confirmed_us = OTA_NEVER;
    }
    one_run_file(&run, file, settings, 1, &observer);
    for (size_t i = 0; i < run.count; i++)
        assert_device_adds_up(&run, i, &witness.devices[i]);
    one_run_release(&run);
    free(witness.devices);
}

static void everything_adds_up(void **state)
{
    (void)state;
    const char *plain[] = {"fleet.0.count=1000", BILL_EVERY_BYTE, NULL};
    const char *absent[] = {"fleet.0.count=500", BILL_EVERY_BYTE,
                            "fleet.0.absent=0.3", NULL};
    const char *small_battery[] = {"fleet.0.count=500", BILL_EVERY_BYTE,
                                   "fleet.0.battery.capacity=150mAh", NULL};
    const char *bad_radio[] = {"fleet.0.count=300", BILL_EVERY_BYTE,
                               "fleet.0.link.loss=0.3",
                               "fleet.0.link.attach_failure=0.5", NULL};
    const char *flaky_flash[] = {"fleet.0.count=300", BILL_EVERY_BYTE,
                                 "fleet.0.firmware.silent_failure=0.3", NULL};
    const char *resuming[] = {"fleet.0.count=300", BILL_EVERY_BYTE,
                              "fleet.0.transfer={\"model\": \"v3\"}",
                              "delivery.model=immediate", NULL};
    const char *few_tries[] = {"fleet.0.count=300", BILL_EVERY_BYTE,
                               "delivery.attempts_max=2", NULL};
    const char *awake[] = {"fleet.0.count=100",
                           BILL_EVERY_BYTE,
                           "fleet.0.sleep={\"model\": \"always_on\"}",
                           "release.at=36h",
                           "delivery.model=immediate",
                           NULL};

    assert_all_adds_up(starter, plain);
    assert_all_adds_up(remedy, plain);
    assert_all_adds_up(remedy, absent);
    assert_all_adds_up(remedy, small_battery);
    assert_all_adds_up(remedy, bad_radio);
    assert_all_adds_up(remedy, flaky_flash);
    assert_all_adds_up(starter, resuming);
    assert_all_adds_up(starter, few_tries);
    assert_all_adds_up(starter, awake);
}

/* --- determinism --- */

static void assert_same_records(const struct one_run *a,
                                const struct one_run *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        const struct ota_device_record *x = &a->records[i];
        const struct ota_device_record *y = &b->records[i];
        assert_int_equal(x->outcome, y->outcome);
        assert_int_equal(x->confirmed_us, y->confirmed_us);
        assert_int_equal(x->begun_us, y->begun_us);
        assert_int_equal(x->routine_bytes, y->routine_bytes);
        assert_int_equal(x->useful_bytes, y->useful_bytes);
        assert_int_equal(x->overhead_bytes, y->overhead_bytes);
        assert_int_equal(x->wasted_bytes, y->wasted_bytes);
        assert_int_equal(x->charge_pc, y->charge_pc);
        assert_memory_equal(x->power_us, y->power_us, sizeof(x->power_us));
        assert_int_equal(x->attempts, y->attempts);
        assert_int_equal(x->connects, y->connects);
    }
}

static void threads_do_not_matter(void **state)
{
    (void)state;
    const char *settings[] = {"fleet.0.count=2500", "run.horizon=5d", NULL};
    struct one_run alone;

    one_run_file(&alone, remedy, settings, 1, NULL);
    for (int threads = 2; threads <= 7; threads += 5) {
        struct one_run run;
        one_run_file(&run, remedy, settings, threads, NULL);
        assert_same_records(&alone, &run);
        one_run_release(&run);
    }
    one_run_release(&alone);
}

/* A device has the same luck in a larger fleet: only its number counts. */
static void assert_same_among_more(const char *const *few,
                                   const char *const *many)
{
    struct one_run small, large;

    one_run_file(&small, remedy, few, 1, NULL);
    one_run_file(&large, remedy, many, 1, NULL);
    large.count = small.count;
    assert_same_records(&small, &large);
    one_run_release(&small);
    one_run_release(&large);
}

/* Pilots are a group's own: only whether there are any depends on its size. */
static void other_devices_do_not_matter(void **state)
{
    (void)state;
    const char *few[] = {"fleet.0.count=300", "run.horizon=10d",
                         "run.idle=step", NULL};
    const char *many[] = {"fleet.0.count=1500", "run.horizon=10d",
                          "run.idle=step", NULL};
    const char *led[] = {"fleet.0.count=1000", NULL};
    const char *more_led[] = {"fleet.0.count=1500", NULL};

    assert_same_among_more(few, many);
    assert_same_among_more(led, more_led);
}

/* --- common random numbers --- */

/* Until the first attempt begins, the wait policy changes nothing: every
 * device wakes and connects at the same instants in both scenarios. */
static void policies_meet_the_same_luck(void **state)
{
    (void)state;
    const char *settings[] = {"fleet.0.count=400", "fleet.0.app.every=365d",
                              NULL};
    const char *plain_settings[] = {"fleet.0.count=400", NULL};
    struct one_run plain, stay;
    size_t both = 0;

    one_run_file(&plain, starter, plain_settings, 1, NULL);
    one_run_file(&stay, remedy, settings, 1, NULL);
    for (size_t i = 0; i < plain.count; i++) {
        if (plain.records[i].begun_us == OTA_NEVER ||
            stay.records[i].begun_us == OTA_NEVER)
            continue;
        /* a long wait may come before; then the first begin is earlier */
        both += plain.records[i].begun_us == stay.records[i].begun_us;
    }
    assert_true(both > plain.count * 8 / 10);
    one_run_release(&plain);
    one_run_release(&stay);
}

/* --- the healer's way --- */

/* A perfect link and patient devices: everybody takes the app, falls into
 * safe mode and is healed by the eight modules of the path. */
static void the_healer_sends_the_path(void **state)
{
    (void)state;
    const char *patient[] = {
        "fleet.0.count=50",
        "fleet.0.link.loss=0",
        "fleet.0.link.attach_failure=0",
        "fleet.0.app.wait=30s",
        "delivery.model=immediate",
        "run.horizon=2d",
        NULL,
    };
    struct one_run run;

    one_run_file(&run, remedy, patient, 1, NULL);
    const struct ota_path *path =
        &run.scenario.fleet.groups[0].variants[0].path;
    assert_int_equal(path->count, 8);
    for (size_t i = 0; i < run.count; i++) {
        const struct ota_device_record *r = &run.records[i];
        assert_int_equal(r->outcome, OTA_OUTCOME_UPDATED_CONFIRMED);
        assert_int_equal(r->modules, 8);
        assert_int_equal(r->attempts, 8);
        assert_int_equal(r->useful_bytes, path->payload_bytes);
        assert_int_equal(r->wasted_bytes, 0);
    }
    one_run_release(&run);
}

/* Without a healer they stay in safe mode: started is not success. */
static void nobody_heals_a_developers_device(void **state)
{
    (void)state;
    const char *settings[] = {
        "fleet.0.count=50",     "fleet.0.product=false",
        "fleet.0.app.wait=30s", "delivery.model=immediate",
        "run.horizon=2d",       NULL,
    };
    struct one_run run;

    one_run_file(&run, remedy, settings, 1, NULL);
    for (size_t i = 0; i < run.count; i++) {
        assert_int_equal(run.records[i].outcome, OTA_OUTCOME_SAFE_MODE);
        assert_int_equal(run.records[i].modules, 1);
    }
    one_run_release(&run);
}

/* 100 devices whose SIMs are paused in the middle of the update; `more` is one
 * more setting, or NULL. */
static void run_with_paused_sims(struct one_run *run, const char *more)
{
    const char *settings[] = {
        "fleet.0.count=100",
        "fleet.0.plan.included=400KB",
        "fleet.0.plan.at_cap=pause",
        "fleet.0.app.wait=30s",
        "delivery.model=immediate",
        "run.horizon=3d",
        more,
        NULL,
    };

    one_run_file(run, remedy, settings, 1, NULL);
}

/* A plan that pauses at its cap leaves devices without data, not billed. */
static void a_paused_sim_is_out_of_data(void **state)
{
    (void)state;
    struct one_run run;

    run_with_paused_sims(&run, "fleet.0.battery={\"model\": \"mains\"}");
    for (size_t i = 0; i < run.count; i++) {
        const struct ota_device_record *r = &run.records[i];
        int64_t all = r->routine_bytes + r->useful_bytes + r->overhead_bytes +
                      r->wasted_bytes;
        assert_int_equal(r->outcome, OTA_OUTCOME_OUT_OF_DATA);
        assert_int_equal(r->overage_uusd, 0);
        assert_int_equal(r->periods_over, 1);
        /* it may pass the cap by the connect or the wake under way only */
        assert_true(all >= 390000 && all < 400000 + 15000);
    }
    one_run_release(&run);
}

/* And in safe mode nothing puts the device to sleep: it looks for the network
 * until the battery is empty. */
static void a_paused_sim_in_safe_mode_drains_the_battery(void **state)
{
    (void)state;
    struct one_run run;

    run_with_paused_sims(&run, NULL);
    for (size_t i = 0; i < run.count; i++) {
        const struct ota_device_record *r = &run.records[i];
        assert_int_equal(r->outcome, OTA_OUTCOME_OUT_OF_BATTERY);
        assert_true(r->dead);
        /* 1,800 mAh to the last microsecond's worth */
        int64_t full_pc = 1800 * 1000 * OTA_PC_PER_UAH;
        assert_true(r->charge_pc <= full_pc);
        assert_true(r->charge_pc > full_pc - 1000000);
    }
    one_run_release(&run);
}

/* Particle measured 22.9 s for an Electron on 3G from waking out of hibernation
 * to sleeping again, publish included (docs.particle.io, wake-publish-sleep-
 * cellular). Here that is the time that is neither sleep nor wait. */
static void a_wake_takes_as_long_as_measured(void **state)
{
    (void)state;
    const char *settings[] = {"fleet.0.count=200", "run.horizon=10d",
                              "release.at=9d", NULL};
    struct one_run run;
    double connecting_s = 0, wakes = 0;

    one_run_file(&run, starter, settings, 1, NULL);
    for (size_t i = 0; i < run.count; i++) {
        const struct ota_device_record *r = &run.records[i];
        wakes += r->wakes;
        connecting_s += ota_s_from_us(r->power_us[OTA_POWER_BOOT] +
                                      r->power_us[OTA_POWER_ATTACH] +
                                      r->power_us[OTA_POWER_CONNECT]);
    }
    /* 2 % of the attaches go on for two minutes in vain: 2 s in the mean */
    double mean_s = connecting_s / wakes;
    assert_true(mean_s > 22.9 && mean_s < 22.9 + 2.0 + 1.0);
    one_run_release(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_adds_up),
        cmocka_unit_test(threads_do_not_matter),
        cmocka_unit_test(other_devices_do_not_matter),
        cmocka_unit_test(policies_meet_the_same_luck),
        cmocka_unit_test(the_healer_sends_the_path),
        cmocka_unit_test(nobody_heals_a_developers_device),
        cmocka_unit_test(a_wake_takes_as_long_as_measured),
        cmocka_unit_test(a_paused_sim_is_out_of_data),
        cmocka_unit_test(a_paused_sim_in_safe_mode_drains_the_battery),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
