/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * patch.c - merges by RFC 7396, and into the fleet.
 *
 * Depth is bounded by the scanner. Values are copied, as several groups may
 * take the same; a value that several take is called by its path in the patch,
 * so that what is wrong with it is said once.
 */
#include "sim/scenario/patch.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "sim/base/text.h"
#include "sim/scenario/setting_path.h"

struct patcher {
    struct ota_arena *arena;
    struct ota_complaints *complaints;
};

static bool complain(const struct patcher *p, const struct ota_json *value,
                     const char *message)
{
    struct ota_place place;
    ota_json_key_place(value, &place);
    ota_complain(p->complaints, &place, "%s", message);
    return false;
}

/* Returns "said.key"; NULL if said is, or without memory. */
static const char *say(const struct patcher *p, const char *said,
                       const char *key)
{
    char path[OTA_PATH_SIZE] = "";
    if (!said)
        return NULL;
    ota_text_append(path, sizeof(path), "%s.%s", said, key);
    return ota_arena_text(p->arena, path, strlen(path));
}

static bool merge(const struct patcher *p, struct ota_json *target,
                  const struct ota_json *patch, const char *said);

/* Changes the target's member of that key as the value says. */
static bool merge_member(const struct patcher *p, struct ota_json *target,
                         const char *key, const struct ota_json *value,
                         const char *said)
{
    struct ota_json *member = ota_json_find(target, key);

    if (value->type == OTA_JSON_NULL) {
        if (member)
            ota_json_remove(member);
        return true;
    }
    if (!member)
        member = ota_json_add(target, key, value->file, p->arena);
    if (!member)
        return complain(p, value, OTA_NO_MEMORY);
    const bool object = value->type == OTA_JSON_OBJECT;
    if (object && member->type == OTA_JSON_OBJECT)
        return merge(p, member, value, said);

    struct ota_json bare = *value;
    if (object)
        bare.child = NULL; /* they are merged: nulls among them are left out */
    bare.said = said;
    if (!ota_json_replace(member, &bare, p->arena))
        return complain(p, value, OTA_NO_MEMORY);
    return !object || merge(p, member, value, said);
}

/* Changes each group's member of that key. */
static bool merge_groups(const struct patcher *p, struct ota_json *root,
                         const char *key, const struct ota_json *value)
{
    const struct ota_json *fleet = ota_json_find(root, "fleet");
    bool ok = true;

    if (!fleet || fleet->type != OTA_JSON_LIST)
        return complain(p, value,
                        "is of the groups of a fleet, and there are none");
    for (struct ota_json *group = fleet->child; group; group = group->next)
        if (group->type == OTA_JSON_OBJECT)
            ok = merge_member(p, group, key, value, value->key) && ok;
    return ok;
}

/* Changes the group, or takes it out of the fleet. */
static bool merge_group(const struct patcher *p, struct ota_json *group,
                        const struct ota_json *value, const char *said)
{
    char message[OTA_MESSAGE_SIZE];

    if (value->type == OTA_JSON_NULL) {
        ota_json_remove(group);
        return true;
    }
    if (value->type == OTA_JSON_OBJECT && group->type == OTA_JSON_OBJECT)
        return merge(p, group, value, said);
    snprintf(message, sizeof(message),
             "%s where a group's changes {...} belong, or null",
             ota_json_type_words(value->type));
    return complain(p, value, message);
}

/* An index is that of the fleet as it was, even behind a group that is taken
 * out. */
static bool merge_fleet(const struct patcher *p, struct ota_json *fleet,
                        const struct ota_json *patch)
{
    char problem[OTA_MESSAGE_SIZE];
    bool ok = true;

    for (const struct ota_json *v = patch->child; v; v = v->next) {
        struct ota_json *next;
        if (strcmp(v->key, "*") == 0) {
            for (struct ota_json *group = fleet->child; group; group = next) {
                next = group->next;
                ok = merge_group(p, group, v, "fleet.*") && ok;
            }
            continue;
        }
        struct ota_json *group =
            ota_setting_entry(fleet, v->key, problem, sizeof(problem));
        ok = (group ? merge_group(p, group, v, NULL)
                    : complain(p, v, problem)) &&
             ok;
    }
    ota_json_number(fleet);
    return ok;
}

static bool merge(const struct patcher *p, struct ota_json *target,
                  const struct ota_json *patch, const char *said)
{
    bool ok = true;

    assert(target->type == OTA_JSON_OBJECT && patch->type == OTA_JSON_OBJECT);
    for (const struct ota_json *v = patch->child; v; v = v->next) {
        const char *key = ota_setting_word(target, v->key);
        struct ota_json *member = ota_json_find(target, key);
        if (!target->parent && !ota_setting_is_top(key) &&
            ota_setting_is_group(key))
            ok = merge_groups(p, target, key, v) && ok;
        else if (!target->parent && strcmp(key, "fleet") == 0 && member &&
                 member->type == OTA_JSON_LIST && v->type == OTA_JSON_OBJECT)
            ok = merge_fleet(p, member, v) && ok;
        else
            ok = merge_member(p, target, key, v, say(p, said, v->key)) && ok;
    }
    return ok;
}

bool ota_patch_merge(struct ota_json *root, const struct ota_json *patch,
                     struct ota_arena *arena, struct ota_complaints *complaints)
{
    const struct patcher p = {arena, complaints};
    char message[OTA_MESSAGE_SIZE];

    if (patch->type == OTA_JSON_OBJECT)
        return merge(&p, root, patch, NULL);
    snprintf(message, sizeof(message),
             "%s where changes to a scenario {...} belong",
             ota_json_type_words(patch->type));
    return complain(&p, patch, message);
}
