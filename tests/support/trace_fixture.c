/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trace_fixture.c - see trace_fixture.h.
 *
 * The device wakes after an hour and gets a first attempt that its sleep cuts
 * off; the app is sent again in the second hour and leads into safe mode,
 * where the healer sends a system part.
 */
#include "tests/support/trace_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sim/base/clock.h"

#define S OTA_US_PER_S
#define PC_PER_MAH (1000 * OTA_PC_PER_UAH)

const int64_t story_horizon_us = OTA_US_PER_DAY;

void story_hear(struct story *story, int64_t time_us,
                struct ota_observation seen)
{
    seen.time_us = time_us;
    seen.device = STORY_DEVICE;
    seen.group = 1;
    seen.record = &story->books;
    ota_trace_hear(&story->log, &seen);
}

static void plain(struct story *story, int64_t time_us,
                  enum ota_observation_kind kind)
{
    story_hear(story, time_us, (struct ota_observation){.kind = kind});
}

/* A phase is in the books when it is over. */
static void phase(struct story *story, int64_t since_us, int64_t until_us,
                  enum ota_phase phase, int64_t charge_pc)
{
    struct ota_observation seen = {.kind = OTA_SEEN_PHASE};

    story->books.charge_pc += charge_pc;
    seen.detail.phase.phase = phase;
    seen.detail.phase.since_us = since_us;
    story_hear(story, until_us, seen);
}

static void state(struct story *story, int64_t time_us, enum ota_state from,
                  enum ota_state to)
{
    struct ota_observation seen = {.kind = OTA_SEEN_STATE};

    seen.detail.state.from = from;
    seen.detail.state.to = to;
    story_hear(story, time_us, seen);
}

static void connects(struct story *story, int64_t time_us, bool full,
                     bool safe_mode)
{
    struct ota_observation attach = {.kind = OTA_SEEN_ATTACH,
                                     .safe_mode = safe_mode};
    struct ota_observation connect = {.kind = OTA_SEEN_CONNECT,
                                      .safe_mode = safe_mode};

    attach.detail.attach.ok = true;
    attach.detail.attach.took_us = 20 * S;
    story_hear(story, time_us - 2 * S, attach);
    phase(story, time_us - 22 * S, time_us - 2 * S, OTA_PHASE_ATTACHING,
          PC_PER_MAH / 2);
    connect.detail.connect.ok = true;
    connect.detail.connect.full = full;
    connect.detail.connect.took_us = 2 * S;
    connect.detail.connect.bytes = full ? 5500 : 200;
    story->books.routine_bytes += connect.detail.connect.bytes;
    phase(story, time_us - 2 * S, time_us, OTA_PHASE_CONNECTING,
          PC_PER_MAH / 8);
    story_hear(story, time_us, connect);
}

/* A transfer, its end told with its begin, its payload not in the books. */
static void transfer(struct story *story, int64_t begin_us, int64_t end_us,
                     uint32_t step, const struct ota_transfer_result *result)
{
    struct ota_observation begin = {.kind = OTA_SEEN_BEGIN};
    struct ota_observation end = {.kind = OTA_SEEN_END};

    begin.safe_mode = end.safe_mode = step > 0;
    begin.detail.begin.step = step;
    story_hear(story, begin_us, begin);
    story->books.overhead_bytes += result->down_bytes + result->up_bytes -
                                   result->payload_bytes - result->spent_bytes;
    story->books.wasted_bytes += result->spent_bytes;
    end.detail.transfer.step = step;
    end.detail.transfer.begun_us = begin_us;
    end.detail.transfer.result = result;
    story_hear(story, end_us, end);
    phase(story, begin_us, end_us, OTA_PHASE_TRANSFERRING, PC_PER_MAH);
}

static void boot(struct story *story, int64_t time_us, uint32_t step,
                 bool safe_mode)
{
    struct ota_observation seen = {.kind = OTA_SEEN_BOOT,
                                   .safe_mode = safe_mode};

    story->books.useful_bytes += story->modules[step].size_bytes;
    seen.detail.boot.step = step;
    seen.detail.boot.applied = true;
    seen.detail.boot.safe_mode = safe_mode;
    story_hear(story, time_us, seen);
}

