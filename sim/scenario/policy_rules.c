/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * policy_rules.c - when a rule is true: conditions, and over what.
 *
 * A condition is told by the key that only its kind has.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scenario/policy_items.h"

/* Choices are bound as int. */
_Static_assert(sizeof(enum ota_counter) == sizeof(int) &&
                   sizeof(enum ota_compare) == sizeof(int) &&
                   sizeof(enum ota_scope) == sizeof(int) &&
                   sizeof(enum ota_cancel) == sizeof(int) &&
                   sizeof(enum ota_back_who) == sizeof(int) &&
                   sizeof(enum ota_math) == sizeof(int),
               "an enum is as wide as an int");

/* --- conditions ----------------------------------------------------------- */

#define MUST_CHOICE(key, type, member, words, text)                            \
    {                                                                          \
        .field = {.name = key,                                                 \
                  .kind = OTA_FIELD_CHOICE,                                    \
                  .offset = offsetof(type, member),                            \
                  .choices = words,                                            \
                  .help = text},                                               \
        .must = true                                                           \
    }

#define MUST_SHARE(key, member, text)                                          \
    {                                                                          \
        .field = {.name = key,                                                 \
                  .kind = OTA_FIELD_REAL,                                      \
                  .dimension = OTA_RATIO,                                      \
                  .offset = offsetof(struct ota_condition, member),            \
                  .min = 0,                                                    \
                  .max = 1,                                                    \
                  .help = text},                                               \
        .must = true                                                           \
    }

static const struct ota_vocab_item share_items[] = {
    MUST_CHOICE("share", struct ota_condition, counter, ota_counter_names,
                "the counter above the line"),
    MUST_CHOICE("of", struct ota_condition, of, ota_counter_names,
                "the counter below it; while that is 0, the condition is "
                "false"),
    MUST_CHOICE("op", struct ota_condition, op, ota_compare_words,
                "how it is compared"),
    {.field = {.name = "pct",
               .offset = offsetof(struct ota_condition, pct),
               .help = "with how many percent"},
     .as = OTA_AS_PCT,
     .must = true},
    END_ITEM,
};

static const struct ota_vocab_item count_items[] = {
    MUST_CHOICE("count", struct ota_condition, counter, ota_counter_names,
                "the counter"),
    MUST_CHOICE("op", struct ota_condition, op, ota_compare_words,
                "how it is compared"),
    {.field = {.name = "n",
               .kind = OTA_FIELD_INTEGER,
               .dimension = OTA_COUNT,
               .offset = offsetof(struct ota_condition, n),
               .min = 0,
               .max = 1e9,
               .help = "with how many"},
     .must = true},
    END_ITEM,
};

static const struct ota_vocab_item age_items[] = {
    MUST_CHOICE("age", struct ota_condition, age_of, ota_scope_words,
                "time since the wave opened, or the rollout began"),
    CHOICE_ITEM("op", struct ota_condition, op, ota_compare_words,
                "how it is compared"),
    {.field = {.name = "t",
               .kind = OTA_FIELD_INTEGER,
               .dimension = OTA_TIME,
               .offset = offsetof(struct ota_condition, age_us),
               .min = 0,
               .max = OTA_VOCAB_TIME_MAX,
               .help = "with how long"},
     .must = true},
    END_ITEM,
};

/* A word that tells the kind and sets nothing. */
static bool read_word(struct ota_policy_reader *reader,
                      const struct ota_vocab_item *item,
                      const struct ota_json *value, void *config)
{
    const char *what = item->form->what;
    const size_t length = strlen(what) - 2;
    (void)config;
    return (value->type == OTA_JSON_TEXT && strlen(value->text) == length &&
            strncmp(value->text, what + 1, length) == 0) ||
           ota_vocab_expect(reader, value, what);
}

static void write_word(struct ota_json_writer *writer,
                       const struct ota_vocab_item *item, const void *config)
{
    (void)config;
    ota_json_write_raw(writer, item->field.name, item->form->what);
}

static const struct ota_vocab_form complete_form = {
    .what = "\"complete\"",
    .schema = "{\"const\": \"complete\"}",
    .read = read_word,
    .write = write_word,
};

