/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * script.c - see script.h. Reports to come stand in a heap; an order that
 * takes an offer back makes those of the attempt void.
 */
#include "tests/support/script.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <stdlib.h>

#include "sim/base/clock.h"

struct script_device {
    int64_t tries;
    uint32_t attempt; /* what reports must be of to stand; 0: none yet */
    bool offered, started;
};

struct script_event {
    int64_t at_us;
    uint64_t order;
    uint32_t device;
    uint32_t attempt; /* 0: stands always */
    uint8_t kind, cause;
    bool is_poll;
};

static bool before(const struct script_event *a, const struct script_event *b)
{
    if (a->at_us != b->at_us)
        return a->at_us < b->at_us;
    if (a->device != b->device)
        return a->device < b->device;
    return a->order < b->order;
}

static void push(struct script *script, struct script_event event)
{
    if (event.at_us == OTA_NEVER)
        return;
    if (script->event_count == script->event_places) {
        script->event_places = 2 * script->event_places + 64;
        script->events = realloc(script->events,
                                 script->event_places * sizeof *script->events);
        assert_non_null(script->events);
    }
    event.order = script->event_last++;
    size_t i = script->event_count++;
    for (; i > 0 && before(&event, &script->events[(i - 1) / 2]);
         i = (i - 1) / 2)
        script->events[i] = script->events[(i - 1) / 2];
    script->events[i] = event;
}

static struct script_event pop(struct script *script)
{
    const struct script_event first = script->events[0];
    const struct script_event last = script->events[--script->event_count];
    size_t i = 0;

    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= script->event_count)
            break;
        if (child + 1 < script->event_count &&
            before(&script->events[child + 1], &script->events[child]))
            child++;
        if (!before(&script->events[child], &last))
            break;
        script->events[i] = script->events[child];
        i = child;
    }
    script->events[i] = last;
    return first;
}

static struct script_answer succeeds(struct script *script, uint32_t device,
                                     int64_t tries)
{
    (void)script;
    (void)device;
    (void)tries;
    return (struct script_answer){.end_us = OTA_US_PER_MIN,
                                  .kind = OTA_REPORT_SUCCEEDED};
}

void script_init(struct script *script, size_t devices)
{
    *script =
        (struct script){.answer = succeeds,
                        .key = {.seed = 1},
                        .world = {.devices = devices, .end_us = OTA_NEVER}};
    ota_policy_init(&script->policy);
    script->policy.waves.list = script->waves;
    script_wave(script, 0, 0);
    script->offered_us = calloc(devices + 1, sizeof *script->offered_us);
    script->devices = calloc(devices + 1, sizeof *script->devices);
    assert_non_null(script->offered_us);
    assert_non_null(script->devices);
    for (size_t d = 0; d < devices; d++)
        script->offered_us[d] = OTA_NEVER;
}

struct ota_wave *script_wave(struct script *script, size_t w, int64_t pct)
{
    assert_true(w < SCRIPT_WAVES);
    script->policy.waves.count = w + 1;
    script->waves[w] = (struct ota_wave){
        .name = "wave",
        .size = {.kind = pct > 0 ? OTA_SIZE_PCT : OTA_SIZE_REST,
                 .pct = pct * (OTA_PCT_ALL / 100)},
        .start = {.kind = w == 0 ? OTA_START_AT : OTA_START_NEXT},
        .order = OTA_SEQUENCE_ID};
    return &script->waves[w];
}

void script_report(struct script *script, int64_t at_us, uint32_t device,
                   enum ota_report_kind kind, enum ota_cause cause)
{
    push(script, (struct script_event){.at_us = at_us,
                                       .device = device,
                                       .kind = (uint8_t)kind,
                                       .cause = (uint8_t)cause});
}

static void attempt_report(struct script *script, int64_t at_us, uint32_t d,
                           uint8_t kind, uint8_t cause)
{
    push(script, (struct script_event){.at_us = at_us,
                                       .device = d,
                                       .attempt = script->devices[d].attempt,
                                       .kind = kind,
                                       .cause = cause});
}

static void start(struct script *script, uint32_t d, int64_t at_us)
{
    struct script_device *device = &script->devices[d];
    const struct script_answer answer =
        script->answer(script, d, device->tries - 1);
    const int64_t end_us = ota_us_add(at_us, answer.end_us);

    attempt_report(script, at_us, d, OTA_REPORT_STARTED, 0);
    if (ota_campaign_grants(script->campaign))
        attempt_report(script, end_us, d, OTA_REPORT_END, 0);
    attempt_report(script, end_us, d, answer.kind, answer.cause);
}

