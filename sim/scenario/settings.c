/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * settings.c - --set PATH=VALUE.
 *
 * A path is followed word by word, from the top of the tree. What is set by
 * another path than its own (of all groups, by a second name) remembers how it
 * was called, so that complaints say what a person wrote.
 */
#include "sim/scenario/settings.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scenario/patch.h"
#include "sim/scenario/read_file.h"
#include "sim/scenario/setting_path.h"

enum {
    WORD_MAX = OTA_NAME_SIZE, /* bytes of one word of a path, with its NUL */
};

/* What complaints call the command line; it outlives them. */
static const char command_line[] = "--set";

struct setter {
    const struct ota_setting *setting;
    struct ota_arena *arena;
    struct ota_complaints *complaints;
    const char *said; /* the path, if it is not the value's own; or NULL */
};

static bool complain(const struct setter *s, const char *format, ...)
    OTA_PRINTF(2, 3);

static bool complain(const struct setter *s, const char *format, ...)
{
    char message[OTA_MESSAGE_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);

    struct ota_place place = {.file = command_line};
    snprintf(place.path, sizeof(place.path), "%s", s->setting->path);
    ota_complain(s->complaints, &place, "%s", message);
    return false;
}

static bool is_file(const struct ota_setting *setting)
{
    return setting->path[0] == '@';
}

/* Reads the file that the value names as JSON; what is wrong with it stands in
 * that file. NULL: complained. */
static struct ota_json *read_file_value(const struct setter *s)
{
    const char *file = s->setting->value;
    const struct ota_place place = {.file = file};
    size_t length;
    char *text = ota_read_file(file, &length);
    if (!text) {
        const int why = errno;
        if (why == EFBIG)
            ota_complain(s->complaints, &place,
                         "longer than %d MiB; this is no %s",
                         OTA_FILE_MAX_BYTES >> 20,
                         s->setting->path[1] ? s->setting->path + 1 : "patch");
        else
            ota_complain(s->complaints, &place, "cannot be read: %s",
                         ota_reason(why));
        return NULL;
    }
    struct ota_json *value =
        ota_json_parse(file, text, length, s->arena, s->complaints);
    free(text);
    return value;
}

/* Reads what looks like JSON of more than a word as JSON, and the rest as
 * plain text, which every field takes. NULL: complained. */
static struct ota_json *read_value(const struct setter *s)
{
    const char *text = s->setting->value;
    struct ota_json *value;
    if (is_file(s->setting))
        return read_file_value(s);
    if (text[0] == '{' || text[0] == '[' || text[0] == '"') {
        struct ota_complaints heard = {0};
        value =
            ota_json_parse(command_line, text, strlen(text), s->arena, &heard);
        if (heard.no_memory) {
            complain(s, OTA_NO_MEMORY);
            return NULL;
        }
        if (heard.total > 0) {
            complain(s, "the value does not read as JSON, column %d: %s",
                     heard.items[0].place.column, heard.items[0].message);
            return NULL;
        }
        ota_json_forget_places(value);
        return value;
    }
    value = ota_arena_alloc(s->arena, 1, sizeof(*value));
    if (value)
        *value = (struct ota_json){
            .type = OTA_JSON_TEXT,
            .text = ota_arena_text(s->arena, text, strlen(text)),
            .file = command_line};
    if (!value || !value->text) {
        complain(s, OTA_NO_MEMORY);
        return NULL;
    }
    return value;
}

/* Puts value where target stands, which keeps its name and neighbours. */
static void replace(const struct setter *s, struct ota_json *target,
                    const struct ota_json *value)
{
    target->said = s->said;
    target->type = value->type;
    target->text = value->text;
    target->escaped = value->escaped || value->at.line == 0;
    target->file = value->file;
    target->at = value->at;
    target->key_at = (struct ota_json_at){0};
    target->child = value->child;
    for (struct ota_json *v = target->child; v; v = v->next)
        v->parent = target;
}

/* Takes the next word of a path such as a.b[0].c; returns what follows, or
 * NULL with what is wrong. */
static const char *next_word(const char *path, char word[WORD_MAX],
                             const char **problem)
{
    const bool bracket = path[0] == '[';
    path += bracket;
    const size_t length = strcspn(path, ".[]");
    const bool closed = !bracket || path[length] == ']';
    const char *rest = path + length + (bracket && closed);

    *problem = NULL;
    if (length == 0 || (rest[0] == '.' && !rest[1]))
        *problem = "a word of the path is empty";
    else if (length >= WORD_MAX)
        *problem = "a word of the path is too long";
    else if (!closed || *rest == ']' ||
             (bracket && *rest && *rest != '.' && *rest != '['))
        *problem = "a bracket of the path has no partner or no place";
    if (*problem)
        return NULL;
    memcpy(word, path, length);
    word[length] = '\0';
    return rest + (rest[0] == '.');
}

