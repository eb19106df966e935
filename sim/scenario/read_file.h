/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * read_file.h - all of a file at once. Reading it twice would not do: a pipe
 * cannot be rewound, and a file may change in between.
 */
#ifndef OTA_READ_FILE_H
#define OTA_READ_FILE_H

#include <stddef.h>

/* No file that a person writes is near that; bounds the memory that reading
 * one takes. */
enum { OTA_FILE_MAX_BYTES = 8 << 20 };

/*
 * Returns the bytes of a file and, not counted in *length, a NUL behind them;
 * the caller frees them. NULL with errno set if that fails: EFBIG if it has
 * more than OTA_FILE_MAX_BYTES.
 */
char *ota_read_file(const char *file, size_t *length);

#endif
