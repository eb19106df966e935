/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * policy_vocab_device.c - what devices do by a policy: how they learn of an
 * update, let it in and confirm it; what is sent to them; what people do.
 */
#include <stdio.h>
#include <string.h>

#include "sim/scenario/policy_items.h"

/* --- device.learn --------------------------------------------------------- */

/* A percentage of jitter goes both ways, as hawkBit's "~10%" does, and what is
 * added to an interval is not negative: the interval itself is drawn. */
static bool spread_every(struct ota_policy_reader *reader,
                         const struct ota_json *jitter,
                         const struct ota_json *pct,
                         struct ota_policy_learn *learn)
{
    int64_t share;
    if (learn->by == OTA_LEARN_PUSH || learn->every.kind != OTA_DIST_FIXED ||
        !(learn->every.a > 0))
        return ota_bind_complain(reader->binder, jitter,
                                 "a percentage needs an \"every\" of one "
                                 "length; write the jitter as a duration");
    if (!ota_vocab_read_pct(reader, pct, &share))
        return false;
    const int64_t every_us = (int64_t)learn->every.a;
    const int64_t most_us =
        (int64_t)((double)share / (double)OTA_PCT_ALL * learn->every.a + 0.5);
    char least[64], most[64], text[160], problem[OTA_MESSAGE_SIZE];
    size_t column;
    if (most_us == 0)
        return true;
    ota_amount_format(OTA_TIME, (double)(every_us - most_us), least,
                      sizeof(least));
    ota_amount_format(OTA_TIME, (double)(every_us + most_us), most,
                      sizeof(most));
    snprintf(text, sizeof(text), "uniform(%s, %s)", least, most);
    return ota_dist_parse(OTA_TIME, text, NULL, reader->binder->context.arena,
                          &learn->every, &column, problem, sizeof(problem)) ||
           ota_bind_complain(reader->binder, jitter, "%s", problem);
}

/* The percentage that a jitter is, or NULL. */
static const struct ota_json *jitter_pct(const struct ota_json *jitter)
{
    const struct ota_json *only = jitter ? ota_vocab_only(jitter) : NULL;
    return only && strcmp(only->key, "pct") == 0 ? only : NULL;
}

static bool read_jitter(struct ota_policy_reader *reader,
                        const struct ota_vocab_item *item,
                        const struct ota_json *value, void *config)
{
    struct ota_policy_learn *learn = config;
    struct ota_field field = {.name = "jitter",
                              .kind = OTA_FIELD_DIST,
                              .dimension = OTA_TIME,
                              .min = 0,
                              .max = OTA_VOCAB_TIME_MAX,
                              .help = item->field.help};
    if (jitter_pct(value))
        return true; /* check_learn() has it */
    return ota_vocab_read_field(reader, &field, value, &learn->jitter);
}

static void write_jitter(struct ota_json_writer *writer,
                         const struct ota_vocab_item *item, const void *config)
{
    const struct ota_policy_learn *learn = config;
    const struct ota_field field = {.name = item->field.name,
                                    .kind = OTA_FIELD_DIST,
                                    .dimension = OTA_TIME};
    if (learn->jitter.dimension == OTA_TIME) {
        const struct ota_vocab_item plain = {.field = field};
        ota_vocab_write_item(writer, &plain, &learn->jitter);
    }
}

static const struct ota_vocab_form jitter_form = {
    .what = "duration or distribution, {\"uniform\": \"60s\"}, or {\"pct\": "
            "10} of the interval, both ways",
    .schema = "{\"type\": [\"string\", \"number\", \"object\"]}",
    .read = read_jitter,
    .write = write_jitter,
};

static const struct ota_vocab_form near_window_form = {
    .what = "polling more often near a window cannot be simulated; leave it "
            "out",
    .schema = "false",
    .read = ota_vocab_refuse,
};

static void given_every(void *config)
{
    ((struct ota_policy_learn *)config)->drawn_every = true;
}

static bool has_every(const void *config)
{
    const struct ota_policy_learn *learn = config;
    return learn->by == OTA_LEARN_POLL || learn->drawn_every;
}

