/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * list.c - the entries of a list, each read as a section.
 */
#include "sim/scenario/list.h"

#include <math.h>
#include <string.h>

#include "sim/scenario/sections.h"

static const double share_tolerance = 1e-9;

const struct ota_json *ota_list_find(struct ota_binder *binder,
                                     const struct ota_json *parent,
                                     const char *key, const char *example,
                                     size_t *count)
{
    const struct ota_json *list = ota_json_find(parent, key);
    *count = 0;
    if (!list)
        ota_bind_complain(binder, parent,
                          "\"%s\" is missing, a list such as %s", key, example);
    else if (list->type != OTA_JSON_LIST)
        ota_bind_complain(binder, list, "%s where a list such as %s belongs",
                          ota_json_type_words(list->type), example);
    else if (!list->child)
        ota_bind_complain(binder, list,
                          "the list is empty; write one such as %s", example);
    else
        for (const struct ota_json *v = list->child; v; v = v->next)
            ++*count;
    return *count > 0 ? list : NULL;
}

bool ota_list_entry(struct ota_binder *binder, const struct ota_json *entry)
{
    if (entry->type == OTA_JSON_OBJECT)
        return true;
    return ota_bind_complain(binder, entry,
                             "%s where an object of settings {...} belongs",
                             ota_json_type_words(entry->type));
}

void *ota_list_read(struct ota_binder *binder, const struct ota_json *list,
                    size_t entry_size, int section, const char *const *others,
                    bool *ok)
{
    size_t count = 0;
    for (const struct ota_json *v = list->child; v; v = v->next)
        count++;
    char *entries = ota_arena_alloc(binder->context.arena, count, entry_size);
    *ok = entries != NULL;
    if (!entries) {
        ota_bind_complain(binder, list, OTA_NO_MEMORY);
        return NULL;
    }
    char *entry = entries;
    for (const struct ota_json *v = list->child; v; v = v->next) {
        const struct ota_bind_section of_entry = {.parent = list, .object = v};
        *ok = ota_list_entry(binder, v) &&
              ota_bind_fields(binder, &of_entry, ota_sections[section].fields,
                              others, entry) &&
              *ok;
        entry += entry_size;
    }
    return entries;
}

bool ota_list_check_shares(struct ota_binder *binder,
                           const struct ota_json *list, const void *entries,
                           size_t entry_size, size_t share_offset)
{
    const bool lone = !list->child->next;
    const char *place = (const char *)entries + share_offset;
    double sum = 0;
    for (const struct ota_json *v = list->child; v; v = v->next) {
        double share;
        if (!lone && !ota_json_find(v, "share"))
            return ota_bind_complain(binder, v,
                                     "\"share\" is missing; only a lone entry "
                                     "needs none");
        memcpy(&share, place, sizeof(share));
        sum += share;
        place += entry_size;
    }
    if (fabs(sum - 1.0) <= share_tolerance)
        return true;
    return ota_bind_complain(
        binder, list, "the shares sum to %.10g; they must sum to 1", sum);
}
