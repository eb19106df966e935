/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * notes.h - short messages from one rank to another, which may have bytes with
 * them: how ota_ranks_deal() talks. By the thread that began, as all calls.
 */
#ifndef OTA_RANKS_NOTES_H
#define OTA_RANKS_NOTES_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/ranks/ranks.h"

struct ota_note {
    int64_t word, unit;
    int64_t size; /* of the bytes */
};

/* Waits until it has been taken, if it is long. */
void ota_notes_write(struct ota_ranks *ranks, int to,
                     const struct ota_note *note, const void *bytes);

/* Reads the next note, if any has come; those of one rank in their order.
 * *bytes is the caller's; NULL if there are none. */
bool ota_notes_read(struct ota_ranks *ranks, int *from, struct ota_note *note,
                    void **bytes);

#endif
