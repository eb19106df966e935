/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * results_pack.h - the results of a replication as bytes: to be sent, or kept.
 */
#ifndef OTA_RESULTS_PACK_H
#define OTA_RESULTS_PACK_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/base/error.h"
#include "sim/stats/results.h"

/* Puts them into *bytes, which the caller frees. The same results give the same
 * bytes, on any machine. Returns false with *error set. */
bool ota_results_pack(const struct ota_results *results, void **bytes,
                      size_t *size, struct ota_error *error);

/* The way back, to the last bit; the caller releases the results. Bytes that
 * ota_results_pack() did not write, or that are no longer as it did, are
 * refused: false with *error set. */
bool ota_results_unpack(struct ota_results *results, const void *bytes,
                        size_t size, struct ota_error *error);

#endif
