/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stop_wait.h - one chunk after another, each an exchange of its own: what
 * "slow" and "block" have in common. Private to models/transfer.
 */
#ifndef OTA_TRANSFER_STOP_WAIT_H
#define OTA_TRANSFER_STOP_WAIT_H

#include "models/transfer/account.h"

struct ota_stop_wait {
    int fidelity; /* enum ota_transfer_fidelity */
    const struct ota_retry *retry;
    int64_t chunks; /* to be moved */
    struct ota_transfer_message message;
    struct ota_transfer_message last; /* of the last chunk */
    int64_t work_us;      /* besides the exchange, for each chunk: serial and
                           * device time */
    int64_t last_work_us; /* of the last chunk */
    const struct ota_dist *block_time; /* and a random one */
    const struct ota_dist *erase;      /* behind the first chunk */
    bool erases;      /* the first of these chunks is the module's first */
    int64_t stall_us; /* without a new chunk the device loses patience;
                       * OTA_NEVER: it has no end */
};

/* Moves the chunks from account->now_us on. Returns false if the transfer
 * ended before. In *received how many the device has dealt with. */
bool ota_stop_wait_run(struct ota_transfer_account *account,
                       const struct ota_stop_wait *with, int64_t *received);

/* One chunk as packets, the k-th from 0. */
bool ota_stop_wait_step(struct ota_transfer_account *account,
                        const struct ota_stop_wait *with, int64_t k);

/* All of them as a flow. */
bool ota_stop_wait_flow(struct ota_transfer_account *account,
                        const struct ota_stop_wait *with, int64_t *received);

/* The same where nothing but losses is random. Returns false, and nothing has
 * happened, where it does not apply; else *done as the others return it. */
bool ota_stop_wait_fixed(struct ota_transfer_account *account,
                         const struct ota_stop_wait *with, int64_t *received,
                         bool *done);

#endif
