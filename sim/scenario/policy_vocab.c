/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * policy_vocab.c - what a policy is made of; whom it means, how fast it goes,
 * when it may. Waves, rules and what devices do have files of their own.
 */
#include "models/policy/cron.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/scenario/policy_items.h"

/* --- shared forms --------------------------------------------------------- */

bool ota_vocab_refuse(struct ota_policy_reader *reader,
                      const struct ota_vocab_item *item,
                      const struct ota_json *value, void *config)
{
    (void)config;
    return ota_bind_complain(reader->binder, value, "%s", item->form->what);
}

bool ota_vocab_is(const struct ota_json *value, const char *word)
{
    return value->type == OTA_JSON_TEXT && strcmp(value->text, word) == 0;
}

static const char label_prefix[] = "label:";

bool ota_vocab_read_label(struct ota_policy_reader *reader,
                          const struct ota_json *value, const char **label,
                          bool *is_label)
{
    const size_t length = sizeof(label_prefix) - 1;
    *is_label = value->type == OTA_JSON_TEXT &&
                strncmp(value->text, label_prefix, length) == 0;
    if (!*is_label)
        return true;
    const char *key = value->text + length;
    if (!*key)
        return ota_bind_complain(reader->binder, value,
                                 "the label has no name; write it such as "
                                 "\"label:store\"");
    if (strlen(key) >= OTA_NAME_SIZE)
        return ota_bind_complain(reader->binder, value,
                                 "a label's name has %d bytes at most",
                                 OTA_NAME_SIZE - 1);
    if (!ota_vocab_note_key(reader, key, NULL, value))
        return false;
    *label = reader->keys->key;
    return true;
}

void ota_vocab_write_label(struct ota_json_writer *writer, const char *key,
                           const char *label)
{
    char text[OTA_NAME_SIZE + sizeof(label_prefix)];
    snprintf(text, sizeof(text), "%s%s", label_prefix, label);
    ota_json_write_text(writer, key, text);
}

/* --- target --------------------------------------------------------------- */

static bool read_created(struct ota_policy_reader *reader,
                         const struct ota_vocab_item *item,
                         const struct ota_json *value, void *config)
{
    (void)config;
    const struct ota_json *late = ota_json_find(value->parent, "late");
    if (ota_vocab_is(value, "any"))
        return true;
    if (!ota_vocab_is(value, "before_rollout"))
        return ota_vocab_expect(reader, value, item->form->what);
    if (!late || ota_vocab_is(late, "ignore"))
        return true;
    return ota_bind_complain(reader->binder, value,
                             "only devices from before the rollout, and yet "
                             "\"late\" lets others in; set late \"ignore\", or "
                             "created \"any\"");
}

static const struct ota_vocab_form created_form = {
    .what = "one of any before_rollout",
    .schema = "{\"enum\": [\"any\", \"before_rollout\"]}",
    .read = read_created,
};

static const char *const leave_words[] = {"keep", "remove", NULL};

static const struct ota_vocab_item target_items[] = {
    FILTER_ITEM("where", struct ota_policy_target, where,
                "which devices take part; all if it is left out"),
    LOOSE_ITEM("created", created_form,
               "before_rollout: those that come later never take part, as "
               "with late \"ignore\""),
    CHOICE_ITEM("late", struct ota_policy_target, late, ota_late_words,
                "what becomes of devices that come in, by their group's "
                "\"joins\", after the rollout has begun"),
    PAIR_ITEM("leave", struct ota_policy_target, leave_removes, leave_words,
              "a device that leaves the fleet in mid-rollout counts as removed, "
              "or is kept as it was; none of a scenario does so"),
    CHOICE_ITEM("if_current", struct ota_policy_target, if_current,
                ota_if_current_words,
                "a device that has the release already is skipped, counts as "
                "a success, or gets it anew"),
    END_ITEM,
};

const struct ota_vocab_block ota_vocab_target = {
    "policy.target", "who may take part", target_items, 0, NULL, NULL};

/* --- pace ----------------------------------------------------------------- */

static const struct ota_vocab_item grow_items[] = {
    {.field = {.name = "factor",
               .kind = OTA_FIELD_REAL,
               .dimension = OTA_COUNT,
               .offset = offsetof(struct ota_policy_rate, factor),
               .min = 0,
               .max = 1e6,
               .help = "more than 1: the rate is multiplied by it ..."},
     .must = true},
    {.field = {.name = "every",
               .kind = OTA_FIELD_INTEGER,
               .dimension = OTA_COUNT,
               .offset = offsetof(struct ota_policy_rate, every),
               .min = 1,
               .max = 1e9,
               .help = "... with each so many that were counted"},
     .must = true},
    CHOICE_ITEM("of", struct ota_policy_rate, of, ota_grow_words,
                "counted are offers, successes, or whichever comes first"),
    END_ITEM,
};

static const struct ota_vocab_block grow_block = {
    "policy.pace.rate.grow", "a rate that grows", grow_items, 0, NULL, NULL};

