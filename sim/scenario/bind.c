/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bind.c - sections, fields, models.
 */
#include "sim/scenario/bind.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/base/text.h"

enum {
    WORDS_MAX = 64,    /* keys of a section, models of a kind */
    PRESETS_MAX = 256, /* of a kind, among which the nearest is sought */
};

/* Two groups may find the same fault in what they share. */
static bool is_said(const struct ota_complaints *complaints,
                    const struct ota_place *place, const char *message)
{
    for (size_t i = 0; i < complaints->count; i++) {
        const struct ota_complaint *said = &complaints->items[i];
        if (said->place.file == place->file &&
            said->place.line == place->line &&
            said->place.column == place->column &&
            strcmp(said->place.path, place->path) == 0 &&
            strcmp(said->message, message) == 0)
            return true;
    }
    return false;
}

static bool complain_at(struct ota_binder *binder,
                        const struct ota_place *place, const char *message)
{
    if (!is_said(binder->complaints, place, message))
        ota_complain(binder->complaints, place, "%s", message);
    return false;
}

bool ota_bind_complain(struct ota_binder *binder, const struct ota_json *value,
                       const char *format, ...)
{
    char message[OTA_MESSAGE_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);

    struct ota_place place;
    ota_json_place(value, &place);
    return complain_at(binder, &place, message);
}

bool ota_bind_find(struct ota_binder *binder, const struct ota_json *parent,
                   const char *key, struct ota_bind_section *section)
{
    *section = (struct ota_bind_section){
        .parent = parent, .key = key, .object = ota_json_find(parent, key)};
    if (!section->object || section->object->type == OTA_JSON_OBJECT)
        return true;
    const struct ota_kind *kind = ota_kind_find(key);
    const struct ota_json *value = section->object;
    const char *type = ota_json_type_words(value->type);
    const char *word = value->type == OTA_JSON_TEXT ? value->text : NULL;
    if (kind && word && binder->presets &&
        ota_preset_find(binder->presets, kind, word))
        return ota_bind_complain(binder, value,
                                 "%s where an object of settings belongs; did "
                                 "you mean {\"preset\": \"%s\"}?",
                                 type, word);
    if (kind && word && ota_kind_model_index(kind, word) >= 0)
        return ota_bind_complain(binder, value,
                                 "%s where an object of settings belongs; did "
                                 "you mean {\"model\": \"%s\"}?",
                                 type, word);
    return ota_bind_complain(binder, value,
                             "%s where an object of settings %s belongs", type,
                             kind ? "{\"model\": ...}" : "{...}");
}

/* What belongs into a field, for a value of a wrong type. */
static void expected(const struct ota_field *field, char *text, size_t size)
{
    const char *name = ota_dimension_name(field->dimension);
    const char *example = ota_dimension_example(field->dimension);
    const char *article = strchr("aeiou", name[0]) ? "an" : "a";
    text[0] = '\0';
    switch (field->kind) {
    case OTA_FIELD_INTEGER:
    case OTA_FIELD_REAL:
        if (field->dimension == OTA_COUNT || field->dimension == OTA_RATIO)
            ota_text_append(text, size, "a number such as %s", example);
        else
            ota_text_append(text, size, "%s %s such as \"%s\"", article, name,
                            example);
        break;
    case OTA_FIELD_DIST:
        ota_text_append(text, size,
                        "%s %s such as \"%s\", or a distribution of it,",
                        article, name, example);
        break;
    case OTA_FIELD_FLAG:
        ota_text_append(text, size, "true or false");
        break;
    case OTA_FIELD_SEED:
        ota_text_append(text, size, "a whole number");
        break;
    case OTA_FIELD_CHOICE:
        ota_field_describe(field, text, size);
        break;
    case OTA_FIELD_NAME:
    case OTA_FIELD_TEXT:
        ota_text_append(text, size, "text in double quotes");
        break;
    }
}

bool ota_bind_takes_bare(const struct ota_field *field)
{
    switch (field->kind) {
    case OTA_FIELD_FLAG:
    case OTA_FIELD_SEED:
        return true;
    case OTA_FIELD_INTEGER:
    case OTA_FIELD_REAL:
    case OTA_FIELD_DIST:
        return field->dimension == OTA_COUNT || field->dimension == OTA_RATIO;
    default:
        return false;
    }
}

