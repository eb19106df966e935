/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * digest.c - see digest.h. The columns are one piece of memory, which the
 * first one begins, but for the two of which hardly anything is ever written:
 * those are all zero to begin with, which needs no memory until it changes.
 */
#include "sim/stats/digest.h"

#include <assert.h>
#include <stdlib.h>

#include "sim/stats/totals.h"

bool ota_digest_init(struct ota_digest *digest, size_t count, bool may_stop)
{
    *digest = (struct ota_digest){.count = count, .folded = true};
    if (count > SIZE_MAX / sizeof(int64_t) / OTA_COLUMNS)
        return false;
    int64_t *all = malloc(OTA_COLUMN_LEFT * count * sizeof(*all));
    for (size_t c = 0; all && c < OTA_COLUMN_LEFT; c++)
        digest->columns[c] = all + c * count;
    if (!all || !may_stop)
        return all != NULL;
    for (size_t c = OTA_COLUMN_LEFT; c < OTA_COLUMNS; c++)
        digest->columns[c] = calloc(count, sizeof(*all));
    return digest->columns[OTA_COLUMN_LEFT] && digest->columns[OTA_COLUMN_BACK];
}

void ota_digest_release(struct ota_digest *digest)
{
    free(digest->columns[0]);
    free(digest->columns[OTA_COLUMN_LEFT]);
    free(digest->columns[OTA_COLUMN_BACK]);
    *digest = (struct ota_digest){.count = 0};
}

static void put_folded(int64_t *column, size_t device, int64_t time_us)
{
    const int64_t folded_us = OTA_NEVER - time_us;

    if (column[device] != folded_us)
        column[device] = folded_us;
}

void ota_digest_put(struct ota_digest *digest, size_t device,
                    const struct ota_device_record *record)
{
    int64_t *const *columns = digest->columns;
    assert(device < digest->count && digest->folded);

    columns[OTA_COLUMN_ROUTINE][device] = record->routine_bytes;
    columns[OTA_COLUMN_USEFUL][device] = record->useful_bytes;
    columns[OTA_COLUMN_OVERHEAD][device] = record->overhead_bytes;
    columns[OTA_COLUMN_WASTED][device] = record->wasted_bytes;
    columns[OTA_COLUMN_AWAKE][device] = ota_record_awake_us(record);
    columns[OTA_COLUMN_CHARGE][device] = record->charge_pc;
    columns[OTA_COLUMN_REACHED][device] = record->reached_us;
    columns[OTA_COLUMN_INSTALLED][device] = record->installed_us;
    columns[OTA_COLUMN_CONFIRMED][device] = record->confirmed_us;
    if (!columns[OTA_COLUMN_LEFT])
        return;
    put_folded(columns[OTA_COLUMN_LEFT], device, ota_record_left_us(record));
    put_folded(columns[OTA_COLUMN_BACK], device, record->back_us);
}

void ota_digest_unfold(struct ota_digest *digest)
{
    assert(digest->folded);

    digest->folded = false;
    for (size_t c = OTA_COLUMN_LEFT; c < OTA_COLUMNS; c++)
        for (size_t i = 0; digest->columns[c] && i < digest->count; i++)
            digest->columns[c][i] = OTA_NEVER - digest->columns[c][i];
}

struct ota_digest ota_digest_part(const struct ota_digest *digest, size_t first,
                                  size_t count)
{
    struct ota_digest part = {.count = count};
    assert(first <= digest->count && count <= digest->count - first);

    for (int c = 0; c < OTA_COLUMNS; c++)
        if (digest->columns[c])
            part.columns[c] = digest->columns[c] + first;
    return part;
}
