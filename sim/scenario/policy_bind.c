/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * policy_bind.c - values of a policy, by the tables of its vocabulary.
 *
 * A value is first put as the fields of all scenarios have it, then bound like
 * theirs. Platforms write seconds as plain numbers, so a policy may, too.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/text.h"
#include "sim/scenario/policy_read.h"

enum { WORDS_MAX = 64 };

/* Decimals of a percentage. */
static const double pct_unit = (double)(OTA_PCT_ALL / 100);

/* --- small help ---------------------------------------------------------- */

bool ota_vocab_expect(struct ota_policy_reader *reader,
                      const struct ota_json *value, const char *what)
{
    if (value->type == OTA_JSON_TEXT)
        return ota_bind_complain(reader->binder, value,
                                 "\"%.40s\" where %s belongs", value->text,
                                 what);
    return ota_bind_complain(reader->binder, value, "%s where %s belongs",
                             ota_json_type_words(value->type), what);
}

static bool is_remark(const struct ota_json *value)
{
    return strncmp(value->key, "x-", 2) == 0;
}

const struct ota_json *ota_vocab_only(const struct ota_json *object)
{
    const struct ota_json *only = NULL;
    if (object->type != OTA_JSON_OBJECT)
        return NULL;
    for (const struct ota_json *v = object->child; v; v = v->next) {
        if (is_remark(v))
            continue;
        if (only)
            return NULL;
        only = v;
    }
    return only;
}

bool ota_vocab_note_key(struct ota_policy_reader *reader, const char *key,
                        const char *value, const struct ota_json *at)
{
    struct ota_arena *arena = reader->binder->context.arena;
    struct ota_policy_key *noted = ota_arena_alloc(arena, 1, sizeof(*noted));
    const char *copy = ota_arena_text(arena, key, strlen(key));
    const char *other =
        value ? ota_arena_text(arena, value, strlen(value)) : NULL;
    if (!noted || !copy || (value && !other))
        return ota_bind_complain(reader->binder, at, OTA_NO_MEMORY);
    *noted = (struct ota_policy_key){copy, other, at, reader->keys};
    reader->keys = noted;
    return true;
}

/* --- times and distributions --------------------------------------------- */

static bool is_number(const struct ota_json *value)
{
    char *end;
    if (value->type == OTA_JSON_NUMBER)
        return true;
    if (value->type != OTA_JSON_TEXT || value->at.line > 0 || !value->text[0])
        return false;
    (void)strtod(value->text, &end); /* what --set gives has no quotes */
    return *end == '\0';
}

/* Puts a time, or a distribution of times, as scenarios write it. Returns
 * whether value is one at all. */
static bool spell_time(const struct ota_json *value, char *spelt, size_t size)
{
    if (is_number(value))
        snprintf(spelt, size, "%ss", value->text);
    else if (value->type == OTA_JSON_TEXT)
        snprintf(spelt, size, "%s", value->text);
    else
        return false;
    return true;
}

/* The same of {"exp": "2d"} and its like. */
static bool spell_law(const struct ota_json *value, char *spelt, size_t size)
{
    static const struct {
        const char *key, *begin;
    } laws[] = {{"exp", "exponential("},
                {"exponential", "exponential("},
                {"uniform", "uniform(0s, "},
                {"fixed", "fixed("}};
    char argument[OTA_MESSAGE_SIZE];
    const struct ota_json *only = ota_vocab_only(value);
    for (size_t i = 0; only && i < sizeof(laws) / sizeof(*laws); i++) {
        if (strcmp(only->key, laws[i].key) != 0 ||
            !spell_time(only, argument, sizeof(argument)))
            continue;
        snprintf(spelt, size, "%s%s)", laws[i].begin, argument);
        return true;
    }
    return false;
}

bool ota_vocab_read_field(struct ota_policy_reader *reader,
                          const struct ota_field *field,
                          const struct ota_json *value, void *config)
{
    char spelt[2 * OTA_MESSAGE_SIZE];
    struct ota_json plain = *value;
    const bool amount =
        field->kind == OTA_FIELD_INTEGER || field->kind == OTA_FIELD_DIST;
    /* A text too long to be spelt anew has no short units worth the room. */
    const bool fits = !value->text || 2 * strlen(value->text) < sizeof(spelt);
    if (amount && field->dimension == OTA_TIME && fits) {
        bool is = spell_time(value, spelt, sizeof(spelt));
        if (!is && field->kind == OTA_FIELD_DIST) {
            is = spell_law(value, spelt, sizeof(spelt));
            if (!is && value->type == OTA_JSON_OBJECT)
                return ota_vocab_expect(
                    reader, value,
                    "a duration, a distribution such as \"uniform(3s, 20s)\", "
                    "{\"exp\": \"2d\"} or {\"uniform\": \"60s\"}");
            plain.escaped = true; /* columns in it are nowhere */
        }
        if (is) {
            plain.type = OTA_JSON_TEXT;
            plain.text = spelt;
        }
    }
    return ota_bind_value(reader->binder, field, &plain, config);
}

