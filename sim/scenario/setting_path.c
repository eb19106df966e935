/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * setting_path.c - the tables of the reader say what is a key where.
 */
#include "sim/scenario/setting_path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/registry.h"
#include "sim/base/text.h"
#include "sim/scenario/bind.h"
#include "sim/scenario/sections.h"

enum {
    NAMES_MAX = 32, /* groups listed in a message */
    WORDS_MAX = 64, /* with which a path may begin */
};

const struct ota_second_name ota_second_names[] = {
    {NULL, "awake", "app"},          {"sleep", "every", "period"},
    {"sleep", "interval", "period"}, {"plan", "cap", "included"},
    {"run", "reps", "replications"}, {.written = NULL},
};

/* Keys of a scenario and of a group that are no section of a table. */
static const char *const top_words[] = {"policy", "$schema", NULL};

static bool is_among(const char *word, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(*words, word) == 0)
            return true;
    return false;
}

static bool has_section(const char *word, int first, int last)
{
    for (int s = first; s <= last; s++)
        if (strcmp(ota_sections[s].name, word) == 0)
            return true;
    return false;
}

bool ota_setting_is_top(const char *word)
{
    return has_section(word, 0, OTA_SECTION_FLEET) ||
           is_among(word, ota_fleet_kinds) || is_among(word, top_words) ||
           ota_field_find(ota_sections[OTA_SECTION_SCENARIO].fields, word);
}

bool ota_setting_is_group(const char *word)
{
    return has_section(word, OTA_SECTION_INSTALLED, OTA_SECTION_OUTAGES) ||
           has_section(word, OTA_SECTION_LABELS, OTA_SECTION_LABELS) ||
           is_among(word, ota_group_kinds) ||
           ota_field_find(ota_sections[OTA_SECTION_FLEET].fields, word);
}

/* Adds a word, if there is room. */
static size_t add_word(const char **words, size_t count, const char *word)
{
    if (count < WORDS_MAX)
        words[count++] = word;
    return count;
}

static size_t collect_words(const char *words[WORDS_MAX])
{
    static const int tables[] = {OTA_SECTION_SCENARIO, OTA_SECTION_FLEET};
    size_t n = 0;

    for (int s = 0; s < OTA_SECTIONS; s++)
        if (ota_setting_is_top(ota_sections[s].name) ||
            ota_setting_is_group(ota_sections[s].name))
            n = add_word(words, n, ota_sections[s].name);
    for (const char *const *w = ota_fleet_kinds; *w; w++)
        n = add_word(words, n, *w);
    for (const char *const *w = top_words; *w; w++)
        n = add_word(words, n, *w);
    for (const char *const *w = ota_group_kinds; *w; w++)
        n = add_word(words, n, *w);
    for (size_t t = 0; t < 2; t++)
        for (const struct ota_field *f = ota_sections[tables[t]].fields;
             f->name; f++)
            n = add_word(words, n, f->name);
    for (const struct ota_second_name *s = ota_second_names; s->written; s++)
        if (!s->section)
            n = add_word(words, n, s->written);
    return n;
}

/* Returns the section of which the word is a setting, or NULL. */
static const char *section_of(const char *word)
{
    for (int s = 0; s < OTA_SECTION_FLEET; s++)
        if (ota_field_find(ota_sections[s].fields, word))
            return ota_sections[s].name;
    for (const struct ota_kind *kind = ota_kinds; kind->name; kind++) {
        const struct ota_model *model;
        for (size_t m = 0; (model = kind->at(m)); m++)
            if (ota_field_find(model->fields, word))
                return kind->name;
    }
    return NULL;
}

void ota_setting_advise(const char *word, char *advice, size_t size)
{
    const char *words[WORDS_MAX];
    const size_t count = collect_words(words);
    const char *section = section_of(word);
    const char *nearest = ota_text_nearest(word, words, count);

    if (section)
        snprintf(advice, size, "; did you mean \"%s.%s\"?", section, word);
    else if (nearest)
        snprintf(advice, size, "; did you mean \"%s\"?", nearest);
    else
        snprintf(advice, size,
                 "; sections such as run, app and sleep do (`otasim models` "
                 "lists them)");
}

/* Whether the value is a scenario's group, or stands where one should. */
static bool is_group(const struct ota_json *value)
{
    const struct ota_json *list = value->parent;

    return list && list->parent && !list->parent->parent &&
           list->type == OTA_JSON_LIST && list->key &&
           strcmp(list->key, "fleet") == 0;
}

const char *ota_setting_word(const struct ota_json *at, const char *word)
{
    const struct ota_json *parent = at->parent;
    const bool groups = !parent || is_group(at); /* at the top: of all groups */
    const bool section = parent && (!parent->parent || is_group(parent));

    for (const struct ota_second_name *s = ota_second_names; s->written; s++)
        if (strcmp(s->written, word) == 0 &&
            (s->section ? section && at->key && strcmp(at->key, s->section) == 0
                        : groups))
            return s->meant;
    return word;
}

struct ota_json *ota_setting_entry(const struct ota_json *list,
                                   const char *word, char *problem,
                                   size_t problem_size)
{
    const bool by_index = strspn(word, "0123456789") == strlen(word);
    const char *names[NAMES_MAX] = {0};
    size_t name_count = 0, count = 0;

    for (struct ota_json *v = list->child; v; v = v->next, count++) {
        const struct ota_json *name = ota_json_find(v, "name");
        if (by_index ? strtoull(word, NULL, 10) == v->index
                     : name && name->text && strcmp(name->text, word) == 0)
            return v;
        if (name && name->text && name_count < NAMES_MAX)
            names[name_count++] = name->text;
    }
    char advice[OTA_MESSAGE_SIZE];
    ota_bind_advise(word, names, name_count, advice, sizeof(advice));
    if (by_index)
        snprintf(problem, problem_size,
                 "there is no entry %s; the list has %zu, counted from 0", word,
                 count);
    else
        snprintf(problem, problem_size, "no entry is named \"%s\"%.300s", word,
                 advice);
    return NULL;
}
