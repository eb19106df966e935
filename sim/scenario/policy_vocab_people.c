/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * policy_vocab_people.c - one device's attempts, and what people do.
 */
#include <string.h>

#include "sim/scenario/policy_items.h"

/* --- attempt -------------------------------------------------------------- */

static const char *const from_words[] = {"offered", "started", NULL};

static const struct ota_vocab_item timeout_items[] = {
    PAIR_ITEM("from", struct ota_policy_timeout, from_started, from_words,
              "when the clock starts"),
    NEVER_ITEM("after", struct ota_policy_timeout, after_us,
               "an attempt that takes longer has timed out"),
    NEVER_ITEM("step", struct ota_policy_timeout, step_us,
               "and so has one that gave no sign of progress for so long"),
    END_ITEM,
};

static const struct ota_vocab_block timeout_block = {
    "policy.attempt.timeout",
    "how long an attempt may take",
    timeout_items,
    0,
    NULL,
    NULL};

static const struct ota_vocab_item on_items[] = {
    COUNT_ITEM("failed", struct ota_policy_retry, failed, 1e6,
               "tries after failures, at most"),
    COUNT_ITEM("timed_out", struct ota_policy_retry, timed_out, 1e6,
               "tries after time-outs, at most"),
    END_ITEM,
};

static const struct ota_vocab_block on_block = {"policy.attempt.retry.on",
                                                "what is tried again, and how "
                                                "often",
                                                on_items,
                                                0,
                                                NULL,
                                                NULL};

static bool read_wait(struct ota_policy_reader *reader,
                      const struct ota_vocab_item *item,
                      const struct ota_json *value, void *config)
{
    struct ota_policy_retry *retry = config;
    (void)item;
    retry->next_poll = ota_vocab_is(value, "next_poll");
    return retry->next_poll ||
           ota_vocab_read_time(reader, value, &retry->wait_us);
}

static void write_wait(struct ota_json_writer *writer,
                       const struct ota_vocab_item *item, const void *config)
{
    const struct ota_policy_retry *retry = config;
    if (retry->next_poll)
        ota_json_write_text(writer, item->field.name, "next_poll");
    else
        ota_vocab_write_time(writer, item->field.name, retry->wait_us);
}

static const struct ota_vocab_form wait_form = {
    .what = "a duration, or \"next_poll\"",
    .schema = "{\"type\": [\"string\", \"number\"]}",
    .read = read_wait,
    .write = write_wait,
};

static bool read_codes(struct ota_policy_reader *reader,
                       const struct ota_vocab_item *item,
                       const struct ota_json *value, void *config)
{
    const struct ota_field field = {
        .name = "codes", .kind = OTA_FIELD_CHOICE, .choices = ota_cause_words};
    struct ota_policy_retry *retry = config;
    bool ok = true;
    if (value->type != OTA_JSON_LIST)
        return ota_vocab_expect(reader, value, item->form->what);
    retry->causes = 0;
    for (const struct ota_json *v = value->child; v; v = v->next) {
        int cause = 0;
        ok = ota_bind_value(reader->binder, &field, v, &cause) && ok;
        retry->causes |= UINT32_C(1) << cause;
    }
    return ok;
}

static void write_codes(struct ota_json_writer *writer,
                        const struct ota_vocab_item *item, const void *config)
{
    const struct ota_policy_retry *retry = config;
    ota_json_open(writer, item->field.name, '[');
    for (int cause = 0; cause < OTA_CAUSES; cause++)
        if (retry->causes & UINT32_C(1) << cause)
            ota_json_write_text(writer, NULL, ota_cause_words[cause]);
    ota_json_close(writer, ']');
}

static const struct ota_vocab_form codes_form = {
    .what = "a list of download install revert refused",
    .schema = "{\"type\": \"array\", \"items\": {\"enum\": [\"download\", "
              "\"install\", \"revert\", \"refused\"]}}",
    .read = read_codes,
    .write = write_codes,
};

static bool has_total(const void *config)
{
    return ((const struct ota_policy_retry *)config)->total != INT64_MAX;
}