bool ota_vocab_read_time(struct ota_policy_reader *reader,
                         const struct ota_json *value, int64_t *time_us)
{
    static const struct ota_field field = {.name = "",
                                           .kind = OTA_FIELD_INTEGER,
                                           .dimension = OTA_TIME,
                                           .min = 0,
                                           .max = OTA_VOCAB_TIME_MAX};
    return ota_vocab_read_field(reader, &field, value, time_us);
}

/* --- percentages --------------------------------------------------------- */

bool ota_vocab_read_pct(struct ota_policy_reader *reader,
                        const struct ota_json *value, int64_t *pct)
{
    char *end = NULL;
    double percent = 0;
    if (value->text &&
        (value->type == OTA_JSON_NUMBER || value->type == OTA_JSON_TEXT))
        percent = strtod(value->text, &end);
    while (end && *end == ' ')
        end++;
    /* A number; in quotes, with the sign. */
    const bool sign = end && end != value->text && strcmp(end, "%") == 0;
    if (!sign && !is_number(value))
        return ota_vocab_expect(reader, value,
                                "a percentage, 0 to 100 such as 12.5,");
    if (!(percent >= 0 && percent <= 100))
        return ota_bind_complain(reader->binder, value,
                                 "%.40s percent; it must be 0 to 100",
                                 value->text);
    const double units = percent * pct_unit;
    if (fabs(units - round(units)) > 1e-3)
        return ota_bind_complain(reader->binder, value,
                                 "%.40s has more than 6 decimals; write %.6f",
                                 value->text, percent);
    *pct = (int64_t)round(units);
    return true;
}

/* --- choices of two, filters --------------------------------------------- */

static bool read_pair(struct ota_policy_reader *reader,
                      const struct ota_vocab_item *item,
                      const struct ota_json *value, void *config)
{
    struct ota_field field = item->field;
    int index = 0;
    field.kind = OTA_FIELD_CHOICE;
    field.offset = 0;
    if (!ota_bind_value(reader->binder, &field, value, &index))
        return false;
    const bool second = index == 1;
    memcpy((char *)config + item->field.offset, &second, sizeof(second));
    return true;
}

/* Notes the keys that a filter asks for, with their values. */
struct key_visit {
    struct ota_policy_reader *reader;
    const struct ota_json *at;
};

static void visit_key(void *self, const char *key, const char *value)
{
    const struct key_visit *visit = self;
    (void)ota_vocab_note_key(visit->reader, key, value, visit->at);
}

bool ota_policy_read_filter(struct ota_policy_reader *reader,
                            const struct ota_json *value,
                            struct ota_filter *filter)
{
    char problem[OTA_MESSAGE_SIZE];
    size_t column = 0;
    if (value->type != OTA_JSON_TEXT)
        return ota_vocab_expect(
            reader, value, "a filter such as \"stage=canary & link=wifi\"");
    if (!ota_filter_parse(value->text, reader->binder->context.arena, filter,
                          &column, problem, sizeof(problem))) {
        struct ota_place place;
        ota_json_place(value, &place);
        if (place.line > 0 && !value->escaped)
            place.column += (int)column + 1;
        ota_complain(reader->binder->complaints, &place, "%s", problem);
        return false;
    }
    struct key_visit visit = {reader, value};
    ota_filter_keys(filter, visit_key, &visit);
    return true;
}

/* --- blocks -------------------------------------------------------------- */

struct owner_search {
    const char *key;
    const struct ota_vocab_block *not_this, *found;
};

static void look_for_owner(void *self, const struct ota_vocab_block *block)
{
    struct owner_search *search = self;
    if (block == search->not_this || search->found)
        return;
    for (const struct ota_vocab_item *i = block->items; i->field.name; i++)
        if (strcmp(i->field.name, search->key) == 0)
            search->found = block;
}