static const struct ota_vocab_form sprt_form = {
    .what = "\"sprt\"",
    .schema = "{\"const\": \"sprt\"}",
    .read = read_word,
    .write = write_word,
};

static const struct ota_vocab_item state_items[] = {
    {.field = {.name = "state",
               .help = "all members are terminal; true where there are none"},
     .as = OTA_AS_FORM,
     .form = &complete_form,
     .must = true},
    END_ITEM,
};

static const char *const verdict_words[] = {"good", "bad", NULL};

static const struct ota_vocab_item test_items[] = {
    {.field = {.name = "test",
               .help = "Wald's sequential test of a share, by each outcome"},
     .as = OTA_AS_FORM,
     .form = &sprt_form,
     .must = true},
    MUST_CHOICE("of", struct ota_condition, of, ota_counter_names,
                "outcomes that are looked at"),
    MUST_CHOICE("bad", struct ota_condition, counter, ota_counter_names,
                "which of them are bad"),
    MUST_SHARE("p0", p0, "share of bad ones that is good"),
    MUST_SHARE("p1", p1, "share of bad ones that is bad; more than p0"),
    MUST_SHARE("alpha", alpha, "chance that a good release is called bad"),
    MUST_SHARE("beta", beta, "chance that a bad release is called good"),
    {.field = {.name = "verdict",
               .kind = OTA_FIELD_CHOICE,
               .offset = offsetof(struct ota_condition, verdict_bad),
               .choices = verdict_words,
               .help = "which of its verdicts makes the condition true"},
     .as = OTA_AS_PAIR,
     .must = true},
    END_ITEM,
};

#define CONDITIONS_SCHEMA                                                      \
    "{\"type\": \"array\", \"minItems\": 1, \"items\": {\"$ref\": "            \
    "\"#/$defs/policy_condition\"}}"

static bool read_condition(struct ota_policy_reader *reader,
                           const struct ota_json *value,
                           struct ota_condition *condition);

static bool read_parts(struct ota_policy_reader *reader,
                       const struct ota_vocab_item *item,
                       const struct ota_json *value, void *config)
{
    struct ota_condition *condition = config;
    size_t count = 0;
    if (value->type != OTA_JSON_LIST || !value->child)
        return ota_vocab_expect(reader, value, item->form->what);
    for (const struct ota_json *v = value->child; v; v = v->next)
        count++;
    struct ota_condition *parts =
        ota_arena_alloc(reader->binder->context.arena, count, sizeof(*parts));
    if (!parts)
        return ota_bind_complain(reader->binder, value, OTA_NO_MEMORY);
    condition->parts = parts;
    condition->part_count = count;
    bool ok = true;
    for (const struct ota_json *v = value->child; v; v = v->next)
        ok = read_condition(reader, v, parts++) && ok;
    return ok;
}

static bool read_part(struct ota_policy_reader *reader,
                      const struct ota_vocab_item *item,
                      const struct ota_json *value, void *config)
{
    struct ota_condition *condition = config;
    (void)item;
    struct ota_condition *part =
        ota_arena_alloc(reader->binder->context.arena, 1, sizeof(*part));
    if (!part)
        return ota_bind_complain(reader->binder, value, OTA_NO_MEMORY);
    condition->parts = part;
    condition->part_count = 1;
    return read_condition(reader, value, part);
}

static void write_condition(struct ota_json_writer *writer, const char *key,
                            const struct ota_condition *condition);

static void write_parts(struct ota_json_writer *writer,
                        const struct ota_vocab_item *item, const void *config)
{
    const struct ota_condition *condition = config;
    ota_json_open(writer, item->field.name, '[');
    for (size_t i = 0; i < condition->part_count; i++)
        write_condition(writer, NULL, &condition->parts[i]);
    ota_json_close(writer, ']');
}

static void write_part(struct ota_json_writer *writer,
                       const struct ota_vocab_item *item, const void *config)
{
    const struct ota_condition *condition = config;
    if (condition->part_count == 1)
        write_condition(writer, item->field.name, condition->parts);
}

