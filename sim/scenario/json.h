/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * json.h - JSON with comments, as a tree that remembers where it stood.
 *
 * cJSON reads the values. It reports no places, keeps repeated keys silently
 * and lets some wrong numbers pass; a scanner that walks the same text beside
 * it adds the places and refuses the rest. cJSON's own tree does not outlive
 * the reading.
 */
#ifndef OTA_JSON_H
#define OTA_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/base/arena.h"
#include "sim/base/error.h"

enum ota_json_type {
    OTA_JSON_NULL,
    OTA_JSON_FLAG,
    OTA_JSON_NUMBER,
    OTA_JSON_TEXT,
    OTA_JSON_LIST,
    OTA_JSON_OBJECT,
};

/* Line and column, from 1; 0 where there is none. */
struct ota_json_at {
    int line, column;
};

/* One value. Everything belongs to the arena it was read into. */
struct ota_json {
    enum ota_json_type type;
    const char *key;  /* in an object; else NULL */
    size_t index;     /* among its parent's values, from 0 */
    const char *text; /* TEXT: the text. NUMBER: as written. FLAG: "true" or
                       * "false". Else NULL */
    bool escaped;     /* TEXT: written with escapes, so that columns in text
                       * and in the file differ */
    const char *file;
    const char *said; /* its path in the words of whoever set it; NULL: by
                       * where it stands */
    struct ota_json_at at, key_at;
    struct ota_json *parent, *child, *next;
};

/*
 * Reads text[0 .. length). What is wrong goes to complaints; file is the name
 * of the text in them. Returns the tree, or NULL if it cannot be read at all.
 * A tree may come with complaints too (a key that stands twice).
 */
struct ota_json *ota_json_parse(const char *file, const char *text,
                                size_t length, struct ota_arena *arena,
                                struct ota_complaints *complaints);

/* Returns the value of a key of an object, letter case regarded; NULL if it
 * has none, or if object is NULL or no object. */
struct ota_json *ota_json_find(const struct ota_json *object, const char *key);

/* Adds a value without a place to the end of an object (with a key) or list
 * (key NULL). Returns it as a null, or NULL without memory. */
struct ota_json *ota_json_add(struct ota_json *parent, const char *key,
                              const char *file, struct ota_arena *arena);

/* Takes a value out of its parent; those behind it keep their index until
 * ota_json_number() counts anew. */
void ota_json_remove(struct ota_json *value);
void ota_json_number(struct ota_json *parent);

/* Puts a copy of value, and of all in it, where target stands, which keeps its
 * name and neighbours. Returns false without memory. */
bool ota_json_replace(struct ota_json *target, const struct ota_json *value,
                      struct ota_arena *arena);

/* Where a value, or its key, stands. */
void ota_json_place(const struct ota_json *value, struct ota_place *place);
void ota_json_key_place(const struct ota_json *value, struct ota_place *place);

/* Makes a value and all in it stand nowhere. */
void ota_json_forget_places(struct ota_json *value);

/* "a number", "text", ...: what a value is, for messages. */
const char *ota_json_type_words(enum ota_json_type type);

#endif