static bool apply(const struct setter *s, struct ota_json *at,
                  const char *path);

/* The setter of a value that a person calls by the setting's path. */
static struct setter calling(const struct setter *s)
{
    struct setter called = *s;
    called.said = s->setting->path + is_file(s->setting);
    return called;
}

static bool apply_to_all(const struct setter *s, struct ota_json *list,
                         const char *path)
{
    const struct setter called = calling(s);
    bool ok = true;
    for (struct ota_json *v = list->child; v && ok; v = v->next)
        ok = apply(&called, v, path);
    return ok;
}

/* Follows a path that begins with a word of a group into all groups. */
static bool apply_to_groups(const struct setter *s, struct ota_json *root,
                            const char *path)
{
    struct ota_json *fleet = ota_json_find(root, "fleet");
    if (!fleet || fleet->type != OTA_JSON_LIST)
        return complain(s, "is of the groups of a fleet, and there are none");
    return apply_to_all(s, fleet, path);
}

static bool complain_unknown(const struct setter *s, const char *word)
{
    char advice[OTA_MESSAGE_SIZE / 2];
    ota_setting_advise(word, advice, sizeof(advice));
    return complain(s, "no setting begins with \"%s\"%s", word, advice);
}

/* Returns the value of a key, made if it is missing, with an object in place
 * of nothing if the path goes on. */
static struct ota_json *find_member(const struct setter *s,
                                    struct ota_json *object, const char *word,
                                    bool goes_on)
{
    struct ota_json *value = ota_json_find(object, word);
    if (!value) {
        const char *key = ota_arena_text(s->arena, word, strlen(word));
        if (key)
            value = ota_json_add(object, key, command_line, s->arena);
        if (!value) {
            complain(s, OTA_NO_MEMORY);
            return NULL;
        }
        if (goes_on)
            value->type = OTA_JSON_OBJECT;
    }
    return value;
}

/* Puts the value where `at` stands. */
static bool put(const struct setter *s, struct ota_json *at)
{
    struct ota_json *value = read_value(s);
    if (value)
        replace(s, at, value);
    else if (at->type == OTA_JSON_NULL && is_file(s->setting))
        at->type = OTA_JSON_OBJECT; /* the file was complained about */
    return value != NULL;
}

/* Follows the rest of a path behind the word of `at`. */
static bool step(const struct setter *s, struct ota_json *at, const char *word,
                 const char *rest)
{
    char problem[OTA_MESSAGE_SIZE];
    if (at->type == OTA_JSON_LIST && strcmp(word, "*") == 0)
        return apply_to_all(s, at, rest);

    struct ota_json *next;
    if (at->type == OTA_JSON_LIST) {
        next = ota_setting_entry(at, word, problem, sizeof(problem));
        if (!next)
            return complain(s, "%s", problem);
    } else if (at->type == OTA_JSON_OBJECT) {
        next = find_member(s, at, word, rest[0] != '\0');
    } else {
        return complain(s, "\"%s\" cannot be set in %s", word,
                        ota_json_type_words(at->type));
    }
    return next && apply(s, next, rest);
}

/* Follows path from `at` and puts the value at its end. Each call takes one
 * word of the path. */
static bool apply(const struct setter *s, struct ota_json *at, const char *path)
{
    char word[WORD_MAX];
    if (!path[0])
        return put(s, at);
    const char *problem;
    const char *rest = next_word(path, word, &problem);
    if (!rest)
        return complain(s, "%s; write it such as run.seed or fleet.0.app.wait",
                        problem);
    const char *meant = ota_setting_word(at, word);
    if (!at->parent && !ota_setting_is_top(meant) &&
        strncmp(meant, "x-", 2) != 0)
        return ota_setting_is_group(meant) ? apply_to_groups(s, at, path)
                                           : complain_unknown(s, word);
    const struct setter called = meant == word ? *s : calling(s);
    return step(&called, at, meant, rest);
}

bool ota_settings_apply(struct ota_json *root,
                        const struct ota_setting *settings, size_t count,
                        struct ota_arena *arena,
                        struct ota_complaints *complaints)
{
    bool ok = true;
    for (size_t i = 0; i < count; i++) {
        struct setter s = {&settings[i], arena, complaints, NULL};
        const char *path = settings[i].path + is_file(&settings[i]);
        if (path[0]) {
            ok = apply(&s, root, path) && ok;
        } else if (is_file(&settings[i])) {
            const struct ota_json *patch = read_file_value(&s);
            ok = patch && ota_patch_merge(root, patch, arena, complaints) && ok;
        } else {
            ok = complain(&s, "the path is empty; write it such as run.seed");
        }
    }
    return ok;
}
