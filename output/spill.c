/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spill.c - a log of records, and where in it each device's last one is.
 *
 * Each lane fills batches of its own, each with a stretch of the file that no
 * other has: lanes never wait for each other, and a device that comes again, on
 * another lane perhaps, only has another place from then on. (Writing each
 * record to a place given by its device would let a late batch put an old
 * record over a new one.) Devices mostly come in order, so that reading finds
 * long runs of them.
 */
#include "output/spill.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output/files.h"

enum { BATCH = 512 }; /* records, 144 KB */

#define NOWHERE UINT32_MAX

struct lane {
    struct ota_device_record *records; /* [BATCH] */
    size_t count;
    uint32_t place; /* of the first, in the file */
    int reason;     /* errno of the first write that failed, or 0 */
};

struct ota_spill {
    int fd;
    char *where; /* the folder that the file is in */
    size_t devices;
    uint32_t *places;           /* by device: of its record in the file */
    atomic_uint_least64_t next; /* place that no lane has */
    int lane_count;
    struct lane *lanes;
    struct ota_device_sink sink;
};

/* Writes or reads (exactly one is not NULL) records from a place on. */
static int transfer(int fd, const void *from, void *to, uint32_t place,
                    size_t count)
{
    size_t size = count * sizeof(struct ota_device_record);
    off_t at = (off_t)place * (off_t)sizeof(struct ota_device_record);

    for (size_t done = 0; done < size;) {
        const off_t there = at + (off_t)done;
        const ssize_t moved =
            from ? pwrite(fd, (const char *)from + done, size - done, there)
                 : pread(fd, (char *)to + done, size - done, there);
        if (moved < 0 && errno == EINTR)
            continue;
        if (moved <= 0)
            return moved < 0 ? errno : EIO;
        done += (size_t)moved;
    }
    return 0;
}

static void write_batch(struct ota_spill *spill, struct lane *lane)
{
    if (lane->count > 0 && lane->reason == 0)
        lane->reason =
            transfer(spill->fd, lane->records, NULL, lane->place, lane->count);
    lane->count = 0;
}

static void put(void *self, size_t number, uint64_t device,
                const struct ota_device_record *record)
{
    struct ota_spill *spill = self;
    struct lane *lane = &spill->lanes[number];
    assert(number < (size_t)spill->lane_count && device < spill->devices);

    if (lane->count == BATCH)
        write_batch(spill, lane);
    if (lane->count == 0) {
        const uint64_t place = atomic_fetch_add(&spill->next, BATCH);
        if (place > NOWHERE - BATCH && lane->reason == 0)
            lane->reason = EFBIG;
        lane->place = (uint32_t)place;
    }
    spill->places[device] = lane->place + (uint32_t)lane->count;
    lane->records[lane->count++] = *record;
}

/* Opens a new file at the path and takes its name away. */
static int open_nameless(const char *path, struct ota_error *error)
{
    const int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0)
        ota_fail(error, "cannot write %s: %s", path, strerror(errno));
    else
        unlink(path);
    return fd;
}

static bool open_beside(struct ota_spill *spill, const char *folder,
                        struct ota_error *error)
{
    spill->where = ota_files_nearest(folder, error);
    if (!spill->where)
        return false;

    char name[48];
    snprintf(name, sizeof(name), ".otasim-devices-%ld", (long)getpid());
    char *path = ota_files_join(spill->where, "/", name, error);
    spill->fd = path ? open_nameless(path, error) : -1;
    free(path);
    return spill->fd >= 0;
}

static bool allocate(struct ota_spill *spill)
{
    spill->places = malloc(spill->devices * sizeof(*spill->places));
    spill->lanes = calloc((size_t)spill->lane_count, sizeof(*spill->lanes));
    if (!spill->places || !spill->lanes)
        return false;
    for (size_t d = 0; d < spill->devices; d++)
        spill->places[d] = NOWHERE;
    for (int l = 0; l < spill->lane_count; l++) {
        struct lane *lane = &spill->lanes[l];
        lane->records = calloc(BATCH, sizeof(*lane->records));
        if (!lane->records)
            return false;
    }
    return true;
}

/* Lets itself be read in between, too. */
static bool get(void *self, size_t first, size_t count,
                struct ota_device_record *records, struct ota_error *error)
{
    struct ota_spill *spill = self;

    return ota_spill_finish(spill, error) &&
           ota_spill_read(spill, first, count, records, error);
}

struct ota_spill *ota_spill_new(const char *folder, size_t devices, int lanes,
                                struct ota_error *error)
{
    struct ota_spill *spill = calloc(1, sizeof(*spill));
    assert(devices > 0 && lanes > 0);

    if (spill) {
        spill->fd = -1;
        spill->devices = devices;
        spill->lane_count = lanes;
        spill->sink =
            (struct ota_device_sink){.self = spill, .put = put, .get = get};
    }
    if (!spill || !allocate(spill))
        ota_fail(error, OTA_NO_MEMORY " for the places of %zu devices",
                 devices);
    else if (open_beside(spill, folder, error))
        return spill;
    ota_spill_free(spill);
    return NULL;
}

const struct ota_device_sink *ota_spill_sink(const struct ota_spill *spill)
{
    return &spill->sink;
}

bool ota_spill_finish(struct ota_spill *spill, struct ota_error *error)
{
    for (int l = 0; l < spill->lane_count; l++) {
        struct lane *lane = &spill->lanes[l];
        write_batch(spill, lane);
        if (lane->reason != 0)
            return ota_fail(
                error, "cannot keep the records of %zu devices in %s: %s",
                spill->devices, spill->where, strerror(lane->reason));
    }
    return true;
}

bool ota_spill_read(const struct ota_spill *spill, size_t first, size_t count,
                    struct ota_device_record *records, struct ota_error *error)
{
    const uint32_t *places = spill->places + first;
    assert(first <= spill->devices && count <= spill->devices - first);

    for (size_t i = 0; i < count;) {
        const size_t from = i++;
        assert(places[from] != NOWHERE);
        while (i < count && places[i] == places[from] + (i - from))
            i++;
        const int reason =
            transfer(spill->fd, NULL, &records[from], places[from], i - from);
        if (reason != 0)
            return ota_fail(error, "cannot read the records of devices: %s",
                            strerror(reason));
    }
    return true;
}

void ota_spill_free(struct ota_spill *spill)
{
    if (!spill)
        return;
    for (int l = 0; spill->lanes && l < spill->lane_count; l++)
        free(spill->lanes[l].records);
    free(spill->lanes);
    free(spill->places);
    if (spill->fd >= 0)
        close(spill->fd);
    free(spill->where);
    free(spill);
}
