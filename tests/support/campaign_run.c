/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * campaign_run.c - see campaign_run.h.
 */
#include "tests/support/campaign_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/base/clock.h"
#include "sim/fleet/fleet.h"

/* --- what is told --- */

static uint64_t mix(uint64_t sum, int64_t value)
{
    sum = (sum ^ (uint64_t)value) * UINT64_C(0x9e3779b97f4a7c15);
    return sum ^ sum >> 29;
}

static uint64_t mix_detail(uint64_t sum, const struct ota_observation *o)
{
    switch (o->kind) {
    case OTA_SEEN_ATTACH:
        return mix(mix(sum, o->detail.attach.ok), o->detail.attach.took_us);
    case OTA_SEEN_CONNECT:
        return mix(mix(sum, o->detail.connect.ok * 2 + o->detail.connect.full),
                   o->detail.connect.bytes);
    case OTA_SEEN_OFFER:
        return mix(sum, o->detail.offer.sender);
    case OTA_SEEN_BEGIN:
        return mix(sum, o->detail.begin.step);
    case OTA_SEEN_END:
        sum = mix(sum, o->detail.transfer.begun_us);
        sum = mix(sum, o->detail.transfer.result->down_bytes);
        return mix(sum, o->detail.transfer.result->end);
    case OTA_SEEN_BOOT:
        return mix(sum, o->detail.boot.applied * 4 +
                            o->detail.boot.refused * 2 +
                            o->detail.boot.safe_mode);
    case OTA_SEEN_REPORT:
        return mix(sum, o->detail.report.lost);
    case OTA_SEEN_BELIEF:
        return mix(sum, o->detail.belief.updated * 2 + o->detail.belief.asked);
    case OTA_SEEN_IDLE:
        sum = mix(sum, o->detail.idle.since_us);
        return mix(sum, o->detail.idle.charge_pc);
    case OTA_SEEN_PHASE:
        sum = mix(sum, o->detail.phase.since_us);
        return mix(sum, o->detail.phase.phase);
    case OTA_SEEN_STATE:
        return mix(sum, o->detail.state.from * OTA_STATES + o->detail.state.to);
    default:
        return sum;
    }
}

static void add_transfer(struct campaign_lane *lane,
                         const struct campaign_transfer *transfer)
{
    if (lane->count == lane->room) {
        lane->room = lane->room > 0 ? 2 * lane->room : 64;
        lane->transfers =
            realloc(lane->transfers, lane->room * sizeof(*lane->transfers));
        assert_non_null(lane->transfers);
    }
    lane->transfers[lane->count++] = *transfer;
}

static void see_end(struct campaign_lane *lane, const struct ota_observation *o)
{
    const struct campaign_transfer transfer = {
        .begun_us = o->detail.transfer.begun_us,
        .end_us = o->time_us,
        .down_bytes = o->detail.transfer.result->down_bytes,
        .device = (uint32_t)o->device,
        .safe_mode = o->safe_mode,
        .back = o->record->back_attempts > 0,
        .whole = o->detail.transfer.result->end == OTA_TRANSFER_DONE,
        .undone = o->undone,
    };

    add_transfer(lane, &transfer);
}

static void see_stretch(struct campaign_device *device,
                        const struct ota_observation *o, int64_t since_us)
{
    const int64_t lasted_us = o->time_us - since_us;

    device->phase_sum += o->undone ? -lasted_us : lasted_us;
    if (o->kind == OTA_SEEN_PHASE || o->kind == OTA_SEEN_IDLE)
        device->phases_us = o->time_us;
}

/* Called by several threads, each with a lane of its own: no assertions. */
static void observe(void *self, const struct ota_observation *o)
{
    struct campaign_lane *lane = self;
    struct campaign_device *device = &lane->run->devices[o->device];
    uint64_t sum = mix(mix(1, (int64_t)o->device), o->kind);

    sum = mix_detail(mix(mix(sum, o->time_us), o->safe_mode), o);
    device->told += o->undone ? -sum : sum;
    device->net[o->kind] += o->undone ? -1 : 1;
    device->taken_back += o->undone;
    if (o->kind == OTA_SEEN_PHASE)
        see_stretch(device, o, o->detail.phase.since_us);
    else if (o->kind == OTA_SEEN_IDLE)
        see_stretch(device, o, o->detail.idle.since_us);
    else if (o->kind == OTA_SEEN_END)
        see_end(lane, o);
    else if (o->kind == OTA_SEEN_FINAL)
        lane->run->records[o->device] = *o->record;
}

