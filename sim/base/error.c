/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * error.c - complaints about input and reasons of failure, in storage of
 * fixed size.
 */
#include "sim/base/error.h"

#include <assert.h>
#include <stdarg.h>

void ota_complain(struct ota_complaints *complaints,
                  const struct ota_place *place, const char *format, ...)
{
    assert(complaints->count <= OTA_COMPLAINTS_MAX);

    complaints->total++;
    if (complaints->count == OTA_COMPLAINTS_MAX)
        return;

    struct ota_complaint *complaint = &complaints->items[complaints->count++];
    complaint->place = *place;
    va_list args;
    va_start(args, format);
    vsnprintf(complaint->message, sizeof(complaint->message), format, args);
    va_end(args);
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
    error->failed = true;
    return false;
}
