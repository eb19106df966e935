/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ranks_one.c - ranks.h without MPI: whoever asks is alone.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/ranks/notes.h"

struct ota_ranks *ota_ranks_begin(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return NULL;
}

int ota_ranks_end(struct ota_ranks *ranks, int status)
{
    (void)ranks;
    return status;
}

int ota_ranks_self(const struct ota_ranks *ranks)
{
    (void)ranks;
    return 0;
}

int ota_ranks_count(const struct ota_ranks *ranks)
{
    (void)ranks;
    return 1;
}

int ota_ranks_here(const struct ota_ranks *ranks)
{
    (void)ranks;
    return 1;
}

bool ota_ranks_agree(struct ota_ranks *ranks, bool good,
                     struct ota_error *error)
{
    (void)ranks;
    (void)error;
    return good;
}

bool ota_ranks_share(struct ota_ranks *ranks, bool good, const void *bytes,
                     size_t size, void **all, size_t *all_size,
                     struct ota_error *error)
{
    (void)ranks;
    *all = NULL;
    *all_size = 0;
    if (!good || size == 0)
        return good;
    *all = malloc(size);
    if (!*all)
        return ota_fail(error, OTA_NO_MEMORY);
    memcpy(*all, bytes, size);
    *all_size = size;
    return true;
}

void ota_ranks_sum(struct ota_ranks *ranks, int64_t *values, size_t count)
{
    (void)ranks;
    (void)values;
    (void)count;
}

void ota_ranks_pass(struct ota_ranks *ranks, int from, void *bytes, size_t size)
{
    (void)ranks;
    (void)from;
    (void)bytes;
    (void)size;
}

void ota_notes_write(struct ota_ranks *ranks, int to,
                     const struct ota_note *note, const void *bytes)
{
    (void)ranks;
    (void)to;
    (void)note;
    (void)bytes;
}

bool ota_notes_read(struct ota_ranks *ranks, int *from, struct ota_note *note,
                    void **bytes)
{
    (void)ranks;
    (void)from;
    (void)note;
    (void)bytes;
    return false;
}
