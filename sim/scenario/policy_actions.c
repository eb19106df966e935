/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * policy_actions.c - what rules do, and the list of rules.
 *
 * An action is a word, or an object whose one key is that word, with what it
 * is to be done by.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/scenario/policy_items.h"

/* --- actions with settings ------------------------------------------------ */

static const struct ota_vocab_item pause_items[] = {
    FLAG_ITEM("evaluate", struct ota_action, evaluate,
              "rules are looked at meanwhile"),
    END_ITEM,
};

static const struct ota_vocab_item stop_items[] = {
    CHOICE_ITEM("cancel", struct ota_action, cancel, ota_cancel_words,
                "which offers are taken back: none, those that have not "
                "begun, or all"),
    COUNT_ITEM("per_minute", struct ota_action, per_minute, 1e9,
               "so many a minute; 0: all at once"),
    END_ITEM,
};

static bool read_previous(struct ota_policy_reader *reader,
                          const struct ota_vocab_item *item,
                          const struct ota_json *value, void *config)
{
    (void)item;
    (void)config;
    return ota_vocab_is(value, "previous") ||
           ota_bind_complain(reader->binder, value,
                             "devices have no image but the one they came "
                             "from; write \"previous\"");
}

static void write_previous(struct ota_json_writer *writer,
                           const struct ota_vocab_item *item,
                           const void *config)
{
    (void)config;
    ota_json_write_text(writer, item->field.name, "previous");
}

static const struct ota_vocab_form previous_form = {
    .what = "\"previous\"",
    .schema = "{\"const\": \"previous\"}",
    .read = read_previous,
    .write = write_previous,
};

static const struct ota_vocab_item rollback_items[] = {
    LOOSE_ITEM("to", previous_form, "what they had before"),
    CHOICE_ITEM("who", struct ota_action, who, ota_back_words,
                "all that were offered the release, those that reported it, "
                "or those of the rule's wave"),
    CHOICE_ITEM("cancel", struct ota_action, cancel, ota_cancel_words,
                "which offers are taken back: none, those that have not "
                "begun, or all"),
    COUNT_ITEM("per_minute", struct ota_action, per_minute, 1e9,
               "so many a minute; 0: all at once"),
    END_ITEM,
};

static const struct ota_vocab_block pause_block = {
    "policy.rules.list[].do.pause",
    "no more offers and waves until a person resumes; attempts go on",
    pause_items,
    0,
    NULL,
    NULL};
static const struct ota_vocab_block stop_block = {"policy.rules.list[].do.stop",
                                                  "ends the rollout for good",
                                                  stop_items,
                                                  0,
                                                  NULL,
                                                  NULL};
static const struct ota_vocab_block rollback_block = {
    "policy.rules.list[].do.rollback",
    "ends the rollout and sends the old image",
    rollback_items,
    0,
    NULL,
    NULL};

const struct ota_vocab_block *const ota_vocab_actions[] = {
    &pause_block, &stop_block, &rollback_block, NULL};

/* The settings of an action; NULL: it has none. */
static const struct ota_vocab_block *action_block(enum ota_action_kind kind)
{
    switch (kind) {
    case OTA_DO_PAUSE:
        return &pause_block;
    case OTA_DO_STOP:
        return &stop_block;
    case OTA_DO_ROLLBACK:
        return &rollback_block;
    default:
        return NULL;
    }
}

static bool takes_number(enum ota_action_kind kind)
{
    return kind == OTA_DO_RATE || kind == OTA_DO_IN_FLIGHT;
}

/* A rollback that leaves attempts at what it takes back would be none. */
static void action_init(struct ota_action *action, enum ota_action_kind kind)
{
    *action = (struct ota_action){.kind = kind};
    if (kind == OTA_DO_ROLLBACK)
        action->cancel = OTA_CANCEL_ALL;
}

/* --- do ------------------------------------------------------------------- */

/* Finds the action of that word; complains if there is none. */
static bool find_action(struct ota_policy_reader *reader,
                        const struct ota_json *value, const char *word,
                        enum ota_action_kind *kind)
{
    size_t count = 0;
    for (; ota_action_words[count]; count++)
        if (strcmp(ota_action_words[count], word) == 0) {
            *kind = (enum ota_action_kind)count;
            return true;
        }
    char advice[OTA_MESSAGE_SIZE];
    ota_bind_advise(word, ota_action_words, count, advice, sizeof(advice));
    return ota_bind_complain(reader->binder, value,
                             "there is no action \"%.40s\"%s", word, advice);
}