/* --- running --- */

static int by_end(const void *a, const void *b)
{
    const struct campaign_transfer *x = a;
    const struct campaign_transfer *y = b;

    if (x->end_us != y->end_us)
        return x->end_us < y->end_us ? -1 : 1;
    if (x->device != y->device)
        return x->device < y->device ? -1 : 1;
    return x->undone - y->undone;
}

/* Drops what was taken back, and fails if it had not been told. */
static size_t settle(struct campaign_transfer *transfers, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (!transfers[i].undone) {
            transfers[kept++] = transfers[i];
            continue;
        }
        size_t at = kept;
        do {
            assert_true(at > 0 &&
                        transfers[at - 1].end_us == transfers[i].end_us &&
                        transfers[at - 1].device == transfers[i].device);
            at--;
        } while (transfers[at].begun_us != transfers[i].begun_us ||
                 transfers[at].down_bytes != transfers[i].down_bytes ||
                 transfers[at].back != transfers[i].back);
        memmove(transfers + at, transfers + at + 1,
                (--kept - at) * sizeof(*transfers));
    }
    return kept;
}

static void gather(struct campaign_run *run)
{
    for (size_t l = 0; l < run->lane_count; l++)
        run->transfer_count += run->lanes[l].count;
    run->transfers = calloc(run->transfer_count + 1, sizeof(*run->transfers));
    assert_non_null(run->transfers);
    size_t at = 0;
    for (size_t l = 0; l < run->lane_count; l++) {
        const struct campaign_lane *lane = &run->lanes[l];
        if (lane->count > 0)
            memcpy(run->transfers + at, lane->transfers,
                   lane->count * sizeof(*run->transfers));
        at += lane->count;
    }
    qsort(run->transfers, at, sizeof(*run->transfers), by_end);
    run->transfer_count = settle(run->transfers, at);
    for (size_t i = 0; i < run->count; i++)
        run->taken_back += run->devices[i].taken_back;
}

static void keep_campaign(struct campaign_run *run,
                          const struct ota_fleet *fleet)
{
    ota_fleet_campaign(fleet, &run->campaign);
    run->waves = calloc(run->campaign.wave_count + 1, sizeof(*run->waves));
    assert_non_null(run->waves);
    memcpy(run->waves, run->campaign.waves,
           run->campaign.wave_count * sizeof(*run->waves));
    for (size_t w = 0; w < run->campaign.wave_count; w++)
        run->waves[w].name = NULL; /* the fleet's */
    run->campaign.waves = run->waves;
}

void campaign_run(struct campaign_run *run, const char *text, int windows,
                  int threads)
{
    struct ota_complaints complaints = {0};
    struct ota_error error = {0};

    *run = (struct campaign_run){.count = 0};
    if (!ota_scenario_read_text(&run->scenario, "test", text, strlen(text),
                                NULL, 0, &complaints)) {
        ota_complaints_print(&complaints, stderr);
        fail();
    }
    const struct ota_random_key key = {.seed = run->scenario.run.seed};
    run->count = (size_t)ota_fleet_config_devices(&run->scenario.fleet);
    struct ota_fleet *fleet = ota_fleet_new(&run->scenario.fleet, &key, &error);
    assert_non_null(fleet);
    run->lane_count = (size_t)threads;
    run->records = calloc(run->count, sizeof(*run->records));
    run->devices = calloc(run->count, sizeof(*run->devices));
    run->lanes = calloc(run->lane_count, sizeof(*run->lanes));
    struct ota_observer *observers =
        calloc(run->lane_count, sizeof(*observers));
    assert_true(run->records && run->devices && run->lanes && observers);
    for (size_t l = 0; l < run->lane_count; l++) {
        run->lanes[l].run = run;
        observers[l] = (struct ota_observer){
            .wants = (1u << OTA_SEEN_KINDS) - 1,
            .observe = observe,
            .self = &run->lanes[l],
        };
    }
    const struct ota_fleet_run_options options = {
        .observers = observers,
        .threads = threads,
        .windows = windows,
    };
    assert_true(ota_fleet_run(fleet, &options));
    keep_campaign(run, fleet);
    free(observers);
    ota_fleet_free(fleet);
    gather(run);
}