static bool check_learn(struct ota_policy_reader *reader,
                        const struct ota_json *object, void *config)
{
    struct ota_policy_learn *learn = config;
    const struct ota_json *every = ota_json_find(object, "every");
    const struct ota_json *jitter = ota_json_find(object, "jitter");
    if (learn->by == OTA_LEARN_POLL && !every)
        return ota_bind_complain(reader->binder, object,
                                 "devices that poll need to know how often; "
                                 "set \"every\", such as \"30min\"");
    if (every && learn->by == OTA_LEARN_PUSH)
        return ota_bind_complain(reader->binder, every,
                                 "devices that are told by push do not poll; "
                                 "set \"also_poll\" if they do so besides");
    if (every && learn->by == OTA_LEARN_AS_DELIVERY)
        return ota_bind_complain(reader->binder, every,
                                 "an interval of what? set \"by\" to \"poll\" "
                                 "or \"handshake\"");
    if (learn->also_poll_us > 0 && learn->by != OTA_LEARN_PUSH)
        return ota_bind_complain(reader->binder,
                                 ota_json_find(object, "also_poll"),
                                 "is for devices that learn by \"push\"");
    return !jitter_pct(jitter) ||
           spread_every(reader, jitter, jitter_pct(jitter), learn);
}

static const struct ota_vocab_item learn_items[] = {
    CHOICE_ITEM("by", struct ota_policy_learn, by, ota_learn_words,
                "how a device hears that there is something for it; "
                "as_delivery: as the scenario's \"delivery\" says"),
    {.field = {.name = "every",
               .kind = OTA_FIELD_DIST,
               .dimension = OTA_TIME,
               .offset = offsetof(struct ota_policy_learn, every),
               .min = 0,
               .max = OTA_VOCAB_TIME_MAX,
               .help = "poll: from one to the next; handshake: the same, "
                       "instead of the session's own rules"},
     .given = given_every,
     .present = has_every},
    LOOSE_ITEM("jitter", jitter_form, "added to each interval"),
    CHOICE_ITEM("phase", struct ota_policy_learn, phase, ota_poll_phase_words,
                "the first poll: at random in the interval, at boot, or even, "
                "of n devices the i-th at i/n of the interval"),
    TIME_ITEM("also_poll", struct ota_policy_learn, also_poll_us,
              "push: and polls so often; 0s: not"),
    LOOSE_ITEM("near_window_polls", near_window_form, "polls near a window"),
    END_ITEM,
};

static const struct ota_vocab_block learn_block = {
    "policy.device.learn",
    "how devices learn of an update",
    learn_items,
    0,
    NULL,
    check_learn};

/* --- device.poll_retry ---------------------------------------------------- */

static bool read_give_up(struct ota_policy_reader *reader,
                         const struct ota_vocab_item *item,
                         const struct ota_json *value, void *config)
{
    static const struct ota_field field = {.name = "give_up",
                                           .kind = OTA_FIELD_INTEGER,
                                           .dimension = OTA_COUNT,
                                           .min = 1,
                                           .max = 1e6};
    struct ota_policy_poll_retry *retry = config;
    if (ota_vocab_is(value, "auto")) {
        retry->give_up = 0;
        return true;
    }
    if (value->type != OTA_JSON_NUMBER && value->at.line > 0)
        return ota_vocab_expect(reader, value, item->form->what);
    return ota_bind_value(reader->binder, &field, value, &retry->give_up);
}

static void write_give_up(struct ota_json_writer *writer,
                          const struct ota_vocab_item *item, const void *config)
{
    const struct ota_policy_poll_retry *retry = config;
    if (retry->give_up == 0)
        ota_json_write_text(writer, item->field.name, "auto");
    else
        ota_vocab_write_count(writer, item->field.name, retry->give_up);
}

static const struct ota_vocab_form give_up_form = {
    .what = "a number of tries, or \"auto\"",
    .schema = "{\"anyOf\": [{\"const\": \"auto\"}, {\"type\": \"integer\", "
              "\"minimum\": 1}]}",
    .read = read_give_up,
    .write = write_give_up,
};

