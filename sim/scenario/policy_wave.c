/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * policy_wave.c - one wave of "policy.waves".
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/scenario/policy_items.h"

/* --- size ----------------------------------------------------------------- */

static bool read_size_of(struct ota_policy_reader *reader,
                         const struct ota_json *object,
                         struct ota_wave_size *size)
{
    static const struct ota_vocab_item items[] = {
        {.field = {.name = "pct",
                   .offset = offsetof(struct ota_wave_size, pct),
                   .help = "percentage of the devices"},
         .as = OTA_AS_PCT,
         .must = true},
        CHOICE_ITEM("of", struct ota_wave_size, of, ota_size_of_words,
                    "of which devices"),
        END_ITEM,
    };
    static const struct ota_vocab_block block = {"size", "a percentage", items,
                                                 0,      NULL,           NULL};
    size->kind = OTA_SIZE_PCT;
    return ota_vocab_read(reader, &block, object, size);
}

static bool read_size(struct ota_policy_reader *reader,
                      const struct ota_vocab_item *item,
                      const struct ota_json *value, void *config)
{
    static const struct ota_field count = {
        .name = "count",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_COUNT,
        .offset = offsetof(struct ota_wave_size, count),
        .min = 1,
        .max = 1e9};
    struct ota_wave_size *size =
        (struct ota_wave_size *)((char *)config + item->field.offset);
    *size = (struct ota_wave_size){.kind = OTA_SIZE_REST};
    if (ota_vocab_is(value, "rest"))
        return true;
    if (ota_json_find(value, "pct"))
        return read_size_of(reader, value, size);
    const struct ota_json *only = ota_vocab_only(value);
    if (only && strcmp(only->key, "count") == 0) {
        size->kind = OTA_SIZE_COUNT;
        return ota_bind_value(reader->binder, &count, only, size);
    }
    if (only && strcmp(only->key, "bernoulli") == 0) {
        size->kind = OTA_SIZE_BERNOULLI;
        return ota_vocab_read_pct(reader, only, &size->pct);
    }
    if (ota_json_find(value, "list"))
        return ota_bind_complain(reader->binder, value,
                                 "lists of devices cannot be simulated; give "
                                 "them a label and write \"where\"");
    return ota_vocab_expect(reader, value, item->form->what);
}

static void write_size(struct ota_json_writer *writer,
                       const struct ota_vocab_item *item, const void *config)
{
    const struct ota_wave_size *size =
        (const struct ota_wave_size *)((const char *)config +
                                       item->field.offset);
    if (size->kind == OTA_SIZE_REST) {
        ota_json_write_text(writer, item->field.name, "rest");
        return;
    }
    ota_json_open(writer, item->field.name, '{');
    if (size->kind == OTA_SIZE_COUNT) {
        ota_vocab_write_count(writer, "count", size->count);
    } else if (size->kind == OTA_SIZE_BERNOULLI) {
        ota_vocab_write_pct(writer, "bernoulli", size->pct);
    } else {
        ota_vocab_write_pct(writer, "pct", size->pct);
        ota_json_write_text(writer, "of", ota_size_of_words[size->of]);
    }
    ota_json_close(writer, '}');
}

const struct ota_vocab_form ota_vocab_wave_size = {
    .what = "{\"count\": 20}, {\"pct\": 10, \"of\": \"initial\"} (or matched, "
            "fleet, remaining), {\"bernoulli\": 5} or \"rest\"",
    .schema =
        "{\"anyOf\": [{\"const\": \"rest\"}, {\"type\": \"object\", "
        "\"properties\": {\"count\": {\"type\": \"integer\", \"minimum\": 1}, "
        "\"pct\": {\"$ref\": \"#/$defs/policy_percentage\"}, \"bernoulli\": "
        "{\"$ref\": \"#/$defs/policy_percentage\"}, \"of\": {\"enum\": "
        "[\"initial\", \"matched\", \"fleet\", \"remaining\"]}}, "
        "\"patternProperties\": {\"^x-\": true}, \"additionalProperties\": "
        "false}]}",
    .read = read_size,
    .write = write_size,
};

/* --- start ---------------------------------------------------------------- */

