/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * error.h - how the library says that something went wrong.
 *
 * Two kinds of wrong are the caller's to hear of; a third is a bug of ours and
 * ends in an assert.
 *
 * - struct ota_complaints: what is wrong with the user's input. A reader goes
 *   on after the first complaint, so that one run shows them all.
 * - struct ota_error: why an operation failed (no memory, disk full). The
 *   first failure stands; later ones do not overwrite it.
 *
 * Neither allocates. A message is one line, says what is wrong and then what
 * would be right, and ends without a full stop. It may quote the input: bytes
 * that no terminal should be sent (control characters, what is not UTF-8) are
 * shown as question marks.
 */
#ifndef OTA_ERROR_H
#define OTA_ERROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum {
    OTA_COMPLAINTS_MAX = 20, /* shown of one input; the rest is counted */
    OTA_PATH_SIZE = 128,     /* bytes of a path such as fleet[0].link.loss */
    OTA_MESSAGE_SIZE = 384,
};

/*
 * Where in an input. file is borrowed and outlives the complaints; line and
 * column count from 1, columns in bytes; 0 where there is none (--set).
 */
struct ota_place {
    const char *file;
    int line;
    int column;
    char path[OTA_PATH_SIZE]; /* "" at the top */
};

struct ota_complaint {
    struct ota_place place;
    char message[OTA_MESSAGE_SIZE];
};

struct ota_complaints {
    size_t count;   /* of items */
    size_t total;   /* heard, including those over OTA_COMPLAINTS_MAX */
    bool no_memory; /* heard OTA_NO_MEMORY: the input may be good */
    struct ota_complaint items[OTA_COMPLAINTS_MAX];
};

struct ota_error {
    bool failed;
    char message[OTA_MESSAGE_SIZE];
};

/* What everybody says when memory runs out, at the end of a message or alone.
 * It is no fault of the input. */
#define OTA_NO_MEMORY "there is not enough memory"

/* strerror(), but OTA_NO_MEMORY for ENOMEM. */
const char *ota_reason(int error_number);

#if defined(__GNUC__)
#define OTA_PRINTF(format_at, args_at)                                         \
    __attribute__((format(printf, format_at, args_at)))
#else
#define OTA_PRINTF(format_at, args_at)
#endif

/* Adds a complaint; place is copied. A message too long is cut. One that ends
 * with OTA_NO_MEMORY sets no_memory, whichever reader it comes through. */
void ota_complain(struct ota_complaints *complaints,
                  const struct ota_place *place, const char *format, ...)
    OTA_PRINTF(3, 4);

/* Puts the complaints in order of line and column. */
void ota_complaints_sort(struct ota_complaints *complaints);

/*
 * Writes one line each, "FILE:LINE:COLUMN: PATH: MESSAGE", and how many were
 * left out. Parts that a place lacks are left out with their colon.
 */
void ota_complaints_print(const struct ota_complaints *complaints, FILE *out);

/* Notes why something failed and returns false, for `return ota_fail(...)`. */
bool ota_fail(struct ota_error *error, const char *format, ...)
    OTA_PRINTF(2, 3);

#endif
