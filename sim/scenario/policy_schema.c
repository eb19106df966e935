/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * policy_schema.c - the JSON Schema of policies.
 *
 * Blocks stand inside of each other, but for those that stand in two places,
 * and conditions, which stand within themselves.
 */
#include <string.h>

#include "sim/scenario/policy_read.h"
#include "sim/scenario/schema_field.h"

static const char duration[] =
    "{\"description\": \"duration such as \\\"30min\\\" or \\\"30m\\\", or "
    "a number of seconds\", \"anyOf\": [{\"type\": \"number\", \"minimum\": "
    "0}, {\"type\": \"string\"}]}";

static const char law[] =
    "{\"description\": \"duration, or distribution of it\", \"anyOf\": "
    "[{\"type\": \"number\", \"minimum\": 0}, {\"type\": \"string\"}, "
    "{\"type\": \"object\", \"properties\": {\"exp\": {\"$ref\": "
    "\"#/$defs/policy_duration\"}, \"uniform\": {\"$ref\": "
    "\"#/$defs/policy_duration\"}}}]}";

static const char percentage[] =
    "{\"description\": \"percentage\", \"anyOf\": [{\"type\": \"number\", "
    "\"minimum\": 0, \"maximum\": 100}, {\"type\": \"string\", \"pattern\": "
    "\"^[0-9.]+ *%$\"}]}";

static const char action[] =
    "{\"anyOf\": [{\"enum\": [\"next_wave\", \"pause\", \"stop\", "
    "\"rollback\", \"finish\", \"approve\"]}, {\"type\": \"object\"}]}";

/* Something that is defined elsewhere, with what it means here. */
static void write_reference(struct ota_json_writer *writer, const char *name,
                            const char *help, const char *where)
{
    ota_json_open(writer, name, '{');
    ota_json_write_text(writer, "description", help);
    ota_json_write_text(writer, "$ref", where);
    ota_json_close(writer, '}');
}

static void write_block(struct ota_json_writer *writer, const char *key,
                        const struct ota_vocab_block *block);

/* A form's own schema beside what it means: both hold. */
static void write_form(struct ota_json_writer *writer,
                       const struct ota_vocab_item *item)
{
    ota_json_open(writer, item->field.name, '{');
    ota_json_write_text(writer, "description", item->field.help);
    if (item->form->schema) {
        ota_json_open(writer, "allOf", '[');
        ota_json_write_raw(writer, NULL, item->form->schema);
        ota_json_close(writer, ']');
    } else {
        ota_json_write_text(writer, "type", "array");
        write_block(writer, "items", item->form->entry);
    }
    ota_json_close(writer, '}');
}

static void write_item(struct ota_json_writer *writer,
                       const struct ota_vocab_item *item)
{
    struct ota_field field = item->field;
    switch (item->as) {
    case OTA_AS_FIELD:
        if (field.kind == OTA_FIELD_DIST)
            write_reference(writer, field.name, field.help,
                            "#/$defs/policy_law");
        else if (field.kind == OTA_FIELD_INTEGER && field.dimension == OTA_TIME)
            write_reference(writer, field.name, field.help,
                            "#/$defs/policy_duration");
        else
            ota_schema_field(writer, &field);
        return;
    case OTA_AS_PCT:
        write_reference(writer, field.name, field.help,
                        "#/$defs/policy_percentage");
        return;
    case OTA_AS_PAIR:
        ota_schema_field(writer, &field);
        return;
    case OTA_AS_FILTER:
        field.kind = OTA_FIELD_TEXT;
        ota_schema_field(writer, &field);
        return;
    case OTA_AS_BLOCK:
        if (item->block == &ota_vocab_pace)
            write_reference(writer, field.name, field.help,
                            "#/$defs/policy_pace");
        else if (item->block == &ota_vocab_rules)
            write_reference(writer, field.name, field.help,
                            "#/$defs/policy_rules");
        else
            write_block(writer, field.name, item->block);
        return;
    case OTA_AS_FORM:
        write_form(writer, item);
        return;
    }
}

static void write_block(struct ota_json_writer *writer, const char *key,
                        const struct ota_vocab_block *block)
{
    ota_json_open(writer, key, '{');
    ota_json_write_text(writer, "description", block->summary);
    ota_json_write_text(writer, "type", "object");
    ota_json_open(writer, "properties", '{');
    for (const struct ota_vocab_item *i = block->items; i->field.name; i++)
        write_item(writer, i);
    ota_json_close(writer, '}');
    ota_json_open(writer, "required", '[');
    for (const struct ota_vocab_item *i = block->items; i->field.name; i++)
        if (i->must)
            ota_json_write_text(writer, NULL, i->field.name);
    ota_json_close(writer, ']');
    ota_schema_close(writer);
    ota_json_close(writer, '}');
}

void ota_policy_write_schema(struct ota_json_writer *writer)
{
    write_block(writer, "policy", &ota_vocab_policy);
    write_block(writer, "policy_pace", &ota_vocab_pace);
    write_block(writer, "policy_rules", &ota_vocab_rules);
    ota_json_open(writer, "policy_condition", '{');
    ota_json_open(writer, "anyOf", '[');
    for (const struct ota_vocab_block *const *c = ota_vocab_conditions; *c; c++)
        write_block(writer, NULL, *c);
    ota_json_close(writer, ']');
    ota_json_close(writer, '}');
    ota_json_write_raw(writer, "policy_action", action);
    ota_json_write_raw(writer, "policy_duration", duration);
    ota_json_write_raw(writer, "policy_law", law);
    ota_json_write_raw(writer, "policy_percentage", percentage);
}
