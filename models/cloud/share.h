/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * share.h - capacity that downloads share: a server's egress, the uplink of a
 * site.
 *
 * A share carries so many bytes a second. Each download has a greatest rate of
 * its own, and all of them together get what is fair, max-min: no download's
 * rate can grow but at the cost of one that is not faster. So each runs at its
 * own rate or at a level that all the faster ones have in common, and as long
 * as anybody runs at the level, all of the capacity is used.
 *
 * Bytes flow like a fluid. Downloads end at real instants; what is told is the
 * microsecond at which one has ended, rounded up, and the rounding does not
 * touch the others. What comes out depends on what began, was aborted or
 * changed, and when; never on how often the share was advanced or asked.
 *
 * Time never goes back: each call that is given now_us lives through what ends
 * until then (and then itself) first, so a download that ends at now_us has
 * ended and is not aborted. Functions without now_us speak of the last one.
 *
 * ota_share_begin() may allocate; nothing else does.
 */
#ifndef OTA_CLOUD_SHARE_H
#define OTA_CLOUD_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A rate or capacity that is no limit. */
#define OTA_SHARE_ANY INT64_MAX

#define OTA_SHARE_BYTES_MAX (INT64_C(1) << 43) /* of a download */
#define OTA_SHARE_PLACES_MAX (UINT32_C(1) << 24)

struct ota_share;

/*
 * Returns a share with room for so many downloads at a time, at time 0, or
 * NULL if there is no memory. Room doubles when it is used up.
 */
struct ota_share *ota_share_new(int64_t capacity_bytes_per_s, size_t places);

void ota_share_free(struct ota_share *share);

/*
 * A download of so many bytes, 0 to OTA_SHARE_BYTES_MAX, begins, which can do
 * rate_bytes_per_s (> 0) at most. No other that is under way may have this id.
 * Returns false, and nothing has begun, if there is no memory or there are
 * OTA_SHARE_PLACES_MAX of them.
 */
bool ota_share_begin(struct ota_share *share, int64_t now_us, uint64_t id,
                     int64_t rate_bytes_per_s, int64_t bytes);

/*
 * Takes a download out, with the whole bytes that it got in *done_bytes.
 * Returns false if none of this id is under way: it has ended by now_us and
 * will be, or was, told by ota_share_finished().
 */
bool ota_share_abort(struct ota_share *share, int64_t now_us, uint64_t id,
                     int64_t *done_bytes);

/* The capacity is another from now_us on; 0: an outage. */
void ota_share_set_capacity(struct ota_share *share, int64_t now_us,
                            int64_t capacity_bytes_per_s);

/* The instant at which the next download ends if nothing changes before;
 * OTA_NEVER: none does. */
int64_t ota_share_next_us(const struct ota_share *share);

/* Lives until now_us. */
void ota_share_advance(struct ota_share *share, int64_t now_us);

/*
 * Tells of one download that has ended and was not told yet, in order of
 * (*at_us, *id). Returns false if there is none.
 */
bool ota_share_finished(struct ota_share *share, uint64_t *id, int64_t *at_us);

/* Whole bytes that a download under way has got, or -1: none is of this id. */
int64_t ota_share_done_bytes(const struct ota_share *share, uint64_t id);

/* Downloads under way. */
size_t ota_share_active(const struct ota_share *share);

/* What they all get now, together. */
int64_t ota_share_load_bytes_per_s(const struct ota_share *share);

#endif