static const struct {
    const char *key;
    enum ota_start_kind kind;
} starts[] = {{"at", OTA_START_AT},
              {"after_start", OTA_START_AFTER_START},
              {"after_end", OTA_START_AFTER_END}};

enum { STARTS = sizeof(starts) / sizeof(*starts) };

static bool read_start(struct ota_policy_reader *reader,
                       const struct ota_vocab_item *item,
                       const struct ota_json *value, void *config)
{
    struct ota_wave_start *start = &((struct ota_wave *)config)->start;
    const struct ota_json *only = ota_vocab_only(value);
    *start = (struct ota_wave_start){.kind = OTA_START_NEXT};
    if (ota_vocab_is(value, "next"))
        return true;
    if (ota_vocab_is(value, "approval")) {
        start->kind = OTA_START_APPROVAL;
        return true;
    }
    for (size_t i = 0; only && i < STARTS; i++) {
        if (strcmp(only->key, starts[i].key) != 0)
            continue;
        start->kind = starts[i].kind;
        return ota_vocab_read_time(reader, only, &start->time_us);
    }
    return ota_vocab_expect(reader, value, item->form->what);
}

static void write_start(struct ota_json_writer *writer,
                        const struct ota_vocab_item *item, const void *config)
{
    const struct ota_wave_start *start =
        &((const struct ota_wave *)config)->start;
    if (start->kind == OTA_START_NEXT || start->kind == OTA_START_APPROVAL) {
        ota_json_write_text(writer, item->field.name,
                            start->kind == OTA_START_NEXT ? "next"
                                                          : "approval");
        return;
    }
    ota_json_open(writer, item->field.name, '{');
    for (size_t i = 0; i < STARTS; i++)
        if (starts[i].kind == start->kind)
            ota_vocab_write_time(writer, starts[i].key, start->time_us);
    ota_json_close(writer, '}');
}

static const struct ota_vocab_form start_form = {
    .what = "{\"at\": \"2h\"} after the rollout's begin, {\"after_start\": "
            "\"2h\"} or {\"after_end\": \"1h\"} of the wave before, \"next\" "
            "(by a rule or a person) or \"approval\"",
    .schema = "{\"anyOf\": [{\"enum\": [\"next\", \"approval\"]}, {\"type\": "
              "\"object\", \"properties\": {\"at\": {\"$ref\": "
              "\"#/$defs/policy_duration\"}, \"after_start\": {\"$ref\": "
              "\"#/$defs/policy_duration\"}, \"after_end\": {\"$ref\": "
              "\"#/$defs/policy_duration\"}}, \"patternProperties\": "
              "{\"^x-\": true}, \"additionalProperties\": false}]}",
    .read = read_start,
    .write = write_start,
};

/* --- order ---------------------------------------------------------------- */

static bool read_order(struct ota_policy_reader *reader,
                       const struct ota_vocab_item *item,
                       const struct ota_json *value, void *config)
{
    struct ota_wave *wave = config;
    const struct ota_field field = {.name = item->field.name,
                                    .kind = OTA_FIELD_CHOICE,
                                    .choices = ota_sequence_words};
    bool is_label;
    if (ota_vocab_is(value, "list"))
        return ota_bind_complain(reader->binder, value,
                                 "an order by a list of devices cannot be "
                                 "simulated; give them a label and write "
                                 "\"label:KEY\"");
    if (ota_vocab_is(value, "label"))
        return ota_bind_complain(reader->binder, value,
                                 "which label? write it such as "
                                 "\"label:store\"");
    if (!ota_vocab_read_label(reader, value, &wave->order_key, &is_label))
        return false;
    if (!is_label)
        return ota_bind_value(reader->binder, &field, value, &wave->order);
    wave->order = OTA_SEQUENCE_LABEL;
    return true;
}

static void write_order(struct ota_json_writer *writer,
                        const struct ota_vocab_item *item, const void *config)
{
    const struct ota_wave *wave = config;
    if (wave->order == OTA_SEQUENCE_LABEL)
        ota_vocab_write_label(writer, item->field.name, wave->order_key);
    else
        ota_json_write_text(writer, item->field.name,
                            ota_sequence_words[wave->order]);
}