static const struct ota_vocab_form retry_jitter_form = {
    .what = "failed polls are repeated without jitter; leave it out",
    .schema = "false",
    .read = ota_vocab_refuse,
};

static const struct ota_vocab_item poll_retry_items[] = {
    TIME_ITEM("first", struct ota_policy_poll_retry, first_us,
              "from a poll that got no answer to the next; 0s: it is not "
              "repeated"),
    COUNT_ITEM("repeat", struct ota_policy_poll_retry, repeat, 1e6,
               "each interval so many times"),
    FACTOR_ITEM("factor", struct ota_policy_poll_retry, factor,
                "then it is multiplied by this"),
    NEVER_ITEM("max", struct ota_policy_poll_retry, max_us,
               "but is no longer than this"),
    LOOSE_ITEM("give_up", give_up_form,
               "after so many tries; auto: when the longest was used \"repeat\""
               " times"),
    LOOSE_ITEM("jitter", retry_jitter_form, "of these intervals"),
    END_ITEM,
};

static const struct ota_vocab_block poll_retry_block = {
    "policy.device.poll_retry",
    "polls that get no answer",
    poll_retry_items,
    0,
    NULL,
    NULL};

/* --- device.accept, device.confirm ---------------------------------------- */

static bool read_what(struct ota_policy_reader *reader,
                      const struct ota_vocab_item *item,
                      const struct ota_json *value, void *config)
{
    const struct ota_field field = {.name = "what",
                                    .kind = OTA_FIELD_CHOICE,
                                    .choices = ota_accept_what_words};
    (void)item;
    if (ota_vocab_is(value, "reset"))
        return ota_bind_complain(
            reader->binder, value,
            "\"reset\": devices restart when they install; write \"install\"");
    return ota_bind_value(reader->binder, &field, value,
                          &((struct ota_policy_accept *)config)->what);
}

static void write_what(struct ota_json_writer *writer,
                       const struct ota_vocab_item *item, const void *config)
{
    const struct ota_policy_accept *accept = config;
    ota_json_write_text(writer, item->field.name,
                        ota_accept_what_words[accept->what]);
}

static const struct ota_vocab_form what_form = {
    .what = "one of download install",
    .schema = "{\"enum\": [\"download\", \"install\"]}",
    .read = read_what,
    .write = write_what,
};

static const struct ota_vocab_item accept_items[] = {
    CHOICE_ITEM("mode", struct ota_policy_accept, mode, ota_accept_words,
                "auto: at once; ask: somebody says yes or no; lock: not while "
                "the app holds a lock"),
    LOOSE_ITEM("what", what_form, "what is asked for, or locked"),
    DIST_ITEM("delay", struct ota_policy_accept, delay,
              "ask: until somebody answers"),
    SHARE_ITEM("refuse", struct ota_policy_accept, refuse,
               "ask: share of devices that say no"),
    SHARE_ITEM("lock_duty", struct ota_policy_accept, lock_duty,
               "lock: share of the time that it is held"),
    DIST_ITEM("lock_lasts", struct ota_policy_accept, lock_lasts,
              "lock: how long at a time"),
    FLAG_ITEM("forced", struct ota_policy_accept, forced,
              "the cloud overrides question and lock"),
    END_ITEM,
};

static const struct ota_vocab_block accept_block = {"policy.device.accept",
                                                    "what lets an update in",
                                                    accept_items,
                                                    0,
                                                    NULL,
                                                    NULL};

static const char *const report_words[] = {"boot", "confirm", NULL};

static const struct ota_vocab_item confirm_items[] = {
    CHOICE_ITEM("by", struct ota_policy_confirm, by, ota_confirm_words,
                "who says that a release which runs is to stay: nobody needs "
                "to, its self test, the server, or the time"),
    TIME_ITEM("after", struct ota_policy_confirm, after_us,
              "from the first boot to that; self: the test's length"),
    NEVER_ITEM("deadline", struct ota_policy_confirm, deadline_us,
               "revert timer: the device reverts by itself then"),
    CHOICE_ITEM("revert", struct ota_policy_confirm, revert, ota_revert_words,
                "what ends a release that was not confirmed: the next boot, a "
                "timer, or nothing"),
    PAIR_ITEM("report", struct ota_policy_confirm, report_confirm, report_words,
              "when the device reports its success"),
    END_ITEM,
};