void campaign_run_release(struct campaign_run *run)
{
    for (size_t l = 0; l < run->lane_count; l++)
        free(run->lanes[l].transfers);
    free(run->lanes);
    free(run->devices);
    free(run->records);
    free(run->transfers);
    free(run->waves);
    ota_scenario_release(&run->scenario);
}

/* --- comparing --- */

static void compare_devices(const struct ota_device_record *a,
                            const struct ota_device_record *b)
{
    assert_int_equal(a->outcome, b->outcome);
    assert_int_equal(a->reached_us, b->reached_us);
    assert_int_equal(a->revoked_us, b->revoked_us);
    assert_int_equal(a->offered_us, b->offered_us);
    assert_int_equal(a->begun_us, b->begun_us);
    assert_int_equal(a->installed_us, b->installed_us);
    assert_int_equal(a->confirmed_us, b->confirmed_us);
    assert_int_equal(a->believed_us, b->believed_us);
    assert_int_equal(a->attempts, b->attempts);
    assert_int_equal(a->back_us, b->back_us);
    assert_int_equal(a->routine_bytes, b->routine_bytes);
    assert_int_equal(a->charge_pc, b->charge_pc);
    assert_memory_equal(a, b, sizeof(*a));
}

static void compare_campaigns(const struct ota_campaign_record *a,
                              const struct ota_campaign_record *b)
{
    assert_int_equal(a->offers, b->offers);
    assert_int_equal(a->reoffers, b->reoffers);
    assert_int_equal(a->stop_us, b->stop_us);
    assert_int_equal(a->effective_us, b->effective_us);
    assert_int_equal(a->rule, b->rule);
    assert_int_equal(a->finished_us, b->finished_us);
    assert_int_equal(a->paused_us, b->paused_us);
    assert_int_equal(a->approvals, b->approvals);
    assert_int_equal(a->in_flight_peak, b->in_flight_peak);
    assert_memory_equal(&a->counts, &b->counts, sizeof(a->counts));
    assert_int_equal(a->wave_count, b->wave_count);
    for (size_t w = 0; w < a->wave_count; w++) {
        assert_int_equal(a->waves[w].size, b->waves[w].size);
        assert_int_equal(a->waves[w].opened_us, b->waves[w].opened_us);
        assert_int_equal(a->waves[w].closed_us, b->waves[w].closed_us);
        assert_int_equal(a->waves[w].complete_us, b->waves[w].complete_us);
        assert_memory_equal(&a->waves[w].counts, &b->waves[w].counts,
                            sizeof(a->waves[w].counts));
    }
}

void campaign_run_compare(const struct campaign_run *a,
                          const struct campaign_run *b)
{
    compare_campaigns(&a->campaign, &b->campaign);
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        compare_devices(&a->records[i], &b->records[i]);
        for (size_t k = 0; k < OTA_SEEN_KINDS; k++)
            if (a->devices[i].net[k] != b->devices[i].net[k])
                fail_msg("device %zu: kind %zu seen %d and %d times", i, k,
                         (int)a->devices[i].net[k], (int)b->devices[i].net[k]);
        assert_int_equal(a->devices[i].phase_sum, b->devices[i].phase_sum);
        assert_true(a->devices[i].told == b->devices[i].told);
    }
    assert_int_equal(a->transfer_count, b->transfer_count);
    for (size_t i = 0; i < a->transfer_count; i++) {
        assert_int_equal(a->transfers[i].device, b->transfers[i].device);
        assert_int_equal(a->transfers[i].begun_us, b->transfers[i].begun_us);
        assert_int_equal(a->transfers[i].end_us, b->transfers[i].end_us);
    }
}
