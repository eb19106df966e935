/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * read_file.c - a buffer that doubles until the file is in it.
 */
#include "sim/scenario/read_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Reads on until the end, an error, or too much. NULL if memory lacks. */
static char *read_all(FILE *in, size_t *length)
{
    size_t capacity = 1 << 16;
    char *text = malloc(capacity);

    *length = 0;
    while (text) {
        *length += fread(text + *length, 1, capacity - *length, in);
        if (*length < capacity || *length > OTA_FILE_MAX_BYTES)
            break;
        capacity *= 2;
        char *more = realloc(text, capacity);
        if (!more)
            free(text);
        text = more;
    }
    return text;
}

char *ota_read_file(const char *file, size_t *length)
{
    FILE *in = fopen(file, "rb");
    if (!in)
        return NULL;

    errno = 0;
    char *text = read_all(in, length);
    int why = errno;
    if (text && !ferror(in) && *length > OTA_FILE_MAX_BYTES)
        why = EFBIG;
    if (text && (ferror(in) || why == EFBIG)) {
        free(text);
        text = NULL;
    }
    fclose(in);
    if (text)
        text[*length] = '\0'; /* a short read left room */
    else
        errno = why;
    return text;
}