bool ota_bind_takes_quoted(const struct ota_field *field)
{
    if (!ota_bind_takes_bare(field))
        return true;
    if (field->kind == OTA_FIELD_FLAG)
        return false;
    return field->kind == OTA_FIELD_SEED || field->kind == OTA_FIELD_DIST ||
           field->dimension == OTA_RATIO;
}

/* Whether the value is of a type that can stand for the field. A bare number
 * in the place of an amount goes on: that it lacks a unit is the better
 * message. What --set gives has no quotes to begin with. */
static bool type_fits(const struct ota_field *field,
                      const struct ota_json *value)
{
    const bool from_set = value->at.line == 0;
    switch (value->type) {
    case OTA_JSON_TEXT:
        if (field->kind == OTA_FIELD_REAL && field->dimension == OTA_RATIO)
            return from_set || strchr(value->text, '%');
        return from_set || ota_bind_takes_quoted(field);
    case OTA_JSON_FLAG:
        return field->kind == OTA_FIELD_FLAG;
    case OTA_JSON_NUMBER:
        return field->kind == OTA_FIELD_INTEGER ||
               field->kind == OTA_FIELD_REAL || field->kind == OTA_FIELD_DIST ||
               field->kind == OTA_FIELD_SEED;
    default:
        return false;
    }
}

bool ota_bind_value(struct ota_binder *binder, const struct ota_field *field,
                    const struct ota_json *value, void *config)
{
    char problem[OTA_MESSAGE_SIZE];
    if (!type_fits(field, value)) {
        expected(field, problem, sizeof(problem));
        if (value->type == OTA_JSON_TEXT)
            return ota_bind_complain(binder, value,
                                     "\"%.40s\" where %s belongs, without "
                                     "quotes",
                                     value->text, problem);
        return ota_bind_complain(binder, value, "%s where %s belongs",
                                 ota_json_type_words(value->type), problem);
    }
    size_t column = 0;
    if (ota_field_set(field, config, value->text, &binder->context, &column,
                      problem, sizeof(problem)))
        return true;

    struct ota_place place;
    ota_json_place(value, &place);
    if (place.line > 0 && column > 0 && !value->escaped)
        place.column += (int)column + (value->type == OTA_JSON_TEXT ? 1 : 0);
    return complain_at(binder, &place, problem);
}

/* Collects what may stand in a section. */
static size_t known_words(const struct ota_field *fields,
                          const char *const *others,
                          const char *words[WORDS_MAX])
{
    size_t count = 0;
    for (; fields->name; fields++) {
        assert(count < WORDS_MAX);
        words[count++] = fields->name;
    }
    for (; others && *others; others++) {
        assert(count < WORDS_MAX);
        words[count++] = *others;
    }
    return count;
}

/* Complains about keys that mean nothing here. */
static bool check_keys(struct ota_binder *binder,
                       const struct ota_bind_section *section,
                       const struct ota_field *fields,
                       const char *const *others)
{
    const struct ota_json *object = section->object;
    const char *words[WORDS_MAX];
    const size_t count = known_words(fields, others, words);
    bool ok = true;

    for (const struct ota_json *v = object->child; v; v = v->next) {
        bool known = strncmp(v->key, "x-", 2) == 0;
        for (size_t i = 0; i < count && !known; i++)
            known = strcmp(words[i], v->key) == 0;
        if (known)
            continue;
        char advice[OTA_MESSAGE_SIZE], message[OTA_MESSAGE_SIZE];
        if (!ota_bind_advise_owner(section, v, advice, sizeof(advice)))
            ota_bind_advise(v->key, words, count, advice, sizeof(advice));
        struct ota_place place;
        ota_json_key_place(v, &place);
        snprintf(message, sizeof(message), "unknown setting%.*s",
                 OTA_MESSAGE_SIZE - 20, advice);
        ok = complain_at(binder, &place, message);
    }
    return ok;
}

/* Whether a key of the object is the field's name misspelt; check_keys() says
 * so. */
static bool is_misspelt(const struct ota_json *object,
                        const struct ota_field *field,
                        const struct ota_field *fields,
                        const char *const *others)
{
    const char *words[WORDS_MAX];
    const size_t count = known_words(fields, others, words);
    for (const struct ota_json *v = object->child; v; v = v->next)
        if (ota_text_nearest(v->key, words, count) == field->name &&
            strncmp(v->key, "x-", 2) != 0)
            return true;
    return false;
}

