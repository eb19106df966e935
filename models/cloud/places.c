/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * places.c - a hash table with chains of numbers, at most one place a bucket
 * on average; the buckets come from multiplication with 2^64 over the golden
 * ratio (D. E. Knuth: The Art of Computer Programming 3, section 6.4).
 */
#include "models/cloud/places.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

static uint32_t bucket_count(uint32_t size)
{
    uint32_t count = 2;

    while (count < size)
        count *= 2;
    return count;
}

static uint32_t *bucket_of(const struct ota_places *places, uint64_t key)
{
    const uint64_t mixed = key * UINT64_C(0x9E3779B97F4A7C15);

    return &places->buckets[(mixed >> 32) & (bucket_count(places->size) - 1)];
}

static void show(struct ota_places *places, uint32_t place)
{
    uint32_t *bucket = bucket_of(places, places->keys[place]);

    places->next[place] = *bucket;
    *bucket = place;
}

/* Puts what the old buckets held into those of *places. */
static void show_again(struct ota_places *places, const uint32_t *old,
                       uint32_t count)
{
    for (uint32_t b = 0; b < count; b++) {
        uint32_t place = old[b];
        while (place != OTA_PLACE_NONE) {
            const uint32_t next = places->next[place];
            show(places, place);
            place = next;
        }
    }
}

bool ota_places_grow(struct ota_places *places, uint32_t size)
{
    const uint32_t was = places->size;
    const uint32_t count = bucket_count(size);
    uint32_t *old = places->buckets;

    assert(size > was && size <= UINT32_C(1) << 31);

    uint32_t *next = realloc(places->next, size * sizeof(*next));
    if (next)
        places->next = next;
    uint64_t *keys = realloc(places->keys, size * sizeof(*keys));
    if (keys)
        places->keys = keys;
    uint32_t *buckets = malloc(count * sizeof(*buckets));
    if (!next || !keys || !buckets) {
        free(buckets);
        return false;
    }

    for (uint32_t b = 0; b < count; b++)
        buckets[b] = OTA_PLACE_NONE;
    if (was == 0)
        places->free = OTA_PLACE_NONE;
    places->buckets = buckets;
    places->size = size;
    show_again(places, old, was > 0 ? bucket_count(was) : 0);
    free(old);
    for (uint32_t place = size; place > was; place--)
        ota_places_give(places, place - 1);
    return true;
}

void ota_places_release(struct ota_places *places)
{
    free(places->next);
    free(places->keys);
    free(places->buckets);
    *places = (struct ota_places){.size = 0};
}

uint32_t ota_places_find(const struct ota_places *places, uint64_t key)
{
    uint32_t place = OTA_PLACE_NONE;

    if (places->size > 0)
        place = *bucket_of(places, key);
    while (place != OTA_PLACE_NONE && places->keys[place] != key)
        place = places->next[place];
    return place;
}

uint32_t ota_places_take(struct ota_places *places, uint64_t key)
{
    const uint32_t place = places->free;

    assert(places->size > 0 && place != OTA_PLACE_NONE);
    assert(ota_places_find(places, key) == OTA_PLACE_NONE);

    places->free = places->next[place];
    places->keys[place] = key;
    show(places, place);
    return place;
}

void ota_places_hide(struct ota_places *places, uint32_t place)
{
    uint32_t *link = bucket_of(places, places->keys[place]);

    while (*link != place) {
        assert(*link != OTA_PLACE_NONE);
        link = &places->next[*link];
    }
    *link = places->next[place];
}

void ota_places_give(struct ota_places *places, uint32_t place)
{
    places->next[place] = places->free;
    places->free = place;
}
