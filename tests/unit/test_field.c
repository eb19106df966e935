/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_field.c - a config with a field of every kind: set, refused, written
 * back, described.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/base/clock.h"
#include "sim/base/field.h"
#include "sim/base/random.h"

struct config {
    int64_t count;
    int64_t period_us;
    int64_t limit_us; /* may be OTA_NEVER */
    int64_t size_bytes;
    int64_t price_uusd;
    double loss;
    bool threaded;
    int at_cap;
    char name[OTA_NAME_SIZE];
    char alias[OTA_NAME_SIZE];
    const char *title;
    uint64_t seed;
    struct ota_dist delay;
};

static const char *const at_caps[] = {"overage", "pause", NULL};

#define AT(member) offsetof(struct config, member)

static const struct ota_field fields[] = {
    {.name = "count",
     .kind = OTA_FIELD_INTEGER,
     .dimension = OTA_COUNT,
     .offset = AT(count),
     .min = 1,
     .max = 100},
    {.name = "period",
     .kind = OTA_FIELD_INTEGER,
     .dimension = OTA_TIME,
     .offset = AT(period_us),
     .fallback = "1h",
     .min = 1e6,
     .max = 30 * 86400e6},
    {.name = "limit",
     .kind = OTA_FIELD_INTEGER,
     .dimension = OTA_TIME,
     .offset = AT(limit_us),
     .fallback = "never",
     .min = 0,
     .max = (double)INT64_MAX},
    {.name = "size",
     .kind = OTA_FIELD_INTEGER,
     .dimension = OTA_SIZE,
     .offset = AT(size_bytes),
     .fallback = "285KB",
     .min = 0,
     .max = INFINITY},
    {.name = "price",
     .kind = OTA_FIELD_INTEGER,
     .dimension = OTA_MONEY,
     .offset = AT(price_uusd),
     .fallback = "0.40USD",
     .min = -INFINITY,
     .max = 1e12},
    {.name = "loss",
     .kind = OTA_FIELD_REAL,
     .dimension = OTA_RATIO,
     .offset = AT(loss),
     .fallback = "2%",
     .min = 0,
     .max = 1},
    {.name = "threaded",
     .kind = OTA_FIELD_FLAG,
     .offset = AT(threaded),
     .fallback = "true"},
    {.name = "at_cap",
     .kind = OTA_FIELD_CHOICE,
     .offset = AT(at_cap),
     .fallback = "pause",
     .choices = at_caps},
    {.name = "name", .kind = OTA_FIELD_NAME, .offset = AT(name)},
    {.name = "alias",
     .kind = OTA_FIELD_NAME,
     .offset = AT(alias),
     .fallback = ""},
    {.name = "title",
     .kind = OTA_FIELD_TEXT,
     .offset = AT(title),
     .fallback = ""},
    {.name = "seed",
     .kind = OTA_FIELD_SEED,
     .offset = AT(seed),
     .fallback = "1"},
    {.name = "delay",
     .kind = OTA_FIELD_DIST,
     .dimension = OTA_TIME,
     .offset = AT(delay),
     .fallback = "uniform(3s, 20s)",
     .min = 0,
     .max = 3600e6},
    {.name = NULL},
};

static struct ota_arena arena;
static const struct ota_field_context context = {.arena = &arena};

static const struct ota_field *field(const char *name)
{
    const struct ota_field *found = ota_field_find(fields, name);

    assert_non_null(found);
    return found;
}

static void set(struct config *config, const char *name, const char *text)
{
    char problem[512] = "";

    if (!ota_field_set(field(name), config, text, &context, NULL, problem,
                       sizeof(problem)))
        fail_msg("%s: %s", name, problem);
}

/* And leaves the config as it was. */
static void assert_refused(const char *name, const char *text,
                           const char *message)
{
    struct config config;
    struct config before;
    char problem[512] = "";
    size_t column;

    memset(&config, 0x5a, sizeof(config));
    before = config;
    assert_false(ota_field_set(field(name), &config, text, &context, &column,
                               problem, sizeof(problem)));
    assert_string_equal(problem, message);
    assert_memory_equal(&config, &before, sizeof(config));
}

