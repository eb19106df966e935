/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * policy_waves.c - "policy.waves".
 *
 * "order", "reachable" and "cumulative" may stand beside the list: they are
 * what its waves have that say nothing of it. "equal": n stands for n waves of
 * which the i-th takes 1/(n - i) of what is left, i from 0, and the last one
 * the rest.
 */
#include <stdio.h>
#include <string.h>

#include "sim/scenario/policy_items.h"

enum { EQUAL_MAX = 500 }; /* as hawkBit allows: HawkbitSecurityProperties */

/* --- what a policy may say ------------------------------------------------ */

static bool read_nothing(struct ota_policy_reader *reader,
                         const struct ota_vocab_item *item,
                         const struct ota_json *value, void *config)
{
    (void)reader;
    (void)item;
    (void)value;
    (void)config;
    return true; /* finish_waves() has it */
}

static void write_list(struct ota_json_writer *writer,
                       const struct ota_vocab_item *item, const void *config)
{
    const struct ota_policy_waves *waves = config;
    ota_vocab_write_list(writer, item->field.name, item->form->entry,
                         waves->list, waves->count);
}

static const struct ota_vocab_form list_form = {
    .what = "a list of waves; one of the rest if it is left out",
    .entry = &ota_vocab_wave,
    .read = read_nothing,
    .write = write_list,
};

static const struct ota_vocab_form equal_form = {
    .what = "whole number, 1 to 500",
    .schema = "{\"type\": \"integer\", \"minimum\": 1, \"maximum\": 500}",
    .read = read_nothing,
};

static const struct ota_vocab_form shared_order_form = {
    .what = "as of a wave",
    .schema = WAVE_ORDER_SCHEMA,
    .read = read_nothing,
};

static const struct ota_vocab_form shared_flag_form = {
    .what = "true or false",
    .schema = "{\"type\": \"boolean\"}",
    .read = read_nothing,
};

static const char *const overlap_words[] = {"open", "close", NULL};
static const char *const fill_words[] = {"counts", "shares", NULL};

static bool repeats(const void *config)
{
    return ((const struct ota_policy_waves *)config)->repeat.size.kind !=
           OTA_SIZE_REST;
}

static const struct ota_vocab_item repeat_items[] = {
    {.field = {.name = "size",
               .offset = offsetof(struct ota_wave_repeat, size),
               .help = "of each; no \"rest\""},
     .as = OTA_AS_FORM,
     .form = &ota_vocab_wave_size,
     .must = true},
    FLAG_ITEM("judge_nominal", struct ota_wave_repeat, judge_nominal,
              "rules take the size for the total, not who is in it"),
    COUNT_ITEM("max", struct ota_wave_repeat, max, 1e6,
               "so many waves; 0: no end"),
    END_ITEM,
};

static const struct ota_vocab_block repeat_block = {
    "policy.waves.repeat",
    "further waves behind the list",
    repeat_items,
    0,
    NULL,
    NULL};

static const struct ota_vocab_item waves_items[] = {
    LOOSE_ITEM("list", list_form, "the waves"),
    LOOSE_ITEM("equal", equal_form, "instead of a list: so many alike"),
    LOOSE_ITEM("order", shared_order_form,
               "of waves that do not say it themselves"),
    LOOSE_ITEM("reachable", shared_flag_form,
               "of waves that do not say it themselves"),
    LOOSE_ITEM("cumulative", shared_flag_form,
               "of waves that do not say it themselves"),
    CHOICE_ITEM("assign", struct ota_policy_waves, assign, ota_assign_words,
                "when devices get their wave: when it opens, when the rollout "
                "begins, or who asks first, up to the size"),
    CHOICE_ITEM("round", struct ota_policy_waves, round, ota_round_words,
                "what a percentage that is no whole number becomes"),
    PAIR_ITEM("overlap", struct ota_policy_waves, close, overlap_words,
              "earlier waves stay open and judged, or are offered no more"),
    FLAG_ITEM("quota_carry", struct ota_policy_waves, quota_carry,
              "assign poll: what a wave left over goes to the next"),
    PAIR_ITEM("fill", struct ota_policy_waves, fill_by_shares, fill_words,
              "percentages are taken of what \"of\" says, or turned into "
              "shares of what is left, as hawkBit does"),
    {.field = {.name = "repeat",
               .offset = offsetof(struct ota_policy_waves, repeat),
               .help = "further waves behind the list"},
     .as = OTA_AS_BLOCK,
     .block = &repeat_block,
     .present = repeats},
    END_ITEM,
};

/* --- the list, or what stands for it -------------------------------------- */