static bool has_max(const void *config)
{
    return isfinite(((const struct ota_policy_rate *)config)->max) != 0;
}

static bool grows(const void *config)
{
    return ((const struct ota_policy_rate *)config)->every > 0;
}

static const char *const grain_words[] = {"smooth", "period", NULL};

static const struct ota_vocab_item rate_items[] = {
    {.field = {.name = "base",
               .kind = OTA_FIELD_REAL,
               .dimension = OTA_COUNT,
               .offset = offsetof(struct ota_policy_rate, base),
               .min = 1e-6,
               .max = 1e9,
               .help = "offers per period, at the begin"},
     .must = true},
    {.field = {.name = "per",
               .kind = OTA_FIELD_INTEGER,
               .dimension = OTA_TIME,
               .offset = offsetof(struct ota_policy_rate, per_us),
               .min = (double)OTA_US_PER_MS,
               .max = OTA_VOCAB_TIME_MAX,
               .help = "the period; 1min if it is left out"}},
    {.field = {.name = "max",
               .kind = OTA_FIELD_REAL,
               .dimension = OTA_COUNT,
               .offset = offsetof(struct ota_policy_rate, max),
               .min = 1e-6,
               .max = 1e9,
               .help = "offers per period, at most; no end if left out"},
     .present = has_max},
    {.field = {.name = "grow", .help = "makes the rate grow"},
     .as = OTA_AS_BLOCK,
     .block = &grow_block,
     .present = grows},
    PAIR_ITEM("grain", struct ota_policy_rate, grain, grain_words,
              "offers go out evenly, or all of a period at its begin"),
    END_ITEM,
};

static const struct ota_vocab_block rate_block = {
    "policy.pace.rate",
    "how many offers go out in a time",
    rate_items,
    0,
    NULL,
    NULL};

static bool read_unit(struct ota_policy_reader *reader,
                      const struct ota_vocab_item *item,
                      const struct ota_json *value, void *config)
{
    struct ota_policy_in_flight *limit = config;
    bool is_label;
    if (!ota_vocab_read_label(reader, value, &limit->label, &is_label))
        return false;
    if (is_label)
        limit->unit = OTA_PER_LABEL;
    else if (ota_vocab_is(value, "rollout"))
        limit->unit = OTA_PER_ROLLOUT;
    else if (ota_vocab_is(value, "wave"))
        limit->unit = OTA_PER_WAVE;
    else
        return ota_vocab_expect(reader, value, item->form->what);
    return true;
}

static void write_unit(struct ota_json_writer *writer,
                       const struct ota_vocab_item *item, const void *config)
{
    const struct ota_policy_in_flight *limit = config;
    if (limit->unit == OTA_PER_LABEL)
        ota_vocab_write_label(writer, item->field.name, limit->label);
    else
        ota_json_write_text(writer, item->field.name,
                            limit->unit == OTA_PER_WAVE ? "wave" : "rollout");
}

static const struct ota_vocab_form unit_form = {
    .what = "one of rollout wave label:KEY",
    .schema = "{\"type\": \"string\", \"pattern\": "
              "\"^(rollout|wave|label:.+)$\"}",
    .read = read_unit,
    .write = write_unit,
};

static const struct ota_vocab_item in_flight_items[] = {
    COUNT_ITEM("max", struct ota_policy_in_flight, max, 1e9,
               "devices of a unit that are under way at once; 0: no limit"),
    LOOSE_ITEM("unit", unit_form,
               "what the limit is of: the rollout, each wave, or all devices "
               "that share a label's value"),
    CHOICE_ITEM("counts", struct ota_policy_in_flight, counts, ota_slot_words,
                "from when on a device is under way: from the offer, from "
                "the begin of its first transfer, or in transfers only, for "
                "which the others wait"),
    COUNT_ITEM("min_available", struct ota_policy_in_flight, min_available, 1e9,
               "devices of a unit that are not to be touched meanwhile; one "
               "may always go; 0: none"),
    NEVER_ITEM("stale", struct ota_policy_in_flight, stale_us,
               "a slot is free again once its device was silent for so long"),
    NEVER_ITEM("sweep", struct ota_policy_in_flight, sweep_us,
               "which is looked at so often"),
    END_ITEM,
};

static const struct ota_vocab_block in_flight_block = {
    "policy.pace.in_flight",
    "how many devices are under way at once",
    in_flight_items,
    0,
    NULL,
    NULL};

static const struct ota_vocab_item lane_items[] = {
    FILTER_ITEM("where", struct ota_lane, where, "which devices"),
    {.field = {.name = "max",
               .kind = OTA_FIELD_INTEGER,
               .dimension = OTA_COUNT,
               .offset = offsetof(struct ota_lane, max),
               .min = 1,
               .max = 1e9,
               .help = "slots of their own"},
     .must = true},
    END_ITEM,
};

