/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_trace_json.c - traces for programs: a JSON object an event, and the
 * format of timeline viewers.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "sim/base/clock.h"
#include "tests/support/trace_fixture.h"

static const cJSON *get(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

    assert_non_null(item);
    return item;
}

static const char *word(const cJSON *object, const char *key)
{
    assert_true(cJSON_IsString(get(object, key)));
    return get(object, key)->valuestring;
}

static double number(const cJSON *object, const char *key)
{
    assert_true(cJSON_IsNumber(get(object, key)));
    return get(object, key)->valuedouble;
}

/* Parses each line into a list, which the caller deletes. */
static cJSON *parse_lines(char *text)
{
    cJSON *list = cJSON_CreateArray();

    for (char *line = text; *line;) {
        char *end = strchr(line, '\n');
        assert_non_null(end);
        *end = '\0';
        const char *rest;
        cJSON *object = cJSON_ParseWithOpts(line, &rest, true);
        assert_non_null(object);
        cJSON_AddItemToArray(list, object);
        line = end + 1;
    }
    return list;
}

static void every_object_has_the_same_keys(void **state)
{
    static const char *const keys[] = {
        "time_s",    "device", "event",       "platform_event", "platform_data",
        "safe_mode", "detail", "bytes_total", "charge_mah",
    };

    (void)state;
    struct story story;
    story_tell(&story);
    char *text = story_write(&story, OTA_TRACE_NDJSON);
    cJSON *lines = parse_lines(text);
    double time_s = 0.0;
    double bytes = 0.0;
    const cJSON *object;

    cJSON_ArrayForEach(object, lines)
    {
        const cJSON *item = object->child;
        for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
            assert_non_null(item);
            assert_string_equal(item->string, keys[k]);
            item = item->next;
        }
        assert_null(item);
        assert_true(cJSON_IsObject(get(object, "detail")));
        assert_true(number(object, "device") == STORY_DEVICE);
        assert_true(number(object, "time_s") >= time_s);
        assert_true(number(object, "bytes_total") >= bytes);
        time_s = number(object, "time_s");
        bytes = number(object, "bytes_total");
    }
    assert_true(time_s == 86400.0);
    assert_true(bytes == 199200.0);
    cJSON_Delete(lines);
    free(text);
    story_release(&story);
}

/* Every kind of observation has its word, and a line with that word. */
static void every_kind_is_there(void **state)
{
    static const char *const words[] = {
        "device",  "wake",   "attach",  "connect",    "flags",     "forced",
        "pending", "sleep",  "offer",   "begin",      "end",       "boot",
        "command", "report", "belief",  "presence",   "idle",      "phase",
        "state",   "final",  "offline", "last_reset", "safe_mode",
    };

    (void)state;
    struct story story;
    story_tell(&story);
    char *text = story_write(&story, OTA_TRACE_NDJSON);
    cJSON *lines = parse_lines(text);
    size_t known = 0;

    for (size_t w = 0; w < sizeof(words) / sizeof(words[0]); w++) {
        size_t found = 0;
        const cJSON *object;
        cJSON_ArrayForEach(object, lines)
        {
            found += strcmp(word(object, "event"), words[w]) == 0;
        }
        assert_true(found > 0);
        known += found;
    }
    assert_int_equal(known, cJSON_GetArraySize(lines));
    cJSON_Delete(lines);
    free(text);
    story_release(&story);
}

static void details_are_told(void **state)
{
    (void)state;
    struct story story;
    story_tell(&story);
    char *text = story_write(&story, OTA_TRACE_NDJSON);
    cJSON *lines = parse_lines(text);
    const cJSON *first = cJSON_GetArrayItem(lines, 0);
    const cJSON *last =
        cJSON_GetArrayItem(lines, cJSON_GetArraySize(lines) - 1);

    const cJSON *detail = get(first, "detail");
    assert_string_equal(word(detail, "scenario"), "sample");
    assert_true(number(detail, "replication") == 3.0);
    assert_true(number(detail, "app_version") == 2.0);
    assert_int_equal(cJSON_GetArraySize(get(detail, "modules")), 2);
    detail = get(last, "detail");
    assert_string_equal(word(detail, "outcome"), "updated_confirmed");
    assert_true(number(detail, "confirmed_s") == 7422.0);
    assert_true(number(detail, "routine_bytes") == 20700.0);

    size_t ends = 0;
    const cJSON *object;
    cJSON_ArrayForEach(object, lines)
    {
        if (strcmp(word(object, "event"), "end") != 0)
            continue;
        detail = get(object, "detail");
        if (ends++ != 2)
            continue;
        assert_string_equal(word(object, "platform_event"),
                            "spark/flash/status");
        assert_string_equal(word(object, "platform_data"), "success");
        assert_string_equal(word(detail, "end"), "done");
        assert_string_equal(word(detail, "module"), "s1 108");
        assert_true(cJSON_IsTrue(get(detail, "compressed")));
        assert_true(number(detail, "begun_s") == 7290.0);
        assert_true(number(detail, "chunks_sent") == 246.0);
        assert_true(number(detail, "down_bytes") == 146000.0);
    }
    assert_int_equal(ends, 3);
    cJSON_Delete(lines);
    free(text);
    story_release(&story);
}

