/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_policy_filter.c - which devices a filter matches, and what it says of
 * texts that are none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "models/policy/filter.h"
#include "models/policy/version.h"

/* A device in a few words: "key value key value ...". */
struct device {
    const char *const *words;
};

static const char *word_of(void *self, uint64_t device, const char *key,
                           char *buffer, size_t size)
{
    const struct device *of = self;

    if (strcmp(key, "id") == 0) {
        snprintf(buffer, size, "%llu", (unsigned long long)device);
        return buffer;
    }
    for (size_t i = 0; of->words[i]; i += 2)
        if (strcmp(of->words[i], key) == 0)
            return of->words[i + 1];
    return "";
}

static const char *const words[] = {
    "stage", "canary", "link",       "wifi",    "os",   "2.0.0-rc.4", "modem",
    "r410",  "region", "north hall", "product", "true", NULL,         NULL};

static bool matches(const char *text)
{
    struct device device = {words};
    struct ota_arena arena = {0};
    struct ota_filter filter = {0};
    char problem[200] = "";
    size_t column;

    if (!ota_filter_parse(text, &arena, &filter, &column, problem,
                          sizeof problem))
        fail_msg("%s: %s", text, problem);
    assert_string_equal(filter.text, text);
    const bool result = ota_filter_matches(&filter, 41, word_of, &device);
    ota_arena_release(&arena);
    return result;
}

static void texts_are_compared(void **state)
{
    (void)state;
    assert_true(matches("stage=canary"));
    assert_false(matches("stage=Canary"));
    assert_false(matches("stage != canary"));
    assert_true(matches("region=\"north hall\""));
    assert_true(matches("region = 'north hall'"));
    assert_true(matches("product=true"));
}

static void a_label_it_has_not_got_is_empty(void **state)
{
    (void)state;
    assert_false(matches("site=a"));
    assert_true(matches("site!=a"));
    assert_true(matches("site=\"\""));
    assert_false(matches("stage=''"));
}

static void and_binds_before_or(void **state)
{
    (void)state;
    /* true | (true & false), not (true | true) & false */
    assert_true(matches("stage=canary | link=wifi & modem=x"));
    assert_true(matches("modem=x & link=wifi | stage=canary"));
    assert_false(matches("(stage=canary | link=wifi) & modem=x"));
    assert_true(matches("stage=canary&link=wifi&modem=r410"));
    assert_false(matches("a=1 | b=2 | c=3"));
    assert_true(matches("a=1 | b=2 | stage=canary"));
}

static void not_binds_first(void **state)
{
    (void)state;
    assert_true(matches("!region=eu & stage=canary"));
    assert_false(matches("!stage=canary | modem=x"));
    assert_true(matches("!(stage=canary & modem=x)"));
    assert_true(matches("!!stage=canary"));
    assert_true(matches("os<2.0.0 | (modem=x & !region=eu)"));
}

static void ids_compare_as_numbers(void **state)
{
    (void)state;
    assert_true(matches("id<100")); /* "41" > "100" as text */
    assert_true(matches("id<42"));
    assert_false(matches("id<41"));
    assert_true(matches("id<=41"));
    assert_true(matches("id>=41"));
    assert_false(matches("id>41"));
    assert_true(matches("id>9"));
    assert_true(matches("id=041"));
    assert_false(matches("id!=41"));
}

static void versions_compare_as_such(void **state)
{
    (void)state;
    assert_true(matches("os<2.0.0"));
    assert_true(matches("os<10.0"));
    assert_true(matches("os>=2.0.0-rc.4"));
    assert_true(matches("os>2.0.0-rc.3"));
    assert_true(matches("os<2.0.0-rc.10"));
    assert_true(matches("os=2.0.0-rc.4"));
}

/* The order that Semantic Versioning 2.0.0 gives in section 11, and ours of
 * what it does not have. */
