/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_trace_text.c - a trace for people, to the byte; and odd stories.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/base/clock.h"
#include "tests/support/trace_fixture.h"

#define S OTA_US_PER_S

/* clang-format off */
static const char *const whole_story[] = {
    "# scenario sample, seed 7, replication 3, otasim 1.2.3\n",
    "# device 17 of group electrons: electron, Device OS 0.6.0, a "
    "product device\n",
    "# wanted from 0 d 00:01:00.000 on: app version 2 on Device OS "
    "0.7.0: u1 2 (21,000 B), s1 108 (125,568 B compressed)\n",
    "#           time     +bytes        bytes         mAh  event\n",
    "  0 d 00:00:00.000          0            0       0.000  state  "
    "waiting\n",
    "  0 d 01:00:00.000          0            0       0.010  wake\n",
    "  0 d 01:00:21.000          0            0       0.520  attach  "
    "done after 20 s\n",
    "  0 d 01:00:23.000      5,500        5,500       0.645  "
    "spark/status online  full handshake in 2 s, 5,500 B\n",
    "  0 d 01:00:24.000          0        5,500       0.645  "
    "particle/device/updates/enabled true\n",
    "  0 d 01:00:24.000          0        5,500       0.645  "
    "particle/device/updates/forced false\n",
    "  0 d 01:00:25.000          0        5,500       0.645  "
    "particle/device/updates/pending true\n",
    "  0 d 01:00:25.000          0        5,500       0.645  "
    "spark/status auto-update  the cloud will send the update\n",
    "  0 d 01:00:30.000          0        5,500       0.770  state  "
    "waiting -> downloading\n",
    "  0 d 01:00:30.000          0        5,500       0.770  "
    "spark/flash/status started  u1 2 (21,000 B)\n",
    "  0 d 01:00:33.000      6,000       11,500       1.770  "
    "spark/flash/status failed  u1 2 (21,000 B) cut after 3 s: the "
    "device was gone; 10 chunks sent, 5,850 B down, 150 B up\n",
    "  0 d 01:00:33.000          0       11,500       1.770  state  "
    "downloading -> waiting\n",
    "  0 d 01:00:33.000          0       11,500       1.770  "
    "spark/status offline  goes to sleep\n",
    "  0 d 02:00:00.000          0       11,500       1.780  wake\n",
    "  0 d 02:00:20.000          0       11,500       2.280  attach  "
    "done after 20 s\n",
    "  0 d 02:00:22.000        200       11,700       2.405  "
    "spark/status online  session resumed in 2 s, 200 B\n",
    "  0 d 02:00:22.000          0       11,700       2.405  "
    "spark/status auto-update  the cloud will send the update\n",
    "  0 d 02:00:30.000          0       11,700       2.530  state  "
    "waiting -> downloading\n",
    "  0 d 02:00:30.000          0       11,700       2.530  "
    "spark/flash/status started  u1 2 (21,000 B)\n",
    "  0 d 02:00:50.000     25,000       36,700       3.530  "
    "spark/flash/status success  u1 2 (21,000 B) done after 20 s: the "
    "image is complete; 43 chunks sent in 2 rounds, 24,500 B down, 500 B "
    "up\n",
    "  0 d 02:00:50.000          0       36,700       3.530  state  "
    "downloading -> applying\n",
    "  0 d 02:00:50.000          0       36,700       3.530  "
    "spark/status offline  restarts\n",
    "  0 d 02:01:00.000          0       36,700       3.655  boot  u1 2 "
    "(21,000 B) took effect; safe mode\n",
    "  0 d 02:01:00.000          0       36,700       3.655  state  "
    "applying -> safe_mode\n",
    "  0 d 02:01:20.000          0       36,700       4.155  attach  "
    "done after 20 s\n",
    "  0 d 02:01:22.000      5,500       42,200       4.280  "
    "spark/status online  full handshake in 2 s, 5,500 B\n",
    "  0 d 02:01:22.000          0       42,200       4.280  "
    "spark/device/last_reset update\n",
    "  0 d 02:01:22.000          0       42,200       4.280  "
    "spark/status/safe-mode  the app does not run\n",
    "  0 d 02:01:22.000          0       42,200       4.280  offer  the "
    "healer will send a module\n",
    "  0 d 02:01:30.000          0       42,200       4.405  "
    "spark/flash/status started  s1 108 (125,568 B compressed)\n",
    "  0 d 02:03:10.000    147,500      189,700       5.405  "
    "spark/flash/status success  s1 108 (125,568 B compressed) done "
    "after 100 s: the image is complete; 246 chunks sent in 6 rounds, "
    "146,000 B down, 1,500 B up\n",
    "  0 d 02:03:10.000          0      189,700       5.405  "
    "spark/status offline  restarts\n",
    "  0 d 02:03:20.000          0      189,700       5.530  boot  s1 "
    "108 (125,568 B compressed) took effect\n",
    "  0 d 02:03:20.000          0      189,700       5.530  state  "
    "safe_mode -> installed\n",
    "  0 d 02:03:40.000          0      189,700       6.030  attach  "
    "done after 20 s\n",
    "  0 d 02:03:42.000      5,500      195,200       6.155  "
    "spark/status online  full handshake in 2 s, 5,500 B\n",
    "  0 d 02:03:42.000          0      195,200       6.155  "
    "spark/device/last_reset update\n",
    "  0 d 02:03:42.000          0      195,200       6.155  state  "
    "installed -> confirmed\n",
    "  0 d 02:03:42.000          0      195,200       6.155  "
    "spark/device/app-hash  app version 2 on Device OS 0.7.0; lost on "
    "the way to the backend\n",
    "  0 d 02:03:50.000          0      195,200       6.155  command  "
    "the operator sends it into safe mode\n",
    "  0 d 02:03:52.000          0      195,200       6.280  "
    "spark/status offline  goes to sleep\n",
    "  0 d 22:13:20.000      4,000      199,200       8.280  idle  "
    "nothing pending for 20.2 h: 20 wakes, 20 connects, 0 full "
    "handshakes, 4,000 B, 2.000 mAh\n",
    "  0 d 22:13:20.001          0      199,200       8.280  belief  the "
    "backend counts it as updated, having asked\n",
    "  0 d 22:30:00.000          0      199,200       8.280  presence  "
    "switched off\n",
    "  1 d 00:00:00.000          0      199,200       8.280  final  "
    "updated_confirmed\n",
    "# updated_confirmed: bytes useful 146,568, overhead 26,300, wasted "
    "5,632, routine 20,700; 8.280 mAh; awake 3.38 min; wakes 22, "
    "connects 24, full handshakes 3; offers 2, transfers 3, of them "
    "aborted 1, refused 0; modules 2\n",
};
/* clang-format on */

