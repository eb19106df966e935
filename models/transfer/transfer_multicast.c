/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * transfer_multicast.c - fragments broadcast to all devices at once, as LoRaWAN
 * does in class C; one device's share in it.
 *
 *     sender                          device
 *     fragment 1, 2, ... n       -->
 *
 * The image is cut into N = ceil(size / (fragment - 2)) pieces, 2 bytes being
 * the fragment's number; n = N + redundancy coded fragments are sent, whoever
 * has received what. A device is done with the fragment that lets it decode,
 * and has failed if that has not come by the end of the last one.
 *
 * Time. A LoRa symbol lasts 2^SF / bandwidth; a fragment 12.25 of them for the
 * preamble and 8 + 5 ceil((8 PL - 4 SF + 44) / (4 (SF - 2 DE))), or 8 if that
 * is less, for PL bytes with header, checksum and coding rate 4/5; DE = 1 for
 * SF 11 and 12 at 125 kHz. A duty cycle d silences the sender for 1/d - 1 times
 * as long behind each. The link's rate plays no part, its losses and outages
 * do. A device or app that needs longer for a fragment slows the broadcast (an
 * assumption: a session is set up for its slowest device).
 *
 * Decoding. fixed_extra: from any N + extra fragments. random_linear: each
 * fragment is a random sum of the pieces over GF(2). With r independent ones
 * in hand the next is independent of them with probability 1 - 2^(r - N), so
 * that N + k fragments are enough with probability
 *
 *     product over i = k + 1 ... N + k of 1 - 2^-i.
 *
 * Packets follow the rank r; a flow draws k from that law at the beginning.
 *
 * Flow. The fragments received among m sent in one regime are binomial. As
 * long as `wanted` are to come before something happens (the image decodes,
 * the app breaks it), wanted - 1 may be sent and counted at once, since
 * nothing can happen among them; when one is wanted, the losses before it are
 * geometric. That takes some log(N) draws, not N.
 *
 * Nothing of a broadcast that failed is kept. What a device reports later by
 * its own messages is not counted.
 *
 * Source: github.com/kqorany/FUOTASim, fuotasim.py (pieces, extra fragments,
 * duty cycle); Semtech AN1200.13, LoRa modem designer's guide (time on air);
 * LoRa Alliance TS004, Fragmented Data Block Transport (messages).
 */
#include "models/transfer/multicast.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>

#include "models/transfer/flow.h"
#include "sim/base/clock.h"
#include "sim/base/random.h"

enum {
    NUMBER_BYTES = 2, /* of a fragment: which one it is */
    SETUP_BYTES = 11, /* FragSessionSetupReq */
    ANSWER_BYTES = 2, /* FragSessionSetupAns */
    SURE_PIECES = 53, /* 2^-53 is no chance to a double */
};

struct broadcast {
    const struct ota_transfer_multicast_config *config;
    struct ota_transfer_account *account;
    int64_t pieces; /* of the image: N */
    int64_t most;   /* fragments that are sent: n */
    int64_t sent, received;
    int64_t rank;   /* packets of random_linear: independent ones */
    int64_t needed; /* else: so many decode */
    int64_t wire_bytes;
    int64_t air_us;
    int64_t period_us; /* from one fragment to the next */
    int64_t work_us;   /* of the device, behind a fragment */
};

int64_t
ota_multicast_fragments(const struct ota_transfer_multicast_config *config,
                        int64_t size_bytes)
{
    return ota_transfer_chunks(size_bytes, config->chunk_bytes - NUMBER_BYTES);
}

int64_t ota_multicast_air_us(const struct ota_transfer_multicast_config *config)
{
    const int64_t sf = config->spreading_factor;
    const bool slow = config->bandwidth == OTA_TRANSFER_125_KHZ && sf >= 11;
    /* 2^SF / 125 kHz in us is 8 * 2^SF, and half of it, and a quarter. */
    const int64_t symbol_us =
        (INT64_C(8) << sf) >> (config->bandwidth - OTA_TRANSFER_125_KHZ);
    const int64_t bits =
        8 * (config->chunk_bytes + config->mac_bytes) - 4 * sf + 44;
    const int64_t row = 4 * (sf - (slow ? 2 : 0));
    const int64_t symbols = 8 + (bits > 0 ? (bits + row - 1) / row * 5 : 0);

    return (49 * symbol_us) / 4 + symbols * symbol_us;
}

