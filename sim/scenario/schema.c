/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * schema.c - the JSON Schema (draft 2020-12) of scenarios, for editors.
 *
 * It knows names, types, units and choices. Ranges of amounts with units and
 * what settings mean together are the reader's to check.
 */
#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "models/registry.h"
#include "sim/base/text.h"
#include "sim/scenario/bind.h"
#include "sim/scenario/json_write.h"
#include "sim/scenario/policy_read.h"
#include "sim/scenario/preset_read.h"
#include "sim/scenario/scenario.h"
#include "sim/scenario/schema_field.h"
#include "sim/scenario/sections.h"

/* --- sections --------------------------------------------------------------*/

/* Keys that are missed: fields without a default, and others. */
static void write_required(struct ota_json_writer *writer,
                           const struct ota_field *fields,
                           const char *const *others)
{
    ota_json_open(writer, "required", '[');
    for (; fields->name; fields++)
        if (!fields->fallback)
            ota_json_write_text(writer, NULL, fields->name);
    for (; others && *others; others++)
        ota_json_write_text(writer, NULL, *others);
    ota_json_close(writer, ']');
}

/* What follows the properties of an object. */
static void write_rest(struct ota_json_writer *writer,
                       const struct ota_field *fields,
                       const char *const *required)
{
    write_required(writer, fields, required);
    ota_schema_close(writer);
}

static void write_reference(struct ota_json_writer *writer, const char *key,
                            const char *name)
{
    char where[OTA_NAME_SIZE] = "";
    ota_text_append(where, sizeof(where), "#/$defs/%s", name);
    ota_json_open(writer, key, '{');
    ota_json_write_text(writer, "$ref", where);
    ota_json_close(writer, '}');
}

static void write_list(struct ota_json_writer *writer, const char *name,
                       const char *least)
{
    ota_json_open(writer, name, '{');
    ota_json_write_text(writer, "type", "array");
    ota_json_write_raw(writer, "minItems", least);
    write_reference(writer, "items", name);
    ota_json_close(writer, '}');
}

/* Returns whether a kind's section may be left out. */
static bool may_be_absent(const struct ota_kind *kind)
{
    if (!kind->usual)
        return false;
    const int usual = ota_kind_model_index(kind, kind->usual);
    const struct ota_field *field = kind->at((size_t)usual)->fields;
    for (; field->name; field++)
        if (!field->fallback)
            return false;
    return true;
}

/* The names of presets of a kind; of one model, or (NULL) of all. */
static void write_preset_names(struct ota_json_writer *writer,
                               const struct ota_kind *kind,
                               const struct ota_model *model,
                               const struct ota_presets *presets)
{
    ota_json_open(writer, "enum", '[');
    for (size_t i = 0; i < presets->count; i++) {
        const struct ota_preset *p = &presets->items[i];
        if (p->kind == kind && (!model || p->model == model))
            ota_json_write_text(writer, NULL, p->name);
    }
    ota_json_close(writer, ']');
}

static size_t count_presets(const struct ota_kind *kind,
                            const struct ota_model *model,
                            const struct ota_presets *presets)
{
    size_t count = 0;
    for (size_t i = 0; i < presets->count; i++)
        count += presets->items[i].kind == kind &&
                 (!model || presets->items[i].model == model);
    return count;
}

/* Which sections are the model's: those that name it; without a name, those
 * with a preset of its; and with neither, if it is the usual one. */
static void write_condition(struct ota_json_writer *writer,
                            const struct ota_kind *kind,
                            const struct ota_model *model,
                            const struct ota_presets *presets)
{
    ota_json_open(writer, "if", '{');
    ota_json_open(writer, "anyOf", '[');
    ota_json_open(writer, NULL, '{');
    ota_json_open(writer, "properties", '{');
    ota_json_open(writer, "model", '{');
    ota_json_write_text(writer, "const", model->name);
    ota_json_close(writer, '}');
    ota_json_close(writer, '}');
    ota_json_write_raw(writer, "required", "[\"model\"]");
    ota_json_close(writer, '}');
    if (count_presets(kind, model, presets) > 0) {
        ota_json_open(writer, NULL, '{');
        ota_json_open(writer, "properties", '{');
        ota_json_write_raw(writer, "model", "false");
        ota_json_open(writer, "preset", '{');
        write_preset_names(writer, kind, model, presets);
        ota_json_close(writer, '}');
        ota_json_close(writer, '}');
        ota_json_write_raw(writer, "required", "[\"preset\"]");
        ota_json_close(writer, '}');
    }
    if (kind->usual && strcmp(kind->usual, model->name) == 0)
        ota_json_write_raw(
            writer, NULL,
            "{\"properties\": {\"model\": false, \"preset\": false}}");
    ota_json_close(writer, ']');
    ota_json_close(writer, '}');
}

/* The fields of one model, which apply if the section is its. What a preset
 * gives need not be given. */