static bool complain_missing(struct ota_binder *binder,
                             const struct ota_bind_section *section,
                             const struct ota_field *field)
{
    char belongs[OTA_MESSAGE_SIZE];
    ota_field_describe(field, belongs, sizeof(belongs));
    if (section->object)
        return ota_bind_complain(binder, section->object,
                                 "\"%s\" is missing (%s): %s", field->name,
                                 belongs, field->help);
    return ota_bind_complain(binder, section->parent,
                             "\"%s\" is missing, which must set \"%s\" (%s): "
                             "%s",
                             section->key, field->name, belongs, field->help);
}

/* Sets the fields that the object gives. */
static bool bind_values(struct ota_binder *binder,
                        const struct ota_json *object,
                        const struct ota_field *fields, void *config)
{
    bool ok = true;
    for (const struct ota_field *field = fields; field->name; field++) {
        const struct ota_json *value = ota_json_find(object, field->name);
        if (value)
            ok = ota_bind_value(binder, field, value, config) && ok;
    }
    return ok;
}

bool ota_bind_given(struct ota_binder *binder,
                    const struct ota_bind_section *section,
                    const struct ota_field *fields, const char *const *others,
                    void *config)
{
    const bool ok = bind_values(binder, section->object, fields, config);
    return (!section->object || check_keys(binder, section, fields, others)) &&
           ok;
}

/* Complains about fields that nobody gives. */
static bool check_missing(struct ota_binder *binder,
                          const struct ota_bind_section *section,
                          const struct ota_field *fields,
                          const char *const *others)
{
    const struct ota_json *object = section->object;
    bool ok = true;
    for (const struct ota_field *field = fields; field->name; field++)
        if (!field->fallback && !ota_json_find(object, field->name) &&
            !ota_json_find(section->preset, field->name) &&
            !(object && is_misspelt(object, field, fields, others)))
            ok = complain_missing(binder, section, field);
    return ok;
}

bool ota_bind_fields(struct ota_binder *binder,
                     const struct ota_bind_section *section,
                     const struct ota_field *fields, const char *const *others,
                     void *config)
{
    if (!ota_fields_set_defaults(fields, config, &binder->context)) {
        struct ota_place place = {.path = ""};
        ota_complain(binder->complaints, &place, OTA_NO_MEMORY);
        return false;
    }
    const bool preset = bind_values(binder, section->preset, fields, config);
    const bool given = ota_bind_given(binder, section, fields, others, config);
    return check_missing(binder, section, fields, others) && preset && given;
}

/* --- models ----------------------------------------------------------------*/

/* Collects the names of a kind's models. */
static size_t model_words(const struct ota_kind *kind,
                          const char *words[WORDS_MAX])
{
    size_t count = 0;
    for (const struct ota_model *m; (m = kind->at(count));) {
        assert(count < WORDS_MAX);
        words[count++] = m->name;
    }
    return count;
}

/* Finds the model that a section names. */
static int named_model(struct ota_binder *binder, const struct ota_kind *kind,
                       const struct ota_json *name)
{
    const char *words[WORDS_MAX];
    const size_t count = model_words(kind, words);
    char advice[OTA_MESSAGE_SIZE];

    if (name->type != OTA_JSON_TEXT) {
        ota_bind_advise("", words, count, advice, sizeof(advice));
        ota_bind_complain(binder, name, "%s where a model's name belongs%s",
                          ota_json_type_words(name->type), advice);
        return -1;
    }
    const int index = ota_kind_model_index(kind, name->text);
    if (index < 0) {
        ota_bind_advise(name->text, words, count, advice, sizeof(advice));
        ota_bind_complain(binder, name, "there is no %s model \"%s\"%s",
                          kind->name, name->text, advice);
    }
    return index;
}

