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
    int64_t first_us, last_us;

    if (now_us <= device->belief_us)
        return;
    /* Until the version was reported a query finds the old one. */
    const int64_t before_us = ota_us_min(now_us, confirmed_us - 1);
    if (queries_in(actor, device->belief_us, before_us, &first_us, &last_us))
        believe(actor, first_us, false, true);
    if (confirmed_us <= now_us &&
        queries_in(actor, ota_us_max(device->belief_us, confirmed_us - 1),
                   now_us, &first_us, &last_us))
        believe(actor, first_us, true, true);
    device->belief_us = now_us;
}

/* A report of success on its way to the backend. Returns whether it is
 * lost. */
static bool report(struct ota_actor *actor, int64_t now_us)
{
    struct ota_stream stream;

    ota_report_queries(actor, now_us);
    ota_actor_stream(actor, OTA_PURPOSE_REPORT, &stream);
    const bool lost =
        gsl_rng_uniform(&stream.rng) < actor->config->backend.report_loss;
    if (!lost)
        believe(actor, now_us, true, false);
    return lost;
}

void ota_report_connected(struct ota_actor *actor, int64_t now_us)
{
    if (actor->device->state != OTA_STATE_INSTALLED)
        return;
    bool lost = false;
    if (actor->config->backend.believes == OTA_BACKEND_VERSION)
        lost = report(actor, now_us);
    else
        ota_report_queries(actor, now_us - 1);
    actor->record->confirmed_us = now_us;
    actor->reports->confirmed++;
    struct ota_observation seen =
        ota_actor_observation(actor, OTA_SEEN_REPORT, now_us);
    seen.detail.report.lost = lost;
    ota_actor_tell(actor, &seen);
    ota_actor_state(actor, now_us, OTA_STATE_CONFIRMED);
}

void ota_report_sent(struct ota_actor *actor, int64_t now_us)
{
    const struct ota_path *path = ota_actor_path(actor);
    const ota_path_taken with =
        actor->device->taken | (ota_path_taken)1 << actor->device->step;

    if (actor->config->backend.believes == OTA_BACKEND_SENT &&
        (with == ota_path_all(path) ||
         (ota_operator_sends(actor) && actor->device->sent == path->count)))
        report(actor, now_us);
}
