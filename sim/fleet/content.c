/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * content.c - what a device is sent: the image, or what differs from the one
 * it has; and what a transfer that was broken off leaves.
 *
 * A delta is a share of the image's size, and no longer than the image to
 * apply. Whether a device gets one is its own luck, the same at each try. A way
 * back is always a full image (assumption).
 */
#include <math.h>

#include "sim/fleet/device.h"

/* The draw of whether a delta works, by index; transfers go by connect. */
static const uint64_t delta_works = UINT64_MAX;

static const struct ota_policy_transfer *rules(const struct ota_actor *actor)
{
    return &actor->config->policy.transfer;
}

/* Whether the device is one that gets deltas. */
static bool may_get_delta(const struct ota_actor *actor)
{
    const struct ota_policy_transfer *transfer = rules(actor);
    struct ota_stream stream;

    if (actor->device->backs || ota_operator_sends(actor))
        return false;
    switch ((enum ota_image_form)transfer->image) {
    case OTA_IMAGE_FULL:
        return false;
    case OTA_IMAGE_DELTA:
        return true;
    case OTA_IMAGE_DELTA_ELSE_FULL:
        break;
    }
    ota_stream_init(&stream, actor->key, actor->id, OTA_PURPOSE_TRANSFER,
                    delta_works);
    return ota_uniform(&stream.rng) < transfer->delta_ok;
}

static int64_t delta_ready_us(const struct ota_actor *actor)
{
    return ota_us_add(actor->config->release_us, rules(actor)->delta_ready_us);
}

int64_t ota_content_ready_us(const struct ota_actor *actor)
{
    return may_get_delta(actor) && !rules(actor)->while_not_ready_full
               ? delta_ready_us(actor)
               : -OTA_NEVER;
}

/* What was kept is worth nothing any more. */
static void forget(struct ota_actor *actor)
{
    actor->record->wasted_bytes += actor->device->module_bytes;
    actor->device->module_bytes = 0;
}

/* The document that says where the image is holds good for a while. */
void ota_content_fetch(struct ota_actor *actor, int64_t now_us)
{
    const struct ota_policy_transfer *transfer = rules(actor);
    struct ota_manner *manner = &actor->device->manner;

    if (!manner->resumes) {
        manner->document_us = now_us; /* it came with the offer */
        return;
    }
    if (transfer->url_ttl_us == OTA_NEVER ||
        now_us <= ota_us_add(manner->document_us, transfer->url_ttl_us))
        return;
    manner->document_us = now_us;
    ota_actor_bytes(actor, OTA_BYTES_OVERHEAD, now_us, transfer->url_bytes);
}

int64_t ota_content_prepare(struct ota_actor *actor, int64_t now_us,
                            int64_t image_bytes)
{
    const struct ota_policy_transfer *transfer = rules(actor);
    struct ota_manner *manner = &actor->device->manner;
    const bool delta = may_get_delta(actor) && now_us >= delta_ready_us(actor);
    int64_t bytes = image_bytes;

    if (delta)
        bytes = ota_us_max(
            (int64_t)ceil((double)image_bytes * transfer->delta_share), 1);
    if (delta != manner->delta || bytes != manner->image_bytes ||
        (transfer->resume_given && !transfer->resume))
        forget(actor);
    manner->delta = delta;
    manner->image_bytes = bytes;
    manner->resumes = actor->device->module_bytes > 0;
    return bytes;
}

struct ota_transfer_result ota_content_run(const struct ota_actor *actor,
                                           const struct ota_transfer_job *job,
                                           gsl_rng *rng)
{
    const struct ota_transfer *transfer = &actor->group->transfer;
    const bool given = rules(actor)->resume_given;

    if (given && transfer->model == &ota_transfer_block) {
        struct ota_transfer_block_config config =
            *(const struct ota_transfer_block_config *)transfer->config;
        config.resumes = rules(actor)->resume;
        return transfer->model->run(&config, job, rng);
    }
    if (given && transfer->model == &ota_transfer_qblock) {
        struct ota_transfer_qblock_config config =
            *(const struct ota_transfer_qblock_config *)transfer->config;
        config.resumes = rules(actor)->resume;
        return transfer->model->run(&config, job, rng);
    }
    return transfer->model->run(transfer->config, job, rng);
}