static void write_model(struct ota_json_writer *writer,
                        const struct ota_kind *kind,
                        const struct ota_model *model,
                        const struct ota_presets *presets)
{
    ota_json_open(writer, NULL, '{');
    write_condition(writer, kind, model, presets);
    ota_json_open(writer, "then", '{');
    ota_json_write_text(writer, "description", model->summary);
    ota_json_open(writer, "properties", '{');
    ota_json_write_raw(writer, "model", "true");
    ota_json_write_raw(writer, "preset", "true");
    for (const struct ota_field *f = model->fields; f->name; f++)
        ota_schema_field(writer, f);
    ota_json_close(writer, '}');
    ota_json_open(writer, "anyOf", '[');
    ota_json_open(writer, NULL, '{');
    write_required(writer, model->fields, NULL);
    ota_json_close(writer, '}');
    ota_json_write_raw(writer, NULL, "{\"required\": [\"preset\"]}");
    ota_json_close(writer, ']');
    ota_schema_close(writer);
    ota_json_close(writer, '}');
    ota_json_close(writer, '}');
}

/* A preset's name: editors offer the shipped ones, a catalogue of the user's
 * may have others. */
static void write_preset(struct ota_json_writer *writer,
                         const struct ota_kind *kind,
                         const struct ota_presets *presets)
{
    ota_json_open(writer, "preset", '{');
    ota_json_write_text(writer, "description",
                        "named values under the section's own");
    ota_json_write_text(writer, "type", "string");
    if (count_presets(kind, NULL, presets) > 0) {
        ota_json_open(writer, "anyOf", '[');
        ota_json_open(writer, NULL, '{');
        write_preset_names(writer, kind, NULL, presets);
        ota_json_close(writer, '}');
        ota_json_write_raw(writer, NULL, "{\"type\": \"string\"}");
        ota_json_close(writer, ']');
    }
    ota_json_close(writer, '}');
}

static void write_kind(struct ota_json_writer *writer,
                       const struct ota_kind *kind,
                       const struct ota_presets *presets)
{
    ota_json_open(writer, kind->name, '{');
    ota_json_write_text(writer, "description", kind->summary);
    ota_json_write_text(writer, "type", "object");
    ota_json_open(writer, "properties", '{');
    ota_json_open(writer, "model", '{');
    ota_json_open(writer, "enum", '[');
    for (size_t i = 0; kind->at(i); i++)
        ota_json_write_text(writer, NULL, kind->at(i)->name);
    ota_json_close(writer, ']');
    if (kind->usual)
        ota_json_write_text(writer, "default", kind->usual);
    ota_json_close(writer, '}');
    write_preset(writer, kind, presets);
    ota_json_close(writer, '}');
    if (!kind->usual)
        ota_json_write_raw(writer, "anyOf",
                           "[{\"required\": [\"model\"]}, {\"required\": "
                           "[\"preset\"]}]");
    ota_json_open(writer, "allOf", '[');
    for (size_t i = 0; kind->at(i); i++)
        write_model(writer, kind, kind->at(i), presets);
    ota_json_close(writer, ']');
    ota_json_close(writer, '}');
}

/* Collects what an object must have: `first`, and of the kinds those that may
 * not be left out. */
static void collect_required(const char *first, const char *const *kinds,
                             const char *words[16])
{
    size_t count = 0;
    words[count++] = first;
    for (; *kinds; kinds++)
        if (!may_be_absent(ota_kind_find(*kinds)))
            words[count++] = *kinds;
    words[count] = NULL;
}

/* A section of fields alone. */
static void write_section(struct ota_json_writer *writer, int which)
{
    const struct ota_section *section = &ota_sections[which];
    ota_json_open(writer, section->name, '{');
    ota_json_write_text(writer, "description", section->summary);
    ota_json_write_text(writer, "type", "object");
    ota_json_open(writer, "properties", '{');
    for (const struct ota_field *f = section->fields; f->name; f++)
        ota_schema_field(writer, f);
    if (which == OTA_SECTION_IMAGE)
        ota_json_write_raw(writer, "where",
                           "{\"description\": \"of which devices bad is the "
                           "share (filter)\", \"type\": \"string\"}");
    ota_json_close(writer, '}');
    write_rest(writer, section->fields, NULL);
    ota_json_close(writer, '}');
}

/* A label's name is the user's. */
static const char labels_schema[] =
    "{\"description\": \"what policies tell devices apart by\", \"type\": "
    "\"object\", \"additionalProperties\": {\"anyOf\": [{\"type\": "
    "[\"string\", \"number\"]}, {\"type\": \"object\", "
    "\"additionalProperties\": {\"type\": [\"number\", \"string\"]}}]}}";