/* The first hour: connected, asked, begun, and asleep again. */
static void first_hour(struct story *story)
{
    struct ota_observation flags = {.kind = OTA_SEEN_FLAGS};
    struct ota_observation pending = {.kind = OTA_SEEN_PENDING};
    const struct ota_transfer_result cut = {
        .end = OTA_TRANSFER_CUT,
        .down_bytes = 5850,
        .up_bytes = 150,
        .spent_bytes = 5120,
        .chunks_sent = 10,
    };

    state(story, 0, OTA_STATES, OTA_STATE_WAITING);
    phase(story, 0, 3600 * S, OTA_PHASE_ASLEEP, PC_PER_MAH / 100);
    plain(story, 3600 * S, OTA_SEEN_WAKE);
    phase(story, 3600 * S, 3601 * S, OTA_PHASE_BOOTING, PC_PER_MAH / 100);
    connects(story, 3623 * S, true, false);
    flags.detail.flags.enabled = true;
    story_hear(story, 3624 * S, flags);
    pending.detail.pending.pending = true;
    story_hear(story, 3625 * S, pending);
    plain(story, 3625 * S, OTA_SEEN_OFFER);
    phase(story, 3623 * S, 3630 * S, OTA_PHASE_ONLINE, PC_PER_MAH / 8);
    state(story, 3630 * S, OTA_STATE_WAITING, OTA_STATE_DOWNLOADING);
    transfer(story, 3630 * S, 3633 * S, 0, &cut);
    state(story, 3633 * S, OTA_STATE_DOWNLOADING, OTA_STATE_WAITING);
    plain(story, 3633 * S, OTA_SEEN_SLEEP);
    phase(story, 3633 * S, 7200 * S, OTA_PHASE_ASLEEP, PC_PER_MAH / 100);
}

/* The second: the app, and in safe mode what it needs. */
static void second_hour(struct story *story)
{
    const struct ota_transfer_result app = {
        .end = OTA_TRANSFER_DONE,
        .down_bytes = 24500,
        .up_bytes = 500,
        .payload_bytes = 21000,
        .spent_bytes = 512,
        .chunks_sent = 43,
        .rounds = 2,
    };
    const struct ota_transfer_result system = {
        .end = OTA_TRANSFER_DONE,
        .down_bytes = 146000,
        .up_bytes = 1500,
        .payload_bytes = 125568,
        .chunks_sent = 246,
        .rounds = 6,
    };

    plain(story, 7200 * S, OTA_SEEN_WAKE);
    connects(story, 7222 * S, false, false);
    plain(story, 7222 * S, OTA_SEEN_OFFER);
    phase(story, 7222 * S, 7230 * S, OTA_PHASE_ONLINE, PC_PER_MAH / 8);
    state(story, 7230 * S, OTA_STATE_WAITING, OTA_STATE_DOWNLOADING);
    transfer(story, 7230 * S, 7250 * S, 0, &app);
    state(story, 7250 * S, OTA_STATE_DOWNLOADING, OTA_STATE_APPLYING);
    phase(story, 7250 * S, 7260 * S, OTA_PHASE_APPLYING, PC_PER_MAH / 8);
    boot(story, 7260 * S, 0, true);
    state(story, 7260 * S, OTA_STATE_APPLYING, OTA_STATE_SAFE_MODE);
    connects(story, 7282 * S, true, true);
    story_hear(
        story, 7282 * S,
        (struct ota_observation){.kind = OTA_SEEN_OFFER,
                                 .safe_mode = true,
                                 .detail.offer.sender = OTA_SENDER_HEALER});
    /* Told in two pieces, as when somebody looks at a device meanwhile. */
    phase(story, 7282 * S, 7285 * S, OTA_PHASE_ONLINE, PC_PER_MAH / 16);
    phase(story, 7285 * S, 7290 * S, OTA_PHASE_ONLINE, PC_PER_MAH / 16);
    transfer(story, 7290 * S, 7390 * S, 1, &system);
    phase(story, 7390 * S, 7400 * S, OTA_PHASE_APPLYING, PC_PER_MAH / 8);
    boot(story, 7400 * S, 1, false);
    state(story, 7400 * S, OTA_STATE_SAFE_MODE, OTA_STATE_INSTALLED);
}