int64_t ota_multicast_gap_us(const struct ota_transfer_multicast_config *config)
{
    return llround((double)ota_multicast_air_us(config) *
                   (1 / config->duty_cycle - 1));
}

double ota_multicast_decodable(int64_t fragments, int64_t extra)
{
    double decodable = 1;

    if (extra < 0)
        return 0;
    for (int64_t i = extra + 1; i <= fragments + extra && i <= 64; i++)
        decodable *= 1 - ldexp(1, (int)-i);
    return decodable;
}

/* How many fragments beyond the pieces it takes, by inversion. */
static int64_t draw_extra(int64_t pieces, gsl_rng *rng)
{
    const double u = ota_uniform(rng);
    double decodable = ota_multicast_decodable(pieces, 0);
    int64_t extra = 0;

    while (u >= decodable && extra <= SURE_PIECES) {
        extra++;
        decodable *=
            (1 - exp2(-(double)(pieces + extra))) / (1 - exp2(-(double)extra));
    }
    return extra;
}

static struct broadcast
open_broadcast(const struct ota_transfer_multicast_config *config,
               struct ota_transfer_account *account)
{
    const struct ota_transfer_job *job = account->job;
    struct broadcast all = {
        .config = config,
        .account = account,
        .pieces = ota_multicast_fragments(config, job->size_bytes),
        .wire_bytes = config->chunk_bytes + config->mac_bytes,
        .air_us = ota_multicast_air_us(config),
        .work_us =
            ota_air_device_us(job->air, config->chunk_bytes - NUMBER_BYTES),
    };

    all.most = all.pieces + config->redundancy;
    all.period_us = ota_us_max(all.air_us + ota_multicast_gap_us(config),
                               ota_us_max(all.work_us, job->pump_us));
    all.needed = all.pieces;
    if (config->coding == OTA_TRANSFER_FIXED_EXTRA)
        all.needed += config->extra;
    else if (config->fidelity == OTA_TRANSFER_FLOW)
        all.needed += draw_extra(all.pieces, account->rng);
    return all;
}

/* When the next fragment leaves; the k-th from there is over that much
 * later. */
static int64_t next_us(const struct broadcast *all)
{
    return all->account->job->begin_us + all->sent * all->period_us;
}

/* Enters `count` fragments, of which so many arrived. Returns false if that
 * ended the transfer: the app broke it, or the image is complete. */
static bool enter(struct broadcast *all, int64_t count, int64_t arrived)
{
    struct ota_transfer_account *account = all->account;
    const int64_t heard_us =
        next_us(all) + (count - 1) * all->period_us + all->air_us;

    all->sent += count;
    all->received += arrived;
    if (arrived > 0)
        ota_transfer_arrive(account, arrived, heard_us, 0);
    if (account->broken_us != OTA_NEVER) {
        ota_transfer_end_at_limit(account);
        return false;
    }
    const bool random = all->config->coding == OTA_TRANSFER_RANDOM_LINEAR &&
                        all->config->fidelity == OTA_TRANSFER_PACKET;
    if (random ? all->rank < all->pieces : all->received < all->needed)
        return true;
    ota_transfer_end(account, OTA_TRANSFER_DONE,
                     ota_us_add(heard_us, all->work_us));
    return false;
}

/* Bills `count` fragments that leave from now on. */
static bool bill(struct broadcast *all, int64_t count)
{
    struct ota_transfer_account *account = all->account;

    account->now_us = next_us(all);
    if (!ota_transfer_bill(account, count * all->wire_bytes, 0))
        return false;
    account->result->chunks_sent += count;
    account->chunk_bytes_down += count * all->wire_bytes;
    return true;
}

/* Whether the next fragment leaves, and is heard to its end, before the cut.
 * If not, ends the transfer. */
static bool in_time(struct broadcast *all)
{
    struct ota_transfer_account *account = all->account;
    const int64_t cut_us = account->job->cut_us;

    if (cut_us == OTA_NEVER || next_us(all) + all->air_us <= cut_us)
        return true;
    if (next_us(all) < cut_us && !bill(all, 1))
        return false;
    ota_transfer_end(account, OTA_TRANSFER_CUT, cut_us);
    return false;
}

/* --- packets --- */

/* Whether a fragment that came is independent of those in hand. */
static bool independent(const struct broadcast *all)
{
    const int64_t missing = all->pieces - all->rank;

    return missing > SURE_PIECES ||
           ota_uniform(all->account->rng) >= ldexp(1, (int)-missing);
}