static void write_group(struct ota_json_writer *writer)
{
    const struct ota_section *section = &ota_sections[OTA_SECTION_FLEET];
    const char *required[16];
    collect_required("installed", ota_group_kinds, required);

    ota_json_open(writer, section->name, '{');
    ota_json_write_text(writer, "description", "devices that are alike");
    ota_json_write_text(writer, "type", "object");
    ota_json_open(writer, "properties", '{');
    for (const struct ota_field *f = section->fields; f->name; f++)
        ota_schema_field(writer, f);
    write_list(writer, "installed", "1");
    write_list(writer, "signal", "1");
    write_list(writer, "outages", "0");
    ota_json_write_raw(writer, "labels", labels_schema);
    for (const char *const *kind = ota_group_kinds; *kind; kind++)
        write_reference(writer, *kind, *kind);
    ota_json_close(writer, '}');
    write_rest(writer, section->fields, required);
    ota_json_write_raw(writer, "not", "{\"required\": [\"link\", \"signal\"]}");
    ota_json_close(writer, '}');
}

/* One entry of a group's "signal". */
static void write_signal(struct ota_json_writer *writer)
{
    const struct ota_section *section = &ota_sections[OTA_SECTION_SIGNAL];

    ota_json_open(writer, section->name, '{');
    ota_json_write_text(writer, "description",
                        "a link that some devices have, or all for a while");
    ota_json_write_text(writer, "type", "object");
    ota_json_open(writer, "properties", '{');
    for (const struct ota_field *f = section->fields; f->name; f++)
        ota_schema_field(writer, f);
    write_reference(writer, "link", "link");
    ota_json_close(writer, '}');
    write_rest(writer, section->fields, NULL);
    ota_json_close(writer, '}');
}

/* --- the whole -------------------------------------------------------------*/

static void write_top(struct ota_json_writer *writer)
{
    static const int sections[] = {OTA_SECTION_RUN,     OTA_SECTION_RELEASE,
                                   OTA_SECTION_IMAGE,   OTA_SECTION_HEALER,
                                   OTA_SECTION_BACKEND, OTA_SECTION_CLOUD,
                                   OTA_SECTION_COSTS};
    const struct ota_section *top = &ota_sections[OTA_SECTION_SCENARIO];
    const char *required[16];
    collect_required("fleet", ota_fleet_kinds, required);

    ota_json_write_text(writer, "type", "object");
    ota_json_open(writer, "properties", '{');
    ota_json_open(writer, "$schema", '{');
    ota_json_write_text(writer, "type", "string");
    ota_json_close(writer, '}');
    for (const struct ota_field *f = top->fields; f->name; f++)
        ota_schema_field(writer, f);
    for (size_t i = 0; i < sizeof(sections) / sizeof(*sections); i++)
        write_reference(writer, ota_sections[sections[i]].name,
                        ota_sections[sections[i]].name);
    for (const char *const *kind = ota_fleet_kinds; *kind; kind++)
        write_reference(writer, *kind, *kind);
    write_reference(writer, "policy", "policy");
    write_list(writer, "fleet", "1");
    ota_json_close(writer, '}');
    size_t end = 0;
    while (required[end])
        end++;
    required[end] = "release"; /* as its fields must be given */
    required[end + 1] = NULL;
    write_rest(writer, top->fields, required);
}

/* The shipped presets alone. */
static bool read_presets(struct ota_presets *presets, struct ota_arena *arena)
{
    const struct ota_presets_source none = {0};
    struct ota_complaints complaints = {0};
    const bool ok = ota_presets_read(presets, &none, arena, &complaints);
    assert(ok || complaints.no_memory); /* tests/unit/test_preset.c */
    return ok;
}

bool ota_scenario_write_schema(FILE *out)
{
    struct ota_json_writer writer = {.out = out};
    struct ota_arena arena = {0};
    struct ota_presets presets;

    if (!read_presets(&presets, &arena)) {
        ota_arena_release(&arena);
        return false;
    }
    ota_json_open(&writer, NULL, '{');
    ota_json_write_text(&writer, "$schema",
                        "https://json-schema.org/draft/2020-12/schema");
    ota_json_write_text(&writer, "title", "otasim scenario");
    write_top(&writer);
    ota_json_open(&writer, "$defs", '{');
    write_section(&writer, OTA_SECTION_RUN);
    write_section(&writer, OTA_SECTION_RELEASE);
    write_section(&writer, OTA_SECTION_IMAGE);
    write_section(&writer, OTA_SECTION_HEALER);
    write_section(&writer, OTA_SECTION_BACKEND);
    write_section(&writer, OTA_SECTION_CLOUD);
    write_section(&writer, OTA_SECTION_COSTS);
    ota_policy_write_schema(&writer);
    write_section(&writer, OTA_SECTION_INSTALLED);
    write_signal(&writer);
    write_section(&writer, OTA_SECTION_OUTAGES);
    write_group(&writer);
    for (const struct ota_kind *kind = ota_kinds; kind->name; kind++)
        write_kind(&writer, kind, &presets);
    ota_json_close(&writer, '}');
    ota_json_close(&writer, '}');
    ota_arena_release(&arena);
    fputc('\n', out);
    return !ferror(out);
}
