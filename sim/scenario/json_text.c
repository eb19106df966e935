/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * json_text.c - UTF-8 and comments.
 */
#include "sim/scenario/json_text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/text.h"

void ota_json_text_place(const char *text, size_t offset,
                         struct ota_place *place)
{
    place->line = 1;
    place->column = 1;
    for (size_t i = 0; i < offset; i++) {
        place->column++;
        if (text[i] == '\n') {
            place->line++;
            place->column = 1;
        }
    }
}

/* Returns the offset of the first byte that is not UTF-8, or length. */
static size_t utf8_end(const char *text, size_t length)
{
    size_t at = 0;
    while (at < length) {
        size_t step = ota_utf8_length(text + at, length - at);
        if (step == 0)
            break;
        at += step;
    }
    return at;
}

/* Returns the offset behind the text in quotes that begins at `at`. */
static size_t string_end(const char *text, size_t length, size_t at)
{
    for (at++; at < length && text[at] != '"' && text[at] != '\n'; at++)
        if (text[at] == '\\' && at + 1 < length && text[at + 1] != '\n')
            at++;
    return at < length ? at + 1 : length;
}

/* Returns the offset behind the comment that begins at `at`; 0 if it does not
 * end. */
static size_t comment_end(const char *text, size_t length, size_t at)
{
    bool block = text[at + 1] == '*';
    for (at += 2; at < length; at++) {
        if (!block && text[at] == '\n')
            return at;
        if (block && text[at] == '*' && at + 1 < length && text[at + 1] == '/')
            return at + 2;
    }
    return block ? 0 : length;
}

/* Blanks comments. Returns the offset of one that does not end, or length. */
static size_t blank_comments(char *text, size_t length)
{
    size_t at = 0;
    while (at < length) {
        if (text[at] == '"') {
            at = string_end(text, length, at);
        } else if (text[at] == '/' && at + 1 < length &&
                   (text[at + 1] == '/' || text[at + 1] == '*')) {
            size_t end = comment_end(text, length, at);
            if (end == 0)
                return at;
            for (; at < end; at++)
                if (text[at] != '\n')
                    text[at] = ' ';
        } else {
            at++;
        }
    }
    return length;
}

char *ota_json_plain_text(const char *file, const char *text, size_t *length,
                          struct ota_complaints *complaints)
{
    struct ota_place place = {.file = file};
    size_t mark = *length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    text += mark;
    *length -= mark;

    char *plain = malloc(*length + 1);
    if (!plain) {
        ota_complain(complaints, &place, OTA_NO_MEMORY);
        return NULL;
    }
    memcpy(plain, text, *length);
    plain[*length] = '\0';

    const char *wrong = "not UTF-8 text; save the file as UTF-8";
    size_t stop = utf8_end(plain, *length);
    if (stop == *length) {
        wrong = "this comment does not end; \"*/\" is missing";
        stop = blank_comments(plain, *length);
    }
    if (stop == *length)
        return plain;
    ota_json_text_place(plain, stop, &place);
    ota_complain(complaints, &place, "%s", wrong);
    free(plain);
    return NULL;
}
