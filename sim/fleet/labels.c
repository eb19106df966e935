/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * labels.c - numbers the values of a label.
 *
 * A table of the values seen, open addressing by FNV-1a (G. Fowler, L. C. Noll,
 * P. Vo), finds the number of each device's; the values are then ranked as
 * text, for orders by label. The texts are not kept.
 */
#include "sim/fleet/labels.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/arena.h"

enum { PLACES = 64, TEXT_SIZE = 256 };

/* The values seen, by unit, and where to find them. */
struct table {
    struct ota_arena arena; /* the texts */
    struct text {
        const char *text;
        uint32_t unit;
    } * texts;
    size_t count;
    uint32_t *units; /* + 1; 0: empty */
    size_t size;     /* of both; a power of two */
};

static size_t hash(const char *text)
{
    uint64_t h = UINT64_C(14695981039346656037);

    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return (size_t)(h ^ h >> 32);
}

static size_t place_of(const struct table *table, const char *text)
{
    size_t i = hash(text) & (table->size - 1);

    while (table->units[i] != 0 &&
           strcmp(table->texts[table->units[i] - 1].text, text) != 0)
        i = (i + 1) & (table->size - 1);
    return i;
}

static bool grow(struct table *table)
{
    const size_t size = table->size > 0 ? 2 * table->size : PLACES;
    uint32_t *units = calloc(size, sizeof *units);
    struct text *texts = realloc(table->texts, size * sizeof *texts);

    free(table->units);
    table->units = units;
    table->size = size;
    if (texts)
        table->texts = texts;
    if (!units || !texts)
        return false;
    for (size_t i = 0; i < table->count; i++)
        units[place_of(table, texts[i].text)] = (uint32_t)i + 1;
    return true;
}

/* Finds the number of a text, or gives it one. Returns false without memory. */
static bool number(struct table *table, const char *text, uint32_t *unit)
{
    if (2 * (table->count + 1) > table->size && !grow(table))
        return false;
    const size_t place = place_of(table, text);
    if (table->units[place] == 0) {
        *unit = (uint32_t)table->count;
        const char *copy = ota_arena_text(&table->arena, text, strlen(text));
        if (!copy)
            return false;
        table->texts[table->count++] = (struct text){copy, *unit};
        table->units[place] = *unit + 1;
    }
    *unit = table->units[place] - 1;
    return true;
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct text *)a)->text,
                  ((const struct text *)b)->text);
}

/* Puts the texts in order, so that the table finds nothing any more. */
static bool rank(struct ota_labels *labels, struct table *table)
{
    labels->rank = calloc(table->count + 1, sizeof *labels->rank);
    if (!labels->rank)
        return false;
    if (table->count > 0)
        qsort(table->texts, table->count, sizeof *table->texts, compare);
    for (size_t i = 0; i < table->count; i++)
        labels->rank[table->texts[i].unit] = (uint32_t)i;
    return true;
}

bool ota_labels_init(struct ota_labels *labels, const char *key, size_t devices,
                     ota_attribute_of attribute_of, void *self)
{
    struct table table = {.count = 0};
    char buffer[TEXT_SIZE];

    assert(devices < UINT32_MAX);
    *labels = (struct ota_labels){
        .key = key,
        .unit_of = calloc(devices + 1, sizeof *labels->unit_of),
    };
    bool good = labels->unit_of != NULL;
    for (size_t d = 0; d < devices && good; d++)
        good =
            number(&table, attribute_of(self, d, key, buffer, sizeof(buffer)),
                   &labels->unit_of[d]);
    good = good && rank(labels, &table);
    labels->count = table.count;
    ota_arena_release(&table.arena);
    free(table.texts);
    free(table.units);
    return good;
}

void ota_labels_release(struct ota_labels *labels)
{
    free(labels->unit_of);
    free(labels->rank);
    *labels = (struct ota_labels){.key = NULL};
}