static const struct ota_vocab_item retry_items[] = {
    SAME_BLOCK_ITEM("on", on_block, "what is tried again, and how often"),
    {.field = {.name = "total",
               .kind = OTA_FIELD_INTEGER,
               .dimension = OTA_COUNT,
               .offset = offsetof(struct ota_policy_retry, total),
               .min = 1,
               .max = 2e6,
               .help = "tries after both, at most; as many as both allow if "
                       "it is left out"},
     .present = has_total},
    LOOSE_ITEM("wait", wait_form,
               "when: after so long, or when the device asks next"),
    FACTOR_ITEM("factor", struct ota_policy_retry, factor,
                "the wait is multiplied by it each time ..."),
    NEVER_ITEM("max", struct ota_policy_retry, wait_max_us,
               "... and is no longer than this"),
    LOOSE_ITEM("codes", codes_form, "which failures are tried again"),
    FLAG_ITEM("count_each", struct ota_policy_retry, count_each,
              "rules count every failure, not only a device's last"),
    END_ITEM,
};

static const struct ota_vocab_block retry_block = {
    "policy.attempt.retry", "what is tried again", retry_items, 0, NULL, NULL};

static const struct ota_vocab_item often_items[] = {
    COUNT_ITEM("n", struct ota_policy_penalty, rate_n, 8,
               "so many attempts, 8 at most; 0: no limit ..."),
    TIME_ITEM("within", struct ota_policy_penalty, rate_us,
              "... within so long"),
    END_ITEM,
};

static const struct ota_vocab_block often_block = {
    "policy.attempt.penalty.rate",
    "attempts in too short a time",
    often_items,
    0,
    NULL,
    NULL};

static const struct ota_vocab_item penalty_items[] = {
    TIME_ITEM("on_failed", struct ota_policy_penalty, on_failed_us,
              "a device that failed is left alone for so long; 0s: not"),
    TIME_ITEM("on_refused", struct ota_policy_penalty, on_refused_us,
              "and one that refused"),
    COUNT_ITEM("after_attempts", struct ota_policy_penalty, after_attempts, 1e6,
               "attempts since the last success that are too many; 0: no "
               "limit"),
    SAME_BLOCK_ITEM("rate", often_block,
                    "attempts in a time that are too many"),
    TIME_ITEM("block", struct ota_policy_penalty, block_us,
              "a device at one of these limits is left alone for so long"),
    END_ITEM,
};

static const struct ota_vocab_block penalty_block = {
    "policy.attempt.penalty",
    "devices that are left alone for a while",
    penalty_items,
    0,
    NULL,
    NULL};

static const struct ota_vocab_item attempt_items[] = {
    BLOCK_ITEM("timeout", struct ota_policy_attempt, timeout, timeout_block,
               "how long an attempt may take"),
    BLOCK_ITEM("retry", struct ota_policy_attempt, retry, retry_block,
               "what is tried again"),
    BLOCK_ITEM("penalty", struct ota_policy_attempt, penalty, penalty_block,
               "devices that are left alone for a while"),
    END_ITEM,
};

const struct ota_vocab_block ota_vocab_attempt = {
    "policy.attempt",
    "the life of one device's attempt",
    attempt_items,
    0,
    NULL,
    NULL};

/* --- operator ------------------------------------------------------------- */

static bool read_approve(struct ota_policy_reader *reader,
                         const struct ota_vocab_item *item,
                         const struct ota_json *value, void *config)
{
    const struct ota_field field = {.name = "approve",
                                    .kind = OTA_FIELD_DIST,
                                    .dimension = OTA_TIME,
                                    .min = 0,
                                    .max = OTA_VOCAB_TIME_MAX,
                                    .help = item->field.help};
    struct ota_policy_operator *people = config;
    people->approves = !ota_vocab_is(value, "never");
    return !people->approves ||
           ota_vocab_read_field(reader, &field, value, &people->approve);
}