static void complain_unknown(struct ota_policy_reader *reader,
                             const struct ota_vocab_block *block,
                             const struct ota_json *value)
{
    const char *words[WORDS_MAX];
    size_t count = 0;
    for (const struct ota_vocab_item *i = block->items; i->field.name; i++)
        words[count++] = i->field.name;
    struct owner_search search = {value->key, block, NULL};
    char advice[OTA_MESSAGE_SIZE];
    if (block == &ota_vocab_policy &&
        (strcmp(value->key, "model") == 0 || strcmp(value->key, "preset") == 0))
        snprintf(advice, sizeof(advice),
                 ": a policy has none; \"policy\": {} reaches everybody at "
                 "once");
    else {
        if (!ota_text_nearest(value->key, words, count))
            ota_vocab_walk(look_for_owner, &search);
        if (search.found)
            snprintf(advice, sizeof(advice), ": it belongs into %s",
                     search.found->path);
        else
            ota_bind_advise(value->key, words, count, advice, sizeof(advice));
    }
    struct ota_place place;
    ota_json_key_place(value, &place);
    ota_complain(reader->binder->complaints, &place, "unknown setting%s",
                 advice);
}

static bool read_item(struct ota_policy_reader *reader,
                      const struct ota_vocab_item *item,
                      const struct ota_json *value, void *config)
{
    void *place = (char *)config + item->field.offset;
    if (item->given)
        item->given(config);
    switch (item->as) {
    case OTA_AS_FIELD:
        return ota_vocab_read_field(reader, &item->field, value, config);
    case OTA_AS_PCT:
        return ota_vocab_read_pct(reader, value, place);
    case OTA_AS_PAIR:
        return read_pair(reader, item, value, config);
    case OTA_AS_FILTER:
        return ota_policy_read_filter(reader, value, place);
    case OTA_AS_BLOCK:
        return ota_vocab_read(reader, item->block, value, place);
    case OTA_AS_FORM:
        return item->form->read(reader, item, value, config);
    }
    return false;
}

/* Reads what a block's object gives, and says which of its keys mean
 * nothing. */
static bool read_given(struct ota_policy_reader *reader,
                       const struct ota_vocab_block *block,
                       const struct ota_json *object, void *config)
{
    bool ok = true;
    for (const struct ota_json *v = object->child; v; v = v->next) {
        const struct ota_vocab_item *item = block->items;
        while (item->field.name && strcmp(item->field.name, v->key) != 0)
            item++;
        if (item->field.name)
            ok = read_item(reader, item, v, config) && ok;
        else if (!is_remark(v)) {
            complain_unknown(reader, block, v);
            ok = false;
        }
    }
    return ok;
}

/* Whether one of the object's keys is an item's name misspelt. */
static bool is_misspelt(const struct ota_vocab_block *block,
                        const struct ota_json *object, const char *name)
{
    const char *words[WORDS_MAX];
    size_t count = 0;
    for (const struct ota_vocab_item *i = block->items; i->field.name; i++)
        words[count++] = i->field.name;
    for (const struct ota_json *v = object->child; v; v = v->next)
        if (!is_remark(v) && ota_text_nearest(v->key, words, count) == name)
            return true;
    return false;
}

static bool check_missing(struct ota_policy_reader *reader,
                          const struct ota_vocab_block *block,
                          const struct ota_json *object)
{
    bool ok = true;
    for (const struct ota_vocab_item *i = block->items; i->field.name; i++)
        if (i->must && !ota_json_find(object, i->field.name) &&
            !is_misspelt(block, object, i->field.name))
            ok = ota_bind_complain(reader->binder, object,
                                   "\"%s\" is missing: %s", i->field.name,
                                   i->field.help);
    return ok;
}

bool ota_vocab_read(struct ota_policy_reader *reader,
                    const struct ota_vocab_block *block,
                    const struct ota_json *object, void *config)
{
    if (object->type != OTA_JSON_OBJECT)
        return ota_vocab_expect(reader, object, "an object of settings {...}");
    const bool given = read_given(reader, block, object, config);
    const bool complete = check_missing(reader, block, object);
    if (!given || !complete)
        return false;
    return !block->finish || block->finish(reader, object, config);
}

void *ota_vocab_read_list(struct ota_policy_reader *reader,
                          const struct ota_vocab_block *entry,
                          const struct ota_json *list, size_t *count, bool *ok)
{
    *count = 0;
    *ok = list->type == OTA_JSON_LIST;
    if (!*ok) {
        ota_vocab_expect(reader, list, "a list [{...}, ...]");
        return NULL;
    }
    for (const struct ota_json *v = list->child; v; v = v->next)
        ++*count;
    if (*count == 0)
        return NULL;
    char *entries =
        ota_arena_alloc(reader->binder->context.arena, *count, entry->size);
    if (!entries) {
        *ok = ota_bind_complain(reader->binder, list, OTA_NO_MEMORY);
        return NULL;
    }
    char *place = entries;
    for (const struct ota_json *v = list->child; v; v = v->next) {
        if (entry->init)
            entry->init(place);
        *ok = ota_vocab_read(reader, entry, v, place) && *ok;
        place += entry->size;
    }
    return entries;
}