static const struct ota_vocab_block confirm_block = {
    "policy.device.confirm",
    "how a release that runs is confirmed",
    confirm_items,
    0,
    NULL,
    NULL};

static const struct ota_vocab_form follow_up_form = {
    .what = "a second transfer after the restart cannot be simulated; add its "
            "bytes to release.app_size",
    .schema = "false",
    .read = ota_vocab_refuse,
};

static const struct ota_vocab_item device_items[] = {
    BLOCK_ITEM("learn", struct ota_policy_device, learn, learn_block,
               "how devices learn of an update"),
    BLOCK_ITEM("poll_retry", struct ota_policy_device, poll_retry,
               poll_retry_block, "polls that get no answer"),
    BLOCK_ITEM("accept", struct ota_policy_device, accept, accept_block,
               "what lets an update in"),
    BLOCK_ITEM("confirm", struct ota_policy_device, confirm, confirm_block,
               "how a release that runs is confirmed"),
    LOOSE_ITEM("follow_up", follow_up_form, "a second transfer"),
    END_ITEM,
};

const struct ota_vocab_block ota_vocab_device = {
    "policy.device",
    "how devices learn, accept, confirm",
    device_items,
    0,
    NULL,
    NULL};

/* --- transfer ------------------------------------------------------------- */

static const struct ota_vocab_form block_form = {
    .what = "sizes of blocks and retries of a transfer belong into the groups' "
            "\"transfer\"; see `otasim models transfer`",
    .schema = "false",
    .read = ota_vocab_refuse,
};

static void given_resume(void *config)
{
    ((struct ota_policy_transfer *)config)->resume_given = true;
}

static bool has_resume(const void *config)
{
    return ((const struct ota_policy_transfer *)config)->resume_given;
}

static const char *const not_ready_words[] = {"wait", "full", NULL};

static const struct ota_vocab_item transfer_items[] = {
    CHOICE_ITEM("image", struct ota_policy_transfer, image,
                ota_image_form_words,
                "full images, deltas, or deltas and a full image where the "
                "delta fails"),
    SHARE_ITEM("delta_share", struct ota_policy_transfer, delta_share,
               "size of a delta over that of the full image"),
    SHARE_ITEM("delta_ok", struct ota_policy_transfer, delta_ok,
               "share of devices on which a delta works"),
    TIME_ITEM("delta_ready", struct ota_policy_transfer, delta_ready_us,
              "deltas are made by then, from the release on"),
    PAIR_ITEM("while_not_ready", struct ota_policy_transfer,
              while_not_ready_full, not_ready_words,
              "until then devices wait, or get full images"),
    {.field = {.name = "resume",
               .kind = OTA_FIELD_FLAG,
               .offset = offsetof(struct ota_policy_transfer, resume),
               .help = "a broken transfer goes on where it was; left out: as "
                       "the transfer's model does"},
     .given = given_resume,
     .present = has_resume},
    NEVER_ITEM("url_ttl", struct ota_policy_transfer, url_ttl_us,
               "a transfer that resumes later than this asks for its document "
               "again"),
    {.field = {.name = "url_bytes",
               .kind = OTA_FIELD_INTEGER,
               .dimension = OTA_SIZE,
               .offset = offsetof(struct ota_policy_transfer, url_bytes),
               .min = 0,
               .max = 1e9,
               .help = "what that costs"}},
    LOOSE_ITEM("block", block_form, "bytes of a block"),
    LOOSE_ITEM("retry", block_form, "tries of a transfer"),
    END_ITEM,
};

const struct ota_vocab_block ota_vocab_transfer = {
    "policy.transfer", "what is sent", transfer_items, 0, NULL, NULL};
