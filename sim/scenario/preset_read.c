/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * preset_read.c - one JSON object a line:
 *
 *     {"kind": "link", "preset": "lte_m_good", "model": "radio",
 *      "basis": "...", "set": {"loss": "0.2%", ...}}
 *
 * A line is read like a section of a scenario, by the same tables, into a
 * config that is thrown away: a wrong value is found here, not in the scenario
 * that happens to use it.
 */
#include "sim/scenario/preset_read.h"

#include <string.h>

#include "sim/scenario/bind.h"
#include "sim/scenario/catalog_data.h"

enum { WORDS_MAX = 64 }; /* kinds, models of a kind */

/* What is being read, and where to. */
struct reader {
    struct ota_preset *items;
    size_t count;
    const char *folder;
    struct ota_arena *arena;
    struct ota_place place;
    struct ota_complaints *complaints;
};

/* A line but for what it sets. */
struct head {
    char kind[OTA_NAME_SIZE];
    char preset[OTA_NAME_SIZE];
    char model[OTA_NAME_SIZE];
    const char *basis;
};

static const struct ota_field head_fields[] = {
    {
        .name = "kind",
        .kind = OTA_FIELD_NAME,
        .offset = offsetof(struct head, kind),
        .help = "of model, such as \"link\"",
    },
    {
        .name = "preset",
        .kind = OTA_FIELD_NAME,
        .offset = offsetof(struct head, preset),
        .help = "its name",
    },
    {
        .name = "model",
        .kind = OTA_FIELD_NAME,
        .offset = offsetof(struct head, model),
        .help = "whose settings these are",
    },
    {
        .name = "basis",
        .kind = OTA_FIELD_TEXT,
        .offset = offsetof(struct head, basis),
        .help = "one line: where the values come from",
    },
    {.name = NULL},
};

bool ota_line_is_preset(const char *line)
{
    return strstr(line, "\"preset\"") != NULL;
}

const struct ota_preset *ota_preset_find(const struct ota_presets *presets,
                                         const struct ota_kind *kind,
                                         const char *name)
{
    for (size_t i = 0; i < presets->count; i++)
        if (presets->items[i].kind == kind &&
            strcmp(presets->items[i].name, name) == 0)
            return &presets->items[i];
    return NULL;
}

/* Finds kind and model of the line. */
static bool find_model(struct ota_binder *binder, const struct ota_json *line,
                       const struct head *head, struct ota_preset *preset)
{
    const char *words[WORDS_MAX];
    char advice[OTA_MESSAGE_SIZE];
    size_t count = 0;

    preset->kind = ota_kind_find(head->kind);
    if (!preset->kind) {
        for (; count < WORDS_MAX && ota_kinds[count].name; count++)
            words[count] = ota_kinds[count].name;
        ota_bind_advise(head->kind, words, count, advice, sizeof(advice));
        return ota_bind_complain(binder, ota_json_find(line, "kind"),
                                 "there is no kind of model \"%s\"%s",
                                 head->kind, advice);
    }
    const int index = ota_kind_model_index(preset->kind, head->model);
    if (index < 0) {
        const struct ota_model *m;
        while (count < WORDS_MAX && (m = preset->kind->at(count)))
            words[count++] = m->name;
        ota_bind_advise(head->model, words, count, advice, sizeof(advice));
        return ota_bind_complain(binder, ota_json_find(line, "model"),
                                 "there is no %s model \"%s\"%s", head->kind,
                                 head->model, advice);
    }
    preset->model = preset->kind->at((size_t)index);
    return true;
}

/* Whether the preset gives every setting that has no default. */
static bool is_complete(const struct ota_preset *preset)
{
    for (const struct ota_field *f = preset->model->fields; f->name; f++)
        if (!f->fallback && !ota_json_find(preset->set, f->name))
            return false;
    return true;
}

/* Tries the values on a config of the model. */
static bool try_values(struct ota_binder *binder, const struct ota_json *line,
                       const struct ota_preset *preset)
{
    const struct ota_bind_section section = {.parent = line,
                                             .key = "set",
                                             .object = preset->set,
                                             .kind = preset->kind};
    const struct ota_model *model = preset->model;
    void *config =
        ota_arena_alloc(binder->context.arena, 1, model->config_size);

    if (!config ||
        !ota_fields_set_defaults(model->fields, config, &binder->context))
        return ota_bind_complain(binder, line, OTA_NO_MEMORY);
    if (!ota_bind_given(binder, &section, model->fields, NULL, config))
        return false;
    return !is_complete(preset) ||
           ota_bind_finish(binder, preset->set, model, config);
}