static void text_is_so_to_the_byte(void **state)
{
    (void)state;
    struct story story;
    story_tell(&story);
    char *text = story_write(&story, OTA_TRACE_TEXT);

    const char *at = text;
    for (size_t i = 0; i < sizeof(whole_story) / sizeof(whole_story[0]); i++) {
        const size_t length = strcspn(at, "\n");
        char line[512];
        assert_true(at[length] && length + 2 <= sizeof(line));
        memcpy(line, at, length + 1);
        line[length + 1] = '\0';
        assert_string_equal(line, whole_story[i]);
        at += length + 1;
    }
    assert_string_equal(at, "");
    free(text);
    story_release(&story);
}

/* A story without events to which a test adds its own. */
static void begin_story(struct story *story)
{
    story_tell(story);
    story_release(story);
    story->log = (struct ota_trace_log){.device = STORY_DEVICE};
    story->books = (struct ota_device_record){0};
}

/* Returns the text of what was heard, which the caller frees. */
static char *tell(struct story *story)
{
    ota_trace_sort(&story->log);
    return story_write(story, OTA_TRACE_TEXT);
}

static void connect_at(struct story *story, int64_t time_us)
{
    struct ota_observation seen = {.kind = OTA_SEEN_CONNECT};

    seen.detail.connect.ok = true;
    seen.detail.connect.took_us = S;
    story_hear(story, time_us, seen);
}

static void phase_at(struct story *story, int64_t since_us, int64_t until_us,
                     enum ota_phase phase)
{
    struct ota_observation seen = {.kind = OTA_SEEN_PHASE};

    seen.detail.phase.phase = phase;
    seen.detail.phase.since_us = since_us;
    story_hear(story, until_us, seen);
}

/* How often word is in text. */
static int count_of(const char *text, const char *word)
{
    int count = 0;

    for (; (text = strstr(text, word)); text += strlen(word))
        count++;
    return count;
}

