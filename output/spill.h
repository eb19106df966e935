/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spill.h - the records of a replication's devices, in a file while it runs and
 * until they are written: a fleet of millions does not keep them in memory.
 *
 * The file has no name and is gone with the program, however that ends. It lies
 * where the results will.
 */
#ifndef OTA_SPILL_H
#define OTA_SPILL_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/base/error.h"
#include "sim/stats/results.h"

struct ota_spill;

/* Returns a spill for so many devices and lanes, beside where the folder of the
 * results is to be, or NULL with *error set. */
struct ota_spill *ota_spill_new(const char *folder, size_t devices, int lanes,
                                struct ota_error *error);

/* What the experiment puts the devices into; the spill's. */
const struct ota_device_sink *ota_spill_sink(const struct ota_spill *spill);

/* To be called when all is put, before it is read. Returns false with *error
 * set if something could not be written. */
bool ota_spill_finish(struct ota_spill *spill, struct ota_error *error);

/* Reads the records of devices [first, first + count), each of which was put;
 * by any number of threads. */
bool ota_spill_read(const struct ota_spill *spill, size_t first, size_t count,
                    struct ota_device_record *records, struct ota_error *error);

void ota_spill_free(struct ota_spill *spill);

#endif
