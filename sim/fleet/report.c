/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report.c - what the cloud knows of a device, and what the operator's backend
 * makes of it.
 *
 * The cloud hears the version when the device connects. The backend hears of
 * it by a report that may be lost, or takes the end of a transfer for success;
 * now and then it asks the cloud, and then knows what the cloud knows. Queries
 * come at known instants, so they need no event: their effect is worked out
 * when something else changes the belief, and at the end.
 */
#include <assert.h>

#include "sim/fleet/device.h"

/* --- the campaign --- */

/* What the backend is told: some is lost, the rest may take its time. One that
 * was lost is found by the next query, if it was a success. */
static int64_t arrives_us(const struct ota_actor *actor, int64_t now_us,
                          enum ota_report_kind kind)
{
    const struct ota_backend_config *backend = &actor->config->backend;
    const int64_t since_us = now_us - actor->config->release_us;
    struct ota_stream stream;

    if (backend->report_loss <= 0 && ota_dist_most(&backend->report_delay) <= 0)
        return now_us;
    ota_stream_init(&stream, actor->key, actor->id, OTA_PURPOSE_REPORT,
                    UINT64_C(1) << 63 | (uint64_t)kind << 56 |
                        (uint64_t)actor->device->told++);
    const bool lost = ota_uniform(&stream.rng) < backend->report_loss;
    if (!lost)
        return ota_us_add(
            now_us, ota_dist_draw_us(&backend->report_delay, &stream.rng));
    if (kind != OTA_REPORT_SUCCEEDED || backend->query_us == OTA_NEVER)
        return OTA_NEVER;
    const int64_t queries = since_us / backend->query_us + 1;
    return actor->config->release_us + queries * backend->query_us;
}

static bool goes_through_backend(enum ota_report_kind kind)
{
    switch (kind) {
    case OTA_REPORT_STARTED:
    case OTA_REPORT_PROGRESS:
    case OTA_REPORT_SUCCEEDED:
    case OTA_REPORT_FAILED:
    case OTA_REPORT_REFUSED:
    case OTA_REPORT_BACK:
        return true;
    default:
        return false;
    }
}

void ota_actor_report(struct ota_actor *actor, int64_t now_us,
                      enum ota_report_kind kind, enum ota_cause cause)
{
    if (!actor->log)
        return;
    const int64_t at_us =
        goes_through_backend(kind) ? arrives_us(actor, now_us, kind) : now_us;
    if (at_us >= actor->config->horizon_us)
        return;
    const struct ota_campaign_report report = {
        .time_us = at_us,
        .device = (uint32_t)actor->id,
        .kind = (uint8_t)kind,
        .cause = (uint8_t)cause,
        .serial = actor->device->serial,
    };
    ota_report_log_add(actor->log, &report);
}

/* --- the backend --- */

/* The first and the last query in (from_us, to_us]; false if there is none. */
static bool queries_in(const struct ota_actor *actor, int64_t from_us,
                       int64_t to_us, int64_t *first_us, int64_t *last_us)
{
    const int64_t every_us = actor->config->backend.query_us;
    const int64_t release_us = actor->config->release_us;

    if (every_us == OTA_NEVER || to_us < ota_us_add(release_us, every_us))
        return false;
    const int64_t since = from_us < release_us ? 0 : from_us - release_us;
    *first_us = release_us + (since / every_us + 1) * every_us;
    *last_us = release_us + (to_us - release_us) / every_us * every_us;
    return *first_us <= to_us;
}

static void believe(struct ota_actor *actor, int64_t at_us, bool updated,
                    bool asked)
{
    struct ota_device_record *record = actor->record;

    if (record->believed == updated)
        return;
    record->believed = updated;
    record->believed_us = at_us;
    if (!ota_actor_heard(actor, OTA_SEEN_BELIEF))
        return;
    struct ota_observation seen =
        ota_actor_observation(actor, OTA_SEEN_BELIEF, at_us);
    seen.detail.belief.updated = updated;
    seen.detail.belief.asked = asked;
    ota_actor_tell(actor, &seen);
}

