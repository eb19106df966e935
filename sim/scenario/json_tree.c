/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * json_tree.c - finding and adding values, and saying where one stands.
 */
#include <assert.h>
#include <string.h>

#include "sim/base/text.h"
#include "sim/scenario/json.h"

const char *ota_json_type_words(enum ota_json_type type)
{
    static const char *const words[] = {
        [OTA_JSON_NULL] = "null",         [OTA_JSON_FLAG] = "true or false",
        [OTA_JSON_NUMBER] = "a number",   [OTA_JSON_TEXT] = "text",
        [OTA_JSON_LIST] = "a list [...]", [OTA_JSON_OBJECT] = "an object {...}",
    };
    return words[type];
}

struct ota_json *ota_json_find(const struct ota_json *object, const char *key)
{
    if (!object || object->type != OTA_JSON_OBJECT)
        return NULL;
    for (struct ota_json *value = object->child; value; value = value->next)
        if (strcmp(value->key, key) == 0)
            return value;
    return NULL;
}

struct ota_json *ota_json_add(struct ota_json *parent, const char *key,
                              const char *file, struct ota_arena *arena)
{
    assert(parent->type == (key ? OTA_JSON_OBJECT : OTA_JSON_LIST));

    struct ota_json *value = ota_arena_alloc(arena, 1, sizeof(*value));
    if (!value)
        return NULL;
    value->type = OTA_JSON_NULL;
    value->key = key;
    value->file = file;
    value->parent = parent;

    struct ota_json **tail = &parent->child;
    while (*tail) {
        value->index = (*tail)->index + 1;
        tail = &(*tail)->next;
    }
    *tail = value;
    return value;
}

void ota_json_remove(struct ota_json *value)
{
    struct ota_json **link = &value->parent->child;

    while (*link != value)
        link = &(*link)->next;
    *link = value->next;
}

void ota_json_number(struct ota_json *parent)
{
    size_t index = 0;

    for (struct ota_json *v = parent->child; v; v = v->next)
        v->index = index++;
}

/* Depth is bounded by the scanner. */
bool ota_json_replace(struct ota_json *target, const struct ota_json *value,
                      struct ota_arena *arena)
{
    target->type = value->type;
    target->text = value->text;
    target->escaped = value->escaped;
    target->file = value->file;
    target->said = value->said;
    target->at = value->at;
    target->key_at = value->key_at;
    target->child = NULL;
    struct ota_json **tail = &target->child;
    for (const struct ota_json *v = value->child; v; v = v->next) {
        struct ota_json *copy = ota_arena_alloc(arena, 1, sizeof(*copy));
        if (!copy)
            return false;
        copy->key = v->key;
        copy->index = v->index;
        copy->parent = target;
        *tail = copy;
        tail = &copy->next;
        if (!ota_json_replace(copy, v, arena))
            return false;
    }
    return true;
}

/* Depth is bounded by the scanner. */
void ota_json_forget_places(struct ota_json *value)
{
    value->at = value->key_at = (struct ota_json_at){0};
    for (struct ota_json *v = value->child; v; v = v->next)
        ota_json_forget_places(v);
}

/* Appends the path of a value; its depth is bounded by the scanner. */
static void append_path(const struct ota_json *value, char *path, size_t size)
{
    if (value->said)
        ota_text_append(path, size, "%s", value->said);
    if (value->said || !value->parent)
        return;
    append_path(value->parent, path, size);
    if (value->parent->type == OTA_JSON_LIST)
        ota_text_append(path, size, "[%zu]", value->index);
    else
        ota_text_append(path, size, "%s%s", path[0] ? "." : "", value->key);
}

static void set_place(const struct ota_json *value, struct ota_json_at at,
                      struct ota_place *place)
{
    *place = (struct ota_place){
        .file = value->file, .line = at.line, .column = at.column};
    append_path(value, place->path, sizeof(place->path));
}

void ota_json_place(const struct ota_json *value, struct ota_place *place)
{
    set_place(value, value->at, place);
}

void ota_json_key_place(const struct ota_json *value, struct ota_place *place)
{
    set_place(value, value->key_at.line ? value->key_at : value->at, place);
}