/* The rest of the day. */
static void afterwards(struct story *story)
{
    struct ota_observation report = {.kind = OTA_SEEN_REPORT};
    struct ota_observation belief = {.kind = OTA_SEEN_BELIEF};
    struct ota_observation idle = {.kind = OTA_SEEN_IDLE};
    struct ota_observation presence = {.kind = OTA_SEEN_PRESENCE};

    connects(story, 7422 * S, true, false);
    state(story, 7422 * S, OTA_STATE_INSTALLED, OTA_STATE_CONFIRMED);
    report.detail.report.lost = true;
    story_hear(story, 7422 * S, report);
    plain(story, 7430 * S, OTA_SEEN_COMMAND);
    phase(story, 7422 * S, 7432 * S, OTA_PHASE_ONLINE, PC_PER_MAH / 8);
    plain(story, 7432 * S, OTA_SEEN_SLEEP);
    story->books.routine_bytes += 4000;
    story->books.charge_pc += 2 * PC_PER_MAH;
    idle.detail.idle.since_us = 7432 * S;
    idle.detail.idle.wakes = 20;
    idle.detail.idle.connects = 20;
    idle.detail.idle.bytes = 4000;
    idle.detail.idle.charge_pc = 2 * PC_PER_MAH;
    story_hear(story, 80000 * S, idle);
    belief.detail.belief.updated = belief.detail.belief.asked = true;
    story_hear(story, 80000 * S + 1500, belief);
    story_hear(story, 81000 * S, presence);
    phase(story, 81000 * S, story_horizon_us, OTA_PHASE_ABSENT, 0);
    story->books.outcome = OTA_OUTCOME_UPDATED_CONFIRMED;
    story->books.offered_us = 3625 * S;
    story->books.begun_us = 3630 * S;
    story->books.installed_us = 7400 * S;
    story->books.confirmed_us = 7422 * S;
    story->books.believed_us = OTA_NEVER;
    story->books.defect_us = OTA_NEVER;
    story->books.power_us[OTA_POWER_HIBERNATE] = 80000 * S;
    story->books.power_us[OTA_POWER_ATTACH] = 80 * S;
    story->books.power_us[OTA_POWER_TRANSFER] = 123 * S;
    story->books.wakes = 22;
    story->books.connects = 24;
    story->books.handshakes = 3;
    story->books.offers = 2;
    story->books.attempts = 3;
    story->books.aborted = 1;
    story->books.modules = 2;
    plain(story, story_horizon_us, OTA_SEEN_FINAL);
}

void story_tell(struct story *story)
{
    *story = (struct story){
        .log = {.device = STORY_DEVICE},
        .modules = {{"u1 2", 21000, false}, {"s1 108", 125568, true}},
    };
    first_hour(story);
    second_hour(story);
    afterwards(story);
    ota_trace_sort(&story->log);
    story->device = (struct ota_trace_device){
        .log = &story->log,
        .group = "electrons",
        .platform = "electron",
        .os = "0.6.0",
        .product = true,
        .modules = story->modules,
        .module_count = STORY_MODULES,
    };
    story->trace = (struct ota_trace){
        .scenario = "sample",
        .version = "1.2.3",
        .seed = 7,
        .replication = 3,
        .release_us = 60 * S,
        .app_version = 2,
        .needs_os = "0.7.0",
        .devices = &story->device,
        .device_count = 1,
    };
}

char *story_write(const struct story *story, enum ota_trace_format format)
{
    enum { SIZE = 1 << 20 };
    char *text = calloc(1, SIZE);
    FILE *file = tmpfile();

    assert_non_null(text);
    assert_non_null(file);
    ota_trace_write(&story->trace, format, file);
    assert_int_equal(ferror(file), 0);
    rewind(file);
    const size_t length = fread(text, 1, SIZE - 1, file);
    assert_true(length < SIZE - 1);
    fclose(file);
    return text;
}

void story_release(struct story *story)
{
    ota_trace_release(&story->log);
}