static void defaults_are_set_and_the_rest_left(void **state)
{
    struct config config = {.count = -7, .name = "kept"};

    (void)state;
    assert_true(ota_fields_set_defaults(fields, &config, &context));
    assert_int_equal(config.count, -7);
    assert_string_equal(config.name, "kept");
    assert_int_equal(config.period_us, OTA_US_PER_H);
    assert_true(config.limit_us == OTA_NEVER);
    assert_int_equal(config.size_bytes, 285000);
    assert_int_equal(config.price_uusd, 400000);
    assert_true(config.loss == 0.02);
    assert_true(config.threaded);
    assert_int_equal(config.at_cap, 1);
    assert_string_equal(config.title, "");
    assert_int_equal(config.seed, 1);
    assert_int_equal(config.delay.kind, OTA_DIST_UNIFORM);
}

static void integers_round_where_parts_make_sense(void **state)
{
    struct config config;

    (void)state;
    set(&config, "period", "1000000.4us");
    assert_int_equal(config.period_us, 1000000);
    set(&config, "period", "1000000.5us");
    assert_int_equal(config.period_us, 1000001);
    set(&config, "size", "1.5KB");
    assert_int_equal(config.size_bytes, 1500);
    assert_refused("size", "1.5B", "\"1.5B\" is not a whole number of bytes");
    assert_refused("count", "1.5", "\"1.5\" is not a whole number");
    assert_refused("count", "1.5s",
                   "\"1.5s\" has a unit, but takes none; "
                   "write a number such as \"1.5\"");
}

static void ranges_hold_their_ends(void **state)
{
    struct config config;

    (void)state;
    set(&config, "count", "1");
    set(&config, "count", "100");
    set(&config, "loss", "0");
    set(&config, "loss", "100%");
    set(&config, "price", "-3USD");
    assert_int_equal(config.price_uusd, -3000000);
    assert_refused("count", "0", "\"0\" is too small; it must be 1 to 100");
    assert_refused("count", "101", "\"101\" is too large; it must be 1 to 100");
    assert_refused("period", "999ms",
                   "\"999ms\" is too small; it must be 1s to 30d");
    assert_refused("loss", "101%", "\"101%\" is too large; it must be 0 to 1");
    assert_refused("price", "2e6USD",
                   "\"2e6USD\" is too large; it must be at most 1000000USD");
    assert_refused("size", "-1B",
                   "\"-1B\" is too small; it must be at least 0KB");
}

/* 2^63 is the first double above INT64_MAX; converting it is undefined. */
static void the_edge_of_64_bits_is_safe(void **state)
{
    struct config config;

    (void)state;
    set(&config, "limit", "9223372036854774784us");
    assert_true(config.limit_us == INT64_C(9223372036854774784));
    set(&config, "size", "9223372036854774784B");
    assert_refused("limit", "9223372036854775807us",
                   "\"9223372036854775807us\" is too large to count; write "
                   "\"never\"");
    assert_refused("limit", "1e30d",
                   "\"1e30d\" is too large to count; write \"never\"");
    assert_refused("period", "1e30d",
                   "\"1e30d\" is too large; it must be 1s to 30d");
    assert_refused("price", "-1e30USD", "\"-1e30USD\" is too large to count");
    assert_refused("size", "9223372036854775808B",
                   "\"9223372036854775808B\" is too large to count");
    assert_refused("size", "1e30GB", "\"1e30GB\" is too large to count");
}

static void never_is_for_unbounded_times(void **state)
{
    struct config config;

    (void)state;
    set(&config, "limit", "never");
    assert_true(config.limit_us == OTA_NEVER);
    set(&config, "limit", "1d");
    assert_true(config.limit_us == OTA_US_PER_DAY);
    assert_refused("limit", "nevr",
                   "\"nevr\" is not a duration; write a duration such as "
                   "\"30s\" (us ms s min h d), or \"never\"");
    assert_refused("period", "never",
                   "\"never\" is not a duration; write a duration such as "
                   "\"30s\" (us ms s min h d)");
}