/* Reads a line's object; scratch is for what is tried. */
static bool read_preset(struct reader *in, struct ota_binder *binder,
                        const struct ota_json *line)
{
    static const char *const others[] = {"set", NULL};
    const struct ota_bind_section whole = {.object = line};
    struct ota_preset *preset = &in->items[in->count];
    struct ota_bind_section set;
    struct head head = {.basis = ""};

    if (line->type != OTA_JSON_OBJECT)
        return ota_bind_complain(binder, line, "%s where an object belongs",
                                 ota_json_type_words(line->type));
    if (!ota_bind_fields(binder, &whole, head_fields, others, &head) ||
        !ota_bind_find(binder, line, "set", &set))
        return false;
    if (!set.object)
        return ota_bind_complain(binder, line,
                                 "\"set\" is missing, an object with the "
                                 "preset's values");
    *preset = (struct ota_preset){
        .name = ota_json_find(line, "preset")->text,
        .basis = ota_json_find(line, "basis")->text,
        .set = set.object,
    };
    if (!find_model(binder, line, &head, preset))
        return false;
    const struct ota_presets before = {in->items, in->count};
    if (ota_preset_find(&before, preset->kind, preset->name))
        return ota_bind_complain(binder, ota_json_find(line, "preset"),
                                 "there is a %s preset \"%s\" already; give "
                                 "this one another name",
                                 head.kind, head.preset);
    return try_values(binder, line, preset);
}

/* Says what was heard of a line, at that line. */
static void pass_on(struct reader *in, const struct ota_complaints *heard)
{
    for (size_t i = 0; i < heard->count; i++) {
        struct ota_place place = heard->items[i].place;
        place.file = in->place.file;
        place.line = in->place.line;
        ota_complain(in->complaints, &place, "%s", heard->items[i].message);
    }
}

static void read_line(struct reader *in, const char *text)
{
    struct ota_complaints heard = {0};
    struct ota_arena scratch = {0};
    struct ota_binder binder = {
        .complaints = &heard,
        .context = {.arena = &scratch, .folder = in->folder},
    };
    struct ota_json *line =
        ota_json_parse(in->place.file, text, strlen(text), in->arena, &heard);

    if (line && heard.total == 0) {
        /* A value without a place is plain text to the binder, as one of
         * --set is. */
        ota_json_forget_places(line);
        if (read_preset(in, &binder, line))
            in->count++;
    }
    pass_on(in, &heard);
    ota_arena_release(&scratch);
}

static void read_lines(struct reader *in, const char *file, const char *folder,
                       const char *const *lines)
{
    in->folder = folder;
    in->place = (struct ota_place){.file = file};
    for (; *lines; lines++) {
        in->place.line++;
        if (ota_line_is_preset(*lines))
            read_line(in, *lines);
    }
}

static size_t count_presets(const char *const *lines)
{
    size_t count = 0;

    for (; *lines; lines++)
        count += ota_line_is_preset(*lines);
    return count;
}

bool ota_presets_read(struct ota_presets *presets,
                      const struct ota_presets_source *user,
                      struct ota_arena *arena,
                      struct ota_complaints *complaints)
{
    static const char shipped[] = "shipped presets";
    const size_t heard = complaints->total;
    struct reader in = {.arena = arena, .complaints = complaints};
    size_t most = count_presets(ota_preset_data);

    *presets = (struct ota_presets){0};
    if (user->lines)
        most += count_presets(user->lines);
    in.items = ota_arena_alloc(arena, most + 1, sizeof(*in.items));
    if (!in.items) {
        in.place.file = shipped;
        ota_complain(complaints, &in.place, OTA_NO_MEMORY);
        return false;
    }
    read_lines(&in, shipped, NULL, ota_preset_data);
    if (user->lines)
        read_lines(&in, user->file, user->folder, user->lines);
    *presets = (struct ota_presets){in.items, in.count};
    return complaints->total == heard;
}