static void write_approve(struct ota_json_writer *writer,
                          const struct ota_vocab_item *item, const void *config)
{
    const struct ota_policy_operator *people = config;
    const struct ota_vocab_item plain = {.field = {.name = item->field.name,
                                                   .kind = OTA_FIELD_DIST,
                                                   .dimension = OTA_TIME}};
    if (people->approves)
        ota_vocab_write_item(writer, &plain, &people->approve);
    else
        ota_json_write_text(writer, item->field.name, "never");
}

static const struct ota_vocab_form approve_form = {
    .what = "duration or distribution, or \"never\"",
    .schema = "{\"type\": [\"string\", \"number\", \"object\"]}",
    .read = read_approve,
    .write = write_approve,
};

static void given_resume(void *config)
{
    ((struct ota_policy_operator *)config)->resumes = true;
}

static bool has_resume(const void *config)
{
    return ((const struct ota_policy_operator *)config)->resumes;
}

static bool has_resume_max(const void *config)
{
    return ((const struct ota_policy_operator *)config)->resumes_max !=
           INT64_MAX;
}

static const struct ota_vocab_item resume_items[] = {
    {.field = {.name = "after",
               .kind = OTA_FIELD_DIST,
               .dimension = OTA_TIME,
               .offset = offsetof(struct ota_policy_operator, resume),
               .min = 0,
               .max = OTA_VOCAB_TIME_MAX,
               .help = "from a pause to that"},
     .must = true},
    {.field = {.name = "max",
               .kind = OTA_FIELD_INTEGER,
               .dimension = OTA_COUNT,
               .offset = offsetof(struct ota_policy_operator, resumes_max),
               .min = 1,
               .max = 1e6,
               .help = "so many times at most; as often as it takes if it is "
                       "left out"},
     .present = has_resume_max},
    END_ITEM,
};

static const struct ota_vocab_block resume_block = {
    "policy.operator.resume",
    "who lets a rollout go on that a rule paused",
    resume_items,
    0,
    NULL,
    NULL};

static const struct ota_vocab_item skip_items[] = {
    NEVER_ITEM("age", struct ota_policy_operator, skip_wave_us, "of the wave"),
    END_ITEM,
};

static const struct ota_vocab_block skip_block = {
    "policy.operator.skip_wave",
    "gives up on a wave and opens the next",
    skip_items,
    0,
    NULL,
    NULL};

static const struct ota_vocab_item again_items[] = {
    NEVER_ITEM("after", struct ota_policy_operator, retry_failed_us,
               "from the end of a wave on"),
    COUNT_ITEM("times", struct ota_policy_operator, retry_failed_max, 1e6,
               "at most"),
    END_ITEM,
};

static const struct ota_vocab_block again_block = {
    "policy.operator.retry_failed",
    "offers it to those that failed once more",
    again_items,
    0,
    NULL,
    NULL};

static const struct ota_vocab_item trigger_items[] = {
    NEVER_ITEM("age", struct ota_policy_operator, trigger_next_us,
               "of the wave"),
    END_ITEM,
};

static const struct ota_vocab_block trigger_block = {
    "policy.operator.trigger_next",
    "opens the next wave by hand",
    trigger_items,
    0,
    NULL,
    NULL};

static const struct ota_vocab_item operator_items[] = {
    LOOSE_ITEM("approve", approve_form,
               "from when an approval is asked for to that; never: nobody "
               "approves"),
    {.field = {.name = "resume",
               .help = "who lets a rollout go on that a rule paused; without "
                       "it, nobody"},
     .as = OTA_AS_BLOCK,
     .block = &resume_block,
     .given = given_resume,
     .present = has_resume},
    SAME_BLOCK_ITEM("skip_wave", skip_block,
                    "gives up on a wave and opens the next"),
    SAME_BLOCK_ITEM("retry_failed", again_block,
                    "offers it to those that failed once more"),
    SAME_BLOCK_ITEM("trigger_next", trigger_block,
                    "opens the next wave by hand"),
    END_ITEM,
};

const struct ota_vocab_block ota_vocab_operator = {"policy.operator",
                                                   "what people do, and when",
                                                   operator_items,
                                                   0,
                                                   NULL,
                                                   NULL};