static bool read_word(struct ota_policy_reader *reader,
                      const struct ota_json *value, struct ota_action *action)
{
    enum ota_action_kind kind;
    if (!find_action(reader, value, value->text, &kind))
        return false;
    action_init(action, kind);
    return !takes_number(kind) ||
           ota_bind_complain(reader->binder, value,
                             "to what? write it such as {\"%s\": 100}",
                             value->text);
}

static bool read_do(struct ota_policy_reader *reader,
                    const struct ota_vocab_item *item,
                    const struct ota_json *value, void *config)
{
    static const struct ota_field number = {.name = "n",
                                            .kind = OTA_FIELD_INTEGER,
                                            .dimension = OTA_COUNT,
                                            .offset =
                                                offsetof(struct ota_action, n),
                                            .min = 1,
                                            .max = 1e9};
    struct ota_action *action = &((struct ota_rule *)config)->action;
    if (value->type == OTA_JSON_TEXT)
        return read_word(reader, value, action);
    const struct ota_json *only = ota_vocab_only(value);
    if (!only)
        return ota_vocab_expect(reader, value, item->form->what);
    enum ota_action_kind kind;
    if (!find_action(reader, only, only->key, &kind))
        return false;
    action_init(action, kind);
    if (takes_number(kind))
        return ota_bind_value(reader->binder, &number, only, action);
    if (action_block(kind))
        return ota_vocab_read(reader, action_block(kind), only, action);
    return ota_bind_complain(reader->binder, value,
                             "\"%s\" has no settings; write it as a word",
                             only->key);
}

static void write_do(struct ota_json_writer *writer,
                     const struct ota_vocab_item *item, const void *config)
{
    const struct ota_action *action =
        &((const struct ota_rule *)config)->action;
    const struct ota_vocab_block *block = action_block(action->kind);
    const char *word = ota_action_words[action->kind];
    if (!block && !takes_number(action->kind)) {
        ota_json_write_text(writer, item->field.name, word);
        return;
    }
    ota_json_open(writer, item->field.name, '{');
    if (block) {
        ota_json_open(writer, word, '{');
        ota_vocab_write(writer, block, action);
        ota_json_close(writer, '}');
    } else {
        ota_vocab_write_count(writer, word, action->n);
    }
    ota_json_close(writer, '}');
}

static const struct ota_vocab_form do_form = {
    .what = "\"next_wave\", \"finish\", \"approve\", {\"pause\": {...}}, "
            "{\"stop\": {...}}, {\"rollback\": {...}}, {\"rate\": 100} or "
            "{\"in_flight\": 100}",
    .schema = "{\"$ref\": \"#/$defs/policy_action\"}",
    .read = read_do,
    .write = write_do,
};

/* --- rules ---------------------------------------------------------------- */

static const struct ota_vocab_item rule_items[] = {
    {.field = {.name = "scope",
               .kind = OTA_FIELD_CHOICE,
               .offset = offsetof(struct ota_rule, scope),
               .choices = ota_scope_words,
               .help = "what is counted over: the rollout, or each open wave; "
                       "\"wave\" in a wave's own rules"}},
    {.field = {.name = "if", .help = "a condition"},
     .as = OTA_AS_FORM,
     .form = &ota_vocab_if,
     .must = true},
    LOOSE_ITEM("min", ota_vocab_minimums,
               "counters that must have been reached before"),
    TIME_ITEM("hold", struct ota_rule, hold_us,
              "it must have been true for so long; 0s: acts at once"),
    LOOSE_ITEM("window", ota_vocab_window,
               "only the last outcomes count; all if it is left out"),
    {.field = {.name = "do", .help = "an action"},
     .as = OTA_AS_FORM,
     .form = &do_form,
     .must = true},
    FLAG_ITEM("once", struct ota_rule, once,
              "acts no second time in the same scope"),
    END_ITEM,
};

static void init_rule(void *config)
{
    *(struct ota_rule *)config = (struct ota_rule){.once = true};
}