static const struct ota_vocab_form order_form = {
    .what = "one of random id created connected_longest first_seen_newest "
            "last_seen_newest label:KEY",
    .schema = WAVE_ORDER_SCHEMA,
    .read = read_order,
    .write = write_order,
};

/* --- a wave's own pace and rules ------------------------------------------ */

static bool read_own(struct ota_policy_reader *reader,
                     const struct ota_vocab_block *block,
                     const struct ota_json *value, void **own)
{
    void *config =
        ota_arena_alloc(reader->binder->context.arena, 1, block->size);
    if (!config)
        return ota_bind_complain(reader->binder, value, OTA_NO_MEMORY);
    block->init(config);
    *own = config;
    reader->in_wave = true;
    const bool ok = ota_vocab_read(reader, block, value, config);
    reader->in_wave = false;
    return ok;
}

static bool read_pace(struct ota_policy_reader *reader,
                      const struct ota_vocab_item *item,
                      const struct ota_json *value, void *config)
{
    void *own = NULL;
    const bool ok = read_own(reader, item->form->entry, value, &own);
    ((struct ota_wave *)config)->pace = own;
    return ok;
}

static bool read_rules(struct ota_policy_reader *reader,
                       const struct ota_vocab_item *item,
                       const struct ota_json *value, void *config)
{
    void *own = NULL;
    const bool ok = read_own(reader, item->form->entry, value, &own);
    ((struct ota_wave *)config)->rules = own;
    return ok;
}

static void write_own(struct ota_json_writer *writer,
                      const struct ota_vocab_item *item, const void *own)
{
    if (!own)
        return;
    ota_json_open(writer, item->field.name, '{');
    ota_vocab_write(writer, item->form->entry, own);
    ota_json_close(writer, '}');
}

static void write_pace(struct ota_json_writer *writer,
                       const struct ota_vocab_item *item, const void *config)
{
    write_own(writer, item, ((const struct ota_wave *)config)->pace);
}

static void write_rules(struct ota_json_writer *writer,
                        const struct ota_vocab_item *item, const void *config)
{
    write_own(writer, item, ((const struct ota_wave *)config)->rules);
}

static const struct ota_vocab_form pace_form = {
    .what = "as policy.pace, in its place",
    .schema = "{\"$ref\": \"#/$defs/policy_pace\"}",
    .entry = &ota_vocab_pace,
    .read = read_pace,
    .write = write_pace,
};

static const struct ota_vocab_form rules_form = {
    .what = "as policy.rules, in the place of its rules for waves",
    .schema = "{\"$ref\": \"#/$defs/policy_rules\"}",
    .entry = &ota_vocab_rules,
    .read = read_rules,
    .write = write_rules,
};

/* --- the wave ------------------------------------------------------------- */

static const char *const type_words[] = {"devices", "approval", NULL};

static const struct ota_vocab_item wave_items[] = {
    {.field = {.name = "name",
               .kind = OTA_FIELD_TEXT,
               .offset = offsetof(struct ota_wave, name),
               .help = "of the wave; \"wave 1\", ... if it is left out"}},
    FILTER_ITEM("where", struct ota_wave, where,
                "which devices; all that are left if it is left out"),
    FORM_ITEM("size", struct ota_wave, size, ota_vocab_wave_size,
              "how many of them"),
    FLAG_ITEM("cumulative", struct ota_wave, cumulative,
              "devices of earlier waves count towards the size"),
    LOOSE_ITEM("start", start_form,
               "when it opens; the first at 0s, others \"next\", if it is left "
               "out"),
    LOOSE_ITEM("order", order_form, "in which order devices are taken"),
    FLAG_ITEM("reachable", struct ota_wave, reachable,
              "only devices that are connected when it opens; of a wave of "
              "the rest, each once it is connected"),
    LOOSE_ITEM("pace", pace_form, "its own pace"),
    LOOSE_ITEM("rules", rules_form, "its own rules"),
    PAIR_ITEM("type", struct ota_wave, approval, type_words,
              "approval: no devices; it waits for a person and passes on"),
    END_ITEM,
};

const struct ota_vocab_block ota_vocab_wave = {
    "policy.waves.list[]",   "one wave", wave_items,
    sizeof(struct ota_wave), NULL,       NULL};
