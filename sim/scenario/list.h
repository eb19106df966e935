/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * list.h - lists of sections alike.
 */
#ifndef OTA_LIST_H
#define OTA_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/scenario/bind.h"

/* Returns the list of that key with its length, or NULL with a complaint if
 * there is none, or none that has an entry. */
const struct ota_json *ota_list_find(struct ota_binder *binder,
                                     const struct ota_json *parent,
                                     const char *key, const char *example,
                                     size_t *count);

/* Complains if an entry of a list is no object. */
bool ota_list_entry(struct ota_binder *binder, const struct ota_json *entry);

/*
 * Reads each entry by the fields of ota_sections[section] into an array from
 * the arena, whose members have entry_size bytes; others as for
 * ota_bind_fields(). Returns it even if there were complaints, then with *ok
 * false; NULL: no memory.
 */
void *ota_list_read(struct ota_binder *binder, const struct ota_json *list,
                    size_t entry_size, int section, const char *const *others,
                    bool *ok);

/* Complains unless the entries' "share", at share_offset of each, sum to 1
 * and each of several is given. */
bool ota_list_check_shares(struct ota_binder *binder,
                           const struct ota_json *list, const void *entries,
                           size_t entry_size, size_t share_offset);

#endif
