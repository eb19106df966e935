/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stop_wait.c - stop and wait, every exchange on its own.
 *
 * A chunk is on the device when its exchange is over; then it comes down
 * through the link's rate and the device works on it, and the next exchange
 * begins. An app that takes a message only every so often starts no chunk
 * sooner than that behind the one before. A chunk whose work is not over when
 * the transfer ends is not kept.
 */
#include "models/transfer/stop_wait.h"

#include "sim/base/clock.h"

bool ota_stop_wait_step(struct ota_transfer_account *account,
                        const struct ota_stop_wait *with, int64_t k)
{
    const bool is_last = k == with->chunks - 1;
    const int64_t begin_us = account->now_us;
    int64_t work_us = is_last ? with->last_work_us : with->work_us;

    if (!ota_transfer_exchange(account, is_last ? &with->last : &with->message,
                               with->retry))
        return false;
    ota_transfer_arrive(account, 1, account->now_us, 1);
    account->stall_at_us = ota_us_add(account->now_us, with->stall_us);
    if (with->block_time)
        work_us = ota_us_add(work_us,
                             ota_dist_draw_us(with->block_time, account->rng));
    if (k == 0 && with->erases)
        work_us =
            ota_us_add(work_us, ota_dist_draw_us(with->erase, account->rng));
    account->now_us = ota_us_max(ota_us_add(account->now_us, work_us),
                                 ota_us_add(begin_us, account->job->pump_us));
    if (account->now_us > ota_transfer_limit_us(account) ||
        account->broken_us != OTA_NEVER) {
        ota_transfer_end_at_limit(account);
        return false;
    }
    return true;
}

bool ota_stop_wait_run(struct ota_transfer_account *account,
                       const struct ota_stop_wait *with, int64_t *received)
{
    if (with->fidelity == OTA_TRANSFER_FLOW)
        return ota_stop_wait_flow(account, with, received);
    for (*received = 0; *received < with->chunks; ++*received)
        if (!ota_stop_wait_step(account, with, *received))
            return false;
    return true;
}