static void versions_in_order(void **state)
{
    (void)state;
    static const char *const order[] = {"0.9",
                                        "1.0.0-alpha",
                                        "1.0.0-alpha.1",
                                        "1.0.0-alpha.beta",
                                        "1.0.0-beta",
                                        "1.0.0-beta.2",
                                        "1.0.0-beta.11",
                                        "1.0.0-rc.1",
                                        "1.0.0",
                                        "1.0.0.1",
                                        "1.0.1",
                                        "1.2",
                                        "1.10",
                                        "2.0.0",
                                        "10"};
    const int count = sizeof order / sizeof order[0];

    for (int i = 0; i < count; i++)
        for (int j = 0; j < count; j++) {
            const int got = ota_version_compare(order[i], order[j]);
            assert_int_equal((got > 0) - (got < 0), (i > j) - (i < j));
        }
    assert_int_equal(ota_version_compare("1", "1.0.0"), 0);
    assert_int_equal(ota_version_compare("v1.2", "1.2+build.7"), 0);
    assert_int_equal(ota_version_compare("1.02", "1.2"), 0);
    assert_true(ota_version_compare("1-rc.1+x", "1+y") < 0);
    /* Longer than any integer. */
    assert_true(ota_version_compare("1.99999999999999999999",
                                    "1.100000000000000000000") < 0);
}

static void an_unknown_version_is_on_neither_side(void **state)
{
    (void)state;
    static const char *const none[] = {NULL, NULL};
    struct device device = {none};
    struct ota_arena arena = {0};
    struct ota_filter filter = {0};
    char problem[200];
    size_t column;

    assert_true(ota_filter_parse("os<2 | os>=2", &arena, &filter, &column,
                                 problem, sizeof problem));
    assert_false(ota_filter_matches(&filter, 0, word_of, &device));
    ota_arena_release(&arena);
}

static void no_filter_matches_all(void **state)
{
    (void)state;
    const struct ota_filter filter = {0};

    assert_true(ota_filter_matches(&filter, 7, word_of, NULL));
}

static void keep_key(void *self, const char *key, const char *value)
{
    char *all = self;

    strcat(all, key);
    strcat(all, "~");
    strcat(all, value ? value : "?");
    strcat(all, " ");
}

static void keys_are_visited(void **state)
{
    (void)state;
    struct ota_arena arena = {0};
    struct ota_filter filter = {0};
    char problem[200], keys[100] = "";
    size_t column;

    assert_true(ota_filter_parse("os<2 | (modem=r410 & !region=eu) & id=1",
                                 &arena, &filter, &column, problem,
                                 sizeof problem));
    ota_filter_keys(&filter, keep_key, keys);
    assert_string_equal(keys, "os~? modem~r410 region~eu id~1 ");
    ota_arena_release(&arena);
}

/* A text that is no filter, where it goes wrong, a part of what is said. */
static void mistakes_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t column;
        const char *said;
    } bad[] = {
        {"", 0, "empty"},
        {"  ", 0, "empty"},
        {"stage", 5, "behind the key \"stage\""},
        {"stage=", 6, "a value of \"stage\""},
        {"=canary", 0, "a key"},
        {"link=wi-fi", 5, "link is wifi or radio"},
        {"a=1 &", 5, "the filter ends"},
        {"a=1 && b=2", 5, "write \"&\" once"},
        {"a=1 || b=2", 5, "write \"|\" once"},
        {"a==1", 1, "there is no \"==\"; write \"=\""},
        {"id=<1", 2, "write \"<=\""},
        {"a=1 b=2", 4, "\"&\" or \"|\""},
        {"(a=1", 0, "not closed"},
        {"a=1)", 3, "not opened"},
        {"a='x", 2, "has no end"},
        {"b=1 & a<2", 6, "only os and id"},
        {"id=first", 3, "whole number"},
        {"id<99999999999999999999", 3, "whole number"},
        {"os < new", 5, "no version"},
        {"product=yes", 8, "true or false"},
        {"!", 1, "the filter ends"},
        {"((((((((((((((((((((((((((((((((((a=1", 32, "more than 32"},
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct ota_arena arena = {0};
        struct ota_filter filter = {0};
        char problem[200] = "";
        size_t column = 999;

        assert_false(ota_filter_parse(bad[i].text, &arena, &filter, &column,
                                      problem, sizeof problem));
        if (column != bad[i].column || !strstr(problem, bad[i].said))
            fail_msg("\"%s\": at %zu: %s", bad[i].text, column, problem);
        ota_arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_compared),
        cmocka_unit_test(a_label_it_has_not_got_is_empty),
        cmocka_unit_test(and_binds_before_or),
        cmocka_unit_test(not_binds_first),
        cmocka_unit_test(ids_compare_as_numbers),
        cmocka_unit_test(versions_compare_as_such),
        cmocka_unit_test(versions_in_order),
        cmocka_unit_test(an_unknown_version_is_on_neither_side),
        cmocka_unit_test(no_filter_matches_all),
        cmocka_unit_test(keys_are_visited),
        cmocka_unit_test(mistakes_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