/* A wave's own rules are its own. */
static bool finish_rule(struct ota_policy_reader *reader,
                        const struct ota_json *object, void *config)
{
    struct ota_rule *rule = config;
    const struct ota_json *scope = ota_json_find(object, "scope");
    if (!reader->in_wave)
        return true;
    if (!scope)
        rule->scope = OTA_SCOPE_WAVE;
    return rule->scope == OTA_SCOPE_WAVE ||
           ota_bind_complain(reader->binder, scope,
                             "a wave's own rules are of scope \"wave\"; put "
                             "this one into policy.rules");
}

static const struct ota_vocab_block rule_block = {
    "policy.rules.list[]",   "one rule", rule_items,
    sizeof(struct ota_rule), init_rule,  finish_rule};

static bool read_list(struct ota_policy_reader *reader,
                      const struct ota_vocab_item *item,
                      const struct ota_json *value, void *config)
{
    struct ota_rules *rules = config;
    bool ok;
    rules->list = ota_vocab_read_list(reader, item->form->entry, value,
                                      &rules->count, &ok);
    return ok;
}

static void write_list(struct ota_json_writer *writer,
                       const struct ota_vocab_item *item, const void *config)
{
    const struct ota_rules *rules = config;
    ota_vocab_write_list(writer, item->field.name, item->form->entry,
                         rules->list, rules->count);
}

static const struct ota_vocab_form list_form = {
    .what = "a list of rules; the first that is true acts",
    .entry = &rule_block,
    .read = read_list,
    .write = write_list,
};

/* --- when they are looked at ---------------------------------------------- */

static bool read_outcome(struct ota_policy_reader *reader,
                         const struct ota_vocab_item *item,
                         const struct ota_json *value, void *config)
{
    (void)config;
    return ota_vocab_is(value, "outcome") ||
           ota_vocab_expect(reader, value, item->form->what);
}

static void write_outcome(struct ota_json_writer *writer,
                          const struct ota_vocab_item *item, const void *config)
{
    (void)config;
    ota_json_write_text(writer, item->field.name, "outcome");
}

static const struct ota_vocab_form outcome_form = {
    .what = "\"outcome\"",
    .schema = "{\"const\": \"outcome\"}",
    .read = read_outcome,
    .write = write_outcome,
};

static bool on_outcome(const void *config)
{
    return ((const struct ota_rules *)config)->every_us == 0;
}

static bool by_clock(const void *config)
{
    return !on_outcome(config);
}

static bool check_eval(struct ota_policy_reader *reader,
                       const struct ota_json *object, void *config)
{
    const struct ota_rules *rules = config;
    const struct ota_json *on = ota_json_find(object, "on");
    return !on || rules->every_us == 0 ||
           ota_bind_complain(reader->binder, on,
                             "rules are looked at on each outcome or every so "
                             "often; leave one out");
}

static const struct ota_vocab_item eval_items[] = {
    {.field = {.name = "on", .help = "each outcome that is reported"},
     .as = OTA_AS_FORM,
     .form = &outcome_form,
     .present = on_outcome},
    {.field = {.name = "every",
               .kind = OTA_FIELD_INTEGER,
               .dimension = OTA_TIME,
               .offset = offsetof(struct ota_rules, every_us),
               .min = (double)OTA_US_PER_MS,
               .max = OTA_VOCAB_TIME_MAX,
               .help = "instead: by the clock"},
     .present = by_clock},
    END_ITEM,
};

static const struct ota_vocab_block eval_block = {
    "policy.rules.eval", "when rules are looked at", eval_items, 0, NULL,
    check_eval};

static const struct ota_vocab_item rules_items[] = {
    SAME_BLOCK_ITEM("eval", eval_block, "when rules are looked at"),
    CHOICE_ITEM("math", struct ota_rules, math, ota_math_words,
                "how shares are compared: exact; floor_pct, whole percents cut "
                "off (Flight Control); ceil_count, as a number of devices "
                "rounded up, 1 at least (NervesHub); float32, in single "
                "precision (hawkBit)"),
    LOOSE_ITEM("list", list_form, "the rules"),
    END_ITEM,
};

static void init_rules(void *config)
{
    struct ota_policy policy;
    ota_policy_init(&policy);
    *(struct ota_rules *)config = policy.rules;
}

const struct ota_vocab_block ota_vocab_rules = {
    "policy.rules", "conditions and what they lead to; gates and stops alike",
    rules_items,    sizeof(struct ota_rules),
    init_rules,     NULL};
