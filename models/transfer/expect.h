/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * expect.h - a transfer in the mean, message after message. Private to
 * models/transfer.
 */
#ifndef OTA_TRANSFER_EXPECT_H
#define OTA_TRANSFER_EXPECT_H

#include "models/link/exchange_expect.h"
#include "models/transfer/account.h"
#include "models/transfer/stop_wait.h"

struct ota_transfer_expect {
    struct ota_transfer_job job;
    struct ota_transfer_result none; /* of the account; nothing is run */
    struct ota_transfer_account account;
    struct ota_talk talk;
    double first; /* chance that the next message comes after a silence */
    double chunk_bytes_down;
    struct ota_transfer_mean mean;
};

/* Points into itself: stays where it is. */
void ota_expect_open(struct ota_transfer_expect *expect,
                     const struct ota_transfer_job *job, double first);

/* Enters exchanges of one kind; requests, answers and those that passed are
 * means. */
void ota_expect_count(struct ota_transfer_expect *expect,
                      const struct ota_transfer_message *message,
                      double requests, double answers, double passed);

/* Whether the device's patience hardly ever ends a transfer: a round trip is
 * longer than a third of it less than once in 500 times. */
bool ota_expect_patient(const struct ota_transfer_expect *expect,
                        int64_t stall_us);

/* Goes through one exchange by the account's own timers. */
void ota_expect_message(struct ota_transfer_expect *expect,
                        const struct ota_transfer_message *message);

/* UpdateBegin and UpdateReady; UpdateDone. */
void ota_expect_old_open(struct ota_transfer_expect *expect);
void ota_expect_old_done(struct ota_transfer_expect *expect);

/* ota_stop_wait_run() in the mean. */
void ota_expect_stop_wait(struct ota_transfer_expect *expect,
                          const struct ota_stop_wait *with);

/* Puts together what was counted; spent is what of the chunks' bytes brought
 * nothing. Returns whether it ever comes to an end. */
bool ota_expect_close(struct ota_transfer_expect *expect, double spent_bytes,
                      struct ota_transfer_mean *mean);

/* transfer_fast.c's, in fast_expect.c. */
bool ota_fast_expect(const void *config, const struct ota_transfer_job *job,
                     double first, struct ota_transfer_mean *mean);

#endif