static void offered(struct script *script, uint32_t d)
{
    struct script_device *device = &script->devices[d];
    const struct script_answer answer =
        script->answer(script, d, device->tries++);
    int64_t at_us = script->now_us;

    device->attempt++;
    device->offered = true;
    device->started = false;
    if (script->offered_us[d] == OTA_NEVER)
        script->offered_us[d] = at_us;
    if (script->polls)
        at_us = script->polls(script, d, at_us);
    at_us = ota_us_add(at_us, answer.start_us);
    if (at_us == OTA_NEVER)
        return;
    if (ota_campaign_grants(script->campaign))
        attempt_report(script, at_us, d, OTA_REPORT_BEGIN, 0);
    else
        start(script, d, at_us);
}

static void obey_one(struct script *script, const struct ota_order *order)
{
    struct script_device *device = &script->devices[order->device];

    script->orders[order->kind]++;
    assert_true(order->time_us == script->now_us);
    if (script->sees)
        script->sees(script, order);
    switch ((enum ota_order_kind)order->kind) {
    case OTA_ORDER_OFFER:
        offered(script, order->device);
        break;
    case OTA_ORDER_REVOKE:
        if (!device->started)
            device->attempt++;
        break;
    case OTA_ORDER_CANCEL:
        device->attempt++;
        break;
    case OTA_ORDER_GRANT:
        start(script, order->device, order->time_us);
        break;
    case OTA_ORDER_ROLL_BACK:
        script_report(script, ota_us_add(script->now_us, OTA_US_PER_MIN),
                      order->device, OTA_REPORT_BACK, 0);
        break;
    case OTA_ORDER_KINDS:
        fail();
    }
}

static void obey(struct script *script, const struct ota_order *order)
{
    struct ota_order each = *order;

    each.all = false;
    if (order->all)
        for (each.device = 0; each.device < script->world.devices;
             each.device++)
            obey_one(script, &each);
    else
        obey_one(script, &each);
}

/* Whether a device that polls says so now; it asks again later. */
static bool polls_now(struct script *script, const struct script_event *event)
{
    if (script->devices[event->device].offered)
        return false;
    push(script,
         (struct script_event){
             .at_us = script->polls(script, event->device, event->at_us + 1),
             .device = event->device,
             .kind = OTA_REPORT_CONTACT,
             .is_poll = true});
    return ota_campaign_wants_contacts(script->campaign);
}

static size_t gather(struct script *script)
{
    size_t count = 0;

    while (script->event_count > 0 &&
           script->events[0].at_us == script->now_us) {
        const struct script_event event = pop(script);
        struct script_device *device = &script->devices[event.device];
        if ((event.attempt != 0 && event.attempt != device->attempt) ||
            (event.is_poll && !polls_now(script, &event)))
            continue;
        device->started = device->started || event.kind == OTA_REPORT_STARTED;
        if (count == script->report_places) {
            script->report_places = 2 * script->report_places + 64;
            script->reports =
                realloc(script->reports,
                        script->report_places * sizeof *script->reports);
            assert_non_null(script->reports);
        }
        script->reports[count++] =
            (struct ota_campaign_report){.time_us = event.at_us,
                                         .device = event.device,
                                         .kind = event.kind,
                                         .cause = event.cause};
    }
    return count;
}

static void begin(struct script *script)
{
    struct ota_error error = {0};

    script->world.key = &script->key;
    if (!script->world.self)
        script->world.self = script;
    script->campaign =
        ota_campaign_new(&script->policy, &script->world, &error);
    assert_non_null(script->campaign);
    for (uint32_t d = 0; script->polls && d < script->world.devices; d++)
        push(script, (struct script_event){.at_us = script->polls(script, d, 0),
                                           .device = d,
                                           .kind = OTA_REPORT_CONTACT,
                                           .is_poll = true});
}

void script_run(struct script *script, int64_t until_us)
{
    if (!script->campaign)
        begin(script);
    for (;;) {
        int64_t next_us = ota_campaign_next_us(script->campaign);
        if (script->event_count > 0)
            next_us = ota_us_min(next_us, script->events[0].at_us);
        if (next_us == OTA_NEVER || next_us > until_us)
            return;
        assert_true(next_us >= script->now_us);
        script->now_us = next_us;
        script->instants++;
        const size_t count = gather(script);
        ota_campaign_instant(script->campaign, next_us, script->reports, count);
        assert_false(ota_campaign_failed(script->campaign));
        size_t orders;
        const struct ota_order *list =
            ota_campaign_orders(script->campaign, &orders);
        for (size_t i = 0; i < orders; i++)
            obey(script, &list[i]);
        ota_campaign_orders_done(script->campaign);
        if (script->checks)
            script->checks(script, next_us);
    }
}

struct ota_campaign_record script_record(const struct script *script)
{
    struct ota_campaign_record record;

    ota_campaign_result(script->campaign, &record);
    return record;
}

int64_t script_count(const struct script *script, enum ota_counter counter)
{
    const struct ota_campaign_record record = script_record(script);

    return ota_count(&record.counts, counter);
}

void script_free(struct script *script)
{
    ota_campaign_free(script->campaign);
    free(script->offered_us);
    free(script->devices);
    free(script->events);
    free(script->reports);
}