static const struct ota_vocab_block lane_block = {
    "policy.pace.lanes[]",
    "slots besides the limit, served first",
    lane_items,
    sizeof(struct ota_lane),
    NULL,
    NULL};

static bool read_lanes(struct ota_policy_reader *reader,
                       const struct ota_vocab_item *item,
                       const struct ota_json *value, void *config)
{
    struct ota_policy_pace *pace = config;
    bool ok;
    pace->lanes = ota_vocab_read_list(reader, item->form->entry, value,
                                      &pace->lane_count, &ok);
    return ok;
}

static void write_lanes(struct ota_json_writer *writer,
                        const struct ota_vocab_item *item, const void *config)
{
    const struct ota_policy_pace *pace = config;
    ota_vocab_write_list(writer, item->field.name, item->form->entry,
                         pace->lanes, pace->lane_count);
}

static const struct ota_vocab_form lanes_form = {
    .what = "a list of lanes",
    .entry = &lane_block,
    .read = read_lanes,
    .write = write_lanes,
};

static bool read_event(struct ota_policy_reader *reader,
                       const struct ota_vocab_item *item,
                       const struct ota_json *value, void *config)
{
    (void)config;
    return ota_vocab_is(value, "event") ||
           ota_vocab_expect(reader, value, item->form->what);
}

static void write_event(struct ota_json_writer *writer,
                        const struct ota_vocab_item *item, const void *config)
{
    (void)config;
    ota_json_write_text(writer, item->field.name, "event");
}

static const struct ota_vocab_form event_form = {
    .what = "\"event\"",
    .schema = "{\"const\": \"event\"}",
    .read = read_event,
    .write = write_event,
};

static bool on_events(const void *config)
{
    return ((const struct ota_policy_pace *)config)->every_us == 0;
}

static bool by_clock(const void *config)
{
    return !on_events(config);
}

static const struct ota_vocab_item run_items[] = {
    {.field = {.name = "on",
               .help = "offers go out as soon as something makes room"},
     .as = OTA_AS_FORM,
     .form = &event_form,
     .present = on_events},
    {.field = {.name = "min_gap",
               .kind = OTA_FIELD_INTEGER,
               .dimension = OTA_TIME,
               .offset = offsetof(struct ota_policy_pace, min_gap_us),
               .min = 0,
               .max = OTA_VOCAB_TIME_MAX,
               .help = "but no sooner after the last round; 0s: at once"},
     .present = on_events},
    {.field = {.name = "also_every",
               .kind = OTA_FIELD_INTEGER,
               .dimension = OTA_TIME,
               .offset = offsetof(struct ota_policy_pace, also_every_us),
               .min = 0,
               .max = OTA_VOCAB_TIME_MAX,
               .help = "and a round so often anyhow; 0s: not"},
     .present = on_events},
    {.field = {.name = "every",
               .kind = OTA_FIELD_INTEGER,
               .dimension = OTA_TIME,
               .offset = offsetof(struct ota_policy_pace, every_us),
               .min = 0,
               .max = OTA_VOCAB_TIME_MAX,
               .help = "instead: a round so often and at no other time"},
     .present = by_clock},
    END_ITEM,
};

static const struct ota_vocab_block run_block = {
    "policy.pace.run",
    "when rounds of offers are made",
    run_items,
    0,
    NULL,
    NULL};

static void given_rate(void *config)
{
    struct ota_policy_rate *rate = &((struct ota_policy_pace *)config)->rate;
    rate->limited = true;
    if (!(rate->max > 0))
        rate->max = INFINITY;
    if (rate->per_us <= 0)
        rate->per_us = OTA_US_PER_MIN;
}

static bool has_rate(const void *config)
{
    return ((const struct ota_policy_pace *)config)->rate.limited;
}

static const struct ota_vocab_item pace_items[] = {
    {.field = {.name = "rate",
               .offset = offsetof(struct ota_policy_pace, rate),
               .help = "how many offers go out in a time; without it, any"},
     .as = OTA_AS_BLOCK,
     .block = &rate_block,
     .given = given_rate,
     .present = has_rate},
    BLOCK_ITEM("in_flight", struct ota_policy_pace, in_flight, in_flight_block,
               "how many devices are under way at once"),
    LOOSE_ITEM("lanes", lanes_form,
               "slots besides the limit for some devices, served first"),
    SAME_BLOCK_ITEM("run", run_block, "when rounds of offers are made"),
    FLAG_ITEM("late_paced", struct ota_policy_pace, late_paced,
              "devices that come in later obey the pace, too"),
    END_ITEM,
};

static void init_pace(void *config)
{
    struct ota_policy policy;
    ota_policy_init(&policy);
    *(struct ota_policy_pace *)config = policy.pace;
}

const struct ota_vocab_block ota_vocab_pace = {
    "policy.pace", "how fast offers go out inside of what is open",
    pace_items,    sizeof(struct ota_policy_pace),
    init_pace,     NULL};
