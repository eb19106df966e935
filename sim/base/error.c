/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * error.c - complaints about input and reasons of failure, in storage of
 * fixed size.
 */
#include "sim/base/error.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "sim/base/text.h"

const char *ota_reason(int error_number)
{
    return error_number == ENOMEM ? OTA_NO_MEMORY : strerror(error_number);
}

/* Whether text[0 .. length), one character of UTF-8, is a control character:
 * of ASCII, or U+0080 to U+009F, which some terminals obey too. */
static bool is_control(const char *text, size_t length)
{
    return length == 1 ? iscntrl((unsigned char)text[0]) != 0
                       : length == 2 && (unsigned char)text[0] == 0xC2 &&
                             (unsigned char)text[1] < 0xA0;
}

/* Puts question marks in the place of what no terminal should be sent. */
static void make_printable(char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        size_t length = ota_utf8_length(text, left);
        if (length == 0 || is_control(text, length)) {
            length = length > 0 ? length : 1;
            memset(text, '?', length);
        }
        text += length;
        left -= length;
    }
}

/* Whether memory is what a message is about; it may say before where. */
static bool tells_no_memory(const char *message)
{
    const size_t length = strlen(message);
    const size_t end = sizeof(OTA_NO_MEMORY) - 1;

    return length >= end && strcmp(message + length - end, OTA_NO_MEMORY) == 0;
}

void ota_complain(struct ota_complaints *complaints,
                  const struct ota_place *place, const char *format, ...)
{
    assert(complaints->count <= OTA_COMPLAINTS_MAX);

    char message[OTA_MESSAGE_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);

    complaints->total++;
    complaints->no_memory = complaints->no_memory || tells_no_memory(message);
    if (complaints->count == OTA_COMPLAINTS_MAX)
        return;

    struct ota_complaint *complaint = &complaints->items[complaints->count++];
    complaint->place = *place;
    memcpy(complaint->message, message, sizeof(message));
    make_printable(complaint->message);
    make_printable(complaint->place.path);
}

static bool comes_before(const struct ota_place *a, const struct ota_place *b)
{
    return a->line != b->line ? a->line < b->line : a->column < b->column;
}

/* Insertion: few items, and those of one place keep their order. */
void ota_complaints_sort(struct ota_complaints *complaints)
{
    for (size_t i = 1; i < complaints->count; i++) {
        const struct ota_complaint moved = complaints->items[i];
        size_t at = i;
        while (at > 0 &&
               comes_before(&moved.place, &complaints->items[at - 1].place)) {
            complaints->items[at] = complaints->items[at - 1];
            at--;
        }
        complaints->items[at] = moved;
    }
}

static void print_place(const struct ota_place *place, FILE *out)
{
    if (place->file)
        fprintf(out, "%s:", place->file);
    if (place->line > 0)
        fprintf(out, "%d:", place->line);
    if (place->line > 0 && place->column > 0)
        fprintf(out, "%d:", place->column);
    if (place->file || place->line > 0)
        fputc(' ', out);
    if (place->path[0] != '\0')
        fprintf(out, "%s: ", place->path);
}

void ota_complaints_print(const struct ota_complaints *complaints, FILE *out)
{
    for (size_t i = 0; i < complaints->count; i++) {
        print_place(&complaints->items[i].place, out);
        fprintf(out, "%s\n", complaints->items[i].message);
    }
    if (complaints->total > complaints->count)
        fprintf(out, "and %zu more\n", complaints->total - complaints->count);
}

bool ota_fail(struct ota_error *error, const char *format, ...)
{
    if (error->failed)
        return false;

    va_list args;
    va_start(args, format);
    vsnprintf(error->message, sizeof(error->message), format, args);
    va_end(args);
    make_printable(error->message);
    error->failed = true;
    return false;
}
