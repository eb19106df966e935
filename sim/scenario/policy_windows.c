/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * policy_windows.c - "policy.windows": calendars; and the top of the policy.
 */
#include "models/policy/cron.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "sim/scenario/policy_items.h"

/* --- one window ----------------------------------------------------------- */

static bool read_cron(struct ota_policy_reader *reader,
                      const struct ota_vocab_item *item,
                      const struct ota_json *value, void *config)
{
    struct ota_policy_window *window = config;
    char problem[OTA_MESSAGE_SIZE];
    if (value->type != OTA_JSON_TEXT)
        return ota_vocab_expect(reader, value, item->form->what);
    window->text = ota_arena_text(reader->binder->context.arena, value->text,
                                  strlen(value->text));
    if (!window->text)
        return ota_bind_complain(reader->binder, value, OTA_NO_MEMORY);
    return ota_cron_parse(value->text, &window->cron, problem,
                          sizeof(problem)) ||
           ota_bind_complain(reader->binder, value, "%s", problem);
}

static void write_cron(struct ota_json_writer *writer,
                       const struct ota_vocab_item *item, const void *config)
{
    const struct ota_policy_window *window = config;
    if (window->text)
        ota_json_write_text(writer, item->field.name, window->text);
}

static const struct ota_vocab_form cron_form = {
    .what = "a calendar \"MINUTE HOUR DAY MONTH WEEKDAY\" such as \"0 2 * * "
            "*\"",
    .schema = "{\"type\": \"string\"}",
    .read = read_cron,
    .write = write_cron,
};

/* Reads "+HH:MM"; hours reach from -12 to +14 in the world's zones. */
static bool read_offset(const char *text, int64_t *offset_us)
{
    const bool shape = (text[0] == '+' || text[0] == '-') &&
                       strlen(text) == 6 && isdigit((unsigned char)text[1]) &&
                       isdigit((unsigned char)text[2]) && text[3] == ':' &&
                       isdigit((unsigned char)text[4]) &&
                       isdigit((unsigned char)text[5]);
    if (!shape)
        return false;
    const int hours = 10 * (text[1] - '0') + (text[2] - '0');
    const int minutes = 10 * (text[4] - '0') + (text[5] - '0');
    if (hours > 14 || minutes > 59)
        return false;
    *offset_us = hours * OTA_US_PER_H + minutes * OTA_US_PER_MIN;
    if (text[0] == '-')
        *offset_us = -*offset_us;
    return true;
}

static bool read_tz(struct ota_policy_reader *reader,
                    const struct ota_vocab_item *item,
                    const struct ota_json *value, void *config)
{
    struct ota_policy_window *window = config;
    if (value->type != OTA_JSON_TEXT)
        return ota_vocab_expect(reader, value, item->form->what);
    window->offset_us = 0;
    window->zone = ota_vocab_is(value, "local") ? OTA_ZONE_LOCAL : OTA_ZONE_UTC;
    if (window->zone == OTA_ZONE_LOCAL || ota_vocab_is(value, "UTC") ||
        read_offset(value->text, &window->offset_us))
        return true;
    if (strchr(value->text, '/'))
        return ota_bind_complain(
            reader->binder, value,
            "\"%.40s\": there is no calendar of the world's time zones; write "
            "\"UTC\", an offset such as \"+02:00\", or \"local\" with the "
            "groups' \"utc_offset\"",
            value->text);
    return ota_vocab_expect(reader, value, item->form->what);
}

static void write_tz(struct ota_json_writer *writer,
                     const struct ota_vocab_item *item, const void *config)
{
    const struct ota_policy_window *window = config;
    char text[16] = "UTC";
    if (window->zone == OTA_ZONE_LOCAL) {
        snprintf(text, sizeof(text), "local");
    } else if (window->offset_us != 0) {
        const int64_t minutes = window->offset_us / OTA_US_PER_MIN;
        const int size = (int)(minutes < 0 ? -minutes : minutes);
        snprintf(text, sizeof(text), "%c%02d:%02d", minutes < 0 ? '-' : '+',
                 size / 60 % 100, size % 60);
    }
    ota_json_write_text(writer, item->field.name, text);
}

static const struct ota_vocab_form tz_form = {
    .what = "\"UTC\", \"local\" (the group's utc_offset) or an offset such as "
            "\"+02:00\"",
    .schema = "{\"type\": \"string\", \"pattern\": "
              "\"^(UTC|local|[+-][01][0-9]:[0-5][0-9])$\"}",
    .read = read_tz,
    .write = write_tz,
};

static const struct ota_vocab_item window_items[] = {
    {.field = {.name = "cron",
               .help = "when it opens: minute, hour, day of the month, month, "
                       "day of the week; time 0 of a run is a Monday 0:00 UTC, "
                       "1 January"},
     .as = OTA_AS_FORM,
     .form = &cron_form,
     .must = true},
    {.field = {.name = "for",
               .kind = OTA_FIELD_INTEGER,
               .dimension = OTA_TIME,
               .offset = offsetof(struct ota_policy_window, for_us),
               .min = (double)OTA_US_PER_S,
               .max = OTA_VOCAB_TIME_MAX,
               .help = "how long it stays open"},
     .must = true},
    LOOSE_ITEM("tz", tz_form, "whose clock that is by"),
    END_ITEM,
};