static bool one_fragment(struct broadcast *all)
{
    struct ota_transfer_account *account = all->account;

    if (!in_time(all) || !bill(all, 1))
        return false;
    const bool arrived =
        !ota_air_lost(account->job->air, next_us(all), account->rng);
    if (arrived && all->config->coding == OTA_TRANSFER_RANDOM_LINEAR)
        all->rank += independent(all);
    return enter(all, 1, arrived);
}

/* --- flow --- */

/* The loss of the next fragment, and how many of the next share it and are
 * heard before the cut; one at least. */
static double sense(const struct broadcast *all, int64_t *alike)
{
    const struct ota_transfer_account *account = all->account;
    struct ota_air *air = account->job->air;
    const int64_t now_us = next_us(all);
    int64_t until_us;
    double loss = ota_air_loss(air, now_us, &until_us, account->rng);

    *alike = all->most - all->sent;
    if (until_us != OTA_NEVER)
        *alike =
            ota_us_min(*alike, (until_us - now_us - 1) / all->period_us + 1);
    if (account->job->cut_us != OTA_NEVER)
        *alike = ota_us_min(
            *alike,
            (account->job->cut_us - all->air_us - now_us) / all->period_us + 1);
    if (loss < air->loss_first && ota_air_is_first(air, now_us)) {
        loss = air->loss_first;
        if (all->period_us <= air->tail_us)
            *alike = 1;
    }
    return loss;
}

static bool some_fragments(struct broadcast *all)
{
    struct ota_transfer_account *account = all->account;
    gsl_rng *rng = account->rng;
    int64_t count, arrived;

    if (!in_time(all))
        return false;
    const double loss = sense(all, &count);
    const int64_t wanted =
        ota_us_min(all->needed - all->received, account->breaks_in);
    /* What the plan lets pass; if nothing, billing one ends it. */
    count = ota_us_max(
        ota_us_min(count, ota_transfer_left(account) / all->wire_bytes), 1);
    if (wanted > 1) {
        count = ota_us_min(count, wanted - 1);
        arrived = count - ota_flow_binomial(count, loss, rng);
    } else {
        const int64_t losses =
            loss > 0 ? ota_flow_passes(ota_flow_rate(log(loss)), rng) : 0;
        arrived = losses < count;
        if (arrived)
            count = losses + 1;
    }
    if (!bill(all, count))
        return false;
    account->job->air->spoke_us = next_us(all) + (count - 1) * all->period_us;
    return enter(all, count, arrived);
}

/* --- the whole --- */

/* A session is set up with a message that the device answers; only what
 * refuses it needs to be followed. It is repeated as CoAP would (assumption).
 */
static void refuse(const struct broadcast *all)
{
    static const struct ota_retry retry = {
        .timeout_us = 2 * OTA_US_PER_S,
        .timeout_max_us = OTA_US_PER_DAY,
        .backoff = 2,
        .spread = 0.5,
        .sends_max = 5,
    };
    struct ota_transfer_account *account = all->account;
    const struct ota_transfer_message setup = {
        .cloud_asks = true,
        .request_bytes = all->config->mac_bytes + SETUP_BYTES,
        .answer_bytes = all->config->mac_bytes + ANSWER_BYTES,
    };

    if (ota_transfer_exchange(account, &setup, &retry))
        ota_transfer_end(account, OTA_TRANSFER_REFUSED, account->now_us);
}

static void run_broadcast(struct broadcast *all)
{
    const bool flow = all->config->fidelity == OTA_TRANSFER_FLOW;

    if (all->account->job->refused) {
        refuse(all);
        return;
    }
    while (all->sent < all->most)
        if (!(flow ? some_fragments(all) : one_fragment(all)))
            return;
    /* The last one's end. */
    ota_transfer_end(all->account, OTA_TRANSFER_GAVE_UP,
                     next_us(all) - all->period_us + all->air_us);
}

static struct ota_transfer_result
multicast_run(const void *opaque, const struct ota_transfer_job *job,
              gsl_rng *rng)
{
    const struct ota_transfer_multicast_config *config = opaque;
    struct ota_transfer_result result = {0};
    struct ota_transfer_account account = ota_transfer_open(job, &result, rng);
    struct broadcast all = open_broadcast(config, &account);

    assert(job->kept_bytes == 0);
    run_broadcast(&all);
    result.spent_bytes = account.chunk_bytes_down;
    if (result.end == OTA_TRANSFER_DONE) {
        result.payload_bytes = job->size_bytes;
        result.kept_bytes = job->size_bytes;
        result.spent_bytes -= all.pieces * all.wire_bytes;
    }
    return result;
}