static void words_must_be_of_the_few(void **state)
{
    struct config config;

    (void)state;
    set(&config, "threaded", "false");
    assert_false(config.threaded);
    set(&config, "at_cap", "overage");
    assert_int_equal(config.at_cap, 0);
    assert_refused("threaded", "yes", "\"yes\" is neither true nor false");
    assert_refused("at_cap", "overrage",
                   "\"overrage\" is not a choice here; did you mean "
                   "\"overage\"? (overage pause)");
    assert_refused("at_cap", "stop",
                   "\"stop\" is not a choice here; write "
                   "one of (overage pause)");
}

static void names_have_bounds(void **state)
{
    struct config config;
    char text[OTA_NAME_SIZE + 1];

    (void)state;
    memset(text, 'n', sizeof(text));
    text[OTA_NAME_SIZE - 1] = '\0';
    set(&config, "name", text);
    assert_string_equal(config.name, text);
    set(&config, "alias", "");
    assert_string_equal(config.alias, "");
    text[OTA_NAME_SIZE - 1] = 'n';
    text[OTA_NAME_SIZE] = '\0';
    assert_refused("name", text,
                   "a name of 64 bytes is too long; 63 are the most");
    assert_refused("name", "", "a name must not be empty");
    assert_refused("name", "a\nb", "a name must not have control characters");
}

static void seeds_have_64_bits(void **state)
{
    struct config config;

    (void)state;
    set(&config, "seed", "18446744073709551615");
    assert_true(config.seed == UINT64_MAX);
    set(&config, "seed", "0xFFFFffffFFFFffff");
    assert_true(config.seed == UINT64_MAX);
    set(&config, "seed", "0");
    assert_true(config.seed == 0);
    assert_refused("seed", "18446744073709551616",
                   "\"18446744073709551616\" is too large; a seed has 64 "
                   "bits");
    assert_refused("seed", "-1",
                   "\"-1\" is not a seed; write a whole number "
                   "such as \"1\" or \"0x1f\"");
    assert_refused("seed", "0x",
                   "\"0x\" is not a seed; write a whole number "
                   "such as \"1\" or \"0x1f\"");
    assert_refused("seed", "",
                   "\"\" is not a seed; write a whole number such "
                   "as \"1\" or \"0x1f\"");
}

static void distributions_keep_to_the_range(void **state)
{
    struct config config;
    struct ota_field positive = *field("delay");
    char problem[512] = "";
    size_t column = 99;

    (void)state;
    set(&config, "delay", "exponential(1h)");
    set(&config, "delay", "1h");
    assert_refused("delay", "61min",
                   "\"61min\" is too large; it must be 0s to 1h");
    assert_refused("delay", "uniform(1s, 61min)",
                   "\"uniform(1s, 61min)\" can be too large; it must be 0s to "
                   "1h");
    /* Without an upper end the mean counts. */
    assert_refused("delay", "exponential(61min)",
                   "\"exponential(61min)\" is too large in the mean; it must "
                   "be 0s to 1h");
    assert_refused("delay", "lognormal(1us, 1h)",
                   "\"lognormal(1us, 1h)\" is too large in the mean; it must "
                   "be 0s to 1h");
    positive.min = 1;
    assert_false(ota_field_set(&positive, &config, "exponential(1h)", &context,
                               &column, problem, sizeof(problem)));
    assert_string_equal(problem, "\"exponential(1h)\" can be too small; it "
                                 "must be 1us to 1h");
    assert_int_equal(column, 0);
    assert_false(ota_field_set(&positive, &config, "uniform(1s, 2)", &context,
                               &column, problem, sizeof(problem)));
    assert_int_equal(column, 12);
}