static void failures_are_told(void **state)
{
    (void)state;
    struct story story;
    struct ota_observation attach = {.kind = OTA_SEEN_ATTACH};
    struct ota_observation connect = {.kind = OTA_SEEN_CONNECT};
    struct ota_observation boot = {.kind = OTA_SEEN_BOOT};
    begin_story(&story);
    attach.detail.attach.took_us = 60 * S;
    story_hear(&story, 60 * S, attach);
    connect.detail.connect.took_us = 30 * S;
    connect.detail.connect.bytes = 1234;
    story_hear(&story, 90 * S, connect);
    boot.detail.boot.step = 1;
    story_hear(&story, 95 * S, boot);
    char *text = tell(&story);

    assert_non_null(strstr(text, "  attach  failed after 60 s\n"));
    assert_non_null(strstr(text, "  connect  failed after 30 s, 1,234 B\n"));
    assert_non_null(strstr(text, "  boot  s1 108 (125,568 B compressed) did "
                                 "not take effect: what was there before "
                                 "runs\n"));
    assert_int_equal(count_of(text, "spark/status"), 0);
    assert_int_equal(count_of(text, "# updated"), 0); /* not heard to the end */
    free(text);
    story_release(&story);
}

static void each_end_has_its_reason(void **state)
{
    (void)state;
    for (int end = 0; end < OTA_TRANSFER_ENDS; end++) {
        struct story story;
        struct ota_observation seen = {.kind = OTA_SEEN_END};
        struct ota_transfer_result result = {
            .end = (enum ota_transfer_end)end,
            .kept_bytes = end == OTA_TRANSFER_DONE ? 0 : 512,
            .chunks_sent = 1,
        };
        char words[64];
        begin_story(&story);
        seen.detail.transfer.result = &result;
        story_hear(&story, 5 * S, seen);
        result.chunks_sent = 99; /* what was told is what counts */
        char *text = tell(&story);

        snprintf(words, sizeof(words), "spark/flash/status %s  u1 2 (21,000 B)",
                 end == OTA_TRANSFER_DONE ? "success" : "failed");
        assert_non_null(strstr(text, words));
        snprintf(words, sizeof(words),
                 " %s after 5 s: ", ota_transfer_end_names[end]);
        assert_non_null(strstr(text, words));
        assert_non_null(strstr(text, "; 1 chunk sent, 0 B down, 0 B up"));
        assert_int_equal(count_of(text, ", 512 B kept\n"),
                         end == OTA_TRANSFER_DONE ? 0 : 1);
        free(text);
        story_release(&story);
    }
}