/* Reads what the waves have in common into `all`. */
static bool read_shared(struct ota_policy_reader *reader,
                        const struct ota_json *object, struct ota_wave *all)
{
    static const char *const keys[] = {"order", "reachable", "cumulative"};
    bool ok = true;
    *all = (struct ota_wave){.order = OTA_SEQUENCE_RANDOM};
    for (size_t k = 0; k < sizeof(keys) / sizeof(*keys); k++) {
        const struct ota_json *value = ota_json_find(object, keys[k]);
        for (const struct ota_vocab_item *i = ota_vocab_wave.items;
             value && i->field.name; i++)
            if (strcmp(i->field.name, keys[k]) == 0)
                ok = (i->as == OTA_AS_FORM
                          ? i->form->read(reader, i, value, all)
                          : ota_bind_value(reader->binder, &i->field, value,
                                           all)) &&
                     ok;
    }
    return ok;
}

/* "wave 3", or "rest" for a lone one. NULL: no memory. */
static const char *wave_name(struct ota_policy_reader *reader, size_t index,
                             size_t count)
{
    char name[32] = "rest";
    if (count > 1)
        snprintf(name, sizeof(name), "wave %zu", index + 1);
    return ota_arena_text(reader->binder->context.arena, name, strlen(name));
}

/* The i-th of n equal waves. A percentage has six decimals: it is cut so that
 * what the rounding does to it is right. */
static struct ota_wave_size equal_size(size_t index, size_t count, int round)
{
    const int64_t left = (int64_t)(count - index);
    if (left == 1)
        return (struct ota_wave_size){.kind = OTA_SIZE_REST};
    const int64_t add = round == OTA_ROUND_FLOOR  ? left - 1
                        : round == OTA_ROUND_CEIL ? 0
                                                  : left / 2;
    return (struct ota_wave_size){.kind = OTA_SIZE_PCT,
                                  .pct = (OTA_PCT_ALL + add) / left,
                                  .of = OTA_OF_REMAINING};
}

static bool read_equal(struct ota_policy_reader *reader,
                       const struct ota_json *value, int64_t *count)
{
    static const struct ota_field field = {.name = "equal",
                                           .kind = OTA_FIELD_INTEGER,
                                           .dimension = OTA_COUNT,
                                           .min = 1,
                                           .max = EQUAL_MAX};
    return ota_bind_value(reader->binder, &field, value, count);
}

/* Reads the list's entries over what they have in common. */
static bool read_entries(struct ota_policy_reader *reader,
                         const struct ota_json *list, struct ota_wave *wave)
{
    bool ok = true;
    for (const struct ota_json *v = list ? list->child : NULL; v;
         v = v->next, wave++)
        ok = ota_vocab_read(reader, &ota_vocab_wave, v, wave) && ok;
    return ok;
}

/* How many waves object speaks of; 0 with a complaint. */
static size_t count_waves(struct ota_policy_reader *reader,
                          const struct ota_json *object)
{
    const struct ota_json *list = ota_json_find(object, "list");
    const struct ota_json *equal = ota_json_find(object, "equal");
    int64_t count = 0;
    if (list && equal) {
        ota_bind_complain(reader->binder, equal,
                          "there is a \"list\" too; leave one of them out");
    } else if (list && list->type != OTA_JSON_LIST) {
        ota_vocab_expect(reader, list, "a list of waves [{...}, ...]");
    } else if (list && !list->child) {
        ota_bind_complain(reader->binder, list,
                          "the list is empty; leave it out for one wave of "
                          "everybody");
    } else if (list) {
        for (const struct ota_json *v = list->child; v; v = v->next)
            count++;
    } else if (equal) {
        if (!read_equal(reader, equal, &count))
            count = 0;
    } else {
        count = 1;
    }
    return (size_t)count;
}

static bool finish_waves(struct ota_policy_reader *reader,
                         const struct ota_json *object, void *config)
{
    struct ota_policy_waves *waves = config;
    const size_t count = count_waves(reader, object);
    struct ota_wave all;
    bool ok = read_shared(reader, object, &all) && count > 0;
    if (count == 0)
        return false;
    struct ota_wave *list =
        ota_arena_alloc(reader->binder->context.arena, count, sizeof(*list));
    for (size_t i = 0; list && i < count; i++) {
        list[i] = all;
        list[i].name = wave_name(reader, i, count);
        list[i].start.kind = i == 0 ? OTA_START_AT : OTA_START_NEXT;
        if (ota_json_find(object, "equal"))
            list[i].size = equal_size(i, count, waves->round);
        ok = ok && list[i].name;
    }
    if (!list || !list[count - 1].name)
        return ota_bind_complain(reader->binder, object, OTA_NO_MEMORY);
    waves->list = list;
    waves->count = count;
    return read_entries(reader, ota_json_find(object, "list"), list) && ok;
}

const struct ota_vocab_block ota_vocab_waves = {
    "policy.waves", "slices of the fleet, and their order",
    waves_items,    0,
    NULL,           finish_waves};