/* --- chrome --- */

enum { TRACKS = 8 };

/* Events of one thread come in order of time, and stretches do not overlap. */
static void check_tracks(const cJSON *events, double pid, size_t counts[TRACKS])
{
    double end_us[TRACKS] = {0.0};
    const cJSON *event;

    cJSON_ArrayForEach(event, events)
    {
        const char *kind = word(event, "ph");
        if (number(event, "pid") != pid || strcmp(kind, "M") == 0)
            continue;
        assert_true(number(event, "ts") >= 0.0);
        if (strcmp(kind, "C") == 0) {
            assert_true(cJSON_IsNumber(get(event, "args")->child));
            continue;
        }
        const int tid = get(event, "tid")->valueint;
        assert_in_range(tid, 1, TRACKS - 1);
        assert_true(number(event, "ts") >= end_us[tid]);
        end_us[tid] = number(event, "ts");
        if (strcmp(kind, "X") == 0) {
            assert_true(number(event, "dur") >= 0.0);
            end_us[tid] += number(event, "dur");
        } else {
            assert_string_equal(kind, "i");
            assert_string_equal(word(event, "s"), "t");
        }
        assert_true(end_us[tid] <= (double)story_horizon_us);
        counts[tid]++;
    }
}

/* Returns the parsed trace, which the caller deletes. */
static cJSON *parse_chrome(const struct story *story)
{
    char *text = story_write(story, OTA_TRACE_CHROME);
    const char *rest;
    cJSON *json = cJSON_ParseWithOpts(text, &rest, false);

    assert_non_null(json);
    assert_string_equal(rest, "\n");
    free(text);
    return json;
}

static void tracks_are_in_order(void **state)
{
    (void)state;
    struct story story;
    story_tell(&story);
    cJSON *json = parse_chrome(&story);
    size_t counts[TRACKS] = {0};

    assert_string_equal(word(json, "displayTimeUnit"), "ms");
    check_tracks(get(json, "traceEvents"), 1.0, counts);
    assert_int_equal(counts[1], 8);  /* states */
    assert_int_equal(counts[2], 21); /* phases, one told in two pieces */
    assert_int_equal(counts[3], 3);  /* transfers */
    assert_true(counts[4] > 20);     /* all else */
    cJSON_Delete(json);
    story_release(&story);
}

/* A device's states cover the run without gaps, and add up to it. */
static void states_fill_the_run(void **state)
{
    (void)state;
    struct story story;
    story_tell(&story);
    cJSON *json = parse_chrome(&story);
    double sum_us = 0.0;
    const cJSON *event;

    cJSON_ArrayForEach(event, get(json, "traceEvents"))
    {
        if (strcmp(word(event, "ph"), "X") == 0 &&
            get(event, "tid")->valueint == 1)
            sum_us += number(event, "dur");
    }
    assert_true(sum_us == (double)story_horizon_us);
    cJSON_Delete(json);
    story_release(&story);
}

/* Each device is a process of its own, named after it. */
static void devices_are_processes(void **state)
{
    (void)state;
    struct story stories[2];
    struct ota_trace_device devices[2];
    for (int i = 0; i < 2; i++) {
        story_tell(&stories[i]);
        devices[i] = stories[i].device;
    }
    stories[0].trace.devices = devices;
    stories[0].trace.device_count = 2;
    cJSON *json = parse_chrome(&stories[0]);
    const cJSON *events = get(json, "traceEvents");

    size_t counts[2][TRACKS] = {{0}};
    for (int i = 0; i < 2; i++)
        check_tracks(events, i + 1, counts[i]);
    assert_memory_equal(counts[0], counts[1], sizeof(counts[0]));
    size_t names = 0;
    const cJSON *event;
    cJSON_ArrayForEach(event, events)
    {
        if (strcmp(word(event, "ph"), "M") != 0 ||
            strcmp(word(event, "name"), "process_name") != 0)
            continue;
        assert_string_equal(word(get(event, "args"), "name"),
                            "device 17, electrons");
        names++;
    }
    assert_int_equal(names, 2);
    cJSON_Delete(json);
    for (int i = 0; i < 2; i++)
        story_release(&stories[i]);
}

/* Of a device that nothing was heard of, JSON all the same. */
static void silence_is_json_too(void **state)
{
    (void)state;
    struct story story;
    story_tell(&story);
    story_release(&story);
    cJSON *json = parse_chrome(&story);
    const cJSON *event;

    cJSON_ArrayForEach(event, get(json, "traceEvents"))
    {
        assert_string_equal(word(event, "ph"), "M");
    }
    cJSON_Delete(json);
    char *text = story_write(&story, OTA_TRACE_NDJSON);
    cJSON *lines = parse_lines(text);
    assert_int_equal(cJSON_GetArraySize(lines), 1);
    cJSON_Delete(lines);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_object_has_the_same_keys),
        cmocka_unit_test(every_kind_is_there),
        cmocka_unit_test(details_are_told),
        cmocka_unit_test(tracks_are_in_order),
        cmocka_unit_test(states_fill_the_run),
        cmocka_unit_test(devices_are_processes),
        cmocka_unit_test(silence_is_json_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
