/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * deal.h - the part of ota_ranks_deal() (ranks.h) that is not talk between
 * ranks: the threads of this rank, the units that they wait for, the results
 * that they leave.
 *
 * On the first rank threads take units from the pile themselves, and results
 * are taken from their hands. On another the thread that opened the deal
 * fetches units for them and carries results away. It alone makes the calls
 * below.
 */
#ifndef OTA_RANKS_DEAL_H
#define OTA_RANKS_DEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/error.h"
#include "sim/ranks/ranks.h"

struct ota_deal;

/* work outlives the deal. NULL with *error set. */
struct ota_deal *ota_deal_open(const struct ota_ranks_work *work, bool first,
                               struct ota_error *error);

/* Starts the threads. One that cannot be started is a failure of the deal. */
void ota_deal_start(struct ota_deal *deal);

/* The same where there is one rank: does all units, this thread being one. */
void ota_deal_labour(struct ota_deal *deal);

/* Waits until something has happened here, or so long. */
void ota_deal_wait(struct ota_deal *deal, int64_t ns);

/* Asks whether to go on, and has the deal halt if not. */
void ota_deal_look(struct ota_deal *deal);

/* Ends it early: threads begin no unit more. */
void ota_deal_halt(struct ota_deal *deal);
bool ota_deal_halted(struct ota_deal *deal);

/* Whether this rank has been stopped or has failed. */
bool ota_deal_trouble(struct ota_deal *deal);

/* Whether all threads have come to their end. */
bool ota_deal_ended(struct ota_deal *deal);

/* On the first rank: the next unit for another; false: there is none. */
bool ota_deal_next(struct ota_deal *deal, int rank, size_t *unit);

/* On the first rank: a result from another, whose bytes are freed here. */
void ota_deal_take(struct ota_deal *deal, size_t unit,
                   struct ota_ranks_parcel *result);

/* What threads of another rank have left and want, together: a unit that was
 * asked for was asked for after all results before. */
struct ota_deal_post {
    size_t done; /* results */
    const size_t *units;
    const struct ota_ranks_parcel *results; /* bytes are the caller's */
    int asked;                              /* more units are wanted */
};

/* On another: fetches that; it stays until the next call. */
struct ota_deal_post ota_deal_post(struct ota_deal *deal);

/* On another: a unit that was asked for, or that there is none any more. */
void ota_deal_give(struct ota_deal *deal, size_t unit);
void ota_deal_over(struct ota_deal *deal);

/* Waits for the threads and frees the deal. Returns whether all was well here,
 * or false with *error set if something failed here. */
bool ota_deal_close(struct ota_deal *deal, struct ota_error *error);

#endif