void ota_report_queries(struct ota_actor *actor, int64_t now_us)
{
    const int64_t confirmed_us = actor->record->confirmed_us;
    struct ota_device *device = actor->device;
    const int64_t old_us = device->manner.old_us;
    int64_t first_us, last_us;

    if (now_us <= device->belief_us)
        return;
    /* Until the version was reported a query finds the old one. */
    const int64_t before_us = ota_us_min(now_us, confirmed_us - 1);
    if (queries_in(actor, device->belief_us, before_us, &first_us, &last_us))
        believe(actor, first_us, false, true);
    if (confirmed_us <= now_us &&
        queries_in(actor, ota_us_max(device->belief_us, confirmed_us - 1),
                   ota_us_min(now_us, old_us - 1), &first_us, &last_us))
        believe(actor, first_us, true, true);
    if (old_us <= now_us &&
        queries_in(actor, ota_us_max(device->belief_us, old_us - 1), now_us,
                   &first_us, &last_us))
        believe(actor, first_us, false, true);
    device->belief_us = now_us;
}

/* A report of the version on its way to the backend. Returns whether it is
 * lost. */
static bool report(struct ota_actor *actor, int64_t now_us, bool updated)
{
    const double loss = actor->config->backend.report_loss;
    struct ota_stream stream;

    ota_report_queries(actor, now_us);
    ota_actor_stream(actor, OTA_PURPOSE_REPORT, &stream);
    const bool lost = loss > 0 && ota_uniform(&stream.rng) < loss;
    if (!lost)
        believe(actor, now_us, updated, false);
    return lost;
}

/* The cloud hears that a device that had reported the release has the old
 * version again. */
static void report_old(struct ota_actor *actor, int64_t now_us)
{
    if (actor->record->confirmed_us == OTA_NEVER)
        return;
    if (actor->config->backend.believes == OTA_BACKEND_VERSION)
        report(actor, now_us, false);
    else
        ota_report_queries(actor, now_us - 1);
    actor->device->manner.old_us = now_us;
}

/* The device tells what became of the last image. */
static void report_failure(struct ota_actor *actor, int64_t now_us)
{
    struct ota_device *device = actor->device;

    if (device->manner.owes == 0)
        return;
    const enum ota_cause cause = (enum ota_cause)(device->manner.owes - 1);
    device->manner.owes = 0;
    ota_actor_report(actor, now_us, OTA_REPORT_FAILED, cause);
    if (cause == OTA_CAUSE_REVERT)
        report_old(actor, now_us);
    else if (!device->safe_mode)
        ota_actor_state(actor, now_us, OTA_STATE_GIVEN_UP);
}

static void tell_report(const struct ota_actor *actor, int64_t now_us,
                        bool lost)
{
    if (!ota_actor_heard(actor, OTA_SEEN_REPORT))
        return;
    struct ota_observation seen =
        ota_actor_observation(actor, OTA_SEEN_REPORT, now_us);
    seen.detail.report.lost = lost;
    ota_actor_tell(actor, &seen);
}

void ota_report_connected(struct ota_actor *actor, int64_t now_us)
{
    if (actor->device->state == OTA_STATE_ROLLED_BACK &&
        actor->device->reached) {
        actor->device->reached = false;
        ota_actor_report(actor, now_us, OTA_REPORT_BACK, OTA_CAUSES);
        report_old(actor, now_us);
    }
    report_failure(actor, now_us);
    if (actor->device->state != OTA_STATE_INSTALLED || actor->device->backs ||
        !ota_confirm_reports(actor, now_us))
        return;
    bool lost = false;
    if (actor->config->backend.believes == OTA_BACKEND_VERSION)
        lost = report(actor, now_us, true);
    else
        ota_report_queries(actor, now_us - 1);
    actor->record->confirmed_us = now_us;
    actor->device->manner.old_us = OTA_NEVER;
    if (actor->config->backend.believes == OTA_BACKEND_VERSION)
        ota_actor_report(actor, now_us, OTA_REPORT_SUCCEEDED, OTA_CAUSES);
    tell_report(actor, now_us, lost);
    ota_actor_state(actor, now_us, OTA_STATE_CONFIRMED);
}

void ota_report_sent(struct ota_actor *actor, int64_t now_us)
{
    const struct ota_path *path = ota_actor_path(actor);
    const ota_path_taken with =
        actor->device->taken | (ota_path_taken)1 << actor->device->step;

    if (actor->config->backend.believes == OTA_BACKEND_SENT &&
        (with == ota_path_all(path) ||
         (ota_operator_sends(actor) && actor->device->sent == path->count))) {
        report(actor, now_us, true);
        ota_actor_report(actor, now_us, OTA_REPORT_SUCCEEDED, OTA_CAUSES);
    }
}