static void assert_formatted(const char *name, const struct config *config,
                             const char *expected)
{
    char text[128];

    ota_field_format(field(name), config, text, sizeof(text));
    assert_string_equal(text, expected);
}

static void values_are_written_as_they_read(void **state)
{
    struct config config = {.count = 5, .name = "electrons"};

    (void)state;
    assert_true(ota_fields_set_defaults(fields, &config, &context));
    assert_formatted("count", &config, "5");
    assert_formatted("period", &config, "1h");
    assert_formatted("limit", &config, "never");
    assert_formatted("size", &config, "285KB");
    assert_formatted("price", &config, "0.4USD");
    assert_formatted("loss", &config, "0.02");
    assert_formatted("threaded", &config, "true");
    assert_formatted("at_cap", &config, "pause");
    assert_formatted("name", &config, "electrons");
    assert_formatted("title", &config, "");
    assert_formatted("seed", &config, "1");
    assert_formatted("delay", &config, "uniform(3s, 20s)");
    config.seed = UINT64_MAX;
    assert_formatted("seed", &config, "18446744073709551615");
    config.delay = ota_dist_fixed(OTA_TIME, 90e6);
    assert_formatted("delay", &config, "90s");
}

static void random_values_read_back(void **state)
{
    const struct ota_random_key key = {.seed = 12};
    struct ota_stream stream;

    (void)state;
    ota_stream_init(&stream, &key, 0, OTA_PURPOSE_FREE, 0);
    for (int i = 0; i < 10000; i++) {
        struct config config = {0};
        struct config again = {0};
        char text[128];
        config.limit_us = (int64_t)(gsl_rng_get(&stream.rng) >> (11 + i % 50));
        config.loss = gsl_rng_uniform(&stream.rng);
        config.seed = gsl_rng_get(&stream.rng);
        ota_field_format(field("limit"), &config, text, sizeof(text));
        set(&again, "limit", text);
        assert_true(again.limit_us == config.limit_us);
        ota_field_format(field("loss"), &config, text, sizeof(text));
        set(&again, "loss", text);
        assert_true(again.loss == config.loss);
        ota_field_format(field("seed"), &config, text, sizeof(text));
        set(&again, "seed", text);
        assert_true(again.seed == config.seed);
    }
}

static void fields_describe_themselves(void **state)
{
    static const struct {
        const char *name, *text;
    } cases[] = {
        {"count", "whole number, 1 to 100"},
        {"period", "duration, 1s to 30d"},
        {"limit", "duration, at least 0s, or never"},
        {"size", "size, at least 0KB"},
        {"price", "amount of money, at most 1000000USD"},
        {"loss", "share, 0 to 1"},
        {"threaded", "true or false"},
        {"at_cap", "one of overage pause"},
        {"name", "name of at most 63 bytes"},
        {"title", "text"},
        {"seed", "whole number of 64 bits, also as 0x..."},
        {"delay", "duration or distribution, 0s to 1h"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[128];
        ota_field_describe(field(cases[i].name), text, sizeof(text));
        assert_string_equal(text, cases[i].text);
    }
    assert_null(ota_field_find(fields, "perio"));
}

static int release(void **state)
{
    (void)state;
    ota_arena_release(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_set_and_the_rest_left),
        cmocka_unit_test(integers_round_where_parts_make_sense),
        cmocka_unit_test(ranges_hold_their_ends),
        cmocka_unit_test(the_edge_of_64_bits_is_safe),
        cmocka_unit_test(never_is_for_unbounded_times),
        cmocka_unit_test(words_must_be_of_the_few),
        cmocka_unit_test(names_have_bounds),
        cmocka_unit_test(seeds_have_64_bits),
        cmocka_unit_test(distributions_keep_to_the_range),
        cmocka_unit_test(values_are_written_as_they_read),
        cmocka_unit_test(random_values_read_back),
        cmocka_unit_test(fields_describe_themselves),
    };
    return cmocka_run_group_tests(tests, NULL, release);
}