static bool complain_no_preset(struct ota_binder *binder,
                               const struct ota_kind *kind,
                               const struct ota_json *name)
{
    const struct ota_presets *presets = binder->presets;
    const char *words[PRESETS_MAX] = {NULL};
    size_t count = 0;
    char advice[OTA_MESSAGE_SIZE] = ", nor any other";
    for (size_t i = 0; i < presets->count && count < PRESETS_MAX; i++)
        if (presets->items[i].kind == kind)
            words[count++] = presets->items[i].name;
    if (count > 0)
        ota_bind_advise(name->text, words, count, advice, sizeof(advice));
    for (size_t i = 0; i < presets->count; i++)
        if (strcmp(presets->items[i].name, name->text) == 0)
            snprintf(advice, sizeof(advice), ": it is of the kind \"%s\"",
                     presets->items[i].kind->name);
    return ota_bind_complain(binder, name, "there is no %s preset \"%s\"%s",
                             kind->name, name->text, advice);
}

/* Finds the preset that a section names; *preset is NULL if it names none. */
static bool find_preset(struct ota_binder *binder,
                        const struct ota_bind_section *section,
                        const struct ota_preset **preset)
{
    const struct ota_json *name = ota_json_find(section->object, "preset");
    *preset = NULL;
    if (!name)
        return true;
    if (name->type != OTA_JSON_TEXT)
        return ota_bind_complain(binder, name,
                                 "%s where a preset's name belongs",
                                 ota_json_type_words(name->type));
    if (!binder->presets)
        return false;
    *preset = ota_preset_find(binder->presets, section->kind, name->text);
    return *preset || complain_no_preset(binder, section->kind, name);
}

/* Finds which model a section names, itself or by its preset, or the usual
 * one. */
static int find_model(struct ota_binder *binder, const struct ota_kind *kind,
                      const struct ota_bind_section *section,
                      const struct ota_preset *preset)
{
    const struct ota_json *name = ota_json_find(section->object, "model");
    if (name) {
        const int index = named_model(binder, kind, name);
        if (index < 0 || !preset || kind->at((size_t)index) == preset->model)
            return index;
        ota_bind_complain(binder, name,
                          "the preset \"%s\" is of the %s model \"%s\"; "
                          "leave \"model\" out or choose another preset",
                          preset->name, kind->name, preset->model->name);
        return -1;
    }
    if (preset)
        return ota_kind_model_index(kind, preset->model->name);
    if (kind->usual)
        return ota_kind_model_index(kind, kind->usual);

    const char *words[WORDS_MAX];
    const size_t count = model_words(kind, words);
    char advice[OTA_MESSAGE_SIZE];
    ota_bind_advise("", words, count, advice, sizeof(advice));
    if (section->object)
        ota_bind_complain(binder, section->object, "\"model\" is missing%s",
                          advice);
    else
        ota_bind_complain(binder, section->parent,
                          "\"%s\" is missing, which must name a \"model\"%s",
                          section->key, advice);
    return -1;
}

bool ota_bind_finish(struct ota_binder *binder, const struct ota_json *at,
                     const struct ota_model *model, void *config)
{
    char problem[OTA_MESSAGE_SIZE] = "";
    if (model->prepare &&
        !model->prepare(config, &binder->context, problem, sizeof(problem)))
        return ota_bind_complain(binder, at, "%s", problem);
    const char *judged = model->problem ? model->problem(config) : NULL;
    return !judged || ota_bind_complain(binder, at, "%s", judged);
}

int ota_bind_model(struct ota_binder *binder, const struct ota_kind *kind,
                   const struct ota_json *parent, const void **config)
{
    static const char *const others[] = {"model", "preset", NULL};
    struct ota_bind_section section;
    const struct ota_preset *preset;
    *config = NULL;
    if (!ota_bind_find(binder, parent, kind->name, &section))
        return -1;
    section.kind = kind;
    if (!find_preset(binder, &section, &preset))
        return -1;
    const int index = find_model(binder, kind, &section, preset);
    if (index < 0)
        return -1;

    const struct ota_model *model = kind->at((size_t)index);
    const struct ota_json *at = section.object ? section.object : parent;
    section.preset = preset ? preset->set : NULL;
    void *filled =
        ota_arena_alloc(binder->context.arena, 1, model->config_size);
    if (!filled) {
        ota_bind_complain(binder, at, OTA_NO_MEMORY);
        return -1;
    }
    if (!ota_bind_fields(binder, &section, model->fields, others, filled) ||
        !ota_bind_finish(binder, at, model, filled))
        return -1;
    *config = filled;
    return index;
}
