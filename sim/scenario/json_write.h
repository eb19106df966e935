/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * json_write.h - JSON written a value at a time, one value a line.
 *
 * Whether writing worked is the stream's to say (ferror, fclose).
 */
#ifndef OTA_JSON_WRITE_H
#define OTA_JSON_WRITE_H

#include <stdbool.h>
#include <stdio.h>

struct ota_json_writer {
    FILE *out;
    int indent;   /* spaces behind each line break */
    int depth;    /* of open brackets */
    bool started; /* the innermost bracket holds a value */
};

/* key is NULL in a list and at the top. bracket is '{' or '['. */
void ota_json_open(struct ota_json_writer *writer, const char *key,
                   char bracket);
void ota_json_close(struct ota_json_writer *writer, char bracket);
void ota_json_write_text(struct ota_json_writer *writer, const char *key,
                         const char *text);

/* A value that is JSON already: a number, true, {}. */
void ota_json_write_raw(struct ota_json_writer *writer, const char *key,
                        const char *json);

#endif
