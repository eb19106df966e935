/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * amounts.h - files of measured amounts, one a line.
 *
 * "#" begins a comment; lines with nothing else are passed over.
 */
#ifndef OTA_AMOUNTS_H
#define OTA_AMOUNTS_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/base/units.h"

enum { OTA_AMOUNTS_MAX = 1000000 }; /* in a file */

/*
 * Reads the amounts in the file at path, none of them negative and at least
 * one, into *values, which the caller frees. Returns false with a message for
 * a person in problem, which names the line; *values is then NULL.
 */
bool ota_amounts_read(enum ota_dimension dimension, const char *path,
                      double **values, size_t *count, char *problem,
                      size_t problem_size);

#endif