static const char *const bandwidths[] = {
    [OTA_TRANSFER_125_KHZ] = "125kHz",
    [OTA_TRANSFER_250_KHZ] = "250kHz",
    [OTA_TRANSFER_500_KHZ] = "500kHz",
    NULL,
};

static const char *const codings[] = {
    [OTA_TRANSFER_FIXED_EXTRA] = "fixed_extra",
    [OTA_TRANSFER_RANDOM_LINEAR] = "random_linear",
    NULL,
};

static const struct ota_field multicast_fields[] = {
    OTA_TRANSFER_FIDELITY_FIELD(struct ota_transfer_multicast_config),
    {
        .name = "chunk_size",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_SIZE,
        .offset = offsetof(struct ota_transfer_multicast_config, chunk_bytes),
        .fallback = "115B",
        .min = 3,
        .max = 242,
        .help = "a fragment, with the 2 bytes of its number",
        .source = "LoRaWAN regional parameters, EU868, with repeaters: at most "
                  "51 B at SF 10 to 12, 115 B at 9, 222 B at 7 and 8",
    },
    {
        .name = "mac_overhead",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_SIZE,
        .offset = offsetof(struct ota_transfer_multicast_config, mac_bytes),
        .fallback = "8B",
        .min = 0,
        .max = 13,
        .help = "LoRaWAN's bytes around a fragment; 13 with port and checksum",
        .source = "github.com/kqorany/FUOTASim, fuotasim.py",
    },
    {
        .name = "spreading_factor",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_COUNT,
        .offset =
            offsetof(struct ota_transfer_multicast_config, spreading_factor),
        .fallback = "9",
        .min = 7,
        .max = 12,
        .help = "of LoRa: a symbol has 2^SF chips",
        .source = "ours: the middle of EU868's data rates, DR 3",
    },
    {
        .name = "bandwidth",
        .kind = OTA_FIELD_CHOICE,
        .offset = offsetof(struct ota_transfer_multicast_config, bandwidth),
        .fallback = "125kHz",
        .choices = bandwidths,
        .help = "of the channel",
        .source = "LoRaWAN regional parameters, EU868, 869.525 MHz",
    },
    {
        .name = "duty_cycle",
        .kind = OTA_FIELD_REAL,
        .dimension = OTA_RATIO,
        .offset = offsetof(struct ota_transfer_multicast_config, duty_cycle),
        .fallback = "0.1",
        .min = 0.0001,
        .max = 1,
        .help = "share of time that the sender may be on the air",
        .source = "ETSI EN 300 220-2: 10 % at 869.4 to 869.65 MHz",
    },
    {
        .name = "redundancy",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_COUNT,
        .offset = offsetof(struct ota_transfer_multicast_config, redundancy),
        .fallback = "50",
        .min = 0,
        .max = 1000000,
        .help = "fragments sent beyond those that hold the image",
        .source = "ours",
    },
    {
        .name = "coding",
        .kind = OTA_FIELD_CHOICE,
        .offset = offsetof(struct ota_transfer_multicast_config, coding),
        .fallback = "fixed_extra",
        .choices = codings,
        .help = "fixed_extra: a fixed number of extra fragments decodes; "
                "random_linear: fragments are random sums over GF(2)",
        .source = "github.com/kqorany/FUOTASim, fuotasim.py",
    },
    {
        .name = "extra",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_COUNT,
        .offset = offsetof(struct ota_transfer_multicast_config, extra),
        .fallback = "3",
        .min = 0,
        .max = 100000,
        .help = "fixed_extra: a device needs so many more than hold the image",
        .source = "github.com/kqorany/FUOTASim, fuotasim.py",
    },
    {.name = NULL},
};

const struct ota_transfer_model ota_transfer_multicast = {
    .model =
        {
            .name = "multicast",
            .summary = "fragments with redundancy are broadcast to all "
                       "devices at once: LoRaWAN class C",
            .source = "github.com/kqorany/FUOTASim; Semtech AN1200.13; LoRa "
                      "Alliance TS004",
            .config_size = sizeof(struct ota_transfer_multicast_config),
            .fields = multicast_fields,
        },
    .run = multicast_run,
    .expect = ota_multicast_expect,
};