/* Once a connection: at the first phase in which it cannot be. */
static void offline_is_told_once(void **state)
{
    static const struct {
        enum ota_phase phase;
        const char *why;
    } ways[] = {
        {OTA_PHASE_ABSENT, "switched off"},
        {OTA_PHASE_DEAD, "battery empty"},
        {OTA_PHASE_CRASHING, "crashing"},
        {OTA_PHASE_BOOTING, "restarts"},
        {OTA_PHASE_ATTACHING, "the session is over"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        struct story story;
        begin_story(&story);
        connect_at(&story, 10 * S);
        phase_at(&story, 10 * S, 15 * S, OTA_PHASE_PUBLISHING);
        phase_at(&story, 15 * S, 20 * S, OTA_PHASE_ONLINE);
        phase_at(&story, 20 * S, 30 * S, ways[i].phase);
        phase_at(&story, 30 * S, 40 * S, OTA_PHASE_BOOTING);
        connect_at(&story, 50 * S);
        char *text = tell(&story);

        const char *line = strstr(text, "  0 d 00:00:20.000 ");
        assert_non_null(line);
        const char *offline = strstr(line, "spark/status offline  ");
        assert_non_null(offline);
        assert_int_equal(
            strncmp(offline + 22, ways[i].why, strlen(ways[i].why)), 0);
        assert_int_equal(count_of(text, "spark/status offline"), 1);
        assert_int_equal(count_of(text, "spark/status online"), 2);
        free(text);
        story_release(&story);
    }
}

/* A device that is online at time 0 has no connect of its own. */
static void online_from_the_start(void **state)
{
    (void)state;
    struct story story;
    begin_story(&story);
    phase_at(&story, -5 * S, 15 * S, OTA_PHASE_ONLINE);
    story_hear(&story, 15 * S,
               (struct ota_observation){.kind = OTA_SEEN_SLEEP});
    char *text = tell(&story);

    assert_int_equal(count_of(text, "spark/status offline  goes to sleep"), 1);
    free(text);
    story_release(&story);
}

/* What is kept of a module is counted once, when it passed. */
static void kept_progress_is_counted_once(void **state)
{
    (void)state;
    struct story story;
    struct ota_observation seen = {.kind = OTA_SEEN_END};
    struct ota_observation boot = {.kind = OTA_SEEN_BOOT};
    const struct ota_transfer_result half = {
        .end = OTA_TRANSFER_CUT,
        .down_bytes = 10000,
        .payload_bytes = 10000,
        .kept_bytes = 10000,
    };
    const struct ota_transfer_result rest = {
        .end = OTA_TRANSFER_DONE,
        .down_bytes = 11000,
        .payload_bytes = 11000,
    };
    begin_story(&story);
    seen.detail.transfer.result = &half;
    story_hear(&story, 10 * S, seen);
    seen.detail.transfer.result = &rest;
    story_hear(&story, 20 * S, seen);
    boot.detail.boot.applied = true;
    story.books.useful_bytes = 21000;
    story_hear(&story, 30 * S, boot);
    char *text = tell(&story);

    assert_non_null(
        strstr(text, "00:00:10.000     10,000       10,000       0.000"));
    assert_non_null(
        strstr(text, "00:00:20.000     11,000       21,000       0.000"));
    assert_non_null(
        strstr(text, "00:00:30.000          0       21,000       0.000"));
    free(text);
    story_release(&story);
}

static void resets_are_told_at_the_next_connect(void **state)
{
    static const struct {
        enum ota_transfer_end end;
        const char *reason;
    } resets[] = {
        {OTA_TRANSFER_STALLED, "spark/device/last_reset update_timeout\n"},
        {OTA_TRANSFER_BROKEN, "spark/device/last_reset update_error\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(resets) / sizeof(resets[0]); i++) {
        struct story story;
        struct ota_observation seen = {.kind = OTA_SEEN_END};
        const struct ota_transfer_result result = {.end = resets[i].end,
                                                   .resets = true};
        begin_story(&story);
        seen.detail.transfer.result = &result;
        story_hear(&story, 10 * S, seen);
        connect_at(&story, 50 * S);
        connect_at(&story, 90 * S);
        char *text = tell(&story);

        assert_int_equal(count_of(text, "last_reset"), 1);
        const char *reset = strstr(text, resets[i].reason);
        assert_non_null(reset);
        assert_true(reset > strstr(text, "spark/status online"));
        free(text);
        story_release(&story);
    }
}

/* A developer's device is sent what somebody sends it: no product's update. */
static void developers_devices_have_no_auto_update(void **state)
{
    (void)state;
    struct story story;
    begin_story(&story);
    story.device.product = false;
    story.device.group = "a\033[2Jb";
    story_hear(&story, S, (struct ota_observation){.kind = OTA_SEEN_OFFER});
    char *text = tell(&story);

    assert_null(strstr(text, "auto-update"));
    assert_non_null(strstr(text, "  offer  the cloud will send the update\n"));
    assert_non_null(strstr(text, "a developer's device\n"));
    assert_null(strchr(text, '\033'));
    free(text);
    story_release(&story);
}

/* Nothing to send, and neither app nor release: no module has a name. */
static void an_empty_path_has_no_modules(void **state)
{
    (void)state;
    struct story story;
    struct ota_observation begin = {.kind = OTA_SEEN_BEGIN};
    begin_story(&story);
    story.device.module_count = 0;
    begin.detail.begin.step = 4;
    story_hear(&story, S, begin);
    char *text = tell(&story);

    assert_non_null(strstr(text, "0.7.0: nothing to send\n"));
    assert_non_null(strstr(text, "spark/flash/status started  step 4\n"));
    free(text);
    story_release(&story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_so_to_the_byte),
        cmocka_unit_test(failures_are_told),
        cmocka_unit_test(each_end_has_its_reason),
        cmocka_unit_test(offline_is_told_once),
        cmocka_unit_test(online_from_the_start),
        cmocka_unit_test(kept_progress_is_counted_once),
        cmocka_unit_test(resets_are_told_at_the_next_connect),
        cmocka_unit_test(developers_devices_have_no_auto_update),
        cmocka_unit_test(an_empty_path_has_no_modules),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