static const struct ota_vocab_block window_block = {
    "policy.windows.offer[], .download[], .install[]",
    "stretches of time that open by a calendar",
    window_items,
    sizeof(struct ota_policy_window),
    NULL,
    NULL};

/* --- lists of them -------------------------------------------------------- */

static bool read_windows(struct ota_policy_reader *reader,
                         const struct ota_vocab_item *item,
                         const struct ota_json *value, void *config)
{
    struct ota_window_list *windows =
        (struct ota_window_list *)((char *)config + item->field.offset);
    bool ok;
    windows->list = ota_vocab_read_list(reader, item->form->entry, value,
                                        &windows->count, &ok);
    return ok;
}

static void write_windows(struct ota_json_writer *writer,
                          const struct ota_vocab_item *item, const void *config)
{
    const struct ota_window_list *windows =
        (const struct ota_window_list *)((const char *)config +
                                         item->field.offset);
    ota_vocab_write_list(writer, item->field.name, item->form->entry,
                         windows->list, windows->count);
}

static const struct ota_vocab_form windows_form = {
    .what = "a list of windows",
    .entry = &window_block,
    .read = read_windows,
    .write = write_windows,
};

static const struct ota_vocab_item rollout_items[] = {
    TIME_ITEM("start", struct ota_policy_windows, start_us,
              "from the release to the first offer"),
    NEVER_ITEM("end", struct ota_policy_windows, end_us,
               "from the release to the last offer"),
    CHOICE_ITEM("at_end", struct ota_policy_windows, at_end, ota_at_end_words,
                "what the end does besides: nothing, take back offers that "
                "have not begun, or all"),
    END_ITEM,
};

static const struct ota_vocab_block rollout_block = {
    "policy.windows.rollout",
    "begin and end of the rollout",
    rollout_items,
    0,
    NULL,
    NULL};

static const struct ota_vocab_item windows_items[] = {
    SAME_BLOCK_ITEM("rollout", rollout_block, "begin and end of the rollout"),
    FORM_ITEM("offer", struct ota_policy_windows, offer, windows_form,
              "when the service offers; without one, always"),
    FORM_ITEM("download", struct ota_policy_windows, download, windows_form,
              "when devices begin to download; without one, always"),
    FORM_ITEM("install", struct ota_policy_windows, install, windows_form,
              "when devices apply what they have; without one, always"),
    END_ITEM,
};

const struct ota_vocab_block ota_vocab_windows = {
    "policy.windows", "limits by the calendar", windows_items, 0, NULL, NULL};

/* --- the top -------------------------------------------------------------- */

/* The vocabulary's version. */
static bool read_version(struct ota_policy_reader *reader,
                         const struct ota_vocab_item *item,
                         const struct ota_json *value, void *config)
{
    (void)config;
    if (value->type == OTA_JSON_OBJECT)
        return ota_bind_complain(
            reader->binder, value,
            "an object where the version of the vocabulary, 1, belongs; a file "
            "for --policy holds what stands inside of a scenario's \"policy\"");
    return (value->text && strcmp(value->text, "1") == 0 &&
            value->type != OTA_JSON_FLAG) ||
           ota_vocab_expect(reader, value, item->form->what);
}

static void write_version(struct ota_json_writer *writer,
                          const struct ota_vocab_item *item, const void *config)
{
    (void)config;
    ota_json_write_raw(writer, item->field.name, "1");
}

static const struct ota_vocab_form version_form = {
    .what = "the version of the vocabulary, 1",
    .schema = "{\"const\": 1}",
    .read = read_version,
    .write = write_version,
};

static bool has_name(const void *config)
{
    const struct ota_policy *policy = config;
    return policy->name && policy->name[0];
}

static const struct ota_vocab_item policy_items[] = {
    LOOSE_ITEM("policy", version_form, "version of the vocabulary"),
    {.field = {.name = "name",
               .kind = OTA_FIELD_TEXT,
               .offset = offsetof(struct ota_policy, name),
               .help = "of the policy, over its answers"},
     .present = has_name},
    BLOCK_ITEM("target", struct ota_policy, target, ota_vocab_target,
               "who may take part"),
    BLOCK_ITEM("waves", struct ota_policy, waves, ota_vocab_waves,
               "slices of them, and their order"),
    BLOCK_ITEM("pace", struct ota_policy, pace, ota_vocab_pace,
               "how fast offers go out"),
    BLOCK_ITEM("rules", struct ota_policy, rules, ota_vocab_rules,
               "what is done when reports say so"),
    BLOCK_ITEM("attempt", struct ota_policy, attempt, ota_vocab_attempt,
               "time-outs, retries, penalties"),
    BLOCK_ITEM("windows", struct ota_policy, windows, ota_vocab_windows,
               "limits by the calendar"),
    BLOCK_ITEM("device", struct ota_policy, device, ota_vocab_device,
               "how devices learn, accept, confirm"),
    BLOCK_ITEM("transfer", struct ota_policy, transfer, ota_vocab_transfer,
               "what is sent"),
    BLOCK_ITEM("operator", struct ota_policy, operator, ota_vocab_operator,
               "what people do, and when"),
    END_ITEM,
};

const struct ota_vocab_block ota_vocab_policy = {
    "policy",
    "the rollout: whom it reaches, in which order, how fast, and what stops "
    "it; {} reaches everybody at once",
    policy_items,
    0,
    NULL,
    NULL};