static const struct ota_vocab_form parts_form = {
    .what = "a list of conditions",
    .schema = CONDITIONS_SCHEMA,
    .read = read_parts,
    .write = write_parts,
};

static const struct ota_vocab_form part_form = {
    .what = "a condition",
    .schema = "{\"$ref\": \"#/$defs/policy_condition\"}",
    .read = read_part,
    .write = write_part,
};

#define PARTS_ITEM(key, shape, text)                                           \
    {                                                                          \
        .field = {.name = key, .help = text}, .as = OTA_AS_FORM,               \
        .form = &(shape), .must = true                                         \
    }

static const struct ota_vocab_item all_items[] = {
    PARTS_ITEM("all", parts_form, "each of them is true"), END_ITEM};
static const struct ota_vocab_item any_items[] = {
    PARTS_ITEM("any", parts_form, "at least one of them is true"), END_ITEM};
static const struct ota_vocab_item not_items[] = {
    PARTS_ITEM("not", part_form, "it is false"), END_ITEM};

/* In the order of enum ota_condition_kind; the first item tells the kind. */
#define CONDITION(text, table)                                                 \
    &(const struct ota_vocab_block)                                            \
    {                                                                          \
        "policy.rules.list[].if", text, table, 0, NULL, NULL                   \
    }

const struct ota_vocab_block *const ota_vocab_conditions[] = {
    CONDITION("compares a share of counters", share_items),
    CONDITION("compares a counter", count_items),
    CONDITION("is everybody through?", state_items),
    CONDITION("compares an age", age_items),
    CONDITION("asks a sequential test", test_items),
    CONDITION("all of several", all_items),
    CONDITION("any of several", any_items),
    CONDITION("the opposite", not_items),
    NULL,
};

static bool read_condition(struct ota_policy_reader *reader,
                           const struct ota_json *value,
                           struct ota_condition *condition)
{
    static const char what[] =
        "a condition with one of the keys share, count, state, age, test, all, "
        "any, not";
    int found = -1;
    if (value->type != OTA_JSON_OBJECT)
        return ota_vocab_expect(reader, value, what);
    for (int k = 0; ota_vocab_conditions[k]; k++) {
        if (!ota_json_find(value, ota_vocab_conditions[k]->items->field.name))
            continue;
        if (found >= 0)
            return ota_bind_complain(
                reader->binder, value,
                "\"%s\" and \"%s\" are two conditions; put them into "
                "{\"all\": [...]} or {\"any\": [...]}",
                ota_vocab_conditions[found]->items->field.name,
                ota_vocab_conditions[k]->items->field.name);
        found = k;
    }
    if (found < 0)
        return ota_bind_complain(reader->binder, value,
                                 "no condition; it needs one of the keys "
                                 "share, count, state, age, test, all, any, "
                                 "not");
    *condition = (struct ota_condition){.kind = (enum ota_condition_kind)found,
                                        .op = OTA_AT_LEAST};
    return ota_vocab_read(reader, ota_vocab_conditions[found], value,
                          condition);
}

static void write_condition(struct ota_json_writer *writer, const char *key,
                            const struct ota_condition *condition)
{
    ota_json_open(writer, key, '{');
    ota_vocab_write(writer, ota_vocab_conditions[condition->kind], condition);
    ota_json_close(writer, '}');
}

static bool read_if(struct ota_policy_reader *reader,
                    const struct ota_vocab_item *item,
                    const struct ota_json *value, void *config)
{
    (void)item;
    return read_condition(reader, value, &((struct ota_rule *)config)->when);
}

static void write_if(struct ota_json_writer *writer,
                     const struct ota_vocab_item *item, const void *config)
{
    write_condition(writer, item->field.name,
                    &((const struct ota_rule *)config)->when);
}

const struct ota_vocab_form ota_vocab_if = {
    .what = "a condition",
    .schema = "{\"$ref\": \"#/$defs/policy_condition\"}",
    .read = read_if,
    .write = write_if,
};

/* --- what must have been counted ------------------------------------------ */

