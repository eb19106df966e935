/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_design.c - axes read as a person means them, values that a person would
 * write, grids in order, hypercubes with one point in each stratum.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/error.h"
#include "sim/experiment/design.h"

static struct ota_axis axis_read(const char *text, struct ota_arena *arena)
{
    struct ota_axis axis;
    char problem[OTA_MESSAGE_SIZE] = "";

    if (!ota_axis_read(&axis, text, arena, problem, sizeof(problem)))
        fail_msg("%s: %s", text, problem);
    return axis;
}

/* The axis's values with spaces between them. */
static const char *values_of(const struct ota_axis *axis, char *text,
                             size_t size)
{
    text[0] = '\0';
    for (size_t i = 0; i < axis->count; i++)
        snprintf(text + strlen(text), size - strlen(text), "%s%s",
                 i > 0 ? " " : "", axis->values[i]);
    return text;
}

/* --- reading ---------------------------------------------------------------*/

static void test_values(void **state)
{
    static const struct {
        const char *text, *unit, *values;
    } cases[] = {
        {"app.wait=5s..120s:12", "s",
         "5s 15.45s 25.91s 36.36s 46.82s 57.27s 67.73s 78.18s 88.64s 99.09s "
         "109.5s 120s"},
        {"app.wait=30s..10min:5", "s", "30s 172.5s 315s 457.5s 600s"},
        {"app.wait=5..120s:2", "s", "5s 120s"},
        {"app.wait=15m..1h:2", "min", "15min 60min"},
        {"link.loss=2%..10%:5", "%", "2% 4% 6% 8% 10%"},
        {"link.loss=0..1:5", "", "0 0.25 0.5 0.75 1"},
        {"link.loss=0.001..0.1:3log", "", "0.001 0.01 0.1"},
        {"count=100..1000:4log", "", "100 215 464 1000"},
        {"count=100..1000:4", "", "100 400 700 1000"},
        {"x=1.0..10:3", "", "1 5.5 10"},
        {"x=1..10:3", "", "1 6 10"},
        {"utc=-5h..5h:3", "h", "-5h 0h 5h"},
        {"size=1KB..4KB:4", "KB", "1KB 2KB 3KB 4KB"},
        {"size=100B..200B:4", "B", "100B 133B 167B 200B"},
        {"size=0.1KB..0.2KB:4", "KB", "0.1KB 0.133KB 0.167KB 0.2KB"},
        {"size=1KiB..2KiB:4", "KiB",
         "1KiB 1.3330078125KiB 1.6669921875KiB 2KiB"},
        {"size=64KiB..1MiB:5log", "KiB", "64KiB 128KiB 256KiB 512KiB 1024KiB"},
        {"rate=1kbit/s..1Mbit/s:4log", "kbit/s",
         "1kbit/s 10kbit/s 100kbit/s 1000kbit/s"},
        {"n=123456..10000000:2", "", "123456 10000000"},
        {" app.wait = 1s .. 3s : 3 ", "s", "1s 2s 3s"},
        {"sleep.period=15min,1h,6h", "min", "15min 1h 6h"},
        {"sleep.period=6h, 15min ,1h", "min", "6h 15min 1h"},
        {"app.wait=5s", "s", "5s"},
        {"loss=2%,0.5%", "%", "2% 0.5%"},
        {"sleep.period=1h,never", NULL, "1h never"},
        {"loss=0.02,5%", NULL, "0.02 5%"},
        {"app.model=fixed,until_told", NULL, "fixed until_told"},
        {"app.wait=uniform(5s, 10s),30s,exponential(1min)", NULL,
         "uniform(5s, 10s) 30s exponential(1min)"},
        {"policy={\"waves\":[1,2]},\"a,b\"", NULL, "{\"waves\":[1,2]} \"a,b\""},
        {"@policy=../a.json,b/../c.json", NULL, "../a.json b/../c.json"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct ota_arena arena = {0};
        char text[512];
        const struct ota_axis axis = axis_read(cases[i].text, &arena);
        assert_string_equal(values_of(&axis, text, sizeof(text)),
                            cases[i].values);
        assert_int_equal(axis.unit == NULL, cases[i].unit == NULL);
        assert_int_equal(axis.numbers == NULL, cases[i].unit == NULL);
        if (axis.unit)
            assert_string_equal(axis.unit, cases[i].unit);
        ota_arena_release(&arena);
    }
}

static void test_numbers(void **state)
{
    struct ota_arena arena = {0};
    const struct ota_axis list =
        axis_read("fleet.*.sleep.period=6h,15min", &arena);
    const struct ota_axis range = axis_read("app.wait=30s..10min:log", &arena);

    (void)state;
    assert_string_equal(list.path, "fleet.*.sleep.period");
    assert_false(list.range);
    assert_true(list.numbers[0] == 360 && list.numbers[1] == 15);

    assert_true(range.range && range.log && range.count == 0);
    assert_null(range.values);
    assert_true(range.least == 30 && range.most == 600);
    assert_true(ota_axis_number(&range, 0) == 30);
    assert_true(ota_axis_number(&range, 0.5) == 134.2); /* sqrt(18000) */
    assert_true(ota_axis_number(&range, 1) == 600);
    ota_arena_release(&arena);
}

static void test_refused(void **state)
{
    static const struct {
        const char *text, *problem;
    } cases[] = {
        {"=5s", "it takes PATH=VALUES, such as app.wait=5s..120s:12 or "
                "sleep.period=15min,1h,6h"},
        {"app.wait", "it takes PATH=VALUES, such as app.wait=5s..120s:12 or "
                     "sleep.period=15min,1h,6h"},
        {"w=", "a value is empty; write values with commas between them, such "
               "as 15min,1h,6h"},
        {"w=1s,,2s", "a value is empty; write values with commas between them, "
                     "such as 15min,1h,6h"},
        {"w=uniform(5s, 10s,3s",
         "a bracket or quote of \"uniform(5s, 10s,3s\" has no partner"},
        {"w=1s),2s", "a bracket or quote of \"1s),2s\" has no partner"},
        {"w=[1,2)", "a bracket or quote of \"[1,2)\" has no partner"},
        {"w=60s,1min", "60s and 1min are the same value"},
        {"w=a,b,a", "a and a are the same value"},
        {"w=5s..2sec", "\"2sec\" has an unknown unit \"sec\"; did you mean "
                       "\"s\"? (us ms s min h d)"},
        {"w=5x..7x", "\"5x\" is no amount; write a number with its unit, such "
                     "as 30s, 250KB, 2% or 100"},
        {"w=5s..", "\"\" is no amount; write a number with its unit, such as "
                   "30s, 250KB, 2% or 100"},
        {"w=5s..10KB", "the ends of \"5s..10KB\" are not of one kind; write "
                       "both with their units, such as 5s..2min"},
        {"w=0.02..5%", "the ends of \"0.02..5%\" are not of one kind; write "
                       "both with their units, such as 5s..2min"},
        {"w=10s..5s", "\"10s..5s\" does not rise; write the smaller end first, "
                      "and a unit behind each"},
        {"w=5s..5s:3", "\"5s..5s\" does not rise; write the smaller end first, "
                       "and a unit behind each"},
        {"w=0s..5s:3log", "a range that is spaced in the logarithm begins "
                          "above 0, and \"0s..5s\" does not"},
        {"w=-5h..5h:log", "a range that is spaced in the logarithm begins "
                          "above 0, and \"-5h..5h\" does not"},
        {"w=1s..2s:1", "a range has 2 values or more; write a single value "
                       "without \"..\""},
        {"w=1s..2s:", "\"\" is not how many values the range has; write such "
                      "as :12, :12log or :log"},
        {"w=1s..2s:3lin", "\"3lin\" is not how many values the range has; "
                          "write such as :12, :12log or :log"},
        {"w=1s..2s:99999999999999999999",
         "\"99999999999999999999\" is too many values; 100000 are the most"},
        {"w=1s..1.0001s:12", "12 values do not fit into \"1s..1.0001s\": "
                             "rounded, some are the same"},
        {"w=1..100:12log", "12 values do not fit into \"1..100\": rounded, "
                           "some are the same"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct ota_arena arena = {0};
        struct ota_axis axis;
        char problem[OTA_MESSAGE_SIZE] = "";
        if (ota_axis_read(&axis, cases[i].text, &arena, problem,
                          sizeof(problem)))
            fail_msg("%s was taken", cases[i].text);
        assert_string_equal(problem, cases[i].problem);
        ota_arena_release(&arena);
    }
}

/* --- designs ---------------------------------------------------------------*/

static void test_grid(void **state)
{
    struct ota_arena arena = {0};
    const struct ota_axis axes[] = {axis_read("a=x,y", &arena),
                                    axis_read("b=1s..5s", &arena),
                                    axis_read("c=1..3", &arena)};
    struct ota_design design;
    char problem[OTA_MESSAGE_SIZE];

    (void)state;
    assert_true(
        ota_design_grid(&design, axes, 3, &arena, problem, sizeof(problem)));
    assert_true(design.grid);
    assert_int_equal(design.point_count, 2 * 5 * 3);
    for (size_t p = 0; p < design.point_count; p++) {
        const struct ota_setting *set = &design.settings[3 * p];
        const double *numbers = design.numbers;
        char b[8], c[8];
        snprintf(b, sizeof(b), "%zus", p / 3 % 5 + 1);
        snprintf(c, sizeof(c), "%zu", p % 3 + 1);
        assert_string_equal(set[0].path, "a");
        assert_string_equal(set[0].value, p < 15 ? "x" : "y");
        assert_string_equal(set[1].value, b);
        assert_string_equal(set[2].value, c);
        assert_true(isnan(numbers[3 * p + 0]));
        assert_true(numbers[3 * p + 1] == (double)(p / 3 % 5 + 1));
        assert_true(numbers[3 * p + 2] == (double)(p % 3 + 1));
    }
    ota_arena_release(&arena);
}

static void test_refused_designs(void **state)
{
    struct ota_arena arena = {0};
    const struct ota_axis axes[] = {axis_read("a=1s..2s:1000", &arena),
                                    axis_read("b=1s..2s:1000", &arena),
                                    axis_read("a=3s", &arena)};
    struct ota_design design;
    char problem[OTA_MESSAGE_SIZE];

    (void)state;
    assert_false(
        ota_design_grid(&design, axes, 2, &arena, problem, sizeof(problem)));
    assert_string_equal(problem,
                        "every value with every other makes 1000000 points; "
                        "100000 are the most: take fewer values, or a Latin "
                        "hypercube (--lhs 100)");
    assert_false(
        ota_design_grid(&design, axes, 3, &arena, problem, sizeof(problem)));
    assert_string_equal(problem,
                        "a is varied twice; give all its values at once");
    assert_false(ota_design_lhs(&design, axes, 2, 100001, 1, &arena, problem,
                                sizeof(problem)));
    assert_string_equal(problem, "100001 points; 100000 are the most");
    ota_arena_release(&arena);
}

enum { POINTS = 400, AXES = 4 };

static struct ota_design cube(const struct ota_axis *axes, size_t axis_count,
                              size_t points, uint64_t seed,
                              struct ota_arena *arena)
{
    struct ota_design design;
    char problem[OTA_MESSAGE_SIZE];

    assert_true(ota_design_lhs(&design, axes, axis_count, points, seed, arena,
                               problem, sizeof(problem)));
    assert_int_equal(design.point_count, points);
    assert_false(design.grid);
    return design;
}

/* Where a number lies in its range, 0 to 1. */
static double place_of(const struct ota_axis *axis, double number)
{
    return axis->log ? log(number / axis->least) / log(axis->most / axis->least)
                     : (number - axis->least) / (axis->most - axis->least);
}

/* Four digits are finer than a stratum in these ranges, but not by much: a
 * point may be rounded over its stratum's edge. So strata are looked at with
 * few points, and the marginals with many. */
static void test_strata(void **state)
{
    struct ota_arena arena = {0};
    const struct ota_axis axes[] = {axis_read("a=10s..90s", &arena),
                                    axis_read("b=1KB..10MB:log", &arena),
                                    axis_read("c=1.0..9", &arena)};

    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        const struct ota_design design = cube(axes, 3, 20, seed, &arena);
        for (size_t a = 0; a < 3; a++) {
            int hit[20] = {0};
            for (size_t p = 0; p < 20; p++) {
                const double u = place_of(&axes[a], design.numbers[p * 3 + a]);
                const double edge = 20 * u - round(20 * u);
                if (fabs(edge) > 0.01)
                    hit[(int)(20 * u)]++;
                else
                    hit[(int)round(20 * u) % 20] += 100; /* either side */
            }
            int in_all = 0;
            for (int k = 0; k < 20; k++) {
                assert_in_range(hit[k] % 100, 0, 1);
                in_all += hit[k] % 100 + hit[k] / 100;
            }
            assert_int_equal(in_all, 20);
        }
    }
    ota_arena_release(&arena);
}

static double correlation(const struct ota_design *design,
                          const struct ota_axis *axes, size_t a, size_t b)
{
    double ab = 0, aa = 0, bb = 0;

    for (size_t p = 0; p < design->point_count; p++) {
        const size_t row = p * design->axis_count;
        const double x = place_of(&axes[a], design->numbers[row + a]) - 0.5;
        const double y = place_of(&axes[b], design->numbers[row + b]) - 0.5;
        ab += x * y;
        aa += x * x;
        bb += y * y;
    }
    return ab / sqrt(aa * bb);
}

static void test_cube(void **state)
{
    struct ota_arena arena = {0};
    const struct ota_axis axes[AXES] = {
        axis_read("a=10s..90s", &arena), axis_read("b=1KB..10MB:log", &arena),
        axis_read("c=0.0..1.0", &arena), axis_read("d=1%..9%", &arena)};
    const struct ota_design design = cube(axes, AXES, POINTS, 7, &arena);
    const struct ota_design again = cube(axes, AXES, POINTS, 7, &arena);
    const struct ota_design other = cube(axes, AXES, POINTS, 8, &arena);
    size_t same = 0;

    (void)state;
    for (size_t i = 0; i < (size_t)POINTS * AXES; i++) {
        assert_string_equal(design.settings[i].value, again.settings[i].value);
        same += strcmp(design.settings[i].value, other.settings[i].value) == 0;
    }
    assert_true(same < POINTS / 10);

    /* Kolmogorov-Smirnov: with one point in each stratum the distance is 1/n at
     * the most, and what rounding to four digits adds. */
    for (size_t a = 0; a < AXES; a++) {
        for (int k = 1; k < POINTS; k++) {
            int below = 0;
            for (size_t p = 0; p < POINTS; p++)
                below += place_of(&axes[a], design.numbers[p * AXES + a]) <
                         (double)k / POINTS;
            assert_true(abs(below - k) <= 2);
        }
    }

    /* Of two independent orders the correlation has variance 1/(n - 1). */
    for (size_t a = 0; a < AXES; a++)
        for (size_t b = 0; b < a; b++)
            assert_true(fabs(correlation(&design, axes, a, b)) <
                        4 / sqrt(POINTS - 1));
    ota_arena_release(&arena);
}

/* Values that are listed, counted or whole come equally often. */
static void test_cube_of_values(void **state)
{
    struct ota_arena arena = {0};
    const struct ota_axis axes[] = {
        axis_read("a=x,y,z", &arena), axis_read("b=1s..4s:4", &arena),
        axis_read("c=1..5", &arena), axis_read("d=1h,2h", &arena)};
    const struct ota_design design = cube(axes, 4, 50, 3, &arena);
    int words[3] = {0}, counted[4] = {0}, wholes[5] = {0}, listed[2] = {0};

    (void)state;
    for (size_t p = 0; p < 50; p++) {
        const struct ota_setting *set = &design.settings[4 * p];
        const double *numbers = design.numbers;
        words[set[0].value[0] - 'x']++;
        counted[(int)numbers[4 * p + 1] - 1]++;
        wholes[(int)numbers[4 * p + 2] - 1]++;
        listed[(int)numbers[4 * p + 3] - 1]++;
        assert_true(isnan(numbers[4 * p + 0]));
    }
    for (int i = 0; i < 3; i++)
        assert_in_range(words[i], 16, 17);
    for (int i = 0; i < 4; i++)
        assert_in_range(counted[i], 12, 13);
    for (int i = 0; i < 5; i++)
        assert_int_equal(wholes[i], 10);
    for (int i = 0; i < 2; i++)
        assert_int_equal(listed[i], 25);
    ota_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_grid),
        cmocka_unit_test(test_refused_designs),
        cmocka_unit_test(test_strata),
        cmocka_unit_test(test_cube),
        cmocka_unit_test(test_cube_of_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
