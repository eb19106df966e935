/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * filter.h - which devices, by what is known of them beforehand.
 *
 *     stage=canary & link=wifi
 *     os<2.0.0 | (modem=r410 & !region=eu)
 *
 *     site="north hall" & id<100
 *
 * Keys: group, platform, product (true, false), link (wifi, radio), os (what
 * was installed at time 0; compares as versions do), id (the device's number,
 * compares as numbers do), and any label. "=" and "!=" compare text; a label
 * that a device has not got is "". "<", "<=", ">" and ">=" are for os and id;
 * a device of unknown version is on neither side. "!" binds before "&", and "&"
 * before "|".
 */
#ifndef OTA_FILTER_H
#define OTA_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/arena.h"

struct ota_filter_node;

struct ota_filter {
    const char *text; /* as written; NULL: matches everything */
    const struct ota_filter_node *root;
};

/* Returns the value of a device's key as text, in buffer if it needs one; ""
 * if it has none. */
typedef const char *(*ota_attribute_of)(void *self, uint64_t device,
                                        const char *key, char *buffer,
                                        size_t size);

/* Reads text. Returns false with what is wrong and how far into text (from 0)
 * it stands. */
bool ota_filter_parse(const char *text, struct ota_arena *arena,
                      struct ota_filter *filter, size_t *column, char *problem,
                      size_t problem_size);

bool ota_filter_matches(const struct ota_filter *filter, uint64_t device,
                        ota_attribute_of attribute_of, void *self);

/* Calls visit for each key that it asks for, with the text that it compares it
 * with by "=" or "!="; NULL: by another sign. */
void ota_filter_keys(const struct ota_filter *filter,
                     void (*visit)(void *self, const char *key,
                                   const char *value),
                     void *self);

#endif