static bool read_minimum(struct ota_policy_reader *reader,
                         const struct ota_json *value,
                         struct ota_minimum *minimum)
{
    static const struct ota_field field = {.name = "min",
                                           .kind = OTA_FIELD_INTEGER,
                                           .dimension = OTA_COUNT,
                                           .offset =
                                               offsetof(struct ota_minimum, n),
                                           .min = 0,
                                           .max = 1e9};
    size_t count = 0;
    while (ota_counter_names[count]) {
        if (strcmp(ota_counter_names[count], value->key) == 0) {
            minimum->counter = (enum ota_counter)count;
            return ota_bind_value(reader->binder, &field, value, minimum);
        }
        count++;
    }
    char advice[OTA_MESSAGE_SIZE];
    ota_bind_advise(value->key, ota_counter_names, count, advice,
                    sizeof(advice));
    return ota_bind_complain(reader->binder, value,
                             "there is no counter "
                             "\"%.40s\"%s",
                             value->key, advice);
}

static bool read_minimums(struct ota_policy_reader *reader,
                          const struct ota_vocab_item *item,
                          const struct ota_json *value, void *config)
{
    struct ota_rule *rule = config;
    size_t count = 0;
    if (value->type != OTA_JSON_OBJECT)
        return ota_vocab_expect(reader, value, item->form->what);
    for (const struct ota_json *v = value->child; v; v = v->next)
        count++;
    if (count == 0)
        return true;
    struct ota_minimum *minimums = ota_arena_alloc(
        reader->binder->context.arena, count, sizeof(*minimums));
    if (!minimums)
        return ota_bind_complain(reader->binder, value, OTA_NO_MEMORY);
    bool ok = true;
    rule->minimums = minimums;
    for (const struct ota_json *v = value->child; v; v = v->next)
        if (strncmp(v->key, "x-", 2) != 0)
            ok =
                read_minimum(reader, v, &minimums[rule->minimum_count++]) && ok;
    return ok;
}

static void write_minimums(struct ota_json_writer *writer,
                           const struct ota_vocab_item *item,
                           const void *config)
{
    const struct ota_rule *rule = config;
    if (rule->minimum_count == 0)
        return;
    ota_json_open(writer, item->field.name, '{');
    for (size_t i = 0; i < rule->minimum_count; i++)
        ota_vocab_write_count(writer,
                              ota_counter_names[rule->minimums[i].counter],
                              rule->minimums[i].n);
    ota_json_close(writer, '}');
}

const struct ota_vocab_form ota_vocab_minimums = {
    .what = "counters with what they must have reached, such as "
            "{\"executed\": 100},",
    .schema = "{\"type\": \"object\"}",
    .read = read_minimums,
    .write = write_minimums,
};

/* --- over which outcomes -------------------------------------------------- */

static bool read_window(struct ota_policy_reader *reader,
                        const struct ota_vocab_item *item,
                        const struct ota_json *value, void *config)
{
    static const struct ota_field field = {
        .name = "window",
        .kind = OTA_FIELD_INTEGER,
        .dimension = OTA_COUNT,
        .offset = offsetof(struct ota_rule, window_last),
        .min = 1,
        .max = 1e6};
    struct ota_rule *rule = config;
    const bool digits =
        value->text && value->text[strspn(value->text, "0123456789")] == '\0';
    if (value->type == OTA_JSON_NUMBER || (digits && value->at.line == 0))
        return ota_bind_value(reader->binder, &field, value, rule);
    if (value->type != OTA_JSON_TEXT)
        return ota_vocab_expect(reader, value, item->form->what);
    return ota_vocab_read_time(reader, value, &rule->window_us);
}

static void write_window(struct ota_json_writer *writer,
                         const struct ota_vocab_item *item, const void *config)
{
    const struct ota_rule *rule = config;
    if (rule->window_last > 0)
        ota_vocab_write_count(writer, item->field.name, rule->window_last);
    else if (rule->window_us > 0)
        ota_vocab_write_time(writer, item->field.name, rule->window_us);
}

const struct ota_vocab_form ota_vocab_window = {
    .what = "a number of outcomes such as 100, or a duration such as \"2h\"",
    .schema = "{\"type\": [\"integer\", \"string\"]}",
    .read = read_window,
    .write = write_window,
};
