/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fast_tcp.c - a flight of chunks to a device that talks TCP (Photon, P1).
 *
 * TCP repeats what is lost, so every chunk of a flight arrives, in order: a
 * lost one holds up those behind it. Its first repeat leaves one round trip
 * later (fast retransmit), further ones after 1 s, doubling to 60 s. Each chunk
 * is acknowledged; lost acknowledgements do not matter, since the next one
 * covers them. The cloud sends no faster than the pace (no slow start): an
 * assumption, as pace and app are slower than TCP's window by far.
 *
 * Source: RFC 5681, RFC 6298, simplified.
 */
#include "models/transfer/fast.h"

#include "sim/base/clock.h"

enum { SEGMENT_ACK_BYTES = 40 };

static const int64_t repeat_us = OTA_US_PER_S;
static const int64_t repeat_max_us = 60 * OTA_US_PER_S;

/* The device has chunks that left from now on, one every pace. */
static void pass(struct ota_fast *fast, int64_t chunks, int64_t way_us)
{
    struct ota_transfer_account *account = fast->account;
    const int64_t first_us =
        ota_us_add(account->now_us + fast->pace_us, way_us);

    ota_transfer_arrive(account, chunks, first_us, fast->pace_us);
    account->now_us += chunks * fast->pace_us;
    account->stall_at_us =
        ota_us_add(ota_us_add(account->now_us, way_us), fast->config->stall_us);
}

static bool over(struct ota_transfer_account *account)
{
    if (account->now_us < ota_transfer_limit_us(account))
        return false;
    ota_transfer_end_at_limit(account);
    return true;
}

/* Sends a chunk, lost once already, until it arrives. */
static bool repeat(struct ota_fast *fast, int64_t way_us)
{
    struct ota_transfer_account *account = fast->account;
    struct ota_air *air = account->job->air;
    int64_t wait_us = ota_air_rtt_us(air, account->now_us, account->rng);
    int64_t next_us = repeat_us;

    do {
        account->now_us = ota_us_add(account->now_us, wait_us);
        wait_us = next_us;
        next_us = ota_us_min(2 * next_us, repeat_max_us);
        if (over(account) ||
            !ota_transfer_bill_chunk(account, fast->datagram_bytes))
            return false;
    } while (ota_air_lost(air, account->now_us, account->rng));
    if (!ota_transfer_bill(account, 0, SEGMENT_ACK_BYTES))
        return false;
    pass(fast, 1, way_us);
    return true;
}

/* Returns how many of the next chunks pass, and in *lost whether the one
 * behind them is lost. */
static int64_t next_passes(struct ota_fast *fast, int64_t most, int64_t *lost)
{
    struct ota_transfer_account *account = fast->account;

    if (fast->config->fidelity == OTA_TRANSFER_FLOW)
        return ota_flow_walk_on(&fast->walk, account->now_us, most, lost);
    *lost = ota_air_lost(account->job->air, account->now_us, account->rng);
    return !*lost;
}

bool ota_fast_fly_tcp(struct ota_fast *fast, int64_t chunks, int64_t *received)
{
    struct ota_transfer_account *account = fast->account;
    const int64_t both_bytes = fast->datagram_bytes + SEGMENT_ACK_BYTES;
    const int64_t way_us =
        ota_air_rtt_us(account->job->air, account->now_us, account->rng) / 2;

    for (*received = 0; *received < chunks;) {
        if (over(account))
            return false;
        const int64_t left_us =
            ota_transfer_limit_us(account) - account->now_us;
        const int64_t afford = ota_transfer_left(account) / both_bytes;
        const int64_t most = ota_us_min(
            ota_us_min(chunks - *received, (left_us - 1) / fast->pace_us + 1),
            ota_us_max(afford, 1));
        if (account->now_us + fast->pace_us + way_us > account->stall_at_us) {
            account->now_us = account->stall_at_us; /* comes too late */
            continue;
        }
        int64_t lost;
        const int64_t passes = next_passes(fast, most, &lost);
        for (int64_t i = 0; i < passes; i++)
            if (!ota_transfer_bill_chunk(account, fast->datagram_bytes) ||
                !ota_transfer_bill(account, 0, SEGMENT_ACK_BYTES))
                return false;
        if (passes)
            pass(fast, passes, way_us);
        *received += passes;
        if (!lost)
            continue;
        if (!ota_transfer_bill_chunk(account, fast->datagram_bytes) ||
            !repeat(fast, way_us))
            return false;
        ++*received;
    }
    account->now_us = ota_us_add(account->now_us, way_us);
    account->job->air->spoke_us = account->now_us;
    return !over(account);
}
