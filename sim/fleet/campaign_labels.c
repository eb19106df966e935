/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * campaign_labels.c - a small number for each value of a label.
 *
 * A table of the values seen, open addressing by FNV-1a (G. Fowler, L. C. Noll,
 * P. Vo), finds the number of each device's; the values are then ranked as
 * text, for orders by label.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/fleet/campaign_state.h"

const struct campaign_labels *
ota_campaign_labels_of(const struct ota_campaign *c, const char *key)
{
    for (size_t i = 0; i < c->label_count; i++)
        if (strcmp(c->labels[i].key, key) == 0)
            return &c->labels[i];
    assert(false);
    return NULL;
}

static size_t hash(const char *text)
{
    uint64_t h = UINT64_C(14695981039346656037);

    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return (size_t)(h ^ h >> 32);
}

struct table {
    uint32_t *units; /* + 1; 0: empty */
    size_t size;     /* a power of two */
};

static size_t place_of(const struct table *table,
                       const struct campaign_labels *labels, const char *text)
{
    size_t i = hash(text) & (table->size - 1);

    while (table->units[i] != 0 &&
           strcmp(labels->texts[table->units[i] - 1], text) != 0)
        i = (i + 1) & (table->size - 1);
    return i;
}

static bool grow(struct table *table, struct campaign_labels *labels)
{
    const size_t size = table->size ? 2 * table->size : 64;
    uint32_t *units = calloc(size, sizeof *units);
    const char **texts = realloc(labels->texts, size * sizeof *labels->texts);

    free(table->units);
    table->units = units;
    table->size = size;
    if (texts)
        labels->texts = texts;
    if (!units || !texts)
        return false;
    for (size_t i = 0; i < labels->count; i++)
        units[place_of(table, labels, labels->texts[i])] = (uint32_t)i + 1;
    return true;
}

static bool number(struct ota_campaign *c, struct campaign_labels *labels,
                   struct table *table)
{
    char buffer[256];

    for (uint32_t d = 0; d < c->world.devices; d++) {
        if (2 * (labels->count + 1) > table->size && !grow(table, labels))
            return false;
        const char *text = c->world.attribute_of(c->world.self, d, labels->key,
                                                 buffer, sizeof buffer);
        const size_t i = place_of(table, labels, text);
        if (table->units[i] == 0) {
            char *copy = ota_arena_text(&c->arena, text, strlen(text));
            if (!copy)
                return false;
            labels->texts[labels->count++] = copy;
            table->units[i] = (uint32_t)labels->count;
        }
        labels->unit_of[d] = table->units[i] - 1;
    }
    return true;
}

struct ranked {
    const char *text;
    uint32_t unit;
};

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct ranked *)a)->text,
                  ((const struct ranked *)b)->text);
}

static bool rank(struct campaign_labels *labels)
{
    struct ranked *list = calloc(labels->count + 1, sizeof *list);

    labels->rank = calloc(labels->count + 1, sizeof *labels->rank);
    if (!list || !labels->rank) {
        free(list);
        return false;
    }
    for (size_t i = 0; i < labels->count; i++)
        list[i] = (struct ranked){labels->texts[i], (uint32_t)i};
    qsort(list, labels->count, sizeof *list, compare);
    for (size_t i = 0; i < labels->count; i++)
        labels->rank[list[i].unit] = (uint32_t)i;
    free(list);
    return true;
}

/* Numbers the values of one label more. Returns false if there is no memory. */
bool ota_campaign_labels_add(struct ota_campaign *c, const char *key)
{
    struct table table = {0};

    for (size_t i = 0; i < c->label_count; i++)
        if (strcmp(c->labels[i].key, key) == 0)
            return true;
    struct campaign_labels *all =
        realloc(c->labels, (c->label_count + 1) * sizeof *all);
    if (!all)
        return false;
    c->labels = all;
    struct campaign_labels *labels = &all[c->label_count++];
    *labels = (struct campaign_labels){.key = key};
    labels->unit_of = calloc(c->world.devices + 1, sizeof *labels->unit_of);
    const bool ok =
        labels->unit_of && number(c, labels, &table) && rank(labels);
    free(table.units);
    return ok;
}
